use serde::Serialize;

use super::resolver::Resolver;
use crate::catalog::{self, DriverClass, VmSize};
use crate::config::fields::{self, SecurityType};
use crate::diagnostic::Severity;

/// A VM size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Size {
    /// Name as Azure spells it.
    pub name: String,
    /// Quota family.
    pub family: String,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// GPUs, `1` or `1/6`; empty without one.
    pub gpus: String,
    /// GPU model; empty without one.
    pub gpu_model: String,
}

impl Size {
    pub(super) fn of(size: &VmSize) -> Self {
        let gpus = if size.has_gpu() { size.gpus } else { None };
        Self {
            name: size.name.to_string(),
            family: size.family.to_string(),
            vcpus: size.vcpus,
            gpus: gpus.map_or_else(String::new, |count| count.to_string()),
            gpu_model: size.gpu_model.to_string(),
        }
    }
}

/// A size, and where the config says it.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    pub(super) size: VmSize,
    pub(super) pointer: String,
}

/// Every size that boots the node image.
pub(super) struct Sizes {
    /// The size of pools that name none.
    pub(super) node: Machine,
    /// The sizes that pools name, by pool.
    pub(super) pools: Vec<Option<Machine>>,
    /// The size of the builder, when an image is baked on a size of its own.
    pub(super) builder: Option<Machine>,
    /// An image is baked; else one that exists is used as it is.
    pub(super) bakes: bool,
}

impl Sizes {
    /// The nodes', each once.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Machine> {
        let same = |machine: &&Machine| machine.pointer != self.node.pointer;
        std::iter::once(&self.node).chain(self.pools.iter().flatten().filter(same))
    }

    /// The nodes' and the builder's, each once.
    pub(super) fn all(&self) -> impl Iterator<Item = &Machine> {
        self.nodes().chain(&self.builder)
    }
}

pub(super) fn resolve(resolver: &mut Resolver<'_>) -> Option<Sizes> {
    let config = resolver.config;
    let written = config.node.clone().unwrap_or_default();
    let bakes = config.gallery.as_ref().is_none_or(|gallery| gallery.image_version_id.is_none());
    let pools = config.batch.as_ref().map_or(&[][..], |batch| &batch.pools);
    let pools = pools.iter().enumerate().map(|(index, pool)| {
        let name = pool.vm_size.as_ref()?;
        named(resolver, name, format!("/batch/pools/{index}/vmSize"))
    });
    let pools: Vec<Option<Machine>> = pools.collect();
    let node = of_nodes(resolver, &written, &pools)?;
    let builder = config.builder.as_ref().and_then(|builder| builder.vm_size.as_ref());
    let builder = builder
        .filter(|_| bakes)
        .and_then(|name| named(resolver, name, "/builder/vmSize".to_owned()));
    let sizes = Sizes { node, pools, builder, bakes };
    let trusted = written.security_type == Some(SecurityType::TrustedLaunch);
    for machine in sizes.all() {
        has_our_architecture(resolver, machine);
        has_a_known_gpu(resolver, machine);
        if trusted && machine.size.trusted_launch == Some(false) {
            resolver.on(machine.size.fact()).error(
                "PB1033",
                &machine.pointer,
                format!("VM size `{}` does not support trusted launch", machine.size.name),
                "`node.securityType` is `trustedLaunch`",
                "choose a size that supports it, or set `securityType: standard`",
            );
        }
    }
    Some(sizes)
}

/// A size of the config, looked up. An unknown one is reported with the nearest known one, and the default
/// stands in for it, so that what follows is checked too.
fn named(resolver: &mut Resolver<'_>, name: &str, pointer: String) -> Option<Machine> {
    let size = resolver.overlay.vm_size(name).or_else(|| {
        let help = match resolver.overlay.nearest_size(name) {
            Some(known) => format!(
                "did you mean `{known}`? `prebake catalog import` adds a newer size that your subscription has"
            ),
            None => "use the full name of a size, such as `Standard_NC4as_T4_v3`; `prebake catalog import` adds \
                     a newer one that your subscription has"
                .into(),
        };
        resolver.error(
            "PB1001",
            &pointer,
            format!("unknown VM size `{name}`"),
            "the catalog does not contain this size",
            help,
        );
        catalog::vm_size(catalog::config_default("cpu-size"))
    })?;
    Some(Machine { size, pointer })
}

fn of_nodes(
    resolver: &mut Resolver<'_>,
    written: &fields::Node,
    pools: &[Option<Machine>],
) -> Option<Machine> {
    if let Some(name) = &written.vm_size {
        return named(resolver, name, "/node/vmSize".to_owned());
    }
    // Pools that all name their size have said what the nodes are.
    if let Some(first) = pools.iter().flatten().next().filter(|_| written.gpu.is_none()) {
        return Some(first.clone());
    }
    let key = if written.gpu == Some(true) { "gpu-size" } else { "cpu-size" };
    let size = catalog::vm_size(catalog::config_default(key))?;
    Some(Machine { size, pointer: "/node".to_owned() })
}

/// A size that only the subscription knows has a GPU of unknown make: no driver is installed for it.
fn has_a_known_gpu(resolver: &mut Resolver<'_>, machine: &Machine) {
    let Machine { size, pointer } = machine;
    let some = size.gpus.is_some_and(|gpus| gpus.numerator > 0);
    if some && size.driver_class == DriverClass::Unknown && size.gpu_model.is_empty() {
        resolver.report(
            Severity::Warning,
            "PB1049",
            pointer,
            format!("the GPU of VM size `{}` is unknown", size.name),
            "your subscription offers this size, but this release does not know which driver it needs",
            "install the driver in `bake.steps`, or use an image that contains it",
        );
    }
}

/// Base images, drivers and node agents of the catalog are those of x64.
fn has_our_architecture(resolver: &mut Resolver<'_>, machine: &Machine) {
    let Machine { size, pointer } = machine;
    if size.architecture != "x64" {
        resolver.on(size.fact()).error(
            "PB1032",
            pointer,
            format!("VM size `{}` is not x64", size.name),
            format!("{}: images that prebake bakes do not start on it", size.architecture),
            "choose an x64 size",
        );
    }
}
