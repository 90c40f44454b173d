//! Types that are derived from the body of a resource type: `resourceInput<'T@v'>.properties.x`.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::Lowerer;
use super::types::{Node, Step};
use crate::azure_types::{self, Property, Tables, Type, TypeId, tables};
use crate::bicep::ir::{self, DerivedType};
use crate::bicep::syntax::{TypeInstantiationSyntax, TypeSyntax};
use crate::diagnostic::pointer;

/// Properties that every resource may have, and their kinds
/// (<https://github.com/Azure/bicep/blob/main/src/Bicep.Core/TypeSystem/Providers/Az/AzResourceTypeProvider.cs>).
const COMMON: [(&str, &str); 17] = [
    ("apiVersion", "string"),
    ("eTag", "string"),
    ("extendedLocation", "object"),
    ("id", "string"),
    ("identity", "object"),
    ("kind", "string"),
    ("location", "string"),
    ("managedBy", "string"),
    ("managedByExtended", "array"),
    ("name", "string"),
    ("plan", "object"),
    ("properties", "object"),
    ("scale", "object"),
    ("sku", "object"),
    ("tags", "object"),
    ("type", "string"),
    ("zones", "array"),
];

/// A part of the body of a resource type.
#[derive(Debug, Clone)]
pub struct Derived {
    // Resource type and API version, and the pointer into the body: `T@v#properties/properties`.
    source: String,
    // Whether it is what Azure gives, not what it takes.
    output: bool,
}

impl Derived {
    fn part(mut self, pointer: &str) -> Self {
        self.source.push_str(if self.source.ends_with('#') { &pointer[1..] } else { pointer });
        self
    }

    /// The type as the template declares it.
    pub fn declared(self) -> DerivedType {
        let kind = match self.body_type() {
            Some(found) => kind(&found),
            None => self.common_kind(),
        };
        DerivedType { source: self.source, output: self.output, kind }
    }

    /// The objects that a property tells apart, by its values.
    pub fn branches(&self, key: &str) -> Vec<(String, ir::Type)> {
        match self.body_type() {
            Some(Type::Discriminated(union)) => {
                let branch = |(value, _): &(&str, TypeId)| {
                    let pointer = format!("/discriminator/mapping/{}", super::types::escape(value));
                    ((*value).to_owned(), ir::Type::Derived(self.clone().part(&pointer).declared()))
                };
                union.elements.iter().map(branch).collect()
            }
            Some(Type::Object(object)) => {
                let decides = property(&object.properties, key).map(|found| tables().get(found));
                match decides {
                    Some(Type::Literal(value)) => {
                        vec![(value.to_owned(), ir::Type::Derived(self.clone().declared()))]
                    }
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }

    // What every resource may have, in Microsoft's compiler, also where the tables do not know it.
    fn common_kind(&self) -> Option<&'static str> {
        Some(match self.source.split_once('#')?.1 {
            "properties/tags/additionalProperties" => "string",
            path => {
                let name = path.strip_prefix("properties/")?;
                COMMON.iter().find(|(known, _)| *known == name)?.1
            }
        })
    }

    // What the tables know of this part.
    fn body_type(&self) -> Option<Type<'static>> {
        let (resource, pointer) = self.source.split_once('#')?;
        let (name, version) = resource.split_once('@')?;
        let mut found = azure_types::resource(name, version)?.body;
        let mut segments = pointer.split('/').map(unescape);
        while let Some(segment) = segments.next().filter(|segment| !segment.is_empty()) {
            found = match (segment.as_str(), tables().get(found)) {
                ("properties", object) => {
                    let name = segments.next()?;
                    match member(&object, &name) {
                        Some(member) => member,
                        // The tables leave descriptions out, and with them properties of that name.
                        None if name == "description" && segments.next().is_none() => {
                            return Some(TEXT);
                        }
                        None => return None,
                    }
                }
                ("additionalProperties", Type::Object(object)) => object.additional?,
                ("items", Type::Array { item, .. }) => item,
                ("discriminator", Type::Discriminated(union)) => {
                    let value = segments.nth(1)?;
                    union.elements.iter().find(|(known, _)| *known == value)?.1
                }
                _ => return None,
            };
        }
        Some(tables().get(found))
    }
}

// What a property of an object is. Which of several objects it is, its values do not tell.
fn member(object: &Type<'static>, name: &str) -> Option<TypeId> {
    match object {
        Type::Object(object) => property(&object.properties, name).or(object.additional),
        Type::Discriminated(union) => property(&union.base, name).or_else(|| {
            let mut elements = union.elements.iter();
            elements.find_map(|(_, element)| match tables().get(*element) {
                Type::Object(object) => property(&object.properties, name),
                _ => None,
            })
        }),
        _ => None,
    }
}

fn property(properties: &[Property<'_>], name: &str) -> Option<TypeId> {
    properties.iter().find(|property| property.name == name).map(|property| property.kind)
}

const TEXT: Type<'static> =
    Type::String { minimum: None, maximum: None, pattern: None, sensitive: false };

// The kind of value that a type of the tables allows, if it is one kind.
fn kind(found: &Type<'static>) -> Option<&'static str> {
    let tables: Tables<'static> = tables();
    Some(match found {
        Type::Any | Type::Null => return None,
        Type::Boolean => "bool",
        Type::Integer { .. } => "int",
        Type::String { .. } | Type::Literal(_) => "string",
        Type::Array { .. } => "array",
        Type::Object(_) | Type::Discriminated(_) => "object",
        Type::Union(members) => {
            let mut kinds = members.iter().map(|member| match tables.get(*member) {
                // The tables do not nest unions.
                Type::Union(_) => None,
                member => kind(&member),
            });
            let first = kinds.next()??;
            return kinds.all(|kind| kind == Some(first)).then_some(first);
        }
    })
}

// A segment of a JSON pointer in a URI.
fn unescape(segment: &str) -> String {
    pointer::unescape(&percent_decode_str(segment).decode_utf8_lossy()).into_owned()
}

impl<'a> Lowerer<'a, '_> {
    /// The part of a resource's body that a type means, if it means one.
    pub(super) fn derived(&self, node: TypeSyntax<'a>) -> Option<Derived> {
        self.bounded(node.span(), || self.derived_step(node)).flatten()
    }

    fn derived_step(&self, node: TypeSyntax<'a>) -> Option<Derived> {
        if let TypeSyntax::Instantiation(node) = node.without_parentheses() {
            let node: &TypeInstantiationSyntax<'a> = node;
            let TypeSyntax::String(text) = node.arguments.first()?.without_parentheses() else {
                return None;
            };
            let text = text.literal()?;
            let text = text.strip_prefix("az:").unwrap_or(text);
            let output = node.name.name == "resourceOutput";
            return Some(Derived { source: format!("{}#", spelled(text)), output });
        }
        let (base, step) = Self::step_of(node)?;
        let base = self.derived(base).or_else(|| self.derived_alias(base))?;
        Some(base.part(&Step::pointer(step)))
    }

    // A name that stands for such a part: what is read of it is read of the part.
    fn derived_alias(&self, node: TypeSyntax<'a>) -> Option<Derived> {
        let (pointer, found) = self.resolve(node)?;
        match self.unalias(pointer, found)?.1 {
            Node::Syntax(unit, syntax) => self.within(unit, |lowerer| lowerer.derived(syntax)),
            Node::Json(_, value) => {
                let derived = value.pointer("/metadata/__bicep_resource_derived_type!")?;
                let source = derived["source"].as_str()?.to_owned();
                Some(Derived { source, output: derived["output"] == Value::Bool(true) })
            }
        }
    }
}

// A resource type and its version, the type as Azure spells it.
fn spelled(text: &str) -> String {
    let known = text.split_once('@').and_then(|(name, version)| {
        let found = azure_types::resource(name, version)?;
        Some(format!("{}@{version}", found.name))
    });
    known.unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_kind_of_a_part() {
        for (pointer, expected) in [
            ("properties/name", Some("string")),
            ("properties/properties", Some("object")),
            ("properties/properties/properties/vmSize", Some("string")),
            ("properties/properties/properties/metadata", Some("array")),
            ("properties/properties/properties/metadata/items", Some("object")),
            ("properties/properties/properties/taskSlotsPerNode", Some("int")),
            ("properties/no~1such%20name", None),
        ] {
            let source = format!("Microsoft.Batch/batchAccounts/pools@2024-07-01#{pointer}");
            let derived = Derived { source, output: false };
            assert_eq!(derived.body_type().and_then(|found| kind(&found)), expected, "{pointer}");
        }
        assert_eq!(unescape("a~1b%20c%é"), "a/b c%é");
    }
}
