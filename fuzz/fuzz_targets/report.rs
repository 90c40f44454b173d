//! Any text as a report template of a team: a report, or one finding.

#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use prebake::diff::{Diff, RenderState, diff};
use prebake::expand::{Resource, body_of};
use prebake::report::Templates;
use prebake::report::review::{Format, review};

static DIFF: LazyLock<Diff> = LazyLock::new(|| {
    let body = serde_json::json!({ "name": "one", "properties": { "vmSize": "any", "list": [1, 2] } });
    let pool = Resource {
        stage: "batch".into(),
        id: "/any/one".to_owned(),
        kind: "Microsoft.Batch/batchAccounts/pools".to_owned(),
        api_version: "2025-06-01".to_owned(),
        name: "one".to_owned(),
        body: body_of(&body),
        depends_on: Vec::new(),
        existing: false,
        pointer: "/resources/0".to_owned(),
    };
    let state = RenderState { resources: vec![pool.into()], ..RenderState::default() };
    diff(None, Some(&state))
});

fuzz_target!(|text: &str| {
    for (format, ending) in
        [(Format::Text { color: true }, "txt"), (Format::Markdown, "md"), (Format::Html, "html")]
    {
        for part in ["review", "config"] {
            let own = BTreeMap::from([(format!("report/{part}.{ending}.hbs"), text.to_owned())]);
            let _ = review("any", &DIFF, format, &Templates::new(own));
        }
    }
});
