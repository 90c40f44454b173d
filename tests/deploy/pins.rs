//! A later render offers the digests that a bake met.

use std::fs;
use std::path::Path;
use std::process::Command;

const IMAGE: &str = "mcr.microsoft.com/azurelinux/base/python:3.12";

fn notes_beside(result: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/cpu.yaml");
    let beside = folder.path().join("simulate");
    fs::create_dir(&beside).expect("a new folder");
    fs::write(beside.join("bake-result.json"), result).expect("a new file");
    let output = Command::new(env!("CARGO_BIN_EXE_prebake"))
        .arg("render")
        .arg(example)
        .arg("--output")
        .arg(folder.path())
        .output()
        .expect("prebake runs");
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{notes}");
    assert!(!notes.contains("does not belong to this render"), "{notes}");
    let kept = fs::read_to_string(beside.join("bake-result.json")).expect("it is kept");
    assert_eq!(kept, result);
    notes
}

#[test]
fn a_good_bake_offers_its_digests() {
    let digest = format!("sha256:{}", "ab".repeat(32));
    let result =
        format!(r#"{{"status":"succeeded","images":[{{"image":"{IMAGE}","digest":"{digest}"}}]}}"#);
    let notes = notes_beside(&result);
    assert!(notes.contains(&format!("`{IMAGE}` was baked as {digest}")), "{notes}");
}

#[test]
fn a_failed_or_broken_result_offers_nothing() {
    let failed = format!(r#"{{"status":"failed","images":[{{"image":"{IMAGE}","digest":"x"}}]}}"#);
    for result in [failed.as_str(), "{", "", r#"{"status":"succeeded","images":[]}"#] {
        assert!(!notes_beside(result).contains("was baked as"), "{result}");
    }
}
