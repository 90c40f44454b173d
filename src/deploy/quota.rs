//! Sizes and quotas, of the subscription and of the Batch account, as part of the table before the first write.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::deployment::Deployment;
use super::preflight::Table;
use crate::arm::evaluate::Evaluated;
use crate::catalog;
use crate::check;
use crate::expand::Resource;
use crate::render::{Cores, PlannedPool};

/// <https://learn.microsoft.com/rest/api/compute/resource-skus/list>
const SKUS: &str = "2021-07-01";
/// <https://learn.microsoft.com/rest/api/compute/usage/list>
const USAGES: &str = "2024-07-01";
/// <https://learn.microsoft.com/rest/api/batchmanagement/location>
const BATCH: &str = "2024-07-01";

/// The quota of a Spot VM, whatever its family: <https://learn.microsoft.com/azure/virtual-machines/spot-vms>.
const SPOT: &str = "lowprioritycores";

/// Nodes or vCPUs that are asked for: at once, and by a formula at the most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    at_once: u64,
    at_most: u64,
}

impl Count {
    fn fixed(count: u64) -> Self {
        Self { at_once: count, at_most: count }
    }

    /// What is left to ask for where some is there already.
    fn beyond(self, there: u64) -> Self {
        let beyond = |count: u64| count.saturating_sub(there);
        Self { at_once: beyond(self.at_once), at_most: beyond(self.at_most) }
    }
}

/// The vCPUs that are needed of each quota, by its plain name, with the name that is shown.
#[derive(Default)]
struct Needs(BTreeMap<String, (String, Count)>);

impl Needs {
    fn add(&mut self, quota: &str, shown: &str, cores: Count) {
        let (_, need) =
            self.0.entry(quota.to_owned()).or_insert_with(|| (shown.to_owned(), Count::default()));
        need.at_once = need.at_once.saturating_add(cores.at_once);
        need.at_most = need.at_most.saturating_add(cores.at_most);
    }

    /// Adds a row for each quota of which something is needed. `left` is what the quota leaves, and how to say so.
    fn judge(
        &self,
        table: &mut Table,
        left: impl Fn(&str, &str, u64) -> Option<(u64, String)>,
        unlisted: &str,
        help: &str,
    ) {
        for (quota, (shown, need)) in self.0.iter().filter(|(_, (_, need))| need.at_most > 0) {
            match left(quota, shown, need.at_most) {
                None => table.note("quota", format!("{unlisted} lists no quota for {shown}")),
                Some((left, detail)) if left < need.at_once => {
                    table.problem("quota", detail, help);
                }
                Some((left, detail)) if left < need.at_most => table
                    .note("quota", format!("{detail}; only the formulas of pools ask for so many")),
                Some((_, detail)) => table.ok("quota", detail),
            }
        }
    }
}

/// A pool that the account has, with the vCPUs that its nodes take.
pub(super) struct StandingPool {
    id: String,
    family: String,
    /// Those of dedicated and of Spot nodes.
    cores: [u64; 2],
}

impl StandingPool {
    /// The nodes of a size that the catalog does not know take no vCPUs.
    ///
    /// Shape: <https://learn.microsoft.com/rest/api/batchmanagement/pool/list-by-batch-account>.
    fn of(pool: &Value) -> Option<Self> {
        let property = |name: &str| pool.pointer(&format!("/properties/{name}"));
        let size = property("vmSize").and_then(Value::as_str).and_then(catalog::vm_size);
        let cores = |name: &str| {
            let nodes = property(name).and_then(Value::as_u64).unwrap_or(0);
            nodes.saturating_mul(size.as_ref().map_or(0, |size| u64::from(size.vcpus)))
        };
        Some(Self {
            id: pool.get("name")?.as_str()?.to_owned(),
            cores: ["currentDedicatedNodes", "currentLowPriorityNodes"].map(cores),
            family: size.map(|size| size.family.into_owned()).unwrap_or_default(),
        })
    }
}

impl Deployment<'_> {
    /// The pools of the Batch account; none while there is no account.
    pub(super) fn standing_pools(&self, table: &mut Table) -> Vec<StandingPool> {
        let Some(account) = self.batch_account().filter(|_| self.request.modes.batch) else {
            return Vec::new();
        };
        match self.azure.list(&format!("{}/pools", account.id), &account.api_version) {
            Ok(pools) => pools.iter().flatten().filter_map(StandingPool::of).collect(),
            Err(error) => {
                table.not_asked("quota", "the pools of the Batch account", &error);
                Vec::new()
            }
        }
    }

    fn batch_account(&self) -> Option<&Resource> {
        self.resources
            .iter()
            .find(|resource| resource.kind.eq_ignore_ascii_case("Microsoft.Batch/batchAccounts"))
    }

    /// Sizes that the subscription itself allocates: of the builder, and of the nodes of a `UserSubscription` account.
    pub(super) fn check_sizes(&self, table: &mut Table, bakes: bool, standing: &[StandingPool]) {
        let mut sizes: BTreeMap<String, &Cores> = BTreeMap::new();
        let mut needs = Needs::default();
        let mut need = |size: &Cores, [dedicated, spot]: [Count; 2]| {
            needs.add(&catalog::plain_family(&size.family), &size.family, dedicated);
            needs.add("cores", "total regional vCPUs", dedicated);
            needs.add(SPOT, "total regional Spot vCPUs", spot);
        };
        if bakes {
            let bake = self.plan.bake.iter().map(|bake| &bake.size);
            let builder = self.plan.image_builder.iter().map(|builder| &builder.size);
            for size in bake.chain(builder) {
                sizes.insert(size.vm_size.to_lowercase(), size);
                need(size, [Count::fixed(size.cores), Count::default()]);
            }
        }
        let batch = self
            .plan
            .batch
            .as_ref()
            .filter(|batch| batch.user_subscription && self.request.modes.batch);
        for pool in batch.into_iter().flat_map(|batch| &batch.pools) {
            // What its nodes take is part of what the subscription uses.
            let there = standing.iter().find(|there| there.id.eq_ignore_ascii_case(&pool.id));
            let [dedicated, spot] = there.map_or([0; 2], |there| there.cores);
            let asked = self.most_cores(pool);
            sizes.insert(pool.size.vm_size.to_lowercase(), &pool.size);
            need(&pool.size, [asked[0].beyond(dedicated), asked[1].beyond(spot)]);
        }
        if sizes.is_empty() {
            return;
        }
        self.check_offers(table, sizes.into_values());
        self.check_quota(table, &needs);
    }

    fn check_offers<'s>(&self, table: &mut Table, sizes: impl Iterator<Item = &'s Cores>) {
        let location = &self.plan.location;
        let path = format!(
            "/subscriptions/{}/providers/Microsoft.Compute/skus?$filter=location%20eq%20'{location}'",
            self.subscription
        );
        let offers = match self.azure.list(&path, SKUS) {
            Ok(offers) => offers.unwrap_or_default(),
            Err(error) => return table.not_asked("size", "the VM sizes of the region", &error),
        };
        for size in sizes {
            let is_size = |offer: &&Value| {
                let text = |name: &str| offer.get(name).and_then(Value::as_str).unwrap_or_default();
                text("resourceType") == "virtualMachines"
                    && text("name").eq_ignore_ascii_case(&size.vm_size)
            };
            let Some(offer) = offers.iter().find(is_size) else {
                table.problem(
                    "size",
                    format!("{} is not offered in {location}", size.vm_size),
                    "choose another VM size or region",
                );
                continue;
            };
            let restrictions = offer.get("restrictions").and_then(Value::as_array);
            // A restriction of zones leaves the others.
            let whole = restrictions
                .into_iter()
                .flatten()
                .find(|one| one.get("type").and_then(Value::as_str) == Some("Location"));
            match whole {
                Some(restriction) => {
                    let why = restriction
                        .get("reasonCode")
                        .and_then(Value::as_str)
                        .unwrap_or("no reason was returned");
                    let detail = format!(
                        "this subscription cannot use {} in {location}: {why}",
                        size.vm_size
                    );
                    table.problem("size", detail, "ask for access in the portal (Help + support), or choose another VM size or region");
                }
                None => table.ok("size", format!("{} is offered in {location}", size.vm_size)),
            }
        }
    }

    fn check_quota(&self, table: &mut Table, needs: &Needs) {
        let location = &self.plan.location;
        let path = format!(
            "/subscriptions/{}/providers/Microsoft.Compute/locations/{location}/usages",
            self.subscription
        );
        let usages = match self.azure.list(&path, USAGES) {
            Ok(usages) => usages.unwrap_or_default(),
            Err(error) => return table.not_asked("quota", "the quota of the subscription", &error),
        };
        let left = |quota: &str, shown: &str, needed: u64| {
            let usage = usages.iter().find(|usage| {
                usage
                    .pointer("/name/value")
                    .and_then(Value::as_str)
                    .is_some_and(|name| catalog::plain_family(name) == quota)
            })?;
            let number = |name: &str| usage.get(name).and_then(Value::as_u64).unwrap_or(0);
            let limit = number("limit");
            let left = limit.saturating_sub(number("currentValue"));
            let detail = format!(
                "{shown} in {location}: {needed} vCPUs needed, {left} of {limit} available"
            );
            Some((left, detail))
        };
        let help = "request more quota in the Azure portal (Help + support)";
        needs.judge(table, left, "the subscription", help);
    }

    /// Batch allocates the nodes: its own list of sizes counts, and the quota of the account.
    pub(super) fn check_batch(&self, table: &mut Table, standing: &[StandingPool]) {
        let Some(batch) = &self.plan.batch else { return };
        self.check_batch_sizes(
            table,
            &batch.pools.iter().map(|pool| pool.size.vm_size.clone()).collect(),
        );
        let Some(account) = self.batch_account() else { return };
        match self.azure.get(&account.id, &account.api_version) {
            Ok(Some(found)) => {
                if !batch.user_subscription {
                    self.check_account_quota(table, &found, standing);
                }
                self.check_pool_quota(table, &found, standing);
            }
            Ok(None) if account.existing => {
                table.problem(
                    "account",
                    format!("Batch account `{}` does not exist", account.name),
                    "correct `batch.account` in the config, or set `create: true` to create it",
                );
            }
            Ok(None) => self.check_accounts(table),
            Err(error) => table.not_asked("quota", "the quota of the Batch account", &error),
        }
    }

    /// The vCPUs of dedicated and of Spot nodes that a pool asks for: of its own numbers, or of the maximum of its formula.
    fn most_cores(&self, pool: &PlannedPool) -> [Count; 2] {
        let is_pool = |resource: &&Resource| {
            resource.kind.eq_ignore_ascii_case("Microsoft.Batch/batchAccounts/pools")
                && resource
                    .name
                    .rsplit('/')
                    .next()
                    .is_some_and(|id| id.eq_ignore_ascii_case(&pool.id))
        };
        let resource = self.resources.iter().find(is_pool);
        let scale = resource.and_then(|it| it.body.get("properties")?.get("scaleSettings"));
        let Some(scale) = scale else { return [Count::default(); 2] };
        let cores = |nodes: u64| nodes.saturating_mul(pool.size.cores);
        if let Some(formula) = scale.pointer("/autoScale/formula").and_then(Evaluated::as_str) {
            return check::most_nodes(formula.trim())
                .map(|most| Count { at_once: 0, at_most: cores(most.unwrap_or(0)) });
        }
        ["targetDedicatedNodes", "targetLowPriorityNodes"].map(|name| {
            let target = scale.pointer(&format!("/fixedScale/{name}"));
            Count::fixed(cores(target.and_then(Evaluated::as_u64).unwrap_or(0)))
        })
    }

    fn check_batch_sizes(&self, table: &mut Table, sizes: &BTreeSet<String>) {
        let location = &self.plan.location;
        let path = format!(
            "/subscriptions/{}/providers/Microsoft.Batch/locations/{location}/virtualMachineSkus",
            self.subscription
        );
        let offers = match self.azure.list(&path, BATCH) {
            Ok(Some(offers)) => offers,
            Ok(None) => return table.note("size", format!("Batch lists no sizes in {location}")),
            Err(error) => return table.not_asked("size", "the VM sizes of Batch", &error),
        };
        for size in sizes {
            let offered = offers.iter().any(|offer| {
                offer
                    .get("name")
                    .and_then(Value::as_str)
                    .is_some_and(|name| name.eq_ignore_ascii_case(size))
            });
            if offered {
                table.ok("size", format!("Batch offers {size} in {location}"));
            } else {
                table.problem(
                    "size",
                    format!("Batch does not offer {size} in {location}"),
                    "choose another VM size or region",
                );
            }
        }
    }

    /// The cores of a `BatchService` account, of which its other pools take their part.
    ///
    /// Shape: <https://learn.microsoft.com/rest/api/batchmanagement/batch-account/get>.
    fn check_account_quota(&self, table: &mut Table, account: &Value, standing: &[StandingPool]) {
        let Some(batch) = &self.plan.batch else { return };
        let property = |name: &str| account.pointer(&format!("/properties/{name}"));
        let by_family = property("dedicatedCoreQuotaPerVMFamilyEnforced").and_then(Value::as_bool);
        let mut needs = Needs::default();
        let mut need = |family: &str, [dedicated, spot]: [Count; 2]| {
            if by_family != Some(false) {
                needs.add(&catalog::plain_family(family), family, dedicated);
            }
            needs.add("cores", "dedicated nodes", dedicated);
            needs.add(SPOT, "Spot nodes", spot);
        };
        for pool in &batch.pools {
            need(&pool.size.family, self.most_cores(pool));
        }
        for other in self.others(standing) {
            need(&other.family, other.cores.map(Count::fixed));
        }
        let of_family = |family: &str| {
            let quotas = property("dedicatedCoreQuotaPerVMFamily").and_then(Value::as_array)?;
            quotas.iter().find_map(|quota| {
                let name = quota.get("name")?.as_str()?;
                (catalog::plain_family(name) == family).then(|| quota.get("coreQuota")?.as_u64())?
            })
        };
        let left = |quota: &str, shown: &str, needed: u64| {
            let most = match quota {
                "cores" => property("dedicatedCoreQuota").and_then(Value::as_u64),
                SPOT => property("lowPriorityCoreQuota").and_then(Value::as_u64),
                family => of_family(family),
            }?;
            let detail = format!(
                "the pools of Batch account `{}` need {needed} vCPUs of {shown}, and its quota is {most}",
                batch.account
            );
            Some((most, detail))
        };
        let help =
            "request more quota in the Azure portal (Batch account, Quotas), or use fewer nodes";
        needs.judge(table, left, &format!("Batch account `{}`", batch.account), help);
    }

    /// The pools of the account that are none of the plan's.
    fn others<'s>(&self, standing: &'s [StandingPool]) -> impl Iterator<Item = &'s StandingPool> {
        let planned = self.plan.batch.iter().flat_map(|batch| &batch.pools);
        let planned: Vec<&str> = planned.map(|pool| pool.id.as_str()).collect();
        standing
            .iter()
            .filter(move |pool| !planned.iter().any(|id| id.eq_ignore_ascii_case(&pool.id)))
    }

    fn check_pool_quota(&self, table: &mut Table, account: &Value, standing: &[StandingPool]) {
        let Some(batch) = &self.plan.batch else { return };
        let pools = account.pointer("/properties/poolQuota").and_then(Value::as_u64);
        let needed = (batch.pools.len() + self.others(standing).count()) as u64;
        if let Some(most) = pools.filter(|most| *most < needed) {
            table.problem(
                "quota",
                format!(
                    "Batch account `{}` allows {most} pools, and needs {needed}",
                    batch.account
                ),
                "request more quota in the Azure portal (Batch account, Quotas), or delete a pool",
            );
        }
    }

    /// Room for one more account in the region.
    fn check_accounts(&self, table: &mut Table) {
        let location = &self.plan.location;
        let base = format!("/subscriptions/{}/providers/Microsoft.Batch", self.subscription);
        let quota = match self.azure.get(&format!("{base}/locations/{location}/quotas"), BATCH) {
            Ok(quota) => quota.and_then(|quota| quota.get("accountQuota")?.as_u64()),
            Err(error) => return table.not_asked("quota", "the number of Batch accounts", &error),
        };
        let Some(quota) = quota else {
            return table.note("quota", "Batch returned no account quota for the region");
        };
        let accounts = match self.azure.list(&format!("{base}/batchAccounts"), BATCH) {
            Ok(accounts) => accounts.unwrap_or_default(),
            Err(error) => {
                return table.not_asked("quota", "the Batch accounts of the subscription", &error);
            }
        };
        let here = |account: &&Value| {
            let place = account.get("location").and_then(Value::as_str).and_then(catalog::region);
            place.is_some_and(|place| place.name == *location)
        };
        let used = accounts.iter().filter(here).count() as u64;
        let detail = format!("{used} of {quota} Batch accounts in {location}");
        if used >= quota {
            table.problem("quota", detail, "request more quota in the Azure portal (Help + support), or use an existing account");
        } else {
            table.ok("quota", detail);
        }
    }
}
