//! Image versions: made of a generalized VM, replicated to regions, changed only in how they are published.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, error_object, refusal, refuse_with};
use super::cloud::{Cloud, extend};
use super::deployment::failed_later;
use super::http::Request;

pub const VERSION: &str = "microsoft.compute/galleries/images/versions";

/// What a version refuses when it is created or changed.
pub fn admit(cloud: &mut Cloud, id: &str, body: &Value) -> Result<(), Value> {
    let source = &body["properties"]["storageProfile"]["source"];
    if let Some(old) = cloud.resource(id) {
        if old.shown["properties"]["storageProfile"]["source"] != *source {
            let mut error = error_object(
                "PropertyChangeNotAllowed",
                "Changing property 'galleryImageVersion.properties.storageProfile.source' is not allowed.",
            );
            error["target"] = json!("galleryImageVersion.properties.storageProfile.source");
            return Err(error);
        }
        return Ok(());
    }
    let vm_id = source["virtualMachineId"].as_str().unwrap_or("");
    let vm = cloud.resource(vm_id).and_then(|found| found.vm.as_ref());
    if vm.is_some_and(|vm| !vm.generalized) {
        return Err(failed_later(
            id,
            &error_object(
                "InvalidParameter",
                format!("The source VM '{vm_id}' must be generalized."),
            ),
        ));
    }
    check_regions(body).map_err(|error| failed_later(id, &error))
}

fn check_regions(body: &Value) -> Result<(), Value> {
    let location = body["location"].as_str().unwrap_or("");
    let regions = body["properties"]["publishingProfile"]["targetRegions"].as_array();
    let plain = |name: &str| name.replace(' ', "").to_lowercase();
    let has = regions.is_some_and(|regions| {
        regions.iter().any(|region| plain(region["name"].as_str().unwrap_or("")) == plain(location))
    });
    if has || regions.is_none() {
        return Ok(());
    }
    Err(error_object(
        "InvalidParameter",
        format!("The target regions must include the source region '{location}'."),
    ))
}

/// What Azure adds to a version.
pub fn added(cloud: &Cloud, shown: &mut Value, old: Option<&Value>) {
    let published = old.map_or(json!(cloud.clock.text()), |old| {
        old["properties"]["publishingProfile"]["publishedDate"].clone()
    });
    let properties = &mut shown["properties"];
    extend(&mut properties["publishingProfile"], json!({ "publishedDate": published }));
    if properties["publishingProfile"]["storageAccountType"].is_null() {
        properties["publishingProfile"]["storageAccountType"] = json!("Standard_LRS");
    }
    extend(
        &mut properties["storageProfile"],
        json!({ "osDiskImage": { "hostCaching": "ReadWrite", "sizeInGB": 128, "source": {} } }),
    );
    replicated(properties);
}

/// Shape: `replicationStatus` of <https://learn.microsoft.com/rest/api/compute/gallery-image-versions/get>.
fn replicated(properties: &mut Value) {
    let regions =
        properties["publishingProfile"]["targetRegions"].as_array().cloned().unwrap_or_default();
    let summary: Vec<Value> = regions
        .iter()
        .map(|region| json!({ "region": region["name"], "state": "Completed", "details": "", "progress": 100 }))
        .collect();
    properties["replicationStatus"] = json!({ "aggregatedState": "Completed", "summary": summary });
}

/// Shape: <https://learn.microsoft.com/rest/api/compute/gallery-image-versions/update>: a PATCH of the
/// publishing profile, which goes on after the answer.
pub fn patch(cloud: &mut Cloud, request: &Request, id: &str) -> Outcome {
    cloud.need(id)?;
    cloud.check_lock(id, false).map_err(|error| refuse_with(409, &error))?;
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|error| refusal(400, "InvalidRequestContent", error.to_string()))?;
    let mut refused = Ok(());
    if let Some(found) = cloud.resources.get_mut(&id.to_lowercase()) {
        let mut changed = found.shown.clone();
        if let Some(profile) = body["properties"].get("publishingProfile") {
            extend(&mut changed["properties"]["publishingProfile"], profile.clone());
        }
        if let Some(tags) = body.get("tags") {
            changed["tags"] = tags.clone();
        }
        let source = body.pointer("/properties/storageProfile/source");
        if source
            .is_some_and(|source| *source != found.shown["properties"]["storageProfile"]["source"])
        {
            refused = Err(refusal(
                409,
                "PropertyChangeNotAllowed",
                "Changing property 'galleryImageVersion.properties.storageProfile.source' is not allowed.",
            ));
        } else {
            refused = check_regions(&changed).map_err(|error| refuse_with(400, &error));
        }
        if refused.is_ok() {
            for pointer in ["/properties/publishingProfile", "/tags"] {
                let new = body.pointer(pointer).cloned();
                if let (Some(asked), Some(new)) = (found.asked.pointer_mut(pointer), new) {
                    extend(asked, new);
                }
            }
            changed["properties"]["provisioningState"] = json!("Updating");
            found.shown = changed;
        }
    }
    refused?;
    let key = id.to_lowercase();
    let operation = cloud.operation(cloud.knobs.operation, move |cloud| {
        if let Some(found) = cloud.resources.get_mut(&key) {
            let properties = &mut found.shown["properties"];
            properties["provisioningState"] = json!("Succeeded");
            replicated(properties);
        }
        None
    });
    let shown = cloud.need(id)?.shown.clone();
    let headers = cloud.accepted("Microsoft.Compute", &operation).headers;
    Ok(Answer { headers, ..Answer::ok(&shown) })
}
