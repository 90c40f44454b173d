//! A pool as `az batch pool create --json-file` takes it: the Batch data plane, API 2025-06-01, whose
//! names differ from ARM's (Batch REST, "Pool - Create Pool").

use serde_json::{Map, Value, json};

use crate::model::{
    Application, FileSystem, Job, Model, Mount, NodeImage, Pool, PoolSubnet, ResourceFile,
    StartTask, TaskContainer,
};

/// Stands for the subscription in resource IDs of a config that names none.
pub(crate) const SUBSCRIPTION_PLACEHOLDER: &str = "00000000-0000-0000-0000-000000000000";

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
    if let Some(fixed) = pool.scale.fixed() {
        put("targetDedicatedNodes", json!(fixed.nodes));
        if fixed.spot_nodes > 0 {
            put("targetLowPriorityNodes", json!(fixed.spot_nodes));
        }
        if let Some(timeout) = &fixed.resize_timeout {
            put("resizeTimeout", json!(timeout));
        }
    }
    if let Some(policy) = &pool.machine.task_scheduling_policy {
        put("taskSchedulingPolicy", data_plane(policy));
    }
    if let Some(policy) = &pool.machine.upgrade_policy {
        put("upgradePolicy", data_plane(policy));
    }
    if let Some(scale) = pool.scale.formula() {
        put("enableAutoScale", json!(true));
        put("autoScaleFormula", json!(scale.formula));
        put("autoScaleEvaluationInterval", json!(scale.interval));
    }
    put("taskSlotsPerNode", json!(pool.task_slots_per_node));
    put("enableInterNodeCommunication", json!(pool.inter_node_communication));
    put("networkConfiguration", network(model, pool));
    if !pool.applications.is_empty() {
        let one = |application: &Application| {
            let mut reference = json!({ "applicationId": application.name });
            if let Some(version) = &application.version {
                reference["version"] = json!(version);
            }
            reference
        };
        put("applicationPackageReferences", pool.applications.iter().map(one).collect());
    }
    if let Some(task) = &pool.start_task {
        put("startTask", start_task(task));
    }
    let mounts = mounts(model, pool);
    if !mounts.is_empty() {
        put("mountConfiguration", Value::Array(mounts));
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
        limits.push("identities, which the API cannot attach");
    }
    if pool.containers.as_ref().is_some_and(|one| !one.private_registries.is_empty()) {
        limits.push(
            "images from the private registry, which need an identity; only preloaded images run",
        );
    }
    if pool.mounts.iter().any(Mount::is_blob) {
        limits.push("blob mounts, which need an identity");
    }
    if pool.start_task.iter().flat_map(|task| &task.resource_files).any(reads_with_identity) {
        limits.push("downloads of its start task, which need an identity");
    }
    if pool.mounts.iter().any(|mount| mount.share().is_some()) {
        limits.push("its Azure Files mounts, whose keys are only in a key vault");
    }
    if !pool.machine.users.is_empty() {
        limits.push("its user accounts, whose passwords are only in a key vault");
    }
    limits
}

fn subscription(model: &Model) -> &str {
    model.subscription.as_deref().unwrap_or(SUBSCRIPTION_PLACEHOLDER)
}

fn reads_with_identity(file: &ResourceFile) -> bool {
    file.pull_identity || file.identity.is_some()
}

/// A part of the pool's resource as the data plane writes it: the same names, and enumerations in lowercase.
fn data_plane(part: &impl serde::Serialize) -> Value {
    let mut value = serde_json::to_value(part).expect("plain data serializes");
    lowercase(&mut value);
    value
}

/// The enumerations of the data plane that differ from those of the resource by their case alone.
const ENUMERATIONS: [&str; 7] = [
    "caching",
    "jobDefaultOrder",
    "mode",
    "nodeFillType",
    "placement",
    "policy",
    "storageAccountType",
];

fn lowercase(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(lowercase),
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if ENUMERATIONS.contains(&key.as_str()) => {
                        *text = text.to_lowercase();
                    }
                    below => lowercase(below),
                }
            }
        }
        _ => {}
    }
}

fn group_id(model: &Model) -> String {
    format!("/subscriptions/{}/resourceGroups/{}", subscription(model), model.resource_group)
}

fn image_id(model: &Model, pool: &Pool) -> String {
    let id = image_version_id(model);
    match id.to_ascii_lowercase().rfind("/versions/").filter(|_| pool.follows_image) {
        Some(at) => id[..at].to_owned(),
        None => id,
    }
}

fn image_version_id(model: &Model) -> String {
    match &model.node_image {
        NodeImage::Existing(id) => id.clone(),
        NodeImage::Baked(baked) => format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Compute/galleries/{}/images/{}/versions/{}",
            baked.subscription.as_deref().unwrap_or_else(|| subscription(model)),
            baked.resource_group.as_ref().unwrap_or(&model.resource_group),
            baked.gallery,
            baked.definition,
            baked.version
        ),
    }
}

fn virtual_machine(model: &Model, pool: &Pool) -> Value {
    let mut machine = json!({
        "imageReference": { "virtualMachineImageId": image_id(model, pool) },
        "nodeAgentSKUId": model.node.os.node_agent,
    });
    if let Some(containers) = &pool.containers {
        let mut configuration = json!({ "type": "dockerCompatible" });
        // An image of a private registry would be pulled without an identity and make the node unusable;
        // a preloaded one is on the disk whether it is the reference or not.
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
    let own = &pool.machine;
    if let Some(placement) = &own.node_placement_configuration {
        machine["nodePlacementConfiguration"] = data_plane(placement);
    }
    if let Some(disk) = &own.os_disk {
        machine["osDisk"] = data_plane(disk);
    }
    if !own.data_disks.is_empty() {
        machine["dataDisks"] = data_plane(&own.data_disks);
    }
    if !own.extensions.is_empty() {
        // The settings of an extension are its own, whatever their names.
        machine["extensions"] = json!(own.extensions);
    }
    let node = &model.node;
    if node.encryption_at_host {
        machine["securityProfile"]["encryptionAtHost"] = json!(true);
    }
    if node.trusted_launch {
        machine["securityProfile"]["securityType"] = json!("trustedLaunch");
        machine["securityProfile"]["uefiSettings"] =
            json!({ "secureBootEnabled": node.secure_boot, "vTpmEnabled": true });
    }
    machine
}

fn network(model: &Model, pool: &Pool) -> Value {
    let subnet = match &model.network.pools {
        PoolSubnet::Existing { id, .. } => id.clone(),
        PoolSubnet::Created(created) => format!(
            "{}/providers/Microsoft.Network/virtualNetworks/{}/subnets/pools",
            group_id(model),
            created.name
        ),
    };
    let provision =
        if model.network.private_nodes { "nopublicipaddresses" } else { "batchmanaged" };
    let mut network =
        json!({ "subnetId": subnet, "publicIPAddressConfiguration": { "provision": provision } });
    if let Some(accelerated) = pool.machine.accelerated_networking {
        network["enableAcceleratedNetworking"] = json!(accelerated);
    }
    network
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
            let mut one = json!({ file.source: file.value });
            let parts =
                [("blobPrefix", &file.prefix), ("filePath", &file.path), ("fileMode", &file.mode)];
            for (key, value) in parts {
                if let Some(value) = value {
                    one[key] = json!(value);
                }
            }
            one
        });
        body["resourceFiles"] = files.collect();
    }
    if let Some(container) = &task.container {
        body["containerSettings"] = container_settings(container);
    }
    body
}

fn container_settings(container: &TaskContainer) -> Value {
    let mut settings = json!({ "imageName": container.image_name });
    if let Some(options) = &container.run_options {
        settings["containerRunOptions"] = json!(options);
    }
    if let Some(directory) = container.working_directory {
        let (first, rest) = directory.split_at(1);
        settings["workingDirectory"] = json!(format!("{}{rest}", first.to_lowercase()));
    }
    if let Some(mounts) = &container.host_mounts {
        settings["containerHostBatchBindMounts"] = json!(mounts);
    }
    settings
}

/// The body of a job that runs on the pool, with the defaults that the config gives its jobs.
pub(super) fn job(pool: &Pool, job: &Job) -> Value {
    let mut body =
        json!({ "id": format!("{}-job", pool.base_id), "poolInfo": { "poolId": pool.id } });
    if let Some(priority) = job.priority {
        body["priority"] = json!(priority);
    }
    if let Some(tasks) = job.max_parallel_tasks {
        body["maxParallelTasks"] = json!(tasks);
    }
    if let Some(time) = &job.max_wall_clock_time {
        body["constraints"]["maxWallClockTime"] = json!(time);
    }
    if let Some(count) = job.max_task_retry_count {
        body["constraints"]["maxTaskRetryCount"] = json!(count);
    }
    if job.end_when_complete {
        body["onAllTasksComplete"] = json!("terminatejob");
    }
    if !job.environment.is_empty() {
        body["commonEnvironmentSettings"] = json!(job.environment);
    }
    body
}

/// The mounts that need no secret.
fn mounts(model: &Model, pool: &Pool) -> Vec<Value> {
    let one = |mount: &Mount| {
        let mut body = Map::new();
        body.insert("relativeMountPath".into(), json!(mount.path));
        if let FileSystem::Blob { container, identity } = &mount.file_system {
            body.insert("accountName".into(), json!(mount.source));
            body.insert("containerName".into(), json!(container));
            if let Some(options) = &mount.options {
                body.insert("blobfuseOptions".into(), json!(options));
            }
            let existing = model.identity_at.as_ref().map(|at| at.id.clone());
            let identity = identity.clone().or(existing).unwrap_or_else(|| {
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
    pool.mounts.iter().filter(|mount| mount.share().is_none()).map(one).collect()
}
