//! The table that is made before the first write: everything that would make the deployment fail later, at once.
//!
//! What cannot be asked is a note, never a problem: Azure has the last word.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::context;
use super::deployment::{Deployment, Survey};
use super::error::CallError;
use super::event::{Event, Verdict};
use super::failure::Failure;
use super::state::{StageState, in_parallel};
use crate::catalog;
use crate::expand::Resource;
use crate::render::Cores;

/// <https://learn.microsoft.com/rest/api/resources/providers/get>
const PROVIDERS: &str = "2021-04-01";
/// <https://learn.microsoft.com/rest/api/authorization/permissions>
const PERMISSIONS: &str = "2022-04-01";
/// <https://learn.microsoft.com/rest/api/compute/resource-skus/list>
const SKUS: &str = "2021-07-01";
/// <https://learn.microsoft.com/rest/api/compute/usage/list>
const USAGES: &str = "2024-07-01";
/// <https://learn.microsoft.com/rest/api/batchmanagement/location>
const BATCH: &str = "2024-07-01";

/// One line of the table.
struct Row {
    check: &'static str,
    verdict: Verdict,
    detail: String,
    help: String,
}

#[derive(Default)]
struct Table {
    rows: Vec<Row>,
}

impl Table {
    fn ok(&mut self, check: &'static str, detail: impl Into<String>) {
        self.rows.push(Row {
            check,
            verdict: Verdict::Ok,
            detail: detail.into(),
            help: String::new(),
        });
    }

    fn note(&mut self, check: &'static str, detail: impl Into<String>) {
        self.rows.push(Row {
            check,
            verdict: Verdict::Note,
            detail: detail.into(),
            help: String::new(),
        });
    }

    fn problem(&mut self, check: &'static str, detail: impl Into<String>, help: impl Into<String>) {
        self.rows.push(Row {
            check,
            verdict: Verdict::Problem,
            detail: detail.into(),
            help: help.into(),
        });
    }

    fn not_asked(&mut self, check: &'static str, what: &str, error: &CallError) {
        let failure = error.failure("");
        let why = failure.reason.lines().next().unwrap_or_default().to_owned();
        self.note(check, format!("{what} could not be asked: {why}"));
    }
}

impl Deployment<'_> {
    /// Looks at everything that the deployment needs, and ends it before the first write when something lacks.
    pub(super) fn preflight(&self, survey: &Survey) -> Result<(), Failure> {
        let mut table = Table::default();
        table.ok("login", self.azure.session.source.words());
        table.ok("subscription", self.subscription.as_str());
        self.check_group(&mut table, survey.group.as_ref());
        self.check_providers(&mut table);
        self.check_rights(&mut table, survey);
        self.check_names(&mut table, survey);
        self.check_builds(&mut table, survey);
        let bakes = survey
            .image
            .as_ref()
            .is_some_and(|image| image.deployed.is_none() && !image.has_builder());
        self.check_sizes(&mut table, bakes);
        if self.request.modes.batch {
            self.check_batch(&mut table);
        }
        let problems = table.rows.iter().filter(|row| row.verdict == Verdict::Problem).count();
        for row in table.rows {
            self.world.report(Event::Check {
                check: row.check.to_owned(),
                verdict: row.verdict,
                detail: row.detail,
                help: row.help,
            });
        }
        if problems == 0 {
            return Ok(());
        }
        let count =
            if problems == 1 { "1 problem".to_owned() } else { format!("{problems} problems") };
        Err(Failure::azure(format!("{count} stand in the way"), "nothing was changed")
            .help("do what the table says, then run the same command again"))
    }

    fn check_group(&self, table: &mut Table, group: Option<&Value>) {
        let name = &self.plan.resource_group;
        let Some(group) = group else {
            return table.ok("resource group", format!("{name} will be created"));
        };
        let place = group.get("location").and_then(Value::as_str).unwrap_or_default();
        table.ok("resource group", format!("{name} in {place}"));
    }

    fn check_providers(&self, table: &mut Table) {
        let names: Vec<&String> = self.plan.providers.iter().collect();
        let answers = in_parallel(&names, |name| {
            self.azure
                .get(&format!("/subscriptions/{}/providers/{name}", self.subscription), PROVIDERS)
        });
        for (name, answer) in names.into_iter().zip(answers) {
            let state = match &answer {
                Ok(Some(provider)) => {
                    provider.get("registrationState").and_then(Value::as_str).unwrap_or_default()
                }
                Ok(None) => "unknown",
                Err(error) => {
                    table.not_asked("provider", name, error);
                    continue;
                }
            };
            match state {
                "Registered" => table.ok("provider", name.as_str()),
                "Registering" => table.note("provider", format!("{name} is being registered")),
                state => table.problem(
                    "provider",
                    format!("{name} is {state}"),
                    format!("az provider register --namespace {name} --wait"),
                ),
            }
        }
    }

    /// The actions of the login at the group, or at the subscription while there is no group.
    fn check_rights(&self, table: &mut Table, survey: &Survey) {
        let scope = match survey.group {
            Some(_) => self.group.clone(),
            None => format!("/subscriptions/{}", self.subscription),
        };
        let path = format!("{scope}/providers/Microsoft.Authorization/permissions");
        let granted = match self.azure.list(&path, PERMISSIONS) {
            Ok(Some(granted)) if !granted.is_empty() => granted,
            Ok(_) => return table.note("rights", "Azure does not list those of this login"),
            Err(error) => return table.not_asked("rights", "what this login may do", &error),
        };
        let lacking: Vec<String> = self
            .needed_actions(survey)
            .into_iter()
            .filter(|action| !allows(&granted, action))
            .collect();
        if lacking.is_empty() {
            table.ok("rights", "every action of the plan is allowed");
            return;
        }
        let roles = lacking.iter().any(|action| action.starts_with("Microsoft.Authorization/"));
        let help = if roles {
            "ask for `Contributor` and `Role Based Access Control Administrator` on the resource group"
        } else {
            "ask for `Contributor` on the resource group"
        };
        table.problem("rights", format!("this login may not: {}", lacking.join(", ")), help);
    }

    fn needed_actions(&self, survey: &Survey) -> BTreeSet<String> {
        let mut actions = BTreeSet::from(["Microsoft.Resources/deployments/write".to_owned()]);
        if survey.group.is_none() {
            actions.insert("Microsoft.Resources/subscriptions/resourceGroups/write".to_owned());
        }
        let bakes = survey.image.as_ref().is_some_and(|image| image.deployed.is_none());
        let written = |resource: &&Resource| {
            let by_state = survey.stages.iter().any(|(stage, state)| {
                stage.name == resource.stage && *state != StageState::Current
            });
            let of_bake = bakes && matches!(resource.stage.as_str(), "builder" | "image");
            !resource.existing && (by_state || of_bake)
        };
        for resource in self.resources.iter().filter(written) {
            actions.insert(format!("{}/write", resource.kind));
        }
        if survey.builds.iter().any(|build| !build.is_there()) {
            actions.insert("Microsoft.ContainerRegistry/registries/scheduleRun/action".to_owned());
        }
        if bakes && self.plan.bake.is_some() {
            for action in [
                "deallocate/action",
                "generalize/action",
                "retrieveBootDiagnosticsData/action",
                "delete",
            ] {
                actions.insert(format!("Microsoft.Compute/virtualMachines/{action}"));
            }
        }
        actions
    }

    /// Names that are taken elsewhere, for what is not there yet.
    fn check_names(&self, table: &mut Table, survey: &Survey) {
        let global = [
            "Microsoft.ContainerRegistry/registries",
            "Microsoft.Storage/storageAccounts",
            "Microsoft.Batch/batchAccounts",
        ];
        let differs: Vec<&str> = survey
            .stages
            .iter()
            .filter(|(_, state)| *state != StageState::Current)
            .map(|(stage, _)| stage.name.as_str())
            .collect();
        for resource in &self.resources {
            let Some(kind) = global.iter().find(|kind| resource.kind.eq_ignore_ascii_case(kind))
            else {
                continue;
            };
            if resource.existing || !differs.contains(&resource.stage.as_str()) {
                continue;
            }
            let there = survey.group.is_some()
                && matches!(self.azure.get(&resource.id, &resource.api_version), Ok(Some(_)));
            if !there {
                self.check_name(table, kind, &resource.name, &resource.api_version);
            }
        }
    }

    fn check_name(&self, table: &mut Table, kind: &str, name: &str, api_version: &str) {
        let namespace = kind.split('/').next().unwrap_or_default();
        let place = if namespace == "Microsoft.Batch" {
            format!("/locations/{}", self.plan.location)
        } else {
            String::new()
        };
        let path = format!(
            "/subscriptions/{}/providers/{namespace}{place}/checkNameAvailability",
            self.subscription
        );
        let body = json!({ "name": name, "type": kind });
        let answer = match self.azure.post(&path, api_version, Some(&body)) {
            Ok(answer) => answer,
            Err(error) => return table.not_asked("name", &format!("`{name}`"), &error),
        };
        if answer.get("nameAvailable").and_then(Value::as_bool) == Some(false) {
            let why =
                answer.get("message").and_then(Value::as_str).unwrap_or("someone else has it");
            table.problem(
                "name",
                format!("`{name}` ({kind}) is not free: {why}"),
                "choose another name in the config, and render it again",
            );
        } else {
            table.ok("name", format!("`{name}` is free"));
        }
    }

    fn check_builds(&self, table: &mut Table, survey: &Survey) {
        for build in
            survey.builds.iter().filter(|build| !build.is_there()).map(|state| &state.build)
        {
            if build.remote {
                table.ok("build", format!("{} from {}", build.image, build.context));
                continue;
            }
            let (folder, dockerfile) =
                context::paths(&self.request.source, &build.context, &build.dockerfile);
            if context::is_there(&dockerfile) {
                table.ok("build", format!("{} from {}", build.image, dockerfile.display()));
            } else {
                let detail = format!(
                    "{}: there is no {} in {}",
                    build.image,
                    build.dockerfile,
                    folder.display()
                );
                table.problem("build", detail, "give the folder of the config: `--source DIR`");
            }
        }
    }

    /// Sizes that the subscription itself allocates: of the builder, and of the nodes of a `UserSubscription` account.
    fn check_sizes(&self, table: &mut Table, bakes: bool) {
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
            need(&pool.size, u64::from(pool.nodes.unwrap_or(0)));
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
            Err(error) => return table.not_asked("size", "the sizes of the region", &error),
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
                    "take another size or region",
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
                        .unwrap_or("no reason given");
                    let detail = format!(
                        "{} is restricted in {location} for this subscription: {why}",
                        size.vm_size
                    );
                    table.problem("size", detail, "ask for access in the portal (Help + support), or take another size or region");
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
            families.entry(plain(&size.family)).or_insert_with(|| (size.family.clone(), 0)).1 +=
                cores;
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
                    .is_some_and(|name| plain(name) == family)
            };
            let Some(usage) = usages.iter().find(of_family) else {
                table.note("quota", format!("the subscription lists no quota of {shown}"));
                continue;
            };
            let number = |name: &str| usage.get(name).and_then(Value::as_u64).unwrap_or(0);
            let free = number("limit").saturating_sub(number("currentValue"));
            let detail = format!(
                "{shown} in {location}: {cores} cores needed, {free} of {} free",
                number("limit")
            );
            if free < cores {
                table.problem(
                    "quota",
                    detail,
                    "ask for more in the portal (Help + support, quotas)",
                );
            } else {
                table.ok("quota", detail);
            }
        }
    }

    /// Batch allocates the nodes: its own list of sizes counts, and the quota of the account.
    fn check_batch(&self, table: &mut Table) {
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
                    format!("Batch account `{}` is not there", account.name),
                    "correct `batch.account` in the config, or let the deployment create it",
                );
            }
            Ok(None) => self.check_accounts(table),
            Err(error) => table.not_asked("quota", "the quota of the Batch account", &error),
        }
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
            Err(error) => return table.not_asked("size", "the sizes of Azure Batch", &error),
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
                    "take another size or region",
                );
            }
        }
    }

    fn check_account_quota(&self, table: &mut Table, account: &Value) {
        let Some(batch) = &self.plan.batch else { return };
        let mut families: BTreeMap<String, (String, u64)> = BTreeMap::new();
        for pool in &batch.pools {
            let cores = pool.size.cores * u64::from(pool.nodes.unwrap_or(0));
            families
                .entry(plain(&pool.size.family))
                .or_insert_with(|| (pool.size.family.clone(), 0))
                .1 += cores;
        }
        let quotas =
            account.pointer("/properties/dedicatedCoreQuotaPerVMFamily").and_then(Value::as_array);
        for (family, (shown, cores)) in families.into_iter().filter(|(_, (_, cores))| *cores > 0) {
            let quota = quotas.into_iter().flatten().find_map(|quota| {
                let name = quota.get("name")?.as_str()?;
                if plain(name) == family { quota.get("coreQuota")?.as_u64() } else { None }
            });
            match quota {
                None => table.note(
                    "quota",
                    format!("account `{}` lists no quota of {shown}", batch.account),
                ),
                Some(quota) if quota < cores => table.problem(
                    "quota",
                    format!(
                        "account `{}` has {quota} cores of {shown}, and its pools need {cores}",
                        batch.account
                    ),
                    "ask for more in the portal (Batch account, quotas), or use fewer nodes",
                ),
                Some(quota) => table.ok(
                    "quota",
                    format!("account `{}`: {cores} of {quota} cores of {shown}", batch.account),
                ),
            }
        }
        let pools = account.pointer("/properties/poolQuota").and_then(Value::as_u64);
        if let Some(most) = pools.filter(|most| *most < batch.pools.len() as u64) {
            table.problem(
                "quota",
                format!(
                    "account `{}` takes {most} pools, and the plan has {}",
                    batch.account,
                    batch.pools.len()
                ),
                "ask for more in the portal (Batch account, quotas)",
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
            return table.note("quota", "Batch does not say how many accounts the region takes");
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
            table.problem("quota", detail, "ask for more in the portal (Help + support, quotas), or use an account that exists");
        } else {
            table.ok("quota", detail);
        }
    }
}

/// Azure spells the names of families in several ways.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Whether one of the permissions grants an action: among its `actions`, and not among its `notActions`.
fn allows(granted: &[Value], action: &str) -> bool {
    let among = |permission: &Value, name: &str| {
        let patterns = permission.get(name).and_then(Value::as_array);
        patterns
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .any(|pattern| matches(pattern, action))
    };
    granted
        .iter()
        .any(|permission| among(permission, "actions") && !among(permission, "notActions"))
}

/// A pattern of actions: `*` stands for any text
/// (<https://learn.microsoft.com/azure/role-based-access-control/role-definitions#wildcards>).
fn matches(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_lowercase(), action.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = action.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_match_as_roles_write_them() {
        assert!(matches("*", "Microsoft.Batch/batchAccounts/write"));
        assert!(matches("Microsoft.Batch/*", "Microsoft.Batch/batchAccounts/write"));
        assert!(matches(
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/roleAssignments/write"
        ));
        assert!(!matches(
            "Microsoft.Batch/batchAccounts/read",
            "Microsoft.Batch/batchAccounts/write"
        ));
        assert!(!matches("Microsoft.Bat", "Microsoft.Batch/batchAccounts/write"));
        let contributor =
            json!([{ "actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"] }]);
        let granted = contributor.as_array().expect("a list");
        assert!(allows(granted, "Microsoft.Compute/galleries/write"));
        assert!(!allows(granted, "Microsoft.Authorization/roleAssignments/write"));
    }
}
