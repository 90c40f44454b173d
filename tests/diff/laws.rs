//! Laws of every diff: nothing differs from itself, and swapping the sides mirrors the result.

use std::sync::Arc;

use prebake::arm::evaluate::Evaluated;
use prebake::diff::{Action, Diff, FileState, LineState, RenderState, diff, path_text};
use prebake::expand::{Resource, body_of};
use prebake::report::Templates;
use prebake::report::review::{Fleet, Format, Reviewer};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::diff::state::base;

fn mirrored(action: Action) -> Action {
    match action {
        Action::Create => Action::Delete,
        Action::Delete => Action::Create,
        other => other,
    }
}

type Told = (String, Vec<(String, Option<Evaluated>, Option<Evaluated>)>);

/// What a diff says, told so that two can be compared; `swap` tells it from the other side.
fn told(diff: &Diff, swap: bool) -> Vec<Told> {
    let mut all: Vec<Told> = diff
        .resources
        .iter()
        .map(|change| {
            let action = match change.action {
                // Who removes a resource that goes depends on what it was made for.
                Action::Retire if swap => Action::Create,
                Action::Retire => Action::Delete,
                // Which way a property goes may decide between these; that it differs may not.
                Action::Refused | Action::Replace | Action::EmptyPool => Action::Modify,
                action if swap => mirrored(action),
                action => action,
            };
            let ids = (change.before.as_deref(), change.after.as_deref());
            let (old, new) = if swap { (ids.1, ids.0) } else { ids };
            let id = |side: Option<&Resource>| side.map(|side| side.id.clone());
            let properties = change.properties.iter().map(|property| {
                let (before, after) = (property.before.clone(), property.after.clone());
                let path = path_text(&property.path);
                if swap { (path, after, before) } else { (path, before, after) }
            });
            let mut properties: Vec<_> = properties.collect();
            // Elements without a name share their path, and their verdicts order them.
            properties.sort_by_key(|property| format!("{property:?}"));
            let name = if change.action == Action::NoChange {
                change.id.to_lowercase()
            } else {
                String::new()
            };
            (format!("{action:?} {name} {:?} {:?}", id(old), id(new)), properties)
        })
        .collect();
    all.sort_by_key(|told| told.0.clone());
    all
}

fn assert_mirrored(before: &RenderState, after: &RenderState) {
    let (there, back) = (diff(Some(before), Some(after)), diff(Some(after), Some(before)));
    assert_eq!(told(&there, false), told(&back, true));
    assert_eq!(there.noise, back.noise);
    for (there, back) in there.files.files.iter().zip(&back.files.files) {
        assert_eq!((there.added, there.removed), (back.removed, back.added));
        let states = (there.state, back.state);
        assert!(matches!(
            states,
            (FileState::Added, FileState::Removed)
                | (FileState::Removed, FileState::Added)
                | (FileState::Changed, FileState::Changed)
                | (FileState::Unchanged, FileState::Unchanged)
        ));
        let lines = |file: &prebake::diff::FileChange, state: LineState| -> Vec<String> {
            let hunks = file.hunks();
            let lines = hunks.iter().flat_map(|hunk| &hunk.lines);
            lines.filter(|line| line.state == state).map(|line| line.text.clone()).collect()
        };
        assert_eq!(lines(there, LineState::Added), lines(back, LineState::Removed));
    }
    assert_eq!(there.capacity.before, back.capacity.after);
    assert_eq!(
        there.security.len(),
        back.security.len(),
        "{:?}\n{:?}",
        there.security,
        back.security
    );
}

/// Values as configs and templates make them, hostile strings included.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z\\[\\]'/ ]{0,8}".prop_map(Value::from),
        Just(json!("/subscriptions/1/providers/a/b/c")),
        Just(json!("Enabled")),
        Just(json!("PT15M")),
        Just(json!("10.0.0.0/8")),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    let keys =
        ["name", "value", "id", "properties", "vmSize", "metadata", "startTask", "x", "ipRules"];
    prop::sample::select(keys.to_vec()).prop_map(str::to_owned)
}

/// Replaces one value of the base render, or drops or doubles a resource.
fn mutated() -> impl Strategy<Value = RenderState> {
    let edit = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), value(), 0..10_u8);
    prop::collection::vec(edit, 0..6).prop_map(|edits| {
        let mut state = base();
        for (resource, place, value, kind) in edits {
            if state.resources.is_empty() {
                break;
            }
            let index = resource.index(state.resources.len());
            match kind {
                0 => {
                    state.resources.remove(index);
                }
                1 => {
                    let files = Arc::make_mut(&mut state.files);
                    let text = files.entry("cloud-init.yaml".to_owned()).or_default();
                    text.push_str(&value.to_string());
                }
                2 => {
                    let resource = Arc::make_mut(&mut state.resources[index]);
                    resource.name.push('x');
                    resource.id.push('x');
                }
                _ => replace(Arc::make_mut(&mut state.resources[index]), place, value),
            }
        }
        state
    })
}

fn replace(resource: &mut Resource, place: prop::sample::Index, value: Value) {
    let mut whole = Value::Object(resource.body_json());
    let mut pointers = Vec::new();
    collect(&whole, "", &mut pointers);
    if !pointers.is_empty() {
        *whole.pointer_mut(&pointers[place.index(pointers.len())]).unwrap() = value;
    }
    resource.body = body_of(&whole);
}

fn collect(value: &Value, pointer: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(array) => {
            array.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    for (key, value) in children {
        let pointer = format!("{pointer}/{key}");
        found.push(pointer.clone());
        collect(value, &pointer, found);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_differs_from_itself(state in mutated()) {
        let diff = diff(Some(&state), Some(&state));
        prop_assert!(diff.is_empty());
        prop_assert_eq!(diff.noise.total(), 0);
        prop_assert!(diff.security.is_empty() && diff.capacity.is_empty());
        prop_assert_eq!(diff.detailed_exit().code(), 0);
    }

    #[test]
    fn swapping_the_sides_mirrors_the_diff(before in mutated(), after in mutated()) {
        assert_mirrored(&before, &after);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_review_can_be_written(before in mutated(), after in mutated()) {
        let schema: Value = serde_json::from_str(include_str!("../../schemas/review.schema.json")).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        let (there, gone) = (diff(Some(&before), Some(&after)), diff(Some(&before), None));
        for diffs in [&[&there][..], &[&there, &gone]] {
            for format in [Format::Text { color: true }, Format::Markdown, Format::Html, Format::Json] {
                let reviewer = Reviewer::new(format, &Templates::default()).unwrap();
                let names = ["vision", "old-vision"].iter();
                let sections = names.zip(diffs).map(|(name, diff)| reviewer.section(name, diff));
                let fleet = Fleet::new(sections.collect()).without(1);
                let text = reviewer.report(fleet).unwrap().to_string();
                prop_assert!(text.contains("vision"));
                if format == Format::Json {
                    prop_assert!(schema.is_valid(&serde_json::from_str(&text).unwrap()));
                }
            }
        }
    }
}

#[test]
fn keys_in_another_order_change_nothing() {
    let before = base();
    let mut after = base();
    for resource in after.resources.iter_mut().map(Arc::make_mut) {
        resource.body = body_of(&Value::Object(reversed(&resource.body_json())));
    }
    let diff = diff(Some(&before), Some(&after));
    assert!(diff.is_empty());
    assert!(diff.noise.key_order > 20, "{:?}", diff.noise);
}

fn reversed(object: &Map<String, Value>) -> Map<String, Value> {
    let deep = |value: &Value| match value {
        Value::Object(object) => Value::Object(reversed(object)),
        Value::Array(array) => array
            .iter()
            .map(|value| match value {
                Value::Object(object) => Value::Object(reversed(object)),
                other => other.clone(),
            })
            .collect(),
        other => other.clone(),
    };
    object.iter().rev().map(|(key, value)| (key.clone(), deep(value))).collect()
}
