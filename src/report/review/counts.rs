//! How many resources have which action, in a line.

use serde::Serialize;

use crate::diff::{Action, Diff, Sides};

/// How many resources have an action.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Tally {
    /// The action.
    pub action: Action,
    /// Its sign.
    pub sign: &'static str,
    /// Its words.
    pub words: &'static str,
    /// How many.
    pub count: usize,
}

pub(super) fn counts(count: impl Fn(Action) -> usize) -> Vec<Tally> {
    Action::ALL
        .into_iter()
        .map(|action| {
            let count = count(action);
            Tally { action, sign: action.sign(), words: action.counted(count), count }
        })
        .filter(|count| count.count > 0)
        .collect()
}

pub(super) fn join(counts: &[Tally]) -> String {
    let parts: Vec<String> =
        counts.iter().map(|count| format!("{} {}", count.count, count.words)).collect();
    if parts.is_empty() { "no resources".to_owned() } else { parts.join(", ") }
}

pub(super) fn headline(counts: &[Tally], diff: &Diff) -> String {
    match diff.sides {
        Sides::New => join(counts),
        Sides::Previous => format!("config removed: {}", join(counts)),
        _ if diff.is_empty() => format!("no changes ({})", join(counts)),
        _ if diff.resources.iter().all(|change| change.action == Action::NoChange) => {
            let files = diff.files.files.iter().filter(|file| file.matters()).count();
            format!("{files} file{} to change, {}", plural(files), join(counts))
        }
        Sides::Both => join(counts),
    }
}

pub(super) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
