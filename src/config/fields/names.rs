use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names of what is created, where they are not those that prebake derives from `name`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Names {
    /// Pattern of all names that are not given. `{type}` is the abbreviation of the Cloud Adoption Framework, `{name}`
    /// the config's name with the resource's part in it, `{location}` the region, `{suffix}` the suffix. Without it
    /// names are `name-part`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 6, max = 80), regex(pattern = r"^[A-Za-z0-9{}_.-]+$"))]
    pub pattern: Option<String>,
    /// End of the names that are unique in the world or in a region: registry, storage and Batch account. Without it
    /// a digest of subscription, resource group and name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-z0-9]{3,8}$"))]
    pub suffix: Option<String>,
    /// Virtual network of the pools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    pub network: Option<String>,
    /// Network security group of the pools' subnet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    pub security_group: Option<String>,
    /// NAT gateway of the pools' subnet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    pub nat_gateway: Option<String>,
    /// Public address of that NAT gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    pub nat_address: Option<String>,
    /// Identity that pulls images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 128))]
    pub pull_identity: Option<String>,
    /// Identity under which a registry with repository permissions builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 128))]
    pub build_identity: Option<String>,
    /// Identity under which Azure Image Builder works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 128))]
    pub image_builder_identity: Option<String>,
    /// Builder VM; its disk and network interface carry the name too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 60))]
    pub builder: Option<String>,
    /// Network of the builder; what belongs to it carries the name too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 60))]
    pub builder_network: Option<String>,
}
