use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::batch::PoolContext;
use super::blue_green;
use super::images::NameValue;
use super::names::identifier;
use super::pool_machine::{self, Machine};
use super::pool_tasks::{self, Job, Mount, StartTask};
use super::resolver::Resolver;
use super::resource_id::ResourceId;
use super::secret::Secrets;
use super::sizes::Size;
use crate::config::fields::{self, Replacement};

/// How many nodes a pool has.
#[derive(Debug, Clone, PartialEq)]
pub enum Scale {
    /// A number of them.
    Fixed(FixedScale),
    /// As many as a formula says.
    Formula(AutoScale),
}

impl Scale {
    /// The fixed number of nodes.
    pub fn fixed(&self) -> Option<&FixedScale> {
        match self {
            Self::Fixed(fixed) => Some(fixed),
            Self::Formula(_) => None,
        }
    }

    /// The formula.
    pub fn formula(&self) -> Option<&AutoScale> {
        match self {
            Self::Fixed(_) => None,
            Self::Formula(formula) => Some(formula),
        }
    }
}

/// Templates ask a pool for `fixed` and `auto_scale`.
impl Serialize for Scale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Scale", 2)?;
        object.serialize_field("fixed", &self.fixed())?;
        object.serialize_field("auto_scale", &self.formula())?;
        object.end()
    }
}

/// A pool.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "templates ask each by its name")]
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
    /// How many nodes it has.
    #[serde(flatten)]
    pub scale: Scale,
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
    /// What its machines are made of.
    pub machine: Machine,
    /// The newest version of the image is booted, whichever that is.
    pub follows_image: bool,
    /// Application packages.
    pub applications: Vec<Application>,
    /// What its jobs take over.
    pub job: Option<Job>,
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
    /// What happens to tasks on nodes that a resize removes.
    pub node_deallocation_option: Option<&'static str>,
}

/// A pool that scales by formula.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AutoScale {
    /// Formula.
    pub formula: String,
    /// ISO 8601.
    pub interval: String,
}

/// An application package of the account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Application {
    /// Name of the application.
    pub name: String,
    /// Version; the application's default without it.
    pub version: Option<String>,
}

/// What a pool needs to run container tasks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Containers {
    /// References of the images that are on the node or are pulled when it joins.
    pub image_names: Vec<String>,
    /// Hosts of private registries, pulled from with the pull identity.
    pub private_registries: Vec<String>,
}

pub(super) fn resolve(
    resolver: &mut Resolver<'_>,
    written: &fields::Pool,
    index: usize,
    context: &PoolContext<'_>,
    keys: &mut Vec<String>,
    secrets: &mut Secrets,
) -> Option<Pool> {
    let pointer = format!("/batch/pools/{index}");
    let size = match &written.vm_size {
        Some(_) => Size::of(&context.sizes.get(index)?.as_ref()?.size),
        None => context.node.size.clone(),
    };
    let scale = scale(resolver, written, &pointer)?;
    if scale.formula().is_some() && written.deallocation.is_some() {
        resolver.error(
            "PB1022",
            &format!("{pointer}/deallocation"),
            "`deallocation` has no effect with `autoScale`",
            "the formula sets the option itself",
            "remove it, and set `$NodeDeallocationOption` in the formula",
        );
    }
    identities(resolver, written, &pointer);
    let mounts = pool_tasks::mounts(resolver, written, &pointer, context.pull_identity, secrets);
    let machine = pool_machine::resolve(resolver, written, &pointer, secrets);
    reads_storage(resolver, written, &pointer, context);
    let containers = containers(resolver, written, &pointer, context);
    let mut pool = Pool {
        key: identifier(&written.id, keys),
        id: written.id.clone(),
        base_id: written.id.clone(),
        blue_green: written.replace == Some(Replacement::BlueGreen),
        display_name: written.display_name.clone(),
        size,
        scale,
        task_slots_per_node: written.task_slots_per_node.unwrap_or(1),
        inter_node_communication: written.inter_node_communication.unwrap_or(false),
        pull_identity: context.pull_identity,
        containers,
        identities: other_identities(resolver, written, context),
        start_task: pool_tasks::start_task(resolver, written, &pointer, context),
        mounts,
        follows_image: machine.follows_image(),
        machine,
        applications: applications(resolver, written, &pointer),
        job: pool_tasks::job(resolver, written, &pointer),
        metadata: NameValue::list(&written.metadata),
    };
    if pool.blue_green {
        blue_green::deploy_beside(resolver, &mut pool, &pointer, context)?;
    }
    Some(pool)
}

fn scale(resolver: &mut Resolver<'_>, written: &fields::Pool, pointer: &str) -> Option<Scale> {
    let fixed = written.nodes.is_some() || written.spot_nodes.is_some();
    match (&written.auto_scale, fixed) {
        (Some(_), true) => {
            resolver.error(
                "PB1010",
                &format!("{pointer}/autoScale"),
                format!("pool `{}` has both a fixed size and a formula", written.id),
                "`nodes` or `spotNodes` together with `autoScale`",
                "keep one of them",
            );
            None
        }
        (None, false) => {
            resolver.error(
                "PB1010",
                pointer,
                format!("pool `{}` has no size", written.id),
                "Batch would keep it at zero nodes",
                "add `nodes: 1`, or `autoScale` with a formula",
            );
            None
        }
        (Some(auto_scale), false) => {
            let interval = auto_scale.interval.clone().unwrap_or_else(|| "PT15M".to_owned());
            Some(Scale::Formula(AutoScale { formula: auto_scale.formula.clone(), interval }))
        }
        (None, true) => {
            let spot_nodes = written.spot_nodes.unwrap_or(0);
            let nodes = written.nodes.unwrap_or(0);
            let resize_timeout = written.resize_timeout.clone();
            let node_deallocation_option = written.deallocation.map(pool_machine::deallocation);
            let fixed = FixedScale { nodes, spot_nodes, resize_timeout, node_deallocation_option };
            Some(Scale::Fixed(fixed))
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
        if let Some(image) = preloaded.filter(|_| context.node_image.baked().is_some()) {
            resolver.error(
                "PB1034",
                &format!("{pointer}/containers"),
                format!("pool `{}` cannot use the images on its nodes", written.id),
                format!("container tasks are disabled, but `{}` is preloaded", image.reference),
                "remove `containers`, or set `preload: false` for every image",
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

/// The identities of a pool beside the pull identity, which every pool has: Azure refuses one that is named twice.
fn other_identities(
    resolver: &Resolver<'_>,
    written: &fields::Pool,
    context: &PoolContext<'_>,
) -> Vec<String> {
    let access = resolver.config.access.as_ref();
    let pull = access.and_then(|access| access.pull_identity_id.as_ref());
    let mut ids = pool_tasks::attached(written, context.storage.node_identity.as_ref());
    if let Some(pull) = pull.filter(|_| context.pull_identity) {
        ids.retain(|id| !id.eq_ignore_ascii_case(pull));
    }
    ids
}

fn identities(resolver: &mut Resolver<'_>, written: &fields::Pool, pointer: &str) {
    for (index, id) in written.identities.iter().enumerate() {
        let pointer = format!("{pointer}/identities/{index}");
        ResourceId::of_identity(resolver, id, &pointer);
    }
}

fn applications(
    resolver: &mut Resolver<'_>,
    written: &fields::Pool,
    pointer: &str,
) -> Vec<Application> {
    let names: Vec<&str> = written.applications.iter().map(|one| one.name.as_str()).collect();
    pool_machine::named_once(resolver, &names, &format!("{pointer}/applications"), "application");
    let one = |package: &fields::ApplicationPackage| Application {
        name: package.name.clone(),
        version: package.version.clone(),
    };
    written.applications.iter().map(one).collect()
}

/// Application packages and files of the auto-storage reach a node through an identity that may read them.
fn reads_storage(
    resolver: &mut Resolver<'_>,
    written: &fields::Pool,
    pointer: &str,
    context: &PoolContext<'_>,
) {
    if !pool_tasks::reads_auto_storage(written) || !context.storage.create_account {
        return;
    }
    if !context.storage.created {
        resolver.error(
            "PB1604",
            pointer,
            format!("pool `{}` needs auto-storage", written.id),
            "its application packages or files are in the auto-storage account",
            "remove `batch.storage.create: false`, or use a Batch account with auto-storage",
        );
    } else if context.storage.node_identity.is_none() && !context.pull_identity {
        resolver.error(
            "PB1604",
            pointer,
            format!("pool `{}` has no identity to read the auto-storage", written.id),
            "its application packages or files are in the auto-storage account",
            "set `batch.storage.nodeIdentity` to the resource ID of an identity that can read the blobs",
        );
    }
}
