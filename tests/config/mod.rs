//! The config: schema, places, limits and messages. A case is a folder with a `prebake.yaml`, the
//! `diagnostics.txt` that it earns, and below `out/` the files of its render that it is about, if any;
//! `BLESS=1 cargo test --test cases config::` rewrites the latter two.

#![expect(clippy::disallowed_methods, reason = "tests read and bless files")]

use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use prebake::catalog::Date;
use prebake::diagnostic::text;
use prebake::pipeline::{self, Input, Tools};

pub fn trials() -> Vec<Trial> {
    let mut trials =
        vec![Trial::test("config::committed_schema_is_the_one_of_the_types", committed_schema)];
    for case in cases() {
        let name = case.file_name().expect("a case has a name").to_string_lossy().into_owned();
        trials.push(Trial::test(format!("config::{name}"), move || check(&case)));
    }
    trials
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cases() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(root().join("tests/config/cases")).expect("the cases are there");
    let mut cases: Vec<PathBuf> =
        folder.map(|entry| entry.expect("a case can be read").path()).collect();
    cases.sort();
    cases
}

fn committed_schema() -> Result<(), Failed> {
    let generated = serde_json::to_string_pretty(&prebake::config::schema::generate())? + "\n";
    same_or_blessed(&root().join("schemas/config.schema.json"), &generated)
}

fn check(case: &Path) -> Result<(), Failed> {
    let bytes = std::fs::read(case.join("prebake.yaml"))?;
    let input = Input { path: "prebake.yaml".to_owned(), bytes, overrides: Vec::new() };
    let as_of = Date::parse("2026-11-23").expect("is a day");
    let outcome = pipeline::render(&input, &Tools::new(as_of));
    let name = case.file_name().expect("a case has a name").to_string_lossy();
    if name.starts_with("invalid_") == outcome.render.is_some() {
        return Err("an `invalid_` case must not render, any other must".into());
    }
    let shown = text::render(&outcome.diagnostics, &outcome.sources, false);
    same_or_blessed(&case.join("diagnostics.txt"), &shown)?;
    let files = outcome.render.map(|render| render.artifacts.files).unwrap_or_default();
    for path in files.keys().filter(|path| case.join("out").join(path).exists()) {
        same_or_blessed(&case.join("out").join(path), &files[path])?;
    }
    Ok(())
}

fn same_or_blessed(path: &Path, actual: &str) -> Result<(), Failed> {
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, actual)?;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    let diff = similar::TextDiff::from_lines(expected.as_str(), actual);
    Err(format!("{}\n{}", path.display(), diff.unified_diff()).into())
}
