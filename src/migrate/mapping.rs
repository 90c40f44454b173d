//! Where a property of a source goes in the resource of the pool: the table of properties and its look-up.

use std::sync::LazyLock;

use crate::catalog::Table;

static TABLE: Table = Table::new("migrated-properties", include_str!("properties.tsv"));

/// Where a property goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// A place of the pool's resource; the table holds its pointer.
    Pool(&'static str),
    /// A fact about where the pool lives: `id`, `account`, `group`, `location`, `resource`, `subscription`, `url`.
    Context(&'static str),
    /// Azure fills it in.
    ReadOnly,
    /// A secret, which is not taken over.
    Secret,
    /// Nothing of the new pool corresponds to it.
    Dropped,
    /// A person has to do something.
    Step,
    /// A word that the reader of the source knows.
    Word(&'static str),
}

/// How a value is written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Same,
    /// The entries of a map become a list of name and value.
    Pairs,
    /// A boolean becomes `Enabled` or `Disabled`.
    Enabled,
    /// The value is the key of a map: the ID of an identity.
    Identity,
    /// The key is the key of that map.
    IdentityKey,
    /// `d.hh:mm:ss` becomes an ISO 8601 duration.
    TimeDelta,
    /// `first-last` becomes two ports.
    Range,
    /// A text that holds JSON.
    Json,
}

/// One row of the table.
#[derive(Debug)]
pub(super) struct Mapping {
    kind: &'static str,
    path: Vec<&'static str>,
    /// Where it goes.
    pub target: Target,
    /// How it is written there.
    pub form: Form,
    /// What a person is told about it.
    pub why: &'static str,
}

/// A row that a path meets.
#[derive(Debug)]
pub(super) struct Found<'p> {
    pub mapping: &'static Mapping,
    /// What the `*` of the row stand for.
    pub carried: Vec<&'p str>,
    /// What lies below the row's path.
    pub rest: &'p [String],
}

static MAPPINGS: LazyLock<Vec<Mapping>> = LazyLock::new(|| {
    let mapping = |[kind, path, target, form, why]: [&'static str; 5]| Mapping {
        kind,
        path: path.split('/').collect(),
        target: target_of(target),
        form: form_of(form),
        why,
    };
    TABLE.rows().map(|row| mapping(row.cells())).collect()
});

fn target_of(cell: &'static str) -> Target {
    match cell.split_once(':') {
        _ if cell.starts_with('/') => Target::Pool(cell),
        Some(("context", fact)) => Target::Context(fact),
        _ => match cell {
            "read-only" => Target::ReadOnly,
            "secret" => Target::Secret,
            "dropped" => Target::Dropped,
            "step" => Target::Step,
            word => Target::Word(word),
        },
    }
}

fn form_of(cell: &'static str) -> Form {
    match cell {
        "pairs" => Form::Pairs,
        "enabled" => Form::Enabled,
        "identity" => Form::Identity,
        "identity-key" => Form::IdentityKey,
        "timedelta" => Form::TimeDelta,
        "range" => Form::Range,
        "json" => Form::Json,
        _ => Form::Same,
    }
}

/// The row with the longest path that a property of this kind of source meets. Names are found without regard to
/// case, in which the CLI and the REST API differ.
pub(super) fn find<'p>(kind: &str, path: &'p [String]) -> Option<Found<'p>> {
    let fits = |mapping: &&'static Mapping| {
        mapping.kind == kind
            && mapping.path.len() <= path.len()
            && mapping.path.iter().zip(path).all(|(step, written)| {
                matches!(*step, "*" | "#") || step.eq_ignore_ascii_case(written)
            })
            && (mapping.form != Form::Pairs || mapping.path.len() == path.len())
    };
    let literals =
        |mapping: &Mapping| mapping.path.iter().filter(|step| !matches!(**step, "*" | "#")).count();
    let mapping = MAPPINGS
        .iter()
        .filter(fits)
        .max_by_key(|mapping| (mapping.path.len(), literals(mapping)))?;
    let carried = mapping.path.iter().zip(path).filter(|(step, _)| **step == "*");
    let carried = carried.map(|(_, written)| written.as_str()).collect();
    Some(Found { mapping, carried, rest: &path[mapping.path.len()..] })
}

impl Found<'_> {
    /// The steps of the place in the pool's resource.
    pub(super) fn steps(&self, pointer: &str) -> Vec<String> {
        let mut carried = self.carried.iter();
        let mut steps: Vec<String> = pointer
            .split('/')
            .skip(1)
            .map(|step| match step {
                "*" => carried.next().copied().unwrap_or("0").to_owned(),
                step => step.to_owned(),
            })
            .collect();
        steps.extend(self.rest.iter().cloned());
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('/').map(str::to_owned).collect()
    }

    #[test]
    fn the_longest_row_wins_whatever_the_case_of_the_names() {
        let steps = path("virtualMachineConfiguration/nodeAgentSkuId");
        let found = find("batch", &steps).expect("a row");
        let Target::Pool(pointer) = found.mapping.target else { panic!("{found:?}") };
        assert_eq!(found.steps(pointer).last().map(String::as_str), Some("nodeAgentSkuId"));
    }

    #[test]
    fn numbers_are_carried_to_the_target() {
        let steps = path("mount/2/nfs_mount/0/source");
        let found = find("terraform", &steps).expect("a row");
        let Target::Pool(pointer) = found.mapping.target else { panic!("{found:?}") };
        let expected = "properties/mountConfiguration/2/nfsMountConfiguration/source";
        assert_eq!(found.steps(pointer).join("/"), expected);
    }

    #[test]
    fn a_list_of_pairs_is_no_map_of_them() {
        let (list, map) = (path("metadata/0/name"), path("metadata/team"));
        assert_eq!(find("batch", &list).map(|found| found.mapping.form), Some(Form::Same));
        assert_eq!(find("batch", &map).map(|found| found.mapping.form), Some(Form::Pairs));
    }

    #[test]
    fn every_row_has_its_columns() {
        let known = ["volume", "scale", "subnet", "scenario", "bake", "used"];
        for mapping in MAPPINGS.iter() {
            match mapping.target {
                Target::Word(word) => assert!(known.contains(&word), "{mapping:?}"),
                Target::Secret | Target::Dropped | Target::Step => {
                    assert!(!mapping.why.is_empty(), "{mapping:?}");
                }
                _ => {}
            }
        }
    }
}
