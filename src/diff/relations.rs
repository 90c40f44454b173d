//! Which resource belongs to or refers to which.

use std::collections::{BTreeMap, BTreeSet};

use crate::arm::evaluate::{Evaluated, Properties};
use crate::expand::Resource;

/// One resource needs another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Relation {
    /// Id of the resource that needs, in lower case.
    pub from: String,
    /// Id of the resource that is needed, in lower case.
    pub to: String,
    /// It was so.
    pub before: bool,
    /// It will be so.
    pub after: bool,
}

/// Every resource ID that some resource refers to, in lower case.
pub(super) fn references(resources: &[Resource]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for resource in resources {
        each_id_in(&resource.body, &mut |id| {
            found.insert(id.to_lowercase());
        });
    }
    found
}

/// The ID of every resource that a render deploys or finds already there, in lower case.
pub(super) fn standing(resources: &[Resource]) -> BTreeSet<String> {
    resources.iter().map(|resource| resource.id.to_lowercase()).collect()
}

/// The relations between the resources of both sides.
pub(super) fn relations(before: &[Resource], after: &[Resource]) -> Vec<Relation> {
    let mut found: BTreeMap<(String, String), (bool, bool)> = BTreeMap::new();
    for (from, to) in edges(before) {
        found.entry((from, to)).or_default().0 = true;
    }
    for (from, to) in edges(after) {
        found.entry((from, to)).or_default().1 = true;
    }
    let relation = |((from, to), (before, after))| Relation { from, to, before, after };
    found.into_iter().map(relation).collect()
}

fn edges(resources: &[Resource]) -> BTreeSet<(String, String)> {
    let ids: BTreeSet<String> = resources
        .iter()
        .filter(|resource| !resource.existing)
        .map(|resource| resource.id.to_lowercase())
        .collect();
    let mut found = BTreeSet::new();
    for resource in resources.iter().filter(|resource| !resource.existing) {
        let from = resource.id.to_lowercase();
        let mut add = |id: &str| {
            if let Some(to) = nearest(&ids, &id.to_lowercase())
                && to != from
            {
                found.insert((from.clone(), to));
            }
        };
        for id in &resource.depends_on {
            add(id);
        }
        if let Some((parent, _)) = from.rsplit_once('/').and_then(|(rest, _)| rest.rsplit_once('/'))
        {
            add(parent);
        }
        each_id_in(&resource.body, &mut add);
    }
    found
}

/// The resource of this id, or the one that it is a part of.
fn nearest(ids: &BTreeSet<String>, id: &str) -> Option<String> {
    let mut id = id;
    loop {
        if ids.contains(id) {
            return Some(id.to_owned());
        }
        id = id.rsplit_once('/')?.0;
    }
}

/// Visits each text and each key that looks like a resource ID.
fn each_id(value: &Evaluated, visit: &mut dyn FnMut(&str)) {
    let mut text = |text: &str| {
        if text.starts_with('/') && text.contains("/providers/") {
            visit(text);
        }
    };
    match value {
        Evaluated::String(string) => text(string),
        Evaluated::Array(elements) => elements.iter().for_each(|element| each_id(element, visit)),
        Evaluated::Object(object) => each_id_in(object, visit),
        _ => {}
    }
}

fn each_id_in(object: &Properties, visit: &mut dyn FnMut(&str)) {
    for (key, value) in object {
        if key.starts_with('/') {
            visit(key);
        }
        each_id(value, visit);
    }
}
