//! What the subscription's own answers say of a render: sizes, Batch, quotas, images, API versions, regions.
//!
//! Nothing here is judged without the user's catalog, and nothing of which it says nothing.

use std::collections::BTreeMap;

use super::Check;
use super::finding::Sink;
use super::lifecycle::sizes;
use super::node::Node;
use super::pool::base_image;
use super::view::{Pool, View};
use crate::catalog::{BaseImage, VmSize};
use crate::diagnostic::Severity;

pub(super) const RULES: &[(&str, Check)] = &[
    ("SUB001", size_is_open),
    ("SUB002", batch_has_the_size),
    ("SUB003", quota_of_the_subscription_suffices),
    ("SUB004", batch_has_the_agent),
    ("SUB005", version_is_offered),
    ("SUB006", image_exists),
    ("SUB007", region_is_open),
    ("SUB008", registry_is_as_declared),
];

fn size_is_open(view: &View<'_>, sink: &mut Sink<'_>) {
    for (node, size, _) in sizes(view) {
        let Some(offer) = view.overlay().offer(&size.name) else { continue };
        if !offer.value.offered {
            sink.report(
                &node,
                format!("this subscription cannot deploy `{}` in this region", size.name),
            )
            .rests_on(offer.fact);
        }
    }
    for pool in &view.pools {
        let spot = pool.at("scaleSettings/fixedScale/targetLowPriorityNodes");
        let Some(size) = pool.size.as_ref().filter(|_| spot.number().unwrap_or(0) > 0) else {
            continue;
        };
        let offer = view.overlay().offer(&size.name);
        if let Some(offer) = offer.filter(|offer| offer.value.spot == Some(false)) {
            sink.report(&spot, format!("`{}` is not available as a Spot VM", size.name))
                .rests_on(offer.fact);
        }
    }
}

fn batch_has_the_size(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let Some(size) = &pool.size else { continue };
        let answer = view.overlay().in_batch(&size.name);
        if let Some(answer) = answer.filter(|answer| !answer.value) {
            sink.report(
                &pool.at("vmSize"),
                format!("Batch does not offer `{}` in this region", size.name),
            )
            .rests_on(answer.fact);
        }
    }
}

/// vCPUs that the render needs of a quota, and the largest value that asks for them.
#[derive(Default)]
struct Need<'a> {
    vcpus: u64,
    largest: Option<(u64, Node<'a>)>,
}

impl<'a> Need<'a> {
    fn add(&mut self, vcpus: u64, node: Node<'a>) {
        self.vcpus = self.vcpus.saturating_add(vcpus);
        if self.largest.as_ref().is_none_or(|(most, _)| vcpus > *most) {
            self.largest = Some((vcpus, node));
        }
    }
}

fn family(size: &VmSize) -> String {
    size.family.replace(' ', "")
}

fn quota_of_the_subscription_suffices(view: &View<'_>, sink: &mut Sink<'_>) {
    let mut needs: BTreeMap<String, Need<'_>> = BTreeMap::new();
    for pool in &view.pools {
        needs_of_pool(view, pool, &mut needs);
    }
    for (node, size, in_batch) in sizes(view) {
        if !in_batch {
            let vcpus = u64::from(size.vcpus);
            needs.entry(format!("compute:{}", family(&size))).or_default().add(vcpus, node.clone());
            needs.entry("compute:cores".to_owned()).or_default().add(vcpus, node);
        }
    }
    for (name, need) in needs {
        let Some(quota) = view.overlay().quota(&name) else { continue };
        // A pool that is there already is part of the use, so that only the limit is sure for Batch.
        let used = quota.value.used.unwrap_or(0);
        let free = quota.value.limit.saturating_sub(used);
        let Some((_, node)) = need.largest.filter(|_| need.vcpus > free) else { continue };
        let taken = if used > 0 { format!(", of which {used} are in use") } else { String::new() };
        let label = format!(
            "the deployment needs {} vCPUs of `{name}`, but the quota is {}{taken}",
            need.vcpus, quota.value.limit
        );
        let finding = sink.report(&node, label).rests_on(quota.fact);
        // What is used may be this very deployment.
        if need.vcpus <= quota.value.limit {
            finding.severity(Severity::Info);
        }
    }
    pools_fit(view, sink);
}

fn needs_of_pool<'a>(view: &View<'a>, pool: &Pool<'a>, needs: &mut BTreeMap<String, Need<'a>>) {
    let Some(size) = &pool.size else { return };
    let mine = view.in_user_subscription(pool) == Some(true);
    let [dedicated, spot] = pool.most_nodes();
    let vcpus = |nodes: u64| nodes.saturating_mul(u64::from(size.vcpus));
    if let Some((nodes, says)) = dedicated {
        let names = if mine {
            [format!("compute:{}", family(size)), "compute:cores".to_owned()]
        } else {
            [format!("batch:{}", family(size)), "batch:dedicatedCores".to_owned()]
        };
        for name in names {
            needs.entry(name).or_default().add(vcpus(nodes), says.clone());
        }
    }
    if let Some((nodes, says)) = spot {
        let name = if mine { "compute:lowPriorityCores" } else { "batch:lowPriorityCores" };
        needs.entry(name.to_owned()).or_default().add(vcpus(nodes), says);
    }
}

fn pools_fit(view: &View<'_>, sink: &mut Sink<'_>) {
    let Some(quota) = view.overlay().quota("batch:pools") else { return };
    let count = view.pools.len() as u64;
    if let Some(last) = view.pools.last().filter(|_| count > quota.value.limit) {
        let label = format!("{count} pools, but the account allows {}", quota.value.limit);
        sink.report(&last.node, label).rests_on(quota.fact);
    }
}

fn batch_has_the_agent(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let agent = pool.machine("nodeAgentSkuId");
        let Some(id) = agent.text() else { continue };
        let answer = view.overlay().has_node_agent(id);
        if let Some(answer) = answer.filter(|answer| !answer.value) {
            sink.report(&agent, format!("Batch does not list an image for `{id}`"))
                .rests_on(answer.fact);
        }
    }
}

fn version_is_offered(view: &View<'_>, sink: &mut Sink<'_>) {
    for node in view.deployed() {
        let resource = node.resource();
        let answer = view.overlay().has_api_version(&resource.kind, &resource.api_version);
        let Some(answer) = answer.filter(|answer| !answer.value) else { continue };
        let label = format!("`{}` is not available to this subscription", resource.api_version);
        let finding = sink.report(&node, label).rests_on(answer.fact);
        if let Some(newest) = view.overlay().newest_api_version(&resource.kind) {
            finding.help(format!(
                "use `{newest}` in your own template, or register the resource provider again"
            ));
        }
    }
}

/// The name under which a marketplace image stands in the catalog.
pub(super) fn image_name(image: &BaseImage) -> String {
    format!("{}:{}:{}", image.publisher, image.offer, image.sku)
}

fn image_exists(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let Some((image, reference)) = base_image(view, pool) else { continue };
        let name = image_name(&image);
        let answer = view.overlay().has_image(&name);
        if let Some(answer) = answer.filter(|answer| !answer.value) {
            sink.report(&reference.at("sku"), format!("`{name}` is not available in the region"))
                .rests_on(answer.fact);
        }
    }
}

fn region_is_open(view: &View<'_>, sink: &mut Sink<'_>) {
    for account in view.of_kind("Microsoft.Batch/batchAccounts") {
        let location = account.at("location");
        let Some(name) = location.text() else { continue };
        let short: String = name.to_lowercase().chars().filter(|c| *c != ' ').collect();
        let answer = view.overlay().has_region(&short);
        if let Some(answer) = answer.filter(|answer| !answer.value) {
            sink.report(
                &location,
                format!("region `{short}` is not available to this subscription"),
            )
            .rests_on(answer.fact);
        }
    }
}

fn registry_is_as_declared(view: &View<'_>, sink: &mut Sink<'_>) {
    for wanted in &view.render.declared.registry {
        let answer = view.overlay().registry_setting(&wanted.registry, wanted.setting);
        let Some(answer) = answer.filter(|it| !it.value.eq_ignore_ascii_case(&wanted.value)) else {
            continue;
        };
        let label = format!(
            "`{}` of `{}` is `{}`, but the config needs `{}`",
            wanted.setting.replace('_', " "),
            wanted.registry,
            answer.value,
            wanted.value
        );
        let target = super::Target::Config { pointer: wanted.pointer.clone() };
        sink.report(target, label).rests_on(answer.fact);
    }
}

/// The answers of the user's catalog that this render was judged by, each once, in order.
pub(super) fn answers(view: &View<'_>) -> Vec<crate::diagnostic::Fact> {
    let overlay = view.overlay();
    let mut facts = Vec::new();
    for (_, size, in_batch) in sizes(view) {
        facts.extend(overlay.offer(&size.name).map(|answer| answer.fact));
        if in_batch {
            facts.extend(overlay.in_batch(&size.name).map(|answer| answer.fact));
        }
        let scope = if in_batch { "batch" } else { "compute" };
        facts
            .extend(overlay.quota(&format!("{scope}:{}", family(&size))).map(|answer| answer.fact));
    }
    for pool in &view.pools {
        let agent = pool.machine("nodeAgentSkuId").text();
        facts.extend(agent.and_then(|id| overlay.has_node_agent(id)).map(|answer| answer.fact));
        let image = base_image(view, pool).map(|(image, _)| image_name(&image));
        facts.extend(image.and_then(|name| overlay.has_image(&name)).map(|answer| answer.fact));
    }
    for node in view.deployed() {
        let resource = node.resource();
        let answer = overlay.has_api_version(&resource.kind, &resource.api_version);
        facts.extend(answer.map(|answer| answer.fact));
    }
    facts.sort();
    facts.dedup();
    facts
}
