use std::rc::Rc;

use crate::bicep::binder::{ResourceId, SymbolId};
use crate::bicep::functions::{Kinds, Namespace};

/// How deep types are known: below, a value may be anything.
const MAX_DEPTH: u8 = 48;

/// How many types a value may have one of: beyond, it may be anything.
const MAX_MEMBERS: usize = 256;

/// What is known about the value of an expression.
///
/// Where less is known than Microsoft's compiler knows, it is [`Type::Any`], which fits everywhere:
/// a file that is good must never be refused.
#[derive(Debug, Clone)]
pub(super) enum Type<'a> {
    /// Nothing is known.
    Any,
    /// Nothing is known because an error has been reported.
    Error,
    Null,
    Bool,
    Int(Option<i64>),
    String(Option<&'a str>),
    /// An array of like items, with how deep it is.
    Array(Rc<Type<'a>>, u8),
    /// An array of known items, with how deep it is.
    Tuple(Rc<[Type<'a>]>, u8),
    Object(Rc<ObjectType<'a>>),
    /// One of several, none of them a union.
    Union(Rc<[Type<'a>]>),
    /// A resource, or all of a loop.
    Resource(ResourceId, bool),
    /// A module, or all of a loop.
    Module(SymbolId, bool),
    Namespace(Namespace),
    Lambda,
}

/// The properties of an object.
#[derive(Debug, Clone, Default)]
pub(super) struct ObjectType<'a> {
    pub properties: Vec<(&'a str, Type<'a>)>,
    /// Whether it may have others.
    pub open: bool,
    depth: u8,
}

impl<'a> ObjectType<'a> {
    pub fn property(&self, name: &str) -> Option<&Type<'a>> {
        let found = self.properties.iter().find(|(known, _)| *known == name);
        found.map(|(_, found)| found)
    }
}

impl<'a> Type<'a> {
    /// An object of which nothing more is known.
    pub fn object() -> Self {
        Self::Object(Rc::new(ObjectType { open: true, ..ObjectType::default() }))
    }

    /// An array of which nothing more is known.
    pub fn array() -> Self {
        Self::Array(Rc::new(Self::Any), 1)
    }

    /// An array of like items.
    pub fn array_of(item: Self) -> Self {
        match item.depth() {
            depth if depth < MAX_DEPTH => Self::Array(Rc::new(item), depth + 1),
            _ => Self::array(),
        }
    }

    /// An array of known items.
    pub fn tuple(items: Vec<Self>) -> Self {
        match items.iter().map(Self::depth).max().unwrap_or(0) {
            depth if depth < MAX_DEPTH => Self::Tuple(items.into(), depth + 1),
            _ => Self::array(),
        }
    }

    /// An object of known shape.
    pub fn shaped(properties: Vec<(&'a str, Self)>, open: bool) -> Self {
        match properties.iter().map(|property| property.1.depth()).max().unwrap_or(0) {
            depth if depth < MAX_DEPTH => {
                Self::Object(Rc::new(ObjectType { properties, open, depth: depth + 1 }))
            }
            _ => Self::object(),
        }
    }

    /// One of several types.
    pub fn any_of(types: impl IntoIterator<Item = Self>) -> Self {
        let mut members: Vec<Self> = Vec::new();
        for next in types {
            match next {
                Self::Error => return Self::Error,
                Self::Union(inner) => members.extend(inner.iter().cloned()),
                other => members.push(other),
            }
            if members.len() > MAX_MEMBERS {
                return Self::Any;
            }
        }
        if members.is_empty() || members.iter().any(|member| matches!(member, Self::Any)) {
            return Self::Any;
        }
        if members.len() == 1 { members.remove(0) } else { Self::Union(members.into()) }
    }

    fn depth(&self) -> u8 {
        match self {
            Self::Array(_, depth) | Self::Tuple(_, depth) => *depth,
            Self::Object(object) => object.depth,
            Self::Union(members) => members.iter().map(Self::depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    pub fn is_error(&self) -> bool {
        matches!(self, Self::Error)
    }

    /// The kinds that the value may have, as arguments and operands see it.
    pub fn kinds(&self) -> Kinds {
        match self {
            Self::Any | Self::Error => Kinds::ANY,
            Self::Null => Kinds::NULL,
            Self::Bool => Kinds::BOOL,
            Self::Int(_) => Kinds::INT,
            Self::String(_) => Kinds::STRING,
            Self::Array(..) | Self::Tuple(..) => Kinds::ARRAY,
            Self::Resource(_, true) | Self::Module(_, true) => Kinds::ARRAY,
            Self::Object(_) | Self::Resource(..) | Self::Module(..) => Kinds::OBJECT,
            Self::Lambda => Kinds::LAMBDA,
            // A namespace fits nowhere; nothing but an empty set could say so.
            Self::Namespace(_) => Kinds::LAMBDA,
            Self::Union(members) => members
                .iter()
                .map(Self::kinds)
                .reduce(|left, right| left | right)
                .unwrap_or(Kinds::ANY),
        }
    }

    /// Whether the value can be of one of these kinds.
    pub fn can_be(&self, kinds: Kinds) -> bool {
        self.kinds().meets(kinds)
    }

    /// The type of either value.
    pub fn or(self, other: Self) -> Self {
        Self::any_of([self, other])
    }

    /// What is known of a value of these kinds.
    pub fn of_kinds(kinds: Kinds) -> Self {
        if kinds == Kinds::STRING {
            Self::String(None)
        } else if kinds == Kinds::INT {
            Self::Int(None)
        } else if kinds == Kinds::BOOL {
            Self::Bool
        } else if kinds == Kinds::OBJECT {
            Self::object()
        } else if kinds == Kinds::ARRAY {
            Self::array()
        } else {
            Self::Any
        }
    }

    /// The items of an array.
    pub fn item(&self) -> Self {
        match self {
            Self::Array(item, _) => (**item).clone(),
            Self::Tuple(items, _) => Self::any_of(items.iter().cloned()),
            Self::Resource(id, true) => Self::Resource(*id, false),
            Self::Module(id, true) => Self::Module(*id, false),
            Self::Error => Self::Error,
            _ => Self::Any,
        }
    }

    /// How a message calls it.
    pub fn name(&self) -> String {
        match self {
            Self::Any | Self::Error => "any".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Bool => "bool".to_owned(),
            Self::Int(Some(value)) => value.to_string(),
            Self::Int(None) => "int".to_owned(),
            Self::String(Some(text)) if text.len() <= 40 => format!("'{text}'"),
            Self::String(_) => "string".to_owned(),
            Self::Array(..) | Self::Tuple(..) => "array".to_owned(),
            Self::Object(_) => "object".to_owned(),
            Self::Resource(_, false) => "resource".to_owned(),
            Self::Resource(_, true) => "resource[]".to_owned(),
            Self::Module(_, false) => "module".to_owned(),
            Self::Module(_, true) => "module[]".to_owned(),
            Self::Namespace(namespace) => namespace.name().to_owned(),
            Self::Lambda => "lambda".to_owned(),
            Self::Union(members) if members.len() <= 6 => {
                let names: Vec<String> = members.iter().map(Self::name).collect();
                names.join(" | ")
            }
            Self::Union(_) => "union".to_owned(),
        }
    }
}

/// How a message calls kinds of values.
pub(super) fn kind_names(kinds: Kinds) -> String {
    let names = [
        (Kinds::STRING, "string"),
        (Kinds::INT, "int"),
        (Kinds::BOOL, "bool"),
        (Kinds::OBJECT, "object"),
        (Kinds::ARRAY, "array"),
        (Kinds::LAMBDA, "lambda"),
    ];
    let names: Vec<&str> =
        names.iter().filter(|(kind, _)| kinds.meets(*kind)).map(|(_, name)| *name).collect();
    names.join(" | ")
}
