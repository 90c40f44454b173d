//! Closed networks: what may be reached from the Internet, and the private endpoints that lead to the rest.

use serde::Serialize;

use super::names::Names;
use super::network::subnet;
use super::resolver::Resolver;
use super::{Model, Registry};
use crate::catalog::{self, Stage};
use crate::config::fields::{self, PublicNetworkAccess};
use crate::diagnostic::Severity;

/// Who reaches a resource from the Internet.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PublicAccess {
    /// Nobody does.
    pub disabled: bool,
    /// Only these addresses and ranges do; everybody where there are none.
    pub ip_rules: Vec<String>,
}

impl PublicAccess {
    pub(super) fn new(access: Option<PublicNetworkAccess>, ip_rules: &[String]) -> Self {
        Self {
            disabled: access == Some(PublicNetworkAccess::Disabled),
            ip_rules: ip_rules.to_vec(),
        }
    }

    /// Somebody is kept out.
    pub(super) fn is_closed(&self) -> bool {
        self.disabled || !self.ip_rules.is_empty()
    }
}

/// A private endpoint.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Endpoint {
    /// Bicep identifier, which is also the last part of its name.
    pub key: &'static str,
    /// Symbolic name of the resource to which it leads.
    pub target: &'static str,
    /// Group ID of the resource's part.
    pub group: &'static str,
    /// Name of the endpoint.
    pub name: String,
    /// Name of its private DNS zone.
    pub zone: String,
    /// Symbolic name of that zone, if the deployment creates it.
    pub dns_zone: Option<&'static str>,
}

/// A private DNS zone that the deployment creates.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DnsZone {
    /// Symbolic name.
    pub key: &'static str,
    /// Name of the zone.
    pub name: String,
}

/// The resource group of private DNS zones.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DnsGroup {
    /// Its subscription.
    pub subscription: String,
    /// Its name.
    pub resource_group: String,
}

impl DnsGroup {
    /// Reads `/subscriptions/<id>/resourceGroups/<group>`.
    fn parse(id: &str) -> Option<Self> {
        let parts: Vec<&str> = id.split('/').collect();
        let ["", subscriptions, subscription, groups, group] = parts[..] else { return None };
        let is_id = subscriptions.eq_ignore_ascii_case("subscriptions")
            && !subscription.is_empty()
            && groups.eq_ignore_ascii_case("resourceGroups")
            && !group.is_empty();
        is_id.then(|| Self {
            subscription: subscription.to_owned(),
            resource_group: group.to_owned(),
        })
    }
}

/// The private endpoints of a deployment.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Endpoints {
    /// Subnet of the endpoints.
    pub subnet_id: Option<String>,
    /// The network of that subnet.
    pub network_id: Option<String>,
    /// Where the private DNS zones are, if the config says so.
    pub dns: Option<DnsGroup>,
    /// Those of the stage of the registry.
    pub registry: Vec<Endpoint>,
    /// Those of the stage of the account.
    pub batch: Vec<Endpoint>,
    /// The private DNS zones that the stage of the registry creates.
    pub registry_zones: Vec<DnsZone>,
    /// Those that the stage of the account creates.
    pub batch_zones: Vec<DnsZone>,
}

/// An agent pool, on which ACR Tasks run inside a network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgentPool {
    /// Name of the pool.
    pub name: String,
    /// Subnet in which it is created; it exists without one.
    pub subnet_id: Option<String>,
    /// The network of that subnet.
    pub network_id: Option<String>,
    /// Size of an agent.
    pub tier: String,
}

/// The agent pool of a registry.
pub(super) fn agent_pool(
    resolver: &mut Resolver<'_>,
    written: &fields::Registry,
) -> Option<AgentPool> {
    let pool = written.agent_pool.as_ref()?;
    let joined = subnet(resolver, pool.subnet_id.as_ref(), "/registry/agentPool/subnetId");
    let location = super::short_region(&resolver.config.location);
    if pool.subnet_id.is_some() && !catalog::has_agent_pools(&location) {
        resolver.report(
            Severity::Warning,
            "PB1506",
            "/registry/agentPool",
            format!("agent pools might not be available in `{location}`"),
            "they are in preview in some regions",
            "choose a region that `prebake catalog show agent-pool-regions` lists",
        );
    }
    if pool.subnet_id.is_some() && written.create == Some(false) {
        resolver.error(
            "PB1022",
            "/registry/agentPool/subnetId",
            "`subnetId` is only for a new registry",
            "prebake does not change the agent pools of an existing registry",
            "remove `subnetId`, and name an agent pool of the registry",
        );
    }
    Some(AgentPool {
        name: pool.name.clone(),
        subnet_id: pool.subnet_id.clone(),
        network_id: joined.map(|subnet| subnet.parent()),
        tier: pool.tier.clone().unwrap_or_else(|| "S2".to_owned()),
    })
}

/// The endpoints of what the deployment creates, and what cannot be reached without them.
pub(super) fn endpoints(resolver: &mut Resolver<'_>, model: &Model) -> Endpoints {
    let names = Names::new(resolver.config);
    builds_reach_the_registry(resolver, model);
    machines_reach_what_is_closed(resolver, model);
    let config = resolver.config;
    let written = config.network.as_ref().and_then(|network| network.private_endpoints.clone());
    let Some(written) = written else { return Endpoints::default() };
    let joined = subnet(resolver, Some(&written.subnet_id), "/network/privateEndpoints/subnetId");
    let zones = written.dns_resource_group_id.as_deref().map(|id| id.trim_end_matches('/'));
    let dns = zones.and_then(DnsGroup::parse);
    if zones.is_some() && dns.is_none() {
        resolver.error(
            "PB1026",
            "/network/privateEndpoints/dnsResourceGroupId",
            "not the ID of a resource group",
            "expected `/subscriptions/<id>/resourceGroups/<group>`",
            "copy it from `az group show --query id`",
        );
    }
    let creates = creates_zones(resolver, &written);
    let cloud = &model.cloud;
    let endpoint = |key, (target, group), zone: String, dns_zone| Endpoint {
        key,
        target,
        group,
        name: names.local(key),
        zone: format!("privatelink.{zone}"),
        dns_zone: creates.then_some(dns_zone),
    };
    let network_id = joined.map(|subnet| subnet.parent());
    let subnet_id = Some(written.subnet_id);
    let mut found = Endpoints { subnet_id, network_id, dns, ..Endpoints::default() };
    if model.registry.as_ref().is_some_and(|registry| registry.create) {
        let zone = cloud.registry_suffix.to_owned();
        let to = ("registry", "registry");
        found.registry.push(endpoint("registryEndpoint", to, zone, "registryDnsZone"));
        found.registry_zones = zones_of(&found.registry);
    }
    let Some(batch) = model.batch.as_ref().filter(|batch| batch.create_account) else {
        return found;
    };
    let zone = cloud.batch_suffix.to_owned();
    for (key, group) in [("accountEndpoint", "batchAccount"), ("nodeEndpoint", "nodeManagement")] {
        found.batch.push(endpoint(key, ("account", group), zone.clone(), "batchDnsZone"));
    }
    if batch.storage_account.is_some() && batch.storage_at.is_none() {
        let zone = format!("blob.{}", cloud.storage_suffix);
        found.batch.push(endpoint("storageEndpoint", ("storage", "blob"), zone, "blobDnsZone"));
    }
    found.batch_zones = zones_of(&found.batch);
    found
}

/// Whether the deployment creates the private DNS zones.
fn creates_zones(resolver: &mut Resolver<'_>, written: &fields::PrivateEndpoints) -> bool {
    let creates = written.create_dns_zones.unwrap_or(false);
    if creates && written.dns_resource_group_id.is_some() {
        resolver.error(
            "PB1022",
            "/network/privateEndpoints/createDnsZones",
            "the private DNS zones either exist or are created",
            "`dnsResourceGroupId` refers to existing zones",
            "remove one of them",
        );
    }
    creates
}

/// The zones that the deployment creates for endpoints, each once.
fn zones_of(endpoints: &[Endpoint]) -> Vec<DnsZone> {
    let mut zones: Vec<DnsZone> = Vec::new();
    for endpoint in endpoints {
        let Some(key) = endpoint.dns_zone else { continue };
        if !zones.iter().any(|known| known.key == key) {
            zones.push(DnsZone { key, name: endpoint.zone.clone() });
        }
    }
    zones
}

/// Shared agents of ACR Tasks come from public addresses that nobody can name.
fn builds_reach_the_registry(resolver: &mut Resolver<'_>, model: &Model) {
    let closed = |registry: &Registry| registry.access.is_closed() && registry.agent_pool.is_none();
    if !model.registry.as_ref().is_some_and(closed) {
        return;
    }
    let built = model.images.iter().position(|image| image.build.is_some());
    if let Some(index) = built {
        resolver.error(
            "PB1505",
            &format!("/images/{index}/build"),
            "ACR Tasks cannot reach the registry",
            "the registry blocks the public addresses of the shared agents",
            "add `registry.agentPool` with a subnet that can reach the registry, or build elsewhere and push from \
             inside the network",
        );
    }
}

/// A network that this deployment creates has no way to what is closed.
fn machines_reach_what_is_closed(resolver: &mut Resolver<'_>, model: &Model) {
    let registry = model.registry.as_ref().is_some_and(|registry| registry.access.disabled);
    let account = model.batch.as_ref().is_some_and(|batch| batch.access.disabled);
    let pools = model.batch.as_ref().is_some_and(|batch| !batch.pools.is_empty());
    let baked_in = model.stages.contains(&Stage::Builder) || model.builder.is_some();
    let pulls = model.identity.is_some();
    let builder_alone = registry && pulls && baked_in && model.network.builder_subnet_id.is_none();
    let pools_alone =
        pools && (account || (registry && pulls)) && model.network.pools.created().is_some();
    for (alone, key, what) in
        [(builder_alone, "builderSubnetId", "the builder"), (pools_alone, "subnetId", "the nodes")]
    {
        if alone {
            let place = if resolver.config.network.is_some() { "/network" } else { "" };
            resolver.error(
                "PB1507",
                place,
                format!("{what} cannot reach private resources"),
                "the network that prebake creates has no private endpoints",
                format!("set `network.{key}` to a subnet that can reach the private endpoints"),
            );
        }
    }
}
