use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::registry::PublicNetworkAccess;

use super::pool::{
    ApplicationPackage, DataDisk, Deallocation, Extension, JobDefaults, OsDisk, Placement,
    Scheduling, TaskContainer, Upgrade, User, VaultSecret,
};

/// The Batch account and its pools.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Batch {
    /// The account; created when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    /// The account's auto-storage; created when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<AutoStorage>,
    /// The pools.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500))]
    pub pools: Vec<Pool>,
}

/// The Batch account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Account {
    /// Create it (the default), or use one that exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<bool>,
    /// Resource group of an existing account, if it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 90))]
    pub resource_group: Option<String>,
    /// Subscription ID of an existing account, if it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(
        pattern = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
    ))]
    pub subscription: Option<String>,
    /// Account name, unique in the region; derived when it is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 24), regex(pattern = "^[a-z0-9]+$"))]
    pub name: Option<String>,
    /// Who owns the nodes: `BatchService` (the default) or `UserSubscription`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation_mode: Option<AllocationMode>,
    /// Access from the Internet: `enabled` (the default) or `disabled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_network_access: Option<PublicNetworkAccess>,
    /// Public addresses and ranges that may reach the account; all may without them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(regex(pattern = r"^\d{1,3}(\.\d{1,3}){3}(/\d{1,2})?$")))]
    pub ip_rules: Vec<String>,
    /// Public addresses and ranges from which nodes may reach the endpoint of node management; all may without them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(regex(pattern = r"^\d{1,3}(\.\d{1,3}){3}(/\d{1,2})?$")))]
    pub node_ip_rules: Vec<String>,
    /// Resource ID of the key vault that `UserSubscription` needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_vault_id: Option<String>,
}

/// Pool allocation mode of a Batch account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AllocationMode {
    /// Nodes live in subscriptions of Batch, with the account's own quota.
    BatchService,
    /// Nodes live in the subscription of the account, with its quota; Spot is possible.
    UserSubscription,
}

/// The storage account behind the Batch account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AutoStorage {
    /// Create it (the default), or leave the account without auto-storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<bool>,
    /// Resource ID of an existing storage account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Access from the Internet: `enabled` (the default) or `disabled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_network_access: Option<PublicNetworkAccess>,
    /// Public addresses and ranges that may reach it; all may without them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(regex(pattern = r"^\d{1,3}(\.\d{1,3}){3}(/\d{1,2})?$")))]
    pub ip_rules: Vec<String>,
    /// Storage account name; derived when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 24), regex(pattern = "^[a-z0-9]+$"))]
    pub name: Option<String>,
    /// Resource ID of the identity with which nodes read it; the pull identity when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 400))]
    pub node_identity: Option<String>,
}

/// A pool of nodes. Give `nodes` or `autoScale`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Pool {
    /// Pool ID, unique in the account whatever its case.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[a-zA-Z0-9_-]+$"))]
    pub id: String,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub display_name: Option<String>,
    /// VM size; `node.vmSize` when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_size: Option<String>,
    /// Dedicated nodes of a pool of fixed size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 100_000))]
    pub nodes: Option<u32>,
    /// Spot nodes of a pool of fixed size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 100_000))]
    pub spot_nodes: Option<u32>,
    /// Longest time for one resize, ISO 8601 (`PT15M`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^P(T(\d+H)?(\d+M)?(\d+S)?|\d+D)$"))]
    pub resize_timeout: Option<String>,
    /// What a resize does to tasks on nodes that it removes; `requeue` when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deallocation: Option<Deallocation>,
    /// Scale by a formula.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_scale: Option<AutoScale>,
    /// The disk that nodes boot from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_disk: Option<OsDisk>,
    /// Disks that are attached to every node.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub data_disks: Vec<DataDisk>,
    /// `regional` (the default), or `zonal` over the availability zones of the region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<Placement>,
    /// Accelerated networking of the nodes; false when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accelerated_networking: Option<bool>,
    /// Upgrades of the operating system of running nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<Upgrade>,
    /// How tasks are handed to nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling: Option<Scheduling>,
    /// Tasks that run at once on a node; 1 when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 256))]
    pub task_slots_per_node: Option<u32>,
    /// Allow MPI between nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inter_node_communication: Option<bool>,
    /// Run container tasks. True when the config has images; false only when none of them is preloaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containers: Option<bool>,
    /// Resource IDs of user-assigned identities that tasks use, besides the one that pulls images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub identities: Vec<String>,
    /// User accounts on every node.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub users: Vec<User>,
    /// Application packages of the account that every node unpacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub applications: Vec<ApplicationPackage>,
    /// VM extensions of every node.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub extensions: Vec<Extension>,
    /// Command that every node runs when it joins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_task: Option<StartTask>,
    /// Environment variables of the start task.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// File systems that every node mounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub mounts: Vec<Mount>,
    /// Metadata of the pool.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Defaults of the jobs that run on the pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobDefaults>,
    /// What a change of the immutable part does: keep the ID, or `blue-green`: a new pool beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace: Option<Replacement>,
}

/// How a pool changes whose immutable part changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Replacement {
    /// Same ID; such a change needs the pool to be empty.
    InPlace,
    /// The ID carries a digest of the immutable part; such a change makes a new pool.
    BlueGreen,
}

/// Scale of a pool by formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AutoScale {
    /// Formula; it sets `$TargetDedicatedNodes`.
    #[schemars(length(min = 1, max = 8192))]
    pub formula: String,
    /// Time between evaluations, ISO 8601, `PT5M` to `PT168H`; `PT15M` when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^P(T(\d+H)?(\d+M)?(\d+S)?|\d+D)$"))]
    pub interval: Option<String>,
}

/// The start task of a pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StartTask {
    /// Shell command; it runs under `/bin/bash -c`.
    #[schemars(length(min = 1, max = 16384))]
    pub command: String,
    /// User of the command: `nonAdmin` (the default) or `admin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elevation: Option<Elevation>,
    /// Whether tasks wait for it; true when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for_success: Option<bool>,
    /// Retries; 1 when it is not given, -1 for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1, max = 100))]
    pub max_task_retry_count: Option<i32>,
    /// Files that the node downloads before the command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub resource_files: Vec<ResourceFile>,
    /// Run the command in a container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<TaskContainer>,
}

/// Elevation of a user on the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Elevation {
    /// An ordinary user.
    NonAdmin,
    /// May become root.
    Admin,
}

/// What a start task needs; give exactly one of `url`, `containerUrl` and `autoStorageContainer`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ResourceFile {
    /// HTTPS URL of a file. Azure Storage is read with an identity: no signature in the URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^https://"))]
    pub url: Option<String>,
    /// HTTPS URL of a blob container, all of whose blobs are downloaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^https://"))]
    pub container_url: Option<String>,
    /// Container of the account's auto-storage, all of whose blobs are downloaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-z0-9$][a-z0-9-]{2,62}$"))]
    pub auto_storage_container: Option<String>,
    /// Download only the blobs of the container whose names begin like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub prefix: Option<String>,
    /// Path under the task's working directory: of the file, or of the folder of a container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub path: Option<String>,
    /// Octal mode; `0770` when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^0[0-7]{3}$"))]
    pub mode: Option<String>,
    /// Resource ID of the identity that reads it, or `none` for what anyone may read. Without it blobs are
    /// read with the pool's pull identity, and other URLs without an identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 400))]
    pub identity: Option<String>,
}

/// A file system that nodes mount.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Mount {
    /// What is mounted.
    pub kind: MountKind,
    /// Storage account of a `blob` or `azureFiles` mount, or `host:/export` of an `nfs` mount.
    #[schemars(length(min = 1, max = 255))]
    pub source: String,
    /// Container of a `blob` mount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-z0-9$][a-z0-9-]{2,62}$"))]
    pub container: Option<String>,
    /// Share of an `azureFiles` mount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9-]{2,62}$"))]
    pub share: Option<String>,
    /// Where the key of the storage account of an `azureFiles` mount lies: Batch mounts with no identity there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<VaultSecret>,
    /// Folder below the node's mount root.
    #[schemars(
        length(min = 1, max = 255),
        regex(pattern = "^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$")
    )]
    pub path: String,
    /// Options of the mount command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub options: Option<String>,
    /// Resource ID of the identity that reads a `blob` mount; the pool's pull identity without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
}

/// Kinds of file systems that nodes mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MountKind {
    /// A blob container, read with an identity.
    Blob,
    /// A share of Azure Files over SMB, with the key of its account.
    AzureFiles,
    /// An NFS export.
    Nfs,
}
