//! Deployments of resource groups: taken or refused at once, then carried out resource by resource.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Outcome, error_object, refusal, refuse_with};
use super::cloud::{Cloud, Operation, group_id};
use super::http::Request;
use super::template::{self, Plan, Wanted};
use super::{list_page, provision};

/// A deployment that Azure has taken.
#[derive(Debug, Clone)]
pub struct Deployment {
    pub shown: Value,
    pub plan: Plan,
    /// What became of each resource so far.
    operations: Vec<Value>,
    next: usize,
    operation: String,
}

impl Deployment {
    pub fn state(&self) -> &str {
        self.shown["properties"]["provisioningState"].as_str().unwrap_or("")
    }
}

/// `.../resourceGroups/GROUP/providers/Microsoft.Resources/deployments/...`
///
/// Shapes: <https://learn.microsoft.com/rest/api/resources/deployments> and `.../deployment-operations`.
pub fn answer(cloud: &mut Cloud, request: &Request, group: &str, rest: &[&str]) -> Outcome {
    cloud.need_group(group)?;
    let id = |name: &str| {
        format!("{}/providers/Microsoft.Resources/deployments/{name}", group_id(group))
    };
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            let scope = id("").to_lowercase();
            let mut all: Vec<Value> = cloud
                .deployments
                .iter()
                .filter(|(id, _)| id.starts_with(&scope))
                .map(|(_, deployment)| deployment.shown.clone())
                .collect();
            // Newest first, as Azure lists them.
            all.sort_by_key(|shown| {
                std::cmp::Reverse(shown["properties"]["timestamp"].to_string())
            });
            Ok(list_page(request, all))
        }
        ("PUT", [name]) => put(cloud, request, group, &id(name), name),
        ("GET", [name]) => Ok(Answer::ok(&find(cloud, &id(name), name)?.shown)),
        ("HEAD", [name]) => {
            let there = cloud.deployments.contains_key(&id(name).to_lowercase());
            Ok(Answer::empty(if there { 204 } else { 404 }))
        }
        ("DELETE", [name]) => {
            cloud.deployments.remove(&id(name).to_lowercase());
            Ok(Answer::empty(204))
        }
        ("GET", [name, "operations"]) => {
            let operations = find(cloud, &id(name), name)?.operations.clone();
            Ok(list_page(request, operations))
        }
        ("GET", [_, "operationStatuses", operation]) => status(cloud, operation),
        ("POST", [name, "validate"]) => validate(cloud, request, group, &id(name), name),
        ("POST", [name, "whatIf"]) => what_if(cloud, request, group, name),
        ("POST", [name, "cancel"]) => {
            find(cloud, &id(name), name)?;
            end(cloud, &id(name), "Canceled", None);
            Ok(Answer::empty(204))
        }
        _ => Err(super::no_route()),
    }
}

fn find<'a>(cloud: &'a Cloud, id: &str, name: &str) -> Result<&'a Deployment, Answer> {
    cloud.deployments.get(&id.to_lowercase()).ok_or_else(|| {
        let message = format!("Deployment '{name}' could not be found.");
        refusal(404, "DeploymentNotFound", message)
    })
}

fn plan(cloud: &Cloud, request: &Request, group: &str, name: &str) -> Result<Plan, Answer> {
    if name.len() > 64 {
        let message = format!(
            "The provided deployment name '{name}' has a length of '{}' which exceeds the maximum length of '64'.",
            name.len()
        );
        return Err(refusal(400, "InvalidDeploymentName", message));
    }
    template::plan(group, &cloud.location_of(group), name, &request.body)
}

fn put(cloud: &mut Cloud, request: &Request, group: &str, id: &str, name: &str) -> Outcome {
    let plan = plan(cloud, request, group, name)?;
    cloud.check_lock(id, false).map_err(|error| refuse_with(409, &error))?;
    let key = id.to_lowercase();
    let old = cloud.deployments.get(&key).map(|deployment| deployment.state().to_owned());
    if matches!(old.as_deref(), Some("Running" | "Accepted")) {
        // Text: <https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-deployment-active>.
        let message = format!(
            "Unable to edit or replace deployment '{name}': previous deployment from '11/29/2026 10:00:00 AM' is still active (expiration time is '12/6/2026 10:00:00 AM'). Please see https://aka.ms/arm-deploy for usage details."
        );
        return Err(refusal(409, "DeploymentActive", message));
    }
    provision::preflight(cloud, &plan)?;
    let operation = cloud.new_id();
    let running = Operation { status: "Running".to_owned(), error: None, result: None };
    cloud.operations.insert(operation.clone(), running);
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let timestamp = cloud.clock.text();
    let shown = json!({
        "id": id, "name": name, "type": "Microsoft.Resources/deployments",
        "tags": body.get("tags").cloned().unwrap_or(json!({})),
        "properties": {
            "templateHash": template_hash(&body),
            "parameters": shown_parameters(&body),
            "mode": "Incremental", "provisioningState": "Accepted",
            // Two deployments within a second are still told apart.
            "timestamp": timestamp.replace(".0000000Z", &format!(".{:07}Z", cloud.next())),
            "duration": "PT0S", "correlationId": cloud.new_id(), "providers": [], "dependencies": [],
        },
    });
    let answer = Answer::json(if old.is_some() { 200 } else { 201 }, &shown).with_header(
        "Azure-AsyncOperation",
        format!("{}{id}/operationStatuses/{operation}?api-version=2024-11-01", cloud.base()),
    );
    let deployment = Deployment { shown, plan, operations: Vec::new(), next: 0, operation };
    cloud.deployments.insert(key.clone(), deployment);
    cloud.after(cloud.knobs.operation, move |cloud| advance(cloud, &key));
    Ok(answer)
}

/// The parameters as a deployment shows them: with their types.
fn shown_parameters(body: &Value) -> Value {
    let empty = Map::new();
    let given = body["properties"]["parameters"].as_object().unwrap_or(&empty);
    let kind = |value: &Value| match value {
        Value::String(_) => "String",
        Value::Bool(_) => "Bool",
        Value::Number(_) => "Int",
        Value::Array(_) => "Array",
        _ => "Object",
    };
    let shown = given.iter().map(|(name, parameter)| {
        let value = &parameter["value"];
        (name.clone(), json!({ "type": kind(value), "value": value }))
    });
    Value::Object(shown.collect())
}

/// A number that is the same for the same template. Azure's own function is not published.
fn template_hash(body: &Value) -> String {
    let digest = prebake::model::hex_digest(body["properties"]["template"].to_string().as_bytes());
    u64::from_str_radix(&digest[..15], 16).unwrap_or(0).to_string()
}

/// Creates the next resource, or ends the deployment.
fn advance(cloud: &mut Cloud, key: &str) {
    let Some(deployment) = cloud.deployments.get_mut(key) else { return };
    if !matches!(deployment.state(), "Running" | "Accepted") {
        return;
    }
    deployment.shown["properties"]["provisioningState"] = json!("Running");
    let at = deployment.next;
    deployment.next += 1;
    let plan = deployment.plan.clone();
    let Some(wanted) = plan.wanted.get(at) else {
        finish(cloud, key, &plan);
        return;
    };
    if !wanted.resource.existing {
        let result = carry_out(cloud, &plan, wanted);
        let shown = operation_of(cloud, key, at, &result);
        if let Some(deployment) = cloud.deployments.get_mut(key) {
            deployment.operations.push(shown);
        }
        if let Err(error) = result.1 {
            let error = json!({
                "code": "DeploymentFailed", "target": key,
                "message": "At least one resource deployment operation failed. Please list deployment operations for details. Please see https://aka.ms/arm-deployment-operations for usage details.",
                "details": [error],
            });
            end(cloud, key, "Failed", Some(error));
            return;
        }
    }
    let (time, key) = (cloud.knobs.operation, key.to_owned());
    cloud.after(time, move |cloud| advance(cloud, &key));
}

/// The id that the resource has got, and what became of it.
fn carry_out(cloud: &mut Cloud, plan: &Plan, wanted: &Wanted) -> (String, Result<(), Value>) {
    let resource = &wanted.resource;
    let id = match plan.finish_text(cloud, &format_id(plan, cloud, wanted)) {
        Ok(id) => id,
        Err(error) => return (resource.id.clone(), Err(error)),
    };
    if resource.kind.eq_ignore_ascii_case("Microsoft.Resources/deployments") {
        return (id, Ok(()));
    }
    let body = match plan.finish(cloud, &Value::Object(resource.body_json())) {
        Ok(body) => body,
        Err(error) => return (id, Err(error)),
    };
    let result = provision::create(cloud, &id, &resource.kind, &resource.api_version, body);
    (id, result)
}

/// The id, with a name that only Azure could compute.
fn format_id(plan: &Plan, cloud: &Cloud, wanted: &Wanted) -> String {
    let resource = &wanted.resource;
    let name = plan.finish_text(cloud, &resource.name).unwrap_or_default();
    resource.id.replace(&resource.name, &name)
}

/// Shape: <https://learn.microsoft.com/rest/api/resources/deployment-operations/list>.
fn operation_of(
    cloud: &mut Cloud,
    key: &str,
    at: usize,
    result: &(String, Result<(), Value>),
) -> Value {
    let (id, result) = result;
    let kind = super::cloud::parts_of(id).1;
    let operation = format!("{at:016X}");
    let mut properties = json!({
        "provisioningOperation": "Create",
        "provisioningState": if result.is_ok() { "Succeeded" } else { "Failed" },
        "timestamp": cloud.clock.text(), "duration": "PT1S", "trackingId": cloud.new_id(),
        "statusCode": if result.is_ok() { "OK" } else { "Conflict" },
        "targetResource": {
            "id": id, "resourceType": kind, "resourceName": id.rsplit('/').next(),
        },
    });
    if let Err(error) = result {
        properties["statusMessage"] = json!({ "error": error });
    }
    json!({ "id": format!("{key}/operations/{operation}"), "operationId": operation, "properties": properties })
}

fn finish(cloud: &mut Cloud, key: &str, plan: &Plan) {
    let outputs = plan.finish(cloud, &plan.outputs);
    match outputs {
        Err(error) => end(cloud, key, "Failed", Some(error)),
        Ok(outputs) => {
            let typed = outputs.as_object().cloned().unwrap_or_default().into_iter();
            let outputs: Map<String, Value> = typed
                .map(|(name, value)| (name, json!({ "type": "String", "value": value })))
                .collect();
            if let Some(deployment) = cloud.deployments.get_mut(key) {
                let made: Vec<Value> = deployment
                    .operations
                    .iter()
                    .map(|operation| json!({ "id": operation["properties"]["targetResource"]["id"] }))
                    .collect();
                deployment.shown["properties"]["outputs"] = Value::Object(outputs);
                deployment.shown["properties"]["outputResources"] = Value::Array(made);
            }
            end(cloud, key, "Succeeded", None);
        }
    }
}

fn end(cloud: &mut Cloud, key: &str, state: &str, error: Option<Value>) {
    let Some(deployment) = cloud.deployments.get_mut(&key.to_lowercase()) else { return };
    deployment.shown["properties"]["provisioningState"] = json!(state);
    if let Some(error) = &error {
        deployment.shown["properties"]["error"] = error.clone();
    }
    let operation = deployment.operation.clone();
    cloud.end_operation(&operation, error);
    if let Some(operation) = cloud.operations.get_mut(&operation) {
        state.clone_into(&mut operation.status);
    }
}

/// Shape: <https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations>.
fn status(cloud: &Cloud, operation: &str) -> Outcome {
    let found = cloud.operations.get(operation).ok_or_else(super::no_route)?;
    let mut body = json!({ "status": found.status });
    if let Some(error) = &found.error {
        body["error"] = error.clone();
    }
    let answer = Answer::ok(&body);
    Ok(match found.status.as_str() {
        "Running" => answer.with_header("Retry-After", cloud.knobs.retry_after.to_string()),
        _ => answer,
    })
}

fn validate(cloud: &mut Cloud, request: &Request, group: &str, id: &str, name: &str) -> Outcome {
    let plan = plan(cloud, request, group, name)?;
    provision::preflight(cloud, &plan)?;
    let validated: Vec<Value> =
        created(&plan).map(|wanted| json!({ "id": wanted.resource.id })).collect();
    let correlation = cloud.new_id();
    Ok(Answer::ok(&json!({
        "id": id, "name": name, "type": "Microsoft.Resources/deployments",
        "properties": {
            "templateHash": "0", "parameters": {}, "mode": "Incremental",
            "provisioningState": "Succeeded", "timestamp": cloud.clock.text(), "duration": "PT0S",
            "correlationId": correlation, "providers": [], "dependencies": [],
            "validatedResources": validated,
        },
    })))
}

fn created(plan: &Plan) -> impl Iterator<Item = &Wanted> {
    plan.wanted.iter().filter(|wanted| {
        !wanted.resource.existing
            && !wanted.resource.kind.eq_ignore_ascii_case("Microsoft.Resources/deployments")
    })
}

/// Shape: <https://learn.microsoft.com/rest/api/resources/deployments/what-if>, a `202` whose
/// location gives the result.
fn what_if(cloud: &mut Cloud, request: &Request, group: &str, name: &str) -> Outcome {
    let plan = plan(cloud, request, group, name)?;
    let mut changes = Vec::new();
    for wanted in created(&plan) {
        let resource = &wanted.resource;
        let mut after = plan
            .finish(cloud, &Value::Object(resource.body_json()))
            .unwrap_or_else(|_| Value::Object(resource.body_json()));
        let id = format_id(&plan, cloud, wanted);
        let old = cloud.resource(&id).map(|old| old.asked.clone());
        let kind = match &old {
            None => "Create",
            Some(old) if *old == after => "NoChange",
            Some(_) => "Modify",
        };
        super::cloud::extend(
            &mut after,
            json!({
                "id": id, "name": resource.name, "type": resource.kind, "apiVersion": resource.api_version,
            }),
        );
        let mut change = json!({ "resourceId": id, "changeType": kind, "after": after });
        if let Some(mut old) = old {
            super::cloud::extend(
                &mut old,
                json!({
                    "id": id, "name": resource.name, "type": resource.kind, "apiVersion": resource.api_version,
                }),
            );
            change["before"] = old;
        }
        if kind == "Modify" {
            change["delta"] = json!([{ "path": "properties", "propertyChangeType": "Modify", "before": null, "after": null }]);
        }
        changes.push(change);
    }
    let correlation = cloud.new_id();
    let id = cloud.operation(cloud.knobs.operation, |_| None);
    let result = json!({
        "status": "Succeeded",
        "properties": { "correlationId": correlation, "changes": changes },
    });
    if let Some(operation) = cloud.operations.get_mut(&id) {
        operation.result = Some(result);
    }
    let url = format!(
        "{}/subscriptions/{}/operationresults/{id}?api-version=2024-11-01",
        cloud.base(),
        super::cloud::SUBSCRIPTION
    );
    Ok(Answer::empty(202)
        .with_header("Location", url)
        .with_header("Retry-After", cloud.knobs.retry_after.to_string()))
}

/// An error as ARM wraps it where a resource provider failed after it had accepted a request.
pub fn failed_later(id: &str, error: &Value) -> Value {
    let mut outer = error_object(
        "ResourceDeploymentFailure",
        "The resource write operation failed to complete successfully, because it reached terminal provisioning state 'Failed'.",
    );
    outer["target"] = json!(id);
    outer["details"] = json!([error]);
    outer
}
