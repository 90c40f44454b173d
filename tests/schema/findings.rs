use prebake::arm::evaluate::Evaluated;
use prebake::expand::body_of;
use prebake::schema::{Finding, FindingKind, Schema, Values};
use proptest::prelude::*;
use serde_json::{Value, json};

fn findings(schema: &Value, value: &Value, values: Values) -> Vec<Finding> {
    let schema = Schema::new("test", schema.to_string());
    schema.check().expect("the schema is good");
    schema.findings(value, values).expect("the schema is good")
}

fn only(schema: &Value, value: &Value) -> Finding {
    let found = findings(schema, value, Values::Literal);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.into_iter().next().expect("one finding")
}

fn pool() -> Value {
    json!({
        "type": "object",
        "properties": {
            "vmSize": { "type": "string", "minLength": 3, "pattern": "^Standard_" },
            "nodes": { "type": "integer", "minimum": 0, "maximum": 100 },
            "os": { "$ref": "#/$defs/os" },
            "state": { "readOnly": true },
            "mounts": { "type": "array", "items": { "$ref": "#/$defs/mount" }, "maxItems": 1 },
            "encrypted": { "type": "boolean" }
        },
        "required": ["vmSize"],
        "additionalProperties": false,
        "$defs": {
            "os": { "enum": ["Linux", "Windows"] },
            "mount": {
                "oneOf": [
                    { "type": "object", "additionalProperties": false, "required": ["kind", "share"],
                      "properties": { "kind": { "const": "nfs" }, "share": { "type": "string" } } },
                    { "type": "object", "additionalProperties": false, "required": ["kind", "container"],
                      "properties": { "kind": { "const": "blob" }, "container": { "type": "string" } } }
                ]
            }
        }
    })
}

#[test]
fn an_unknown_property_names_the_nearest_free_one() {
    let found = only(&pool(), &json!({ "vmSize": "Standard_D2s_v3", "nods": 1 }));
    assert_eq!(found.kind, FindingKind::UnknownProperty);
    assert_eq!((found.pointer.as_str(), found.on_key), ("/nods", true));
    assert_eq!(found.suggestion.as_deref(), Some("nodes"));
    assert_eq!(found.help, "did you mean `nodes`?");
    let found = only(&pool(), &json!({ "vmSize": "Standard_D2s_v3", "nodes": 1, "nods": 1 }));
    assert_eq!(found.suggestion, None, "`nodes` is taken");
}

#[test]
fn a_missing_property_is_reported_at_its_object() {
    let found = only(&pool(), &json!({ "nodes": 1 }));
    assert_eq!(found.kind, FindingKind::MissingProperty);
    assert_eq!((found.pointer.as_str(), found.on_key), ("", false));
    assert_eq!(found.help, "add `vmSize`: a string");
}

#[test]
fn wrong_types_say_what_was_expected_and_found() {
    let found = only(&pool(), &json!({ "vmSize": "Standard_A", "nodes": "1" }));
    assert_eq!(found.pointer, "/nodes");
    assert_eq!(found.title, "expected integer, found string");
    assert_eq!(found.help, "remove the quotes: `1`");
}

#[test]
fn closed_lists_suggest_the_nearest_value_through_references() {
    let found = only(&pool(), &json!({ "vmSize": "Standard_A", "os": "linux" }));
    assert_eq!(found.kind, FindingKind::UnknownValue);
    assert_eq!(found.help, "did you mean `Linux`?");
    let found = only(&pool(), &json!({ "vmSize": "Standard_A", "os": "BeOS" }));
    assert_eq!(found.help, "use one of `Linux`, `Windows`");
}

#[test]
fn forms_lengths_and_ranges_are_told_apart() {
    let kinds = |value: Value| {
        findings(&pool(), &value, Values::Literal)
            .into_iter()
            .map(|found| found.kind)
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(json!({ "vmSize": "Basic_A" })), [FindingKind::WrongForm]);
    assert_eq!(
        kinds(json!({ "vmSize": "St" })),
        [FindingKind::WrongLength, FindingKind::WrongForm]
    );
    assert_eq!(kinds(json!({ "vmSize": "Standard_A", "nodes": 101 })), [FindingKind::OutOfRange]);
    assert_eq!(kinds(json!({ "vmSize": "Standard_A", "nodes": -1 })), [FindingKind::OutOfRange]);
    assert_eq!(kinds(json!({ "vmSize": "Standard_A", "state": "up" })), [FindingKind::ReadOnly]);
}

#[test]
fn a_union_is_judged_by_the_branch_that_was_meant() {
    let mount = |mount: Value| json!({ "vmSize": "Standard_A", "mounts": [mount] });
    let found = only(&pool(), &mount(json!({ "kind": "blob", "share": "x", "container": "y" })));
    assert_eq!(
        (found.pointer.as_str(), found.kind),
        ("/mounts/0/share", FindingKind::UnknownProperty)
    );
    let found = only(&pool(), &mount(json!({ "kind": "nsf", "share": "x" })));
    assert_eq!(
        (found.pointer.as_str(), found.help.as_str()),
        ("/mounts/0/kind", "did you mean `nfs`?")
    );
    let found = only(&pool(), &mount(json!("nfs")));
    assert_eq!(found.title, "expected object, found string");
    let found = findings(&pool(), &mount(json!({ "share": 7 })), Values::Literal);
    let places: Vec<_> = found.iter().map(|found| found.pointer.as_str()).collect();
    assert_eq!(places, ["/mounts/0", "/mounts/0/share"]);
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let value = json!({ "nodes": "many", "os": "BSD", "color": 1, "mounts": [1, 2] });
    assert!(findings(&pool(), &value, Values::Literal).len() >= 6);
}

#[test]
fn an_expression_satisfies_any_type_but_not_any_place() {
    let good = json!({ "vmSize": "[parameters('s')]", "nodes": "[length('x')]", "os": "[x()]",
                       "mounts": ["[y()]"], "encrypted": null });
    assert_eq!(findings(&pool(), &good, Values::Symbolic), []);
    assert_eq!(findings(&pool(), &good, Values::Literal).len(), 5);
    let bad = json!({ "vmSize": "Standard_A", "state": "[x()]", "nods": "[x()]" });
    let kinds: Vec<_> =
        findings(&pool(), &bad, Values::Symbolic).into_iter().map(|found| found.kind).collect();
    assert_eq!(kinds, [FindingKind::ReadOnly, FindingKind::UnknownProperty]);
    let branch = json!({ "vmSize": "Standard_A", "mounts": [{ "kind": "[k()]", "share": "x" }] });
    assert_eq!(findings(&pool(), &branch, Values::Symbolic), []);
}

#[test]
fn null_is_absence_in_a_template() {
    let value = json!({ "vmSize": null, "os": null });
    let found = findings(&pool(), &value, Values::Symbolic);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, FindingKind::MissingProperty);
}

#[test]
fn a_literal_text_in_brackets_is_no_expression() {
    let schema = json!({ "properties": { "a": { "enum": ["x"] } } });
    assert_eq!(findings(&schema, &json!({ "a": "[x]" }), Values::Symbolic), []);
    assert_eq!(findings(&schema, &json!({ "a": "[[x]" }), Values::Symbolic).len(), 1);
}

#[test]
fn a_schema_that_is_none_says_so() {
    for text in ["", "{", "[]", r#"{"type": 5}"#, r##"{"$ref": "#/$defs/gone"}"##] {
        let broken = Schema::new("bad", text).findings(&json!({}), Values::Literal);
        assert!(broken.expect_err(text).to_string().contains("`bad` cannot be used"));
    }
}

#[test]
fn names_with_slashes_are_escaped_in_pointers() {
    let found = only(&pool(), &json!({ "vmSize": "Standard_A", "a/b~c": 1 }));
    assert_eq!(found.pointer, "/a~1b~0c");
}

fn any_pool() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!("Standard_A")),
        Just(json!("Linux")),
        Just(json!("nfs")),
        Just(json!("blob")),
        Just(json!("[x()]")),
        Just(json!("[[x]")),
        Just(json!("x")),
        Just(json!(3)),
        Just(json!(300)),
        Just(json!(1.5)),
        Just(json!(true)),
        Just(json!(null)),
    ];
    let key = "(vmSize|nodes|os|OS|state|mounts|encrypted|kind|share|container|\\[k\\(\\)\\])";
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Reading without the engine hides nothing that the engine finds.
    #[test]
    fn what_plainly_fits_is_right(mut value in any_pool(), complete in any::<bool>()) {
        if let Some(map) = value.as_object_mut().filter(|_| complete) {
            map.insert("vmSize".to_owned(), json!("Standard_A"));
        }
        let schema = Schema::new("test", pool().to_string());
        for values in [Values::Literal, Values::Symbolic] {
            if schema.findings(&value, values).expect("good").is_empty() {
                let mut kept = value.clone();
                if values == Values::Symbolic {
                    strip_nulls(&mut kept);
                }
                prop_assert_eq!(schema.judged(&kept, values).expect("good"), Vec::new());
            }
        }
    }
}

/// Open lists, on their own and in schemas of which only one holds.
fn open() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "pattern": "^Standard_" },
            "os": { "type": "string", "examples": ["Linux", "nfs"] },
            "vmSize": { "examples": ["x"] },
            "kind": { "anyOf": [{ "type": "string", "examples": ["nfs"] }, { "const": "blob" }] },
            "share": { "anyOf": [{ "type": "object" }, { "properties": { "os": { "examples": ["x"] } } }] },
            "state": { "allOf": [{ "properties": { "os": { "examples": ["x"] } } }] },
            "container": { "anyOf": [{ "type": "array" }, { "items": { "examples": ["x"] } }] },
            "mounts": {
                "items": {
                    "oneOf": [
                        { "required": ["share"],
                          "properties": { "kind": { "const": "nfs" }, "share": { "type": "string" } } },
                        { "required": ["container"],
                          "properties": { "kind": { "const": "blob" }, "share": { "examples": ["x"] },
                                          "container": { "examples": ["x"] } } }
                    ]
                }
            }
        }
    })
}

fn elsewhere(property: &str) -> bool {
    property == "vmSize"
}

fn is_taken(body: &Value) -> bool {
    let schema = Schema::new("test", open().to_string());
    schema.plainly_takes(&body_of(body), &Evaluated::String("Standard_A".to_owned()), elsewhere)
}

#[test]
fn texts_of_open_lists_are_plainly_taken() {
    for body in [
        json!({}),
        json!({ "os": "linux", "vmSize": "new", "kind": "blob", "other": [null, 1, "y"] }),
        json!({ "os": null, "state": { "os": "[x()]" }, "container": [] }),
        json!({ "mounts": [{ "kind": "nfs", "share": "any" }, { "kind": "blob", "container": "x" }] }),
    ] {
        assert!(is_taken(&body), "{body}");
    }
    for body in [
        json!({ "os": "BSD" }),
        json!({ "OS": "Linux" }),
        json!({ "os": "[[Linux]" }),
        json!({ "state": { "os": "y" } }),
        json!({ "share": { "os": "y" } }),
        json!({ "container": ["y"] }),
        json!({ "mounts": [{ "kind": "blob", "container": "y" }] }),
    ] {
        assert!(!is_taken(&body), "{body}");
    }
}

proptest! {
    /// What is plainly taken is right, and names nothing that an open list lacks.
    #[test]
    fn what_is_plainly_taken_is_right_and_listed(value in any_pool()) {
        let body = body_of(&value);
        if is_taken(&value) {
            let schema = Schema::new("test", open().to_string());
            let mut whole = Evaluated::Object(body).to_template();
            whole["name"] = json!("Standard_A");
            prop_assert_eq!(schema.unlisted(&whole, Values::Symbolic, elsewhere), Vec::new());
            strip_nulls(&mut whole);
            prop_assert_eq!(schema.judged(&whole, Values::Symbolic).expect("good"), Vec::new());
        }
    }
}

fn strip_nulls(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(strip_nulls),
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(strip_nulls);
        }
        _ => {}
    }
}
