use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::catalog::Stage;

/// Properties that are merged into rendered resources: by stage, then by the symbolic name of the resource. Objects
/// are merged, `null` removes a property, `$append` adds items to a list, and `$bicep` is an expression.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Patch {
    /// Properties of resources in the stage `registry`, by symbolic name. Default: none. Example: `{
    /// registry: { tags: { team: vision } } }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub registry: BTreeMap<String, Map<String, Value>>,
    /// Properties of resources in the stage `builder`, by symbolic name. Default: none. Example: `{
    /// builder: { tags: { team: vision } } }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub builder: BTreeMap<String, Map<String, Value>>,
    /// Properties of resources in the stage `image`, by symbolic name. Default: none. Example: `{ gallery:
    /// { tags: { team: vision } } }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub image: BTreeMap<String, Map<String, Value>>,
    /// Properties of resources in the stage `batch`, by symbolic name. Default: none. Example: `{ account:
    /// { properties: { publicNetworkAccess: Disabled } } }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub batch: BTreeMap<String, Map<String, Value>>,
}

/// Properties by the symbolic name of their resource.
type Properties = BTreeMap<String, Map<String, Value>>;

impl Patch {
    /// What is merged into each stage.
    pub fn stages(&self) -> [(Stage, &Properties); 4] {
        [
            (Stage::Registry, &self.registry),
            (Stage::Builder, &self.builder),
            (Stage::Image, &self.image),
            (Stage::Batch, &self.batch),
        ]
    }
}

/// Your own Bicep files, which become part of a stage. Paths are relative to this file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Add {
    /// Bicep files for the stage `registry`, relative to this file. Default: none. Example:
    /// `[cache-rules.bicep]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub registry: Vec<AddedFile>,
    /// Bicep files for the stage `builder`, relative to this file. Default: none. Example: `[dns.bicep]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub builder: Vec<AddedFile>,
    /// Bicep files for the stage `image`, relative to this file. Default: none. Example: `[sharing.bicep]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub image: Vec<AddedFile>,
    /// Bicep files for the stage `batch`, relative to this file. Default: none. Example: `[alerts.bicep]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub batch: Vec<AddedFile>,
}

impl Add {
    /// The files of each stage.
    pub fn stages(&self) -> [(Stage, &[AddedFile]); 4] {
        [
            (Stage::Registry, &self.registry),
            (Stage::Builder, &self.builder),
            (Stage::Image, &self.image),
            (Stage::Batch, &self.batch),
        ]
    }
}

/// A Bicep file that becomes part of a stage: its path, or its path and values of its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AddedFile {
    /// The path.
    Path(#[schemars(length(min = 1, max = 400))] String),
    /// The path, and values of its parameters.
    WithParameters(AddedFileWithParameters),
}

/// A Bicep file with values for its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AddedFileWithParameters {
    /// Path of the Bicep file, relative to this file. Example: `alerts.bicep`.
    #[schemars(length(min = 1, max = 400))]
    pub file: String,
    /// Values of its parameters. Default: none. Example: `{ threshold: 5 }`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
}

impl AddedFile {
    /// Path of the file, as the config names it.
    pub fn path(&self) -> &str {
        match self {
            Self::Path(path) => path,
            Self::WithParameters(file) => &file.file,
        }
    }

    /// Values of its parameters.
    pub fn parameters(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Path(_) => None,
            Self::WithParameters(file) => Some(&file.parameters),
        }
    }
}
