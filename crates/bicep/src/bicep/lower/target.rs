//! ARM template expressions as the lowering builds them, and how they are written.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::rc::Rc;

use serde_json::Value;

use crate::arm::expression::write_template_string;

// The length of an expression, in bytes.
const USUAL_LENGTH: usize = 96;

/// An expression of the ARM template language.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// A string literal.
    Text(Rc<str>),
    /// An integer literal.
    Int(i64),
    /// A function call with what is read of its result: `f(args).a[b]`.
    Call(Rc<Call>),
}

/// A call and the accesses on its result.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The function, with its namespace if it is a user's.
    pub function: Cow<'static, str>,
    /// Its arguments.
    pub arguments: Vec<Target>,
    /// Properties and indices read of the result, in order.
    pub accesses: Vec<Target>,
}

impl Target {
    /// A string literal.
    pub fn text(text: impl Into<Rc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// A call.
    pub fn call(function: impl Into<Cow<'static, str>>, arguments: Vec<Self>) -> Self {
        Self::Call(Rc::new(Call { function: function.into(), arguments, accesses: Vec::new() }))
    }

    /// `parameters('name')`.
    pub fn parameter(name: &str) -> Self {
        Self::call("parameters", vec![Self::text(name)])
    }

    /// `variables('name')`.
    pub fn variable(name: &str) -> Self {
        Self::call("variables", vec![Self::text(name)])
    }

    /// `true()` or `false()`.
    pub fn bool(value: bool) -> Self {
        Self::call(if value { "true" } else { "false" }, Vec::new())
    }

    /// `null()`.
    pub fn null() -> Self {
        Self::call("null", Vec::new())
    }

    /// An integer; ARM's own literals have 32 bits only.
    pub fn int(value: i64) -> Self {
        if i32::try_from(value).is_ok() {
            Self::Int(value)
        } else {
            Self::call("json", vec![Self::text(value.to_string())])
        }
    }

    /// `format(pattern, arguments..)`.
    pub fn format(pattern: &str, mut arguments: Vec<Self>) -> Self {
        arguments.insert(0, Self::text(pattern));
        Self::call("format", arguments)
    }

    /// A call that gives the same value: ARM reads properties of calls only, never of literals.
    #[must_use]
    pub fn into_call(self) -> Self {
        match self {
            Self::Int(_) => Self::call("int", vec![self]),
            Self::Text(_) => Self::call("string", vec![self]),
            Self::Call(_) => self,
        }
    }

    /// The property or item of this value.
    #[must_use]
    pub fn access(self, key: Self) -> Self {
        let Self::Call(mut call) = self.into_call() else {
            unreachable!("`into_call` gives calls")
        };
        Rc::make_mut(&mut call).accesses.push(key);
        Self::Call(call)
    }

    /// The named property of this value.
    #[must_use]
    pub fn property(self, name: &str) -> Self {
        self.access(Self::text(name))
    }

    /// The value as a template holds it: literals plainly, all else as an expression string.
    pub fn into_json(self) -> Value {
        match &self {
            Self::Text(text) => literal(text),
            Self::Int(value) => Value::from(*value),
            Self::Call(call) if call.accesses.is_empty() && call.arguments.is_empty() => {
                match call.function.as_ref() {
                    "null" => Value::Null,
                    "true" => Value::Bool(true),
                    "false" => Value::Bool(false),
                    "createObject" => Value::Object(serde_json::Map::new()),
                    _ => self.expression(),
                }
            }
            Self::Call(_) => self.expression(),
        }
    }

    /// The `[...]` string of this expression, literals included.
    pub fn expression(&self) -> Value {
        // Long enough for most, so that the text seldom moves while it grows.
        let mut text = String::with_capacity(USUAL_LENGTH);
        // Writing to a string cannot fail.
        let _ = write!(text, "[{self}]");
        Value::String(text)
    }
}

/// A literal string as a template holds it: what looks like an expression gets one more bracket.
pub fn literal(text: &str) -> Value {
    Value::String(literal_text(text))
}

/// The text of [`literal`]; keys of objects follow the same rule.
pub fn literal_text(text: &str) -> String {
    write_template_string(text).into_owned()
}

impl std::fmt::Display for Target {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => quoted(text, out),
            Self::Int(value) => write!(out, "{value}"),
            Self::Call(call) => {
                out.write_str(&call.function)?;
                out.write_char('(')?;
                for (index, argument) in call.arguments.iter().enumerate() {
                    if index > 0 {
                        out.write_str(", ")?;
                    }
                    argument.fmt(out)?;
                }
                out.write_char(')')?;
                for access in &call.accesses {
                    match access {
                        Self::Text(name) if is_plain(name) => write!(out, ".{name}")?,
                        _ => write!(out, "[{access}]")?,
                    }
                }
                Ok(())
            }
        }
    }
}

fn quoted(text: &str, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    out.write_char('\'')?;
    for (index, part) in text.split('\'').enumerate() {
        if index > 0 {
            out.write_str("''")?;
        }
        out.write_str(part)?;
    }
    out.write_char('\'')
}

fn is_plain(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_calls_accesses_and_quotes() {
        let name = Target::parameter("it's").property("a").property("b-c").access(Target::Int(0));
        assert_eq!(name.expression(), "[parameters('it''s').a['b-c'][0]]");
        assert_eq!(Target::text("x").property("y").expression(), "[string('x').y]");
        assert_eq!(Target::int(2_199_023_255_552).expression(), "[json('2199023255552')]");
    }

    #[test]
    fn escapes_what_looks_like_an_expression() {
        assert_eq!(literal("[test]"), "[[test]");
        assert_eq!(literal("[]"), "[[]");
        assert_eq!(literal("[test"), "[test");
        assert_eq!(literal("[a]\n"), "[a]\n");
    }
}
