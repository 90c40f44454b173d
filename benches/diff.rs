//! How long it takes to compare renders: a fleet of 1,000 configs, unchanged and changed, and their reviews.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use prebake::diff::{RenderState, diff};
use prebake::expand::{Resource, body_of};
use prebake::report::Templates;
use prebake::report::review::{Fleet, Format, Reviewer};
use serde_json::Value;

const BASE: &str = include_str!("../tests/diff/base.json");
const FLEET: usize = 1_000;

/// The render that the tests of the diff start from.
fn base() -> RenderState {
    let json: Value = serde_json::from_str(BASE).expect("the file is JSON");
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let resource = |value: &Value| Resource {
        stage: text(value, "stage").as_str().into(),
        id: text(value, "id"),
        kind: text(value, "type"),
        api_version: text(value, "apiVersion"),
        name: text(value, "name"),
        body: body_of(&value["body"]),
        depends_on: Vec::new(),
        existing: false,
        pointer: String::new(),
    };
    let resources = json["resources"].as_array().into_iter().flatten();
    let resources = resources.map(|value| Arc::new(resource(value))).collect();
    let files: BTreeMap<String, String> =
        serde_json::from_value(json["files"].clone()).expect("the files are texts");
    RenderState { resources, files: files.into() }
}

/// The same with more nodes, another start task and another line in cloud-init.
fn changed() -> RenderState {
    let mut state = base();
    for resource in state.resources.iter_mut().map(Arc::make_mut) {
        let mut body = Value::Object(resource.body_json());
        if body.pointer("/properties/scaleSettings").is_some() {
            let properties = &mut body["properties"];
            properties["scaleSettings"]["fixedScale"]["targetDedicatedNodes"] = Value::from(9);
            properties["startTask"]["commandLine"] = Value::from("/bin/true");
            resource.body = body_of(&body);
        }
    }
    let files = Arc::make_mut(&mut state.files);
    files.entry("cloud-init.yaml".to_owned()).or_default().push_str("  - [more]\n");
    state
}

fn compare(criterion: &mut Criterion) {
    let (before, after) = (base(), changed());
    criterion.bench_function("diff/one config, unchanged", |bencher| {
        bencher.iter(|| diff(Some(black_box(&before)), Some(black_box(&before))));
    });
    criterion.bench_function("diff/one config, changed", |bencher| {
        bencher.iter(|| diff(Some(black_box(&before)), Some(black_box(&after))));
    });
    let mut group = criterion.benchmark_group("diff/1,000 configs");
    group.sample_size(10);
    group.bench_function("changed", |bencher| {
        bencher.iter(|| {
            for _ in 0..FLEET {
                black_box(diff(Some(black_box(&before)), Some(black_box(&after))));
            }
        });
    });
    group.bench_function("changed, with a text review", |bencher| {
        bencher.iter(|| {
            let format = Format::Text { color: false };
            let reviewer = Reviewer::new(format, &Templates::default()).expect("they are right");
            let section = |number: usize| {
                let diff = diff(Some(&before), Some(&after));
                reviewer.section(&format!("config-{number}"), &diff)
            };
            let sections = (0..FLEET).map(section).collect();
            reviewer.report(Fleet::new(sections))
        });
    });
    group.finish();
}

criterion_group!(benches, compare);
criterion_main!(benches);
