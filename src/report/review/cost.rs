//! Whether a change costs more: nodes, sizes, SKUs and what is billed for being there.
//!
//! [`Costs`] gathers what rises, what falls and what runs twice; [`answer`] puts it into words. A pool that
//! left the render costs what it did until somebody deletes it.

use super::answers::{Answer, Question, Verdict, few, first, pools_that_stay};
use super::capacity::amounts;
use super::kinds::kind_words;
use crate::arm::evaluate::Evaluated;
use crate::catalog::Lifecycle;
use crate::diff::{
    Action, Cost, Diff, HOURS_A_MONTH, Pairing, PoolCapacity, Quantity, Redacted, Removal,
    ResourceChange, path_text, title,
};

/// The type of a pool.
pub(super) const POOL: &str = "Microsoft.Batch/batchAccounts/pools";
/// Types that are billed for being there.
const BILLED: [&str; 6] = [
    "Microsoft.Compute/virtualMachines",
    "Microsoft.ContainerRegistry/registries",
    "Microsoft.Network/natGateways",
    "Microsoft.Network/privateEndpoints",
    "Microsoft.Network/publicIPAddresses",
    POOL,
];
/// SKUs of the types that have them, from the cheapest.
const SKUS: [(&str, &[&str]); 2] = [
    ("Microsoft.ContainerRegistry/registries", &["Basic", "Standard", "Premium"]),
    (
        "Microsoft.Storage/storageAccounts",
        &[
            "Standard_LRS",
            "Standard_ZRS",
            "Standard_GRS",
            "Standard_RAGRS",
            "Standard_GZRS",
            "Standard_RAGZRS",
            "Premium_LRS",
            "Premium_ZRS",
        ],
    ),
];
/// How many parts stand in the answer.
const MAX_PARTS: usize = 6;

/// What a change does to the bill.
#[derive(Debug, Default)]
struct Costs {
    rises: bool,
    falls: bool,
    /// Two pools run side by side until the old one is retired.
    for_a_while: bool,
    parts: Vec<String>,
}

/// The answer to whether cost rises.
pub(super) fn answer(diff: &Diff) -> Answer {
    let mut costs = Costs::default();
    costs.parts.extend(diff.cost.as_ref().map(money));
    costs.nodes(diff);
    costs.billed(diff);
    costs.side_by_side(diff);
    costs.left_behind(diff);
    let unknown = unknown(diff);
    if !unknown.is_empty() {
        costs.parts.push(format!("unknown offline: {}", few(&unknown)));
    }
    let verdict = match (costs.rises, costs.falls) {
        (true, _) => Verdict::Rises,
        _ if costs.for_a_while => Verdict::ForAWhile,
        (false, false) if diff.capacity.rises() && !only_leaves(diff) => Verdict::Changes,
        (false, true) if unknown.is_empty() => Verdict::Falls,
        _ if !unknown.is_empty() => Verdict::NotKnown,
        _ => Verdict::No,
    };
    if costs.parts.is_empty() {
        let families = diff.capacity.families.iter();
        let moved = families.filter(|family| family.before != family.after);
        costs.parts.extend(moved.map(|family| {
            format!("nodes of {} {} → {}", family.family, family.before.nodes, family.after.nodes)
        }));
    }
    if costs.parts.is_empty() {
        costs.parts.push("nodes, sizes and SKUs are unchanged".to_owned());
    }
    Answer::new(Question::Cost, verdict, first(&costs.parts, MAX_PARTS))
}

/// `EUR 1.85 → 2.45 an hour, 1351 → 1789 a month`, and what has no price.
fn money(cost: &Cost) -> String {
    let [old, new] = [cost.before, cost.after];
    let [old_month, new_month] = [old, new].map(|amount| amount * HOURS_A_MONTH);
    let mut text = format!(
        "{} {old:.2} → {new:.2} an hour, {old_month:.0} → {new_month:.0} a month of 730 hours",
        cost.currency
    );
    if !cost.missing.is_empty() {
        let names: Vec<String> = cost.missing.iter().map(|meter| format!("`{meter}`")).collect();
        text = format!("{text}, without {} (no price known)", few(&names));
    }
    text
}

impl Costs {
    /// Nodes, vCPUs and GPUs of the pools that the new render has, against what those had before.
    fn nodes(&mut self, diff: &Diff) {
        let (old, new) = (lasting(diff), diff.capacity.after);
        let sides = amounts(old).into_iter().zip(amounts(new));
        let total = |(name, (before, after)): (&str, (String, String))| {
            (before != after).then(|| format!("{name} {before} → {after}"))
        };
        self.parts.extend(["nodes", "vCPUs", "GPUs"].into_iter().zip(sides).filter_map(total));
        self.rises |= new.nodes > old.nodes || new.vcpus > old.vcpus || new.gpus > old.gpus;
        self.falls |= new.nodes < old.nodes || new.vcpus < old.vcpus || new.gpus < old.gpus;
    }

    fn billed(&mut self, diff: &Diff) {
        let of_resources = diff.resources.iter().filter_map(billed);
        for (rises, text) in of_resources.chain(spot(diff)) {
            self.rises |= rises;
            self.falls |= !rises;
            self.parts.push(text);
        }
    }

    /// What runs beside its successor: a retired pool for a while, anything else until it is deleted by hand.
    fn side_by_side(&mut self, diff: &Diff) {
        let twice = diff.resources.iter().filter(|change| is_billed_twice(change));
        let (beside, others): (Vec<&ResourceChange>, Vec<&ResourceChange>) =
            twice.partition(|change| change.action == Action::Beside);
        let (retired, kept): (Vec<&ResourceChange>, Vec<&ResourceChange>) =
            beside.into_iter().partition(|change| change.removal == Some(Removal::WhenRetired));
        for (group, who) in
            [(retired, "`prebake deploy --retire-old` deletes"), (kept, "you delete")]
        {
            self.for_a_while |= !group.is_empty();
            self.parts.extend(in_parallel(diff, &group, who));
        }
        for change in others {
            self.rises = true;
            let (kind, old) = (kind_words(&change.kind), old_title(change));
            self.parts.push(format!("{kind} `{old}` costs money until you delete it"));
        }
    }

    /// What left the render and keeps its cost.
    fn left_behind(&mut self, diff: &Diff) {
        let gone = diff.resources.iter().filter(|change| change.action == Action::Delete);
        for change in gone.filter(|change| is_billed(change)) {
            let (kind, name) = (kind_words(&change.kind), &change.title);
            let nodes = capacity_of(diff, &change.name).map(|pool| pool.quantity.nodes);
            let what = match nodes {
                Some(1) => "its node and its cost".to_owned(),
                Some(nodes) => format!("its {nodes} nodes and their cost"),
                None => "its cost".to_owned(),
            };
            self.parts.push(format!("{kind} `{name}` keeps {what} until it is deleted"));
        }
    }
}

/// What the pools had that the new render has, too, or that have a successor in it.
fn lasting(diff: &Diff) -> Quantity {
    let gone: Vec<&ResourceChange> = pools_that_stay(diff)
        .into_iter()
        .filter(|change| change.action == Action::Delete)
        .collect();
    let mut sum = Quantity::default();
    for (name, before, _) in &diff.capacity.pools {
        if let Some(before) = before
            && !gone.iter().any(|change| change.name.eq_ignore_ascii_case(name))
        {
            sum += before.quantity;
        }
    }
    sum
}

/// Whether nothing but pools that leave changes the capacity.
fn only_leaves(diff: &Diff) -> bool {
    diff.capacity.pools.iter().all(|(_, before, after)| before == after || after.is_none())
}

/// How long pools run in parallel with their successors, and how many nodes that is.
fn in_parallel(diff: &Diff, group: &[&ResourceChange], who: &str) -> Option<String> {
    let (nodes, after) = nodes_beside(diff, group);
    let count = format!("{nodes} nodes until then, {after} after");
    let olds: Vec<String> = group.iter().map(|change| format!("`{}`", old_title(change))).collect();
    match group {
        [] => None,
        [only] => Some(format!(
            "pool {} runs in parallel with `{}` until {who} it: {count}",
            olds[0], only.title
        )),
        _ => Some(format!(
            "pools {} run in parallel with their successors until {who} them: {count}",
            few(&olds)
        )),
    }
}

/// The nodes of pools and their successors, and of the successors alone.
fn nodes_beside(diff: &Diff, group: &[&ResourceChange]) -> (u64, u64) {
    let nodes = |name: &str| capacity_of(diff, name).map_or(0, |pool| pool.quantity.nodes);
    let olds = group.iter().filter_map(|change| change.before.as_ref());
    let old: u64 = olds.map(|before| nodes(&before.name)).sum();
    let new: u64 = group.iter().map(|change| nodes(&change.name)).sum();
    (old + new, new)
}

/// The capacity of a pool, after the change or before it.
fn capacity_of<'a>(diff: &'a Diff, name: &str) -> Option<&'a PoolCapacity> {
    let pools = &diff.capacity.pools;
    let (_, before, after) = pools.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name))?;
    after.as_ref().or(before.as_ref())
}

fn old_title(change: &ResourceChange) -> String {
    change.before.as_deref().map(title).unwrap_or_default()
}

fn is_billed(change: &ResourceChange) -> bool {
    change.lifecycle == Lifecycle::Lasting && BILLED.iter().any(|kind| change.is(kind))
}

/// Whether the predecessor of a resource keeps costing money.
fn is_billed_twice(change: &ResourceChange) -> bool {
    change.pairing != Pairing::Same && is_billed(change)
}

/// Pools whose capacity differs and cannot be known offline.
fn unknown(diff: &Diff) -> Vec<String> {
    let changed = diff.capacity.pools.iter().filter(|(_, before, after)| before != after);
    let names = changed.map(|(name, ..)| name);
    names.filter(|name| diff.capacity.unknown.contains(name)).map(|name| pool_name(name)).collect()
}

/// Nodes that become dedicated, which cost more than spot nodes, or the other way round.
fn spot(diff: &Diff) -> Vec<(bool, String)> {
    let told = |(family, [before, after]): (&str, [[u64; 2]; 2])| {
        let swapped = (before[0] < after[0] && before[1] > after[1])
            || (before[0] > after[0] && before[1] < after[1]);
        let text = || {
            let [(old, old_spot), (new, new_spot)] = [before, after].map(|it| (it[0], it[1]));
            format!("dedicated nodes of {family} {old} → {new}, Spot nodes {old_spot} → {new_spot}")
        };
        swapped.then(|| (before[0] < after[0], text()))
    };
    diff.capacity.kinds().into_iter().filter_map(told).collect()
}

/// A pool without its account.
pub(super) fn pool_name(name: &str) -> String {
    format!("`{}`", name.rsplit('/').next().unwrap_or(name))
}

/// What a change adds to the bill or takes from it: pools aside, which count by their nodes, and what lasts
/// one bake.
fn billed(change: &ResourceChange) -> Option<(bool, String)> {
    if change.lifecycle == Lifecycle::OneBake {
        return None;
    }
    if change.action == Action::Create && is_billed(change) && !change.is(POOL) {
        return Some((true, format!("new {} `{}`", kind_words(&change.kind), change.title)));
    }
    sku(change).or_else(|| replicas(change))
}

/// A SKU that is dearer or cheaper than before.
fn sku(change: &ResourceChange) -> Option<(bool, String)> {
    let ladder = SKUS.iter().find(|(kind, _)| change.is(kind))?.1;
    let sku = change.properties.iter().find(|property| path_text(&property.path) == "sku.name")?;
    let before = sku.before.as_ref().and_then(Evaluated::written).unwrap_or_default();
    let after = sku.after.as_ref().and_then(Evaluated::written).unwrap_or_default();
    let rank = |text: &str| ladder.iter().position(|name| name.eq_ignore_ascii_case(text));
    let text = format!("SKU of `{}` {before} → {after}", change.title);
    Some((rank(&after) > rank(&before), text))
}

/// Copies of an image version, each of which is stored and billed.
fn replicas(change: &ResourceChange) -> Option<(bool, String)> {
    if !change.is("Microsoft.Compute/galleries/images/versions") {
        return None;
    }
    let count = |side: &Option<Redacted>| {
        let profile = side.as_ref()?.body.get("properties")?.get("publishingProfile")?;
        let regions = profile.get("targetRegions")?.as_array()?;
        let of = |region: &Evaluated| {
            region.get("regionalReplicaCount").and_then(Evaluated::as_u64).unwrap_or(1)
        };
        Some(regions.iter().map(of).fold(0, u64::saturating_add))
    };
    let (before, after) = (count(&change.before)?, count(&change.after)?);
    let text = || format!("replicas of image version `{}` {before} → {after}", change.title);
    (before != after).then(|| (after > before, text()))
}

/// What the numbers of the table of capacity mean.
pub(super) fn capacity_note(diff: &Diff) -> String {
    let mut notes = Vec::new();
    if diff.capacity.auto_scale {
        notes.push(
            "autoscale pools count with the maximum number of nodes of their formula".to_owned(),
        );
    }
    if !diff.capacity.unknown.is_empty() {
        let names: Vec<String> = diff.capacity.unknown.iter().map(|name| pool_name(name)).collect();
        notes.push(format!("unknown offline: {}", few(&names)));
    }
    let left: Vec<String> = pools_that_stay(diff)
        .into_iter()
        .filter_map(|change| Some(pool_name(&change.before.as_ref()?.name)))
        .collect();
    if !left.is_empty() {
        let words = match left.len() {
            1 => "keeps its nodes until it is deleted",
            _ => "keep their nodes until they are deleted",
        };
        notes.push(format!("{} {words}", few(&left)));
    }
    notes.join("; ")
}
