//! Files as text: what was added, changed and removed, with the lines that differ.

use std::collections::{BTreeMap, BTreeSet};

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use crate::model::same_text;
use crate::yaml;

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;
/// Above this product of differing lines the middle of two files is taken as replaced whole, since
/// the search for common lines is quadratic.
const MAX_SEARCH: usize = 25_000_000;

/// What a file of a render is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum FileKind {
    /// What the builder VM runs: it decides what is in the node image.
    Bake,
    /// How the container image is built.
    Build,
    /// The deploy script.
    Script,
    /// Text for people.
    Document,
    /// Bicep, its parameters and what they compile to: shown as resources.
    Template,
    /// A pool for the data plane: shown as a resource.
    Pool,
    /// Digests of the other files.
    Manifest,
    /// Anything else.
    Other,
}

impl FileKind {
    /// The kind of the file at this path of a render.
    pub fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let folder = path.split_once('/').map_or("", |(folder, _)| folder);
        match (folder, name, extension) {
            ("arm", _, _) | (_, _, "bicep" | "bicepparam") => Self::Template,
            ("pools", _, _) | ("", "pool-ids.json", _) => Self::Pool,
            ("bake" | "cloud-init", _, _) | (_, "cloud-init.yaml", _) => Self::Bake,
            (_, "acr-task.yaml", _) => Self::Build,
            (_, "manifest.json", _) => Self::Manifest,
            (_, _, "sh") => Self::Script,
            (_, _, "md") => Self::Document,
            _ => Self::Other,
        }
    }

    /// Whether a review shows the file's meaning as resources rather than its text.
    pub fn is_shown_as_resources(self) -> bool {
        matches!(self, Self::Template | Self::Pool | Self::Manifest)
    }

    /// What a change of such a file leads to; empty when nothing.
    pub fn consequence(self) -> &'static str {
        match self {
            Self::Bake => "the node image must be baked again with a new image version",
            Self::Build => {
                "the next deployment builds the images whose tags the registry does not have yet"
            }
            Self::Script => "the script deploys differently from now on",
            _ => "",
        }
    }
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum FileState {
    /// Only the new render has it.
    Added,
    /// Both have it, with different text.
    Changed,
    /// Only the previous render had it.
    Removed,
    /// Both have it, the same byte for byte.
    Unchanged,
}

/// What happened to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LineState {
    /// In both.
    Context,
    /// Only in the previous file.
    Removed,
    /// Only in the new file.
    Added,
}

impl LineState {
    /// The sign before the line.
    pub fn sign(self) -> char {
        match self {
            Self::Context => ' ',
            Self::Removed => '-',
            Self::Added => '+',
        }
    }
}

/// A line of a unified diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HunkLine {
    /// Where it stands.
    pub state: LineState,
    /// Its text without the line's end.
    pub text: String,
    /// It is the file's last and has no end.
    pub unterminated: bool,
}

/// Lines of a file that differ, with those around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// First line in the previous file, from 1, and how many.
    pub before: (usize, usize),
    /// First line in the new file, from 1, and how many.
    pub after: (usize, usize),
    /// The lines.
    pub lines: Vec<HunkLine>,
}

/// One file of two renders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Its path in the folder of the render.
    pub path: String,
    /// What it is for.
    pub kind: FileKind,
    /// What happened to it.
    pub state: FileState,
    /// Lines added.
    pub added: usize,
    /// Lines removed.
    pub removed: usize,
    /// The text differs, its meaning does not.
    pub formatting_only: bool,
    /// The texts, of a file that differs; empty where there is none.
    before: String,
    after: String,
}

impl FileChange {
    /// The lines that differ. They are many and seldom shown, so they are made when asked for.
    pub fn hunks(&self) -> Vec<Hunk> {
        text_hunks(&self.before, &self.after)
    }

    /// Whether the file differs in a way that a deployment can notice.
    pub fn matters(&self) -> bool {
        self.state != FileState::Unchanged
            && !self.formatting_only
            && matches!(
                self.kind,
                FileKind::Bake | FileKind::Build | FileKind::Script | FileKind::Other
            )
    }

    /// The change as `diff -u` writes it.
    pub fn unified(&self) -> String {
        let name = |present: bool, side: &str| {
            if present { format!("{side}/{}", self.path) } else { "/dev/null".to_owned() }
        };
        let mut text = format!(
            "--- {}\n+++ {}\n",
            name(self.state != FileState::Added, "a"),
            name(self.state != FileState::Removed, "b")
        );
        for hunk in self.hunks() {
            text.push_str(&hunk.header());
            text.push('\n');
            for line in &hunk.lines {
                text.push(line.state.sign());
                text.push_str(&line.text);
                text.push('\n');
                if line.unterminated {
                    text.push_str("\\ No newline at end of file\n");
                }
            }
        }
        text
    }
}

impl Hunk {
    /// `@@ -1,3 +1,4 @@`.
    pub fn header(&self) -> String {
        let range = |(start, length): (usize, usize)| match length {
            1 => start.to_string(),
            _ => format!("{start},{length}"),
        };
        format!("@@ -{} +{} @@", range(self.before), range(self.after))
    }
}

/// All files of two renders, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileDiff {
    /// Every file, the unchanged ones too.
    pub files: Vec<FileChange>,
}

impl FileDiff {
    /// Whether no file differs in a way that a deployment can notice.
    pub fn is_empty(&self) -> bool {
        !self.files.iter().any(FileChange::matters)
    }

    /// How many files are in this state.
    pub fn count(&self, state: FileState) -> usize {
        self.files.iter().filter(|file| file.state == state).count()
    }

    /// The files that differ.
    pub fn changed(&self) -> impl Iterator<Item = &FileChange> {
        self.files.iter().filter(|file| file.state != FileState::Unchanged)
    }
}

/// Compares the files of two renders.
pub fn files(previous: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> FileDiff {
    let paths: BTreeSet<&String> = previous.keys().chain(new.keys()).collect();
    let files = paths.into_iter().map(|path| file(path, previous.get(path), new.get(path)));
    FileDiff { files: files.collect() }
}

fn file(path: &str, before: Option<&String>, after: Option<&String>) -> FileChange {
    let kind = FileKind::of(path);
    let state = match (before, after) {
        _ if same_file(before, after) => FileState::Unchanged,
        (Some(_), Some(_)) => FileState::Changed,
        (None, _) => FileState::Added,
        (_, None) => FileState::Removed,
    };
    let mut change = FileChange {
        path: path.to_owned(),
        kind,
        state,
        added: 0,
        removed: 0,
        formatting_only: false,
        before: String::new(),
        after: String::new(),
    };
    if state == FileState::Unchanged {
        return change;
    }
    let text = |side: Option<&String>| side.cloned().unwrap_or_default();
    (change.before, change.after) = (text(before), text(after));
    (change.removed, change.added) = counts(&change.before, &change.after);
    change.formatting_only =
        state == FileState::Changed && same_meaning(path, &change.before, &change.after);
    change
}

/// Whether a file has the same text on both sides, or is on neither.
pub(crate) fn same_file(before: Option<&String>, after: Option<&String>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => same_text(before, after),
        (before, after) => before.is_none() && after.is_none(),
    }
}

/// Whether two YAML files hold the same values: comments and layout reach no machine.
fn same_meaning(path: &str, before: &str, after: &str) -> bool {
    let read = |text: &str| yaml::read(text, yaml::FOREIGN).ok();
    let is_yaml = path.rsplit_once('.').is_some_and(|(_, extension)| extension == "yaml");
    is_yaml
        && first_line(before) == first_line(after)
        && read(before).is_some_and(|before| read(after).is_some_and(|after| before == after))
}

/// cloud-init decides by the first line what a file is, comment or not.
fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// The lines that differ.
pub(crate) fn text_hunks(before: &str, after: &str) -> Vec<Hunk> {
    let (old, new) = (lines(before), lines(after));
    let ops = directed(before, after, &old, &new);
    group_diff_ops(ops, CONTEXT).iter().map(|ops| hunk(ops, &old, &new)).collect()
}

/// How many lines go and come.
fn counts(before: &str, after: &str) -> (usize, usize) {
    if before.is_empty() || after.is_empty() {
        return (count(before), count(after));
    }
    let (old, new) = (lines(before), lines(after));
    let ops = directed(before, after, &old, &new);
    let differ = ops.iter().filter(|op| op.tag() != DiffTag::Equal);
    differ.fold((0, 0), |(removed, added), op| {
        (removed + op.old_range().len(), added + op.new_range().len())
    })
}

/// How many lines a text has; the last one needs no end.
fn count(text: &str) -> usize {
    memchr::memchr_iter(b'\n', text.as_bytes()).count()
        + usize::from(!text.is_empty() && !text.ends_with('\n'))
}

/// The lines with their ends.
fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
        lines.push(&text[start..=end]);
        start = end + 1;
    }
    lines.extend(Some(&text[start..]).filter(|rest| !rest.is_empty()));
    lines
}

/// The search always runs in the same direction, so that swapping the files swaps the signs and nothing
/// else.
fn directed(before: &str, after: &str, old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    if before > after {
        operations(new, old).into_iter().map(swap).collect()
    } else {
        operations(old, new)
    }
}

fn operations(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let same = |(old, new): &(&&str, &&str)| old == new;
    let start = old.iter().zip(new).take_while(same).count();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let end = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(same).count();
    let middle = (old_rest.len() - end, new_rest.len() - end);
    if middle.0.saturating_mul(middle.1) <= MAX_SEARCH {
        return capture_diff_slices(Algorithm::Myers, old, new);
    }
    let mut ops = Vec::new();
    if start > 0 {
        ops.push(DiffOp::Equal { old_index: 0, new_index: 0, len: start });
    }
    ops.push(DiffOp::Replace {
        old_index: start,
        old_len: middle.0,
        new_index: start,
        new_len: middle.1,
    });
    if end > 0 {
        let (old_index, new_index) = (start + middle.0, start + middle.1);
        ops.push(DiffOp::Equal { old_index, new_index, len: end });
    }
    ops
}

fn swap(op: DiffOp) -> DiffOp {
    match op {
        DiffOp::Equal { old_index, new_index, len } => {
            DiffOp::Equal { old_index: new_index, new_index: old_index, len }
        }
        DiffOp::Delete { old_index, old_len, new_index } => {
            DiffOp::Insert { old_index: new_index, new_index: old_index, new_len: old_len }
        }
        DiffOp::Insert { old_index, new_index, new_len } => {
            DiffOp::Delete { old_index: new_index, old_len: new_len, new_index: old_index }
        }
        DiffOp::Replace { old_index, old_len, new_index, new_len } => DiffOp::Replace {
            old_index: new_index,
            old_len: new_len,
            new_index: old_index,
            new_len: old_len,
        },
    }
}

fn hunk(ops: &[DiffOp], old: &[&str], new: &[&str]) -> Hunk {
    let mut lines = Vec::new();
    let (mut before, mut after) = ((0, 0), (0, 0));
    for (index, op) in ops.iter().enumerate() {
        let (old_range, new_range) = (op.old_range(), op.new_range());
        if index == 0 {
            before.0 = old_range.start;
            after.0 = new_range.start;
        }
        before.1 += old_range.len();
        after.1 += new_range.len();
        if op.tag() == DiffTag::Equal {
            lines.extend(old[old_range].iter().map(|text| line(LineState::Context, text)));
        } else {
            lines.extend(old[old_range].iter().map(|text| line(LineState::Removed, text)));
            lines.extend(new[new_range].iter().map(|text| line(LineState::Added, text)));
        }
    }
    // `diff -u` counts lines from 1, and names the line before an empty range.
    let from_one = |(start, length): (usize, usize)| (start + usize::from(length > 0), length);
    Hunk { before: from_one(before), after: from_one(after), lines }
}

fn line(state: LineState, text: &str) -> HunkLine {
    let (text, unterminated) = match text.strip_suffix('\n') {
        Some(text) => (text, false),
        None => (text, true),
    };
    HunkLine { state, text: text.to_owned(), unterminated }
}
