//! What a deployment does is decided by what stands in Azure.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Place;
use super::run::CONFIG;
use crate::azure::{Action, BakeEnd, BuildEnd, Fault, error_object};

fn pool_id(place: &Place) -> String {
    let wanted = place.wanted();
    let pool = wanted.iter().find(|one| one.kind.ends_with("/pools")).expect("a pool");
    pool.id.to_lowercase()
}

#[test]
fn a_full_deployment_makes_azure_equal_and_another_writes_nothing() {
    let place = Place::new(CONFIG);
    place.deploy(&["--full"]).succeeds();
    place.is_equal();
    place.standin.take_requests();
    let outcome = place.deploy(&["--full"]).succeeds();
    assert!(outcome.out.contains("vision: unchanged"), "{}", outcome.out);
    let requests = place.standin.take_requests();
    let writes: Vec<String> = requests
        .iter()
        .filter(|one| one.is_write())
        .map(super::super::azure::Recorded::line)
        .collect();
    assert!(writes.is_empty(), "{writes:?}");
    assert!(requests.len() < 40, "{}", requests.len());
}

#[test]
fn the_second_half_follows_the_first() {
    let place = Place::new(CONFIG);
    place.deploy(&["--batch-only"]).fails(1, "--image-only");
    place.deploy(&["--image-only"]).succeeds();
    place.deploy(&["--batch-only"]).succeeds();
    place.is_equal();
}

/// A, then B, then A again ends at A, although A was deployed before.
#[test]
fn a_rollback_is_deployed() {
    let place = Place::new(CONFIG);
    place.deploy(&["--full"]).succeeds();
    let three = CONFIG.replace("nodes: 1", "nodes: 3");
    place.render(&three, &[]);
    place.deploy(&["--full"]).succeeds();
    place.is_equal();
    place.render(CONFIG, &[]);
    place.deploy(&["--full"]).succeeds();
    place.is_equal();
}

#[test]
fn what_was_deleted_comes_back() {
    let place = Place::new(CONFIG);
    place.deploy(&["--full"]).succeeds();
    let pool = pool_id(&place);
    assert!(place.standin.cloud().resources.remove(&pool).is_some());
    place.deploy(&["--full"]).succeeds();
    place.is_equal();
    let registry = |id: &String| id.contains("/registries/") && !id.contains("roleassignments");
    let ids: Vec<String> =
        place.standin.cloud().resources.keys().filter(|id| registry(id)).cloned().collect();
    for id in &ids {
        place.standin.cloud().resources.remove(id);
    }
    place.standin.cloud().images.clear();
    place.deploy(&["--full"]).succeeds();
    place.is_equal();
}

/// The builder that the template of the version names no longer exists by then.
#[test]
fn regions_and_replicas_of_a_version_are_updated() {
    let place = Place::new(CONFIG);
    place.deploy(&["--full"]).succeeds();
    let more = CONFIG.replace(
        "gallery: { version: 1.0.0 }",
        "gallery: { version: 1.0.0, replicas: 2, targetRegions: [{ region: westeurope, replicas: 3 }] }",
    );
    place.render(&more, &[]);
    place.standin.take_requests();
    place.deploy(&["--full"]).succeeds();
    place.is_equal();
    let requests = place.standin.take_requests();
    let patched = requests
        .iter()
        .filter(|one| one.request.method == "PATCH" && one.request.path.contains("/versions/"));
    assert_eq!(patched.count(), 1);
}

#[test]
fn a_change_by_hand_is_told_and_put_back_when_asked() {
    let place = Place::new(CONFIG);
    place.deploy(&["--full"]).succeeds();
    let pool = pool_id(&place);
    let scale = |count: u64| {
        let mut cloud = place.standin.cloud();
        let pool = cloud.resources.get_mut(&pool).expect("the pool");
        pool.shown["properties"]["scaleSettings"]["fixedScale"]["targetDedicatedNodes"] =
            json!(count);
    };
    scale(7);
    let outcome = place.deploy(&["--full"]).fails(1, "changed manually");
    assert!(
        outcome.out.contains("targetDedicatedNodes is 7, but the render sets 1"),
        "{}",
        outcome.out
    );
    place.deploy(&["--full", "--yes"]).succeeds();
    place.is_equal();
}

/// Its assignment names a principal that is gone, and Azure changes no principal of an assignment.
#[test]
fn an_identity_that_was_made_anew_gets_its_role() {
    let place = Place::new(CONFIG);
    place.deploy(&["--full"]).succeeds();
    let identity = place
        .wanted()
        .into_iter()
        .find(|one| one.kind.ends_with("userAssignedIdentities"))
        .expect("an identity");
    place.standin.cloud().resources.remove(&identity.id.to_lowercase());
    place.deploy(&["--full"]).succeeds();
    place.is_equal();
    let outcome = place.deploy(&["--full"]).succeeds();
    assert!(outcome.out.contains("vision: unchanged"), "{}", outcome.out);
}

#[test]
fn two_configs_in_one_group_know_their_own_deployments() {
    let place = Place::new(CONFIG);
    place.deploy(&["--full"]).succeeds();
    let other = CONFIG.replace("name: vision", "name: vision-b");
    place.render(&other, &["--output", "other"]);
    let mut command = place.command_of("other/vision-b", &["--full"]);
    let output = command.output().expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let outcome = place.deploy(&["--full"]).succeeds();
    assert!(outcome.out.contains("vision: unchanged"), "{}", outcome.out);
}

#[test]
fn two_runs_at_once_end_equal() {
    let place = Place::new(CONFIG);
    let (mut first, mut second) = (place.start(&["--full"]), place.start(&["--full"]));
    let codes = (first.wait().expect("it ends").code(), second.wait().expect("it ends").code());
    // One may find the other's builder in its way; the same command then goes on.
    assert!([codes.0, codes.1].contains(&Some(0)), "{codes:?}");
    place.deploy(&["--full"]).succeeds();
    place.is_equal();
}

#[test]
fn each_end_of_a_bake_has_an_answer() {
    for (end, words) in [
        (BakeEnd::Failed, "the bake failed at step"),
        (BakeEnd::Halted, "did not report a result"),
        (BakeEnd::Foreign, "is running another bake"),
        (BakeEnd::Garbled, "did not report a result"),
    ] {
        let place = Place::new(CONFIG);
        place.standin.cloud().knobs.bake = end;
        place.deploy(&["--full"]).fails(1, words);
        let cloud = place.standin.cloud();
        assert!(
            cloud.resources.keys().any(|id| id.ends_with("/vision-builder")),
            "{end:?}: the builder stays"
        );
        drop(cloud);
        place.deploy(&["--clean-up"]).succeeds();
        place.standin.cloud().knobs.bake = BakeEnd::GarbledOnce;
        place.deploy(&["--full"]).succeeds();
        place.is_equal();
    }
}

/// The result stands on the console before the last files of the builder are taken away.
#[test]
fn a_machine_is_captured_only_when_it_is_off() {
    let place = Place::new(CONFIG);
    place.standin.cloud().knobs.stays_on = true;
    let mut child = place.start(&["--full"]);
    let builder = |id: &str| id.ends_with("/virtualmachines/vision-builder");
    let is_marked = || {
        let cloud = place.standin.cloud();
        let found = cloud.resources.iter().find(|(id, _)| builder(id));
        found.is_some_and(|(_, found)| found.text("/tags/prebake-result") == "succeeded")
    };
    wait_until(is_marked);
    std::thread::sleep(Duration::from_millis(300));
    let asked = |action: &str| {
        let requests = place.standin.requests();
        requests.iter().any(|one| one.request.path.ends_with(action))
    };
    assert!(!asked("/deallocate") && !asked("/generalize"), "it is still on");
    {
        let mut cloud = place.standin.cloud();
        let found = cloud.resources.iter_mut().find(|(id, _)| builder(id)).expect("the builder");
        "stopped".clone_into(&mut found.1.vm.as_mut().expect("a machine").power);
    }
    assert!(child.wait().expect("it ends").success());
    assert!(asked("/generalize"));
    place.is_equal();
}

/// The limit counts from the creation of the builder, not from the start of the command that waits.
#[test]
fn the_time_limit_of_a_bake_does_not_start_again() {
    let place = Place::new(CONFIG);
    place.standin.cloud().knobs.bake = BakeEnd::Never;
    let mut child = place.start(&["--full"]);
    let builder = |id: &str| id.ends_with("/virtualmachines/vision-builder");
    wait_until(|| place.standin.cloud().resources.keys().any(|id| builder(id)));
    wait_until(|| {
        let requests = place.standin.requests();
        requests.iter().any(|one| one.request.path.ends_with("retrieveBootDiagnosticsData"))
    });
    child.kill().and_then(|()| child.wait()).expect("our own child");
    {
        let mut cloud = place.standin.cloud();
        let found = cloud.resources.iter_mut().find(|(id, _)| builder(id)).expect("the builder");
        found.1.shown["properties"]["timeCreated"] = json!("2024-01-01T10:00:00.1234567+00:00");
    }
    place.deploy(&["--full"]).fails(1, "within 90 minutes of its creation");
    // A result that came meanwhile counts all the same.
    {
        let mut cloud = place.standin.cloud();
        cloud.knobs.bake = BakeEnd::Succeeded;
        let found = cloud.resources.iter_mut().find(|(id, _)| builder(id)).expect("the builder");
        found.1.vm.as_mut().expect("a machine").looks = 1_000;
    }
    place.deploy(&["--full"]).succeeds();
    place.is_equal();
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(120), "it does not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_builder_of_another_bake_goes_only_when_asked() {
    let place = Place::new(CONFIG);
    place.standin.cloud().knobs.bake = BakeEnd::Failed;
    place.deploy(&["--full"]).fails(1, "bake.log");
    let fixed = CONFIG.replace("gallery:", "bake: { steps: [{ packages: [htop] }] }\ngallery:");
    place.render(&fixed, &[]);
    place.standin.cloud().knobs.bake = BakeEnd::Succeeded;
    place.deploy(&["--full"]).fails(1, "belongs to another bake");
    place.deploy(&["--full", "--yes"]).succeeds();
    place.is_equal();
}

#[test]
fn a_build_that_fails_shows_its_log() {
    let place = Place::new(CONFIG);
    place.standin.cloud().knobs.build = BuildEnd::Failed;
    place.deploy(&["--full"]).fails(1, "the build of app:1.0 ended as Failed");
    place.standin.cloud().knobs.build = BuildEnd::Unpushed;
    place.deploy(&["--full"]).fails(1, "did not push");
    place.standin.cloud().knobs.build = BuildEnd::Succeeded;
    place.deploy(&["--full"]).succeeds();
    place.is_equal();
}

/// Everything that lacks is told at once, before anything is written.
#[test]
fn the_table_comes_before_the_first_write() {
    let place = Place::new(CONFIG);
    {
        let mut cloud = place.standin.cloud();
        cloud.knobs.providers.insert("Microsoft.Batch".to_owned(), "NotRegistered".to_owned());
        cloud.knobs.missing_sizes.push("Standard_NC4as_T4_v3".to_owned());
        cloud.knobs.not_actions.push("Microsoft.Authorization/*/Write".to_owned());
    }
    std::fs::remove_file(place.folder.path().join("Dockerfile")).expect("it was there");
    let outcome = place.deploy(&["--full"]).fails(1, "nothing was changed");
    for words in [
        "Microsoft.Batch is NotRegistered",
        "not offered",
        "roleAssignments/write",
        "Dockerfile does not exist",
    ] {
        assert!(outcome.out.contains(words), "`{words}` is not in:\n{}", outcome.out);
    }
    let requests = place.standin.take_requests();
    let writes: Vec<String> = requests
        .iter()
        .filter(|one| one.is_write())
        .map(super::super::azure::Recorded::line)
        .collect();
    assert!(writes.is_empty(), "{writes:?}");
}

#[test]
fn a_lock_keeps_a_resource_and_not_the_pools() {
    let place = Place::new(CONFIG);
    let id = format!(
        "{}/providers/microsoft.network/publicipaddresses/vision-builder-vnet-nat-ip",
        "/subscriptions/SUB/resourcegroups/vision-batch"
    );
    let id = id.replace("SUB", crate::azure::SUBSCRIPTION);
    place.standin.cloud().locks.insert(id, "CanNotDelete".to_owned());
    place.deploy(&["--full"]).fails(1, "cannot be removed");
    assert!(place.standin.cloud().resources.contains_key(&pool_id(&place)));
    place.standin.cloud().locks.clear();
    place.deploy(&["--full"]).succeeds();
    place.is_equal();
}

#[test]
fn a_permanent_error_ends_at_once_with_azures_words() {
    let place = Place::new(CONFIG);
    let error =
        error_object("RequestDisallowedByPolicy", "Resource 'dev' was disallowed by policy.");
    place.standin.cloud().knobs.failing_types.push((
        "Microsoft.Batch/batchAccounts/pools".to_owned(),
        error,
        1,
    ));
    let outcome = place.deploy(&["--full"]).fails(1, "RequestDisallowedByPolicy");
    assert!(
        outcome.errors.contains("a policy of the subscription forbids it"),
        "{}",
        outcome.errors
    );
    place.deploy(&["--full"]).succeeds();
    place.is_equal();
}

#[test]
fn a_lost_answer_changes_nothing() {
    let place = Place::new(CONFIG);
    place.standin.add_fault(Fault::new(Action::DropAnswer).method("PUT").times(3));
    place.standin.add_fault(
        Fault::new(Action::DropAnswer)
            .method("POST")
            .path("generalize|deallocate|scheduleRun")
            .times(3),
    );
    place.deploy(&["--full"]).succeeds();
    place.is_equal();
}

#[test]
fn an_edited_render_is_not_deployed() {
    let place = Place::new(CONFIG);
    let path = place.path().join("arm/batch.json");
    let text = std::fs::read_to_string(&path).expect("the template");
    std::fs::write(&path, text.replace("BatchService", "UserSubscription"))
        .expect("it can be written");
    place.deploy(&["--full"]).fails(2, "edited");
    // With digests that fit, only the config tells.
    place.render(CONFIG, &[]);
    std::fs::rename(place.folder.path().join("prebake.yaml"), place.folder.path().join("a.yaml"))
        .expect("it is there");
    place.render(&CONFIG.replace("nodes: 1", "nodes: 40"), &[]);
    place.deploy(&["--full", "--config", "a.yaml"]).fails(2, "is not what");
    assert!(place.standin.take_requests().is_empty());
}

#[test]
fn what_if_changes_nothing() {
    let place = Place::new(CONFIG);
    place.deploy(&["--what-if"]).succeeds();
    place.deploy(&["--full"]).succeeds();
    place.render(&CONFIG.replace("nodes: 1", "nodes: 2"), &[]);
    place.standin.take_requests();
    place.deploy(&["--what-if"]).succeeds();
    let requests = place.standin.take_requests();
    assert!(
        requests
            .iter()
            .all(|one| !one.is_write() || one.request.path.to_lowercase().ends_with("/whatif"))
    );
}

#[test]
fn verify_says_why_a_task_failed() {
    let place = Place::new(CONFIG);
    place.deploy(&["--full", "--verify"]).succeeds();
    place.standin.cloud().knobs.task_exit = None;
    place.deploy(&["--verify"]).fails(1, "the task did not run");
    place.deploy(&["--clean-up"]).succeeds();
}

/// Lets so many tasks run on each node of a pool.
fn busy_nodes(place: &Place, pool: &str, tasks: u64) {
    let mut cloud = place.standin.cloud();
    let id = pool.rsplit('/').next().unwrap_or_default();
    let nodes = cloud.nodes.iter_mut().filter(|((_, known), _)| known.eq_ignore_ascii_case(id));
    let nodes: Vec<_> = nodes.flat_map(|(_, nodes)| nodes).collect();
    assert!(!nodes.is_empty(), "{pool} has no nodes");
    for node in nodes {
        node["runningTasksCount"] = json!(tasks);
    }
}

#[test]
fn the_old_pool_goes_when_it_is_asked_for() {
    let config =
        CONFIG.replace("{ id: dev, nodes: 1 }", "{ id: dev, nodes: 1, replace: blue-green }");
    let place = Place::new(&config);
    place.deploy(&["--full"]).succeeds();
    let old = pool_id(&place);
    place.render(&config.replace("nodes: 1", "nodes: 1, taskSlotsPerNode: 2"), &[]);
    place.deploy(&["--full"]).succeeds();
    assert!(place.standin.cloud().resources.contains_key(&old), "never by default");
    busy_nodes(&place, &old, 1);
    let outcome = place.deploy(&["--retire-old", "--drain-minutes", "0"]);
    let outcome = outcome.fails(1, "tasks still run on pool");
    assert!(outcome.errors.contains("--drain-minutes"), "{}", outcome.errors);
    assert!(place.standin.cloud().resources.contains_key(&old));
    busy_nodes(&place, &old, 0);
    place.deploy(&["--retire-old"]).succeeds();
    assert!(!place.standin.cloud().resources.contains_key(&old));
    place.is_equal();
}
