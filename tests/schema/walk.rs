//! Walks every property of every committed schema and shows that a wrong value at that place is found
//! with the right path, the right sort and words that help.

use std::collections::BTreeSet;

use prebake::schema::{Document, Finding, FindingKind, ResourceSchemas, Schema, Values};
use serde_json::{Map, Value, json};

/// A place in a schema: the way to it from the root.
#[derive(Clone)]
enum Step {
    /// A property, with the object's schema around it.
    Key(String),
    /// The first item of an array.
    Item,
}

struct Walk<'s> {
    schema: &'s Schema,
    root: Value,
    /// Definitions already walked, so that recursion ends; each is walked once for every first use.
    seen: BTreeSet<String>,
    properties: usize,
    checks: usize,
}

fn resolve<'v>(root: &'v Value, mut schema: &'v Value) -> &'v Value {
    while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        schema = root.pointer(&reference[1..]).expect("a reference leads somewhere");
    }
    schema
}

fn pointer(path: &[Step]) -> String {
    path.iter()
        .map(|step| match step {
            Step::Key(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Step::Item => "/0".to_owned(),
        })
        .collect()
}

/// A document with nothing but the way to one value; discriminators on the way say which branch it is.
fn document(path: &[(Step, Map<String, Value>)], value: Value) -> Value {
    path.iter().rev().fold(value, |inner, (step, beside)| match step {
        Step::Key(key) => {
            let mut object = beside.clone();
            object.insert(key.clone(), inner);
            Value::Object(object)
        }
        Step::Item => json!([inner]),
    })
}

impl Walk<'_> {
    fn findings(&self, value: &Value) -> Vec<Finding> {
        let findings = self.schema.findings(value, Values::Literal).expect("the schema compiles");
        // What is read without the engine must not hide anything from it.
        let judged = self.schema.judged(value, Values::Literal).expect("the schema compiles");
        assert_eq!(findings, judged, "{}: {value}", self.schema.name());
        findings
    }

    /// The wrong value must be found at this place, as one of these sorts.
    fn expect(
        &mut self,
        path: &[(Step, Map<String, Value>)],
        wrong: &Value,
        sorts: &[FindingKind],
    ) {
        self.checks += 1;
        let steps: Vec<Step> = path.iter().map(|(step, _)| step.clone()).collect();
        let place = pointer(&steps);
        let value = document(path, wrong.clone());
        let findings = self.findings(&value);
        let found = findings
            .iter()
            .find(|finding| finding.pointer == place && sorts.contains(&finding.kind));
        let name = self.schema.name();
        assert!(found.is_some(), "{name}: {wrong} at {place} is no {sorts:?}: {findings:#?}");
        let found = found.expect("it was just seen");
        for text in [&found.title, &found.label, &found.help] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{found:?}");
        }
    }

    fn walk(&mut self, schema: &Value, path: &[(Step, Map<String, Value>)]) {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str)
            && !self.seen.insert(reference.to_owned())
        {
            return;
        }
        let root = self.root.clone();
        let schema = resolve(&root, schema);
        self.leaf(schema, path);
        if let Some(items) = schema.get("items") {
            let mut inner = path.to_vec();
            inner.push((Step::Item, Map::new()));
            self.walk(items, &inner);
        }
        self.object(&root, schema, path, &Map::new());
        for branch in schema.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
            let branch = resolve(&root, branch);
            let beside = discriminator(&root, branch);
            self.object(&root, branch, path, &beside);
        }
    }

    fn object(
        &mut self,
        root: &Value,
        schema: &Value,
        path: &[(Step, Map<String, Value>)],
        beside: &Map<String, Value>,
    ) {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
        let step = |key: &str| {
            let mut inner = path.to_vec();
            let mut beside = beside.clone();
            beside.remove(key);
            inner.push((Step::Key(key.to_owned()), beside));
            inner
        };
        if schema.get("additionalProperties") == Some(&json!(false)) {
            self.expect(&step("zzzUnknown"), &json!(1), &[FindingKind::UnknownProperty]);
        }
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            let name = name.as_str().expect("a name");
            self.missing(path, beside, name);
        }
        for (name, property) in properties {
            self.properties += 1;
            let inner = step(name);
            if resolve(root, property).get("readOnly") == Some(&json!(true)) {
                self.expect(&inner, &json!("x"), &[FindingKind::ReadOnly]);
                continue;
            }
            self.walk(property, &inner);
        }
    }

    fn missing(
        &mut self,
        path: &[(Step, Map<String, Value>)],
        beside: &Map<String, Value>,
        name: &str,
    ) {
        if beside.contains_key(name) {
            return;
        }
        self.checks += 1;
        let steps: Vec<Step> = path.iter().map(|(step, _)| step.clone()).collect();
        let place = pointer(&steps);
        let value = document(path, Value::Object(beside.clone()));
        let wanted = format!("missing property `{name}`");
        let findings = self.findings(&value);
        assert!(
            findings.iter().any(|finding| finding.pointer == place && finding.title == wanted),
            "{}: {wanted} at {place}: {findings:#?}",
            self.schema.name()
        );
    }

    /// Wrong values for what the keywords of this place say.
    fn leaf(&mut self, schema: &Value, path: &[(Step, Map<String, Value>)]) {
        if path.is_empty() {
            return;
        }
        if let Some(kind) = schema.get("type") {
            let kinds: Vec<&str> = match kind {
                Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
                kind => kind.as_str().into_iter().collect(),
            };
            let wrong = [
                ("object", json!({})),
                ("integer", json!(7)),
                ("string", json!("x")),
                ("boolean", json!(true)),
                ("array", json!([])),
            ];
            let wrong = wrong.into_iter().find(|(kind, _)| {
                !kinds.contains(kind) && (!kinds.contains(&"number") || *kind != "integer")
            });
            let (_, wrong) = wrong.expect("no schema takes everything");
            self.expect(path, &wrong, &[FindingKind::WrongType]);
        }
        if schema.get("oneOf").is_some() {
            self.expect(path, &json!(7), &[FindingKind::WrongType]);
        }
        if schema.get("enum").is_some() || schema.get("const").is_some() {
            self.expect(path, &json!("zzz-unknown"), &[FindingKind::UnknownValue]);
        }
        if schema.get("pattern").is_some() {
            // No one text breaks every form.
            let breaks = |text: &&str| {
                let steps: Vec<Step> = path.iter().map(|(step, _)| step.clone()).collect();
                let findings = self.findings(&document(path, json!(text)));
                findings.iter().any(|found| {
                    found.pointer == pointer(&steps) && found.kind == FindingKind::WrongForm
                })
            };
            let wrong = ["\u{1}", "a b\n", "-", ""].into_iter().find(breaks).unwrap_or("\u{1}");
            self.expect(path, &json!(wrong), &[FindingKind::WrongForm]);
        }
        self.bounds(schema, path);
    }

    /// Wrong lengths and numbers.
    fn bounds(&mut self, schema: &Value, path: &[(Step, Map<String, Value>)]) {
        let length = |key: &str| schema.get(key).and_then(Value::as_u64);
        let string = schema.get("type") == Some(&json!("string"));
        if let Some(most) = length("maxLength").filter(|_| string) {
            let long = "a".repeat(usize::try_from(most).expect("small") + 1);
            self.expect(path, &json!(long), &[FindingKind::WrongLength]);
        }
        if length("minLength").is_some_and(|least| least > 0) && string {
            self.expect(path, &json!(""), &[FindingKind::WrongLength]);
        }
        if let Some(most) = length("maxItems") {
            let many = vec![json!(0); usize::try_from(most).expect("small") + 1];
            self.expect(path, &json!(many), &[FindingKind::WrongLength]);
        }
        if length("minItems").is_some_and(|least| least > 0) {
            self.expect(path, &json!([]), &[FindingKind::WrongLength]);
        }
        if let Some(least) = schema.get("minimum").and_then(Value::as_i64) {
            self.expect(path, &json!(least - 1), &[FindingKind::OutOfRange]);
        }
        if let Some(most) = schema.get("maximum").and_then(Value::as_i64) {
            self.expect(path, &json!(most + 1), &[FindingKind::OutOfRange]);
        }
    }
}

/// The values that say that an object is of this branch.
fn discriminator(root: &Value, branch: &Value) -> Map<String, Value> {
    let mut beside = Map::new();
    for (name, property) in
        branch.get("properties").and_then(Value::as_object).into_iter().flatten()
    {
        if let Some(constant) = resolve(root, property).get("const") {
            beside.insert(name.clone(), constant.clone());
        }
    }
    beside
}

fn walk(schema: &Schema) -> (usize, usize) {
    schema.check().expect("the schema compiles");
    let root = schema.document().expect("JSON").clone();
    let mut walk =
        Walk { schema, root: root.clone(), seen: BTreeSet::new(), properties: 0, checks: 0 };
    walk.walk(&root, &[]);
    (walk.properties, walk.checks)
}

#[test]
fn a_wrong_value_at_any_property_of_a_resource_is_found() {
    let (mut properties, mut checks) = (0, 0);
    for schema in ResourceSchemas::all_embedded() {
        let (walked, checked) = walk(schema);
        assert!(walked > 0, "{} has properties", schema.name());
        properties += walked;
        checks += checked;
    }
    assert!(properties > 1_000 && checks > 2_000, "{properties} properties, {checks} wrong values");
}

#[test]
fn a_wrong_value_at_any_property_of_a_file_is_found() {
    for document in [
        Document::ArmTemplate,
        Document::ArmParameters,
        Document::CloudConfig,
        Document::AcrTask,
        Document::BatchPool,
        Document::Manifest,
    ] {
        let (properties, checks) = walk(document.schema());
        assert!(
            properties >= 5 && checks >= properties / 2,
            "{document:?}: {properties}, {checks}"
        );
    }
}

/// The list of embedded schemas is written by hand; a schema that is only committed would check nothing.
#[test]
fn every_committed_schema_is_embedded() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/azure");
    let mut committed = BTreeSet::new();
    let mut open = vec![folder.clone()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).expect("the folder of schemas").flatten() {
            if entry.path().is_dir() {
                open.push(entry.path());
                continue;
            }
            let path = entry.path();
            let name = path.strip_prefix(&folder).expect("below").with_extension("");
            committed.insert(name.to_string_lossy().replace('\\', "/"));
        }
    }
    let embedded: BTreeSet<_> =
        ResourceSchemas::all_embedded().map(|schema| schema.name().to_owned()).collect();
    assert_eq!(embedded, committed);
}
