//! What Azure ends or restricts, judged on the day of the run: sizes, node agents, image offers, API versions,
//! disks, registry features.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use super::finding::{Finding, Sink};
use super::node::Node;
use super::pool::base_image;
use super::subscription::image_name;
use super::view::{Pool, View};
use crate::catalog::{self, Date, Region, Retirement, Status, VmSize};
use crate::diagnostic::{Fact, Severity};

pub(super) const RULES: &[(&str, Check)] = &[
    ("POOL002", agent_is_offered),
    ("POOL003", agent_has_no_end),
    ("POOL004", size_is_offered),
    ("API001", version_has_no_end),
    ("API012", version_is_no_preview),
    ("ACR010", content_trust_has_no_end),
    ("POOL041", region_has_no_end),
    ("POOL046", os_disk_has_no_end),
];

/// Reports something that has a day in the table of ends: as the rule has it once the day has come, as a warning
/// before.
pub(super) fn ended<'s>(
    sink: &'s mut Sink<'_>,
    node: &Node<'_>,
    what: &str,
    subject: &str,
    as_of: Date,
) -> &'s mut Finding {
    let end = catalog::retirement(subject);
    let day = end.as_ref().and_then(|end| end.retired_on);
    let label = match day {
        Some(day) if day <= as_of => format!("Azure retired {what} on {day}"),
        Some(day) => format!("Azure retires {what} on {day}, in {} days", as_of.days_until(day)),
        None => format!("the retirement of {what} is announced without a date"),
    };
    let finding = sink.report(node, label);
    if day.is_none_or(|day| day > as_of) {
        finding.severity(Severity::Warning);
    }
    finding.facts.extend(end.map(|end| end.fact()));
    finding
}

/// Warn this many days before an announced end.
const NOTICE_DAYS: i64 = 180;

fn agent_is_offered(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let agent = pool.machine("nodeAgentSkuId");
        let known = agent.text().and_then(|id| end_of_agent(view, pool, id));
        if let Some(known) = known
            && has_ended(known.status, known.ends_on, view.render.as_of)
        {
            let when = known.ends_on.map_or_else(String::new, |day| format!(" on {day}"));
            sink.report(&agent, format!("Batch retired `{}`{when}", known.id)).rests_on(known.fact);
            continue;
        }
        let reference = pool.machine("imageReference");
        let (publisher, offer) = (reference.at("publisher").text(), reference.at("offer").text());
        let Some((publisher, offer)) = publisher.zip(offer) else { continue };
        let Some(end) = catalog::retirement(&format!("image-offer:{publisher}:{offer}")) else {
            continue;
        };
        if let Some(day) = end.retired_on.filter(|day| *day <= view.render.as_of) {
            let label = format!("the offer `{publisher}:{offer}` was withdrawn on {day}");
            sink.report(&reference.at("offer"), label)
                .help(format!("use `{}`", end.replacement))
                .rests_on(end.fact());
        }
    }
}

/// When a node agent ends, and who says so.
struct AgentEnd {
    id: String,
    status: Status,
    ends_on: Option<Date>,
    fact: Fact,
}

/// What Batch itself said of the image counts before the built-in table.
fn end_of_agent<'a>(view: &View<'a>, pool: &Pool<'a>, id: &str) -> Option<AgentEnd> {
    let image = base_image(view, pool).map(|(image, _)| image_name(&image));
    if let Some(answer) = image.and_then(|name| view.overlay().image_ends_on(&name)) {
        let (ends_on, fact) = (answer.value, answer.fact);
        return Some(AgentEnd { id: id.to_owned(), status: Status::Current, ends_on, fact });
    }
    let known = catalog::node_agent_by_id(id)?;
    let fact = catalog::node_agent_fact(known.id);
    Some(AgentEnd { id: known.id.to_owned(), status: known.status, ends_on: known.ends_on, fact })
}

fn has_ended(status: Status, on: Option<Date>, as_of: Date) -> bool {
    on.map_or(status == Status::Retired, |day| day <= as_of)
}

fn agent_has_no_end(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let agent = pool.machine("nodeAgentSkuId");
        let Some(known) = agent.text().and_then(|id| end_of_agent(view, pool, id)) else {
            continue;
        };
        let Some(day) = known.ends_on.filter(|day| *day > view.render.as_of) else { continue };
        let left = view.render.as_of.days_until(day);
        let label = format!("Batch retires `{}` on {day}, in {left} days", known.id);
        let finding = sink.report(&agent, label).rests_on(known.fact);
        if left <= NOTICE_DAYS {
            finding.severity(Severity::Warning);
        }
    }
}

/// Every value that names a size, with whether Batch allocates it.
pub(super) fn sizes<'a>(view: &View<'a>) -> Vec<(Node<'a>, VmSize, bool)> {
    let pools =
        view.pools.iter().filter_map(|pool| Some((pool.at("vmSize"), pool.size.clone()?, true)));
    let machines = [
        ("Microsoft.Compute/virtualMachines", "properties/hardwareProfile/vmSize"),
        ("Microsoft.VirtualMachineImages/imageTemplates", "properties/vmProfile/vmSize"),
    ];
    let machines = machines.into_iter().flat_map(|(kind, path)| {
        view.of_kind(kind).filter_map(move |machine| {
            let node = machine.at(path);
            let size = view.overlay().vm_size(node.text()?)?;
            Some((node, size, false))
        })
    });
    pools.chain(machines).collect()
}

/// A row of the table of ends about the quota family of a size.
fn of_family(kind: &str, size: &VmSize) -> Option<Retirement> {
    let family = size.family.to_lowercase().replace(' ', "");
    catalog::retirement(&format!("{kind}:{family}"))
}

/// What a size's end or restriction is on a day, and how bad that is.
struct Ending {
    label: String,
    ended: bool,
}

impl Ending {
    fn of(
        size: &VmSize,
        batch: Option<&Retirement>,
        growth: Option<&Retirement>,
        own: Option<Date>,
        as_of: Date,
    ) -> Option<Self> {
        let name = &size.name;
        let batch_end = batch.and_then(|end| end.retired_on);
        let earliest = [size.retired_on, batch_end, own].into_iter().flatten().min();
        if has_ended(size.status, earliest, as_of) {
            let when = earliest.map_or_else(String::new, |day| format!(" on {day}"));
            return Some(Self { label: format!("Azure retired `{name}`{when}"), ended: true });
        }
        let end = match earliest {
            Some(day) => {
                let left = as_of.days_until(day);
                Some(format!("Azure retires `{name}` on {day}, in {left} days"))
            }
            None if batch.is_some() || size.status == Status::Announced => {
                Some(format!("the retirement of `{name}` is announced without a date"))
            }
            None => None,
        };
        let growth = growth.and_then(|end| end.retired_on).map(|day| {
            let word = if day <= as_of { "since" } else { "from" };
            let what = if end.is_some() { "it".to_owned() } else { format!("`{name}`") };
            format!(
                "{word} {day}, new subscriptions cannot deploy {what}, and its quota cannot be increased"
            )
        });
        let parts: Vec<String> = [end, growth].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| Self { label: parts.join("; "), ended: false })
    }
}

fn size_is_offered(view: &View<'_>, sink: &mut Sink<'_>) {
    for (node, mut size, in_batch) in sizes(view) {
        let batch = of_family("batch-family", &size).filter(|_| in_batch);
        let growth = of_family("growth", &size);
        if ends_elsewhere(view, &size) {
            (size.status, size.retired_on) = (Status::Current, None);
        }
        let own = view.overlay().size_ends_on(&size.name);
        let day = own.as_ref().map(|answer| answer.value);
        let as_of = view.render.as_of;
        let ending = Ending::of(&size, batch.as_ref(), growth.as_ref(), day, as_of);
        let Some(ending) = ending else { continue };
        let finding = sink.report(&node, ending.label).rests_on(size.fact());
        if !ending.ended {
            finding.severity(Severity::Warning);
        }
        finding.facts.extend(own.map(|answer| answer.fact));
        for end in [growth, batch].into_iter().flatten() {
            finding.help(format!("move to `{}`", end.replacement)).rests_on(end.fact());
        }
    }
}

/// Whether the end of a size holds in the public cloud alone, and the render deploys to another one.
fn ends_elsewhere(view: &View<'_>, size: &VmSize) -> bool {
    of_family("public-family", size).is_some()
        && locations(view).any(|(_, region)| region.cloud != "public")
}

/// Where the deployed resources are: the first value of each text, and the known region that it names. Most resources
/// are in one place.
fn locations<'a>(view: &View<'a>) -> impl Iterator<Item = (Node<'a>, Region)> + use<'a> {
    let mut found = BTreeSet::new();
    view.deployed().filter_map(move |node| {
        let location = node.at("location");
        let text = location.text().filter(|text| found.insert(*text))?;
        let region = catalog::region(text)?;
        Some((location, region))
    })
}

fn region_has_no_end(view: &View<'_>, sink: &mut Sink<'_>) {
    let mut told = BTreeSet::new();
    for (location, region) in locations(view) {
        let subject = format!("region:{}", region.name);
        let Some(end) = catalog::retirement(&subject).filter(|_| told.insert(region.name)) else {
            continue;
        };
        let what = format!("the region `{}`", region.name);
        ended(sink, &location, &what, &subject, view.render.as_of)
            .help(format!("use `{}`", end.replacement));
    }
}

fn os_disk_has_no_end(view: &View<'_>, sink: &mut Sink<'_>) {
    let subject = "compute:standard-hdd-os-disk";
    let pools = view.pools.iter().map(|pool| pool.machine("osDisk"));
    let machines = view.of_kind("Microsoft.Compute/virtualMachines");
    let machines = machines.map(|machine| machine.at("properties/storageProfile/osDisk"));
    for disk in pools.chain(machines) {
        let storage = disk.at("managedDisk/storageAccountType");
        // An ephemeral disk is on the host.
        let ephemeral = ["ephemeralOSDiskSettings/placement", "diffDiskSettings/option"];
        if storage.is("Standard_LRS") && !ephemeral.iter().any(|path| disk.at(path).exists()) {
            ended(sink, &storage, "Standard HDD for OS disks", subject, view.render.as_of);
        }
    }
}

fn version_has_no_end(view: &View<'_>, sink: &mut Sink<'_>) {
    let as_of = view.render.as_of;
    let mut ends = BTreeMap::new();
    for node in view.deployed() {
        let resource = node.resource();
        let namespace = resource.kind.split('/').next().unwrap_or_default();
        let end = || catalog::retirement(&format!("api-versions:{namespace}"));
        let Some(end) = ends.entry(namespace).or_insert_with(end) else { continue };
        if !is_before(&resource.api_version, end.replacement) {
            continue;
        }
        let version = &resource.api_version;
        let label = match end.retired_on {
            Some(day) if day <= as_of => format!("`{version}` was retired on {day}"),
            Some(day) => {
                format!("`{version}` is retired on {day}, in {} days", as_of.days_until(day))
            }
            None => format!("the retirement of `{version}` is announced without a date"),
        };
        let finding = sink.report(&node, label);
        finding.help(format!("use `{}` or newer", end.replacement)).rests_on(end.fact());
        if end.retired_on.is_some_and(|day| day <= as_of) {
            finding.severity(Severity::Error);
        }
    }
}

/// Versions begin with their day.
pub(super) fn is_before(version: &str, day: &str) -> bool {
    version.get(..10).is_some_and(|start| start < day)
}

fn version_is_no_preview(view: &View<'_>, sink: &mut Sink<'_>) {
    for node in view.deployed() {
        let resource = node.resource();
        let preview = |version: &str| version.ends_with("-preview");
        if !preview(&resource.api_version) {
            continue;
        }
        let Some(newest) = catalog::newest_api_version(&resource.kind) else { continue };
        if preview(newest) || is_before(newest, &resource.api_version) {
            continue;
        }
        sink.report(&node, format!("`{}` is older than `{newest}`", resource.api_version))
            .help(format!("use `{newest}`"))
            .rests_on(catalog::api_version_fact(&resource.kind));
    }
}

fn content_trust_has_no_end(view: &View<'_>, sink: &mut Sink<'_>) {
    let Some(end) = catalog::retirement("registry:content-trust") else { return };
    let Some(day) = end.retired_on else { return };
    let as_of = view.render.as_of;
    for registry in view.of_kind("Microsoft.ContainerRegistry/registries") {
        let status = registry.at("properties/policies/trustPolicy/status");
        if !status.is("enabled") {
            continue;
        }
        let label = if day <= as_of {
            format!("Azure removed content trust on {day}")
        } else {
            format!("Azure removes content trust on {day}, in {} days", as_of.days_until(day))
        };
        sink.report(&status, label).rests_on(end.fact());
    }
}
