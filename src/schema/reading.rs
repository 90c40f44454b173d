use serde_json::{Map, Value};

use super::keyword;
use super::node::SchemaNode;
use super::schema::Values;
use crate::arm::expression::is_expression;

/// How deep a value and its schema are read before the engine is asked instead.
const DEEPEST: usize = 64;

/// How many items of an array are compared with each other.
const MOST_COMPARED: usize = 64;

/// Whether a value plainly meets a schema or a part of it: read word by word, without building the engine.
///
/// Building costs milliseconds, and nearly every value is right. So the answer is one-sided: true only for
/// what the engine accepts too; in any doubt it is false, and the engine is asked.
pub(super) fn fits(
    root: SchemaNode<'_>,
    schema: SchemaNode<'_>,
    value: &Value,
    values: Values,
) -> bool {
    Reading { root, values, depth: 0 }.meets(schema, value)
}

#[derive(Clone, Copy)]
struct Reading<'a> {
    root: SchemaNode<'a>,
    values: Values,
    depth: usize,
}

impl Reading<'_> {
    fn meets(self, schema: SchemaNode<'_>, value: &Value) -> bool {
        let below = Self { depth: self.depth + 1, ..self };
        if below.depth > DEEPEST {
            return false;
        }
        let Some(mut rules) = schema.entries() else {
            return schema.is(&Value::Bool(true));
        };
        if self.values == Values::Symbolic && value.as_str().is_some_and(is_expression) {
            return !may_be_read_only(self.root, schema, 0);
        }
        rules.all(|(word, rule)| below.rule_holds(schema, word, rule, value))
    }

    fn rule_holds(
        self,
        schema: SchemaNode<'_>,
        word: &str,
        rule: SchemaNode<'_>,
        value: &Value,
    ) -> bool {
        match word {
            "$schema" | "$defs" | "writeOnly" | "deprecated" | "format" | "examples" => true,
            "$ref" => target(self.root, rule).is_some_and(|target| self.meets(target, value)),
            "type" => match rule.elements() {
                Some(mut kinds) => kinds.any(|kind| has_type(value, kind)),
                None => has_type(value, rule),
            },
            "enum" => rule.elements().is_some_and(|mut options| options.any(|one| one.is(value))),
            "const" => rule.is(value),
            keyword::READ_ONLY => rule.is(&Value::Bool(false)),
            "properties"
            | "additionalProperties"
            | "propertyNames"
            | "required"
            | "minProperties"
            | "maxProperties" => match value {
                Value::Object(map) => self.object_rule(schema, word, rule, map),
                _ => true,
            },
            "items" => match value {
                Value::Array(items) => items.iter().all(|item| self.meets(rule, item)),
                _ => true,
            },
            "uniqueItems" => rule.is(&Value::Bool(false)) || plainly_unique(value),
            "allOf" => {
                rule.elements().is_some_and(|mut all| all.all(|rule| self.meets(rule, value)))
            }
            "anyOf" => {
                rule.elements().is_some_and(|mut any| any.any(|rule| self.meets(rule, value)))
            }
            "oneOf" => self.exactly_one(rule, value),
            // What meets both sides meets the right one, whichever that is.
            "if" => true,
            "then" | "else" => self.meets(rule, value),
            "pattern" => match (rule.as_pattern(), value) {
                (Some(pattern), Value::String(text)) => pattern.matches(text),
                (pattern, _) => pattern.is_some(),
            },
            bound => within(bound, rule, value),
        }
    }

    fn object_rule(
        self,
        schema: SchemaNode<'_>,
        word: &str,
        rule: SchemaNode<'_>,
        map: &Map<String, Value>,
    ) -> bool {
        let count = map.len() as u64;
        let number = || rule.as_number().and_then(|number| number.as_u64());
        match word {
            "properties" => {
                let fits = |(name, value): (&String, &Value)| {
                    rule.get(name).is_none_or(|rule| self.meets(rule, value))
                };
                rule.entries().is_some() && map.iter().all(fits)
            }
            "additionalProperties" => {
                let known = schema.get("properties");
                let other = |name: &str| known.is_none_or(|known| known.get(name).is_none());
                map.iter().filter(|(name, _)| other(name)).all(|(name, value)| {
                    let symbolic = self.values == Values::Symbolic && is_expression(name);
                    symbolic && rule.is(&Value::Bool(false)) || self.meets(rule, value)
                })
            }
            "propertyNames" => map.keys().all(|name| self.meets(rule, &Value::from(name.as_str()))),
            "required" => rule.elements().is_some_and(|mut names| {
                names.all(|name| name.as_str().is_some_and(|name| map.contains_key(name)))
            }),
            "minProperties" => number().is_some_and(|least| count >= least),
            "maxProperties" => number().is_some_and(|most| count <= most),
            _ => false,
        }
    }

    /// One branch holds, and every other one plainly does not.
    fn exactly_one(self, rule: SchemaNode<'_>, value: &Value) -> bool {
        let Some(branches) = rule.elements() else { return false };
        let holds = |branch| self.meets(branch, value);
        let Some(chosen) = branches.clone().position(holds) else { return false };
        let mut others = branches.enumerate().filter(|(index, _)| *index != chosen);
        others.all(|(_, branch)| plainly_fails(self.root, branch, value))
    }
}

fn target<'a>(root: SchemaNode<'a>, reference: SchemaNode<'_>) -> Option<SchemaNode<'a>> {
    root.pointer(reference.as_str()?.strip_prefix('#')?)
}

/// An expression meets any rule but this one, wherever it stands.
fn may_be_read_only(root: SchemaNode<'_>, schema: SchemaNode<'_>, depth: usize) -> bool {
    if depth > DEEPEST || schema.get(keyword::READ_ONLY).is_some() {
        return true;
    }
    if schema.get("not").is_some() || schema.get("if").is_some() {
        return true;
    }
    let unions = ["allOf", "anyOf", "oneOf"].map(|word| schema.get(word));
    if unions.iter().any(Option::is_some) {
        let branches = unions.into_iter().flatten().filter_map(SchemaNode::elements);
        return branches.flatten().any(|branch| below(root, branch, depth));
    }
    schema.get("$ref").is_some_and(|reference| {
        target(root, reference).is_none_or(|schema| below(root, schema, depth))
    })
}

/// A schema that is no object says nothing of reading.
fn below(root: SchemaNode<'_>, schema: SchemaNode<'_>, depth: usize) -> bool {
    schema.entries().is_none() || may_be_read_only(root, schema, depth + 1)
}

fn has_type(value: &Value, kind: SchemaNode<'_>) -> bool {
    match (kind.as_str(), value) {
        (Some("null"), Value::Null)
        | (Some("boolean"), Value::Bool(_))
        | (Some("string"), Value::String(_))
        | (Some("array"), Value::Array(_))
        | (Some("object"), Value::Object(_))
        | (Some("number"), Value::Number(_)) => true,
        (Some("integer"), Value::Number(number)) => number.is_i64() || number.is_u64(),
        _ => false,
    }
}

/// Whether a value is no array, or a short one of texts that all differ.
fn plainly_unique(value: &Value) -> bool {
    let Value::Array(items) = value else { return true };
    items.len() <= MOST_COMPARED
        && items
            .iter()
            .enumerate()
            .all(|(at, item)| item.is_string() && !items[..at].contains(item))
}

/// A branch that is another text, names another value for a property, or needs one that is not there.
fn plainly_fails(root: SchemaNode<'_>, branch: SchemaNode<'_>, value: &Value) -> bool {
    let branch = branch.get("$ref").map_or(Some(branch), |reference| target(root, reference));
    let Some(branch) = branch else { return false };
    if branch.get("type").is_some_and(|kind| kind.as_str().is_some() && !has_type(value, kind)) {
        return true;
    }
    let constant = branch.get("const").and_then(SchemaNode::as_str);
    if constant.zip(value.as_str()).is_some_and(|(one, other)| one != other) {
        return true;
    }
    let Value::Object(map) = value else { return false };
    let mut required = branch.get("required").and_then(SchemaNode::elements).into_iter().flatten();
    if required.any(|name| name.as_str().is_some_and(|name| !map.contains_key(name))) {
        return true;
    }
    let mut properties =
        branch.get("properties").and_then(SchemaNode::entries).into_iter().flatten();
    properties.any(|(name, rule)| {
        let constant = rule.get("const").and_then(SchemaNode::as_str);
        constant.zip(map.get(name).and_then(Value::as_str)).is_some_and(|(one, other)| one != other)
    })
}

/// Bounds of texts, numbers and arrays. A word that is not known here leaves the answer to the engine.
fn within(bound: &str, rule: SchemaNode<'_>, value: &Value) -> bool {
    let Some(rule) = rule.as_number() else { return false };
    let size = match (bound, value) {
        ("minLength" | "maxLength", Value::String(text)) => Some(text.chars().count() as u64),
        ("minItems" | "maxItems", Value::Array(items)) => Some(items.len() as u64),
        ("minLength" | "maxLength" | "minItems" | "maxItems", _) => return true,
        _ => None,
    };
    match (bound, size, rule.as_u64()) {
        ("minLength" | "minItems", Some(size), Some(least)) => return size >= least,
        ("maxLength" | "maxItems", Some(size), Some(most)) => return size <= most,
        _ => {}
    }
    match (bound, value.as_i64(), rule.as_i64()) {
        ("minimum", Some(number), Some(least)) => number >= least,
        ("maximum", Some(number), Some(most)) => number <= most,
        ("minimum" | "maximum", None, _) => !value.is_number(),
        _ => false,
    }
}
