//! The table that is made before the first write: everything that would make the deployment fail later, at once.
//!
//! What cannot be asked is a note, never a problem: Azure has the last word.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::build::Work;
use super::context;
use super::deployment::{Deployment, Survey};
use super::error::CallError;
use super::event::{Event, Verdict};
use super::failure::Failure;
use super::state::{StageState, in_parallel};
use crate::catalog::Stage;
use crate::expand::Resource;
use crate::render::PlannedImport;

/// <https://learn.microsoft.com/rest/api/resources/providers/get>
const PROVIDERS: &str = "2021-04-01";
/// <https://learn.microsoft.com/rest/api/authorization/permissions>
const PERMISSIONS: &str = "2022-04-01";

/// One line of the table.
struct Row {
    check: &'static str,
    verdict: Verdict,
    detail: String,
    help: String,
}

#[derive(Default)]
pub(super) struct Table {
    rows: Vec<Row>,
}

impl Table {
    pub(super) fn ok(&mut self, check: &'static str, detail: impl Into<String>) {
        self.rows.push(Row {
            check,
            verdict: Verdict::Ok,
            detail: detail.into(),
            help: String::new(),
        });
    }

    pub(super) fn note(&mut self, check: &'static str, detail: impl Into<String>) {
        self.rows.push(Row {
            check,
            verdict: Verdict::Note,
            detail: detail.into(),
            help: String::new(),
        });
    }

    pub(super) fn problem(
        &mut self,
        check: &'static str,
        detail: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.rows.push(Row {
            check,
            verdict: Verdict::Problem,
            detail: detail.into(),
            help: help.into(),
        });
    }

    pub(super) fn not_asked(&mut self, check: &'static str, what: &str, error: &CallError) {
        let failure = error.failure("");
        let why = failure.reason.lines().next().unwrap_or_default().to_owned();
        self.note(check, format!("{what} could not be checked: {why}"));
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
        let standing = self.standing_pools(&mut table);
        self.check_sizes(&mut table, bakes, &standing);
        if self.request.modes.batch {
            self.check_batch(&mut table, &standing);
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
        Err(Failure::azure(format!("{count} found"), "nothing was changed")
            .help("fix the problems in the table, then run the same command again"))
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
            Ok(_) => return table.note("rights", "Azure does not list them for this login"),
            Err(error) => {
                return table.not_asked("rights", "the permissions of this login", &error);
            }
        };
        let lacking: Vec<String> = self
            .needed_actions(survey)
            .into_iter()
            .filter(|action| !allows(&granted, action))
            .collect();
        if lacking.is_empty() {
            table.ok("rights", "the login has all permissions that the plan needs");
            return;
        }
        let roles = lacking.iter().any(|action| action.starts_with("Microsoft.Authorization/"));
        let help = if roles {
            "request the roles `Contributor` and `Role Based Access Control Administrator` on the resource group"
        } else {
            "request the role `Contributor` on the resource group"
        };
        table.problem(
            "rights",
            format!("the login lacks permissions: {}", lacking.join(", ")),
            help,
        );
    }

    fn needed_actions(&self, survey: &Survey) -> BTreeSet<String> {
        let mut actions = BTreeSet::from(["Microsoft.Resources/deployments/write".to_owned()]);
        if survey.group.is_none() {
            actions.insert("Microsoft.Resources/subscriptions/resourceGroups/write".to_owned());
        }
        let bakes = survey.image.as_ref().is_some_and(|image| image.deployed.is_none());
        let written = |resource: &&Resource| {
            let by_state = survey.stages.iter().any(|(stage, state)| {
                resource.stage == stage.name && *state != StageState::Current
            });
            let of_bake = bakes && resource.stage.known().is_some_and(Stage::is_of_bake);
            !resource.existing && (by_state || of_bake)
        };
        for resource in self.resources.iter().filter(written) {
            actions.insert(format!("{}/write", resource.kind));
        }
        for state in survey.builds.iter().filter(|state| !state.is_there()) {
            let action = match state.work {
                Work::Build(_) => "scheduleRun",
                Work::Import(_) => "importImage",
            };
            actions.insert(format!("Microsoft.ContainerRegistry/registries/{action}/action"));
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
        let differs: Vec<Stage> = survey
            .stages
            .iter()
            .filter(|(_, state)| *state != StageState::Current)
            .map(|(stage, _)| stage.name)
            .collect();
        for resource in &self.resources {
            let Some(kind) = global.iter().find(|kind| resource.kind.eq_ignore_ascii_case(kind))
            else {
                continue;
            };
            if resource.existing || !differs.iter().any(|stage| resource.stage == *stage) {
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
                answer.get("message").and_then(Value::as_str).unwrap_or("it is already in use");
            table.problem(
                "name",
                format!("name `{name}` ({kind}) is not available: {why}"),
                "choose another name in the config, and render it again",
            );
        } else {
            table.ok("name", format!("name `{name}` is available"));
        }
    }

    fn check_import(&self, table: &mut Table, import: &PlannedImport) {
        let detail = format!("{} from {}/{}", import.image, import.host, import.source);
        match &import.login_variable {
            Some(variable) if self.world.variable(variable).is_none() => {
                let detail = format!("{}: `{variable}` is not set", import.image);
                let help = format!("set `{variable}` to a password for `{}`", import.host);
                table.problem("import", detail, &help);
            }
            _ => table.ok("import", detail),
        }
    }

    fn check_builds(&self, table: &mut Table, survey: &Survey) {
        for state in survey.builds.iter().filter(|state| !state.is_there()) {
            let build = match &state.work {
                Work::Build(build) => build,
                Work::Import(import) => {
                    self.check_import(table, import);
                    continue;
                }
            };
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
                    "{}: {} does not exist in {}",
                    build.image,
                    build.dockerfile,
                    folder.display()
                );
                table.problem("build", detail, "name the folder of the config with `--source DIR`");
            }
        }
    }
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
