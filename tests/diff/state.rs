//! The render that every case starts from, and how a case changes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use prebake::arm::evaluate::{Evaluated, Properties};
use prebake::diff::RenderState;
use prebake::expand::{Resource, body_of};
use serde_json::Value;

const BASE: &str = include_str!("base.json");

/// A small render: registry, builder, image, account and one pool of two GPU nodes.
pub fn base() -> RenderState {
    let json: Value = serde_json::from_str(BASE).unwrap();
    let resources = json["resources"].as_array().unwrap().iter();
    let resources = resources.map(|json| Arc::new(resource(json))).collect();
    let files: BTreeMap<String, String> = serde_json::from_value(json["files"].clone()).unwrap();
    RenderState { resources, files: files.into() }
}

fn resource(json: &Value) -> Resource {
    let text = |key: &str| json[key].as_str().unwrap().to_owned();
    Resource {
        stage: text("stage").as_str().into(),
        id: text("id"),
        kind: text("type"),
        api_version: text("apiVersion"),
        name: text("name"),
        body: body_of(&json["body"]),
        depends_on: serde_json::from_value(json["dependsOn"].clone()).unwrap(),
        existing: false,
        pointer: String::new(),
    }
}

/// The resource whose name ends so.
pub fn named<'a>(state: &'a mut RenderState, name: &str) -> &'a mut Resource {
    let found = state.resources.iter_mut().find(|resource| resource.name.ends_with(name));
    Arc::make_mut(found.unwrap_or_else(|| panic!("no resource {name}")))
}

/// Sets a value of the resource whose name ends so; objects on the way are made.
pub fn set(state: &mut RenderState, name: &str, path: &str, value: impl Into<Value>) {
    let body = &mut named(state, name).body;
    let mut keys: Vec<&str> = path.split('.').collect();
    let last = keys.pop().unwrap();
    let mut at = body;
    for key in keys {
        let child =
            at.entry(key.to_owned()).or_insert_with(|| Evaluated::Object(Properties::default()));
        at = child.as_object_mut().unwrap();
    }
    at.insert(last.to_owned(), typed(value));
}

/// A value that a template writes so.
pub fn typed(value: impl Into<Value>) -> Evaluated {
    Evaluated::from_template(&value.into())
}

/// The value at a JSON pointer of the resource whose name ends so.
pub fn at<'a>(state: &'a mut RenderState, name: &str, pointer: &str) -> &'a mut Evaluated {
    let mut parts = pointer.splitn(3, '/').skip(1);
    let first = parts.next().unwrap();
    let value = named(state, name).body.get_mut(first).unwrap();
    match parts.next() {
        Some(rest) => value.pointer_mut(&format!("/{rest}")).unwrap(),
        None => value,
    }
}

/// Removes a value of the resource whose name ends so.
pub fn unset(state: &mut RenderState, name: &str, pointer: &str) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let removed = if parent.is_empty() {
        named(state, name).body.shift_remove(key)
    } else {
        at(state, name, parent).as_object_mut().unwrap().shift_remove(key)
    };
    assert!(removed.is_some(), "no {pointer} in {name}");
}

/// Gives a resource another last name, in its id too.
pub fn rename(state: &mut RenderState, from: &str, to: &str) {
    let resource = named(state, from);
    for text in [&mut resource.name, &mut resource.id] {
        let start = text.rfind('/').map_or(0, |at| at + 1);
        text.replace_range(start.., to);
    }
}
