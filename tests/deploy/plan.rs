//! The plan of a render: its schema is that of its types, and it says of the stages what stands in the files.

use std::path::{Path, PathBuf};

use prebake::catalog::Stage;
use prebake::render::{PLAN, Part, Plan, stage_digest};

fn renders() -> Vec<PathBuf> {
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("out");
    let folders = std::fs::read_dir(out).expect("the renders are there");
    let paths: Vec<_> = folders.map(|entry| entry.expect("a folder").path()).collect();
    assert!(paths.len() >= 6);
    paths
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file of a render can be read")
}

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/deploy.schema.json");
    let schema = Plan::schema();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &schema).expect("the schema can be written");
    }
    assert_eq!(read(&path), schema, "`BLESS=1 cargo test deploy::` writes it");
}

#[test]
fn a_plan_says_of_each_stage_what_azure_gets() {
    for render in renders() {
        let plan: Plan = serde_json::from_str(&read(&render.join(PLAN))).expect("a plan");
        assert_eq!(Some(plan.name.as_str()), render.file_name().and_then(|name| name.to_str()));
        assert!(!plan.stages.is_empty());
        for stage in &plan.stages {
            let template = read(&render.join(&stage.template));
            let parameters = read(&render.join(&stage.parameters));
            assert_eq!(stage.digest, stage_digest(&template, &parameters), "{}", stage.name);
            assert_eq!(
                stage.part == Part::Batch,
                stage.name == Stage::Batch || plan.stages.len() == 1
            );
        }
    }
}

/// Whatever is made for a bake carries its digest, so that nothing else is ever removed after it.
#[test]
fn what_is_removed_after_a_bake_carries_its_digest() {
    let mut bakes = 0;
    for render in renders() {
        let plan: Plan = serde_json::from_str(&read(&render.join(PLAN))).expect("a plan");
        let Some(bake) = &plan.bake else { continue };
        bakes += 1;
        let parameters = read(&render.join("arm/builder.parameters.json"));
        let parameters: serde_json::Value = serde_json::from_str(&parameters).expect("JSON");
        assert_eq!(parameters["parameters"]["tags"]["value"]["prebake-bake"], bake.id.as_str());
        assert!(bake.removes.iter().all(|removal| !removal.api_version.is_empty()));
    }
    assert!(bakes >= 2);
}

/// The script of a verification, as the shell in the container gets it.
fn verification(plan: &Plan) -> Option<String> {
    let pool =
        plan.batch.iter().flat_map(|batch| &batch.pools).find_map(|pool| pool.verify.as_ref())?;
    let line = pool["commandLine"].as_str().expect("a command line");
    let word =
        line.strip_prefix("-c \"").and_then(|line| line.strip_suffix('"')).expect("one word");
    Some(word.replace("\\\"", "\"").replace(r"\\", r"\"))
}

/// Runs the script where nothing but these programs is found.
fn run_with(script: &str, programs: &[(&str, &str)]) -> std::process::Output {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder can be made");
    let base = [
        ("hostname", "echo node"),
        ("cat", "exit 0"),
        ("grep", "exit 0"),
        ("nvidia-smi", "exit 0"),
    ];
    for (name, body) in base.iter().chain(programs) {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("a program can be written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("it can be run");
    }
    let mut command = std::process::Command::new("/bin/sh");
    command.args(["-c", script]).env_clear().env("PATH", folder.path());
    command.output().expect("a shell runs")
}

#[test]
fn a_verification_starts_cuda_where_the_image_can() {
    let render = Path::new(env!("CARGO_MANIFEST_DIR")).join("out/vision");
    let plan: Plan = serde_json::from_str(&read(&render.join(PLAN))).expect("a plan");
    let script = verification(&plan).expect("its pools run containers");
    let python = |code: i32| {
        let body = format!(
            r#"case $2 in *'CDLL("libcuda.so.1").cuInit(0)'*) echo asked; exit {code} ;; esac; exit 9"#
        );
        run_with(&script, &[("python3", &body)])
    };
    let starts = python(0);
    assert!(starts.status.success() && starts.stdout.ends_with(b"asked\n"), "{starts:?}");
    assert_eq!(python(1).status.code(), Some(1), "a GPU without CUDA is no good node");
    let none = run_with(&script, &[]);
    assert!(none.status.success(), "{none:?}");
    let told = String::from_utf8_lossy(&none.stdout);
    assert!(told.ends_with("NOT CHECKED, because the image has no python3\n"), "{told}");
}

#[test]
fn only_nodes_with_nvidia_gpus_are_asked_for_cuda() {
    let mut asked = Vec::new();
    for render in renders() {
        let plan: Plan = serde_json::from_str(&read(&render.join(PLAN))).expect("a plan");
        let name = plan.name.clone();
        asked.extend(verification(&plan).map(|script| (name, script.contains("cuInit"))));
    }
    assert!(asked.iter().any(|(name, cuda)| name == "vision" && *cuda), "{asked:?}");
    assert!(asked.iter().any(|(name, cuda)| name == "simulate" && !*cuda), "{asked:?}");
}
