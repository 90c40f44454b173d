//! What Azure's type tables say of the resource of a pool: how its properties are spelled, and which exist.

use std::sync::LazyLock;

use serde_json::Value;

use crate::azure_types::{self, Property, Resource, Type, TypeId};
use crate::catalog;
use crate::diff::POOL;

static RESOURCE: LazyLock<Option<Resource<'static>>> = LazyLock::new(|| {
    let version = catalog::api_version(POOL)?;
    azure_types::tables().resource(POOL, version)
});

/// What the types know of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// A property that can be set.
    Settable,
    /// A property that Azure sets.
    ReadOnly,
    /// No property of this version.
    Unknown,
}

/// The steps spelled as the type spells them. What the type does not know stays as it is.
pub(super) fn canonical(steps: &[String]) -> Vec<String> {
    walk(steps).0
}

/// Whether a place can be set.
pub(super) fn known(steps: &[String]) -> Known {
    walk(steps).1
}

/// Whether the value at a place is a list.
pub(super) fn is_list(steps: &[String]) -> bool {
    let found = walk(steps).2.map(|id| azure_types::tables().get(id));
    match found {
        Some(Type::Array { .. } | Type::Any) => true,
        Some(_) => false,
        // An unknown place is a list where it holds numbers only.
        None => !steps.is_empty(),
    }
}

/// A value spelled as the type spells it: the data plane writes `cachedisk` for `CacheDisk`.
pub(super) fn canonical_value(steps: &[String], value: Value) -> Value {
    let Value::String(text) = &value else { return value };
    let spelled = walk(steps).2.and_then(|id| spelled(id, text));
    spelled.map_or(value.clone(), Value::from)
}

fn spelled(id: TypeId, text: &str) -> Option<&'static str> {
    match azure_types::tables().get(id) {
        Type::Literal(literal) => literal.eq_ignore_ascii_case(text).then_some(literal),
        Type::Union(members) => members.into_iter().find_map(|member| spelled(member, text)),
        _ => None,
    }
}

fn walk(steps: &[String]) -> (Vec<String>, Known, Option<TypeId>) {
    let mut spelled = Vec::new();
    let mut known = Known::Settable;
    let mut current = RESOURCE.as_ref().map(|resource| resource.body);
    for step in steps {
        let kind = current.map(|id| azure_types::tables().get(id));
        let (name, next) = match kind {
            Some(Type::Object(object)) => {
                if let Some(found) = property(&object.properties, step) {
                    if found.is_read_only() {
                        known = Known::ReadOnly;
                    }
                    (found.name.to_owned(), Some(found.kind))
                } else {
                    if object.additional.is_none() && known == Known::Settable {
                        known = Known::Unknown;
                    }
                    (step.clone(), object.additional)
                }
            }
            Some(Type::Array { item, .. }) => (step.clone(), Some(item)),
            Some(Type::Any) => (step.clone(), current),
            _ => (step.clone(), None),
        };
        if next.is_none() && known == Known::Settable {
            known = Known::Unknown;
        }
        spelled.push(name);
        current = next;
    }
    (spelled, known, current)
}

fn property<'t>(properties: &[Property<'t>], name: &str) -> Option<Property<'t>> {
    let exact = properties.iter().find(|property| property.name == name);
    let any = || properties.iter().find(|property| property.name.eq_ignore_ascii_case(name));
    exact.or_else(any).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> Vec<String> {
        text.split('/').map(str::to_owned).collect()
    }

    #[test]
    fn properties_are_spelled_as_the_type_spells_them() {
        let written =
            steps("properties/networkConfiguration/publicIpAddressConfiguration/provision");
        let spelled = canonical(&written);
        assert_eq!(spelled[2], "publicIPAddressConfiguration");
        assert_eq!(known(&spelled), Known::Settable);
        assert!(is_list(&steps("properties/mountConfiguration")));
        assert!(!is_list(&steps("tags")));
    }

    #[test]
    fn words_are_spelled_as_the_type_spells_them() {
        let placement = "properties/deploymentConfiguration/virtualMachineConfiguration/osDisk/\
            ephemeralOSDiskSettings/placement";
        assert_eq!(canonical_value(&steps(placement), "cachedisk".into()), "CacheDisk");
        assert_eq!(canonical_value(&steps("properties/vmSize"), "standard_x".into()), "standard_x");
    }

    #[test]
    fn what_the_version_does_not_know_is_said() {
        assert_eq!(known(&steps("properties/targetNodeCommunicationMode")), Known::Unknown);
        assert_eq!(known(&steps("properties/allocationState")), Known::ReadOnly);
        assert_eq!(known(&steps("tags/team")), Known::Settable);
    }
}
