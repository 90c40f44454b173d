//! Failures and interruptions at every call, bakes that fail, and runs that go on afterwards.

use std::fs;

use crate::deploy::azure::{Azure, Run, is_change};

/// The calls of a good full run, each once.
fn calls_of_a_full_run() -> Vec<String> {
    let azure = Azure::vision();
    let run = azure.run(&["--full"]).good();
    let mut calls: Vec<String> = Vec::new();
    for call in run.calls {
        // Folders differ from run to run; what stands before them is enough.
        let prefix = call.split(" --parameters").next().unwrap_or_default();
        let prefix = prefix.split(" --file").next().unwrap_or_default().to_owned();
        if !calls.contains(&prefix) {
            calls.push(prefix);
        }
    }
    calls
}

fn is_whole(azure: &Azure) -> bool {
    azure.get("version").as_deref() == Some("Succeeded\n")
        && azure.get("account").is_some()
        && azure.get("resources").as_deref() == Some("")
        && azure.get("vm").is_none()
}

/// Each change of the second run is one that the first did not finish.
fn assert_resumed(first: &Run, second: &Run, failed: &str) {
    for call in second.changes() {
        let again = first.calls.iter().any(|known| known == call) && !call.starts_with(failed);
        assert!(!again, "after a failure of `{failed}`, this ran twice: {call}");
    }
}

#[test]
fn a_failure_at_any_change_is_loud_and_the_next_run_goes_on() {
    for call in calls_of_a_full_run().iter().filter(|call| is_change(call)) {
        let azure = Azure::vision();
        azure.set("fail", call);
        let first = azure.run(&["--full"]);
        assert_eq!(first.code, 1, "{call}: {}\n{}", first.stdout, first.stderr);
        assert!(!first.stderr.is_empty(), "{call}");
        fs::remove_file(azure.path("azure/fail")).expect("the failure is still set");
        let second = azure.run(&["--full"]).good();
        assert!(is_whole(&azure), "{call}");
        assert_resumed(&first, &second, call);
    }
}

#[test]
fn a_failure_of_any_question_is_loud() {
    for call in calls_of_a_full_run().iter().filter(|call| !is_change(call)) {
        // Without its log the bake is only waited for longer.
        if call.starts_with("vm boot-diagnostics") {
            continue;
        }
        let azure = Azure::vision();
        azure.set("fail", call);
        let first = azure.run(&["--full"]);
        assert_eq!(first.code, 1, "{call}: {}\n{}", first.stdout, first.stderr);
        assert!(!first.stderr.is_empty(), "{call}");
    }
}

#[test]
fn an_interruption_at_any_call_is_taken_up() {
    for call in calls_of_a_full_run() {
        let azure = Azure::vision();
        azure.set("fail", &format!("kill {call}"));
        let first = azure.run(&["--full"]);
        assert_ne!(first.code, 0, "{call}: {}\n{}", first.stdout, first.stderr);
        azure.run(&["--full"]).good();
        assert!(is_whole(&azure), "{call}");
    }
}

#[test]
fn a_failed_bake_names_its_step_and_keeps_the_builder() {
    let azure = Azure::vision();
    let log = "PREBAKE-STEP gpu-driver failed 93\r\nPREBAKE-LOG error: no space left on device\r\n";
    azure.set("console.2", &format!("{log}{}", azure.result_line("failed", "gpu-driver")));
    let run = azure.run(&["--full"]).failed_with("the bake failed in step gpu-driver");
    assert!(run.stderr.contains("no space left on device"), "{}", run.stderr);
    assert!(!run.has("vm deallocate") && !run.has("vm delete"));
    assert!(azure.get("vm").is_some(), "the builder is left for inspection");
    let result = fs::read_to_string(azure.path("out/bake-result.json")).expect("a result");
    assert!(result.contains(r#""failedStep":"gpu-driver""#), "{result}");
    // Again: the same answer, until it is cleaned up.
    azure.run(&["--full"]).failed_with("the bake failed in step gpu-driver");
    azure.run(&["--clean-up"]).good();
    azure.bake_succeeds();
    azure.run(&["--full"]).good();
    assert!(is_whole(&azure));
}

#[test]
fn a_torn_result_does_not_count() {
    let azure = Azure::vision();
    let good = azure.result_line("succeeded", "");
    let torn = good.replace("docker", "do[   12.3] eth0: link up cker");
    azure.set("console.1", &torn);
    azure.set("console.2", &torn);
    azure.set("console.3", &format!("{torn}{good}"));
    azure.run(&["--image-only"]).good();
    assert_eq!(azure.get("looks").as_deref(), Some("4\n"));
}

#[test]
fn the_result_of_another_render_is_refused() {
    let azure = Azure::vision();
    let other = azure.result_line("succeeded", "").replace(&azure.bake_id, "0123456789abcdef");
    let json = other.split(" sha256:").next().unwrap_or_default();
    azure.set("console.2", &format!("{json}\r\n"));
    let run = azure.run(&["--full"]).failed_with("was started by another render");
    assert!(!run.has("vm generalize"));
}

#[test]
fn a_builder_that_stops_without_a_result_is_a_failure() {
    let azure = Azure::vision();
    azure.set("group", "");
    azure.set("vm", "PowerState/stopped\n");
    for look in 0..3 {
        azure.set(&format!("console.{look}"), "PREBAKE-STEP prepare started 0\r\n");
    }
    let run = azure.run(&["--image-only"]).failed_with("left no result");
    assert!(!run.has("vm generalize"));
}

#[test]
fn a_bake_that_says_nothing_ends_at_the_time_limit() {
    let azure = Azure::vision();
    azure.set("console.2", "nothing\r\n");
    // Ten minutes pass with every look at the clock.
    let clock = azure.path("azure/clock");
    azure.tool(
        "date",
        &format!(
            "#!/usr/bin/env bash\nnow=$(cat {0} 2> /dev/null || echo 0)\nnow=$((now + 600))\n\
             echo \"$now\" > {0}\necho \"$now\"\n",
            clock.display()
        ),
    );
    let run = azure.run(&["--image-only"]).failed_with("no result within 90 minutes");
    assert!(!run.has("vm deallocate"));
    assert!(azure.get("vm").is_some());
}

#[test]
fn a_version_that_failed_is_not_taken_for_done() {
    let azure = Azure::vision();
    azure.set("group", "");
    azure.set("version", "Failed\n");
    azure.run(&["--full"]).failed_with("az sig image-version delete");
    azure.set("version", "Creating\n");
    let run = azure.run(&["--full"]).good();
    assert!(run.has("sig image-version wait --created"));
}
