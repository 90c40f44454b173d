//! Image Builder: a template whose run makes the image version.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, blob_refusal, error_object};
use super::cloud::{Cloud, Resource, group_id};
use super::entra;
use super::http::Request;
use super::knobs::BuildEnd;

pub const TEMPLATE: &str = "microsoft.virtualmachineimages/imagetemplates";

/// Shape: <https://learn.microsoft.com/azure/virtual-machines/linux/image-builder-troubleshoot>, "Update or
/// upgrade of image templates is currently not supported".
pub fn admit(cloud: &Cloud, id: &str, body: &Value) -> Result<(), Value> {
    match cloud.resource(id) {
        Some(old) if old.asked["properties"] != body["properties"] => Err(error_object(
            "Conflict",
            "Update/Upgrade of image templates is currently not supported.",
        )),
        _ => Ok(()),
    }
}

/// `POST .../run` and `.../cancel`.
pub fn answer(cloud: &mut Cloud, id: &str, action: &str) -> Outcome {
    cloud.need(id)?;
    if !action.eq_ignore_ascii_case("run") {
        return Err(super::no_route());
    }
    start(cloud, id);
    let operation = cloud.operation(cloud.knobs.build_time * 2, |_| None);
    Ok(cloud.accepted("Microsoft.VirtualMachineImages", &operation))
}

/// Starts a run, as `autoRun` does when the template is created.
///
/// Shape: `lastRunStatus` of <https://learn.microsoft.com/rest/api/imagebuilder/virtual-machine-image-templates/get>.
pub fn start(cloud: &mut Cloud, id: &str) {
    let key = id.to_lowercase();
    let started = cloud.clock.text();
    let time = cloud.knobs.build_time;
    let end = cloud.knobs.image_builder;
    if let Some(found) = cloud.resources.get_mut(&key) {
        found.shown["properties"]["lastRunStatus"] = json!({
            "startTime": started, "runState": "Running", "runSubState": "Building", "message": "",
        });
    }
    if end == BuildEnd::Never {
        return;
    }
    cloud.after(time, move |cloud| finish(cloud, &key, end));
}

fn finish(cloud: &mut Cloud, key: &str, end: BuildEnd) {
    let now = cloud.clock.text();
    let Some(found) = cloud.resources.get_mut(key) else { return };
    let location = found.shown["location"].clone();
    let status = &mut found.shown["properties"]["lastRunStatus"];
    status["endTime"] = json!(now);
    if end == BuildEnd::Failed {
        status["runState"] = json!("Failed");
        status["message"] = json!(
            "Building (bin:/app/packer): failed: Command exited with non-zero code (exit code 7). For more details, see https://aka.ms/aibtroubleshoot#customization"
        );
        keep_log(cloud, key);
        return;
    }
    status["runState"] = json!("Succeeded");
    status["runSubState"] = json!("");
    let target = found.shown["properties"]["distribute"][0].clone();
    let id = target["galleryImageId"].as_str().unwrap_or("").to_owned();
    let body = json!({
        "location": location,
        "properties": {
            "publishingProfile": { "targetRegions": target["targetRegions"] }, "storageProfile": {},
        },
    });
    let mut shown = json!({ "id": id, "name": id.rsplit('/').next(), "type": "Microsoft.Compute/galleries/images/versions" });
    super::cloud::extend(&mut shown, body.clone());
    shown["properties"]["provisioningState"] = json!("Succeeded");
    super::gallery::added(cloud, &mut shown, None);
    let version = Resource { shown, asked: body, vm: None };
    cloud.resources.insert(id.to_lowercase(), version);
}

const STAGING: &str = "IT_vision-batch_vision_1b2c";
const LOG: &str = "packerlogs/1b2c/customization.log";

/// The staging group of a run, and the storage account in it that holds the log.
///
/// Shape: `exactStagingResourceGroup` of the template, and
/// <https://learn.microsoft.com/azure/virtual-machines/linux/image-builder-troubleshoot>, "Customization log".
fn keep_log(cloud: &mut Cloud, key: &str) {
    let group = group_id(STAGING);
    let account = format!("{group}/providers/Microsoft.Storage/storageAccounts/hxolt1bh6b");
    let shown = json!({
        "id": account, "name": "hxolt1bh6b", "type": "Microsoft.Storage/storageAccounts",
        "properties": { "primaryEndpoints": { "blob": format!("{}/staging/", cloud.base()) } },
    });
    cloud.groups.insert(STAGING.to_lowercase(), json!({ "id": group, "name": STAGING }));
    cloud
        .resources
        .insert(account.to_lowercase(), Resource { shown, asked: Value::Null, vm: None });
    if let Some(found) = cloud.resources.get_mut(key) {
        found.shown["properties"]["exactStagingResourceGroup"] = json!(group);
    }
}

/// The blobs of that storage account, for who has a role on it.
///
/// Shape: <https://learn.microsoft.com/rest/api/storageservices/list-blobs>.
pub fn storage(cloud: &Cloud, request: &Request, path: &str) -> Outcome {
    entra::check_token(cloud, request, &[cloud.base()])?;
    if !cloud.knobs.staging_rights {
        let text =
            "This request is not authorized to perform this operation using this permission.";
        return Err(blob_refusal(403, "AuthorizationPermissionMismatch", text));
    }
    if request.header("x-ms-version").is_none() {
        let text = "A token needs a version of the service.";
        return Err(blob_refusal(400, "MissingRequiredHeader", text));
    }
    match path {
        "packerlogs" if request.query("comp") == Some("list") => {
            let text = "<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ContainerName=\"packerlogs\"><Blobs><Blob><Name>1b2c/customization.log</Name></Blob></Blobs><NextMarker /></EnumerationResults>";
            Ok(Answer::bytes("application/xml", text.as_bytes().to_vec()))
        }
        LOG => {
            let text = "[3f] PACKER OUT ==> azure-arm: PREBAKE-STEP docker failed 4\n";
            Ok(Answer::bytes("text/plain", text.as_bytes().to_vec()))
        }
        _ => Err(blob_refusal(404, "BlobNotFound", "The specified blob does not exist.")),
    }
}
