use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Properties that are merged into rendered resources: by stage, then by the symbolic name of the resource. Objects
/// merge, `null` removes, `$append` adds to a list, and `$bicep` holds an expression.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Patch {
    /// Resources of the stage `registry`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub registry: BTreeMap<String, Map<String, Value>>,
    /// Resources of the stage `builder`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub builder: BTreeMap<String, Map<String, Value>>,
    /// Resources of the stage `image`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub image: BTreeMap<String, Map<String, Value>>,
    /// Resources of the stage `batch`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub batch: BTreeMap<String, Map<String, Value>>,
}

impl Patch {
    /// What is merged into each stage.
    pub fn stages(&self) -> [(&'static str, &BTreeMap<String, Map<String, Value>>); 4] {
        [
            ("registry", &self.registry),
            ("builder", &self.builder),
            ("image", &self.image),
            ("batch", &self.batch),
        ]
    }
}

/// Bicep files of your own that become part of a stage. Paths are relative to this file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Add {
    /// Files of the stage `registry`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub registry: Vec<AddedFile>,
    /// Files of the stage `builder`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub builder: Vec<AddedFile>,
    /// Files of the stage `image`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub image: Vec<AddedFile>,
    /// Files of the stage `batch`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub batch: Vec<AddedFile>,
}

impl Add {
    /// The files of each stage.
    pub fn stages(&self) -> [(&'static str, &[AddedFile]); 4] {
        [
            ("registry", &self.registry),
            ("builder", &self.builder),
            ("image", &self.image),
            ("batch", &self.batch),
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

/// A Bicep file with values of its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AddedFileWithParameters {
    /// Path of the file.
    #[schemars(length(min = 1, max = 400))]
    pub file: String,
    /// Values of its parameters, by name. `$bicep` holds an expression.
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
