//! Unknown keys that are Azure's names of properties: the keys that say the same.

use crate::catalog::{PropertyKey, pool_properties, property_keys};
use crate::diagnostic::Fact;

/// What a user who writes the name of a property is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Advice {
    /// The next step.
    pub(super) help: String,
    /// The mapping that holds the key is the one in which the property was written, or that of the same pool.
    pub(super) is_near: bool,
    pub(super) fact: Fact,
}

/// Most keys that one property is divided into.
const MOST_KEYS: usize = 6;
/// A shorter ending of a name says too little.
const SHORTEST_ENDING: usize = 8;

/// The keys for the property of Azure that a key names, `targetDedicatedNodes` or `target_dedicated_nodes`. `owner`
/// is the path of the mapping that contains it, with `[]` behind lists.
pub(super) fn advice(owner: &str, key: &str) -> Option<Advice> {
    let name = normal(key);
    let mut rows: Vec<PropertyKey> = Vec::new();
    for matches in [is_named, is_in_data_plane, encloses, ends_with] {
        rows = property_keys().filter(|row| matches(row, &name)).collect();
        if !rows.is_empty() {
            break;
        }
    }
    // What is nearest to the place where the property was written is meant.
    let nearest = rows.iter().map(|row| shared(owner, row.key)).max()?;
    rows.retain(|row| shared(owner, row.key) == nearest);
    let mut keys: Vec<&str> = Vec::new();
    for key in rows.iter().map(|row| below(owner, row.key)) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    if keys.len() > MOST_KEYS {
        return None;
    }
    let is_near = rows.iter().any(|row| {
        is_below(owner, row.key)
            || row.kind.ends_with("/pools") && owner.starts_with("batch.pools[]")
    });
    let quoted: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    let (last, others) = quoted.split_last()?;
    let help = if others.is_empty() {
        format!("use {last}, which sets this property in Azure")
    } else {
        format!(
            "use {} and {last}, which set the parts of this property in Azure",
            others.join(", ")
        )
    };
    Some(Advice { help, is_near, fact: rows[0].fact.clone() })
}

fn normal(name: &str) -> String {
    name.chars().filter(|letter| *letter != '_').flat_map(char::to_lowercase).collect()
}

fn steps(pointer: &str) -> impl DoubleEndedIterator<Item = &str> {
    pointer.split('/').filter(|step| !matches!(*step, "" | "*" | "properties"))
}

fn is_named(row: &PropertyKey, name: &str) -> bool {
    is_last_step(row.property, name)
}

/// Whether the API of Batch itself, of which the CLI speaks, gives the property this name.
fn is_in_data_plane(row: &PropertyKey, name: &str) -> bool {
    pool_properties().any(|property| {
        property.resource == row.property && is_last_step(property.data_plane, name)
    })
}

fn is_last_step(pointer: &str, name: &str) -> bool {
    steps(pointer).next_back().is_some_and(|last| normal(last) == name)
}

/// Whether the property is a part of the one with this name.
fn encloses(row: &PropertyKey, name: &str) -> bool {
    steps(row.property).any(|step| normal(step) == name)
}

/// Whether the name leaves out only the first words of the property's, as in `dedicatedNodes`.
fn ends_with(row: &PropertyKey, name: &str) -> bool {
    let Some(last) = steps(row.property).next_back() else { return false };
    let start = last.len().checked_sub(name.len());
    name.len() >= SHORTEST_ENDING
        && start.and_then(|start| last.get(start..)).is_some_and(|ending| {
            ending.starts_with(|first: char| first.is_ascii_uppercase()) && normal(ending) == name
        })
}

/// How many steps two keys have in common.
fn shared(owner: &str, key: &str) -> usize {
    owner.split('.').zip(key.split('.')).take_while(|(left, right)| left == right).count()
}

fn is_below(owner: &str, key: &str) -> bool {
    key.strip_prefix(owner).is_some_and(|rest| rest.starts_with('.'))
}

/// A key as it is written in the mapping: the next step of those below it, else the whole path.
fn below<'k>(owner: &str, key: &'k str) -> &'k str {
    match key.strip_prefix(owner).and_then(|rest| rest.strip_prefix('.')) {
        Some(rest) => rest.split(['.', '[']).next().unwrap_or(rest),
        None => key,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::azure_types::{self, Type, TypeId};
    use crate::catalog;
    use crate::config::schema;

    fn help(owner: &str, key: &str) -> Option<String> {
        advice(owner, key).map(|advice| advice.help)
    }

    #[test]
    fn a_property_of_azure_leads_to_its_key() {
        let pool = "batch.pools[]";
        for (owner, written, keys) in [
            (pool, "targetDedicatedNodes", "`nodes`"),
            (pool, "target_dedicated_nodes", "`nodes`"),
            (pool, "dedicatedNodes", "`nodes`"),
            (pool, "targetLowPriorityNodes", "`spotNodes`"),
            (pool, "autoScaleFormula", "`autoScale`"),
            (pool, "enableInterNodeCommunication", "`interNodeCommunication`"),
            (pool, "nodeAgentSKUId", "`node.os`"),
            (pool, "subnetId", "`network.subnetId`"),
            ("batch.pools[].startTask", "commandLine", "`command`"),
            ("batch.pools[].osDisk", "diskSizeGB", "`sizeGb`"),
            ("batch.account", "poolAllocationMode", "`allocationMode`"),
            ("gallery.targetRegions[]", "regionalReplicaCount", "`replicas`"),
            ("images[].build", "dockerFilePath", "`dockerfile`"),
            ("builder", "diskSizeGB", "`osDiskGb`"),
        ] {
            let expected = format!("use {keys}, which sets this property in Azure");
            assert_eq!(help(owner, written), Some(expected), "{owner}.{written}");
        }
    }

    #[test]
    fn a_property_that_several_keys_set_leads_to_all_of_them() {
        let found = help("batch.pools[]", "scaleSettings");
        let expected = "use `nodes`, `spotNodes`, `resizeTimeout`, `deallocation` and `autoScale`, \
                        which set the parts of this property in Azure";
        assert_eq!(found.as_deref(), Some(expected));
    }

    #[test]
    fn another_name_leads_nowhere() {
        for name in ["colour", "nodess", "Line", "properties", ""] {
            assert_eq!(help("batch.pools[]", name), None, "{name}");
        }
    }

    /// Whether the body of a type has a property.
    fn has(tables: azure_types::Tables<'_>, body: TypeId, path: &[&str]) -> bool {
        let Some((step, rest)) = path.split_first() else { return true };
        let of = |properties: &[azure_types::Property<'_>]| {
            properties.iter().any(|own| own.name == *step && has(tables, own.kind, rest))
        };
        match tables.get(body) {
            Type::Array { item, .. } => *step == "*" && has(tables, item, rest),
            Type::Object(object) => of(&object.properties),
            Type::Discriminated(object) => {
                let mut elements = object.elements.iter();
                of(&object.base) || elements.any(|(_, element)| has(tables, *element, path))
            }
            _ => false,
        }
    }

    #[test]
    fn every_row_names_a_property_of_its_type_and_a_key() {
        let owners: BTreeSet<String> =
            property_keys().flat_map(|row| schema::owners_of(last_name(row.key))).collect();
        for row in property_keys() {
            let version = catalog::api_version(row.kind).expect("prebake knows the type");
            assert!(row.fact.source.ends_with(version), "{}: {}", row.property, row.fact.source);
            let resource = azure_types::tables().resource(row.kind, version).expect("a type");
            let steps: Vec<&str> = row.property.split('/').skip(1).collect();
            assert!(
                has(azure_types::tables(), resource.body, &steps),
                "{} {}",
                row.kind,
                row.property
            );
            let owner = row.key.rsplit_once('.').map_or("", |(owner, _)| owner);
            assert!(owners.contains(owner), "the config has no `{}`", row.key);
        }
    }

    fn last_name(key: &str) -> &str {
        key.rsplit('.').next().unwrap_or(key).trim_end_matches("[]")
    }
}
