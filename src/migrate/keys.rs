//! Keys of the config that say one property of a pool's resource each: the use of the catalog's table.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::config::Draft;
use super::ledger::{SourcePool, pointer_of, steps_of};
use crate::catalog::{PropertyKey, property_keys};
use crate::config::schema;

const POOLS: &str = "Microsoft.Batch/batchAccounts/pools";

#[derive(Debug)]
struct Key {
    property: Vec<&'static str>,
    /// Below the pool, or below the config.
    path: Vec<&'static str>,
    of_config: bool,
    form: &'static str,
}

static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let key = |row: PropertyKey| {
        let of_pool = row.key.strip_prefix("batch.pools[].");
        let steps = of_pool.unwrap_or(row.key).split('.');
        let step = |name: &'static str| match name.strip_suffix("[]") {
            Some(list) => [Some(list), Some("*")],
            None => [Some(name), None],
        };
        Key {
            property: row.property.split('/').skip(1).collect(),
            path: steps.flat_map(step).flatten().collect(),
            of_config: of_pool.is_none(),
            form: row.form,
        }
    };
    of_pools().filter(|row| !matches!(row.form, "computed" | "none")).map(key).collect()
});

fn of_pools() -> impl Iterator<Item = PropertyKey> {
    property_keys().filter(|row| row.kind == POOLS)
}

/// Properties that more than one key says, or whose key has a form of its own, each with the key.
pub(super) fn computed() -> impl Iterator<Item = (&'static str, &'static str)> {
    of_pools().filter(|row| row.form == "computed").map(|row| (row.property, row.key))
}

static SCHEMA: LazyLock<Value> = LazyLock::new(schema::generate);

/// Whether the config's schema has a key.
pub(super) fn is_known(path: &[&str]) -> bool {
    let root = &*SCHEMA;
    let resolved = |node: &'static Value| -> &'static Value {
        let mut node = node;
        while let Some(name) = node.get("$ref").and_then(Value::as_str) {
            let Some(found) = name.strip_prefix('#').and_then(|pointer| root.pointer(pointer))
            else {
                break;
            };
            node = found;
        }
        node
    };
    let mut node = resolved(root);
    for step in path {
        let next = match *step {
            "*" => node.get("items"),
            name => node.get("properties").and_then(|properties| properties.get(name)),
        };
        let Some(next) = next else { return false };
        node = resolved(next);
    }
    true
}

/// Puts the keys into the config that say what the resource of a pool says.
pub(super) fn add(draft: &mut Draft, pool: &mut Map<String, Value>, source: &SourcePool) {
    let mut map = Value::Object(std::mem::take(pool));
    for key in KEYS.iter() {
        let whole: Vec<&str> = if key.of_config {
            key.path.clone()
        } else {
            ["batch", "pools", "*"].into_iter().chain(key.path.iter().copied()).collect()
        };
        let needs_task = key.path[0] == "startTask" && map.get("startTask").is_none();
        if needs_task || !is_known(&whole) {
            continue;
        }
        let mut found = Vec::new();
        matches(&source.body, &key.property, &mut Vec::new(), &mut found);
        for (at, value) in found {
            let numbers: Vec<&String> = at
                .iter()
                .zip(&key.property)
                .filter(|(_, step)| **step == "*")
                .map(|(number, _)| number)
                .collect();
            if source.is_left_out(&at) {
                continue;
            }
            let Some(value) = formed(key.form, value, draft) else { continue };
            let mut numbers = numbers.into_iter();
            let steps = key.path.iter().map(|step| match *step {
                "*" => numbers.next().cloned().unwrap_or_default(),
                step => step.to_owned(),
            });
            let steps: Vec<String> = steps.collect();
            if key.of_config {
                let mut config = Value::Object(std::mem::take(&mut draft.value));
                put(&mut config, &steps, value);
                draft.value = config.as_object().cloned().unwrap_or_default();
            } else {
                put(&mut map, &steps, value);
            }
        }
    }
    read_by_nobody(&mut map, source);
    without_holes(&mut map);
    *pool = map.as_object().cloned().unwrap_or_default();
}

/// A pool with its keys in the order of the reference.
pub(super) fn ordered(mut pool: Map<String, Value>) -> Map<String, Value> {
    let properties = SCHEMA.pointer("/$defs/Pool/properties").and_then(Value::as_object);
    let order = properties.into_iter().flat_map(Map::keys);
    let mut ordered: Map<String, Value> =
        order.filter_map(|key| Some((key.clone(), pool.shift_remove(key)?))).collect();
    ordered.extend(pool);
    ordered
}

/// A file that is read without an identity stays so.
fn read_by_nobody(map: &mut Value, source: &SourcePool) {
    if !is_known(&["batch", "pools", "*", "startTask", "resourceFiles", "*", "identity"]) {
        return;
    }
    let files = map.pointer_mut("/startTask/resourceFiles").and_then(Value::as_array_mut);
    for (index, file) in files.into_iter().flatten().enumerate() {
        let own = format!("/properties/startTask/resourceFiles/{index}");
        let signed = source.signed.contains(&own);
        if let Some(file) = file.as_object_mut()
            && !file.is_empty()
            && !signed
            && !file.contains_key("autoStorageContainer")
        {
            file.entry("identity").or_insert_with(|| json!("none"));
        }
    }
}

/// The values of a body that a path with `*` meets, each with its steps.
fn matches<'v>(
    value: &'v Value,
    path: &[&str],
    walked: &mut Vec<String>,
    found: &mut Vec<(Vec<String>, &'v Value)>,
) {
    let Some((step, rest)) = path.split_first() else {
        found.push((walked.clone(), value));
        return;
    };
    if *step == "*" {
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            walked.push(index.to_string());
            matches(item, rest, walked, found);
            walked.pop();
        }
    } else if let Some(below) = value.get(*step) {
        walked.push((*step).to_owned());
        matches(below, rest, walked, found);
        walked.pop();
    }
}

/// A value as the config writes it.
fn formed(form: &str, value: &Value, draft: &Draft) -> Option<Value> {
    let text = value.as_str().unwrap_or_default();
    Some(match form {
        "camel" => {
            let mut symbols = text.chars();
            let first = symbols.next()?.to_ascii_lowercase();
            json!(std::iter::once(first).chain(symbols).collect::<String>())
        }
        "enabled" => json!(text.eq_ignore_ascii_case("Enabled")),
        "not" => json!(!value.as_bool()?),
        "present" => json!(true),
        "last" => json!(text.rsplit('/').next()?),
        "directory" if text.eq_ignore_ascii_case("TaskWorkingDirectory") => json!("task"),
        "directory" => json!("image"),
        "image" => json!(name_of_image(text, draft)?),
        _ => value.clone(),
    })
}

/// The `name` of the image of the config that a reference means.
fn name_of_image(reference: &str, draft: &Draft) -> Option<String> {
    let (image, _) = super::images::reference_of(reference);
    let images = draft.value.get("images").and_then(Value::as_array)?;
    let known = images.iter().any(|known| known["name"] == image["name"]);
    known.then(|| image["name"].as_str().map(str::to_owned))?
}

fn put(value: &mut Value, steps: &[String], new: Value) {
    let Some((step, rest)) = steps.split_first() else {
        *value = new;
        return;
    };
    if let Ok(index) = step.parse::<usize>() {
        if !value.is_array() {
            *value = json!([]);
        }
        let Value::Array(items) = value else { return };
        while items.len() <= index {
            items.push(json!({}));
        }
        put(&mut items[index], rest, new);
    } else {
        if !value.is_object() {
            *value = json!({});
        }
        let Value::Object(object) = value else { return };
        put(object.entry(step.clone()).or_insert(Value::Null), rest, new);
    }
}

/// Takes elements out that nothing was put into.
fn without_holes(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.retain(|item| item.as_object().is_none_or(|object| !object.is_empty()));
            items.iter_mut().for_each(without_holes);
        }
        Value::Object(object) => {
            object.values_mut().for_each(without_holes);
            object.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty()));
        }
        _ => {}
    }
}

/// The key that says a property, for the report.
pub(super) fn key_of(pointer: &str) -> Option<String> {
    let steps = steps_of(pointer);
    let fits = |key: &&Key| {
        key.property.len() <= steps.len()
            && key.property.iter().zip(&steps).all(|(step, own)| *step == "*" || step == own)
    };
    let key = KEYS.iter().filter(fits).max_by_key(|key| key.property.len())?;
    let path = key.path.join(".").replace(".*", "[]");
    Some(if key.of_config { path } else { format!("batch.pools[].{path}") })
}

/// The properties that a key says, or that keys below it say; elements of lists stand for their lists.
pub(super) fn properties_of(key: &str) -> Vec<String> {
    let says = |own: &&Key| {
        let path = own.path.join(".").replace(".*", "[]");
        let path = if own.of_config { path } else { format!("batch.pools[].{path}") };
        path == key || path.starts_with(&format!("{key}.")) || path.starts_with(&format!("{key}["))
    };
    let pointer = |own: &Key| {
        let plain = own.property.iter().take_while(|step| **step != "*");
        let steps: Vec<String> = plain.map(|step| (*step).to_owned()).collect();
        pointer_of(&steps)
    };
    KEYS.iter().filter(says).map(pointer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_looked_up_in_the_schema() {
        assert!(is_known(&["batch", "pools", "*", "startTask", "resourceFiles", "*", "url"]));
        assert!(!is_known(&["batch", "pools", "*", "colour"]));
    }

    #[test]
    fn a_property_of_a_list_is_named_by_its_key() {
        let key = key_of("/properties/startTask/resourceFiles/3/filePath");
        assert_eq!(key.as_deref(), Some("batch.pools[].startTask.resourceFiles[].path"));
    }
}
