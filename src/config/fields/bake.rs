use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// How the node image is baked: a method alone, or a method with steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Bake {
    /// `bake: image-builder`.
    Method(BakeMethod),
    /// `bake: { method: vm, steps: [...] }`.
    Options(BakeOptions),
}

impl Bake {
    /// The method, if it is given.
    pub fn method(&self) -> Option<BakeMethod> {
        match self {
            Self::Method(method) => Some(*method),
            Self::Options(options) => options.method,
        }
    }

    /// All that stands beside the method.
    pub fn options(&self) -> Option<&BakeOptions> {
        match self {
            Self::Method(_) => None,
            Self::Options(options) => Some(options),
        }
    }

    /// The user's own steps.
    pub fn steps(&self) -> &[BakeStep] {
        match self {
            Self::Method(_) => &[],
            Self::Options(options) => &options.steps,
        }
    }
}

/// One schema for both forms, without `anyOf`, so that an error names the key that is wrong.
impl JsonSchema for Bake {
    fn schema_name() -> Cow<'static, str> {
        "Bake".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = BakeOptions::json_schema(generator);
        schema.insert("type".to_owned(), serde_json::json!(["string", "object"]));
        let methods = json_schema!({ "pattern": "^(vm|image-builder)$" });
        schema.insert("pattern".to_owned(), methods.get("pattern").cloned().unwrap_or_default());
        schema
    }
}

/// Method and steps of a bake.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BakeOptions {
    /// How to bake: `vm` (a virtual machine with cloud-init) or `image-builder` (Azure VM Image Builder).
    /// Default: `vm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<BakeMethod>,
    /// Your own steps. They run in order, after the driver and Docker are installed and before the images
    /// are pulled. Default: none. Example: `[{ packages: [htop] }]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub steps: Vec<BakeStep>,
    /// HTTP proxy of the builder, used from the first download on. Default: none. Example: `{ url:
    /// "http://proxy.contoso.com:3128" }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
    /// Certificates of authorities that the builder and the nodes trust. Default: none. Example: `[{ name:
    /// contoso, pem: "-----BEGIN CERTIFICATE-----..." }]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub certificates: Vec<Certificate>,
    /// Mirrors of package archives, used from the first download on. Default: none. Example: `[{ from:
    /// "https://download.docker.com", to: "https://mirror.contoso.com/docker" }]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub mirrors: Vec<Mirror>,
}

/// A proxy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Proxy {
    /// URL of the proxy. Do not include a user name or password: everyone on the builder can read it.
    /// Example: `http://proxy.contoso.com:3128`.
    #[schemars(regex(pattern = r"^https?://[A-Za-z0-9.-]+(:\d{1,5})?/?$"))]
    pub url: String,
    /// Hosts, domains and address prefixes that are reached without the proxy. Azure addresses are always
    /// included. Default: none. Example: `[.contoso.com]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(regex(pattern = r"^[A-Za-z0-9.:/*_-]+$")))]
    pub no_proxy: Vec<String>,
    /// Whether Docker on the nodes uses the proxy, too. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<bool>,
}

/// The certificate of an authority.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Certificate {
    /// File name of the certificate, without extension. Example: `contoso`.
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9-]{0,39}$"))]
    pub name: String,
    /// Certificate in PEM format, without its private key. Example: `"-----BEGIN CERTIFICATE-----..."`.
    #[schemars(length(min = 1, max = 16384))]
    pub pem: String,
}

/// A mirror of a package archive. Addresses that start with `from` are replaced by `to`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Mirror {
    /// Start of the addresses to replace. Example: `https://download.docker.com/linux/ubuntu`.
    #[schemars(regex(pattern = r"^https?://[A-Za-z0-9._~:/%+-]+$"))]
    pub from: String,
    /// Address that replaces it. Example: `https://mirror.contoso.com/docker`.
    #[schemars(regex(pattern = r"^https?://[A-Za-z0-9._~:/%+-]+$"))]
    pub to: String,
}

/// A part of the bake before or after which a step of your own runs. A part that this bake does not have
/// keeps its place.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum BakePart {
    /// Stops automatic updates and installs what the bake needs.
    Prepare,
    /// The GPU driver, with kernel and fabric manager.
    Driver,
    /// The check of `InfiniBand`.
    Infiniband,
    /// Docker Engine.
    Docker,
    /// The NVIDIA Container Toolkit.
    Toolkit,
    /// Login, pull of the images, logout.
    Preload,
}

/// What bakes the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BakeMethod {
    /// A builder VM that runs cloud-init and is captured.
    Vm,
    /// An Azure Image Builder template.
    ImageBuilder,
}

/// One of your own steps. Set exactly one of `packages`, `file` and `run`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BakeStep {
    /// Name of the step in the result of the bake. Default: the number of the step. Example: `tools`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9-]{0,39}$"))]
    pub name: Option<String>,
    /// Part of the bake before which the step runs. Default: the step runs before the images are pulled.
    /// Example: `docker`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<BakePart>,
    /// Part of the bake after which the step runs. Default: the step runs before the images are pulled.
    /// Example: `driver`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<BakePart>,
    /// Packages of the operating system to install. Example: `[htop, jq]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 200),
        inner(regex(pattern = "^[A-Za-z0-9][A-Za-z0-9+._:~=-]*$"))
    )]
    pub packages: Option<Vec<String>>,
    /// File to write to the node image. Example: `{ path: /etc/motd, content: "baked by prebake\n" }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<BakeFile>,
    /// Shell commands, run by bash with `set -euo pipefail`. Example: `sysctl -w vm.swappiness=10`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16384))]
    pub run: Option<String>,
}

/// A file of the node image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BakeFile {
    /// Absolute path of the file on the node. Example: `/etc/motd`.
    #[schemars(length(max = 1024), regex(pattern = "^/"))]
    pub path: String,
    /// Content of the file. Do not include secrets: everyone on the builder can read them. Example: `"baked
    /// by prebake\n"`.
    #[schemars(length(max = 32768))]
    pub content: String,
    /// File mode as four octal digits in quotes. Default: `0644`. Example: `"0755"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^0[0-7]{3}$"))]
    pub mode: Option<String>,
}
