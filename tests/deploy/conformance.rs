//! Every `az` command of the script against the argument tables of the real CLI.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::recording;
use super::script::Script;

#[derive(Debug, Deserialize)]
pub(super) struct AzCommand {
    options: Vec<String>,
    /// Each inner list: spellings of one option, of which one must be given.
    required: Vec<Vec<String>>,
}

const GLOBAL: [&str; 4] = ["--output", "--query", "--subscription", "--only-show-errors"];

pub(super) fn tables() -> Option<BTreeMap<String, AzCommand>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // A worktree has its sibling one folder further up.
    let places = ["../shared", "../../shared"]
        .map(|place| root.join(place).join("facts/tables/az-arguments.json"));
    let Some(text) = places.iter().find_map(|path| fs::read_to_string(path).ok()) else {
        eprintln!("NOT CHECKED: ../shared/facts/tables/az-arguments.json is absent");
        return None;
    };
    Some(serde_json::from_str(&text).expect("the table is JSON"))
}

/// Splits the words after `az` into the command and its options.
pub(super) fn check(
    words: &[String],
    tables: &BTreeMap<String, AzCommand>,
    whole: bool,
) -> Result<(), String> {
    let length = (1..=words.len())
        .rev()
        .find(|length| tables.contains_key(&words[..*length].join(" ")))
        .ok_or_else(|| format!("no such command: {words:?}"))?;
    let name = words[..length].join(" ");
    let command = &tables[&name];
    let given: Vec<&str> =
        words[length..].iter().map(String::as_str).filter(|word| word.starts_with("--")).collect();
    for option in &given {
        if !command.options.iter().any(|known| known == option) && !GLOBAL.contains(option) {
            return Err(format!("`az {name}` has no {option}"));
        }
    }
    for spellings in command.required.iter().filter(|_| whole) {
        if !spellings.iter().any(|known| given.contains(&known.as_str())) {
            return Err(format!("`az {name}` needs one of {spellings:?}"));
        }
    }
    Ok(())
}

/// The words of every `az` command in a script, also of those that go through its function `azure`.
fn commands_in(script: &str) -> Vec<Vec<String>> {
    let joined = script.replace("\\\n", " ");
    let mut commands = Vec::new();
    for line in joined.lines() {
        for program in ["az ", "azure "] {
            for (at, _) in line.match_indices(program) {
                let starts = at == 0 || line[..at].ends_with([' ', '(', '"']);
                let rest = &line[at + program.len()..];
                let end = rest.find(['|', ')', ';', '<']).unwrap_or(rest.len());
                let words: Vec<String> = rest[..end]
                    .split_whitespace()
                    .map(|word| word.trim_end_matches(['"', '\'', ',']).to_owned())
                    .collect();
                let command =
                    words.first().is_some_and(|word| word.bytes().all(|b| b.is_ascii_lowercase()));
                if starts && command {
                    commands.push(words);
                }
            }
        }
    }
    commands
}

#[test]
fn the_real_cli_knows_every_command_of_the_script() {
    let Some(tables) = tables() else { return };
    let mut wrong = Vec::new();
    let mut count = 0;
    let examples =
        ["gpu-preload", "almalinux-gpu", "cpu", "existing-registry", "multi-pool", "batch-only"];
    let cases = examples.iter().map(|example| (*example, &[][..]));
    for (example, overrides) in cases.chain([("cpu", &["bake=image-builder"][..])]) {
        for words in commands_in(&Script::of(example, overrides).text()) {
            count += 1;
            // Options may follow in an array, so what is required cannot be judged from the text.
            if let Err(message) = check(&words, &tables, false) {
                wrong.push(format!("{example}: {message}"));
            }
        }
    }
    assert!(count > 80, "{count}");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_real_cli_takes_every_call_that_was_recorded() {
    let Some(tables) = tables() else { return };
    for scenario in ["vision", "failed", "foreign", "halted"] {
        for call in recording::load(scenario).iter().filter(|call| call.words[0] == "az") {
            assert_eq!(check(&call.words[1..], &tables, true), Ok(()), "{:?}", call.words);
        }
    }
}
