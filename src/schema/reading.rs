use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use regex_lite::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::outline::Outline;
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
    root: &'a Outline,
    values: Values,
    depth: usize,
}

impl Reading {
    /// Whether the value plainly meets the schema.
    pub(super) fn fits(
        &self,
        root: &Outline,
        schema: &Outline,
        value: &Value,
        values: Values,
    ) -> bool {
        self.meets(Place { root, values, depth: 0 }, schema, value)
    }

    fn meets(&self, place: Place<'_>, schema: &Outline, value: &Value) -> bool {
        let place = Place { depth: place.depth + 1, ..place };
        if place.depth > DEEPEST {
            return false;
        }
        let Some(rules) = schema.entries() else {
            return schema.is(&Value::Bool(true));
        };
        if place.values == Values::Symbolic && value.as_str().is_some_and(is_symbolic) {
            return !may_be_read_only(place.root, schema, 0);
        }
        rules.iter().all(|(word, rule)| self.rule_holds(place, schema, word, rule, value))
    }

    fn rule_holds(
        &self,
        place: Place<'_>,
        schema: &Outline,
        word: &str,
        rule: &Outline,
        value: &Value,
    ) -> bool {
        match word {
            "$schema" | "$defs" | "$comment" | "title" | "description" | "default" | "examples"
            | "writeOnly" | "deprecated" | "format" => true,
            "$ref" => {
                target(place.root, rule).is_some_and(|target| self.meets(place, target, value))
            }
            "type" => match rule.elements() {
                Some(kinds) => kinds.iter().any(|kind| has_type(value, kind)),
                None => has_type(value, rule),
            },
            "enum" => {
                rule.elements().is_some_and(|options| options.iter().any(|one| one.is(value)))
            }
            "const" => rule.is(value),
            keyword::READ_ONLY => rule.is(&Value::Bool(false)),
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
            "allOf" => rule
                .elements()
                .is_some_and(|all| all.iter().all(|rule| self.meets(place, rule, value))),
            "anyOf" => rule
                .elements()
                .is_some_and(|any| any.iter().any(|rule| self.meets(place, rule, value))),
            "oneOf" => self.exactly_one(place, rule, value),
            // What meets both sides meets the right one, whichever that is.
            "if" => true,
            "then" | "else" => self.meets(place, rule, value),
            "pattern" => match (rule.as_str(), value) {
                (Some(pattern), Value::String(text)) => self.matches(pattern, text),
                (pattern, _) => pattern.is_some(),
            },
            bound => within(bound, rule, value),
        }
    }

    fn object_rule(
        &self,
        place: Place<'_>,
        schema: &Outline,
        word: &str,
        rule: &Outline,
        map: &Map<String, Value>,
    ) -> bool {
        let count = map.len() as u64;
        let number = || rule.scalar().and_then(Value::as_u64);
        match word {
            "properties" => {
                let fits = |(name, value): (&String, &Value)| {
                    rule.get(name).is_none_or(|rule| self.meets(place, rule, value))
                };
                rule.entries().is_some() && map.iter().all(fits)
            }
            "additionalProperties" => {
                let known = schema.get("properties");
                let other = |name: &str| known.is_none_or(|known| known.get(name).is_none());
                map.iter().filter(|(name, _)| other(name)).all(|(name, value)| {
                    let symbolic = place.values == Values::Symbolic && is_symbolic(name);
                    symbolic && rule.is(&Value::Bool(false)) || self.meets(place, rule, value)
                })
            }
            "propertyNames" => {
                map.keys().all(|name| self.meets(place, rule, &Value::from(name.as_str())))
            }
            "required" => rule.elements().is_some_and(|names| {
                names.iter().all(|name| name.as_str().is_some_and(|name| map.contains_key(name)))
            }),
            "minProperties" => number().is_some_and(|least| count >= least),
            "maxProperties" => number().is_some_and(|most| count <= most),
            _ => false,
        }
    }

    /// One branch holds, and every other one plainly does not.
    fn exactly_one(&self, place: Place<'_>, rule: &Outline, value: &Value) -> bool {
        let Some(branches) = rule.elements() else { return false };
        let holds = |branch: &Outline| self.meets(place, branch, value);
        let Some(chosen) = branches.iter().position(holds) else { return false };
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

fn target<'a>(root: &'a Outline, reference: &Outline) -> Option<&'a Outline> {
    root.pointer(reference.as_str()?.strip_prefix('#')?)
}

/// An expression meets any rule but this one, wherever it stands.
fn may_be_read_only(root: &Outline, schema: &Outline, depth: usize) -> bool {
    if depth > DEEPEST || schema.get(keyword::READ_ONLY).is_some() {
        return true;
    }
    if schema.get("not").is_some() || schema.get("if").is_some() {
        return true;
    }
    let unions = ["allOf", "anyOf", "oneOf"].map(|word| schema.get(word));
    if unions.iter().any(Option::is_some) {
        let branches = unions.into_iter().flatten().filter_map(Outline::elements);
        return branches.flatten().any(|branch| below(root, branch, depth));
    }
    schema.get("$ref").is_some_and(|reference| {
        target(root, reference).is_none_or(|schema| below(root, schema, depth))
    })
}

/// A schema that is no object says nothing of reading.
fn below(root: &Outline, schema: &Outline, depth: usize) -> bool {
    schema.entries().is_none() || may_be_read_only(root, schema, depth + 1)
}

fn has_type(value: &Value, kind: &Outline) -> bool {
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
fn plainly_fails(root: &Outline, branch: &Outline, value: &Value) -> bool {
    let branch = branch.get("$ref").map_or(Some(branch), |reference| target(root, reference));
    let Some(branch) = branch else { return false };
    if branch.get("type").is_some_and(|kind| kind.as_str().is_some() && !has_type(value, kind)) {
        return true;
    }
    let Value::Object(map) = value else { return false };
    let mut required = branch.get("required").and_then(Outline::elements).into_iter().flatten();
    if required.any(|name| name.as_str().is_some_and(|name| !map.contains_key(name))) {
        return true;
    }
    let mut properties = branch.get("properties").and_then(Outline::entries).into_iter().flatten();
    properties.any(|(name, rule)| {
        let constant = rule.get("const").and_then(Outline::as_str);
        constant.zip(map.get(name).and_then(Value::as_str)).is_some_and(|(one, other)| one != other)
    })
}

/// Bounds of texts, numbers and arrays. A word that is not known here leaves the answer to the engine.
fn within(bound: &str, rule: &Outline, value: &Value) -> bool {
    let Some(rule) = rule.scalar() else { return false };
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
