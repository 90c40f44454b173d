use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What the CLI was asked, told by the shape of what it answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asked {
    VmSkus(Vec<VmSku>),
    Usage(Vec<Usage>),
    BatchSkus(Vec<BatchSku>),
    BatchQuota(BatchQuota),
    BatchAccount(BatchAccount),
    SupportedImages(Vec<SupportedImage>),
    ImageSkus(Vec<ImageSku>),
    Images(Vec<Image>),
    Locations(Vec<Location>),
    Provider(Provider),
    Registry(Registry),
}

/// Why an answer cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerError {
    /// It is not JSON, with the parser's words.
    NotJson(String),
    /// It is JSON, and no answer that is known.
    Foreign,
    /// It is the answer of a command, but a part of it is not as the command answers.
    Malformed(&'static str, String),
    /// It is about one region, and the others are about another.
    OtherRegion {
        /// Its region.
        answer: String,
        /// Theirs.
        catalog: String,
    },
    /// It says nothing: an empty list is the answer to many questions.
    Empty,
}

impl fmt::Display for AnswerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(why) => write!(formatter, "it is not JSON: {why}"),
            Self::Foreign => {
                formatter.write_str("it is not the output of a command that prebake can import")
            }
            Self::Malformed(command, why) => {
                write!(formatter, "it looks like the output of `{command}`, but {why}")
            }
            Self::OtherRegion { answer, catalog } => {
                write!(
                    formatter,
                    "it is for region `{answer}`, and this catalog is for `{catalog}`"
                )
            }
            Self::Empty => {
                formatter.write_str("it is empty, so prebake cannot tell which command printed it")
            }
        }
    }
}

impl AnswerError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::OtherRegion { .. } => "use a separate folder for each region",
            _ => "use the unchanged JSON output of a command of `prebake catalog script`",
        }
    }
}

/// An answer of `az vm list-skus`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VmSku {
    pub(super) name: String,
    pub(super) resource_type: String,
    #[serde(default)]
    pub(super) family: Option<String>,
    #[serde(default)]
    pub(super) locations: Option<Vec<String>>,
    #[serde(default)]
    pub(super) location_info: Option<Vec<LocationInfo>>,
    #[serde(default)]
    pub(super) capabilities: Option<Vec<Capability>>,
    #[serde(default)]
    pub(super) restrictions: Option<Vec<Restriction>>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct LocationInfo {
    #[serde(default)]
    pub(super) location: Option<String>,
    #[serde(default)]
    pub(super) zones: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Capability {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Restriction {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) restriction_info: Option<RestrictionInfo>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct RestrictionInfo {
    #[serde(default)]
    pub(super) locations: Option<Vec<String>>,
    #[serde(default)]
    pub(super) zones: Option<Vec<String>>,
}

/// An answer of `az vm list-usage`, whose numbers the CLI prints as texts.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Usage {
    pub(super) name: UsageName,
    pub(super) current_value: Number,
    pub(super) limit: Number,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct UsageName {
    pub(super) value: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub(super) enum Number {
    Number(i64),
    Text(String),
}

impl Number {
    /// The number; nothing for one below zero, which is no limit.
    pub(super) fn get(&self) -> Option<u64> {
        match self {
            Self::Number(number) => u64::try_from(*number).ok(),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

/// An answer of `az batch location list-skus`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchSku {
    pub(super) name: String,
    #[serde(default)]
    pub(super) batch_support_end_of_life: Option<String>,
}

/// The answer of `az batch location quotas show`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchQuota {
    pub(super) account_quota: u64,
}

/// The answer of `az batch account show`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchAccount {
    #[serde(default)]
    pub(super) location: Option<String>,
    #[serde(default)]
    pub(super) pool_quota: Option<u64>,
    #[serde(default)]
    pub(super) dedicated_core_quota: Option<u64>,
    #[serde(default)]
    pub(super) low_priority_core_quota: Option<u64>,
    // The API and some versions of the CLI write `VMFamily`.
    #[serde(default, alias = "dedicatedCoreQuotaPerVMFamilyEnforced")]
    pub(super) dedicated_core_quota_per_vm_family_enforced: Option<bool>,
    #[serde(default, alias = "dedicatedCoreQuotaPerVMFamily")]
    pub(super) dedicated_core_quota_per_vm_family: Option<Vec<FamilyQuota>>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FamilyQuota {
    pub(super) name: String,
    pub(super) core_quota: u64,
}

/// An answer of `az batch pool supported-images list`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SupportedImage {
    #[serde(alias = "nodeAgentSKUId")]
    pub(super) node_agent_sku_id: String,
    pub(super) image_reference: ImageReference,
    #[serde(default)]
    pub(super) verification_type: Option<String>,
    #[serde(default)]
    pub(super) batch_support_end_of_life: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct ImageReference {
    pub(super) publisher: String,
    pub(super) offer: String,
    pub(super) sku: String,
}

/// An answer of `az vm image list-skus`, whose publisher and offer stand in its ID alone.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct ImageSku {
    pub(super) id: String,
    #[serde(default)]
    pub(super) location: Option<String>,
}

/// An answer of `az vm image list`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Image {
    pub(super) publisher: String,
    pub(super) offer: String,
    pub(super) sku: String,
    pub(super) version: String,
}

/// An answer of `az account list-locations`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    pub(super) name: String,
    #[serde(default)]
    pub(super) display_name: Option<String>,
    #[serde(default)]
    pub(super) availability_zone_mappings: Option<Vec<Value>>,
    #[serde(default)]
    pub(super) metadata: Option<LocationMetadata>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LocationMetadata {
    #[serde(default)]
    pub(super) paired_region: Option<Vec<PairedRegion>>,
    #[serde(default)]
    pub(super) region_type: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct PairedRegion {
    pub(super) name: String,
}

/// The answer of `az provider show`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Provider {
    pub(super) namespace: String,
    pub(super) resource_types: Vec<ProviderType>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProviderType {
    pub(super) resource_type: String,
    #[serde(default)]
    pub(super) api_versions: Option<Vec<String>>,
}

/// The answer of `az acr show`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Registry {
    pub(super) name: String,
    pub(super) sku: RegistrySku,
    pub(super) login_server: String,
    #[serde(default)]
    pub(super) public_network_access: Option<String>,
    #[serde(default)]
    pub(super) role_assignment_mode: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct RegistrySku {
    pub(super) name: String,
}

/// What PowerShell may put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl Asked {
    /// Reads an answer and tells from its shape what was asked.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, AnswerError> {
        if [&[0xff, 0xfe], &[0xfe, 0xff]].iter().any(|mark| bytes.starts_with(*mark)) {
            return Err(AnswerError::NotJson("it is UTF-16; save it as UTF-8".to_owned()));
        }
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|error| AnswerError::NotJson(error.to_string()))?;
        match &value {
            Value::Array(items) if items.is_empty() => Err(AnswerError::Empty),
            Value::Array(items) => {
                let has = |keys: &[&str]| has_keys(&items[0], keys);
                if has(&["resourceType", "capabilities"]) || has(&["resourceType", "locationInfo"])
                {
                    typed("az vm list-skus", value).map(Self::VmSkus)
                } else if has(&["currentValue", "limit", "name"]) {
                    typed("az vm list-usage", value).map(Self::Usage)
                } else if has(&["familyName", "name", "capabilities"]) {
                    typed("az batch location list-skus", value).map(Self::BatchSkus)
                } else if has(&["imageReference"])
                    && (has(&["nodeAgentSkuId"]) || has(&["nodeAgentSKUId"]))
                {
                    typed("az batch pool supported-images list", value).map(Self::SupportedImages)
                } else if has(&["urn", "publisher", "offer", "sku", "version"]) {
                    typed("az vm image list", value).map(Self::Images)
                } else if is_image_sku(&items[0]) {
                    typed("az vm image list-skus", value).map(Self::ImageSkus)
                } else if has(&["name", "regionalDisplayName"]) || has(&["name", "metadata"]) {
                    typed("az account list-locations", value).map(Self::Locations)
                } else {
                    Err(AnswerError::Foreign)
                }
            }
            Value::Object(_) => {
                let has = |keys: &[&str]| has_keys(&value, keys);
                if has(&["accountQuota"]) {
                    typed("az batch location quotas show", value).map(Self::BatchQuota)
                } else if has(&["poolAllocationMode"]) || has(&["dedicatedCoreQuota", "poolQuota"])
                {
                    typed("az batch account show", value).map(Self::BatchAccount)
                } else if has(&["namespace", "resourceTypes"]) {
                    typed("az provider show", value).map(Self::Provider)
                } else if has(&["loginServer", "sku", "name"]) {
                    typed("az acr show", value).map(Self::Registry)
                } else {
                    Err(AnswerError::Foreign)
                }
            }
            _ => Err(AnswerError::Foreign),
        }
    }
}

fn has_keys(value: &Value, keys: &[&str]) -> bool {
    keys.iter().all(|key| value.get(key).is_some())
}

fn is_image_sku(value: &Value) -> bool {
    let id = value.get("id").and_then(Value::as_str).unwrap_or_default();
    id.to_lowercase().contains("/artifacttypes/vmimage/offers/")
}

fn typed<T: DeserializeOwned>(command: &'static str, value: Value) -> Result<T, AnswerError> {
    serde_json::from_value(value)
        .map_err(|error| AnswerError::Malformed(command, error.to_string()))
}
