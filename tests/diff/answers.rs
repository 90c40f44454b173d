//! The words that stand first in a review.

use prebake::diff::{RenderState, diff};
use serde_json::{Value, json};

use crate::reports::{TEXT, reviewed};
use crate::state::{at, base};

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
    *at(&mut state, "/dev", "/properties/scaleSettings") = settings;
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
    let cost = |before: &str, after: &str| answer("cost rises", &formula(before), &formula(after));
    let sample = "$PendingTasks.GetSample(1)";
    let target = |bound: &str| format!("$TargetDedicatedNodes = {bound};");
    let nested = |bound: u32| target(&format!("min({sample}, {bound})"));
    assert!(cost(&nested(7), &nested(70)).starts_with("RISES nodes 7 → 70"));
    assert!(cost(&nested(70), &nested(7)).starts_with("falls nodes 70 → 7"));
    let aged = |bound: u32| format!("maxAge = 90;\n{}", nested(bound));
    assert!(cost(&aged(3), &aged(30)).starts_with("RISES nodes 3 → 30"));
    let unknown = cost(&target(sample), &target(&format!("{sample} * 9")));
    assert!(unknown.starts_with("not known"), "{unknown}");
    let with_spot = |dedicated: u32| {
        format!("{} $TargetLowPriorityNodes = 50;", target(&dedicated.to_string()))
    };
    assert!(cost(&with_spot(0), &with_spot(20)).starts_with("RISES nodes 50 → 70"));
}

#[test]
fn dedicated_nodes_cost_more_than_spot_nodes() {
    let cost = |before: &RenderState, after: &RenderState| answer("cost rises", before, after);
    let dearer = cost(&nodes(0, 4), &nodes(4, 0));
    assert!(dearer.starts_with("RISES dedicated nodes of"), "{dearer}");
    assert!(cost(&nodes(4, 0), &nodes(0, 4)).starts_with("falls dedicated nodes of"));
    assert!(cost(&nodes(2, 2), &nodes(2, 2)).starts_with("no "));
}
