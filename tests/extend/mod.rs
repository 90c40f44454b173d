//! `patch` and `add`: what a config merges into the rendered Bicep, and that nothing else changes.

#![expect(clippy::disallowed_methods, reason = "tests read examples, templates and the guide")]
#![expect(clippy::panic, reason = "a failed step says what went wrong")]

mod added;
mod effects;
mod patch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use prebake::diagnostic::text;
use prebake::pipeline::{self, Input, Outcome, Tools};
use prebake::render::EMBEDDED;
use regex_lite::Regex;
use serde_json::Value;

use crate::tools::tools;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The configs of the examples, by path.
fn examples() -> Vec<(PathBuf, Value)> {
    let files = std::fs::read_dir(root().join("examples")).expect("the examples are there");
    let mut examples: Vec<(PathBuf, Value)> = files
        .map(|entry| entry.expect("an example can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("an example can be read");
            let value = serde_yaml::from_str(&text).expect("an example is YAML");
            (path, value)
        })
        .collect();
    examples.sort_by(|one, other| one.0.cmp(&other.0));
    // Files beside a config are read by the command alone.
    examples.retain(|(_, config): &(PathBuf, Value)| config.get("add").is_none());
    assert!(examples.len() > 5);
    examples
}

/// JSON is YAML, too.
fn render(config: &Value, tools: &Tools) -> Outcome {
    let bytes = config.to_string().into_bytes();
    let input = Input { path: "prebake.yaml".to_owned(), bytes, ..Input::default() };
    pipeline::render(&input, tools)
}

/// The files of a render, without the digests.
fn files(config: &Value, tools: &Tools) -> BTreeMap<String, String> {
    let outcome = render(config, tools);
    let shown = text::render(&outcome.diagnostics, &outcome.sources, false);
    let render = outcome.render.unwrap_or_else(|| panic!("does not render:\n{shown}"));
    let mut files = Arc::unwrap_or_clone(render.artifacts.files);
    files.remove("manifest.json");
    files
}

/// The symbolic names that a template declares, deployed and referred to.
fn declared(template: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (_, text) = EMBEDDED.iter().find(|(path, _)| *path == template).expect("it is embedded");
    let line = Regex::new(r"(?m)^(?:resource|module) (\S*(?:\{\{[^}]*\}\}\S*)?) '[^']+'(.*)$")
        .expect("it is one");
    let hole = Regex::new(r"\{\{[^}]*\}\}").expect("it is one");
    let (mut deployed, mut referred) = (BTreeSet::new(), BTreeSet::new());
    for found in line.captures_iter(text) {
        let name = hole.replace(&found[1], "KEY").into_owned();
        let only_refers = found[2].starts_with(" existing");
        if only_refers {
            referred.insert(name)
        } else {
            deployed.insert(name)
        };
    }
    let referred = referred.difference(&deployed).cloned().collect();
    (deployed, referred)
}

#[test]
fn the_guide_lists_the_symbolic_names_of_each_stage() {
    let guide = std::fs::read_to_string(root().join("docs/extending.md")).expect("the guide");
    let name = Regex::new("`([A-Za-z_]+)`").expect("it is one");
    let names = |cell: &str| -> BTreeSet<String> {
        name.captures_iter(cell).map(|found| found[1].to_owned()).collect()
    };
    for (stage, template) in [
        ("`registry`", "bicep/registry.bicep.tera"),
        ("`builder`", "bicep/builder.bicep.tera"),
        ("`image`", "bicep/image.bicep.tera"),
        ("`image` with Azure Image Builder", "bicep/image-builder.bicep.tera"),
        ("`batch`", "bicep/batch.bicep.tera"),
    ] {
        let start = format!("| {stage} |");
        let row = guide.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("docs/extending.md has no row {stage}"));
        let cells: Vec<&str> = row.split('|').collect();
        let (deployed, referred) = declared(template);
        assert!(deployed.len() > 2, "{template}");
        assert_eq!(names(cells[2]), deployed, "{template}");
        assert_eq!(names(cells[3]), referred, "{template}");
    }
}
