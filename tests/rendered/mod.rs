//! The Bicep of the renders as such: what a fleet shares of it.

#![expect(clippy::disallowed_methods, reason = "tests read the examples")]
#![expect(clippy::panic, reason = "a render that fails says why")]

use std::collections::BTreeMap;
use std::path::Path;

use prebake::diagnostic::text;
use prebake::pipeline::{self, Input};
use serde_json::Value;

use crate::tools::tools;

/// The Bicep of a config, by path.
fn bicep(config: &Value) -> BTreeMap<String, String> {
    let bytes = config.to_string().into_bytes();
    let input = Input { path: "prebake.yaml".to_owned(), bytes, ..Input::default() };
    let outcome = pipeline::render(&input, &tools());
    let shown = text::render(&outcome.diagnostics, &outcome.sources, false);
    let render = outcome.render.unwrap_or_else(|| panic!("does not render:\n{shown}"));
    let mut files = render.artifacts.files;
    files.retain(|path, _| path.ends_with(".bicep"));
    files
}

#[test]
fn configs_that_differ_in_names_only_have_the_same_bicep() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut compared = 0;
    for entry in std::fs::read_dir(examples).expect("the examples are there") {
        let path = entry.expect("an example can be read").path();
        if path.extension().is_none_or(|ending| ending != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("an example can be read");
        let mut config: Value = serde_yaml::from_str(&text).expect("an example is YAML");
        // Files beside a config are read by the command alone.
        if config.get("add").is_some() {
            continue;
        }
        let before = bicep(&config);
        let is_public = !config["location"].as_str().is_some_and(|it| it.starts_with("usgov"));
        config["name"] = "renamed".into();
        config["resourceGroup"] = "renamed-group".into();
        config["location"] = if is_public { "northeurope" } else { "usgovtexas" }.into();
        if let Some(registry) = config.get_mut("registry") {
            registry["name"] = "renamedregistry".into();
        }
        let after = bicep(&config);
        assert!(before.keys().eq(after.keys()), "{}", path.display());
        for (file, text) in &before {
            assert_eq!(*text, after[file], "{}: {file}", path.display());
            compared += 1;
        }
    }
    assert!(compared > 30, "only {compared} files");
}
