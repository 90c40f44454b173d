use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use super::bake::{Bake, bytes_of};
use super::formula::most_nodes;
use super::known::KnownScripts;
use super::node::{Node, name_of, same_id};
use crate::arm::Template;
use crate::catalog::{self, Date, Overlay, StageName, VmSize};
use crate::expand::Resource;

/// One render as the rules see it.
#[derive(Debug, Clone, Copy)]
pub struct RenderView<'a> {
    /// The resources of all stages.
    pub resources: &'a [&'a Resource],
    /// The compiled stages, by name.
    pub templates: &'a BTreeMap<StageName, &'a Template>,
    /// The rendered files, by path.
    pub artifacts: &'a BTreeMap<String, String>,
    /// What those files say that are YAML or JSON, by path.
    pub values: &'a BTreeMap<&'a str, Cow<'a, Value>>,
    /// What only the config says.
    pub declared: &'a Declared,
    /// What the user's own subscription said of the region.
    pub overlay: &'a Overlay,
    /// The day on which retirements are judged.
    pub as_of: Date,
    /// What is known of the scripts of this run.
    pub scripts: &'a KnownScripts,
}

/// What the config says and no resource shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// Whether the nodes shall have GPUs, if the config says so.
    pub gpu: Option<bool>,
    /// The MIG profile into which each GPU is partitioned.
    pub mig: Option<String>,
    /// Whether the nodes of an account that is used and not created live in the user's subscription.
    pub user_subscription: Option<bool>,
    /// Dedicated vCPUs granted, by VM family.
    pub quota: BTreeMap<String, u32>,
    /// What a registry has to be that is used and not created.
    pub registry: Vec<RegistrySetting>,
    /// The Dockerfiles that images are built from.
    pub dockerfiles: Vec<Dockerfile>,
}

/// A setting on which the config relies of a registry that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrySetting {
    /// Name of the registry.
    pub registry: String,
    /// JSON pointer of what relies on it in the config.
    pub pointer: String,
    /// Column of the user's own catalog.
    pub setting: &'static str,
    /// The value that it has to have.
    pub value: String,
}

/// The Dockerfile of a build from a folder beside the config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dockerfile {
    /// JSON pointer of the key of the config that names it.
    pub pointer: String,
    /// Its path in the context.
    pub name: String,
    /// Its text, or why it cannot be read.
    pub text: Result<String, String>,
}

/// The render with the questions that many rules ask answered once.
pub(super) struct View<'a> {
    pub(super) render: &'a RenderView<'a>,
    pub(super) pools: Vec<Pool<'a>>,
    pub(super) bakes: Vec<Bake<'a>>,
    pub(super) custom_data: Vec<CustomData<'a>>,
}

/// The custom data of a machine.
pub(super) struct CustomData<'a> {
    pub(super) node: Node<'a>,
    pub(super) encoded: &'a str,
    /// What the base64 says; nothing where it is none.
    pub(super) bytes: Option<Vec<u8>>,
}

impl CustomData<'_> {
    /// What it says, if it is text.
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes.as_ref()?).ok()
    }
}

/// A pool and what the tables know about it.
pub(super) struct Pool<'a> {
    pub(super) node: Node<'a>,
    pub(super) size: Option<VmSize>,
    /// The image definition that it starts from, once a rule has asked for it.
    definition: OnceLock<Option<Node<'a>>>,
}

impl<'a> Pool<'a> {
    /// A property of the pool.
    pub(super) fn at(&self, path: &str) -> Node<'a> {
        self.node.at("properties").at(path)
    }

    /// A property of its virtual machine configuration.
    pub(super) fn machine(&self, path: &str) -> Node<'a> {
        self.at("deploymentConfiguration/virtualMachineConfiguration").at(path)
    }

    pub(super) fn id(&self) -> Cow<'a, str> {
        name_of(self.node.resource())
    }

    /// The most dedicated and Spot nodes that its scale asks for, each with the value that says so; nothing where
    /// only Azure can know how many.
    pub(super) fn most_nodes(&self) -> [Option<(u64, Node<'a>)>; 2] {
        let formula = self.at("scaleSettings/autoScale/formula");
        if let Some(text) = formula.text() {
            return most_nodes(text.trim()).map(|most| Some((most?, formula.clone())));
        }
        let fixed = self.at("scaleSettings/fixedScale");
        ["targetDedicatedNodes", "targetLowPriorityNodes"].map(|target| {
            let node = fixed.at(target);
            Some((u64::try_from(node.number()?).ok()?, node))
        })
    }

    /// Nodes of a fixed scale: dedicated and low-priority ones.
    pub(super) fn fixed_nodes(&self) -> u64 {
        let fixed = self.at("scaleSettings/fixedScale");
        ["targetDedicatedNodes", "targetLowPriorityNodes"]
            .iter()
            .filter_map(|target| u64::try_from(fixed.at(target).number()?).ok())
            .sum()
    }

    pub(super) fn has_gpu(&self) -> bool {
        self.size.as_ref().is_some_and(VmSize::has_gpu)
    }

    /// The names of images that nodes fetch when they join.
    pub(super) fn images(&self) -> Vec<Node<'a>> {
        self.machine("containerConfiguration/containerImageNames").items()
    }

    pub(super) fn runs_containers(&self) -> bool {
        self.machine("containerConfiguration").exists()
    }

    /// Whether it starts from an image of a gallery or of the user.
    pub(super) fn uses_own_image(&self) -> bool {
        self.machine("imageReference/id").exists()
    }
}

impl<'a> View<'a> {
    pub(super) fn new(render: &'a RenderView<'a>) -> Self {
        let mut view =
            Self { render, pools: Vec::new(), bakes: Vec::new(), custom_data: Vec::new() };
        view.pools = view
            .of_kind("Microsoft.Batch/batchAccounts/pools")
            .map(|node| {
                let size = node
                    .at("properties/vmSize")
                    .text()
                    .and_then(|name| render.overlay.vm_size(name));
                Pool { node, size, definition: OnceLock::new() }
            })
            .collect();
        view.custom_data = view
            .of_kind("Microsoft.Compute/virtualMachines")
            .filter_map(|vm| {
                let node = vm.at("properties/osProfile/customData");
                let encoded = node.text()?;
                Some(CustomData { node, encoded, bytes: bytes_of(encoded) })
            })
            .collect();
        view.bakes = Bake::find(&view);
        view
    }

    /// What the user's own subscription said.
    pub(super) fn overlay(&self) -> &'a Overlay {
        self.render.overlay
    }

    /// The resources of a type that this render deploys.
    pub(super) fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = Node<'a>> + use<'a> {
        self.render
            .resources
            .iter()
            .copied()
            .filter(move |resource| !resource.existing && resource.kind.eq_ignore_ascii_case(kind))
            .map(Node::new)
    }

    /// All resources that this render deploys.
    pub(super) fn deployed(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        self.render.resources.iter().copied().filter(|resource| !resource.existing).map(Node::new)
    }

    /// The deployed resource of an ID.
    pub(super) fn by_id(&self, id: &str) -> Option<Node<'a>> {
        self.deployed().find(|node| same_id(&node.resource().id, id))
    }

    /// The account of a pool, if this render deploys it.
    pub(super) fn account_of(&self, pool: &Pool<'_>) -> Option<Node<'a>> {
        let name = pool.node.resource().name.split('/').next().unwrap_or("");
        self.of_kind("Microsoft.Batch/batchAccounts")
            .find(|account| account.resource().name == name)
    }

    /// Whether nodes of a pool live in the user's subscription; nothing when neither the account nor the config
    /// says it.
    pub(super) fn in_user_subscription(&self, pool: &Pool<'_>) -> Option<bool> {
        let Some(account) = self.account_of(pool) else {
            return self.render.declared.user_subscription;
        };
        let mode = account.at("properties/poolAllocationMode");
        if mode.is_symbolic() { None } else { Some(mode.is("UserSubscription")) }
    }

    /// The gallery image version that a pool starts from, if this render deploys it.
    pub(super) fn version_of(&self, pool: &Pool<'_>) -> Option<Node<'a>> {
        let id = pool.machine("imageReference/id");
        let id = id.id()?;
        let versions = "Microsoft.Compute/galleries/images/versions";
        self.of_kind(versions).find(|version| same_id(&version.resource().id, &id))
    }

    /// The image definition that a pool starts from, if this render deploys it.
    pub(super) fn definition_of(&self, pool: &Pool<'a>) -> Option<Node<'a>> {
        let find = || {
            let id = pool.machine("imageReference/id").id()?;
            let definition = match id.to_ascii_lowercase().rfind("/versions/") {
                Some(at) => &id[..at],
                None => &id,
            };
            self.of_kind("Microsoft.Compute/galleries/images")
                .find(|image| same_id(&image.resource().id, definition))
        };
        pool.definition.get_or_init(find).clone()
    }

    /// The virtual machines on which images are baked: those that a version is captured from, or all of a
    /// render that also has a gallery.
    pub(super) fn builders(&self) -> Vec<Node<'a>> {
        let galleries = self.of_kind("Microsoft.Compute/galleries/images").next().is_some()
            || self.of_kind("Microsoft.Compute/images").next().is_some();
        let pools_use_images = self.pools.iter().any(Pool::uses_own_image);
        if !galleries && !pools_use_images {
            return Vec::new();
        }
        self.of_kind("Microsoft.Compute/virtualMachines").collect()
    }

    /// Whether a pool of this render has NVIDIA GPUs, or the builder has and no pool is here.
    pub(super) fn wants_nvidia(&self) -> bool {
        self.nvidia_sizes().next().is_some()
    }

    /// The NVIDIA sizes of pools with the nodes that name them; those of builders in a render without pools.
    pub(super) fn nvidia_sizes(&self) -> impl Iterator<Item = (Node<'a>, VmSize)> {
        let mut sizes: Vec<_> = self
            .pools
            .iter()
            .filter_map(|pool| Some((pool.at("vmSize"), pool.size.clone()?)))
            .collect();
        if self.pools.is_empty() {
            let builders =
                self.builders().into_iter().map(|vm| vm.at("properties/hardwareProfile/vmSize"));
            sizes.extend(builders.filter_map(|node| {
                let size = self.overlay().vm_size(node.text()?)?;
                Some((node, size))
            }));
        }
        sizes.into_iter().filter(|(_, size)| size.gpu_vendor == catalog::GpuVendor::Nvidia)
    }
}
