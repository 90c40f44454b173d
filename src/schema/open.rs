//! Values of open lists: the service takes any text, and names the ones that it knows.

use serde_json::Value;

use super::finding::{Finding, FindingKind};
use super::node::SchemaNode;
use super::schema::Values;
use crate::arm::expression::is_expression;
use crate::diagnostic::{nearest, pointer};

/// How deep a value and its schema are read.
const DEEPEST: usize = 64;
/// How many known values a finding names.
const MAX_SHOWN: usize = 8;

/// Every text that is none of the known values of its open list, letter case aside as Azure has it.
pub(super) fn unlisted(
    root: SchemaNode<'_>,
    value: &Value,
    values: Values,
    elsewhere: fn(&str) -> bool,
) -> Vec<Finding> {
    let mut walk = Walk { values, elsewhere, findings: Vec::new() };
    walk.visit(&[root], value, &mut String::new(), 0);
    walk.findings
}

struct Walk {
    values: Values,
    elsewhere: fn(&str) -> bool,
    findings: Vec<Finding>,
}

impl Walk {
    /// Visits a value with all the schemas that may hold there.
    fn visit(
        &mut self,
        schemas: &[SchemaNode<'_>],
        value: &Value,
        pointer: &mut String,
        depth: usize,
    ) {
        if depth > DEEPEST || schemas.is_empty() {
            return;
        }
        let mut flat = Vec::new();
        for schema in schemas {
            flatten(*schema, &mut flat, 0);
        }
        match value {
            Value::String(text) => self.text(&flat, text, pointer),
            Value::Array(items) => {
                let below: Vec<_> = flat.iter().filter_map(|schema| schema.get("items")).collect();
                for (at, item) in items.iter().enumerate() {
                    self.below(&below, item, &at.to_string(), pointer, depth);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    let below: Vec<_> =
                        flat.iter().filter_map(|schema| property(*schema, name)).collect();
                    let step = pointer::escape(name);
                    self.below(&below, member, &step, pointer, depth);
                }
            }
            _ => {}
        }
    }

    fn below(
        &mut self,
        schemas: &[SchemaNode<'_>],
        value: &Value,
        step: &str,
        pointer: &mut String,
        depth: usize,
    ) {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(step);
        self.visit(schemas, value, pointer, depth + 1);
        pointer.truncate(length);
    }

    fn text(&mut self, schemas: &[SchemaNode<'_>], text: &str, pointer: &str) {
        if self.values == Values::Symbolic && is_expression(text) {
            return;
        }
        let mut known: Vec<&str> = Vec::new();
        for schema in schemas {
            let listed = ["examples", "enum"].into_iter().find_map(|word| schema.get(word));
            let listed = listed.and_then(SchemaNode::elements);
            let constant = schema.get("const").and_then(SchemaNode::as_str);
            match (listed, constant) {
                (Some(values), _) => known.extend(values.filter_map(SchemaNode::as_str)),
                (None, Some(constant)) => known.push(constant),
                // One of the schemas takes any text and names none.
                (None, None) => return,
            }
        }
        let open = schemas.iter().any(|schema| schema.get("examples").is_some());
        let is_listed = || known.iter().any(|value| value.eq_ignore_ascii_case(text));
        let property = pointer.rsplit('/').next().unwrap_or_default();
        if open && !is_listed() && !(self.elsewhere)(property) {
            known.dedup();
            self.findings.push(finding(text, &known, pointer));
        }
    }
}

/// A schema with what it refers to and the branches of its unions.
fn flatten<'a>(schema: SchemaNode<'a>, flat: &mut Vec<SchemaNode<'a>>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    if let Some(target) = schema.get("$ref").and_then(SchemaNode::target) {
        flatten(target, flat, depth + 1);
    }
    let unions = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|word| schema.get(word));
    let mut branches = unions.filter_map(SchemaNode::elements).flatten().peekable();
    let is_union = branches.peek().is_some() || schema.get("$ref").is_some();
    for branch in branches {
        flatten(branch, flat, depth + 1);
    }
    if !is_union || schema.get("properties").is_some() {
        flat.push(schema);
    }
}

/// The schema of a property, by its name or by its name in another case, as ARM takes it.
fn property<'a>(schema: SchemaNode<'a>, name: &str) -> Option<SchemaNode<'a>> {
    let known = schema.get("properties")?;
    known.get(name).or_else(|| {
        let mut all = known.entries()?;
        all.find(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes())).map(|(_, schema)| schema)
    })
}

fn finding(text: &str, known: &[&str], pointer: &str) -> Finding {
    let suggestion = nearest(text, known.iter().copied()).map(str::to_owned);
    let mut shown: Vec<String> =
        known.iter().take(MAX_SHOWN).map(|value| format!("`{value}`")).collect();
    if known.len() > MAX_SHOWN {
        shown.push(format!("{} more", known.len() - MAX_SHOWN));
    }
    let help = match &suggestion {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            "check the spelling; Azure may accept values that this release does not know".to_owned()
        }
    };
    Finding {
        pointer: pointer.to_owned(),
        on_key: false,
        kind: FindingKind::UnlistedValue,
        title: format!("unknown value `{text}`"),
        label: format!("the known values are {}", shown.join(", ")),
        help,
        suggestion,
        missing: None,
        pattern: None,
    }
}
