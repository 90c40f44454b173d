use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Checked;
use super::location::Location;
use crate::check;
use crate::diagnostic::{Diagnostic, Severity, explanation, percent};
use crate::model;
use crate::render::json_text;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn render(checked: &[Checked<'_>]) -> String {
    // Rules by code, so that the report does not depend on the order of findings.
    let mut rules: BTreeMap<&str, Value> = BTreeMap::new();
    for finding in checked.iter().flat_map(|one| one.diagnostics.iter()) {
        rules.entry(finding.code.as_ref()).or_insert_with(|| rule(finding));
    }
    let indices: BTreeMap<&str, usize> =
        rules.keys().enumerate().map(|(index, code)| (*code, index)).collect();
    let mut seen = BTreeMap::new();
    let mut results = Vec::new();
    for one in checked {
        for finding in one.diagnostics {
            let index = indices.get(finding.code.as_ref()).copied();
            results.push(result(finding, index, one, &mut seen));
        }
    }
    json_text(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "prebake",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.into_values().collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

/// A rule as its table tells it, so that it does not depend on which finding comes first.
fn rule(finding: &Diagnostic) -> Value {
    let rule = check::rule(&finding.code);
    let other = explanation(&finding.code);
    let severity = rule.map_or(finding.severity, |rule| rule.severity);
    let (title, reason, fix) = match (rule, other) {
        (Some(rule), _) => (rule.title, rule.reason, rule.fix),
        (None, Some(other)) => (other.title, other.reason, other.fix),
        (None, None) => (finding.title.as_str(), finding.reason.as_str(), finding.help.as_str()),
    };
    let source = match (rule, other) {
        (Some(rule), _) => rule.source.to_owned(),
        (None, other) => other.and_then(|other| other.source()).unwrap_or_default(),
    };
    let mut help = Vec::new();
    for (name, text) in [("Why", reason), ("Fix", fix), ("Source", source.as_str())] {
        if !text.is_empty() {
            help.push((name, text));
        }
    }
    let plain: Vec<_> = help.iter().map(|(name, text)| format!("{name}: {text}.")).collect();
    let markdown: Vec<_> = help.iter().map(|(name, text)| format!("**{name}:** {text}.")).collect();
    let mut rule = json!({
        "id": finding.code,
        "shortDescription": { "text": title },
        "defaultConfiguration": { "level": level(severity) },
    });
    if !reason.is_empty() {
        rule["fullDescription"] = json!({ "text": format!("{reason}.") });
    }
    if !help.is_empty() {
        rule["help"] = json!({ "text": plain.join("\n"), "markdown": markdown.join("\n\n") });
    }
    rule
}

fn result(
    finding: &Diagnostic,
    index: Option<usize>,
    checked: &Checked<'_>,
    seen: &mut BTreeMap<String, usize>,
) -> Value {
    let location = Location::of_finding(finding, checked);
    let related: Vec<Value> = finding
        .related
        .iter()
        .enumerate()
        .map(|(id, related)| {
            let mut place = physical(&Location::of(related.place, checked));
            place["id"] = json!(id + 1);
            place["message"] = json!({ "text": related.label });
            place
        })
        .collect();
    let mut result = json!({
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": level(finding.severity),
        "message": { "text": text(finding) },
        "locations": [physical(&location)],
        "partialFingerprints": { "prebakeFinding/v1": fingerprint(finding, checked, &location, seen) },
    });
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    result
}

/// The rule tells the reason; the message tells what is so here, the next step, and what to know of the finding.
fn text(finding: &Diagnostic) -> String {
    let mut text = finding.title.clone();
    if !finding.label.is_empty() {
        let _ = write!(text, ": {}", finding.label);
    }
    for (name, more) in [("Help", &finding.help), ("Note", &finding.note)] {
        if !more.is_empty() {
            let _ = write!(text, ". {name}: {more}");
        }
    }
    text
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn physical(location: &Location<'_>) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": percent::uri(location.file) },
        "region": {
            "startLine": location.start.line,
            "startColumn": location.start.column,
            "endLine": location.end.line,
            "endColumn": location.end.column,
        },
    }})
}

/// Names a finding across commits: by its code, file, words and the text of its line, not by its number.
/// Equal ones are counted.
fn fingerprint(
    finding: &Diagnostic,
    checked: &Checked<'_>,
    location: &Location<'_>,
    seen: &mut BTreeMap<String, usize>,
) -> String {
    let line = finding
        .place
        .map_or("", |place| checked.sources.file(place.file).line(location.start.line).trim());
    let mut digest = Sha256::new();
    for part in [finding.code.as_ref(), location.file, line, &finding.label] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    let hash = model::hex(&digest.finalize()[..16]);
    let count = seen.entry(hash.clone()).or_default();
    *count += 1;
    format!("{hash}:{count}")
}
