use serde_json::{Number, Value};

use super::judged::{Judged, Name, Seen};
use super::keyword;
use super::node::SchemaNode;
use super::schema::Values;
use crate::arm::expression::is_expression;

const READ_ONLY: &[u8] = keyword::READ_ONLY.as_bytes();

/// How deep a value and its schema are read before the engine is asked instead.
const DEEPEST: usize = 64;

/// How many items of an array are compared with each other.
const MOST_COMPARED: usize = 64;

/// Whether a value plainly meets a schema or a part of it: read word by word, without building the engine.
///
/// Building costs milliseconds, and nearly every value is right. So the answer is one-sided: true only for
/// what the engine accepts too; in any doubt it is false, and the engine is asked.
pub(super) fn fits<V: Judged>(schema: SchemaNode<'_>, value: &V, values: Values) -> bool {
    Reading { values, depth: 0, lists: None }.meets(schema, value)
}

/// The same of the values of a template, and whether each text plainly is one of the known values of its open list.
/// Those of some properties, by their names, are judged elsewhere.
pub(super) fn fits_and_is_listed<V: Judged>(
    schema: SchemaNode<'_>,
    value: &V,
    elsewhere: fn(&str) -> bool,
) -> bool {
    let lists = Some(Lists { elsewhere, property: "", in_union: false });
    Reading { values: Values::Symbolic, depth: 0, lists }.meets(schema, value)
}

#[derive(Clone, Copy)]
struct Reading<'a> {
    values: Values,
    depth: usize,
    /// Set if texts are held against open lists too.
    lists: Option<Lists<'a>>,
}

/// What decides whether the open list of a value counts.
#[derive(Clone, Copy)]
struct Lists<'a> {
    elsewhere: fn(&str) -> bool,
    /// The property that the value is of.
    property: &'a str,
    /// Only one of several schemas is read. The lists of the others count for what it does not know.
    in_union: bool,
}

impl<'a> Reading<'a> {
    fn meets<V: Judged>(self, schema: SchemaNode<'a>, value: &V) -> bool {
        let below = Self { depth: self.depth + 1, ..self };
        if below.depth > DEEPEST {
            return false;
        }
        let Some(mut rules) = schema.entries() else {
            return schema.is(&Value::Bool(true));
        };
        let seen = value.seen();
        let is_expression = match seen {
            Seen::Expression => true,
            Seen::Text(text) => self.values == Values::Symbolic && is_expression(text),
            Seen::Escaped => return false,
            _ => false,
        };
        if is_expression {
            return !may_be_read_only(schema, 0);
        }
        if self.lists.is_some_and(|lists| lists.in_union) && !knows_all(schema, value, &seen) {
            return false;
        }
        rules.all(|(word, rule)| below.rule_holds(schema, word, rule, value, &seen))
    }

    fn rule_holds<V: Judged>(
        self,
        schema: SchemaNode<'a>,
        word: &[u8],
        rule: SchemaNode<'a>,
        value: &V,
        seen: &Seen<'_>,
    ) -> bool {
        match word {
            b"$schema" | b"$defs" | b"writeOnly" | b"deprecated" | b"format" => true,
            b"examples" => self.is_listed(rule, seen),
            b"$ref" => rule.target().is_some_and(|target| self.meets(target, value)),
            b"type" => match rule.elements() {
                Some(mut kinds) => kinds.any(|kind| has_type(seen, kind)),
                None => has_type(seen, rule),
            },
            b"enum" => rule.elements().is_some_and(|mut options| options.any(|one| is(one, seen))),
            b"const" => is(rule, seen),
            READ_ONLY => rule.is(&Value::Bool(false)),
            b"properties"
            | b"additionalProperties"
            | b"propertyNames"
            | b"required"
            | b"minProperties"
            | b"maxProperties" => match seen {
                Seen::Object => self.object_rule(schema, word, rule, value),
                _ => true,
            },
            b"items" => value.items().iter().all(|item| self.at("").meets(rule, item)),
            b"uniqueItems" => rule.is(&Value::Bool(false)) || plainly_unique(value),
            b"allOf" => {
                rule.elements().is_some_and(|mut all| all.all(|rule| self.meets(rule, value)))
            }
            b"anyOf" => {
                let branch = self.in_union();
                rule.elements().is_some_and(|mut any| any.any(|rule| branch.meets(rule, value)))
            }
            b"oneOf" => self.exactly_one(rule, value),
            // What meets both sides meets the right one, whichever that is.
            b"if" => true,
            b"then" | b"else" => self.meets(rule, value),
            b"pattern" => match (rule.as_pattern(), seen) {
                (Some(pattern), Seen::Text(text)) => pattern.matches(text),
                (pattern, _) => pattern.is_some(),
            },
            bound => within(bound, rule, value, seen),
        }
    }

    fn object_rule<V: Judged>(
        self,
        schema: SchemaNode<'a>,
        word: &[u8],
        rule: SchemaNode<'a>,
        value: &V,
    ) -> bool {
        let count = || value.members().count() as u64;
        let number = || rule.as_number().and_then(|number| number.as_u64());
        match word {
            b"properties" => {
                let others = schema.get("additionalProperties");
                rule.entries().is_some()
                    && value.members().all(|(name, value)| match rule.get(name) {
                        Some(known) => self.at(name).meets(known, value),
                        None => self.takes_other(rule, others, name, value),
                    })
            }
            // Beside properties, they were judged with these.
            b"additionalProperties" => {
                schema.get("properties").is_some()
                    || value.members().all(|(name, value)| self.takes(rule, name, value))
            }
            b"propertyNames" => value.members().all(|(name, _)| self.meets(rule, &Name(name))),
            b"required" => rule.elements().is_some_and(|mut names| {
                names.all(|name| name.as_str().is_some_and(|name| value.member(name).is_some()))
            }),
            b"minProperties" => number().is_some_and(|least| count() >= least),
            b"maxProperties" => number().is_some_and(|most| count() <= most),
            _ => false,
        }
    }

    /// Whether an object takes a member that is none of its properties.
    fn takes_other<V: Judged>(
        self,
        properties: SchemaNode<'a>,
        others: Option<SchemaNode<'a>>,
        name: &str,
        value: &V,
    ) -> bool {
        // An open list counts whatever the case of its property is.
        let is_known = || {
            let mut known = properties.entries().into_iter().flatten();
            known.any(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()))
        };
        if self.lists.is_some() && is_known() {
            return false;
        }
        others.is_none_or(|others| self.takes(others, name, value))
    }

    /// Whether the schema of other members takes this one.
    fn takes<V: Judged>(self, others: SchemaNode<'a>, name: &str, value: &V) -> bool {
        let symbolic = self.values == Values::Symbolic && is_expression(name);
        symbolic && others.is(&Value::Bool(false)) || self.at(name).meets(others, value)
    }

    /// One branch holds, and every other one plainly does not.
    fn exactly_one<V: Judged>(self, rule: SchemaNode<'a>, value: &V) -> bool {
        let Some(branches) = rule.elements() else { return false };
        let reading = self.in_union();
        let holds = |branch| reading.meets(branch, value);
        let Some(chosen) = branches.clone().position(holds) else { return false };
        let mut others = branches.enumerate().filter(|(index, _)| *index != chosen);
        others.all(|(_, branch)| plainly_fails(branch, value))
    }

    fn is_listed(self, list: SchemaNode<'_>, seen: &Seen<'_>) -> bool {
        let (Some(lists), Seen::Text(text)) = (self.lists, seen) else { return true };
        let is_this = |known: SchemaNode<'_>| {
            known.as_bytes().is_some_and(|known| known.eq_ignore_ascii_case(text.as_bytes()))
        };
        list.elements().is_some_and(|mut known| known.any(is_this))
            || (lists.elsewhere)(lists.property)
    }

    /// The same for what is below a property.
    fn at<'b>(self, property: &'b str) -> Reading<'b>
    where
        'a: 'b,
    {
        let Self { values, depth, lists } = self;
        Reading { values, depth, lists: lists.map(|lists| Lists { property, ..lists }) }
    }

    /// The same for one of several schemas.
    fn in_union(self) -> Self {
        Self { lists: self.lists.map(|lists| Lists { in_union: true, ..lists }), ..self }
    }
}

/// Whether a schema, or those that it refers to, says of each part of a value what it is.
fn knows_all<V: Judged>(schema: SchemaNode<'_>, value: &V, seen: &Seen<'_>) -> bool {
    let refers = ["$ref", "allOf", "anyOf", "oneOf"].iter().any(|word| schema.get(word).is_some());
    refers
        || match seen {
            Seen::Array => schema.get("items").is_some(),
            Seen::Object => {
                let properties = schema.get("properties");
                let knows = |name| properties.is_some_and(|known| known.get(name).is_some());
                value.members().all(|(name, _)| knows(name))
            }
            _ => true,
        }
}

/// An expression meets any rule but this one, wherever it stands.
fn may_be_read_only(schema: SchemaNode<'_>, depth: usize) -> bool {
    if depth > DEEPEST || schema.get(keyword::READ_ONLY).is_some() {
        return true;
    }
    if schema.get("not").is_some() || schema.get("if").is_some() {
        return true;
    }
    let unions = ["allOf", "anyOf", "oneOf"].map(|word| schema.get(word));
    if unions.iter().any(Option::is_some) {
        let branches = unions.into_iter().flatten().filter_map(SchemaNode::elements);
        return branches.flatten().any(|branch| below(branch, depth));
    }
    schema
        .get("$ref")
        .is_some_and(|reference| reference.target().is_none_or(|schema| below(schema, depth)))
}

/// A schema that is no object says nothing of reading.
fn below(schema: SchemaNode<'_>, depth: usize) -> bool {
    schema.entries().is_none() || may_be_read_only(schema, depth + 1)
}

fn has_type(seen: &Seen<'_>, kind: SchemaNode<'_>) -> bool {
    match (kind.as_bytes(), seen) {
        (Some(b"null"), Seen::Null)
        | (Some(b"boolean"), Seen::Bool(_))
        | (Some(b"string"), Seen::Text(_))
        | (Some(b"array"), Seen::Array)
        | (Some(b"object"), Seen::Object)
        | (Some(b"number"), Seen::Number(_)) => true,
        (Some(b"integer"), Seen::Number(number)) => number.is_i64() || number.is_u64(),
        _ => false,
    }
}

/// Whether a value is the one of a schema; of objects and arrays, nothing is said.
fn is(node: SchemaNode<'_>, seen: &Seen<'_>) -> bool {
    match seen {
        Seen::Null => node.is(&Value::Null),
        Seen::Bool(truth) => node.is(&Value::Bool(*truth)),
        Seen::Number(number) => node.as_number().as_ref() == Some(number),
        Seen::Text(text) => node.as_bytes() == Some(text.as_bytes()),
        Seen::Expression | Seen::Escaped | Seen::Array | Seen::Object => false,
    }
}

/// Whether a value is no array, or a short one of texts that all differ.
fn plainly_unique<V: Judged>(value: &V) -> bool {
    let items = value.items();
    let is_new = |(at, item): (usize, &V::Part)| match item.seen() {
        Seen::Text(text) => {
            let is_this = |one: &V::Part| matches!(one.seen(), Seen::Text(one) if one == text);
            !items[..at].iter().any(is_this)
        }
        _ => false,
    };
    items.len() <= MOST_COMPARED && items.iter().enumerate().all(is_new)
}

/// A branch that is another text, names another value for a property, or needs one that is not there.
fn plainly_fails<V: Judged>(branch: SchemaNode<'_>, value: &V) -> bool {
    let branch = branch.get("$ref").map_or(Some(branch), SchemaNode::target);
    let Some(branch) = branch else { return false };
    let seen = value.seen();
    if branch.get("type").is_some_and(|kind| kind.as_bytes().is_some() && !has_type(&seen, kind)) {
        return true;
    }
    let differs = |rule: SchemaNode<'_>, seen: &Seen<'_>| match (rule.as_bytes(), seen) {
        (Some(constant), Seen::Text(text)) => constant != text.as_bytes(),
        _ => false,
    };
    if branch.get("const").is_some_and(|constant| differs(constant, &seen)) {
        return true;
    }
    if !matches!(seen, Seen::Object) {
        return false;
    }
    let mut required = branch.get("required").and_then(SchemaNode::elements).into_iter().flatten();
    if required.any(|name| name.as_str().is_some_and(|name| value.member(name).is_none())) {
        return true;
    }
    let mut properties =
        branch.get("properties").and_then(SchemaNode::entries).into_iter().flatten();
    properties.any(|(name, rule)| {
        let Some(constant) = rule.get("const") else { return false };
        let value = str::from_utf8(name).ok().and_then(|name| value.member(name));
        value.is_some_and(|value| differs(constant, &value.seen()))
    })
}

/// Bounds of texts, numbers and arrays. A word that is not known here leaves the answer to the engine.
fn within<V: Judged>(bound: &[u8], rule: SchemaNode<'_>, value: &V, seen: &Seen<'_>) -> bool {
    let Some(rule) = rule.as_number() else { return false };
    let size = match (bound, seen) {
        (b"minLength" | b"maxLength", Seen::Text(text)) => Some(text.chars().count() as u64),
        (b"minItems" | b"maxItems", Seen::Array) => Some(value.items().len() as u64),
        (b"minLength" | b"maxLength" | b"minItems" | b"maxItems", _) => return true,
        _ => None,
    };
    match (bound, size, rule.as_u64()) {
        (b"minLength" | b"minItems", Some(size), Some(least)) => return size >= least,
        (b"maxLength" | b"maxItems", Some(size), Some(most)) => return size <= most,
        _ => {}
    }
    let number = match seen {
        Seen::Number(number) => Some(number),
        _ => None,
    };
    match (bound, number.and_then(Number::as_i64), rule.as_i64()) {
        (b"minimum", Some(number), Some(least)) => number >= least,
        (b"maximum", Some(number), Some(most)) => number <= most,
        (b"minimum" | b"maximum", None, _) => number.is_none(),
        _ => false,
    }
}
