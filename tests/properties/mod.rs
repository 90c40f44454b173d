//! Any config: whatever it says, it renders to files that every reader understands as it was meant, or is
//! refused with a finding about the config. Values are hostile and read back by parsers that know nothing of
//! prebake: `serde_yaml`, `serde_json` and bash.

#![expect(clippy::disallowed_methods, reason = "tests write files for bash")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;

use prebake::catalog::Stage;
use prebake::diagnostic::{Severity, text};
use prebake::pipeline::{self, Input, Outcome, Tools};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::tools::tools;

fn render(config: &Value, tools: &Tools) -> Outcome {
    let input =
        Input { path: "any.yaml".to_owned(), bytes: yaml(config).into_bytes(), ..Input::default() };
    pipeline::render(&input, tools)
}

/// JSON that is YAML too, whatever its strings hold: everything unusual is escaped.
fn yaml(value: &Value) -> String {
    let mut out = String::new();
    for character in value.to_string().chars() {
        match u32::from(character) {
            0x20..=0x7e => out.push(character),
            code @ 0..=0xffff => {
                let _ = write!(out, "\\u{code:04x}");
            }
            code => {
                let _ = write!(out, "\\U{code:08x}");
            }
        }
    }
    out
}

/// Pieces that end strings, comments, commands and tags in one of the languages of a render.
const PIECES: &[&str] = &[
    "'",
    "\"",
    "`",
    "\\",
    "${",
    "}",
    "$(",
    ")",
    "{{",
    "}}",
    "{%",
    "%}",
    "#",
    "#cloud-config",
    "\n",
    "\r\n",
    "\t",
    " ",
    ": ",
    "- ",
    "|",
    ">",
    "&a",
    "*a",
    "!!python/object",
    "---",
    "...",
    "EOF",
    "'''",
    "''",
    "[",
    "]",
    "[concat('a')]",
    "[[",
    "<script>",
    "</script>",
    "<!--",
    "-->",
    "```",
    "~~~",
    "@",
    "%",
    "!",
    "~",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{202e}",
    "é",
    "日本",
    "\u{1F600}",
    "\u{7f}",
    "\u{1b}[31m",
    "a",
    "Z",
    "0",
    "1e3",
    "null",
    "true",
    "reboot",
    "rm -rf /",
    "; ",
    "&& ",
    "|| ",
    "> /etc/passwd",
    "$HOME",
    "$1",
    "\\n",
    "\\u0027",
    "\\",
    "//",
    "/*",
    "*/",
];

fn hostile() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 1..8).prop_map(|pieces| pieces.concat())
}

/// Starts the user's own commands.
const OWN: &str = "# of the user\n";

/// Where a config may say anything at all, with the value that is put there.
#[derive(Debug, Clone)]
struct Hostile {
    display_name: String,
    command: String,
    metadata: String,
    environment: String,
    tag: String,
    argument: String,
    content: String,
    run: String,
    options: String,
}

prop_compose! {
    fn values()(texts in prop::collection::vec(hostile(), 9)) -> Hostile {
        let mut texts = texts.into_iter();
        let mut next = || texts.next().expect("there are nine");
        Hostile {
            display_name: next(), command: next(), metadata: next(), environment: next(), tag: next(),
            argument: next(), content: next(), run: next(), options: next(),
        }
    }
}

fn config(values: &Hostile) -> Value {
    json!({
        "name": "hostile",
        "location": "swedencentral",
        "resourceGroup": "hostile",
        "tags": { "owner": values.tag },
        "registry": { "sku": "Premium" },
        "images": [{
            "name": "team/app", "tag": "1",
            "build": { "context": ".", "args": { "ARGUMENT": values.argument } },
        }],
        "node": { "os": "ubuntu-24.04", "vmSize": "Standard_NC4as_T4_v3" },
        "bake": { "steps": [
            { "file": { "path": "/etc/app/hostile.conf", "content": values.content } },
            { "run": format!("{OWN}{}", values.run) },
        ] },
        "gallery": { "version": "1.0.0" },
        "batch": { "pools": [
            {
                "id": "fixed", "nodes": 1,
                "displayName": values.display_name,
                "metadata": { "note": values.metadata },
                "environment": { "HOSTILE": values.environment },
                "startTask": { "command": values.command },
                "mounts": [{
                    "kind": "nfs", "source": "server:/export", "path": "data",
                    "options": values.options,
                }],
            },
            { "id": "scaled", "autoScale": { "formula": "$TargetDedicatedNodes = 1;" } },
        ] },
    })
}

fn harmless() -> Hostile {
    let text = || "true".to_owned();
    Hostile {
        display_name: text(),
        command: text(),
        metadata: text(),
        environment: text(),
        tag: text(),
        argument: text(),
        content: text(),
        run: text(),
        options: text(),
    }
}

/// A host and a repository, of which one or none is hostile.
fn image_name() -> impl Strategy<Value = String> {
    let piece = prop::option::of(hostile());
    (piece, any::<bool>(), 0..70_000u32).prop_map(|(piece, in_host, port)| {
        let piece = piece.unwrap_or_default();
        let (host, repository) = if in_host { (piece.as_str(), "") } else { ("", piece.as_str()) };
        format!("a{host}.example.com:{port}/team/app{repository}")
    })
}

/// Every string of a JSON document.
fn strings(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(map) => map.values().for_each(|item| strings(item, found)),
        _ => {}
    }
}

/// Runs `bash -n` over every script; gives what it says against them.
fn bash_objects_to(scripts: &[String]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (number, script) in scripts.iter().enumerate() {
        std::fs::write(folder.path().join(number.to_string()), script).expect("written");
    }
    let check = "for script in *; do bash -n \"$script\" || true; done";
    let output =
        Command::new("bash").args(["-c", check]).current_dir(folder.path()).output().expect("runs");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A finding about what the config says, not about what prebake made of it.
fn is_about_the_config(code: &str) -> bool {
    !(code.starts_with("BCP") || code.starts_with("PB2") || code.starts_with("PB3"))
}

fn refused(outcome: &Outcome) -> Result<(), TestCaseError> {
    let shown = text::render(&outcome.diagnostics, &outcome.sources, false);
    let mut errors =
        outcome.diagnostics.iter().filter(|finding| finding.severity == Severity::Error);
    prop_assert!(outcome.diagnostics.has_errors(), "refused without a reason");
    prop_assert!(errors.all(|error| is_about_the_config(&error.code)), "{}", shown);
    Ok(())
}

/// The codes of all errors.
fn errors(outcome: &Outcome) -> BTreeSet<String> {
    let errors = outcome.diagnostics.iter().filter(|one| one.severity == Severity::Error);
    errors.map(|error| error.code.to_string()).collect()
}

/// The pointer of every value but the whole.
fn values_of(value: &Value, pointer: &str, found: &mut Vec<String>) {
    let mut below = |key: &str, value: &Value| {
        let pointer = format!("{pointer}/{key}");
        found.push(pointer.clone());
        values_of(value, &pointer, found);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| below(key, value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| below(&at.to_string(), value));
        }
        _ => {}
    }
}

fn scripts_of(cloud_init: &serde_yaml::Value) -> Vec<String> {
    let files = cloud_init["write_files"].as_sequence().cloned().unwrap_or_default();
    files
        .iter()
        .filter_map(|file| file["content"].as_str())
        .filter(|text| text.starts_with("#!"))
        .map(str::to_owned)
        .collect()
}

/// The properties below say nothing about a config that is refused: this one must not be.
#[test]
fn quotes_of_every_language_are_no_reason_to_refuse() {
    let hostile = || "it's \"a\" ${b} $(c) `d` {{ e }} {% f %} # g: [h] <i> \\".to_owned();
    let values = Hostile {
        display_name: hostile(),
        command: hostile(),
        metadata: hostile(),
        environment: hostile(),
        tag: hostile(),
        argument: hostile(),
        content: hostile(),
        run: "true".to_owned(),
        options: hostile(),
    };
    let outcome = render(&config(&values), &tools());
    let shown = text::render(&outcome.diagnostics, &outcome.sources, false);
    assert!(outcome.render.is_some(), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_value_leaves_its_quotes(values in values()) {
        let tools = tools();
        let config = config(&values);
        let outcome = render(&config, &tools);
        let Some(made) = &outcome.render else { return refused(&outcome) };
        let files = &made.artifacts.files;

        let parameters: Value =
            serde_json::from_str(&files["arm/batch.parameters.json"]).expect("JSON");
        let template: Value = serde_json::from_str(&files["arm/batch.json"]).expect("JSON");
        let mut found = BTreeSet::new();
        strings(&parameters, &mut found);
        strings(&template, &mut found);
        for value in [&values.display_name, &values.metadata, &values.environment,
                      &values.options, &values.tag] {
            let there = found.iter().any(|text| text.contains(value.as_str()));
            prop_assert!(there, "{value:?} is not in what is deployed");
        }
        prop_assert!(found.iter().any(|text| text.contains(values.command.trim())
            || text.contains(&values.command.replace('\'', r"'\''"))), "the command is lost");

        for (path, text) in files.iter().filter(|(path, _)| path.contains(".json")) {
            let read: Result<Value, _> = serde_json::from_str(text);
            prop_assert!(read.is_ok(), "{path}");
        }
        let pool: Value = serde_json::from_str(&files["pools/fixed.json"]).expect("JSON");
        prop_assert_eq!(pool["displayName"].as_str(), Some(values.display_name.as_str()));

        let cloud_init: serde_yaml::Value =
            serde_yaml::from_str(&files["cloud-init.yaml"]).expect("YAML");
        let task: Result<serde_yaml::Value, _> = serde_yaml::from_str(&files["acr-task.yaml"]);
        prop_assert!(task.is_ok(), "acr-task.yaml");
        let mut scripts = scripts_of(&cloud_init);
        prop_assert!(scripts.len() > 3);
        scripts.push(files["deploy.sh"].clone());
        // The user's own commands are bash, right or wrong: only what prebake wrote must parse.
        scripts.retain(|script| !script.contains(OWN));
        let objections = bash_objects_to(&scripts);
        prop_assert!(objections.is_empty(), "{objections}");
        prop_assert!(!files["README.md"].contains("<script>"), "README.md");

        let again = render(&config, &tools);
        prop_assert_eq!(&again.render.expect("it rendered before").artifacts, &made.artifacts);
    }

    #[test]
    fn no_image_name_leaves_its_quotes(name in image_name()) {
        let mut config = config(&harmless());
        config["images"] = json!([{ "name": name, "tag": "1" }]);
        let outcome = render(&config, &tools());
        let Some(made) = &outcome.render else { return refused(&outcome) };
        let plain = |c: char| c.is_ascii_alphanumeric() || "./:_-".contains(c);
        prop_assert!(name.chars().all(plain), "{name:?} is taken for the name of an image");
        let scripts = vec![made.artifacts.files["deploy.sh"].clone()];
        let objections = bash_objects_to(&scripts);
        prop_assert!(objections.is_empty(), "{objections}");
    }

    #[test]
    fn any_sensible_config_renders(config in sensible()) {
        let outcome = render(&config, &tools());
        let Some(made) = &outcome.render else { return refused(&outcome) };
        let stages: Vec<Stage> = made.stages.iter().map(|made| made.stage).collect();
        prop_assert_eq!(&stages, &made.model.stages);
        for (path, text) in made.artifacts.files.iter() {
            prop_assert!(text.ends_with('\n') && !text.contains('\r'), "{path}");
        }
        // What a config means does not depend on how it is written.
        let round: Value = serde_yaml::from_str(&serde_yaml::to_string(&config).expect("YAML"))
            .expect("YAML");
        prop_assert_eq!(round, config);
    }

    #[test]
    fn a_mistake_is_told_once(config in sensible(), at in any::<prop::sample::Index>(), key in any::<bool>()) {
        let before = errors(&render(&config, &tools()));
        let mut pointers = Vec::new();
        values_of(&config, "", &mut pointers);
        let pointer = at.get(&pointers);
        let mut mistaken = config.clone();
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        match mistaken.pointer_mut(parent) {
            Some(Value::Object(map)) if key => {
                let value = map.remove(name).expect("it is there");
                map.insert(format!("{name}z"), value);
            }
            _ => *mistaken.pointer_mut(pointer).expect("it is there") = json!(7.5),
        }
        let after = errors(&render(&mistaken, &tools()));
        prop_assert!(after.iter().any(|code| code.starts_with("PB01")), "{pointer}: {after:?}");
        let follows = |code: &&String| !code.starts_with("PB01") && !before.contains(*code);
        prop_assert_eq!(after.iter().find(follows), None, "{}", pointer);
    }

    #[test]
    fn any_bytes_are_refused_or_rendered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let input = Input { path: "any.yaml".to_owned(), bytes, ..Input::default() };
        let outcome = pipeline::render(&input, &tools());
        prop_assert!(outcome.render.is_some() || outcome.diagnostics.has_errors());
    }
}

#[expect(clippy::too_many_lines, reason = "one list of choices after the other")]
fn sensible() -> impl Strategy<Value = Value> {
    let os =
        prop::sample::select(vec!["ubuntu-22.04", "ubuntu-24.04", "almalinux-8", "almalinux-9"]);
    let size = prop::sample::select(vec![
        "Standard_NC4as_T4_v3",
        "Standard_NC24ads_A100_v4",
        "Standard_NV36ads_A10_v5",
        "Standard_ND96isr_H100_v5",
        "Standard_D4s_v5",
        "Standard_D16ads_v5",
        "Standard_HB120rs_v3",
    ]);
    let location =
        prop::sample::select(vec!["swedencentral", "westeurope", "eastus", "southcentralus"]);
    let registry = prop::option::of(prop::sample::select(vec!["Basic", "Standard", "Premium"]));
    let pools = prop::collection::vec((0..50u32, any::<bool>(), 1..4u32), 1..5);
    (os, size, location, registry, pools, any::<[bool; 4]>()).prop_map(
        |(os, size, location, registry, pools, [build, preload, blue, builder])| {
            let private = registry.is_some();
            let image = if private {
                let build = build.then(|| json!({ "context": "app" }));
                let mut image = json!({ "name": "team/app", "tag": "1.2", "preload": preload });
                if let Some(build) = build {
                    image["build"] = build;
                }
                image
            } else {
                json!({ "name": "docker.io/library/python", "tag": "3.12.7-slim", "preload": preload })
            };
            let pools: Vec<Value> = pools
                .into_iter()
                .enumerate()
                .map(|(at, (nodes, scaled, slots))| {
                    let mut pool = json!({ "id": format!("pool-{at}"), "taskSlotsPerNode": slots });
                    if scaled {
                        pool["autoScale"] =
                            json!({ "formula": format!("$TargetDedicatedNodes = {nodes};") });
                    } else {
                        pool["nodes"] = nodes.into();
                    }
                    if blue {
                        pool["replace"] = "blue-green".into();
                    }
                    pool
                })
                .collect();
            let mut config = json!({
                "name": "any", "location": location, "resourceGroup": "any",
                "images": [image],
                "node": { "os": os, "vmSize": size },
                "gallery": { "version": "1.0.0" },
                "batch": { "pools": pools },
            });
            if let Some(sku) = registry {
                config["registry"] = json!({ "sku": sku });
            }
            if builder {
                config["bake"] = json!({ "method": "image-builder" });
            }
            config
        },
    )
}
