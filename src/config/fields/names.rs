use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names of created resources. prebake derives the names that you do not set from `name`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Names {
    /// Pattern of all names that are not set. `{type}` is the abbreviation of the Cloud Adoption Framework,
    /// `{name}` the name of the config and the resource, `{location}` the region, and `{suffix}` the
    /// suffix. Default: the name of the config followed by the kind of the resource. Example:
    /// `{type}-{name}-{location}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 6, max = 80), regex(pattern = r"^[A-Za-z0-9{}_.-]+$"))]
    pub pattern: Option<String>,
    /// End of globally unique names: registry, storage account and Batch account. Default: a digest of
    /// subscription, resource group and name. Example: `prod1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-z0-9]{3,8}$"))]
    pub suffix: Option<String>,
    /// Virtual network of the pools. Default: derived. Example: `vnet-vision`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    pub network: Option<String>,
    /// Network security group of the pools. Default: derived. Example: `nsg-vision`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    pub security_group: Option<String>,
    /// NAT gateway of the pools. Default: derived. Example: `ng-vision`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    pub nat_gateway: Option<String>,
    /// Public IP address of the NAT gateway. Default: derived. Example: `pip-vision`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    pub nat_address: Option<String>,
    /// Identity that pulls images. Default: derived. Example: `id-vision-pull`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 128))]
    pub pull_identity: Option<String>,
    /// Identity that builds images in a registry in ABAC mode. Default: derived. Example:
    /// `id-vision-build`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 128))]
    pub build_identity: Option<String>,
    /// Identity of Azure Image Builder. Default: derived. Example: `id-vision-bake`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 128))]
    pub image_builder_identity: Option<String>,
    /// Builder VM; the names of its disk and network interface start with it. Default: derived. Example:
    /// `vm-vision`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 60))]
    pub builder: Option<String>,
    /// Network of the builder; the names of its parts start with it. Default: derived. Example:
    /// `vnet-vision-builder`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 60))]
    pub builder_network: Option<String>,
}
