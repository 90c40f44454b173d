use serde::Serialize;

use super::table::Row;
use super::tables::CLOUDS as TABLE;
use crate::arm::hosts;

/// A cloud of Azure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// The cloud of a region; the public one for a region that the catalog does not contain.
///
/// # Panics
/// Never: a test looks up the cloud of every region.
pub(crate) fn cloud_of(region: &str) -> Cloud {
    let key = super::region(region).map_or("public", |region| region.cloud);
    cloud(key).expect("a test looks up the cloud of every region")
}

/// All clouds.
pub(crate) fn clouds() -> impl Iterator<Item = Cloud> {
    TABLE.rows().map(parse)
}

/// Whether a text names a host of the public cloud that is called otherwise in the other clouds.
pub fn names_public_host(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    hosts::PUBLIC.iter().any(|host| hosts::places(&text, host).next().is_some())
}

impl Cloud {
    /// The name that people give it.
    pub fn display_name(&self) -> &'static str {
        match self.key {
            "gov" => "Azure Government",
            "china" => "Azure operated by 21Vianet",
            _ => "the public cloud",
        }
    }

    /// Whether a host is one of this cloud's registries.
    pub fn is_registry(&self, host: &str) -> bool {
        ends_with(host, self.registry_suffix)
    }
}

/// The cloud to whose registries a host belongs.
pub(crate) fn cloud_of_registry(host: &str) -> Option<Cloud> {
    clouds().find(|cloud| cloud.is_registry(host))
}

/// The cloud to whose storage accounts a host belongs.
pub(crate) fn cloud_of_storage(host: &str) -> Option<Cloud> {
    clouds().find(|cloud| ends_with(host, cloud.storage_suffix))
}

/// Whether a host lies below a domain, whatever the case.
fn ends_with(host: &str, domain: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
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
