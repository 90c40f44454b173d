//! What a pair of resources means: action, verdicts, consequence and advice.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::change::{
    Action, Noise, Pairing, PropertyChange, PropertyChangeType, Redacted, Removal, ResourceChange,
    Segment, path_text,
};
use super::compare;
use super::origin::Origin;
use super::pairing::{Pair, is_retired};
use super::relations;
use super::roles::{self, ROLE_ASSIGNMENT};
use crate::arm::evaluate::Evaluated;
use crate::catalog::mutability::{self, Verdict};
use crate::catalog::{self, Lifecycle};
use crate::expand::Resource;

/// The type of a Batch pool.
pub const POOL: &str = "Microsoft.Batch/batchAccounts/pools";

/// The type of a template of Azure Image Builder, of which each image version has its own.
pub const TEMPLATE: &str = "Microsoft.VirtualMachineImages/imageTemplates";

/// The type of the definition of a gallery image.
pub(crate) const DEFINITION: &str = "Microsoft.Compute/galleries/images";

/// The type of a version of a gallery image.
pub const VERSION: &str = "Microsoft.Compute/galleries/images/versions";

/// Which resources refer to which others. Few changes ask for it.
pub(super) struct Uses<'a> {
    before: &'a [Arc<Resource>],
    after: &'a [Arc<Resource>],
    ids: OnceCell<UsedIds>,
}

/// The IDs of resources, in lower case.
struct UsedIds {
    /// Those that some resource of the previous render refers to.
    before: BTreeSet<String>,
    /// Those of the new one.
    after: BTreeSet<String>,
    /// Those that the new one deploys or finds already there.
    standing: BTreeSet<String>,
}

impl<'a> Uses<'a> {
    pub(super) fn new(before: &'a [Arc<Resource>], after: &'a [Arc<Resource>]) -> Self {
        Self { before, after, ids: OnceCell::new() }
    }

    fn ids(&self) -> &UsedIds {
        self.ids.get_or_init(|| UsedIds {
            before: relations::references(self.before),
            after: relations::references(self.after),
            standing: relations::standing(self.after),
        })
    }

    /// Whether the new render needs the resource of this id: itself, a part of it or something in it.
    fn needs(&self, id: &str) -> bool {
        let id = id.to_lowercase();
        let below = format!("{id}/");
        let UsedIds { after, standing, .. } = self.ids();
        [after, standing].into_iter().any(|ids| {
            let first = ids.range(below.clone()..).next();
            ids.contains(&id) || first.is_some_and(|first| first.starts_with(&below))
        })
    }
}

/// Judges one pair.
pub(super) fn judge(pair: &Pair<'_>, uses: &Uses<'_>) -> ResourceChange {
    match (pair.before, pair.after) {
        (Some(before), Some(after)) => both(before, after, &pair.pairing, uses),
        (None, Some(after)) => created(after),
        (Some(before), None) => deleted(before, uses),
        (None, None) => unreachable!("a pair has at least one resource"),
    }
}

fn named(resource: &Resource, action: Action) -> ResourceChange {
    ResourceChange {
        action,
        lifecycle: resource.stage.lifecycle(),
        removal: None,
        verdict: Verdict::NoEffect,
        stage: resource.stage.clone(),
        kind: resource.kind.clone(),
        name: resource.name.clone(),
        title: roles::title(resource),
        id: resource.id.clone(),
        pairing: Pairing::Same,
        before: None,
        after: None,
        properties: Vec::new(),
        noise: Noise::default(),
        origin: Origin::default(),
        consequence: String::new(),
        advice: String::new(),
        rule: "",
    }
}

fn created(resource: &Arc<Resource>) -> ResourceChange {
    let mut change = named(resource, Action::Create);
    change.verdict = Verdict::InPlace;
    change.after = Some(Redacted::new(resource));
    change
}

fn deleted(resource: &Arc<Resource>, uses: &Uses<'_>) -> ResourceChange {
    let mut change = named(resource, Action::Delete);
    change.verdict = Verdict::InPlace;
    change.before = Some(Redacted::new(resource));
    let removal = if change.lifecycle == Lifecycle::OneBake {
        change.action = Action::Retire;
        Removal::ByDeployment
    } else if uses.needs(&resource.id) {
        Removal::StillNeeded
    } else {
        Removal::ByHand
    };
    change.removal = Some(removal);
    let (consequence, advice) = departure(&change, removal);
    change.consequence = consequence;
    change.advice = advice;
    change
}

/// What a deployment does with a resource that left the render, and who removes it.
fn departure(change: &ResourceChange, removal: Removal) -> (String, String) {
    if removal == Removal::ByDeployment {
        let consequence =
            "it was created for one bake, and the deployment deleted it after that bake";
        let advice = "if a bake was interrupted, delete its leftovers manually";
        return (consequence.to_owned(), with_command(advice, &change.kind, &change.id));
    }
    let consequence = if change.is(ROLE_ASSIGNMENT) {
        "a deployment does not delete it, so the access that it grants remains"
    } else {
        "a deployment does not delete it, so it keeps running and costs money"
    };
    let advice = if removal == Removal::StillNeeded {
        "keep it, because the new render still needs it".to_owned()
    } else {
        let when = if change.is(POOL) {
            "no job uses it"
        } else if change.is(ROLE_ASSIGNMENT) {
            "nothing needs it"
        } else {
            "nothing uses it"
        };
        with_command(&format!("delete it manually when {when}"), &change.kind, &change.id)
    };
    (consequence.to_owned(), advice)
}

/// An advice to delete a resource, with the command that does it where its id is known.
fn with_command(advice: &str, kind: &str, id: &str) -> String {
    match catalog::removal_command(kind, id) {
        Some(command) => format!("{advice}: `{command}`"),
        None => advice.to_owned(),
    }
}

fn both(
    before: &Arc<Resource>,
    after: &Arc<Resource>,
    pairing: &Pairing,
    uses: &Uses<'_>,
) -> ResourceChange {
    let (mut properties, mut noise) = if Arc::ptr_eq(before, after) {
        Default::default()
    } else {
        compare::bodies(mutability::facts(&after.kind), &before.body, &after.body)
    };
    noise.letter_case += usize::from(*pairing == Pairing::Same && before.id != after.id);
    noise.api_version += usize::from(before.api_version != after.api_version);
    for property in &mut properties {
        settle(property, after, uses);
    }
    if *pairing != Pairing::Same {
        new_identity(&mut properties, before, after, pairing);
    }
    let mut change = named(after, Action::NoChange);
    let refused = properties.iter().any(|property| property.verdict >= Verdict::EmptyPool);
    if change.lifecycle == Lifecycle::OneBake {
        for property in &mut properties {
            holds_anew(property, "next bake", "applies to the next bake");
        }
    }
    change.noise = noise;
    if properties.is_empty() {
        return change;
    }
    properties.sort_by(|a, b| {
        let weight = |property: &PropertyChange| (property.verdict, property.interrupts);
        weight(b).cmp(&weight(a)).then_with(|| path_text(&a.path).cmp(&path_text(&b.path)))
    });
    change.verdict = properties[0].verdict;
    change.action = action(change.lifecycle, pairing, change.verdict);
    change.removal = match (change.action, pairing) {
        (_, Pairing::Same) => None,
        (Action::Rebake, _) => Some(Removal::ByDeployment),
        (_, Pairing::BlueGreen { .. }) if is_retired(before, after) => Some(Removal::WhenRetired),
        _ => Some(Removal::ByHand),
    };
    change.pairing = pairing.clone();
    change.before = Some(Redacted::new(before));
    change.after = Some(Redacted::new(after));
    change.properties = properties;
    tell(&mut change, before, refused);
    change
}

/// What a change of this verdict is, to a resource of this lifecycle.
fn action(lifecycle: Lifecycle, pairing: &Pairing, verdict: Verdict) -> Action {
    match (lifecycle, pairing, verdict) {
        (Lifecycle::OneBake, ..) => Action::Rebake,
        (_, Pairing::NextVersion | Pairing::BlueGreen { .. }, _) => Action::Beside,
        (.., Verdict::Refused) => Action::Refused,
        (.., Verdict::Replace) => Action::Replace,
        (.., Verdict::EmptyPool) => Action::EmptyPool,
        _ => Action::Modify,
    }
}

/// A refusal that depends on use becomes an update in place when nothing in the render uses it.
fn settle(property: &mut PropertyChange, resource: &Resource, uses: &Uses<'_>) {
    if !property.in_use {
        return;
    }
    let element = property.path.windows(2).find_map(|pair| match pair {
        [Segment::Property(list), Segment::Named(name)] => Some(format!("/{list}/{name}")),
        _ => None,
    });
    let id = format!("{}{}", resource.id, element.unwrap_or_default()).to_lowercase();
    let UsedIds { before, after, .. } = uses.ids();
    if !before.contains(&id) && !after.contains(&id) {
        property.verdict = Verdict::InPlace;
        property.interrupts = true;
    }
}

/// Another id makes another resource: its name is what is replaced, and the rest holds from the start.
fn new_identity(
    properties: &mut Vec<PropertyChange>,
    before: &Resource,
    after: &Resource,
    pairing: &Pairing,
) {
    for property in properties.iter_mut() {
        holds_anew(property, "from the start", "applies to the new resource from the start");
    }
    let (key, old, new) = if before.name == after.name {
        ("scope", Evaluated::from(before.id.as_str()), Evaluated::from(after.id.as_str()))
    } else {
        ("name", before.typed_name(), after.typed_name())
    };
    let facts = mutability::facts(&after.kind).property(key);
    let path = vec![Segment::Property(key.to_owned())];
    let mut name = compare::change(facts, path, Some(&old), Some(&new));
    if matches!(pairing, Pairing::NextVersion | Pairing::BlueGreen { .. }) {
        let effect = "is the name of the new resource; the old one keeps its name";
        holds_anew(&mut name, "new name", effect);
    }
    properties.push(name);
}

/// A value that a new resource has from the start changes nothing that is there.
fn holds_anew(property: &mut PropertyChange, when: &'static str, effect: &str) {
    property.anew = Some(when);
    property.verdict = Verdict::InPlace;
    property.change = match (&property.before, &property.after) {
        (None, _) => PropertyChangeType::Create,
        (_, None) => PropertyChangeType::Delete,
        _ => PropertyChangeType::Modify,
    };
    property.event = None;
    property.code = None;
    property.interrupts = false;
    property.reset = false;
    property.reset_to = None;
    effect.clone_into(&mut property.effect);
    property.advice.clear();
    property.checked.clear();
}

/// Consequence, advice and rule, from the worst property.
fn tell(change: &mut ResourceChange, before: &Resource, refused: bool) {
    let worst = &change.properties[0];
    let (name, old) = (&change.title, roles::title(before));
    let (consequence, advice) = match (change.action, &change.pairing) {
        (Action::Rebake, _) => rebake(before, refused),
        (Action::Beside, _) => beside(change, before, &old),
        (Action::Refused, _) => (refusal(worst), String::new()),
        (Action::Replace, Pairing::Renamed) if old == *name => (
            format!("Azure creates a new `{name}`; the old one remains until you delete it"),
            with_command("delete the old one manually", &before.kind, &before.id),
        ),
        (Action::Replace, Pairing::Renamed) => (
            format!("Azure creates `{name}`; `{old}` remains until you delete it"),
            with_command(&format!("delete `{old}` manually"), &before.kind, &before.id),
        ),
        (Action::Replace, _) => (
            "Azure cannot change it on an existing resource, so the deployment fails".to_owned(),
            "use a new name, or delete the old resource first".to_owned(),
        ),
        (Action::EmptyPool, _) => (
            format!(
                "the deployment fails with `PropertyCannotBeUpdated` while `{name}` has nodes; prebake does not empty the pool"
            ),
            format!(
                "set `replace: blue-green` for this pool to create a second pool next to it, or scale `{name}` to zero, wait until it is steady, deploy, and scale it up again"
            ),
        ),
        _ => (update(&change.properties), String::new()),
    };
    let own_advice = !worst.advice.is_empty()
        && change.action != Action::EmptyPool
        && change.pairing == Pairing::Same;
    change.advice = if own_advice { worst.advice.clone() } else { advice };
    change.consequence = consequence;
    change.rule = match change.action {
        Action::EmptyPool => "DIF001",
        Action::Modify if change.is(POOL) => "DIF002",
        Action::Refused if change.kind.to_lowercase().ends_with("images/versions") => "DIF006",
        Action::Refused | Action::Replace => "DIF005",
        _ => "",
    };
}

/// What is made for one bake.
fn rebake(before: &Resource, refused: bool) -> (String, String) {
    let consequence = "it exists only during a bake: the deployment deletes it after the bake, and the next bake recreates it";
    let advice = "if an earlier bake was interrupted, delete its leftovers manually first";
    let advice =
        if refused { with_command(advice, &before.kind, &before.id) } else { String::new() };
    (consequence.to_owned(), advice)
}

/// What stands beside the resource that it succeeds.
fn beside(change: &ResourceChange, before: &Resource, old: &str) -> (String, String) {
    let name = &change.title;
    let by_hand = |advice: &str| with_command(advice, &before.kind, &before.id);
    if change.is(POOL) {
        let consequence = format!(
            "Batch creates pool `{name}` next to `{old}`; both have nodes until `{old}` is deleted"
        );
        let advice = if change.removal == Some(Removal::WhenRetired) {
            format!(
                "move jobs to `{name}`, then run `prebake deploy --retire-old`, which drains and deletes `{old}`"
            )
        } else {
            by_hand(&format!("move jobs to `{name}`, then delete `{old}` manually"))
        };
        (consequence, advice)
    } else if change.is(DEFINITION) {
        let consequence = format!(
            "image definition `{name}` is created next to `{old}`; pools that use an image of `{old}` keep it"
        );
        (consequence, by_hand(&format!("delete `{old}` manually when no pool uses its images")))
    } else if change.is(TEMPLATE) {
        let consequence =
            format!("template `{name}` bakes the next image version; `{old}` does not change");
        (consequence, by_hand(&format!("delete `{old}` manually")))
    } else {
        let consequence =
            format!("version `{name}` is created next to `{old}`; pools that use `{old}` keep it");
        (consequence, by_hand(&format!("delete `{old}` manually when no pool uses it")))
    }
}

fn refusal(worst: &PropertyChange) -> String {
    let with = worst.code.as_ref().map_or_else(String::new, |code| format!(" with `{code}`"));
    format!("the deployment fails{with}; earlier stages remain deployed")
}

fn update(properties: &[PropertyChange]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for property in properties {
        let part = match (property.verdict, &property.event) {
            (Verdict::Later, Some(event)) => format!("takes effect later: {event}"),
            (Verdict::RunsAgain, _) => "runs again".to_owned(),
            (Verdict::Unknown, _) => "the effect is not documented; test it first".to_owned(),
            (Verdict::InPlace, _) if property.interrupts => "interrupts running work".to_owned(),
            (Verdict::InPlace, _) => "takes effect at once".to_owned(),
            _ => continue,
        };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.join("; ")
}
