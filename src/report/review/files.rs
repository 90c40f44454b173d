//! Files and findings as a template shows them.

use serde::Serialize;

use super::lines::{LineView, line};
use crate::diagnostic::{Diagnostic, Severity};
use crate::diff::{Diff, FileChange, FileKind, FileState, Origin};

/// More lines of a file are left out.
const MAX_LINES: usize = 400;

/// One finding about the change itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct FindingView {
    /// `error`, `warning` or `info`.
    pub severity: &'static str,
    /// Its code.
    pub code: String,
    /// What is wrong.
    pub title: String,
    /// Why.
    pub reason: String,
    /// What to do.
    pub help: String,
    /// The line of the user's own file that it is about, else the rendered one; empty when none is known.
    pub at: String,
}

impl FindingView {
    /// The findings of a diff in their order.
    pub(super) fn all(diff: &Diff) -> Vec<Self> {
        let unknown = Origin::default();
        let origins = diff.finding_origins.iter().chain(std::iter::repeat(&unknown));
        diff.findings.iter().zip(origins).map(|(one, origin)| Self::new(one, origin)).collect()
    }

    fn new(finding: &Diagnostic, origin: &Origin) -> Self {
        Self {
            severity: Severity::word(finding.severity),
            code: finding.code.to_string(),
            title: finding.title.clone(),
            reason: finding.reason.clone(),
            help: finding.help.clone(),
            at: origin_text(origin),
        }
    }
}

/// `prebake.yaml:12:9 (batch.bicep:199:32)`: the user's own line, and the rendered one behind it.
pub(super) fn origin_text(origin: &Origin) -> String {
    let lines = match (&origin.written, &origin.rendered) {
        (Some(written), Some(rendered)) => format!("{written} (rendered in {rendered})"),
        (Some(only), None) | (None, Some(only)) => only.to_string(),
        (None, None) => String::new(),
    };
    match &origin.change {
        Some(change) => format!("{lines}: {change}"),
        None => lines,
    }
}

/// One file that is shown as text.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileView {
    /// Its path in the render.
    pub path: String,
    /// A text for people, which repeats what the resources say.
    pub document: bool,
    /// What happened to it.
    pub state: FileState,
    /// Lines added.
    pub added: usize,
    /// Lines removed.
    pub removed: usize,
    /// What it leads to.
    pub consequence: &'static str,
    /// The lines; those of an added or removed file only by their number.
    pub lines: Vec<LineView>,
    /// Lines left out.
    pub more: usize,
}

/// The files whose text a reviewer should see.
pub(super) fn files(diff: &Diff) -> Vec<FileView> {
    let shown = diff
        .files
        .changed()
        .filter(|file| !file.kind.is_shown_as_resources() && !file.formatting_only);
    shown.map(file).collect()
}

fn file(file: &FileChange) -> FileView {
    let mut lines = Vec::new();
    for hunk in file.hunks() {
        lines.push(LineView { sign: "", class: "hunk", text: hunk.header() });
        lines.extend(hunk.lines.iter().map(line));
    }
    let more = lines.len().saturating_sub(MAX_LINES);
    lines.truncate(MAX_LINES);
    let consequence = if file.state == FileState::Changed { file.kind.consequence() } else { "" };
    FileView {
        path: file.path.clone(),
        document: file.kind == FileKind::Document,
        state: file.state,
        added: file.added,
        removed: file.removed,
        consequence,
        lines,
        more,
    }
}
