//! Fleets, Image Builder, existing images, interruption, events.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::Place;
use super::run::{CONFIG, Outcome};
use crate::azure::{Action, BakeEnd, BuildEnd, Fault, Recorded};

#[test]
fn image_builder_bakes_and_starts_over_after_a_failure() {
    let config = CONFIG.replace("gallery:", "bake: image-builder\ngallery:");
    let place = Place::new(&config);
    place.standin.cloud().knobs.image_builder = BuildEnd::Failed;
    place.standin.cloud().knobs.staging_rights = false;
    place.deploy(&["--full"]).fails(1, "Storage Blob Data Reader");
    place.standin.cloud().knobs.staging_rights = true;
    place.deploy(&["--full"]).fails(1, "the Image Builder run of");
    let log = std::fs::read_to_string(place.path().join("bake.log")).expect("the log was brought");
    assert!(log.contains("PACKER OUT"), "{log}");
    place.standin.cloud().knobs.image_builder = BuildEnd::Succeeded;
    place.deploy(&["--full"]).succeeds();
    place.is_equal();
    let outcome = place.deploy(&["--full"]).succeeds();
    assert!(outcome.out.contains("vision: unchanged"), "{}", outcome.out);
    // The version is gone, and the template's run of before made it: that run does not count.
    let version = |id: &String| id.contains("/versions/");
    let ids: Vec<String> =
        place.standin.cloud().resources.keys().filter(|id| version(id)).cloned().collect();
    assert_eq!(ids.len(), 1);
    place.standin.cloud().resources.remove(&ids[0]);
    place.deploy(&["--full"]).succeeds();
    assert!(place.standin.cloud().resources.contains_key(&ids[0]));
}

/// The run ends after the deployment has looked for its version: nothing is run again.
#[test]
fn a_run_of_image_builder_counts_when_it_ends_meanwhile() {
    let place = Place::new(&CONFIG.replace("gallery:", "bake: image-builder\ngallery:"));
    place.deploy(&["--full"]).succeeds();
    let version = {
        let mut cloud = place.standin.cloud();
        let id = cloud.resources.keys().find(|id| id.contains("/versions/")).cloned();
        cloud.resources.remove_entry(&id.expect("a version"))
    };
    let (id, version) = version.expect("it was there");
    place.standin.take_requests();
    // The providers are asked for after the version and before the rights.
    let late = Fault::new(Action::Delay(Duration::from_secs(2)));
    place.standin.add_fault(late.method("GET").path("/permissions$").times(1));
    let child = place.start(&["--full"]);
    let mut requests = Vec::new();
    let is_asked =
        |one: &Recorded| one.request.path.to_lowercase().ends_with("/providers/microsoft.batch");
    while !requests.iter().any(is_asked) {
        std::thread::sleep(Duration::from_millis(5));
        requests.extend(place.standin.take_requests());
    }
    place.standin.cloud().resources.insert(id, version);
    Outcome::of(child.wait_with_output().expect("it ends")).succeeds();
    requests.extend(place.standin.take_requests());
    let writes: Vec<String> =
        requests.iter().filter(|one| one.is_write()).map(Recorded::line).collect();
    assert!(writes.is_empty(), "{writes:?}");
    place.is_equal();
}

/// What one render of a fleet meets does not stop the others.
#[test]
fn a_fleet_deploys_what_it_can() {
    let place = Place::new(CONFIG);
    let small = |name: &str| {
        format!(
            "name: {name}\nlocation: swedencentral\nresourceGroup: {name}\n\
             images: [{{ name: docker.io/library/python, tag: 3.12.7-slim }}]\n\
             node: {{ gpu: false }}\ngallery: {{ version: 1.0.0 }}\n\
             batch: {{ pools: [{{ id: one, nodes: 1 }}] }}\n"
        )
    };
    for name in ["one", "two", "three"] {
        place.render(&small(name), &["--output", "fleet"]);
    }
    let pool = "/subscriptions/SUB/resourcegroups/two".replace("SUB", crate::azure::SUBSCRIPTION);
    place.standin.cloud().locks.insert(pool, "ReadOnly".to_owned());
    let outcome = Outcome::of(fleet(&place).output().expect("the binary runs"));
    let outcome = outcome.fails(1, "3 renders: 2 deployed, 1 failed");
    assert!(outcome.errors.contains("two: error:"), "{}", outcome.errors);
    place.standin.cloud().locks.clear();
    let outcome = Outcome::of(fleet(&place).output().expect("the binary runs"));
    outcome.succeeds().fails(0, "3 renders: 1 deployed, 2 unchanged");
}

fn fleet(place: &Place) -> Command {
    place.command_of("fleet", &["--full"])
}

#[test]
fn each_line_of_json_is_an_event() {
    let place = Place::new(CONFIG);
    let outcome = place.deploy(&["--full", "--format", "json"]).succeeds();
    let events: Vec<Value> = outcome
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    let named = |name: &str| events.iter().filter(|event| event["event"] == name).count();
    assert_eq!(named("started"), 1);
    assert!(named("check") > 5 && named("step") > 4 && named("done") > 4);
    let last = events.last().expect("there are events");
    assert_eq!(last["event"], "ended");
    assert_eq!(last["state"], "deployed");
    assert_eq!(last["exitCode"], 0);
}

/// Ctrl-C stops the wait, says what goes on, and the same command goes on.
#[cfg(unix)]
#[test]
fn an_interrupted_wait_says_what_goes_on() {
    use std::io::Read as _;
    let place = Place::new(CONFIG);
    place.standin.cloud().knobs.bake = BakeEnd::Never;
    let mut command = place.command(&["--full"]);
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let mut out = child.stdout.take().expect("it is piped");
    let mut text = String::new();
    let mut bytes = [0; 256];
    while !text.contains("prepare") {
        let read = out.read(&mut bytes).expect("the output can be read");
        assert!(read > 0, "it ended too early: {text}");
        text.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    let id = child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &id]).status().expect("kill runs");
    assert!(killed.success());
    // What it still prints must find a reader.
    let _ = out.read_to_string(&mut text);
    let outcome = Outcome::of(child.wait_with_output().expect("it ends"));
    let outcome = outcome.fails(130, "Azure continues");
    assert!(outcome.errors.contains("bake"), "{}", outcome.errors);
    place.standin.cloud().knobs.bake = BakeEnd::Succeeded;
    place.deploy(&["--full"]).succeeds();
    place.is_equal();
}
