//! Every code that the program prints has an explanation, and every explanation a code.

#![expect(clippy::disallowed_methods, reason = "tests read the sources")]

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::process::{Command, Output};

use prebake::{check, diagnostic};
use regex_lite::Regex;

type Outcome = Result<(), Box<dyn Error>>;

/// The codes that the sources write as text of their own; rules are known by their table.
fn written(folder: &Path, code: &Regex, found: &mut BTreeSet<String>) -> Outcome {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            written(&path, code, found)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path)?;
            let source = text.split("#[cfg(test)]").next().unwrap_or(&text);
            let codes = code.captures_iter(source);
            let codes = codes.filter_map(|code| code.get(1).or(code.get(2)));
            found.extend(codes.map(|code| code.as_str().to_owned()));
        }
    }
    Ok(())
}

fn explain(arguments: &[&str]) -> Result<Output, std::io::Error> {
    Command::new(env!("CARGO_BIN_EXE_prebake")).arg("explain").args(arguments).output()
}

#[test]
fn every_printed_code_is_explained_and_no_other() -> Outcome {
    // Codes stand as texts of their own; the rules of the linter are rows that begin with their name.
    let code = Regex::new(r#""([A-Z]{2,5}\d{3,4})"|\brule\(\s*"([a-z-]+)""#)?;
    let mut printed = BTreeSet::new();
    for root in ["src", "crates/bicep/src"] {
        written(&Path::new(env!("CARGO_MANIFEST_DIR")).join(root), &code, &mut printed)?;
    }
    assert!(printed.len() > 300, "{} codes are found in the sources", printed.len());
    let without: Vec<&String> = printed
        .iter()
        .filter(|code| check::rule(code).is_none() && diagnostic::explanation(code).is_none())
        .collect();
    assert!(without.is_empty(), "these codes have no explanation: {without:?}");
    for known in diagnostic::explanations() {
        assert!(printed.contains(known.code), "nothing prints `{}`", known.code);
        assert!(check::rule(known.code).is_none(), "`{}` is a rule, too", known.code);
    }
    Ok(())
}

#[test]
fn explanations_are_sorted_and_told_like_messages() {
    let codes: Vec<&str> = diagnostic::explanations().map(|known| known.code).collect();
    assert!(codes.is_sorted_by_key(|code| code.to_lowercase()));
    for known in diagnostic::explanations() {
        for text in [known.title, known.reason, known.fix] {
            assert!(!text.is_empty() && !text.ends_with('.'), "`{}`: {text:?}", known.code);
        }
    }
}

#[test]
fn the_command_explains_any_code_in_any_letter_case() -> Outcome {
    for (code, words) in [
        ("pool001", "error[POOL001]"),
        ("DIF001", "`replace: blue-green`"),
        ("pb1012", "gallery: { version: 1.0.0 }"),
        ("BCP057", "https://aka.ms/bicep/core-diagnostics#BCP057"),
        ("no-unused-params", "https://aka.ms/bicep/linter-diagnostics#no-unused-params"),
    ] {
        let told = explain(&[code])?;
        let text = String::from_utf8(told.stdout)?;
        assert!(told.status.success() && text.contains(words), "{code}: {text}");
    }
    let list = String::from_utf8(explain(&[])?.stdout)?;
    for code in check::rules()
        .map(|rule| rule.code)
        .chain(diagnostic::explanations().map(|known| known.code))
    {
        assert!(
            list.lines().any(|line| line.split(' ').next() == Some(code)),
            "{code} is not listed"
        );
    }
    let unknown = explain(&["PB9999"])?;
    assert_eq!(unknown.status.code(), Some(2));
    Ok(())
}
