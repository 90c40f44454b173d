//! Who may do what: the roles that a render assigns, and those that somebody else grants.

mod deployer;

use serde::Serialize;

use super::registry::Role;
use super::resolver::Resolver;
use super::resource_id::ResourceId;
use super::{BakedImage, Batch, Model};
use crate::catalog::Stage;
use crate::config::fields::{self, PrincipalType};

/// Roles and identities.
#[expect(clippy::struct_excessive_bools, reason = "each is a question that a template asks")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Access {
    /// The render assigns the roles that it needs.
    pub assign_roles: bool,
    /// The scopes on which it does, in words.
    pub assigned_on: Vec<String>,
    /// The resource groups besides that of the config to which modules deploy.
    pub other_groups: Vec<String>,
    /// The render does assign one.
    pub assigns: bool,
    /// What somebody else grants.
    pub needed: Vec<Grant>,
    /// Some of it can be granted only after a stage.
    pub late: bool,
    /// Some of it is granted to whoever deploys.
    pub to_deployer: bool,
    /// Who may submit jobs.
    pub job_submitters: Vec<Submitter>,
    /// The role with which they may.
    pub submitter_role: Option<Role>,
}

/// A role that somebody else grants.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// On what.
    pub scope: Scope,
    /// Whom.
    pub to: Principal,
    /// What for.
    pub reason: &'static str,
    /// The stage after which it can be granted, since that one creates what it is about.
    pub after: Option<Stage>,
}

/// What a role is granted on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scope {
    /// In words: `registry` and its name.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its whole ID, where the config gives it.
    pub id: Option<String>,
    /// Its ID below the subscription of the deployment.
    pub path: Option<String>,
}

/// Who is granted a role.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Principal {
    /// The service Azure Batch.
    Batch,
    /// A user-assigned identity.
    Identity {
        /// The identity.
        identity: Scope,
    },
    /// The identity of the Batch account itself.
    Account {
        /// Name of the account.
        name: String,
    },
    /// Whoever deploys.
    Deployer,
    /// A principal that the config names.
    Object {
        /// Object ID.
        id: String,
        /// What it is.
        principal_type: &'static str,
    },
}

/// Who may submit jobs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Submitter {
    /// Object ID.
    pub principal_id: String,
    /// `Group`, `User` or `ServicePrincipal`.
    pub principal_type: &'static str,
}

const IDENTITIES: &str = "Microsoft.ManagedIdentity/userAssignedIdentities";

/// The identity that pulls images, if the config names one that exists.
pub(super) fn pull_identity(resolver: &mut Resolver<'_>, private: bool) -> Option<ResourceId> {
    let config = resolver.config;
    let access = config.access.as_ref()?;
    let id = access.pull_identity_id.as_ref()?;
    if !private {
        resolver.error(
            "PB1022",
            "/access/pullIdentityId",
            "`pullIdentityId` has no effect without a private image",
            "public images are pulled without an identity",
            "remove it, or add an image from the registry to `images`",
        );
        return None;
    }
    ResourceId::of_identity(resolver, id, "/access/pullIdentityId")
}

/// What the config says of access, before it is known who needs what.
pub(super) fn resolve(resolver: &mut Resolver<'_>) -> Access {
    let config = resolver.config;
    let written = config.access.clone().unwrap_or_default();
    if !written.job_submitters.is_empty() && config.batch.is_none() {
        resolver.error(
            "PB1022",
            "/access/jobSubmitters",
            "`jobSubmitters` has no effect without `batch`",
            "jobs are submitted to a Batch account",
            "remove it, or add `batch`",
        );
    }
    let submitter = |written: &fields::JobSubmitter| Submitter {
        principal_id: written.principal_id.to_lowercase(),
        principal_type: match written.principal_type.unwrap_or(PrincipalType::Group) {
            PrincipalType::Group => "Group",
            PrincipalType::User => "User",
            PrincipalType::ServicePrincipal => "ServicePrincipal",
        },
    };
    let job_submitters: Vec<Submitter> = written.job_submitters.iter().map(submitter).collect();
    Access {
        assign_roles: written.assign_roles.unwrap_or(true),
        submitter_role: (!job_submitters.is_empty())
            .then(|| Role::built_in("Azure Batch Job Submitter")),
        job_submitters,
        ..Access::default()
    }
}

/// Fills in who needs what, once everything else is known.
pub(super) fn complete(resolver: &mut Resolver<'_>, model: &mut Model) {
    if !model.access.assign_roles {
        identities_exist(resolver, model);
    }
    image_builder_reads_its_source(resolver, model);
    let mut list = List {
        model,
        needed: Vec::new(),
        assigned_on: Vec::new(),
        assigned: Vec::new(),
        assigns: false,
    };
    list.of_registry();
    list.of_imports();
    list.of_image_builder();
    list.of_deployer();
    if let Some(batch) = &model.batch {
        list.of_account(batch);
        list.of_batch_service(batch);
        list.of_mounts(batch);
        list.of_resource_files(batch);
    }
    let other_groups = list.other_groups();
    let List { needed, assigned_on, assigns, .. } = list;
    model.access.other_groups = other_groups;
    model.access.assigns = assigns;
    model.access.late = needed.iter().any(|grant| grant.after.is_some());
    model.access.to_deployer = needed.iter().any(|grant| grant.to == Principal::Deployer);
    model.access.needed = needed;
    model.access.assigned_on = assigned_on;
}

/// An identity that the deployment creates has no role when it is first used, unless the deployment assigns it.
fn identities_exist(resolver: &mut Resolver<'_>, model: &Model) {
    let builds = model.build_identity.is_some();
    let image_builder = model.builder.as_ref().filter(|builder| builder.image_builder);
    for (created, what, help) in [
        (
            model.identity.is_some() && model.identity_at.is_none(),
            "the identity that pulls images",
            "create it, assign its role, and set `access.pullIdentityId`",
        ),
        (
            image_builder.is_some_and(|builder| builder.identity_at.is_none()),
            "the identity of Image Builder",
            "create it, assign its roles, and set `builder.identityId`",
        ),
        (
            builds,
            "the identity that builds images",
            "build from a local folder, with the permissions of the deploying identity",
        ),
    ] {
        if created {
            resolver.error(
                "PB1501",
                "/access/assignRoles",
                format!("{what} would have no role"),
                "the deployment creates it but assigns no role",
                help,
            );
        }
    }
}

/// An identity that the deployment creates cannot read the image of others from which the same deployment bakes.
fn image_builder_reads_its_source(resolver: &mut Resolver<'_>, model: &Model) {
    let builder = model.builder.as_ref().filter(|builder| builder.image_builder);
    let reads = model.node.os.image_id.is_some();
    if reads && builder.is_some_and(|builder| builder.identity_at.is_none()) {
        resolver.error(
            "PB1501",
            "/node/image/id",
            "the identity of Image Builder would have no role",
            "the deployment creates it, but assigns no role on this image",
            "create the identity, assign it Compute Gallery Image Reader on the image, and set `builder.identityId`",
        );
    }
}

/// The grants of a model as they are found.
struct List<'a> {
    model: &'a Model,
    needed: Vec<Grant>,
    assigned_on: Vec<String>,
    /// The resources outside the resource group of the config on which the render assigns roles.
    assigned: Vec<Scope>,
    assigns: bool,
}

impl List<'_> {
    /// A role of the deployment itself: assigned, or granted by somebody else.
    fn own(&mut self, grant: Grant) {
        if self.model.access.assign_roles {
            self.assigns = true;
            let on = format!("{} {}", grant.scope.kind, grant.scope.name);
            if self.is_elsewhere(&grant.scope) && !self.assigned_on.contains(&on) {
                self.assigned_on.push(on);
                self.assigned.push(grant.scope);
            }
        } else {
            self.needed.push(grant);
        }
    }

    fn need(&mut self, role: &str, scope: Scope, to: Principal, reason: &'static str) {
        let after = self.creates(&to).then_some(Stage::Registry);
        let grant = Grant { role: Role::built_in(role), scope, to, reason, after };
        let known = |known: &Grant| {
            (&known.role, &known.scope, &known.to) == (&grant.role, &grant.scope, &grant.to)
        };
        if !self.needed.iter().any(known) {
            self.needed.push(grant);
        }
    }

    /// Whether the stage of the registry creates an identity that pulls images.
    fn creates(&self, to: &Principal) -> bool {
        let Principal::Identity { identity } = to else { return false };
        self.model.identity_at.is_none() && self.model.identity.as_ref() == Some(&identity.name)
    }

    fn of_registry(&mut self) {
        let Some(registry) = &self.model.registry else { return };
        let scope = self.registry_scope();
        if let Some(to) = self.pull_principal() {
            let role = registry.pull_role.clone();
            let reason = "builder and nodes pull images";
            self.own(Grant { role, scope: scope.clone(), to, reason, after: None });
        }
        if self.model.build_identity.is_some() {
            self.assigns = true;
        }
        let builds = self.model.images.iter().filter_map(|image| image.build.as_ref());
        if builds.clone().any(|build| !build.task_run) {
            let scope = if registry.create { self.group_scope() } else { scope.clone() };
            if registry.abac {
                let role = "Container Registry Repository Writer";
                let reason = "quick builds push with the permissions of the deploying identity";
                self.need(role, scope.clone(), Principal::Deployer, reason);
            }
            if self.is_elsewhere(&scope) {
                let role = "Container Registry Tasks Contributor";
                self.need(role, scope, Principal::Deployer, "starts the builds");
            }
        }
    }

    /// Imports run with the rights of whoever deploys, in both registries.
    fn of_imports(&mut self) {
        const IMPORTER: &str = "Container Registry Data Importer and Data Reader";
        let imports = self.model.images.iter().filter_map(|image| image.import.as_ref());
        for import in imports {
            let scope = self.registry_scope();
            if self.is_elsewhere(&scope) {
                self.need(IMPORTER, scope, Principal::Deployer, "imports images");
            }
            if let Some(source) = &import.registry {
                let source = Scope::of_id("registry", &source.name, &source.id);
                self.need(IMPORTER, source, Principal::Deployer, "reads images to import");
            }
        }
    }

    fn of_image_builder(&mut self) {
        let model = self.model;
        let Some(builder) = model.builder.as_ref().filter(|builder| builder.image_builder) else {
            return;
        };
        let Some(baked) = model.node_image.baked() else { return };
        let Some(identity) = self.image_builder_identity() else { return };
        let to = Principal::Identity { identity };
        let gallery = self.gallery_scope(baked);
        self.own(Grant {
            role: builder.publisher_role.clone(),
            scope: gallery,
            to: to.clone(),
            reason: "Image Builder publishes the image version",
            after: None,
        });
        if let Some(pull) = self.pull_scope() {
            self.own(Grant {
                role: builder.operator_role.clone(),
                scope: pull,
                to: to.clone(),
                reason: "Image Builder gives its VM the identity that pulls images",
                after: None,
            });
        }
        if let Some(network) = &model.network.builder_network_id {
            self.own(Grant {
                role: builder.network_role.clone(),
                scope: Scope::of_network(network),
                to,
                reason: "Image Builder joins the subnet",
                after: None,
            });
        }
    }

    /// The identity of Image Builder, if it bakes.
    fn image_builder_identity(&self) -> Option<Scope> {
        let builder = self.model.builder.as_ref().filter(|builder| builder.image_builder)?;
        let path = format!("/providers/{IDENTITIES}/{}", builder.identity);
        Some(self.scope("identity", &builder.identity, builder.identity_at.as_ref(), &path))
    }

    fn of_account(&mut self, batch: &Batch) {
        let after = batch.create_account.then_some(Stage::Batch);
        if batch.create_account
            && let Some(storage) = &batch.storage_account
        {
            let path = format!("/providers/Microsoft.Storage/storageAccounts/{storage}");
            let scope = self.scope("storage account", storage, batch.storage_at.as_ref(), &path);
            self.own(Grant {
                role: Role::built_in("Storage Blob Data Contributor"),
                scope: scope.clone(),
                to: Principal::Account { name: batch.account.clone() },
                reason: "the account uses its auto-storage",
                after,
            });
            self.of_node_identity(batch, scope, after);
        }
        let Some(role) = self.model.access.submitter_role.clone() else { return };
        let scope = self.account_scope(batch);
        for submitter in self.model.access.job_submitters.clone() {
            self.own(Grant {
                role: role.clone(),
                scope: scope.clone(),
                to: Principal::Object {
                    id: submitter.principal_id,
                    principal_type: submitter.principal_type,
                },
                reason: "submits jobs",
                after,
            });
        }
    }

    /// The deployment assigns a role to the pull identity only; another identity has what somebody gave it.
    fn of_node_identity(&mut self, batch: &Batch, scope: Scope, after: Option<Stage>) {
        let Some(node_identity) = &batch.node_identity else { return };
        let Some(identity) = self.identity(node_identity.id.as_ref()) else { return };
        let grant = Grant {
            role: node_identity.role.clone(),
            scope,
            to: Principal::Identity { identity },
            reason: "nodes read packages and files of the auto-storage",
            after,
        };
        if node_identity.id.is_some() {
            self.needed.push(grant);
        } else {
            self.own(grant);
        }
    }

    /// No resource of the render gives a role on the storage from which a start task downloads.
    fn of_resource_files(&mut self, batch: &Batch) {
        let tasks = batch.pools.iter().filter_map(|pool| pool.start_task.as_ref());
        for file in tasks.flat_map(|task| &task.resource_files) {
            let Some(account) = file.account() else { continue };
            let identity = file.identity.as_ref();
            let Some(identity) = self.identity(identity).filter(|_| file.has_identity()) else {
                continue;
            };
            let name = account.to_owned();
            let scope = Scope { kind: "storage account", name, id: None, path: None };
            let to = Principal::Identity { identity };
            self.need("Storage Blob Data Reader", scope, to, "the start task downloads files");
        }
    }

    fn of_batch_service(&mut self, batch: &Batch) {
        if !batch.pools.is_empty() {
            let scope = match self.model.network.pools.network_id() {
                Some(network) => Scope::of_network(network),
                None => self.group_scope(),
            };
            // Otherwise it is needed in some tenants only, which the README says in words.
            if batch.user_subscription || !self.model.access.assign_roles {
                let reason = "Batch checks the subnet of a pool";
                self.need("Classic Virtual Machine Contributor", scope, Principal::Batch, reason);
            }
        }
        if !batch.user_subscription || !batch.create_account {
            return;
        }
        let subscription = Scope {
            kind: "subscription",
            name: String::new(),
            id: None,
            path: Some(String::new()),
        };
        let role = "Azure Batch Service Orchestration Role";
        self.need(role, subscription, Principal::Batch, "Batch creates the nodes in it");
        if let Some(id) = &batch.key_vault_id {
            let name = batch.key_vault_name.clone().unwrap_or_default();
            let vault = Scope::of_id("key vault", &name, id);
            let reason = "Batch stores secrets of the nodes in it; for a vault with access policies, grant get, list, set, delete and recover on secrets instead";
            self.need("Key Vault Secrets Officer", vault, Principal::Batch, reason);
        }
    }

    /// A blob mount reads with an identity, whose role on the storage no resource of the render gives.
    fn of_mounts(&mut self, batch: &Batch) {
        let mounts =
            batch.pools.iter().flat_map(|pool| &pool.mounts).filter(|mount| mount.is_blob());
        for mount in mounts {
            let Some(identity) = self.identity(mount.identity()) else { continue };
            let scope =
                Scope { kind: "storage account", name: mount.source.clone(), id: None, path: None };
            let reason =
                "nodes mount the container; Storage Blob Data Reader is enough for `-o ro`";
            let to = Principal::Identity { identity };
            self.need("Storage Blob Data Contributor", scope, to, reason);
        }
    }

    /// An identity by its ID; the pull identity without one.
    fn identity(&self, id: Option<&String>) -> Option<Scope> {
        match id {
            Some(id) => {
                Some(Scope::of_id("identity", id.rsplit('/').next().unwrap_or_default(), id))
            }
            None => self.pull_scope(),
        }
    }

    fn registry_scope(&self) -> Scope {
        let Some(registry) = &self.model.registry else { return self.group_scope() };
        let path = format!("/providers/Microsoft.ContainerRegistry/registries/{}", registry.name);
        let place = (registry.resource_group.as_ref(), registry.subscription.as_ref());
        self.placed("registry", &registry.name, place, &path)
    }

    fn gallery_scope(&self, baked: &BakedImage) -> Scope {
        let path = format!("/providers/Microsoft.Compute/galleries/{}", baked.gallery);
        let place = (baked.resource_group.as_ref(), baked.subscription.as_ref());
        self.placed("gallery", &baked.gallery, place, &path)
    }

    fn account_scope(&self, batch: &Batch) -> Scope {
        let path = format!("/providers/Microsoft.Batch/batchAccounts/{}", batch.account);
        let place = (batch.resource_group.as_ref(), batch.subscription.as_ref());
        self.placed("Batch account", &batch.account, place, &path)
    }

    /// A resource in a resource group and a subscription that may be those of the config.
    fn placed(
        &self,
        kind: &'static str,
        name: &str,
        (group, subscription): (Option<&String>, Option<&String>),
        path: &str,
    ) -> Scope {
        let group = group.unwrap_or(&self.model.resource_group);
        let path = format!("/resourceGroups/{group}{path}");
        match subscription {
            Some(subscription) => {
                Scope::of_id(kind, name, &format!("/subscriptions/{subscription}{path}"))
            }
            None => Scope { kind, name: name.to_owned(), id: None, path: Some(path) },
        }
    }

    /// Whether a resource lies outside the resource group of the config.
    fn is_elsewhere(&self, scope: &Scope) -> bool {
        let group = format!("/resourceGroups/{}", self.model.resource_group);
        let inside = |path: &String| {
            path.strip_prefix(&group).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        !scope.path.as_ref().is_some_and(inside)
    }

    fn pull_scope(&self) -> Option<Scope> {
        let name = self.model.identity.as_ref()?;
        let path = format!("/providers/{IDENTITIES}/{name}");
        Some(self.scope("identity", name, self.model.identity_at.as_ref(), &path))
    }

    fn pull_principal(&self) -> Option<Principal> {
        Some(Principal::Identity { identity: self.pull_scope()? })
    }

    fn group_scope(&self) -> Scope {
        self.scope("resource group", &self.model.resource_group, None, "")
    }

    /// A resource by its ID, or by its path in the resource group of the config.
    fn scope(&self, kind: &'static str, name: &str, at: Option<&ResourceId>, path: &str) -> Scope {
        if let Some(at) = at {
            return Scope::of_id(kind, name, &at.id);
        }
        let path = format!("/resourceGroups/{}{path}", self.model.resource_group);
        Scope { kind, name: name.to_owned(), id: None, path: Some(path) }
    }
}

impl Scope {
    fn of_id(kind: &'static str, name: &str, id: &str) -> Self {
        Self { kind, name: name.to_owned(), id: Some(id.to_owned()), path: None }
    }

    fn of_network(id: &str) -> Self {
        Self::of_id("network", id.rsplit('/').next().unwrap_or_default(), id)
    }

    /// The resource group that it is in.
    fn group(&self) -> Option<String> {
        let id = self.id.as_ref().or(self.path.as_ref())?;
        let mut parts = id.split('/');
        parts.find(|part| part.eq_ignore_ascii_case("resourceGroups"))?;
        parts.next().map(str::to_owned)
    }
}
