//! The files of a render against those that stood there: one line each, and the text on demand.

use std::fmt::Write as _;

use crate::diff::{FileDiff, FileState};

/// One line for each file that differs and a count of the others.
pub fn summary(diff: &FileDiff) -> String {
    let mut text = String::new();
    let width = diff.changed().map(|file| file.path.len()).max().unwrap_or(0);
    for file in diff.changed() {
        let (sign, word) = match file.state {
            FileState::Added => ('+', "added"),
            FileState::Removed => ('-', "removed"),
            _ => ('~', "changed"),
        };
        let lines = format!("+{} -{}", file.added, file.removed);
        let note = if file.formatting_only { "  formatting only" } else { "" };
        let _ = writeln!(text, "{sign} {:<width$}  {word:<7}  {lines}{note}", file.path);
    }
    let unchanged = diff.count(FileState::Unchanged);
    if unchanged > 0 {
        let noun = if unchanged == 1 { "file" } else { "files" };
        let _ = writeln!(text, "= {unchanged} {noun} unchanged");
    }
    text
}

/// Every difference as `diff -u` writes it.
pub fn unified(diff: &FileDiff) -> String {
    diff.changed().map(crate::diff::FileChange::unified).collect()
}
