//! Patches that say what is rendered anyway change no byte.

use prebake::bicep::format::{FormatOptions, format};
use prebake::bicep::parser;
use prebake::bicep::syntax::{
    Arena, ArrayItemSyntax, ExpressionSyntax, FileKind, ObjectSyntax, StatementSyntax,
};
use prebake::catalog::Stage;
use prebake::diagnostic::{Diagnostics, FileId};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{examples, files, render, tools};

/// Decides for each value whether a patch says it, from the bits of a number.
struct Choice {
    bits: u64,
    at: u32,
}

impl Choice {
    fn next(&mut self) -> bool {
        self.at += 1;
        self.bits.rotate_left(self.at.wrapping_mul(7)) & 3 != 0
    }
}

/// The patch that says of each resource of a stage what is rendered.
fn patch_of(text: &str, choice: &mut Choice) -> Value {
    let arena = Arena::new();
    let mut problems = Diagnostics::new();
    let program = parser::parse(&arena, text, FileKind::Bicep, FileId(0), &mut problems);
    assert!(problems.is_empty());
    let mut patch = Map::new();
    for statement in program.statements {
        let (name, body) = match statement {
            StatementSyntax::Resource(node) if node.existing.is_none() => (node.name, node.body()),
            StatementSyntax::Module(node) => (node.name, node.body()),
            _ => continue,
        };
        if let (Some(object), None) = (body.object, body.r#for) {
            patch.insert(name.name.to_owned(), of_object(object, text, choice));
        }
    }
    Value::Object(patch)
}

fn of_object(object: &ObjectSyntax<'_>, text: &str, choice: &mut Choice) -> Value {
    let mut map = Map::new();
    for property in object.properties() {
        // A key that is an expression cannot be said.
        if let Some(name) = property.name().filter(|_| choice.next()) {
            map.insert(name.to_owned(), of_value(property.value, text, choice));
        }
    }
    Value::Object(map)
}

fn of_value(value: ExpressionSyntax<'_>, text: &str, choice: &mut Choice) -> Value {
    match value {
        ExpressionSyntax::Object(node) => of_object(node, text, choice),
        ExpressionSyntax::String(node) if node.literal().is_some() => json!(node.literal()),
        ExpressionSyntax::Integer(node) => json!(node.value),
        ExpressionSyntax::Boolean(node) => json!(node.value),
        ExpressionSyntax::Array(node) => {
            let items = node.items.iter().map(|item| match item {
                ArrayItemSyntax::Value(item) => whole(*item, text),
                ArrayItemSyntax::Spread(_) => panic!("no template spreads"),
            });
            let items: Vec<Value> = items.collect();
            if choice.next() { json!(items) } else { json!({ "$append": items }) }
        }
        other => json!({ "$bicep": &text[other.span().range()] }),
    }
}

/// A value whose objects are said whole, as an item of a list is.
fn whole(value: ExpressionSyntax<'_>, text: &str) -> Value {
    match value {
        ExpressionSyntax::Object(node) if node.properties().all(|it| it.name().is_some()) => {
            let properties = node.properties().map(|property| {
                let name = property.name().expect("it was looked at");
                (name.to_owned(), whole(property.value, text))
            });
            Value::Object(properties.collect())
        }
        other => of_value(other, text, &mut Choice { bits: u64::MAX, at: 0 }),
    }
}

fn patched(config: &Value, bits: u64) -> Value {
    let rendered = files(config, &tools());
    let mut choice = Choice { bits, at: 0 };
    let mut patch = Map::new();
    for stage in ["registry", "builder", "image", "batch"] {
        if let Some(text) = rendered.get(&format!("{stage}.bicep")) {
            patch.insert(stage.to_owned(), patch_of(text, &mut choice));
        }
    }
    let mut config = config.clone();
    config["patch"] = Value::Object(patch);
    config
}

#[test]
fn a_patch_of_every_value_to_itself_changes_no_byte() {
    let tools = tools();
    for (path, config) in examples() {
        let patched = patched(&config, u64::MAX);
        assert!(patched["patch"].to_string().len() > 500, "{}", path.display());
        assert_eq!(files(&config, &tools), files(&patched, &tools), "{}", path.display());
    }
}

#[test]
fn an_empty_patch_changes_no_byte() {
    let tools = tools();
    for (path, config) in examples() {
        let before = files(&config, &tools);
        let mut patched = config.clone();
        patched["patch"] = json!({});
        assert_eq!(before, files(&patched, &tools), "{}", path.display());
        if before.contains_key("batch.bicep") {
            patched["patch"] = json!({ "registry": {}, "batch": { "account": {} } });
            assert_eq!(before, files(&patched, &tools), "{}", path.display());
        }
        if config["batch"]["account"]["create"] != json!(false) {
            let pointless = json!({ "properties": {}, "identity": {} });
            patched["patch"] = json!({ "batch": { "account": pointless } });
            assert_eq!(before, files(&patched, &tools), "{}", path.display());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_patch_of_any_values_to_themselves_changes_no_byte(bits in any::<u64>(), which in 0_usize..7) {
        let (_, config) = examples().swap_remove(which);
        let tools = tools();
        prop_assert_eq!(files(&config, &tools), files(&patched(&config, bits), &tools));
    }

    /// Whatever a text holds, it reaches the template as it is.
    #[test]
    fn any_text_is_data(text in any::<String>(), key in "[^$].{0,8}") {
        let mut config = json!({
            "name": "any", "location": "swedencentral", "resourceGroup": "any-batch",
            "images": [{ "name": "docker.io/library/python", "tag": "3.12" }],
            "node": { "os": "ubuntu-24.04", "vmSize": "Standard_D4s_v5" },
            "gallery": { "version": "1.0.0" },
            "batch": { "pools": [{ "id": "dev", "nodes": 1 }] },
        });
        config["patch"] = json!({ "batch": { "pool_dev": {
            "properties": { "displayName": text.clone(), "metadata": [{ "name": key.clone(), "value": text.clone() }] },
            "identity": { "type": "UserAssigned", "userAssignedIdentities": { key.clone(): {} } },
        } } });
        let outcome = render(&config, &tools());
        if let Some(render) = outcome.render {
            let batch = render.stages.iter().find(|made| made.stage == Stage::Batch).expect("it is rendered");
            let pool = batch.resources.iter().find(|one| one.kind.ends_with("/pools") && !one.existing).expect("a pool");
            let literal = |text: &str| if text.starts_with('[') && text.ends_with(']') { format!("[{text}") } else { text.to_owned() };
            let properties = &pool.body_json()["properties"];
            prop_assert_eq!(&properties["displayName"], &json!(literal(&text)));
            prop_assert_eq!(&properties["metadata"], &json!([{ "name": literal(&key), "value": literal(&text) }]));
        } else {
            let of_the_compiler = |finding: &&prebake::diagnostic::Diagnostic| finding.code.starts_with("BCP");
            prop_assert!(!outcome.diagnostics.iter().any(|finding| of_the_compiler(&finding)), "{:?}", outcome.diagnostics);
        }
    }
}

#[test]
fn a_patched_stage_is_in_the_formatters_form() {
    let tools = tools();
    for (path, mut config) in examples() {
        config["patch"] = json!({ "batch": { "account": {
            "tags": { "$bicep": "union( tags,{team:'vision'\n  cost: '1' } )" },
            "properties": {
                "publicNetworkAccess": "Disabled",
                "allowedAuthenticationModes": { "$append": ["TaskAuthenticationToken"] },
                "networkProfile": { "accountAccess": { "defaultAction": "Deny", "ipRules": [{ "action": "Allow", "value": "10.0.0.0/8" }] } },
            },
        } } });
        if config["batch"]["account"]["create"] == json!(false) {
            continue;
        }
        let rendered = files(&config, &tools);
        let text = &rendered["batch.bicep"];
        assert!(text.contains("ipRules"));
        assert_eq!(
            *text,
            format(text, FileKind::Bicep, &FormatOptions::default()),
            "{}",
            path.display()
        );
    }
}
