use crate::diagnostic::{Diagnostic, LineColumn, Place};

use super::Checked;

/// A range as reports write it: lines and columns from 1, the end exclusive.
pub(super) struct Location<'a> {
    pub(super) file: &'a str,
    pub(super) start: LineColumn,
    pub(super) end: LineColumn,
}

impl<'a> Location<'a> {
    pub(super) fn of(place: Place, checked: &Checked<'a>) -> Self {
        let file = checked.sources.file(place.file);
        Self {
            file: &file.name,
            start: file.line_column(place.span.start),
            end: file.line_column(place.span.end),
        }
    }

    /// The place of a finding in a file that a pull request holds; the start of the config for one that has none.
    pub(super) fn of_finding(finding: &Diagnostic, checked: &Checked<'a>) -> Self {
        let own = finding.place.filter(|place| !checked.sources.file(place.file).generated);
        if let Some(place) = own {
            return Self::of(place, checked);
        }
        let start = LineColumn { line: 1, column: 1 };
        Self { file: checked.config, start, end: start }
    }
}

/// Label, rendered place, reason, next step and note, a line each, for formats that have one text.
pub(super) fn message(finding: &Diagnostic, checked: &Checked<'_>) -> String {
    let mut lines = vec![finding.title.clone()];
    let rendered = finding.place.filter(|place| checked.sources.file(place.file).generated);
    if let Some(place) = rendered {
        let (file, at) = checked.sources.position(place);
        lines.push(format!("rendered in {file}:{}:{}", at.line, at.column));
    }
    if !finding.label.is_empty() {
        lines.push(finding.label.clone());
    }
    if !finding.reason.is_empty() {
        lines.push(format!("why: {}", finding.reason));
    }
    if !finding.help.is_empty() {
        lines.push(format!("help: {}", finding.help));
    }
    if !finding.note.is_empty() {
        lines.push(format!("note: {}", finding.note));
    }
    lines.join("\n")
}
