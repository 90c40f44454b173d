use std::fmt::Write as _;

use crate::catalog::{Row, Table};
use crate::diagnostic::Severity;

pub(super) static TABLE: Table = Table::new("rules", include_str!("rules.tsv"));

/// What a rule says, whatever it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Stable code, `POOL001`.
    pub code: &'static str,
    /// How bad it is unless the config says otherwise.
    pub severity: Severity,
    /// What is wrong.
    pub title: &'static str,
    /// Why it fails in Azure.
    pub reason: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// Where that is known from.
    pub source: &'static str,
}

/// The rule of a code.
pub fn rule(code: &str) -> Option<Rule> {
    TABLE.find(code).map(parse)
}

/// All rules, by code.
pub fn rules() -> impl Iterator<Item = Rule> {
    TABLE.rows().map(parse)
}

/// The story of a rule: what it finds, why Azure minds, the fix, the source, and how to waive it.
pub fn explain(code: &str) -> Option<String> {
    let rule = rule(code)?;
    let mut text = String::new();
    let _ = writeln!(text, "{}[{}]: {}\n", rule.severity.word(), rule.code, rule.title);
    let _ = writeln!(text, "Why:    {}.", rule.reason);
    let _ = writeln!(text, "Fix:    {}.", rule.fix);
    let _ = writeln!(text, "Source: {}.", rule.source);
    let _ = write!(
        text,
        "\nTo change its level or waive it, add this to the config:\n\n  \
         checks:\n    rules:\n      {}: {{ level: waive, reason: why this is acceptable, until: 2027-01-31 }}\n\n\
         `level` is error, warning, info or waive. A waiver needs an end date in `until`.\n",
        rule.code
    );
    Some(text)
}

fn parse(row: Row) -> Rule {
    let [code, severity, title, reason, fix, source] = row.cells();
    let severity = match severity {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => Severity::Info,
    };
    Rule { code, severity, title, reason, fix, source }
}
