//! A patch of a pool reaches the pool's file for the data plane, too, as far as the data plane knows the property.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::CompiledStage;
use crate::arm::evaluate::Evaluated;
use crate::catalog::{PoolProperty, Stage, pool_properties};
use crate::diagnostic::{Diagnostic, Diagnostics, pointer};
use crate::expand::Resource;
use crate::extend::{Change, ChangeKind, Extension};
use crate::model::Model;
use crate::render::{Artifacts, json_text};

/// The form of a pool of the data plane.
static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../schemas/batch-pool.schema.json"))
        .expect("a committed schema is JSON")
});

/// Why an expression cannot be carried over.
const NOT_YET_KNOWN: &str = "its value is known only during the deployment";

const POOL: &str = "Microsoft.Batch/batchAccounts/pools";

/// Carries the patches of pools into `pools/*.json`. What cannot be said there is reported as `PB1410`; gives the
/// pointers in the config of those.
pub(super) fn reach(
    extension: &Extension,
    model: &Model,
    stages: &[CompiledStage],
    artifacts: &mut Artifacts,
    diagnostics: &mut Diagnostics,
) -> BTreeSet<String> {
    let mut missed = BTreeSet::new();
    let files = [Stage::Batch.bicep(), Stage::Batch.module()];
    for pool in model.batch.iter().flat_map(|batch| &batch.pools) {
        let symbol = format!("pool_{}", pool.key);
        let is_own = |change: &&Change| {
            change.kind == ChangeKind::Patch
                && files.contains(&change.path)
                && change.symbol == symbol
        };
        let changes: Vec<&Change> = extension.changes().iter().filter(is_own).collect();
        let Some(resource) = resource(stages, &pool.id).filter(|_| !changes.is_empty()) else {
            continue;
        };
        let path = format!("pools/{}.json", pool.base_id);
        let Some(text) = artifacts.files.get(&path) else { continue };
        let Ok(mut body) = serde_json::from_str::<Value>(text) else { continue };
        for change in changes {
            if let Err(why) = carry(resource, &change.target, &mut body) {
                missed.insert(change.pointer.clone());
                let title = format!("`{}` has no effect on `{path}`", change.property);
                let mut finding = Diagnostic::info("PB1410", title)
                    .reason(why)
                    .help(format!("create the pool from `{}`, which contains the patch", files[0]));
                finding.place = change.place;
                "only the stage contains it".clone_into(&mut finding.label);
                diagnostics.push(finding);
            }
        }
        Arc::make_mut(&mut artifacts.files).insert(path, json_text(&body));
    }
    missed
}

fn resource<'s>(stages: &'s [CompiledStage], id: &str) -> Option<&'s Resource> {
    let batch = stages.iter().find(|stage| stage.stage == Stage::Batch)?;
    batch
        .resources
        .iter()
        .find(|one| one.kind.eq_ignore_ascii_case(POOL) && one.name.rsplit('/').next() == Some(id))
}

/// Writes one property of the resource into the body of the data plane, or says why that is not possible.
fn carry(resource: &Resource, target: &str, body: &mut Value) -> Result<(), String> {
    let target = whole_list(target);
    let whole = Evaluated::Object(resource.body.clone());
    let below = |outer: &str, inner: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
    };
    let around = pool_properties()
        .filter(|row| row.resource == target || below(row.resource, target))
        .max_by_key(|row| row.resource.len());
    let inside: Vec<PoolProperty> =
        pool_properties().filter(|row| below(target, row.resource)).collect();
    if inside.is_empty() || around.is_some_and(|row| row.resource == target) {
        let at = match around {
            Some(row) => format!("{}{}", row.data_plane, &target[row.resource.len()..]),
            None => match target.strip_prefix("/properties") {
                Some(at) => at.to_owned(),
                None => return Err("the data plane does not have this property".to_owned()),
            },
        };
        let is_enabled = around.is_some_and(|row| row.is_enabled);
        write(&whole, target, &at, is_enabled, body)?;
    }
    for row in inside {
        write(&whole, row.resource, row.data_plane, row.is_enabled, body)?;
    }
    if target.starts_with("/properties/scaleSettings") {
        let scales = whole.pointer("/properties/scaleSettings/autoScale").is_some();
        set(body, &["enableAutoScale".to_owned()], scales.then_some(Value::Bool(true)));
    }
    Ok(())
}

/// An item of a list goes with the whole list.
fn whole_list(target: &str) -> &str {
    let mut end = 0;
    for segment in target.split('/').skip(1) {
        if segment.parse::<usize>().is_ok() {
            break;
        }
        end += segment.len() + 1;
    }
    &target[..end]
}

fn write(
    whole: &Evaluated,
    from: &str,
    at: &str,
    is_enabled: bool,
    body: &mut Value,
) -> Result<(), String> {
    let mut schema: &'static Value = &SCHEMA;
    let mut way = Vec::new();
    for segment in at.split('/').skip(1) {
        let (name, inner) = property(schema, &pointer::unescape(segment))?;
        way.push(name.to_owned());
        schema = inner;
    }
    let value = match whole.pointer(from) {
        Some(value) if is_enabled => Some(Value::Bool(value.as_str() == Some("Enabled"))),
        Some(value) => Some(translated(value, schema)?),
        None => None,
    };
    set(body, &way, value);
    Ok(())
}

/// The property of the data plane that a name means: only letter case differs.
fn property(schema: &'static Value, name: &str) -> Result<(&'static str, &'static Value), String> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut named = properties.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    let (known, inner) = named.next().ok_or_else(|| format!("the data plane has no `{name}`"))?;
    Ok((known, resolved(inner)))
}

fn resolved(schema: &'static Value) -> &'static Value {
    let target = schema["$ref"].as_str().and_then(|it| it.strip_prefix('#'));
    target.and_then(|target| SCHEMA.pointer(target)).unwrap_or(schema)
}

/// A value of the resource as the data plane writes it: words of a list differ in their letter case.
fn translated(value: &Evaluated, schema: &'static Value) -> Result<Value, String> {
    match value {
        Evaluated::Symbolic(_) => Err(NOT_YET_KNOWN.to_owned()),
        Evaluated::String(text) => {
            let words = schema["enum"].as_array().into_iter().flatten();
            let word = words.filter_map(Value::as_str).find(|word| word.eq_ignore_ascii_case(text));
            Ok(Value::from(word.unwrap_or(text)))
        }
        Evaluated::Array(items) => {
            let inner = resolved(&schema["items"]);
            items.iter().map(|item| translated(item, inner)).collect()
        }
        Evaluated::Object(map) if schema["properties"].is_object() => {
            let mut object = Map::new();
            for (name, value) in map {
                let (known, inner) = property(schema, name)?;
                object.insert(known.to_owned(), translated(value, inner)?);
            }
            Ok(Value::Object(object))
        }
        other => other.to_plain().ok_or_else(|| NOT_YET_KNOWN.to_owned()),
    }
}

/// Puts a value at the end of a way, or takes away what is there.
fn set(body: &mut Value, way: &[String], value: Option<Value>) {
    let Some((last, around)) = way.split_last() else { return };
    let mut at = body;
    for name in around {
        let Some(object) = at.as_object_mut() else { return };
        if value.is_none() && !object.contains_key(name) {
            return;
        }
        at = object.entry(name).or_insert_with(|| Value::Object(Map::new()));
    }
    let Some(object) = at.as_object_mut() else { return };
    match value {
        Some(value) => drop(object.insert(last.clone(), value)),
        None => drop(object.shift_remove(last)),
    }
}
