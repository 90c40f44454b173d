//! A deployment in YAML, and changes of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use prebake::arm::Template;
use prebake::catalog::overlay::LAYOUTS;
use prebake::catalog::{Date, Overlay, StageName};
use prebake::check::{
    self, Declared, Dockerfile, Finding, KnownScripts, RegistrySetting, RenderView,
};
use prebake::expand::{Resource, body_of};
use serde::Deserialize;
use serde_json::{Map, Value};

const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/vision";

/// Puts the resource group's ID in its place, and long paths in theirs.
pub fn fill(text: &str) -> String {
    let machine = "pool/properties/deploymentConfiguration/virtualMachineConfiguration";
    text.replace("{rg}", GROUP)
        .replace("{machine}", machine)
        .replace("{scale}", "pool/properties/scaleSettings")
        .replace("{net}", "pool/properties/networkConfiguration")
        .replace("{pool}", "pool/properties")
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    stage: String,
    kind: String,
    api: String,
    name: String,
    id: Option<String>,
    #[serde(default)]
    body: Map<String, Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Deployment {
    as_of: String,
    resources: BTreeMap<String, Written>,
    #[serde(default)]
    pub templates: BTreeMap<String, Value>,
    pub artifacts: BTreeMap<String, String>,
    #[serde(default)]
    quota: BTreeMap<String, u32>,
    gpu: Option<bool>,
    /// Settings of a registry that is used and not created, by name and column.
    #[serde(default)]
    registry: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    catalog: Catalog,
    /// Dockerfiles of builds, by name; nothing for one that is not there.
    #[serde(default)]
    dockerfiles: BTreeMap<String, Option<String>>,
}

/// Tables of the user's own catalog: rows by key, cells by column.
type Catalog = BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>;

/// The change that violates a rule, and one that nearly does.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Pair {
    pub wrong: Change,
    pub near_miss: Change,
}

/// What differs from the clean deployment.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Change {
    /// New values: `pool/properties/vmSize`; `pool@api` is its API version, `pool@name` its name.
    set: BTreeMap<String, Value>,
    /// Properties that go: `pool/properties/taskSlotsPerNode`, or whole resources.
    remove: Vec<String>,
    /// Resources that come.
    add: BTreeMap<String, Written>,
    /// Whole files.
    files: BTreeMap<String, String>,
    /// Pieces of files, by what stands in their place.
    replace: BTreeMap<String, Vec<(String, String)>>,
    /// Values of compiled templates: `registry/outputs/key`.
    template: BTreeMap<String, Value>,
    /// A text this long takes the place of `{long}` in files and custom data.
    long: usize,
    /// So many nested deployments come to the stage `batch`.
    nested: usize,
    as_of: Option<String>,
    quota: BTreeMap<String, u32>,
    dockerfiles: BTreeMap<String, Option<String>>,
    gpu: Option<bool>,
    /// Settings of a registry that is used and not created, by name and column.
    registry: BTreeMap<String, BTreeMap<String, String>>,
    catalog: Catalog,
}

pub struct Case {
    pub code: String,
    pub name: &'static str,
    pub change: Change,
    pub wrong: bool,
}

impl Deployment {
    pub fn base() -> Self {
        serde_yaml::from_str(&fill(include_str!("base.yaml"))).expect("base.yaml is a deployment")
    }

    pub fn with(&self, change: &Change) -> Self {
        let mut changed = self.clone();
        changed.resources.extend(change.add.clone());
        for path in &change.remove {
            changed.remove(path);
        }
        for (path, value) in &change.set {
            changed.set(path, lengthened(value, change.long));
        }
        for (path, value) in &change.template {
            let (stage, rest) = path.split_once('/').expect("a template path has a stage");
            put(changed.templates.entry(stage.to_owned()).or_default(), rest, value.clone());
        }
        for (path, text) in &change.files {
            changed
                .artifacts
                .insert(path.clone(), text.replace("{long}", &"x".repeat(change.long)));
        }
        for (path, pieces) in &change.replace {
            let text = changed.artifacts.get_mut(path).expect("the file to change is there");
            for (old, new) in pieces {
                assert!(text.contains(old.as_str()), "{path} does not hold {old}");
                *text = text.replace(old.as_str(), new);
            }
        }
        if change.nested > 0 {
            let one = serde_json::json!({ "properties": { "template": { "resources": [] } } });
            put(
                changed.templates.entry("batch".to_owned()).or_default(),
                "resources",
                vec![one; change.nested].into(),
            );
        }
        changed.as_of = change.as_of.clone().unwrap_or(changed.as_of);
        changed.quota.extend(change.quota.clone());
        changed.dockerfiles.extend(change.dockerfiles.clone());
        changed.gpu = change.gpu.or(changed.gpu);
        changed.registry.extend(change.registry.clone());
        changed.catalog.extend(change.catalog.clone());
        changed
    }

    fn remove(&mut self, path: &str) {
        let Some((name, rest)) = path.split_once('/') else {
            assert!(self.resources.remove(path).is_some(), "there is no resource {path}");
            return;
        };
        let resource = self.resources.get_mut(name).expect("the resource to change is there");
        let (parent, key) = rest.rsplit_once('/').unwrap_or(("", rest));
        let members = if parent.is_empty() {
            &mut resource.body
        } else {
            let mut body = Value::Object(std::mem::take(&mut resource.body));
            let found = body.pointer_mut(&format!("/{parent}")).and_then(Value::as_object_mut);
            assert!(found.and_then(|members| members.remove(key)).is_some(), "no {path} to remove");
            resource.body = body.as_object().cloned().unwrap_or_default();
            return;
        };
        assert!(members.remove(key).is_some(), "no {path} to remove");
    }

    fn set(&mut self, path: &str, value: Value) {
        if let Some((name, field)) = path.split_once('@') {
            let resource = self.resources.get_mut(name).expect("the resource to change is there");
            let text = value.as_str().expect("a field is text").to_owned();
            match field {
                "api" => resource.api = text,
                "name" => resource.name = text,
                "id" => resource.id = Some(text),
                _ => unreachable!("{field} is no field of a resource"),
            }
            return;
        }
        let (name, rest) = path.split_once('/').expect("a path has a resource");
        let resource = self.resources.get_mut(name).expect("the resource to change is there");
        let mut body = Value::Object(std::mem::take(&mut resource.body));
        put(&mut body, rest, value);
        resource.body = body.as_object().cloned().unwrap_or_default();
    }

    fn resources(&self) -> Vec<Resource> {
        self.resources
            .iter()
            .map(|(symbol, written)| Resource {
                stage: written.stage.as_str().into(),
                id: written.id.clone().unwrap_or_else(|| id(&written.kind, &written.name)),
                kind: written.kind.clone(),
                api_version: written.api.clone(),
                name: written.name.clone(),
                body: body_of(&Value::Object(written.body.clone())),
                depends_on: Vec::new(),
                existing: false,
                pointer: format!("/resources/{symbol}"),
            })
            .collect()
    }

    pub fn checked(&self) -> Vec<Finding> {
        let template = |json: &Value| Template { json: json.clone().into(), ..Template::default() };
        let templates: BTreeMap<StageName, Template> = self
            .templates
            .iter()
            .map(|(stage, json)| (StageName::from(stage.as_str()), template(json)))
            .collect();
        let templates: BTreeMap<StageName, &Template> =
            templates.iter().map(|(stage, template)| (stage.clone(), template)).collect();
        let resources = self.resources();
        let resources: Vec<&Resource> = resources.iter().collect();
        let is_data = |path: &str| matches!(path.rsplit_once('.'), Some((_, "yaml" | "json")));
        let values: BTreeMap<&str, Cow<'_, Value>> = self
            .artifacts
            .iter()
            .filter(|(path, _)| is_data(path))
            .filter_map(|(path, text)| {
                Some((path.as_str(), Cow::Owned(serde_yaml::from_str(text).ok()?)))
            })
            .collect();
        check::check(&RenderView {
            overlay: &self.overlay(),
            resources: &resources,
            templates: &templates,
            artifacts: &self.artifacts,
            values: &values,
            declared: &Declared {
                user_subscription: None,
                gpu: self.gpu,
                mig: None,
                quota: self.quota.clone(),
                registry: self.registry_settings(),
                dockerfiles: self.dockerfiles(),
            },
            as_of: Date::parse(&self.as_of).expect("the day is one"),
            scripts: &KnownScripts::default(),
        })
    }

    fn dockerfiles(&self) -> Vec<Dockerfile> {
        let one = |(name, text): (&String, &Option<String>)| Dockerfile {
            pointer: "/images/0/build".to_owned(),
            name: name.clone(),
            text: text.clone().ok_or_else(|| "no such file".to_owned()),
        };
        self.dockerfiles.iter().map(one).collect()
    }

    /// The catalog of the case as the files that `prebake catalog import` writes.
    fn registry_settings(&self) -> Vec<RegistrySetting> {
        let layout =
            LAYOUTS.into_iter().find(|layout| layout.name == "registries").expect("a table");
        let settings = self.registry.iter().flat_map(|(name, settings)| {
            settings.iter().map(move |(column, value)| RegistrySetting {
                registry: name.clone(),
                pointer: "/registry".to_owned(),
                setting: layout.columns.iter().find(|known| *known == column).expect("a column"),
                value: value.clone(),
            })
        });
        settings.collect()
    }

    fn overlay(&self) -> Overlay {
        if self.catalog.is_empty() {
            return Overlay::default();
        }
        let (end, day) = ("az", "2026-11-20");
        let mut index = "file\tlocation\tsource\tchecked\n".to_owned();
        let mut files = BTreeMap::new();
        for (table, rows) in &self.catalog {
            let layout = LAYOUTS.into_iter().find(|layout| layout.name == table).expect("a table");
            let mut text = format!("{}\tsource\tchecked\n", layout.columns.join("\t"));
            for (key, cells) in rows {
                let cell = |column: &&str| cells.get(*column).map_or("", String::as_str);
                let cells: Vec<&str> = layout.columns[1..].iter().map(cell).collect();
                let _ = writeln!(text, "{key}\t{}\t{end}\t{day}", cells.join("\t"));
            }
            let _ = writeln!(index, "{table}.tsv\tswedencentral\t{end}\t{day}");
            files.insert(format!("{table}.tsv"), text);
        }
        Overlay::read("azure", &index, &files, String::new()).expect("the catalog of a case is one")
    }

    pub fn findings(&self) -> BTreeSet<String> {
        self.checked().into_iter().map(|finding| finding.code.to_owned()).collect()
    }
}

fn id(kind: &str, name: &str) -> String {
    let mut parts = kind.split('/');
    let mut id = format!("{GROUP}/providers/{}", parts.next().unwrap_or(""));
    for (kind, name) in parts.zip(name.split('/')) {
        id = format!("{id}/{kind}/{name}");
    }
    id
}

fn put(value: &mut Value, path: &str, new: Value) {
    let (key, rest) = path.split_once('/').map_or((path, None), |(key, rest)| (key, Some(rest)));
    let place = if let Value::Array(items) = value {
        let at: usize = key.parse().expect("an element has a number");
        if at == items.len() {
            items.push(Value::Null);
        }
        &mut items[at]
    } else {
        if !value.is_object() {
            *value = Value::Object(Map::new());
        }
        value.as_object_mut().expect("made just now").entry(key).or_insert(Value::Null)
    };
    match rest {
        Some(rest) => put(place, rest, new),
        None => *place = new,
    }
}

fn lengthened(value: &Value, length: usize) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace("{long}", &"x".repeat(length))),
        _ => value.clone(),
    }
}
