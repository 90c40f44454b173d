//! What a change contradicts: an image under the same version, a build under the same tag.

use std::sync::Arc;

use prebake::diff::{Diff, diff};

use super::pairs::compare;
use super::state::{base, rename, set};

#[test]
fn a_changed_bake_under_the_same_version_is_an_error() {
    let bake = |text: &str| {
        compare(|state| {
            Arc::make_mut(&mut state.files).insert("cloud-init.yaml".to_owned(), text.to_owned());
        })
    };
    let diff = bake("#cloud-config\nruncmd:\n  - [install-driver, \"580\"]\n");
    assert_eq!(
        diff.findings.iter().map(|finding| &finding.code[..]).collect::<Vec<_>>(),
        ["IMG024"]
    );
    assert_eq!(diff.detailed_exit().code(), 1);
    let other_way = compare(|state| {
        Arc::make_mut(&mut state.files).remove("cloud-init.yaml");
    });
    assert_eq!(
        other_way.findings.iter().map(|finding| &finding.code[..]).collect::<Vec<_>>(),
        ["IMG024"]
    );
    let comment = bake("#cloud-config\n# another comment\nruncmd: [[install-driver, \"570\"]]\n");
    assert!(comment.findings.is_empty() && comment.is_empty());
}

/// The codes of the findings.
fn codes(diff: &Diff) -> Vec<&str> {
    diff.findings.iter().map(|finding| &finding.code[..]).collect()
}

#[test]
fn another_disk_of_the_builder_is_another_image() {
    let diff = compare(|state| {
        set(state, "vision-builder", "properties.storageProfile.osDisk.diskSizeGB", 256);
    });
    assert_eq!(codes(&diff), ["IMG024"]);
}

#[test]
fn a_changed_build_under_the_same_tag_is_an_error() {
    let with = |tag: &str, arguments: &str, more: &str| {
        let mut state = base();
        let task = format!(
            "steps:\n  - id: build\n    build: \"-t {{{{.Run.Registry}}}}/app:{tag} -f Dockerfile {arguments}.\"\n    timeout: {more}\n"
        );
        Arc::make_mut(&mut state.files).insert("acr-task.yaml".to_owned(), task);
        state
    };
    let same_tag = diff(Some(&with("1", "", "3600")), Some(&with("1", "--build-arg A=1 ", "3600")));
    assert_eq!(codes(&same_tag), ["DIF010"]);
    let title = &same_tag.findings.iter().next().unwrap().title;
    assert_eq!(title, "the build of container image `app:1` changed, but its tag did not");
    assert_eq!(same_tag.detailed_exit().code(), 1);
    let other_tag =
        diff(Some(&with("1", "", "3600")), Some(&with("2", "--build-arg A=1 ", "3600")));
    let slower = diff(Some(&with("1", "", "3600")), Some(&with("1", "", "7200")));
    assert!(codes(&other_tag).is_empty() && codes(&slower).is_empty());
}

#[test]
fn a_pool_left_on_the_old_version_is_told() {
    let diff = compare(|state| rename(state, "/1.0.0", "1.1.0"));
    assert_eq!(
        diff.findings.iter().map(|finding| &finding.code[..]).collect::<Vec<_>>(),
        ["DIF003"]
    );
}
