//! What a reviewer asks first: is anything replaced or deleted, does access widen, does cost rise?

use serde::Serialize;
use serde_json::Value;

use super::capacity::amounts;
use super::kinds::kind_words;
use super::section::Summary;
use crate::diff::{
    Access, Action, Cost, Diff, HOURS_A_MONTH, Pairing, Quantity, ResourceChange, Shown, path_text,
};

/// Types that are billed for being there.
const BILLED: [&str; 6] = [
    "Microsoft.Compute/virtualMachines",
    "Microsoft.ContainerRegistry/registries",
    "Microsoft.Network/natGateways",
    "Microsoft.Network/privateEndpoints",
    "Microsoft.Network/publicIPAddresses",
    "Microsoft.Batch/batchAccounts/pools",
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
/// The stage whose resources live as long as a bake.
const BUILDER: &str = "builder";
/// How many names stand in an answer.
const MAX_NAMES: usize = 3;
/// How many parts stand in the answer about cost.
const MAX_COSTS: usize = 6;

/// How much an answer should worry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Nothing to see.
    Calm,
    /// Look at it.
    Warn,
    /// Look at it first.
    Danger,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// What is asked.
    pub question: &'static str,
    /// The answer in a word.
    pub word: &'static str,
    /// How much it should worry.
    pub level: Level,
    /// The answer in a sentence.
    pub text: String,
}

pub(super) fn answers(diff: &Diff) -> Vec<Answer> {
    vec![danger(diff), access(diff), cost(diff)]
}

/// The words of answers that worry, the worst first; those of one question compare.
const WORRIES: [&str; 7] =
    ["YES", "REFUSED", "EMPTY POOL", "WIDENS", "RISES", "not known", "changes"];

/// The answers of a fleet: the worst of each, naming the configs.
pub(super) fn together(configs: &[&Summary]) -> Vec<Answer> {
    if let [only] = configs {
        return only.answers.clone();
    }
    (0..3).filter_map(|index| worst(configs, index)).collect()
}

/// The worst answer to one question, with the configs of that answer and of milder ones.
fn worst(configs: &[&Summary], index: usize) -> Option<Answer> {
    let mut answers = configs.iter().filter_map(|config| config.answers.get(index));
    let in_which = |word: &str| -> Vec<&str> {
        let of = |config: &&&Summary| {
            config
                .answers
                .get(index)
                .is_some_and(|answer| answer.level > Level::Calm && answer.word == word)
        };
        configs.iter().filter(of).map(|config| config.name.as_str()).collect()
    };
    let told: Vec<(&str, Vec<&str>)> = WORRIES
        .iter()
        .map(|word| (*word, in_which(word)))
        .filter(|(_, names)| !names.is_empty())
        .collect();
    let Some((word, names)) = told.first() else { return answers.next_back().cloned() };
    let worst = answers.find(|answer| answer.word == *word)?;
    let mut text = format!("in {}", few(names));
    for (word, names) in &told[1..] {
        text = format!("{text}; {word} in {}", few(names));
    }
    Some(Answer { text, ..worst.clone() })
}

fn few(names: &[impl AsRef<str>]) -> String {
    first(names, MAX_NAMES)
}

fn first(names: &[impl AsRef<str>], most: usize) -> String {
    let mut shown: Vec<String> =
        names.iter().take(most).map(|name| name.as_ref().to_owned()).collect();
    if names.len() > most {
        shown.push(format!("{} more", names.len() - most));
    }
    shown.join(", ")
}

fn danger(diff: &Diff) -> Answer {
    let names = |holds: &dyn Fn(&ResourceChange) -> bool| -> Vec<String> {
        let found = diff.resources.iter().filter(|change| holds(change));
        found.map(|change| format!("{} `{}`", kind_words(&change.kind), change.title)).collect()
    };
    let mut parts = Vec::new();
    for action in Action::ALL.into_iter().filter(|action| action.is_dangerous()) {
        let names = names(&|change| change.action == action && change.stage != BUILDER);
        if !names.is_empty() {
            let words = match action {
                Action::Refused => "refused",
                Action::Delete => "no longer rendered",
                Action::Replace => "replaced",
                _ => "needs an empty pool",
            };
            parts.push(format!("{words}: {}", few(&names)));
        }
    }
    let builder = names(&|change| change.action.is_dangerous() && change.stage == BUILDER);
    if !builder.is_empty() {
        parts.push(format!("while the builder of an earlier bake stands: {}", few(&builder)));
    }
    let has = |action: Action| diff.count(action) > 0;
    let (word, level) = if has(Action::Replace) || has(Action::Delete) {
        ("YES", Level::Danger)
    } else if has(Action::Refused) {
        ("REFUSED", Level::Danger)
    } else if has(Action::EmptyPool) {
        ("EMPTY POOL", Level::Danger)
    } else {
        ("no", Level::Calm)
    };
    let text = if parts.is_empty() {
        "nothing is replaced or deleted".to_owned()
    } else {
        parts.join("; ")
    };
    Answer { question: "replaced or deleted", word, level, text }
}

fn access(diff: &Diff) -> Answer {
    let of = |access: Access| -> Vec<String> {
        let changes = diff.security.iter().filter(|change| change.access == access);
        let mut names: Vec<String> = changes
            .map(|change| {
                let name = change.name.rsplit('/').next().unwrap_or(&change.name);
                let once_deleted = if change.once_deleted { " once deleted" } else { "" };
                if change.path.is_empty() {
                    let value = change.after.as_ref().or(change.before.as_ref());
                    let role = value.and_then(Value::as_str).unwrap_or(name);
                    format!("{}: {role}{once_deleted}", change.label)
                } else {
                    format!("{} of `{name}`{once_deleted}", change.label)
                }
            })
            .collect();
        names.dedup();
        names
    };
    let (wider, other, narrower) = (of(Access::Widens), of(Access::Changes), of(Access::Narrows));
    let (word, level, text) = if !wider.is_empty() {
        ("WIDENS", Level::Danger, few(&wider))
    } else if !other.is_empty() {
        ("changes", Level::Warn, few(&other))
    } else if !narrower.is_empty() {
        ("narrows", Level::Calm, few(&narrower))
    } else {
        ("no", Level::Calm, "roles, identities, networks and users stay as they are".to_owned())
    };
    Answer { question: "access widens", word, level, text }
}

fn cost(diff: &Diff) -> Answer {
    let capacity = &diff.capacity;
    let mut parts = Vec::new();
    let total = |name: &str, before: String, after: String| {
        (before != after).then(|| format!("{name} {before} → {after}"))
    };
    let (old, new): (Quantity, Quantity) = (capacity.before, capacity.after);
    let names = ["nodes", "vCPUs", "GPUs"].into_iter();
    let sides = amounts(old).into_iter().zip(amounts(new));
    parts.extend(names.zip(sides).filter_map(|(name, (before, after))| total(name, before, after)));
    parts.splice(0..0, diff.cost.as_ref().map(money));
    let mut billed: Vec<(bool, String)> = diff.resources.iter().filter_map(billed).collect();
    billed.extend(spot(diff));
    let twice: Vec<String> = diff.resources.iter().filter_map(twice).collect();
    let rises = !twice.is_empty()
        || new.nodes > old.nodes
        || new.vcpus > old.vcpus
        || new.gpus > old.gpus
        || billed.iter().any(|(rises, _)| *rises);
    let falls = new.nodes < old.nodes
        || new.vcpus < old.vcpus
        || new.gpus < old.gpus
        || billed.iter().any(|(rises, _)| !rises);
    parts.extend(billed.into_iter().map(|(_, text)| text));
    if !twice.is_empty() {
        parts.push(format!("billed twice until the old one is deleted: {}", few(&twice)));
    }
    let changed = capacity.pools.iter().filter(|(_, before, after)| before != after);
    let unknown: Vec<String> = changed
        .map(|(name, _, _)| name)
        .filter(|name| capacity.unknown.contains(name))
        .map(|name| pool_name(name))
        .collect();
    if !unknown.is_empty() {
        parts.push(format!("not known offline: {}", few(&unknown)));
    }
    let shifts = capacity.rises();
    let (word, level) = match (rises, falls) {
        (true, _) => ("RISES", Level::Warn),
        (false, false) if shifts => ("changes", Level::Warn),
        (false, true) if unknown.is_empty() => ("falls", Level::Calm),
        _ if !unknown.is_empty() => ("not known", Level::Warn),
        _ => ("no", Level::Calm),
    };
    let moved = capacity.families.iter().filter(|family| family.before != family.after);
    if parts.is_empty() {
        parts.extend(moved.map(|family| {
            format!("nodes of {} {} → {}", family.family, family.before.nodes, family.after.nodes)
        }));
    }
    if parts.is_empty() {
        parts.push("nodes, sizes and SKUs stay as they are".to_owned());
    }
    Answer { question: "cost rises", word, level, text: first(&parts, MAX_COSTS) }
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
        text = format!("{text}, without {} for want of a price", few(&names));
    }
    text
}

/// Nodes that become dedicated, which cost more than spot nodes, or the other way round.
fn spot(diff: &Diff) -> Vec<(bool, String)> {
    let told = |(family, [before, after]): (&str, [[u64; 2]; 2])| {
        let swapped = (before[0] < after[0] && before[1] > after[1])
            || (before[0] > after[0] && before[1] < after[1]);
        let text = || {
            let [(old, old_spot), (new, new_spot)] = [before, after].map(|it| (it[0], it[1]));
            format!("dedicated nodes of {family} {old} → {new}, spot nodes {old_spot} → {new_spot}")
        };
        swapped.then(|| (before[0] < after[0], text()))
    };
    diff.capacity.kinds().into_iter().filter_map(told).collect()
}

/// A pool without its account.
fn pool_name(name: &str) -> String {
    format!("`{}`", name.rsplit('/').next().unwrap_or(name))
}

/// What a change adds to the bill or takes from it: pools aside, which count by their nodes, and the
/// builder, which lives as long as a bake.
fn billed(change: &ResourceChange) -> Option<(bool, String)> {
    if change.stage == BUILDER {
        return None;
    }
    let name = &change.title;
    let words = kind_words(&change.kind);
    let billed = BILLED.iter().any(|kind| change.is(kind));
    let pool = change.is("Microsoft.Batch/batchAccounts/pools");
    match change.action {
        Action::Create if billed && !pool => Some((true, format!("new {words} `{name}`"))),
        Action::Delete if billed && !pool => {
            Some((false, format!("{words} `{name}` once deleted")))
        }
        _ => sku(change).or_else(|| replicas(change)),
    }
}

/// A SKU that is dearer or cheaper than before.
fn sku(change: &ResourceChange) -> Option<(bool, String)> {
    let ladder = SKUS.iter().find(|(kind, _)| change.is(kind))?.1;
    let sku = change.properties.iter().find(|property| path_text(&property.path) == "sku.name")?;
    let before = sku.before.as_ref().and_then(Value::as_str).unwrap_or_default();
    let after = sku.after.as_ref().and_then(Value::as_str).unwrap_or_default();
    let rank = |text: &str| ladder.iter().position(|name| name.eq_ignore_ascii_case(text));
    let text = format!("SKU of `{}` {before} → {after}", change.title);
    Some((rank(after) > rank(before), text))
}

/// Copies of an image version, each of which is stored and billed.
fn replicas(change: &ResourceChange) -> Option<(bool, String)> {
    if !change.is("Microsoft.Compute/galleries/images/versions") {
        return None;
    }
    let count = |side: &Option<Shown>| {
        let profile = side.as_ref()?.body.get("properties")?.get("publishingProfile")?;
        let regions = profile.get("targetRegions")?.as_array()?;
        let of = |region: &Value| {
            region.get("regionalReplicaCount").and_then(Value::as_u64).unwrap_or(1)
        };
        Some(regions.iter().map(of).fold(0, u64::saturating_add))
    };
    let (before, after) = (count(&change.before)?, count(&change.after)?);
    let text = || format!("replicas of image version `{}` {before} → {after}", change.title);
    (before != after).then(|| (after > before, text()))
}

/// A resource whose predecessor keeps costing money.
fn twice(change: &ResourceChange) -> Option<String> {
    let billed = BILLED.iter().any(|kind| change.is(kind));
    (change.pairing != Pairing::Same && billed)
        .then(|| format!("{} `{}`", kind_words(&change.kind), change.title))
}

/// What the numbers of the table of capacity mean.
pub(super) fn capacity_note(diff: &Diff) -> String {
    let mut notes = Vec::new();
    if diff.capacity.auto_scale {
        notes.push(
            "auto-scale pools count with the most nodes that their formula asks for".to_owned(),
        );
    }
    if !diff.capacity.unknown.is_empty() {
        let names: Vec<String> = diff.capacity.unknown.iter().map(|name| pool_name(name)).collect();
        notes.push(format!("not known offline: {}", few(&names)));
    }
    let left: Vec<String> = diff
        .resources
        .iter()
        .filter(|change| change.is("Microsoft.Batch/batchAccounts/pools"))
        .filter(|change| change.action == Action::Delete || change.pairing != Pairing::Same)
        .filter_map(|change| {
            Some(format!("`{}`", change.before.as_ref()?.name.rsplit('/').next()?))
        })
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
