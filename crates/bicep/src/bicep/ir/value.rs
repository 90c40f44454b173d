//! Values of a template, each with the place that it was written at.

use std::borrow::Cow;

use crate::arm::expression::{Expression, write_template_string};
use crate::diagnostic::Place;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A literal, or what Azure computes.
    Expression(Expression),
    /// An array; each item may be structured.
    Array(Vec<Item>),
    /// An object.
    Object(Object),
}

/// An item of an array.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its value.
    pub value: Value,
    /// Where it is written.
    pub place: Place,
}

/// An object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Object {
    /// Its properties, in order.
    pub properties: Vec<Property>,
    /// The properties that loops make.
    pub loops: Vec<Loop>,
}

/// A property of an object.
#[derive(Debug, Clone)]
pub struct Property {
    /// Its name.
    pub key: Key,
    /// Its value.
    pub value: Value,
    /// Where it is written.
    pub place: Place,
}

/// The name of a property.
#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    /// As written.
    Name(String),
    /// Computed by Azure.
    Expression(Expression),
}

/// A loop that makes an array.
#[derive(Debug, Clone)]
pub struct Loop {
    /// What `copyIndex` calls it; an output has only one loop and no name for it.
    pub name: Option<String>,
    /// How many items there are.
    pub count: Expression,
    /// What is made for each.
    pub input: Box<Value>,
    /// Where the loop begins.
    pub place: Place,
    /// Where its body is written.
    pub body: Place,
}

impl Value {
    /// A literal text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Expression(Expression::string(text))
    }

    /// No value.
    pub fn null() -> Self {
        Self::Expression(Expression::null())
    }
}

impl Key {
    /// The name as a template holds it.
    pub fn into_text(self) -> String {
        let text = match self {
            // ARM would take it for a loop.
            Self::Name(name) if name.eq_ignore_ascii_case("copy") => {
                return format!("[string('{name}')]");
            }
            Self::Name(name) => name,
            Self::Expression(Expression::String(text)) => text,
            Self::Expression(key) => return format!("[{key}]"),
        };
        match write_template_string(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(escaped) => escaped,
        }
    }
}

// Values are equal wherever they are written.

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialEq for Property {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.value == other.value
    }
}

impl PartialEq for Loop {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.count == other.count && self.input == other.input
    }
}
