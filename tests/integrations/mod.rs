//! What runs prebake for the user: the GitHub Action, the steps for Azure Pipelines, the installer and the package manifests.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]
#![expect(clippy::panic, reason = "a failed step says what went wrong")]

mod pins;
mod pull_request;
mod service;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const TARGET: &str = "x86_64-unknown-linux-musl";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).expect("it is YAML")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it is UTF-8")
}

#[track_caller]
fn runs(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// A folder that serves the binary of this build as a release does, and the digest of its archive.
fn release(folder: &Path) -> (String, String) {
    let name = format!("prebake-{VERSION}-{TARGET}");
    let content = folder.join(&name);
    std::fs::create_dir_all(&content).expect("a folder can be made");
    std::fs::copy(env!("CARGO_BIN_EXE_prebake"), content.join("prebake")).expect("it is copied");
    let served = folder.join(format!("v{VERSION}"));
    std::fs::create_dir_all(&served).expect("a folder can be made");
    let archive = served.join(format!("{name}.tar.gz"));
    let mut tar = Command::new("tar");
    runs(tar.arg("-czf").arg(&archive).arg("-C").arg(folder).arg(&name));
    let digest = Sha256::digest(std::fs::read(archive).expect("it is there"));
    let digest = digest.iter().fold(String::new(), |all, byte| format!("{all}{byte:02x}"));
    (format!("file://{}", folder.display()), digest)
}

fn install(releases: &str, version: &str, digest: Option<&str>, folder: &Path) -> Output {
    let mut command = Command::new("bash");
    command.arg(root().join("integrations/install")).arg(version).arg(folder);
    command.env("PREBAKE_RELEASES", releases);
    command.env("PREBAKE_SHA256", digest.unwrap_or_default());
    command.output().expect("bash runs")
}

#[test]
fn the_installer_takes_the_archive_of_the_known_digest_only() {
    let scratch = tempfile::tempdir().expect("a folder");
    let (releases, digest) = release(scratch.path());
    let installed: PathBuf = scratch.path().join("bin");

    let other = format!("{:0>64}", "1");
    for (version, known, why) in [
        (VERSION, Some(other.as_str()), "nothing was installed"),
        (VERSION, None, "no SHA-256 is known"),
        ("1; rm -rf /", Some(digest.as_str()), "is not a version"),
    ] {
        let refused = install(&releases, version, known, &installed);
        assert_eq!(refused.status.code(), Some(2));
        assert!(text(&refused.stderr).contains(why), "{}", text(&refused.stderr));
        assert!(!installed.exists());
    }
    let done = install(&releases, VERSION, Some(&digest), &installed);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert!(text(&done.stdout).starts_with(&format!("prebake {VERSION}\n")));
}

#[test]
fn the_package_manifests_name_the_archives_and_their_digests() {
    let dist = tempfile::tempdir().expect("a folder");
    let targets = [
        TARGET,
        "aarch64-unknown-linux-musl",
        "x86_64-apple-darwin",
        "aarch64-apple-darwin",
        "x86_64-pc-windows-msvc",
    ];
    for (index, target) in targets.iter().enumerate() {
        let name = format!("prebake-{VERSION}-{target}.tar.gz");
        let line = format!("{index:064x}  {name}\n");
        std::fs::write(dist.path().join(format!("{name}.sha256")), line).expect("it is written");
    }
    let zip = format!("prebake-{VERSION}-x86_64-pc-windows-msvc.zip");
    let line = format!("{:064x}  {zip}\n", 9);
    std::fs::write(dist.path().join(format!("{zip}.sha256")), line).expect("it is written");

    let out = dist.path().join("manifests");
    let mut manifests = Command::new(root().join(".ci/manifests"));
    runs(manifests.arg(VERSION).arg(dist.path()).arg(&out));

    let formula = std::fs::read_to_string(out.join("prebake.rb")).expect("there is a formula");
    for index in 0..4 {
        assert!(formula.contains(&format!("sha256 \"{index:064x}\"")), "{formula}");
    }
    let winget = std::fs::read_to_string(out.join("winget/Prebake.Prebake.installer.yaml"));
    let winget = yaml(&winget.expect("there is a manifest"));
    assert_eq!(winget["PackageVersion"], VERSION);
    assert_eq!(winget["Installers"][0]["InstallerSha256"], format!("{:064X}", 9));
    let listed = std::fs::read_to_string(out.join("digests.tsv")).expect("there are digests");
    assert_eq!(listed.lines().filter(|line| line.starts_with("prebake-")).count(), 5);
    for file in walkdir::WalkDir::new(&out) {
        let file = file.expect("it can be read");
        if file.file_type().is_file() {
            let text = std::fs::read_to_string(file.path()).expect("it is text");
            assert!(!text.contains("@@"), "{}: {text}", file.path().display());
        }
    }
}

#[test]
fn the_catalog_entry_for_editors_matches_the_configs_that_a_folder_search_finds() {
    let entry: Value = serde_json::from_str(&read("integrations/schemastore.json")).expect("JSON");
    assert_eq!(entry["fileMatch"], serde_json::json!(["prebake.yaml", "*.prebake.yaml"]));
    let release = read(".github/workflows/release.yml");
    let file = entry["url"].as_str().and_then(|url| url.rsplit('/').next()).expect("a URL");
    assert!(release.contains(&format!("schemas/{file}")), "the release publishes {file}");
}
