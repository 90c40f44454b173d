//! Facts about Azure as data: each table is a TSV file whose rows carry their source.
//!
//! Looks facts up and computes nothing. Names are found without regard to case. Read `table` first, then
//! any of the others: each holds one or two tables of `tables/`.

mod api;
mod autoscale;
mod azure_error;
mod cloud;
mod cloud_config;
mod config_default;
mod cuda;
mod date;
mod disk;
mod family;
mod forecast_noise;
pub mod mutability;
mod name_rule;
mod naming;
mod os;
pub mod overlay;
mod pool_property;
mod property_key;
mod region;
mod removal;
mod retirement;
mod role;
mod search;
mod software;
mod stage;
mod table;
mod tables;
mod unsupported;
mod vm_size;

pub use api::{ApiProperty, ApiValue, ChangedDefault, api_version};
pub(crate) use api::{
    api_properties, api_values, api_version_fact, api_versions, changed_default, newest_api_version,
};
pub(crate) use autoscale::autoscale_variables;
pub use azure_error::AzureErrorCode;
pub(crate) use azure_error::azure_error;
pub use cloud::{Cloud, cloud, names_public_host};
pub(crate) use cloud::{cloud_of, cloud_of_registry, cloud_of_storage, clouds};
pub(crate) use cloud_config::{cloud_config_keys, is_cloud_config_key};
pub(crate) use config_default::config_default;
pub(crate) use cuda::cuda_driver;
pub use date::Date;
pub(crate) use disk::disk_tier;
pub(crate) use family::{families, nearest_family, plain_family};
pub(crate) use forecast_noise::forecast_noise;
pub(crate) use name_rule::name_rule;
pub use name_rule::{NameProblem, NameRule};
pub(crate) use naming::{abbreviation, has_agent_pools};
pub use os::{BaseImage, Generation, NodeAgent, base_image};
pub(crate) use os::{
    base_images, marketplace_image, node_agent, node_agent_by_id, node_agent_fact, node_agents,
    os_keys,
};
pub use overlay::Overlay;
pub use pool_property::PoolProperty;
pub(crate) use pool_property::pool_properties;
pub(crate) use property_key::{PropertyKey, property_keys};
pub use region::{Region, region, regions};
pub(crate) use removal::removal_command;
pub use retirement::{Retirement, retirement};
pub use role::{RegistryMode, Role, role};
pub(crate) use role::{pull_role, role_by_id};
pub(crate) use search::rows_about;
pub use software::{Driver, GridDriver, PackageSource, Repository, driver};
pub(crate) use software::{
    driver_branch, grid_driver, last_driver_branch, mig_instances, mig_profiles, package_source,
};
pub use stage::{Lifecycle, Stage, StageName};
pub use table::{Row, Table};
pub(crate) use tables::SECURITY;
pub use tables::tables;
pub(crate) use unsupported::{Unsupported, unsupported_key, unsupported_system};
pub use vm_size::{DriverClass, GpuCount, GpuModules, GpuVendor, VmSize, vm_size, vm_sizes};

/// Whether Azure still offers something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Offered, and no end is announced.
    Current,
    /// Its end is announced.
    Announced,
    /// Ended.
    Retired,
    /// No source says.
    Unknown,
}

impl Status {
    fn parse(cell: &str) -> Self {
        match cell {
            "current" => Self::Current,
            "announced" => Self::Announced,
            "retired" => Self::Retired,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests;
