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
pub use bake::{Bake, BakeFile, BakeMethod, BakeOptions, BakeStep};
pub use batch::{
    Account, AllocationMode, AutoScale, AutoStorage, Batch, Elevation, Mount, MountKind, Pool,
    Replacement, ResourceFile, StartTask,
};
pub use checks::{Checks, Level, RuleSetting};
pub use extend::{Add, AddedFile, AddedFileWithParameters, Patch};
pub use image::{Build, Image};
pub use names::Names;
pub use network::{Addresses, Network, PrivateEndpoints};
pub use node::{Builder, Driver, DriverKind, KernelModules, Node, Os, SecurityType};
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

/// A prebake config: one deployment of GPU containers on Azure Batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Config {
    /// Name of the deployment. All resource names that are not given derive from it.
    #[schemars(length(min = 2, max = 40), regex(pattern = "^[a-z][a-z0-9-]*[a-z0-9]$"))]
    pub name: String,
    /// Azure region, such as `swedencentral`.
    pub location: String,
    /// Resource group that holds everything that is created.
    #[schemars(length(min = 1, max = 90), regex(pattern = r"^[A-Za-z0-9_().-]*[A-Za-z0-9_()-]$"))]
    pub resource_group: String,
    /// Subscription ID. Without it the stages deploy into the subscription that `az` is logged in to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(
        pattern = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
    ))]
    pub subscription: Option<String>,
    /// Names of what is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
    /// Tags of every resource that can hold them, and of the resource group where the deployment creates it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The container registry. Leave it out when all images are public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<Registry>,
    /// The container images that the pools run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub images: Vec<Image>,
    /// The nodes: operating system, VM size, GPU driver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Node>,
    /// The VM on which the node image is baked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builder: Option<Builder>,
    /// How the node image is baked, and what of your own goes into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bake: Option<Bake>,
    /// The gallery image: version and replication, or an existing image version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gallery: Option<Gallery>,
    /// The network of builder and pools. Without it one is created, with a NAT gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// The Batch account and its pools. Leave it out to bake an image only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Batch>,
    /// Who may do what: role assignments, the identity that pulls images, who submits jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// Render a script that deploys the lasting stages as deployment stacks, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stacks: Option<Stacks>,
    /// Folder that `prebake catalog import` wrote: what this subscription offers. Relative to this file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 400))]
    pub catalog: Option<String>,
    /// Properties to merge into rendered resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<Patch>,
    /// Bicep files of your own to render into a stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add: Option<Add>,
    /// Rules to lower, raise or waive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<Checks>,
}
