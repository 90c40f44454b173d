//! The command as a person uses it: the real binary on real folders.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

mod hostile;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::json;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn prebake(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_prebake"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("prints UTF-8")
}

#[track_caller]
fn succeeds(output: &Output) -> String {
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[track_caller]
fn fails(output: &Output, code: i32, with: &str) {
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{errors}");
    assert!(errors.contains(with), "`{with}` is not in:\n{errors}");
}

fn examples() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("examples")).expect("the examples are there");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an example can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 6);
    paths
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.expect("the folder can be read");
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(folder).expect("it is below");
            let bytes = std::fs::read(entry.path()).expect("a file can be read");
            found.insert(path.to_string_lossy().into_owned(), bytes);
        }
    }
    found
}

const CONFIG: &str = "name: tiny\nlocation: northeurope\nresourceGroup: tiny\n\
    images: [{ name: docker.io/library/python, tag: 3.12.7-slim }]\n\
    node: { gpu: false }\ngallery: { version: 1.0.0 }\n\
    batch: { pools: [{ id: one, nodes: 1 }] }\n";

fn with_config() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("prebake.yaml"), CONFIG).expect("a config");
    folder
}

#[test]
fn committed_renders_are_current_and_clean() {
    for example in examples() {
        let path = example.to_string_lossy();
        let output = prebake(root(), &["render", &path, "--check", "--as-of", "2026-11-23"]);
        succeeds(&output);
        let errors = text(&output.stderr);
        assert!(!errors.contains("error["), "{path}: {errors}");
    }
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    let folder = with_config();
    succeeds(&prebake(folder.path(), &["render", "prebake.yaml", "-o", "a"]));
    succeeds(&prebake(folder.path(), &["render", "prebake.yaml", "-o", "b"]));
    assert_eq!(files(&folder.path().join("a")), files(&folder.path().join("b")));
    let again = succeeds(&prebake(folder.path(), &["render", "prebake.yaml", "-o", "a"]));
    assert!(again.contains("unchanged") && !again.contains("changed  +"), "{again}");
}

#[test]
fn alone_it_says_what_to_do_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = succeeds(&prebake(folder.path(), &[]));
    assert!(said.contains("prebake init"), "{said}");
    succeeds(&prebake(folder.path(), &["init"]));
    let said = succeeds(&prebake(folder.path(), &[]));
    assert!(said.contains("prebake render prebake.yaml"), "{said}");
}

#[test]
fn the_starter_config_renders() {
    let folder = tempfile::tempdir().expect("a folder");
    succeeds(&prebake(folder.path(), &["init"]));
    let said = succeeds(&prebake(folder.path(), &["render"]));
    assert!(said.contains("vision"), "{said}");
    assert!(folder.path().join("out/vision/batch.bicep").is_file());
    fails(&prebake(folder.path(), &["init"]), 2, "exists");
}

#[test]
fn the_variables_of_the_script_become_a_config_that_renders() {
    let (folder, _) = from_variables(&[
        ("CREATE_ACR", "true"),
        ("BUILD_DOCKER_IMAGE", "true"),
        ("PRELOAD_IMAGES", "true"),
        ("ACR_NAME", "contosoimages"),
        ("ACR_SKU", "Standard"),
        ("DOCKER_IMAGE_NAME", "trainer"),
        ("DOCKER_IMAGE_TAG", "7"),
        ("ENABLE_GPU", "true"),
        ("BASE_OS", "almalinux"),
        ("OS_VERSION", "9"),
        ("GPU_VM_SIZE", "Standard_NC8as_T4_v3"),
        ("LOCATION", "westeurope"),
        ("RESOURCE_GROUP", "trainer-rg"),
        ("BATCH_ACCOUNT_NAME", "trainerbatch"),
        ("BATCH_POOL_ID", "trainer-pool"),
    ]);
    let read = |path: &str| {
        std::fs::read_to_string(folder.path().join("out/trainer-rg").join(path)).expect(path)
    };
    assert!(read("registry.bicepparam").contains("param registryName = 'contosoimages'"));
    assert!(read("batch.bicepparam").contains("'contosoimages.azurecr.io/trainer:7'"));
    assert!(read("batch.bicepparam").contains("'batch.node.el 9'"));
    assert!(read("batch.bicepparam").contains("vmSize: 'Standard_NC8as_T4_v3'"));
}

/// Makes a config of variables and renders it; gives the folder and the notes.
fn from_variables(variables: &[(&str, &str)]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_prebake"))
        .args(["init", "--from-env"])
        .current_dir(folder.path())
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .expect("the binary runs");
    succeeds(&output);
    succeeds(&prebake(folder.path(), &["render"]));
    (folder, text(&output.stderr))
}

#[test]
fn variables_that_a_config_does_not_take_are_noted() {
    let built = [("CREATE_ACR", "true"), ("RESOURCE_GROUP", "rg"), ("DOCKER_IMAGE_TAG", "7")];
    let with = |others: &[(&'static str, &'static str)]| {
        let (folder, notes) = from_variables(&[&built, others].concat());
        let config =
            std::fs::read_to_string(folder.path().join("prebake.yaml")).expect("it is there");
        (config, notes)
    };
    let (config, notes) = with(&[("ACR_SKU", "standard"), ("ENABLE_GPU", "No")]);
    assert!(config.contains("sku: Standard") && !notes.contains("ACR_SKU"), "{config}{notes}");
    assert!(!notes.contains("ENABLE_GPU"), "{notes}");
    let (config, notes) = with(&[
        ("ACR_SKU", "Gold"),
        ("ENABLE_GPU", "maybe"),
        ("BATCH_NODE_COUNT", "many"),
        ("IMAGE_VERSION", "latest"),
    ]);
    for (part, note) in [
        ("sku: Basic", "prebake does not support ACR_SKU `Gold`: the config uses Basic"),
        ("gpu: false", "ENABLE_GPU `maybe` is not a yes or no"),
        ("nodes: 1", "BATCH_NODE_COUNT `many`"),
        ("version: 1.0.0", "IMAGE_VERSION `latest`"),
    ] {
        assert!(config.contains(part), "`{part}` is not in:\n{config}");
        assert!(notes.contains(note), "`{note}` is not in:\n{notes}");
    }
}

#[test]
fn dry_run_and_check_write_nothing() {
    let folder = with_config();
    succeeds(&prebake(folder.path(), &["render", "--dry-run"]));
    assert!(!folder.path().join("out").exists());
    let output = prebake(folder.path(), &["render", "--check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("+++ b/batch.bicep"));
    assert!(!folder.path().join("out").exists());
}

#[test]
fn a_changed_value_is_a_one_line_diff_of_the_parameters() {
    let folder = with_config();
    succeeds(&prebake(folder.path(), &["render"]));
    let more = ["render", "--dry-run", "--diff", "--set", "batch.pools.0.nodes=7"];
    let said = succeeds(&prebake(folder.path(), &more));
    assert!(said.contains("-    dedicatedNodes: 1\n+    dedicatedNodes: 7\n"), "{said}");
    assert!(!said.contains("--- a/batch.bicep\n"), "{said}");
}

#[test]
fn files_of_others_stay() {
    let folder = with_config();
    succeeds(&prebake(folder.path(), &["render"]));
    let notes = folder.path().join("out/tiny/NOTES.txt");
    std::fs::write(&notes, "mine").expect("a file");
    let other = ["render", "--set", "batch.pools.0.nodes=2"];
    let output = prebake(folder.path(), &other);
    succeeds(&output);
    assert!(text(&output.stderr).contains("NOTES.txt"));
    assert_eq!(std::fs::read_to_string(&notes).expect("it is there"), "mine");
}

#[test]
fn bad_input_is_refused_and_leaves_the_previous_render() {
    let folder = with_config();
    succeeds(&prebake(folder.path(), &["render"]));
    let before = files(&folder.path().join("out"));
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n\
        c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n\
        e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
    let huge = format!("name: {}\n", "x".repeat(3_000_000));
    let deep = format!("name: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let long = format!("? {}\n: [{}]\n", "k".repeat(500_000), "0,".repeat(40_000));
    let keys = format!("{}: [{}]\n", "k".repeat(1000), "0,".repeat(40_000));
    let outside = CONFIG.replace(
        "images: [{ name: docker.io/library/python, tag: 3.12.7-slim }]",
        "registry: {}\nimages: [{ name: app, tag: \"1\", build: { context: ../secrets } }]",
    );
    for (bytes, with) in [
        (Vec::new(), "PB0001"),
        (b"name: \xff\xfe".to_vec(), "PB0010"),
        (b"name: [".to_vec(), "PB0003"),
        (huge.into_bytes(), "PB0002"),
        (deep.into_bytes(), "PB0005"),
        (bomb.as_bytes().to_vec(), "PB0006"),
        (long.into_bytes(), "PB0009"),
        (keys.into_bytes(), "PB0006"),
        (outside.into_bytes(), "PB1014"),
    ] {
        std::fs::write(folder.path().join("prebake.yaml"), bytes).expect("a config");
        fails(&prebake(folder.path(), &["render", "prebake.yaml"]), 2, with);
        assert_eq!(files(&folder.path().join("out")), before);
    }
    fails(&prebake(folder.path(), &["render", "absent.yaml"]), 2, "absent.yaml");
    fails(&prebake(folder.path(), &["render", "--set", "nonsense"]), 2, "PB0020");
    fails(&prebake(folder.path(), &["rendr"]), 2, "rendr");
}

#[test]
fn a_template_that_nothing_uses_is_told() {
    let folder = with_config();
    let templates = folder.path().join("mine/bicep");
    std::fs::create_dir_all(&templates).expect("a folder");
    std::fs::write(templates.join("bach.bicep.tera"), "").expect("a file");
    std::fs::write(templates.join("part.tera"), "").expect("a file");
    std::fs::write(templates.join("README.md"), "{{ no template }}").expect("a file");
    let batch = std::fs::read_to_string(root().join("templates/bicep/batch.bicep.tera"));
    let batch = batch.expect("is there") + "{% include 'bicep/part.tera' %}";
    std::fs::write(templates.join("batch.bicep.tera"), batch).expect("a file");
    let output = prebake(folder.path(), &["render", "prebake.yaml", "--templates", "mine"]);
    succeeds(&output);
    let told = text(&output.stderr);
    let note =
        "template `bicep/bach.bicep.tera` is not used; did you mean `bicep/batch.bicep.tera`?";
    assert!(told.contains(note), "{told}");
    assert_eq!(told.matches("is not used").count(), 1, "{told}");
    fails(&prebake(folder.path(), &["render", "--templates", "prebake.yaml"]), 2, "not a folder");
    fails(&prebake(folder.path(), &["render", "--schemas", "prebake.yaml"]), 2, "not a folder");
}

#[test]
fn a_bake_that_nothing_can_carry_is_an_error_of_the_config() {
    let folder = with_config();
    let render = |method: &str, files: usize| {
        let content = "all work and no play\n".repeat(1200);
        let file =
            |number| json!({ "file": { "path": format!("/etc/{number}"), "content": content } });
        let steps: Vec<_> = (0..files).map(file).collect();
        let bake = json!({ "method": method, "steps": steps });
        let config = format!("{CONFIG}bake: {bake}\n");
        std::fs::write(folder.path().join("prebake.yaml"), config).expect("a config");
        prebake(folder.path(), &["render", "prebake.yaml", "--output", method])
    };
    succeeds(&render("image-builder", 2));
    succeeds(&render("vm", 1));
    for (method, files) in [("image-builder", 4), ("vm", 2), ("vm", 4)] {
        let output = render(method, files);
        fails(&output, 1, "PB1044");
        assert_eq!(text(&output.stderr).matches("error[").count(), 1, "{}", text(&output.stderr));
    }
}

#[test]
fn findings_are_told_all_at_once() {
    let folder = with_config();
    let config = CONFIG.replace("id: one, nodes: 1", "id: one, nodez: 1, vmSize: 4");
    std::fs::write(folder.path().join("prebake.yaml"), config).expect("a config");
    let output = prebake(folder.path(), &["render", "prebake.yaml"]);
    fails(&output, 1, "did you mean `nodes`?");
    fails(&output, 1, "PB0103");
}

#[test]
fn a_value_of_the_command_line_is_shown_where_it_was_written() {
    let folder = with_config();
    for (assignment, code) in [
        ("nodez.vmSize=Standard_D4s_v5", "PB0101"),
        ("node.vmSize=4", "PB0103"),
        ("batch.pools.0.autoScale.interval=PT5M", "PB0102"),
        ("batch.pools.1.nodes=1", "PB0102"),
        ("registry.create=false", "PB1011"),
        ("images.0.name=Python", "PB1008"),
    ] {
        let output = prebake(folder.path(), &["render", "--set", assignment]);
        fails(&output, 1, code);
        fails(&output, 1, &format!("--set {assignment}:1:1"));
        let errors = text(&output.stderr);
        assert!(!errors.contains("prebake.yaml:"), "{assignment}: {errors}");
    }
}

#[test]
fn a_template_that_fails_is_shown_at_its_line() {
    let folder = with_config();
    let templates = folder.path().join("mine/bicep");
    std::fs::create_dir_all(&templates).expect("a folder");
    let overlay = ["render", "prebake.yaml", "--templates", "mine"];
    std::fs::write(templates.join("batch.bicep.tera"), "// one\n{{ nothing }}\n").expect("a file");
    fails(&prebake(folder.path(), &overlay), 2, " mine/bicep/batch.bicep.tera:2:");
    std::fs::write(templates.join("batch.bicep.tera"), "{% if %}\n").expect("a file");
    fails(&prebake(folder.path(), &overlay), 2, "PB2001");
    fails(&prebake(folder.path(), &overlay), 2, " mine/bicep/batch.bicep.tera:1:");
    std::fs::write(templates.join("batch.bicep.tera"), "{% filter upper %}{% endfilter %}\n")
        .expect("a file");
    fails(&prebake(folder.path(), &overlay), 2, " mine/bicep/batch.bicep.tera:1:");
    std::fs::write(templates.join("batch.bicep.tera"), "param a int = unheardOf\n")
        .expect("a file");
    let output = prebake(folder.path(), &overlay);
    fails(&output, 1, "BCP057");
    fails(&output, 1, "batch.bicep:1:15");
    fails(&output, 1, "the template is `bicep/batch.bicep.tera`");
    assert!(!folder.path().join("out").exists());
}

#[test]
fn a_teams_own_schemas_are_used() {
    let folder = with_config();
    let templates = folder.path().join("mine/bicep");
    std::fs::create_dir_all(&templates).expect("a folder");
    let more = "resource x 'Contoso.X/things@2020-01-01' = {\n  name: 'x'\n  \
                properties: { colour: 'red' }\n}\n";
    std::fs::write(templates.join("image.bicep.tera"), more).expect("a file");
    std::fs::write(templates.join("image.bicepparam.tera"), "using './image.bicep'\n")
        .expect("a file");
    let schema = folder.path().join("schemas/Contoso.X/things@2020-01-01.json");
    std::fs::create_dir_all(schema.parent().expect("has one")).expect("a folder");
    let text = r#"{"type":"object","properties":{"name":{},"properties":{
        "type":"object","properties":{"color":{}},"additionalProperties":false}}}"#;
    std::fs::write(schema, text).expect("a file");
    let validate = ["validate", "prebake.yaml", "--templates", "mine"];
    let without = prebake(folder.path(), &validate);
    assert!(text_of(&without).contains("PB3110"));
    let with = prebake(folder.path(), &[&validate[..], &["--schemas", "schemas"]].concat());
    assert!(!text_of(&with).contains("PB3110"));
    assert!(text_of(&with).contains("did you mean `color`?"), "{}", text_of(&with));
}

fn text_of(output: &Output) -> String {
    text(&output.stderr)
}

#[test]
fn one_template_is_ejected_and_told_what_it_misses() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = "bicep/batch.bicep.tera";
    succeeds(&prebake(folder.path(), &["templates", "eject", name]));
    let template = folder.path().join("templates").join(name);
    let original = folder.path().join(format!("templates/.ejected/{name}.original"));
    assert_eq!(
        std::fs::read(&template).expect("it is there"),
        std::fs::read(&original).expect("too")
    );
    assert_eq!(files(folder.path()).len(), 2, "one template and what it was");
    std::fs::write(&template, "// mine\n").expect("a file");
    assert!(succeeds(&prebake(folder.path(), &["templates", "diff"])).contains("have not changed"));
    let older =
        std::fs::read_to_string(&original).expect("text").replace("'StorageV2'", "'Storage'");
    std::fs::write(&original, older).expect("a file");
    let missed = prebake(folder.path(), &["templates", "diff"]);
    assert_eq!(missed.status.code(), Some(1));
    assert!(text(&missed.stdout).contains("\n-  kind: 'Storage'\n+  kind: 'StorageV2'\n"));
    let unknown = prebake(folder.path(), &["templates", "eject", "bicep/batch.bicp.tera"]);
    fails(&unknown, 2, "did you mean `bicep/batch.bicep.tera`?");
}

#[test]
fn a_config_with_patches_and_files_is_explained() {
    let folder = with_config();
    std::fs::write(folder.path().join("mine.bicep"), "output mine string = account.name\n")
        .expect("a file");
    let config = format!(
        "{CONFIG}add: {{ batch: [mine.bicep] }}\npatch: {{ batch: {{ account: {{ properties: {{ publicNetworkAccess: Disabled }} }} }} }}\n"
    );
    std::fs::write(folder.path().join("prebake.yaml"), config).expect("a config");
    let told = succeeds(&prebake(folder.path(), &["explain", "prebake.yaml"]));
    assert!(told.starts_with("tiny: 2 changes by patches and added files\n"), "{told}");
    assert!(
        told.contains(
            "account.properties.publicNetworkAccess: 'Enabled' → 'Disabled'\n    prebake.yaml:9:"
        ),
        "{told}"
    );
    assert!(told.contains("mine: added by mine.bicep\n    mine.bicep:1:1"), "{told}");
    succeeds(&prebake(folder.path(), &["render"]));
    // A file that is added belongs to what a render is made of.
    assert!(succeeds(&prebake(folder.path(), &["render"])).contains("unchanged"));
    std::fs::write(folder.path().join("mine.bicep"), "output mine string = account.id\n")
        .expect("a file");
    assert!(
        !succeeds(&prebake(folder.path(), &["render", "--dry-run"]))
            .contains("batch.bicep unchanged")
    );
    let stale = prebake(folder.path(), &["render", "--check"]);
    assert_eq!(stale.status.code(), Some(1));
}

#[test]
fn a_derived_name_says_what_it_is_derived_from() {
    let folder = with_config();
    let shown =
        || succeeds(&prebake(folder.path(), &["config", "show", "prebake.yaml", "--defaults"]));
    let digest = "# derived from `name`, `resourceGroup` and `subscription`";
    assert!(shown().contains(digest), "{}", shown());
    let config = format!("{CONFIG}names: {{ suffix: x7k2p }}\n");
    std::fs::write(folder.path().join("prebake.yaml"), config).expect("a config");
    assert!(shown().contains("x7k2p\"  # derived from `name` and `names.suffix`"), "{}", shown());
    assert!(!shown().contains(digest), "{}", shown());
}
