use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::names::Names;
use super::resolver::Resolver;
use super::resource_id::ResourceId;
use ipnet::Ipv4Net;

use crate::catalog;
use crate::config::fields::Addresses;

/// The network of pools and builder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Network {
    /// The subnet of the pools.
    #[serde(flatten)]
    pub pools: PoolSubnet,
    /// Existing subnet of the builder.
    pub builder_subnet_id: Option<String>,
    /// The network of the builder's existing subnet.
    pub builder_network_id: Option<String>,
    /// Nodes have no public addresses.
    pub private_nodes: bool,
    /// Name of the builder's own network.
    pub builder_network: String,
    /// Its address space, which is also its one subnet.
    pub builder_address_space: String,
}

/// The subnet of the pools.
#[derive(Debug, Clone, PartialEq)]
pub enum PoolSubnet {
    /// One that exists.
    Existing {
        /// Its resource ID.
        id: String,
        /// The resource ID of its network, if `id` is one of a subnet.
        network_id: Option<String>,
    },
    /// One in a network that is created.
    Created(CreatedNetwork),
}

impl PoolSubnet {
    /// The network that is created.
    pub fn created(&self) -> Option<&CreatedNetwork> {
        match self {
            Self::Existing { .. } => None,
            Self::Created(created) => Some(created),
        }
    }

    /// The resource ID of an existing subnet.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Existing { id, .. } => Some(id),
            Self::Created(_) => None,
        }
    }

    /// The resource ID of the network of an existing subnet.
    pub fn network_id(&self) -> Option<&str> {
        match self {
            Self::Existing { network_id, .. } => network_id.as_deref(),
            Self::Created(_) => None,
        }
    }
}

/// Templates ask a network for `subnet_id`, `pool_network_id`, `pool_network_name` and `created`.
impl Serialize for PoolSubnet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("PoolSubnet", 4)?;
        object.serialize_field("subnet_id", &self.id())?;
        object.serialize_field("pool_network_id", &self.network_id())?;
        let name = self.network_id().and_then(|id| id.rsplit('/').next());
        object.serialize_field("pool_network_name", &name)?;
        object.serialize_field("created", &self.created())?;
        object.end()
    }
}

/// The network that is created for the pools.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CreatedNetwork {
    /// Name of the virtual network.
    pub name: String,
    /// Its address space.
    pub address_space: String,
    /// Address prefix of the pools' subnet.
    pub pool_subnet: String,
    /// Name of the network security group of that subnet.
    pub security_group: String,
    /// Existing NAT gateway of that subnet.
    pub nat_gateway_id: Option<String>,
    /// Existing route table of that subnet.
    pub route_table_id: Option<String>,
    /// A NAT gateway is created.
    pub creates_nat: bool,
    /// Name of the NAT gateway that is the nodes' way out.
    pub nat_gateway: String,
    /// Name of the NAT gateway's public address.
    pub nat_address: String,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, names: &Names<'_>) -> Option<Network> {
    let written = resolver.config.network.clone().unwrap_or_default();
    let pools = subnet(resolver, written.subnet_id.as_ref(), "/network/subnetId");
    let builder = subnet(resolver, written.builder_subnet_id.as_ref(), "/network/builderSubnetId");
    let pools = if let Some(id) = &written.subnet_id {
        for (key, given) in [
            ("addressSpace", written.address_space.is_some()),
            ("poolSubnet", written.pool_subnet.is_some()),
            ("natGatewayId", written.nat_gateway_id.is_some()),
            ("routeTableId", written.route_table_id.is_some()),
        ] {
            if given {
                resolver.error(
                    "PB1022",
                    &format!("/network/{key}"),
                    format!("`{key}` has no effect with `subnetId`"),
                    "prebake does not change an existing subnet",
                    format!("remove `{key}`, or remove `subnetId` to create a network"),
                );
            }
        }
        PoolSubnet::Existing { id: id.clone(), network_id: pools.map(|subnet| subnet.parent()) }
    } else {
        PoolSubnet::Created(created(resolver, &written, names)?)
    };
    Some(Network {
        pools,
        builder_network_id: builder.map(|subnet| subnet.parent()),
        builder_subnet_id: written.builder_subnet_id,
        private_nodes: written.node_addresses.unwrap_or(Addresses::None) == Addresses::None,
        builder_network: names.local("builder-vnet"),
        builder_address_space: catalog::config_default("builder-address-space").to_owned(),
    })
}

/// An existing subnet. Reports `PB1026` for what is none.
pub(super) fn subnet(
    resolver: &mut Resolver<'_>,
    id: Option<&String>,
    pointer: &str,
) -> Option<ResourceId> {
    let id = id?;
    let found = ResourceId::parse(id, "Microsoft.Network/virtualNetworks/subnets");
    if found.is_none() {
        resolver.error(
            "PB1026",
            pointer,
            "not the resource ID of a subnet",
            "expected `/subscriptions/.../virtualNetworks/<network>/subnets/<subnet>`",
            "copy it from `az network vnet subnet show --query id`",
        );
    }
    found
}

fn created(
    resolver: &mut Resolver<'_>,
    written: &crate::config::fields::Network,
    names: &Names<'_>,
) -> Option<CreatedNetwork> {
    let space = written
        .address_space
        .clone()
        .unwrap_or_else(|| catalog::config_default("address-space").to_owned());
    let space_prefix = prefix(resolver, &space, "/network/addressSpace")?;
    for (key, id, kind, command) in [
        ("natGatewayId", &written.nat_gateway_id, "natGateways", "nat gateway"),
        ("routeTableId", &written.route_table_id, "routeTables", "route-table"),
    ] {
        let kind = format!("Microsoft.Network/{kind}");
        if id.as_ref().is_some_and(|id| !super::is_resource_id(id, &kind)) {
            resolver.error(
                "PB1026",
                &format!("/network/{key}"),
                format!("not the ID of one of `{kind}`"),
                format!("expected `/subscriptions/.../providers/{kind}/<name>`"),
                format!("copy it from `az network {command} show --query id`"),
            );
        }
    }
    let subnet = if let Some(subnet) = &written.pool_subnet {
        subnet.clone()
    } else {
        let (address, _) = space.split_once('/')?;
        let longest: u8 = catalog::config_default("pool-subnet-bits").parse().ok()?;
        format!("{address}/{}", space_prefix.prefix_len().max(longest))
    };
    let subnet_prefix = prefix(resolver, &subnet, "/network/poolSubnet")?;
    if !space_prefix.contains(&subnet_prefix) {
        resolver.error(
            "PB1027",
            "/network/poolSubnet",
            format!("subnet `{subnet}` is outside the address space"),
            format!("the network is `{space}`"),
            "use a prefix inside `addressSpace`",
        );
        return None;
    }
    Some(CreatedNetwork {
        name: names.local("vnet"),
        address_space: space,
        pool_subnet: subnet,
        creates_nat: written.nat_gateway_id.is_none() && written.route_table_id.is_none(),
        nat_gateway_id: written.nat_gateway_id.clone(),
        route_table_id: written.route_table_id.clone(),
        security_group: names.local("nsg"),
        nat_gateway: names.local("nat"),
        nat_address: names.local("nat-ip"),
    })
}

fn prefix(resolver: &mut Resolver<'_>, text: &str, pointer: &str) -> Option<Ipv4Net> {
    let is_prefix =
        |range: &Ipv4Net| (2..=29).contains(&range.prefix_len()) && range.trunc() == *range;
    let found = text.parse().ok().filter(is_prefix);
    if found.is_none() {
        resolver.error(
            "PB1027",
            pointer,
            format!("`{text}` is not an address prefix"),
            "expected the first address of a network and a prefix length from 2 to 29",
            "use the format of `10.64.0.0/16`",
        );
    }
    found
}
