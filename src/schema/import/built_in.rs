use std::collections::HashMap;

use super::table::{ImportError, Index, Property, Reference, ResourceName, Table, Type};
use crate::azure_types::{self, Tables, TypeId};

/// The types of a resource among those that this build carries, as a table, and which of them is the body.
pub(super) fn table(wanted: &ResourceName) -> Result<(Table, Index), ImportError> {
    let tables = azure_types::tables();
    let Some(resource) = tables.resource(&wanted.kind, &wanted.api_version) else {
        let versions = tables.versions(&wanted.kind);
        let known = versions.iter().map(|it| format!("{}@{}", it.name, it.version)).collect();
        return Err(ImportError::UnknownType { wanted: wanted.to_string(), known });
    };
    let mut numbered = Numbered::default();
    let body = numbered.index(resource.body);
    let text = Type::String { min_length: None, max_length: None, pattern: None };
    let mut types = vec![text];
    while let Some(id) = numbered.ids.get(types.len() - FIRST) {
        let mut converted = numbered.converted(&tables, *id);
        if types.len() != body {
            describe(&mut converted);
        }
        types.push(converted);
    }
    Ok((Table::new(types), body))
}

/// Where a plain text stands in the table, and where the types of the resource begin.
const TEXT: Index = 0;
const FIRST: usize = 1;

/// The types of this build have no prose, and the properties called `description` went with it: an object may have one.
fn describe(object: &mut Type) {
    if let Type::Object { properties, additional_properties: None, .. } = object
        && !properties.is_empty()
    {
        let text = || Property { kind: Reference::to(TEXT), flags: 0 };
        properties.entry("description".to_owned()).or_insert_with(text);
    }
}

/// The types that were met, in order.
#[derive(Default)]
struct Numbered {
    ids: Vec<TypeId>,
    places: HashMap<TypeId, Index>,
}

impl Numbered {
    fn index(&mut self, id: TypeId) -> Index {
        let next = self.ids.len() + FIRST;
        *self.places.entry(id).or_insert_with(|| {
            self.ids.push(id);
            next
        })
    }

    fn reference(&mut self, id: TypeId) -> Reference {
        Reference::to(self.index(id))
    }

    fn converted(&mut self, tables: &Tables<'_>, id: TypeId) -> Type {
        let length = |bound: Option<i64>| bound.and_then(|bound| u64::try_from(bound).ok());
        match tables.get(id) {
            azure_types::Type::Any => Type::Any,
            azure_types::Type::Null => Type::Null,
            azure_types::Type::Boolean => Type::Boolean,
            azure_types::Type::Integer { minimum, maximum } => {
                Type::Integer { min_value: minimum, max_value: maximum }
            }
            azure_types::Type::String { minimum, maximum, pattern, .. } => Type::String {
                min_length: length(minimum),
                max_length: length(maximum),
                pattern: pattern.map(str::to_owned),
            },
            azure_types::Type::Literal(value) => Type::Literal { value: value.to_owned() },
            azure_types::Type::Union(members) => {
                Type::Union { elements: members.into_iter().map(|id| self.reference(id)).collect() }
            }
            azure_types::Type::Array { item, minimum, maximum } => Type::Array {
                item_type: self.reference(item),
                min_length: length(minimum),
                max_length: length(maximum),
            },
            azure_types::Type::Object(object) => Type::Object {
                name: object.name.to_owned(),
                properties: self.properties(&object.properties),
                additional_properties: object.additional.map(|id| self.reference(id)),
            },
            azure_types::Type::Discriminated(object) => {
                let elements = object.elements.iter();
                Type::Discriminated {
                    name: object.name.to_owned(),
                    discriminator: object.discriminator.to_owned(),
                    base_properties: self.properties(&object.base),
                    elements: elements
                        .map(|(value, id)| ((*value).to_owned(), self.reference(*id)))
                        .collect(),
                }
            }
        }
    }

    fn properties(
        &mut self,
        properties: &[azure_types::Property<'_>],
    ) -> indexmap::IndexMap<String, Property> {
        let one = |property: &azure_types::Property<'_>| {
            let flags = u32::from(property.is_required())
                | u32::from(property.is_read_only()) << 1
                | u32::from(property.is_write_only()) << 2;
            (property.name.to_owned(), Property { kind: self.reference(property.kind), flags })
        };
        properties.iter().map(one).collect()
    }
}
