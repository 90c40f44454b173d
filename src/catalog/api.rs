use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::table::Row;
use super::tables::API_PROPERTIES as PROPERTIES;
use super::tables::API_VALUES as VALUES;
use super::tables::API_VERSIONS as VERSIONS;
use super::tables::CHANGED_DEFAULTS as DEFAULTS;
use crate::diagnostic::Fact;

/// A property that not every API version of its type has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiProperty {
    /// The resource type.
    pub kind: &'static str,
    /// Where in the resource: a JSON pointer in which `*` stands for any array index; empty for the type itself.
    pub path: &'static str,
    /// The first version that has it; empty when all old ones do.
    pub since: &'static str,
    /// The first version that no longer has it; empty when the newest does.
    pub until: &'static str,
    /// Where the row comes from.
    pub source: &'static str,
}

/// The newest API version of a resource type that is no preview, if it has one.
pub(crate) fn newest_api_version(kind: &str) -> Option<&'static str> {
    VERSIONS.find(kind).map(|row| row.cells::<3>()[2])
}

/// The API version that prebake uses for a resource type.
pub fn api_version(kind: &str) -> Option<&'static str> {
    VERSIONS.find(kind).map(|row| row.cells::<2>()[1])
}

/// The row of the API versions of a resource type, for a finding that rests on it.
///
/// # Panics
/// If the type is not one of the table.
pub(crate) fn api_version_fact(kind: &str) -> Fact {
    VERSIONS.fact_of(kind).expect("the type was found in the table")
}

/// All resource types with the API version that prebake uses.
pub(crate) fn api_versions() -> impl Iterator<Item = (&'static str, &'static str)> {
    VERSIONS.rows().map(|row| {
        let [kind, version] = row.cells();
        (kind, version)
    })
}

/// The properties of a resource type that came or went with a version.
pub(crate) fn api_properties(kind: &str) -> &'static [ApiProperty] {
    static BY_KIND: LazyLock<BTreeMap<String, Vec<ApiProperty>>> = LazyLock::new(|| {
        let mut by_kind = BTreeMap::<_, Vec<_>>::new();
        for property in PROPERTIES.rows().map(parse) {
            by_kind.entry(property.kind.to_lowercase()).or_default().push(property);
        }
        by_kind
    });
    BY_KIND.get(&kind.to_lowercase()).map_or(&[], Vec::as_slice)
}

/// A value that older API versions take only where the subscription has a feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiValue {
    /// Where in the resource, as in `ApiProperty`.
    pub path: &'static str,
    /// The value.
    pub value: &'static str,
    /// The first version that has it.
    pub since: &'static str,
    /// The feature that older versions need: its namespace and name.
    pub needs: &'static str,
    row: Row,
}

impl ApiValue {
    /// Its row, for a finding that rests on it.
    pub(crate) fn fact(&self) -> Fact {
        VALUES.fact(self.row)
    }
}

/// The values of a resource type that came with a version.
pub(crate) fn api_values(kind: &str) -> impl Iterator<Item = ApiValue> {
    VALUES.rows().filter_map(move |row| {
        let [key, value, since, needs] = row.cells();
        let (of, path) = key.split_once('#')?;
        of.eq_ignore_ascii_case(kind).then_some(ApiValue { path, value, since, needs, row })
    })
}

/// A default that changed with an API version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedDefault {
    /// The first version with the new default.
    pub since: &'static str,
    /// Its row, for a finding that rests on it.
    pub fact: Fact,
}

/// The change of the default of a property, if there was one. The path is as in `ApiProperty`.
pub(crate) fn changed_default(kind: &str, path: &str) -> Option<ChangedDefault> {
    let row = DEFAULTS.find(&format!("{kind}#{path}"))?;
    let [_, since] = row.cells();
    Some(ChangedDefault { since, fact: DEFAULTS.fact(row) })
}

fn parse(row: Row) -> ApiProperty {
    let [key, since, until, source] = row.cells();
    let (kind, path) = key.split_once('#').unwrap_or((key, ""));
    ApiProperty { kind, path, since, until, source }
}
