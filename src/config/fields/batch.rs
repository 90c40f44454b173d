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
    /// Batch account. Default: created, with a derived name. Example: `{ name: visionbatch }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    /// Storage account of the Batch account (auto-storage). Default: created, with a derived name. Example:
    /// `{ create: false }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<AutoStorage>,
    /// Pools of the account. Default: none. Example: `[{ id: gpu, nodes: 1 }]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500))]
    pub pools: Vec<Pool>,
}

/// The Batch account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Account {
    /// Whether to create the account. Set it to false to use an existing account in the resource group.
    /// Default: `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<bool>,
    /// Resource group of an existing account. Default: `resourceGroup`. Example: `shared`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 90))]
    pub resource_group: Option<String>,
    /// Subscription ID of an existing account. Default: the subscription of the deployment. Example:
    /// `7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = super::GUID))]
    pub subscription: Option<String>,
    /// Name of the account, unique in the region. Default: derived from `name`. Required with `create:
    /// false`. Example: `visionbatch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 24), regex(pattern = "^[a-z0-9]+$"))]
    pub name: Option<String>,
    /// Subscription of the nodes: `BatchService` (managed by Batch) or `UserSubscription` (your
    /// subscription and quota). Default: `BatchService`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation_mode: Option<AllocationMode>,
    /// Access from the Internet: `enabled` or `disabled`. Default: `enabled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_network_access: Option<PublicNetworkAccess>,
    /// Public IP addresses and ranges that can access the account. Default: all. Example:
    /// `[203.0.113.0/24]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(regex(pattern = super::ADDRESS_OR_RANGE)))]
    pub ip_rules: Vec<String>,
    /// Public IP addresses and ranges from which nodes can access the node management endpoint. Default:
    /// all. Example: `[203.0.113.0/24]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(regex(pattern = super::ADDRESS_OR_RANGE)))]
    pub node_ip_rules: Vec<String>,
    /// Resource ID of the key vault that `UserSubscription` requires. Example:
    /// `/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.KeyVault/vaults/<vault>`.
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

/// The storage account of the Batch account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AutoStorage {
    /// Whether to create the storage account. Set it to false for a Batch account without auto-storage.
    /// Default: `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<bool>,
    /// Resource ID of an existing storage account. Default: prebake creates one. Example:
    /// `/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Storage/storageAccounts/<name>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Access from the Internet: `enabled` or `disabled`. Default: `enabled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_network_access: Option<PublicNetworkAccess>,
    /// Public IP addresses and ranges that can access the storage account. Default: all. Example:
    /// `[203.0.113.0/24]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(regex(pattern = super::ADDRESS_OR_RANGE)))]
    pub ip_rules: Vec<String>,
    /// Name of the storage account, globally unique. Default: derived from `name`. Example:
    /// `visionstorage`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 24), regex(pattern = "^[a-z0-9]+$"))]
    pub name: Option<String>,
    /// Resource ID of the identity that nodes use to read the storage account. Default: the identity that
    /// pulls images. Example:
    /// `/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.ManagedIdentity/userAssignedIdentities/<name>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 400))]
    pub node_identity: Option<String>,
}

/// A pool of nodes. Set `nodes`, `spotNodes` or `autoScale`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Pool {
    /// ID of the pool, unique in the account regardless of case. Example: `gpu`.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[a-zA-Z0-9_-]+$"))]
    pub id: String,
    /// Display name of the pool. Default: none. Example: `Training on T4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub display_name: Option<String>,
    /// VM size of the nodes. Default: `node.vmSize`. Example: `Standard_NC4as_T4_v3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_size: Option<String>,
    /// Number of dedicated nodes. A pool needs `nodes`, `spotNodes` or `autoScale`. Example: `4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 100_000))]
    pub nodes: Option<u32>,
    /// Number of Spot nodes, which Azure can reclaim at any time. Default: `0`. Example: `10`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 100_000))]
    pub spot_nodes: Option<u32>,
    /// Time limit of a resize, as an ISO 8601 duration of at least five minutes. Default: 15 minutes
    /// (`PT15M`). Example: `PT30M`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^P(T(\d+H)?(\d+M)?(\d+S)?|\d+D)$"))]
    pub resize_timeout: Option<String>,
    /// What a resize does with tasks on nodes that it removes: `requeue`, `terminate`, `taskCompletion` or
    /// `retainedData`. Default: `requeue`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deallocation: Option<Deallocation>,
    /// Formula that sets the number of nodes, instead of `nodes`. Example: `{ formula:
    /// "$TargetDedicatedNodes = 2;" }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_scale: Option<AutoScale>,
    /// OS disk of the nodes. Default: the disk of the image. Example: `{ sizeGb: 256 }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_disk: Option<OsDisk>,
    /// Disks that are attached to every node. Batch does not format or mount them. Default: none. Example:
    /// `[{ sizeGb: 512 }]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub data_disks: Vec<DataDisk>,
    /// Placement of the nodes: `regional`, or `zonal` to spread them over the availability zones. Default:
    /// `regional`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<Placement>,
    /// Whether the nodes use accelerated networking. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accelerated_networking: Option<bool>,
    /// How Batch upgrades the operating system of running nodes. Default: no upgrades. Example: `{ mode:
    /// rolling, automaticOs: true }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<Upgrade>,
    /// How Batch distributes tasks to nodes. Example: `{ fill: pack }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling: Option<Scheduling>,
    /// Number of tasks that run on a node at the same time. Default: `1`. Example: `4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 256))]
    pub task_slots_per_node: Option<u32>,
    /// Whether nodes can communicate with each other, for example for MPI. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inter_node_communication: Option<bool>,
    /// Whether the pool runs container tasks. False is allowed only if no image is preloaded. Default:
    /// `true` if the config has images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containers: Option<bool>,
    /// Resource IDs of additional user-assigned identities for tasks. The identity that pulls images is
    /// always assigned. Default: none. Example:
    /// `[/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.ManagedIdentity/userAssignedIdentities/<name>]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub identities: Vec<String>,
    /// User accounts on every node. Default: none. Example: `[{ name: operator, password: { vault:
    /// /subscriptions/<id>/..., name: operator-password } }]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub users: Vec<User>,
    /// Application packages of the account that every node unpacks. Default: none. Example: `[{ name:
    /// tools, version: "1.0" }]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub applications: Vec<ApplicationPackage>,
    /// VM extensions of every node. Default: none. Example: `[{ name: monitor, publisher:
    /// Microsoft.Azure.Monitor, type: AzureMonitorLinuxAgent }]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub extensions: Vec<Extension>,
    /// Command that runs on every node when it joins the pool. Default: none. Example: `{ command:
    /// nvidia-smi }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_task: Option<StartTask>,
    /// Environment variables of the start task. Default: none. Example: `{ MODE: train }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// File systems that every node mounts. Default: none. Example: `[{ kind: blob, source: mystorage,
    /// container: data, path: data }]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub mounts: Vec<Mount>,
    /// Metadata of the pool, as names and values. Default: none. Example: `{ stage: development }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Defaults of the jobs that run in the pool, rendered to `jobs/<pool>.json`. Default: not rendered.
    /// Example: `{ priority: 100 }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobDefaults>,
    /// What happens if a change needs an empty pool: `in-place` keeps the ID, so you must empty the pool
    /// first; `blue-green` creates a new pool next to the old one. Default: `in-place`.
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

/// Autoscale of a pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AutoScale {
    /// Autoscale formula of Batch. It must set `$TargetDedicatedNodes`. Example: `$TargetDedicatedNodes =
    /// 2;`.
    #[schemars(length(min = 1, max = 8192))]
    pub formula: String,
    /// Time between evaluations, as an ISO 8601 duration from `PT5M` to `PT168H`. Default: 15 minutes
    /// (`PT15M`). Example: `PT5M`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^P(T(\d+H)?(\d+M)?(\d+S)?|\d+D)$"))]
    pub interval: Option<String>,
}

/// The start task of a pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StartTask {
    /// Shell command, run with `/bin/bash -c`. Example: `nvidia-smi`.
    #[schemars(length(min = 1, max = 16384))]
    pub command: String,
    /// User that runs the command: `nonAdmin` or `admin`. Default: `nonAdmin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elevation: Option<Elevation>,
    /// Whether tasks wait until the start task has succeeded. Default: `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for_success: Option<bool>,
    /// Number of retries; -1 means no limit. Default: `1`. Example: `3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1, max = 100))]
    pub max_task_retry_count: Option<i32>,
    /// Files that the node downloads before it runs the command. Default: none. Example: `[{ url:
    /// "https://mystorage.blob.core.windows.net/scripts/setup.sh", path: setup.sh }]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub resource_files: Vec<ResourceFile>,
    /// Container that runs the command. Default: the command runs on the node itself. Example: `{ image:
    /// trainer }`.
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

/// Files for a start task. Set exactly one of `url`, `containerUrl` and `autoStorageContainer`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ResourceFile {
    /// HTTPS URL of a file. Azure Storage is read with an identity, so the URL needs no signature. Example:
    /// `https://mystorage.blob.core.windows.net/scripts/setup.sh`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^https://"))]
    pub url: Option<String>,
    /// HTTPS URL of a blob container; the node downloads all its blobs. Example:
    /// `https://mystorage.blob.core.windows.net/data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^https://"))]
    pub container_url: Option<String>,
    /// Container of the auto-storage account; the node downloads all its blobs. Example: `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-z0-9$][a-z0-9-]{2,62}$"))]
    pub auto_storage_container: Option<String>,
    /// Download only blobs whose names start with this text. Default: all blobs. Example: `models/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub prefix: Option<String>,
    /// Path of the file, or of the folder of a container, relative to the working directory of the task.
    /// Required with `url`. Example: `setup.sh`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub path: Option<String>,
    /// File mode as four octal digits in quotes. Default: `0770`. Example: `"0755"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^0[0-7]{3}$"))]
    pub mode: Option<String>,
    /// Resource ID of the identity that reads the source, or `none` for public sources. Default: the
    /// identity that pulls images for blobs, and none for other URLs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 400))]
    pub identity: Option<String>,
}

/// A file system that nodes mount.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Mount {
    /// Kind of file system: `blob` (a container in Azure Storage), `azureFiles` (a share of Azure Files
    /// over SMB) or `nfs` (an NFS export).
    pub kind: MountKind,
    /// Storage account of a `blob` or `azureFiles` mount, or `host:/export` of an `nfs` mount. Example:
    /// `mystorage`.
    #[schemars(length(min = 1, max = 255))]
    pub source: String,
    /// Container of a `blob` mount. Example: `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-z0-9$][a-z0-9-]{2,62}$"))]
    pub container: Option<String>,
    /// Share of an `azureFiles` mount. Example: `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9-]{2,62}$"))]
    pub share: Option<String>,
    /// Secret in a key vault that contains the key of the storage account of an `azureFiles` mount.
    /// Example: `{ vault: /subscriptions/<id>/..., name: storage-key }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<VaultSecret>,
    /// Folder below the mount root of the node (`$AZ_BATCH_NODE_MOUNTS_DIR`). Example: `data`.
    #[schemars(
        length(min = 1, max = 255),
        regex(pattern = "^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$")
    )]
    pub path: String,
    /// Options of the mount command. Default: none. Example: `-o allow_other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub options: Option<String>,
    /// Resource ID of the identity that reads a `blob` mount. Default: the identity that pulls images.
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
