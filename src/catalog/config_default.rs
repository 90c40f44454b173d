use super::tables::CONFIG_DEFAULTS as TABLE;

/// What a config means where it says nothing, by key.
///
/// # Panics
/// If the key is not one of the table: a mistake of the program.
pub(crate) fn config_default(key: &str) -> &'static str {
    let row = TABLE.find(key).expect("the table contains every key");
    let [_, value, _] = row.cells();
    value
}
