//! The importer: what the tables say carries over, what they leave open stays open.

use std::collections::BTreeSet;

use prebake::schema::import::{ImportError, ResourceName, import, import_built_in, print};
use prebake::schema::{ResourceSchemas, Schema, Values};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A table with one of everything, in the format of Azure's published types.
fn table() -> Value {
    json!([
        { "$type": "StringType", "minLength": 2, "maxLength": 5, "pattern": "^[a-z]+$" },
        { "$type": "StringType" },
        { "$type": "StringLiteralType", "value": "on" },
        { "$type": "StringLiteralType", "value": "off" },
        { "$type": "UnionType", "elements": [{ "$ref": "#/2" }, { "$ref": "#/3" }] },
        { "$type": "UnionType", "elements": [{ "$ref": "#/2" }, { "$ref": "#/1" }] },
        { "$type": "IntegerType", "minValue": 1, "maxValue": 9 },
        { "$type": "BooleanType" },
        { "$type": "ObjectType", "name": "Body", "properties": {
            "id": { "type": { "$ref": "#/1" }, "flags": 10, "description": "an id" },
            "type": { "type": { "$ref": "#/1" }, "flags": 10 },
            "apiVersion": { "type": { "$ref": "#/1" }, "flags": 10 },
            "name": { "type": { "$ref": "#/0" }, "flags": 9 },
            "properties": { "type": { "$ref": "#/9" }, "flags": 0 } } },
        { "$type": "ObjectType", "name": "Properties", "properties": {
            "closed": { "type": { "$ref": "#/4" }, "flags": 1 },
            "open": { "type": { "$ref": "#/5" }, "flags": 0 },
            "count": { "type": { "$ref": "#/6" }, "flags": 4 },
            "state": { "type": { "$ref": "#/1" }, "flags": 2 },
            "tags": { "type": { "$ref": "#/10" }, "flags": 0 },
            "list": { "type": { "$ref": "#/11" }, "flags": 0 },
            "mount": { "type": { "$ref": "#/12" }, "flags": 0 },
            "self": { "type": { "$ref": "#/9" }, "flags": 0 } } },
        { "$type": "ObjectType", "name": "Tags", "properties": {}, "additionalProperties": { "$ref": "#/1" } },
        { "$type": "ArrayType", "itemType": { "$ref": "#/7" }, "minLength": 1 },
        { "$type": "DiscriminatedObjectType", "name": "Mount", "discriminator": "kind",
          "baseProperties": { "path": { "type": { "$ref": "#/1" }, "flags": 1 } },
          "elements": { "on": { "$ref": "#/13" }, "off": { "$ref": "#/14" } } },
        { "$type": "ObjectType", "name": "On", "properties": {
            "kind": { "type": { "$ref": "#/2" }, "flags": 1 }, "volts": { "type": { "$ref": "#/6" }, "flags": 0 } } },
        { "$type": "ObjectType", "name": "Off", "properties": { "kind": { "type": { "$ref": "#/3" }, "flags": 1 } } },
        { "$type": "ResourceType", "name": "A.B/c@2020-01-01", "body": { "$ref": "#/8" } },
        { "$type": "ResourceFunctionType", "name": "list", "input": {} }
    ])
}

fn name() -> ResourceName {
    ResourceName::parse("A.B/c@2020-01-01").expect("a name")
}

#[test]
fn names_types_flags_lists_and_bounds_carry_over_and_prose_does_not() {
    let schema = import(&table().to_string(), &name()).expect("a schema");
    assert_eq!(
        schema,
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "A.B/c@2020-01-01",
            "type": "object",
            "properties": {
                "name": { "type": "string", "minLength": 2, "maxLength": 5, "pattern": "^[a-z]+$" },
                "properties": { "$ref": "#/$defs/Properties" }
            },
            "required": ["name"],
            "additionalProperties": false,
            "$defs": { "Properties": {
                "type": "object",
                "properties": {
                    "closed": { "enum": ["on", "off"] },
                    "open": { "type": "string", "examples": ["on"] },
                    "count": { "type": "integer", "minimum": 1, "maximum": 9, "writeOnly": true },
                    "state": { "readOnly": true },
                    "tags": { "type": "object", "additionalProperties": { "type": "string" } },
                    "list": { "type": "array", "items": { "type": "boolean" }, "minItems": 1 },
                    "mount": { "oneOf": [
                        { "type": "object", "properties": { "kind": { "const": "on" }, "path": { "type": "string" },
                          "volts": { "type": "integer", "minimum": 1, "maximum": 9 } },
                          "required": ["kind", "path"], "additionalProperties": false },
                        { "type": "object", "properties": { "kind": { "const": "off" }, "path": { "type": "string" } },
                          "required": ["kind", "path"], "additionalProperties": false }
                    ] },
                    "self": { "$ref": "#/$defs/Properties" }
                },
                "required": ["closed"],
                "additionalProperties": false
            } }
        })
    );
    let printed = print(&schema);
    assert_eq!(serde_json::from_str::<Value>(&printed).expect("JSON"), schema);
    let schema = Schema::new("A.B/c", printed);
    let good = json!({ "name": "abc", "properties": { "closed": "on", "open": "anything",
        "mount": { "kind": "on", "path": "/", "volts": 3 }, "self": { "closed": "off" } } });
    assert_eq!(schema.findings(&good, Values::Symbolic), Ok(Vec::new()));
    let wrong_branch = json!({ "name": "abc", "properties": { "closed": "on",
        "mount": { "kind": "off", "path": "/", "volts": 3 } } });
    let findings = schema.findings(&wrong_branch, Values::Symbolic).expect("usable");
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].pointer, "/properties/mount/volts");
}

#[test]
fn what_cannot_be_imported_says_why() {
    let error = |table: &str, name: &str| {
        ResourceName::parse(name).and_then(|name| import(table, &name)).expect_err(name)
    };
    for bad in ["", "A.B/c", "A.B@1", "../x/y@1", "A.B//c@1", "A.B/c@../1", "/etc/passwd@1"] {
        assert!(matches!(error("[]", bad), ImportError::BadName(_)), "{bad}");
    }
    for bad in ["", "{}", "[1]", "[{\"$type\": 5}]"] {
        assert!(matches!(error(bad, "A.B/c@1"), ImportError::BadTable(_)), "{bad}");
    }
    let unknown = error(&table().to_string(), "A.B/cc@2020-01-01");
    assert!(unknown.to_string().contains("did you mean `A.B/c@2020-01-01`?"), "{unknown}");
    let mut broken = table();
    broken[8]["properties"]["name"]["type"]["$ref"] = json!("#/999");
    assert!(matches!(error(&broken.to_string(), "A.B/c@2020-01-01"), ImportError::BadTable(_)));
}

/// The committed schemas say what the compiler's types say. Those share what is the same, and know of no property
/// called `description`.
#[test]
fn the_committed_schemas_say_what_the_types_of_this_build_say() {
    let mut compared = 0;
    for committed in ResourceSchemas::all_embedded() {
        let name = ResourceName::parse(committed.name()).expect("a name");
        let made = import_built_in(&name).expect("the types have it");
        let committed = serde_json::from_str(committed.text()).expect("it is JSON");
        let mut same = Same { roots: [&made, &committed], met: BTreeSet::new() };
        same.check(&made, &committed, &name.to_string());
        assert!(same.met.len() > 3, "{name}: {} parts", same.met.len());
        compared += 1;
    }
    assert!(compared > 20, "only {compared} schemas");
    let unknown = ResourceName::parse("Microsoft.Batch/batchAccounts@2025-06-02").expect("a name");
    let error = import_built_in(&unknown).expect_err("there is no such version").to_string();
    assert!(error.contains("did you mean `Microsoft.Batch/batchAccounts@2025-06-01`?"), "{error}");
}

/// Two schemas side by side.
struct Same<'s> {
    roots: [&'s Value; 2],
    met: BTreeSet<[*const Value; 2]>,
}

impl<'s> Same<'s> {
    fn resolved(&self, side: usize, value: &'s Value) -> &'s Value {
        let target = value.get("$ref").and_then(Value::as_str);
        let target =
            target.and_then(|target| self.roots[side].pointer(target.trim_start_matches('#')));
        target.unwrap_or(value)
    }

    fn check(&mut self, made: &'s Value, committed: &'s Value, at: &str) {
        let (made, committed) = (self.resolved(0, made), self.resolved(1, committed));
        if !self.met.insert([made, committed].map(std::ptr::from_ref)) {
            return;
        }
        match (made, committed) {
            (Value::Object(made), Value::Object(committed)) => {
                let is_told = |key: &&String| !["$defs", "description"].contains(&key.as_str());
                let keys = |map: &'s serde_json::Map<String, Value>| {
                    map.keys().filter(is_told).collect::<BTreeSet<_>>()
                };
                assert_eq!(keys(made), keys(committed), "{at}");
                for key in keys(made) {
                    self.check(&made[key], &committed[key], &format!("{at}/{key}"));
                }
            }
            (Value::Array(made), Value::Array(committed)) => {
                assert_eq!(made.len(), committed.len(), "{at}");
                for (index, (made, committed)) in made.iter().zip(committed).enumerate() {
                    self.check(made, committed, &format!("{at}/{index}"));
                }
            }
            _ => assert_eq!(made, committed, "{at}"),
        }
    }
}

/// The committed schemas are results of the importer. The tables are a folder beside the repository,
/// `../shared/azure-types`; without it this test says so and does nothing.
#[test]
fn the_committed_schemas_are_what_the_importer_makes() {
    let manifest = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders =
        ["../shared/azure-types", "../../shared/azure-types"].map(|folder| manifest.join(folder));
    let Some(folder) = folders.iter().find(|folder| folder.is_dir()) else {
        eprintln!("NOT RUN: there is no ../shared/azure-types beside the repository");
        return;
    };
    let (mut checked, mut newer) = (0, Vec::new());
    for committed in ResourceSchemas::all_embedded() {
        let name = ResourceName::parse(committed.name()).expect("a name");
        let groups = std::fs::read_dir(folder).expect("the tables").flatten();
        let made = groups
            .filter_map(|group| std::fs::read_to_string(group.path().join(name.table_path())).ok())
            .find_map(|table| import(&table, &name).ok());
        let Some(made) = made else {
            eprintln!("NOT CHECKED: the tables there have no {}", committed.name());
            newer.push(committed.name());
            continue;
        };
        assert_eq!(print(&made), committed.text(), "{}", committed.name());
        checked += 1;
    }
    // The tables there may be older than the newest schema.
    assert!(checked > 20 && newer.len() <= 1, "{checked} checked, not {newer:?}");
}

proptest! {
    /// A damaged table is refused or gives a schema; it never panics or runs away.
    #[test]
    fn no_table_panics(at in 0usize..17, target in 0usize..20, key in "(type|body|itemType|elements|properties|\\$type|discriminator)") {
        let mut table = table();
        table[at][key] = json!({ "$ref": format!("#/{target}") });
        let _ = import(&table.to_string(), &name());
        let mut looped = self::table();
        looped[11]["itemType"] = json!({ "$ref": format!("#/{target}") });
        looped[5]["elements"] = json!([{ "$ref": format!("#/{at}") }, { "$ref": format!("#/{target}") }]);
        let _ = import(&looped.to_string(), &name());
    }
}
