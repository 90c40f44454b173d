use serde::Serialize;

use super::gpu::{self, Gpu};
use super::is_resource_id;
use super::resolver::Resolver;
use super::sizes::{Machine, Size, Sizes};
use crate::catalog::{self, BaseImage, Generation, VmSize};
use crate::config::fields::{self, SecurityType, Software};

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
    /// What the image has before the bake.
    pub has: Has,
    /// MIG profile of every GPU.
    pub mig: Option<String>,
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
    /// Resource ID of the gallery image that the bake starts from; the marketplace's without it.
    pub image_id: Option<String>,
    /// Marketplace publisher.
    pub publisher: String,
    /// Marketplace offer.
    pub offer: String,
    /// Marketplace SKU.
    pub sku: String,
    /// Purchase plan.
    pub plan: Option<Plan>,
    /// Operating system whose packages serve it.
    pub software: &'static str,
    /// Batch node agent.
    pub node_agent: &'static str,
    /// Package manager, `apt` or `dnf`.
    pub packages: &'static str,
}

/// The purchase plan of a marketplace image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Publisher.
    pub publisher: String,
    /// Product.
    pub product: String,
    /// Name.
    pub name: String,
}

/// What an image has before the bake, which checks it instead of installing it.
#[expect(clippy::struct_excessive_bools, reason = "each is software of its own")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Has {
    /// Docker Engine or Moby.
    pub docker: bool,
    /// The NVIDIA driver.
    pub driver: bool,
    /// The NVIDIA container toolkit.
    pub toolkit: bool,
    /// Drivers and libraries of `InfiniBand`.
    pub infiniband: bool,
    /// AMD's `ROCm` driver.
    pub rocm: bool,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, sizes: &Sizes) -> Option<Node> {
    let written = resolver.config.node.clone().unwrap_or_default();
    let default_os = catalog::config_default("os");
    let os_key = written.os.map_or(default_os, fields::Os::key);
    let vm_size = &sizes.node.size;
    fits_gpu(resolver, &written, vm_size);
    let generation = generation(resolver, sizes, os_key)?;
    let base = catalog::base_image(os_key, generation)?;
    let has = has(&written, &base);
    let gpu = gpu::resolve(resolver, &written, sizes, &base, has);
    source_image(resolver, &written);
    let trusted = written.security_type == Some(SecurityType::TrustedLaunch);
    Some(Node {
        os: os(&written, &base),
        size: Size::of(vm_size),
        generation: generation.as_str(),
        security_type: if trusted { "TrustedLaunch" } else { "Standard" },
        trusted_launch: trusted,
        secure_boot: secure_boot(resolver, &written, trusted),
        encryption_at_host: written.encryption_at_host.unwrap_or(false),
        has,
        mig: mig(resolver, &written, sizes, gpu.is_some()),
        gpu,
        toolkit_version: written.toolkit_version,
        docker_version: written.docker_version,
    })
}

impl Plan {
    /// Reads `publisher/product/name`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/').map(str::to_owned);
        Some(Self { publisher: parts.next()?, product: parts.next()?, name: parts.next()? })
    }
}

/// An image of the user's has what they say; one of the catalog what its row says.
fn has(written: &fields::Node, base: &BaseImage) -> Has {
    let Some(own) = &written.image else {
        let nvidia = matches!(base.gpu_driver, "open" | "proprietary");
        return Has {
            docker: base.docker,
            driver: nvidia,
            toolkit: nvidia && base.docker,
            infiniband: base.fabric,
            rocm: base.gpu_driver == "rocm",
        };
    };
    let has = |software| own.has.contains(&software);
    Has {
        docker: has(Software::Docker),
        driver: has(Software::Driver),
        toolkit: has(Software::Toolkit),
        infiniband: has(Software::Infiniband),
        rocm: false,
    }
}

fn source_image(resolver: &mut Resolver<'_>, written: &fields::Node) {
    let Some(own) = &written.image else { return };
    let parts = [&own.publisher, &own.offer, &own.sku];
    let given = parts.iter().filter(|part| part.is_some()).count();
    match &own.id {
        Some(id) => {
            let gallery = "Microsoft.Compute/galleries/images";
            if !is_resource_id(id, gallery) && !is_resource_id(id, &format!("{gallery}/versions")) {
                resolver.error(
                    "PB1026",
                    "/node/image/id",
                    "not the ID of a gallery image",
                    "expected `/subscriptions/.../galleries/<gallery>/images/<image>`, with a version or without",
                    "copy it from `az sig image-version show --query id`",
                );
            }
            if given > 0 {
                resolver.error(
                    "PB1610",
                    "/node/image",
                    "image is specified twice",
                    "`id` and a marketplace image exclude each other",
                    "keep `id`, or `publisher`, `offer` and `sku`",
                );
            }
        }
        None if given < parts.len() => resolver.error(
            "PB1610",
            "/node/image",
            "image is not fully specified",
            "expected `id`, or `publisher`, `offer` and `sku`",
            "add the missing parts, as `az vm image list --all` prints them",
        ),
        None => {}
    }
}

/// Only some GPUs can be cut into instances.
fn mig(
    resolver: &mut Resolver<'_>,
    written: &fields::Node,
    sizes: &Sizes,
    nvidia: bool,
) -> Option<String> {
    let profile = written.mig.clone()?;
    if !sizes.bakes {
        resolver.error(
            "PB1022",
            "/node/mig",
            "`mig` has no effect with `gallery.imageVersionId`",
            "the bake divides GPUs, and an existing image is not baked",
            "remove `mig`, or remove `imageVersionId` to bake an image",
        );
        return None;
    }
    let without = sizes.nodes().find(|machine| {
        !catalog::mig_profiles(&machine.size.gpu_model).any(|known| known == profile)
    });
    if let Some(machine) = without.filter(|_| nvidia) {
        let known: Vec<&str> = catalog::mig_profiles(&machine.size.gpu_model).collect();
        let (label, help) = if known.is_empty() {
            (
                format!("the GPU of `{}` does not support MIG", machine.size.name),
                "remove `mig`, or use a VM size with A100, H100 or H200".to_owned(),
            )
        } else {
            (
                format!("the {} does not have this profile", machine.size.gpu_model),
                format!("use one of {}", known.join(", ")),
            )
        };
        resolver.error(
            "PB1612",
            "/node/mig",
            format!("unsupported MIG profile `{profile}`"),
            label,
            help,
        );
        return None;
    }
    if !nvidia {
        resolver.error(
            "PB1612",
            "/node/mig",
            "nodes have no NVIDIA GPU for MIG",
            "MIG divides only NVIDIA GPUs",
            "drop `mig`",
        );
    }
    Some(profile)
}

/// Secure boot is a part of trusted launch.
fn secure_boot(resolver: &mut Resolver<'_>, written: &fields::Node, trusted: bool) -> bool {
    let wanted = written.secure_boot.unwrap_or(false);
    if wanted && !trusted {
        resolver.error(
            "PB1022",
            "/node/secureBoot",
            "`secureBoot` has no effect without trusted launch",
            "a VM without trusted launch has no secure boot",
            "add `securityType: trustedLaunch`, or remove `secureBoot`",
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
            format!("VM size `{}` has no GPU", size.name),
            format!("choose a GPU size such as `{}`", catalog::config_default("gpu-size")),
        )
    } else {
        (
            format!("VM size `{}` has a GPU, but `gpu` is false", size.name),
            format!("choose a CPU size such as `{}`", catalog::config_default("cpu-size")),
        )
    };
    resolver.error("PB1002", "/node/gpu", title, "does not match `vmSize`", help);
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
            "no VM generation supports all sizes",
            format!(
                "`{}` and `{}` cannot start from the same image",
                first.size.name, second.size.name
            ),
            "use VM sizes of one generation in one config, including the builder",
        );
    }
    found
}

fn os(written: &fields::Node, base: &BaseImage) -> Os {
    let own = written.image.clone();
    let (publisher, offer, sku) = match &own {
        Some(own) => (own.publisher.clone(), own.offer.clone(), own.sku.clone()),
        None => (
            Some(base.publisher.to_owned()),
            Some(base.offer.to_owned()),
            Some(base.sku.to_owned()),
        ),
    };
    let plan = match &own {
        Some(own) => own.plan.clone().unwrap_or_default(),
        None => base.plan.to_owned(),
    };
    Os {
        key: base.os_key,
        image_id: own.and_then(|own| own.id),
        publisher: publisher.unwrap_or_default(),
        offer: offer.unwrap_or_default(),
        sku: sku.unwrap_or_default(),
        plan: Plan::parse(&plan),
        software: base.software,
        node_agent: base.node_agent,
        packages: base.packages,
    }
}
