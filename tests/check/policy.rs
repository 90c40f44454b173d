//! What the config makes of findings: lowered, raised, waived, and settings that are findings themselves.

use std::collections::BTreeMap;

use libtest_mimic::{Failed, Trial};
use prebake::catalog::Date;
use prebake::check::{self, Outcome};
use prebake::config::fields::{Level, RuleSetting};
use prebake::diagnostic::{Diagnostic, Diagnostics, Severity};

pub fn trials() -> Vec<Trial> {
    vec![
        Trial::test("check::policy::levels", levels),
        Trial::test("check::policy::waiver", waiver),
        Trial::test("check::policy::settings_that_are_wrong", wrong_settings),
    ]
}

fn apply(code: &str, level: Level, until: Option<&str>) -> Outcome {
    let mut findings = Diagnostics::new();
    findings.push(Diagnostic::warning("POOL014", "more task slots than GPUs"));
    findings.push(Diagnostic::error("BCP057", "the name does not exist"));
    let setting = RuleSetting {
        level,
        reason: "two small models share a GPU".to_owned(),
        until: until.map(str::to_owned),
    };
    let settings = BTreeMap::from([(code.to_owned(), setting)]);
    let as_of = Date::parse("2026-11-23").expect("a day");
    check::apply(findings, &settings, as_of, &|_| None)
}

fn codes(outcome: &Outcome) -> Vec<(String, Severity)> {
    outcome.diagnostics.iter().map(|it| (it.code.to_string(), it.severity)).collect()
}

fn expect(outcome: &Outcome, waived: usize, expected: &[(&str, Severity)]) -> Result<(), Failed> {
    let expected: Vec<_> = expected.iter().map(|(code, it)| ((*code).to_owned(), *it)).collect();
    if codes(outcome) == expected && outcome.waived == waived {
        return Ok(());
    }
    Err(format!("{:?}, {} waived; expected {expected:?}, {waived}", codes(outcome), outcome.waived)
        .into())
}

const COMPILER: (&str, Severity) = ("BCP057", Severity::Error);

fn levels() -> Result<(), Failed> {
    let raised = apply("POOL014", Level::Error, None);
    expect(&raised, 0, &[("POOL014", Severity::Error), COMPILER])?;
    let reason = &raised.diagnostics.iter().next().ok_or("no finding")?.reason;
    if !reason.contains("two small models share a GPU") {
        return Err(format!("the reason is not shown: {reason}").into());
    }
    expect(&apply("POOL014", Level::Info, None), 0, &[("POOL014", Severity::Info), COMPILER])
}

fn waiver() -> Result<(), Failed> {
    let until_today = Some("2026-11-23");
    expect(&apply("POOL014", Level::Waive, until_today), 1, &[COMPILER])?;
    let found = ("POOL014", Severity::Warning);
    let expired = apply("POOL014", Level::Waive, Some("2026-11-22"));
    expect(&expired, 0, &[found, COMPILER, ("PB0803", Severity::Warning)])?;
    let idle = apply("POOL013", Level::Waive, until_today);
    expect(&idle, 0, &[found, COMPILER, ("PB0804", Severity::Warning)])
}

fn wrong_settings() -> Result<(), Failed> {
    let found = ("POOL014", Severity::Warning);
    let unknown = apply("POOL999", Level::Info, None);
    expect(&unknown, 0, &[found, COMPILER, ("PB0801", Severity::Error)])?;
    let endless = apply("POOL014", Level::Waive, None);
    expect(&endless, 0, &[found, COMPILER, ("PB0802", Severity::Error)])?;
    let no_day = apply("POOL014", Level::Waive, Some("2026-02-30"));
    expect(&no_day, 0, &[found, COMPILER, ("PB0802", Severity::Error)])
}
