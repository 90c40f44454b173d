use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The container registry that holds built and private images.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Registry {
    /// Create it (the default), or use one that exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<bool>,
    /// Registry name, without `.azurecr.io`; derived when it is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 5, max = 50), regex(pattern = "^[a-zA-Z0-9]+$"))]
    pub name: Option<String>,
    /// Resource group of an existing registry, if it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 90))]
    pub resource_group: Option<String>,
    /// Subscription ID of an existing registry, if it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(
        pattern = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
    ))]
    pub subscription: Option<String>,
    /// SKU: Basic (the default), Standard or Premium.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// Access from the Internet: `enabled` (the default) or `disabled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_network_access: Option<PublicNetworkAccess>,
    /// Public addresses and ranges that may reach it (needs Premium); all may without them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(regex(pattern = r"^\d{1,3}(\.\d{1,3}){3}(/\d{1,2})?$")))]
    pub ip_rules: Vec<String>,
    /// Agent pool in a network, which builds where shared agents do not reach the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_pool: Option<AgentPool>,
    /// Which roles the registry honours: `legacy` (`AcrPull`) or `abac` (repository permissions).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_assignment_mode: Option<RoleAssignmentMode>,
}

/// Agent pool of a registry, on which ACR Tasks run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AgentPool {
    /// Name of the pool.
    #[schemars(length(min = 3, max = 20), regex(pattern = "^[a-zA-Z0-9-]+$"))]
    pub name: String,
    /// Resource ID of the subnet in which it is created; without it the pool exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<String>,
    /// Size of an agent: `S1`, `S2` (the default), `S3` or `I6`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^(S1|S2|S3|I6)$"))]
    pub tier: Option<String>,
}

/// Access to a resource from the Internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PublicNetworkAccess {
    /// From everywhere, or from the addresses that are named.
    Enabled,
    /// Through private endpoints only.
    Disabled,
}

/// SKU of a container registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Sku {
    /// For development.
    Basic,
    /// For most production loads.
    Standard,
    /// Private endpoints, geo-replication, high throughput.
    Premium,
}

/// Role-assignment permissions mode of a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RoleAssignmentMode {
    /// RBAC registry permissions: `AcrPull` and `AcrPush` are honoured.
    Legacy,
    /// RBAC registry plus ABAC repository permissions: repository roles are honoured.
    Abac,
}

/// The gallery and the image version that the nodes boot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Gallery {
    /// Resource ID of an existing gallery image version; nothing is baked then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_version_id: Option<String>,
    /// Create the gallery (the default), or use one that exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<bool>,
    /// Resource group of an existing gallery, if it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 90))]
    pub resource_group: Option<String>,
    /// Subscription ID of an existing gallery, if it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(
        pattern = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
    ))]
    pub subscription: Option<String>,
    /// Create the image definition (the default), or use one that exists in an existing gallery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_definition: Option<bool>,
    /// Gallery name; derived when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9_.]*$"))]
    pub name: Option<String>,
    /// Image definition name; derived from the operating system when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"))]
    pub image_definition: Option<String>,
    /// Version of the baked image, `Major.Minor.Patch`. Raise it whenever the bake changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^\d{1,10}\.\d{1,10}\.\d{1,10}$"))]
    pub version: Option<String>,
    /// Replicas in the location of the deployment; one for 300 nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 50))]
    pub replicas: Option<u32>,
    /// More regions that hold the version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 60))]
    pub target_regions: Vec<TargetRegion>,
    /// Storage of the replicas: `Standard_LRS` (the default), `Standard_ZRS` or `Premium_LRS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^(Standard_LRS|Standard_ZRS|Premium_LRS)$"))]
    pub storage: Option<String>,
}

/// One region that holds replicas of the image version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TargetRegion {
    /// Azure region.
    pub region: String,
    /// Replicas in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 50))]
    pub replicas: Option<u32>,
}
