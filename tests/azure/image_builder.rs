//! Image Builder: a template whose run makes the image version.

use serde_json::{Value, json};

use super::answer::{Outcome, error_object};
use super::cloud::Cloud;
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
    let version = super::cloud::Resource { shown, asked: body, vm: None };
    cloud.resources.insert(id.to_lowercase(), version);
}
