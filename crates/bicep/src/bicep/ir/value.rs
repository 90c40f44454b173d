//! Values of a template, each with the place that it was written at.

use std::borrow::Cow;
use std::rc::Rc;

use crate::arm::expression::{Expression, value_expression, write_template_string};
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
    /// What a file holds that is loaded while compiling: none of its texts is an expression.
    Loaded(Rc<serde_json::Value>),
    /// A part of an ARM template that is taken over as it stands there.
    Template(serde_json::Value),
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
    /// Where the loop begins; nothing if in an ARM template.
    pub place: Option<Place>,
    /// Where its body is written.
    pub body: Option<Place>,
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

    /// The same as one expression, as the body of a function is. Such values hold no loops.
    pub fn to_expression(&self) -> Expression {
        match self {
            Self::Expression(expression) => expression.clone(),
            Self::Array(items) => {
                let items = items.iter().map(|item| item.value.to_expression());
                Expression::call("createArray", items.collect())
            }
            Self::Object(object) => {
                let properties = object.properties.iter();
                let pairs = properties
                    .flat_map(|found| [found.key.to_expression(), found.value.to_expression()]);
                Expression::call("createObject", pairs.collect())
            }
            Self::Loaded(content) => Expression::data(content),
            Self::Template(json) => {
                value_expression(json).unwrap_or_else(|_| Expression::data(json))
            }
        }
    }
}

impl Key {
    fn to_expression(&self) -> Expression {
        match self {
            Self::Name(name) => Expression::string(name.as_str()),
            Self::Expression(expression) => expression.clone(),
        }
    }

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
