use serde_json::{Map, Number, Value as Json};

use super::Decorations;
use crate::diagnostic::Place;

/// A type.
#[derive(Debug, Default)]
pub enum Type {
    /// Any value.
    #[default]
    Any,
    /// A type that every template knows, such as `string`.
    BuiltIn(String),
    /// A definition of the template, or a part of one, by its JSON pointer as a URI fragment.
    Reference(String),
    /// The ID of a resource of this type.
    ResourceId(String),
    /// A part of the body of a resource type.
    Derived(DerivedType),
    /// One of these literals.
    Literals(Vec<Literal>),
    /// An array.
    Array(Box<Type>),
    /// An array of any of these literals.
    ArrayOfLiterals(Vec<Literal>),
    /// An array with a type for each item.
    Tuple(Vec<DeclaredType>),
    /// An object.
    Object {
        /// Its properties, in order.
        properties: Vec<TypeProperty>,
        /// The type of all others.
        additional: Option<Box<DeclaredType>>,
    },
    /// One of several objects.
    Discriminated {
        /// The property that tells which.
        key: String,
        /// Its values, each with the object that it means.
        branches: Vec<(String, Type)>,
    },
    /// A type that says whether it takes null.
    Nullable {
        /// The type.
        base: Box<Type>,
        /// Whether it takes null.
        nullable: bool,
    },
    /// A type of an ARM template that is taken over as it stands there.
    Template(Map<String, Json>),
}

/// A property of an object type.
#[derive(Debug)]
pub struct TypeProperty {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: DeclaredType,
    /// Where it is written.
    pub place: Place,
}

/// A type with what its decorators add.
#[derive(Debug)]
pub struct DeclaredType {
    /// The type.
    pub base: Type,
    /// What decorators add, if there are any.
    pub decorations: Option<Box<Decorations>>,
}

impl DeclaredType {
    /// Whether its values may not be shown.
    pub fn is_secure(&self) -> bool {
        self.decorations.as_ref().is_some_and(|found| found.secure)
    }
}

/// A part of the body of a resource type, such as `resourceInput<'T@v'>.properties`.
#[derive(Debug)]
pub struct DerivedType {
    /// Resource type and API version, and the pointer into the body: `T@v#properties/properties`.
    pub source: String,
    /// Whether it is what Azure gives, not what it takes.
    pub output: bool,
    /// The kind of value, if it is known.
    pub kind: Option<&'static str>,
}

/// A literal as a type.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`
    Bool(bool),
    /// `42`
    Number(Number),
    /// `'text'`
    Text(String),
    /// `['a', 'b']`
    Array(Vec<Literal>),
    /// `{ a: 'b' }`
    Object(Vec<(String, Literal)>),
}

impl Literal {
    /// The kind of value that it is.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Number(_) => "int",
            Self::Text(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }
}
