//! Every value of a render is traced to the key of the config that decides it, and every finding and change
//! leads with that key's line.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use prebake::catalog::Stage;
use prebake::config::layers::Files;
use prebake::diagnostic::Diagnostic;
use prebake::pipeline::{self, Input, Outcome};
use serde_json::Value;

use crate::tools::tools;

/// A config in which every key that decides a value of a resource has a line of its own.
const CONFIG: &str = include_str!("config.yaml");

fn outcome(text: &str) -> Outcome {
    let bytes = text.to_owned().into_bytes();
    let input = Input { path: "prebake.yaml".to_owned(), bytes, overrides: Vec::new() };
    pipeline::render(&input, &tools())
}

/// A value of a resource: stage, type, JSON pointer in the template, value.
type Leaf = (Stage, String, String, Value);

fn leaves(outcome: &Outcome) -> Vec<Leaf> {
    let Some(render) = &outcome.render else {
        let titles: Vec<_> = outcome.diagnostics.iter().map(|it| (&it.code, &it.title)).collect();
        panic!("it does not render: {titles:#?}")
    };
    let mut found = Vec::new();
    for stage in &render.stages {
        for resource in stage.resources.iter().filter(|resource| !resource.existing) {
            let at = |path: &str| format!("{}{path}", resource.pointer);
            let mut add = |pointer: String, value: &Value| {
                found.push((stage.stage, resource.kind.clone(), pointer, value.clone()));
            };
            add(at("/name"), &Value::from(resource.name.as_str()));
            for (key, value) in &resource.body_json() {
                walk(&at(&format!("/{key}")), value, &mut add);
            }
        }
    }
    found
}

fn walk(pointer: &str, value: &Value, add: &mut impl FnMut(String, &Value)) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let key = key.replace('~', "~0").replace('/', "~1");
                walk(&format!("{pointer}/{key}"), value, add);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                walk(&format!("{pointer}/{index}"), value, add);
            }
        }
        leaf => add(pointer.to_owned(), leaf),
    }
}

/// The text of the line that decides a value.
fn line_of(outcome: &Outcome, stage: Stage, pointer: &str) -> String {
    let place = outcome.render.as_ref().and_then(|render| render.written_at(stage, pointer));
    let Some(place) = place else { return "(no line)".to_owned() };
    let (file, at) = outcome.sources.position(place);
    assert_eq!(file, "prebake.yaml", "{pointer}");
    outcome.sources.file(place.file).line(at.line).trim().to_owned()
}

/// One key's line and what it becomes. The values that differ then must be traced to this line.
const CHANGES: &[(&str, &str)] = &[
    ("location: swedencentral", "location: northeurope"),
    ("sku: Standard", "sku: Premium"),
    ("roleAssignmentMode: legacy", "roleAssignmentMode: abac"),
    (
        "context: https://github.com/contoso/trainer.git#main",
        "context: https://github.com/contoso/trainer.git#next",
    ),
    ("dockerfile: Dockerfile.gpu", "dockerfile: Dockerfile.next"),
    ("timeout: 1800", "timeout: 2400"),
    ("tag: \"2.1\" # trainer", "tag: \"2.2\" # trainer"),
    ("vmSize: Standard_NC4as_T4_v3 # builder", "vmSize: Standard_NC8as_T4_v3 # builder"),
    ("osDiskGb: 192", "osDiskGb: 256"),
    ("imageVersion: 24.04.202404230", "imageVersion: 24.04.202411190"),
    ("version: 3.2.1", "version: 3.2.2"),
    ("replicas: 2 # home", "replicas: 3 # home"),
    ("replicas: 4 # west", "replicas: 5 # west"),
    ("region: westeurope", "region: francecentral"),
    ("addressSpace: 10.80.0.0/16", "addressSpace: 10.80.0.0/15"),
    ("poolSubnet: 10.80.16.0/20", "poolSubnet: 10.80.32.0/20"),
    ("nodeAddresses: none", "nodeAddresses: batchManaged"),
    ("name: tracedstorage", "name: otherstorage"),
    ("name: tracedbatch", "name: otherbatch"),
    ("displayName: Training", "displayName: Learning"),
    ("vmSize: Standard_NC16as_T4_v3 # train", "vmSize: Standard_NC64as_T4_v3 # train"),
    ("nodes: 3 # train", "nodes: 4 # train"),
    ("resizeTimeout: PT20M", "resizeTimeout: PT30M"),
    ("deallocation: requeue", "deallocation: terminate"),
    ("sizeGb: 256", "sizeGb: 512"),
    ("storage: StandardSSD_LRS", "storage: Premium_LRS"),
    ("caching: none", "caching: readOnly"),
    ("lun: 3", "lun: 4"),
    ("sizeGb: 128", "sizeGb: 64"),
    ("storage: Premium_LRS", "storage: Standard_LRS"),
    ("caching: readWrite", "caching: readOnly"),
    ("placement: regional", "placement: zonal"),
    ("acceleratedNetworking: true", "acceleratedNetworking: false"),
    ("mode: manual", "mode: automatic"),
    ("maxBatchPercent: 20", "maxBatchPercent: 30"),
    ("fill: pack", "fill: spread"),
    ("jobOrder: creationTime", "jobOrder: none"),
    ("type: Probe # extension", "type: Agent # extension"),
    ("prefix: v1/", "prefix: v2/"),
    ("runOptions: --init", "runOptions: --read-only"),
    ("workingDirectory: task", "workingDirectory: image"),
    ("source: shared", "source: startup"),
    ("taskSlotsPerNode: 2", "taskSlotsPerNode: 4"),
    ("interNodeCommunication: false", "interNodeCommunication: true"),
    ("command: nvidia-smi # train", "command: nvidia-smi -L # train"),
    ("elevation: admin", "elevation: nonAdmin"),
    ("waitForSuccess: true", "waitForSuccess: false"),
    ("maxTaskRetryCount: 2", "maxTaskRetryCount: 3"),
    ("url: https://example.com/a.sh", "url: https://example.com/b.sh"),
    ("mode: \"0755\"", "mode: \"0700\""),
    ("formula: \"$TargetDedicatedNodes = 2;\"", "formula: \"$TargetDedicatedNodes = 3;\""),
    ("interval: PT10M", "interval: PT20M"),
];

#[test]
fn a_value_is_traced_to_the_line_that_changes_it() {
    let base = outcome(CONFIG);
    let before: BTreeMap<(Stage, String), Value> =
        leaves(&base).into_iter().map(|(stage, _, at, value)| ((stage, at), value)).collect();
    let (mut wrong, mut traced) = (Vec::new(), 0);
    for (from, to) in CHANGES {
        assert_eq!(CONFIG.matches(from).count(), 1, "{from}");
        let changed = outcome(&CONFIG.replace(from, to));
        let mut differs = 0;
        for (stage, kind, pointer, value) in leaves(&changed) {
            let old = before.get(&(stage, pointer.clone()));
            if old.is_none_or(|old| *old == value) || is_derived(from, &kind, &pointer) {
                continue;
            }
            differs += 1;
            let line = line_of(&changed, stage, &pointer);
            let line = line.trim_start_matches("- ");
            if !line.starts_with(to.trim_start_matches("- ")) {
                wrong.push(format!(
                    "{from}: {stage} {kind} {pointer} = {value} is traced to `{line}`"
                ));
            }
        }
        if differs == 0 {
            wrong.push(format!("{from}: nothing differs"));
        }
        traced += differs;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(traced > 50, "only {traced} values are traced");
}

/// Values that a key changes beside what it says: a name that carries another name or a digest of one, and what
/// the bake holds.
fn is_derived(from: &str, kind: &str, pointer: &str) -> bool {
    let bakes = pointer.ends_with("/osProfile/customData") || pointer.ends_with("/forceUpdateTag");
    let names_image =
        pointer.contains("/imageReference/") && !from.to_lowercase().contains("version");
    let named = pointer.ends_with("/name");
    let of_account = named && kind.ends_with("/pools") && from.starts_with("name: ");
    let of_scope = named && kind.ends_with("/roleAssignments");
    let of_identity = named && kind.ends_with("/userAssignedIdentities");
    let of_container = pointer.ends_with("/containerSettings/imageName");
    bakes
        || of_container
        || names_image
        || of_account
        || of_scope
        || of_identity
        || pointer.contains("/tags/")
}

/// Edits of the config, the rule that they violate, and the start of the line that the finding leads with.
type Case = (&'static [(&'static str, &'static str)], &'static str, &'static str);

const FINDINGS: &[Case] = &[
    (&[("tag: \"2.1\" # trainer", "tag: latest")], "CTR011", "tag: latest"),
    (&[("resizeTimeout: PT20M", "resizeTimeout: PT4M")], "POOL009", "resizeTimeout: PT4M"),
    (&[("interval: PT10M", "interval: PT1M")], "POOL011", "interval: PT1M"),
    (&[("taskSlotsPerNode: 2", "taskSlotsPerNode: 200")], "POOL013", "taskSlotsPerNode: 200"),
    (&[], "POOL014", "taskSlotsPerNode: 2"),
    (&[("waitForSuccess: true", "waitForSuccess: false")], "POOL028", "waitForSuccess: false"),
    (
        &[("command: nvidia-smi # train", "command: nvidia-smi || true # train")],
        "POOL027",
        "command: nvidia-smi || true",
    ),
    (
        &[
            ("poolSubnet: 10.80.16.0/20", "poolSubnet: 10.80.16.0/29"),
            ("nodes: 3 # train", "nodes: 30 # train"),
        ],
        "NET001",
        "nodes: 30",
    ),
    (
        &[
            ("addressSpace: 10.80.0.0/16", "addressSpace: 172.17.0.0/16"),
            ("poolSubnet: 10.80.16.0/20", "poolSubnet: 172.17.16.0/20"),
        ],
        "NET003",
        "addressSpace: 172.17.0.0/16",
    ),
    (
        &[(
            "gallery:\n",
            "bake:\n  steps:\n    - run: echo one\n    - run: docker login -u me -p hunter2 x.azurecr.io\ngallery:\n",
        )],
        "CI006",
        "run: docker login",
    ),
    // A place is a line, and a command has several.
    (
        &[(
            "gallery:\n",
            "bake:\n  steps:\n    - run: echo one\n    - run: |\n        echo two\n        ufw enable\ngallery:\n",
        )],
        "IMG022",
        "run: |",
    ),
    (
        &[("batch:\n", "checks: { quota: { Standard NCASv3_T4 Family: 4 } }\nbatch:\n")],
        "POOL032",
        "nodes: 3 # train",
    ),
    (
        &[
            ("elevation: admin", "elevation: nonAdmin"),
            ("command: nvidia-smi # train", "command: apt-get install -y htop # train"),
        ],
        "POOL026",
        "command: apt-get install",
    ),
];

#[test]
fn a_finding_leads_with_the_line_of_the_config_that_causes_it() {
    let mut wrong = Vec::new();
    for (edits, code, expected) in FINDINGS {
        let mut text = CONFIG.to_owned();
        for (from, to) in *edits {
            assert_eq!(text.matches(from).count(), 1, "{from}");
            text = text.replace(from, to);
        }
        let outcome = outcome(&text);
        let found: Vec<_> = outcome.diagnostics.iter().filter(|it| it.code == *code).collect();
        if found.is_empty() {
            let others: Vec<_> = outcome.diagnostics.iter().map(|it| it.code.to_string()).collect();
            wrong.push(format!("{code} is not found, but {others:?}"));
        }
        let leads = found.iter().any(|finding| {
            finding.place.is_some_and(|place| {
                let (file, at) = outcome.sources.position(place);
                let line = outcome.sources.file(place.file).line(at.line).trim();
                file == "prebake.yaml" && line.trim_start_matches("- ").starts_with(expected)
            })
        });
        if !leads && !found.is_empty() {
            let places: Vec<_> = found
                .iter()
                .map(|finding| {
                    finding.place.map(|place| format!("{:?}", outcome.sources.position(place)))
                })
                .collect();
            wrong.push(format!("{code} leads with {places:?}, not with `{expected}`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_machines_read_names_the_files_of_the_pull_request() {
    use prebake::report::findings::{Checked, Format, render};
    let outcome = outcome(&CONFIG.replace("tag: \"2.1\" # trainer", "tag: latest"));
    let checked = Checked {
        config: "prebake.yaml",
        diagnostics: &outcome.diagnostics,
        sources: &outcome.sources,
    };
    let report = |format| render(format, &[checked], None);
    let sarif = report(Format::Sarif);
    let json: Value = serde_json::from_str(&sarif).expect("SARIF is JSON");
    let results = json["runs"][0]["results"].as_array().expect("results");
    let result = results.iter().find(|one| one["ruleId"] == "CTR011").expect("CTR011");
    let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "prebake.yaml");
    for result in results {
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert_eq!(uri, "prebake.yaml", "{result}");
    }
    for line in report(Format::Github).lines() {
        assert!(line.contains("file=prebake.yaml,"), "{line}");
    }
    let junit = report(Format::Junit);
    assert!(!junit.contains("file=\"out/"), "{junit}");
}

/// Files beside a config.
struct Folder(&'static [(&'static str, &'static str)]);

impl Files for Folder {
    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        let text = self.0.iter().find(|(name, _)| Path::new(name) == path);
        text.map(|(_, text)| text.as_bytes().to_vec())
            .ok_or_else(|| "there is no such file".to_owned())
    }
}

const BUILDS: &str = "\
name: vision
location: swedencentral
resourceGroup: vision-batch
registry: { create: true }
images:
  - name: app
    tag: v1
    build:
      context: . # the folder of the config
  - name: other
    tag: v1
    build:
      context: .
      dockerfile: Dockerfile.gpu # not there
node: { os: ubuntu-22.04, vmSize: Standard_NC4as_T4_v3 }
gallery: { version: 1.0.0 }
batch:
  pools: [{ id: one, nodes: 1 }, { id: two, nodes: 1 }]
";

/// The texts that the findings of a code underline.
fn underlined(code: &str, files: &'static [(&'static str, &'static str)]) -> Vec<String> {
    let bytes = BUILDS.as_bytes().to_vec();
    let input = Input { path: "prebake.yaml".to_owned(), bytes, overrides: Vec::new() };
    let outcome = pipeline::jobs(&input, &Folder(files), &[]).swap_remove(0).render(&tools());
    let of_code = outcome.diagnostics.iter().filter(|finding| finding.code == code);
    let text = |finding: &Diagnostic| {
        let place = finding.place.expect("the finding has a place");
        outcome.sources.file(place.file).text[place.span.range()].to_owned()
    };
    of_code.map(text).collect()
}

#[test]
fn a_finding_about_a_dockerfile_underlines_the_value_that_names_it() {
    assert_eq!(underlined("ACR011", &[]), [".", "Dockerfile.gpu"]);
    let moving = [("Dockerfile", "FROM ubuntu\n"), ("Dockerfile.gpu", "FROM ubuntu@sha256:1\n")];
    let moving: &'static [(&str, &str)] = Box::leak(Box::new(moving));
    assert_eq!(underlined("ACR007", moving), ["."]);
}

#[test]
fn a_finding_about_one_line_is_told_once_for_all_pools() {
    // Batch retires the node agent of Ubuntu 22.04, which both pools have from one key.
    assert_eq!(underlined("POOL003", &[]), ["ubuntu-22.04"]);
}
