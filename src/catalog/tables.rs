//! Every table of the catalog, under its name.

use super::table::Table;
pub(super) static ABBREVIATIONS: Table =
    Table::new("abbreviations", include_str!("tables/abbreviations.tsv"));
pub(super) static AGENT_POOL_REGIONS: Table =
    Table::new("agent-pool-regions", include_str!("tables/agent-pool-regions.tsv"));
pub(super) static API_PROPERTIES: Table =
    Table::new("api-properties", include_str!("tables/api-properties.tsv"));
pub(super) static API_VALUES: Table =
    Table::new("api-values", include_str!("tables/api-values.tsv"));
pub(super) static API_VERSIONS: Table =
    Table::new("api-versions", include_str!("tables/api-versions.tsv"));
pub(super) static AUTOSCALE_VARIABLES: Table =
    Table::new("autoscale-variables", include_str!("tables/autoscale-variables.tsv"));
pub(super) static AZURE_ERRORS: Table =
    Table::new("azure-errors", include_str!("tables/azure-errors.tsv"));
pub(super) static BASE_IMAGES: Table =
    Table::new("base-images", include_str!("tables/base-images.tsv"));
pub(super) static CHANGED_DEFAULTS: Table =
    Table::new("changed-defaults", include_str!("tables/changed-defaults.tsv"));
pub(super) static CLOUD_CONFIG_KEYS: Table =
    Table::new("cloud-config-keys", include_str!("tables/cloud-config-keys.tsv"));
pub(super) static CLOUDS: Table = Table::new("clouds", include_str!("tables/clouds.tsv"));
pub(super) static COMPARISONS: Table =
    Table::new("comparisons", include_str!("tables/comparisons.tsv"));
pub(super) static CONFIDENTIAL_FAMILIES: Table =
    Table::new("confidential-families", include_str!("tables/confidential-families.tsv"));
pub(super) static CONFIG_DEFAULTS: Table =
    Table::new("config-defaults", include_str!("tables/config-defaults.tsv"));
pub(super) static CUDA_DRIVERS: Table =
    Table::new("cuda-drivers", include_str!("tables/cuda-drivers.tsv"));
pub(super) static DEFAULTS: Table = Table::new("defaults", include_str!("tables/defaults.tsv"));
pub(super) static DISK_TIERS: Table =
    Table::new("disk-tiers", include_str!("tables/disk-tiers.tsv"));
pub(super) static DRIVERS: Table = Table::new("drivers", include_str!("tables/drivers.tsv"));
pub(super) static GPU_DRIVERS: Table =
    Table::new("gpu-drivers", include_str!("tables/gpu-drivers.tsv"));
pub(super) static MIG: Table = Table::new("mig", include_str!("tables/mig.tsv"));
pub(super) static MUTABILITY: Table =
    Table::new("mutability", include_str!("tables/mutability.tsv"));
pub(super) static NAME_RULES: Table =
    Table::new("name-rules", include_str!("tables/name-rules.tsv"));
pub(super) static NODE_AGENTS: Table =
    Table::new("node-agents", include_str!("tables/node-agents.tsv"));
pub(super) static PACKAGE_SOURCES: Table =
    Table::new("package-sources", include_str!("tables/package-sources.tsv"));
pub(super) static PROPERTY_KEYS: Table =
    Table::new("property-keys", include_str!("tables/property-keys.tsv"));
pub(super) static REGIONS: Table = Table::new("regions", include_str!("tables/regions.tsv"));
pub(super) static RETIREMENTS: Table =
    Table::new("retirements", include_str!("tables/retirements.tsv"));
pub(super) static ROLES: Table = Table::new("roles", include_str!("tables/roles.tsv"));
/// Which properties decide who may do or reach what.
pub(crate) static SECURITY: Table = Table::new("security", include_str!("tables/security.tsv"));
pub(super) static UNSUPPORTED_SYSTEMS: Table =
    Table::new("unsupported-systems", include_str!("tables/unsupported-systems.tsv"));
pub(super) static UNSUPPORTED_KEYS: Table =
    Table::new("unsupported-keys", include_str!("tables/unsupported-keys.tsv"));
pub(super) static VM_SIZES: Table = Table::new("vm-sizes", include_str!("tables/vm-sizes.tsv"));
pub(super) static LIFECYCLES: Table =
    Table::new("lifecycles", include_str!("tables/lifecycles.tsv"));
pub(super) static POOL_PROPERTIES: Table =
    Table::new("pool-properties", include_str!("tables/pool-properties.tsv"));
pub(super) static REMOVALS: Table = Table::new("removals", include_str!("tables/removals.tsv"));
pub(super) static WHAT_IF_NOISE: Table =
    Table::new("what-if-noise", include_str!("tables/what-if-noise.tsv"));

/// All tables, by name.
pub fn tables() -> impl Iterator<Item = Table> {
    [
        ABBREVIATIONS,
        AGENT_POOL_REGIONS,
        API_PROPERTIES,
        API_VALUES,
        API_VERSIONS,
        AUTOSCALE_VARIABLES,
        AZURE_ERRORS,
        BASE_IMAGES,
        CHANGED_DEFAULTS,
        CLOUD_CONFIG_KEYS,
        CLOUDS,
        COMPARISONS,
        CONFIDENTIAL_FAMILIES,
        CONFIG_DEFAULTS,
        CUDA_DRIVERS,
        DEFAULTS,
        DISK_TIERS,
        DRIVERS,
        GPU_DRIVERS,
        LIFECYCLES,
        MIG,
        MUTABILITY,
        NAME_RULES,
        NODE_AGENTS,
        PACKAGE_SOURCES,
        POOL_PROPERTIES,
        PROPERTY_KEYS,
        REGIONS,
        REMOVALS,
        RETIREMENTS,
        ROLES,
        SECURITY,
        UNSUPPORTED_KEYS,
        UNSUPPORTED_SYSTEMS,
        VM_SIZES,
        WHAT_IF_NOISE,
    ]
    .into_iter()
}
