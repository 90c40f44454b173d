use serde_json::{Value, json};

use super::Checked;
use super::location::Location;
use crate::diagnostic::{Diagnostic, Fact, Severity};
use crate::render::json_text;

pub(super) fn render(checked: &[Checked<'_>]) -> String {
    let findings: Vec<Value> = checked
        .iter()
        .flat_map(|one| one.diagnostics.iter().map(move |finding| object(finding, one)))
        .collect();
    let count =
        |severity| -> usize { checked.iter().map(|one| one.diagnostics.count(severity)).sum() };
    json_text(&json!({
        "version": 1,
        "findings": findings,
        "summary": {
            "configs": checked.len(),
            "errors": count(Severity::Error),
            "warnings": count(Severity::Warning),
            "infos": count(Severity::Info),
        },
    }))
}

fn object(finding: &Diagnostic, checked: &Checked<'_>) -> Value {
    let related: Vec<Value> = finding
        .related
        .iter()
        .map(|related| {
            let mut place = range(&Location::of(related.place, checked));
            place["label"] = json!(related.label);
            place
        })
        .collect();
    json!({
        "config": checked.config,
        "code": finding.code,
        "severity": finding.severity,
        "title": finding.title,
        "place": finding.place.map(|place| range(&Location::of(place, checked))),
        "label": finding.label,
        "related": related,
        "reason": finding.reason,
        "help": finding.help,
        "note": finding.note,
        "facts": finding.facts.iter().map(fact).collect::<Vec<_>>(),
    })
}

fn fact(fact: &Fact) -> Value {
    json!({ "table": fact.table, "row": fact.row, "source": fact.source, "checked": fact.checked })
}

fn range(location: &Location<'_>) -> Value {
    json!({
        "file": location.file,
        "line": location.start.line,
        "column": location.start.column,
        "endLine": location.end.line,
        "endColumn": location.end.column,
    })
}
