use indexmap::IndexMap;
use serde_json::{Map, Number, Value};

use crate::arm::expression::{
    Expression, TemplateString, is_expression, parse, read_template_string, write_template_string,
};

/// The properties of an object, in order. A key of the form `[expr]` is an expression that only Azure
/// can finish.
///
/// Names are short and looked up again and again, so their hash is a fast one; it is seeded anew in each process.
pub type Properties = IndexMap<String, Evaluated, foldhash::fast::RandomState>;

/// An object with room for this many properties.
pub fn properties_for(count: usize) -> Properties {
    Properties::with_capacity_and_hasher(count, foldhash::fast::RandomState::default())
}

/// A value, as far as it can be computed without Azure. Texts are plain, with no escape for brackets.
#[derive(Debug, Clone, PartialEq)]
pub enum Evaluated {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number; the only kind that ARM computes with.
    Integer(i64),
    /// Any other number.
    Number(Number),
    /// A text.
    String(String),
    /// An array, whose items may be symbolic.
    Array(Vec<Evaluated>),
    /// An object, whose values may be symbolic.
    Object(Properties),
    /// What only Azure can finish.
    Symbolic(Expression),
}

impl Evaluated {
    /// A plain JSON value: texts mean themselves.
    pub fn from_plain(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => match number.as_i64() {
                Some(integer) => Self::Integer(integer),
                None => Self::Number(number.clone()),
            },
            Value::String(text) => Self::String(text.clone()),
            Value::Array(items) => Self::Array(items.iter().map(Self::from_plain).collect()),
            Value::Object(map) => Self::Object(
                map.iter().map(|(key, value)| (key.clone(), Self::from_plain(value))).collect(),
            ),
        }
    }

    /// As a value of a template: symbolic parts are `[expr]`, literal texts of that form `[[...]`.
    pub fn to_template(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Integer(number) => Value::from(*number),
            Self::Number(number) => Value::Number(number.clone()),
            Self::String(text) => Value::String(write_template_string(text).into_owned()),
            Self::Array(items) => Value::Array(items.iter().map(Self::to_template).collect()),
            Self::Object(properties) => {
                let pairs =
                    properties.iter().map(|(key, value)| (key.clone(), value.to_template()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
            Self::Symbolic(expression) => Value::String(expression.to_template_string()),
        }
    }

    /// As plain JSON, if nothing in it is symbolic.
    pub fn to_plain(&self) -> Option<Value> {
        Some(match self {
            Self::String(text) => Value::String(text.clone()),
            Self::Array(items) => {
                Value::Array(items.iter().map(Self::to_plain).collect::<Option<_>>()?)
            }
            Self::Object(properties) => {
                let pairs = properties.iter().map(|(key, value)| {
                    if is_expression(key) { None } else { Some((key.clone(), value.to_plain()?)) }
                });
                Value::Object(pairs.collect::<Option<_>>()?)
            }
            Self::Symbolic(_) => return None,
            scalar => scalar.to_template(),
        })
    }

    /// As an expression that gives this value.
    pub fn to_expression(&self) -> Expression {
        match self {
            Self::Null => Expression::call("null", Vec::new()),
            Self::Bool(true) => Expression::call("true", Vec::new()),
            Self::Bool(false) => Expression::call("false", Vec::new()),
            Self::Integer(number) => Expression::Integer(*number),
            Self::Number(number) => {
                Expression::call("json", vec![Expression::String(number.to_string())])
            }
            Self::String(text) => Expression::String(text.clone()),
            Self::Array(items) => {
                Expression::call("createArray", items.iter().map(Self::to_expression).collect())
            }
            Self::Object(properties) => {
                let pairs = properties.iter();
                let pairs =
                    pairs.flat_map(|(key, value)| [key_expression(key), value.to_expression()]);
                Expression::call("createObject", pairs.collect())
            }
            Self::Symbolic(expression) => expression.clone(),
        }
    }

    /// Whether no part of it waits for Azure.
    pub fn is_known(&self) -> bool {
        match self {
            Self::Symbolic(_) => false,
            Self::Array(items) => items.iter().all(Self::is_known),
            Self::Object(properties) => {
                properties.iter().all(|(key, value)| !is_expression(key) && value.is_known())
            }
            _ => true,
        }
    }

    /// What messages call it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
            Self::Symbolic(_) => "an expression",
        }
    }

    /// A measure of how much memory and work a copy takes. A property has a key and a place in a map.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::String(text) => 1 + text.len() / 32,
            Self::Array(items) => 1 + items.iter().map(Self::weight).sum::<usize>(),
            Self::Object(properties) => {
                let weight = |(key, value): (&String, &Self)| 4 + key.len() / 32 + value.weight();
                1 + properties.iter().map(weight).sum::<usize>()
            }
            Self::Symbolic(expression) => expression_weight(expression),
            _ => 1,
        }
    }
}

fn expression_weight(expression: &Expression) -> usize {
    match expression {
        Expression::String(text) => 1 + text.len() / 32,
        Expression::Integer(_) => 1,
        Expression::Call { arguments, .. } => {
            1 + arguments.iter().map(expression_weight).sum::<usize>()
        }
        Expression::Property { base, .. } => 1 + expression_weight(base),
        Expression::Index { base, index } => 1 + expression_weight(base) + expression_weight(index),
    }
}

fn key_expression(key: &str) -> Expression {
    match read_template_string(key) {
        TemplateString::Expression(inner) => parse(inner).ok(),
        TemplateString::Literal(_) => None,
    }
    .unwrap_or_else(|| Expression::String(key.to_owned()))
}

/// The value of a property: the exact name first, then, as Azure does, any other case of it.
pub(super) fn property<'a>(properties: &'a Properties, name: &str) -> Option<&'a Evaluated> {
    properties.get(name).or_else(|| {
        let mut others = properties.iter();
        others.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    })
}
