use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A container image that pools run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Image {
    /// Repository of the image. Without a host, the image is in the registry of the config; with a host, it
    /// is public. Example: `docker.io/library/python`.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// Tag of the image. Set either `tag` or `digest`. Example: `"3.12"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"))]
    pub tag: Option<String>,
    /// Digest of the image. Set either `tag` or `digest`. Example: `sha256:` followed by 64 hexadecimal
    /// digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Option<String>,
    /// Build the image in the registry of the config. Default: the image must already exist. Example: `{
    /// context: . }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// Import the image into the registry of the config from another registry. Default: the image must already
    /// exist. Example: `{ from: docker.io/library/python:3.12 }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Import>,
    /// Whether the image is stored in the node image, so that nodes start with it on disk. Default: `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preload: Option<bool>,
    /// Size of the image on disk in GiB, so that prebake can detect a disk that is too small. Default: not
    /// checked. Example: `20`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2048))]
    pub size_gb: Option<u32>,
}

/// How an image is built by ACR Tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Build {
    /// Build context: a folder relative to the config, a Git URL (`https://host/repo.git#branch:folder`),
    /// or the URL of a tarball. Example: `.`.
    #[schemars(length(min = 1, max = 2048))]
    pub context: String,
    /// Path of the Dockerfile, relative to the context. Default: `Dockerfile`. Example: `Dockerfile.gpu`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub dockerfile: Option<String>,
    /// Build arguments. They appear in the logs of the registry, so do not include secrets. Default: none.
    /// Example: `{ CUDA: "12.8" }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
    /// Target stage of a multi-stage Dockerfile. Default: the last stage. Example: `runtime`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Za-z0-9_.-]{1,128}$"))]
    pub target: Option<String>,
    /// Time limit of the build in seconds, from 300 to 28800. Default: `3600`. Example: `7200`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 300, max = 28800))]
    pub timeout: Option<u32>,
}

/// Where an image is imported from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Import {
    /// Image to import, with the host of its registry and a tag or digest. Example:
    /// `nvcr.io/nvidia/pytorch:24.10-py3`.
    #[schemars(length(min = 1, max = 512))]
    pub from: String,
    /// Resource ID of the source registry, if it is an Azure registry. The deploying identity reads it. Default:
    /// none. Example:
    /// `/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.ContainerRegistry/registries/<registry>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry_id: Option<String>,
    /// User name for a source registry that requires a login. Default: no login. Example: `$oauthtoken`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub user: Option<String>,
    /// Environment variable from which `prebake deploy` reads the password of `user`. The render contains only
    /// its name. Default: no login. Example: `NGC_API_KEY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]{0,127}$"))]
    pub login_variable: Option<String>,
}
