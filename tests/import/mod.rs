//! `prebake init --from`: no property of a source is lost without a line in the report, and the report is true.
//!
//! The sources in `cases/` are small files of our own in shapes that are public; each row of `CASES` says which.
#![expect(clippy::disallowed_methods, reason = "tests read their cases and what the command wrote")]
#![expect(clippy::panic, reason = "a failed step says what went wrong")]

mod command;
mod diff;
mod script;
mod unknown;

use std::path::{Path, PathBuf};

use prebake::catalog::Date;
use prebake::diagnostic::Severity;
use prebake::migrate::{self, File, Migrated, Outcome, Row};
use prebake::pipeline::Tools;
use serde_json::{Map, Value};

/// Files that belong together, with where their shape is from.
const CASES: &[(&[&str], &str)] = &[
    (&["pool.json"], "`az batch pool show`, azure-cli 2.30"),
    (
        &["gpu-identity.json"],
        "`az batch pool show`, azure-cli 2.6x: nulls, states, identities with client IDs",
    ),
    (&["pool-list.json"], "`az batch pool list`"),
    (
        &["pool-list.json", "companions.json"],
        "with `az batch job list`, `job-schedule list` and `account show`",
    ),
    (&["machine.json"], "Batch REST 2024-07-01, Pool - Get, all of the virtual machine"),
    (&["label.json"], "a registry with a domain name label, Azure/azure-cli#31605"),
    (&["mismatch.json"], "an agent that does not fit its image"),
    (&["retired.json"], "Batch REST 2016-12-01, Pool - Add, sizes and systems of that time"),
    (&["definition.json"], "an image definition without a version, azure-docs batch-sig-images"),
    (&["resource.json"], "`az resource show` of a pool, Batch 2024-07-01"),
    (&["template.json"], "an exported resource group"),
    (&["compiled-bicep.json"], "`bicep build`, languageVersion 2.0"),
    (&["extension-template.json"], "a pool template of Azure/azure-batch-cli-extensions"),
    (&["terraform.json"], "`terraform show -json`, azurerm 4"),
    (&["late.json"], "a template without its parameters, azure-quickstart-templates"),
    (&["placeholder.json"], "a pool of a guide, with a placeholder for the registry"),
    (&["twins.json"], "`az batch pool list` of two accounts"),
    (&["shipyard-pool.yaml", "shipyard-config.yaml"], "Azure/batch-shipyard recipes"),
    (
        &[
            "shipyard-full-pool.yaml",
            "shipyard-full-config.yaml",
            "shipyard-full-credentials.yaml",
            "shipyard-jobs.yaml",
        ],
        "Azure/batch-shipyard config_templates",
    ),
    (&["shipyard-old.json"], "Azure/batch-shipyard 2.x, one JSON file"),
    (&["batch-prep.sh"], "batch-prep-v2.sh"),
    (&["older-script.sh"], "its first version"),
    (&["batch-prep.sh", "script.env"], "batch-prep-v2.sh with its environment"),
    (&["script.env"], "its environment alone"),
];

/// What the cases hold in the place of secrets.
const SECRET: &str = "s3cr3t";

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/cases").join(name)
}

fn tools() -> Tools {
    Tools { as_of: Date::parse("2026-11-29").expect("a date"), ..crate::tools::tools() }
}

fn files(names: &[&str]) -> Vec<File> {
    let file = |name: &&str| File {
        name: (*name).to_owned(),
        text: std::fs::read_to_string(case(name)).expect("a case can be read"),
    };
    names.iter().map(file).collect()
}

fn migrated(names: &[&str]) -> Migrated {
    migrate::migrate(&files(names), &tools()).expect("it is migrated")
}

/// The scalars of a value with their paths, as a reader of the file would name them.
fn leaves(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Object(object) => {
            for (key, value) in object {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                leaves(value, &below, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, &format!("{path}[{index}]"), found);
            }
        }
        // Terraform and exported templates write an empty text where nothing is said.
        Value::String(text) if text.is_empty() => {}
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        scalar => found.push((path.to_owned(), scalar.to_string())),
    }
}

/// The pools of a source, each as the file describes it.
fn pools(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(case(name)).expect("a case can be read");
    if Path::new(name).extension().is_some_and(|ending| ending == "yaml") {
        let mut value: Value = serde_yaml::from_str(&text).expect("YAML");
        if let Some(object) = value.as_object_mut() {
            object.shift_remove("job_specifications");
        }
        return vec![value];
    }
    let Ok(value) = serde_json::from_str::<Value>(&text) else { return Vec::new() };
    let is_pool = |value: &Value| {
        let kind = value.get("type").and_then(Value::as_str).unwrap_or_default();
        kind.ends_with("/pools")
            || value.get("vmSize").is_some()
            || value.get("pool_specification").is_some()
    };
    match &value {
        Value::Array(items) => items.iter().filter(|item| is_pool(item)).cloned().collect(),
        value if is_pool(value) => vec![value.clone()],
        _ => Vec::new(),
    }
}

#[test]
fn every_property_of_a_source_has_a_line_in_the_report() {
    for (names, shape) in CASES {
        let migrated = migrated(names);
        let mut checked = 0;
        for name in *names {
            for pool in pools(name) {
                let id = pool.get("id").and_then(Value::as_str).unwrap_or_default();
                let refused =
                    migrated.report.rows.iter().any(|row| {
                        !id.is_empty() && row.source.starts_with(&format!("pool `{id}`"))
                    });
                if refused {
                    continue;
                }
                let mut expected = Vec::new();
                leaves(&pool, "", &mut expected);
                for (path, value) in expected {
                    let told = migrated.report.rows.iter().any(|row| {
                        row.source == path && (row.value == value || row.outcome == Outcome::Secret)
                    });
                    assert!(told, "{name} ({shape}): no line for `{path}` = `{value}`");
                    checked += 1;
                }
            }
        }
        let has_pools = names.iter().any(|name| !pools(name).is_empty());
        assert!(checked > 0 || !has_pools, "{names:?}: nothing was checked");
    }
}

#[test]
fn every_variable_of_a_script_has_a_line_in_the_report() {
    let text = std::fs::read_to_string(case("script.env")).expect("a case");
    let report = migrated(&["batch-prep.sh", "script.env"]).report;
    for line in text.lines().filter_map(|line| line.trim_start_matches("export ").split_once('=')) {
        assert!(
            report.rows.iter().any(|row| row.source == line.0 && row.value == line.1),
            "no line for {}",
            line.0
        );
    }
}

#[test]
fn secrets_reach_neither_the_config_nor_the_report() {
    for (names, _) in CASES {
        let migrated = migrated(names);
        for config in &migrated.configs {
            assert!(!config.yaml.contains(SECRET), "{names:?}:\n{}", config.yaml);
        }
        let report = migrated.report.markdown("report");
        assert!(!report.contains(SECRET), "{names:?}:\n{report}");
        assert!(!migrated.report.text().contains(SECRET), "{names:?}");
        assert!(!migrated.notes.join("\n").contains(SECRET), "{names:?}");
    }
}

#[test]
fn each_config_renders() {
    for (names, _) in CASES {
        for config in migrated(names).configs {
            let errors: Vec<String> = config
                .diagnostics
                .iter()
                .filter(|finding| finding.severity == Severity::Error)
                .map(|finding| format!("{} {} ({})", finding.code, finding.title, finding.label))
                .collect();
            assert!(errors.is_empty(), "{names:?}: {errors:?}\n{}", config.yaml);
        }
    }
}

#[test]
fn the_same_source_gives_the_same_config_and_report() {
    for (names, _) in CASES.iter().step_by(4) {
        let (one, other) = (migrated(names), migrated(names));
        let yaml = |all: &Migrated| -> Vec<String> {
            all.configs.iter().map(|config| config.yaml.clone()).collect()
        };
        assert_eq!(yaml(&one), yaml(&other));
        assert_eq!(one.report, other.report);
    }
}

fn row<'m>(migrated: &'m Migrated, source: &str) -> &'m Row {
    let found = migrated.report.rows.iter().find(|row| row.source == source);
    found.unwrap_or_else(|| panic!("no line for `{source}`:\n{}", migrated.report.text()))
}

#[track_caller]
fn assert_outcomes(migrated: &Migrated, expected: &[(&str, Outcome)]) {
    for (source, outcome) in expected {
        assert_eq!(
            row(migrated, source).outcome,
            *outcome,
            "{source}: {}",
            row(migrated, source).why
        );
    }
}

fn config(migrated: &Migrated, index: usize) -> Map<String, Value> {
    let config: Value = serde_yaml::from_str(&migrated.configs[index].yaml).expect("YAML");
    config.as_object().cloned().expect("a mapping")
}

#[test]
fn what_the_config_can_say_is_taken_over() {
    let migrated = migrated(&["gpu-identity.json"]);
    let config = Value::Object(config(&migrated, 0));
    let pool = &config["batch"]["pools"][0];
    assert_eq!(config["location"], "westeurope");
    assert_eq!(config["batch"]["account"]["name"], "trainbatch");
    assert_eq!(config["registry"]["name"], "trainacr");
    assert_eq!(config["node"]["vmSize"], "Standard_NC4as_T4_v3");
    assert_eq!(config["network"]["nodeAddresses"], Value::Null);
    assert_eq!(pool["startTask"]["elevation"], "admin");
    assert_eq!(pool["startTask"]["maxTaskRetryCount"], 2);
    assert_eq!(
        pool["startTask"]["resourceFiles"][0]["url"],
        "https://traindata.blob.core.windows.net/scripts/prepare.sh"
    );
    assert_eq!(pool["mounts"].as_array().map(Vec::len), Some(2));
    assert_eq!(pool["environment"]["HF_TOKEN"], Value::Null);
    assert_outcomes(
        &migrated,
        &[
            ("startTask.environmentSettings[1].value", Outcome::Secret),
            ("startTask.resourceFiles[0].httpUrl", Outcome::Secret),
            ("startTask.commandLine", Outcome::Same),
            (
                "virtualMachineConfiguration.containerConfiguration.containerImageNames[2]",
                Outcome::Differs,
            ),
            (
                "virtualMachineConfiguration.containerConfiguration.containerRegistries[0].identityReference.resourceId",
                Outcome::Same,
            ),
            (
                "virtualMachineConfiguration.containerConfiguration.containerRegistries[1].password",
                Outcome::Secret,
            ),
            ("virtualMachineConfiguration.imageReference.sku", Outcome::Differs),
            ("allocationState", Outcome::State),
            ("resizeTimeout", Outcome::Same),
        ],
    );
}

#[test]
fn pools_that_share_an_image_share_a_config() {
    let migrated = migrated(&["pool-list.json", "companions.json"]);
    assert_eq!(migrated.configs.len(), 2);
    let first = Value::Object(config(&migrated, 0));
    assert_eq!(first["resourceGroup"], "lists-rg");
    assert_eq!(first["batch"]["pools"][1]["vmSize"], "Standard_D8s_v5");
    assert_eq!(first["batch"]["pools"][1]["autoScale"]["interval"], "PT5M");
    assert_eq!(config(&migrated, 1)["node"]["os"], "almalinux-9");
    assert_outcomes(
        &migrated,
        &[
            ("job `nightly`", Outcome::Step),
            ("job schedule `each-day`", Outcome::Step),
            ("job `alone`", Outcome::Step),
            ("certificate `aabbccddeeff00112233445566778899aabbccdd`", Outcome::Step),
            ("application package `solver`", Outcome::Step),
            ("pool `desktop` of pool-list.json", Outcome::Dropped),
        ],
    );
    assert!(row(&migrated, "job `alone`").why.contains("autoPoolSpecification"));
}

#[test]
fn an_image_that_can_be_kept_is_kept() {
    let migrated = migrated(&["machine.json"]);
    let config = Value::Object(config(&migrated, 0));
    assert!(config["gallery"]["imageVersionId"].as_str().is_some_and(|id| id.ends_with("/4.2.0")));
    assert_outcomes(
        &migrated,
        &[
            ("virtualMachineConfiguration.imageReference.virtualMachineImageId", Outcome::Same),
            ("virtualMachineConfiguration.nodeAgentSKUId", Outcome::Same),
            ("certificateReferences[0].thumbprint", Outcome::Step),
            ("userAccounts[0].name", Outcome::Step),
            (
                "virtualMachineConfiguration.extensions[1].protectedSettings.commandToExecute",
                Outcome::Secret,
            ),
            ("targetNodeCommunicationMode", Outcome::Dropped),
        ],
    );
    // Each of these is a key or a patch, and the new pool has it either way.
    for source in [
        "upgradePolicy.mode",
        "resourceTags.cost",
        "networkConfiguration.endpointConfiguration.inboundNATPools[0].frontendPortRangeEnd",
        "networkConfiguration.publicIPAddressConfiguration.ipAddressIds[0]",
        "virtualMachineConfiguration.dataDisks[0].diskSizeGB",
        "virtualMachineConfiguration.diskEncryptionConfiguration.targets[0]",
        "virtualMachineConfiguration.nodePlacementConfiguration.policy",
        "virtualMachineConfiguration.securityProfile.uefiSettings.secureBootEnabled",
        "virtualMachineConfiguration.extensions[0].settings.workspace.kind",
    ] {
        let row = row(&migrated, source);
        assert!(
            matches!(row.outcome, Outcome::Same | Outcome::Patch),
            "{source}: {:?} {}",
            row.outcome,
            row.why
        );
    }
}

#[test]
fn a_registry_with_a_domain_name_label_keeps_its_name_and_its_host() {
    let migrated = migrated(&["label.json"]);
    let config = config(&migrated, 0);
    assert_eq!(config["registry"]["name"], "miller");
    assert_eq!(config["registry"]["loginServer"], "miller-a1b2c3d4e5f6a7b8.azurecr.io");
    let image = "virtualMachineConfiguration.containerConfiguration.containerImageNames[0]";
    assert_outcomes(&migrated, &[(image, Outcome::Same)]);
}

/// The identity that exists goes on to pull, and the pool names it once.
#[test]
fn the_identity_of_a_registry_becomes_the_pull_identity() {
    let migrated = migrated(&["gpu-identity.json"]);
    let config = config(&migrated, 0);
    let id = config["access"]["pullIdentityId"].as_str().expect("an ID");
    assert!(id.ends_with("/userAssignedIdentities/pull"), "{id}");
    let pool = &config["batch"]["pools"][0];
    assert_eq!(pool["identities"], Value::Null);
    let base = "virtualMachineConfiguration.containerConfiguration.containerRegistries[0]";
    assert_outcomes(&migrated, &[(&format!("{base}.identityReference.resourceId"), Outcome::Same)]);
}

/// MPI needs InfiniBand's drivers and libraries, which the image of the source had.
#[test]
fn an_hpc_image_that_has_ended_is_followed_by_an_hpc_image() {
    let pool = r#"{"id":"mpi","vmSize":"Standard_HB120rs_v3","virtualMachineConfiguration":{"imageReference":{"publisher":
        "openlogic","offer":"centos-hpc","sku":"7.7"},"nodeAgentSKUId":"batch.node.centos 7"},"targetDedicatedNodes":2,
        "enableInterNodeCommunication":true}"#;
    let file = File { name: "mpi.json".to_owned(), text: pool.to_owned() };
    let migrated = migrate::migrate(&[file], &tools()).expect("it is migrated");
    assert_eq!(config(&migrated, 0)["node"]["os"], "ubuntu-hpc-24.04");
}

/// A new account has no files, so a start task that waits for them would never end.
#[test]
fn files_of_an_unknown_account_are_a_step() {
    let pool = r#"{"id":"f","vmSize":"Standard_D4ds_v5","virtualMachineConfiguration":{"imageReference":{"publisher":"canonical",
        "offer":"ubuntu-24_04-lts","sku":"server"},"nodeAgentSKUId":"batch.node.ubuntu 24.04"},"targetDedicatedNodes":1,
        "startTask":{"commandLine":"ls","resourceFiles":[{"autoStorageContainerName":"inputs"},{"httpUrl":"https://example.com/a","filePath":"a"}]}}"#;
    let file = File { name: "files.json".to_owned(), text: pool.to_owned() };
    let migrated = migrate::migrate(&[file], &tools()).expect("it is migrated");
    let source = "startTask.resourceFiles[0].autoStorageContainerName";
    assert_outcomes(
        &migrated,
        &[(source, Outcome::Step), ("startTask.resourceFiles[1].httpUrl", Outcome::Same)],
    );
    let config = config(&migrated, 0);
    let files = &config["batch"]["pools"][0]["startTask"]["resourceFiles"];
    assert_eq!(files.as_array().map(Vec::len), Some(1), "{files}");
}

/// A user without a password is no user of the new pool, so its start task cannot run as that user.
#[test]
fn a_start_task_does_not_run_as_a_user_that_is_not_taken_over() {
    let pool = r#"{"id":"u","vmSize":"Standard_D4ds_v5","virtualMachineConfiguration":{"imageReference":{"publisher":"canonical",
        "offer":"ubuntu-24_04-lts","sku":"server"},"nodeAgentSKUId":"batch.node.ubuntu 24.04"},"targetDedicatedNodes":1,
        "userAccounts":[{"name":"admin1","password":"Geheim-1","elevationLevel":"admin"}],
        "startTask":{"commandLine":"id","userIdentity":{"username":"admin1"}}}"#;
    let file = File { name: "users.json".to_owned(), text: pool.to_owned() };
    let migrated = migrate::migrate(&[file], &tools()).expect("it is migrated");
    assert_outcomes(
        &migrated,
        &[
            ("startTask.userIdentity.username", Outcome::Step),
            ("userAccounts[0].name", Outcome::Step),
        ],
    );
    let config = config(&migrated, 0);
    assert!(!config.contains_key("patch"), "{config:?}");
}

#[test]
fn no_config_asks_for_nodes_that_could_not_start() {
    let mismatch = migrated(&["mismatch.json"]);
    assert_eq!(config(&mismatch, 0)["node"]["os"], "ubuntu-24.04");
    let agent = row(&mismatch, "virtualMachineConfiguration.nodeAgentSKUId");
    assert!(agent.outcome == Outcome::Differs && agent.why.contains("does not match"), "{agent:?}");

    let retired = migrated(&["retired.json"]);
    let size = row(&retired, "vmSize");
    assert!(size.outcome == Outcome::Differs && size.why.contains("retired"), "{size:?}");
    assert_eq!(config(&retired, 0)["node"]["os"], "ubuntu-24.04");
    let command = row(&retired, "startTask.commandLine");
    assert!(command.why.contains("without a shell"), "{command:?}");
}

#[test]
fn mounts_that_need_a_secret_are_steps() {
    let migrated = migrated(&["definition.json"]);
    assert_outcomes(
        &migrated,
        &[
            ("mountConfiguration[0].cifsMountConfiguration.password", Outcome::Secret),
            ("mountConfiguration[0].cifsMountConfiguration.source", Outcome::Step),
            ("mountConfiguration[1].azureFileShareConfiguration.azureFileUrl", Outcome::Step),
            ("mountConfiguration[2].azureBlobFileSystemConfiguration.containerName", Outcome::Step),
            ("virtualMachineConfiguration.imageReference.virtualMachineImageId", Outcome::Differs),
        ],
    );
}

#[test]
fn a_template_is_evaluated_as_far_as_possible() {
    let exported = migrated(&["template.json"]);
    let config = Value::Object(config(&exported, 0));
    assert_eq!(config["batch"]["account"]["name"], "renderbatch");
    assert_eq!(config["location"], "swedencentral");
    assert_eq!(config["batch"]["pools"][0]["nodes"], 2);
    let subnet = row(&exported, "properties.networkConfiguration.subnetId");
    assert!(subnet.outcome == Outcome::Step && subnet.why.contains("deployment"), "{subnet:?}");
    assert_eq!(
        row(&exported, "Microsoft.Storage/storageAccounts `renderstorage`").outcome,
        Outcome::Stays
    );

    let compiled = migrated(&["compiled-bicep.json"]);
    // A literal text that looks like an expression is escaped in a template.
    assert_eq!(row(&compiled, "properties.metadata[0].value").value, "[v]");
    let packaged = migrated(&["extension-template.json"]);
    assert_eq!(row(&packaged, "packageReferences[0].id").outcome, Outcome::Step);
}

#[test]
fn terraform_names_are_those_of_the_resource() {
    let migrated = migrated(&["terraform.json"]);
    let config = Value::Object(config(&migrated, 0));
    assert_eq!(config["location"], "westeurope");
    assert_eq!(config["batch"]["pools"][0]["environment"]["env"], "TEST");
    assert_outcomes(
        &migrated,
        &[
            ("container_configuration[0].container_registries[0].password", Outcome::Secret),
            ("fixed_scale[0].target_dedicated_nodes", Outcome::Same),
            ("certificate[0].id", Outcome::Step),
            ("`azurerm_batch_job.nightly`", Outcome::Step),
            ("`azurerm_storage_account.main`", Outcome::Stays),
        ],
    );
}

#[test]
fn a_pool_that_runs_becomes_a_config_on_its_image() {
    let migrated = migrated(&["pool.json"]);
    let config = Value::Object(config(&migrated, 0));
    assert_eq!(config["location"], "swedencentral");
    assert_eq!(config["batch"]["account"]["name"], "visionbatch");
    assert!(config["gallery"]["imageVersionId"].is_string());
    let pool = &config["batch"]["pools"][0];
    assert_eq!((&pool["nodes"], &pool["taskSlotsPerNode"]), (&Value::from(4), &Value::from(2)));
    assert!(pool["spotNodes"].is_number());
    assert_eq!(pool["startTask"]["elevation"], "admin");
    assert_eq!(pool["environment"]["MODE"], "train");
    assert_eq!(pool["metadata"]["team"], "vision");
    let notes = migrated.notes.join("\n");
    assert!(notes.contains("tag `latest`") && notes.contains("hides its failure"), "{notes}");
}

/// A pool of one node with an image and a size.
fn pool_of(image: [&str; 3], agent: &str, size: &str) -> File {
    let [publisher, offer, sku] = image;
    let pool = serde_json::json!({
        "id": "own",
        "vmSize": size,
        "targetDedicatedNodes": 1,
        "virtualMachineConfiguration": {
            "imageReference": { "publisher": publisher, "offer": offer, "sku": sku },
            "nodeAgentSKUId": agent,
        },
    });
    File { name: "pool.json".to_owned(), text: pool.to_string() }
}

#[test]
fn the_image_of_a_pool_stays_the_base_of_the_new_one() {
    let hpc = ["microsoft-dsvm", "ubuntu-hpc", "2404"];
    let ubuntu = "batch.node.ubuntu 24.04";
    let cases = [
        (pool_of(hpc, ubuntu, "Standard_ND96isr_H100_v5"), "ubuntu-hpc-24.04"),
        (
            pool_of(["resf", "rockylinux-x86_64", "9-base"], "batch.node.el 9", "Standard_D4ds_v5"),
            "rocky-9",
        ),
        // The driver of the image does not serve these: GRID, V100.
        (pool_of(hpc, ubuntu, "Standard_NV36ads_A10_v5"), "ubuntu-24.04"),
        (pool_of(hpc, ubuntu, "Standard_ND40rs_v2"), "ubuntu-24.04"),
    ];
    for (file, os) in cases {
        let migrated =
            migrate::migrate(std::slice::from_ref(&file), &tools()).expect("it is migrated");
        let config: Value = serde_yaml::from_str(&migrated.configs[0].yaml).expect("YAML");
        assert_eq!(config["node"]["os"], os, "{}", file.text);
    }
}

#[test]
fn a_retired_size_is_replaced_by_one_of_its_kind() {
    let image = ["Canonical", "ubuntu-24_04-lts", "server"];
    let cases = [
        ("STANDARD_H16R", "Standard_HB120rs_v3"),
        ("STANDARD_A1", "Standard_D4s_v5"),
        ("STANDARD_NC6_Promo", "Standard_NC4as_T4_v3"),
    ];
    for (old, new) in cases {
        let file = pool_of(image, "batch.node.ubuntu 24.04", old);
        let migrated = migrate::migrate(&[file], &tools()).expect("it is migrated");
        let config: Value = serde_yaml::from_str(&migrated.configs[0].yaml).expect("YAML");
        assert_eq!(config["node"]["vmSize"], new, "{old}");
        let found = migrated.configs[0].diagnostics.iter();
        let errors: Vec<_> =
            found.filter(|it| it.severity == Severity::Error).map(|it| &it.title).collect();
        assert!(errors.is_empty(), "{old}: {errors:?}");
    }
}
