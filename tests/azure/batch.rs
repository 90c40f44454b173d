//! Azure Batch: accounts and pools as resources, and the account's own host with jobs, tasks and nodes.

use std::collections::BTreeMap;

use prebake::catalog;
use serde_json::{Value, json};

use super::answer::{Answer, Outcome, batch_refusal, error_object};
use super::cloud::{Cloud, extend, parts_of};
use super::entra;
use super::http::Request;
use super::server::Service;
use super::{jobs, list_page};

pub const ACCOUNT: &str = "microsoft.batch/batchaccounts";
pub const POOL: &str = "microsoft.batch/batchaccounts/pools";

/// What Azure adds to an account.
///
/// Shape: <https://learn.microsoft.com/rest/api/batchmanagement/batch-account/get>.
pub fn added_account(cloud: &mut Cloud, shown: &mut Value) {
    let name = shown["name"].as_str().unwrap_or("").to_lowercase();
    let host = cloud.host(&Service::Batch(name));
    let families = cloud.knobs.batch_quota.clone().map(|given| {
        let mut all: BTreeMap<String, u64> = BTreeMap::new();
        for name in catalog::vm_sizes() {
            if let Some(size) = catalog::vm_size(name) {
                all.insert(size.family.replace(' ', ""), 500);
            }
        }
        all.extend(given);
        let shown = all.iter().map(|(name, quota)| json!({ "name": name, "coreQuota": quota }));
        shown.collect::<Vec<_>>()
    });
    extend(
        &mut shown["properties"],
        json!({
            "accountEndpoint": host, "nodeManagementEndpoint": "1.swedencentral.service.batch.standin",
            "dedicatedCoreQuota": families.as_ref().map(|_| 900), "lowPriorityCoreQuota": 100,
            "dedicatedCoreQuotaPerVMFamily": families, "dedicatedCoreQuotaPerVMFamilyEnforced": true,
            "poolQuota": 100, "activeJobAndJobScheduleQuota": 300,
        }),
    );
}

/// What Azure adds to a pool.
pub fn added_pool(cloud: &mut Cloud, shown: &mut Value) {
    let now = cloud.clock.text();
    let id = shown["id"].as_str().unwrap_or("").to_owned();
    let (_, _, name) = parts_of(&id);
    let (account, pool) = name.split_once('/').unwrap_or((&name, ""));
    let fixed = &shown["properties"]["scaleSettings"]["fixedScale"];
    let [count, spot] = ["targetDedicatedNodes", "targetLowPriorityNodes"]
        .map(|target| fixed[target].as_u64().unwrap_or(0));
    let nodes = (0..count).map(
        |at| json!({ "id": format!("tvmps_{at}"), "state": "idle", "schedulingState": "enabled" }),
    );
    let key = (account.to_lowercase(), pool.to_lowercase());
    cloud.nodes.insert(key, nodes.collect());
    extend(
        &mut shown["properties"],
        json!({
            "creationTime": now, "lastModified": now, "allocationState": "Steady",
            "allocationStateTransitionTime": now, "currentDedicatedNodes": count, "currentLowPriorityNodes": spot,
        }),
    );
    shown["etag"] = json!("W/\"0x8D1\"");
}

/// What a pool with nodes keeps as it is; the update names the top-level property.
///
/// Facts: <https://learn.microsoft.com/azure/batch/batch-pool-update-properties>; shape of the refusal:
/// <https://github.com/Azure/Batch/issues/85>.
const FIXED: [&str; 9] = [
    "vmSize",
    "deploymentConfiguration",
    "networkConfiguration",
    "taskSlotsPerNode",
    "mountConfiguration",
    "interNodeCommunication",
    "upgradePolicy",
    "resourceTags",
    "taskSchedulingPolicy",
];

pub fn admit_pool(cloud: &Cloud, id: &str, body: &Value) -> Result<(), Value> {
    let Some(old) = cloud.resource(id) else { return Ok(()) };
    if old.shown["properties"]["currentDedicatedNodes"].as_u64() == Some(0) {
        return Ok(());
    }
    let changed =
        FIXED.iter().find(|name| old.asked["properties"][**name] != body["properties"][**name]);
    let Some(name) = changed else { return Ok(()) };
    let mut error = error_object(
        "PropertyCannotBeUpdated",
        format!("The property '{name}' cannot be updated.\nRequestId:0\nTime:2026-01-01T00:00:00Z"),
    );
    error["target"] = json!("BatchAccount");
    error["details"] = json!([
        { "code": "PropertyName", "message": name }, { "code": "PropertyPath", "message": format!("properties.{name}") },
    ]);
    Err(error)
}

/// `.../providers/Microsoft.Batch/...` of the subscription, in lowercase.
pub fn subscription_answer(cloud: &Cloud, request: &Request, rest: &[&str]) -> Option<Outcome> {
    match rest {
        ["locations", _, "virtualmachineskus"] => {
            // Shape: <https://learn.microsoft.com/rest/api/batchmanagement/location/list-supported-virtual-machine-skus>.
            let names = catalog::vm_sizes()
                .filter(|name| !cloud.knobs.missing_sizes.iter().any(|missing| missing == name));
            let values = names.filter_map(catalog::vm_size).map(|size| {
                json!({
                    "name": size.name, "familyName": size.family,
                    "capabilities": [{ "name": "vCPUs", "value": size.vcpus.to_string() }],
                })
            });
            Some(Ok(list_page(request, values.collect())))
        }
        // Shape: <https://learn.microsoft.com/rest/api/batchmanagement/location/get-quotas>.
        ["locations", _, "quotas"] => {
            Some(Ok(Answer::ok(&json!({ "accountQuota": cloud.knobs.batch_accounts }))))
        }
        ["batchaccounts"] => {
            let all = cloud.resources.values().filter(|found| found.is(ACCOUNT));
            Some(Ok(list_page(request, all.map(|found| found.shown.clone()).collect())))
        }
        _ => None,
    }
}

/// The account's own host.
///
/// Shapes: <https://learn.microsoft.com/rest/api/batchservice/>.
pub fn data_plane(cloud: &mut Cloud, account: &str, request: &Request) -> Outcome {
    if cloud.named(ACCOUNT, account).is_none() {
        return Err(Answer::empty(502));
    }
    if entra::check_token(cloud, request, &[entra::BATCH]).is_err() {
        let text = "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.";
        return Err(batch_refusal(401, "AuthenticationFailed", text));
    }
    if request.query("api-version").is_none() {
        return Err(batch_refusal(
            400,
            "MissingRequiredQueryParameter",
            "A query parameter that's mandatory for this request is not specified. api-version",
        ));
    }
    let is_json =
        request.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    if request.method == "POST" && !request.body.is_empty() && !is_json {
        return Err(batch_refusal(
            400,
            "InvalidHeaderValue",
            "The value for one of the HTTP headers is not in the correct format. Content-Type",
        ));
    }
    let words: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    match words.as_slice() {
        ["pools", rest @ ..] => pools(cloud, account, request, rest),
        ["jobs", rest @ ..] => jobs::answer(cloud, account, request, rest, false),
        ["jobschedules", rest @ ..] => jobs::answer(cloud, account, request, rest, true),
        _ => Err(super::no_route()),
    }
}

/// The id of a pool in lowercase, or the refusal of the data plane.
pub fn pool_id(cloud: &Cloud, account: &str, pool: &str) -> Result<String, Answer> {
    let account_id =
        cloud.named(ACCOUNT, account).map(|found| found.text("/id").to_owned()).unwrap_or_default();
    let id = format!("{account_id}/pools/{pool}");
    match cloud.resource(&id) {
        Some(_) => Ok(id.to_lowercase()),
        None => Err(batch_refusal(404, "PoolNotFound", "The specified pool does not exist.")),
    }
}

fn pools(cloud: &mut Cloud, account: &str, request: &Request, rest: &[&str]) -> Outcome {
    let Some(pool) = rest.first() else {
        let all = cloud.resources.values().filter(|found| {
            found.is(POOL)
                && parts_of(found.text("/id")).2.to_lowercase().starts_with(&format!("{account}/"))
        });
        let shown = all
            .map(|found| shown_pool(cloud, &found.text("/id").to_lowercase(), found.text("/name")));
        return Ok(list_page(request, shown.collect()));
    };
    let id = pool_id(cloud, account, pool)?;
    let key = (account.to_owned(), pool.to_lowercase());
    match (request.method.as_str(), &rest[1..]) {
        ("GET", []) => Ok(Answer::ok(&shown_pool(cloud, &id, pool))),
        ("DELETE", []) => {
            cloud.operation(cloud.knobs.operation, move |cloud| {
                cloud.resources.remove(&id);
                None
            });
            Ok(Answer::empty(202))
        }
        ("POST", ["disableautoscale"]) => {
            if let Some(found) = cloud.resources.get_mut(&id) {
                found.shown["properties"]["scaleSettings"] =
                    json!({ "fixedScale": { "targetDedicatedNodes": 0 } });
            }
            Ok(Answer::empty(200))
        }
        ("POST", ["resize"]) => Ok(Answer::empty(202)),
        ("GET", ["nodes"]) => {
            let nodes = cloud.nodes.get(&key).cloned().unwrap_or_default();
            Ok(list_page(request, nodes))
        }
        ("POST", ["nodes", node, action @ ("disablescheduling" | "enablescheduling")]) => {
            let state = if action.starts_with('d') { "disabled" } else { "enabled" };
            let nodes = cloud.nodes.get_mut(&key);
            let found =
                nodes.and_then(|nodes| nodes.iter_mut().find(|known| known["id"] == **node));
            let found = found.ok_or_else(|| {
                batch_refusal(404, "NodeNotFound", "The specified node does not exist.")
            })?;
            if found["schedulingState"] == state {
                return Err(batch_refusal(
                    409,
                    "NodeStateInvalid",
                    "The specified operation is not valid for the current state of the node.",
                ));
            }
            found["schedulingState"] = json!(state);
            Ok(Answer::empty(200))
        }
        _ => Err(super::no_route()),
    }
}

fn shown_pool(cloud: &Cloud, id: &str, pool: &str) -> Value {
    let Some(found) = cloud.resource(id) else { return Value::Null };
    let properties = &found.shown["properties"];
    let scale = &properties["scaleSettings"];
    json!({
        "odata.metadata": "https://standin/$metadata#pools/@Element", "id": pool, "state": "active",
        "metadata": properties["metadata"],
        "allocationState": "steady", "vmSize": properties["vmSize"].as_str().unwrap_or("").to_lowercase(),
        "currentDedicatedNodes": properties["currentDedicatedNodes"],
        "targetDedicatedNodes": scale["fixedScale"]["targetDedicatedNodes"],
        "currentLowPriorityNodes": 0, "targetLowPriorityNodes": 0,
        "enableAutoScale": scale["autoScale"].is_object(), "taskSlotsPerNode": 1,
        "resizeErrors": if cloud.knobs.task_waits { json!([{ "code": "AccountCoreQuotaReached", "message": "The specified account has reached core quota", "values": [] }]) } else { json!([]) },
    })
}
