use std::collections::BTreeSet;
use std::fmt::Write as _;

use prebake::{check, diagnostic};
use serde_json::Value;

use super::{current, read, root};

fn schema() -> Value {
    let text = read(&root().join("schemas/config.schema.json"));
    serde_json::from_str(&text).expect("the schema is JSON")
}

/// A description in its parts: what the key is, its default and an example.
struct Described {
    what: String,
    default: Option<String>,
    example: Option<String>,
}

fn described(description: &str) -> Described {
    // A default or an example can start after a line break.
    let description = description.replace('\n', " ");
    let (rest, example) = match description.split_once(" Example: ") {
        Some((rest, example)) => (rest, Some(example.trim_end_matches('.').to_owned())),
        None => (description.as_str(), None),
    };
    let (what, default) = match rest.split_once(" Default: ") {
        Some((what, default)) => {
            let (default, after) = default.split_once(". ").unwrap_or((default, ""));
            let default = default.trim_end_matches('.').to_owned();
            (format!("{what} {after}").trim().to_owned(), Some(default))
        }
        None => (rest.to_owned(), None),
    };
    Described { what, default, example }
}

/// The schema that a reference stands for, with the description beside the reference.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let pointer = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.map_or(schema, |pointer| root.pointer(pointer).expect("the reference exists"))
}

/// The values of a key in a few words.
fn values(root: &Value, schema: &Value) -> String {
    let schema = resolved(root, schema);
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> =
            words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
        return words.join(", ");
    }
    if let Some(branches) = schema["anyOf"].as_array() {
        let mut words: Vec<String> = branches.iter().map(|branch| values(root, branch)).collect();
        words.dedup();
        return words.join(" or ");
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => vec!["any value"],
    };
    let words = kinds.iter().map(|kind| match *kind {
        "object" => "mapping".to_owned(),
        "array" => format!("list of {}", plural(&values(root, &schema["items"]))),
        kind => kind.to_owned(),
    });
    words.collect::<Vec<_>>().join(" or ")
}

fn plural(word: &str) -> String {
    if word.contains('`') { format!("({word})") } else { format!("{word}s") }
}

/// Lower and upper bounds, where the schema has them.
fn bounds(root: &Value, schema: &Value) -> String {
    let schema = resolved(root, schema);
    let number =
        |name: &str| schema[name].as_u64().or(schema[name].as_i64().map(i64::unsigned_abs));
    let negative = schema["minimum"].as_i64().filter(|least| *least < 0);
    let range = |least: Option<u64>, most: Option<u64>, unit: &str| match (least, most) {
        (Some(least), Some(most)) => format!("; {least} to {most}{unit}"),
        (None, Some(most)) => format!("; up to {most}{unit}"),
        _ => String::new(),
    };
    match negative {
        Some(least) => format!("; {least} to {}", schema["maximum"]),
        None if schema["maximum"].is_u64() => range(number("minimum"), number("maximum"), ""),
        None if schema["maxLength"].is_u64() => {
            range(number("minLength"), number("maxLength"), " characters")
        }
        None if schema["maxItems"].is_u64() => {
            range(number("minItems"), number("maxItems"), " items")
        }
        None => String::new(),
    }
}

/// A mapping of the config: its path, and its schema.
fn sections<'a>(
    root: &'a Value,
    path: &str,
    schema: &'a Value,
    found: &mut Vec<(String, &'a Value)>,
) {
    let schema = resolved(root, schema);
    if schema["properties"].is_object() {
        if !path.is_empty() && found.iter().any(|(known, _)| known == path) {
            return;
        }
        found.push((path.to_owned(), schema));
        let dot = if path.is_empty() { "" } else { "." };
        for (name, below) in schema["properties"].as_object().into_iter().flatten() {
            if name != "environments" && path.matches('.').count() < 6 {
                sections(root, &format!("{path}{dot}{name}"), below, found);
            }
        }
    }
    if schema["items"].is_object() {
        sections(root, &format!("{path}[]"), &schema["items"], found);
    }
    if schema["additionalProperties"].is_object() {
        sections(root, &format!("{path}.<name>"), &schema["additionalProperties"], found);
    }
    for branch in schema["anyOf"].as_array().into_iter().flatten() {
        sections(root, path, branch, found);
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn reference() -> String {
    let root = schema();
    let mut page = "# Config keys\n\n\
        Every key of a config, generated from its [JSON Schema](https://github.com/prebake/prebake/blob/main/schemas/config.schema.json). \
        A path such as `batch.pools[].nodes` means the key `nodes` of each item in the list `pools` of the mapping `batch`.\n\n\
        `prebake config show --defaults` prints a config of yours with every default and derived name.\n"
        .to_owned();
    let mut found = Vec::new();
    sections(&root, "", &root, &mut found);
    for (path, schema) in found {
        let title = if path.is_empty() { "Top level".to_owned() } else { format!("`{path}`") };
        let _ = writeln!(page, "\n## {title}\n");
        if let Some(text) = schema["description"].as_str() {
            let _ = writeln!(page, "{text}\n");
        }
        page.push_str("| Key | Value | Default | Description |\n|---|---|---|---|\n");
        let required: BTreeSet<&str> = [&schema["required"], &schema["else"]["required"]]
            .iter()
            .filter_map(|list| list.as_array())
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for (name, key) in schema["properties"].as_object().into_iter().flatten() {
            let text = key["description"].as_str().or(resolved(&root, key)["description"].as_str());
            let Described { what, default, example } = described(text.unwrap_or_default());
            let default = match default {
                _ if required.contains(name.as_str()) => "required".to_owned(),
                Some(default) => default,
                None => "none".to_owned(),
            };
            let example = example.map_or_else(String::new, |text| format!(" Example: {text}"));
            let (values, bounds) = (values(&root, key), bounds(&root, key));
            let _ = writeln!(
                page,
                "| `{name}` | {} | {} | {} |",
                cell(&format!("{values}{bounds}")),
                cell(&default),
                cell(&format!("{what}{example}"))
            );
        }
    }
    page
}

#[test]
fn the_reference_of_the_config_is_current() {
    current("reference/config.md", &reference());
}

#[test]
fn every_key_of_the_schema_is_in_the_reference() {
    let page = reference();
    let schema = schema();
    let mut keys = BTreeSet::new();
    let mut waiting = vec![&schema];
    while let Some(part) = waiting.pop() {
        keys.extend(part["properties"].as_object().into_iter().flatten().map(|(name, _)| name));
        match part {
            Value::Object(map) => waiting.extend(map.values()),
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    assert!(keys.len() > 90, "only {} keys", keys.len());
    for key in keys {
        assert!(page.contains(&format!("\n| `{key}` |")), "`{key}` is missing");
    }
}

#[test]
fn every_key_says_what_it_is_and_gives_an_example() {
    let root = schema();
    let mut found = Vec::new();
    sections(&root, "", &root, &mut found);
    let mut poor = Vec::new();
    for (path, section) in found {
        for (name, key) in section["properties"].as_object().into_iter().flatten() {
            let text = key["description"].as_str().unwrap_or_default();
            let words = values(&root, key);
            let obvious = words == "boolean" || words.contains('`') || text.contains('`');
            if text.len() < 12 || !(obvious || text.contains("Example: ")) {
                poor.push(format!("{path}.{name}: {text}"));
            }
        }
    }
    assert!(poor.is_empty(), "these descriptions need an example:\n{}", poor.join("\n"));
}

#[test]
fn the_catalog_of_rules_is_current() {
    let mut page = "# Rules\n\n\
        `prebake validate`, `prebake render` and `prebake diff` check these rules about Azure. `prebake explain CODE` prints \
        the same text. `checks.rules` in a config changes the level of a rule or waives it:\n\n\
        ```yaml\nchecks:\n  rules:\n    POOL003: { level: waive, reason: moving to Ubuntu 24.04 in spring, until: 2027-03-31 }\n```\n\n\
        This page is generated.\n"
        .to_owned();
    let mut area = "";
    for rule in check::rules() {
        let start = rule.code.trim_end_matches(|sign: char| sign.is_ascii_digit());
        if start != area {
            area = start;
            let _ = writeln!(page, "\n## {}", area_name(area));
        }
        let level = rule.severity.word();
        let _ = write!(page, "\n### {}\n\n**{}** ({level})\n\n", rule.code, capital(rule.title));
        let _ =
            writeln!(page, "{}.\n\nFix: {}.\n\nSource: {}.", rule.reason, rule.fix, rule.source);
    }
    current("reference/rules.md", &page);
}

fn area_name(start: &str) -> &'static str {
    match start {
        "ACR" => "Container registry",
        "API" => "Templates and API versions",
        "CI" => "cloud-init and custom data",
        "CTR" => "Containers",
        "IMG" => "Node images",
        "NET" => "Network",
        "POOL" => "Pools",
        "STO" => "Storage",
        "SUB" => "Your subscription",
        other => panic!("name the area `{other}`"),
    }
}

fn capital(text: &str) -> String {
    let mut signs = text.chars();
    signs.next().map_or_else(String::new, |first| first.to_uppercase().chain(signs).collect())
}

#[test]
fn the_list_of_codes_is_current() {
    let mut page = "# Diagnostic codes\n\n\
        Every code of a message that is not a [rule](rules.md). `prebake explain CODE` prints the same text. Codes that start \
        with `BCP`, and names in lowercase, are those of the Microsoft Bicep compiler and linter, which documents them. This \
        page is generated.\n\n"
        .to_owned();
    for known in diagnostic::explanations() {
        let _ = writeln!(page, "## {}\n\n**{}**\n", known.code, capital(known.title));
        let _ = writeln!(page, "{}.\n\nFix: {}.\n", known.reason, known.fix);
    }
    current("reference/codes.md", &format!("{}\n", page.trim_end()));
}

/// Leaves of a value by the paths of the reference.
fn leaves(value: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) => {
            for (name, below) in map {
                let dot = if path.is_empty() { "" } else { "." };
                leaves(below, &format!("{path}{dot}{name}"), found);
            }
        }
        Value::Array(items) => {
            for below in items {
                leaves(below, &format!("{path}[]"), found);
            }
        }
        single => found.push((path.to_owned(), single.clone())),
    }
}

#[test]
fn documented_defaults_are_those_that_count() {
    let schema = schema();
    let mut found = Vec::new();
    sections(&schema, "", &schema, &mut found);
    let mut documented = std::collections::BTreeMap::new();
    for (path, section) in found {
        let dot = if path.is_empty() { "" } else { "." };
        for (name, key) in section["properties"].as_object().into_iter().flatten() {
            let text = key["description"].as_str().unwrap_or_default();
            let default = described(text).default.unwrap_or_default();
            let literal = default.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
            if let Some(literal) = literal.filter(|text| !text.contains(['`', ' '])) {
                documented.insert(format!("{path}{dot}{name}"), literal.to_owned());
            }
        }
    }
    let (mut compared, mut wrong) = (BTreeSet::new(), Vec::new());
    for example in ["cpu", "gpu-preload", "multi-pool", "image-builder"] {
        let path = root().join(format!("examples/{example}.yaml"));
        let written: Value = serde_yaml::from_str(&read(&path)).expect("the example is YAML");
        let mut show = std::process::Command::new(env!("CARGO_BIN_EXE_prebake"));
        let output = show.args(["config", "show", "--defaults"]).arg(&path).output().expect("runs");
        let shown = String::from_utf8(output.stdout).expect("it prints UTF-8");
        assert!(output.status.success() && shown.contains("  # default"), "{shown}");
        let whole: Value = serde_yaml::from_str(&shown).expect("it prints YAML");
        let (mut own, mut all) = (Vec::new(), Vec::new());
        leaves(&written, "", &mut own);
        leaves(&whole, "", &mut all);
        for (path, value) in all {
            // What one item of a list writes, another leaves out: only keys that no item writes are compared.
            if own.iter().any(|(known, _)| *known == path) {
                continue;
            }
            let Some(default) = documented.get(&path) else { continue };
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            compared.insert(path.clone());
            // References to other keys, such as `node.vmSize`, stand for their values.
            if value != *default && !documented.contains_key(default) && default != "node.vmSize" {
                wrong.push(format!("{example}: `{path}` is {value}, documented is {default}"));
            }
        }
    }
    assert!(compared.len() >= 15, "only {compared:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
