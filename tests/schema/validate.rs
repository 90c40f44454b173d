//! Resources and files against their schemas, with places.

use prebake::arm::{SourceMap, Template};
use prebake::diagnostic::{Diagnostics, Place, Severity, Sources, Span};
use prebake::expand::{Resource, body_of};
use prebake::schema::ResourceSchemas;
use prebake::validate;
use serde_json::{Value, json};

fn resource(kind: &str, api_version: &str, name: &str, body: &Value) -> Resource {
    Resource {
        stage: "batch".into(),
        id: format!("/providers/{kind}/{name}"),
        kind: kind.to_owned(),
        api_version: api_version.to_owned(),
        name: name.to_owned(),
        body: body_of(body),
        depends_on: Vec::new(),
        existing: false,
        pointer: "/resources/r".to_owned(),
    }
}

fn check(resource: Resource, template: &Template) -> Vec<(String, String, Option<Place>)> {
    let mut diagnostics = Diagnostics::new();
    validate::resources(
        &[resource],
        template,
        &ResourceSchemas::embedded(),
        &|_| None,
        &mut diagnostics,
    );
    diagnostics.iter().map(|one| (one.code.to_string(), one.title.clone(), one.place)).collect()
}

fn pool() -> Value {
    json!({
        "identity": { "type": "UserAssigned", "userAssignedIdentities": {
            "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id')]": {} } },
        "properties": {
            "vmSize": "Standard_NC4as_T4_v3",
            "deploymentConfiguration": { "virtualMachineConfiguration": {
                "imageReference": { "id": "[resourceId('Microsoft.Compute/galleries/images/versions', 'g', 'i', '1.0.0')]" },
                "nodeAgentSkuId": "batch.node.ubuntu 24.04",
                "containerConfiguration": { "type": "DockerCompatible", "containerImageNames": ["r.azurecr.io/a:b"] } } },
            "scaleSettings": { "fixedScale": { "targetDedicatedNodes": 2, "resizeTimeout": "PT15M" } }
        }
    })
}

const POOL: &str = "Microsoft.Batch/batchAccounts/pools";

#[test]
fn a_good_pool_has_no_findings() {
    let found = check(resource(POOL, "2025-06-01", "account/dev", &pool()), &Template::default());
    assert_eq!(found, []);
}

#[test]
fn faults_are_found_at_the_line_that_made_them() {
    let mut sources = Sources::new();
    let file = sources.add("batch.bicep", "0123456789".repeat(10));
    let place = |start| Place { file, span: Span::new(start, start + 5) };
    let mut map = SourceMap::default();
    map.insert("/resources/r", place(0));
    map.insert("/resources/r/properties/scaleSettings/fixedScale/targetDedicatedNodes", place(20));
    map.insert("/resources/r/properties/interNodeCommunication", place(30));
    map.insert("/resources/r/properties/taskSlotPerNode", place(40));
    map.insert("/resources/r/name", place(50));

    let mut body = pool();
    body["properties"]["scaleSettings"]["fixedScale"]["targetDedicatedNodes"] = json!("2");
    body["properties"]["interNodeCommunication"] = json!("enabled");
    body["properties"]["taskSlotPerNode"] = json!(1);
    body["properties"]["targetNodeCommunicationMode"] = json!("Simplified");
    body["properties"]["allocationState"] = json!("Steady");
    let template = Template { json: json!({}).into(), source_map: map };
    let found = check(resource(POOL, "2025-06-01", "account/my pool", &body), &template);
    let has = |code: &str, title: &str, at: Option<Place>| {
        assert!(found.contains(&(code.to_owned(), title.to_owned(), at)), "{title}: {found:#?}");
    };
    has("PB3103", "expected integer, found string", Some(place(20)));
    has("PB3104", "unknown value `enabled` for `interNodeCommunication`", Some(place(30)));
    has("PB3101", "unknown property `taskSlotPerNode`", Some(place(40)));
    has("PB3101", "unknown property `targetNodeCommunicationMode`", Some(place(0)));
    has("PB3108", "`allocationState` is read-only", Some(place(0)));
    has("PB3105", "`my pool` is not a valid value of `name`", Some(place(50)));
    assert_eq!(found.len(), 6, "{found:#?}");
}

#[test]
fn a_fault_in_a_loop_is_found_where_the_loop_makes_it() {
    let place = |start| {
        let file = Sources::new().add("a.bicep", "");
        Place { file, span: Span::new(start, start + 1) }
    };
    let mut source_map = SourceMap::default();
    source_map.insert("/resources/r/properties", place(1));
    source_map.insert("/resources/r/properties/copy/0/input/properties/addressPrefx", place(7));
    let json = json!({ "resources": { "r": { "properties": { "copy": [{ "name": "subnets", "count": 2,
        "input": { "name": "s", "properties": { "addressPrefx": "10.0.0.0/24" } } }] } } } });
    let subnet = json!({ "name": "s", "properties": { "addressPrefx": "10.0.0.0/24" } });
    let body = json!({ "properties": { "addressSpace": {}, "subnets": [subnet, subnet] } });
    let network = resource("Microsoft.Network/virtualNetworks", "2025-05-01", "net", &body);
    let found = check(network, &Template { json: json.into(), source_map });
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found.iter().all(|(code, _, at)| code == "PB3101" && *at == Some(place(7))),
        "{found:?}"
    );
}

#[test]
fn a_type_without_schema_is_named_once_with_the_command_that_makes_it() {
    let mut diagnostics = Diagnostics::new();
    let unknown = resource("Microsoft.Batch/batchAccounts", "1999-07-01", "account", &json!({}));
    let schemas = ResourceSchemas::embedded();
    validate::resources(
        &[unknown.clone(), unknown],
        &Template::default(),
        &schemas,
        &|_| None,
        &mut diagnostics,
    );
    assert_eq!(diagnostics.count(Severity::Warning), 1);
    let finding = diagnostics.iter().next().expect("one");
    assert_eq!(finding.code, "PB3110");
    assert!(finding.help.contains("use version `2025-06-01`"), "{}", finding.help);
    assert!(
        finding.help.contains("prebake schema import Microsoft.Batch/batchAccounts@1999-07-01")
    );
}

#[test]
fn a_teams_own_schema_is_used_and_a_broken_one_is_named() {
    let mut schemas = ResourceSchemas::embedded();
    schemas.add("Contoso.X/y@2020-01-01", json!({ "required": ["tags"] }).to_string());
    schemas.add("Contoso.X/z@2020-01-01", "{".to_owned());
    let resources = ["y", "z"]
        .map(|kind| resource(&format!("Contoso.X/{kind}"), "2020-01-01", "n", &json!({})));
    let mut diagnostics = Diagnostics::new();
    validate::resources(&resources, &Template::default(), &schemas, &|_| None, &mut diagnostics);
    let codes: Vec<_> = diagnostics.iter().map(|one| one.code.as_ref()).collect();
    assert_eq!(codes, ["PB3102", "PB3111"]);
}

#[test]
fn an_existing_resource_is_judged_by_its_name_alone() {
    let mut existing = resource(POOL, "2025-06-01", "account/dev", &json!({}));
    existing.existing = true;
    assert_eq!(check(existing.clone(), &Template::default()), []);
    existing.name = "account/a.b".to_owned();
    assert_eq!(check(existing, &Template::default()).len(), 1);
    let mut symbolic =
        resource("Microsoft.ContainerRegistry/registries", "2025-11-01", "[x('/a.b')]", &json!({}));
    symbolic.existing = true;
    assert_eq!(check(symbolic, &Template::default()), []);
}

fn lines(path: &str, text: &str) -> Vec<(String, usize)> {
    let mut sources = Sources::new();
    let id = sources.add(path, text);
    let mut diagnostics = Diagnostics::new();
    if let Some(value) = validate::read(path, text, id, &mut diagnostics) {
        validate::file(path, text, id, &value, &mut diagnostics);
    }
    let line = |place| sources.position(place).1.line;
    diagnostics.iter().map(|one| (one.title.clone(), one.place.map_or(0, line))).collect()
}

#[test]
fn files_are_checked_at_their_lines() {
    let cloud = "#cloud-config\nwrite_files:\n  - path: /x\n    permision: '0644'\nruncmd:\n  - [a, b]\nruncmds: []\n";
    assert_eq!(
        lines("cloud-init.yaml", cloud),
        [
            ("unknown property `permision`".to_owned(), 4),
            ("unknown property `runcmds`".to_owned(), 7)
        ]
    );
    let task = "version: v1.1.0\nsteps:\n  - build: -t x .\n    timeout: long\n";
    assert_eq!(lines("acr-task.yaml", task), [("expected integer, found string".to_owned(), 4)]);
    let pool = "{\n \"id\": \"p\",\n \"vmSize\": \"s\",\n \"virtualMachineConfiguration\": {\n  \"imageReference\": {},\n  \"nodeAgentSkuId\": \"x\"\n }\n}";
    let found = lines("pools/p.json", pool);
    assert!(found.contains(&("unknown property `nodeAgentSkuId`".to_owned(), 6)), "{found:?}");
    assert!(
        found.iter().any(|(title, _)| title == "missing property `nodeAgentSKUId`"),
        "{found:?}"
    );
    assert_eq!(lines("README.md", "anything"), []);
    assert_eq!(lines("pools/p.json", "{").len(), 1);
}
