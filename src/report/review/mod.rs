//! Takes [`Diff`]s, gives the review that a human reads before a merge.
//!
//! A config is condensed where it is compared, in any thread: [`Reviewer::section`] writes its part of the report in
//! the format that is asked for and keeps that text and a summary alone, in a file if there is one: then a fleet has
//! in memory only what it is counted and ordered by. [`Reviewer::report`] puts the parts together. Read `section` and
//! `fleet`, then `page` for the formats that templates write, `details` for their data (`answers`, `access`, `view`,
//! `files`, `picture`), and `json` for the machine's form.

mod access;
mod answers;
mod capacity;
mod cost;
mod counts;
mod details;
mod drift;
mod files;
mod fleet;
mod json;
mod kinds;
mod lines;
mod names;
mod page;
mod picture;
mod section;
mod view;

pub use fleet::Fleet;
pub use section::Section;

use std::fmt::Write as _;
use std::fs::File;
use std::sync::Arc;

use answers::Level;
use files::FindingView;
use page::Page;
use section::{Body, Brief, Summary};

use super::store::Store;
use super::{Report, Templates};
use crate::diagnostic::Diagnostic;
use crate::diff::Diff;

/// How a review is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For a terminal, or plain for a pipe.
    Text {
        /// With escapes that color it.
        color: bool,
    },
    /// For a pull request. What does not fit into a comment is left out, and the comment says so.
    Markdown,
    /// One page that needs nothing else.
    Html,
    /// For machines, as `schemas/review.schema.json` describes it.
    Json,
}

/// Writes the review of one run in one format.
#[derive(Debug)]
pub struct Reviewer {
    /// What templates write; nothing writes JSON but the program.
    page: Option<Box<Page>>,
    /// Where the parts wait.
    store: Arc<Store>,
}

impl Reviewer {
    /// Reads the templates of the format.
    pub fn new(format: Format, templates: &Templates) -> Result<Self, Box<Diagnostic>> {
        let page = match format {
            Format::Text { color } => Some(Page::text(templates, color)?),
            Format::Markdown => Some(Page::markdown(templates)?),
            Format::Html => Some(Page::html(templates)?),
            Format::Json => None,
        };
        Ok(Self { page: page.map(Box::new), store: Arc::default() })
    }

    /// Lets the parts wait in an empty file instead of in memory.
    #[must_use]
    pub fn with_file(self, file: File) -> Self {
        Self { store: Arc::new(Store::in_file(file)), ..self }
    }

    /// Writes the part of one config.
    pub fn section(&self, name: &str, diff: &Diff) -> Section {
        let summary = Summary::new(name, diff);
        let brief = Brief::new(&summary, &self.store);
        let body = match &self.page {
            Some(page) => page.body(summary, diff, &self.store),
            None => Body::Json(Box::new(json::texts(name, diff, &self.store))),
        };
        Section { brief, body }
    }

    /// Puts the parts together.
    pub fn report(self, fleet: Fleet) -> Result<Report, Box<Diagnostic>> {
        match &self.page {
            Some(page) => page.report(fleet, &self.store),
            None => json::report(fleet, self.store),
        }
    }
}

/// The review of one config.
pub fn review(
    name: &str,
    diff: &Diff,
    format: Format,
    templates: &Templates,
) -> Result<Report, Box<Diagnostic>> {
    let reviewer = Reviewer::new(format, templates)?;
    let section = reviewer.section(name, diff);
    reviewer.report(Fleet::new(vec![section]))
}

/// The counts, what should worry and what is wrong, in a few lines.
pub fn summary(diff: &Diff) -> String {
    let counts = counts::counts(|action| diff.count(action));
    let mut text = format!("In Azure: {}\n", counts::headline(&counts, diff));
    for answer in answers::answers(diff).iter().filter(|answer| answer.level > Level::Calm) {
        let (question, word) = answer.words();
        let _ = writeln!(text, "  {question}: {word} · {}", answer.text);
    }
    for finding in FindingView::all(diff) {
        let _ = writeln!(text, "  {}[{}]: {}", finding.severity, finding.code, finding.title);
        if !finding.at.is_empty() {
            let _ = writeln!(text, "    at: {}", finding.at);
        }
        let _ = writeln!(text, "    help: {}", finding.help);
    }
    text
}
