//! Hostile strings in a config that renders: what prebake makes of them compiles and passes its schemas, or the
//! config is refused. Findings about prebake's own files are crashes.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use prebake::catalog::Date;
use prebake::diagnostic::{Severity, text};
use prebake::pipeline::{self, Input, Tools};
use serde_json::{Value, json};

static TOOLS: LazyLock<Tools> =
    LazyLock::new(|| Tools::new(Date::parse("2026-11-23").expect("a date")));

fuzz_target!(|texts: (&str, &str, &str, &str)| {
    let (name, command, content, tag) = texts;
    let config = json!({
        "name": "any", "location": "swedencentral", "resourceGroup": "any",
        "tags": { "owner": tag },
        "registry": { "sku": "Premium" },
        "images": [{ "name": "app", "tag": "1", "build": { "context": ".", "args": { "A": tag } } }],
        "node": { "os": "ubuntu-24.04", "vmSize": "Standard_NC4as_T4_v3" },
        "bake": { "steps": [{ "file": { "path": "/etc/any", "content": content } }] },
        "gallery": { "version": "1.0.0" },
        "batch": { "pools": [{
            "id": "one", "nodes": 1, "displayName": name, "startTask": { "command": command },
        }] },
    });
    let input = Input {
        path: "any.yaml".to_owned(),
        bytes: config.to_string().into_bytes(),
        ..Input::default()
    };
    let outcome = pipeline::render(&input, &TOOLS);
    for finding in outcome.diagnostics.iter().filter(|finding| finding.severity == Severity::Error)
    {
        let own = ["BCP", "PB2", "PB3"].iter().any(|family| finding.code.starts_with(family));
        assert!(!own, "{}", text::render(&outcome.diagnostics, &outcome.sources, false));
    }
    if let Some(render) = outcome.render {
        for (path, text) in
            render.artifacts.files.iter().filter(|(path, _)| path.ends_with(".json"))
        {
            assert!(serde_json::from_str::<Value>(text).is_ok(), "{path}");
        }
    }
});
