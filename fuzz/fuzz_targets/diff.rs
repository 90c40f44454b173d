//! Any resources against any others: nothing differs from itself, swapped sides differ alike, and no report
//! of a diff fails.
#![no_main]

use std::collections::BTreeMap;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use prebake::arm::evaluate::Evaluated;
use prebake::diff::{RenderState, diff};
use prebake::expand::Resource;
use serde_json::Value;

/// Objects of a JSON list as the pools of an account, the first words of each as its name.
fn state(json: &str, files: &str) -> RenderState {
    let list = serde_json::from_str::<Vec<Value>>(json).unwrap_or_default();
    let resource = |(index, body): (usize, &Value)| {
        let typed = Evaluated::from_template(body).as_object()?.clone();
        let name =
            body.get("name").and_then(Value::as_str).map_or(index.to_string(), str::to_owned);
        let kind = body.get("type").and_then(Value::as_str);
        Some(Arc::new(Resource {
            stage: "batch".into(),
            id: format!("/any/{name}"),
            kind: kind.unwrap_or("Microsoft.Batch/batchAccounts/pools").to_owned(),
            api_version: "2025-06-01".to_owned(),
            name,
            body: typed,
            depends_on: Vec::new(),
            existing: false,
            pointer: format!("/resources/{index}"),
        }))
    };
    RenderState {
        resources: list.iter().enumerate().filter_map(resource).collect(),
        files: BTreeMap::from([("cloud-init.yaml".to_owned(), files.to_owned())]).into(),
    }
}

fuzz_target!(|texts: (&str, &str, &str, &str)| {
    let (one, other) = (state(texts.0, texts.1), state(texts.2, texts.3));
    assert!(diff(Some(&one), Some(&one)).is_empty());
    let (there, back) = (diff(Some(&one), Some(&other)), diff(Some(&other), Some(&one)));
    assert_eq!(there.is_empty(), back.is_empty());
    let _ = (diff(None, Some(&one)), diff(Some(&one), None));
});
