use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Elevation;

/// The disk that a node boots from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OsDisk {
    /// Size in GiB, at least that of the image; the size of the image when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 30, max = 4095))]
    pub size_gb: Option<u32>,
    /// Kind of the disk; Batch decides when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<DiskStorage>,
    /// Host caching; Batch decides when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caching: Option<Caching>,
    /// Keep the disk in the host's cache: faster and free of charge, and lost with the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ephemeral: Option<bool>,
}

/// A disk that is attached to every node. Batch neither formats nor mounts it: the start task does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DataDisk {
    /// Number of the disk on the node; its place in the list when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 63))]
    pub lun: Option<u32>,
    /// Size in GiB.
    #[schemars(range(min = 1, max = 32767))]
    pub size_gb: u32,
    /// Kind of the disk; `Standard_LRS` when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<DiskStorage>,
    /// Host caching; `none` when it is not given.
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

/// What happens to running nodes when their image gets a newer version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Upgrade {
    /// How nodes take over a newer model.
    pub mode: UpgradeMode,
    /// Replace the OS disk when the image has a newer version; needs an image whose version is not fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic_os: Option<bool>,
    /// Wait until a node runs no task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for_tasks: Option<bool>,
    /// Go back when an upgrade fails; true when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roll_back: Option<bool>,
    /// How a rolling upgrade proceeds.
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
    /// Largest share of the nodes in one batch, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 5, max = 100))]
    pub max_batch_percent: Option<u32>,
    /// Share of unhealthy nodes at which the upgrade stops, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 5, max = 100))]
    pub max_unhealthy_percent: Option<u32>,
    /// Share of upgraded nodes that may be unhealthy, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 100))]
    pub max_unhealthy_upgraded_percent: Option<u32>,
    /// Pause between two batches, ISO 8601 (`PT5M`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^P(T(\d+H)?(\d+M)?(\d+S)?|\d+D)$"))]
    pub pause: Option<String>,
    /// A batch may hold nodes of several zones; only for pools with `placement: zonal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cross_zone: Option<bool>,
    /// Upgrade unhealthy nodes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unhealthy_first: Option<bool>,
}

/// How Batch hands tasks to the nodes of a pool.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Scheduling {
    /// `spread` (the default) gives tasks to all nodes, `pack` fills one node after the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<NodeFill>,
    /// Order of jobs with the same priority: `none` (the default) or `creationTime`.
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

/// A user account on every node. Its password lies in a key vault and is in no file of the render.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct User {
    /// Name of the user.
    #[schemars(regex(pattern = "^[a-z_][a-z0-9_-]{0,31}$"))]
    pub name: String,
    /// Where its password lies.
    pub password: VaultSecret,
    /// `nonAdmin` (the default) or `admin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elevation: Option<Elevation>,
    /// Number of the user; needs `gid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65533))]
    pub uid: Option<u32>,
    /// Number of its group; needs `uid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65533))]
    pub gid: Option<u32>,
}

/// A secret of a key vault. Azure Resource Manager reads it when the stage is deployed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct VaultSecret {
    /// Resource ID of the key vault; it must be enabled for template deployment.
    #[schemars(length(min = 1, max = 400))]
    pub vault: String,
    /// Name of the secret.
    #[schemars(regex(pattern = "^[0-9a-zA-Z-]{1,127}$"))]
    pub name: String,
    /// Version of the secret; the newest one when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub version: Option<String>,
}

/// An application package of the Batch account that every node unpacks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ApplicationPackage {
    /// Name of the application in the account.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[a-zA-Z0-9_-]+$"))]
    pub name: String,
    /// Version of the package; the application's default version when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[a-zA-Z0-9_.-]{1,64}$"))]
    pub version: Option<String>,
}

/// A VM extension of every node. Settings are plain text: no secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Extension {
    /// Name of the extension on the node.
    #[schemars(length(min = 1, max = 80), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"))]
    pub name: String,
    /// Publisher, such as `Microsoft.Azure.Monitor`.
    #[schemars(length(min = 1, max = 128))]
    pub publisher: String,
    /// Type, such as `AzureMonitorLinuxAgent`.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = 128))]
    pub kind: String,
    /// Version of its handler, such as `1.33`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^\d+(\.\d+){0,3}$"))]
    pub version: Option<String>,
    /// Take newer minor versions when a node is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_upgrade_minor_version: Option<bool>,
    /// Let Azure upgrade it on running nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic_upgrade: Option<bool>,
    /// Its settings, as its publisher documents them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Names of extensions that come first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub after: Vec<String>,
}

/// The container in which a start task runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TaskContainer {
    /// An image of `images`, by its `name`.
    #[schemars(length(min = 1, max = 255))]
    pub image: String,
    /// Options of `docker run`. Batch adds the GPU and the task's folders itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub run_options: Option<String>,
    /// Folder that the command starts in: `task` (the default) or `image`, the image's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<WorkingDirectory>,
    /// Folders of the node that the container sees; all of Batch's folders when it is not given.
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

/// A folder of the node that a container sees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct HostMount {
    /// Which folder.
    pub source: HostFolder,
    /// The container may only read it.
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

/// Defaults of the jobs that run on a pool: `jobs/<pool>.json` of the render is the body of such a job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct JobDefaults {
    /// Priority, -1000 to 1000; 0 when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1000, max = 1000))]
    pub priority: Option<i32>,
    /// Tasks of the job that run at once; no limit when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub max_parallel_tasks: Option<u32>,
    /// Longest time of the job, ISO 8601 (`P1D`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^P(T(\d+H)?(\d+M)?(\d+S)?|\d+D)$"))]
    pub max_wall_clock_time: Option<String>,
    /// Retries of each task; 0 when it is not given, -1 for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1, max = 100))]
    pub max_task_retry_count: Option<i32>,
    /// End the job when all its tasks are complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_when_complete: Option<bool>,
    /// Environment variables of all tasks.
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
