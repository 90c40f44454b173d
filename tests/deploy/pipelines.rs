//! The example pipelines: each image is built from the folder of its config. `integrations` tests the review.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

const GITHUB: &str = include_str!("../../examples/github-actions.yml");
const AZURE: &str = include_str!("../../examples/azure-pipelines.yml");

/// The blocks of a shell script, without their indentation.
fn scripts(pipeline: &str, key: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = pipeline.lines().peekable();
    while let Some(line) = lines.next() {
        if !line.trim_start_matches([' ', '-']).starts_with(key) || !line.ends_with('|') {
            continue;
        }
        let depth = |line: &str| line.len() - line.trim_start().len();
        let inner = lines.peek().map_or(0, |line| depth(line));
        let mut script = String::new();
        while let Some(line) = lines.next_if(|line| line.is_empty() || depth(line) >= inner) {
            script.push_str(line.get(inner..).unwrap_or_default());
            script.push('\n');
        }
        found.push(script);
    }
    found
}

#[test]
fn every_script_is_bash_that_stops_at_an_error() {
    let azure = [scripts(AZURE, "script:"), scripts(AZURE, "inlineScript:")].concat();
    assert_eq!(azure.len(), 2);
    for script in &azure {
        assert!(script.starts_with("set -euo pipefail\n"), "{script}");
    }
    for script in azure.iter().chain(&scripts(GITHUB, "run:")) {
        let check = Command::new("bash").args(["-n", "-c", script]).status().unwrap();
        assert!(check.success(), "{script}");
    }
}

#[test]
fn a_deployment_builds_from_the_folder_of_its_config() {
    for (pipeline, key) in [(GITHUB, "run:"), (AZURE, "inlineScript:")] {
        let deploy = scripts(pipeline, key).pop().unwrap();
        let checkout = tempfile::tempdir().unwrap();
        for name in ["one", "two"] {
            std::fs::create_dir_all(checkout.path().join("out").join(name)).unwrap();
        }
        let prebake = checkout.path().join("prebake");
        std::fs::write(&prebake, "#!/bin/sh\necho \"$*\"\n[ \"$2\" != out/broken/ ]\n").unwrap();
        std::fs::set_permissions(&prebake, std::fs::Permissions::from_mode(0o755)).unwrap();
        let command = |name: &str| {
            format!(
                "deploy out/{name}/ --full --verify --source configs/{name} --config configs/{name}/prebake.yaml"
            )
        };
        assert_eq!(ran(&deploy, checkout.path()), (true, vec![command("one"), command("two")]));
        std::fs::create_dir_all(checkout.path().join("out/broken")).unwrap();
        assert_eq!(ran(&deploy, checkout.path()), (false, vec![command("broken")]));
    }
}

/// Whether the script ended well, and what it ran.
fn ran(script: &str, checkout: &Path) -> (bool, Vec<String>) {
    let path = std::env::var_os("PATH").expect("there is a path");
    let mut paths = vec![checkout.to_owned()];
    paths.extend(std::env::split_paths(&path));
    let run = Command::new("bash")
        .args(["-e", "-c", script])
        .current_dir(checkout)
        .env("PATH", std::env::join_paths(paths).expect("paths without colons"))
        .output()
        .expect("bash runs");
    let told = String::from_utf8(run.stdout).expect("it prints UTF-8");
    (run.status.success(), told.lines().map(str::to_owned).collect())
}
