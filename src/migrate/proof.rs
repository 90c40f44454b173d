//! Compares the pool of the new config, as it is rendered, with the pool of the source, property by property.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::config::{Draft, reason};
use super::keys;
use super::ledger::{Entry, Fate, SourcePool, pointer_of, shown, steps_of};
use super::report::{Outcome, Row};
use super::resource_type::{self, Known};
use super::{images, secrets, start_task};
use crate::arm::evaluate::Evaluated;
use crate::catalog::mutability::{self, Comparison, Facts};
use crate::diff::{self, POOL};

/// Properties that name an element of a list when no table says which does.
const USUAL_KEYS: [&str; 4] = ["name", "id", "registryServer", "lun"];

/// The list of container images.
const IMAGES: &str = "containerImageNames";

/// What was compared.
pub(super) struct Proof<'a> {
    pub pool: &'a SourcePool,
    /// The position of the pool in its config.
    pub index: usize,
    pub draft: &'a Draft,
    /// The body of the pool as it is rendered; none where the config does not render.
    pub rendered: Option<&'a Value>,
    /// The pointers that a patch sets.
    pub patched: &'a BTreeSet<String>,
}

impl Proof<'_> {
    /// One row for each property of the source, and one for each that only the new pool has.
    pub(super) fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = self.pool.entries.iter().map(|entry| self.row(entry)).collect();
        rows.extend(self.added());
        rows
    }

    /// The pointers whose value the new pool lacks, and that a patch could set.
    pub(super) fn missing(&self) -> Vec<String> {
        let pointers = self.pool.entries.iter().filter_map(|entry| match &entry.fate {
            Fate::Pool(pointers) => Some(pointers),
            _ => None,
        });
        let missing = |pointer: &&String| {
            self.outcome(pointer).0 == Outcome::Dropped
                && resource_type::known(&steps_of(pointer)) == Known::Settable
        };
        pointers.flatten().filter(missing).cloned().collect()
    }

    fn row(&self, entry: &Entry) -> Row {
        let (outcome, key, now, why) = match &entry.fate {
            Fate::Pool(pointers) => {
                let judged = pointers.iter().map(|pointer| (self.outcome(pointer), pointer));
                let worst = judged.max_by_key(|((outcome, ..), _)| *outcome);
                match worst {
                    Some(((outcome, now, why), pointer)) => {
                        (outcome, name_of(outcome, pointer), now, why)
                    }
                    None => (Outcome::Dropped, String::new(), None, String::new()),
                }
            }
            Fate::Key(key) => (Outcome::Same, key.clone(), None, String::new()),
            Fate::ReadOnly => (Outcome::State, String::new(), None, String::new()),
            Fate::Secret(why) => (Outcome::Secret, String::new(), None, why.clone()),
            Fate::Dropped(why) => (Outcome::Dropped, String::new(), None, why.clone()),
            Fate::Differs(why) => (Outcome::Differs, String::new(), None, why.clone()),
            Fate::Step(why) => (Outcome::Step, String::new(), None, why.clone()),
        };
        let property = match &entry.fate {
            Fate::Pool(pointers) => pointers.first().map(|pointer| shown(&steps_of(pointer))),
            _ => None,
        };
        let value = match outcome {
            Outcome::Secret => "***".to_owned(),
            _ => text_of(&entry.value),
        };
        Row {
            pool: self.pool.id.clone(),
            file: entry.file.clone(),
            source: entry.at.clone(),
            value,
            outcome,
            property: property.unwrap_or_default(),
            key,
            now,
            why,
        }
    }

    /// What became of the value at a pointer of the body, the new value if it is another one, and why.
    fn outcome(&self, pointer: &str) -> (Outcome, Option<String>, String) {
        let steps = steps_of(pointer);
        if let Some(why) = self.pool.why_left_out(&steps) {
            // Nothing is left to do where prebake does it by itself.
            let outcome = if why == secrets::DRIVER { Outcome::Dropped } else { Outcome::Step };
            return (outcome, None, why.to_owned());
        }
        let Some(rendered) = self.rendered else {
            let why = "the config has errors, so its pool cannot be compared".to_owned();
            return (Outcome::Differs, None, why);
        };
        let before = self.pool.body.pointer(pointer);
        let (facts, after) = counterpart(&self.pool.body, rendered, &steps);
        if same(facts, before, after) {
            let patched = self.patched.iter().any(|own| {
                pointer == own
                    || pointer.strip_prefix(own.as_str()).is_some_and(|rest| rest.starts_with('/'))
            });
            return (if patched { Outcome::Patch } else { Outcome::Same }, None, String::new());
        }
        let now = after.map(text_of);
        if let Some(why) = alike(&steps, before, after) {
            return (Outcome::Differs, now, why.to_owned());
        }
        if let Some(why) = reason(self.draft, self.index, pointer) {
            let replaced = now.is_some() || pointer.contains("/imageReference/");
            let outcome = if replaced { Outcome::Differs } else { Outcome::Step };
            return (outcome, now, why.to_owned());
        }
        let why = match (self.refusal(&steps), resource_type::known(&steps)) {
            (Some(title), _) => {
                format!("the config has no key for it, and a patch is not possible: {title}")
            }
            (None, Known::Settable) => "the config has no key for it".to_owned(),
            (None, Known::ReadOnly) => "Azure sets it".to_owned(),
            (None, Known::Unknown) => {
                "pools do not have this property in the API version that prebake uses".to_owned()
            }
        };
        (Outcome::Dropped, now, why)
    }

    /// Why a patch of a place was refused.
    fn refusal(&self, steps: &[String]) -> Option<&str> {
        let at =
            |length: usize| self.draft.refused.get(&(self.index, pointer_of(&steps[..length])));
        (1..=steps.len()).rev().find_map(at).map(String::as_str)
    }

    /// What only the new pool says, save what Azure takes for granted.
    fn added(&self) -> Vec<Row> {
        let Some(rendered) = self.rendered else { return Vec::new() };
        let mut all = Vec::new();
        leaves(rendered, &mut Vec::new(), &mut all);
        let is_new = |(steps, value): &(Vec<String>, &Value)| {
            let (facts, before) = counterpart(rendered, &self.pool.body, steps);
            let is_key = value.as_object().is_some_and(Map::is_empty);
            before.is_none() && (is_key || !is_same(facts, None, Some(*value)))
        };
        let row = |(steps, value): (Vec<String>, &Value)| {
            let pointer = pointer_of(&steps);
            // Reasons count the items of the source's lists, and these are the items of the new pool.
            let shared = steps.iter().take_while(|step| step.parse::<usize>().is_err());
            let shared = pointer_of(&shared.cloned().collect::<Vec<_>>());
            let why = reason(self.draft, self.index, &shared)
                .map_or_else(|| why_new(&pointer), str::to_owned);
            Row {
                pool: self.pool.id.clone(),
                file: self.pool.file.clone(),
                source: shown(&steps),
                value: String::new(),
                outcome: Outcome::New,
                property: shown(&steps),
                key: key_of(&pointer),
                now: Some(text_of(value)),
                why,
            }
        };
        all.into_iter().filter(is_new).map(row).collect()
    }
}

/// The key or the patch that says a property now.
fn name_of(outcome: Outcome, pointer: &str) -> String {
    match outcome {
        Outcome::Patch => format!("patch.batch: {}", shown(&steps_of(pointer))),
        Outcome::Same | Outcome::Differs => key_of(pointer),
        _ => String::new(),
    }
}

fn why_new(pointer: &str) -> String {
    let known = [
        ("/identity", "the identity with which nodes pull images"),
        ("/tags", "the tags of the config"),
        (
            "/properties/networkConfiguration",
            "nodes have no public addresses unless `network.nodeAddresses` adds them",
        ),
        ("/properties/startTask", "the default value of prebake"),
        (
            "/properties/deploymentConfiguration",
            "it is derived from `images`, `node` and `gallery`",
        ),
        ("/properties/mountConfiguration", "the identity with which nodes read the container"),
    ];
    let found = known.iter().find(|(start, _)| pointer.starts_with(start));
    found.map_or("the default value of prebake", |(_, why)| why).to_owned()
}

/// The properties of a pool's resource that a key of the config says.
pub(super) fn properties_of(key: &[&str]) -> Vec<String> {
    let mut key: Vec<String> = key
        .iter()
        .map(
            |step| if step.parse::<usize>().is_ok() { "[]".to_owned() } else { (*step).to_owned() },
        )
        .collect();
    if key.len() == 5 && ["metadata", "environment"].contains(&key[3].as_str()) {
        key.pop();
    }
    let key = key.join(".").replace(".[]", "[]");
    let computed =
        keys::computed().filter(|(_, own)| *own == key || key.starts_with(&format!("{own}[")));
    let computed: Vec<String> = computed.map(|(pointer, _)| pointer.to_owned()).collect();
    if computed.is_empty() { keys::properties_of(&key) } else { computed }
}

/// The key of the config that says a property.
fn key_of(pointer: &str) -> String {
    if let Some(key) = keys::key_of(pointer) {
        return key;
    }
    let found = keys::computed().find(|(start, _)| pointer.starts_with(start));
    found.map_or_else(String::new, |(_, key)| key.to_owned())
}

/// Why two values that Azure tells apart mean the same.
fn alike(steps: &[String], before: Option<&Value>, after: Option<&Value>) -> Option<&'static str> {
    let (before, after) = (before?.as_str()?, after?.as_str()?);
    let command = steps.last().is_some_and(|step| step == "commandLine");
    if command && start_task::same(before, after) {
        return Some("it is the same command with different quotes");
    }
    if steps.iter().any(|step| step == "applicationPackages")
        && application_of(before) == application_of(after)
    {
        return Some("it is the resource ID of the same application");
    }
    let image = steps.iter().any(|step| step == IMAGES) && images::same(before, after);
    image.then_some("it is the same image, with its registry and tag")
}

/// Whether a diff takes two values at a place for the same.
fn is_same(facts: Facts, before: Option<&Value>, after: Option<&Value>) -> bool {
    let typed = |value: Option<&Value>| value.map(Evaluated::from_plain);
    diff::is_same(facts, typed(before).as_ref(), typed(after).as_ref())
}

/// Whether Azure takes two values at a place for the same.
fn same(facts: Facts, before: Option<&Value>, after: Option<&Value>) -> bool {
    // What is empty says everything where its key does: the map of identities.
    let is_key = before.is_some_and(|value| value.as_object().is_some_and(Map::is_empty));
    if is_key {
        return after.is_some();
    }
    is_same(facts, before, after) || loosely(before, after)
}

/// Numbers and booleans that a source writes as texts.
fn loosely(before: Option<&Value>, after: Option<&Value>) -> bool {
    match (before, after) {
        (Some(Value::String(text)), Some(other @ (Value::Number(_) | Value::Bool(_))))
        | (Some(other @ (Value::Number(_) | Value::Bool(_))), Some(Value::String(text))) => {
            let written = other.to_string();
            written == *text
        }
        _ => false,
    }
}

/// What is known at a place of one body, and the value that corresponds to it in another one.
fn counterpart<'v>(
    own: &'v Value,
    other: &'v Value,
    steps: &[String],
) -> (Facts, Option<&'v Value>) {
    let mut facts = mutability::facts(POOL);
    let (mut own, mut other) = (Some(own), Some(other));
    let of_images = steps.iter().any(|step| step == IMAGES);
    for step in steps {
        if let Some(Value::Array(items)) = own {
            let item = step.parse::<usize>().ok().and_then(|index| items.get(index));
            other = item.and_then(|item| matching(facts, item, step, of_images, other?));
            own = item;
            facts = facts.element();
        } else {
            facts = facts.property(step);
            other = other.and_then(|other| get(other, step));
            own = own.and_then(|own| own.get(step));
        }
    }
    (facts, other)
}

/// A property, whatever its case: maps of identities have IDs for keys.
fn get<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let object = value.as_object()?;
    object.get(name).or_else(|| {
        object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    })
}

/// The element of another list that corresponds to an element of this one.
fn matching<'v>(
    facts: Facts,
    item: &Value,
    index: &str,
    of_images: bool,
    list: &'v Value,
) -> Option<&'v Value> {
    let items = list.as_array()?;
    if !item.is_object() {
        let like = |other: &&Value| {
            is_same(facts.element(), Some(item), Some(*other)) || {
                let texts = item.as_str().zip(other.as_str());
                of_images && texts.is_some_and(|(one, other)| images::same(one, other))
            }
        };
        return items.iter().find(like);
    }
    let keyed = facts.comparisons().find_map(|rule| match rule {
        Comparison::Keyed { key, .. } => Some(key.as_str()),
        _ => None,
    });
    let key = keyed.or_else(|| USUAL_KEYS.iter().copied().find(|key| item.get(key).is_some()));
    match key.and_then(|key| Some((key, label(item, key)?))) {
        Some((key, wanted)) => items.iter().find(|other| {
            label(other, key).is_some_and(|label| {
                label.eq_ignore_ascii_case(&wanted)
                    || key == "id" && application_of(&label) == application_of(&wanted)
            })
        }),
        None => items.get(index.parse::<usize>().ok()?),
    }
}

/// The application that an ID means, or an expression that makes one, or its name.
fn application_of(text: &str) -> &str {
    let rest = text.split_once("/applications/").map_or(text, |(_, rest)| rest);
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let end = rest.find(|c| !part_of_name(c)).unwrap_or(rest.len());
    &rest[..end]
}

fn label(item: &Value, key: &str) -> Option<String> {
    let value = match key.strip_prefix("*.") {
        Some(key) => item.as_object()?.values().find_map(|child| child.get(key))?,
        None => item.get(key)?,
    };
    Some(text_of(value))
}

fn leaves<'v>(
    value: &'v Value,
    steps: &mut Vec<String>,
    found: &mut Vec<(Vec<String>, &'v Value)>,
) {
    match value {
        Value::Object(object) if object.is_empty() && steps.len() < 2 => {}
        Value::Object(object) if !object.is_empty() => {
            for (key, value) in object {
                steps.push(key.clone());
                leaves(value, steps, found);
                steps.pop();
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                steps.push(index.to_string());
                leaves(item, steps, found);
                steps.pop();
            }
        }
        scalar => found.push((steps.clone(), scalar)),
    }
}

/// A value as the table shows it.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Object(object) if object.is_empty() => String::new(),
        other => other.to_string(),
    }
}
