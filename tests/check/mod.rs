//! The rules: for each a change of a clean deployment that violates only it, and a near miss that does not.
//!
//! `base.yaml` is the deployment, `cases/*.yaml` are the changes; `places.rs` asks where findings point.

#![expect(clippy::disallowed_methods, reason = "tests read their cases")]

mod case;
mod places;
mod policy;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use case::{Case, Deployment};
use libtest_mimic::{Failed, Trial};
use prebake::check;

pub fn trials() -> Vec<Trial> {
    let base = Deployment::base();
    let cases = cases();
    let mut trials = vec![
        Trial::test("check::base_is_clean", {
            let base = base.clone();
            move || equal(&base.findings(), &BTreeSet::new())
        }),
        Trial::test("check::every_rule_has_both_cases", {
            let named: BTreeSet<String> = cases.iter().map(|case| case.code.clone()).collect();
            move || {
                let known: BTreeSet<String> = check::rules()
                    .map(|rule| rule.code.to_owned())
                    .filter(|code| !code.starts_with("PB"))
                    .collect();
                let run: BTreeSet<String> = check::codes().map(str::to_owned).collect();
                equal(&run, &known)?;
                equal(&named, &known)
            }
        }),
        Trial::test("check::every_rule_tells_its_story", stories),
    ];
    trials.extend(places::trials(&base));
    trials.extend(policy::trials());
    for case in cases {
        let (base, name) = (base.clone(), format!("check::{}::{}", case.code, case.name));
        trials.push(Trial::test(name, move || run(&base, &case)));
    }
    trials
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the cases are there")
        .map(|entry| entry.expect("a case can be listed").path())
        .collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let text = case::fill(&std::fs::read_to_string(&file).expect("a case can be read"));
        let read: BTreeMap<String, case::Pair> = serde_yaml::from_str(&text)
            .unwrap_or_else(|error| unreachable!("{}: {error}", file.display()));
        for (code, pair) in read {
            cases.push(Case { code: code.clone(), name: "wrong", change: pair.wrong, wrong: true });
            cases.push(Case { code, name: "near_miss", change: pair.near_miss, wrong: false });
        }
    }
    cases
}

fn run(base: &Deployment, case: &Case) -> Result<(), Failed> {
    let changed = base.with(&case.change);
    let expected = if case.wrong { BTreeSet::from([case.code.clone()]) } else { BTreeSet::new() };
    equal(&changed.findings(), &expected).map_err(|failed| {
        let found = changed.checked();
        let details: Vec<_> = found.iter().map(|it| format!("{}: {}", it.code, it.label)).collect();
        format!("{}\n{}", failed.message().unwrap_or(""), details.join("\n")).into()
    })
}

fn equal(found: &BTreeSet<String>, expected: &BTreeSet<String>) -> Result<(), Failed> {
    if found == expected {
        return Ok(());
    }
    let extra: Vec<_> = found.difference(expected).collect();
    let missing: Vec<_> = expected.difference(found).collect();
    Err(format!("found but not expected: {extra:?}; expected but not found: {missing:?}").into())
}

fn stories() -> Result<(), Failed> {
    for rule in check::rules() {
        let story = check::explain(rule.code).ok_or("a rule has no story")?;
        for part in [rule.title, rule.reason, rule.fix, rule.source, rule.code] {
            if part.is_empty() || !story.contains(part) {
                return Err(format!("{}: `{part}` is not told", rule.code).into());
            }
        }
        if rule.title.len() > 64 || rule.title.ends_with('.') || rule.fix.ends_with('.') {
            return Err(format!("{}: title or fix has not the form of a message", rule.code).into());
        }
    }
    match check::explain("NONE001") {
        None => Ok(()),
        Some(_) => Err("a code without rule has a story".into()),
    }
}
