use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::azure;
use super::flags::{Flags, Marks};
use super::model::{DiscriminatedType, Integer, ObjectType, Property, Text, Type};
use crate::bicep::syntax::Arena;
use crate::diagnostic::pointer;

/// How many references to definitions are followed into each other.
const DEEPEST: usize = 24;

/// Where a template says of which property of a resource type it has a type.
const DERIVED: &str = "__bicep_resource_derived_type!";

/// What a template declares under a name.
#[derive(Debug, Clone)]
pub struct Declared<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its type.
    pub kind: Type<'a>,
    /// Whether a value must be given.
    pub required: bool,
}

/// The parameters or the outputs of an ARM template.
///
/// The resource types that they are derived from, and that Azure's tables do not have, are added to `unknown`.
pub fn of_template<'a>(
    template: &Value,
    section: &str,
    arena: &'a Arena,
    unknown: &mut Vec<&'a str>,
) -> Vec<Declared<'a>> {
    let definitions = template["definitions"].as_object();
    let reader = Reader { definitions, arena, unknown: RefCell::default() };
    let declared = template[section].as_object().into_iter().flatten();
    let declared = declared
        .map(|(name, schema)| {
            let kind = reader.kind(schema, 0);
            let nullable = kind.allows_null() || matches!(kind, Type::Null);
            let required = schema["defaultValue"].is_null() && !nullable;
            Declared { name: arena.alloc_str(name), kind, required }
        })
        .collect();
    unknown.append(&mut reader.unknown.take());
    declared
}

/// What an ARM template exports.
#[derive(Debug, Clone)]
pub enum Exported<'a> {
    /// A type.
    Type(Type<'a>),
    /// A variable.
    Variable,
    /// A function: what it takes and gives.
    Function(Vec<Type<'a>>, Type<'a>),
}

/// The types, variables and functions that an ARM template exports, by name. What nothing names is not read: it may be
/// anything.
pub fn exported_by_template<'a>(
    template: &Value,
    is_named: impl Fn(&str) -> bool,
    arena: &'a Arena,
) -> Vec<(&'a str, Exported<'a>)> {
    let definitions = template["definitions"].as_object();
    let reader = Reader { definitions, arena, unknown: RefCell::default() };
    let is_exported =
        |(_, value): &(&String, &Value)| value["metadata"]["__bicep_export!"] == Value::Bool(true);
    let mut all: Vec<(&'a str, Exported<'a>)> = Vec::new();
    for (name, schema) in definitions.into_iter().flatten().filter(is_exported) {
        let kind = if is_named(name) { reader.kind(schema, 0) } else { Type::Any };
        all.push((arena.alloc_str(name), Exported::Type(kind)));
    }
    let spaces = template["functions"].as_array().into_iter().flatten();
    let spaces = spaces.filter(|found| found["namespace"] == "__bicep");
    let functions = spaces.filter_map(|found| found["members"].as_object()).flatten();
    for (name, function) in functions.filter(is_exported) {
        let takes = function["parameters"].as_array().into_iter().flatten();
        let takes = takes.map(|parameter| reader.kind(parameter, 0)).collect();
        let gives = reader.kind(&function["output"], 0);
        all.push((arena.alloc_str(name), Exported::Function(takes, gives)));
    }
    let variables = template["metadata"]["__bicep_exported_variables!"].as_array();
    let variables = variables.into_iter().flatten();
    for name in variables.filter_map(|variable| variable["name"].as_str()) {
        all.push((arena.alloc_str(name), Exported::Variable));
    }
    all
}

/// What a schema of an ARM template calls its type.
const WORDS: [&str; 7] =
    ["string", "securestring", "int", "bool", "array", "object", "secureobject"];

struct Reader<'a, 't> {
    definitions: Option<&'t Map<String, Value>>,
    arena: &'a Arena,
    unknown: RefCell<Vec<&'a str>>,
}

impl<'a> Reader<'a, '_> {
    fn kind(&self, schema: &Value, depth: usize) -> Type<'a> {
        if depth > DEEPEST {
            return Type::Any;
        }
        let kind = match schema["$ref"].as_str() {
            Some(reference) => self.referenced(reference, depth),
            None => self.own(schema, depth),
        };
        if schema["nullable"] == Value::Bool(true) { kind.or(Type::Null) } else { kind }
    }

    fn referenced(&self, reference: &str, depth: usize) -> Type<'a> {
        let name = reference.strip_prefix("#/definitions/").unwrap_or_default();
        let name = pointer::unescape(name);
        match self.definitions.and_then(|definitions| definitions.get(&*name)) {
            Some(schema) => self.kind(schema, depth + 1),
            None => Type::Any,
        }
    }

    fn own(&self, schema: &Value, depth: usize) -> Type<'a> {
        let derived = &schema["metadata"][DERIVED];
        if !derived.is_null() {
            let source = derived["source"].as_str().or(derived.as_str()).unwrap_or_default();
            let is_output = derived["output"] == Value::Bool(true);
            return azure::declared_by_azure(source, is_output).unwrap_or_else(|| {
                let name = source.split_once('#').map_or(source, |(name, _)| name);
                self.unknown.borrow_mut().push(self.arena.alloc_str(name));
                Type::Any
            });
        }
        let written = schema["type"].as_str().unwrap_or_default();
        let name = WORDS.into_iter().find(|known| known.eq_ignore_ascii_case(written));
        let name = name.unwrap_or_default();
        let secure = if name.starts_with("secure") { Marks::SECURE } else { Marks::NONE };
        if let Some(values) = schema["allowedValues"].as_array() {
            return self.allowed(values, name, secure);
        }
        let bound = |key: &str| schema[key].as_i64();
        match name {
            "string" | "securestring" => Type::String(Text {
                minimum: bound("minLength"),
                maximum: bound("maxLength"),
                marks: secure.and(Marks::LOOSE),
                ..Text::default()
            }),
            "int" => Type::Int(Integer {
                literal: None,
                minimum: bound("minValue"),
                maximum: bound("maxValue"),
                marks: Marks::LOOSE,
            }),
            "bool" => Type::Bool(None, Marks::LOOSE),
            "array" => self.array(schema, depth),
            "object" | "secureobject" => self.object(schema, depth).marked(secure),
            _ => Type::Any,
        }
    }

    fn allowed(&self, values: &[Value], name: &str, marks: Marks) -> Type<'a> {
        let literals: Option<Vec<Type<'a>>> =
            values.iter().map(|value| self.literal(value, marks)).collect();
        match (name, literals) {
            // A list of values of an array is what its items may be.
            ("array", Some(items)) if !values.iter().any(Value::is_array) => {
                Type::array_of(Type::any_of(items))
            }
            ("array", _) => Type::array(),
            (_, Some(literals)) if !literals.is_empty() => Type::any_of(literals),
            _ => Type::Any,
        }
    }

    fn literal(&self, value: &Value, marks: Marks) -> Option<Type<'a>> {
        Some(match value {
            Value::Null => Type::Null,
            Value::Bool(value) => Type::Bool(Some(*value), marks),
            Value::Number(value) => Type::number(value.as_i64()?),
            Value::String(text) => {
                let literal = Some(&*self.arena.alloc_str(text));
                Type::String(Text { literal, marks, ..Text::default() })
            }
            _ => return None,
        })
    }

    fn array(&self, schema: &Value, depth: usize) -> Type<'a> {
        if let Some(items) = schema["prefixItems"].as_array() {
            let items = items.iter().map(|item| self.kind(item, depth + 1));
            return Type::tuple(items.collect());
        }
        let bound = |key: &str| schema[key].as_i64();
        let item = match &schema["items"] {
            Value::Object(_) => self.kind(&schema["items"], depth + 1),
            _ => Type::Any,
        };
        Type::array_between(item, bound("minLength"), bound("maxLength"), Marks::NONE)
    }

    fn object(&self, schema: &Value, depth: usize) -> Type<'a> {
        if let Some(key) = schema["discriminator"]["propertyName"].as_str() {
            return self.discriminated(key, &schema["discriminator"]["mapping"], depth);
        }
        let properties = schema["properties"].as_object();
        let additional = match &schema["additionalProperties"] {
            Value::Bool(false) => None,
            Value::Object(_) => {
                Some((self.kind(&schema["additionalProperties"], depth + 1), Flags::NONE))
            }
            _ if properties.is_some() => Some((Type::Any, Flags::FALLBACK)),
            _ => Some((Type::Any, Flags::NONE)),
        };
        let properties = properties.into_iter().flatten().map(|(name, schema)| {
            let kind = self.kind(schema, depth + 1);
            let nullable = kind.allows_null();
            let flags = if nullable { Flags::NONE } else { Flags::REQUIRED };
            Property::new(self.arena.alloc_str(name), kind, flags)
        });
        let properties = properties.collect();
        Type::shaped(ObjectType { properties, additional, ..ObjectType::default() })
    }

    fn discriminated(&self, key: &str, mapping: &Value, depth: usize) -> Type<'a> {
        let members = mapping.as_object().into_iter().flatten().filter_map(|(value, schema)| {
            match self.kind(schema, depth + 1) {
                Type::Object(object) => Some((&*self.arena.alloc_str(value), object)),
                _ => None,
            }
        });
        Type::Discriminated(Rc::new(DiscriminatedType {
            key: self.arena.alloc_str(key),
            members: members.collect(),
            marks: Marks::NONE,
            is_system: false,
        }))
    }
}
