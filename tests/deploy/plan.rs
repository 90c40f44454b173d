//! The plan of a render: its schema is that of its types, and it says of the stages what stands in the files.

use std::path::{Path, PathBuf};

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
            assert_eq!(stage.part == Part::Batch, stage.name == "batch" || plan.stages.len() == 1);
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
