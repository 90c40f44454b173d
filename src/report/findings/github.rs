use std::fmt::Write as _;

use super::Checked;
use super::location::{Location, message};
use crate::diagnostic::{Diagnostic, Severity};

pub(super) fn render(checked: &[Checked<'_>]) -> String {
    let mut commands = String::new();
    for one in checked {
        for finding in one.diagnostics {
            command(&mut commands, finding, one);
        }
    }
    commands
}

fn command(commands: &mut String, finding: &Diagnostic, checked: &Checked<'_>) {
    let location = Location::of_finding(finding, checked);
    let word = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let _ = write!(
        commands,
        "::{word} file={},line={},endLine={}",
        property(location.file),
        location.start.line,
        location.end.line
    );
    // GitHub takes columns only for a range within one line, and its end is inclusive.
    if location.start.line == location.end.line {
        let end = location.end.column.saturating_sub(1).max(location.start.column);
        let _ = write!(commands, ",col={},endColumn={end}", location.start.column);
    }
    let title = property(&format!("{}: {}", finding.code, finding.title));
    let _ = writeln!(commands, ",title={title}::{}", data(&message(finding, checked)));
}

/// Text after the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which also ends at commas and colons.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
