//! What a reviewer asks first: is anything replaced or deleted, does access widen, does cost rise?

use serde::Serialize;

use super::Review;
use super::decimal;
use super::view::kind_words;
use crate::diff::{Access, Action, Diff, Pairing, Quantity, ResourceChange, path_text};

/// Types that are billed for being there.
const BILLED: [&str; 6] = [
    "Microsoft.Compute/virtualMachines",
    "Microsoft.ContainerRegistry/registries",
    "Microsoft.Network/natGateways",
    "Microsoft.Network/privateEndpoints",
    "Microsoft.Network/publicIPAddresses",
    "Microsoft.Batch/batchAccounts/pools",
];
/// Registry SKUs from the cheapest.
const REGISTRY_SKUS: [&str; 3] = ["basic", "standard", "premium"];
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

/// The answers of a fleet: the worst of each, naming the configs.
pub(super) fn together(reviews: &[Review]) -> Vec<Answer> {
    if let [only] = reviews {
        return only.answers.clone();
    }
    (0..3)
        .filter_map(|index| {
            let worst = reviews
                .iter()
                .filter_map(|review| review.answers.get(index))
                .max_by_key(|answer| answer.level)?;
            let names: Vec<&str> = reviews
                .iter()
                .filter(|review| {
                    review.answers.get(index).is_some_and(|answer| answer.level > Level::Calm)
                })
                .map(|review| review.name.as_str())
                .collect();
            let text =
                if names.is_empty() { worst.text.clone() } else { format!("in {}", few(&names)) };
            Some(Answer { text, ..worst.clone() })
        })
        .collect()
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
    let mut parts = Vec::new();
    for action in Action::ALL.into_iter().filter(|action| action.is_dangerous()) {
        let names: Vec<String> = diff
            .resources
            .iter()
            .filter(|change| change.action == action)
            .map(|change| format!("{} `{}`", kind_words(&change.kind), change.short_name()))
            .collect();
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
    let (word, level) = if parts.is_empty() { ("no", Level::Calm) } else { ("YES", Level::Danger) };
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
        changes
            .map(|change| {
                let name = change.name.rsplit('/').next().unwrap_or(&change.name);
                if change.path.is_empty() {
                    let value = change.after.as_ref().or(change.before.as_ref());
                    let role = value.and_then(serde_json::Value::as_str).unwrap_or(name);
                    format!("{}: {role}", change.label)
                } else {
                    format!("{} of `{name}`", change.label)
                }
            })
            .collect()
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
    parts.extend(total("nodes", old.nodes.to_string(), new.nodes.to_string()));
    parts.extend(total("vCPUs", old.vcpus.to_string(), new.vcpus.to_string()));
    parts.extend(total("GPUs", decimal(old.gpus), decimal(new.gpus)));
    let billed: Vec<(bool, String)> = diff.resources.iter().filter_map(billed).collect();
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
    let unknown: Vec<&String> =
        changed.map(|(name, _, _)| name).filter(|name| capacity.unknown.contains(name)).collect();
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

/// What a change adds to the bill or takes from it, pools aside: those count by their nodes.
fn billed(change: &ResourceChange) -> Option<(bool, String)> {
    let name = change.short_name();
    if change.is("Microsoft.ContainerRegistry/registries") {
        let sku = change.properties.iter().find(|property| path_text(&property.path) == "sku.name");
        if let Some(sku) = sku {
            let rank = |value: &Option<serde_json::Value>| {
                let text = value.as_ref()?.as_str()?.to_lowercase();
                REGISTRY_SKUS.iter().position(|name| *name == text)
            };
            let rises = rank(&sku.after) > rank(&sku.before);
            return Some((rises, format!("SKU of `{name}`")));
        }
    }
    let billed = BILLED.iter().any(|kind| change.is(kind));
    let pool = change.is("Microsoft.Batch/batchAccounts/pools");
    let words = kind_words(&change.kind);
    match change.action {
        Action::Create if billed && !pool => Some((true, format!("new {words} `{name}`"))),
        Action::Delete if billed && !pool => {
            Some((false, format!("{words} `{name}` once deleted")))
        }
        _ => None,
    }
}

/// A resource whose predecessor keeps costing money.
fn twice(change: &ResourceChange) -> Option<String> {
    let billed = BILLED.iter().any(|kind| change.is(kind));
    (change.pairing != Pairing::Same && billed)
        .then(|| format!("{} `{}`", kind_words(&change.kind), change.short_name()))
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
        notes.push(format!("not known offline: {}", few(&diff.capacity.unknown)));
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
        notes.push(format!("{} keeps its nodes until it is deleted", few(&left)));
    }
    notes.join("; ")
}
