//! What no key of the config says becomes a patch of the pool's resource, where the config takes patches.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::config::{Draft, reason};
use super::ledger::{SourcePool, pointer_of, steps_of};
use super::trial::Trial;
use super::{Patched, keys, resource_type};
use crate::pipeline::Tools;

/// Puts patches into the config, renders it again, and says which pointers they set. A patch that Azure or prebake
/// refuses is left out.
pub(super) fn add(
    draft: &mut Draft,
    pools: &[&SourcePool],
    missing: &[Vec<String>],
    trial: &mut Trial,
    tools: &Tools,
) -> Patched {
    let mut accepted = Patched::new();
    if !keys::is_known(&["patch", "batch"]) || missing.iter().all(Vec::is_empty) {
        return accepted;
    }
    let candidates = candidates(draft, pools, missing);
    // Most patches fit, so that all of them are tried at once before each is tried alone.
    if try_with(draft, &candidates, pools, trial, tools) {
        for (index, pointer, _) in &candidates {
            accepted.entry(*index).or_default().insert(pointer.clone());
        }
        return accepted;
    }
    let mut taken: Vec<(usize, String, Value)> = Vec::new();
    let mut left: Vec<(usize, String, Value)> = candidates.into_iter().take(MOST_TRIALS).collect();
    // One that needs another one fits once that is taken.
    for _ in 0..MOST_ROUNDS {
        let before = left.len();
        for candidate in std::mem::take(&mut left) {
            taken.push(candidate);
            if !try_with(draft, &taken, pools, trial, tools) {
                left.extend(taken.pop());
            }
        }
        if left.is_empty() || left.len() == before {
            break;
        }
    }
    for (index, pointer, _) in taken {
        accepted.entry(index).or_default().insert(pointer);
    }
    accepted
}

/// How often the patches that did not fit are tried again.
const MOST_ROUNDS: usize = 3;
/// Most patches that are tried one by one.
const MOST_TRIALS: usize = 40;

/// What each pool lacks, at the place where a patch sets it: a list is set whole.
fn candidates(
    draft: &Draft,
    pools: &[&SourcePool],
    missing: &[Vec<String>],
) -> Vec<(usize, String, Value)> {
    let mut found: BTreeMap<(usize, String), Value> = BTreeMap::new();
    for (index, pointers) in missing.iter().enumerate() {
        let Some(pool) = pools.get(index) else { continue };
        for pointer in pointers {
            let steps = steps_of(pointer);
            let in_list = (1..steps.len()).find(|length| resource_type::is_list(&steps[..*length]));
            let at = pointer_of(&steps[..in_list.unwrap_or(steps.len())]);
            let Some(value) = pool.body.pointer(&at) else { continue };
            let value = match value {
                Value::Array(items) => {
                    let kept = items.iter().enumerate().filter(|(position, item)| {
                        let own = format!("{at}/{position}");
                        let said = item.as_object().is_none_or(|object| !object.is_empty());
                        said && !pool.is_left_out(&steps_of(&own))
                            && reason(draft, index, &own).is_none()
                    });
                    kept.map(|(_, item)| item.clone()).collect()
                }
                other => other.clone(),
            };
            found.insert((index, at), value);
        }
    }
    found.into_iter().map(|((index, at), value)| (index, at, value)).collect()
}

/// Renders the config with patches. Where they bring errors, the config is as it was before.
fn try_with(
    draft: &mut Draft,
    patches: &[(usize, String, Value)],
    pools: &[&SourcePool],
    trial: &mut Trial,
    tools: &Tools,
) -> bool {
    let before = draft.value.clone();
    let mut by_symbol = Map::new();
    for (index, pointer, value) in patches {
        let Some(symbol) = trial.symbols.get(*index) else { continue };
        let place = by_symbol.entry(symbol.clone()).or_insert_with(|| json!({}));
        put(place, &steps_of(pointer), value.clone());
    }
    draft.value.insert("patch".into(), json!({ "batch": by_symbol }));
    let attempt = Trial::of(draft, tools);
    let fits = attempt.is_rendered()
        && attempt.bodies.len() == pools.len()
        && attempt.error_count() <= trial.error_count();
    if fits {
        *trial = attempt;
    } else {
        draft.value = before;
        if let Some((index, pointer, _)) = patches.last() {
            draft.refused.insert((*index, pointer.clone()), attempt.first_error());
        }
    }
    fits
}

fn put(value: &mut Value, steps: &[String], new: Value) {
    let Some((step, rest)) = steps.split_first() else {
        *value = new;
        return;
    };
    if !value.is_object() {
        *value = json!({});
    }
    if let Value::Object(object) = value {
        put(object.entry(step.clone()).or_insert(Value::Null), rest, new);
    }
}
