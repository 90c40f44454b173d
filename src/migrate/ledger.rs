//! A pool of a source as the resource that Azure would be asked for, with what became of each property of the source.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::mapping::{self, Form, Target};
use super::resource_type;
use crate::diagnostic::pointer::{escape, unescape};

/// What became of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It stands in the resource of the pool at these pointers.
    Pool(Vec<String>),
    /// A key of the config says it.
    Key(String),
    /// Azure fills it in.
    ReadOnly,
    /// A secret, which is not taken over.
    Secret(String),
    /// Nothing of the new pool corresponds to it.
    Dropped(String),
    /// The config says something else.
    Differs(String),
    /// A person has to do something.
    Step(String),
}

/// A property of a source.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Where it stands, as a person reads it: `startTask.commandLine`.
    pub at: String,
    /// Its value.
    pub value: Value,
    /// What became of it.
    pub fate: Fate,
    /// The file that says it.
    pub file: String,
}

/// Where a pool lives, as far as its source says.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub account: Option<String>,
    pub location: Option<String>,
    pub group: Option<String>,
    pub subscription: Option<String>,
}

/// A pool of a source.
#[derive(Debug, Clone)]
pub(super) struct SourcePool {
    /// Its ID.
    pub id: String,
    /// The file that it comes from.
    pub file: String,
    /// What it would be as the body of a resource: `identity`, `tags` and `properties`.
    pub body: Value,
    /// Its properties, in the order of the source.
    pub entries: Vec<Entry>,
    /// Where it lives.
    pub place: Place,
    /// Commands that every node ran when it joined, which are baked now.
    pub commands: Vec<String>,
    /// The config, where the source says more than a pool does.
    pub config: Option<Map<String, Value>>,
    /// Parts of the body that the config does not take over, by pointer, each with the reason.
    pub left_out: BTreeMap<String, String>,
    /// How many properties the source has.
    pub properties: usize,
    /// Files whose URL had a signature, by pointer.
    pub signed: BTreeSet<String>,
}

impl SourcePool {
    pub(super) fn new(file: &str) -> Self {
        Self {
            id: String::new(),
            file: file.to_owned(),
            body: json!({}),
            entries: Vec::new(),
            place: Place::default(),
            commands: Vec::new(),
            config: None,
            left_out: BTreeMap::new(),
            properties: 0,
            signed: BTreeSet::new(),
        }
    }

    /// Takes what lies below a value over as the table of this kind of source says.
    pub(super) fn take_all(&mut self, kind: &str, value: &Value) {
        let mut path = Vec::new();
        let mut leaves = Vec::new();
        collect(value, &mut path, &mut leaves);
        self.properties += leaves.len();
        if self.properties > MOST_OF_A_POOL {
            return;
        }
        for (path, value) in leaves {
            self.take(kind, &path, value);
        }
    }

    fn take(&mut self, kind: &str, path: &[String], value: &Value) {
        let Some(found) = mapping::find(kind, path) else {
            let why = "prebake does not know this property of the source";
            self.tell(path, value, Fate::Dropped(why.to_owned()));
            return;
        };
        let why = found.mapping.why.to_owned();
        let fate = match found.mapping.target {
            Target::Pool(pointer) => {
                let steps = found.steps(pointer);
                self.write(&steps, found.mapping.form, path, value)
            }
            Target::Context(fact) => self.context(fact, value),
            Target::ReadOnly => Fate::ReadOnly,
            Target::Secret => Fate::Secret(why),
            Target::Dropped => Fate::Dropped(why),
            Target::Step => Fate::Step(why),
            Target::Word(word) => self.word(word, value, why),
        };
        self.tell(path, value, fate);
    }

    /// What the words of the table mean that belong to no one kind of source.
    fn word(&mut self, word: &str, value: &Value, why: String) -> Fate {
        match word {
            "scale" if value == &Value::Bool(true) => {
                Fate::Key("batch.pools[].autoScale".to_owned())
            }
            "scale" => Fate::Key("batch.pools[].nodes".to_owned()),
            "bake" => match value.as_str() {
                Some(command) => {
                    self.commands.push(command.to_owned());
                    Fate::Key("bake.steps".to_owned())
                }
                None => Fate::Dropped("it is not a command".to_owned()),
            },
            "used" => Fate::Key("batch.pools[].mounts".to_owned()),
            _ => Fate::Step(why),
        }
    }

    pub(super) fn tell(&mut self, path: &[String], value: &Value, fate: Fate) {
        let file = self.file.clone();
        self.entries.push(Entry { at: shown(path), value: value.clone(), fate, file });
    }

    /// Writes a value into the body and says where.
    fn write(&mut self, steps: &[String], form: Form, path: &[String], value: &Value) -> Fate {
        let steps = resource_type::canonical(steps);
        let last = path.last().map(String::as_str).unwrap_or_default();
        match form {
            Form::Same => {
                let value = resource_type::canonical_value(&steps, value.clone());
                self.put(&steps, value)
            }
            Form::Enabled => {
                let enabled = value.as_bool().unwrap_or(value == "Enabled");
                self.put(&steps, json!(if enabled { "Enabled" } else { "Disabled" }))
            }
            Form::Pairs => {
                let next = self.length(&steps).to_string();
                let at = |name: &str| [&steps[..], &[next.clone(), name.to_owned()]].concat();
                self.put(&at("name"), json!(last));
                self.put(&at("value"), text_of(value))
            }
            Form::Identity => {
                let id = value.as_str().unwrap_or_default();
                self.put(&[&steps[..], &[id.to_owned()]].concat(), json!({}))
            }
            Form::IdentityKey => self.put(&[&steps[..], &[last.to_owned()]].concat(), json!({})),
            Form::TimeDelta => match duration(value) {
                Some(duration) => self.put(&steps, json!(duration)),
                None => Fate::Dropped("it is not a time span such as `00:15:00`".to_owned()),
            },
            Form::Range => match ports(value) {
                Some((first, last)) => {
                    let at = |end: &str| {
                        let mut steps = steps.clone();
                        if let Some(step) = steps.last_mut() {
                            step.push_str(end);
                        }
                        steps
                    };
                    let Fate::Pool(mut both) = self.put(&at("Start"), json!(first)) else {
                        return Fate::Dropped("it is not a range of ports".to_owned());
                    };
                    if let Fate::Pool(end) = self.put(&at("End"), json!(last)) {
                        both.extend(end);
                    }
                    Fate::Pool(both)
                }
                None => {
                    Fate::Dropped("it is not a range of ports such as `50000-50100`".to_owned())
                }
            },
            Form::Json => {
                let read = value.as_str().and_then(|text| serde_json::from_str(text).ok());
                self.put(&steps, read.unwrap_or_else(|| value.clone()))
            }
        }
    }

    /// Whether a place of the body lies in a part that is left out.
    pub(super) fn is_left_out(&self, steps: &[String]) -> bool {
        self.why_left_out(steps).is_some()
    }

    /// Why a place of the body is left out.
    pub(super) fn why_left_out(&self, steps: &[String]) -> Option<&str> {
        let lengths = (1..=steps.len()).rev();
        lengths
            .filter_map(|length| self.left_out.get(&pointer_of(&steps[..length])))
            .map(String::as_str)
            .next()
    }

    /// How many elements a list of the body has.
    pub(super) fn length(&self, steps: &[String]) -> usize {
        let found = self.body.pointer(&pointer_of(steps));
        found.and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// How a sentence names the pool, whose name may be an expression.
    pub(super) fn named(&self) -> String {
        if self.id.is_empty() { "the pool".to_owned() } else { format!("pool `{}`", self.id) }
    }

    /// Whether the source sets a property to a value that only a deployment knows.
    pub(super) fn is_unknown(&self, property: &str) -> bool {
        self.entries.iter().any(|entry| {
            matches!(entry.fate, Fate::Step(_)) && entry.at.rsplit('.').next() == Some(property)
        })
    }

    /// Puts a value into the body. Numbers are the positions of lists.
    pub(super) fn put(&mut self, steps: &[String], value: Value) -> Fate {
        put(&mut self.body, steps, 0, value);
        Fate::Pool(vec![pointer_of(steps)])
    }

    fn context(&mut self, fact: &str, value: &Value) -> Fate {
        let Some(text) = value.as_str() else {
            return Fate::Dropped("it is not a string".to_owned());
        };
        let key = match fact {
            "id" => {
                text.rsplit('/').next().unwrap_or_default().clone_into(&mut self.id);
                "batch.pools[].id"
            }
            "account" => {
                self.place.account = Some(text.to_owned());
                "batch.account.name"
            }
            "group" => {
                self.place.group = Some(text.to_owned());
                "resourceGroup"
            }
            "location" => {
                self.place.location = Some(region(text));
                "location"
            }
            "subscription" => {
                self.place.subscription = Some(text.to_owned());
                "subscription"
            }
            "resource" => {
                self.resource_id(text);
                "subscription, resourceGroup, batch.account.name"
            }
            _ => {
                self.url(text);
                "location, batch.account.name"
            }
        };
        Fate::Key(key.to_owned())
    }

    /// Account and region stand in the address of a pool or an account, `https://account.region.batch.azure.com/`.
    fn url(&mut self, url: &str) {
        let host = url.trim_start_matches("https://").split('/').next().unwrap_or_default();
        let mut parts = host.split('.').map(str::to_owned);
        if let (Some(account), Some(region), Some("batch")) =
            (parts.next(), parts.next(), parts.next().as_deref())
        {
            self.place.account.get_or_insert(account);
            self.place.location.get_or_insert(region);
        }
    }

    /// What the ID of a resource says of its place.
    pub(super) fn resource_id(&mut self, id: &str) {
        let steps: Vec<&str> = id.split('/').collect();
        for pair in steps.windows(2) {
            let value = || pair[1].to_owned();
            match pair[0].to_ascii_lowercase().as_str() {
                "subscriptions" if is_subscription(pair[1]) => {
                    self.place.subscription.get_or_insert_with(value);
                }
                "resourcegroups" => {
                    self.place.group.get_or_insert_with(value);
                }
                "batchaccounts" => {
                    self.place.account.get_or_insert_with(value);
                }
                _ => {}
            }
        }
    }
}

/// Most properties of one pool: Azure's own lists are shorter by far.
pub(super) const MOST_OF_A_POOL: usize = 5_000;
/// Most elements of one list that are taken over.
const MOST_ELEMENTS: usize = 10_000;

fn put(current: &mut Value, steps: &[String], at: usize, value: Value) {
    let Some(step) = steps.get(at) else {
        *current = value;
        return;
    };
    let index = step.parse::<usize>().ok().filter(|_| resource_type::is_list(&steps[..at]));
    if let Some(index) = index {
        if !current.is_array() {
            *current = json!([]);
        }
        let Value::Array(items) = current else { return };
        // A hole stands for an element that nothing is known of.
        while items.len() <= index && items.len() < MOST_ELEMENTS {
            items.push(json!({}));
        }
        if let Some(item) = items.get_mut(index) {
            put(item, steps, at + 1, value);
        }
    } else {
        if !current.is_object() {
            *current = json!({});
        }
        let Value::Object(object) = current else { return };
        put(object.entry(step.clone()).or_insert_with(|| json!({})), steps, at + 1, value);
    }
}

pub(super) fn is_subscription(text: &str) -> bool {
    text.len() == 36
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && text.bytes().any(|byte| byte != b'0' && byte != b'-')
}

/// A region as configs name it: `West Europe` is `westeurope`.
pub(super) fn region(text: &str) -> String {
    text.chars().filter(|symbol| !symbol.is_whitespace()).collect::<String>().to_lowercase()
}

/// The properties below a value that say something: `null` and empty values say nothing.
fn collect<'v>(
    value: &'v Value,
    path: &mut Vec<String>,
    leaves: &mut Vec<(Vec<String>, &'v Value)>,
) {
    match value {
        Value::Null => {}
        // An empty text says nothing, save as the value of a name.
        Value::String(text) if text.is_empty() && !is_value_of_name(path) => {}
        Value::Object(object) if object.is_empty() => {
            // The map of identities says everything with its keys.
            let parent = path.len().checked_sub(2).and_then(|at| path.get(at));
            if parent.is_some_and(|name| name.eq_ignore_ascii_case("userAssignedIdentities")) {
                leaves.push((path.clone(), value));
            }
        }
        Value::Object(object) => each(object, path, leaves),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string());
                collect(item, path, leaves);
                path.pop();
            }
        }
        scalar => leaves.push((path.clone(), scalar)),
    }
}

fn is_value_of_name(path: &[String]) -> bool {
    let maps = ["metadata", "common_environment_properties", "environment_variables"];
    let parent = path.len().checked_sub(2).and_then(|at| path.get(at));
    path.last().is_some_and(|last| last == "value")
        || parent.is_some_and(|parent| maps.contains(&parent.as_str()))
}

fn each<'v>(
    object: &'v Map<String, Value>,
    path: &mut Vec<String>,
    leaves: &mut Vec<(Vec<String>, &'v Value)>,
) {
    let in_identities =
        path.last().is_some_and(|name| name.eq_ignore_ascii_case("userAssignedIdentities"));
    for (key, value) in object {
        path.push(key.clone());
        // An identity that Azure described has its client ID below it; its key is a property all the same.
        if in_identities && value.as_object().is_some_and(|below| !below.is_empty()) {
            leaves.push((path.clone(), &EMPTY));
        }
        collect(value, path, leaves);
        path.pop();
    }
}

static EMPTY: Value = Value::Null;

/// The values of a source as the properties that are taken over, by the paths that a person reads.
pub(super) fn leaves(value: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    collect(value, &mut Vec::new(), &mut found);
    found.into_iter().map(|(path, value)| (shown(&path), value.clone())).collect()
}

/// A path as a person reads it: `mountConfiguration[0].nfsMountConfiguration.source`.
pub(super) fn shown(path: &[String]) -> String {
    let mut text = String::new();
    for step in path {
        if step.bytes().all(|byte| byte.is_ascii_digit()) && !step.is_empty() {
            let _ = write!(text, "[{step}]");
        } else {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(step);
        }
    }
    text
}

pub(super) fn pointer_of(steps: &[String]) -> String {
    steps.iter().fold(String::new(), |pointer, step| pointer + "/" + &escape(step))
}

pub(super) fn steps_of(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|step| unescape(step).into_owned()).collect()
}

fn text_of(value: &Value) -> Value {
    match value {
        Value::String(_) => value.clone(),
        other => json!(other.to_string()),
    }
}

/// `d.hh:mm:ss` as an ISO 8601 duration.
fn duration(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    if text.starts_with('P') {
        return Some(text.to_owned());
    }
    let (days, time) = match text.split_once('.') {
        Some((days, time)) => (days.parse::<u64>().ok()?, time),
        None => (0, text),
    };
    let parts: Vec<u64> =
        time.split(':').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
    let [hours, minutes, seconds] = parts[..] else { return None };
    let hours = days.checked_mul(24)?.checked_add(hours)?;
    let mut text = "PT".to_owned();
    let parts = [(hours, 'H'), (minutes, 'M'), (seconds, 'S')];
    for (count, unit) in parts.into_iter().filter(|(count, _)| *count > 0) {
        let _ = write!(text, "{count}{unit}");
    }
    (text.len() > 2).then_some(text)
}

fn ports(value: &Value) -> Option<(u32, u32)> {
    let (first, last) = value.as_str()?.split_once('-')?;
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans_become_durations() {
        assert_eq!(duration(&json!("00:20:00")), Some("PT20M".to_owned()));
        assert_eq!(duration(&json!("1.02:00:30")), Some("PT26H30S".to_owned()));
        assert_eq!(duration(&json!("PT15M")), Some("PT15M".to_owned()));
        assert_eq!(duration(&json!("soon")), None);
    }

    #[test]
    fn every_property_gets_one_entry() {
        let mut pool = SourcePool::new("pool.json");
        let shown = json!({
            "id": "p", "vmSize": "Standard_D2s_v3", "odd": { "x": 1 }, "state": "active",
            "identity": { "userAssignedIdentities": [{ "resourceId": "/a", "clientId": "c" }] },
            "metadata": [{ "name": "k", "value": "v" }], "nothing": null,
        });
        pool.take_all("batch", &shown);
        let told: BTreeMap<&str, &Fate> =
            pool.entries.iter().map(|entry| (entry.at.as_str(), &entry.fate)).collect();
        assert_eq!(told.len(), leaves(&shown).len());
        assert_eq!(told["state"], &Fate::ReadOnly);
        assert!(matches!(told["odd.x"], Fate::Dropped(_)));
        assert_eq!(pool.body["properties"]["metadata"], json!([{ "name": "k", "value": "v" }]));
        assert_eq!(pool.body["identity"]["userAssignedIdentities"], json!({ "/a": {} }));
    }
}
