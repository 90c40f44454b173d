//! Many configs at once: which are found, that they do not stop one another, what they may not share.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

mod compiled;

struct Ran {
    code: Option<i32>,
    out: String,
    errors: String,
}

fn prebake(folder: &Path, arguments: &[&str]) -> Ran {
    prebake_reading(folder, arguments, Stdio::null())
}

fn prebake_reading(folder: &Path, arguments: &[&str], input: Stdio) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_prebake"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("XDG_CACHE_HOME", folder.join(".cache"))
        .stdin(input)
        .output()
        .expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("prints UTF-8");
    Ran { code: output.status.code(), out: text(output.stdout), errors: text(output.stderr) }
}

/// What a render of the whole folder prints.
fn rendered(folder: &Path, more: &[&str]) -> String {
    let ran = prebake(folder, &[&["render", "."][..], more].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    ran.out
}

fn config(name: &str) -> String {
    format!(
        "name: {name}\nlocation: northeurope\nresourceGroup: {name}\n\
         images: [{{ name: docker.io/library/python, tag: 3.12.7-slim }}]\n\
         node: {{ gpu: false }}\ngallery: {{ version: 1.0.0 }}\n\
         batch: {{ pools: [{{ id: one, nodes: 1 }}] }}\n"
    )
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("has a folder")).expect("made");
    fs::write(path, text).expect("written");
}

fn tree(files: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (path, text) in files {
        write(folder.path(), path, text);
    }
    folder
}

fn renders(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder.join("out")) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("there").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn folders_are_searched_without_what_git_ignores() {
    let folder = tree(&[
        ("a/prebake.yaml", config("aa")),
        ("b/team.prebake.yaml", config("bb")),
        ("c/anything.yaml", config("cc")),
        ("c/workflow.yaml", "name: build\non: push\n".to_owned()),
        ("c/base.yaml", "location: northeurope\n".to_owned()),
        ("d/extends.yml", "name: dd\nextends: ../a/prebake.yaml\nresourceGroup: dd\n".to_owned()),
        ("ignored/prebake.yaml", config("no")),
        (".hidden/prebake.yaml", config("no")),
        ("b/gone.prebake.yaml", config("no")),
        (".gitignore", "ignored/\n".to_owned()),
        ("b/.gitignore", "gone.*\n".to_owned()),
    ]);
    let ran = prebake(folder.path(), &["render", "."]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.errors);
    assert_eq!(renders(folder.path()), ["aa", "bb", "cc", "dd"]);
    assert!(ran.out.contains("4 renders in out"), "{}", ran.out);
    assert!(ran.out.contains("4 written"), "{}", ran.out);
}

#[test]
fn config_named_twice_is_rendered_once() {
    let folder = tree(&[("a/prebake.yaml", config("aa"))]);
    let ran = prebake(folder.path(), &["render", "a", "a/prebake.yaml", "./a"]);
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    assert!(ran.out.contains("Next:"), "a single render: {}", ran.out);
}

#[test]
fn bad_config_does_not_stop_the_others() {
    let folder = tree(&[
        ("a.prebake.yaml", config("aa")),
        ("b.prebake.yaml", config("bb").replace("nodes: 1", "nodez: 1")),
        ("c.prebake.yaml", "name: [\n".to_owned()),
        ("d.prebake.yaml", config("dd")),
    ]);
    let ran = prebake(folder.path(), &["render", "."]);
    assert_eq!(ran.code, Some(2), "{}", ran.errors);
    assert_eq!(renders(folder.path()), ["aa", "dd"]);
    for part in ["nodez", "b.prebake.yaml:7:", "PB0003", "c.prebake.yaml:"] {
        assert!(ran.errors.contains(part), "{part}: {}", ran.errors);
    }
    assert!(ran.out.contains("2 written") && ran.out.contains("2 failed"), "{}", ran.out);
    fs::remove_file(folder.path().join("c.prebake.yaml")).expect("removed");
    assert_eq!(prebake(folder.path(), &["render", "."]).code, Some(1));
}

#[test]
fn lines_come_in_the_order_of_the_paths() {
    let names: Vec<String> = (0..90).map(|at| format!("c{at:02}")).collect();
    let files: Vec<(String, String)> =
        names.iter().map(|name| (format!("{name}/prebake.yaml"), config(name))).collect();
    let files: Vec<(&str, String)> =
        files.iter().map(|(path, text)| (path.as_str(), text.clone())).collect();
    let folder = tree(&files);
    let ran = prebake(folder.path(), &["render", ".", "--dry-run"]);
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    let lines: Vec<&str> = ran.out.lines().filter_map(|line| line.split(" → ").next()).collect();
    assert_eq!(&lines[..90], names);
    assert!(renders(folder.path()).is_empty());
}

#[test]
fn unchanged_renders_are_skipped_and_only_those() {
    let folder = tree(&[("a/prebake.yaml", config("aa")), ("b/prebake.yaml", config("bb"))]);
    let render = |more: &[&str]| rendered(folder.path(), more);
    assert!(render(&[]).contains("2 written"));
    assert!(render(&[]).contains("2 unchanged"));
    assert_eq!(render(&[]).matches("unchanged, skipped").count(), 2);
    assert_eq!(render(&["--force"]).matches("unchanged, skipped").count(), 0);
    // The config, a file on disk, a missing file, a template: each makes one render again.
    write(folder.path(), "a/prebake.yaml", &config("aa").replace("nodes: 1", "nodes: 2"));
    assert!(render(&[]).contains("1 written"));
    write(folder.path(), "out/bb/batch.bicep", "edited\n");
    assert!(render(&[]).contains("1 written"));
    fs::remove_file(folder.path().join("out/aa/README.md")).expect("removed");
    assert!(render(&[]).contains("1 written"));
    let script = folder.path().join("out/aa/deploy.sh");
    let text = fs::read_to_string(&script).expect("there");
    write(folder.path(), "out/aa/deploy.sh", &text.replacen("prebake", "prebakE", 1));
    assert!(render(&[]).contains("1 written"));
    assert_eq!(fs::read_to_string(&script).expect("there"), text);
    assert_eq!(render(&[]).matches("unchanged, skipped").count(), 2);
    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/bicep/image.bicep.tera");
    let text = fs::read_to_string(template).expect("there") + "// more\n";
    write(folder.path(), "mine/bicep/image.bicep.tera", &text);
    assert!(render(&["--templates", "mine"]).contains("2 written"));
    assert!(render(&["--set", "location=westeurope"]).contains("2 written"));
}

#[test]
fn a_config_that_can_be_read_once_collides_though_its_render_stands() {
    let folder = tree(&[
        ("a.yaml", config("same")),
        ("b.yaml", config("same")),
        ("c.yaml", config("other")),
    ]);
    assert_eq!(prebake(folder.path(), &["render", "a.yaml", "c.yaml"]).code, Some(0));
    let pipe = fs::File::open(folder.path().join("a.yaml")).expect("it is there");
    let ran = prebake_reading(folder.path(), &["render", "-", "b.yaml"], pipe.into());
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.errors);
    assert_eq!(ran.errors.matches("error[PB0501]").count(), 1, "{}", ran.errors);
}

#[test]
fn a_wrong_digest_of_a_content_costs_one_look() {
    let folder = tree(&[("a.yaml", config("aa")), ("b.yaml", config("bb"))]);
    let render = || rendered(folder.path(), &[]);
    assert!(render().contains("2 written"));
    assert_eq!(render().matches("unchanged, skipped").count(), 2);
    let record = folder.path().join(".cache/prebake/known-renders");
    let mut bytes = fs::read(&record).expect("there");
    let digests = bytes.chunks_mut(160).map(|entry| &mut entry[32..64]);
    digests.filter(|digest| digest.iter().any(|it| *it != 0)).for_each(|it| it[9] ^= 1);
    fs::write(&record, bytes).expect("written");
    assert_eq!(render().matches("unchanged, skipped").count(), 2);
    write(folder.path(), "out/aa/README.md", "edited\n");
    assert!(render().contains("1 written"));
}

#[test]
#[cfg(unix)]
fn a_link_to_a_render_is_refused_though_nothing_changed() {
    let folder = tree(&[("a.yaml", config("aa")), ("b.yaml", config("bb"))]);
    assert_eq!(prebake(folder.path(), &["render", "."]).code, Some(0));
    fs::rename(folder.path().join("out/aa"), folder.path().join("kept")).expect("moved");
    std::os::unix::fs::symlink("../kept", folder.path().join("out/aa")).expect("linked");
    let ran = prebake(folder.path(), &["render", "."]);
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.errors);
    assert!(ran.errors.contains("PB2502"), "{}", ran.errors);
}

#[test]
fn a_torn_record_of_renders_starts_anew() {
    let folder = tree(&[("a.yaml", config("aa")), ("b.yaml", config("bb"))]);
    write(folder.path(), ".cache/prebake/known-renders", &"torn".repeat(77));
    for skipped in [0, 2, 2] {
        let out = rendered(folder.path(), &[]);
        assert_eq!(out.matches("unchanged, skipped").count(), skipped);
    }
}

#[test]
fn a_render_is_made_again_when_a_file_changes_that_its_config_names() {
    let folder = tree(&[
        ("a.yaml", config("aa") + "extends: base.yaml\n"),
        ("base.yaml", "tags: { team: one }\n".to_owned()),
        ("b.yaml", config("bb") + "add: { batch: [more.bicep] }\n"),
        ("more.bicep", "output team string = 'two'\n".to_owned()),
        ("c.yaml", config("cc")),
    ]);
    let render = || rendered(folder.path(), &[]);
    assert!(render().contains("3 written"));
    assert_eq!(render().matches("unchanged, skipped").count(), 3);
    write(folder.path(), "base.yaml", "tags: { team: two }\n");
    assert!(render().contains("1 written"));
    write(folder.path(), "more.bicep", "output team string = 'three'\n");
    assert!(render().contains("1 written"));
    assert_eq!(render().matches("unchanged, skipped").count(), 3);
}

#[test]
fn a_copy_of_a_config_whose_render_stands_is_refused() {
    let folder = tree(&[("a.yaml", config("aa")), ("b.yaml", config("bb"))]);
    assert_eq!(prebake(folder.path(), &["render", "."]).code, Some(0));
    write(folder.path(), "copy.yaml", &config("aa"));
    let ran = prebake(folder.path(), &["render", "."]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.errors);
    for place in ["a.yaml:1:7", "copy.yaml:1:7"] {
        assert!(ran.errors.contains(place), "{}", ran.errors);
    }
}

#[test]
fn two_configs_of_one_folder_are_refused_at_both_places() {
    let folder = tree(&[
        ("a/prebake.yaml", config("same")),
        ("b/prebake.yaml", config("same")),
        ("c/prebake.yaml", config("other")),
    ]);
    let ran = prebake(folder.path(), &["render", "."]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert_eq!(ran.errors.matches("error[PB0501]").count(), 1, "{}", ran.errors);
    for place in ["a/prebake.yaml:1:7", "b/prebake.yaml:1:7"] {
        assert!(ran.errors.contains(place), "{}", ran.errors);
    }
    assert_eq!(renders(folder.path()), ["other"]);
}

#[test]
fn names_that_are_refused_share_no_folder() {
    let folder = tree(&[("a.yaml", config("../x")), ("b.yaml", config("../x"))]);
    let ran = prebake(folder.path(), &["render", "."]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.errors);
    let refused = "`../x` is not a valid value of `name`";
    assert_eq!(ran.errors.matches(refused).count(), 2, "{}", ran.errors);
    assert!(!ran.errors.contains("PB0501"), "{}", ran.errors);
}

#[test]
fn leftovers_of_a_killed_run_go_though_nothing_is_rendered_again() {
    let folder = tree(&[("a.yaml", config("aa")), ("b.yaml", config("bb"))]);
    assert_eq!(prebake(folder.path(), &["render", "."]).code, Some(0));
    write(folder.path(), "out/.aa.prebake/new/half", "");
    write(folder.path(), "out/.aa.prebake/lock", "");
    let ran = prebake(folder.path(), &["render", "."]);
    assert!(ran.out.contains("2 unchanged"), "{}", ran.out);
    assert_eq!(renders(folder.path()), ["aa", "bb"]);
}

#[test]
fn two_pools_of_one_account_and_id_are_refused_at_both_places() {
    let shared = |name: &str, pool: &str| {
        config(name)
            .replace(
                "resourceGroup: ",
                "subscription: 00000000-0000-0000-0000-000000000001\nresourceGroup: shared #",
            )
            .replace(
                "pools: [{ id: one",
                &format!("account: {{ name: sharedbatch, create: false }}, pools: [{{ id: {pool}"),
            )
    };
    let folder = tree(&[
        ("a/prebake.yaml", shared("aa", "train")),
        ("b/prebake.yaml", shared("bb", "train")),
        ("c/prebake.yaml", shared("cc", "other")),
    ]);
    let ran = prebake(folder.path(), &["render", "."]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.errors);
    assert_eq!(ran.errors.matches("error[PB0502]").count(), 1, "{}", ran.errors);
    for place in ["a/prebake.yaml:8:", "b/prebake.yaml:8:", "sharedbatch"] {
        assert!(ran.errors.contains(place), "{}", ran.errors);
    }
    assert_eq!(renders(folder.path()), ["cc"]);
}

#[test]
fn a_config_that_can_be_read_once_collides_as_others_do() {
    let folder = tree(&[("a.yaml", config("same")), ("b.yaml", config("same"))]);
    let pipe = fs::File::open(folder.path().join("a.yaml")).expect("it is there");
    let ran = prebake_reading(folder.path(), &["render", "-", "b.yaml"], pipe.into());
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.errors);
    assert_eq!(ran.errors.matches("error[PB0501]").count(), 1, "{}", ran.errors);
    assert!(renders(folder.path()).is_empty());
}

#[test]
fn every_environment_of_a_config_that_can_be_read_once_is_rendered() {
    let text = config("aa") + "environments: { dev: {}, prod: { resourceGroup: aa-prod } }\n";
    let folder = tree(&[("a.yaml", text), ("b.yaml", config("bb"))]);
    let pipe = fs::File::open(folder.path().join("a.yaml")).expect("it is there");
    let ran = prebake_reading(folder.path(), &["render", "-", "b.yaml"], pipe.into());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.errors);
    assert_eq!(renders(folder.path()), ["aa-dev", "aa-prod", "bb"]);
}

#[test]
fn environments_render_to_folders_of_their_own() {
    let text = config("aa")
        + "environments:\n  dev: {}\n  prod: { resourceGroup: aa-prod, batch: { pools: [{ id: one, nodes: 8 }] } }\n";
    let folder = tree(&[("prebake.yaml", text)]);
    let ran = prebake(folder.path(), &["render", "prebake.yaml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    assert_eq!(renders(folder.path()), ["aa-dev", "aa-prod"]);
    let values = |name: &str| {
        fs::read_to_string(folder.path().join("out").join(name).join("batch.bicepparam"))
            .expect("there")
    };
    assert!(values("aa-dev").contains("dedicatedNodes: 1"));
    assert!(values("aa-prod").contains("dedicatedNodes: 8"));
    fs::remove_dir_all(folder.path().join("out")).expect("removed");
    assert_eq!(prebake(folder.path(), &["render", "prebake.yaml", "--env", "dev"]).code, Some(0));
    assert_eq!(renders(folder.path()), ["aa-dev"]);
    let ran = prebake(folder.path(), &["render", "prebake.yaml", "--env", "prd"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.errors.contains("PB0305") && ran.errors.contains("did you mean `prod`?"),
        "{}",
        ran.errors
    );
}

#[test]
fn environments_of_one_name_are_refused() {
    let text = config("aa") + "environments: { dev: { name: bb }, prod: { name: bb } }\n";
    let folder = tree(&[("prebake.yaml", text)]);
    let ran = prebake(folder.path(), &["render", "prebake.yaml"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.errors.contains("environment `prod`"), "{}", ran.errors);
    assert!(renders(folder.path()).is_empty());
}

#[test]
fn values_say_where_they_come_from() {
    let folder = tree(&[
        ("base.yaml", "location: northeurope\nresourceGroup: shared\n".to_owned()),
        (
            "prebake.yaml",
            "extends: base.yaml\nname: aa\nenvironments: { dev: { tags: { stage: dev } } }\n"
                .to_owned(),
        ),
    ]);
    let ran = prebake(
        folder.path(),
        &[
            "config",
            "show",
            "--origin",
            "--env",
            "dev",
            "--set",
            "batch.account.name=b",
            "prebake.yaml",
        ],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    for line in [
        "location: \"northeurope\"  # base.yaml:1:11",
        "name: \"aa-dev\"  # prebake.yaml:3:17",
        "  stage: \"dev\"  # prebake.yaml:3:39",
        "    name: \"b\"  # --set batch.account.name=b:1:1",
    ] {
        assert!(ran.out.contains(line), "{line} is not in\n{}", ran.out);
    }
    let plain = prebake(folder.path(), &["config", "show", "--env", "dev", "prebake.yaml"]);
    assert!(plain.out.contains("resourceGroup: shared\n"), "{}", plain.out);
}

#[test]
fn layers_stay_inside_the_repository() {
    let folder = tree(&[
        ("outside.yaml", "location: northeurope\n".to_owned()),
        ("repo/a/prebake.yaml", config("aa") + "extends: ../../outside.yaml\n"),
        ("repo/b/prebake.yaml", config("bb") + "extends: ../base.yaml\n"),
        ("repo/base.yaml", "tags: { team: x }\n".to_owned()),
    ]);
    fs::create_dir(folder.path().join("repo/.git")).expect("made");
    #[cfg(unix)]
    std::os::unix::fs::symlink("../outside.yaml", folder.path().join("repo/link.yaml"))
        .expect("linked");
    write(folder.path(), "repo/c/prebake.yaml", &(config("cc") + "extends: ../link.yaml\n"));
    let ran = prebake(folder.path(), &["render", "repo"]);
    assert_eq!(ran.code, Some(2), "{}", ran.errors);
    assert_eq!(ran.errors.matches("error[PB0302]").count(), 2, "{}", ran.errors);
    assert!(ran.errors.contains("it is outside"), "{}", ran.errors);
    assert_eq!(renders(folder.path()), ["bb"]);
}

#[test]
fn completions_and_manual_name_every_command() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = prebake(folder.path(), &["completions", shell]);
        assert_eq!(ran.code, Some(0));
        assert!(ran.out.contains("render") && ran.out.contains("validate"), "{shell}");
    }
    let manual = prebake(folder.path(), &["man"]).out;
    assert!(manual.starts_with(".ie") || manual.contains(".TH prebake"), "{manual}");
    assert!(manual.contains("render"), "{manual}");
}

/// What a render that stands claims counts as well: its config is not read for it.
#[test]
fn a_config_that_takes_the_pool_of_a_standing_render_is_refused() {
    let folder = tree(&[("a/prebake.yaml", config("aa")), ("b/prebake.yaml", config("bb"))]);
    let shared = |name: &str| {
        config(name)
            .replace("resourceGroup: ", "resourceGroup: shared #")
            .replace("pools: ", "account: { name: sharedbatch, create: false }, pools: ")
    };
    write(folder.path(), "a/prebake.yaml", &shared("aa"));
    assert_eq!(prebake(folder.path(), &["render", "."]).code, Some(0));
    let ran = prebake(folder.path(), &["render", "."]);
    assert!(ran.out.contains("2 unchanged"), "{}", ran.out);
    write(folder.path(), "b/prebake.yaml", &shared("bb"));
    let ran = prebake(folder.path(), &["render", "."]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.errors.contains("PB0502"), "{}", ran.errors);
    assert!(ran.out.contains("2 use the same folder or pool"), "{}", ran.out);
}

/// Whoever edits a file of a render can edit the manifest, too: it proves nothing by itself.
#[test]
fn a_manifest_is_no_proof_of_itself() {
    let configs = [("a/prebake.yaml", config("aa")), ("b/prebake.yaml", config("bb"))];
    let folder = tree(&configs);
    assert_eq!(prebake(folder.path(), &["render", "."]).code, Some(0));
    let skipped = prebake(folder.path(), &["render", "."]);
    assert!(skipped.out.contains("2 unchanged"), "{}", skipped.out);
    let manifest = folder.path().join("out/aa/manifest.json");
    let text = fs::read_to_string(&manifest).expect("it is there");
    let mut emptied: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    emptied["files"] = serde_json::json!({});
    fs::write(&manifest, emptied.to_string()).expect("written");
    fs::remove_file(folder.path().join("out/aa/batch.bicep")).expect("removed");
    let ran = prebake(folder.path(), &["render", ".", "--check"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    let ran = prebake(folder.path(), &["diff", ".", "--detailed-exitcode"]);
    assert_ne!(ran.code, Some(0), "{}", ran.out);
    assert_eq!(prebake(folder.path(), &["render", "."]).code, Some(0));
    assert_eq!(fs::read_to_string(&manifest).expect("it is there"), text);
    assert!(folder.path().join("out/aa/batch.bicep").exists());
}

#[test]
fn a_folder_that_no_config_makes_fails_the_check() {
    let folder = tree(&[("a/prebake.yaml", config("aa")), ("b/prebake.yaml", config("bb"))]);
    assert_eq!(prebake(folder.path(), &["render", "."]).code, Some(0));
    assert_eq!(prebake(folder.path(), &["render", ".", "--check"]).code, Some(0));
    write(folder.path(), "out/evil/deploy.sh", "#!/bin/sh\n");
    let ran = prebake(folder.path(), &["render", ".", "--check"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.contains("out/evil: no config renders to this folder"), "{}", ran.out);
    let one = prebake(folder.path(), &["render", "a/prebake.yaml", "--check"]);
    assert_eq!(one.code, Some(0), "one config says nothing of the others: {}", one.out);
}

/// A file name is foreign text: it drives neither a terminal nor a pipeline.
#[test]
#[cfg(unix)]
fn file_names_reach_the_terminal_tamed() {
    let name = "x\n::warning::pwned\n\u{1b}]0;t\u{7}.prebake.yaml";
    let folder = tree(&[(name, config("aa")), ("b/prebake.yaml", "name: [".to_owned())]);
    for arguments in [&["validate", "."][..], &["render", "."]] {
        let ran = prebake(folder.path(), arguments);
        let all = ran.out + &ran.errors;
        assert!(!all.contains('\u{1b}') && !all.contains("\n::warning"), "{all:?}");
    }
}
