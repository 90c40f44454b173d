use super::tables::POOL_PROPERTIES as TABLE;

/// Where a property of a pool of the Batch data plane stands in the pool's resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolProperty {
    /// JSON pointer in what `az batch pool show` prints.
    pub data_plane: &'static str,
    /// JSON pointer in the resource.
    pub resource: &'static str,
    /// A boolean that the resource writes as `Enabled` or `Disabled`.
    pub is_enabled: bool,
}

/// All properties, the enclosing ones first.
pub(crate) fn pool_properties() -> impl Iterator<Item = PoolProperty> {
    TABLE.rows().map(|row| {
        let [data_plane, resource, form] = row.cells();
        PoolProperty { data_plane, resource, is_enabled: form == "enabled" }
    })
}
