//! All configs of a run: their counts, their answers, and the order in which they are told.

use serde::Serialize;
use serde_json::Value;

use super::answers::{self, Answer};
use super::counts::{self, Tally};
use super::section::{Brief, Section};
use crate::diagnostic::Diagnostic;
use crate::diff::{Action, DetailedExit};
use crate::report::store::{Store, unreadable};

/// How many configs without a change are named.
const MOST_SAME: usize = 20;

/// The configs of a run.
#[derive(Debug)]
pub struct Fleet {
    pub(super) sections: Vec<Section>,
    pub(super) without: usize,
}

/// The data of the template of the whole.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Whole<'a> {
    /// The name of the only config, or how many there are.
    name: String,
    /// More than one config.
    pub many: bool,
    /// How many configs there are.
    pub total: usize,
    /// How many of them differ.
    pub changed: usize,
    /// The counts in one line.
    headline: String,
    /// The counts of all, danger first.
    pub counts: Vec<Tally>,
    /// What a reviewer asks first, over all configs.
    pub answers: Vec<Answer>,
    /// The summaries of the configs that differ, danger first, if a template may ask for all at once.
    pub reviews: Vec<Value>,
    /// The names of the configs that do not; of many, the first.
    same: Vec<&'a str>,
    /// How many more do not.
    same_more: usize,
    /// What of the run has no review, in a sentence; empty when nothing.
    failed: String,
    /// Where the configs that differ stand among all, danger first.
    #[serde(skip)]
    pub order: Vec<usize>,
}

impl Fleet {
    /// Puts configs together.
    pub fn new(sections: Vec<Section>) -> Self {
        Self { sections, without: 0 }
    }

    /// Says that configs of the run have no review, because they do not render or cannot be compared.
    #[must_use]
    pub fn without(self, failed: usize) -> Self {
        Self { without: failed, ..self }
    }

    /// What `--detailed-exitcode` says of all; an error wins over everything else.
    pub fn detailed_exit(&self) -> DetailedExit {
        let exits = self.sections.iter().map(|section| section.brief.exit_code);
        exits.max().unwrap_or(DetailedExit::Unchanged)
    }

    pub(super) fn whole(&self, store: &Store) -> Result<Whole<'_>, Box<Diagnostic>> {
        let all: Vec<&Brief> = self.sections.iter().map(|section| &section.brief).collect();
        let total = all.len();
        let (mut order, same): (Vec<usize>, Vec<usize>) =
            (0..total).partition(|at| all[*at].telling || total == 1);
        order.sort_by_key(|at| all[*at].rank());
        let counts = counts::counts(|action| count(&all, action));
        let headline = match &order[..] {
            [only] if total == 1 => {
                let data = all[*only].data(store).map_err(unreadable)?;
                data["headline"].as_str().unwrap_or_default().to_owned()
            }
            [] => format!("no changes ({})", counts::join(&counts)),
            _ => format!("{} of them change; {}", order.len(), counts::join(&counts)),
        };
        Ok(Whole {
            name: match &all[..] {
                [only] => only.name.to_string(),
                all => format!("{} configs", all.len()),
            },
            many: total > 1,
            total,
            changed: order.len(),
            headline,
            counts,
            answers: answers::together(&all, store).map_err(unreadable)?,
            reviews: Vec::new(),
            same_more: same.len().saturating_sub(MOST_SAME),
            same: same.into_iter().take(MOST_SAME).map(|at| &*all[at].name).collect(),
            failed: failed(self.without),
            order,
        })
    }
}

fn count(all: &[&Brief], action: Action) -> usize {
    let counts = all.iter().flat_map(|brief| &brief.counts);
    counts.filter(|(counted, _)| *counted == action).map(|(_, count)| count).sum()
}

fn failed(failed: usize) -> String {
    match failed {
        0 => String::new(),
        1 => "1 more config could not be compared; it is missing from this review".to_owned(),
        _ => format!(
            "{failed} more configs could not be compared; they are missing from this review"
        ),
    }
}
