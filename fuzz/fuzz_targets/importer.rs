//! Any bytes as a table of Azure's types: a schema that compiles, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prebake::schema::Schema;
use prebake::schema::import::{ResourceName, import, print};

fuzz_target!(|table: &str| {
    let name = ResourceName::parse("A.B/c@2020-01-01").expect("a name");
    if let Ok(schema) = import(table, &name) {
        let text = print(&schema);
        let schema = Schema::new("any", text);
        let value = serde_json::json!({ "name": "any", "properties": {} });
        let _ = schema.findings(&value, prebake::schema::Values::Symbolic);
    }
});
