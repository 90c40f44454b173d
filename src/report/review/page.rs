//! A report that templates write: one for each config, wherever it is compared, and one for the whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use handlebars::Context;
use serde::Serialize;
use serde_json::Value;

use super::details::{Details, Wanted};
use super::fleet::Fleet;
use super::lines;
use super::section::{Body, Section, Summary};
use crate::diagnostic::Diagnostic;
use crate::diff::Diff;
use crate::report::bounds::{MAX_PARTS, MAX_REPORT};
use crate::report::rows::Rows;
use crate::report::store::{Kept, Store, unreadable};
use crate::report::templates::Form;
use crate::report::written::Piece;
use crate::report::{Report, Templates};

/// The longest comment that GitHub takes, less room for what a workflow puts around it.
const MAX_COMMENT: usize = 65_536 - 512;
/// What a comment leaves out to fit, from the least missed; each level leaves out what those before it do.
const OMITTED: [&str; 4] = [
    "the text of the files",
    "the values of new and deleted resources",
    "the picture",
    "the changed properties",
];
/// How many levels there are, the first of which leaves nothing out.
const LEVELS: usize = OMITTED.len() + 1;

/// The text of a config at each level that may be asked for, up to the last of the format.
pub(super) type Told = Box<[Option<Kept>]>;

/// How one format is written.
#[derive(Debug)]
pub(super) struct Page {
    whole: Form,
    config: Form,
    wanted: Wanted,
    color: bool,
    /// How long the report may be, if that is bounded.
    most: Option<usize>,
    /// The first config waits until it is known whether others follow.
    started: AtomicBool,
    /// How long the texts of the configs are at each level. One that is too long already is never asked for.
    lengths: [AtomicUsize; LEVELS],
    /// How long all texts are.
    kept: AtomicUsize,
}

/// The data of a config's template.
#[derive(Serialize)]
struct Data<'a> {
    /// There are other configs.
    many: bool,
    color: bool,
    /// How much is left out.
    omitted: usize,
    #[serde(flatten)]
    summary: &'a Summary,
    #[serde(flatten)]
    details: &'a Details,
}

impl Page {
    pub(super) fn text(templates: &Templates, color: bool) -> Result<Self, Box<Diagnostic>> {
        let page = Self::of(templates, ["report/review.txt.hbs", "report/config.txt.hbs"])?;
        Ok(Self { color, ..page })
    }

    pub(super) fn markdown(templates: &Templates) -> Result<Self, Box<Diagnostic>> {
        let page = Self::of(templates, ["report/review.md.hbs", "report/config.md.hbs"])?;
        Ok(Self { most: Some(MAX_COMMENT), ..page })
    }

    pub(super) fn html(templates: &Templates) -> Result<Self, Box<Diagnostic>> {
        Self::of(templates, ["report/review.html.hbs", "report/config.html.hbs"])
    }

    fn of(
        templates: &Templates,
        [whole, config]: [&'static str; 2],
    ) -> Result<Self, Box<Diagnostic>> {
        let config = templates.read(config)?;
        Ok(Self {
            whole: templates.read(whole)?,
            wanted: Wanted::by(&config),
            config,
            color: false,
            most: None,
            started: AtomicBool::new(false),
            lengths: Default::default(),
            kept: AtomicUsize::new(0),
        })
    }

    /// The last level of the format.
    fn last_level(&self) -> usize {
        if self.most.is_some() { OMITTED.len() } else { 0 }
    }

    /// The levels that the report may still take.
    fn levels(&self) -> impl Iterator<Item = usize> {
        let last = self.last_level();
        let fits = |level: usize| {
            self.most.is_none_or(|most| self.lengths[level].load(Ordering::Relaxed) <= most)
        };
        (0..=last).filter(move |level| *level == last || fits(*level))
    }

    /// Tells one config. Of the first it keeps the data, since the only one is told otherwise than one of many.
    pub(super) fn body(&self, summary: Summary, diff: &Diff, store: &Store) -> Body {
        if !self.started.swap(true, Ordering::Relaxed) {
            return Body::Waiting(Box::new((summary, Details::new(diff, self.wanted))));
        }
        if !summary.telling {
            return Body::Silent;
        }
        match self.tell(&summary, &Details::new(diff, self.wanted), store) {
            Ok(told) => Body::Told(told),
            Err(error) => Body::Broken(error),
        }
    }

    fn tell(
        &self,
        summary: &Summary,
        details: &Details,
        store: &Store,
    ) -> Result<Told, Box<Diagnostic>> {
        let mut told: Told = (0..=self.last_level()).map(|_| None).collect();
        let mut data = self.data(summary, details, true);
        for level in self.levels() {
            let text = self.fill(&mut data, level)?;
            self.lengths[level].fetch_add(text.len(), Ordering::Relaxed);
            if self.kept.fetch_add(text.len(), Ordering::Relaxed) > MAX_PARTS {
                let limit = format!("its text is larger than {} MiB in total", MAX_PARTS >> 20);
                return Err(self.config.refused(&limit));
            }
            told[level] = Some(store.put(text));
        }
        Ok(told)
    }

    fn data(&self, summary: &Summary, details: &Details, many: bool) -> Context {
        Context::from(tamed(&Data { many, color: self.color, omitted: 0, summary, details }))
    }

    fn fill(&self, data: &mut Context, level: usize) -> Result<String, Box<Diagnostic>> {
        data.data_mut()["omitted"] = Value::from(level);
        let mut text = String::new();
        for piece in self.config.fill(data, &Rows::none())? {
            // A config has no parts.
            if let Piece::Own(own) = piece {
                text.push_str(&own);
            }
        }
        Ok(text)
    }

    /// Puts the configs together. What does not fit is left out, and the report says so.
    pub(super) fn report(
        &self,
        mut fleet: Fleet,
        store: &Arc<Store>,
    ) -> Result<Report, Box<Diagnostic>> {
        let mut whole = fleet.whole(store)?;
        if self.whole.is_own() {
            // The built-in templates ask for one after another.
            let reviews = whole.order.iter().map(|at| fleet.sections[*at].brief.data(store));
            whole.reviews = reviews.collect::<Result<_, _>>().map_err(unreadable)?;
        }
        let (many, order, mut data) = (whole.many, whole.order.clone(), tamed(&whole));
        data["color"] = Value::from(self.color);
        let mut data = Context::from(data);
        let mut report = Report::default();
        for level in self.levels() {
            let parts = order.iter().map(|at| self.part(&mut fleet.sections[*at], many, level));
            let parts = parts.collect::<Result<Vec<Kept>, _>>()?;
            let room = MAX_REPORT + parts.iter().map(Kept::len).sum::<usize>();
            data.data_mut()["omittedNote"] = Value::from(omitted_note(level));
            let row = |index: usize| {
                let mut data = fleet.sections[order[index]].brief.data(store)?;
                lines::tame(&mut data);
                Ok(data)
            };
            let pieces = self.whole.fill(&data, &Rows { count: order.len(), row: &row })?;
            report = Report::new(pieces, parts, Arc::clone(store));
            if report.len() > room {
                return Err(self.whole.refused("it inserts the same parts too often"));
            }
            if self.most.is_none_or(|most| report.len() <= most) {
                return Ok(report);
            }
        }
        let whole = report.joined().map_err(unreadable)?;
        Ok(Report::from(cut(&whole)))
    }

    fn part(
        &self,
        section: &mut Section,
        many: bool,
        level: usize,
    ) -> Result<Kept, Box<Diagnostic>> {
        match &mut section.body {
            Body::Waiting(waiting) => {
                let (summary, details) = &**waiting;
                self.fill(&mut self.data(summary, details, many), level).map(Kept::Text)
            }
            Body::Told(told) => Ok(told[level].take().unwrap_or_default()),
            Body::Broken(error) => Err(error.clone()),
            Body::Silent | Body::Json(_) => Ok(Kept::default()),
        }
    }
}

/// Data in which no text can drive a terminal or reorder a line.
fn tamed(data: &impl Serialize) -> Value {
    let mut data = serde_json::to_value(data).unwrap_or_default();
    lines::tame(&mut data);
    data
}

fn omitted_note(level: usize) -> String {
    if level == 0 {
        return String::new();
    }
    let left_out = OMITTED[..level].join(", ");
    format!("Omitted to fit into a comment: {left_out}. Run `prebake diff` for the full review.")
}

/// The start of a comment that is too long even without details.
fn cut(text: &str) -> String {
    const NOTE: &str = "\n\n> [!WARNING]\n> This review was cut because it exceeds the length of a comment. Run `prebake diff` for the full review.\n";
    let mut end = MAX_COMMENT - NOTE.len() - 8;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let kept = text[..end].rfind('\n').map_or(&text[..end], |line| &text[..line]);
    let fences = kept.lines().filter(|line| line.starts_with("```")).count();
    let close = if fences % 2 == 1 { "\n```" } else { "" };
    format!("{kept}{close}{NOTE}")
}
