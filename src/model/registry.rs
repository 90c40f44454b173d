use serde::Serialize;

use super::closed::{self, AgentPool, PublicAccess};
use super::names::Names;
use super::resolver::Resolver;
use crate::catalog;
use crate::config::fields::{self, RoleAssignmentMode, Sku};

/// The registry that holds private images.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Registry {
    /// Whether this deployment creates it.
    pub create: bool,
    /// Name without the domain.
    pub name: String,
    /// Host of its images, `name.azurecr.io` in the public cloud, lowercase.
    pub login_server: String,
    /// Resource group of an existing registry, when it is another one.
    pub resource_group: Option<String>,
    /// Subscription of an existing registry, when it is another one.
    pub subscription: Option<String>,
    /// Who reaches it from the Internet.
    pub access: PublicAccess,
    /// Agent pool on which it builds.
    pub agent_pool: Option<AgentPool>,
    /// SKU as ARM names it.
    pub sku: &'static str,
    /// `LegacyRegistryPermissions` or `AbacRepositoryPermissions`.
    pub role_assignment_mode: &'static str,
    /// Repository permissions decide who may pull.
    pub abac: bool,
    /// Role that may pull.
    pub pull_role: Role,
    /// Role that a task needs to push in ABAC mode.
    pub push_role: Role,
}

/// A built-in role.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Role {
    /// Name, `AcrPull`.
    pub name: String,
    /// Role definition GUID.
    pub id: String,
}

impl Role {
    pub(super) fn built_in(name: &str) -> Self {
        let role =
            catalog::role(name).expect("the catalog contains the roles that prebake assigns");
        Self { name: role.name.to_owned(), id: role.id.to_owned() }
    }
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, names: &Names<'_>) -> Option<Registry> {
    let written = resolver.config.registry.as_ref()?;
    let create = written.create.unwrap_or(true);
    let name = name(resolver, written, create, names)?;
    let abac = written.role_assignment_mode == Some(RoleAssignmentMode::Abac);
    keys_of_the_other_kind(resolver, written, create);
    let agent_pool = closed::agent_pool(resolver, written);
    Some(Registry {
        create,
        access: PublicAccess::new(written.public_network_access, &written.ip_rules),
        agent_pool,
        login_server: written.login_server.clone().unwrap_or_else(|| {
            format!("{}.{}", name.to_lowercase(), resolver.cloud().registry_suffix)
        }),
        name,
        resource_group: written.resource_group.clone(),
        subscription: written.subscription.clone(),
        sku: match written.sku.unwrap_or(Sku::Basic) {
            Sku::Basic => "Basic",
            Sku::Standard => "Standard",
            Sku::Premium => "Premium",
        },
        role_assignment_mode: if abac {
            "AbacRepositoryPermissions"
        } else {
            "LegacyRegistryPermissions"
        },
        abac,
        pull_role: Role::built_in(if abac {
            "Container Registry Repository Reader"
        } else {
            "AcrPull"
        }),
        push_role: Role::built_in(if abac {
            "Container Registry Repository Writer"
        } else {
            "AcrPush"
        }),
    })
}

/// Reports keys that only an existing registry has, or only a created one.
fn keys_of_the_other_kind(resolver: &mut Resolver<'_>, written: &fields::Registry, create: bool) {
    if create {
        let elsewhere = [
            ("/registry/resourceGroup", "resourceGroup", written.resource_group.is_some()),
            ("/registry/subscription", "subscription", written.subscription.is_some()),
            ("/registry/loginServer", "loginServer", written.login_server.is_some()),
        ];
        for (pointer, key, _) in elsewhere.into_iter().filter(|(.., given)| *given) {
            resolver.error(
                "PB1022",
                pointer,
                format!("`{key}` needs an existing registry"),
                "prebake creates a registry in the resource group of the config",
                format!("remove `{key}`, or set `create: false`"),
            );
        }
    } else if written.sku.is_some() {
        resolver.error(
            "PB1022",
            "/registry/sku",
            "`sku` has no effect on an existing registry",
            "an existing registry keeps its SKU",
            "remove `sku`, or set `create: true`",
        );
    }
}

fn name(
    resolver: &mut Resolver<'_>,
    written: &fields::Registry,
    create: bool,
    names: &Names<'_>,
) -> Option<String> {
    match &written.name {
        Some(name) => Some(name.clone()),
        None if create => Some(names.global("acr", 50)),
        None => {
            resolver.error(
                "PB1011",
                "/registry",
                "the existing registry has no name",
                "`create: false` requires `name`",
                "add `name: <registry>`, without its domain",
            );
            None
        }
    }
}
