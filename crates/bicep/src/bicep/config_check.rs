//! What a `bicepconfig.json` says that nothing answers to: rules, levels and options of another name or kind.
//!
//! Microsoft's compiler passes over most of it in silence, so that a rule that is misspelled stays as it was.

use serde_json::Value;

use super::linter;
use super::spelling::suggestion;
use crate::diagnostic::{Diagnostic, FileId, Place, Severity, Span};

const LEVELS: [&str; 4] = ["off", "info", "warning", "error"];

/// Options that are lists of texts, and those that are whole numbers from 0.
const LISTS: [&str; 2] = ["disallowedhosts", "excludedhosts"];
const NUMBERS: [&str; 2] = ["maxAgeInDays", "gracePeriodInDays"];

/// Something that is wrong at a key.
struct Mistake<'v> {
    /// The keys that lead there.
    path: Vec<&'v str>,
    severity: Severity,
    code: &'static str,
    title: String,
    help: String,
}

/// How many rules of a config are looked at: there are fewer, so that what is beyond is wrong anyway.
const MOST_RULES: usize = 100;

/// The findings about a config, whose text is that of a file.
pub fn findings(config: &Value, text: &str, file: FileId) -> Vec<Diagnostic> {
    let mut mistakes = Vec::new();
    analyzers(config, &mut mistakes);
    experiments(config, &mut mistakes);
    let finding = |mistake: Mistake<'_>| {
        let place = Place { file, span: place(text, &mistake.path) };
        let finding = Diagnostic::new(mistake.severity, mistake.code, mistake.title);
        finding.at(place, "not valid here").help(mistake.help)
    };
    mistakes.into_iter().map(finding).collect()
}

fn analyzers<'v>(config: &'v Value, mistakes: &mut Vec<Mistake<'v>>) {
    let core = &config["analyzers"]["core"];
    let mut wrong = |path: &[&'v str], title: String, help: String| {
        mistakes.push(Mistake {
            path: path.to_vec(),
            severity: Severity::Warning,
            code: "PB2903",
            title,
            help,
        });
    };
    for key in ["enabled", "verbose"] {
        if !core[key].is_null() && !core[key].is_boolean() {
            let title = format!("`{key}` is not a boolean");
            wrong(&["analyzers", "core", key], title, "write true or false".to_owned());
        }
    }
    for (name, options) in core["rules"].as_object().into_iter().flatten().take(MOST_RULES) {
        let path = ["analyzers", "core", "rules", name.as_str()];
        if !linter::rule_names().any(|known| known == name) {
            let help = match suggestion(name, linter::rule_names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "remove it, or correct its name".to_owned(),
            };
            wrong(&path, format!("the linter has no rule `{name}`"), help);
            continue;
        }
        if !options.is_object() {
            let help = "write an object with a `level`".to_owned();
            wrong(&path, format!("the options of `{name}` are not an object"), help);
            continue;
        }
        let level = &options["level"];
        let is_level = |level: &str| LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level));
        if !level.is_null() && !level.as_str().is_some_and(is_level) {
            let title = format!("`{name}` has an unknown level");
            let help = format!("use one of {}", LEVELS.join(", "));
            wrong(&[&path[..], &["level"]].concat(), title, help);
        }
        let is_list = |value: &Value| {
            value.as_array().is_some_and(|items| items.iter().all(Value::is_string))
        };
        for option in LISTS.iter().filter(|option| !options[**option].is_null()) {
            if !is_list(&options[*option]) {
                let title = format!("`{option}` is not a list of strings");
                wrong(&[&path[..], &[*option]].concat(), title, "list host names".to_owned());
            }
        }
        for option in NUMBERS.iter().filter(|option| !options[**option].is_null()) {
            if options[*option].as_u64().is_none() {
                let title = format!("`{option}` is not a number of days");
                wrong(&[&path[..], &[*option]].concat(), title, "write a whole number".to_owned());
            }
        }
    }
}

/// Microsoft's compiler refuses experiments that are neither on nor off.
fn experiments<'v>(config: &'v Value, mistakes: &mut Vec<Mistake<'v>>) {
    for (name, value) in config["experimentalFeaturesEnabled"].as_object().into_iter().flatten() {
        if !value.is_boolean() {
            mistakes.push(Mistake {
                path: vec!["experimentalFeaturesEnabled", name.as_str()],
                severity: Severity::Error,
                code: "BCP273",
                title: format!("the experimental feature `{name}` is not a boolean"),
                help: "write true or false".to_owned(),
            });
        }
    }
}

/// Where the last of some keys stands, each after the one before it.
fn place(text: &str, path: &[&str]) -> Span {
    let mut from = 0;
    let mut span = Span::new(0, 0);
    for key in path {
        let quoted = format!("\"{key}\"");
        let Some(at) = text[from..].find(&quoted) else { break };
        let start = from + at;
        from = start + quoted.len();
        let small = |at: usize| u32::try_from(at).unwrap_or(0);
        span = Span::new(small(start), small(from));
    }
    span
}
