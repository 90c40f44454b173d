use serde::Serialize;

use super::closed::PublicAccess;
use super::names::Names;
use super::pool::{self, Application, Pool};
use super::pool_identity::PoolIdentities;
use super::pool_tasks;
use super::registry::Role;
use super::resolver::Resolver;
use super::resource_id::ResourceId;
use super::secret::{Secret, Secrets};
use super::sizes::Machine;
use super::{Image, Node, is_resource_id};
use crate::config::fields::{self, AllocationMode};
use crate::diagnostic::Diagnostic;

/// The Batch account and its pools.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "templates ask each by its name")]
pub struct Batch {
    /// Whether this deployment creates the account.
    pub create_account: bool,
    /// Resource group of an existing account, when it is another one.
    pub resource_group: Option<String>,
    /// Subscription of an existing account, when it is another one.
    pub subscription: Option<String>,
    /// The account lies in another resource group or subscription.
    pub elsewhere: bool,
    /// Account name.
    pub account: String,
    /// `BatchService` or `UserSubscription`.
    pub allocation_mode: &'static str,
    /// Nodes live in the user's subscription.
    pub user_subscription: bool,
    /// Who reaches the account from the Internet.
    pub access: PublicAccess,
    /// Addresses from which nodes reach node management; all where there are none.
    pub node_ip_rules: Vec<String>,
    /// Who reaches the auto-storage from the Internet.
    pub storage_access: PublicAccess,
    /// Key vault of a `UserSubscription` account.
    pub key_vault_id: Option<String>,
    /// Last part of `key_vault_id`.
    pub key_vault_name: Option<String>,
    /// Name of the auto-storage account.
    pub storage_account: Option<String>,
    /// The auto-storage account, when it exists.
    pub storage_at: Option<ResourceId>,
    /// With what nodes read the auto-storage, if a pool reads it and the account is created.
    pub node_identity: Option<NodeIdentity>,
    /// The identities that the config names for the pools.
    pub identities: PoolIdentities,
    /// Host of the registry that the nodes pull private images from.
    pub registry_server: Option<String>,
    /// Secrets that the pools need.
    pub secrets: Vec<Secret>,
    /// The application packages of the pools, each once.
    pub applications: Vec<Application>,
    /// A pool boots the newest version of the image, whichever that is.
    pub follows_image: bool,
    /// A pool boots the one version of the image that the config names.
    pub pins_image: bool,
    /// Image definition of an existing image version.
    pub existing_definition: Option<String>,
    /// The pools, in the order of the config.
    pub pools: Vec<Pool>,
}

/// The identity with which nodes read the auto-storage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeIdentity {
    /// Resource ID; the pull identity without it.
    pub id: Option<String>,
    /// Role of the pull identity on the storage account.
    pub role: Role,
}

/// How nodes reach the auto-storage.
#[derive(Default)]
pub(super) struct Storage {
    pub(super) create_account: bool,
    pub(super) created: bool,
    pub(super) node_identity: Option<String>,
}

pub(super) struct PoolContext<'a> {
    pub(super) node: &'a Node,
    pub(super) images: &'a [Image],
    pub(super) pull_identity: bool,
    pub(super) identity: Option<&'a str>,
    pub(super) node_image: &'a super::NodeImage,
    pub(super) network: &'a super::Network,
    pub(super) sizes: &'a [Option<Machine>],
    pub(super) storage: Storage,
}

pub(super) fn resolve(
    resolver: &mut Resolver<'_>,
    names: &Names<'_>,
    mut context: PoolContext<'_>,
) -> Option<Batch> {
    let written = resolver.config.batch.clone()?;
    let account = written.account.clone().unwrap_or_default();
    let create_account = account.create.unwrap_or(true);
    let user_subscription = account.allocation_mode == Some(AllocationMode::UserSubscription);
    let name = account_name(resolver, &account, create_account, names)?;
    key_vault(resolver, &account, user_subscription);
    elsewhere(resolver, &account, create_account);
    let storage = written.storage.unwrap_or_default();
    let storage_at = existing_storage(resolver, &storage);
    let storage_access = PublicAccess::new(storage.public_network_access, &storage.ip_rules);
    let storage_account = (create_account && storage.create.unwrap_or(true)).then(|| {
        let existing = storage_at.as_ref().map(|at| at.name.clone());
        existing.or(storage.name.clone()).unwrap_or_else(|| names.global("st", 24))
    });
    same_ids(resolver, &written.pools);
    if let Some(id) = &storage.node_identity {
        ResourceId::of_identity(resolver, id, "/batch/storage/nodeIdentity");
    }
    context.storage = Storage {
        create_account,
        created: storage_account.is_some(),
        node_identity: storage.node_identity,
    };
    let (pools, secrets) = pools(resolver, &written.pools, &context);
    if pools.is_empty() && written.pools.is_empty() && !create_account {
        nothing_to_deploy(resolver);
    }
    let node_identity = node_identity(&written.pools, &context.storage);
    let vault_name = account.key_vault_id.as_deref().and_then(|id| id.rsplit('/').next());
    Some(Batch {
        create_account,
        access: PublicAccess::new(account.public_network_access, &account.ip_rules),
        node_ip_rules: account.node_ip_rules,
        storage_access,
        elsewhere: account.resource_group.is_some() || account.subscription.is_some(),
        resource_group: account.resource_group,
        subscription: account.subscription,
        account: name,
        allocation_mode: if user_subscription { "UserSubscription" } else { "BatchService" },
        user_subscription,
        key_vault_name: vault_name.map(str::to_owned),
        key_vault_id: account.key_vault_id,
        storage_account,
        storage_at,
        identities: PoolIdentities::new(&pools, node_identity.as_ref()),
        node_identity,
        registry_server: registry_server(&pools),
        secrets: secrets.into_list(),
        applications: applications(&pools),
        follows_image: pools.iter().any(|pool| pool.follows_image),
        pins_image: pools.iter().any(|pool| !pool.follows_image),
        existing_definition: context.node_image.existing_definition_id(),
        pools,
    })
}

/// The pools of the account, and the secrets that they need.
fn pools(
    resolver: &mut Resolver<'_>,
    written: &[fields::Pool],
    context: &PoolContext<'_>,
) -> (Vec<Pool>, Secrets) {
    let (mut keys, mut secrets) = (Vec::new(), Secrets::default());
    let mut pools = Vec::new();
    for (index, pool) in written.iter().enumerate() {
        pools.extend(pool::resolve(resolver, pool, index, context, &mut keys, &mut secrets));
    }
    (pools, secrets)
}

/// The application packages of the pools, each once.
fn applications(pools: &[Pool]) -> Vec<Application> {
    let mut found: Vec<Application> = Vec::new();
    for package in pools.iter().flat_map(|pool| &pool.applications) {
        if !found.contains(package) {
            found.push(package.clone());
        }
    }
    found
}

/// The one registry that is private: the config's own.
fn registry_server(pools: &[Pool]) -> Option<String> {
    let containers = pools.iter().filter_map(|pool| pool.containers.as_ref());
    containers.flat_map(|containers| &containers.private_registries).next().cloned()
}

fn nothing_to_deploy(resolver: &mut Resolver<'_>) {
    resolver.error(
        "PB1028",
        "/batch",
        "nothing to deploy under `batch`",
        "the account exists, and there are no pools",
        "add a pool under `pools`, or remove `batch`",
    );
}

/// An account in another place exists, and its pools are deployed there, without a network of this deployment.
fn elsewhere(resolver: &mut Resolver<'_>, account: &fields::Account, create: bool) {
    let network = resolver.config.network.as_ref();
    let creates_network = network.is_none_or(|network| network.subnet_id.is_none());
    for (key, _) in [
        ("resourceGroup", account.resource_group.is_some()),
        ("subscription", account.subscription.is_some()),
    ]
    .into_iter()
    .filter(|(_, given)| *given)
    {
        let pointer = format!("/batch/account/{key}");
        if create {
            resolver.error(
                "PB1022",
                &pointer,
                format!("`{key}` is only for an existing account"),
                "prebake creates an account in the resource group of the config",
                format!("remove `{key}`, or set `create: false`"),
            );
        } else if creates_network {
            resolver.error(
                "PB1502",
                &pointer,
                "an account in another resource group needs a subnet",
                "prebake creates no network in the resource group of the account",
                "set `network.subnetId` to an existing subnet",
            );
            return;
        }
    }
}

/// The auto-storage account that the config names.
fn existing_storage(
    resolver: &mut Resolver<'_>,
    storage: &fields::AutoStorage,
) -> Option<ResourceId> {
    let id = storage.id.as_ref()?;
    for (key, given) in [("create", storage.create.is_some()), ("name", storage.name.is_some())] {
        if given {
            resolver.error(
                "PB1022",
                &format!("/batch/storage/{key}"),
                format!("`{key}` has no effect with `id`"),
                "prebake does not change an existing storage account",
                format!("remove `{key}`, or remove `id` to create a storage account"),
            );
        }
    }
    let found = ResourceId::parse(id, "Microsoft.Storage/storageAccounts");
    if found.is_none() {
        resolver.error(
            "PB1026",
            "/batch/storage/id",
            "not the ID of a storage account",
            "expected `/subscriptions/.../storageAccounts/<account>`",
            "copy it from `az storage account show --query id`",
        );
    }
    found
}

fn node_identity(pools: &[fields::Pool], storage: &Storage) -> Option<NodeIdentity> {
    let read = storage.created && pools.iter().any(pool_tasks::reads_auto_storage);
    read.then(|| NodeIdentity {
        id: storage.node_identity.clone(),
        role: Role::built_in("Storage Blob Data Reader"),
    })
}

fn account_name(
    resolver: &mut Resolver<'_>,
    account: &fields::Account,
    create: bool,
    names: &Names<'_>,
) -> Option<String> {
    if account.name.is_none() && !create {
        resolver.error(
            "PB1011",
            "/batch/account",
            "the existing Batch account has no name",
            "`create: false` requires `name`",
            "add `name: <account>`",
        );
        return None;
    }
    Some(account.name.clone().unwrap_or_else(|| names.global("", 24)))
}

fn key_vault(resolver: &mut Resolver<'_>, account: &fields::Account, user_subscription: bool) {
    match &account.key_vault_id {
        None if user_subscription && account.create.unwrap_or(true) => resolver.error(
            "PB1029",
            "/batch/account",
            "`UserSubscription` needs a key vault",
            "`keyVaultId` is missing",
            "set `keyVaultId` to the resource ID of a key vault in the region of the account",
        ),
        Some(_) if !user_subscription => resolver.error(
            "PB1022",
            "/batch/account/keyVaultId",
            "`keyVaultId` needs `allocationMode: UserSubscription`",
            "an account in `BatchService` mode uses no key vault",
            "remove `keyVaultId`, or set `allocationMode: UserSubscription`",
        ),
        Some(id) if !is_resource_id(id, "Microsoft.KeyVault/vaults") => resolver.error(
            "PB1026",
            "/batch/account/keyVaultId",
            "not the ID of a key vault",
            "expected `/subscriptions/.../providers/Microsoft.KeyVault/vaults/<vault>`",
            "copy it from `az keyvault show --query id`",
        ),
        _ => {}
    }
}

/// Batch ignores case when it compares pool IDs.
fn same_ids(resolver: &mut Resolver<'_>, pools: &[fields::Pool]) {
    for (index, pool) in pools.iter().enumerate() {
        let same = |other: &fields::Pool| other.id.eq_ignore_ascii_case(&pool.id);
        if let Some(first) = pools[..index].iter().position(same) {
            let finding = Diagnostic::error("PB1007", format!("duplicate pool ID `{}`", pool.id))
                .reason("Batch ignores case when it compares pool IDs")
                .help("give each pool a unique ID");
            let (here, there) =
                (format!("/batch/pools/{index}/id"), format!("/batch/pools/{first}/id"));
            resolver.push_pair(finding, &here, "duplicate", &there);
        }
    }
}
