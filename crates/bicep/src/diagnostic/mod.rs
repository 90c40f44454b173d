//! What is wrong, where, why, and what to do next: the one form in which every phase reports.
//!
//! Knows no phase. Codes are `PB0xxx` config, `PB1xxx` model, `PB2xxx` render and output, `PB3xxx`
//! schema validation, the rule identifiers of `check` (`POOL001`), `DIF0xx` for reviews, and `BCPxxx`
//! where the Bicep compiler inside makes the same complaint as Microsoft's.
//!
//! Read `source` for places, then this file, `explanation` for the story of each code, then `text` for how a
//! terminal shows it.

mod class;
mod explanation;
pub mod percent;
pub mod pointer;
pub mod printable;
mod source;
pub mod text;

pub use class::{CodeClass, code_class};
pub use explanation::{Explanation, explanation, explanations};
pub use source::{FileId, LineColumn, Place, SourceFile, Sources, Span};

use std::borrow::Cow;

/// How bad a finding is. The order is by weight: an error is greater than a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; never fails a run.
    Info,
    /// Probably wrong; fails a run only when the user asks for it.
    Warning,
    /// Wrong; the render is not written.
    Error,
}

impl Severity {
    /// The word that starts a message.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A second place that explains the first, such as the rendered line or the other definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// Why it matters here.
    pub label: String,
}

/// One finding. Title, label and help are lowercase, without a final full stop, names in backticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, such as `PB0101`, `POOL001` or `BCP057`.
    pub code: Cow<'static, str>,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in at most about 60 characters.
    pub title: String,
    /// Where, in what the user wrote when that can be known.
    pub place: Option<Place>,
    /// Why it is wrong at this very place; shown under the excerpt.
    pub label: String,
    /// More places.
    pub related: Vec<Related>,
    /// Why Azure or the compiler minds, in one or two sentences. Empty when the label says it all.
    pub reason: String,
    /// One true next step. Empty only when there is none.
    pub help: String,
    /// What a reader must know of the finding itself, such as how old its facts are. Mostly empty.
    pub note: String,
    /// The rows of tables on which the finding rests.
    pub facts: Vec<Fact>,
}

/// A row of a table of facts about Azure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    /// The table, `vm-sizes`, or the file of the user's own catalog, `azure/sizes.tsv`.
    pub table: String,
    /// The key of the row.
    pub row: String,
    /// Where the row comes from.
    pub source: String,
    /// The day on which it was last looked up, as `YYYY-MM-DD`.
    pub checked: String,
}

impl Diagnostic {
    /// An error with a code and a title.
    pub fn error(code: impl Into<Cow<'static, str>>, title: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, title)
    }

    /// A warning with a code and a title.
    pub fn warning(code: impl Into<Cow<'static, str>>, title: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, title)
    }

    /// An information with a code and a title.
    pub fn info(code: impl Into<Cow<'static, str>>, title: impl Into<String>) -> Self {
        Self::new(Severity::Info, code, title)
    }

    /// A finding of any severity.
    pub fn new(
        severity: Severity,
        code: impl Into<Cow<'static, str>>,
        title: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            severity,
            title: title.into(),
            place: None,
            label: String::new(),
            related: Vec::new(),
            reason: String::new(),
            help: String::new(),
            note: String::new(),
            facts: Vec::new(),
        }
    }

    /// Says where, and why there.
    #[must_use]
    pub fn at(mut self, place: Place, label: impl Into<String>) -> Self {
        self.place = Some(place);
        self.label = label.into();
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related.push(Related { place, label: label.into() });
        self
    }

    /// Says why Azure or the compiler minds.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

/// The one sink of findings: phases push to it and go on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    findings: Vec<Diagnostic>,
}

impl Diagnostics {
    /// An empty sink.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records a finding.
    pub fn push(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }

    /// Records the findings of another sink after one's own.
    pub fn append(&mut self, mut other: Self) {
        self.findings.append(&mut other.findings);
    }

    /// Moves every place by so many files: [`Sources::append`] gives the number.
    pub fn move_files(&mut self, by: u32) {
        for finding in &mut self.findings {
            finding.place = finding.place.map(|place| place.moved(by));
            for related in &mut finding.related {
                related.place = related.place.moved(by);
            }
        }
    }

    /// Whether a finding is an error.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// How many findings have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// The findings in the order of their phases and, after [`Self::sort`], of the source.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.findings.iter()
    }

    /// Orders by place (findings without one last), keeping the order of equals, and drops repeats.
    pub fn sort(&mut self) {
        self.findings.sort_by_key(|finding| {
            let place = finding.place;
            (place.is_none(), place.map(|place| (place.file, place.span.start, place.span.end)))
        });
        self.findings.dedup();
    }

    /// The findings, to change them: waivers and severities of the config are applied so.
    pub fn into_vec(self) -> Vec<Diagnostic> {
        self.findings
    }
}

impl From<Vec<Diagnostic>> for Diagnostics {
    fn from(findings: Vec<Diagnostic>) -> Self {
        Self { findings }
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Longest word, in bytes, that is taken for a mistyped one: the comparison costs the product of the lengths.
const MAX_WORD: usize = 256;

/// The known word nearest to a mistyped one, if it is near enough to be meant.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.len() > MAX_WORD {
        return None;
    }
    let lower = written.to_lowercase();
    known
        .into_iter()
        .filter(|word| word.len() <= MAX_WORD)
        .map(|word| (strsim::damerau_levenshtein(&lower, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= (word.len().max(written.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}
