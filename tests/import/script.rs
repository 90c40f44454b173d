//! The script that prebake replaces, and the files of Batch Shipyard.

use prebake::migrate::{self, File, Outcome};
use serde_json::Value;

use super::{assert_outcomes, config, migrated, row, tools};

#[test]
fn the_files_of_shipyard_become_one_config() {
    let migrated = migrated(&[
        "shipyard-full-pool.yaml",
        "shipyard-full-config.yaml",
        "shipyard-full-credentials.yaml",
        "shipyard-jobs.yaml",
    ]);
    let config = Value::Object(config(&migrated, 0));
    assert_eq!(config["location"], "westus2");
    assert_eq!(config["resourceGroup"], "ship-rg");
    assert_eq!(config["subscription"], "3f2504e0-4f89-41d3-9a0c-0305e82c3301");
    assert_eq!(config["bake"]["steps"].as_array().map(Vec::len), Some(2));
    let mounts: Vec<&str> = config["batch"]["pools"][0]["mounts"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|mount| mount["kind"].as_str())
        .collect();
    assert_eq!(mounts, ["blob", "nfs"]);
    assert_outcomes(
        &migrated,
        &[
            ("credentials.batch.account_key", Outcome::Secret),
            ("pool_specification.resize_timeout", Outcome::Same),
            ("pool_specification.autoscale.scenario.name", Outcome::Step),
            ("pool_specification.virtual_network.name", Outcome::Step),
            ("global_resources.volumes.shared_data_volumes.lustre.volume_driver", Outcome::Step),
            ("global_resources.docker_images[0]", Outcome::Same),
            ("job `train`", Outcome::Step),
            ("job schedule `nightly`", Outcome::Step),
        ],
    );
}

#[test]
fn the_scripts_own_dockerfiles_are_named() {
    for (gpu, os, expected) in [
        ("true", "ubuntu", "Dockerfile.gpu.ubuntu"),
        ("true", "almalinux", "Dockerfile.gpu.almalinux"),
        ("false", "ubuntu", "Dockerfile.cpu.ubuntu"),
        ("false", "almalinux", "Dockerfile.cpu.almalinux"),
    ] {
        let variables = [
            ("CREATE_ACR", "true"),
            ("ENABLE_GPU", gpu),
            ("BASE_OS", os),
            ("DOCKER_IMAGE_TAG", "1"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let migrated = migrate::migrate_variables(&variables, &tools());
        assert_eq!(config(&migrated, 0)["images"][0]["build"]["dockerfile"], expected);
        let told = migrated.notes.iter().any(|note| note.contains("RESOURCE_GROUP is not set"));
        assert!(told, "{:?}", migrated.notes);
    }
}

#[test]
fn the_first_version_of_the_script_has_one_size() {
    let migrated = migrated(&["older-script.sh"]);
    assert_eq!(config(&migrated, 0)["node"]["vmSize"], "Standard_NC8as_T4_v3");
    let notes = migrated.notes.join("\n");
    assert!(!notes.contains("1.0.0") && !notes.contains("random names"), "{notes}");
    assert!(notes.contains("managed image"), "{notes}");
    assert_eq!(row(&migrated, "VM_NAME").outcome, Outcome::Dropped);
}

#[test]
fn the_environment_goes_before_the_script() {
    let migrated = migrated(&["batch-prep.sh", "script.env"]);
    let config = Value::Object(config(&migrated, 0));
    assert_eq!(config["location"], "northeurope");
    assert_eq!(config["node"]["os"], "almalinux-9");
    assert_eq!(config["images"][0]["build"]["dockerfile"], "Dockerfile.cpu.almalinux");
    assert_eq!(config["batch"]["pools"][0]["id"], "dev");
    assert_eq!(row(&migrated, "LOG_LEVEL").outcome, Outcome::Dropped);
}

#[test]
fn the_old_script_becomes_a_config_and_a_list_of_its_defects() {
    let migrated = migrated(&["batch-prep.sh"]);
    let config = Value::Object(config(&migrated, 0));
    assert_eq!(config["location"], "westeurope");
    assert_eq!(config["node"]["os"], "almalinux-9");
    assert_eq!(config["node"]["vmSize"], "Standard_NC8as_T4_v3");
    assert_eq!(config["images"][0]["tag"], "2.4.1");
    let notes = migrated.notes.join("\n");
    for defect in [
        "computes ACR_NAME",
        "never deprovisioned",
        "V1",
        "managed image",
        "no outbound access",
        "Podman",
        "does not install the NVIDIA Container Toolkit",
        "NvidiaGpuDriverLinux",
        "no containerConfiguration",
        "hides a failure of `nvidia-smi`",
        "random names",
    ] {
        assert!(notes.contains(defect), "no `{defect}` in:\n{notes}");
    }
}

#[test]
fn a_recipe_of_shipyard_becomes_a_config() {
    let migrated = migrated(&["shipyard-pool.yaml", "shipyard-config.yaml"]);
    let text = &migrated.configs[0].yaml;
    for part in [
        "name: docker.io/library/busybox",
        "name: nvcr.io/nvidia/pytorch",
        "run: apt-get install -y htop",
        "interNodeCommunication: true",
        "nodes: 2",
        "spotNodes: ",
    ] {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
    assert!(row(&migrated, "location").outcome == Outcome::Step);
}

#[test]
fn shipyard_downloads_files_without_a_start_task() {
    let text = "pool_specification:\n  id: own\n  vm_size: STANDARD_D4DS_V5\n  vm_count: { dedicated: 1 }\n  \
                resource_files:\n  - blob_source: https://a.example/b\n    file_path: in/b\n";
    let file = File { name: "pool.yaml".to_owned(), text: text.to_owned() };
    let migrated = migrate::migrate(&[file], &tools()).expect("it is migrated");
    let lost: Vec<_> = migrated
        .report
        .rows
        .iter()
        .filter(|row| row.source.contains("resource_files") && row.outcome != Outcome::Same)
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
}
