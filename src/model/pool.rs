use serde::Serialize;

use super::batch::PoolContext;
use super::blue_green;
use super::images::NameValue;
use super::names::identifier;
use super::resolver::Resolver;
use super::resource_id::ResourceId;
use super::sizes::Size;
use crate::config::fields::{self, Elevation, MountKind, Replacement};

/// A pool.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pool {
    /// Bicep identifier, unique among the pools.
    pub key: String,
    /// Pool ID as it is deployed.
    pub id: String,
    /// ID as the config gives it; `id` carries a digest besides under `replace: blue-green`.
    pub base_id: String,
    /// A change of the immutable part makes a new pool.
    pub blue_green: bool,
    /// Name for people.
    pub display_name: Option<String>,
    /// VM size.
    pub size: Size,
    /// Fixed scale.
    pub fixed: Option<FixedScale>,
    /// Scale by formula.
    pub auto_scale: Option<AutoScale>,
    /// Tasks at once on a node.
    pub task_slots_per_node: u32,
    /// MPI between nodes.
    pub inter_node_communication: bool,
    /// Container tasks; none when the pool runs none.
    pub containers: Option<Containers>,
    /// Resource IDs of the identities of tasks and mounts, none twice in whatever case.
    pub identities: Vec<String>,
    /// The identity that pulls images is attached.
    pub pull_identity: bool,
    /// Start task.
    pub start_task: Option<StartTask>,
    /// Mounted file systems.
    pub mounts: Vec<Mount>,
    /// Metadata in order of names.
    pub metadata: Vec<NameValue>,
}

/// A pool of fixed size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FixedScale {
    /// Dedicated nodes.
    pub nodes: u32,
    /// Spot nodes.
    pub spot_nodes: u32,
    /// ISO 8601.
    pub resize_timeout: Option<String>,
}

/// A pool that scales by formula.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AutoScale {
    /// Formula.
    pub formula: String,
    /// ISO 8601.
    pub interval: String,
}

/// What a pool needs to run container tasks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Containers {
    /// References of the images that are on the node or are pulled when it joins.
    pub image_names: Vec<String>,
    /// Hosts of private registries, pulled from with the pull identity.
    pub private_registries: Vec<String>,
}

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
}

/// A file that the start task downloads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResourceFile {
    /// HTTPS URL.
    pub url: String,
    /// Path under the working directory.
    pub path: String,
    /// Octal mode.
    pub mode: Option<String>,
}

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mount {
    /// A blob container; else an NFS export.
    pub blob: bool,
    /// Storage account, or `host:/export`.
    pub source: String,
    /// Container of a blob mount.
    pub container: Option<String>,
    /// Folder below the mount root.
    pub path: String,
    /// Options of the mount command.
    pub options: Option<String>,
    /// Resource ID of the identity; the pull identity without it.
    pub identity: Option<String>,
}

pub(super) fn resolve(
    resolver: &mut Resolver<'_>,
    written: &fields::Pool,
    index: usize,
    context: &PoolContext<'_>,
    keys: &mut Vec<String>,
) -> Option<Pool> {
    let pointer = format!("/batch/pools/{index}");
    let size = match &written.vm_size {
        Some(_) => Size::of(&context.sizes.get(index)?.as_ref()?.size),
        None => context.node.size.clone(),
    };
    let (fixed, auto_scale) = scale(resolver, written, &pointer)?;
    identities(resolver, written, &pointer);
    let mounts = mounts(resolver, written, &pointer, context.pull_identity);
    let containers = containers(resolver, written, &pointer, context);
    let mut pool = Pool {
        key: identifier(&written.id, keys),
        id: written.id.clone(),
        base_id: written.id.clone(),
        blue_green: written.replace == Some(Replacement::BlueGreen),
        display_name: written.display_name.clone(),
        size,
        fixed,
        auto_scale,
        task_slots_per_node: written.task_slots_per_node.unwrap_or(1),
        inter_node_communication: written.inter_node_communication.unwrap_or(false),
        pull_identity: context.pull_identity,
        containers,
        identities: attached(written),
        start_task: start_task(resolver, written, &pointer),
        mounts,
        metadata: NameValue::list(&written.metadata),
    };
    if pool.blue_green {
        blue_green::deploy_beside(resolver, &mut pool, &pointer, context)?;
    }
    Some(pool)
}

type Scale = (Option<FixedScale>, Option<AutoScale>);

fn scale(resolver: &mut Resolver<'_>, written: &fields::Pool, pointer: &str) -> Option<Scale> {
    let fixed = written.nodes.is_some() || written.spot_nodes.is_some();
    match (&written.auto_scale, fixed) {
        (Some(_), true) => {
            resolver.error(
                "PB1010",
                &format!("{pointer}/autoScale"),
                format!("pool `{}` has a fixed scale and a formula", written.id),
                "`nodes` or `spotNodes` beside `autoScale`",
                "keep one of the two",
            );
            None
        }
        (None, false) => {
            resolver.error(
                "PB1010",
                pointer,
                format!("pool `{}` has no scale", written.id),
                "without one Batch keeps zero nodes",
                "add `nodes: 1`, or `autoScale` with a formula",
            );
            None
        }
        (Some(auto_scale), false) => {
            let interval = auto_scale.interval.clone().unwrap_or_else(|| "PT15M".to_owned());
            Some((None, Some(AutoScale { formula: auto_scale.formula.clone(), interval })))
        }
        (None, true) => {
            let spot_nodes = written.spot_nodes.unwrap_or(0);
            let nodes = written.nodes.unwrap_or(0);
            let resize_timeout = written.resize_timeout.clone();
            Some((Some(FixedScale { nodes, spot_nodes, resize_timeout }), None))
        }
    }
}

/// Container tasks are possible exactly when images are on the node or the pool asks for them.
fn containers(
    resolver: &mut Resolver<'_>,
    written: &fields::Pool,
    pointer: &str,
    context: &PoolContext<'_>,
) -> Option<Containers> {
    let wanted = written.containers.unwrap_or(!context.images.is_empty());
    if !wanted {
        let preloaded = context.images.iter().find(|image| image.preload);
        if let Some(image) = preloaded.filter(|_| context.node_image.baked.is_some()) {
            resolver.error(
                "PB1034",
                &format!("{pointer}/containers"),
                format!("pool `{}` cannot use the images on its nodes", written.id),
                format!("no container tasks, and `{}` is preloaded", image.reference),
                "drop `containers`, or say `preload: false` at every image",
            );
        }
        return None;
    }
    let image_names = context.images.iter().map(|image| image.reference.clone()).collect();
    let mut private_registries: Vec<String> = context
        .images
        .iter()
        .filter(|image| image.private)
        .map(|image| image.registry_server.clone())
        .collect();
    private_registries.dedup();
    Some(Containers { image_names, private_registries })
}

fn identities(resolver: &mut Resolver<'_>, written: &fields::Pool, pointer: &str) {
    for (index, id) in written.identities.iter().enumerate() {
        let pointer = format!("{pointer}/identities/{index}");
        ResourceId::of_identity(resolver, id, &pointer);
    }
}

/// The identities of tasks and mounts, each once: Azure compares IDs without regard to case, and a node
/// mounts only with an identity of its pool.
fn attached(written: &fields::Pool) -> Vec<String> {
    let of_mounts = written.mounts.iter().filter_map(|mount| mount.identity.as_ref());
    let mut attached: Vec<String> = Vec::new();
    for id in written.identities.iter().chain(of_mounts) {
        if !attached.iter().any(|known| known.eq_ignore_ascii_case(id)) {
            attached.push(id.clone());
        }
    }
    attached
}

fn start_task(
    resolver: &mut Resolver<'_>,
    written: &fields::Pool,
    pointer: &str,
) -> Option<StartTask> {
    let Some(task) = &written.start_task else {
        if !written.environment.is_empty() {
            resolver.error(
                "PB1015",
                &format!("{pointer}/environment"),
                format!("pool `{}` has an environment and no start task", written.id),
                "a pool hands its environment to the start task only",
                "add `startTask`, or set the environment in the job",
            );
        }
        return None;
    };
    super::names::variables(resolver, &written.environment, &format!("{pointer}/environment"));
    let resource_files = task.resource_files.iter().map(|file| ResourceFile {
        url: file.url.clone(),
        path: file.path.clone(),
        mode: file.mode.clone(),
    });
    let admin = task.elevation == Some(Elevation::Admin);
    Some(StartTask {
        command_line: format!("/bin/bash -c {}", shell_quoted(&task.command)),
        elevation: if admin { "Admin" } else { "NonAdmin" },
        wait_for_success: task.wait_for_success.unwrap_or(true),
        max_task_retry_count: task.max_task_retry_count.unwrap_or(1),
        environment: NameValue::list(&written.environment),
        resource_files: resource_files.collect(),
    })
}

/// Batch hands a Linux command line to a shell-like splitter: single quotes keep everything.
fn shell_quoted(command: &str) -> String {
    format!("'{}'", command.replace('\'', r"'\''"))
}

fn mounts(
    resolver: &mut Resolver<'_>,
    written: &fields::Pool,
    pointer: &str,
    pull_identity: bool,
) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for (index, mount) in written.mounts.iter().enumerate() {
        let pointer = format!("{pointer}/mounts/{index}");
        let blob = mount.kind == MountKind::Blob;
        if blob && mount.container.is_none() {
            resolver.error(
                "PB1031",
                &pointer,
                "blob mount has no container",
                "`container` is missing",
                "add `container: <name>`",
            );
        }
        if !blob && !mount.source.contains(":/") {
            resolver.error(
                "PB1031",
                &format!("{pointer}/source"),
                "not an NFS export",
                "expected `host:/export`",
                "write it as `account.file.core.windows.net:/account/share`",
            );
        }
        if blob && mount.identity.is_none() && !pull_identity {
            resolver.error(
                "PB1031",
                &pointer,
                "blob mount has no identity",
                "the config has no registry, and so no identity of its own",
                "add `identity`, the resource ID of one that may read the container",
            );
        }
        if let Some(id) = &mount.identity {
            ResourceId::of_identity(resolver, id, &format!("{pointer}/identity"));
        }
        mounts.push(Mount {
            blob,
            source: mount.source.clone(),
            container: mount.container.clone(),
            path: mount.path.clone(),
            options: mount.options.clone(),
            identity: mount.identity.clone(),
        });
    }
    mounts
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
        }))
        .expect("it is a pool");
        assert_eq!(attached(&pool), [identity("tasks"), identity("reader")]);
    }
}
