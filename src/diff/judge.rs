//! What a pair of resources means: action, verdicts, consequence and advice.

use std::collections::BTreeSet;

use serde_json::Value;

use super::change::{
    Action, Noise, Pairing, PropertyChange, PropertyChangeType, ResourceChange, Segment, Shown,
    path_text,
};
use super::compare;
use super::pairing::Pair;
use super::roles::{self, ROLE_ASSIGNMENT};
use crate::catalog::mutability::{self, Verdict};
use crate::expand::Resource;

/// The type of a Batch pool.
pub(super) const POOL: &str = "Microsoft.Batch/batchAccounts/pools";

/// The stage whose resources live as long as a bake.
pub(super) const BUILDER: &str = "builder";

/// The resource IDs that some resource refers to, in lower case.
pub(super) struct Uses {
    /// In the previous render.
    pub before: BTreeSet<String>,
    /// In the new one.
    pub after: BTreeSet<String>,
    /// The resources that the new one deploys or finds already there, in lower case.
    pub standing: BTreeSet<String>,
}

impl Uses {
    /// Whether the new render needs the resource of this id: itself, a part of it or something in it.
    fn needs(&self, id: &str) -> bool {
        let id = id.to_lowercase();
        let below = format!("{id}/");
        [&self.after, &self.standing].into_iter().any(|ids| {
            let first = ids.range(below.clone()..).next();
            ids.contains(&id) || first.is_some_and(|first| first.starts_with(&below))
        })
    }
}

/// Judges one pair.
pub(super) fn judge(pair: &Pair, uses: &Uses) -> ResourceChange {
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
        consequence: String::new(),
        advice: String::new(),
        rule: "",
    }
}

fn created(resource: &Resource) -> ResourceChange {
    let mut change = named(resource, Action::Create);
    change.verdict = Verdict::InPlace;
    change.after = Some(Shown::new(resource));
    change
}

fn deleted(resource: &Resource, uses: &Uses) -> ResourceChange {
    let mut change = named(resource, Action::Delete);
    change.verdict = Verdict::InPlace;
    change.before = Some(Shown::new(resource));
    let (consequence, advice) = if resource.stage == BUILDER {
        (
            "a deployment removes the builder when a bake ends; what an interrupted bake left keeps \
             running, and its bill too",
            "remove what is left of it: `prebake deploy RENDER --clean-up`",
        )
    } else {
        let advice = if uses.needs(&resource.id) {
            "keep it: the new render still needs it"
        } else if change.is(POOL) {
            "delete it by hand when no job uses it"
        } else if change.is(ROLE_ASSIGNMENT) {
            "delete it by hand when nothing needs it"
        } else {
            "delete it by hand when nothing uses it"
        };
        let consequence = if change.is(ROLE_ASSIGNMENT) {
            "a deployment in incremental mode leaves it as it is: what it allows stays allowed"
        } else {
            "a deployment in incremental mode leaves it as it is: it keeps running, and its bill too"
        };
        (consequence, advice)
    };
    consequence.clone_into(&mut change.consequence);
    advice.clone_into(&mut change.advice);
    change
}

fn both(before: &Resource, after: &Resource, pairing: &Pairing, uses: &Uses) -> ResourceChange {
    let facts = mutability::facts(&after.kind);
    let (mut properties, mut noise) = compare::bodies(facts, &before.body, &after.body);
    noise.letter_case += usize::from(*pairing == Pairing::Same && before.id != after.id);
    noise.api_version += usize::from(before.api_version != after.api_version);
    for property in &mut properties {
        settle(property, after, uses);
    }
    if *pairing != Pairing::Same {
        new_identity(&mut properties, before, after);
    }
    let mut change = named(after, Action::NoChange);
    change.noise = noise;
    if properties.is_empty() {
        return change;
    }
    properties.sort_by(|a, b| {
        let weight = |property: &PropertyChange| (property.verdict, property.interrupts);
        weight(b).cmp(&weight(a)).then_with(|| path_text(&a.path).cmp(&path_text(&b.path)))
    });
    change.verdict = properties[0].verdict;
    change.action = match change.verdict {
        Verdict::Refused => Action::Refused,
        Verdict::Replace => Action::Replace,
        Verdict::EmptyPool => Action::EmptyPool,
        _ => Action::Modify,
    };
    change.pairing = pairing.clone();
    change.before = Some(Shown::new(before));
    change.after = Some(Shown::new(after));
    change.properties = properties;
    tell(&mut change, before);
    change
}

/// A refusal that depends on use becomes an update in place when nothing in the render uses it.
fn settle(property: &mut PropertyChange, resource: &Resource, uses: &Uses) {
    if !property.in_use {
        return;
    }
    let element = property.path.windows(2).find_map(|pair| match pair {
        [Segment::Property(list), Segment::Named(name)] => Some(format!("/{list}/{name}")),
        _ => None,
    });
    let id = format!("{}{}", resource.id, element.unwrap_or_default()).to_lowercase();
    if !uses.before.contains(&id) && !uses.after.contains(&id) {
        property.verdict = Verdict::InPlace;
        property.interrupts = true;
    }
}

/// Another id makes another resource: its name is what is replaced, and the rest holds from the start.
fn new_identity(properties: &mut Vec<PropertyChange>, before: &Resource, after: &Resource) {
    for property in properties.iter_mut() {
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
        "holds for the new resource from the start".clone_into(&mut property.effect);
        property.advice.clear();
    }
    let (key, old, new) = if before.name == after.name {
        ("scope", &before.id, &after.id)
    } else {
        ("name", &before.name, &after.name)
    };
    let facts = mutability::facts(&after.kind).property(key);
    let path = vec![Segment::Property(key.to_owned())];
    let (old, new) = (Value::from(old.as_str()), Value::from(new.as_str()));
    properties.push(compare::change(facts, path, Some(&old), Some(&new)));
}

/// Consequence, advice and rule, from the worst property.
fn tell(change: &mut ResourceChange, before: &Resource) {
    let worst = &change.properties[0];
    let (name, old) = (&change.title, roles::title(before));
    let (consequence, advice) = match (change.action, &change.pairing) {
        (_, Pairing::BlueGreen { .. }) => (
            format!(
                "Batch makes pool `{name}` beside `{old}`; both have nodes until `{old}` is gone"
            ),
            format!("point jobs at `{name}`, let `{old}` drain, then delete it"),
        ),
        (Action::Refused, _) => (refusal(worst, &change.stage), String::new()),
        (Action::Replace, Pairing::Renamed) if old == *name => (
            format!("Azure makes `{name}` anew; the old one stays where it is until it is deleted"),
            String::new(),
        ),
        (Action::Replace, Pairing::Renamed) => (
            format!("Azure makes `{name}`; `{old}` stays as it is until it is deleted"),
            String::new(),
        ),
        (Action::Replace, _) => (
            "Azure does not change it on the resource that is there: the deployment fails"
                .to_owned(),
            "give it a new name, or delete the old one first".to_owned(),
        ),
        (Action::EmptyPool, _) => (
            format!(
                "while `{name}` has nodes the deployment fails with `PropertyCannotBeUpdated`; \
                 nothing is replaced for you"
            ),
            format!(
                "scale `{name}` to zero, wait until it is steady, deploy, scale up again; or set \
                 `replace: blue-green` for a second pool beside it"
            ),
        ),
        _ => (update(&change.properties), String::new()),
    };
    let own_advice = !worst.advice.is_empty() && change.action != Action::EmptyPool;
    let blue_green = matches!(change.pairing, Pairing::BlueGreen { .. });
    change.advice = if own_advice && !blue_green { worst.advice.clone() } else { advice };
    change.consequence = consequence;
    change.rule = match change.action {
        Action::EmptyPool => "DIF001",
        Action::Modify if change.is(POOL) => "DIF002",
        Action::Refused if change.kind.to_lowercase().ends_with("images/versions") => "DIF006",
        Action::Refused | Action::Replace => "DIF005",
        _ => "",
    };
}

fn refusal(worst: &PropertyChange, stage: &str) -> String {
    let with = worst.code.as_ref().map_or_else(String::new, |code| format!(" with `{code}`"));
    if stage == BUILDER {
        return format!(
            "while the builder of an earlier bake stands the deployment fails{with}; a deployment \
             removes it when a bake ends"
        );
    }
    format!("the deployment fails{with}; stages before it stay deployed")
}

fn update(properties: &[PropertyChange]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for property in properties {
        let part = match (property.verdict, &property.event) {
            (Verdict::Later, Some(event)) => format!("takes effect later: {event}"),
            (Verdict::RunsAgain, _) => "runs again".to_owned(),
            (Verdict::Unknown, _) => "no source tells what Azure does: try it first".to_owned(),
            (Verdict::InPlace, _) if property.interrupts => "interrupts what is running".to_owned(),
            (Verdict::InPlace, _) => "takes effect at once".to_owned(),
            _ => continue,
        };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.join("; ")
}
