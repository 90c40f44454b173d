//! The config: schema, places, limits and messages.

#![expect(clippy::disallowed_methods, reason = "tests read and bless files")]

use prebake::config;

#[test]
fn committed_schema_is_the_one_of_the_types() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/config.schema.json");
    let generated =
        serde_json::to_string_pretty(&config::schema::generate()).expect("is JSON") + "\n";
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &generated).expect("the schema can be written");
    }
    let committed = std::fs::read_to_string(path).expect("the schema is committed");
    assert!(committed == generated, "run `BLESS=1 cargo test --test config` and read the diff");
}
