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
mod forecast_noise;
pub mod mutability;
mod name_rule;
mod naming;
mod os;
pub mod overlay;
mod pool_property;
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

pub use api::{
    ApiProperty, ChangedDefault, api_properties, api_version, api_version_fact, api_versions,
    changed_default, newest_api_version,
};
pub use autoscale::autoscale_variables;
pub use azure_error::{AzureErrorCode, azure_error};
pub use cloud::{
    Cloud, cloud, cloud_of, cloud_of_registry, cloud_of_storage, clouds, names_public_host,
};
pub use cloud_config::{cloud_config_keys, is_cloud_config_key};
pub use config_default::config_default;
pub use cuda::cuda_driver;
pub use date::Date;
pub use disk::disk_tier;
pub use forecast_noise::forecast_noise;
pub use name_rule::{NameProblem, NameRule, name_rule};
pub use naming::{abbreviation, has_agent_pools};
pub use os::{
    BaseImage, Generation, NodeAgent, base_image, base_images, marketplace_image, node_agent,
    node_agent_by_id, node_agent_fact, node_agents, os_keys,
};
pub use overlay::Overlay;
pub use pool_property::{PoolProperty, pool_properties};
pub use region::{Region, region, regions};
pub use removal::removal_command;
pub use retirement::{Retirement, retirement};
pub use role::{RegistryMode, Role, pull_role, role, role_by_id};
pub use search::rows_about;
pub use software::{
    Driver, GridDriver, PackageSource, Repository, driver, driver_branch, grid_driver,
    last_driver_branch, mig_instances, mig_profiles, package_source,
};
pub use stage::{Lifecycle, Stage, StageName};
pub use table::{Row, Table};
pub use tables::{SECURITY, tables};
pub use unsupported::{unsupported_key, unsupported_system};
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
