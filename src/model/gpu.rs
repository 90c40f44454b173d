use serde::Serialize;

use super::node::Has;
use super::resolver::Resolver;
use super::sizes::{Machine, Sizes};
use crate::catalog::{self, BaseImage, Driver, DriverClass, GpuModules, GpuVendor};
use crate::config::fields::{self, DriverKind, KernelModules};
use crate::diagnostic::Diagnostic;

/// The GPU software of the nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gpu {
    /// Data center or GRID driver.
    pub driver: DriverKind,
    /// Release of the vGPU software that the GRID driver belongs to; none for the data center driver.
    pub vgpu: Option<&'static str>,
    /// Kernel modules.
    pub modules: KernelModules,
    /// Wanted driver version, if the config says one.
    pub driver_version: Option<String>,
    /// The GPUs are joined by `NVSwitch` and need fabric manager.
    pub nvswitch: bool,
}

impl Gpu {
    /// Driver class as the catalog has it.
    pub(super) fn class(&self) -> String {
        self.vgpu.map_or_else(|| "cuda".to_owned(), |vgpu| format!("grid-{vgpu}"))
    }

    /// Kernel modules as the catalog has them.
    pub(super) fn kernel_modules(&self) -> &'static str {
        if self.modules == KernelModules::Open { "open" } else { "proprietary" }
    }

    /// The driver that the catalog has for an operating system.
    pub(super) fn of_catalog(&self, os: &str) -> Option<Driver> {
        catalog::driver(&self.class(), self.kernel_modules(), os)
    }
}

/// Decides what serves every GPU that boots the image. Nothing without one.
pub(super) fn resolve(
    resolver: &mut Resolver<'_>,
    written: &fields::Node,
    sizes: &Sizes,
    base: &BaseImage,
    has: Has,
) -> Option<Gpu> {
    let first = sizes.nodes().find(|machine| machine.size.has_gpu())?;
    let machines: Vec<&Machine> = sizes.all().filter(|machine| machine.size.has_gpu()).collect();
    let nvswitch = sizes.nodes().any(|machine| machine.size.nvswitch);
    let wanted = written.driver.clone().unwrap_or_default();
    if !sizes.bakes {
        // What an existing image holds was decided when it was baked.
        let described = Gpu {
            driver: kind_of(first),
            vgpu: vgpu_of(first),
            modules: modules_of(first).unwrap_or(KernelModules::Open),
            driver_version: wanted.version,
            nvswitch,
        };
        return (first.size.gpu_vendor == GpuVendor::Nvidia).then_some(described);
    }
    if has.rocm {
        served_by_rocm(resolver, &machines, base);
        return None;
    }
    all_from_nvidia(resolver, &machines)?;
    of_one_class(resolver, first, &machines)?;
    of_one_vgpu(resolver, first, &machines)?;
    let driver = driver_kind(resolver, &wanted, first)?;
    let modules = modules(resolver, &wanted, &machines)?;
    let either = machines.iter().all(|machine| modules_of(machine).is_none());
    let modules = if has.driver && either && base.gpu_driver == "proprietary" {
        KernelModules::Proprietary
    } else {
        modules
    };
    let vgpu = vgpu_of(first);
    let gpu = Gpu { driver, vgpu, modules, driver_version: wanted.version, nvswitch };
    if has.driver {
        fits_the_image(resolver, &gpu, first, written, base);
    } else {
        version_fits(resolver, &gpu, &machines, base.software);
    }
    Some(gpu)
}

/// An image with AMD's driver serves AMD's GPUs alone.
fn served_by_rocm(resolver: &mut Resolver<'_>, machines: &[&Machine], base: &BaseImage) {
    for Machine { size, pointer } in machines {
        if size.gpu_vendor != GpuVendor::Amd {
            resolver.on(size.fact()).error(
                "PB1611",
                pointer,
                format!("`{}` does not support the GPU of `{}`", base.os_key, size.name),
                format!("the image has a driver for AMD GPUs, but the GPU is {}", size.gpu_model),
                "use an image with an NVIDIA driver, such as `ubuntu-hpc-24.04`",
            );
        }
    }
}

/// The driver of an image cannot be chosen.
fn fits_the_image(
    resolver: &mut Resolver<'_>,
    gpu: &Gpu,
    first: &Machine,
    written: &fields::Node,
    base: &BaseImage,
) {
    for (key, given) in [("version", gpu.driver_version.is_some())] {
        if given {
            resolver.error(
                "PB1022",
                &format!("/node/driver/{key}"),
                format!("`{key}` has no effect on the driver of the image"),
                "the image has a driver, which the bake only checks",
                format!("remove `{key}`, or bake from an image without a driver"),
            );
        }
    }
    let of_catalog = written.image.is_none();
    let grid = gpu.driver == DriverKind::Grid;
    if of_catalog && (grid || gpu.kernel_modules() != base.gpu_driver) {
        let needed = if grid { "the GRID driver" } else { "other kernel modules" };
        resolver.on(first.size.fact()).error(
            "PB1611",
            &first.pointer,
            format!("`{}` does not support the GPU of `{}`", base.os_key, first.size.name),
            format!("the {} needs {needed}", first.size.gpu_model),
            "use an image without a driver, such as `ubuntu-24.04`; the bake then installs the matching driver",
        );
    }
}

/// A version that the packages of the repository do not have, or that a GPU does not know, fails the bake.
fn version_fits(resolver: &mut Resolver<'_>, gpu: &Gpu, machines: &[&Machine], os: &str) {
    // Without a driver for the system there is no plan, which says so.
    let Some(known) = gpu.of_catalog(os) else { return };
    let version = gpu.driver_version.as_deref().unwrap_or(known.version);
    let Some(branch) = catalog::driver_branch(version) else { return };
    if let Some(first) = known.first_branch.filter(|first| branch < *first) {
        resolver.error(
            "PB1043",
            "/node/driver/version",
            format!("driver {version} cannot be installed"),
            format!("packages for `{os}` start with driver branch {first}"),
            format!("remove `version`, or use a version such as `{}`", known.version),
        );
        return;
    }
    if let Some(last) = known.last_branch.filter(|last| *last < branch) {
        resolver.error(
            "PB1043",
            "/node/driver/version",
            format!("driver {version} has no proprietary kernel modules"),
            format!("driver branch {last} is the last one that has them"),
            format!("remove `version`, or use a version such as `{}`", known.version),
        );
        return;
    }
    for Machine { size, pointer } in machines {
        let last = catalog::last_driver_branch(&size.gpu_model).filter(|last| *last < branch);
        let Some(last) = last else { continue };
        let of_default = catalog::driver_branch(known.version).is_some_and(|one| one <= last);
        let help = if of_default {
            format!("remove `version`, or use a version of branch {last}")
        } else {
            "choose a newer VM size, or use an image that contains the driver".to_owned()
        };
        resolver.error(
            "PB1043",
            if of_default { "/node/driver/version" } else { pointer },
            format!("driver {version} does not support the {}", size.gpu_model),
            format!("driver branch {last} is the last one for `{}`", size.name),
            help,
        );
    }
}

fn all_from_nvidia(resolver: &mut Resolver<'_>, machines: &[&Machine]) -> Option<()> {
    let foreign = |machine: &&&Machine| machine.size.gpu_vendor != GpuVendor::Nvidia;
    let of_amd = |machine: &&&Machine| machine.size.driver_class == DriverClass::Rocm;
    let systems = catalog::base_images().filter(|image| image.gpu_driver == "rocm");
    let systems: Vec<String> = systems.map(|image| format!("`{}`", image.os_key)).collect();
    let help = if machines.iter().all(|machine| of_amd(&machine)) {
        format!("set `node.os` to {}, which contains AMD's driver", systems.join(" or "))
    } else {
        "choose a VM size with an NVIDIA GPU, or use an image that contains the driver of the vendor".to_owned()
    };
    for Machine { size, pointer } in machines.iter().filter(foreign) {
        resolver.on(size.fact()).error(
            "PB1003",
            pointer,
            format!("VM size `{}` has a GPU that is not from NVIDIA", size.name),
            format!(
                "the NVIDIA driver and container toolkit do not support its {}",
                size.gpu_model
            ),
            help.clone(),
        );
    }
    (!machines.iter().any(|machine| foreign(&machine))).then_some(())
}

fn of_one_class(resolver: &mut Resolver<'_>, first: &Machine, machines: &[&Machine]) -> Option<()> {
    let class = first.size.driver_class;
    let Some(other) = machines.iter().find(|known| known.size.driver_class != class) else {
        return Some(());
    };
    different_drivers(
        resolver,
        first,
        other,
        "one needs the data center driver, the other the GRID driver",
        "use VM sizes with the same kind of driver in one config",
    );
    None
}

/// A GRID driver serves the GPUs of its vGPU release only.
fn of_one_vgpu(resolver: &mut Resolver<'_>, first: &Machine, machines: &[&Machine]) -> Option<()> {
    let vgpu = vgpu_of(first);
    let Some(other) = machines.iter().find(|known| vgpu_of(known) != vgpu) else {
        return Some(());
    };
    let release = |machine| vgpu_of(machine).unwrap_or("of an unknown release");
    let reason = format!(
        "one needs the GRID driver of vGPU {}, the other the driver of vGPU {}",
        release(first),
        release(other)
    );
    let help = "use GPUs of the same vGPU release in one config";
    different_drivers(resolver, first, other, &reason, help);
    None
}

/// The vGPU release of a GPU that needs the GRID driver.
fn vgpu_of(machine: &Machine) -> Option<&'static str> {
    let grid = machine.size.driver_class == DriverClass::Grid;
    catalog::grid_driver(&machine.size.gpu_model).filter(|_| grid).map(|driver| driver.vgpu)
}

fn different_drivers(
    resolver: &mut Resolver<'_>,
    first: &Machine,
    other: &Machine,
    reason: &str,
    help: &str,
) {
    let finding = Diagnostic::error("PB1019", "VM sizes need different GPU drivers")
        .reason(reason)
        .help(help);
    let label =
        format!("`{}` and `{}` cannot start from the same image", first.size.name, other.size.name);
    resolver.push_pair(finding, &other.pointer, &label, &first.pointer);
}

fn kind_of(machine: &Machine) -> DriverKind {
    if machine.size.driver_class == DriverClass::Grid {
        DriverKind::Grid
    } else {
        DriverKind::DataCenter
    }
}

/// The only kernel modules that serve a GPU; nothing where both do.
fn modules_of(machine: &Machine) -> Option<KernelModules> {
    match machine.size.driver_modules() {
        GpuModules::Proprietary => Some(KernelModules::Proprietary),
        GpuModules::Open => Some(KernelModules::Open),
        GpuModules::Either | GpuModules::None => None,
    }
}

fn driver_kind(
    resolver: &mut Resolver<'_>,
    wanted: &fields::Driver,
    machine: &Machine,
) -> Option<DriverKind> {
    let needed = kind_of(machine);
    if wanted.kind.is_none_or(|kind| kind == needed) {
        return Some(needed);
    }
    let needed_word = if needed == DriverKind::Grid { "grid" } else { "dataCenter" };
    resolver.error(
        "PB1020",
        "/node/driver/kind",
        "driver does not match the VM size",
        format!("`{}` needs the `{needed_word}` driver", machine.size.name),
        format!("remove `kind`, or set it to `{needed_word}`"),
    );
    None
}

/// The kernel modules that serve every GPU, in whatever order the config names them.
fn modules(
    resolver: &mut Resolver<'_>,
    wanted: &fields::Driver,
    machines: &[&Machine],
) -> Option<KernelModules> {
    let bound = |modules| machines.iter().find(|machine| modules_of(machine) == Some(modules));
    let (open, proprietary) = (bound(KernelModules::Open), bound(KernelModules::Proprietary));
    if let (Some(open), Some(proprietary)) = (open, proprietary) {
        different_drivers(
            resolver,
            open,
            proprietary,
            "one needs open kernel modules, the other proprietary ones",
            "use separate configs for GPUs before Turing and GPUs since Blackwell",
        );
        return None;
    }
    let only = open.or(proprietary);
    let default = only.and_then(|machine| modules_of(machine)).unwrap_or(KernelModules::Open);
    let Some((only, wanted)) = only.zip(wanted.modules.filter(|wanted| *wanted != default)) else {
        return Some(wanted.modules.unwrap_or(default));
    };
    let word = if wanted == KernelModules::Open { "proprietary" } else { "open" };
    let size = &only.size;
    resolver.error(
        "PB1020",
        "/node/driver/modules",
        "kernel modules do not match the GPU",
        format!("the {} of `{}` needs {word} modules", size.gpu_model, size.name),
        format!("remove `modules`, or set it to `{word}`"),
    );
    None
}
