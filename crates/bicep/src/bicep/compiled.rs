use std::sync::Arc;

use serde_json::Value;

use crate::arm::SourceMap;

/// A compiled file, as the files that refer to it see it.
#[derive(Debug)]
pub struct Compiled {
    /// The template.
    pub template: Arc<Value>,
    /// From the template to its source.
    pub source_map: SourceMap,
    /// The names of its secure outputs.
    pub secure_outputs: Vec<String>,
    /// How many values the template holds, those of nested templates included.
    pub values: usize,
}

impl Compiled {
    /// A Bicep file.
    pub fn new(template: Value, source_map: SourceMap, secure_outputs: Vec<String>) -> Self {
        Self { values: count(&template), template: Arc::new(template), source_map, secure_outputs }
    }

    /// An ARM template.
    pub fn of_template(template: &Arc<Value>) -> Self {
        let outputs = template.get("outputs").and_then(Value::as_object).into_iter().flatten();
        let secure = outputs.filter(|(_, output)| {
            let kind = output["type"].as_str().unwrap_or_default();
            kind.eq_ignore_ascii_case("securestring") || kind.eq_ignore_ascii_case("secureobject")
        });
        Self {
            template: Arc::clone(template),
            source_map: SourceMap::default(),
            secure_outputs: secure.map(|(name, _)| name.clone()).collect(),
            values: count(template),
        }
    }
}

// How many values a piece of a template holds.
fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(count).sum::<usize>(),
        _ => 1,
    }
}
