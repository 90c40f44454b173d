//! What is live in Azure, told by forecasts of `az deployment group what-if` or by plain GETs, as a render that
//! the new one is compared with.
//!
//! Three states meet: the previous render, what is live, and the new render. A forecast tells how the live state
//! differs from the new render, so that the live state is the new render with those differences undone. What a
//! forecast does not tell is taken from the previous render, and said. Read `what_if` and `get` for the two
//! inputs, `body` for undoing, and this file for the state as a whole.

mod body;
mod get;
mod what_if;

pub use get::resources_of;
pub use what_if::{Forecast, forecast};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::RenderState;
use super::change::ResourceChange;
use crate::arm::evaluate::{Evaluated, Properties};
use crate::catalog::{Lifecycle, StageName};
use crate::expand::Resource;

/// How the id of a resource stands for a subscription that no config names.
const UNKNOWN_SUBSCRIPTION: &str = "{subscriptionId}";

/// One resource as a forecast or a GET tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveResource {
    /// Its id.
    pub id: String,
    /// What is known of it.
    pub knowledge: Knowledge,
}

/// What is known of a live resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Knowledge {
    /// It is not there.
    Absent,
    /// It is as the new render has it.
    AsRendered,
    /// It differs from the new render so.
    Differs(Vec<Delta>),
    /// It is so.
    Body(Properties),
    /// It is there, and the deployment does not touch it.
    Untouched,
    /// Azure does not say.
    Untold(String),
}

/// One difference between a live resource and the new render.
#[derive(Debug, Clone, PartialEq)]
pub struct Delta {
    /// Path from what encloses it, with dots; an index for an element of a list.
    pub path: String,
    /// Whether the render has no such value.
    pub only_live: bool,
    /// Whether the live resource has no such value.
    pub only_rendered: bool,
    /// Azure takes the value and does nothing with it.
    pub no_effect: bool,
    /// The live value.
    pub before: Option<Evaluated>,
    /// Differences inside.
    pub children: Vec<Delta>,
}

/// What all inputs together say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Live {
    /// The resources, in the order of the inputs.
    pub resources: Vec<LiveResource>,
    /// The stages that the inputs cover; empty for GETs, which cover what they name.
    pub stages: BTreeSet<StageName>,
    /// What Azure says besides, as sentences.
    pub notes: Vec<String>,
}

/// What a review says of the live state besides the changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LiveReview {
    /// What is live and not in the previous render; nothing if there is no previous render to tell from.
    pub drift: Option<Vec<ResourceChange>>,
    /// Differences that mean nothing, counted by why.
    pub hidden: BTreeMap<&'static str, usize>,
    /// What the forecast does not see, as sentences.
    pub unseen: Vec<String>,
    /// Resources that are there and belong to no render.
    pub ignored: usize,
}

/// The live state as a render, and what is said of it.
pub(super) struct Applied {
    pub state: RenderState,
    pub previous: Option<RenderState>,
    pub new: RenderState,
    pub hidden: BTreeMap<&'static str, usize>,
    pub unseen: Vec<String>,
    pub ignored: usize,
}

impl Live {
    /// Adds what another input says.
    pub fn append(&mut self, other: Self) {
        self.resources.extend(other.resources);
        self.stages.extend(other.stages);
        self.notes.extend(other.notes);
    }

    /// Each resource once. The forecast of a stage lists what other stages deploy as ignored, so what those stages say
    /// of it goes before.
    fn each_once(&self) -> Vec<&LiveResource> {
        let mut places = BTreeMap::new();
        let mut found: Vec<&LiveResource> = Vec::new();
        for resource in &self.resources {
            let place = *places.entry(resource.id.to_lowercase()).or_insert(found.len());
            match found.get_mut(place) {
                None => found.push(resource),
                Some(known) if known.knowledge == Knowledge::Untouched => *known = resource,
                Some(_) => {}
            }
        }
        found
    }

    /// The live state, from the two renders around it.
    pub(super) fn apply(&self, previous: Option<&RenderState>, new: &RenderState) -> Applied {
        let subscription = self.resources.iter().find_map(|live| subscription_of(&live.id));
        let placed = |state: &RenderState| with_subscription(state, subscription);
        let (previous, new) = (previous.map(placed), placed(new));
        let mut applied = Applied {
            state: RenderState { files: new.files.clone(), ..RenderState::default() },
            previous,
            new,
            hidden: BTreeMap::new(),
            unseen: self.notes.clone(),
            ignored: 0,
        };
        let mut left = self.each_once();
        let old = applied.previous.clone();
        let of_old = |id: &str| {
            let resources = old.iter().flat_map(|state| &state.resources);
            resources.into_iter().find(|old| !old.existing && old.id.eq_ignore_ascii_case(id))
        };
        for resource in applied.new.resources.clone().iter().filter(|one| !one.existing) {
            let live = take(&mut left, resource, &applied.new);
            applied.resource(resource, of_old(&resource.id), live, self);
        }
        // What the previous render has and the new one has not stays as it was, unless it is gone.
        for resource in old.iter().flat_map(|state| &state.resources).filter(|old| !old.existing) {
            let known = applied
                .new
                .resources
                .iter()
                .any(|new| !new.existing && new.id.eq_ignore_ascii_case(&resource.id));
            if !known {
                let live = take(&mut left, resource, &applied.new);
                let gone = live.is_some_and(|live| live.knowledge == Knowledge::Absent);
                if !gone {
                    applied.state.resources.push(resource.clone());
                }
            }
        }
        applied.ignored = left.len();
        applied
    }
}

impl Applied {
    /// Adds the live form of a resource of the new render.
    fn resource(
        &mut self,
        new: &Arc<Resource>,
        old: Option<&Arc<Resource>>,
        live: Option<&LiveResource>,
        input: &Live,
    ) {
        let name = || super::title(new);
        let Some(live) = live else {
            if input.stages.contains(&new.stage) {
                let why = "the forecast does not contain it, so the previous render is used";
                self.unseen.push(format!("`{}`: {why}", name()));
            }
            self.state.resources.extend(old.cloned());
            return;
        };
        let mut body = match &live.knowledge {
            // What is made for one bake is gone when the bake ends, and is made anew.
            Knowledge::Absent if new.stage.lifecycle() == Lifecycle::OneBake => {
                self.state.resources.extend(old.cloned());
                return;
            }
            Knowledge::Absent => return,
            Knowledge::AsRendered | Knowledge::Untouched => new.body.clone(),
            Knowledge::Untold(why) => {
                self.unseen.push(format!("`{}`: {why}", name()));
                self.state.resources.push(old.unwrap_or(new).clone());
                return;
            }
            Knowledge::Differs(deltas) => {
                let mut undo = body::Undo::new(new, old.map(|it| &**it), &mut self.hidden);
                undo.all(deltas)
            }
            Knowledge::Body(live) => {
                let mut undo = body::Undo::new(new, old.map(|it| &**it), &mut self.hidden);
                undo.restricted(live)
            }
        };
        // Which API version a resource was deployed with, Azure does not keep.
        body.retain(|_, value| !value.is_null());
        let live = Resource { body, ..Resource::clone(new) };
        self.state.resources.push(Arc::new(live));
    }
}

/// Takes the live form of a resource: by its id, or, where only Azure knows its name, the only one of its type in
/// its place.
fn take<'a>(
    left: &mut Vec<&'a LiveResource>,
    resource: &Resource,
    new: &RenderState,
) -> Option<&'a LiveResource> {
    if let Some(at) = left.iter().position(|live| live.id.eq_ignore_ascii_case(&resource.id)) {
        return Some(left.remove(at));
    }
    if !resource.id.contains('{') {
        return None;
    }
    let place = |id: &str| id.rsplit_once('/').map(|(place, _)| place.to_lowercase());
    let own = place(&resource.id);
    let rivals = new.resources.iter().filter(|other| !other.existing && place(&other.id) == own);
    let mut found = left.iter().enumerate().filter(|(_, live)| place(&live.id) == own);
    match (rivals.count(), found.next(), found.next()) {
        (1, Some((at, _)), None) => Some(left.remove(at)),
        _ => None,
    }
}

fn subscription_of(id: &str) -> Option<&str> {
    id.strip_prefix("/subscriptions/")?.split('/').next().filter(|id| !id.is_empty())
}

/// A render whose ids name the subscription that the live ones do.
fn with_subscription(state: &RenderState, subscription: Option<&str>) -> RenderState {
    let Some(subscription) = subscription else { return state.clone() };
    let mut placed = state.clone();
    for resource in placed.resources.iter_mut().map(Arc::make_mut) {
        resource.id = resource.id.replace(UNKNOWN_SUBSCRIPTION, subscription);
        for value in resource.body.values_mut() {
            place_ids(value, subscription);
        }
    }
    placed
}

fn place_ids(value: &mut Evaluated, subscription: &str) {
    match value {
        Evaluated::String(text) if text.contains(UNKNOWN_SUBSCRIPTION) => {
            *text = text.replace(UNKNOWN_SUBSCRIPTION, subscription);
        }
        Evaluated::Array(items) => items.iter_mut().for_each(|item| place_ids(item, subscription)),
        Evaluated::Object(object) => {
            object.values_mut().for_each(|value| place_ids(value, subscription));
            if object.keys().any(|key| key.contains(UNKNOWN_SUBSCRIPTION)) {
                let entries = std::mem::take(object).into_iter();
                *object = entries
                    .map(|(key, value)| (key.replace(UNKNOWN_SUBSCRIPTION, subscription), value))
                    .collect();
            }
        }
        _ => {}
    }
}
