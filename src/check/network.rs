//! Group E: networks, subnets and security groups.

use std::collections::BTreeMap;

use super::Check;
use super::address::Range;
use super::finding::Sink;
use super::lifecycle::ended;
use super::node::{Node, same_id};
use super::view::{Pool, View};
use crate::catalog;
use crate::diagnostic::Severity;

pub(super) const RULES: &[(&str, Check)] = &[
    ("NET001", subnet_holds_the_nodes),
    ("NET002", network_is_in_the_region),
    ("NET003", network_spares_docker),
    ("NET004", private_nodes_have_a_subnet),
    ("NET006", private_nodes_have_no_endpoints),
    ("NET007", addresses_suffice),
    ("NET009", no_classic_inbound_rule),
    ("NET010", no_classic_communication),
    ("NET011", endpoint_rules_are_valid),
    ("NET012", role_of_batch_is_mentioned),
    ("NET013", login_is_not_open),
    ("NET015", own_dns_is_noted),
];

const NETWORKS: &str = "Microsoft.Network/virtualNetworks";

/// A subnet that a render deploys, inside its network or on its own.
pub(super) struct Subnet<'a> {
    pub(super) id: String,
    pub(super) node: Node<'a>,
    pub(super) network: Option<Node<'a>>,
}

pub(super) fn subnets<'a>(view: &View<'a>) -> Vec<Subnet<'a>> {
    let mut subnets = Vec::new();
    for network in view.of_kind(NETWORKS) {
        for node in network.at("properties/subnets").items() {
            let Some(name) = node.at("name").written() else { continue };
            let id = format!("{}/subnets/{name}", network.resource().id);
            subnets.push(Subnet { id, node, network: Some(network.clone()) });
        }
    }
    for node in view.of_kind("Microsoft.Network/virtualNetworks/subnets") {
        let parent = node.resource().name.split('/').next().unwrap_or("");
        let network = view.of_kind(NETWORKS).find(|network| network.resource().name == parent);
        subnets.push(Subnet { id: node.resource().id.clone(), node, network });
    }
    subnets
}

/// The subnet of a pool, if this render deploys it.
pub(super) fn subnet_of<'a>(view: &View<'a>, pool: &Pool<'a>) -> Option<Subnet<'a>> {
    let id = pool.at("networkConfiguration/subnetId");
    let id = id.id()?;
    subnets(view).into_iter().find(|subnet| same_id(&subnet.id, &id))
}

pub(super) fn has_no_public_address(pool: &Pool<'_>) -> bool {
    pool.at("networkConfiguration/publicIPAddressConfiguration/provision").is("NoPublicIPAddresses")
}

/// The address prefixes of a subnet, and how many nodes they hold.
fn capacity<'a>(subnet: &Subnet<'a>) -> Option<(u64, Node<'a>)> {
    let single = subnet.node.at("properties/addressPrefix");
    let list = subnet.node.at("properties/addressPrefixes");
    let prefixes = if single.exists() { vec![single.clone()] } else { list.items() };
    let mut total = 0;
    for prefix in &prefixes {
        total += Range::parse(prefix.text()?)?.usable();
    }
    prefixes.into_iter().next().map(|first| (total, first))
}

fn subnet_holds_the_nodes(view: &View<'_>, sink: &mut Sink<'_>) {
    let mut pools_of: BTreeMap<String, (Subnet<'_>, Vec<&Pool<'_>>)> = BTreeMap::new();
    for pool in &view.pools {
        if let Some(subnet) = subnet_of(view, pool) {
            pools_of
                .entry(subnet.id.to_lowercase())
                .or_insert_with(|| (subnet, Vec::new()))
                .1
                .push(pool);
        }
    }
    for (subnet, pools) in pools_of.values() {
        let Some((room, prefix)) = capacity(subnet) else { continue };
        let nodes: u64 = pools.iter().map(|pool| pool.fixed_nodes()).sum();
        let Some(largest) = pools.iter().max_by_key(|pool| pool.fixed_nodes()) else { continue };
        if nodes == 0 || nodes.saturating_add(nodes.div_ceil(10)) <= room {
            continue;
        }
        let text = prefix.text().unwrap_or_default();
        let target = largest.at("scaleSettings/fixedScale/targetDedicatedNodes");
        let label = if nodes > room {
            format!("{nodes} nodes, but `{text}` has room for {room}")
        } else {
            format!("{nodes} nodes leave less than a tenth of `{text}` ({room}) free")
        };
        let wanted = Range::prefix_for(nodes + nodes.div_ceil(10));
        let finding = sink.report(&target, label);
        finding
            .help(format!(
                "use a /{wanted} subnet; set `network.poolSubnet` if this config creates it"
            ))
            .also(&prefix, "the subnet");
        if nodes <= room {
            finding.severity(Severity::Warning);
        }
    }
}

fn network_is_in_the_region(view: &View<'_>, sink: &mut Sink<'_>) {
    network_is_in_the_subscription(view, sink);
    let region = |node: &Node<'_>| node.at("location").text().and_then(catalog::region);
    for pool in &view.pools {
        let Some(network) = subnet_of(view, pool).and_then(|subnet| subnet.network) else {
            continue;
        };
        let Some(account) = view.account_of(pool) else { continue };
        if let Some((here, there)) =
            region(&account).zip(region(&network)).filter(|(here, there)| here != there)
        {
            let label =
                format!("the network is in {}, but the account is in {}", there.name, here.name);
            sink.report(&network.at("location"), label)
                .also(&account.at("location"), "the account");
        }
    }
}

/// The subscription of a resource ID, in lower case; nothing where only Azure knows it.
pub(super) fn subscription_of(id: &str) -> Option<String> {
    let mut segments = id.strip_prefix('/')?.split('/');
    let is_named = segments.next()?.eq_ignore_ascii_case("subscriptions");
    let subscription = segments.next().filter(|_| is_named)?;
    (!subscription.contains('{')).then(|| subscription.to_lowercase())
}

/// The subscription of a deployed resource; where the config names none, that of the first subnet which it names,
/// since Azure takes all of them from one.
pub(super) fn own_subscription(view: &View<'_>, id: &str) -> Option<String> {
    subscription_of(id).or_else(|| {
        joined_subnets(view).iter().find_map(|(_, subnet)| subscription_of(&subnet.id()?))
    })
}

/// The subnets that pools, builder and Image Builder join, each with the resource that joins.
fn joined_subnets<'a>(view: &View<'a>) -> Vec<(Node<'a>, Node<'a>)> {
    let of_pool = |pool: &Pool<'a>| (pool.node.clone(), pool.at("networkConfiguration/subnetId"));
    let mut joined: Vec<_> = view.pools.iter().map(of_pool).collect();
    for interface in view.of_kind("Microsoft.Network/networkInterfaces") {
        for configuration in interface.at("properties/ipConfigurations").items() {
            joined.push((interface.clone(), configuration.at("properties/subnet/id")));
        }
    }
    for template in view.of_kind("Microsoft.VirtualMachineImages/imageTemplates") {
        let subnet = template.at("properties/vmProfile/vnetConfig/subnetId");
        joined.push((template, subnet));
    }
    joined.retain(|(_, subnet)| subnet.exists());
    joined
}

fn network_is_in_the_subscription(view: &View<'_>, sink: &mut Sink<'_>) {
    for (resource, subnet) in joined_subnets(view) {
        let there = subnet.id().and_then(|id| subscription_of(&id));
        let own = own_subscription(view, &resource.resource().id);
        if let Some((there, own)) = there.zip(own).filter(|(there, own)| there != own) {
            let label =
                format!("the network is in subscription {there}, but its users are in {own}");
            sink.report(&subnet, label).help(format!("use a subnet in subscription {own}"));
        }
    }
}

fn network_spares_docker(view: &View<'_>, sink: &mut Sink<'_>) {
    let Some(bridge) = Range::parse("172.17.0.0/16") else { return };
    if view.bakes.iter().any(|bake| bake.mentions(&["\"bip\"", "--bip"])) {
        return;
    }
    for network in view.of_kind(NETWORKS) {
        for prefix in network.at("properties/addressSpace/addressPrefixes").items() {
            let range = prefix.text().and_then(Range::parse);
            if range.is_some_and(|range| range.overlaps(bridge)) {
                sink.report(&prefix, "it overlaps 172.17.0.0/16, which Docker uses for its bridge");
            }
        }
    }
}

fn private_nodes_have_a_subnet(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in view.pools.iter().filter(|pool| has_no_public_address(pool)) {
        let subnet = pool.at("networkConfiguration/subnetId");
        if !subnet.exists() || subnet.text() == Some("") {
            let provision = "networkConfiguration/publicIPAddressConfiguration/provision";
            sink.report(&pool.at(provision), "the pool has no `subnetId`");
        }
    }
}

fn private_nodes_have_no_endpoints(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in view.pools.iter().filter(|pool| has_no_public_address(pool)) {
        let network = pool.at("networkConfiguration");
        let endpoints = network.at("endpointConfiguration/inboundNatPools");
        let addresses = network.at("publicIPAddressConfiguration/ipAddressIds");
        for node in [endpoints, addresses] {
            if !node.items().is_empty() {
                sink.report(&node, "the nodes have no public address");
            }
        }
    }
}

fn addresses_suffice(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let addresses = pool.at("networkConfiguration/publicIPAddressConfiguration");
        if !addresses.at("provision").is("UserManaged") {
            continue;
        }
        let given = addresses.at("ipAddressIds").items().len() as u64;
        let wanted = pool.fixed_nodes().div_ceil(100).max(1);
        if given < wanted {
            sink.report(
                &addresses.at("ipAddressIds"),
                format!("{given} addresses for {} nodes", pool.fixed_nodes()),
            )
            .help(format!("use {wanted} addresses"));
        }
    }
}

/// A rule of a security group, as a member of its group or as a resource.
pub(super) struct SecurityRule<'a> {
    pub(super) node: Node<'a>,
    /// The ID of the group.
    pub(super) group: String,
}

impl<'a> SecurityRule<'a> {
    fn property(&self, name: &str) -> Node<'a> {
        self.node.at("properties").at(name)
    }

    pub(super) fn is(&self, direction: &str, access: &str) -> bool {
        self.property("direction").is(direction) && self.property("access").is(access)
    }

    pub(super) fn priority(&self) -> i64 {
        self.property("priority").number().unwrap_or(i64::MAX)
    }

    /// A value and its plural form: `destinationPortRange(s)`.
    pub(super) fn values(&self, name: &str) -> Vec<String> {
        let single = self.property(name).text().map(str::to_owned);
        let many = self.property(&plural(name)).items();
        let many = many.iter().filter_map(|item| item.text().map(str::to_owned));
        single.into_iter().filter(|text| !text.is_empty()).chain(many).collect()
    }

    pub(super) fn has_port(&self, port: u32) -> bool {
        self.values("destinationPortRange").iter().any(|range| match range.split_once('-') {
            _ if range == "*" => true,
            Some((first, last)) => {
                let bounds = first.parse().ok().zip(last.parse().ok());
                bounds.is_some_and(|(first, last): (u32, u32)| (first..=last).contains(&port))
            }
            None => range.parse() == Ok(port),
        })
    }

    fn is_from_everywhere(&self) -> bool {
        self.values("sourceAddressPrefix").iter().any(|source| {
            matches!(
                source.to_lowercase().as_str(),
                "*" | "internet" | "any" | "0.0.0.0/0" | "::/0"
            )
        })
    }
}

fn plural(name: &str) -> String {
    if name.ends_with("Prefix") { format!("{name}es") } else { format!("{name}s") }
}

pub(super) fn security_rules<'a>(view: &View<'a>) -> Vec<SecurityRule<'a>> {
    let mut rules = Vec::new();
    for group in view.of_kind("Microsoft.Network/networkSecurityGroups") {
        for node in group.at("properties/securityRules").items() {
            rules.push(SecurityRule { node, group: group.resource().id.clone() });
        }
    }
    for node in view.of_kind("Microsoft.Network/networkSecurityGroups/securityRules") {
        let id = node.resource().id.to_lowercase();
        let group = id.split("/securityrules/").next().unwrap_or("").to_owned();
        rules.push(SecurityRule { node, group });
    }
    rules
}

fn no_classic_inbound_rule(view: &View<'_>, sink: &mut Sink<'_>) {
    for rule in security_rules(view).iter().filter(|rule| rule.is("Inbound", "Allow")) {
        let ports = rule.values("destinationPortRange");
        if ports.iter().any(|range| range.starts_with("29876") || range == "29877") {
            sink.report(&rule.node, "Batch no longer uses this port");
        }
    }
}

fn no_classic_communication(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let mode = pool.at("targetNodeCommunicationMode");
        if mode.is("Classic") {
            ended(sink, &mode, "`Classic`", "batch:classic-communication", view.render.as_of);
        }
    }
}

fn endpoint_rules_are_valid(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        for endpoint in
            pool.at("networkConfiguration/endpointConfiguration/inboundNatPools").items()
        {
            let mut priorities = Vec::new();
            for rule in endpoint.at("networkSecurityGroupRules").items() {
                let priority = rule.at("priority");
                let Some(number) = priority.number() else { continue };
                if !(150..=4096).contains(&number) {
                    sink.report(&priority, format!("{number} is not between 150 and 4096"));
                } else if priorities.contains(&number) {
                    sink.report(&priority, format!("another rule already has priority {number}"));
                }
                priorities.push(number);
            }
            frontend_ports(&endpoint, sink);
        }
    }
}

fn frontend_ports(endpoint: &Node<'_>, sink: &mut Sink<'_>) {
    let (first, last) =
        (endpoint.at("frontendPortRangeStart"), endpoint.at("frontendPortRangeEnd"));
    let Some((from, to)) = first.number().zip(last.number()) else { return };
    let reserved = from <= 55_000 && to >= 50_000;
    if from < 1 || to > 65_534 || from > to || reserved {
        sink.report(
            &first,
            format!(
                "{from} to {to}: ports range from 1 to 65534, and Batch reserves 50000 to 55000"
            ),
        );
    } else if to - from < 39 {
        sink.report(&first, format!("{from} to {to} are fewer than the 40 ports that Batch needs"));
    }
}

fn role_of_batch_is_mentioned(view: &View<'_>, sink: &mut Sink<'_>) {
    let Some(readme) = view.render.artifacts.get("README.md") else { return };
    if readme.contains("MicrosoftAzureBatch") || readme.contains("Microsoft Azure Batch") {
        return;
    }
    for pool in &view.pools {
        let subnet = pool.at("networkConfiguration/subnetId");
        if subnet.exists() {
            sink.report(&subnet, "the README does not say that Batch needs a role on this network");
        }
    }
}

fn login_is_not_open(view: &View<'_>, sink: &mut Sink<'_>) {
    for rule in security_rules(view).iter().filter(|rule| rule.is("Inbound", "Allow")) {
        let login = [22, 3389].into_iter().find(|port| rule.has_port(*port));
        if let Some(port) = login.filter(|_| rule.is_from_everywhere()) {
            sink.report(&rule.node, format!("port {port} is open to the Internet"));
        }
    }
    for pool in &view.pools {
        for endpoint in
            pool.at("networkConfiguration/endpointConfiguration/inboundNatPools").items()
        {
            let port = endpoint.at("backendPort").number();
            let rules = endpoint.at("networkSecurityGroupRules").items();
            let restricted = rules.iter().any(|rule| rule.at("access").is("Deny"));
            if matches!(port, Some(22 | 3389)) && !restricted {
                sink.report(&endpoint, "no rule denies other sources");
            }
        }
    }
}

fn own_dns_is_noted(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let Some(network) = subnet_of(view, pool).and_then(|subnet| subnet.network) else {
            continue;
        };
        let servers = network.at("properties/dhcpOptions/dnsServers");
        let azure = servers.items().iter().any(|server| server.is("168.63.129.16"));
        if !servers.items().is_empty() && !azure {
            sink.report(&servers, format!("nodes of `{}` use these DNS servers", pool.id()));
        }
    }
}
