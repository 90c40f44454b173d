//! What is told of one config, as its template shows it.

use serde::Serialize;

use super::access::SecurityView;
use super::capacity::{self, CapacityRow};
use super::cost;
use super::counts::plural;
use super::drift::LiveView;
use super::files::{self, FileView, FindingView};
use super::kinds::kind_words;
use super::picture::{self, Picture};
use super::view::{self, ResourceView};
use crate::diff::{Action, Diff};
use crate::report::templates::Form;

/// What costs much to make, and is made for a template that names it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    picture: bool,
    mermaid: bool,
    leaves: bool,
}

impl Wanted {
    /// What a template names.
    pub(super) fn by(form: &Form) -> Self {
        Self {
            picture: form.names("picture"),
            mermaid: form.names("mermaid"),
            leaves: form.names("leaves"),
        }
    }
}

/// All that is told of one config.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Details {
    /// What is wrong with the change itself.
    findings: Vec<FindingView>,
    /// Who may do or reach what.
    security: Vec<SecurityView>,
    /// Nodes, vCPUs and GPUs; empty when they do not differ.
    capacity: Vec<CapacityRow>,
    /// What the numbers mean.
    capacity_note: String,
    /// The resources that differ, danger first.
    resources: Vec<ResourceView>,
    /// The names of the resources that do not.
    unchanged: Vec<String>,
    /// The files that are shown as text.
    files: Vec<FileView>,
    /// Under which ID job submitters find each blue-green pool, in a sentence; empty without such pools.
    pool_ids: String,
    /// What is said of the live state, if it was asked.
    live: Option<LiveView>,
    /// What was hidden, in one line; empty when nothing was.
    noise: String,
    /// The resources and their relations.
    picture: Option<Picture>,
    /// The picture as Mermaid.
    mermaid: String,
}

impl Details {
    pub(super) fn new(diff: &Diff, wanted: Wanted) -> Self {
        let changed = diff.resources.iter().filter(|change| change.action != Action::NoChange);
        let views = changed.map(|change| ResourceView::new(change, wanted.leaves)).collect();
        let (resources, places) = view::grouped(views);
        let unchanged = diff.resources.iter().filter(|change| change.action == Action::NoChange);
        let drawn = wanted.picture || wanted.mermaid;
        let picture = if drawn { picture::picture(diff, &places) } else { Picture::default() };
        Self {
            findings: FindingView::all(diff),
            security: diff.security.iter().map(SecurityView::new).collect(),
            capacity: capacity::rows(&diff.capacity),
            capacity_note: cost::capacity_note(diff),
            resources,
            unchanged: unchanged
                .map(|change| format!("{} {}", kind_words(&change.kind), change.title))
                .collect(),
            files: files::files(diff),
            pool_ids: pool_ids(diff),
            live: LiveView::new(diff),
            noise: noise(diff),
            mermaid: if wanted.mermaid { picture.mermaid() } else { String::new() },
            picture: wanted.picture.then_some(picture),
        }
    }
}

fn pool_ids(diff: &Diff) -> String {
    let ids = diff.pool_ids.iter().map(|(base, id)| format!("pool `{base}` is deployed as `{id}`"));
    ids.collect::<Vec<_>>().join(", ")
}

fn noise(diff: &Diff) -> String {
    // What the render and the forecast hide for one reason is one number.
    let hidden = diff.live.iter().flat_map(|live| &live.hidden);
    let hidden = hidden.map(|(words, count)| (*words, *count));
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for (words, count) in diff.noise.kinds().into_iter().chain(hidden) {
        match kinds.iter_mut().find(|(known, _)| *known == words) {
            Some((_, sum)) => *sum += count,
            None => kinds.push((words, count)),
        }
    }
    let mut parts: Vec<String> = kinds
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(words, count)| format!("{count} {words}"))
        .collect();
    let formatting = diff.files.files.iter().filter(|file| file.formatting_only).count();
    if formatting > 0 {
        parts.push(format!("{formatting} file{} with formatting changes only", plural(formatting)));
    }
    parts.join(", ")
}
