use super::table::Row;
use super::tables::ROLES as TABLE;

/// In which permission mode of a registry a role opens its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistryMode {
    /// Only with registry permissions (`LegacyRegistryPermissions`).
    Legacy,
    /// Only with repository permissions (`AbacRepositoryPermissions`).
    Abac,
    /// In both.
    Both,
    /// The role is not about registries.
    Neither,
}

/// A built-in role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: &'static str,
    /// The GUID of its definition.
    pub id: &'static str,
    /// In which mode a registry honors it.
    pub registry_mode: RegistryMode,
    /// What it allows, in a few words.
    pub used_for: &'static str,
    /// The roles whose rights it has or can take, separated by commas; `*` for all.
    includes: &'static str,
    /// Where the row comes from.
    pub source: &'static str,
}

impl Role {
    /// Whether it allows what the other allows, and more.
    pub fn includes(&self, other: &Self) -> bool {
        self != other
            && (self.includes == "*" || self.includes.split(',').any(|name| name == other.name))
    }
}

/// The role of this name.
pub fn role(name: &str) -> Option<Role> {
    TABLE.find(name).map(parse)
}

/// The role of this GUID.
pub(crate) fn role_by_id(id: &str) -> Option<Role> {
    let has_id = |row: &Row| row.cells::<2>()[1].eq_ignore_ascii_case(id);
    TABLE.rows().find(has_id).map(parse)
}

/// The role that pulls images: repository permissions ignore the one for registry permissions.
///
/// # Panics
/// Never: a test looks both roles up.
pub(crate) fn pull_role(abac: bool) -> Role {
    let name = if abac { "Container Registry Repository Reader" } else { "AcrPull" };
    role(name).expect("a test looks both roles up")
}

fn parse(row: Row) -> Role {
    let [name, id, mode, used_for, includes, source] = row.cells();
    let registry_mode = match mode {
        "legacy" => RegistryMode::Legacy,
        "abac" => RegistryMode::Abac,
        "both" => RegistryMode::Both,
        _ => RegistryMode::Neither,
    };
    Role { name, id, registry_mode, used_for, includes, source }
}
