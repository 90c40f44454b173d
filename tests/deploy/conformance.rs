//! Every `az` command of the script against the argument tables of the real CLI.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::deploy::azure::Azure;

#[derive(Debug, Deserialize)]
pub(super) struct AzCommand {
    options: Vec<String>,
    /// Each inner list: spellings of one option, of which one must be given.
    required: Vec<Vec<String>>,
}

const GLOBAL: [&str; 8] = [
    "--output",
    "--query",
    "--subscription",
    "--debug",
    "--verbose",
    "--only-show-errors",
    "--help",
    "-o",
];

pub(super) fn tables() -> Option<BTreeMap<String, AzCommand>> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/facts/tables/az-arguments.json");
    // A worktree has its sibling one folder further up.
    let beside =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/facts/tables/az-arguments.json");
    let Some(text) = [path, beside].iter().find_map(|path| fs::read_to_string(path).ok()) else {
        eprintln!("NOT CHECKED: ../shared/facts/tables/az-arguments.json is absent");
        return None;
    };
    Some(serde_json::from_str(&text).expect("the table is JSON"))
}

/// Splits the words after `az` into the command and its options.
pub(super) fn check(words: &[String], tables: &BTreeMap<String, AzCommand>) -> Result<(), String> {
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
    for spellings in &command.required {
        if !spellings.iter().any(|known| given.contains(&known.as_str())) {
            return Err(format!("`az {name}` needs one of {spellings:?}"));
        }
    }
    Ok(())
}

/// The words of every `az` command in a script, also in its hints; arguments that are values or
/// expansions stand for themselves.
fn commands_in(script: &str) -> Vec<Vec<String>> {
    let joined = script.replace("\\\n", " ");
    let mut commands = Vec::new();
    for line in joined.lines() {
        for (at, _) in line.match_indices("az ") {
            let starts = at == 0 || line[..at].ends_with([' ', '(', '"', '!']);
            let rest = &line[at + 3..];
            // A hint ends with its quote, a command where the shell ends it.
            let hint = line[..at].ends_with(": ");
            let end = if hint { rest.find('"') } else { rest.find(['|', ')', ';', '>']) };
            let end = end.unwrap_or(rest.len());
            let words: Vec<String> = rest[..end]
                .split_whitespace()
                .map(|word| word.trim_end_matches(['"', '\'', ',']).to_owned())
                .collect();
            if starts
                && words.first().is_some_and(|word| word.bytes().all(|b| b.is_ascii_lowercase()))
            {
                commands.push(words);
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
        let azure = Azure::with(example, overrides);
        let script = fs::read_to_string(azure.path("out/deploy.sh")).expect("the script");
        for words in commands_in(&script) {
            // Options may follow in an array, so what is required cannot be judged from the text.
            let known: Vec<String> = words;
            count += 1;
            match check(&known, &tables) {
                Err(message) if !message.contains("needs one of") => {
                    wrong.push(format!("{example}: {message}"));
                }
                _ => {}
            }
        }
    }
    assert!(count > 100, "{count}");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_real_cli_takes_every_call_that_is_made() {
    let Some(tables) = tables() else { return };
    let azure = Azure::vision();
    azure.run(&["--what-if"]).good();
    azure.run(&["--full", "--verify"]).good();
    azure.run(&["--full", "--arm"]).good();
    azure.run(&["--clean-up"]).good();
    let calls = azure.get("words").expect("calls were recorded");
    assert!(calls.lines().count() > 60);
    for call in calls.lines() {
        let output = Command::new("bash")
            .args(["-c", &format!("printf '%s\\n' {call}")])
            .output()
            .expect("bash runs");
        let words: Vec<String> =
            String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
        if let Err(message) = check(&words, &tables) {
            panic!("{message}: {call}");
        }
    }
}
