use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::table::{Row, Table};

const VERSIONS: Table = Table::new(include_str!("tables/api-versions.tsv"));
const PROPERTIES: Table = Table::new(include_str!("tables/api-properties.tsv"));

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

/// The API version that templates use for a resource type.
pub fn api_version(kind: &str) -> Option<&'static str> {
    VERSIONS.find(kind).map(|row| row.cells::<2>()[1])
}

/// All resource types with the API version that templates use.
pub fn api_versions() -> impl Iterator<Item = (&'static str, &'static str)> {
    VERSIONS.rows().map(|row| {
        let [kind, version] = row.cells();
        (kind, version)
    })
}

/// The properties of a resource type that came or went with a version.
pub fn api_properties(kind: &str) -> &'static [ApiProperty] {
    static BY_KIND: LazyLock<BTreeMap<String, Vec<ApiProperty>>> = LazyLock::new(|| {
        let mut by_kind = BTreeMap::<_, Vec<_>>::new();
        for property in PROPERTIES.rows().map(parse) {
            by_kind.entry(property.kind.to_lowercase()).or_default().push(property);
        }
        by_kind
    });
    BY_KIND.get(&kind.to_lowercase()).map_or(&[], Vec::as_slice)
}

fn parse(row: Row) -> ApiProperty {
    let [key, since, until, source] = row.cells();
    let (kind, path) = key.split_once('#').unwrap_or((key, ""));
    ApiProperty { kind, path, since, until, source }
}
