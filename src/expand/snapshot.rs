use serde_json::{Map, Value, json};

use super::{Expansion, Resource};

/// What Azure would be asked for, in the form of Microsoft's `bicep snapshot`: every resource with all that is known
/// of it, modules opened. What only Azure can know stays an expression.
pub fn snapshot(expansion: &Expansion) -> Value {
    let resources = expansion
        .resources
        .iter()
        .filter(|resource| !resource.existing && !resource.is_opened_module());
    json!({
        "predictedResources": resources.map(predicted).collect::<Vec<_>>(),
        "diagnostics": [],
    })
}

fn predicted(resource: &Resource) -> Value {
    let mut all = Map::new();
    for (key, value) in [
        ("id", &resource.id),
        ("type", &resource.kind),
        ("name", &resource.name),
        ("apiVersion", &resource.api_version),
    ] {
        all.insert(key.to_owned(), Value::String(value.clone()));
    }
    all.extend(resource.body.clone());
    Value::Object(all)
}
