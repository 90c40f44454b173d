//! The comparison of templates: key order and what says which compiler made them do not count.

use serde_json::{Map, Value};

/// The first few differences, with their paths.
pub fn differences(expected: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    template("$", expected, actual, &mut found);
    found.truncate(8);
    found
}

fn without_generator(template: &Value) -> Map<String, Value> {
    let mut template = template.as_object().cloned().unwrap_or_default();
    if let Some(Value::Object(metadata)) = template.get_mut("metadata") {
        metadata.remove("_generator");
        if metadata.is_empty() {
            template.remove("metadata");
        }
    }
    template
}

fn template(path: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) {
    if !(expected.is_object() && actual.is_object()) {
        return values(path, expected, actual, found);
    }
    let mut expected = without_generator(expected);
    let mut actual = without_generator(actual);
    let all = (expected.remove("resources"), actual.remove("resources"));
    values(path, &Value::Object(expected), &Value::Object(actual), found);
    resources(
        &format!("{path}.resources"),
        &all.0.unwrap_or_default(),
        &all.1.unwrap_or_default(),
        found,
    );
}

fn resources(path: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(left), Value::Object(right)) => {
            objects(path, left, right, found, resource);
        }
        (Value::Array(left), Value::Array(right)) => arrays(path, left, right, found, resource),
        _ => values(path, expected, actual, found),
    }
}

fn resource(path: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) {
    let is_deployment = |value: &Value| {
        value["type"]
            .as_str()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("Microsoft.Resources/deployments"))
    };
    if !is_deployment(expected) || !is_deployment(actual) {
        return values(path, expected, actual, found);
    }
    let (mut left, mut right) = (expected.clone(), actual.clone());
    let take = |value: &mut Value| {
        value["properties"].as_object_mut().and_then(|properties| properties.remove("template"))
    };
    let nested = (take(&mut left), take(&mut right));
    values(path, &left, &right, found);
    let path = format!("{path}.properties.template");
    match nested {
        (Some(left), Some(right)) => template(&path, &left, &right, found),
        (None, None) => {}
        _ => found.push(format!("{path}: only one side has a template")),
    }
}

fn values(path: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) {
    if found.len() > 8 {
        return;
    }
    match (expected, actual) {
        (Value::Object(left), Value::Object(right)) => objects(path, left, right, found, values),
        (Value::Array(left), Value::Array(right)) => arrays(path, left, right, found, values),
        _ if expected == actual => {}
        _ => found.push(format!(
            "{path}:\n  expected {}\n  actual   {}",
            short(expected),
            short(actual)
        )),
    }
}

type Comparison = fn(&str, &Value, &Value, &mut Vec<String>);

fn objects(
    path: &str,
    expected: &Map<String, Value>,
    actual: &Map<String, Value>,
    found: &mut Vec<String>,
    compare: Comparison,
) {
    for (key, left) in expected {
        let path = format!("{path}.{key}");
        match actual.get(key) {
            Some(right) => compare(&path, left, right, found),
            None => found.push(format!("{path}: missing, expected {}", short(left))),
        }
    }
    for (key, right) in actual.iter().filter(|(key, _)| !expected.contains_key(*key)) {
        found.push(format!("{path}.{key}: not expected, actual {}", short(right)));
    }
}

fn arrays(
    path: &str,
    expected: &[Value],
    actual: &[Value],
    found: &mut Vec<String>,
    compare: Comparison,
) {
    if expected.len() != actual.len() {
        let (left, right) = (Value::from(expected.to_vec()), Value::from(actual.to_vec()));
        let lengths = format!("{} items expected, {} found", expected.len(), actual.len());
        found.push(format!(
            "{path}: {lengths}\n  expected {}\n  actual   {}",
            short(&left),
            short(&right)
        ));
        return;
    }
    for (at, (left, right)) in expected.iter().zip(actual).enumerate() {
        compare(&format!("{path}[{at}]"), left, right, found);
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(700) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
