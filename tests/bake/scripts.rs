//! What other tools say about the scripts and the custom data.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::bake::plans::{self, variants};

/// Whether a tool is there; `.ci/install` brings all of them.
fn has(tool: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {tool}")]).output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("NOT CHECKED: {tool} is not installed; run .ci/install to have it");
    }
    found
}

fn own_steps() -> Vec<prebake::config::fields::BakeStep> {
    vec![
        plans::packages(&["htop", "nvtop=3.0.2-1"]),
        plans::file("/etc/motd d/it's $(x)", "baked\n"),
        plans::run("echo \"$HOME\" && cd /tmp\nfor x in `ls`; do echo $x; done"),
        plans::file("/etc/odd", " \u{85}\r\n\u{1b}"),
    ]
}

#[test]
fn every_script_passes_bash_and_shellcheck() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut scripts = Vec::new();
    for (name, plan) in variants(&own_steps()) {
        let home = folder.path().join(name);
        let (files, _) = plans::render(&plan);
        plans::install(&files, &home);
        for file in files.files {
            let path = home.join(file.path.trim_start_matches("/opt/prebake/"));
            if file.content.starts_with("#!") || file.path.ends_with("lib.sh") {
                scripts.push(path);
            }
        }
    }
    assert!(scripts.len() > 200, "{}", scripts.len());
    for script in &scripts {
        let output = Command::new("bash").arg("-n").arg(script).output().expect("bash runs");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && errors.is_empty(), "{}: {errors}", script.display());
    }
    if has("shellcheck") {
        let output = Command::new("shellcheck").args(&scripts).output().expect("shellcheck runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[derive(Debug, Deserialize)]
struct CloudConfig {
    write_files: Vec<WriteFile>,
    runcmd: Vec<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct WriteFile {
    path: String,
    permissions: String,
    encoding: Option<String>,
    content: String,
}

#[test]
fn the_custom_data_gives_every_file_back() {
    for (name, plan) in variants(&own_steps()).into_iter().filter(|(_, plan)| !plan.image_builder) {
        let (files, text) = plans::render(&plan);
        assert!(text.starts_with("#cloud-config\n"), "{name}");
        assert!(text.len() <= 65_535, "{name}: {} bytes of custom data", text.len());
        let read = prebake::yaml::read(&text, prebake::yaml::FOREIGN).expect("it is YAML");
        assert_eq!(read, prebake::render::bake::custom_data_value(&files), "{name}");
        let read: CloudConfig = serde_yaml::from_str(&text).expect("it is YAML");
        assert_eq!(read.write_files.len(), files.files.len(), "{name}");
        for (entry, file) in read.write_files.iter().zip(&files.files) {
            let content = match entry.encoding.as_deref() {
                None => entry.content.clone().into_bytes(),
                Some(encoding) => {
                    assert_eq!(encoding, "b64");
                    base64_simd::STANDARD.decode_to_vec(&entry.content).expect("it is base64")
                }
            };
            assert_eq!(entry.path, file.path);
            assert_eq!(entry.permissions, file.permissions);
            let content = String::from_utf8(content).expect("all files are text");
            assert_eq!(content, file.content, "{name}: {}", file.path);
        }
        assert_eq!(read.runcmd.last().map(|command| command[0].as_str()), Some("systemctl"));
    }
}

#[test]
fn cloud_init_accepts_the_custom_data() {
    let unpacked = Path::new("/opt/prebake-ci/cloud-init");
    let library = unpacked.join("usr/lib/python3/dist-packages");
    if !library.exists() {
        eprintln!("NOT CHECKED: cloud-init is not unpacked; run .ci/install to have it");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Each check starts a Python of its own; these hold every step that there is.
    let whole = ["cpu", "nvswitch", "grid"];
    let plans = variants(&own_steps()).into_iter().filter(|(name, _)| {
        name.starts_with("ubuntu-24.04") && whole.iter().any(|gpu| name.ends_with(gpu))
            || name == "almalinux-9-cuda"
    });
    for (name, plan) in plans {
        let path = folder.path().join(format!("{name}.yaml"));
        fs::write(&path, plans::render(&plan).1).expect("a new file");
        let output = Command::new("/usr/bin/python3")
            .args(["-m", "cloudinit.cmd.main", "schema", "--config-file"])
            .arg(&path)
            .env("PYTHONPATH", &library)
            .output()
            .expect("python3 runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("Valid"), "{name}: {said}");
    }
}

#[test]
fn steps_come_in_the_order_that_the_image_needs() {
    for (name, plan) in variants(&own_steps()) {
        let order: BTreeMap<&str, usize> = plan
            .steps
            .iter()
            .enumerate()
            .map(|(place, step)| (step.name.as_str(), place))
            .collect();
        assert_eq!(order.len(), plan.steps.len(), "{name}: every step has a name of its own");
        let last = if plan.image_builder { "clean" } else { "deprovision" };
        assert_eq!(plan.steps.last().map(|step| step.name.as_str()), Some(last), "{name}");
        assert!(order["docker"] < order["logout"], "{name}");
        assert!(order["logout"] < order["clean"], "{name}");
        if let (Some(login), Some(own)) = (order.get("login"), order.get("step-4")) {
            assert!(own < login, "{name}: commands of the user's never see a credential");
        }
        let none = ["cpu", "-rocm", "no-images"].iter().any(|end| name.ends_with(end));
        let gpu = !none && !plan.image_builder;
        assert_eq!(order.contains_key("gpu-driver"), gpu, "{name}");
        assert_eq!(order.contains_key("container-toolkit"), gpu, "{name}");
        assert_eq!(order.contains_key("fabric-manager"), name.ends_with("nvswitch"), "{name}");
    }
}

#[test]
fn fabric_manager_has_the_name_that_it_has_in_the_branch_of_the_driver() {
    let nvswitch = |version: &str| prebake::model::Gpu {
        nvswitch: true,
        driver_version: Some(version.to_owned()),
        ..plans::data_centre()
    };
    for (os, package_manager, version, install) in [
        ("ubuntu-22.04", "apt", "575.57.08", "install_packages nvidia-fabricmanager-575=\"$ver"),
        ("ubuntu-22.04", "apt", "580.178.04", "install_packages nvidia-fabricmanager=\"$ver"),
        ("almalinux-9", "dnf", "575.57.08", "install_packages nvidia-fabric-manager-\"$ver"),
        ("almalinux-9", "dnf", "590.48.01", "install_packages nvidia-fabricmanager-\"$ver"),
    ] {
        let gpu = nvswitch(version);
        let input = prebake::model::bake::BakeInput {
            os,
            software: os,
            package_manager,
            gpu: Some(&gpu),
            ..plans::input()
        };
        let plan = prebake::model::bake::plan(&input).expect("there is a driver");
        let (files, _) = plans::render(&plan);
        let mut steps = files.files.iter().filter(|file| file.path.ends_with("-fabric-manager.sh"));
        let step = steps.next().expect("there is a step");
        assert!(step.content.contains(install), "{os} {version}: {}", step.content);
    }
}

#[test]
fn the_bake_id_changes_with_what_is_baked() {
    let id = |steps: &[prebake::config::fields::BakeStep]| {
        let input = prebake::model::bake::BakeInput { steps, ..plans::input() };
        let plan = prebake::model::bake::plan(&input).expect("no driver is needed");
        plans::render(&plan).0.bake_id
    };
    assert_eq!(id(&[]), id(&[]));
    assert_ne!(id(&[]), id(&[plans::run("true")]));
    assert_ne!(id(&[plans::run("false")]), id(&[plans::run("true")]));
}

#[test]
fn the_single_script_of_image_builder_puts_every_file_in_its_place() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let home = folder.path().join("home");
    let mut steps = own_steps();
    steps.push(plans::run("cat << PREBAKE_END\nstill the command\nPREBAKE_END"));
    let input =
        prebake::model::bake::BakeInput { image_builder: true, steps: &steps, ..plans::input() };
    let plan = prebake::model::bake::plan(&input).expect("no driver is needed");
    let (files, script) = plans::render_script(&plan);
    let runs = format!("exec bash {}/prebake-bake", home.display());
    let script = script.replace("/opt/prebake", home.to_str().expect("text"));
    assert!(script.trim_end().ends_with(&runs), "{script}");
    let script = script.replace(&runs, "");
    let output = Command::new("bash").args(["-c", &script]).output().expect("bash runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for file in &files.files {
        let name = file.path.strip_prefix("/opt/prebake/").expect("nothing is elsewhere");
        let text = fs::read_to_string(home.join(name)).expect("it was written");
        assert_eq!(
            text,
            file.content.replace("/opt/prebake", home.to_str().expect("text")),
            "{name}"
        );
    }
}
