//! A render as it is deployed: its plan, its files, the resources that it asks for.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::failure::Failure;
use crate::diagnostic::Diagnostics;
use crate::expand::Resource;
use crate::pipeline;
use crate::render::{PLAN, PLAN_VERSION, Plan, PlannedStage, Target, stage_digest};

/// A render that can be deployed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DeployableRender {
    /// Its folder.
    pub folder: PathBuf,
    /// Its plan.
    pub plan: Plan,
    files: Arc<BTreeMap<String, String>>,
}

impl DeployableRender {
    /// Takes the files of a render, by their paths. Refuses a render without a plan, with another prebake's plan, or
    /// with a stage that is not the one that the plan is about.
    pub(crate) fn new(
        folder: PathBuf,
        files: Arc<BTreeMap<String, String>>,
    ) -> Result<Self, Failure> {
        let shown = folder.display();
        let again = "render it again: `prebake render`";
        let Some(text) = files.get(PLAN) else {
            let why = format!("it has no `{PLAN}`, the deployment plan");
            return Err(Failure::input(format!("`{shown}` cannot be deployed"), why).help(again));
        };
        let foreign = |why: String| {
            Failure::input(
                format!("`{shown}/{PLAN}` is not a plan that this version of prebake can read"),
                why,
            )
            .help(again)
        };
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| foreign(error.to_string()))?;
        if value.get("version").and_then(serde_json::Value::as_u64) != Some(u64::from(PLAN_VERSION))
        {
            return Err(foreign(format!(
                "this version of prebake reads plan version {PLAN_VERSION}"
            )));
        }
        let plan: Plan =
            serde_json::from_value(value).map_err(|error| foreign(error.to_string()))?;
        let render = Self { folder, plan, files };
        for stage in &render.plan.stages {
            render.check(stage)?;
        }
        Ok(render)
    }

    fn check(&self, stage: &PlannedStage) -> Result<(), Failure> {
        let text = |path: &String| self.files.get(path).map(String::as_str);
        let digest = text(&stage.template).zip(text(&stage.parameters));
        if digest.is_some_and(|(template, parameters)| {
            stage_digest(template, parameters) == stage.digest
        }) {
            return Ok(());
        }
        let why = format!("`{}` and `{}` do not match the plan", stage.template, stage.parameters);
        Err(Failure::input(format!("stage `{}` was edited after it was rendered", stage.name), why)
            .help("change the config and render it again: `prebake render`"))
    }

    /// The files that differ from others, by their paths.
    pub(crate) fn differing(&self, others: &BTreeMap<String, String>) -> Vec<String> {
        let paths: std::collections::BTreeSet<&String> =
            self.files.keys().chain(others.keys()).collect();
        paths
            .into_iter()
            .filter(|path| self.files.get(*path) != others.get(*path))
            .cloned()
            .collect()
    }

    /// The template and the parameters of a stage, as a deployment takes them.
    pub(super) fn content(
        &self,
        stage: &PlannedStage,
    ) -> Result<(serde_json::Value, serde_json::Value), Failure> {
        let json = |path: &String| {
            let text = self.files.get(path).map_or("", String::as_str);
            serde_json::from_str::<serde_json::Value>(text).map_err(|error| {
                Failure::input(format!("`{path}` cannot be read"), error.to_string())
                    .help("render it again")
            })
        };
        let parameters = json(&stage.parameters)?;
        let parameters = parameters.get("parameters").cloned().unwrap_or_default();
        Ok((json(&stage.template)?, parameters))
    }

    /// The resources that the render asks for in a subscription.
    pub(super) fn resources(&self, subscription: &str) -> Vec<Resource> {
        let target = Target {
            resource_group: self.plan.resource_group.clone(),
            subscription: Some(subscription.to_owned()),
            location: self.plan.location.clone(),
        };
        let state = pipeline::previous_state(
            &self.files,
            Some(&target),
            (None, None),
            &mut Diagnostics::new(),
        );
        state.resources.into_iter().map(Arc::unwrap_or_clone).collect()
    }
}
