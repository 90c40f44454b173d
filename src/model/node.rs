use serde::Serialize;

use super::gpu::{self, Gpu};
use super::resolver::Resolver;
use super::sizes::{Machine, Size, Sizes};
use crate::catalog::{self, BaseImage, Generation, VmSize};
use crate::config::fields::{self, SecurityType};

/// What the nodes are and what their image starts from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    /// Operating system and its marketplace image.
    pub os: Os,
    /// VM size of pools that name none.
    pub size: Size,
    /// The GPU software; none on CPU sizes.
    pub gpu: Option<Gpu>,
    /// `V1` or `V2`: what image, builder and pools boot.
    pub generation: &'static str,
    /// `Standard` or `TrustedLaunch`.
    pub security_type: &'static str,
    /// Trusted launch is on.
    pub trusted_launch: bool,
    /// Secure boot is on.
    pub secure_boot: bool,
    /// Disks and caches are encrypted on their hosts.
    pub encryption_at_host: bool,
    /// Wanted version of the NVIDIA Container Toolkit, if the config says one.
    pub toolkit_version: Option<String>,
    /// Wanted version of Docker Engine, if the config says one.
    pub docker_version: Option<String>,
}

/// An operating system.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Os {
    /// `ubuntu-24.04`.
    pub key: &'static str,
    /// Marketplace publisher.
    pub publisher: &'static str,
    /// Marketplace offer.
    pub offer: &'static str,
    /// Marketplace SKU.
    pub sku: &'static str,
    /// Batch node agent.
    pub node_agent: &'static str,
    /// Package manager, `apt` or `dnf`.
    pub packages: &'static str,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, sizes: &Sizes) -> Option<Node> {
    let written = resolver.config.node.clone().unwrap_or_default();
    let default_os = catalog::config_default("os");
    let os_key = written.os.map_or(default_os, fields::Os::key);
    let vm_size = &sizes.node.size;
    fits_gpu(resolver, &written, vm_size);
    let gpu = gpu::resolve(resolver, &written, sizes, os_key);
    let generation = generation(resolver, sizes, os_key)?;
    let base = catalog::base_image(os_key, generation)?;
    let trusted = written.security_type == Some(SecurityType::TrustedLaunch);
    Some(Node {
        os: os(&base),
        size: Size::of(vm_size),
        gpu,
        generation: generation.as_str(),
        security_type: if trusted { "TrustedLaunch" } else { "Standard" },
        trusted_launch: trusted,
        secure_boot: secure_boot(resolver, &written, trusted),
        encryption_at_host: written.encryption_at_host.unwrap_or(false),
        toolkit_version: written.toolkit_version,
        docker_version: written.docker_version,
    })
}

/// Secure boot is a part of trusted launch.
fn secure_boot(resolver: &mut Resolver<'_>, written: &fields::Node, trusted: bool) -> bool {
    let wanted = written.secure_boot.unwrap_or(false);
    if wanted && !trusted {
        resolver.error(
            "PB1022",
            "/node/secureBoot",
            "`secureBoot` has no effect without trusted launch",
            "a standard machine has no secure boot",
            "add `securityType: trustedLaunch`, or drop `secureBoot`",
        );
    }
    wanted && trusted
}

/// `gpu: true` on a size without one is a bill for nothing, and the reverse a GPU that idles.
fn fits_gpu(resolver: &mut Resolver<'_>, written: &fields::Node, size: &VmSize) {
    let unknown =
        written.vm_size.as_ref().is_some_and(|name| resolver.overlay.vm_size(name).is_none());
    let Some(wanted) = written.gpu.filter(|_| !unknown) else { return };
    if wanted == size.has_gpu() {
        return;
    }
    let (title, help) = if wanted {
        (
            format!("size `{}` has no GPU", size.name),
            format!("take a GPU size such as `{}`", catalog::config_default("gpu-size")),
        )
    } else {
        (
            format!("size `{}` has a GPU that `gpu: false` leaves idle", size.name),
            format!("take a CPU size such as `{}`", catalog::config_default("cpu-size")),
        )
    };
    resolver.error("PB1002", "/node/gpu", title, "does not fit `vmSize`", help);
}

/// Generation 2 wherever every size boots it, the builder's too; 1 for the sizes that know no other.
fn generation(resolver: &mut Resolver<'_>, sizes: &Sizes, os_key: &str) -> Option<Generation> {
    let boots = |machine: &Machine, generation| {
        machine.size.boots(generation).unwrap_or(generation == Generation::V2)
    };
    let fits = |generation: &Generation| {
        sizes.all().all(|machine| boots(machine, *generation))
            && catalog::base_image(os_key, *generation).is_some()
    };
    let found = [Generation::V2, Generation::V1].into_iter().find(fits);
    if found.is_none() {
        let only = |generation, other| {
            let mut machines = sizes.all();
            machines.find(|one| boots(one, generation) && !boots(one, other))
        };
        let first = only(Generation::V1, Generation::V2).unwrap_or(&sizes.node);
        let second = only(Generation::V2, Generation::V1).unwrap_or(&sizes.node);
        resolver.error(
            "PB1021",
            &second.pointer,
            "no image generation fits all sizes",
            format!("`{}` and `{}` cannot boot one image", first.size.name, second.size.name),
            "keep sizes of one generation in one config, and take a builder of the same",
        );
    }
    found
}

fn os(base: &BaseImage) -> Os {
    Os {
        key: base.os_key,
        publisher: base.publisher,
        offer: base.offer,
        sku: base.sku,
        node_agent: base.node_agent,
        packages: base.packages,
    }
}
