//! `prebake diff` and `prebake test` as a person uses them.

use std::path::Path;
use std::process::{Command, Output};

const CONFIG: &str = include_str!("../../examples/cpu.yaml");

fn prebake(folder: &Path, arguments: &[&str]) -> Output {
    let run =
        Command::new(env!("CARGO_BIN_EXE_prebake")).args(arguments).current_dir(folder).output();
    run.unwrap()
}

fn text(output: &Output) -> String {
    let all = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&all).into_owned()
}

fn expect(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = prebake(folder, arguments);
    let text = text(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{text}");
    text
}

/// A folder with a config and its render.
fn rendered() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), CONFIG);
    expect(folder.path(), &["render", "prebake.yaml", "--as-of", "2026-11-23"], 0);
    folder
}

fn write(folder: &Path, config: &str) {
    std::fs::write(folder.join("prebake.yaml"), config).unwrap();
}

/// The exit code under `--detailed-exitcode` after one replacement in the config, and the review.
fn after(from: &str, to: &str, code: i32) -> String {
    let folder = rendered();
    assert!(CONFIG.contains(from), "{from} is not in the example");
    write(folder.path(), &CONFIG.replace(from, to));
    expect(folder.path(), &["diff", "--detailed-exitcode", "--as-of", "2026-11-23"], code)
}

#[test]
fn a_render_is_equal_to_itself() {
    let folder = rendered();
    let told = expect(folder.path(), &["diff", "--detailed-exitcode", "--as-of", "2026-11-23"], 0);
    assert!(told.contains("no changes"), "{told}");
    assert!(!told.contains("noise"), "{told}");
}

#[test]
fn every_example_is_equal_to_itself() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out").display().to_string();
    let mut seen = 0;
    for entry in std::fs::read_dir(&examples).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let path = path.display().to_string();
            expect(folder.path(), &["render", &path, "-o", &out, "--as-of", "2026-11-23"], 0);
            let review =
                ["diff", &path, "--against", &out, "--detailed-exitcode", "--as-of", "2026-11-23"];
            expect(folder.path(), &review, 0);
            seen += 1;
        }
    }
    assert!(seen >= 6, "only {seen} examples");
}

#[test]
fn exit_codes_tell_how_dangerous_a_change_is() {
    let more = after("nodes: 4", "nodes: 6", 2);
    assert!(more.contains("nodes 4 → 6"), "{more}");
    let slots = after("taskSlotsPerNode: 8", "taskSlotsPerNode: 4", 3);
    assert!(slots.contains("needs an empty pool"), "{slots}");
    let comment = after("# No GPU", "# Still no GPU", 0);
    assert!(comment.contains("no changes"), "{comment}");
    let broken = after("nodes: 4", "nodes: many", 1);
    assert!(broken.contains("error"), "{broken}");
}

#[test]
fn a_verdict_that_rests_on_an_old_fact_says_so() {
    let folder = rendered();
    write(folder.path(), &CONFIG.replace("taskSlotsPerNode: 8", "taskSlotsPerNode: 4"));
    for format in ["text", "markdown", "html", "json"] {
        let diff =
            |day: &str| expect(folder.path(), &["diff", "--format", format, "--as-of", day], 0);
        let told = diff("2028-01-31").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("more than a year before 2028-01-31"), "{format}: {told}");
        assert!(!diff("2026-11-23").contains("more than a year"), "{format}");
    }
}

#[test]
fn a_review_of_files_alone_counts_them() {
    let folder = rendered();
    let script = folder.path().join("out/simulate/deploy.sh");
    let text = std::fs::read_to_string(&script).unwrap();
    std::fs::write(&script, text + "echo more\n").unwrap();
    let told = expect(folder.path(), &["diff", "--detailed-exitcode", "--as-of", "2026-11-23"], 2);
    assert!(told.starts_with("simulate: 1 file to change, "), "{told}");
}

#[test]
fn another_bake_needs_another_version() {
    let under_the_same = after("tag: \"3.12\"", "tag: \"3.13\"", 1);
    assert!(under_the_same.contains("IMG024"), "{under_the_same}");
}

#[test]
fn another_resource_group_is_another_deployment() {
    let moved = after("resourceGroup: simulate", "resourceGroup: elsewhere", 3);
    assert!(moved.contains("replaced in another scope"), "{moved}");
}

#[test]
fn a_config_that_is_gone_deletes_its_resources() {
    let folder = rendered();
    std::fs::remove_file(folder.path().join("prebake.yaml")).unwrap();
    let told = expect(folder.path(), &["diff", "--detailed-exitcode"], 3);
    assert!(told.contains("config removed: "), "{told}");
}

#[test]
fn a_config_without_a_render_is_new() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), CONFIG);
    let told = expect(folder.path(), &["diff", "--detailed-exitcode", "--as-of", "2026-11-23"], 2);
    assert!(told.starts_with("simulate: 17 to create"), "{told}");
}

#[test]
fn a_review_is_written_in_every_format() {
    let folder = rendered();
    write(folder.path(), &CONFIG.replace("nodes: 4", "nodes: 6"));
    for (format, start) in [
        ("text", "simulate: "),
        ("markdown", "<!-- prebake-review:"),
        ("html", "<!doctype html>"),
        ("json", "{"),
    ] {
        let arguments = ["diff", "--format", format, "-o", "review/of", "--as-of", "2026-11-23"];
        expect(folder.path(), &arguments, 0);
        let review = std::fs::read_to_string(folder.path().join("review/of")).unwrap();
        assert!(review.starts_with(start), "{review}");
        assert!(!review.contains('\u{1b}'), "a file has no color");
    }
}

#[test]
fn render_says_what_the_change_does() {
    let folder = rendered();
    write(folder.path(), &CONFIG.replace("taskSlotsPerNode: 8", "taskSlotsPerNode: 4"));
    let told =
        expect(folder.path(), &["render", "prebake.yaml", "--dry-run", "--as-of", "2026-11-23"], 0);
    assert!(told.contains("In Azure: 1 needs an empty pool"), "{told}");
}

#[test]
fn render_of_a_change_that_is_wrong_writes_it_and_ends_with_findings() {
    let folder = rendered();
    write(folder.path(), &CONFIG.replace("tag: \"3.12\"", "tag: \"3.13\""));
    let script = folder.path().join("out/simulate/cloud-init.yaml");
    let before = std::fs::read_to_string(&script).unwrap();
    let told = expect(folder.path(), &["render", "prebake.yaml", "--as-of", "2026-11-23"], 1);
    assert!(told.contains("error[IMG024]") && told.contains("fix the errors above"), "{told}");
    assert_ne!(std::fs::read_to_string(&script).unwrap(), before);
}

#[test]
fn approved_renders_are_compared_over_a_matrix() {
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("tests/cpu");
    let broken = folder.path().join("tests/invalid_os");
    std::fs::create_dir_all(&case).unwrap();
    std::fs::create_dir_all(&broken).unwrap();
    write(&case, CONFIG);
    std::fs::write(case.join("matrix.yaml"), "batch.pools.0.nodes: [1, 4]\n").unwrap();
    write(&broken, &CONFIG.replace("ubuntu-24.04", "beos"));
    let first = expect(folder.path(), &["test", "--as-of", "2026-11-23"], 1);
    assert!(first.contains("no render is approved yet"), "{first}");
    expect(folder.path(), &["test", "--accept", "--as-of", "2026-11-23"], 0);
    let approved = expect(folder.path(), &["test", "--as-of", "2026-11-23"], 0);
    assert!(approved.contains("3 cases, 0 differ"), "{approved}");
    write(&broken, &CONFIG.replace("ubuntu-24.04", "haiku"));
    let refused = expect(folder.path(), &["test", "--as-of", "2026-11-23"], 1);
    assert!(refused.contains("3 cases, 1 differ") && refused.contains("haiku"), "{refused}");
    write(&broken, &CONFIG.replace("ubuntu-24.04", "beos"));
    write(&case, &CONFIG.replace("taskSlotsPerNode: 8", "taskSlotsPerNode: 4"));
    let changed = expect(folder.path(), &["test", "--as-of", "2026-11-23"], 1);
    assert!(changed.contains("3 cases, 2 differ"), "{changed}");
    assert!(changed.contains("properties.taskSlotsPerNode: 8 → 4"), "{changed}");
    assert!(changed.contains("-    taskSlotsPerNode: 8"), "{changed}");
}

#[test]
fn a_matrix_keeps_texts_apart_and_tells_what_is_left_over() {
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("cases/cpu");
    std::fs::create_dir_all(&case).unwrap();
    write(&case, CONFIG);
    let matrix = |text: &str| std::fs::write(case.join("matrix.yaml"), text).unwrap();
    let test = |more: &[&str], code| {
        let arguments = [&["test", "cases", "--as-of", "2026-11-23"], more].concat();
        expect(folder.path(), &arguments, code)
    };
    // Both tags are texts, the first one of digits; the two steps differ only where a folder name cannot.
    matrix("images.0.tag: [\"3.10\", \"3.12\"]\nbake.steps: [[{run: a/b}], [{run: a-b}]]\n");
    let accepted = test(&["--accept"], 0);
    assert_eq!(accepted.matches("accepted").count(), 4, "{accepted}");
    assert!(test(&[], 0).contains("4 cases, 0 differ"));
    matrix("images.0.tag: [\"3.10\", \"3.12\"]\nbake.steps: [[{run: a/b}]]\n");
    let left = test(&[], 1);
    assert_eq!(left.matches("UNKNOWN ").count(), 2, "{left}");
    matrix("images.0.tag: []\n");
    assert!(test(&[], 2).contains("`images.0.tag` has no values"));
    let missing = expect(folder.path(), &["test", "nowhere"], 2);
    assert!(missing.contains("`nowhere` is not a folder"), "{missing}");
}

#[test]
fn a_review_says_which_configs_it_lacks() {
    let folder = rendered();
    for name in ["second", "broken"] {
        let config = CONFIG.replace("name: simulate", &format!("name: {name}"));
        let config = if name == "broken" { config.replace("ubuntu-24.04", "beos") } else { config };
        std::fs::write(folder.path().join(format!("{name}.prebake.yaml")), config).unwrap();
    }
    let review = |format: &str| {
        let arguments = ["diff", ".", "--format", format, "-o", "review", "--as-of", "2026-11-23"];
        expect(folder.path(), &[&arguments[..], &["--detailed-exitcode"]].concat(), 1);
        std::fs::read_to_string(folder.path().join("review")).unwrap()
    };
    assert!(review("markdown").starts_with("<!-- prebake-review:fleet -->\n"));
    for format in ["text", "markdown", "html"] {
        let told = review(format);
        assert!(told.contains("1 more config could not be compared"), "{told}");
    }
    let json: serde_json::Value = serde_json::from_str(&review("json")).unwrap();
    assert_eq!((&json["status"], &json["summary"]["failedConfigs"]), (&"Failed".into(), &1.into()));
}

#[test]
fn a_broken_report_template_is_told_once() {
    let folder = rendered();
    for name in ["second", "third"] {
        let config = CONFIG.replace("name: simulate", &format!("name: {name}"));
        std::fs::write(folder.path().join(format!("{name}.prebake.yaml")), config).unwrap();
    }
    std::fs::create_dir_all(folder.path().join("own/report")).unwrap();
    for (template, text) in [
        ("config.md.hbs", "{{#if}"),
        ("config.md.hbs", "{{nothing 1}}"),
        ("review.md.hbs", "{{> a}}"),
    ] {
        let path = folder.path().join("own/report").join(template);
        std::fs::write(&path, text).unwrap();
        let review = ["diff", ".", "--templates", "own", "--as-of", "2026-11-23"];
        let markdown = [&review[..], &["--format", "markdown", "-o", "review.md"]].concat();
        let told = expect(folder.path(), &markdown, 2);
        assert_eq!(told.matches("error[PB2101]").count(), 1, "{told}");
        assert!(told.contains(&format!("report/{template}:1")), "{told}");
        assert!(!folder.path().join("review.md").exists());
        expect(folder.path(), &[&markdown[..], &["--detailed-exitcode"]].concat(), 1);
        // Another format does not use it.
        expect(folder.path(), &review, 0);
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn one_config_beside_renders_that_are_gone_is_one_of_many() {
    let folder = rendered();
    write(folder.path(), &CONFIG.replace("name: simulate", "name: other"));
    expect(folder.path(), &["render", "prebake.yaml", "--as-of", "2026-11-23"], 0);
    write(folder.path(), &CONFIG.replace("nodes: 4", "nodes: 6"));
    let review = ["diff", ".", "--as-of", "2026-11-23"];
    let told = expect(folder.path(), &review, 0);
    let at = |words: &str| told.find(words);
    let order = [
        at("2 configs: 2 of them change"),
        at("\nother: config removed: "),
        at("\nsimulate: 1 to modify"),
    ];
    assert!(order.is_sorted() && order[0].is_some(), "{order:?} in\n{told}");
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let folder = rendered();
    let told = expect(folder.path(), &["diff", "--against", "nowhere", "--as-of", "2026-11-23"], 0);
    assert!(told.contains("note: `nowhere` does not exist"), "{told}");
}

/// A file of a render, and what is done to it.
type Breakage = (&'static str, fn(&Path));

/// Taken for nothing, a broken render would make every resource look new.
#[test]
fn a_render_that_cannot_be_read_is_an_error() {
    let broken: [Breakage; 11] = [
        ("manifest.json", |at| std::fs::remove_file(at).unwrap()),
        ("arm/batch.json", |at| std::fs::write(at, "[]").unwrap()),
        ("arm/batch.json", |at| std::fs::write(at, "{}").unwrap()),
        ("arm/batch.json", |at| std::fs::write(at, "null").unwrap()),
        ("arm/batch.parameters.json", |at| std::fs::write(at, "[]").unwrap()),
        ("manifest.json", |at| std::fs::write(at, "{").unwrap()),
        ("manifest.json", |at| std::fs::write(at, "{\"prebake\":\"9.9.9\",\"more\":1}").unwrap()),
        ("manifest.json", |at| std::fs::write(at, "[".repeat(200_000)).unwrap()),
        ("arm/batch.json", |at| std::fs::remove_file(at).unwrap()),
        ("arm/batch.json", |at| std::fs::write(at, "[".repeat(200_000)).unwrap()),
        ("arm/batch.parameters.json", |at| std::fs::write(at, "{").unwrap()),
    ];
    for (path, spoil) in broken {
        let folder = rendered();
        spoil(&folder.path().join("out/simulate").join(path));
        let output = prebake(folder.path(), &["diff"]);
        assert_eq!(output.status.code(), Some(2), "{path}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("PB2201") && told.contains(path), "{told}");
        assert!(!text(&output).contains("to create"), "{}", text(&output));
        let said = expect(folder.path(), &["render"], 0);
        assert!(said.contains("In Azure: unknown"), "{said}");
        assert!(expect(folder.path(), &["diff"], 0).contains("unchanged"));
    }
}

#[test]
fn a_render_without_its_manifest_is_no_new_one() {
    let folder = rendered();
    let manifest = folder.path().join("out/simulate/manifest.json");
    std::fs::remove_file(&manifest).unwrap();
    for against in [".", "out", "out/simulate"] {
        let told = expect(folder.path(), &["diff", "--detailed-exitcode", "--against", against], 1);
        assert!(told.contains("PB2201") && !told.contains("to create"), "{against}: {told}");
    }
    std::fs::create_dir(&manifest).unwrap();
    let told = expect(folder.path(), &["diff", "--detailed-exitcode"], 1);
    assert!(told.contains("PB2201") && told.contains("is not a manifest"), "{told}");
}

#[test]
fn what_stands_in_a_fleet_is_compared_by_its_digests() {
    let folder = rendered();
    let second = CONFIG.replace("name: simulate", "name: second");
    std::fs::write(folder.path().join("second.prebake.yaml"), &second).unwrap();
    expect(folder.path(), &["render", ".", "--as-of", "2026-11-23"], 0);
    let diff = |code| {
        expect(folder.path(), &["diff", ".", "--detailed-exitcode", "--as-of", "2026-11-23"], code)
    };
    let same = diff(0);
    assert!(same.starts_with("2 configs: no changes ("), "{same}");
    let text = second.replace("nodes: 4", "nodes: 5");
    std::fs::write(folder.path().join("second.prebake.yaml"), text).unwrap();
    assert!(diff(2).contains("nodes 4 → 5"));
    std::fs::write(folder.path().join("second.prebake.yaml"), second).unwrap();
    let compiled = folder.path().join("out/second/arm/batch.parameters.json");
    let changed = std::fs::read_to_string(&compiled)
        .unwrap()
        .replace("\"dedicatedNodes\": 4", "\"dedicatedNodes\": 9");
    std::fs::write(&compiled, changed).unwrap();
    assert!(diff(2).contains("nodes 9 → 4"), "a file that was edited is no standing render");
}

/// Whether the change makes a second pool of the example whose pool is deployed blue-green.
fn second_pool(from: &str, to: &str) -> bool {
    let config = include_str!("../../examples/existing-registry.yaml");
    assert!(config.contains(from), "{from} is not in the example");
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), config);
    expect(folder.path(), &["render", "prebake.yaml", "--as-of", "2026-11-23"], 0);
    write(folder.path(), &config.replace(from, to));
    let review = expect(folder.path(), &["diff", "--as-of", "2026-11-23"], 0);
    review.contains("+   pool inferencebatch/triton-")
}

#[test]
fn a_second_pool_is_made_only_of_what_needs_an_empty_pool() {
    for (from, to) in [
        ("replicas: 2", "replicas: 3"),
        ("    - region: westus3\n", "    - region: westus2\n"),
        ("subnets/build", "subnets/builders"),
        ("subnets/batch", "SUBNETS/Batch"),
        ("Standard_NC24ads_A100_v4", "standard_nc24ads_a100_v4"),
        ("nodes: 2", "nodes: 4"),
        ("nvidia-smi && df -h /", "nvidia-smi"),
        ("STAGE: production", "STAGE: staging"),
    ] {
        assert!(!second_pool(from, to), "{from} → {to}");
    }
    for (from, to) in [
        ("version: 2.0.1", "version: 2.0.2"),
        ("subnets/batch", "subnets/other"),
        ("vmSize: Standard_NC24ads_A100_v4", "vmSize: Standard_NC48ads_A100_v4"),
        ("      nodes: 2", "      nodes: 2\n      taskSlotsPerNode: 2"),
        ("      nodes: 2", "      nodes: 2\n      displayName: Triton"),
        ("      nodes: 2", "      nodes: 2\n      interNodeCommunication: true"),
    ] {
        assert!(second_pool(from, to), "{from} → {to}");
    }
}

/// A comparison reads the compiled form. It must not vouch for Bicep that says something else.
#[test]
fn bicep_that_was_edited_by_hand_is_no_previous_render() {
    for (path, from, to) in [
        ("batch.bicep", "vmSize: ", "vmSize: /* */ toUpper('a') ?? "),
        ("batch.bicepparam", "4", "5"),
    ] {
        let folder = rendered();
        let edited = folder.path().join("out/simulate").join(path);
        let before = std::fs::read_to_string(&edited).unwrap();
        assert!(before.contains(from), "{before}");
        std::fs::write(&edited, before.replace(from, to)).unwrap();
        let output = prebake(folder.path(), &["diff", "--detailed-exitcode"]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_ne!(output.status.code(), Some(0), "{path}: {}", text(&output));
        assert!(told.contains("PB2201") && told.contains("was edited"), "{path}: {told}");
    }
}
