//! Takes a [`Diff`], gives the review that a human reads before a merge.
//!
//! The data are made once, by [`Review::new`] and [`Fleet::new`]; each format is a template over them, and JSON
//! is the data itself under the names of what-if. Read this file, then `answers`, `access`, `view`, `files` and
//! `picture` for the data, and `json` for the machine's form.

mod access;
mod answers;
mod files;
mod json;
mod kinds;
mod lines;
mod picture;
mod view;

pub use access::SecurityView;
pub use answers::{Answer, Level};
pub use files::{FileView, FindingView};
pub use lines::LineView;
pub use picture::{Edge, Node, Picture};
pub use view::{PropertyView, ResourceView};

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use super::Templates;
use crate::diagnostic::Diagnostic;
use crate::diff::{Action, Capacity, Diff, Quantity};

/// The longest comment that GitHub takes, less room for what a workflow puts around it.
const MAX_COMMENT: usize = 65_536 - 512;
/// How many configs without a change are named.
const MOST_SAME: usize = 20;

/// How many resources have an action.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Count {
    /// The action.
    pub action: Action,
    /// Its sign.
    pub sign: &'static str,
    /// Its words.
    pub words: &'static str,
    /// How many.
    pub count: usize,
}

/// One row of the table of capacity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CapacityRow {
    /// The quota family, or `total`.
    pub family: String,
    /// Nodes before and after, as text.
    pub nodes: String,
    /// vCPUs before and after, as text.
    pub vcpus: String,
    /// GPUs before and after, as text.
    pub gpus: String,
    /// Something in the row differs.
    pub changed: bool,
}

/// The review of one config.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// Name of the config.
    pub name: String,
    /// Whether nothing differs.
    pub empty: bool,
    /// The counts in one line.
    pub headline: String,
    /// The counts that are not zero, danger first.
    pub counts: Vec<Count>,
    /// What a reviewer asks first.
    pub answers: Vec<Answer>,
    /// What is wrong with the change itself.
    pub findings: Vec<FindingView>,
    /// Who may do or reach what.
    pub security: Vec<SecurityView>,
    /// Nodes, vCPUs and GPUs; empty when they do not differ.
    pub capacity: Vec<CapacityRow>,
    /// What the numbers mean.
    pub capacity_note: String,
    /// The resources that differ, danger first.
    pub resources: Vec<ResourceView>,
    /// The names of the resources that do not.
    pub unchanged: Vec<String>,
    /// The files that are shown as text.
    pub files: Vec<FileView>,
    /// What was hidden, in one line; empty when nothing was.
    pub noise: String,
    /// The resources and their relations.
    pub picture: Picture,
    /// The picture as Mermaid.
    pub mermaid: String,
    /// The exit code of `--detailed-exitcode`.
    pub exit_code: u8,
    #[serde(skip)]
    json: Value,
}

impl Review {
    /// Makes the review of a config from its diff.
    pub fn new(name: &str, diff: &Diff) -> Self {
        let counts = counts(|action| diff.count(action));
        let changed = diff.resources.iter().filter(|change| change.action != Action::NoChange);
        let (resources, places) = view::grouped(changed.map(ResourceView::new).collect());
        let unchanged = diff.resources.iter().filter(|change| change.action == Action::NoChange);
        let picture = picture::picture(diff, &places);
        Self {
            name: name.to_owned(),
            empty: diff.is_empty(),
            headline: headline(&counts, diff),
            answers: answers::answers(diff),
            findings: diff.findings.iter().map(FindingView::new).collect(),
            security: diff.security.iter().map(SecurityView::new).collect(),
            capacity: capacity(&diff.capacity),
            capacity_note: answers::capacity_note(diff),
            unchanged: unchanged
                .map(|change| format!("{} {}", kinds::kind_words(&change.kind), change.title))
                .collect(),
            files: files::files(diff),
            noise: noise(diff),
            mermaid: picture.mermaid(),
            exit_code: diff.detailed_exit_code(),
            json: json::config(name, diff),
            counts,
            resources,
            picture,
        }
    }

    /// What a reader should see first comes first: errors, then what is replaced or deleted.
    fn weight(&self) -> usize {
        [1, 3, 2].iter().position(|code| *code == self.exit_code).unwrap_or(3)
    }
}

/// The counts, what should worry and what is wrong, in a few lines.
pub fn summary(diff: &Diff) -> String {
    let counts = counts(|action| diff.count(action));
    let mut text = format!("In Azure: {}\n", headline(&counts, diff));
    for answer in answers::answers(diff).iter().filter(|answer| answer.level > Level::Calm) {
        let _ = writeln!(text, "  {}? {} · {}", answer.question, answer.word, answer.text);
    }
    for finding in diff.findings.iter().map(FindingView::new) {
        let _ = writeln!(text, "  {}[{}]: {}", finding.severity, finding.code, finding.title);
        let _ = writeln!(text, "    help: {}", finding.help);
    }
    text
}

/// The reviews of all configs of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fleet {
    /// The name of the whole: that of the only config, or how many there are.
    pub name: String,
    /// More than one config.
    pub many: bool,
    /// How many configs there are.
    pub total: usize,
    /// How many of them differ.
    pub changed: usize,
    /// Their names joined, when few.
    pub headline: String,
    /// The counts of all, danger first.
    pub counts: Vec<Count>,
    /// What a reviewer asks first, over all configs.
    pub answers: Vec<Answer>,
    /// The reviews of the configs that differ.
    pub reviews: Vec<Review>,
    /// The names of the configs that do not; of many, the first.
    pub same: Vec<String>,
    /// How many more do not.
    pub same_more: usize,
    /// What of the run has no review, in a sentence; empty when nothing.
    pub failed: String,
    /// Paint it (text only).
    colour: bool,
    /// How much is left out to fit (Markdown only): 0 nothing, then files, new and old resources, properties.
    omitted: u8,
    omitted_note: String,
    #[serde(skip)]
    without: usize,
    #[serde(skip)]
    json: Vec<Value>,
}

impl Fleet {
    /// Puts reviews together.
    pub fn new(mut reviews: Vec<Review>) -> Self {
        let total = reviews.len();
        let json = reviews.iter_mut().map(|review| std::mem::take(&mut review.json)).collect();
        let sum = |action: Action| {
            let counts = reviews.iter().flat_map(|review| &review.counts);
            counts.filter(|count| count.action == action).map(|count| count.count).sum()
        };
        let counts = counts(sum);
        let answers = answers::together(&reviews);
        let name = match &reviews[..] {
            [only] => only.name.clone(),
            all => format!("{} configs", all.len()),
        };
        let shown = |review: &Review| !review.empty || !review.findings.is_empty() || total == 1;
        let (mut reviews, same): (Vec<_>, Vec<_>) = reviews.into_iter().partition(shown);
        reviews.sort_by_key(Review::weight);
        let headline = match &reviews[..] {
            [only] if total == 1 => only.headline.clone(),
            [] => format!("no changes ({})", join(&counts)),
            _ => format!("{} of them differ; {}", reviews.len(), join(&counts)),
        };
        Self {
            name,
            many: total > 1,
            total,
            changed: reviews.len(),
            headline,
            counts,
            answers,
            same_more: same.len().saturating_sub(MOST_SAME),
            same: same.into_iter().take(MOST_SAME).map(|review| review.name).collect(),
            failed: String::new(),
            without: 0,
            reviews,
            colour: false,
            omitted: 0,
            omitted_note: String::new(),
            json,
        }
    }

    /// Says that configs of the run have no review, because they do not render or cannot be compared.
    #[must_use]
    pub fn without(mut self, failed: usize) -> Self {
        self.without = failed;
        if failed > 0 {
            let (s, is) = if failed == 1 { ("", "it is") } else { ("s", "they are") };
            self.failed = format!(
                "{failed} more config{s} could not be compared; {is} missing from this review"
            );
        }
        self
    }

    /// The highest exit code of `--detailed-exitcode`; an error wins over all.
    pub fn detailed_exit_code(&self) -> u8 {
        let codes = || self.reviews.iter().map(|review| review.exit_code);
        if codes().any(|code| code == 1) { 1 } else { codes().max().unwrap_or(0) }
    }

    /// For a terminal, or plain for a pipe.
    pub fn text(&self, templates: &Templates, colour: bool) -> Result<String, Box<Diagnostic>> {
        templates.render("report/review.txt.hbs", &Self { colour, ..self.clone() }.tamed())
    }

    /// For a pull request. What does not fit into a comment is left out, and the comment says so.
    pub fn markdown(&self, templates: &Templates) -> Result<String, Box<Diagnostic>> {
        let mut text = String::new();
        for omitted in 0..=4 {
            let omitted_note = omitted_note(omitted);
            let fleet = Self { omitted, omitted_note, ..self.clone() };
            text = templates.render("report/review.md.hbs", &fleet.tamed())?;
            if text.len() <= MAX_COMMENT {
                return Ok(text);
            }
        }
        Ok(cut(&text))
    }

    /// One page that needs nothing else.
    pub fn html(&self, templates: &Templates) -> Result<String, Box<Diagnostic>> {
        templates.render("report/review.html.hbs", &self.tamed())
    }

    /// The data in which no text can drive a terminal or reorder a line.
    fn tamed(&self) -> Value {
        let mut data = serde_json::to_value(self).unwrap_or_default();
        lines::tame(&mut data);
        data
    }

    /// For machines, as `schemas/review.schema.json` describes it.
    pub fn json(&self) -> Value {
        json::fleet(self, &self.json)
    }
}

/// What is left out to fit into a comment, from the least missed.
fn omitted_note(omitted: u8) -> String {
    let parts = [
        "the text of the files",
        "the values of new and deleted resources",
        "the picture",
        "the properties that differ",
    ];
    let left_out = &parts[..usize::from(omitted).min(parts.len())];
    if left_out.is_empty() {
        return String::new();
    }
    format!("Left out to fit into a comment: {}. `prebake diff` shows it all.", left_out.join(", "))
}

/// The start of a comment that is too long even without details.
fn cut(text: &str) -> String {
    const NOTE: &str = "\n\n> [!WARNING]\n> This review is longer than a comment may be. Its end is \
        missing: run `prebake diff` for all of it.\n";
    let mut end = MAX_COMMENT - NOTE.len() - 8;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let kept = text[..end].rfind('\n').map_or(&text[..end], |line| &text[..line]);
    let fences = kept.lines().filter(|line| line.starts_with("```")).count();
    let close = if fences % 2 == 1 { "\n```" } else { "" };
    format!("{kept}{close}{NOTE}")
}

fn counts(count: impl Fn(Action) -> usize) -> Vec<Count> {
    Action::ALL
        .into_iter()
        .map(|action| {
            let count = count(action);
            Count { action, sign: action.sign(), words: action.counted(count), count }
        })
        .filter(|count| count.count > 0)
        .collect()
}

fn join(counts: &[Count]) -> String {
    let parts: Vec<String> =
        counts.iter().map(|count| format!("{} {}", count.count, count.words)).collect();
    if parts.is_empty() { "no resources".to_owned() } else { parts.join(", ") }
}

fn headline(counts: &[Count], diff: &Diff) -> String {
    match diff.sides {
        (false, true) => format!("new: {}", join(counts)),
        (true, false) => format!("gone: {}", join(counts)),
        _ if diff.is_empty() => format!("no changes ({})", join(counts)),
        _ if diff.resources.iter().all(|change| change.action == Action::NoChange) => {
            let files = diff.files.files.iter().filter(|file| file.matters()).count();
            format!("{files} file{} to change, {}", plural(files), join(counts))
        }
        _ => join(counts),
    }
}

fn noise(diff: &Diff) -> String {
    let mut parts: Vec<String> = diff
        .noise
        .kinds()
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(words, count)| format!("{count} {words}"))
        .collect();
    let formatting = diff.files.files.iter().filter(|file| file.formatting_only).count();
    if formatting > 0 {
        parts.push(format!("{formatting} file{} formatting only", plural(formatting)));
    }
    parts.join(", ")
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn capacity(capacity: &Capacity) -> Vec<CapacityRow> {
    if capacity.is_empty() {
        return Vec::new();
    }
    let mut rows: Vec<CapacityRow> = capacity
        .families
        .iter()
        .map(|family| row(family.family.clone(), family.before, family.after))
        .collect();
    if rows.len() > 1 {
        rows.push(row("total".to_owned(), capacity.before, capacity.after));
    }
    rows
}

fn row(family: String, before: Quantity, after: Quantity) -> CapacityRow {
    let [old, new] = [before, after].map(amounts);
    CapacityRow {
        family,
        nodes: arrow(&old[0], &new[0]),
        vcpus: arrow(&old[1], &new[1]),
        gpus: arrow(&old[2], &new[2]),
        changed: before != after,
    }
}

/// Nodes, vCPUs and GPUs as text, with a plus where they may be more.
fn amounts(quantity: Quantity) -> [String; 3] {
    let known = [quantity.nodes.to_string(), quantity.vcpus.to_string(), decimal(quantity.gpus)];
    known.map(|amount| if quantity.at_least { format!("{amount}+") } else { amount })
}

fn arrow(before: &str, after: &str) -> String {
    if before == after { after.to_owned() } else { format!("{before} → {after}") }
}

/// At most two decimals, and none for a whole number.
fn decimal(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
