//! What Azure says of a stage: whether its latest deployment has this content, and whether what it made is there.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::deployment::Deployment;
use super::error::CallError;
use super::failure::Failure;
use crate::arm::evaluate::Evaluated;
use crate::catalog::Stage;
use crate::diff::{self, PropertyChange};
use crate::expand::Resource;
use crate::render::{NAME_DIGEST, Plan, PlannedStage, deployment_prefix};

/// API version of groups, deployments and lists of resources
/// (<https://learn.microsoft.com/rest/api/resources/>).
pub(super) const RESOURCES: &str = "2021-04-01";

/// Calls to Azure that run at once.
const AT_ONCE: usize = 8;

/// A deployment that was made once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PastDeployment {
    pub(super) name: String,
    pub(super) state: String,
    timestamp: String,
}

impl PastDeployment {
    fn read(value: &Value) -> Option<Self> {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
        Some(Self {
            name: text("/name")?.to_owned(),
            state: text("/properties/provisioningState").unwrap_or_default().to_owned(),
            timestamp: text("/properties/timestamp")
                .unwrap_or_default()
                .trim_end_matches('Z')
                .to_owned(),
        })
    }

    /// Whether Azure still works on it.
    pub(super) fn is_running(&self) -> bool {
        !["Succeeded", "Failed", "Canceled"].contains(&self.state.as_str())
    }
}

/// How a stage stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum StageState {
    /// It is as the render says.
    Current,
    /// Its latest deployment has this content, and properties were changed since.
    Drifted(Vec<Drift>),
    /// It needs to be deployed.
    Differs(String),
    /// A deployment of it is running.
    Running(String),
}

/// A resource whose properties were changed since it was deployed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Drift {
    /// Name of the resource.
    pub(super) name: String,
    /// What differs.
    pub(super) changes: Vec<PropertyChange>,
}

/// The name of a stage's deployment: config, stage and digest, so that two configs in one group never share one.
pub(super) fn deployment_name(plan: &Plan, stage: &PlannedStage) -> String {
    format!("{}{}", deployment_prefix(&plan.name, stage.name), &stage.digest[..NAME_DIGEST])
}

impl Deployment<'_> {
    /// The deployments of the group; none when the group is not there.
    pub(super) fn history(&self) -> Result<Vec<PastDeployment>, Failure> {
        let path = format!("{}/providers/Microsoft.Resources/deployments", self.group);
        let listed = self.azure.list(&path, RESOURCES).map_err(|error| {
            error.failure(&format!(
                "the deployments of group `{}` cannot be listed",
                self.plan.resource_group
            ))
        })?;
        Ok(listed.unwrap_or_default().iter().filter_map(PastDeployment::read).collect())
    }

    /// The latest deployment of a stage of this config, whatever its content.
    pub(super) fn latest<'h>(
        &self,
        stage: Stage,
        history: &'h [PastDeployment],
    ) -> Option<&'h PastDeployment> {
        let prefix = deployment_prefix(&self.plan.name, stage);
        let of_stage = |past: &&PastDeployment| {
            past.name.strip_prefix(&prefix).is_some_and(|digest| {
                digest.len() == NAME_DIGEST && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
            })
        };
        history.iter().filter(of_stage).max_by_key(|past| &past.timestamp)
    }

    /// How a stage stands.
    pub(super) fn stage_state(
        &self,
        stage: &PlannedStage,
        history: &[PastDeployment],
    ) -> Result<StageState, Failure> {
        let Some(latest) = self.latest(stage.name, history) else {
            return Ok(StageState::Differs("it has not been deployed yet".to_owned()));
        };
        if latest.is_running() {
            return Ok(StageState::Running(latest.name.clone()));
        }
        if latest.name != deployment_name(self.plan, stage) {
            return Ok(StageState::Differs("different content was deployed last".to_owned()));
        }
        if latest.state != "Succeeded" {
            return Ok(StageState::Differs(format!(
                "the last deployment ended with state {}",
                latest.state
            )));
        }
        let (mut drifts, mut missing) = (Vec::new(), Vec::new());
        let found = self.deployed(stage.name)?;
        for (resource, deployed) in &found {
            match deployed {
                None => missing.push(resource.name.as_str()),
                Some(deployed) => drifts.extend(drift(resource, deployed)),
            }
        }
        if !missing.is_empty() {
            return Ok(StageState::Differs(format!("gone: {}", missing.join(", "))));
        }
        if !stale_assignments(&found).is_empty() {
            return Ok(StageState::Differs(
                "a role assignment refers to a deleted identity".to_owned(),
            ));
        }
        Ok(if drifts.is_empty() { StageState::Current } else { StageState::Drifted(drifts) })
    }

    /// The resources of a stage with what stands in Azure.
    pub(super) fn deployed(
        &self,
        stage: Stage,
    ) -> Result<Vec<(&Resource, Option<Value>)>, Failure> {
        let asked: Vec<&Resource> =
            self.resources.iter().filter(|resource| is_asked(resource, stage)).collect();
        let answers =
            in_parallel(&asked, |resource| self.azure.get(&resource.id, &resource.api_version));
        let mut found = Vec::with_capacity(asked.len());
        for (resource, answer) in asked.into_iter().zip(answers) {
            let answer = answer.map_err(|error: CallError| {
                error.failure(&format!("`{}` ({}) cannot be read", resource.name, resource.kind))
            })?;
            found.push((resource, answer));
        }
        Ok(found)
    }
}

/// A nested deployment is no resource of its own, and what is deployed in another stage is asked there.
fn is_asked(resource: &Resource, stage: Stage) -> bool {
    resource.stage == stage
        && !resource.existing
        && !resource.kind.eq_ignore_ascii_case("Microsoft.Resources/deployments")
        && !resource.id.contains('{')
}

/// What was changed of a resource.
pub(super) fn drift(resource: &Resource, deployed: &Value) -> Option<Drift> {
    let Evaluated::Object(deployed) = Evaluated::from_plain(deployed) else { return None };
    let changes = diff::drift(resource, &deployed);
    (!changes.is_empty()).then(|| Drift { name: resource.name.clone(), changes })
}

/// The role assignments of a stage whose identity is not one of those that stand: an identity that was made anew has
/// another principal, and an assignment never changes its own
/// (<https://learn.microsoft.com/azure/role-based-access-control/troubleshooting>).
pub(super) fn stale_assignments<'r>(found: &[(&'r Resource, Option<Value>)]) -> Vec<&'r Resource> {
    let principals: BTreeSet<String> = found
        .iter()
        .filter_map(|(_, deployed)| deployed.as_ref())
        .flat_map(|deployed| {
            ["/properties/principalId", "/identity/principalId"]
                .into_iter()
                .filter(|pointer| {
                    deployed.pointer("/properties/roleDefinitionId").is_none()
                        || !pointer.starts_with("/properties")
                })
                .filter_map(|pointer| Some(deployed.pointer(pointer)?.as_str()?.to_lowercase()))
                .collect::<Vec<_>>()
        })
        .collect();
    if principals.is_empty() {
        return Vec::new();
    }
    let is_stale = |(resource, deployed): &&(&Resource, Option<Value>)| {
        let symbolic = resource.body.get("properties").and_then(|body| body.get("principalId"));
        let principal =
            deployed.as_ref().and_then(|value| value.pointer("/properties/principalId")?.as_str());
        resource.kind.eq_ignore_ascii_case("Microsoft.Authorization/roleAssignments")
            && symbolic.is_some_and(Evaluated::is_symbolic)
            && principal.is_some_and(|principal| !principals.contains(&principal.to_lowercase()))
    };
    found.iter().filter(is_stale).map(|(resource, _)| *resource).collect()
}

/// Works on many things at once, and gives the results in their order.
pub(super) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let results: Vec<std::sync::Mutex<Option<R>>> =
        items.iter().map(|_| std::sync::Mutex::default()).collect();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(items.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = work(item);
                    *results[index].lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
                        Some(result);
                }
            });
        }
    });
    let take = |slot: std::sync::Mutex<Option<R>>| {
        slot.into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .expect("every item was worked on")
    };
    results.into_iter().map(take).collect()
}

/// The tags of a resource.
pub(super) fn tags(resource: &Value) -> Map<String, Value> {
    resource.get("tags").and_then(Value::as_object).cloned().unwrap_or_default()
}
