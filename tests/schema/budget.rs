use prebake::schema::too_much_work;
use serde_json::{Map, Value, json};

fn doubled(keyword: &str, times: usize) -> Value {
    let mut definitions = Map::new();
    for at in 0..times {
        let next = json!({ "$ref": format!("#/$defs/e{}", at + 1) });
        definitions.insert(format!("e{at}"), json!({ keyword: [next, next] }));
    }
    definitions.insert(format!("e{times}"), json!({ "type": "string" }));
    json!({ "properties": { "a": { "$ref": "#/$defs/e0" } }, "$defs": definitions })
}

#[test]
fn definitions_that_double_are_refused() {
    for keyword in ["allOf", "anyOf", "oneOf"] {
        assert!(too_much_work(&doubled(keyword, 60)).is_some(), "{keyword}");
        assert_eq!(too_much_work(&doubled(keyword, 8)), None, "{keyword}");
    }
}

#[test]
fn circles_over_one_value_are_refused() {
    let circle = json!({ "$ref": "#/$defs/a", "$defs": {
        "a": { "allOf": [{ "$ref": "#/$defs/b" }] }, "b": { "$ref": "#/$defs/a" },
    } });
    assert!(too_much_work(&circle).is_some());
}

#[test]
fn a_type_that_holds_itself_is_taken() {
    let tree = json!({ "$ref": "#/$defs/node", "$defs": {
        "node": { "properties": { "child": { "$ref": "#/$defs/node" } } },
    } });
    assert_eq!(too_much_work(&tree), None);
    let doubling = json!({ "$ref": "#/$defs/node", "$defs": {
        "node": { "properties": { "child": { "anyOf": [
            { "$ref": "#/$defs/node" }, { "$ref": "#/$defs/node" },
        ] } } },
    } });
    assert!(too_much_work(&doubling).is_some());
}

#[test]
fn the_schemas_of_azure_are_far_below_the_limit() {
    for schema in prebake::schema::ResourceSchemas::all_embedded() {
        let value = serde_json::from_str(schema.text()).expect("a schema is JSON");
        assert_eq!(too_much_work(&value), None, "{}", schema.name());
    }
}
