//! The wording rules of `styles/`, which Vale applies in editors, hold in the pages, in the message tables
//! and in the messages of the code.

use regex::Regex;
use serde_json::Value;

use super::{files_below, pages, read, root};

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

/// The sentences in the code: string literals of three words and more, which are messages or parts of them.
fn messages() -> Vec<(String, String)> {
    let literal = Regex::new(r#""((?:[^"\\\n]|\\.|\\\n)*)""#).expect("it is valid");
    let code = Regex::new(r"`[^`\n]*`|https?://\S+").expect("it is valid");
    let mut found = Vec::new();
    for folder in ["src", "crates/bicep/src"] {
        for file in files_below(folder, "rs") {
            let shown = file.strip_prefix(root()).expect("it is ours").display().to_string();
            let text = read(&file);
            let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let text = lines.collect::<Vec<_>>().join("\n");
            let literals = literal
                .captures_iter(&text)
                .map(|found| code.replace_all(&found[1], "").into_owned());
            found.extend(
                literals
                    .filter(|text| text.split_whitespace().count() > 2)
                    .map(|text| (shown.clone(), text)),
            );
        }
    }
    found
}

#[test]
fn texts_follow_the_wording_rules() {
    let rules = rules();
    assert!(rules.len() >= 30);
    let mut wrong = Vec::new();
    let messages = messages();
    assert!(messages.len() >= 2000, "{} messages", messages.len());
    for (file, text) in texts().into_iter().chain(messages) {
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
