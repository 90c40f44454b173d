//! Values as JSON holds them: read from a template's JSON or from plain JSON, and looked into as one looks into JSON.
//!
//! This is the one way between a value and text: a string of a template is read here, and written here again.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::value::{Evaluated, Properties};
use crate::arm::expression::{
    Expression, TemplateString, parse, read_template_string, write_template_string,
};

impl Evaluated {
    /// A string of a template: the text or the expression that it stands for.
    pub fn from_template_string(text: &str) -> Self {
        match read_template_string(text) {
            TemplateString::Literal(literal) => Self::String(literal.into_owned()),
            // What is no expression can only stand for itself.
            TemplateString::Expression(inner) => {
                parse(inner).map_or_else(|_| Self::String(text.to_owned()), Self::Symbolic)
            }
        }
    }

    /// A value of a template that holds nothing to evaluate: what `to_template` wrote.
    pub fn from_template(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::from_template_string(text),
            Value::Array(items) => Self::Array(items.iter().map(Self::from_template).collect()),
            Value::Object(map) => Self::Object(
                map.iter().map(|(key, value)| (key.clone(), Self::from_template(value))).collect(),
            ),
            plain => Self::from_plain(plain),
        }
    }

    /// The text, unless only Azure knows it.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The expression, if only Azure knows the value.
    pub fn as_expression(&self) -> Option<&Expression> {
        match self {
            Self::Symbolic(expression) => Some(expression),
            _ => None,
        }
    }

    /// A text to show or to tell values apart: the literal as it is, an expression as a template writes it.
    pub fn written(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::String(text) => Some(Cow::Borrowed(text)),
            Self::Symbolic(expression) => Some(Cow::Owned(expression.to_template_string())),
            _ => None,
        }
    }

    /// Whether the value is this word, as a text in any case or as `true` or `false`.
    pub fn is_word(&self, word: &str) -> bool {
        match self {
            Self::String(text) => text.eq_ignore_ascii_case(word),
            Self::Bool(value) => value.to_string() == word,
            _ => false,
        }
    }

    /// Whether only Azure knows the value as a whole.
    pub fn is_symbolic(&self) -> bool {
        matches!(self, Self::Symbolic(_))
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is an array.
    pub fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// The truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The whole number.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The whole number that is not negative.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Integer(number) => u64::try_from(*number).ok(),
            Self::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// The number, as near as a floating-point number comes.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => serde_json::Number::from(*number).as_f64(),
            Self::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    /// The elements of an array.
    pub fn as_array(&self) -> Option<&Vec<Self>> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The elements of an array, to change them.
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Self>> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The properties of an object.
    pub fn as_object(&self) -> Option<&Properties> {
        match self {
            Self::Object(properties) => Some(properties),
            _ => None,
        }
    }

    /// The properties of an object, to change them.
    pub fn as_object_mut(&mut self) -> Option<&mut Properties> {
        match self {
            Self::Object(properties) => Some(properties),
            _ => None,
        }
    }

    /// The property of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name)
    }

    /// The value at a JSON pointer.
    pub fn pointer(&self, pointer: &str) -> Option<&Self> {
        let mut steps = pointer.split('/');
        if !steps.next()?.is_empty() {
            return None;
        }
        steps.try_fold(self, |value, step| {
            let step = crate::diagnostic::pointer::unescape(step);
            match value {
                Self::Object(properties) => properties.get(&*step),
                Self::Array(items) => items.get(step.parse::<usize>().ok()?),
                _ => None,
            }
        })
    }
}

impl Evaluated {
    /// The value at a JSON pointer, to change it.
    pub fn pointer_mut(&mut self, pointer: &str) -> Option<&mut Self> {
        let mut steps = pointer.split('/');
        if !steps.next()?.is_empty() {
            return None;
        }
        steps.try_fold(self, |value, step| {
            let step = crate::diagnostic::pointer::unescape(step);
            match value {
                Self::Object(properties) => properties.get_mut(&*step),
                Self::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
                _ => None,
            }
        })
    }
}

impl From<&str> for Evaluated {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Evaluated {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<Vec<Evaluated>> for Evaluated {
    fn from(items: Vec<Evaluated>) -> Self {
        Self::Array(items)
    }
}

impl<T: Into<Evaluated>> FromIterator<T> for Evaluated {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

impl Serialize for Evaluated {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(&write_template_string(text)),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(properties) => serializer.collect_map(properties),
            Self::Symbolic(expression) => {
                serializer.serialize_str(&expression.to_template_string())
            }
        }
    }
}

impl fmt::Display for Evaluated {
    /// On one line, as a template writes it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_and_its_values_are_one_another() {
        let template = json!({
            "name": "[format('{0}/a', parameters('account'))]",
            "literal": "[[not an expression]",
            "list": [1, -2, 1.5, 18_446_744_073_709_551_615_u64, true, null, "text", {}],
        });
        let value = Evaluated::from_template(&template);
        assert_eq!(value.to_template(), template);
        assert_eq!(serde_json::to_value(&value).ok(), Some(template.clone()));
        assert_eq!(value.to_string(), template.to_string());
        assert!(value.get("name").is_some_and(Evaluated::is_symbolic));
        let literal = value.get("literal").and_then(Evaluated::as_str);
        assert_eq!(literal, Some("[not an expression]"));
        assert_eq!(value.pointer("/list/3").and_then(Evaluated::as_u64), Some(u64::MAX));
        assert_eq!(value.pointer("/list/8"), None);
    }

    #[test]
    fn what_cannot_be_parsed_stands_for_itself() {
        assert_eq!(Evaluated::from_template_string("[a b]").as_str(), Some("[a b]"));
    }
}
