use super::node::{Node, last_segment};

/// Keys of the config that may have set a property, the likeliest first. `{pool}` is the pool's ID, which
/// [`super::Places`] implementations look up in `/batch/pools`.
pub(super) fn config_keys(node: &Node<'_>) -> Vec<String> {
    let resource = node.resource();
    let path = strip_indices(node.path());
    let keys: &[&str] = match (resource.kind.to_ascii_lowercase().as_str(), path.as_str()) {
        ("microsoft.batch/batchaccounts/pools", path) => pool_keys(path),
        ("microsoft.batch/batchaccounts", "/properties/poolAllocationMode") => {
            &["/batch/account/allocationMode"]
        }
        ("microsoft.containerregistry/registries", "/sku/name") => &["/registry/sku"],
        ("microsoft.containerregistry/registries", "/properties/roleAssignmentMode") => {
            &["/registry/roleAssignmentMode"]
        }
        ("microsoft.compute/virtualmachines", "/properties/hardwareProfile/vmSize") => {
            &["/builder/vmSize", "/node/vmSize"]
        }
        ("microsoft.compute/virtualmachines", "/properties/storageProfile/osDisk/diskSizeGB") => {
            &["/builder/osDiskGb"]
        }
        ("microsoft.virtualmachineimages/imagetemplates", "/properties/vmProfile/osDiskSizeGB") => {
            &["/builder/osDiskGb"]
        }
        ("microsoft.network/virtualnetworks", "/properties/addressSpace/addressPrefixes/0") => {
            &["/network/addressSpace"]
        }
        ("microsoft.network/virtualnetworks", "/properties/subnets/*/properties/addressPrefix")
        | ("microsoft.network/virtualnetworks/subnets", "/properties/addressPrefix") => {
            &["/network/poolSubnet"]
        }
        (_, "/location") => &["/location"],
        _ => &[],
    };
    let pool = last_segment(&resource.name);
    keys.iter().map(|key| key.replace("{pool}", pool)).collect()
}

fn pool_keys(path: &str) -> &'static [&'static str] {
    match path {
        "/properties/vmSize" => &["/batch/pools/{pool}/vmSize", "/node/vmSize"],
        "/properties/scaleSettings/fixedScale/targetDedicatedNodes" => {
            &["/batch/pools/{pool}/nodes"]
        }
        "/properties/scaleSettings/fixedScale/targetLowPriorityNodes" => {
            &["/batch/pools/{pool}/spotNodes"]
        }
        "/properties/scaleSettings/fixedScale/resizeTimeout" => {
            &["/batch/pools/{pool}/resizeTimeout"]
        }
        "/properties/scaleSettings/autoScale/formula" => &["/batch/pools/{pool}/autoScale/formula"],
        "/properties/scaleSettings/autoScale/evaluationInterval" => {
            &["/batch/pools/{pool}/autoScale/interval"]
        }
        "/properties/taskSlotsPerNode" => &["/batch/pools/{pool}/taskSlotsPerNode"],
        "/properties/startTask/commandLine" => &["/batch/pools/{pool}/startTask/command"],
        "/properties/startTask/waitForSuccess" => &["/batch/pools/{pool}/startTask/waitForSuccess"],
        "/properties/networkConfiguration/subnetId" => &["/network/subnetId"],
        path if path.contains("/securityProfile/") => &["/node/securityType"],
        _ => &[],
    }
}

fn strip_indices(path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or("");
    let parts: Vec<_> = path
        .split('/')
        .enumerate()
        .map(|(at, part)| {
            let is_index = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            let is_last = at + 1 == path.split('/').count() && part == last;
            if is_index && !is_last { "*" } else { part }
        })
        .collect();
    parts.join("/")
}
