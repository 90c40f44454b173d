//! A pool as `az batch pool create --json-file` takes it: the Batch data plane, API 2025-06-01, whose
//! names differ from ARM's (Batch REST, "Pool - Create Pool").

use serde_json::{Map, Value, json};

use crate::model::{Model, Pool, StartTask};

/// Stands for the subscription in resource IDs of a config that names none.
pub const SUBSCRIPTION_PLACEHOLDER: &str = "00000000-0000-0000-0000-000000000000";

/// The body of the request.
pub(super) fn body(model: &Model, pool: &Pool) -> Value {
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| {
        body.insert(key.to_owned(), value);
    };
    put("id", json!(pool.id));
    if let Some(name) = &pool.display_name {
        put("displayName", json!(name));
    }
    put("vmSize", json!(pool.size.name));
    put("virtualMachineConfiguration", virtual_machine(model, pool));
    if let Some(fixed) = &pool.fixed {
        put("targetDedicatedNodes", json!(fixed.nodes));
        if fixed.spot_nodes > 0 {
            put("targetLowPriorityNodes", json!(fixed.spot_nodes));
        }
        if let Some(timeout) = &fixed.resize_timeout {
            put("resizeTimeout", json!(timeout));
        }
    }
    if let Some(scale) = &pool.auto_scale {
        put("enableAutoScale", json!(true));
        put("autoScaleFormula", json!(scale.formula));
        put("autoScaleEvaluationInterval", json!(scale.interval));
    }
    put("taskSlotsPerNode", json!(pool.task_slots_per_node));
    put("enableInterNodeCommunication", json!(pool.inter_node_communication));
    put("networkConfiguration", network(model));
    if let Some(task) = &pool.start_task {
        put("startTask", start_task(task));
    }
    if !pool.mounts.is_empty() {
        put("mountConfiguration", mounts(model, pool));
    }
    if !pool.metadata.is_empty() {
        put("metadata", json!(pool.metadata));
    }
    Value::Object(body)
}

/// What this form cannot say of a pool: only management calls attach identities
/// (Batch documentation, "Configure managed identities in Batch pools").
pub(super) fn limits(pool: &Pool) -> Vec<&'static str> {
    let mut limits = Vec::new();
    if pool.pull_identity || !pool.identities.is_empty() {
        limits.push("its identities: the data plane cannot attach any");
    }
    if pool.containers.as_ref().is_some_and(|one| !one.private_registries.is_empty()) {
        limits.push(
            "pulls from the private registry: they need an identity, so only preloaded images run",
        );
    }
    if pool.mounts.iter().any(|mount| mount.blob) {
        limits.push("its blob mounts: they are read with an identity");
    }
    limits
}

fn subscription(model: &Model) -> &str {
    model.subscription.as_deref().unwrap_or(SUBSCRIPTION_PLACEHOLDER)
}

fn group_id(model: &Model) -> String {
    format!("/subscriptions/{}/resourceGroups/{}", subscription(model), model.resource_group)
}

fn image_id(model: &Model) -> String {
    match (&model.node_image.existing_id, &model.node_image.baked) {
        (Some(id), _) => id.clone(),
        (None, Some(baked)) => format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Compute/galleries/{}/images/{}/versions/{}",
            baked.subscription.as_deref().unwrap_or_else(|| subscription(model)),
            baked.resource_group.as_ref().unwrap_or(&model.resource_group),
            baked.gallery,
            baked.definition,
            baked.version
        ),
        (None, None) => String::new(),
    }
}

fn virtual_machine(model: &Model, pool: &Pool) -> Value {
    let mut machine = json!({
        "imageReference": { "virtualMachineImageId": image_id(model) },
        "nodeAgentSKUId": model.node.os.node_agent,
    });
    if let Some(containers) = &pool.containers {
        let mut configuration = json!({ "type": "dockerCompatible" });
        // An image of a private registry would be pulled without an identity and make the node unusable;
        // a preloaded one is on the disk whether it is named here or not.
        let public: Vec<&String> = model
            .images
            .iter()
            .filter(|image| !image.private)
            .map(|image| &image.reference)
            .filter(|reference| containers.image_names.contains(reference))
            .collect();
        if !public.is_empty() {
            configuration["containerImageNames"] = json!(public);
        }
        machine["containerConfiguration"] = configuration;
    }
    if model.node.trusted_launch {
        machine["securityProfile"] = json!({
            "securityType": "trustedLaunch",
            "uefiSettings": { "secureBootEnabled": false, "vTpmEnabled": true },
        });
    }
    machine
}

fn network(model: &Model) -> Value {
    let subnet = match (&model.network.subnet_id, &model.network.created) {
        (Some(id), _) => id.clone(),
        (None, Some(created)) => format!(
            "{}/providers/Microsoft.Network/virtualNetworks/{}/subnets/pools",
            group_id(model),
            created.name
        ),
        (None, None) => String::new(),
    };
    let provision =
        if model.network.private_nodes { "nopublicipaddresses" } else { "batchmanaged" };
    json!({ "subnetId": subnet, "publicIPAddressConfiguration": { "provision": provision } })
}

fn start_task(task: &StartTask) -> Value {
    let mut body = json!({
        "commandLine": task.command_line,
        "waitForSuccess": task.wait_for_success,
        "maxTaskRetryCount": task.max_task_retry_count,
        "userIdentity": {
            "autoUser": { "scope": "pool", "elevationLevel": task.elevation.to_lowercase() },
        },
    });
    if !task.environment.is_empty() {
        body["environmentSettings"] = json!(task.environment);
    }
    if !task.resource_files.is_empty() {
        let files = task.resource_files.iter().map(|file| {
            let mut one = json!({ "httpUrl": file.url, "filePath": file.path });
            if let Some(mode) = &file.mode {
                one["fileMode"] = json!(mode);
            }
            one
        });
        body["resourceFiles"] = files.collect();
    }
    body
}

fn mounts(model: &Model, pool: &Pool) -> Value {
    let one = |mount: &crate::model::Mount| {
        let mut body = Map::new();
        body.insert("relativeMountPath".into(), json!(mount.path));
        if mount.blob {
            body.insert("accountName".into(), json!(mount.source));
            body.insert("containerName".into(), json!(mount.container));
            if let Some(options) = &mount.options {
                body.insert("blobfuseOptions".into(), json!(options));
            }
            let existing = model.identity_at.as_ref().map(|at| at.id.clone());
            let identity = mount.identity.clone().or(existing).unwrap_or_else(|| {
                let name = model.identity.as_deref().unwrap_or_default();
                let kind = "Microsoft.ManagedIdentity/userAssignedIdentities";
                format!("{}/providers/{kind}/{name}", group_id(model))
            });
            body.insert("identityReference".into(), json!({ "resourceId": identity }));
            json!({ "azureBlobFileSystemConfiguration": body })
        } else {
            body.insert("source".into(), json!(mount.source));
            if let Some(options) = &mount.options {
                body.insert("mountOptions".into(), json!(options));
            }
            json!({ "nfsMountConfiguration": body })
        }
    };
    pool.mounts.iter().map(one).collect()
}
