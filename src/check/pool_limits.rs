//! Group B, continued: what the VM size, the account and the quota allow.

use std::collections::BTreeMap;

use super::Check;
use super::finding::Sink;
use super::lifecycle::is_before;
use super::network::{own_subscription, subscription_of};
use super::node::{Node, same_id};
use super::pool::base_image;
use super::view::{Pool, View};
use crate::catalog::{self, VmSize, changed_default, plain_family};
use crate::diagnostic::Severity;

pub(super) const RULES: &[(&str, Check)] = &[
    ("POOL013", slots_fit_the_cores),
    ("POOL014", slots_fit_the_gpus),
    ("POOL015", inter_node_pool_is_small),
    ("POOL018", ephemeral_disk_fits_the_cache),
    ("POOL019", premium_disk_fits_the_size),
    ("POOL020", accelerated_networking_fits_the_size),
    ("POOL021", size_has_a_temporary_disk),
    ("POOL032", quota_suffices),
    ("POOL033", no_resource_tags),
    ("POOL034", user_subscription_has_a_vault),
    ("POOL035", vault_lets_batch_in),
    ("POOL036", group_is_not_locked),
    ("IMG037", image_serves_the_fabric),
    ("POOL037", zones_fit_the_fabric),
    ("POOL038", size_is_not_confidential),
    ("POOL039", size_encrypts_at_host),
    ("POOL040", upgrades_find_a_newer_version),
    ("POOL045", vault_is_in_the_subscription),
];

/// Whether running nodes take over newer versions of their image.
pub(super) const AUTOMATIC_UPGRADE: &str =
    "upgradePolicy/automaticOSUpgradePolicy/enableAutomaticOSUpgrade";

fn slots_fit_the_cores(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let slots = pool.at("taskSlotsPerNode");
        let Some((wanted, size)) = slots.number().zip(pool.size.as_ref()) else { continue };
        let most = (i64::from(size.vcpus) * 4).min(256);
        if wanted > most {
            let label =
                format!("`{}` has {} vCPUs and supports {most} slots", size.name, size.vcpus);
            sink.report(&slots, label)
                .help(format!("set `batch.pools[].taskSlotsPerNode` to at most {most}"));
        }
    }
}

fn slots_fit_the_gpus(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let slots = pool.at("taskSlotsPerNode");
        let Some((wanted, size)) = slots.number().zip(pool.size.as_ref()) else { continue };
        let Some(gpus) = size.gpus.filter(|_| size.has_gpu()) else { continue };
        let whole = i64::from(gpus.numerator.div_ceil(gpus.denominator.max(1)));
        let profile = view.render.declared.mig.as_deref();
        let instances =
            profile.and_then(|profile| catalog::mig_instances(&size.gpu_model, profile));
        match instances.map(|instances| i64::from(instances) * whole) {
            Some(all) if wanted > all => {
                let label = format!("{wanted} slots share {all} MIG instances on `{}`", size.name);
                sink.report(&slots, label);
            }
            None if wanted > whole => {
                sink.report(&slots, format!("{wanted} slots share {gpus} GPU on `{}`", size.name));
            }
            _ => {}
        }
    }
}

fn inter_node_pool_is_small(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let setting = pool.at("interNodeCommunication");
        if !setting.is("Enabled") {
            continue;
        }
        let most = if view.in_user_subscription(pool) == Some(true) { 80 } else { 100 };
        let nodes = pool.fixed_nodes();
        if nodes > most {
            sink.report(&setting, format!("allows {most} nodes, but the pool has {nodes}"));
        }
        let slots = pool.at("taskSlotsPerNode");
        let rdma = pool.size.as_ref().is_some_and(|size| size.rdma);
        if rdma && slots.number().is_some_and(|count| count > 1) {
            sink.report(&slots, "MPI over RDMA needs one task per node");
        }
    }
}

fn ephemeral_disk_fits_the_cache(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let disk = pool.machine("osDisk");
        let placement = disk.at("ephemeralOSDiskSettings/placement");
        let Some(size) = pool.size.as_ref().filter(|_| placement.exists()) else { continue };
        if size.ephemeral_os_disk == Some(false) {
            sink.report(&placement, format!("`{}` does not support ephemeral OS disks", size.name));
            continue;
        }
        let wanted = disk.at("diskSizeGB");
        let gib = wanted.number().unwrap_or(30);
        if let Some(cache) = size.cached_disk_gb.filter(|cache| i64::from(*cache) < gib) {
            let label =
                format!("the cache of `{}` has {cache} GiB, but the disk has {gib}", size.name);
            sink.report(&placement, label);
        }
    }
}

fn premium_disk_fits_the_size(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let Some(size) = pool.size.as_ref().filter(|size| size.premium_io == Some(false)) else {
            continue;
        };
        let os_disk = pool.machine("osDisk/managedDisk/storageAccountType");
        let data = pool.machine("dataDisks").items();
        let data = data.iter().map(|disk| disk.at("managedDisk/storageAccountType"));
        for kind in std::iter::once(os_disk).chain(data) {
            if kind.text().is_some_and(|text| text.to_lowercase().starts_with("premium")) {
                sink.report(&kind, format!("`{}` does not support premium disks", size.name));
            }
        }
    }
}

fn accelerated_networking_fits_the_size(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let setting = pool.at("networkConfiguration/enableAcceleratedNetworking");
        let lacks = pool.size.as_ref().filter(|size| size.accelerated_networking == Some(false));
        if let Some(size) = lacks.filter(|_| setting.boolean() == Some(true)) {
            sink.report(&setting, format!("`{}` does not support it", size.name));
        }
    }
}

fn size_has_a_temporary_disk(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let none = |size: &&VmSize| size.temp_disk_gb == Some(0) && size.nvme_temp_gb.is_none();
        if let Some(size) = pool.size.as_ref().filter(none) {
            sink.report(&pool.at("vmSize"), format!("`{}` has none", size.name))
                .rests_on(size.fact());
        }
    }
}

fn quota_suffices(view: &View<'_>, sink: &mut Sink<'_>) {
    let mut needed: BTreeMap<String, Vec<&Pool<'_>>> = BTreeMap::new();
    for pool in &view.pools {
        let family = pool
            .size
            .as_ref()
            .map(|size| plain_family(&size.family))
            .filter(|family| !family.is_empty());
        if let Some(family) = family {
            needed.entry(family).or_default().push(pool);
        }
    }
    for (family, granted) in &view.render.declared.quota {
        let Some(pools) = needed.get(&plain_family(family)) else { continue };
        let cores = pools.iter().filter_map(|pool| {
            let [dedicated, _] = pool.most_nodes();
            let (nodes, says) = dedicated?;
            let vcpus = pool.size.as_ref().map_or(0, |size| u64::from(size.vcpus));
            Some((nodes.saturating_mul(vcpus), says))
        });
        let cores: Vec<(u64, Node<'_>)> = cores.collect();
        let total = cores.iter().fold(0_u64, |sum, (cores, _)| sum.saturating_add(*cores));
        let Some((_, largest)) = cores.iter().max_by_key(|(cores, _)| *cores) else { continue };
        if total > u64::from(*granted) {
            sink.report(
                largest,
                format!("{total} vCPUs of {family} are needed at most, {granted} are declared"),
            );
        }
    }
}

/// Words in a bake that say that it installs what `InfiniBand` needs.
const FABRIC_SOFTWARE: [&str; 5] =
    ["doca-ofed", "doca-all", "mlnxofedinstall", "mlnx-ofed", "rdma-core"];

fn image_serves_the_fabric(view: &View<'_>, sink: &mut Sink<'_>) {
    let installs =
        view.bakes.iter().any(|bake| FABRIC_SOFTWARE.iter().any(|word| bake.mentions(&[word])));
    for pool in view.pools.iter().filter(|_| !installs) {
        let between = pool.at("interNodeCommunication");
        let fabric = pool.size.as_ref().filter(|size| size.rdma && between.is("Enabled"));
        let Some((size, (image, reference))) = fabric.zip(base_image(view, pool)) else { continue };
        if !image.fabric {
            let source = format!("{}:{}:{}", image.publisher, image.offer, image.sku);
            sink.report(&between, format!("`{}` has InfiniBand", size.name))
                .also(&reference, format!("`{source}` has no drivers for it"))
                .rests_on(size.fact());
        }
    }
}

fn zones_fit_the_fabric(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let policy = pool.machine("nodePlacementConfiguration/policy");
        let fabric = pool.size.as_ref().filter(|size| size.rdma);
        let between = pool.at("interNodeCommunication");
        if let Some(size) = fabric.filter(|_| policy.is("Zonal") && between.is("Enabled")) {
            sink.report(&policy, format!("`{}` has InfiniBand", size.name))
                .also(&between, "nodes talk to each other")
                .rests_on(size.fact());
        }
    }
}

fn size_is_not_confidential(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let secure = pool.machine("securityProfile/securityType");
        let Some(size) = pool.size.as_ref().filter(|_| !secure.is("confidentialVM")) else {
            continue;
        };
        if let Some(technology) = size.confidential() {
            let label = format!("`{}` isolates its machines with {technology}", size.name);
            sink.report(&pool.at("vmSize"), label);
        }
    }
}

fn size_encrypts_at_host(view: &View<'_>, sink: &mut Sink<'_>) {
    let pools = view
        .pools
        .iter()
        .map(|pool| (pool.machine("securityProfile/encryptionAtHost"), pool.size.clone()));
    let builders = view.of_kind("Microsoft.Compute/virtualMachines").map(|vm| {
        let size = vm.at("properties/hardwareProfile/vmSize").text();
        let size = size.and_then(|name| view.overlay().vm_size(name));
        (vm.at("properties/securityProfile/encryptionAtHost"), size)
    });
    for (setting, size) in pools.chain(builders) {
        let lacks = size.filter(|size| size.encryption_at_host == Some(false));
        if let Some(size) = lacks.filter(|_| setting.boolean() == Some(true)) {
            sink.report(&setting, format!("`{}` does not support it", size.name))
                .rests_on(size.fact());
        }
    }
}

fn upgrades_find_a_newer_version(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let setting = pool.at(AUTOMATIC_UPGRADE);
        let image = pool.machine("imageReference/id");
        let version = image
            .id()
            .and_then(|id| Some(id.to_lowercase().split("/versions/").nth(1)?.to_owned()));
        if let Some(version) =
            version.filter(|version| version != "latest" && setting.boolean() == Some(true))
        {
            sink.report(&setting, format!("the pool always starts from version `{version}`"));
        }
    }
}

fn no_resource_tags(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let tags = pool.at("resourceTags");
        if tags.exists() && view.in_user_subscription(pool) == Some(false) {
            sink.report(&tags, "the account is in BatchService mode");
        }
    }
}

/// Accounts whose nodes live in the user's subscription.
fn user_subscription_accounts<'a>(view: &View<'a>) -> impl Iterator<Item = Node<'a>> {
    view.of_kind("Microsoft.Batch/batchAccounts")
        .filter(|account| account.at("properties/poolAllocationMode").is("UserSubscription"))
}

fn user_subscription_has_a_vault(view: &View<'_>, sink: &mut Sink<'_>) {
    for account in user_subscription_accounts(view) {
        if !account.at("properties/keyVaultReference/id").exists() {
            sink.report(
                &account.at("properties/poolAllocationMode"),
                "`keyVaultReference` is missing",
            );
        }
    }
}

fn vault_is_in_the_subscription(view: &View<'_>, sink: &mut Sink<'_>) {
    for account in user_subscription_accounts(view) {
        let vault = account.at("properties/keyVaultReference/id");
        let Some(id) = vault.id() else { continue };
        let own = own_subscription(view, &account.resource().id);
        if let Some((there, own)) =
            subscription_of(&id).zip(own).filter(|(there, own)| there != own)
        {
            sink.report(
                &vault,
                format!("the vault is in subscription {there}, the account in {own}"),
            );
        }
    }
}

fn vault_lets_batch_in(view: &View<'_>, sink: &mut Sink<'_>) {
    for account in user_subscription_accounts(view) {
        let reference = account.at("properties/keyVaultReference/id");
        let Some(id) = reference.id() else { continue };
        let vaults = view.of_kind("Microsoft.KeyVault/vaults");
        let Some(vault) = vaults.into_iter().find(|vault| same_id(&vault.resource().id, &id))
        else {
            continue;
        };
        let roles = vault.at("properties/enableRbacAuthorization").boolean();
        // Newer versions use roles where the template says nothing.
        let changed =
            changed_default(&vault.resource().kind, "/properties/enableRbacAuthorization");
        let by_default =
            changed.is_some_and(|changed| !is_before(&vault.resource().api_version, changed.since));
        if roles.unwrap_or(by_default) {
            continue;
        }
        let allows = |policy: &Node<'_>| {
            let granted = policy.at("permissions/secrets");
            let granted: Vec<String> = granted
                .items()
                .iter()
                .filter_map(|item| item.text().map(str::to_lowercase))
                .collect();
            granted.iter().any(|grant| grant == "all")
                || ["get", "list", "set", "delete", "recover"]
                    .iter()
                    .all(|wanted| granted.iter().any(|grant| grant == wanted))
        };
        let policies = vault.at("properties/accessPolicies");
        if !policies.items().iter().any(allows) {
            sink.report(
                &policies,
                "no policy grants get, list, set, delete and recover on secrets",
            );
        }
    }
}

fn group_is_not_locked(view: &View<'_>, sink: &mut Sink<'_>) {
    if user_subscription_accounts(view).next().is_none() {
        return;
    }
    for lock in view.of_kind("Microsoft.Authorization/locks") {
        let id = lock.resource().id.to_lowercase();
        let scope = id.split("/providers/microsoft.authorization/").next().unwrap_or("");
        let on_group = !scope.contains("/providers/") && !lock.at("scope").exists();
        if on_group {
            sink.report(&lock.at("properties/level"), "it covers the whole resource group")
                .severity(Severity::Warning);
        }
    }
}
