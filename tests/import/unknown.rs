//! What a source leaves open: the report says what to fill in, and the config renders all the same.

use prebake::migrate::{self, File, Outcome};
use serde_json::{Value, json};

use super::{assert_outcomes, config, migrated, row, tools};

#[test]
fn what_only_a_deployment_knows_is_a_step() {
    let migrated = migrated(&["late.json"]);
    let config = Value::Object(config(&migrated, 0));
    assert_eq!(config["network"]["subnetId"], Value::Null);
    assert_eq!(config["batch"]["account"], Value::Null);
    assert_outcomes(
        &migrated,
        &[
            ("properties.vmSize", Outcome::Step),
            ("properties.networkConfiguration.subnetId", Outcome::Step),
            ("node.vmSize", Outcome::Step),
            ("batch.account", Outcome::Step),
            ("Batch account `[parameters('account')]`", Outcome::Stays),
        ],
    );
    let account = row(&migrated, "Batch account `[parameters('account')]`");
    assert!(account.why.contains("known only during the deployment"), "{}", account.why);
    let network = migrated.report.rows.iter().find(|row| row.outcome == Outcome::New);
    assert!(
        migrated.report.rows.iter().any(|row| row.outcome == Outcome::New
            && row.why.starts_with("the subnet of the pool is known only during the deployment")),
        "{network:?}"
    );
}

#[test]
fn a_name_that_no_registry_can_have_is_a_step() {
    let migrated = migrated(&["placeholder.json"]);
    let config = Value::Object(config(&migrated, 0));
    assert_eq!(config["registry"]["name"], "changeme");
    assert_eq!(config["images"][0]["name"], "simulator");
    assert_outcomes(&migrated, &[("registry.name", Outcome::Step)]);
}

#[test]
fn a_setting_of_an_extension_whose_key_names_a_secret_is_one() {
    let migrated = migrated(&["placeholder.json"]);
    let settings = "virtualMachineConfiguration.extensions[0].settings";
    assert_outcomes(
        &migrated,
        &[
            (&format!("{settings}.clientSecret"), Outcome::Secret),
            (&format!("{settings}.pollingIntervalInS"), Outcome::Same),
        ],
    );
    assert!(row(&migrated, &format!("{settings}.clientSecret")).why.contains("`patch`"));
}

#[test]
fn pools_of_one_id_do_not_share_a_config() {
    let migrated = migrated(&["twins.json"]);
    assert_eq!(migrated.configs.len(), 2);
    assert_eq!(config(&migrated, 0)["node"]["vmSize"], "Standard_D4s_v5");
    assert_eq!(config(&migrated, 1)["node"]["vmSize"], "Standard_D8s_v5");
    assert_ne!(config(&migrated, 0)["name"], config(&migrated, 1)["name"]);
}

#[test]
fn a_pool_without_a_size_is_refused() {
    for pool in [
        json!({ "id": "selected", "allocationState": "steady", "vmSize": null,
            "virtualMachineConfiguration": {} }),
        json!({ "id": "odd", "vmSize": ["standard_d4s_v5"] }),
        json!([{ "name": "selected", "type": "Microsoft.Batch/batchAccounts/pools",
            "properties": { "allocationState": "Steady", "currentDedicatedNodes": 0 } }]),
    ] {
        let file = File { name: "pool.json".to_owned(), text: pool.to_string() };
        let refusal = migrate::migrate(&[file], &tools()).expect_err("it has no size");
        assert!(refusal.why.contains("no VM size"), "{refusal:?}");
        assert!(refusal.help.contains("az batch pool show"), "{refusal:?}");
    }
}

#[test]
fn a_retired_size_with_infiniband_says_that_the_new_one_has_none() {
    let pool = json!({ "id": "mpi", "vmSize": "standard_nc24r", "targetDedicatedNodes": 2,
        "enableInterNodeCommunication": true, "virtualMachineConfiguration": {
            "imageReference": { "publisher": "openlogic", "offer": "centos-hpc", "sku": "7.3" },
            "nodeAgentSKUId": "batch.node.centos 7" } });
    let file = File { name: "pool.json".to_owned(), text: pool.to_string() };
    let migrated = migrate::migrate(&[file], &tools()).expect("it is migrated");
    let size = row(&migrated, "vmSize");
    assert_eq!(size.outcome, Outcome::Differs);
    assert!(size.why.ends_with("The new size has no InfiniBand"), "{}", size.why);
}
