use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The container registry of built and private images.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Registry {
    /// Whether to create the registry. Set it to false to use an existing one. Default: `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<bool>,
    /// Name of the registry, without `.azurecr.io`. Default: derived from `name`. Required with `create:
    /// false`. Example: `visionacr`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 5, max = 50), regex(pattern = "^[a-zA-Z0-9]+$"))]
    pub name: Option<String>,
    /// Host name of an existing registry with a domain name label. Default: the name of the registry
    /// followed by `.azurecr.io`. Example: `contoso-a1b2c3d4.azurecr.io`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[a-z0-9]{5,50}(-[a-z0-9]+)?\.[a-z0-9.]+$"))]
    pub login_server: Option<String>,
    /// Resource group of an existing registry. Default: `resourceGroup`. Example: `shared`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 90))]
    pub resource_group: Option<String>,
    /// Subscription ID of an existing registry. Default: the subscription of the deployment. Example:
    /// `7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = super::GUID))]
    pub subscription: Option<String>,
    /// SKU of the registry: `Basic`, `Standard` or `Premium`. Default: `Basic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// Access from the Internet: `enabled` or `disabled`. Default: `enabled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_network_access: Option<PublicNetworkAccess>,
    /// Public IP addresses and ranges that can access the registry; requires Premium. Default: all.
    /// Example: `[203.0.113.0/24]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(regex(pattern = super::ADDRESS_OR_RANGE)))]
    pub ip_rules: Vec<String>,
    /// Agent pool of ACR Tasks in a network, for registries that shared agents cannot reach. Default: none.
    /// Example: `{ name: builds }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_pool: Option<AgentPool>,
    /// How the registry grants access: `legacy` (registry roles such as `AcrPull`) or `abac` (repository
    /// roles). Default: `legacy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_assignment_mode: Option<RoleAssignmentMode>,
}

/// Agent pool of a registry, which runs ACR Tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AgentPool {
    /// Name of the agent pool. Example: `builds`.
    #[schemars(length(min = 3, max = 20), regex(pattern = "^[a-zA-Z0-9-]+$"))]
    pub name: String,
    /// Resource ID of the subnet of a new agent pool. Default: the agent pool already exists. Example:
    /// `/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Network/virtualNetworks/<network>/subnets/<subnet>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<String>,
    /// Size of the agents: `S1`, `S2`, `S3` or `I6`. Default: `S2`.
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
    /// RBAC registry permissions: `AcrPull` and `AcrPush` are honored.
    Legacy,
    /// RBAC registry plus ABAC repository permissions: repository roles are honored.
    Abac,
}

/// The gallery and the image version that the nodes start from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Gallery {
    /// Resource ID of an existing image version. With it, prebake bakes nothing. Example:
    /// `/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Compute/galleries/<gallery>/images/<image>/versions/1.0.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_version_id: Option<String>,
    /// Whether to create the gallery. Set it to false to use an existing one in the resource group.
    /// Default: `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<bool>,
    /// Resource group of an existing gallery. Default: `resourceGroup`. Example: `shared`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 90))]
    pub resource_group: Option<String>,
    /// Subscription ID of an existing gallery. Default: the subscription of the deployment. Example:
    /// `7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = super::GUID))]
    pub subscription: Option<String>,
    /// Whether to create the image definition. Set it to false to use an existing one in an existing
    /// gallery. Default: `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_definition: Option<bool>,
    /// Name of the gallery. Default: derived from `name`. Example: `vision_gallery`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9_.]*$"))]
    pub name: Option<String>,
    /// Name of the image definition. Default: derived from `name` and the operating system. Example:
    /// `vision-ubuntu-24.04`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"))]
    pub image_definition: Option<String>,
    /// Version of the baked image, as `Major.Minor.Patch`. Increase it whenever the bake changes. Example:
    /// `1.0.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^\d{1,10}\.\d{1,10}\.\d{1,10}$"))]
    pub version: Option<String>,
    /// Number of replicas in the location of the deployment. Use one replica per 300 nodes. Default: `1`.
    /// Example: `2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 50))]
    pub replicas: Option<u32>,
    /// Additional regions of the image version. Default: none. Example: `[{ region: westeurope, replicas: 2
    /// }]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 60))]
    pub target_regions: Vec<TargetRegion>,
    /// Storage type of the replicas: `Standard_LRS`, `Standard_ZRS` or `Premium_LRS`. Default:
    /// `Standard_LRS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^(Standard_LRS|Standard_ZRS|Premium_LRS)$"))]
    pub storage: Option<String>,
}

/// One region with replicas of the image version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TargetRegion {
    /// Azure region. Example: `westeurope`.
    pub region: String,
    /// Number of replicas in the region. Default: `1`. Example: `2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 50))]
    pub replicas: Option<u32>,
}
