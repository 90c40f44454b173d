//! Virtual machines with their power states and serial log, sizes with restrictions, quotas.

use std::sync::LazyLock;

use base64_simd::STANDARD;
use prebake::catalog;
use regex::Regex;
use serde_json::{Value, json};

use super::answer::{Answer, Outcome, blob_refusal, error_object, list, refusal};
use super::cloud::{Cloud, Resource, Vm, extend};
use super::http::Request;
use super::knobs::BakeEnd;
use super::list_page;

pub const VM: &str = "microsoft.compute/virtualmachines";

/// The regions of the list of sizes; the real one has dozens.
const REGIONS: [&str; 4] = ["swedencentral", "westeurope", "northeurope", "eastus"];

/// Whether the subscription gets a VM of this size.
///
/// Shapes: <https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-sku-not-available>
/// and `.../error-resource-quota`.
pub fn check_size(cloud: &Cloud, size: &str) -> Result<(), Value> {
    let knobs = &cloud.knobs;
    let facts = catalog::vm_size(size)
        .filter(|_| !knobs.missing_sizes.iter().any(|missing| missing == size));
    let Some(facts) = facts.filter(|_| !knobs.restricted_sizes.contains_key(size)) else {
        return Err(error_object(
            "SkuNotAvailable",
            format!(
                "The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: {size}' is currently not available in location 'swedencentral'. Please try another size or deploy to a different location or different zone. See https://aka.ms/azureskunotavailable for details."
            ),
        ));
    };
    for family in [&*facts.family, "cores"] {
        let (used, limit) = usage(cloud, family);
        let needed = u64::from(facts.vcpus);
        if used + needed > limit {
            return Err(error_object(
                "QuotaExceeded",
                format!(
                    "Operation could not be completed as it results in exceeding approved {family} Cores quota. Additional details - Deployment Model: Resource Manager, Location: swedencentral, Current Limit: {limit}, Current Usage: {used}, Additional Required: {needed}, (Minimum) New Limit Required: {}.",
                    used + needed
                ),
            ));
        }
    }
    Ok(())
}

fn plain(family: &str) -> String {
    family.replace(' ', "").to_lowercase()
}

fn usage(cloud: &Cloud, family: &str) -> (u64, u64) {
    let known = cloud.knobs.usages.iter().find(|(known, _)| plain(known) == plain(family));
    known.map_or((0, 350), |(_, usage)| *usage)
}

/// Shape: <https://learn.microsoft.com/rest/api/compute/resource-skus/list>.
pub fn skus(cloud: &Cloud, request: &Request) -> Answer {
    let filter = request.query("$filter").unwrap_or("");
    let mut values = Vec::new();
    for region in REGIONS {
        let wanted = filter.is_empty()
            || filter.to_lowercase().replace(' ', "") == format!("locationeq'{region}'");
        if !wanted {
            continue;
        }
        for name in catalog::vm_sizes() {
            let Some(size) = catalog::vm_size(name) else { continue };
            if cloud.knobs.missing_sizes.iter().any(|missing| missing == name) {
                continue;
            }
            let restrictions: Vec<Value> = cloud
                .knobs
                .restricted_sizes
                .get(name)
                .iter()
                .map(|reason| {
                    json!({
                        "type": "Location", "values": [region], "reasonCode": reason,
                        "restrictionInfo": { "locations": [region] },
                    })
                })
                .collect();
            values.push(json!({
                "resourceType": "virtualMachines", "name": name, "tier": "Standard",
                "size": name.trim_start_matches("Standard_"), "family": size.family,
                "locations": [region], "restrictions": restrictions,
                "locationInfo": [{ "location": region, "zones": ["1", "2", "3"], "zoneDetails": [] }],
                "capabilities": [
                    { "name": "vCPUs", "value": size.vcpus.to_string() },
                    { "name": "HyperVGenerations", "value": "V1,V2" },
                ],
            }));
        }
        values.push(json!({
            "resourceType": "disks", "name": "StandardSSD_LRS", "tier": "Standard", "size": "E4",
            "locations": [region], "restrictions": [], "locationInfo": [{ "location": region, "zones": [] }],
        }));
    }
    list(&values)
}

/// Shape: <https://learn.microsoft.com/rest/api/compute/usage/list>.
pub fn usages(cloud: &Cloud, request: &Request) -> Answer {
    let mut families: Vec<String> =
        ["cores", "lowPriorityCores", "virtualMachines"].map(str::to_owned).to_vec();
    for name in catalog::vm_sizes() {
        let family = catalog::vm_size(name).map(|size| size.family.into_owned());
        families.extend(family.filter(|family| !families.contains(family)));
    }
    let values = families.iter().map(|family| {
        let (used, limit) = usage(cloud, family);
        json!({
            "unit": "Count", "currentValue": used, "limit": limit,
            "name": { "value": family, "localizedValue": format!("{family} vCPUs") },
        })
    });
    list_page(request, values.collect())
}

/// What a VM refuses when it is created or changed.
pub fn admit(cloud: &Cloud, id: &str, body: &Value) -> Result<(), Value> {
    let custom =
        body.pointer("/properties/osProfile/customData").and_then(Value::as_str).unwrap_or("");
    let Some(old) = cloud.resource(id) else {
        let size = body.pointer("/properties/hardwareProfile/vmSize").and_then(Value::as_str);
        return check_size(cloud, size.unwrap_or(""));
    };
    let Some(vm) = &old.vm else { return Ok(()) };
    if vm.generalized {
        return Err(error_object(
            "OperationNotAllowed",
            "The operation is not allowed on the VM since the VM is generalized.",
        ));
    }
    if vm.custom_data != custom {
        // Shape: <https://learn.microsoft.com/troubleshoot/azure/virtual-machines/linux/error-messages>.
        let mut error = error_object(
            "PropertyChangeNotAllowed",
            "Changing property 'osProfile.customData' is not allowed.",
        );
        error["target"] = json!("osProfile.customData");
        return Err(error);
    }
    Ok(())
}

/// What Azure adds to a VM, and the disk that it makes.
pub fn added(cloud: &mut Cloud, shown: &mut Value, old: Option<Vm>) -> Vm {
    let id = shown["id"].as_str().unwrap_or("").to_owned();
    let properties = &mut shown["properties"];
    let custom =
        properties["osProfile"].as_object_mut().and_then(|profile| profile.remove("customData"));
    extend(properties, json!({ "vmId": cloud.new_id(), "timeCreated": cloud.clock.text() }));
    let disk = &mut properties["storageProfile"]["osDisk"];
    let name = disk["name"].as_str().unwrap_or("os").to_owned();
    let (group, _) = id.split_once("/providers/").unwrap_or((&id, ""));
    let disk_id = format!("{group}/providers/Microsoft.Compute/disks/{name}");
    extend(&mut disk["managedDisk"], json!({ "id": disk_id }));
    disk["osType"] = json!("Linux");
    let made = json!({
        "id": disk_id, "name": name, "type": "Microsoft.Compute/disks", "location": shown["location"],
        "managedBy": id, "properties": { "diskState": "Attached", "provisioningState": "Succeeded" },
    });
    let disk = Resource { shown: made, asked: Value::Null, vm: None };
    cloud.resources.insert(disk_id.to_lowercase(), disk);
    old.unwrap_or_else(|| Vm {
        power: "running".to_owned(),
        generalized: false,
        custom_data: custom.as_ref().and_then(Value::as_str).unwrap_or("").to_owned(),
        looks: 0,
    })
}

/// Shape: <https://learn.microsoft.com/rest/api/compute/virtual-machines/instance-view>.
fn instance_view(cloud: &Cloud, vm: &Vm) -> Value {
    let mut statuses = vec![json!({
        "code": "ProvisioningState/succeeded", "level": "Info",
        "displayStatus": "Provisioning succeeded", "time": cloud.clock.text(),
    })];
    if vm.generalized {
        statuses.push(json!({ "code": "OSState/generalized", "level": "Info", "displayStatus": "VM generalized" }));
    }
    statuses.push(json!({
        "code": format!("PowerState/{}", vm.power), "level": "Info", "displayStatus": format!("VM {}", vm.power),
    }));
    json!({ "computerName": "builder", "osName": "ubuntu", "hyperVGeneration": "V2", "disks": [], "bootDiagnostics": {}, "statuses": statuses })
}

/// The requests to one VM; `None` where any resource answers the same.
pub fn answer(
    cloud: &mut Cloud,
    request: &Request,
    id: &str,
    action: Option<&str>,
) -> Option<Outcome> {
    let lower = action.map(str::to_lowercase);
    Some(match (request.method.as_str(), lower.as_deref()) {
        ("GET", None) => show(cloud, request, id),
        ("GET", Some("instanceview")) => view(cloud, id),
        ("POST", Some("retrievebootdiagnosticsdata")) => boot_diagnostics(cloud, id),
        ("POST", Some("deallocate" | "poweroff" | "start")) => {
            power(cloud, id, action.unwrap_or(""))
        }
        ("POST", Some("generalize")) => generalize(cloud, id),
        ("DELETE", None) => delete(cloud, id),
        _ => return None,
    })
}

fn show(cloud: &Cloud, request: &Request, id: &str) -> Outcome {
    let found = cloud.need(id)?;
    let mut shown = found.shown.clone();
    let expand = request.query("$expand").unwrap_or("");
    if let Some(vm) = found.vm.as_ref().filter(|_| expand.eq_ignore_ascii_case("instanceView")) {
        shown["properties"]["instanceView"] = instance_view(cloud, vm);
    }
    Ok(Answer::ok(&shown))
}

fn view(cloud: &Cloud, id: &str) -> Outcome {
    let found = cloud.need(id)?;
    let vm = found.vm.as_ref().ok_or_else(super::no_route)?;
    Ok(Answer::ok(&instance_view(cloud, vm)))
}

/// Shape: <https://learn.microsoft.com/rest/api/compute/virtual-machines/retrieve-boot-diagnostics-data>.
fn boot_diagnostics(cloud: &Cloud, id: &str) -> Outcome {
    let found = cloud.need(id)?;
    let (base, name) = (cloud.base(), found.text("/name"));
    let signature = "sv=2018-03-28&sr=b&sig=SECRETSIGNATURE&se=2027-01-01T00%3A00%3A00Z&sp=r";
    Ok(Answer::ok(&json!({
        "consoleScreenshotBlobUri": format!("{base}/blob/boot/{name}.screenshot.bmp?{signature}"),
        "serialConsoleLogBlobUri": format!("{base}/blob/boot/{name}.serialconsole.log?{signature}"),
    })))
}

fn vm_of<'a>(cloud: &'a mut Cloud, id: &str) -> Result<&'a mut Vm, Answer> {
    cloud.need(id)?;
    let found = cloud.resources.get_mut(&id.to_lowercase());
    found.and_then(|found| found.vm.as_mut()).ok_or_else(super::no_route)
}

fn power(cloud: &mut Cloud, id: &str, action: &str) -> Outcome {
    let vm = vm_of(cloud, id)?;
    let (now, then) = match action.to_lowercase().as_str() {
        "deallocate" => ("deallocating", "deallocated"),
        "poweroff" => ("stopping", "stopped"),
        _ if vm.generalized => {
            let message = "Operation 'start' is not allowed on VM since the VM is generalized.";
            return Err(refusal(409, "OperationNotAllowed", message));
        }
        _ => ("starting", "running"),
    };
    now.clone_into(&mut vm.power);
    let key = id.to_owned();
    let operation = cloud.operation(cloud.knobs.operation, move |cloud| {
        if let Ok(vm) = vm_of(cloud, &key) {
            then.clone_into(&mut vm.power);
        }
        None
    });
    Ok(cloud.accepted("Microsoft.Compute", &operation))
}

/// Shape: <https://learn.microsoft.com/rest/api/compute/virtual-machines/generalize>: `200` at once.
fn generalize(cloud: &mut Cloud, id: &str) -> Outcome {
    let vm = vm_of(cloud, id)?;
    if !matches!(vm.power.as_str(), "stopped" | "deallocated") {
        let message = "The VM must be stopped or deallocated before it can be generalized.";
        return Err(refusal(409, "OperationNotAllowed", message));
    }
    vm.generalized = true;
    Ok(Answer::empty(200))
}

fn delete(cloud: &mut Cloud, id: &str) -> Outcome {
    let Ok(found) = cloud.need(id) else { return Ok(Answer::empty(204)) };
    let mut gone = vec![id.to_lowercase()];
    let disk = &found.shown["properties"]["storageProfile"]["osDisk"];
    if disk["deleteOption"] == "Delete" {
        gone.extend(disk["managedDisk"]["id"].as_str().map(str::to_lowercase));
    }
    let interfaces = found.shown["properties"]["networkProfile"]["networkInterfaces"].as_array();
    for interface in interfaces.into_iter().flatten() {
        if interface["properties"]["deleteOption"] == "Delete" {
            gone.extend(interface["id"].as_str().map(str::to_lowercase));
        }
    }
    for id in &gone {
        cloud.check_lock(id, true).map_err(|error| super::answer::refuse_with(409, &error))?;
    }
    if let Some(found) = cloud.resources.get_mut(&id.to_lowercase()) {
        found.shown["properties"]["provisioningState"] = json!("Deleting");
    }
    let operation = cloud.operation(cloud.knobs.operation, move |cloud| {
        for id in gone {
            cloud.resources.remove(&id);
        }
        None
    });
    Ok(cloud.accepted("Microsoft.Compute", &operation))
}

static BAKE_ID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"BAKE_ID=([0-9a-f]{32})").expect("a pattern"));
static BAKE_NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"BAKE_NAME='?([a-zA-Z0-9_-]+)").expect("a pattern"));

/// The serial console's blob; each look at it sees one more step of the bake.
pub fn console(cloud: &mut Cloud, name: &str, look: bool) -> Result<Vec<u8>, Answer> {
    let missing = || blob_refusal(404, "BlobNotFound", "The specified blob does not exist.");
    let key = cloud.resources.iter().find(|(_, found)| found.is(VM) && found.text("/name") == name);
    let key = key.map(|(key, _)| key.clone()).ok_or_else(missing)?;
    let knobs = cloud.knobs.clone();
    let Some(vm) = cloud.resources.get_mut(&key).and_then(|found| found.vm.as_mut()) else {
        return Err(missing());
    };
    if look {
        vm.looks += 1;
    }
    let looks = vm.looks;
    let text = String::from_utf8(STANDARD.decode_to_vec(&vm.custom_data).unwrap_or_default())
        .unwrap_or_default();
    let find = |pattern: &Regex| {
        pattern.captures(&text).map(|found| found[1].to_owned()).unwrap_or_default()
    };
    let bake = Bake {
        id: find(&BAKE_ID),
        name: find(&BAKE_NAME),
        steps: &knobs.bake_steps,
        end: knobs.bake,
    };
    if looks > knobs.silent_looks + bake.steps.len() + 1
        && bake.stops_the_vm()
        && !knobs.stays_on
        && vm.power == "running"
    {
        "stopped".clone_into(&mut vm.power);
    }
    if look {
        cloud.clock.advance(knobs.console_step);
    }
    if looks <= knobs.silent_looks {
        return Err(missing());
    }
    let lines = bake.lines(looks - knobs.silent_looks);
    Ok(format!("\u{feff}{}\r\n", lines.join("\r\n")).into_bytes())
}

struct Bake<'a> {
    id: String,
    name: String,
    steps: &'a [String],
    end: BakeEnd,
}

impl Bake<'_> {
    fn stops_the_vm(&self) -> bool {
        !matches!(self.end, BakeEnd::Failed | BakeEnd::Never | BakeEnd::Silent)
    }

    fn lines(&self, looks: usize) -> Vec<String> {
        let mut lines = vec![
            "\u{1b}[2J\u{1b}[01;01HBdsDxe: loading Boot0001 \"UEFI Non-Block Boot Device\""
                .to_owned(),
            "[    0.000000] Linux version 6.8.0-1017-azure (buildd@lcy02-amd64-078)".to_owned(),
        ];
        if self.end == BakeEnd::Silent {
            return lines;
        }
        for (at, step) in self.steps.iter().enumerate() {
            if looks > at {
                lines.push(format!("PREBAKE-STEP {step} started 0"));
            }
            if looks > at + 1 && self.end == BakeEnd::Failed && at + 1 == self.steps.len() {
                lines.push(format!("PREBAKE-STEP {step} failed 17"));
                lines.push(
                    "PREBAKE-LOG E: Unable to locate package nvidia-driver-580-server".to_owned(),
                );
            } else if looks > at + 1 {
                lines.push(format!("PREBAKE-STEP {step} done {}", 10 + at));
            }
            lines.push(format!("[   {}.000001] audit: type=1400 apparmor=\"STATUS\"", 20 + at));
        }
        if looks > self.steps.len() + 1 && !matches!(self.end, BakeEnd::Never | BakeEnd::Halted) {
            lines.extend(self.results());
        }
        lines
    }

    /// Three copies of the result, as the builder writes them.
    fn results(&self) -> Vec<String> {
        let failed = self.end == BakeEnd::Failed;
        let foreign = "0".repeat(32);
        let body = format!(
            r#"{{"schema":1,"name":"{}","bakeId":"{}","status":"{}","failedStep":"{}","exitCode":{},"steps":[{{"name":"docker","status":"succeeded","seconds":4}}],"versions":{{"kernel":"6.8.0"}},"images":[],"log":""}}"#,
            self.name,
            if self.end == BakeEnd::Foreign { &foreign } else { &self.id },
            if failed { "failed" } else { "succeeded" },
            if failed { self.steps.last().map_or("", String::as_str) } else { "" },
            if failed { 100 } else { 0 },
        );
        let digest = prebake::model::hex_digest(body.as_bytes());
        let line = format!("PREBAKE-RESULT {body} sha256:{digest}");
        let garbled = format!("{}[   99.1] EXT4-fs (sda1): re-mounted{}", &line[..60], &line[60..]);
        match self.end {
            BakeEnd::GarbledOnce => vec![garbled, line.clone(), line],
            BakeEnd::Garbled => vec![garbled.clone(), garbled.clone(), garbled],
            _ => vec![line.clone(), line.clone(), line],
        }
    }
}

/// `.../providers/Microsoft.Compute/...` of the subscription.
pub fn subscription_answer(cloud: &Cloud, request: &Request, rest: &[&str]) -> Option<Outcome> {
    match rest {
        ["skus"] => Some(Ok(skus(cloud, request))),
        ["locations", _, "usages"] => Some(Ok(usages(cloud, request))),
        ["virtualmachines"] => {
            let all = cloud.resources.values().filter(|found| found.is(VM));
            let all: Vec<Value> = all.map(|found| found.shown.clone()).collect();
            Some(Ok(list(&all)))
        }
        _ => None,
    }
}
