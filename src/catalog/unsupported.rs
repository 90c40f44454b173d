use super::tables::{UNSUPPORTED_KEYS, UNSUPPORTED_SYSTEMS};
use super::{Row, Table};
use crate::diagnostic::Fact;

/// Why prebake leaves something out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unsupported {
    /// What stands against it.
    pub reason: &'static str,
    /// What to do instead.
    pub advice: &'static str,
    /// The row that says so.
    pub fact: Fact,
}

impl Unsupported {
    fn of(table: Table, row: Row) -> Self {
        let [_, reason, advice] = row.cells();
        Self { reason, advice, fact: table.fact(row) }
    }
}

/// What is known of an operating system that is no OS key: the row with the longest beginning of its name.
pub(crate) fn unsupported_system(name: &str) -> Option<Unsupported> {
    let name = name.to_lowercase();
    let rows = UNSUPPORTED_SYSTEMS.rows().filter(|row| name.starts_with(row.key()));
    let row = rows.max_by_key(|row| row.key().len())?;
    Some(Unsupported::of(UNSUPPORTED_SYSTEMS, row))
}

/// What is known of a key that a config does not have, by its path without the positions of items.
pub(crate) fn unsupported_key(path: &str) -> Option<Unsupported> {
    Some(Unsupported::of(UNSUPPORTED_KEYS, UNSUPPORTED_KEYS.find(path)?))
}
