//! What the script does in each mode, with the answers of the real CLI.

use std::fs;

use prebake::render::{NAME_DIGEST, Part, Plan, deployment_prefix};

use super::script::Script;

/// The calls that change something in Azure, as their first words and what they name.
fn changes(script: &Script) -> Vec<String> {
    const READS: [&str; 6] =
        ["show", "list", "exists", "show-tags", "get-instance-view", "get-boot-log-uris"];
    let calls = script.calls();
    let words = calls.iter().map(|call| {
        let words: Vec<&str> = call.split(' ').collect();
        words.iter().skip(1).take_while(|word| !word.starts_with("--")).copied().collect::<Vec<_>>()
    });
    words
        .zip(&calls)
        .filter(|(words, call)| {
            call.starts_with("az ") && !words.last().is_some_and(|last| READS.contains(last))
        })
        .map(|(words, _)| words.join(" "))
        .collect()
}

#[test]
fn the_modes_deploy_stage_by_stage() {
    let script = Script::replayed("gpu-preload", "vision");
    let run = script.run(&["--image-only"]).ends_with(0);
    for line in [
        "== stage registry",
        "== build of batch-gpu-pytorch:2.4.1",
        "== bake",
        "  docker done",
        "== stage image",
    ] {
        assert!(run.stdout.contains(line), "no `{line}` in:\n{}", run.stdout);
    }
    let expected = [
        "group create",
        "deployment group create",
        "acr build",
        "deployment group create",
        "vm deallocate",
        "vm generalize",
        "deployment group create",
        "resource delete",
        "resource delete",
        "resource delete",
        "resource delete",
        "resource delete",
        "resource delete",
        "resource delete",
    ];
    assert_eq!(changes(&script), expected);
    // `prebake deploy` finds what the script has deployed by the same names.
    let plan = fs::read_to_string(script.path("out/deploy.json")).expect("the plan");
    let plan: Plan = serde_json::from_str(&plan).expect("a plan");
    for stage in plan.stages.iter().filter(|stage| stage.part == Part::Image) {
        let prefix = deployment_prefix(&plan.name, stage.name);
        let line = format!("== stage {} ({prefix}{})", stage.name, &stage.digest[..NAME_DIGEST]);
        assert!(run.stdout.contains(&line), "no `{line}` in:\n{}", run.stdout);
    }
    let result = fs::read_to_string(script.path("out/bake-result.json")).expect("a result");
    assert!(
        result.contains(&format!(r#""bakeId":"{}","status":"succeeded""#, script.bake_id)),
        "{result}"
    );
    let before = script.calls().len();
    script.run(&["--batch-only"]).ends_with(0);
    let calls = script.calls().split_off(before);
    assert!(calls.iter().any(|call| call.contains("arm/batch.json")), "{calls:#?}");
    assert!(!calls.iter().any(|call| call.contains("arm/builder.json")), "{calls:#?}");
}

#[test]
fn every_call_says_how_it_answers_and_asks_nobody() {
    let script = Script::replayed("gpu-preload", "vision");
    script.run(&["--full"]).ends_with(0);
    for call in script.calls().iter().filter(|call| call.starts_with("az ")) {
        assert!(call.contains(" --output "), "{call}");
    }
    for line in script.text().replace("\\\n", " ").lines() {
        let direct = line.contains("az acr ") || line.contains("$(az ");
        assert!(!direct || line.contains("< /dev/null"), "it could ask: {line}");
    }
}

#[test]
fn a_failed_bake_ends_with_its_log() {
    let script = Script::replayed("cpu", "failed");
    let run = script.run(&["--full"]).ends_with(1);
    assert!(run.stderr.contains("Unable to locate package"), "{}", run.stderr);
    assert!(run.stderr.contains("bake-result.json"), "{}", run.stderr);
    assert!(
        !changes(&script).iter().any(|call| call.starts_with("vm ") || call.contains("delete"))
    );
}

#[test]
fn the_result_of_another_bake_is_refused() {
    let script = Script::replayed("cpu", "foreign");
    let run = script.run(&["--full"]).ends_with(1);
    assert!(run.stderr.contains("another bake"), "{}", run.stderr);
    assert!(!script.path("out/bake-result.json").exists());
}

#[test]
fn a_builder_that_stops_without_a_result_is_a_failure() {
    let script = Script::replayed("cpu", "halted");
    let run = script.run(&["--full"]).ends_with(1);
    assert!(run.stderr.contains("left no result"), "{}", run.stderr);
}

#[test]
fn wrong_usage_is_told_from_failure() {
    let script = Script::of("gpu-preload", &[]);
    script.tools("#!/bin/sh\necho called >&2\nexit 98\n");
    for arguments in [&[][..], &["--wrong"], &["--full", "--image-only"], &["--what-if"]] {
        let run = script.run(arguments).ends_with(2);
        assert!(run.stderr.starts_with("usage: deploy.sh --image-only | "), "{}", run.stderr);
    }
    let run = script.run(&["--help"]).ends_with(0);
    assert!(run.stdout.contains("--batch-only"), "{}", run.stdout);
    let no_bake = Script::of("batch-only", &[]);
    no_bake.tools("#!/bin/sh\nexit 98\n");
    no_bake.run(&["--image-only"]).ends_with(2);
}

#[test]
fn a_missing_dockerfile_ends_before_anything_changes() {
    let script = Script::replayed("gpu-preload", "vision");
    fs::remove_file(script.path("source/Dockerfile.gpu.ubuntu")).expect("our own file");
    let run = script.run(&["--full"]).ends_with(1);
    assert!(run.stderr.contains("Dockerfile.gpu.ubuntu"), "{}", run.stderr);
    assert_eq!(changes(&script), Vec::<String>::new());
}

#[test]
fn it_is_short_enough_to_be_read() {
    for example in
        ["gpu-preload", "almalinux-gpu", "cpu", "existing-registry", "multi-pool", "batch-only"]
    {
        let lines = Script::of(example, &[]).text().lines().count();
        assert!(lines <= 106, "{example}: {lines}");
    }
}
