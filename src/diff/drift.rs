//! What stands in Azure against what the render asks for: only what the render says is compared, since Azure adds
//! much of its own.

use super::change::PropertyChange;
use super::compare;
use crate::arm::evaluate::{Evaluated, Properties};
use crate::catalog::{self, mutability};
use crate::expand::Resource;

/// The properties in which a deployed resource differs from the one that the render asks for: `before` is what
/// stands in Azure. What only Azure can compute, what it never shows and what is fixed at creation is no drift.
pub fn drift(expected: &Resource, deployed: &Properties) -> Vec<PropertyChange> {
    let facts = mutability::facts(&expected.kind);
    let mut wanted = expected.body.clone();
    // These are where the resource is, not what it is.
    for key in ["dependsOn", "name", "type", "apiVersion", "scope", "parent"] {
        wanted.swap_remove(key);
    }
    let mut found = deployed.clone();
    objects(facts, &mut wanted, &mut found);
    let (changes, _) = compare::bodies(facts, &found, &wanted);
    let decided = |change: &PropertyChange| {
        use mutability::Verdict;
        match change.verdict {
            Verdict::NoEffect | Verdict::Replace | Verdict::Refused => false,
            // Azure does not show everything that it was given.
            Verdict::Unknown => change.before.is_some(),
            _ => true,
        }
    };
    changes.into_iter().filter(decided).collect()
}

/// Leaves on both sides what can be compared.
fn objects(facts: mutability::Facts, wanted: &mut Properties, found: &mut Properties) {
    let keys: Vec<String> = wanted.keys().cloned().collect();
    let mut kept = Properties::default();
    for key in keys {
        let Some(mut want) = wanted.swap_remove(&key) else { continue };
        let facts = facts.property(&key);
        let place = found.keys().find(|name| name.eq_ignore_ascii_case(&key)).cloned();
        let have = place.and_then(|name| found.swap_remove(&name));
        if want.is_symbolic()
            || Evaluated::from_template_string(&key).is_symbolic()
            || compare::hides(facts)
        {
            continue;
        }
        let Some(mut have) = have else {
            wanted.insert(key, want);
            continue;
        };
        values(facts, &mut want, &mut have);
        wanted.insert(key.clone(), want);
        kept.insert(key, have);
    }
    // Tags are a set of the render's own: a tag more is a change.
    *found = kept;
}

fn values(facts: mutability::Facts, want: &mut Evaluated, have: &mut Evaluated) {
    match (want, have) {
        (Evaluated::Object(want), Evaluated::Object(have)) => objects(facts, want, have),
        (Evaluated::Array(want), Evaluated::Array(have)) => arrays(facts.element(), want, have),
        (Evaluated::String(want), Evaluated::String(have)) if same(want, have) => {
            have.clone_from(want);
        }
        _ => {}
    }
}

fn arrays(facts: mutability::Facts, want: &mut [Evaluated], have: &mut [Evaluated]) {
    if want.iter().chain(have.iter()).all(|value| value.as_str().is_some()) {
        for have in have.iter_mut() {
            let like = want.iter().find(|want| {
                want.as_str().zip(have.as_str()).is_some_and(|(want, have)| same(want, have))
            });
            if let Some(like) = like {
                *have = like.clone();
            }
        }
        return;
    }
    for (index, want) in want.iter_mut().enumerate() {
        let named = ["name", "id", "key"].iter().find_map(|key| {
            let name = want.get(key)?.as_str()?.to_owned();
            have.iter().position(|have| {
                have.get(key).and_then(Evaluated::as_str).is_some_and(|other| same(&name, other))
            })
        });
        if let Some(have) = have.get_mut(named.unwrap_or(index)) {
            values(facts, want, have);
        }
    }
}

/// Azure spells ids and words in its own case, and regions by their display names.
fn same(want: &str, have: &str) -> bool {
    let region = |text| catalog::region(text).map(|region| region.name);
    want.eq_ignore_ascii_case(have) || region(want).is_some_and(|name| region(have) == Some(name))
}
