use super::tables::PROPERTY_KEYS as TABLE;
use crate::diagnostic::Fact;

/// Which key of a config says a property of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PropertyKey {
    /// Type of the resource.
    pub kind: &'static str,
    /// JSON pointer of the property in the resource, `*` for the items of a list.
    pub property: &'static str,
    /// The key with dots, `[]` behind a list.
    pub key: &'static str,
    /// How `init --from` writes the value.
    pub form: &'static str,
    /// The row that says so.
    pub fact: Fact,
}

/// All rows, those of a pool first.
pub(crate) fn property_keys() -> impl Iterator<Item = PropertyKey> {
    TABLE.rows().map(|row| {
        let [kind, property, key, form] = row.cells();
        let fact = Fact { row: property.to_owned(), ..TABLE.fact(row) };
        PropertyKey { kind, property, key, form, fact }
    })
}
