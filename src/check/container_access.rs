//! Group C, continued: who may pull from which registry.

use super::Check;
use super::container::{deployed_registry, registry_host};
use super::finding::Sink;
use super::node::{Node, id_of, last_segment, same_id};
use super::view::View;
use crate::catalog::{self, RegistryMode, Role};

pub(super) const RULES: &[(&str, Check)] = &[
    ("CTR004", private_images_have_a_registry),
    ("CTR005", registry_identity_is_on_the_pool),
    ("CTR006", identity_without_password),
    ("CTR007", pool_identity_is_user_assigned),
    ("CTR008", pool_may_pull),
    ("CTR009", role_fits_the_registry),
];

fn private_images_have_a_registry(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let registries = pool.machine("containerConfiguration/containerRegistries").items();
        let servers: Vec<_> =
            registries.iter().map(|registry| registry.at("registryServer")).collect();
        if servers.iter().any(Node::is_symbolic) {
            continue;
        }
        let served = |host: &str| {
            servers.iter().filter_map(Node::text).any(|server| {
                server
                    .trim_start_matches("https://")
                    .trim_end_matches('/')
                    .eq_ignore_ascii_case(host)
            })
        };
        for image in pool.images() {
            let Some(text) = image.text() else { continue };
            let Some(host) = registry_host(text).filter(|host| host.contains(".azurecr.")) else {
                continue;
            };
            let anonymous = deployed_registry(view, host).is_some_and(|registry| {
                registry.at("properties/anonymousPullEnabled").boolean() == Some(true)
            });
            if !served(host) && !anonymous {
                sink.report(&image, format!("`{host}` is not among `containerRegistries`"));
            }
        }
    }
}

fn registry_identity_is_on_the_pool(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let on_pool = pool.node.at("identity/userAssignedIdentities").members();
        let mut used: Vec<_> = pool
            .machine("containerConfiguration/containerRegistries")
            .items()
            .into_iter()
            .map(|registry| registry.at("identityReference/resourceId"))
            .collect();
        used.push(pool.at("startTask/containerSettings/registry/identityReference/resourceId"));
        for identity in used {
            let Some(id) = identity.id() else { continue };
            let is = |known: &str| id_of(known).is_some_and(|known| same_id(&known, &id));
            if !on_pool.iter().any(|(known, _)| is(known)) {
                sink.report(&identity, format!("the pool does not have `{}`", last_segment(&id)));
            }
        }
    }
}

fn identity_without_password(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        for registry in pool.machine("containerConfiguration/containerRegistries").items() {
            let password = registry.at("password");
            if registry.at("identityReference").exists()
                && (password.exists() || registry.at("username").exists())
            {
                sink.report(&registry, "has an identity and a user name or password");
            } else if password.text().is_some() {
                sink.report(&password, "the password is written in the template");
            }
        }
    }
}

fn pool_identity_is_user_assigned(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let kind = pool.node.at("identity/type");
        if kind.text().is_some_and(|text| text.to_lowercase().contains("systemassigned")) {
            sink.report(&kind, "a pool cannot have one");
        }
    }
}

/// A role assignment of this render with the role it gives and the scope on which.
struct Assignment<'a> {
    node: Node<'a>,
    role: Option<Role>,
    scope: String,
}

fn assignments<'a>(view: &View<'a>) -> Vec<Assignment<'a>> {
    view.of_kind("Microsoft.Authorization/roleAssignments")
        .map(|node| {
            let definition = node.at("properties/roleDefinitionId");
            let role = definition.written();
            let role = role.and_then(|id| guids(&id).find_map(catalog::role_by_id));
            let id = node.resource().id.to_lowercase();
            let end =
                id.find("/providers/microsoft.authorization/roleassignments").unwrap_or(id.len());
            let scope = id[..end].to_owned();
            Assignment { node, role, scope }
        })
        .collect()
}

fn guids(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_hexdigit() && letter != '-')
        .filter(|part| part.len() == 36)
}

impl Assignment<'_> {
    fn is_on(&self, registry: &Node<'_>) -> bool {
        same_id(&self.scope, &registry.resource().id)
    }

    fn covers(&self, registry: &Node<'_>) -> bool {
        self.is_on(registry)
            || registry.resource().id.to_lowercase().starts_with(&format!("{}/", self.scope))
            || !self.scope.contains("/providers/")
    }

    fn allows_pull(&self) -> bool {
        self.role.as_ref().is_none_or(|role| {
            role.registry_mode != RegistryMode::Neither && role.used_for.contains("pull")
                || role.used_for.contains("images")
                || matches!(role.name, "Owner" | "Contributor")
        })
    }

    /// Whether it may be for this identity: only an assignment that names another one is not.
    fn may_be_for(&self, identity: &str, others: &[&str]) -> bool {
        let principal = self.node.at("properties/principalId");
        let text = principal.written().unwrap_or_default().to_lowercase();
        let names = |id: &str| text.contains(&last_segment(id).to_lowercase());
        names(identity) || !others.iter().any(|other| names(other))
    }
}

fn pool_may_pull(view: &View<'_>, sink: &mut Sink<'_>) {
    let assignments = assignments(view);
    let identities: Vec<_> = view
        .of_kind("Microsoft.ManagedIdentity/userAssignedIdentities")
        .map(|identity| identity.resource().name.as_str())
        .collect();
    for pool in &view.pools {
        for reference in pool.machine("containerConfiguration/containerRegistries").items() {
            let identity = reference.at("identityReference/resourceId");
            let Some((server, id)) = reference.at("registryServer").text().zip(identity.id())
            else {
                continue;
            };
            let Some(registry) = deployed_registry(view, server) else { continue };
            let others: Vec<_> =
                identities.iter().copied().filter(|name| *name != last_segment(&id)).collect();
            let may = assignments
                .iter()
                .any(|it| it.covers(&registry) && it.allows_pull() && it.may_be_for(&id, &others));
            if !may {
                sink.report(
                    &identity,
                    format!("`{}` has no role on `{server}`", last_segment(&id)),
                )
                .also(&registry, "the registry");
            }
        }
    }
}

fn role_fits_the_registry(view: &View<'_>, sink: &mut Sink<'_>) {
    for registry in view.of_kind("Microsoft.ContainerRegistry/registries") {
        let mode = registry.at("properties/roleAssignmentMode");
        if mode.is_symbolic() {
            continue;
        }
        let abac = mode.is("AbacRepositoryPermissions");
        let ignored = if abac { RegistryMode::Legacy } else { RegistryMode::Abac };
        for assignment in assignments(view).iter().filter(|assignment| assignment.is_on(&registry))
        {
            let Some(role) = assignment.role.as_ref().filter(|role| role.registry_mode == ignored)
            else {
                continue;
            };
            let wanted = if abac { "repository" } else { "registry" };
            let label =
                format!("`{}` has no effect: the registry uses {wanted} permissions", role.name);
            sink.report(&assignment.node.at("properties/roleDefinitionId"), label)
                .help(format!("assign `{}`", catalog::pull_role(abac).name))
                .also(&mode, "the registry's mode");
        }
    }
}
