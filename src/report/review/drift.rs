//! What is live and differs from the previous render, as a template shows it.

use serde::Serialize;

use super::kinds::kind_words;
use super::view::PropertyView;
use crate::diff::{Action, Diff, ResourceChange};

/// What a review says of the live state.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LiveView {
    /// What drifted, in a sentence.
    pub summary: String,
    /// The resources that drifted.
    pub drift: Vec<DriftView>,
    /// What the live state does not tell, as sentences.
    pub unseen: Vec<String>,
}

/// One resource that is not as the previous render left it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DriftView {
    /// What its type is called.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What happened to it.
    pub words: &'static str,
    /// What differs.
    pub properties: Vec<PropertyView>,
}

impl LiveView {
    pub(super) fn new(diff: &Diff) -> Option<Self> {
        let live = diff.live.as_ref()?;
        let drift: Vec<DriftView> = live.drift.iter().flatten().map(DriftView::new).collect();
        let summary = match (&live.drift, drift.len()) {
            (None, _) => "drift is unknown, because there is no previous render".to_owned(),
            (Some(_), 0) => "Azure matches the previous render".to_owned(),
            (Some(_), 1) => "1 resource differs from the previous render".to_owned(),
            (Some(_), count) => {
                format!("{count} resources differ from the previous render")
            }
        };
        let mut unseen = live.unseen.clone();
        if live.ignored > 0 {
            let count = live.ignored;
            unseen.push(if count == 1 {
                "1 resource in Azure belongs to no render; the deployment ignores it".to_owned()
            } else {
                format!(
                    "{count} resources in Azure belong to no render; the deployment ignores them"
                )
            });
        }
        Some(Self { summary, drift, unseen })
    }
}

impl DriftView {
    fn new(change: &ResourceChange) -> Self {
        Self {
            kind: kind_words(&change.kind),
            name: change.title.clone(),
            words: match change.action {
                Action::Create => "exists in Azure, but not in the previous render",
                Action::Delete | Action::Retire => {
                    "is in the previous render, but does not exist in Azure"
                }
                _ => "has other values in Azure than in the previous render",
            },
            properties: change.properties.iter().map(PropertyView::new).collect(),
        }
    }
}
