//! The config file 1:1, as its author writes it. Nothing is defaulted here: an absent key is `None`.
//!
//! The doc comments are the descriptions of the JSON Schema that editors show.

mod access;
mod bake;
mod batch;
mod checks;
mod extend;
mod image;
mod names;
mod network;
mod node;
mod pool;
mod registry;
mod stacks;

pub use access::{Access, JobSubmitter, PrincipalType};
pub use bake::{
    Bake, BakeFile, BakeMethod, BakeOptions, BakePart, BakeStep, Certificate, Mirror, Proxy,
};
pub use batch::{
    Account, AllocationMode, AutoScale, AutoStorage, Batch, Elevation, Mount, MountKind, Pool,
    Replacement, ResourceFile, StartTask,
};
pub use checks::{Checks, Level, RuleSetting};
pub use extend::{Add, AddedFile, AddedFileWithParameters, Patch};
pub use image::{Build, Image, Import};
pub use names::Names;
pub use network::{Addresses, Network, PrivateEndpoints};
pub use node::{
    Builder, Driver, DriverKind, KernelModules, Node, Os, SecurityType, Software, SourceImage,
};
pub use pool::{
    ApplicationPackage, Caching, DataDisk, Deallocation, DiskStorage, Extension, HostFolder,
    HostMount, JobDefaults, JobOrder, NodeFill, OsDisk, Placement, RollingUpgrade, Scheduling,
    TaskContainer, Upgrade, UpgradeMode, User, VaultSecret, WorkingDirectory,
};
pub use registry::{
    AgentPool, Gallery, PublicNetworkAccess, Registry, RoleAssignmentMode, Sku, TargetRegion,
};
pub use stacks::{ActionOnUnmanage, DenySettingsMode, Stacks};

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The form of a subscription ID or an object ID.
pub(super) const GUID: &str =
    "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";
/// The form of an IPv4 range.
pub(super) const ADDRESS_RANGE: &str = r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$";
/// The form of an IPv4 address or range.
pub(super) const ADDRESS_OR_RANGE: &str = r"^\d{1,3}(\.\d{1,3}){3}(/\d{1,2})?$";

/// A prebake config: one deployment of GPU containers on Azure Batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Config {
    /// Name of the deployment and of its render folder. prebake derives the names of resources from it.
    /// Example: `vision`.
    #[schemars(length(min = 2, max = 40), regex(pattern = "^[a-z][a-z0-9-]*[a-z0-9]$"))]
    pub name: String,
    /// Azure region of all resources. Example: `swedencentral`.
    pub location: String,
    /// Resource group of all resources. The deployment creates it if it does not exist. Example:
    /// `vision-batch`.
    #[schemars(length(min = 1, max = 90), regex(pattern = r"^[A-Za-z0-9_().-]*[A-Za-z0-9_()-]$"))]
    pub resource_group: String,
    /// ID of the subscription to deploy to. Default: the subscription of the Azure login. Example:
    /// `7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = GUID))]
    pub subscription: Option<String>,
    /// Names of created resources. Default: derived from `name`. Example: `{ pattern:
    /// "{type}-{name}-{location}" }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
    /// Tags of all resources. Default: none. Example: `{ team: vision }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Container registry of private images and of images that the config builds. Leave it out if all
    /// images are public. Example: `{ sku: Basic }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<Registry>,
    /// Container images that the pools run. Default: none. Example: `[{ name: trainer, tag: "1.0", build: {
    /// context: . } }]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub images: Vec<Image>,
    /// Operating system, VM size and GPU driver of the nodes. Example: `{ os: ubuntu-24.04, vmSize:
    /// Standard_NC4as_T4_v3 }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Node>,
    /// Virtual machine that bakes the node image. Example: `{ osDiskGb: 128 }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builder: Option<Builder>,
    /// How the node image is baked, and your own steps. Default: `vm` without additional steps. Example: `{
    /// steps: [{ packages: [htop] }] }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bake: Option<Bake>,
    /// Gallery and version of the node image, or an existing image version. Example: `{ version: 1.0.0 }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gallery: Option<Gallery>,
    /// Network of the pools and of the builder. Default: a new network with a NAT gateway. Example: `{
    /// addressSpace: 10.64.0.0/16 }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Batch account and pools. Leave it out to bake only an image. Example: `{ pools: [{ id: gpu, nodes: 1
    /// }] }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Batch>,
    /// Role assignments, the identity that pulls images, and who can submit jobs. Example: `{ assignRoles:
    /// false }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// Also render `stacks.sh`, which deploys the lasting stages as deployment stacks. Default: not
    /// rendered. Example: `{ actionOnUnmanage: deleteResources }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stacks: Option<Stacks>,
    /// Folder with facts about your subscription, created by `prebake catalog import`; the path is relative
    /// to this file. Default: only the built-in catalog. Example: `catalog`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 400))]
    pub catalog: Option<String>,
    /// Properties to merge into rendered resources, by stage and symbolic name. Default: none. Example: `{
    /// batch: { account: { properties: { publicNetworkAccess: Disabled } } } }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<Patch>,
    /// Your own Bicep files to add to stages. Default: none. Example: `{ batch: [alerts.bicep] }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add: Option<Add>,
    /// Levels and waivers of rules, and your quota. Example: `{ rules: { POOL003: { level: warning, reason:
    /// planned for spring } } }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<Checks>,
}
