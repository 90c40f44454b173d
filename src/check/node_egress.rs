//! Group E, continued: whether nodes and builder reach what they need.

use super::Check;
use super::finding::Sink;
use super::lifecycle::is_before;
use super::network::{
    SecurityRule, Subnet, has_no_public_address, security_rules, subnet_of, subnets,
};
use super::node::{Node, same_id};
use super::registry::endpoint_targets;
use super::view::View;
use crate::catalog::changed_default;
use crate::diagnostic::{Fact, Severity};

pub(super) const RULES: &[(&str, Check)] = &[
    ("NET005", private_nodes_have_egress),
    ("NET008", security_group_lets_batch_through),
    ("NET014", builder_has_egress),
];

/// Whether a subnet has a NAT gateway or a route table of its own.
fn has_egress(subnet: &Subnet<'_>) -> bool {
    let properties = subnet.node.at("properties");
    properties.at("natGateway").exists() || properties.at("routeTable").exists()
}

fn private_nodes_have_egress(view: &View<'_>, sink: &mut Sink<'_>) {
    let endpoint_to_batch = view
        .of_kind("Microsoft.Network/privateEndpoints")
        .flat_map(|endpoint| endpoint_targets(&endpoint))
        .any(|target| {
            target
                .id()
                .is_some_and(|id| id.to_lowercase().contains("microsoft.batch/batchaccounts"))
        });
    if endpoint_to_batch {
        return;
    }
    for pool in &view.pools {
        let Some(subnet) = subnet_of(view, pool) else { continue };
        let outbound = subnet.node.at("properties/defaultOutboundAccess");
        let changed = private_by_default(&subnet).filter(|_| !outbound.exists());
        let private_subnet = changed.is_some() || outbound.boolean() == Some(false);
        let own_address = pool.at("networkConfiguration/publicIPAddressConfiguration/provision");
        let own_address = own_address.exists() && !has_no_public_address(pool);
        let needs = has_no_public_address(pool) || (private_subnet && !own_address);
        if needs && !has_egress(&subnet) {
            let node = pool.at("networkConfiguration/subnetId");
            let finding = sink.report(&node, "the subnet has no NAT gateway and no route");
            finding.also(&subnet.node, "the subnet");
            // A network that exists keeps what it has, and nothing here says whether it does.
            if let Some(fact) = changed.filter(|_| !has_no_public_address(pool)) {
                finding.severity(Severity::Warning).rests_on(fact);
            }
        }
    }
}

/// The fact that a subnet is private where its network does not say so, from the API version of the network on.
fn private_by_default(subnet: &Subnet<'_>) -> Option<Fact> {
    let network = subnet.node.resource();
    let changed =
        changed_default(&network.kind, "/properties/subnets/*/properties/defaultOutboundAccess")?;
    (!is_before(&network.api_version, changed.since)).then_some(changed.fact)
}

fn security_group_lets_batch_through(view: &View<'_>, sink: &mut Sink<'_>) {
    let rules = security_rules(view);
    let mut judged: Vec<String> = Vec::new();
    for pool in &view.pools {
        let Some(subnet) = subnet_of(view, pool) else { continue };
        let group = subnet.node.at("properties/networkSecurityGroup/id");
        let Some(id) = group.id() else { continue };
        let mut outbound: Vec<_> = rules
            .iter()
            .filter(|rule| same_id(&rule.group, &id))
            .filter(|rule| rule.is("Outbound", "Allow") || rule.is("Outbound", "Deny"))
            .collect();
        outbound.sort_by_key(|rule| rule.priority());
        let first = outbound.iter().find(|rule| rule.has_port(443) && reaches_batch(rule));
        let denied = first.filter(|rule| rule.is("Outbound", "Deny"));
        if let Some(rule) = denied.filter(|_| !judged.iter().any(|known| same_id(known, &id))) {
            judged.push(id.clone());
            sink.report(&rule.node, format!("nodes of `{}` cannot reach Batch", pool.id()));
        }
    }
}

fn reaches_batch(rule: &SecurityRule<'_>) -> bool {
    rule.values("destinationAddressPrefix").iter().any(|target| {
        let target = target.to_lowercase();
        matches!(target.as_str(), "*" | "internet" | "azurecloud" | "0.0.0.0/0")
            || target.starts_with("azurecloud.")
            || target.starts_with("batchnodemanagement")
    })
}

fn builder_has_egress(view: &View<'_>, sink: &mut Sink<'_>) {
    for vm in view.builders() {
        for reference in vm.at("properties/networkProfile/networkInterfaces").items() {
            let id = reference.at("id");
            let interface = id.id().and_then(|id| view.by_id(&id));
            for configuration in
                interface.iter().flat_map(|it| it.at("properties/ipConfigurations").items())
            {
                let properties = configuration.at("properties");
                if properties.at("publicIPAddress").exists() {
                    continue;
                }
                let subnet = own_subnet(view, &properties.at("subnet/id"));
                if let Some(subnet) = subnet.filter(|subnet| !has_egress(subnet)) {
                    sink.report(
                        &configuration,
                        "no public address, and no NAT gateway on its subnet",
                    )
                    .also(&subnet.node, "the subnet");
                }
            }
        }
    }
}

fn own_subnet<'a>(view: &View<'a>, id: &Node<'a>) -> Option<Subnet<'a>> {
    let id = id.id()?;
    subnets(view).into_iter().find(|subnet| same_id(&subnet.id, &id))
}
