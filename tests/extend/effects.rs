//! What follows from a patch elsewhere: parameters that go, the pool of the data plane, the README, findings and reviews.

use prebake::diagnostic::{Diagnostic, text};
use prebake::diff;
use prebake::pipeline::Outcome;
use serde_json::{Value, json};

use super::{files, render, tools};

fn config(patch: Value) -> Value {
    let mut config = json!({
        "name": "vision", "location": "swedencentral", "resourceGroup": "vision-batch",
        "registry": { "create": true, "sku": "Basic" },
        "images": [{ "name": "docker.io/library/python", "tag": "3.12" }],
        "node": { "os": "ubuntu-24.04", "vmSize": "Standard_NC4as_T4_v3" },
        "gallery": { "version": "1.0.0" },
        "batch": { "pools": [{ "id": "dev", "nodes": 1 }] },
    });
    config["patch"] = patch;
    config
}

fn shown(outcome: &Outcome) -> String {
    text::render(&outcome.diagnostics, &outcome.sources, false)
}

fn codes(outcome: &Outcome) -> Vec<&str> {
    outcome.diagnostics.iter().map(|finding: &Diagnostic| finding.code.as_ref()).collect()
}

#[test]
fn what_only_a_replaced_value_read_goes_with_it() {
    let patch = json!({
        "registry": { "registry": { "sku": { "name": "Standard" } } },
        "batch": { "pool_dev": { "properties": { "vmSize": "Standard_NC8as_T4_v3" } } },
    });
    let outcome = render(&config(patch.clone()), &tools());
    // The keys that decide both are named, and nothing is unused.
    assert_eq!(codes(&outcome), ["PB1409", "PB1409"], "{}", shown(&outcome));
    assert!(shown(&outcome).contains("set `registry.sku`, and remove the patch"));
    let files = files(&config(patch), &tools());
    for path in ["registry.bicep", "registry.bicepparam"] {
        assert!(!files[path].contains("registrySku"), "{}", files[path]);
    }
    assert!(!files["batch.bicepparam"].contains("vmSize"), "{}", files["batch.bicepparam"]);
    assert!(files["batch.bicep"].contains("taskSlotsPerNode: int"));
    assert!(!files["batch.bicep"].contains("vmSize: string"));
}

#[test]
fn a_replaced_key_of_a_pool_is_named_by_the_pool_and_not_by_its_position() {
    let patch =
        json!({ "batch": { "pool_dev": { "properties": { "vmSize": "Standard_NC8as_T4_v3" } } } });
    let mut config = config(patch);
    config["batch"]["pools"] = json!([
        { "id": "first", "nodes": 1 },
        { "id": "dev", "nodes": 1, "vmSize": "Standard_NC16as_T4_v3" },
    ]);
    let outcome = render(&config, &tools());
    assert_eq!(codes(&outcome), ["PB1409"], "{}", shown(&outcome));
    let title =
        "`batch.pools[].vmSize` of pool `dev` in the config sets `properties.vmSize` of `pool_dev`";
    assert!(shown(&outcome).contains(title), "{}", shown(&outcome));
    assert!(
        shown(&outcome).contains("set `batch.pools[].vmSize` of pool `dev`, and remove the patch")
    );
}

#[test]
fn a_patch_of_a_pool_reaches_the_data_plane_or_is_told() {
    let id = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/x/providers/Microsoft.ManagedIdentity/userAssignedIdentities/t";
    let config = config(json!({ "batch": { "pool_dev": {
        "identity": { "type": "UserAssigned", "userAssignedIdentities": { id: {} } },
        "properties": {
            "upgradePolicy": { "mode": "rolling" },
            "interNodeCommunication": "Enabled",
            "taskSchedulingPolicy": { "nodeFillType": "Pack" },
            "scaleSettings": { "fixedScale": null, "autoScale": { "formula": "$TargetDedicatedNodes=1;", "evaluationInterval": "PT5M" } },
            "mountConfiguration": [{ "azureFileShareConfiguration": {
                "accountName": "shared", "azureFileUrl": "https://shared.file.core.windows.net/data",
                "relativeMountPath": "data", "accountKey": { "$bicep": "storage.listKeys().keys[0].value" },
            } }],
        },
    } } }));
    let tools = tools();
    let outcome = render(&config, &tools);
    let missed: Vec<&str> = codes(&outcome).into_iter().filter(|code| *code == "PB1410").collect();
    assert_eq!(missed.len(), 2, "the identity, and the key of the share: {}", shown(&outcome));
    let files = files(&config, &tools);
    let pool: Value = serde_json::from_str(&files["pools/dev.json"]).expect("JSON");
    assert_eq!(pool["upgradePolicy"], json!({ "mode": "rolling" }));
    assert_eq!(pool["enableInterNodeCommunication"], true);
    assert_eq!(pool["taskSchedulingPolicy"], json!({ "nodeFillType": "pack" }));
    assert_eq!(pool["enableAutoScale"], true);
    assert_eq!(pool["autoScaleFormula"], "$TargetDedicatedNodes=1;");
    assert!(pool["targetDedicatedNodes"].is_null() && pool["mountConfiguration"].is_null());
    let readme = &files["README.md"];
    assert!(readme.contains("| `pool_dev.identity` | `added: { type"), "{readme}");
    assert!(readme.contains("not in `pools/`"), "{readme}");
}

#[test]
fn a_rule_names_the_patch_that_it_finds() {
    let config = config(
        json!({ "registry": { "registry": { "properties": { "publicNetworkAccess": "Disabled" } } } }),
    );
    let outcome = render(&config, &tools());
    let shown = shown(&outcome);
    let why = "a patch sets `properties.publicNetworkAccess` of `registry`; without it this is `'Enabled'`";
    assert!(shown.contains("error[ACR004]") && shown.contains(why), "{shown}");
}

#[test]
fn a_review_names_the_patch_behind_a_change() {
    let tools = tools();
    let before = render(&config(json!({})), &tools).render.expect("renders");
    let patch =
        json!({ "batch": { "account": { "properties": { "publicNetworkAccess": "Disabled" } } } });
    let outcome = render(&config(patch), &tools);
    let after = outcome.render.as_ref().unwrap_or_else(|| panic!("{}", shown(&outcome)));
    let diff: diff::Diff = after.diff(Some(before.state()), &outcome.sources);
    let changed = diff.resources.iter().flat_map(|change| &change.properties);
    let told: Vec<String> = changed.filter_map(|property| property.origin.change.clone()).collect();
    assert_eq!(
        told,
        [
            "a patch sets `properties.publicNetworkAccess` of `account`; without it this is `'Enabled'`"
        ]
    );
}

/// What an item is called stands in the parameters, and a patch names it all the same.
#[test]
fn a_patch_names_an_item_by_the_value_of_its_parameter() {
    let identity = "/subscriptions/0f7c8b9e-4d0b-4f6c-9d0e-7a1c5b2f3a10/resourceGroups/shared\
        /providers/Microsoft.ManagedIdentity/userAssignedIdentities/puller";
    let registries =
        json!({ "teamregistry.azurecr.io": { "identityReference": { "resourceId": identity } } });
    let machine = json!({ "containerConfiguration": { "containerRegistries": registries } });
    let pool = json!({ "deploymentConfiguration": { "virtualMachineConfiguration": machine } });
    let mut config = config(json!({ "batch": { "pool_dev": { "properties": pool } } }));
    config["registry"] = json!({ "create": false, "name": "teamregistry" });
    config["images"] = json!([{ "name": "app", "tag": "1.0" }]);
    config["batch"]["pools"][0]["identities"] = json!([identity]);
    let batch = &files(&config, &tools())["batch.bicep"];
    assert!(batch.contains("registryServer: registryServer"), "{batch}");
    assert!(batch.contains(&format!("resourceId: '{identity}'")), "{batch}");
}
