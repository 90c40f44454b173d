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

impl Deployment<'_> {
    /// Sizes that the subscription itself allocates: of the builder, and of the nodes of a `UserSubscription` account.
    pub(super) fn check_sizes(&self, table: &mut Table, bakes: bool) {
        let mut needed: BTreeMap<String, (Cores, u64)> = BTreeMap::new();
        let mut need = |size: &Cores, count: u64| {
            let entry =
                needed.entry(size.vm_size.to_lowercase()).or_insert_with(|| (size.clone(), 0));
            entry.1 += size.cores * count;
        };
        if bakes {
            self.plan.bake.iter().for_each(|bake| need(&bake.size, 1));
            self.plan.image_builder.iter().for_each(|builder| need(&builder.size, 1));
        }
        let batch = self
            .plan
            .batch
            .as_ref()
            .filter(|batch| batch.user_subscription && self.request.modes.batch);
        for pool in batch.into_iter().flat_map(|batch| &batch.pools) {
            need(&pool.size, self.most_nodes(pool));
        }
        if needed.is_empty() {
            return;
        }
        self.check_offers(table, needed.values().map(|(size, _)| size));
        self.check_quota(table, needed.values());
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

    fn check_quota<'s>(&self, table: &mut Table, needed: impl Iterator<Item = &'s (Cores, u64)>) {
        let location = &self.plan.location;
        let path = format!(
            "/subscriptions/{}/providers/Microsoft.Compute/locations/{location}/usages",
            self.subscription
        );
        let usages = match self.azure.list(&path, USAGES) {
            Ok(usages) => usages.unwrap_or_default(),
            Err(error) => return table.not_asked("quota", "the quota of the subscription", &error),
        };
        let mut families: BTreeMap<String, (String, u64)> = BTreeMap::new();
        for (size, cores) in needed {
            families
                .entry(catalog::plain_family(&size.family))
                .or_insert_with(|| (size.family.clone(), 0))
                .1 += cores;
            families
                .entry("cores".to_owned())
                .or_insert_with(|| ("total regional vCPUs".to_owned(), 0))
                .1 += cores;
        }
        for (family, (shown, cores)) in families {
            let of_family = |usage: &&Value| {
                usage
                    .pointer("/name/value")
                    .and_then(Value::as_str)
                    .is_some_and(|name| catalog::plain_family(name) == family)
            };
            let Some(usage) = usages.iter().find(of_family) else {
                table.note("quota", format!("the subscription lists no quota for {shown}"));
                continue;
            };
            let number = |name: &str| usage.get(name).and_then(Value::as_u64).unwrap_or(0);
            let free = number("limit").saturating_sub(number("currentValue"));
            let detail = format!(
                "{shown} in {location}: {cores} vCPUs needed, {free} of {} available",
                number("limit")
            );
            if free < cores {
                table.problem(
                    "quota",
                    detail,
                    "request more quota in the Azure portal (Help + support)",
                );
            } else {
                table.ok("quota", detail);
            }
        }
    }

    /// Batch allocates the nodes: its own list of sizes counts, and the quota of the account.
    pub(super) fn check_batch(&self, table: &mut Table) {
        let Some(batch) = &self.plan.batch else { return };
        self.check_batch_sizes(
            table,
            &batch.pools.iter().map(|pool| pool.size.vm_size.clone()).collect(),
        );
        let account = self
            .resources
            .iter()
            .find(|resource| resource.kind.eq_ignore_ascii_case("Microsoft.Batch/batchAccounts"));
        let Some(account) = account else { return };
        match self.azure.get(&account.id, &account.api_version) {
            Ok(Some(found)) if !batch.user_subscription => self.check_account_quota(table, &found),
            Ok(Some(_)) => {}
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

    /// The most dedicated nodes that a pool asks for: its own number, or the maximum of its formula.
    fn most_nodes(&self, pool: &PlannedPool) -> u64 {
        if let Some(nodes) = pool.nodes {
            return u64::from(nodes);
        }
        let is_pool = |resource: &&Resource| {
            resource.kind.eq_ignore_ascii_case("Microsoft.Batch/batchAccounts/pools")
                && resource
                    .name
                    .rsplit('/')
                    .next()
                    .is_some_and(|id| id.eq_ignore_ascii_case(&pool.id))
        };
        let resource = self.resources.iter().find(is_pool);
        let properties = resource.and_then(|resource| resource.body.get("properties"));
        let formula = properties.and_then(|it| it.pointer("/scaleSettings/autoScale/formula"));
        let formula = formula.and_then(Evaluated::as_str).unwrap_or_default();
        check::most_nodes(formula.trim())[0].unwrap_or(0)
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

    fn check_account_quota(&self, table: &mut Table, account: &Value) {
        let Some(batch) = &self.plan.batch else { return };
        let mut families: BTreeMap<String, (String, u64)> = BTreeMap::new();
        for pool in &batch.pools {
            let cores = pool.size.cores.saturating_mul(self.most_nodes(pool));
            families
                .entry(catalog::plain_family(&pool.size.family))
                .or_insert_with(|| (pool.size.family.clone(), 0))
                .1 += cores;
        }
        let quotas =
            account.pointer("/properties/dedicatedCoreQuotaPerVMFamily").and_then(Value::as_array);
        for (family, (shown, cores)) in families.into_iter().filter(|(_, (_, cores))| *cores > 0) {
            let quota = quotas.into_iter().flatten().find_map(|quota| {
                let name = quota.get("name")?.as_str()?;
                if catalog::plain_family(name) == family {
                    quota.get("coreQuota")?.as_u64()
                } else {
                    None
                }
            });
            match quota {
                None => table.note(
                    "quota",
                    format!("Batch account `{}` lists no quota for {shown}", batch.account),
                ),
                Some(quota) if quota < cores => table.problem(
                    "quota",
                    format!(
                        "Batch account `{}` has a quota of {quota} vCPUs of {shown}, but its pools need {cores}",
                        batch.account
                    ),
                    "request more quota in the Azure portal (Batch account, Quotas), or use fewer nodes",
                ),
                Some(quota) => table.ok(
                    "quota",
                    format!("Batch account `{}`: {cores} of {quota} vCPUs of {shown}", batch.account),
                ),
            }
        }
        let pools = account.pointer("/properties/poolQuota").and_then(Value::as_u64);
        if let Some(most) = pools.filter(|most| *most < batch.pools.len() as u64) {
            table.problem(
                "quota",
                format!(
                    "Batch account `{}` allows {most} pools, but the plan has {}",
                    batch.account,
                    batch.pools.len()
                ),
                "request more quota in the Azure portal (Batch account, Quotas)",
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
