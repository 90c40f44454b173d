//! Which resource belongs to or refers to which.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

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
pub(super) fn references(resources: &[Arc<Resource>]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for resource in resources {
        each_id_in(&resource.body, &mut |id| {
            found.insert(id.to_lowercase());
        });
    }
    found
}

/// The ID of every resource that a render deploys or finds already there, in lower case.
pub(super) fn standing(resources: &[Arc<Resource>]) -> BTreeSet<String> {
    resources.iter().map(|resource| resource.id.to_lowercase()).collect()
}

/// The relations between the resources of both sides.
pub(super) fn relations(before: &[Arc<Resource>], after: &[Arc<Resource>]) -> Vec<Relation> {
    let [before, after] = [before, after].map(deployed);
    let mut names: Vec<&str> = before.iter().chain(&after).map(|(id, _)| &**id).collect();
    names.sort_unstable();
    names.dedup();
    let mut found: BTreeMap<(usize, usize), (bool, bool)> = BTreeMap::new();
    for edge in edges(&before, &names) {
        found.entry(edge).or_default().0 = true;
    }
    for edge in edges(&after, &names) {
        found.entry(edge).or_default().1 = true;
    }
    let name = |number: usize| names[number].to_owned();
    let relation = |((from, to), (before, after))| {
        let (from, to) = (name(from), name(to));
        Relation { from, to, before, after }
    };
    found.into_iter().map(relation).collect()
}

/// The resources that a render deploys, with their IDs in lower case.
fn deployed(resources: &[Arc<Resource>]) -> Vec<(String, &Resource)> {
    let deployed = resources.iter().map(|it| &**it).filter(|resource| !resource.existing);
    deployed.map(|resource| (resource.id.to_lowercase(), resource)).collect()
}

/// The numbers of sorted IDs. IDs differ near their ends, so that looking for one in order compares long texts.
type Numbers<'a> = HashMap<&'a str, usize, foldhash::fast::RandomState>;

/// Which resource needs which, both by their place among the names of all.
fn edges(resources: &[(String, &Resource)], names: &[&str]) -> Vec<(usize, usize)> {
    let all: Numbers<'_> = names.iter().enumerate().map(|(number, id)| (*id, number)).collect();
    let ids: Numbers<'_> = resources.iter().map(|(id, _)| (&**id, all[&**id])).collect();
    let mut found = Vec::new();
    for (id, resource) in resources {
        let from = ids[&**id];
        let mut add = |id: &str| {
            found.extend(
                nearest(&ids, &id.to_lowercase()).filter(|to| *to != from).map(|to| (from, to)),
            );
        };
        for id in &resource.depends_on {
            add(id);
        }
        if let Some((parent, _)) = id.rsplit_once('/').and_then(|(rest, _)| rest.rsplit_once('/')) {
            add(parent);
        }
        each_id_in(&resource.body, &mut add);
    }
    found
}

/// The resource of this id, or the one that it is a part of.
fn nearest(ids: &Numbers<'_>, id: &str) -> Option<usize> {
    let mut id = id;
    loop {
        if let Some(number) = ids.get(id) {
            return Some(*number);
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
