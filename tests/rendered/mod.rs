//! The Bicep of the renders as such: what a fleet shares of it, and what the linter says of it.

#![expect(clippy::disallowed_methods, reason = "tests read configs and write renders")]
#![expect(clippy::panic, reason = "a render that fails says why")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use prebake::azure_types::tables;
use prebake::bicep::rule_names;
use prebake::diagnostic::text;
use prebake::pipeline::{self, Input};
use serde_json::{Map, Value, json};

use crate::tools::tools;

/// The Bicep of a config, by path.
fn bicep(config: &Value) -> BTreeMap<String, String> {
    let bytes = config.to_string().into_bytes();
    let input = Input { path: "prebake.yaml".to_owned(), bytes, ..Input::default() };
    let outcome = pipeline::render(&input, &tools());
    let shown = text::render(&outcome.diagnostics, &outcome.sources, false);
    let render = outcome.render.unwrap_or_else(|| panic!("does not render:\n{shown}"));
    let mut files = Arc::unwrap_or_clone(render.artifacts.files);
    files.retain(|path, _| Path::new(path).extension().is_some_and(|it| it == "bicep"));
    files
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The configs in a folder, each with a name.
fn configs(folder: &str) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(root().join(folder)).expect("the folder is there");
    let configs = entries.filter_map(|entry| {
        let path = entry.expect("an entry can be read").path();
        let name = path.file_stem()?.to_string_lossy().into_owned();
        let path = if path.is_dir() { path.join("prebake.yaml") } else { path };
        (path.is_file() && path.extension()? == "yaml").then_some((name, path))
    });
    configs.collect()
}

#[test]
fn no_rule_of_the_linter_has_anything_to_say() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let mut rendered = 0;
    for folder in ["examples", "tests/config/cases", "tests/rendered/configs"] {
        for (name, config) in configs(folder) {
            let into = out.path().join(&name);
            let arguments: [&str; 3] = ["render", "--as-of", "2026-11-29"];
            let mut render = Command::new(env!("CARGO_BIN_EXE_prebake"));
            render.args(arguments).arg("-o").arg(&into).arg(&config).current_dir(root());
            let rendering = render.env_clear().output().expect("the binary runs");
            let refused = name.starts_with("invalid_") || folder == "tests/config/cases";
            let errors = String::from_utf8_lossy(&rendering.stderr);
            assert!(rendering.status.success() || refused, "{name}: {errors}");
            rendered += usize::from(into.is_dir());
        }
    }
    assert!(rendered > 30, "only {rendered} renders");
    let rules = rule_names().map(|name| (name.to_owned(), json!({ "level": "warning" })));
    let rules: Map<String, Value> = rules.collect();
    assert_eq!(rules.len(), 53);
    let config = json!({ "analyzers": { "core": { "rules": rules } } }).to_string();
    std::fs::write(out.path().join("bicepconfig.json"), config).expect("it can be written");
    for pattern in ["**/*.bicep", "**/*.bicepparam"] {
        let mut lint = Command::new(env!("CARGO_BIN_EXE_prebake"));
        lint.args(["bicep", "lint", "--pattern", pattern, "--as-of", tables().date()]);
        let linting = lint.current_dir(out.path()).env_clear().output().expect("the binary runs");
        let told = [linting.stdout, linting.stderr].concat();
        assert_eq!(String::from_utf8_lossy(&told), "", "{pattern}");
        assert!(linting.status.success(), "{pattern}");
    }
}

#[test]
fn configs_that_differ_in_names_only_have_the_same_bicep() {
    let mut compared = 0;
    for (name, path) in configs("examples") {
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
        assert!(before.keys().eq(after.keys()), "{name}");
        for (file, text) in &before {
            assert_eq!(*text, after[file], "{name}: {file}");
            compared += 1;
        }
    }
    assert!(compared > 30, "only {compared} files");
}

/// A parameters file that names one of these says why the linter is silent.
#[test]
fn hosts_of_the_public_cloud_are_whole_words() {
    assert!(prebake::catalog::names_public_host("https://a.blob.core.windows.net/b"));
    assert!(!prebake::catalog::names_public_host("https://a.blob.core.windows.network/b"));
}
