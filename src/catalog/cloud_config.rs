use super::table::Row;
use super::tables::CLOUD_CONFIG_KEYS as TABLE;

/// Whether cloud-config has a top-level key; its keys are in lower case.
pub(crate) fn is_cloud_config_key(key: &str) -> bool {
    TABLE.find(key).is_some_and(|row| row.key() == key)
}

/// The top-level keys of cloud-config.
pub(crate) fn cloud_config_keys() -> impl Iterator<Item = &'static str> {
    TABLE.rows().map(Row::key)
}
