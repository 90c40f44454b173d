//! What runs on the nodes of a pool besides the tasks of jobs: start task, its files and its container, mounted
//! file systems, and what jobs take over.

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::batch::PoolContext;
use super::images::NameValue;
use super::pool_machine::elevation;
use super::resolver::Resolver;
use super::resource_id::ResourceId;
use super::secret::{Secret, Secrets};
use crate::catalog;
use crate::config::fields::{self, HostFolder, MountKind, WorkingDirectory};

/// The command that every node runs when it joins.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StartTask {
    /// Command line with its shell.
    pub command_line: String,
    /// `Admin` or `NonAdmin`.
    pub elevation: &'static str,
    /// Tasks wait for it.
    pub wait_for_success: bool,
    /// Retries.
    pub max_task_retry_count: i32,
    /// Environment.
    pub environment: Vec<NameValue>,
    /// Downloads.
    pub resource_files: Vec<ResourceFile>,
    /// The container that it runs in.
    pub container: Option<TaskContainer>,
}

/// What a start task downloads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResourceFile {
    /// Property that names the source: `httpUrl`, `storageContainerUrl` or `autoStorageContainerName`.
    pub source: &'static str,
    /// URL, or the name of a container.
    pub value: String,
    /// Beginning of the names of the blobs.
    pub prefix: Option<String>,
    /// Path under the working directory.
    pub path: Option<String>,
    /// Octal mode.
    pub mode: Option<String>,
    /// Resource ID of the identity that reads it.
    pub identity: Option<String>,
    /// It is read with the pull identity.
    pub pull_identity: bool,
}

/// The container of a start task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskContainer {
    /// Reference of the image.
    pub image_name: String,
    /// Host of the private registry that it comes from.
    pub private_registry: Option<String>,
    /// Options of `docker run`.
    pub run_options: Option<String>,
    /// `TaskWorkingDirectory` or `ContainerImageDefault`.
    pub working_directory: Option<&'static str>,
    /// Folders of the node that it sees; all of Batch's without it.
    pub host_mounts: Option<Vec<HostMount>>,
}

/// A folder of the node that a container can access.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HostMount {
    /// Folder.
    pub source: &'static str,
    /// The container may only read it.
    pub is_read_only: bool,
}

/// A mounted file system.
#[derive(Debug, Clone, PartialEq)]
pub struct Mount {
    /// What is mounted.
    pub file_system: FileSystem,
    /// Storage account, or `host:/export`.
    pub source: String,
    /// Folder below the mount root.
    pub path: String,
    /// Options of the mount command.
    pub options: Option<String>,
}

/// What can be mounted.
#[derive(Debug, Clone, PartialEq)]
pub enum FileSystem {
    /// A blob container.
    Blob {
        /// Its name.
        container: String,
        /// Resource ID of the identity; the pull identity without it.
        identity: Option<String>,
    },
    /// A share of Azure Files.
    AzureFiles(Share),
    /// An NFS export.
    Nfs,
}

impl Mount {
    /// Whether it is a blob container.
    pub fn is_blob(&self) -> bool {
        matches!(self.file_system, FileSystem::Blob { .. })
    }

    /// The share of Azure Files.
    pub fn share(&self) -> Option<&Share> {
        match &self.file_system {
            FileSystem::AzureFiles(share) => Some(share),
            FileSystem::Blob { .. } | FileSystem::Nfs => None,
        }
    }

    /// Resource ID of the identity that the config names for it.
    pub fn identity(&self) -> Option<&String> {
        match &self.file_system {
            FileSystem::Blob { identity, .. } => identity.as_ref(),
            FileSystem::AzureFiles(_) | FileSystem::Nfs => None,
        }
    }
}

/// Templates ask a mount for `blob`, `container`, `identity` and `share`.
impl Serialize for Mount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let container = match &self.file_system {
            FileSystem::Blob { container, .. } => Some(container),
            FileSystem::AzureFiles(_) | FileSystem::Nfs => None,
        };
        let mut object = serializer.serialize_struct("Mount", 7)?;
        object.serialize_field("blob", &self.is_blob())?;
        object.serialize_field("source", &self.source)?;
        object.serialize_field("container", &container)?;
        object.serialize_field("path", &self.path)?;
        object.serialize_field("options", &self.options)?;
        object.serialize_field("identity", &self.identity())?;
        match self.share() {
            Some(share) => object.serialize_field("share", share)?,
            None => object.skip_field("share")?,
        }
        object.end()
    }
}

/// A share of Azure Files.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    /// Its name.
    pub name: String,
    /// Key of the storage account.
    pub key: Secret,
}

/// What the jobs of a pool take over.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Job {
    /// Priority.
    pub priority: Option<i32>,
    /// Tasks at once.
    pub max_parallel_tasks: Option<u32>,
    /// ISO 8601.
    pub max_wall_clock_time: Option<String>,
    /// Retries of each task.
    pub max_task_retry_count: Option<i32>,
    /// It ends when all its tasks are complete.
    pub end_when_complete: bool,
    /// Environment of all tasks.
    pub environment: Vec<NameValue>,
}

pub(super) fn job(
    resolver: &mut Resolver<'_>,
    written: &fields::Pool,
    pointer: &str,
) -> Option<Job> {
    let job = written.job.as_ref()?;
    super::names::variables(resolver, &job.environment, &format!("{pointer}/job/environment"));
    Some(Job {
        priority: job.priority,
        max_parallel_tasks: job.max_parallel_tasks,
        max_wall_clock_time: job.max_wall_clock_time.clone(),
        max_task_retry_count: job.max_task_retry_count,
        end_when_complete: job.end_when_complete.unwrap_or(false),
        environment: NameValue::list(&job.environment),
    })
}

pub(super) fn start_task(
    resolver: &mut Resolver<'_>,
    written: &fields::Pool,
    pointer: &str,
    context: &PoolContext<'_>,
) -> Option<StartTask> {
    let Some(task) = &written.start_task else {
        if !written.environment.is_empty() {
            resolver.error(
                "PB1015",
                &format!("{pointer}/environment"),
                format!("pool `{}` has an environment but no start task", written.id),
                "Batch passes the environment of a pool only to the start task",
                "add `startTask`, or set the variables in the job",
            );
        }
        return None;
    };
    super::names::variables(resolver, &written.environment, &format!("{pointer}/environment"));
    let pointer = format!("{pointer}/startTask");
    let mut resource_files = Vec::new();
    for (index, file) in task.resource_files.iter().enumerate() {
        let pointer = format!("{pointer}/resourceFiles/{index}");
        resource_files.extend(resource_file(resolver, file, &pointer, context.pull_identity));
    }
    let container = task
        .container
        .as_ref()
        .and_then(|container| self::container(resolver, container, &pointer, context));
    Some(StartTask {
        command_line: format!("/bin/bash -c {}", shell_quoted(&task.command)),
        elevation: elevation(task.elevation),
        wait_for_success: task.wait_for_success.unwrap_or(true),
        max_task_retry_count: task.max_task_retry_count.unwrap_or(1),
        environment: NameValue::list(&written.environment),
        resource_files,
        container,
    })
}

/// Batch hands a Linux command line to a shell-like splitter: single quotes keep everything.
fn shell_quoted(command: &str) -> String {
    format!("'{}'", command.replace('\'', r"'\''"))
}

fn container(
    resolver: &mut Resolver<'_>,
    written: &fields::TaskContainer,
    pointer: &str,
    context: &PoolContext<'_>,
) -> Option<TaskContainer> {
    let named = |image: &&super::Image| {
        let full = format!("{}/{}", image.registry_server, image.repository);
        image.repository == written.image || full == written.image
    };
    let Some(image) = context.images.iter().find(named) else {
        resolver.error(
            "PB1605",
            &format!("{pointer}/container/image"),
            format!("`{}` is not an image of this config", written.image),
            "the container of a start task needs an image from `images`",
            "use the `name` of one of `images`",
        );
        return None;
    };
    let host_mounts = written.host_mounts.as_ref().map(|mounts| {
        let one = |mount: &fields::HostMount| HostMount {
            source: host_folder(mount.source),
            is_read_only: mount.read_only.unwrap_or(false),
        };
        mounts.iter().map(one).collect()
    });
    Some(TaskContainer {
        image_name: image.reference.clone(),
        private_registry: image.private.then(|| image.registry_server.clone()),
        run_options: written.run_options.clone(),
        working_directory: written.working_directory.map(|directory| match directory {
            WorkingDirectory::Task => "TaskWorkingDirectory",
            WorkingDirectory::Image => "ContainerImageDefault",
        }),
        host_mounts,
    })
}

fn host_folder(folder: HostFolder) -> &'static str {
    match folder {
        HostFolder::Shared => "Shared",
        HostFolder::Startup => "Startup",
        HostFolder::VfsMounts => "VfsMounts",
        HostFolder::Task => "Task",
        HostFolder::JobPrep => "JobPrep",
        HostFolder::Applications => "Applications",
    }
}

fn resource_file(
    resolver: &mut Resolver<'_>,
    written: &fields::ResourceFile,
    pointer: &str,
    pull_identity: bool,
) -> Option<ResourceFile> {
    let sources = [
        ("httpUrl", &written.url),
        ("storageContainerUrl", &written.container_url),
        ("autoStorageContainerName", &written.auto_storage_container),
    ];
    let mut given = sources.into_iter().filter_map(|(key, value)| Some((key, value.clone()?)));
    let (first, second) = (given.next(), given.next());
    let (Some((source, value)), None) = (first, second) else {
        resolver.error(
            "PB1601",
            pointer,
            "resource file needs exactly one source",
            "it has no source, or more than one",
            "keep one of `url`, `containerUrl` and `autoStorageContainer`",
        );
        return None;
    };
    if source == "httpUrl" && written.path.is_none() {
        resolver.error(
            "PB1601",
            pointer,
            "resource file has no path",
            "`path` is missing",
            "set `path` to a path in the working directory of the task",
        );
    }
    let misplaced = [
        ("prefix", written.prefix.is_some() && source == "httpUrl"),
        ("identity", written.identity.is_some() && source == "autoStorageContainerName"),
    ];
    for (key, _) in misplaced.into_iter().filter(|(_, is)| *is) {
        let help = if key == "prefix" {
            "remove `prefix`, or name the container with `containerUrl`"
        } else {
            "remove `identity`, and set `batch.storage.nodeIdentity` to the identity of the nodes"
        };
        resolver.error(
            "PB1022",
            &format!("{pointer}/{key}"),
            format!("`{key}` has no effect here"),
            "the source of this file does not support it",
            help,
        );
    }
    let identity = written.identity.as_ref().filter(|id| *id != "none");
    if let Some(id) = identity {
        ResourceId::of_identity(resolver, id, &format!("{pointer}/identity"));
    }
    let blob = source != "autoStorageContainerName" && account_of(&value).is_some();
    Some(ResourceFile {
        source,
        prefix: written.prefix.clone(),
        path: written.path.clone(),
        mode: written.mode.clone(),
        identity: identity.cloned(),
        pull_identity: pull_identity && blob && written.identity.is_none(),
        value,
    })
}

impl ResourceFile {
    /// Whether nodes read it with an identity, not with a signature in its URL or from a public place.
    pub(super) fn has_identity(&self) -> bool {
        self.identity.is_some() || self.pull_identity
    }

    /// The storage account of a URL of Azure Storage.
    pub(super) fn account(&self) -> Option<&str> {
        account_of(&self.value)
    }
}

/// The storage account whose blob a URL names, in whatever cloud.
fn account_of(url: &str) -> Option<&str> {
    let host = url.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', ':']).next());
    let (account, domain) = host?.split_once('.')?;
    catalog::clouds()
        .any(|cloud| domain.eq_ignore_ascii_case(&format!("blob.{}", cloud.storage_suffix)))
        .then_some(account)
}

/// Whether nodes read the auto-storage of the account.
pub(super) fn reads_auto_storage(written: &fields::Pool) -> bool {
    let files = written.start_task.iter().flat_map(|task| &task.resource_files);
    !written.applications.is_empty()
        || files.into_iter().any(|file| file.auto_storage_container.is_some())
}

/// The identities of tasks, mounts and downloads, each once: Azure compares IDs without regard to case, and a
/// node uses only identities of its pool.
pub(super) fn attached(written: &fields::Pool, node_identity: Option<&String>) -> Vec<String> {
    let of_mounts = written.mounts.iter().filter_map(|mount| mount.identity.as_ref());
    let files = written.start_task.iter().flat_map(|task| &task.resource_files);
    let of_files = files.filter_map(|file| file.identity.as_ref()).filter(|id| *id != "none");
    let of_storage = node_identity.filter(|_| reads_auto_storage(written));
    let mut attached: Vec<String> = Vec::new();
    for id in written.identities.iter().chain(of_mounts).chain(of_files).chain(of_storage) {
        if !attached.iter().any(|known| known.eq_ignore_ascii_case(id)) {
            attached.push(id.clone());
        }
    }
    attached
}

pub(super) fn mounts(
    resolver: &mut Resolver<'_>,
    written: &fields::Pool,
    pointer: &str,
    pull_identity: bool,
    secrets: &mut Secrets,
) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for (index, mount) in written.mounts.iter().enumerate() {
        let pointer = format!("{pointer}/mounts/{index}");
        complete(resolver, mount, &pointer, pull_identity);
        if let Some(id) = &mount.identity {
            ResourceId::of_identity(resolver, id, &format!("{pointer}/identity"));
        }
        let key = mount
            .key
            .as_ref()
            .filter(|_| mount.kind == MountKind::AzureFiles)
            .map(|key| secrets.add(resolver, key, &format!("{pointer}/key")));
        // What lacks a part was reported, and an export stands in for it.
        let file_system = match mount.kind {
            MountKind::Blob => mount
                .container
                .clone()
                .map(|container| FileSystem::Blob { container, identity: mount.identity.clone() }),
            MountKind::AzureFiles => mount
                .share
                .clone()
                .zip(key)
                .map(|(name, key)| FileSystem::AzureFiles(Share { name, key })),
            MountKind::Nfs => None,
        };
        mounts.push(Mount {
            file_system: file_system.unwrap_or(FileSystem::Nfs),
            source: mount.source.clone(),
            path: mount.path.clone(),
            options: mount.options.clone(),
        });
    }
    mounts
}

/// A mount has what its kind needs, and nothing that belongs to another kind.
fn complete(
    resolver: &mut Resolver<'_>,
    mount: &fields::Mount,
    pointer: &str,
    pull_identity: bool,
) {
    let mut incomplete = |pointer: &str, title: &str, label: &str, help: &str| {
        resolver.error("PB1031", pointer, title, label, help);
    };
    match mount.kind {
        MountKind::Blob => {
            if mount.container.is_none() {
                let help = "add `container: <name>`";
                incomplete(
                    pointer,
                    "the blob mount has no container",
                    "`container` is missing",
                    help,
                );
            }
            if mount.identity.is_none() && !pull_identity {
                incomplete(
                    pointer,
                    "the blob mount has no identity",
                    "the config has no registry and therefore no identity of its own",
                    "set `identity` to the resource ID of an identity that can read the container",
                );
            }
        }
        MountKind::AzureFiles => {
            if mount.share.is_none() {
                let help = "add `share: <name>`";
                incomplete(pointer, "Azure Files mount has no share", "`share` is missing", help);
            }
            if mount.key.is_none() {
                incomplete(
                    pointer,
                    "Azure Files mount has no key",
                    "Batch mounts a share with the key of its storage account",
                    "add `key: { vault: <resource ID>, name: <secret> }`, or mount an NFS share with `kind: nfs`",
                );
            }
        }
        MountKind::Nfs => {
            if !mount.source.contains(":/") {
                incomplete(
                    &format!("{pointer}/source"),
                    "not an NFS export",
                    "expected `host:/export`",
                    "use the format of `account.file.core.windows.net:/account/share`",
                );
            }
        }
    }
    if mount.kind != MountKind::Nfs && !is_account_name(&mount.source) {
        resolver.error(
            "PB1031",
            &format!("{pointer}/source"),
            "not the name of a storage account",
            "a name has 3 to 24 lowercase letters and digits",
            "write the name of the account, without its host",
        );
    }
    misplaced(resolver, mount, pointer);
}

/// What belongs to a mount of another kind.
fn misplaced(resolver: &mut Resolver<'_>, mount: &fields::Mount, pointer: &str) {
    let blob = mount.kind == MountKind::Blob;
    let files = mount.kind == MountKind::AzureFiles;
    let misplaced = [
        ("container", mount.container.is_some() && !blob, "it belongs to a `blob` mount"),
        ("share", mount.share.is_some() && !files, "it belongs to an `azureFiles` mount"),
        ("key", mount.key.is_some() && !files, "it belongs to an `azureFiles` mount"),
        ("identity", mount.identity.is_some() && files, "Batch mounts Azure Files with a key only"),
        (
            "identity",
            mount.identity.is_some() && !files && !blob,
            "an NFS export does not use an identity",
        ),
    ];
    for (key, _, label) in misplaced.into_iter().filter(|(_, is, _)| *is) {
        resolver.error(
            "PB1022",
            &format!("{pointer}/{key}"),
            format!("`{key}` has no effect on this mount"),
            label,
            format!("remove `{key}`, or change `kind`"),
        );
    }
}

fn is_account_name(text: &str) -> bool {
    (3..=24).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_of_mounts_are_attached_and_none_twice_in_whatever_case() {
        let identity = |name| format!("/subscriptions/s/resourceGroups/g/identities/{name}");
        let mount = |name| serde_json::json!({ "kind": "blob", "source": "s", "path": "p", "identity": identity(name) });
        let pool: fields::Pool = serde_json::from_value(serde_json::json!({
            "id": "p",
            "identities": [identity("tasks"), identity("Tasks")],
            "mounts": [mount("TASKS"), mount("reader"), mount("Reader")],
            "applications": [{ "name": "blender" }],
            "startTask": { "command": "true", "resourceFiles": [
                { "url": "https://a.blob.core.windows.net/c/f", "path": "f", "identity": identity("files") },
                { "url": "https://a.blob.core.windows.net/c/g", "path": "g", "identity": "none" },
            ] },
        }))
        .expect("it is a pool");
        let storage = identity("storage");
        let expected = ["tasks", "reader", "files", "storage"].map(identity);
        assert_eq!(attached(&pool, Some(&storage)), expected);
    }

    #[test]
    fn a_blob_is_known_by_its_host_in_every_cloud() {
        assert_eq!(account_of("https://data.blob.core.windows.net/c/f"), Some("data"));
        assert_eq!(account_of("https://data.blob.core.usgovcloudapi.net/c/f"), Some("data"));
        assert_eq!(account_of("https://data.blob.core.windows.net.example.com/c/f"), None);
        assert_eq!(account_of("https://example.com/data.blob.core.windows.net"), None);
    }
}
