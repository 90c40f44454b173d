//! Takes the text of an ARM template expression, gives its tree, and prints a tree back to text.
//!
//! Evaluates nothing: that is `arm::evaluate`. Read this file for the tree and for how a template marks
//! expressions, then `lexer`, `parser` and `print`;
//! `build` has what the compiler writes.

mod build;
mod lexer;
mod parameters;
mod parsed;
mod parser;
mod print;
mod scan;

use std::borrow::Cow;

pub use parameters::ParameterPath;
pub use parsed::Expressions;
pub use parser::{ParseError, parse};
pub use scan::{is_expression, symbolic_item};

/// One expression, without the brackets that mark it in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// `'text'`, with its quotes undone.
    String(String),
    /// `42`
    Integer(i64),
    /// `format('{0}', x)`; a name may have a namespace, as in `__bicep.double(2)`.
    Call {
        /// The name as written.
        name: Cow<'static, str>,
        /// The arguments.
        arguments: Vec<Expression>,
    },
    /// `base.name`
    Property {
        /// What it is read from.
        base: Box<Expression>,
        /// The name as written.
        name: String,
    },
    /// `base[index]`
    Index {
        /// What it is read from.
        base: Box<Expression>,
        /// A position or a property name.
        index: Box<Expression>,
    },
}

impl Expression {
    /// A call of a function.
    pub fn call(name: impl Into<Cow<'static, str>>, arguments: Vec<Self>) -> Self {
        Self::Call { name: name.into(), arguments }
    }

    /// A text.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// A property of this expression.
    #[must_use]
    pub fn property(self, name: impl Into<String>) -> Self {
        Self::Property { base: Box::new(self), name: name.into() }
    }

    /// An item of this expression.
    #[must_use]
    pub fn index(self, index: Self) -> Self {
        Self::Index { base: Box::new(self), index: Box::new(index) }
    }

    /// As a string of a template: `[...]`.
    pub fn to_template_string(&self) -> String {
        format!("[{self}]")
    }
}

/// What a string of a template is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateString<'a> {
    /// A literal text, with its escape undone.
    Literal(Cow<'a, str>),
    /// The text of an expression, without its brackets.
    Expression(&'a str),
}

/// Tells literals from expressions: `[...]` is an expression, and `[[...]` the literal text `[...]`.
pub fn read_template_string(text: &str) -> TemplateString<'_> {
    if !(text.starts_with('[') && text.ends_with(']') && text.len() > 1) {
        return TemplateString::Literal(text.into());
    }
    if text.starts_with("[[") {
        return TemplateString::Literal(text[1..].into());
    }
    TemplateString::Expression(&text[1..text.len() - 1])
}

/// Writes a literal text so that a template does not take it for an expression.
pub fn write_template_string(text: &str) -> Cow<'_, str> {
    if text.starts_with('[') && text.ends_with(']') && text.len() > 1 {
        format!("[{text}").into()
    } else {
        text.into()
    }
}

/// A value of a template as one expression: what a function of the template gives can be an object with
/// expressions inside.
pub fn value_expression(value: &serde_json::Value) -> Result<Expression, ParseError> {
    use serde_json::Value;
    Ok(match value {
        Value::String(text) => match read_template_string(text) {
            TemplateString::Literal(literal) => Expression::String(literal.into_owned()),
            TemplateString::Expression(inner) => parse(inner)?,
        },
        Value::Null => Expression::call("null", Vec::new()),
        Value::Bool(value) => Expression::call(value.to_string(), Vec::new()),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Expression::Integer(integer),
            None => Expression::call("json", vec![Expression::String(number.to_string())]),
        },
        Value::Array(items) => Expression::call(
            "createArray",
            items.iter().map(value_expression).collect::<Result<_, _>>()?,
        ),
        Value::Object(map) => {
            let mut arguments = Vec::with_capacity(map.len() * 2);
            for (key, value) in map {
                arguments.push(value_expression(&Value::String(key.clone()))?);
                arguments.push(value_expression(value)?);
            }
            Expression::call("createObject", arguments)
        }
    })
}
