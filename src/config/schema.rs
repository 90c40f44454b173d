//! The config's JSON Schema, made from the types in `fields`.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::Value;

use super::Config;
use crate::schema::Schema;

/// The committed schema, as it is checked and as editors read it.
pub static CONFIG: LazyLock<Schema> =
    LazyLock::new(|| Schema::new("config", include_str!("../../schemas/config.schema.json")));

/// Generates the schema from the types. The committed file is this, and a test keeps it so.
pub fn generate() -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .for_deserialize()
        .with(|settings| settings.untagged_enum_variant_titles = false)
        .into_generator()
        .into_root_schema_for::<Config>();
    RecursiveTransform(without_null).transform(&mut schema);
    RecursiveTransform(plain_enum).transform(&mut schema);
    schema.insert("title".to_owned(), "prebake config".into());
    schema.to_value()
}

/// A key that is not wanted is left out: `null` is an unfinished line, not a value.
fn without_null(schema: &mut schemars::Schema) {
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    let Some(Value::Array(branches)) = schema.get_mut("anyOf") else { return };
    branches.retain(|branch| branch["type"] != "null");
    if let [Value::Object(only)] = branches.as_slice() {
        let only = only.clone();
        schema.remove("anyOf");
        for (key, value) in only {
            schema.insert(key, value);
        }
    }
}

/// One list of words instead of one branch a word, so that an error can name the nearest word.
fn plain_enum(schema: &mut schemars::Schema) {
    let Some(Value::Array(branches)) = schema.get("oneOf") else { return };
    let words: Vec<Value> =
        branches.iter().filter_map(|branch| branch.get("const").cloned()).collect();
    if words.len() != branches.len() {
        return;
    }
    schema.remove("oneOf");
    schema.insert("type".to_owned(), "string".into());
    schema.insert("enum".to_owned(), Value::Array(words));
}
