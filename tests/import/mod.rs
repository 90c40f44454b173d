//! `prebake init --from`: each kind of file becomes a config that renders, and its defects are named.
#![expect(clippy::disallowed_methods, reason = "tests read what the command wrote")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn prebake(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_prebake"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("prebake runs")
}

/// Imports cases and renders the result; gives the config and the notes.
fn import(cases: &[&str]) -> (String, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/cases");
    let paths: Vec<String> =
        cases.iter().map(|case| root.join(case).to_str().expect("text").to_owned()).collect();
    let mut arguments = vec!["init"];
    for path in &paths {
        arguments.extend(["--from", path]);
    }
    let output = prebake(folder.path(), &arguments);
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{notes}");
    let config = fs::read_to_string(folder.path().join("prebake.yaml")).expect("it was written");
    let output = prebake(folder.path(), &["render", "prebake.yaml", "--dry-run"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{config}\n{said}");
    (config, notes)
}

#[track_caller]
fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
}

#[test]
fn the_old_script_becomes_a_config_and_a_list_of_its_defects() {
    let (config, notes) = import(&["batch-prep.sh"]);
    assert_has(
        &config,
        &["location: westeurope", "os: almalinux-9", "vmSize: Standard_NC8as_T4_v3", "tag: 2.4.1"],
    );
    assert_has(
        &notes,
        &[
            "ACR_NAME is computed",
            "never deprovisioned",
            "V1",
            "managed image",
            "no outbound access",
            "podman",
            "no NVIDIA container toolkit",
            "NvidiaGpuDriverLinux",
            "no containerConfiguration",
            "hides a failing `nvidia-smi`",
            "at random",
        ],
    );
}

#[test]
fn a_pool_that_runs_becomes_a_config_on_its_image() {
    let (config, notes) = import(&["pool.json"]);
    assert_has(
        &config,
        &[
            "location: swedencentral",
            "name: visionbatch",
            "vmSize: Standard_NC4as_T4_v3",
            "imageVersionId: /subscriptions/",
            "os: ubuntu-22.04",
            "nodes: 4",
            "spotNodes: ",
            "taskSlotsPerNode: 2",
            "elevation: admin",
            "MODE: train",
            "team: vision",
        ],
    );
    assert_has(
        &notes,
        &["resource group", "is `latest`", "registry password", "hides its failure"],
    );
}

#[test]
fn a_pair_of_shipyard_files_becomes_a_config() {
    let (config, notes) = import(&["shipyard-pool.yaml", "shipyard-config.yaml"]);
    assert_has(
        &config,
        &[
            "name: docker.io/library/busybox",
            "name: nvcr.io/nvidia/pytorch",
            "run: apt-get install -y htop",
            "interNodeCommunication: true",
            "nodes: 2",
            "spotNodes: ",
        ],
    );
    assert_has(&notes, &["credentials", "18.04-lts", "gpu.nvidia_driver", "`ssh`"]);
}

#[test]
fn other_files_are_refused_with_a_next_step() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in
        [("a.json", "{\"id\": 1}"), ("b.yaml", "a: 1\n"), ("c.txt", "\u{1}"), ("d", "")]
    {
        fs::write(folder.path().join(name), text).expect("a new file");
        let output = prebake(folder.path(), &["init", "--stdout", "--from", name]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("the file format is unknown"), "{name}: {said}");
    }
    let output = prebake(folder.path(), &["init", "--stdout", "--from", "absent"]);
    assert_eq!(output.status.code(), Some(2));
}
