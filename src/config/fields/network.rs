use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The network of the builder and the pools.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Network {
    /// Resource ID of an existing subnet for the pools. Default: prebake creates a network. Example:
    /// `/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Network/virtualNetworks/<network>/subnets/<subnet>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<String>,
    /// Resource ID of an existing subnet for the builder. Default: prebake creates a separate network for
    /// the builder. Example:
    /// `/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Network/virtualNetworks/<network>/subnets/<subnet>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builder_subnet_id: Option<String>,
    /// Address space of the network that prebake creates for the pools. Default: `10.64.0.0/16`. Example:
    /// `10.80.0.0/16`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = super::ADDRESS_RANGE))]
    pub address_space: Option<String>,
    /// Address prefix of the subnet of the pools, inside `addressSpace`. Default: a /20 at the start of the
    /// address space. Example: `10.64.0.0/20`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = super::ADDRESS_RANGE))]
    pub pool_subnet: Option<String>,
    /// Resource ID of an existing NAT gateway for the created subnet. Default: prebake creates one.
    /// Example:
    /// `/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Network/natGateways/<name>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nat_gateway_id: Option<String>,
    /// Resource ID of an existing route table for the created subnet, for example one that routes to a
    /// firewall. prebake then creates no NAT gateway. Default: none. Example:
    /// `/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Network/routeTables/<name>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_table_id: Option<String>,
    /// Private endpoints of the created registry, Batch account and storage account. Default: none.
    /// Example: `{ subnetId: /subscriptions/<id>/... }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_endpoints: Option<PrivateEndpoints>,
    /// Public IP addresses of the nodes: `none` or `batchManaged`. Default: `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_addresses: Option<Addresses>,
}

/// Private endpoints in an existing subnet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PrivateEndpoints {
    /// Resource ID of an existing subnet for the endpoints. Example:
    /// `/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Network/virtualNetworks/<network>/subnets/<subnet>`.
    pub subnet_id: String,
    /// Resource ID of the resource group with the private DNS zones, such as `privatelink.azurecr.io`.
    /// Default: the endpoints have no DNS zone group. Example: `/subscriptions/<id>/resourceGroups/dns`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_resource_group_id: Option<String>,
    /// Whether to create the private DNS zones and link them to the network of `subnetId`. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_dns_zones: Option<bool>,
}

/// Public addresses of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Addresses {
    /// No public addresses; the subnet has its own egress.
    None,
    /// Public addresses that Batch creates.
    BatchManaged,
}
