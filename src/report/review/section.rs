//! What is kept of one config until all are put together: its answers, and its part of the report as text.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::io;

use serde::Serialize;
use serde_json::Value;

use super::answers::{self, Answer, Question, Verdict};
use super::counts::{self, Tally};
use super::details::Details;
use super::json;
use super::page::Told;
use crate::diagnostic::Diagnostic;
use crate::diff::{Action, DetailedExit, Diff};
use crate::report::store::{Kept, Store};

/// One config of a report.
#[derive(Debug)]
pub struct Section {
    pub(super) brief: Brief,
    pub(super) body: Body,
}

impl Section {
    /// The name of the config.
    pub fn name(&self) -> &str {
        &self.brief.name
    }
}

/// The part of a config in a report.
#[derive(Debug)]
pub(super) enum Body {
    /// Nothing is to tell.
    Silent,
    /// To be told when it is known whether it is the only one.
    Waiting(Box<(Summary, Details)>),
    /// Its text.
    Told(Told),
    /// Its objects.
    Json(Box<json::Texts>),
    /// Why it cannot be told.
    Broken(Box<Diagnostic>),
}

/// What a report tells of a config beside those of others.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    /// Name of the config.
    pub name: String,
    /// The name as part of an id of HTML.
    pub id: String,
    /// Whether nothing differs.
    pub empty: bool,
    /// The counts in one line.
    pub headline: String,
    /// The counts that are not zero, danger first.
    pub counts: Vec<Tally>,
    /// What a reviewer asks first.
    pub answers: Vec<Answer>,
    /// The exit code of `--detailed-exitcode`.
    pub exit_code: DetailedExit,
    /// Something differs, or is wrong.
    #[serde(skip)]
    pub telling: bool,
}

impl Summary {
    pub(super) fn new(name: &str, diff: &Diff) -> Self {
        let counts = counts::counts(|action| diff.count(action));
        let empty = diff.is_empty();
        Self {
            name: name.to_owned(),
            id: id(name),
            empty,
            headline: counts::headline(&counts, diff),
            counts,
            answers: answers::answers(diff),
            exit_code: diff.detailed_exit(),
            telling: !empty || !diff.findings.is_empty(),
        }
    }
}

/// What stands in memory of a summary: what all of a fleet are counted and ordered by. The summary waits with the texts.
#[derive(Debug)]
pub(super) struct Brief {
    pub name: Box<str>,
    pub empty: bool,
    pub telling: bool,
    pub exit_code: DetailedExit,
    pub counts: Box<[(Action, usize)]>,
    /// Those of its answers, in the order of the questions.
    pub verdicts: [Verdict; Question::ALL.len()],
    whole: Kept,
}

impl Brief {
    pub(super) fn new(summary: &Summary, store: &Store) -> Self {
        let verdict = |question: Question| {
            let answer = summary.answers.iter().find(|answer| answer.question == question);
            answer.map_or(Verdict::No, |answer| answer.verdict)
        };
        Self {
            name: summary.name.as_str().into(),
            empty: summary.empty,
            telling: summary.telling,
            exit_code: summary.exit_code,
            counts: summary.counts.iter().map(|count| (count.action, count.count)).collect(),
            verdicts: Question::ALL.map(verdict),
            whole: store.put(serde_json::to_string(summary).unwrap_or_default()),
        }
    }

    /// The summary as the data of a template.
    pub(super) fn data(&self, store: &Store) -> io::Result<Value> {
        Ok(serde_json::from_str(&store.get(&self.whole)?)?)
    }

    /// Its place among others: what a reader should see first comes first, errors and then what is lost.
    pub(super) fn rank(&self) -> Reverse<DetailedExit> {
        Reverse(self.exit_code)
    }
}

/// A name as part of an id of HTML, another for each name.
fn id(name: &str) -> String {
    let mut id = String::new();
    for symbol in name.chars() {
        if symbol.is_ascii_alphanumeric() || symbol == '-' {
            id.push(symbol);
        } else {
            let _ = write!(id, "_{:x}_", u32::from(symbol));
        }
    }
    id
}
