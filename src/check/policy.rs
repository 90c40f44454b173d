use std::collections::BTreeMap;

use super::rules;
use crate::catalog::Date;
use crate::config::fields::{Level, RuleSetting};
use crate::diagnostic::{Diagnostic, Diagnostics, Place, Severity, nearest};

/// What the config made of the findings.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The findings that stay, and those about the config's own settings.
    pub diagnostics: Diagnostics,
    /// How many findings were waived.
    pub waived: usize,
}

/// Lowers, raises and waives findings as the config says. Settings that name no rule, have no end, have
/// ended or hide nothing are findings themselves (`PB0801` to `PB0804`); `place` is where a rule's setting
/// stands in the config.
pub fn apply(
    findings: Diagnostics,
    settings: &BTreeMap<String, RuleSetting>,
    as_of: Date,
    place: &dyn Fn(&str) -> Option<Place>,
) -> Outcome {
    let mut diagnostics = Diagnostics::new();
    let mut active = BTreeMap::new();
    let mut about_settings = Vec::new();
    for (code, setting) in settings {
        if let Some(problem) = problem(code, setting, as_of) {
            about_settings.push(at(problem, place(code)));
        } else {
            active.insert(code.as_str(), (setting, 0_usize));
        }
    }
    let mut waived = 0;
    for mut finding in findings.into_vec() {
        if let Some((setting, uses)) = active.get_mut(finding.code.as_ref()) {
            *uses += 1;
            match setting.level {
                Level::Waive => {
                    waived += 1;
                    continue;
                }
                Level::Error => finding.severity = Severity::Error,
                Level::Warning => finding.severity = Severity::Warning,
                Level::Info => finding.severity = Severity::Info,
            }
            finding.reason = format!("{} (the config: {})", finding.reason, setting.reason);
        }
        diagnostics.push(finding);
    }
    for (code, (setting, uses)) in active {
        if uses == 0 && setting.level == Level::Waive {
            let problem = Diagnostic::warning("PB0804", format!("waiver of `{code}` is unused"))
                .reason("a waiver that is no longer needed would hide the next real finding")
                .help("remove it");
            about_settings.push(at(problem, place(code)));
        }
    }
    for problem in about_settings {
        diagnostics.push(problem);
    }
    Outcome { diagnostics, waived }
}

/// What is wrong with a setting, so that it does not count.
fn problem(code: &str, setting: &RuleSetting, as_of: Date) -> Option<Diagnostic> {
    if rules::rule(code).is_none() {
        let near = nearest(code, rules().map(|rule| rule.code));
        let help = near.map_or_else(
            || "`prebake explain` lists the rules".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        let problem = Diagnostic::error("PB0801", format!("unknown rule `{code}`"));
        return Some(problem.help(help));
    }
    let Some(until) = &setting.until else {
        let problem = Diagnostic::error("PB0802", format!("waiver of `{code}` has no end date"))
            .reason("nobody revisits a finding that is waived forever")
            .help("add `until: YYYY-MM-DD`");
        return (setting.level == Level::Waive).then_some(problem);
    };
    let Some(day) = Date::parse(until) else {
        let problem = Diagnostic::error("PB0802", format!("`{until}` is not a valid date"));
        return Some(problem.help("use the format `YYYY-MM-DD`"));
    };
    let ended = Diagnostic::warning("PB0803", format!("setting of `{code}` expired on {day}"))
        .reason("the findings of the rule count again")
        .help("fix the finding, or set a new end date and reason");
    (day < as_of).then_some(ended)
}

fn at(mut problem: Diagnostic, place: Option<Place>) -> Diagnostic {
    problem.place = place;
    problem
}
