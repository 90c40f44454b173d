//! The words that stand first in a review.

use prebake::diff::{RenderState, diff};
use serde_json::{Value, json};

use crate::diff::reports::{TEXT, reviewed};
use crate::diff::state::{at, base, set, typed};

/// The word that answers a question, and the text behind it.
fn answer(question: &str, before: &RenderState, after: &RenderState) -> String {
    let diff = diff(Some(before), Some(after));
    let review = reviewed(&[("vision", &diff)], TEXT, &prebake::report::Templates::default());
    let review = review.unwrap();
    let start = review.find(question).unwrap() + question.len();
    review[start..].split_whitespace().collect::<Vec<_>>().join(" ")
}

fn scaled(settings: Value) -> RenderState {
    let mut state = base();
    *at(&mut state, "/dev", "/properties/scaleSettings") = typed(settings);
    state
}

fn formula(text: &str) -> RenderState {
    scaled(json!({ "autoScale": { "formula": text } }))
}

fn nodes(dedicated: u32, spot: u32) -> RenderState {
    scaled(json!({ "fixedScale": {
        "targetDedicatedNodes": dedicated, "targetLowPriorityNodes": spot } }))
}

#[test]
fn cost_follows_what_limits_the_nodes() {
    let cost = |before: &str, after: &str| answer("  cost  ", &formula(before), &formula(after));
    let sample = "$PendingTasks.GetSample(1)";
    let target = |bound: &str| format!("$TargetDedicatedNodes = {bound};");
    let nested = |bound: u32| target(&format!("min({sample}, {bound})"));
    assert!(cost(&nested(7), &nested(70)).starts_with("RISES nodes 7 → 70"));
    assert!(cost(&nested(70), &nested(7)).starts_with("falls nodes 70 → 7"));
    let aged = |bound: u32| format!("maxAge = 90;\n{}", nested(bound));
    assert!(cost(&aged(3), &aged(30)).starts_with("RISES nodes 3 → 30"));
    let unknown = cost(&target(sample), &target(&format!("{sample} * 9")));
    assert!(unknown.starts_with("unknown"), "{unknown}");
    let with_spot = |dedicated: u32| {
        format!("{} $TargetLowPriorityNodes = 50;", target(&dedicated.to_string()))
    };
    assert!(cost(&with_spot(0), &with_spot(20)).starts_with("RISES nodes 50 → 70"));
}

#[test]
fn dedicated_nodes_cost_more_than_spot_nodes() {
    let cost = |before: &RenderState, after: &RenderState| answer("  cost  ", before, after);
    let dearer = cost(&nodes(0, 4), &nodes(4, 0));
    assert!(dearer.starts_with("RISES dedicated nodes of"), "{dearer}");
    assert!(cost(&nodes(4, 0), &nodes(0, 4)).starts_with("falls dedicated nodes of"));
    assert!(cost(&nodes(2, 2), &nodes(2, 2)).starts_with("no "));
}

/// The first screen of a fleet of one config before and after each of these.
fn fleet(question: &str, changes: &[(&RenderState, &RenderState)]) -> String {
    let diffs: Vec<_> =
        changes.iter().map(|(before, after)| diff(Some(before), Some(after))).collect();
    let configs: Vec<_> = ["a", "b", "c", "d"].into_iter().zip(&diffs).collect();
    let review = reviewed(&configs, TEXT, &prebake::report::Templates::default()).unwrap();
    let start = review.find(question).unwrap() + question.len();
    review[start..].split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_fleet_is_headed_by_its_worst_answer() {
    let (mut deleted, mut refused, mut empty) = (base(), base(), base());
    deleted.resources.retain(|resource| resource.name != "visionbatch/dev");
    set(&mut refused, "visionbatch", "properties.poolAllocationMode", "UserSubscription");
    set(&mut empty, "/dev", "properties.taskSlotsPerNode", 2);
    let base = base();
    let danger =
        |after: [&RenderState; 3]| fleet("replaced or deleted", &after.map(|after| (&base, after)));
    let expected = "YES in a; REFUSED in b; EMPTY POOL in c ";
    assert!(danger([&deleted, &refused, &empty]).starts_with(expected));
    assert!(danger([&empty, &refused, &deleted]).starts_with("YES in c; REFUSED in b; EMPTY"));
    assert!(danger([&refused, &empty, &base]).starts_with("REFUSED in a; EMPTY POOL in b "));
    let unknown = formula("$TargetDedicatedNodes = $PendingTasks.GetSample(1);");
    let other = formula("$TargetDedicatedNodes = $PendingTasks.GetSample(2);");
    let cost = [(&nodes(1, 0), &nodes(2, 0)), (&unknown, &other), (&base, &base)];
    assert!(fleet("  cost  ", &cost).starts_with("RISES in a; unknown in b "));
}
