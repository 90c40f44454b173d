//! Azure's own forecast of each stage, and what `prebake deploy` would do beside it.
//!
//! Shape: <https://learn.microsoft.com/rest/api/resources/deployments/what-if>.

use std::time::Duration;

use serde_json::{Value, json};

use super::deployment::Deployment;
use super::event::{Event, Outcome};
use super::failure::Failure;
use super::state::{RESOURCES, deployment_name};
use crate::catalog::Stage;
use crate::render::Part;

const LONGEST: Duration = Duration::from_secs(1800);

impl Deployment<'_> {
    /// Tells what the stages would change; changes nothing.
    pub(super) fn what_if(&self) -> Result<(), Failure> {
        let modes = self.request.modes;
        let all = !modes.image && !modes.batch;
        let group = self
            .azure
            .get(&self.group, RESOURCES)
            .map_err(|error| error.failure("the group cannot be read"))?;
        if group.is_none() {
            self.world.note(format!(
                "resource group `{}` does not exist; the deployment would create it and all resources",
                self.plan.resource_group
            ));
            return Ok(());
        }
        let baked = match self.baked_version() {
            Some((path, _)) => self.version(&path)?.is_some(),
            None => true,
        };
        for stage in &self.plan.stages {
            let wanted = match stage.part {
                Part::Image => all || modes.image,
                Part::Batch => all || modes.batch,
            };
            if !wanted {
                continue;
            }
            let step = format!("stage {}", stage.name);
            if stage.name.is_of_bake() && baked {
                self.done(
                    &step,
                    Outcome::Unchanged,
                    "the image version exists, so nothing is baked",
                );
                continue;
            }
            self.world.report(Event::Step { step: step.clone() });
            let (template, parameters) = self.render.content(stage)?;
            let body = json!({ "properties": { "mode": "Incremental", "template": template, "parameters": parameters,
                "whatIfSettings": { "resultFormat": "FullResourcePayloads" } } });
            let path = format!(
                "{}/providers/Microsoft.Resources/deployments/{}/whatIf",
                self.group,
                deployment_name(self.plan, stage)
            );
            match self.azure.change("POST", &path, RESOURCES, Some(&body), LONGEST) {
                Ok(result) => {
                    self.tell_changes(stage.name, result.as_ref().unwrap_or(&Value::Null))?;
                }
                // A stage refers to what the stages before it make.
                Err(error) if error.status() == 404 || error.has_code("ResourceNotFound") => {
                    self.world.note(format!("stage {} can be compared only after the stages that it depends on are deployed", stage.name));
                }
                Err(error) => {
                    return Err(error.failure(&format!("stage {} cannot be compared", stage.name)));
                }
            }
        }
        Ok(())
    }

    fn tell_changes(&self, stage: Stage, result: &Value) -> Result<(), Failure> {
        if let Some(error) = result.get("error").filter(|error| !error.is_null()) {
            let error = super::resource_manager::ended(Some(error), "Failed");
            if error.has_code("ResourceNotFound") {
                self.world.note(format!("stage {stage} can be compared only after the stages that it depends on are deployed"));
                return Ok(());
            }
            return Err(error.failure(&format!("stage {stage} cannot be compared")));
        }
        let changes = result
            .pointer("/properties/changes")
            .or_else(|| result.get("changes"))
            .and_then(Value::as_array);
        for change in changes.into_iter().flatten() {
            let text = |name: &str| change.get(name).and_then(Value::as_str).unwrap_or_default();
            // What the template does not name is left alone.
            if matches!(text("changeType"), "Ignore" | "NoChange") {
                continue;
            }
            let delta = change.get("delta").and_then(Value::as_array);
            let properties = delta
                .into_iter()
                .flatten()
                .filter_map(|one| Some(one.get("path")?.as_str()?.to_owned()));
            let resource = text("resourceId");
            self.world.report(Event::Change {
                stage,
                change: text("changeType").to_owned(),
                resource: resource
                    .split_once("/providers/")
                    .map_or(resource, |(_, rest)| rest)
                    .to_owned(),
                properties: properties.collect(),
            });
        }
        Ok(())
    }
}
