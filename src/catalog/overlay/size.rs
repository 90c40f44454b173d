use std::borrow::Cow;

use super::Answer;
use super::layout::SIZES;
use crate::catalog::vm_size::{GpuCount, GpuModules, GpuVendor, VmSize};
use crate::catalog::{Date, DriverClass, Status};

/// A size of the built-in table with the subscription's columns laid over it. One that only the subscription knows
/// has a GPU of unknown make where it has any, so that no driver is guessed.
pub(super) fn laid_over(
    built_in: Option<VmSize>,
    own: Option<Answer<&[String]>>,
) -> Option<VmSize> {
    let Some(Answer { value: cells, fact }) = own else { return built_in };
    let cell = |name| cells[SIZES.column(name)].as_str();
    let mut size = built_in.unwrap_or_else(|| unknown(&cells[0]));
    if !cell("family").is_empty() {
        size.family = Cow::Owned(cell("family").to_owned());
    }
    if let Ok(vcpus) = cell("vcpus").parse() {
        size.vcpus = vcpus;
    }
    if let Ok(memory) = cell("memory_gb").parse() {
        size.memory_gb = memory;
    }
    // The API rounds shares of a GPU to whole ones, so that the built-in count is the better one.
    if let (None, Ok(gpus)) = (size.gpus, cell("gpus").parse()) {
        size.gpus = Some(GpuCount { numerator: gpus, denominator: 1 });
    }
    if !cell("hyperv_generations").is_empty() {
        size.generations = Cow::Owned(cell("hyperv_generations").to_owned());
    }
    if !cell("architecture").is_empty() {
        size.architecture = Cow::Owned(cell("architecture").to_owned());
    }
    size.temp_disk_gb = number(cell("temp_disk_gb")).or(size.temp_disk_gb);
    size.nvme_temp_gb = number(cell("nvme_temp_gb")).filter(|gb| *gb > 0).or(size.nvme_temp_gb);
    size.cached_disk_gb = number(cell("cached_disk_gb")).or(size.cached_disk_gb);
    size.premium_io = yes_or_no(cell("premium_io")).or(size.premium_io);
    size.accelerated_networking =
        yes_or_no(cell("accelerated_networking")).or(size.accelerated_networking);
    size.ephemeral_os_disk = yes_or_no(cell("ephemeral_os_disk")).or(size.ephemeral_os_disk);
    size.trusted_launch = yes_or_no(cell("trusted_launch")).or(size.trusted_launch);
    size.encryption_at_host = yes_or_no(cell("encryption_at_host")).or(size.encryption_at_host);
    size.rdma = yes_or_no(cell("rdma")).unwrap_or(size.rdma);
    if let Some(day) = Date::parse(cell("retires_on")) {
        size.retired_on = Some(day);
        size.status = Status::Announced;
    }
    size.fact = Some(Box::new(fact));
    Some(size)
}

fn unknown(name: &str) -> VmSize {
    VmSize {
        name: Cow::Owned(name.to_owned()),
        family: Cow::Borrowed(""),
        vcpus: 0,
        memory_gb: 0.0,
        gpus: None,
        gpu_model: Cow::Borrowed(""),
        gpu_vendor: GpuVendor::None,
        driver_class: DriverClass::Unknown,
        gpu_modules: GpuModules::None,
        nvswitch: false,
        generations: Cow::Borrowed(""),
        temp_disk_gb: None,
        nvme_temp_gb: None,
        premium_io: None,
        accelerated_networking: None,
        ephemeral_os_disk: None,
        cached_disk_gb: None,
        rdma: false,
        architecture: Cow::Borrowed("x64"),
        trusted_launch: None,
        encryption_at_host: None,
        status: Status::Current,
        retired_on: None,
        source: Cow::Borrowed("the subscription"),
        fact: None,
    }
}

fn number(cell: &str) -> Option<u32> {
    cell.parse().ok()
}

fn yes_or_no(cell: &str) -> Option<bool> {
    match cell {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}
