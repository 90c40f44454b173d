use super::table::Row;
use super::tables::CLOUDS as TABLE;

/// A cloud of Azure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cloud {
    /// `public`, `gov` or `china`, as regions name it.
    pub key: &'static str,
    /// The name that the Azure CLI gives it.
    pub name: &'static str,
    /// URL of Azure Resource Manager.
    pub resource_manager: &'static str,
    /// URL of Entra ID.
    pub login: &'static str,
    /// Audience of tokens for Azure Resource Manager.
    pub resource_manager_audience: &'static str,
    /// Audience of tokens for container registries.
    pub registry_audience: &'static str,
    /// Audience of tokens for the Batch data plane.
    pub batch_audience: &'static str,
    /// Suffix of the hosts of registries.
    pub registry_suffix: &'static str,
    /// Suffix of the hosts of storage, after the service's own name.
    pub storage_suffix: &'static str,
    /// Suffix of the hosts of Batch accounts.
    pub batch_suffix: &'static str,
    /// Suffix of the hosts of key vaults.
    pub vault_suffix: &'static str,
    /// Where the row comes from.
    pub source: &'static str,
}

/// The cloud that regions name so.
pub fn cloud(key: &str) -> Option<Cloud> {
    TABLE.find(key).map(parse)
}

/// All clouds.
pub fn clouds() -> impl Iterator<Item = Cloud> {
    TABLE.rows().map(parse)
}

fn parse(row: Row) -> Cloud {
    let [
        key,
        name,
        resource_manager,
        login,
        resource_manager_audience,
        registry_audience,
        batch_audience,
        registry_suffix,
        storage_suffix,
        batch_suffix,
        vault_suffix,
        source,
    ] = row.cells();
    Cloud {
        key,
        name,
        resource_manager,
        login,
        resource_manager_audience,
        registry_audience,
        batch_audience,
        registry_suffix,
        storage_suffix,
        batch_suffix,
        vault_suffix,
        source,
    }
}
