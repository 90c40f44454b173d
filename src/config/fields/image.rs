use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A container image that pools run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Image {
    /// Repository. With a host (`docker.io/library/python`, `nvcr.io/nvidia/pytorch`) it is pulled from there without
    /// a login; without one it is in the registry of this config.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// Tag. Give a tag or a digest, not both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"))]
    pub tag: Option<String>,
    /// Digest, `sha256:` and 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Option<String>,
    /// Build it into the registry; without this the image must exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// Pull it while the node image is baked (the default), so that nodes boot with it on disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preload: Option<bool>,
    /// Size of the image on the disk in GiB, so that a disk that is too small is found before the bake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2048))]
    pub size_gb: Option<u32>,
}

/// How an image is built by ACR Tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Build {
    /// Build context: a folder beside the config, a Git URL (`https://host/repo.git#branch:folder`),
    /// or a tarball URL.
    #[schemars(length(min = 1, max = 2048))]
    pub context: String,
    /// Dockerfile, relative to the context. `Dockerfile` when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub dockerfile: Option<String>,
    /// Build arguments. They are visible in the registry's logs: no secrets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
    /// Target stage of the Dockerfile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Za-z0-9_.-]{1,128}$"))]
    pub target: Option<String>,
    /// Time limit of the build in seconds; 3600 when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 300, max = 28800))]
    pub timeout: Option<u32>,
}
