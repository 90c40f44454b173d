//! The wording rules of `styles/`, which Vale applies in editors, hold in the pages and in every message table.

use regex::Regex;
use serde_json::Value;

use super::{pages, read, root};

struct Rule {
    found: Regex,
    better: String,
}

fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    for entry in std::fs::read_dir(root().join("styles/Prebake")).expect("there are rules") {
        let rule: Value =
            serde_yaml::from_str(&read(&entry.expect("a rule").path())).expect("YAML");
        let case = if rule["ignorecase"] == true { "(?i)" } else { "" };
        for (pattern, better) in rule["swap"].as_object().expect("a substitution") {
            let found = Regex::new(&format!(r"{case}\b(?:{pattern})\b")).expect("it is valid");
            rules.push(Rule { found, better: better.as_str().expect("text").to_owned() });
        }
    }
    rules
}

/// The texts that users read, without code.
fn texts() -> Vec<(String, String)> {
    let code =
        Regex::new(r"(?s)```.*?```|`[^`\n]*`|https?://\S+|\]\([^)]*\)").expect("it is valid");
    let mut files: Vec<_> = pages();
    files.retain(|page| !page.starts_with(root().join("docs/internals")));
    for name in [
        "README.md",
        "CHANGELOG.md",
        "schemas/config.schema.json",
        "src/check/rules.tsv",
        "crates/bicep/src/diagnostic/codes.tsv",
        "templates/readme/README.md.tera",
        "templates/report/review.md.hbs",
        "templates/report/review.txt.hbs",
        "templates/report/config.md.hbs",
        "templates/report/config.txt.hbs",
        "templates/report/config.html.hbs",
    ] {
        files.push(root().join(name));
    }
    let named = files.iter().map(|file| {
        let shown = file.strip_prefix(root()).expect("it is ours").display().to_string();
        (shown, code.replace_all(&read(file), "").into_owned())
    });
    named.collect()
}

#[test]
fn texts_follow_the_wording_rules() {
    let rules = rules();
    assert!(rules.len() >= 30);
    let mut wrong = Vec::new();
    for (file, text) in texts() {
        for (number, line) in text.lines().enumerate() {
            for rule in &rules {
                if let Some(found) = rule.found.find(line) {
                    let (found, better) = (found.as_str(), &rule.better);
                    wrong.push(format!("{file}:{}: `{found}`, better: {better}", number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
