//! Creating and changing resources: what each resource provider refuses, and what it adds.

use std::sync::LazyLock;

use prebake::arm::evaluate::Evaluated;
use prebake::schema::{ResourceSchemas, Values};
use serde_json::{Value, json};

use super::answer::{Answer, error_object, refuse_with};
use super::cloud::{Cloud, Resource, SUBSCRIPTION, TENANT, extend, id_from, parts_of};
use super::deployment::failed_later;
use super::template::Plan;
use super::{batch, compute, gallery, image_builder, registry};

static SCHEMAS: LazyLock<ResourceSchemas> = LazyLock::new(ResourceSchemas::embedded);

/// What ARM asks the resource providers before it takes a deployment: today, the quota of VMs.
///
/// Shape: <https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-invalid-template-deployment>.
pub fn preflight(cloud: &Cloud, plan: &Plan) -> Result<(), Answer> {
    for wanted in &plan.wanted {
        let resource = &wanted.resource;
        if resource.existing || !resource.kind.eq_ignore_ascii_case(compute::VM) {
            continue;
        }
        let size = resource
            .body
            .get("properties")
            .and_then(|value| value.pointer("/hardwareProfile/vmSize"));
        let there = cloud.resource(&resource.id).is_some();
        let size = size.and_then(Evaluated::as_str).unwrap_or("");
        if let (false, Err(error)) = (there, compute::check_size(cloud, size)) {
            let mut outer = error_object(
                "InvalidTemplateDeployment",
                "The template deployment failed because of policy violation or a failed validation. Please see details for more information.",
            );
            outer["details"] = json!([error]);
            return Err(refuse_with(400, &outer));
        }
    }
    Ok(())
}

/// Creates or changes a resource as a deployment asks for it; gives the provider's error object.
pub fn create(
    cloud: &mut Cloud,
    id: &str,
    kind: &str,
    api_version: &str,
    body: Value,
) -> Result<(), Value> {
    check_provider(cloud, kind)?;
    cloud.check_lock(id, false)?;
    let (group, _, _) = parts_of(id);
    if !group.is_empty() && !cloud.groups.contains_key(&group.to_lowercase()) {
        return Err(error_object(
            "ResourceGroupNotFound",
            format!("Resource group '{group}' could not be found."),
        ));
    }
    check_parent(cloud, id, kind)?;
    check_schema(id, kind, api_version, &body)?;
    check_links(cloud, id, kind, &body)?;
    let failing = cloud
        .knobs
        .failing_types
        .iter_mut()
        .find(|(failing, _, times)| *times > 0 && failing.eq_ignore_ascii_case(kind));
    if let Some((_, error, times)) = failing {
        *times -= 1;
        return Err(failed_later(id, error));
    }
    let lower = kind.to_lowercase();
    match lower.as_str() {
        compute::VM => compute::admit(cloud, id, &body)?,
        gallery::VERSION => gallery::admit(cloud, id, &body)?,
        batch::POOL => batch::admit_pool(cloud, id, &body)?,
        "microsoft.authorization/roleassignments" => admit_role(cloud, id, &body)?,
        image_builder::TEMPLATE => image_builder::admit(cloud, id, &body)?,
        "microsoft.containerregistry/registries"
        | batch::ACCOUNT
        | "microsoft.storage/storageaccounts" => {
            admit_name(cloud, id)?;
        }
        _ => {}
    }
    store(cloud, id, kind, body);
    match lower.as_str() {
        "microsoft.containerregistry/registries/taskruns" => registry::task_run(cloud, id),
        image_builder::TEMPLATE => {
            image_builder::start(cloud, id);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn store(cloud: &mut Cloud, id: &str, kind: &str, asked: Value) {
    let mut shown = json!({ "id": id, "name": id.rsplit('/').next(), "type": kind });
    extend(&mut shown, asked.clone());
    if !shown["properties"].is_object() {
        shown["properties"] = json!({});
    }
    shown["properties"]["provisioningState"] = json!("Succeeded");
    add_identity(cloud, &mut shown, id);
    let old = cloud.resources.get(&id.to_lowercase());
    let vm = old.and_then(|old| old.vm.clone());
    let old = old.map(|old| old.shown.clone());
    let vm = added(cloud, &mut shown, old.as_ref(), vm);
    let resource = Resource { shown, asked, vm };
    cloud.resources.insert(id.to_lowercase(), resource);
}

/// What the provider adds to what was asked for.
fn added(
    cloud: &mut Cloud,
    shown: &mut Value,
    old: Option<&Value>,
    vm: Option<super::cloud::Vm>,
) -> Option<super::cloud::Vm> {
    let kind = shown["type"].as_str().unwrap_or("").to_lowercase();
    let id = shown["id"].as_str().unwrap_or("").to_owned();
    match kind.as_str() {
        compute::VM => return Some(compute::added(cloud, shown, vm)),
        gallery::VERSION => gallery::added(cloud, shown, old),
        "microsoft.containerregistry/registries" => registry::added(cloud, shown),
        batch::ACCOUNT => batch::added_account(cloud, shown),
        batch::POOL => batch::added_pool(cloud, shown),
        "microsoft.managedidentity/userassignedidentities" => {
            // An identity that is made anew is another principal.
            let number = cloud.next();
            let new = |what: &str| json!(id_from(&format!("{id} {what} {number}")));
            let kept =
                |what: &str| old.map_or_else(|| new(what), |old| old["properties"][what].clone());
            let (principal, client) = (kept("principalId"), kept("clientId"));
            extend(
                &mut shown["properties"],
                json!({ "tenantId": TENANT, "principalId": principal, "clientId": client }),
            );
        }
        "microsoft.storage/storageaccounts" => {
            let blob =
                format!("https://{}.blob.core.standin/", shown["name"].as_str().unwrap_or(""));
            extend(
                &mut shown["properties"],
                json!({ "primaryEndpoints": { "blob": blob }, "statusOfPrimary": "available" }),
            );
        }
        _ => {}
    }
    None
}

/// The principals of a resource. One that is made anew is another principal.
fn add_identity(cloud: &mut Cloud, shown: &mut Value, id: &str) {
    let number = cloud.next();
    let old = cloud.resource(id).map(|old| old.shown["identity"]["principalId"].clone());
    let Some(identity) = shown.get_mut("identity").filter(|identity| identity.is_object()) else {
        return;
    };
    if identity["type"].as_str().is_some_and(|kind| kind.contains("SystemAssigned")) {
        let principal = old.filter(Value::is_string);
        let principal = principal.unwrap_or_else(|| json!(id_from(&format!("{id} {number}"))));
        extend(identity, json!({ "principalId": principal, "tenantId": TENANT }));
    }
    if let Some(Value::Object(assigned)) = identity.get_mut("userAssignedIdentities") {
        for (id, value) in assigned.iter_mut() {
            if let Some(found) = cloud.resource(id) {
                let properties = &found.shown["properties"];
                *value = json!({ "principalId": properties["principalId"], "clientId": properties["clientId"] });
            }
        }
    }
}

/// Shape: <https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-register-resource-provider>.
fn check_provider(cloud: &Cloud, kind: &str) -> Result<(), Value> {
    let namespace = kind.split('/').next().unwrap_or("");
    let state =
        cloud.knobs.providers.iter().find(|(known, _)| known.eq_ignore_ascii_case(namespace));
    match state {
        Some((_, state)) if state != "Registered" => Err(error_object(
            "MissingSubscriptionRegistration",
            format!(
                "The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions."
            ),
        )),
        _ => Ok(()),
    }
}

/// Shape: <https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-parent-resource>.
fn check_parent(cloud: &Cloud, id: &str, kind: &str) -> Result<(), Value> {
    if kind.matches('/').count() < 2 || kind.to_lowercase().starts_with("microsoft.authorization/")
    {
        return Ok(());
    }
    let parent = id.rsplitn(3, '/').nth(2).unwrap_or("");
    if cloud.resource(parent).is_some() {
        return Ok(());
    }
    let (_, _, name) = parts_of(parent);
    Err(error_object(
        "ParentResourceNotFound",
        format!(
            "Failed to perform 'write' on resource(s) of type '{kind}', because the parent resource '{name}' could not be found."
        ),
    ))
}

/// What does not fit the published type of the resource.
fn check_schema(id: &str, kind: &str, api_version: &str, body: &Value) -> Result<(), Value> {
    let Some(schema) = SCHEMAS.get(kind, api_version) else { return Ok(()) };
    let mut whole = body.clone();
    whole["name"] = json!(id.rsplit('/').next());
    let findings = schema.findings(&whole, Values::Symbolic).unwrap_or_default();
    match findings.first() {
        None => Ok(()),
        Some(finding) => Err(error_object(
            "InvalidRequestContent",
            format!(
                "The request content was invalid and could not be deserialized: '{} at {}'.",
                finding.title, finding.pointer
            ),
        )),
    }
}

/// Resources that the body names and that are not there.
///
/// Shape: <https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-invalid-resource-reference>
/// is `InvalidResourceReference` of the network provider; others say the same in their words.
fn check_links(cloud: &Cloud, id: &str, kind: &str, body: &Value) -> Result<(), Value> {
    let mut links = Vec::new();
    collect(body, &mut links);
    let own = id.to_lowercase();
    for link in links {
        let lower = link.to_lowercase();
        let ours = lower.starts_with(&format!("/subscriptions/{SUBSCRIPTION}/resourcegroups/"));
        let made_later =
            kind.to_lowercase() == image_builder::TEMPLATE && lower.contains("/galleries/");
        if !ours
            || !lower.contains("/providers/")
            || lower.starts_with(&own)
            || made_later
            || is_there(cloud, &lower)
        {
            continue;
        }
        return Err(error_object(
            "InvalidResourceReference",
            format!(
                "Resource {link} referenced by resource {id} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region."
            ),
        ));
    }
    Ok(())
}

fn collect<'a>(value: &'a Value, links: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if text.starts_with("/subscriptions/") => links.push(text),
        Value::Array(items) => items.iter().for_each(|item| collect(item, links)),
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            if key.starts_with("/subscriptions/") {
                links.push(key);
            }
            collect(value, links);
        }),
        _ => {}
    }
}

/// A resource, or a subnet, which stands in its network.
fn is_there(cloud: &Cloud, id: &str) -> bool {
    if cloud.resource(id).is_some() {
        return true;
    }
    let Some((network, subnet)) = id.split_once("/subnets/") else { return false };
    let subnets = cloud.resource(network).map(|found| found.shown["properties"]["subnets"].clone());
    subnets.as_ref().and_then(Value::as_array).is_some_and(|subnets| {
        subnets.iter().any(|known| {
            known["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(subnet))
        })
    })
}

/// Names of registries, Batch accounts and storage accounts are taken by one only.
fn admit_name(cloud: &Cloud, id: &str) -> Result<(), Value> {
    let (_, kind, name) = parts_of(id);
    let taken = cloud.knobs.taken_names.iter().any(|taken| taken.eq_ignore_ascii_case(&name));
    let elsewhere =
        cloud.named(&kind, &name).is_some_and(|found| !found.text("/id").eq_ignore_ascii_case(id));
    if !taken && !elsewhere {
        return Ok(());
    }
    Err(match kind.to_lowercase().as_str() {
        "microsoft.containerregistry/registries" => error_object(
            "AlreadyInUse",
            format!(
                "The registry DNS name {name}.azurecr.io is already in use. You can check if the name is already claimed using following API: https://docs.microsoft.com/rest/api/containerregistry/registries/checknameavailability"
            ),
        ),
        "microsoft.storage/storageaccounts" => error_object(
            "StorageAccountAlreadyTaken",
            format!("The storage account named {name} is already taken."),
        ),
        _ => error_object(
            "AccountAlreadyExists",
            format!("Another account already exists with name {name}."),
        ),
    })
}

/// Shape: <https://learn.microsoft.com/azure/role-based-access-control/troubleshooting>.
fn admit_role(cloud: &Cloud, id: &str, body: &Value) -> Result<(), Value> {
    let new = &body["properties"];
    if let Some(old) = cloud.resource(id) {
        if old.shown["properties"]["principalId"] != new["principalId"] {
            return Err(error_object(
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            ));
        }
        return Ok(());
    }
    let (scope, _) = id.rsplit_once("/providers/").unwrap_or((id, ""));
    let same = cloud.resources.values().find(|known| {
        let old = &known.shown["properties"];
        known.is("Microsoft.Authorization/roleAssignments")
            && known
                .text("/id")
                .rsplit_once("/providers/")
                .is_some_and(|(known, _)| known.eq_ignore_ascii_case(scope))
            && old["principalId"] == new["principalId"]
            && old["roleDefinitionId"] == new["roleDefinitionId"]
    });
    if let Some(known) = same {
        return Err(error_object(
            "RoleAssignmentExists",
            format!(
                "The role assignment already exists. The ID of the existing role assignment is {}.",
                known.text("/name").replace('-', "")
            ),
        ));
    }
    let principal = new["principalId"].as_str().unwrap_or("");
    let known = principal == id_from("caller")
        || cloud.resources.values().any(|resource| {
            resource.text("/properties/principalId") == principal
                || resource.text("/identity/principalId") == principal
        });
    if !known {
        return Err(error_object(
            "PrincipalNotFound",
            format!(
                "Principal {} does not exist in the directory {TENANT}.",
                principal.replace('-', "")
            ),
        ));
    }
    Ok(())
}
