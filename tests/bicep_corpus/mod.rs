//! Compiles every pair of the corpus and compares the result with what Microsoft's compiler made.
//!
//! The corpus is not part of the repository: it stands beside it, in `../shared/corpus`, or where
//! `PREBAKE_CORPUS` says. Without it the gate (`CI` is set) fails, and any other machine says what it
//! did not test. `known_differences.tsv` lists the pairs that are known to differ, each with its reason: one
//! that has come to agree must leave the list.

#![expect(clippy::disallowed_methods, reason = "a test reads its cases")]
#![expect(clippy::print_stdout, reason = "a test tells which cases differ")]

pub mod compare;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use prebake::bicep::{self, Entry, FileError, FileProvider};
use prebake::diagnostic::{Diagnostics, Sources, text};
use rayon::prelude::*;
use serde_json::Value;

struct Folder {
    root: PathBuf,
    symbols: bool,
}

impl FileProvider for Folder {
    fn read(&self, path: &str) -> Result<Cow<'_, [u8]>, FileError> {
        if self.symbols && path.ends_with("bicepconfig.json") {
            let config = br#"{"experimentalFeaturesEnabled": {"symbolicNameCodegen": true}}"#;
            return Ok(Cow::Borrowed(config));
        }
        std::fs::read(self.root.join(path)).map(Cow::Owned).map_err(|_| FileError::NotFound)
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, FileError> {
        let entries = std::fs::read_dir(self.root.join(folder)).map_err(|_| FileError::NotFound)?;
        let mut entries: Vec<Entry> = entries
            .flatten()
            .map(|entry| Entry {
                name: entry.file_name().to_string_lossy().into_owned(),
                folder: entry.path().is_dir(),
            })
            .collect();
        entries.sort();
        Ok(entries)
    }

    fn read_cached(&self, path: &str) -> Result<Cow<'_, [u8]>, FileError> {
        let path = self.root.join("registry").join(path);
        std::fs::read(path).map(Cow::Owned).map_err(|_| FileError::NotFound)
    }
}

fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("PREBAKE_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    if root.is_dir() {
        return Some(root);
    }
    println!("NOT TESTED: there is no corpus of Bicep files at {}", root.display());
    let gate = std::env::var_os("CI").is_some();
    assert!(!gate, "the gate needs the corpus at {}", root.display());
    None
}

struct Pair {
    source: String,
    expected: PathBuf,
    symbols: bool,
}

fn pairs(root: &Path, group: &str) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for entry in walkdir::WalkDir::new(root.join(group)).sort_by_file_name() {
        let path = entry.expect("the corpus can be read").into_path();
        if path.extension().is_none_or(|end| end != "bicep" && end != "bicepparam") {
            continue;
        }
        let source = path.strip_prefix(root).expect("it stands in the corpus");
        let source = source.to_string_lossy().replace('\\', "/");
        for (extension, symbols) in [("json", false), ("symbolicnames.json", true)] {
            let expected = path.with_extension(extension);
            if expected.is_file() {
                pairs.push(Pair { source: source.clone(), expected, symbols });
            }
        }
    }
    pairs
}

fn read_json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("the expected file can be read");
    serde_json::from_str(text.trim_start_matches('\u{feff}')).expect("the expected file is JSON")
}

fn compile(root: &Path, pair: &Pair) -> Result<Value, String> {
    let files = Folder { root: root.to_owned(), symbols: pair.symbols };
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    if pair.source.ends_with(".bicepparam") {
        let none = |_: &str| None;
        let compiled =
            bicep::compile_params(&pair.source, &files, &none, &mut sources, &mut diagnostics);
        let json = compiled.map(|parameters| parameters.json);
        return json.ok_or_else(|| text::render(&diagnostics, &sources, false));
    }
    let template = bicep::compile(&pair.source, &files, &mut sources, &mut diagnostics);
    template
        .map(|template| std::sync::Arc::unwrap_or_clone(template.json))
        .ok_or_else(|| text::render(&diagnostics, &sources, false))
}

fn check(root: &Path, pair: &Pair) -> Result<(), String> {
    let actual = compile(root, pair)?;
    if let Some(folder) = std::env::var_os("PREBAKE_CORPUS_OUT") {
        let name = pair.expected.strip_prefix(root).expect("it stands in the corpus");
        let path = Path::new(&folder).join(name);
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
        std::fs::write(path, serde_json::to_string_pretty(&actual).expect("JSON")).expect("a file");
    }
    let differences = compare::differences(&read_json(&pair.expected), &actual);
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
}

fn known_differences() -> BTreeMap<String, String> {
    let list = include_str!("known_differences.tsv");
    let rows = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    rows.filter_map(|row| row.split_once('\t'))
        .map(|(path, reason)| (path.to_owned(), reason.to_owned()))
        .collect()
}

fn run(group: &str) {
    let Some(root) = corpus() else { return };
    let known = known_differences();
    let pairs = pairs(&root, group);
    assert!(!pairs.is_empty(), "the corpus holds pairs of {group}");
    let results: Vec<(String, Result<(), String>)> = pairs
        .par_iter()
        .map(|pair| {
            let name = pair.expected.strip_prefix(&root).expect("it stands in the corpus");
            (name.to_string_lossy().into_owned(), check(&root, pair))
        })
        .collect();
    let agree = results.iter().filter(|(_, result)| result.is_ok()).count();
    println!("{group}: {agree} of {} pairs agree", results.len());
    let mut wrong = 0;
    for (name, result) in &results {
        match (result, known.get(name)) {
            (Err(why), None) => {
                wrong += 1;
                println!("\n{name} differs:\n{why}");
            }
            (Ok(()), Some(_)) => {
                wrong += 1;
                println!("\n{name} agrees and must leave known_differences.tsv");
            }
            _ => {}
        }
    }
    assert_eq!(wrong, 0, "{wrong} pairs of {group} are not as listed");
}

#[test]
fn baselines() {
    run("baselines");
}

#[test]
fn user_submitted() {
    run("user_submitted");
}

#[test]
fn avm() {
    run("avm");
}

#[test]
fn bicepparam() {
    run("bicepparam");
}
