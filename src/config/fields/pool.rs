use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Elevation;

/// The OS disk of a node.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OsDisk {
    /// Size in GiB, at least the size of the image. Default: the size of the image. Example: `256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 30, max = 4095))]
    pub size_gb: Option<u32>,
    /// Storage type of the disk: `Standard_LRS`, `StandardSSD_LRS` or `Premium_LRS`. Default: chosen by
    /// Batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<DiskStorage>,
    /// Host caching: `none`, `readOnly` or `readWrite`. Default: chosen by Batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caching: Option<Caching>,
    /// Whether the disk is stored in the cache of the host. It is then faster and free of charge, but lost
    /// together with the node. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ephemeral: Option<bool>,
}

/// A disk that is attached to every node. Batch does not format or mount it; the start task can.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DataDisk {
    /// Logical unit number of the disk, from 0 to 63. Default: the position in the list. Example: `0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 63))]
    pub lun: Option<u32>,
    /// Size in GiB. Example: `512`.
    #[schemars(range(min = 1, max = 32767))]
    pub size_gb: u32,
    /// Storage type of the disk: `Standard_LRS`, `StandardSSD_LRS` or `Premium_LRS`. Default:
    /// `Standard_LRS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<DiskStorage>,
    /// Host caching: `none`, `readOnly` or `readWrite`. Default: `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caching: Option<Caching>,
}

/// Kinds of managed disks that Batch attaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DiskStorage {
    /// Hard disk.
    #[serde(rename = "Standard_LRS")]
    Standard,
    /// Standard SSD.
    #[serde(rename = "StandardSSD_LRS")]
    StandardSsd,
    /// Premium SSD.
    #[serde(rename = "Premium_LRS")]
    Premium,
}

/// Host caching of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Caching {
    /// No cache.
    None,
    /// Reads only.
    ReadOnly,
    /// Reads and writes.
    ReadWrite,
}

/// Where Batch places the nodes of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Placement {
    /// All nodes in one zone that Azure picks.
    Regional,
    /// Spread over the availability zones of the region.
    Zonal,
}

/// How Batch upgrades running nodes when their image has a newer version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Upgrade {
    /// How nodes get a new model: `automatic` (all at once), `manual` (only when they are reimaged) or
    /// `rolling` (in batches).
    pub mode: UpgradeMode,
    /// Whether to replace the OS disk when the image has a new version. The image version must not be
    /// fixed. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic_os: Option<bool>,
    /// Whether to wait until a node runs no tasks. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for_tasks: Option<bool>,
    /// Whether to roll back a failed upgrade. Default: `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roll_back: Option<bool>,
    /// Settings of a rolling upgrade. Example: `{ maxBatchPercent: 20 }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolling: Option<RollingUpgrade>,
}

/// Upgrade mode of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum UpgradeMode {
    /// All nodes at once.
    Automatic,
    /// Nodes stay as they are until they are reimaged.
    Manual,
    /// In batches.
    Rolling,
}

/// How a rolling upgrade proceeds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RollingUpgrade {
    /// Maximum share of the nodes in one batch, in percent. Default: chosen by Batch. Example: `20`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 5, max = 100))]
    pub max_batch_percent: Option<u32>,
    /// Share of unhealthy nodes that stops the upgrade, in percent. Default: chosen by Batch. Example:
    /// `20`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 5, max = 100))]
    pub max_unhealthy_percent: Option<u32>,
    /// Maximum share of upgraded nodes that can be unhealthy, in percent. Default: chosen by Batch.
    /// Example: `20`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 100))]
    pub max_unhealthy_upgraded_percent: Option<u32>,
    /// Pause between two batches, as an ISO 8601 duration. Default: chosen by Batch. Example: `PT5M`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^P(T(\d+H)?(\d+M)?(\d+S)?|\d+D)$"))]
    pub pause: Option<String>,
    /// Whether a batch can contain nodes of several zones. Allowed only with `placement: zonal`. Default:
    /// chosen by Batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cross_zone: Option<bool>,
    /// Whether to upgrade unhealthy nodes first. Default: chosen by Batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unhealthy_first: Option<bool>,
}

/// How Batch distributes tasks to the nodes of a pool.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Scheduling {
    /// How tasks fill nodes: `spread` distributes them over all nodes, `pack` fills one node after the
    /// other. Default: `spread`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<NodeFill>,
    /// Order of jobs with the same priority: `none` or `creationTime`. Default: `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_order: Option<JobOrder>,
}

/// How tasks fill nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum NodeFill {
    /// Over all nodes.
    Spread,
    /// One node after the other.
    Pack,
}

/// Order of jobs with the same priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum JobOrder {
    /// No order.
    None,
    /// The oldest first.
    CreationTime,
}

/// A user account on every node. Its password is in a key vault, and never in the render.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct User {
    /// Name of the user. Example: `operator`.
    #[schemars(regex(pattern = "^[a-z_][a-z0-9_-]{0,31}$"))]
    pub name: String,
    /// Secret in a key vault that contains the password. Example: `{ vault: /subscriptions/<id>/..., name:
    /// operator-password }`.
    pub password: VaultSecret,
    /// Rights of the user: `nonAdmin` or `admin`. Default: `nonAdmin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elevation: Option<Elevation>,
    /// User ID (number) of the user; requires `gid`. Default: assigned by Batch. Example: `2000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65533))]
    pub uid: Option<u32>,
    /// Group ID (number) of the user; requires `uid`. Default: assigned by Batch. Example: `2000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65533))]
    pub gid: Option<u32>,
}

/// A secret of a key vault. Azure Resource Manager reads it when the stage is deployed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct VaultSecret {
    /// Resource ID of the key vault. It must be enabled for template deployment. Example:
    /// `/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.KeyVault/vaults/<vault>`.
    #[schemars(length(min = 1, max = 400))]
    pub vault: String,
    /// Name of the secret. Example: `operator-password`.
    #[schemars(regex(pattern = "^[0-9a-zA-Z-]{1,127}$"))]
    pub name: String,
    /// Version of the secret. Default: the newest version. Example: `0123456789abcdef0123456789abcdef`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub version: Option<String>,
}

/// An application package of the Batch account that every node unpacks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ApplicationPackage {
    /// Name of the application in the account. Example: `tools`.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[a-zA-Z0-9_-]+$"))]
    pub name: String,
    /// Version of the package. Default: the default version of the application. Example: `"1.0"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[a-zA-Z0-9_.-]{1,64}$"))]
    pub version: Option<String>,
}

/// A VM extension of every node. Settings are plain text, so do not include secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Extension {
    /// Name of the extension on the node. Example: `monitor`.
    #[schemars(length(min = 1, max = 80), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"))]
    pub name: String,
    /// Publisher of the extension. Example: `Microsoft.Azure.Monitor`.
    #[schemars(length(min = 1, max = 128))]
    pub publisher: String,
    /// Type of the extension. Example: `AzureMonitorLinuxAgent`.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = 128))]
    pub kind: String,
    /// Version of the extension handler. Default: chosen by Azure. Example: `"1.33"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^\d+(\.\d+){0,3}$"))]
    pub version: Option<String>,
    /// Whether a new node uses a newer minor version. Default: chosen by Azure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_upgrade_minor_version: Option<bool>,
    /// Whether Azure upgrades the extension on running nodes. Default: chosen by Azure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic_upgrade: Option<bool>,
    /// Public settings, as the publisher documents them. Do not include secrets. Default: none. Example: `{
    /// interval: 60 }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Names of extensions that are installed first. Default: none. Example: `[monitor]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub after: Vec<String>,
}

/// The container of a start task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TaskContainer {
    /// Name of one of `images`. Example: `trainer`.
    #[schemars(length(min = 1, max = 255))]
    pub image: String,
    /// Options of `docker run`. Batch adds the GPU and the folders of the task. Default: none. Example:
    /// `--ipc=host`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub run_options: Option<String>,
    /// Working directory of the command: `task` (the folder of the task) or `image` (the `WORKDIR` of the
    /// image). Default: `task`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<WorkingDirectory>,
    /// Folders of the node that the container can access. Default: all folders of Batch. Example: `[{
    /// source: shared, readOnly: true }]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 6))]
    pub host_mounts: Option<Vec<HostMount>>,
}

/// Folder that a containerized command starts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum WorkingDirectory {
    /// The task's folder on the node.
    Task,
    /// The `WORKDIR` of the image.
    Image,
}

/// A folder of the node that a container can access.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct HostMount {
    /// Folder of the node: `shared`, `startup`, `vfsMounts`, `task`, `jobPrep` or `applications`.
    pub source: HostFolder,
    /// Whether the container can only read the folder. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
}

/// Folders of a node that Batch mounts into containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum HostFolder {
    /// What all tasks of the node share.
    Shared,
    /// Folder of the start task.
    Startup,
    /// Mounted file systems.
    VfsMounts,
    /// Folder of the task.
    Task,
    /// Folder of the job preparation task.
    JobPrep,
    /// Application packages.
    Applications,
}

/// Default settings of the jobs of a pool. The render contains the body of such a job, `jobs/<pool>.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct JobDefaults {
    /// Priority of the job, from -1000 to 1000. Default: `0`. Example: `100`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1000, max = 1000))]
    pub priority: Option<i32>,
    /// Maximum number of tasks of the job that run at the same time. Default: no limit. Example: `8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub max_parallel_tasks: Option<u32>,
    /// Time limit of the job, as an ISO 8601 duration. Default: no limit. Example: `P1D`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^P(T(\d+H)?(\d+M)?(\d+S)?|\d+D)$"))]
    pub max_wall_clock_time: Option<String>,
    /// Number of retries of each task; -1 means no limit. Default: `0`. Example: `3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1, max = 100))]
    pub max_task_retry_count: Option<i32>,
    /// Whether the job ends when all its tasks are complete. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_when_complete: Option<bool>,
    /// Environment variables of all tasks. Default: none. Example: `{ MODE: train }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
}

/// What happens to tasks on nodes that a resize of a pool of fixed size removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Deallocation {
    /// Tasks stop and run again elsewhere.
    Requeue,
    /// Tasks stop for good.
    Terminate,
    /// Nodes wait for their tasks.
    TaskCompletion,
    /// Nodes wait for their tasks and their retained data.
    RetainedData,
}
