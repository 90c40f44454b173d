//! What is live: forecasts of what-if in both documented shapes, and plain GETs, against the render's own diff.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use prebake::arm::evaluate::Evaluated;
use prebake::catalog::StageName;
use prebake::diff::live::{Forecast, forecast, resources_of};
use prebake::diff::{
    Action, Diff, Live, Origin, Origins, RenderState, diff, diff_with_live, path_text,
};
use prebake::expand::{Resource, body_of};
use serde_json::{Value, json};

use crate::diff::state::{at, base, named, rename, set, typed};

const NOISE: &str = include_str!("../../src/catalog/tables/what-if-noise.tsv");

struct Nowhere;

impl Origins for Nowhere {
    fn of_value(&self, _stage: &StageName, _pointer: &str) -> Origin {
        Origin::default()
    }

    fn of_file(&self, _path: &str, _offset: usize) -> Origin {
        Origin::default()
    }
}

/// A forecast in which every resource of the render stays as it is, but for these changes by name.
fn recorded(new: &RenderState, changes: &[(&str, Value)]) -> Value {
    let change = |resource: &Arc<Resource>| {
        let own = changes.iter().find(|(name, _)| resource.name.ends_with(name));
        let mut change =
            own.map_or(json!({ "changeType": "NoChange", "delta": [] }), |(_, it)| it.clone());
        change["resourceId"] = resource.id.clone().into();
        change
    };
    let changes: Vec<Value> = new.resources.iter().map(change).collect();
    json!({ "changes": changes, "error": null, "status": "Succeeded" })
}

fn modified(path: &str, before: &Value, after: &Value) -> Value {
    json!({ "changeType": "Modify", "delta": [{
        "path": path, "propertyChangeType": "Modify", "before": before, "after": after, "children": null }] })
}

fn read(json: &Value) -> Live {
    forecast(Forecast { stage: "batch", json }).unwrap()
}

fn reviewed(previous: Option<&RenderState>, new: &RenderState, json: &Value) -> Diff {
    diff_with_live(previous, new, &read(json), &Nowhere)
}

/// Path, value before and value after.
type Property = (String, Option<Value>, Option<Value>);
/// A resource, what happens to it, and its properties.
type Told = (String, Action, Vec<Property>);

/// What a diff says of resources.
fn told(diff: &Diff) -> Vec<Told> {
    let of = |change: &prebake::diff::ResourceChange| {
        let properties = change.properties.iter().map(|property| {
            let shown = |side: &Option<Evaluated>| side.as_ref().map(Evaluated::to_template);
            (path_text(&property.path), shown(&property.before), shown(&property.after))
        });
        (change.name.clone(), change.action, properties.collect())
    };
    diff.resources.iter().map(of).collect()
}

const NODES: &str = "properties.scaleSettings.fixedScale.targetDedicatedNodes";

#[test]
fn a_forecast_of_what_was_rendered_last_gives_the_same_review() {
    let (previous, mut new) = (base(), base());
    set(&mut new, "/dev", NODES, 4);
    set(&mut new, "visionacr", "sku.name", "Premium");
    let flat = recorded(
        &new,
        &[
            ("/dev", modified(NODES, &json!(2), &json!(4))),
            ("visionacr", modified("sku.name", &json!("Basic"), &json!("Premium"))),
        ],
    );
    let own = diff(Some(&previous), Some(&new));
    let nested = json!({ "status": "Succeeded", "properties": { "changes": flat["changes"] } });
    for json in [&flat, &nested] {
        let live = reviewed(Some(&previous), &new, json);
        assert_eq!(told(&live), told(&own));
        assert_eq!(live.detailed_exit().code(), own.detailed_exit().code());
        let review = live.live.unwrap();
        assert_eq!((review.drift.unwrap().len(), review.hidden.len()), (0, 0));
        assert!(review.unseen.is_empty(), "{:?}", review.unseen);
    }
}

#[test]
fn elements_of_lists_are_undone_by_position() {
    let (previous, mut new) = (base(), base());
    let rules = "/properties/securityRules";
    let first = at(&mut new, "vision-nsg", rules).to_template()[0].clone();
    let old = first["properties"]["sourceAddressPrefix"].clone();
    *at(&mut new, "vision-nsg", &format!("{rules}/0/properties/sourceAddressPrefix")) =
        typed(json!("*"));
    let json = recorded(
        &new,
        &[(
            "vision-nsg",
            json!({ "changeType": "Modify", "delta": [{
        "path": "properties.securityRules", "propertyChangeType": "Array", "before": null, "after": null,
        "children": [{ "path": "0", "propertyChangeType": "Modify", "before": null, "after": null,
            "children": [{ "path": "properties.sourceAddressPrefix", "propertyChangeType": "Modify",
                "before": old, "after": "*", "children": null }] }] }] }),
        )],
    );
    let live = reviewed(Some(&previous), &new, &json);
    assert_eq!(told(&live), told(&diff(Some(&previous), Some(&new))));
    // An element that somebody added by hand is drift, and the deployment takes it away.
    let mut by_hand = first;
    by_hand["name"] = json!("by-hand");
    let json = recorded(
        &previous,
        &[(
            "vision-nsg",
            json!({ "changeType": "Modify", "delta": [{
        "path": "properties.securityRules", "propertyChangeType": "Array", "before": null, "after": null,
        "children": [{ "path": "1", "propertyChangeType": "Delete", "before": by_hand, "after": null,
            "children": null }] }] }),
        )],
    );
    let live = reviewed(Some(&previous), &previous, &json);
    let drift = live.live.as_ref().unwrap().drift.as_ref().unwrap();
    assert_eq!(path_text(&drift[0].properties[0].path), "properties.securityRules[by-hand]");
    let change = live.resources.iter().find(|change| change.name == "vision-nsg").unwrap();
    assert_eq!(change.action, Action::Modify);
}

#[test]
fn what_is_live_and_not_in_the_previous_render_is_drift() {
    let (previous, new) = (base(), base());
    let json = recorded(&new, &[("/dev", modified(NODES, &json!(7), &json!(2)))]);
    let live = reviewed(Some(&previous), &new, &json);
    let drift = live.live.as_ref().unwrap().drift.as_ref().unwrap();
    assert_eq!(drift.len(), 1);
    let property = &drift[0].properties[0];
    assert_eq!((path_text(&property.path).as_str(), &property.after), (NODES, &Some(typed(7))));
    // The deployment sets it back, which is a change.
    assert_eq!(told(&live)[0].2, [(NODES.to_owned(), Some(json!(7)), Some(json!(2)))]);
    let unknown = reviewed(None, &new, &json);
    assert_eq!(unknown.live.as_ref().unwrap().drift, None);
    assert_eq!(told(&unknown)[0].2, told(&live)[0].2);
    // What is live already is no change any more, and drifted from the previous render.
    let mut wanted = base();
    set(&mut wanted, "/dev", NODES, 4);
    let done = reviewed(Some(&previous), &wanted, &recorded(&wanted, &[]));
    assert!(done.resources.iter().all(|change| change.action == Action::NoChange));
    assert_eq!(done.live.unwrap().drift.unwrap().len(), 1);
}

#[test]
fn what_a_forecast_does_not_see_is_said() {
    let (previous, new) = (base(), base());
    let mut json = recorded(
        &new,
        &[
            (
                "/dev",
                json!({ "changeType": "Unsupported", "unsupportedReason": "its id needs reference()" }),
            ),
            ("visionacr", json!({ "changeType": "Deploy" })),
            ("visionstorage", json!({ "changeType": "NoEffect", "delta": [] })),
            ("vision-builder", json!({ "changeType": "Create", "after": {} })),
        ],
    );
    json["changes"].as_array_mut().unwrap().push(json!({
        "resourceId": "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/vision-batch/\
            providers/Microsoft.Storage/storageAccounts/somebodyelse",
        "changeType": "Ignore", "before": {}, "delta": null }));
    json["potentialChanges"] = json!([{ "resourceId": "/a/b/maybe", "changeType": "Create" }]);
    json["diagnostics"] = json!([{ "level": "warning", "code": "NestedDeploymentShortCircuited",
        "message": "A nested deployment got short-circuited", "target": "/a/b" }]);
    let live = reviewed(Some(&previous), &new, &json);
    let said = live.live.as_ref().unwrap();
    for words in [
        "its id needs reference()",
        "only IDs and no details",
        "`maybe`",
        "NestedDeploymentShortCircuited",
    ] {
        assert!(said.unseen.iter().any(|line| line.contains(words)), "{words}: {:?}", said.unseen);
    }
    assert_eq!(said.ignored, 1);
    // The builder is gone since its bake ended, which is no change of the render.
    assert!(
        live.resources.iter().all(|change| change.action == Action::NoChange),
        "{:#?}",
        told(&live)
    );
    // A stage that has a forecast names each of its resources.
    let mut short = recorded(&new, &[]);
    short["changes"]
        .as_array_mut()
        .unwrap()
        .retain(|it| !it["resourceId"].as_str().unwrap().ends_with("/dev"));
    let unseen = reviewed(Some(&previous), &new, &short).live.unwrap().unseen;
    assert!(
        unseen.iter().any(|line| line.contains("the forecast does not contain it")),
        "{unseen:?}"
    );
}

#[test]
fn what_one_forecast_ignores_another_one_tells() {
    let render = base();
    let change = modified("sku.name", &json!("Premium"), &json!("Standard"));
    let own = recorded(&render, &[("visionacr", change)]);
    let mut other = recorded(&render, &[]);
    for change in other["changes"].as_array_mut().unwrap() {
        change["changeType"] = "Ignore".into();
    }
    // The order of the files says nothing.
    for files in [[&own, &other], [&other, &own]] {
        let mut live = read(files[0]);
        live.append(read(files[1]));
        let review = diff_with_live(Some(&render), &render, &live, &Nowhere);
        let changed: Vec<Told> =
            told(&review).into_iter().filter(|told| told.1 != Action::NoChange).collect();
        assert_eq!(changed.len(), 1, "{changed:#?}");
        assert_eq!(changed[0].2[0].0, "sku.name");
        assert_eq!(review.live.unwrap().ignored, 0);
    }
}

#[test]
fn a_lasting_resource_that_is_gone_is_created_again() {
    let json = recorded(&base(), &[("/dev", json!({ "changeType": "Create", "after": {} }))]);
    let live = reviewed(Some(&base()), &base(), &json);
    assert_eq!(told(&live)[0].1, Action::Create);
    let drift = live.live.unwrap().drift.unwrap();
    assert_eq!((drift.len(), drift[0].action), (1, Action::Delete));
}

#[test]
fn what_is_no_forecast_says_why() {
    for (json, why) in [
        (json!([]), "no `changes`"),
        (
            json!({ "error": { "code": "InvalidTemplate", "message": "bad" } }),
            "InvalidTemplate bad",
        ),
        (json!({ "changes": [{ "resourceId": "/a" }] }), "no `changeType`"),
        (json!({ "changes": [{ "resourceId": "/a", "changeType": "Explode" }] }), "`Explode`"),
        (
            json!({ "changes": [{ "resourceId": "/a", "changeType": "Modify", "delta": [{}] }] }),
            "no `path`",
        ),
    ] {
        let error = forecast(Forecast { stage: "batch", json: &json }).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}

/// A value at a path of steps, `[]` for an element of a list.
fn nested(steps: &[&str], value: Value) -> Value {
    match steps {
        [] => value,
        ["[]", rest @ ..] => json!([nested(rest, value)]),
        [step, rest @ ..] => json!({ *step: nested(rest, value) }),
    }
}

/// The forecast of one difference at a path.
fn delta_at(steps: &[&str], kind: &str, before: &Value, after: &Value) -> Value {
    let leaf = |path: String| {
        json!({
        "path": path, "propertyChangeType": kind, "before": before, "after": after, "children": null })
    };
    match steps.iter().position(|step| *step == "[]") {
        None => leaf(steps.join(".")),
        Some(at) => json!({
            "path": steps[..at].join("."), "propertyChangeType": "Array", "before": null, "after": null,
            "children": [{ "path": "0", "propertyChangeType": "Modify", "before": null, "after": null,
                "children": [delta_at(&steps[at + 1..], kind, before, after)] }] }),
    }
}

/// How many differences are hidden when this one is forecast.
fn hidden(kind: &str, steps: &[&str], change: &str, before: &Value, after: &Value) -> usize {
    let mut new = base();
    let resource = named(&mut new, "visionstorage");
    kind.clone_into(&mut resource.kind);
    let body = nested(steps, after.clone());
    resource.body = body_of(&body);
    let rendered = change != "Delete";
    if !rendered {
        let (last, around) = steps.split_last().unwrap();
        resource.body = body_of(&nested(around, json!({})));
        assert_ne!(*last, "[]");
    }
    let json = recorded(
        &new,
        &[(
            "visionstorage",
            json!({
        "changeType": "Modify", "delta": [delta_at(steps, change, before, after)] }),
        )],
    );
    let diff = reviewed(Some(&new), &new, &json);
    diff.live.unwrap().hidden.values().sum()
}

#[test]
fn each_rule_of_noise_hides_its_case_and_not_the_next() {
    let rows: Vec<Vec<&str>> = NOISE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .map(|line| line.split('\t').collect())
        .collect();
    assert!(rows.len() > 12, "{} rows", rows.len());
    for row in rows {
        let [kind, path, when, ..] = row[..] else { panic!("{row:?}") };
        let kind = if kind == "*" { "Microsoft.Batch/batchAccounts/pools" } else { kind };
        let path = if path.is_empty() { "properties.vmSize" } else { path };
        let path = path.replace("[]", ".[]");
        let steps: Vec<&str> = path.split('.').collect();
        let (change, before, after, miss) = match when {
            "new" => ("Create", Value::Null, json!("x"), ("Modify", json!("y"), json!("x"))),
            "gone" => ("Delete", json!("x"), Value::Null, ("Modify", json!("y"), json!("x"))),
            "expression" => {
                let after = json!("[reference('x').y]");
                ("Modify", json!("x"), after, ("Modify", json!("x"), json!("[[literal]")))
            }
            "case" => {
                ("Modify", json!("Here"), json!("here"), ("Modify", json!("Here"), json!("there")))
            }
            "any" => ("Modify", json!("x"), json!("y"), ("", Value::Null, Value::Null)),
            other => panic!("{other}"),
        };
        assert_eq!(hidden(kind, &steps, change, &before, &after), 1, "{row:?}");
        if when == "any" {
            // Beside the path the same difference counts.
            let beside = format!("{}X", steps.last().unwrap());
            let mut others = steps.clone();
            *others.last_mut().unwrap() = &beside;
            assert_eq!(hidden(kind, &others, change, &before, &after), 0, "{row:?}");
        } else {
            assert_eq!(hidden(kind, &steps, miss.0, &miss.1, &miss.2), 0, "near miss of {row:?}");
        }
    }
}

#[test]
fn plain_gets_tell_the_same() {
    let previous = base();
    let mut new = base();
    set(&mut new, "/dev", NODES, 4);
    let shown = |state: &RenderState, name: &str| {
        let resource = state.resources.iter().find(|one| one.name.ends_with(name)).unwrap();
        let mut whole = Value::Object(resource.body_json());
        whole["id"] = resource.id.clone().into();
        whole["type"] = resource.kind.clone().into();
        whole["name"] = resource.name.clone().into();
        // What Azure fills in is no news.
        whole["properties"]["provisioningState"] = "Succeeded".into();
        whole["properties"]["creationTime"] = "2026-01-01T00:00:00Z".into();
        whole
    };
    let live = |files: &[Value]| {
        let found =
            files.iter().flat_map(|file| resources_of(file, Some(&previous), &new).unwrap());
        Live { resources: found.collect(), ..Live::default() }
    };
    let own = diff(Some(&previous), Some(&new));
    let all =
        Value::Array(previous.resources.iter().map(|one| shown(&previous, &one.name)).collect());
    let same = diff_with_live(Some(&previous), &new, &live(&[all]), &Nowhere);
    assert_eq!(told(&same), told(&own));
    assert_eq!(same.live.unwrap().drift.unwrap().len(), 0);
    // A tag and an identity that somebody added by hand are drift.
    let mut by_hand = shown(&previous, "/dev");
    by_hand["tags"]["owner"] = "somebody".into();
    by_hand["identity"]["userAssignedIdentities"]["/subscriptions/1/other"] = json!({});
    let drifted = diff_with_live(Some(&previous), &new, &live(&[by_hand]), &Nowhere);
    let drift = drifted.live.unwrap().drift.unwrap();
    let paths: Vec<String> = drift[0].properties.iter().map(|it| path_text(&it.path)).collect();
    assert!(paths.iter().any(|path| path.starts_with("tags")), "{paths:?}");
    assert!(paths.iter().any(|path| path.contains("/subscriptions/1/other")), "{paths:?}");
    // The data plane shows a pool in a form of its own.
    let pool = json!({
        "id": "dev", "vmSize": "standard_nc4as_t4_v3", "targetDedicatedNodes": 9, "targetLowPriorityNodes": 0,
        "enableAutoScale": false, "enableInterNodeCommunication": false, "currentDedicatedNodes": 9 });
    let drifted = diff_with_live(Some(&previous), &new, &live(&[pool]), &Nowhere);
    let drift = drifted.live.as_ref().unwrap().drift.as_ref().unwrap();
    let nodes = drift[0].properties.iter().find(|property| path_text(&property.path) == NODES);
    assert_eq!(nodes.unwrap().after, Some(typed(9)));
    let none = resources_of(&json!({ "vmSize": "x", "id": "nobody" }), None, &new).unwrap_err();
    assert!(none.contains("no render contains a pool `nobody`"), "{none}");
}

#[test]
fn a_pool_moves_beside_the_old_one_whatever_is_live() {
    let marked = |digest: &str| {
        let mut state = base();
        rename(&mut state, "/dev", &format!("dev-{digest}"));
        *at(&mut state, &format!("/dev-{digest}"), "/properties/metadata") =
            typed(json!([{ "name": "prebake-pool", "value": "dev" }]));
        state
    };
    let (previous, new) = (marked("0a1b2c3d"), marked("4e5f6a7b"));
    let mut json =
        recorded(&new, &[("/dev-4e5f6a7b", json!({ "changeType": "Create", "after": {} }))]);
    let old = &previous.resources.iter().find(|one| one.name.ends_with("0a1b2c3d")).unwrap().id;
    json["changes"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "resourceId": old, "changeType": "Ignore" }));
    let live = reviewed(Some(&previous), &new, &json);
    assert_eq!(told(&live), told(&diff(Some(&previous), Some(&new))));
    assert_eq!(live.resources[0].action, Action::Beside);
}

#[test]
fn the_command_reads_a_pipe_and_names_a_file_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let config = include_str!("../../examples/cpu.yaml");
    std::fs::write(folder.path().join("prebake.yaml"), config).unwrap();
    let run = |arguments: &[&str], input: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_prebake"))
            .args(arguments)
            .args(["--as-of", "2026-11-23"])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = [&output.stdout[..], &output.stderr[..]].concat();
        (output.status.code().unwrap(), String::from_utf8_lossy(&text).into_owned())
    };
    assert_eq!(run(&["render", "prebake.yaml"], "").0, 0);
    let (code, told) = run(&["diff", "--what-if", "batch=-"], "{\"changes\": []}");
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("the forecast does not contain it"), "{told}");
    let deep = "[".repeat(100_000);
    for (arguments, input, why) in [
        (&["diff", "--what-if", "batch=-"][..], "no", "it is not JSON"),
        (&["diff", "--what-if", "batch=-"], deep.as_str(), "it is not JSON"),
        (&["diff", "--what-if", "nothing"], "", "does not start with a stage"),
        (&["diff", "--what-if", "batch.json"], "", "No such file"),
        (&["diff", "--live", "nowhere"], "", "No such file"),
    ] {
        let (code, told) = run(arguments, input);
        assert_eq!(code, 2, "{told}");
        assert!(told.contains(why), "{told}");
    }
}
