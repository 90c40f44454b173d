//! Takes two renders as data, gives the [`Diff`]: what deploying the new one does to what the previous one
//! made.
//!
//! Prints nothing, reads nothing and cannot fail. Read `change` for the data, `compare` for properties,
//! `pairing` for renamed resources and blue-green pools, `judge` for verdicts, then `files`, `affected`, `security`,
//! `capacity` and `findings`.

mod affected;
mod capacity;
mod change;
mod cidr;
mod compare;
mod cost;
mod drift;
mod exit;
mod files;
mod findings;
mod judge;
pub mod live;
mod origin;
mod pairing;
mod relations;
mod roles;
mod security;
mod values;

pub use capacity::{Capacity, FamilyChange, PoolCapacity, PoolSides, Quantity};
pub use change::{
    Action, Noise, Pairing, PropertyChange, PropertyChangeType, Redacted, Removal, ResourceChange,
    Segment, path_text,
};
pub(crate) use compare::is_same;
pub use cost::Cost;
pub(crate) use cost::HOURS_A_MONTH;
pub use drift::drift;
pub use exit::DetailedExit;
pub use files::{FileChange, FileDiff, FileKind, FileState, Hunk, HunkLine, LineState, files};
pub(crate) use files::{same_file, text_hunks};
pub(crate) use judge::DEFINITION;
pub use judge::{POOL, TEMPLATE, VERSION};
pub use live::{Live, LiveReview};
pub use origin::{Line, Origin, Origins};
pub use relations::Relation;
pub use roles::title;
pub use security::{Access, SecurityChange, SecurityKind};

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::catalog::{Date, Overlay};
use crate::diagnostic::Diagnostics;
use crate::expand::Resource;
use live::Applied;

/// One render as data: what it asks Azure for, and the text of its files by path.
///
/// Two renders that are compared share the resources that they have in common.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RenderState {
    /// The resources of all stages, in the order of deployment.
    pub resources: Vec<Arc<Resource>>,
    /// Every file by its path in the folder of the render.
    pub files: Arc<BTreeMap<String, String>>,
}

/// What changes between two renders.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diff {
    /// All resources, the worst first, then in the order of deployment.
    pub resources: Vec<ResourceChange>,
    /// The files, by path.
    pub files: FileDiff,
    /// Who may do or reach what.
    pub security: Vec<SecurityChange>,
    /// Nodes, vCPUs and GPUs before and after.
    pub capacity: Capacity,
    /// What both sides cost, where prices were brought.
    pub cost: Option<Cost>,
    /// Which resource refers to which, before and after.
    pub relations: Vec<Relation>,
    /// What is wrong with the change itself.
    pub findings: Diagnostics,
    /// The lines that each finding is about, in the order of `findings`.
    pub finding_origins: Vec<Origin>,
    /// Pools that are deployed under another ID than the config gives: the config's ID, and the deployed one.
    pub pool_ids: Vec<(String, String)>,
    /// What is said of the live state, if it was asked.
    pub live: Option<LiveReview>,
    /// What differs in the text but not in Azure.
    pub noise: Noise,
    /// Which renders there were to compare.
    pub sides: Sides,
}

/// The renders that were compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sides {
    /// A previous and a new one.
    Both,
    /// A previous one, which is gone.
    Previous,
    /// A new one.
    #[default]
    New,
}

impl Diff {
    /// How many resources have this action.
    pub fn count(&self, action: Action) -> usize {
        self.resources.iter().filter(|change| change.action == action).count()
    }

    /// Whether no resource and no file that matters differs.
    pub fn is_empty(&self) -> bool {
        self.resources.iter().all(|change| change.action == Action::NoChange)
            && self.files.is_empty()
    }

    /// Says what both sides cost, if the user's catalog has prices.
    #[must_use]
    pub fn priced(
        mut self,
        previous: Option<&RenderState>,
        new: Option<&RenderState>,
        overlay: &Overlay,
    ) -> Self {
        let of = |side: Option<&RenderState>| side.map_or_else(Vec::new, |it| it.resources.clone());
        if overlay.has_prices() {
            self.cost = cost::cost(&of(previous), &of(new), &self.capacity, overlay);
        }
        self
    }

    /// Says of each verdict that rests on a fact that nobody has looked up for a year that it does.
    #[must_use]
    pub fn aged(mut self, as_of: Date) -> Self {
        for change in &mut self.resources {
            let days = change.properties.iter().filter_map(|it| Date::parse(&it.checked));
            let Some(day) = days.filter(|day| day.is_old_on(as_of)).min() else { continue };
            if !change.consequence.is_empty() {
                change.consequence.push_str("; ");
            }
            // Writing to a string cannot fail.
            let _ = write!(
                change.consequence,
                "this verdict is based on facts last verified on {day}, more than a year before {as_of}"
            );
        }
        self
    }

    /// Whether something loses work, data or access, or will fail.
    pub fn is_dangerous(&self) -> bool {
        self.resources.iter().any(|change| change.action.is_dangerous())
    }

    /// What `--detailed-exitcode` says of it.
    pub fn detailed_exit(&self) -> DetailedExit {
        if self.findings.has_errors() {
            DetailedExit::Error
        } else if self.is_dangerous() {
            DetailedExit::Dangerous
        } else if self.is_empty() {
            DetailedExit::Unchanged
        } else {
            DetailedExit::Changed
        }
    }
}

/// Compares two renders; a side that is absent has nothing in it.
pub fn diff(previous: Option<&RenderState>, new: Option<&RenderState>) -> Diff {
    diff_with_origins(previous, new, &origin::Unknown)
}

/// Compares what is live with the new render. What is live and was not in the previous render is drift.
pub fn diff_with_live(
    previous: Option<&RenderState>,
    new: &RenderState,
    live: &Live,
    origins: &dyn Origins,
) -> Diff {
    let mut applied = live.apply(previous, new);
    if let Some(previous) = previous {
        applied.state.files.clone_from(&previous.files);
    }
    let mut diff = diff_with_origins(Some(&applied.state), Some(&applied.new), origins);
    let drift = applied.previous.as_ref().map(|previous| {
        let changes = self::diff(Some(previous), Some(&applied.state)).resources;
        changes.into_iter().filter(|change| change.action != Action::NoChange).collect()
    });
    let Applied { hidden, unseen, ignored, .. } = applied;
    diff.live = Some(LiveReview { drift, hidden, unseen, ignored });
    diff
}

/// The same with the lines that the new render comes from.
pub fn diff_with_origins(
    previous: Option<&RenderState>,
    new: Option<&RenderState>,
    origins: &dyn Origins,
) -> Diff {
    let mut diff = outline(previous, new, origins);
    for change in &mut diff.resources {
        origin::locate(change, origins);
    }
    diff
}

/// The same with the lines of findings alone: a summary shows no others.
pub fn outline(
    previous: Option<&RenderState>,
    new: Option<&RenderState>,
    origins: &dyn Origins,
) -> Diff {
    let nothing = RenderState::default();
    let (before, after) = (previous.unwrap_or(&nothing), new.unwrap_or(&nothing));
    let pairs = pairing::pair(&before.resources, &after.resources);
    let uses = judge::Uses::new(&before.resources, &after.resources);
    let mut resources: Vec<ResourceChange> =
        pairs.iter().map(|pair| judge::judge(pair, &uses)).collect();
    let files = files(&before.files, &after.files);
    let security = security::security(&resources);
    let capacity = capacity::capacity(&before.resources, &after.resources);
    let found = findings::findings(before, after, &resources, &files);
    let (findings, finding_origins): (Vec<_>, Vec<_>) =
        found.into_iter().map(|finding| finding.located(origins)).unzip();
    let noise = resources.iter().fold(Noise::default(), |sum, change| sum + change.noise);
    let relations = relations::relations(&before.resources, &after.resources);
    resources.sort_by_key(|change| change.action.rank());
    Diff {
        resources,
        files,
        security,
        capacity,
        cost: None,
        relations,
        findings: Diagnostics::from(findings),
        finding_origins,
        pool_ids: pairing::pool_ids(&after.resources),
        live: None,
        noise,
        sides: match (previous, new) {
            (Some(_), Some(_)) => Sides::Both,
            (Some(_), None) => Sides::Previous,
            (None, _) => Sides::New,
        },
    }
}
