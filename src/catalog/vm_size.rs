use std::borrow::Cow;
use std::fmt;

use super::os::Generation;
use super::table::Row;
use super::tables::{CONFIDENTIAL_FAMILIES, VM_SIZES as TABLE};
use super::{Date, Status};
use crate::diagnostic::{Fact, nearest};

/// Who made the accelerator of a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GpuVendor {
    /// No accelerator.
    None,
    /// NVIDIA.
    Nvidia,
    /// AMD: the NVIDIA stack does not serve it.
    Amd,
    /// Another accelerator, which is no GPU: an FPGA or a video processor.
    Fpga,
}

/// The driver that a size's GPU needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriverClass {
    /// No GPU, no driver.
    None,
    /// NVIDIA's data center driver.
    Cuda,
    /// NVIDIA's GRID (vGPU) driver as Azure licenses it.
    Grid,
    /// AMD's `ROCm` driver.
    Rocm,
    /// A GPU for which no Linux driver is known.
    Unknown,
}

/// Which kernel modules of the NVIDIA driver support the GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GpuModules {
    /// Open and proprietary ones.
    Either,
    /// Only the open ones (Blackwell and later).
    Open,
    /// Only the proprietary ones (before Turing).
    Proprietary,
    /// Not an NVIDIA GPU.
    None,
}

impl GpuModules {
    pub(super) fn parse(cell: &str) -> Self {
        match cell {
            "either" => Self::Either,
            "open" => Self::Open,
            "proprietary" => Self::Proprietary,
            _ => Self::None,
        }
    }
}

/// How many GPUs a size has: a whole number, or the share of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GpuCount {
    /// GPUs, or parts of one.
    pub numerator: u32,
    /// Into how many parts a GPU is cut.
    pub denominator: u32,
}

impl fmt::Display for GpuCount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator {
            1 => write!(formatter, "{}", self.numerator),
            parts => write!(formatter, "{}/{parts}", self.numerator),
        }
    }
}

/// One VM size. `None` means that no source says.
#[derive(Debug, Clone, PartialEq)]
pub struct VmSize {
    /// The size as Azure spells it.
    pub name: Cow<'static, str>,
    /// Quota family; empty when unknown.
    pub family: Cow<'static, str>,
    /// Virtual CPUs as quotas count them.
    pub vcpus: u32,
    /// Memory in GiB.
    pub memory_gb: f64,
    /// GPUs, or the share of one.
    pub gpus: Option<GpuCount>,
    /// The GPU's model; empty without one.
    pub gpu_model: Cow<'static, str>,
    /// The GPU's maker.
    pub gpu_vendor: GpuVendor,
    /// The driver that the GPU needs.
    pub driver_class: DriverClass,
    /// The kernel modules that support the GPU.
    pub gpu_modules: GpuModules,
    /// GPUs joined by `NVSwitch`: the node needs fabric manager.
    pub nvswitch: bool,
    pub(super) generations: Cow<'static, str>,
    /// SCSI resource disk in GiB; zero is none.
    pub temp_disk_gb: Option<u32>,
    /// `NVMe` temporary disks in GiB, all together.
    pub nvme_temp_gb: Option<u32>,
    /// Takes premium disks.
    pub premium_io: Option<bool>,
    /// Supports accelerated networking.
    pub accelerated_networking: Option<bool>,
    /// Supports an ephemeral OS disk.
    pub ephemeral_os_disk: Option<bool>,
    /// Cache in GiB, which bounds an ephemeral OS disk.
    pub cached_disk_gb: Option<u32>,
    /// Has RDMA over `InfiniBand`.
    pub rdma: bool,
    /// `x64` or `arm64`.
    pub architecture: Cow<'static, str>,
    /// Supports trusted launch.
    pub trusted_launch: Option<bool>,
    /// Supports encryption at host.
    pub encryption_at_host: Option<bool>,
    /// Whether Azure still offers it.
    pub status: Status,
    /// When it ends or ended.
    pub retired_on: Option<Date>,
    /// Keys of the row's sources, explained in the table's header.
    pub source: Cow<'static, str>,
    /// The row of the user's own catalog that was laid over it.
    pub(super) fact: Option<Box<Fact>>,
}

impl VmSize {
    /// Whether it has a GPU, whole or in part.
    pub fn has_gpu(&self) -> bool {
        matches!(self.gpu_vendor, GpuVendor::Nvidia | GpuVendor::Amd)
    }

    /// Its row, for a finding that rests on it.
    ///
    /// # Panics
    /// Never: it was read from the table.
    pub fn fact(&self) -> Fact {
        match &self.fact {
            Some(own) => (**own).clone(),
            None => TABLE.fact_of(&self.name).expect("it was read from the table"),
        }
    }

    /// What isolates its machines, if it starts confidential VMs only.
    pub fn confidential(&self) -> Option<&'static str> {
        let [_, technology, _] = CONFIDENTIAL_FAMILIES.find(&self.family)?.cells();
        Some(technology)
    }

    /// The kernel modules that the driver of its class is installed with.
    pub fn driver_modules(&self) -> GpuModules {
        let grid =
            super::grid_driver(&self.gpu_model).filter(|_| self.driver_class == DriverClass::Grid);
        grid.map_or(self.gpu_modules, |grid| grid.modules)
    }

    /// Whether it boots images of a generation; nothing when no source says.
    pub fn boots(&self, generation: Generation) -> Option<bool> {
        (!self.generations.is_empty())
            .then(|| self.generations.split(',').any(|known| known == generation.as_str()))
    }
}

/// The size of this name.
pub fn vm_size(name: &str) -> Option<VmSize> {
    TABLE.find(name).map(parse)
}

/// All names of sizes, sorted without regard to case.
pub fn vm_sizes() -> impl Iterator<Item = &'static str> {
    TABLE.rows().map(Row::key)
}

fn parse(row: Row) -> VmSize {
    let [
        name,
        family,
        vcpus,
        memory_gb,
        gpus,
        gpu_model,
        gpu_vendor,
        driver_class,
        gpu_modules,
        nvswitch,
        generations,
        temp_disk_gb,
        nvme_temp_gb,
        premium_io,
        accelerated_networking,
        ephemeral_os_disk,
        cached_disk_gb,
        rdma,
        architecture,
        trusted_launch,
        encryption_at_host,
        status,
        retired_on,
        source,
    ] = row.cells();
    VmSize {
        name: Cow::Borrowed(name),
        family: Cow::Borrowed(family),
        vcpus: vcpus.parse().unwrap_or(0),
        memory_gb: memory_gb.parse().unwrap_or(0.0),
        gpus: gpu_count(gpus),
        gpu_model: Cow::Borrowed(gpu_model),
        gpu_vendor: vendor(gpu_vendor),
        driver_class: class(driver_class),
        gpu_modules: GpuModules::parse(gpu_modules),
        nvswitch: nvswitch == "yes",
        generations: Cow::Borrowed(generations),
        temp_disk_gb: temp_disk_gb.parse().ok(),
        nvme_temp_gb: nvme_temp_gb.parse().ok(),
        premium_io: yes_or_no(premium_io),
        accelerated_networking: yes_or_no(accelerated_networking),
        ephemeral_os_disk: yes_or_no(ephemeral_os_disk),
        cached_disk_gb: cached_disk_gb.parse().ok(),
        rdma: rdma == "yes",
        architecture: Cow::Borrowed(architecture),
        trusted_launch: yes_or_no(trusted_launch),
        encryption_at_host: yes_or_no(encryption_at_host),
        status: Status::parse(status),
        retired_on: Date::parse(retired_on),
        source: Cow::Borrowed(source),
        fact: None,
    }
}

/// The known size that a mistyped one is meant to be: one of the same family of names first, then one with the
/// same GPU. A name of a GPU size is never taken for one without that GPU.
pub(super) fn nearest_vm_size(written: &str) -> Option<&'static str> {
    let whole = format!("Standard_{written}");
    if let Some(name) = vm_sizes().find(|name| name.eq_ignore_ascii_case(&whole)) {
        return Some(name);
    }
    let family = family_of(written);
    let of_family = || vm_sizes().filter(|name| family_of(name) == family);
    let begun = |name: &&str| {
        let length = written.len();
        name.get(..length).is_some_and(|start| start.eq_ignore_ascii_case(written))
    };
    if let Some(name) = of_family().filter(begun).min_by_key(|name| name.len()) {
        return Some(name);
    }
    if let Some(name) = nearest(written, of_family()) {
        return Some(name);
    }
    let parts: Vec<String> = parts_of(written).map(str::to_lowercase).collect();
    let has_named_gpu = |name: &&str| {
        vm_size(name).is_some_and(|size| {
            let gpu = size.gpu_model.to_lowercase();
            parts.iter().any(|part| gpu.split([' ', '-']).any(|word| word == part))
        })
    };
    if vm_sizes().any(|name| has_named_gpu(&name)) {
        return nearest(written, vm_sizes().filter(has_named_gpu));
    }
    if family.starts_with('n') { None } else { nearest(written, vm_sizes()) }
}

/// The letters before the first digit, in lower case: `nc` of `Standard_NC4as_T4_v3`.
pub(super) fn family_of(name: &str) -> String {
    let own = parts_of(name).next().unwrap_or_default();
    let letters = own.chars().take_while(char::is_ascii_alphabetic);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The parts of a name after `Standard` or `Basic`.
fn parts_of(name: &str) -> impl Iterator<Item = &str> {
    let tier =
        |part: &&str| ["standard", "basic"].iter().any(|tier| part.eq_ignore_ascii_case(tier));
    name.split('_').skip_while(tier)
}

fn vendor(cell: &str) -> GpuVendor {
    match cell {
        "nvidia" => GpuVendor::Nvidia,
        "amd" => GpuVendor::Amd,
        "fpga" => GpuVendor::Fpga,
        _ => GpuVendor::None,
    }
}

fn class(cell: &str) -> DriverClass {
    match cell {
        "none" => DriverClass::None,
        "cuda" => DriverClass::Cuda,
        "grid" => DriverClass::Grid,
        "rocm" => DriverClass::Rocm,
        _ => DriverClass::Unknown,
    }
}

fn gpu_count(cell: &str) -> Option<GpuCount> {
    let (numerator, denominator) = cell.split_once('/').unwrap_or((cell, "1"));
    Some(GpuCount { numerator: numerator.parse().ok()?, denominator: denominator.parse().ok()? })
}

fn yes_or_no(cell: &str) -> Option<bool> {
    match cell {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_size_stays_in_its_family_and_with_its_gpu() {
        for (written, meant) in [
            ("Standard_NC4as_T4", Some("Standard_NC4as_T4_v3")),
            ("NC4as_T4_v3", Some("Standard_NC4as_T4_v3")),
            ("Standard_NC4as_T4_v4", Some("Standard_NC4as_T4_v3")),
            ("Standard_D4s_v55", Some("Standard_D4s_v5")),
            ("Standard_NX4as_T4_v3", Some("Standard_NC4as_T4_v3")),
            ("Standard_NX99_Q9", None),
            ("something else", None),
        ] {
            let found = nearest_vm_size(written);
            assert_eq!(found, meant, "{written}");
        }
    }
}
