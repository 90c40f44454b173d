//! Which old resource a new one succeeds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::change::Pairing;
use super::judge::{DEFINITION, TEMPLATE, VERSION};
use crate::arm::evaluate::Evaluated;
use crate::expand::Resource;

/// The metadata entry of a pool that names the pool without the digest of its immutable part.
const BASE_METADATA: &str = "prebake-pool";
/// Above this many candidates only equal names are paired: similarity is quadratic.
const MAX_CANDIDATES: usize = 4_096;
/// The share of equal properties, in percent, from which two resources are taken for one.
const SIMILAR: usize = 60;

/// A resource before and after.
pub(super) struct Pair<'a> {
    pub before: Option<&'a Arc<Resource>>,
    pub after: Option<&'a Arc<Resource>>,
    pub pairing: Pairing,
}

/// Pairs by id, then blue-green pools, then what was renamed; the rest is new or gone.
pub(super) fn pair<'a>(before: &'a [Arc<Resource>], after: &'a [Arc<Resource>]) -> Vec<Pair<'a>> {
    let mut old = by_id(before);
    let mut pairs = Vec::new();
    let mut created = Vec::new();
    for resource in after.iter().filter(|resource| !resource.existing) {
        let same = old.get_mut(&resource.id.to_lowercase()).and_then(Vec::pop);
        match same {
            Some(before) => pairs.push(Pair {
                before: Some(before),
                after: Some(resource),
                pairing: Pairing::Same,
            }),
            None => created.push(resource),
        }
    }
    let left: BTreeSet<*const Resource> =
        old.values().flatten().map(|resource| Arc::as_ptr(resource)).collect();
    let deleted: Vec<&Arc<Resource>> =
        before.iter().filter(|resource| left.contains(&Arc::as_ptr(resource))).collect();
    successors(&deleted, &created, &mut pairs);
    pairs
}

/// The resources of each id, the first one last.
fn by_id(resources: &[Arc<Resource>]) -> BTreeMap<String, Vec<&Arc<Resource>>> {
    let mut ids: BTreeMap<String, Vec<&Arc<Resource>>> = BTreeMap::new();
    for resource in resources.iter().rev().filter(|resource| !resource.existing) {
        ids.entry(resource.id.to_lowercase()).or_default().push(resource);
    }
    ids
}

fn successors<'a>(
    deleted: &[&'a Arc<Resource>],
    created: &[&'a Arc<Resource>],
    pairs: &mut Vec<Pair<'a>>,
) {
    let mut candidates = candidates(deleted, created);
    // The order is the same when the sides are swapped, and so are the pairs.
    candidates.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.ids.cmp(&b.ids)));
    let mut taken = (BTreeSet::new(), BTreeSet::new());
    let mut found: BTreeMap<usize, (usize, Pairing)> = BTreeMap::new();
    for candidate in candidates {
        let free = !taken.0.contains(&candidate.old) && !taken.1.contains(&candidate.new);
        if free {
            taken.0.insert(candidate.old);
            taken.1.insert(candidate.new);
            found.insert(candidate.new, (candidate.old, candidate.pairing));
        }
    }
    for (index, after) in created.iter().enumerate() {
        let (before, pairing) = match found.remove(&index) {
            Some((old, pairing)) => (Some(deleted[old]), pairing),
            None => (None, Pairing::Same),
        };
        pairs.push(Pair { before, after: Some(after), pairing });
    }
    for (index, before) in deleted.iter().enumerate() {
        if !taken.0.contains(&index) {
            pairs.push(Pair { before: Some(before), after: None, pairing: Pairing::Same });
        }
    }
}

struct Candidate {
    old: usize,
    new: usize,
    score: usize,
    /// Both ids in the order of the alphabet.
    ids: (String, String),
    pairing: Pairing,
}

fn candidates(deleted: &[&Arc<Resource>], created: &[&Arc<Resource>]) -> Vec<Candidate> {
    let many = deleted.len().saturating_mul(created.len()) > MAX_CANDIDATES;
    let mut names: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (index, resource) in created.iter().enumerate() {
        names.entry(type_and_name(resource)).or_default().push(index);
    }
    let mut found = Vec::new();
    for (old, before) in deleted.iter().enumerate() {
        let indices = if many {
            names.get(&type_and_name(before)).cloned().unwrap_or_default()
        } else {
            (0..created.len()).collect()
        };
        for new in indices {
            if let Some((score, pairing)) = score(before, created[new]) {
                let (first, second) = (before.id.to_lowercase(), created[new].id.to_lowercase());
                let ids = if first < second { (first, second) } else { (second, first) };
                found.push(Candidate { old, new, score, ids, pairing });
            }
        }
    }
    found
}

fn type_and_name(resource: &Resource) -> (String, String) {
    let name = resource.name.rsplit('/').next().unwrap_or_default();
    (resource.kind.to_lowercase(), name.to_lowercase())
}

/// How likely the new resource succeeds the old one, if it is likely at all.
fn score(before: &Resource, after: &Resource) -> Option<(usize, Pairing)> {
    if !before.kind.eq_ignore_ascii_case(&after.kind) {
        return None;
    }
    if let Some(base) = shared_base(before, after).filter(|_| of_one_parent(before, after)) {
        return Some((300, Pairing::BlueGreen { base }));
    }
    let is = |kind: &str| before.kind.eq_ignore_ascii_case(kind);
    let by_version = [VERSION, TEMPLATE].into_iter().any(is) && of_one_parent(before, after);
    if by_version || [DEFINITION, VERSION].into_iter().any(is) && of_one_gallery(before, after) {
        return Some((if by_version { 200 } else { 150 }, Pairing::NextVersion));
    }
    let similarity = similarity(before, after);
    let same_name = type_and_name(before) == type_and_name(after);
    (same_name || similarity >= SIMILAR)
        .then_some((similarity + if same_name { 100 } else { 0 }, Pairing::Renamed))
}

/// Whether two resources stand in one place: two pools of an account, two versions of an image.
fn of_one_parent(before: &Resource, after: &Resource) -> bool {
    let parent =
        |resource: &Resource| resource.id.rsplit_once('/').map(|(parent, _)| parent.to_lowercase());
    parent(before) == parent(after)
}

/// Whether two definitions of images, or versions of them, are in one gallery.
fn of_one_gallery(before: &Resource, after: &Resource) -> bool {
    let gallery = |resource: &Resource| {
        let id = resource.id.to_lowercase();
        id.split_once("/images/").map(|(gallery, _)| gallery.to_owned())
    };
    gallery(before).is_some() && gallery(before) == gallery(after)
}

/// The id that the config gives both pools, at least one of which carries a digest after it: `replace` changes
/// the other.
fn shared_base(before: &Resource, after: &Resource) -> Option<String> {
    let (old, new) = (blue_green_base(before), blue_green_base(after));
    let plain = |pool: &Resource| pool.name.rsplit('/').next().map(str::to_owned);
    let is_one = match (&old, &new) {
        (Some(old), Some(new)) => old == new,
        (Some(old), None) => Some(old) == plain(after).as_ref(),
        (None, Some(new)) => plain(before).as_ref() == Some(new),
        (None, None) => false,
    };
    old.or(new).filter(|_| is_one)
}

/// Whether the deployment retires the old pool when it is asked to: both carry a digest.
pub(super) fn is_retired(before: &Resource, after: &Resource) -> bool {
    blue_green_base(before).is_some() && blue_green_base(after).is_some()
}

/// The id of a pool without the digest of its immutable part: its metadata says it, or its name does.
fn blue_green_base(pool: &Resource) -> Option<String> {
    if !pool.kind.eq_ignore_ascii_case("Microsoft.Batch/batchAccounts/pools") {
        return None;
    }
    let (base, digest) = pool.name.rsplit('/').next()?.rsplit_once('-')?;
    let is_digest = digest.len() == 8 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let metadata = pool.body.get("properties").and_then(|body| body.get("metadata")?.as_array());
    let marked = metadata.into_iter().flatten().find_map(|entry| {
        let is_base = entry.get("name").and_then(Evaluated::as_str) == Some(BASE_METADATA);
        entry.get("value").and_then(Evaluated::as_str).filter(|_| is_base)
    });
    (is_digest && marked.is_none_or(|marked| marked == base)).then(|| base.to_owned())
}

/// The pools whose ID carries a digest: the ID of the config and the one that is deployed.
pub(super) fn pool_ids(resources: &[Arc<Resource>]) -> Vec<(String, String)> {
    let pools = resources.iter().filter(|resource| !resource.existing);
    let id = |pool: &Arc<Resource>| {
        Some((blue_green_base(pool)?, pool.name.rsplit('/').next()?.to_owned()))
    };
    pools.filter_map(id).collect()
}

/// The share of properties that are equal, in percent.
fn similarity(before: &Resource, after: &Resource) -> usize {
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    leaves(&mut String::new(), &Evaluated::Object(before.body.clone()), &mut old);
    leaves(&mut String::new(), &Evaluated::Object(after.body.clone()), &mut new);
    let equal = old.iter().filter(|(path, value)| new.get(*path) == Some(*value)).count();
    let all = old.len() + new.keys().filter(|path| !old.contains_key(*path)).count();
    (equal * 100).checked_div(all).unwrap_or(100)
}

fn leaves(path: &mut String, value: &Evaluated, found: &mut BTreeMap<String, String>) {
    let length = path.len();
    match value {
        Evaluated::Object(object) if !object.is_empty() => {
            for (key, value) in object {
                path.push('.');
                path.push_str(key);
                leaves(path, value, found);
                path.truncate(length);
            }
        }
        Evaluated::Array(elements) if !elements.is_empty() => {
            for (index, value) in elements.iter().enumerate() {
                path.push('.');
                path.push_str(&index.to_string());
                leaves(path, value, found);
                path.truncate(length);
            }
        }
        // An id in another subscription or group names the same thing there.
        Evaluated::String(id) if id.starts_with("/subscriptions/") => {
            let name = id.split_once("/providers/").map_or(id.as_str(), |(_, name)| name);
            found.insert(path.clone(), name.to_owned());
        }
        scalar => {
            found.insert(path.clone(), scalar.to_string());
        }
    }
}
