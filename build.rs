//! Does once what each run would do again: lays out the schemas of `schemas/`, so that a run reads them without taking
//! JSON apart, computes the digest of `templates/`, and makes the automaton that finds the words of secrets.

#![expect(clippy::disallowed_methods, reason = "a build script reads and writes")]

#[path = "src/schema/layout.rs"]
mod layout;
#[path = "src/render/template_digest.rs"]
mod template_digest;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use aho_corasick::automaton::Automaton as _;
use aho_corasick::dfa::DFA;
use aho_corasick::{Anchored, StartKind};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=schemas");
    println!("cargo:rerun-if-changed=src/check/secret-forms.tsv");
    println!("cargo:rerun-if-changed=src/check/secret-names.txt");
    println!("cargo:rerun-if-changed=src/schema/layout.rs");
    println!("cargo:rerun-if-changed=templates");
    println!("cargo:rerun-if-changed=src/render/template_digest.rs");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let templates = files(Path::new("templates"), "", "tera")?;
    let texts = templates.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    fs::write(out.join("templates.sha256"), template_digest::digest(texts))?;
    for (path, text) in files(Path::new("schemas"), "", "json")? {
        let schema = serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
        let bytes = layout::layout(&schema).ok_or("a schema is larger than its layout can be")?;
        let to = out.join("schemas").join(path);
        fs::create_dir_all(to.parent().unwrap_or(&out))?;
        fs::write(to, bytes)?;
    }
    fs::write(out.join("secret_words.rs"), secret_words_automaton()?)?;
    Ok(())
}

/// The automaton that finds the words of secrets in any case, those that overlap too, as tables in Rust.
fn secret_words_automaton() -> Result<String, Box<dyn Error>> {
    let table = include_str!("src/check/secret-forms.tsv");
    let mut lines = table.lines().skip_while(|line| line.starts_with('#'));
    let column = lines.next().and_then(|header| header.split('\t').position(|it| it == "marks"));
    let column = column.ok_or("the forms of secrets have no marks")?;
    let marks = lines.filter_map(|line| line.split('\t').nth(column)).enumerate();
    let marks = marks.flat_map(|(form, cell)| cell.split('|').map(move |mark| (mark, Some(form))));
    let names = include_str!("src/check/secret-names.txt").lines().map(|name| (name, None));
    let words: Vec<_> = marks.chain(names).collect();
    let automaton = DFA::builder()
        .ascii_case_insensitive(true)
        .start_kind(StartKind::Unanchored)
        .build(words.iter().map(|(text, _)| text))?;
    tables(&automaton, &words)
}

fn tables(automaton: &DFA, words: &[(&str, Option<usize>)]) -> Result<String, Box<dyn Error>> {
    let next = |state, byte| automaton.next_state(Anchored::No, state, byte);
    // In order of a breadth-first walk, but with the states that find words after the others.
    let mut states = vec![automaton.start_state(Anchored::No)?];
    let mut walked = 0;
    while let Some(state) = states.get(walked).copied() {
        walked += 1;
        for byte in 0..=u8::MAX {
            let to = next(state, byte);
            if !states.contains(&to) {
                states.push(to);
            }
        }
    }
    states.sort_by_key(|state| automaton.is_match(*state));
    let numbers: BTreeMap<_, _> = states.iter().copied().zip(0..).collect();

    // Bytes after which every state goes on to the same one are one class, such as both cases of a letter.
    let (mut columns, mut classes) = (Vec::<Vec<usize>>::new(), Vec::new());
    for byte in 0..=u8::MAX {
        let column = states.iter().map(|state| numbers[&next(*state, byte)]).collect();
        let class = columns.iter().position(|known| *known == column);
        classes.push(class.unwrap_or(columns.len()));
        if class.is_none() {
            columns.push(column);
        }
    }
    let width = columns.len();
    let row = |row: usize| columns.iter().map(move |column| column[row] * width);
    let rows: Vec<usize> = (0..states.len()).flat_map(row).collect();

    let (mut first, mut found) = (0, String::new());
    for (number, state) in states.iter().enumerate() {
        if automaton.is_match(*state) {
            found.push_str("&[");
            for at in 0..automaton.match_len(*state) {
                let (text, form) = words[automaton.match_pattern(*state, at)];
                write!(found, "Word {{ text: {text:?}, form: {form:?} }}, ")?;
            }
            found.push_str("], ");
        } else {
            first = (number + 1) * width;
        }
    }
    Ok(format!(
        "const WIDTH: usize = {width};\n\
         const FIRST_OF_WORDS: usize = {first};\n\
         static CLASSES: [u8; 256] = {classes:?};\n\
         static NEXT: [u16; {}] = {rows:?};\n\
         static FOUND: &[&[Word]] = &[{found}];\n",
        rows.len()
    ))
}

/// The texts of the files of a folder that end so, by their paths below the first one.
fn files(
    folder: &Path,
    below: &str,
    ending: &str,
) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.starts_with('.') {
            // What `prebake templates eject` notes of its copies.
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path, &format!("{below}{name}/"), ending)?);
        } else if path.extension().is_some_and(|it| it == ending) {
            found.insert(format!("{below}{name}"), fs::read_to_string(&path)?);
        }
    }
    Ok(found)
}
