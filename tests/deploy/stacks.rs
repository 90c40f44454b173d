//! `stacks.sh`: what it asks the CLI for, and when a render holds it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::sync::Arc;

use prebake::pipeline::{self, Input};

use crate::deploy::conformance::{check, tables};

use crate::tools::tools;

const CONFIG: &str = include_str!("../../examples/gpu-preload.yaml");

fn files(stacks: &str) -> BTreeMap<String, String> {
    let bytes = format!("{CONFIG}{stacks}").into_bytes();
    let input = Input { path: "prebake.yaml".to_owned(), bytes, overrides: Vec::new() };
    let render = pipeline::render(&input, &tools()).render.expect("the example renders");
    Arc::unwrap_or_clone(render.artifacts.files)
}

/// Exit code and the calls of `az`, a word a line, an empty line between calls.
fn ran(script: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let az = folder.path().join("az");
    let log = folder.path().join("log");
    let stand_in = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" '' >> '{}'\n", log.display());
    fs::write(&az, stand_in).expect("a file");
    fs::set_permissions(&az, fs::Permissions::from_mode(0o755)).expect("a mode");
    let path = folder.path().join("stacks.sh");
    fs::write(&path, script).expect("a file");
    let search = format!("{}:{}", folder.path().display(), env!("PATH"));
    let run = Command::new("bash").arg(&path).args(arguments).env("PATH", search).output();
    let run = run.expect("bash runs");
    (run.status.code(), fs::read_to_string(log).unwrap_or_default())
}

#[test]
fn a_render_holds_stacks_only_on_request() {
    assert!(!files("").contains_key("stacks.sh"));
    assert!(files("stacks: {}\n").contains_key("stacks.sh"));
}

#[test]
fn each_lasting_stage_becomes_a_stack() {
    let asked = "stacks: { actionOnUnmanage: deleteResources, denySettingsMode: denyDelete }\n";
    let script = &files(asked)["stacks.sh"];
    for stage in ["registry", "batch"] {
        let (code, calls) = ran(script, &[stage]);
        assert_eq!(code, Some(0));
        let words: Vec<String> =
            calls.lines().map(str::to_owned).filter(|it| !it.is_empty()).collect();
        assert_eq!(words[..3], ["stack", "group", "create"]);
        let after = |option: &str| {
            words.iter().position(|word| word == option).map(|at| words[at + 1].as_str())
        };
        assert_eq!(after("--name"), Some(format!("vision-{stage}").as_str()));
        assert_eq!(after("--action-on-unmanage"), Some("deleteResources"));
        assert_eq!(after("--deny-settings-mode"), Some("denyDelete"));
        assert!(
            after("--template-file").is_some_and(|it| it.ends_with(&format!("arm/{stage}.json")))
        );
        if let Some(tables) = tables() {
            check(&words, &tables, true).expect("the real CLI takes it");
        }
    }
    // An image version stays as long as a pool uses it.
    for wrong in [&["image"][..], &["builder"], &[], &["--delete"]] {
        let (code, calls) = ran(script, wrong);
        assert_eq!((code, calls.as_str()), (Some(2), ""), "{wrong:?}");
    }
    let (code, calls) = ran(script, &["--delete", "batch"]);
    assert_eq!(code, Some(0));
    assert!(calls.starts_with("stack\ngroup\ndelete\n"), "{calls}");
}
