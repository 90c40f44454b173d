//! Azure Resource Manager: who is asked for which path.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, list, refusal, refuse_with};
use super::cloud::{Cloud, SUBSCRIPTION, TENANT, extend, group_id, parts_of};
use super::http::Request;
use super::{
    batch, blob, compute, deployment, entra, gallery, image_builder, list_page, provision, registry,
};

/// The resource providers that a render can need.
const PROVIDERS: [(&str, &[&str]); 9] = [
    ("Microsoft.Authorization", &["roleAssignments", "locks"]),
    ("Microsoft.Batch", &["batchAccounts", "batchAccounts/pools"]),
    (
        "Microsoft.Compute",
        &["virtualMachines", "disks", "galleries", "galleries/images", "galleries/images/versions"],
    ),
    ("Microsoft.ContainerInstance", &["containerGroups"]),
    ("Microsoft.ContainerRegistry", &["registries", "registries/tasks", "registries/taskRuns"]),
    ("Microsoft.KeyVault", &["vaults"]),
    ("Microsoft.ManagedIdentity", &["userAssignedIdentities"]),
    (
        "Microsoft.Network",
        &[
            "networkInterfaces",
            "virtualNetworks",
            "natGateways",
            "publicIPAddresses",
            "networkSecurityGroups",
        ],
    ),
    ("Microsoft.Storage", &["storageAccounts"]),
];

pub fn answer(cloud: &mut Cloud, request: &Request) -> Outcome {
    let segments: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    if segments.first() == Some(&"blob") {
        return blob::answer(cloud, request, &segments[1..].join("/"));
    }
    if segments.first() == Some(&"staging") {
        return image_builder::storage(cloud, request, &segments[1..].join("/"));
    }
    if let Some(outcome) = entra::answer(cloud, request, &segments) {
        return outcome;
    }
    entra::check_token(cloud, request, &[entra::MANAGEMENT, cloud.base()])?;
    if request.query("api-version").is_none() {
        let message =
            "The api-version query parameter (?api-version=) is required for all requests.";
        return Err(refusal(400, "MissingApiVersionParameter", message));
    }
    let first: Vec<String> = segments.iter().take(3).map(|word| word.to_lowercase()).collect();
    match first.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["tenants"] => Ok(list(&[
            json!({ "id": format!("/tenants/{TENANT}"), "tenantId": TENANT, "displayName": "Stand-in", "defaultDomain": "standin.example" }),
        ])),
        ["subscriptions"] => Ok(list(&[subscription()])),
        ["subscriptions", id, ..] if *id != SUBSCRIPTION => {
            let message = format!("The subscription '{id}' could not be found.");
            Err(refusal(404, "SubscriptionNotFound", message))
        }
        ["subscriptions", _] => Ok(Answer::ok(&subscription())),
        ["subscriptions", _, "resourcegroups"] if segments.len() > 3 => {
            group(cloud, request, &segments)
        }
        ["subscriptions", _, _] => of_subscription(cloud, request, &segments[2..]),
        _ => Err(super::no_route()),
    }
}

/// Shape: <https://learn.microsoft.com/rest/api/resources/subscriptions/get>.
fn subscription() -> Value {
    json!({
        "id": format!("/subscriptions/{SUBSCRIPTION}"), "subscriptionId": SUBSCRIPTION, "tenantId": TENANT,
        "displayName": "Stand-in", "state": "Enabled", "authorizationSource": "RoleBased", "managedByTenants": [],
        "subscriptionPolicies": { "locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off" },
    })
}

fn of_subscription(cloud: &mut Cloud, request: &Request, rest: &[&str]) -> Outcome {
    let lower: Vec<String> = rest.iter().map(|word| word.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let found = match (request.method.as_str(), lower.as_slice()) {
        ("GET", ["resources"]) => Some(Ok(resources(cloud, request, None))),
        ("GET", ["resourcegroups"]) => {
            Some(Ok(list_page(request, cloud.groups.values().cloned().collect())))
        }
        ("GET", ["locations"]) => {
            Some(Ok(list(&[json!({ "name": "swedencentral", "displayName": "Sweden Central" })])))
        }
        ("GET", ["operationresults", id]) => Some(operation_result(cloud, request, id)),
        ("GET", ["providers"]) => {
            let all = PROVIDERS.iter().map(|(name, kinds)| provider(cloud, name, kinds));
            Some(Ok(list_page(request, all.collect())))
        }
        ("GET", ["providers", name]) => Some(one_provider(cloud, name)),
        ("POST", ["providers", name, "register"]) => {
            cloud.knobs.providers.retain(|known, _| !known.eq_ignore_ascii_case(name));
            Some(one_provider(cloud, name))
        }
        (_, ["providers", "microsoft.authorization", rest @ ..]) => {
            authorization(cloud, request, &format!("/subscriptions/{SUBSCRIPTION}"), rest)
        }
        ("GET", ["providers", _, "locations", _, "operations" | "asyncoperations", id]) => {
            Some(operation(cloud, request, id))
        }
        ("POST", ["providers", namespace, rest @ ..])
            if rest.last() == Some(&"checknameavailability") =>
        {
            Some(Ok(check_name(cloud, request, namespace)))
        }
        ("GET", ["providers", "microsoft.compute", rest @ ..]) => {
            compute::subscription_answer(cloud, request, rest)
        }
        ("GET", ["providers", "microsoft.batch", rest @ ..]) => {
            batch::subscription_answer(cloud, request, rest)
        }
        ("GET", ["providers", namespace, kind]) => {
            let kind = format!("{namespace}/{kind}");
            let all = cloud.resources.values().filter(|found| found.is(&kind));
            Some(Ok(list_page(request, all.map(|found| found.shown.clone()).collect())))
        }
        _ => None,
    };
    found.unwrap_or_else(|| Err(super::no_route()))
}

/// Shape: <https://learn.microsoft.com/rest/api/resources/providers/get>.
fn provider(cloud: &Cloud, name: &str, kinds: &[&str]) -> Value {
    let state = cloud.knobs.providers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let kinds: Vec<Value> = kinds.iter().map(|kind| json!({
        "resourceType": kind, "locations": ["Sweden Central", "West Europe"], "defaultApiVersion": "2023-09-01",
        "apiVersions": ["2025-06-01", "2024-07-01", "2023-09-01"], "capabilities": "SupportsTags, SupportsLocation",
    })).collect();
    json!({
        "id": format!("/subscriptions/{SUBSCRIPTION}/providers/{name}"), "namespace": name,
        "registrationPolicy": "RegistrationRequired", "resourceTypes": kinds,
        "registrationState": state.map_or("Registered", |(_, state)| state),
    })
}

fn one_provider(cloud: &Cloud, name: &str) -> Outcome {
    let also = [
        ("Microsoft.VirtualMachineImages", &["imageTemplates"][..]),
        ("Microsoft.Resources", &["deployments"][..]),
    ];
    let known = PROVIDERS.iter().chain(&also).find(|(known, _)| known.eq_ignore_ascii_case(name));
    match known {
        Some((name, kinds)) => Ok(Answer::ok(&provider(cloud, name, kinds))),
        None => Err(refusal(
            404,
            "InvalidResourceNamespace",
            format!("The resource namespace '{name}' is invalid."),
        )),
    }
}

/// Shape: `checkNameAvailability` of registries, storage accounts and Batch.
fn check_name(cloud: &Cloud, request: &Request, namespace: &str) -> Answer {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let name = body["name"].as_str().unwrap_or("");
    let ours = cloud.resources.values().any(|found| {
        found.text("/name").eq_ignore_ascii_case(name)
            && found.text("/type").to_lowercase().starts_with(namespace)
    });
    let free =
        !ours && !cloud.knobs.taken_names.iter().any(|taken| taken.eq_ignore_ascii_case(name));
    if free {
        return Answer::ok(&json!({ "nameAvailable": true }));
    }
    Answer::ok(
        &json!({ "nameAvailable": false, "reason": "AlreadyExists", "message": format!("The name {name} is already in use.") }),
    )
}

fn operation_result(cloud: &Cloud, request: &Request, id: &str) -> Outcome {
    let found = cloud.operations.get(id).ok_or_else(super::no_route)?;
    if found.status == "InProgress" {
        let url = format!("{}{}?api-version=2024-11-01", cloud.base(), request.path);
        return Ok(Answer::empty(202)
            .with_header("Location", url)
            .with_header("Retry-After", cloud.knobs.retry_after.to_string()));
    }
    Ok(Answer::ok(found.result.as_ref().unwrap_or(&Value::Null)))
}

/// Shape: <https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations>.
fn operation(cloud: &Cloud, request: &Request, id: &str) -> Outcome {
    let found = cloud.operations.get(id).ok_or_else(super::no_route)?;
    let retry = cloud.knobs.retry_after.to_string();
    let running = found.status == "InProgress";
    if request.query("monitor").is_some() {
        let url = format!("{}{}?api-version=2024-07-01&monitor=true", cloud.base(), request.path);
        if !running {
            return Ok(Answer::empty(200));
        }
        let answer = Answer::empty(202).with_header("Location", url);
        return Ok(answer.with_header("Retry-After", retry));
    }
    let mut body = json!({ "startTime": cloud.clock.text(), "status": found.status, "name": id });
    if let Some(error) = &found.error {
        body["error"] = error.clone();
    }
    let answer = Answer::ok(&body);
    Ok(if running { answer.with_header("Retry-After", retry) } else { answer })
}

fn group(cloud: &mut Cloud, request: &Request, segments: &[&str]) -> Outcome {
    let name = segments[3];
    let rest = &segments[4..];
    let lower: Vec<String> = rest.iter().map(|word| word.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    match (request.method.as_str(), lower.as_slice()) {
        (_, []) => group_itself(cloud, request, name),
        ("GET", ["resources"]) => {
            cloud.need_group(name)?;
            Ok(resources(cloud, request, Some(name)))
        }
        (_, ["providers", "microsoft.resources", "deployments", ..]) => {
            deployment::answer(cloud, request, name, &rest[3..])
        }
        ("GET", ["deployments", _, "operations"]) => {
            deployment::answer(cloud, request, name, &rest[1..])
        }
        (_, ["providers", "microsoft.resources", "tags", "default"]) => {
            tags(cloud, request, &group_id(name))
        }
        (_, ["providers", "microsoft.authorization", tail @ ..]) => {
            cloud.need_group(name)?;
            authorization(cloud, request, &group_id(name), tail)
                .unwrap_or_else(|| Err(super::no_route()))
        }
        (_, ["providers", ..]) => resource(cloud, request, name, rest),
        _ => Err(super::no_route()),
    }
}

/// Shape: <https://learn.microsoft.com/rest/api/resources/resource-groups>.
fn group_itself(cloud: &mut Cloud, request: &Request, name: &str) -> Outcome {
    let key = name.to_lowercase();
    match request.method.as_str() {
        "HEAD" => Ok(Answer::empty(if cloud.groups.contains_key(&key) { 204 } else { 404 })),
        "GET" => {
            cloud.need_group(name)?;
            Ok(Answer::ok(&cloud.groups[&key]))
        }
        "PUT" => {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let old = cloud.groups.get(&key).cloned();
            if let Some(old) = old.as_ref().filter(|old| old["location"] != body["location"]) {
                let message = format!(
                    "Invalid resource group location '{}'. The Resource group already exists in location '{}'.",
                    body["location"], old["location"]
                );
                return Err(refusal(409, "InvalidResourceGroupLocation", message));
            }
            let shown = json!({
                "id": group_id(name), "name": name, "type": "Microsoft.Resources/resourceGroups",
                "location": body["location"], "tags": body.get("tags").cloned().unwrap_or(json!({})),
                "properties": { "provisioningState": "Succeeded" },
            });
            cloud.groups.insert(key, shown.clone());
            Ok(Answer::json(if old.is_some() { 200 } else { 201 }, &shown))
        }
        "DELETE" => {
            let scope = format!("{}/", group_id(name).to_lowercase());
            cloud.resources.retain(|id, _| !id.starts_with(&scope));
            cloud.deployments.retain(|id, _| !id.starts_with(&scope));
            cloud.groups.remove(&key);
            Ok(Answer::empty(202))
        }
        _ => Err(super::no_route()),
    }
}

/// Shape: <https://learn.microsoft.com/rest/api/resources/resources/list-by-resource-group>: top-level
/// resources, and of the nested ones those that are tracked, such as images of a gallery.
fn resources(cloud: &Cloud, request: &Request, group: Option<&str>) -> Answer {
    let filter = request.query("$filter").unwrap_or("");
    let value = |field: &str| {
        let rest = filter.split_once(&format!("{field} eq '"))?.1;
        rest.split_once('\'').map(|(value, _)| value.to_lowercase())
    };
    let (kind, name, wanted_group) = (value("resourceType"), value("name"), value("resourceGroup"));
    let group = group.map(str::to_lowercase).or(wanted_group);
    let shown = cloud.resources.values().filter(|found| {
        let (own_group, own_kind, _) = parts_of(found.text("/id"));
        let own_kind = own_kind.to_lowercase();
        let tracked = own_kind.matches('/').count() == 1
            || own_kind.starts_with("microsoft.compute/galleries/");
        tracked
            && !own_kind.starts_with("microsoft.authorization/")
            && group.as_ref().is_none_or(|group| own_group.eq_ignore_ascii_case(group))
            && kind.as_ref().is_none_or(|kind| own_kind == *kind)
            && name.as_ref().is_none_or(|name| found.text("/name").eq_ignore_ascii_case(name))
    });
    let expand = request.query("$expand").unwrap_or("").contains("provisioningState");
    let shown = shown.map(|found| {
        let (_, _, name) = parts_of(found.text("/id"));
        let mut entry = json!({ "name": name });
        for key in ["id", "type", "location", "tags", "sku", "kind", "identity", "managedBy"] {
            if let Some(value) = found.shown.get(key) {
                entry[key] = value.clone();
            }
        }
        if expand {
            entry["provisioningState"] = found.shown["properties"]["provisioningState"].clone();
        }
        entry
    });
    list_page(request, shown.collect())
}

/// `.../providers/Microsoft.Authorization/...` below any scope; `rest` is in lowercase.
///
/// Shapes: <https://learn.microsoft.com/rest/api/authorization/permissions/list-for-resource-group>,
/// `.../role-assignments`, <https://learn.microsoft.com/rest/api/resources/management-locks>.
fn authorization(
    cloud: &mut Cloud,
    request: &Request,
    scope: &str,
    rest: &[&str],
) -> Option<Outcome> {
    Some(match (request.method.as_str(), rest) {
        ("GET", ["permissions"]) => Ok(list(&[json!({
            "actions": cloud.knobs.actions, "notActions": cloud.knobs.not_actions, "dataActions": [], "notDataActions": [],
        })])),
        ("GET", ["locks"]) => {
            let prefix = scope.to_lowercase();
            let locks = cloud.locks.iter().filter(|(locked, _)| {
                locked.starts_with(&prefix) || prefix.starts_with(locked.as_str())
            });
            let locks = locks.map(|(locked, level)| json!({
                "id": format!("{locked}/providers/Microsoft.Authorization/locks/keep"), "name": "keep",
                "type": "Microsoft.Authorization/locks", "properties": { "level": level },
            }));
            let locks: Vec<Value> = locks.collect();
            Ok(list(&locks))
        }
        ("GET", ["roleassignments"]) => {
            let prefix = scope.to_lowercase();
            let all = cloud.resources.values().filter(|found| {
                found.is("Microsoft.Authorization/roleAssignments")
                    && found.text("/id").to_lowercase().starts_with(&prefix)
            });
            Ok(list_page(request, all.map(|found| found.shown.clone()).collect()))
        }
        (_, ["roleassignments", name]) => {
            let id = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}");
            any(cloud, request, &id)
        }
        _ => return None,
    })
}

/// The tags of a resource or of a group.
///
/// Shape: <https://learn.microsoft.com/rest/api/resources/tags/update-at-scope>.
fn tags(cloud: &mut Cloud, request: &Request, scope: &str) -> Outcome {
    let body = if request.method == "GET" { json!({}) } else { body_of(request)? };
    let key = scope.to_lowercase();
    let group = key.rsplit('/').next().unwrap_or("").to_owned();
    let shown = match cloud.resources.get_mut(&key) {
        Some(found) => &mut found.shown,
        None => cloud.groups.get_mut(&group).ok_or_else(|| {
            refusal(404, "ResourceNotFound", format!("The Resource '{scope}' was not found."))
        })?,
    };
    let given = body["properties"]["tags"].clone();
    match (request.method.as_str(), body["operation"].as_str()) {
        ("PATCH", Some("Merge")) => extend(&mut shown["tags"], given),
        ("PATCH", Some("Delete")) => {
            for name in given.as_object().into_iter().flatten().map(|(name, _)| name) {
                shown["tags"].as_object_mut().map(|tags| tags.remove(name));
            }
        }
        ("PATCH", Some("Replace")) | ("PUT", _) => shown["tags"] = given,
        ("GET", _) => {}
        _ => return Err(super::no_route()),
    }
    Ok(Answer::ok(&json!({
        "id": format!("{scope}/providers/Microsoft.Resources/tags/default"), "name": "default",
        "type": "Microsoft.Resources/tags", "properties": { "tags": shown["tags"] },
    })))
}

/// One resource, or an action on it.
fn resource(cloud: &mut Cloud, request: &Request, group: &str, rest: &[&str]) -> Outcome {
    cloud.need_group(group)?;
    // The last `providers` begins an extension: a role assignment of a registry.
    let last = rest.iter().rposition(|word| word.eq_ignore_ascii_case("providers")).unwrap_or(0);
    let scope = format!("{}/{}", group_id(group), rest[..last].join("/"));
    if last > 0
        && rest
            .get(last + 1)
            .is_some_and(|word| word.eq_ignore_ascii_case("Microsoft.Authorization"))
    {
        let tail: Vec<String> = rest[last + 2..].iter().map(|word| word.to_lowercase()).collect();
        let tail: Vec<&str> = tail.iter().map(String::as_str).collect();
        let outcome = authorization(cloud, request, scope.trim_end_matches('/'), &tail);
        return outcome.unwrap_or_else(|| Err(super::no_route()));
    }
    if last > 0
        && rest[last..].join("/").eq_ignore_ascii_case("providers/Microsoft.Resources/tags/default")
    {
        return tags(cloud, request, scope.trim_end_matches('/'));
    }
    let kind = rest.get(1..3).unwrap_or_default().join("/").to_lowercase();
    let top = format!(
        "{}/{}",
        group_id(group),
        rest.iter().take(4).copied().collect::<Vec<_>>().join("/")
    );
    let deeper = rest.get(4..).unwrap_or_default();
    let own = match kind.as_str() {
        _ if rest.len() < 4 => None,
        "microsoft.containerregistry/registries" => registry::answer(cloud, request, &top, deeper),
        compute::VM if deeper.len() < 2 => {
            compute::answer(cloud, request, &top, deeper.first().copied())
        }
        _ => None,
    };
    if let Some(outcome) = own {
        return outcome;
    }
    if kind == image_builder::TEMPLATE && request.method == "POST" {
        return image_builder::answer(cloud, &top, deeper.first().copied().unwrap_or(""));
    }
    let id = format!("{}/{}", group_id(group), rest.join("/"));
    if rest.len() % 2 == 1 {
        return children(cloud, request, &id);
    }
    any(cloud, request, &id)
}

/// The resources of one type below a group or a parent.
fn children(cloud: &Cloud, request: &Request, id: &str) -> Outcome {
    if request.method != "GET" {
        return Err(super::no_route());
    }
    let (parent, _) = id.rsplit_once('/').unwrap_or((id, ""));
    if parent.to_lowercase().rsplit_once("/providers/").is_some_and(|(_, tail)| tail.contains('/'))
    {
        cloud.need(parent)?;
    }
    let prefix = format!("{}/", id.to_lowercase());
    let found = cloud
        .resources
        .iter()
        .filter(|(id, _)| id.strip_prefix(&prefix).is_some_and(|rest| !rest.contains('/')));
    Ok(list_page(request, found.map(|(_, found)| found.shown.clone()).collect()))
}

/// What every resource can do.
fn any(cloud: &mut Cloud, request: &Request, id: &str) -> Outcome {
    let (_, kind, _) = parts_of(id);
    match request.method.as_str() {
        "GET" => Ok(Answer::ok(&cloud.need(id)?.shown)),
        "HEAD" => Ok(Answer::empty(if cloud.resource(id).is_some() { 204 } else { 404 })),
        "PUT" => put(cloud, request, id, &kind),
        "PATCH" if kind.eq_ignore_ascii_case(gallery::VERSION) => {
            gallery::patch(cloud, request, id)
        }
        "PATCH" => patch(cloud, request, id),
        "DELETE" => delete(cloud, id),
        _ => Err(super::no_route()),
    }
}

fn body_of(request: &Request) -> Result<Value, Answer> {
    serde_json::from_slice(&request.body)
        .map_err(|error| refusal(400, "InvalidRequestContent", error.to_string()))
}

fn put(cloud: &mut Cloud, request: &Request, id: &str, kind: &str) -> Outcome {
    let body = body_of(request)?;
    let fresh = cloud.resource(id).is_none();
    let version = request.query("api-version").unwrap_or("").to_owned();
    provision::create(cloud, id, kind, &version, body).map_err(|error| {
        let code = error["code"].as_str().unwrap_or("");
        let status = match code {
            code if code.ends_with("NotFound") => 404,
            "RoleAssignmentExists" | "PropertyChangeNotAllowed" | "Conflict" | "ScopeLocked" => 409,
            _ => 400,
        };
        refuse_with(status, &error)
    })?;
    Ok(Answer::json(if fresh { 201 } else { 200 }, &cloud.need(id)?.shown))
}

/// Tags, and properties that stand in the body.
fn patch(cloud: &mut Cloud, request: &Request, id: &str) -> Outcome {
    cloud.need(id)?;
    cloud.check_lock(id, false).map_err(|error| refuse_with(409, &error))?;
    let body = body_of(request)?;
    if let Some(found) = cloud.resources.get_mut(&id.to_lowercase()) {
        if let Some(tags) = body.get("tags") {
            found.shown["tags"] = tags.clone();
            found.asked["tags"] = tags.clone();
        }
        if let Some(properties) = body.get("properties") {
            extend(&mut found.shown["properties"], properties.clone());
            extend(&mut found.asked["properties"], properties.clone());
        }
    }
    Ok(Answer::ok(&cloud.need(id)?.shown))
}

/// Who keeps a resource from being deleted: type of the user, code and text.
///
/// Texts: <https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors>
/// and the deletion pages of each service.
const IN_USE: [(&str, &str, &str, &str); 7] = [
    (
        "microsoft.network/virtualnetworks",
        "microsoft.network/networkinterfaces",
        "InUseSubnetCannotBeDeleted",
        "Subnet is in use by {user} and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.",
    ),
    (
        "microsoft.network/virtualnetworks",
        "microsoft.batch/batchaccounts/pools",
        "InUseSubnetCannotBeDeleted",
        "Subnet is in use by {user} and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.",
    ),
    (
        "microsoft.network/networksecuritygroups",
        "microsoft.network/virtualnetworks",
        "InUseNetworkSecurityGroupCannotBeDeleted",
        "Network security group cannot be deleted because it is in use by {user}.",
    ),
    (
        "microsoft.network/natgateways",
        "microsoft.network/virtualnetworks",
        "CannotDeleteNatGatewayAssociatedToSubnet",
        "NAT gateway cannot be deleted because it is in use by {user}.",
    ),
    (
        "microsoft.network/publicipaddresses",
        "microsoft.network/natgateways",
        "PublicIPAddressCannotBeDeleted",
        "Public IP address can not be deleted since it is still allocated to resource {user}.",
    ),
    (
        "microsoft.network/networkinterfaces",
        "microsoft.compute/virtualmachines",
        "NicInUse",
        "Network Interface is used by existing resource {user}. In order to delete the network interface, it must be dissociated from the resource.",
    ),
    (
        "microsoft.compute/disks",
        "microsoft.compute/virtualmachines",
        "OperationNotAllowed",
        "Disk is attached to VM {user}.",
    ),
];

fn delete(cloud: &mut Cloud, id: &str) -> Outcome {
    let Some(found) = cloud.resource(id) else { return Ok(Answer::empty(204)) };
    let kind = found.text("/type").to_lowercase();
    let name = found.text("/id").to_lowercase();
    cloud.check_lock(id, true).map_err(|error| refuse_with(409, &error))?;
    for (_, user_kind, code, text) in IN_USE.iter().filter(|rule| rule.0 == kind) {
        let user = cloud.resources.values().find(|user| {
            user.is(user_kind) && user.shown.to_string().to_lowercase().contains(&name)
        });
        if let Some(user) = user {
            let status = if kind.starts_with("microsoft.compute/") { 409 } else { 400 };
            return Err(refusal(status, code, text.replace("{user}", user.text("/id"))));
        }
    }
    let nested = kind.starts_with("microsoft.compute/galleries")
        && cloud.resources.keys().any(|other| other.starts_with(&format!("{name}/")));
    if nested {
        return Err(refusal(
            409,
            "CannotDeleteResource",
            "Can not delete resource before nested resources are deleted.",
        ));
    }
    let namespace = kind.split('/').next().unwrap_or("").to_owned();
    if namespace == "microsoft.authorization" {
        let shown = cloud.need(id)?.shown.clone();
        cloud.resources.remove(&name);
        return Ok(Answer::ok(&shown));
    }
    if let Some(found) = cloud.resources.get_mut(&name) {
        found.shown["properties"]["provisioningState"] = json!("Deleting");
    }
    let key = name.clone();
    let operation = cloud.operation(cloud.knobs.operation, move |cloud| {
        let below = format!("{key}/");
        cloud.resources.retain(|id, _| *id != key && !id.starts_with(&below));
        None
    });
    Ok(cloud.accepted(&namespace, &operation))
}
