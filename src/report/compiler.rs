//! The compiler's findings as scripts know them: a line each, `file(line,column) : Level CODE: message`, or SARIF with
//! the names of Microsoft's.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::diagnostic::printable::one_line;
use crate::diagnostic::{Diagnostic, Diagnostics, Place, Severity, Sources, percent};
use crate::render::json_text;

const SCHEMA: &str = "https://schemastore.azurewebsites.net/schemas/json/sarif-2.1.0-rtm.6.json";

/// Where a finding stands: the path of its file, and line and column from 1, the column in UTF-16 units.
struct Position {
    path: String,
    line: usize,
    column: usize,
}

/// Finds places: gives the path on the disk for the name of a source.
pub type PathOf<'p> = &'p dyn Fn(&str) -> String;

/// A line for each finding. Findings without a place stand at the start of `entry`.
pub fn lines(
    diagnostics: &Diagnostics,
    sources: &Sources,
    entry: &str,
    path_of: PathOf<'_>,
) -> String {
    let mut text = String::new();
    for finding in diagnostics {
        let Position { path, line, column } = position(finding, sources, entry, path_of);
        let level = match finding.severity {
            Severity::Info => "Info",
            Severity::Warning => "Warning",
            Severity::Error => "Error",
        };
        let _ = writeln!(
            text,
            "{path}({line},{column}) : {level} {}: {}",
            finding.code,
            message(finding)
        );
    }
    text
}

/// The findings as SARIF.
pub fn sarif(
    diagnostics: &Diagnostics,
    sources: &Sources,
    entry: &str,
    path_of: PathOf<'_>,
) -> String {
    let results = diagnostics.iter().map(|finding| {
        let position = position(finding, sources, entry, path_of);
        let level = match finding.severity {
            Severity::Info => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        json!({
            "ruleId": finding.code,
            "level": level,
            "message": { "text": message(finding) },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": percent::uri(&position.path) },
                // Microsoft's puts the column there.
                "region": {
                    "startLine": position.line,
                    "startColumn": position.column,
                    "charOffset": position.column,
                },
            }}],
        })
    });
    let report = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "bicep" } },
            "results": results.collect::<Vec<Value>>(),
            "columnKind": "utf16CodeUnits",
        }],
    });
    json_text(&report)
}

fn position(finding: &Diagnostic, sources: &Sources, entry: &str, path_of: PathOf<'_>) -> Position {
    let Some(Place { file, span }) = finding.place else {
        return Position { path: path_of(entry), line: 1, column: 1 };
    };
    let file = sources.file(file);
    let line = file.line_column(span.start).line;
    let start = file.line_range(line - 1).map_or(0, |range| range.start);
    let before = file.text.get(start..(span.start as usize).min(file.text.len())).unwrap_or("");
    // A byte order mark is no character of the first line.
    let before = before.strip_prefix('\u{feff}').unwrap_or(before);
    let column = before.encode_utf16().count() + 1;
    Position { path: path_of(&file.name), line, column }
}

/// What is wrong, why there, and what to do, on one line.
fn message(finding: &Diagnostic) -> String {
    let mut text = finding.title.clone();
    if !finding.label.is_empty() {
        let _ = write!(text, ": {}", finding.label);
    }
    if !finding.reason.is_empty() {
        let _ = write!(text, ": {}", finding.reason);
    }
    if !finding.help.is_empty() {
        let _ = write!(text, "; {}", finding.help);
    }
    let page = if finding.code.starts_with("BCP") {
        "core-diagnostics"
    } else if finding.code.contains('-') {
        "linter-diagnostics"
    } else {
        return one_line(&text);
    };
    let _ = write!(text, " [https://aka.ms/bicep/{page}#{}]", finding.code);
    one_line(&text)
}
