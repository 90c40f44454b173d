//! One stage as one deployment: sent, waited for, and sent again where Azure says that it will pass.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::deployment::Deployment;
use super::error::CallError;
use super::event::{Event, Outcome};
use super::failure::Failure;
use super::resource_manager::ended;
use super::state::{Drift, RESOURCES, StageState, deployment_name, stale_assignments};
use crate::arm::evaluate::Evaluated;
use crate::catalog::Stage;
use crate::diff::path_text;
use crate::render::PlannedStage;

/// The longest that a deployment is waited for. Azure itself ends one after seven days.
const LONGEST: Duration = Duration::from_secs(4 * 3600);
/// How often a deployment is sent that fails with what passes.
const ATTEMPTS: u32 = 4;

impl Deployment<'_> {
    /// Deploys a stage unless it is current. `found` is how it stood when it was asked.
    pub(super) fn make_current(
        &self,
        stage: &PlannedStage,
        found: StageState,
    ) -> Result<(), Failure> {
        let step = format!("stage {}", stage.name);
        let settled = match found {
            StageState::Running(name) => {
                self.world.report(Event::Step { step: step.clone() });
                self.progress(&step, format!("deployment {name} is already in progress"));
                // How it ends shows in what is asked next.
                let _ = self.wait_for_deployment(&step, &name)?;
                self.stage_state(stage, &self.history()?)?
            }
            other => other,
        };
        match settled {
            StageState::Current => {
                self.done(&step, Outcome::Unchanged, "");
                return Ok(());
            }
            StageState::Drifted(drifts) => {
                self.tell_drift(&drifts);
                if !(self.world.ask)("Revert manual changes?") {
                    self.leave("manual changes are kept; `--yes` reverts them");
                    self.done(&step, Outcome::Unchanged, "changed manually, kept");
                    return Ok(());
                }
            }
            StageState::Differs(why) => return self.deploy_stage(stage, &why),
            StageState::Running(name) => {
                return self.deploy_stage(stage, &format!("{name} is running"));
            }
        }
        self.deploy_stage(stage, "changed manually")
    }

    /// Deploys a stage whatever stands there.
    pub(super) fn deploy_stage(&self, stage: &PlannedStage, why: &str) -> Result<(), Failure> {
        let step = format!("stage {}", stage.name);
        self.world.report(Event::Step { step: step.clone() });
        self.progress(&step, why);
        let name = deployment_name(self.plan, stage);
        let (template, parameters) = self.render.content(stage)?;
        let body = json!({ "properties": { "mode": "Incremental", "template": template, "parameters": parameters } });
        for attempt in 1.. {
            let error = match self.try_deploy(&step, &name, &body)? {
                Ok(()) => break,
                Err(error) => error,
            };
            let failed = || {
                let mut failure = error.failure(&format!("stage {} failed", stage.name));
                if error.passes() {
                    failure = failure.help("run the same command again to continue");
                }
                failure
            };
            let again = if error.has_code("RoleAssignmentUpdateNotPermitted") {
                self.remove_stale_assignments(&step, stage.name)?
            } else {
                error.passes()
            };
            if !again || attempt >= ATTEMPTS {
                return Err(failed());
            }
            self.progress(&step, format!("Azure returned {}; trying again", error.code()));
            std::thread::sleep(self.azure.http.look(attempt * 2, None));
        }
        self.done(&step, Outcome::Deployed, &name);
        Ok(())
    }

    /// Sends a deployment and waits for its end. The inner error is Azure's.
    fn try_deploy(
        &self,
        step: &str,
        name: &str,
        body: &Value,
    ) -> Result<Result<(), CallError>, Failure> {
        let path = self.deployment_path(name);
        match self.azure.send("PUT", &path, RESOURCES, Some(body)) {
            Ok(_) => {}
            // The same content is being deployed by someone else, or by a run that was interrupted.
            Err(error)
                if ["DeploymentActive", "DeploymentActiveAndUneditable"]
                    .iter()
                    .any(|code| error.has_code(code)) =>
            {
                self.progress(step, format!("deployment {name} is already in progress"));
            }
            Err(CallError::Failed(failure)) => return Err(failure),
            Err(error) => return Ok(Err(error)),
        }
        self.wait_for_deployment(step, name)
    }

    /// Waits until a deployment is over. The inner error is why it failed.
    fn wait_for_deployment(
        &self,
        step: &str,
        name: &str,
    ) -> Result<Result<(), CallError>, Failure> {
        let path = self.deployment_path(name);
        let end = Instant::now() + LONGEST;
        let mut told = BTreeSet::new();
        let over = self.azure.http.watch(end, |patience| {
            let deployment = self
                .azure
                .get_with(&path, RESOURCES, patience)
                .map_err(|error| error.failure(&format!("deployment {name} cannot be read")))?;
            let Some(deployment) = deployment else {
                return Err(Failure::azure(
                    format!("deployment {name} no longer exists"),
                    "it was deleted while it was running",
                )
                .help("run the same command again"));
            };
            let state = deployment.pointer("/properties/provisioningState").and_then(Value::as_str);
            match state.unwrap_or_default() {
                "Succeeded" => return Ok(Some(Ok(()))),
                state @ ("Failed" | "Canceled") => {
                    return Ok(Some(Err(ended(deployment.pointer("/properties/error"), state))));
                }
                _ => {}
            }
            self.tell_operations(step, &path, &mut told);
            Ok(None)
        })?;
        over.ok_or_else(|| {
            Failure::azure(
                format!("deployment {name} takes more than {} hours", LONGEST.as_secs() / 3600),
                "it continues in Azure",
            )
            .help("run the same command again to continue")
        })
    }

    /// Tells the resources that are new since the last look. Only for the eye: what cannot be asked is left out.
    fn tell_operations(&self, step: &str, path: &str, told: &mut BTreeSet<String>) {
        let listed = self.azure.list(&format!("{path}/operations"), RESOURCES);
        for operation in listed.ok().flatten().unwrap_or_default() {
            let text = |pointer: &str| operation.pointer(pointer).and_then(Value::as_str);
            let name = text("/properties/targetResource/resourceName").unwrap_or_default();
            let kind = text("/properties/targetResource/resourceType").unwrap_or_default();
            let done = text("/properties/provisioningState") == Some("Succeeded");
            if done && !name.is_empty() && told.insert(format!("{kind}/{name}")) {
                self.progress(step, format!("{kind} {name}"));
            }
        }
    }

    /// Removes the role assignments of a stage whose identity was made anew. Gives whether there were any.
    fn remove_stale_assignments(&self, step: &str, stage: Stage) -> Result<bool, Failure> {
        let found = self.deployed(stage)?;
        let outdated = stale_assignments(&found);
        for assignment in &outdated {
            self.progress(
                step,
                format!(
                    "role assignment {} refers to a deleted identity; it is recreated",
                    assignment.name
                ),
            );
            self.azure
                .change("DELETE", &assignment.id, &assignment.api_version, None, LONGEST)
                .map_err(|error| {
                    error.failure(&format!("role assignment {} cannot be removed", assignment.name))
                })?;
        }
        Ok(!outdated.is_empty())
    }

    /// Tells what was changed manually.
    pub(super) fn tell_drift(&self, drifts: &[Drift]) {
        for drift in drifts {
            for change in &drift.changes {
                let text = |value: Option<&Evaluated>| {
                    value.map_or_else(|| "nothing".to_owned(), Evaluated::to_string)
                };
                self.world.report(Event::Drift {
                    resource: drift.name.clone(),
                    property: path_text(&change.path),
                    deployed: text(change.before.as_ref()),
                    rendered: text(change.after.as_ref()),
                });
            }
        }
    }

    fn deployment_path(&self, name: &str) -> String {
        format!("{}/providers/Microsoft.Resources/deployments/{name}", self.group)
    }
}
