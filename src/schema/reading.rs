use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use regex_lite::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::schema::Values;
use super::{is_symbolic, keyword};

/// How deep a value and its schema are read before the engine is asked instead.
const DEEPEST: usize = 64;
/// The largest program that a pattern may make.
const PATTERN_BYTES: usize = 256 * 1024;

/// Reads a value against a schema word by word, without building the engine for it.
///
/// Building costs milliseconds, and nearly every value is right. So the answer is one-sided: `fits` is
/// true only for what the engine accepts too; in any doubt it is false, and the engine is asked.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Compiled patterns; nothing for one that is left to the engine.
    patterns: Mutex<BTreeMap<String, Option<Pattern>>>,
}

#[derive(Clone, Copy)]
struct Place<'a> {
    root: &'a Value,
    values: Values,
    depth: usize,
}

impl Reading {
    /// Whether the value plainly meets the schema.
    pub(super) fn fits(&self, root: &Value, schema: &Value, value: &Value, values: Values) -> bool {
        self.meets(Place { root, values, depth: 0 }, schema, value)
    }

    fn meets(&self, place: Place<'_>, schema: &Value, value: &Value) -> bool {
        let place = Place { depth: place.depth + 1, ..place };
        if place.depth > DEEPEST {
            return false;
        }
        let schema = match schema {
            Value::Bool(anything) => return *anything,
            Value::Object(schema) => schema,
            _ => return false,
        };
        if place.values == Values::Symbolic && value.as_str().is_some_and(is_symbolic) {
            return !may_be_read_only(place.root, schema, 0);
        }
        schema.iter().all(|(word, rule)| self.rule_holds(place, schema, word, rule, value))
    }

    fn rule_holds(
        &self,
        place: Place<'_>,
        schema: &Map<String, Value>,
        word: &str,
        rule: &Value,
        value: &Value,
    ) -> bool {
        match word {
            "$schema" | "$defs" | "$comment" | "title" | "description" | "default" | "examples"
            | "writeOnly" | "deprecated" | "format" => true,
            "$ref" => {
                target(place.root, rule).is_some_and(|target| self.meets(place, target, value))
            }
            "type" => match rule {
                Value::Array(kinds) => kinds.iter().any(|kind| has_type(value, kind)),
                kind => has_type(value, kind),
            },
            "enum" => rule.as_array().is_some_and(|options| options.contains(value)),
            "const" => rule == value,
            keyword::READ_ONLY => rule == &Value::Bool(false),
            "properties"
            | "additionalProperties"
            | "propertyNames"
            | "required"
            | "minProperties"
            | "maxProperties" => match value {
                Value::Object(map) => self.object_rule(place, schema, word, rule, map),
                _ => true,
            },
            "items" => match value {
                Value::Array(items) => items.iter().all(|item| self.meets(place, rule, item)),
                _ => true,
            },
            "allOf" => all(rule)
                .is_some_and(|rules| rules.iter().all(|rule| self.meets(place, rule, value))),
            "anyOf" => all(rule)
                .is_some_and(|rules| rules.iter().any(|rule| self.meets(place, rule, value))),
            "oneOf" => self.exactly_one(place, rule, value),
            // What meets both sides meets the right one, whichever that is.
            "if" => true,
            "then" | "else" => self.meets(place, rule, value),
            "pattern" => match (rule, value) {
                (Value::String(pattern), Value::String(text)) => self.matches(pattern, text),
                (Value::String(_), _) => true,
                _ => false,
            },
            bound => within(bound, rule, value),
        }
    }

    fn object_rule(
        &self,
        place: Place<'_>,
        schema: &Map<String, Value>,
        word: &str,
        rule: &Value,
        map: &Map<String, Value>,
    ) -> bool {
        let count = map.len() as u64;
        match (word, rule) {
            ("properties", Value::Object(properties)) => properties.iter().all(|(name, rule)| {
                map.get(name).is_none_or(|value| self.meets(place, rule, value))
            }),
            ("additionalProperties", rule) => {
                let known = schema.get("properties").and_then(Value::as_object);
                let other = |name: &str| known.is_none_or(|known| !known.contains_key(name));
                map.iter().filter(|(name, _)| other(name)).all(|(name, value)| {
                    let symbolic = place.values == Values::Symbolic && is_symbolic(name);
                    symbolic && rule == &Value::Bool(false) || self.meets(place, rule, value)
                })
            }
            ("propertyNames", rule) => {
                map.keys().all(|name| self.meets(place, rule, &Value::from(name.as_str())))
            }
            ("required", Value::Array(names)) => {
                names.iter().all(|name| name.as_str().is_some_and(|name| map.contains_key(name)))
            }
            ("minProperties", rule) => rule.as_u64().is_some_and(|least| count >= least),
            ("maxProperties", rule) => rule.as_u64().is_some_and(|most| count <= most),
            _ => false,
        }
    }

    /// One branch holds, and every other one plainly does not.
    fn exactly_one(&self, place: Place<'_>, rule: &Value, value: &Value) -> bool {
        let Some(branches) = all(rule) else { return false };
        let holds = |branch: &&Value| self.meets(place, branch, value);
        let Some(chosen) = branches.iter().position(|branch| holds(&branch)) else { return false };
        let mut others = branches.iter().enumerate().filter(|(index, _)| *index != chosen);
        others.all(|(_, branch)| plainly_fails(place.root, branch, value))
    }

    /// Only texts of ASCII: outside of it, the dialects of patterns differ.
    fn matches(&self, pattern: &str, text: &str) -> bool {
        if !text.is_ascii() {
            return false;
        }
        let mut patterns = self.patterns.lock().unwrap_or_else(PoisonError::into_inner);
        if !patterns.contains_key(pattern) {
            patterns.insert(pattern.to_owned(), Pattern::new(pattern));
        }
        patterns
            .get(pattern)
            .is_some_and(|known| known.as_ref().is_some_and(|pattern| pattern.matches(text)))
    }
}

/// A pattern of a schema, for texts of ASCII. Its engine is built in microseconds and matches short texts
/// well enough; names are all it ever sees.
#[derive(Debug)]
struct Pattern {
    regex: Regex,
    /// Characters that may not stand at the end: Azure's types say so with a look-behind.
    never_last: String,
}

impl Pattern {
    /// Nothing for what is left to the engine.
    fn new(pattern: &str) -> Option<Self> {
        let mut never_last = String::new();
        let mut plain = pattern.to_owned();
        if let Some((before, set)) = pattern.rsplit_once("(?<![")
            && let Some(set) = set.strip_suffix("])$")
        {
            // A set of plain characters only: a range or a class would mean something else.
            let meant = |c: char| c.is_ascii_alphanumeric() || matches!(c, '\\' | '^' | '[');
            if set.chars().any(meant) || set.get(1..).is_some_and(|rest| rest.contains('-')) {
                return None;
            }
            set.clone_into(&mut never_last);
            plain = format!("{before}$");
        }
        let regex = RegexBuilder::new(&plain).size_limit(PATTERN_BYTES).build().ok()?;
        Some(Self { regex, never_last })
    }

    fn matches(&self, text: &str) -> bool {
        let ends_well = !text.ends_with(|last| self.never_last.contains(last));
        ends_well && self.regex.is_match(text)
    }
}

fn all(rule: &Value) -> Option<&[Value]> {
    rule.as_array().map(Vec::as_slice)
}

fn target<'v>(root: &'v Value, reference: &Value) -> Option<&'v Value> {
    root.pointer(reference.as_str()?.strip_prefix('#')?)
}

/// An expression meets any rule but this one, wherever it stands.
fn may_be_read_only(root: &Value, schema: &Map<String, Value>, depth: usize) -> bool {
    if depth > DEEPEST || schema.contains_key(keyword::READ_ONLY) {
        return true;
    }
    if ["allOf", "anyOf", "oneOf", "not", "if"].iter().any(|word| schema.contains_key(*word)) {
        let branches =
            ["allOf", "anyOf", "oneOf"].iter().filter_map(|word| schema.get(*word)?.as_array());
        return schema.contains_key("not")
            || schema.contains_key("if")
            || branches.flatten().any(|branch| match branch {
                Value::Object(branch) => may_be_read_only(root, branch, depth + 1),
                _ => true,
            });
    }
    match schema.get("$ref") {
        Some(reference) => match target(root, reference) {
            Some(Value::Object(schema)) => may_be_read_only(root, schema, depth + 1),
            _ => true,
        },
        None => false,
    }
}

fn has_type(value: &Value, kind: &Value) -> bool {
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

/// A branch that names another value for a property, or needs one that is not there.
fn plainly_fails(root: &Value, branch: &Value, value: &Value) -> bool {
    let branch = branch.get("$ref").map_or(Some(branch), |reference| target(root, reference));
    let Some(Value::Object(branch)) = branch else { return false };
    if branch.get("type").is_some_and(|kind| kind.is_string() && !has_type(value, kind)) {
        return true;
    }
    let Value::Object(map) = value else { return false };
    let required = branch.get("required").and_then(Value::as_array).into_iter().flatten();
    if required.filter_map(Value::as_str).any(|name| !map.contains_key(name)) {
        return true;
    }
    let properties = branch.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties
        .filter_map(|(name, rule)| Some((rule.get("const")?, map.get(name)?)))
        .any(|(constant, value)| constant != value && constant.is_string() && value.is_string())
}

/// Bounds of texts, numbers and arrays. A word that is not known here leaves the answer to the engine.
fn within(bound: &str, rule: &Value, value: &Value) -> bool {
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
