use std::borrow::Cow;

use serde_json::Value;

/// A template's value as Azure reads it: a property that is null is absent.
pub(super) fn without_nulls(value: &Value) -> Cow<'_, Value> {
    if has_null(value) { Cow::Owned(stripped(value)) } else { Cow::Borrowed(value) }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(map) => map.values().any(|value| value.is_null() || has_null(value)),
        _ => false,
    }
}

fn stripped(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(stripped).collect()),
        Value::Object(map) => {
            let kept = map.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(key, value)| (key.clone(), stripped(value))).collect())
        }
        other => other.clone(),
    }
}
