//! What teams add most often, each in fewer than ten lines of config or Bicep; and what is refused.

use std::collections::BTreeMap;
use std::path::Path;

use prebake::bicep::format::{FormatOptions, format};
use prebake::bicep::syntax::FileKind;
use prebake::catalog::Stage;
use prebake::config::layers::Files;
use prebake::diagnostic::{Severity, text};
use prebake::pipeline::{self, Input, Outcome, Render};
use serde_json::{Value, json};

use super::tools;

const CONFIG: &str = "\
name: vision
location: swedencentral
resourceGroup: vision-batch
registry: { create: true, sku: Premium }
images: [{ name: app, tag: v1, build: { context: . }, preload: true }]
node: { os: ubuntu-24.04, vmSize: Standard_NC4as_T4_v3 }
gallery: { version: 1.0.0 }
batch:
  pools: [{ id: dev, nodes: 1 }]
";

struct Folder(BTreeMap<&'static str, &'static str>);

impl Files for Folder {
    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        let path = path.to_str().unwrap_or_default();
        let text = self.0.get(path.trim_start_matches("./"));
        text.map(|text| text.as_bytes().to_vec()).ok_or_else(|| "there is no such file".to_owned())
    }
}

fn outcome(extension: &str, files: &[(&'static str, &'static str)]) -> Outcome {
    let bytes = format!("{CONFIG}{extension}").into_bytes();
    let input = Input { path: "prebake.yaml".to_owned(), bytes, ..Input::default() };
    let dockerfile = ("Dockerfile", "FROM docker.io/library/python:3.12\n");
    let files = Folder(files.iter().copied().chain([dockerfile]).collect());
    let mut jobs = pipeline::jobs(&input, &files, &[]);
    jobs.swap_remove(0).render(&tools())
}

/// Renders an extension without a single warning, in the formatter's form.
fn extended(extension: &str, files: &[(&'static str, &'static str)]) -> Render {
    let lines = |text: &str| text.trim().lines().count();
    assert!(lines(extension) < 10, "{extension}");
    assert!(files.iter().all(|(_, text)| lines(text) < 10));
    let outcome = outcome(extension, files);
    let shown = text::render(&outcome.diagnostics, &outcome.sources, false);
    let complaint = outcome.diagnostics.iter().any(|it| it.severity >= Severity::Warning);
    assert!(!complaint, "{shown}");
    let render = outcome.render.unwrap_or_else(|| panic!("does not render:\n{shown}"));
    for (path, text) in render.artifacts.files.iter() {
        let kind = match path.rsplit_once('.') {
            Some((_, "bicep")) => FileKind::Bicep,
            Some((_, "bicepparam")) => FileKind::Parameters,
            _ => continue,
        };
        assert_eq!(*text, format(text, kind, &FormatOptions::default()), "{path}");
    }
    render
}

/// What a stage asks Azure for, of one type.
fn body(render: &Render, stage: Stage, kind: &str) -> Value {
    let stage = render.stages.iter().find(|known| known.stage == stage).expect("it is rendered");
    let found = stage.resources.iter().find(|one| one.kind == kind && !one.existing);
    Value::Object(found.unwrap_or_else(|| panic!("no {kind}")).body_json())
}

/// Everything that an outcome tells.
fn told(extension: &str, files: &[(&'static str, &'static str)]) -> String {
    let outcome = outcome(extension, files);
    assert!(outcome.render.is_none(), "it is refused");
    text::render(&outcome.diagnostics, &outcome.sources, false)
}

#[test]
fn a_private_endpoint_of_the_account() {
    let file = "\
resource endpoint 'Microsoft.Network/privateEndpoints@2025-05-01' = {
  name: '${accountName}-endpoint'
  location: location
  properties: {
    subnet: { id: '${virtualNetwork.id}/subnets/pools' }
    privateLinkServiceConnections: [{ name: 'account', properties: { privateLinkServiceId: account.id, groupIds: ['batchAccount'] } }]
  }
}
";
    let config = "add: { batch: [endpoint.bicep] }\npatch: { batch: { account: { properties: { publicNetworkAccess: Disabled } } } }\n";
    let render = extended(config, &[("endpoint.bicep", file)]);
    let endpoint = body(&render, Stage::Batch, "Microsoft.Network/privateEndpoints");
    let connection = &endpoint["properties"]["privateLinkServiceConnections"][0]["properties"];
    assert_eq!(connection["groupIds"], json!(["batchAccount"]));
    let account = body(&render, Stage::Batch, "Microsoft.Batch/batchAccounts");
    assert_eq!(account["properties"]["publicNetworkAccess"], "Disabled");
}

#[test]
fn a_key_of_the_customer() {
    let config = "\
patch:
  batch:
    account:
      identity: { type: UserAssigned, userAssignedIdentities: { /subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/keys/providers/Microsoft.ManagedIdentity/userAssignedIdentities/keys: {} } }
      properties:
        encryption: { keySource: Microsoft.KeyVault, keyVaultProperties: { keyIdentifier: \"https://vault.vault.azure.net/keys/batch\" } }
        autoStorage: { authenticationMode: StorageKeys }
    storage: { properties: { allowSharedKeyAccess: true } }
    storageRole: { properties: { principalId: 22222222-2222-2222-2222-222222222222 } }
";
    let render = extended(config, &[]);
    let account = body(&render, Stage::Batch, "Microsoft.Batch/batchAccounts");
    assert_eq!(account["properties"]["encryption"]["keySource"], "Microsoft.KeyVault");
    assert_eq!(account["identity"]["type"], "UserAssigned");
}

#[test]
fn a_diagnostic_setting() {
    let file = "\
param workspaceId string
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: account
  properties: { workspaceId: workspaceId, logs: [{ categoryGroup: 'allLogs', enabled: true }] }
}
";
    let workspace = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces/logs";
    let config = format!(
        "add:\n  batch:\n    - file: logs.bicep\n      parameters: {{ workspaceId: {workspace} }}\n"
    );
    let render = extended(&config, &[("logs.bicep", file)]);
    let logs = body(&render, Stage::Batch, "Microsoft.Insights/diagnosticSettings");
    assert_eq!(logs["properties"]["workspaceId"], workspace);
    assert!(render.artifacts.files["batch.bicepparam"].contains("\nparam workspaceId = '/sub"));
}

#[test]
fn a_second_identity_on_a_pool() {
    let config = "\
patch:
  batch:
    pool_dev:
      identity:
        userAssignedIdentities: { $bicep: \"{ '${identity.id}': {}, '${tasks.id}': {} }\" }
add: { batch: [tasks.bicep] }
";
    let file = "\
resource tasks 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'vision-tasks'
  location: location
}
";
    let render = extended(config, &[("tasks.bicep", file)]);
    let pool = body(&render, Stage::Batch, "Microsoft.Batch/batchAccounts/pools");
    let identities = pool["identity"]["userAssignedIdentities"].as_object().expect("a mapping");
    assert_eq!(identities.len(), 2, "{pool}");
    // An identity of elsewhere is a key of its own.
    let id = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/x/providers/Microsoft.ManagedIdentity/userAssignedIdentities/tasks";
    let config = format!(
        "patch: {{ batch: {{ pool_dev: {{ identity: {{ userAssignedIdentities: {{ {id}: {{}} }} }} }} }} }}\n"
    );
    let pool = body(&extended(&config, &[]), Stage::Batch, "Microsoft.Batch/batchAccounts/pools");
    let identities = pool["identity"]["userAssignedIdentities"].as_object().expect("a mapping");
    assert!(identities.len() == 2 && identities.contains_key(id), "{pool}");
}

#[test]
fn an_upgrade_policy_and_an_azure_files_mount() {
    let config = "\
patch:
  batch:
    pool_dev:
      properties:
        upgradePolicy: { mode: rolling }
        mountConfiguration:
          - azureFileShareConfiguration: { accountName: shared, azureFileUrl: \"https://shared.file.core.windows.net/data\", relativeMountPath: data, accountKey: { $bicep: \"storage.listKeys().keys[0].value\" } }
";
    let pool = body(&extended(config, &[]), Stage::Batch, "Microsoft.Batch/batchAccounts/pools");
    assert_eq!(pool["properties"]["upgradePolicy"], json!({ "mode": "rolling" }));
    let share = &pool["properties"]["mountConfiguration"][0]["azureFileShareConfiguration"];
    assert_eq!(share["relativeMountPath"], "data");
}

const BUDGET: &str = "\
param amount int
resource budget 'Microsoft.Consumption/budgets@2026-06-01' = {
  name: 'vision'
  properties: {
    amount: amount, category: 'Cost', timeGrain: 'Monthly', timePeriod: { startDate: '2026-12-01' }
    notifications: { most: { enabled: true, operator: 'GreaterThan', threshold: 80, contactEmails: ['ops@example.com'] } }
  }
}
";

#[test]
fn a_budget_alert_of_the_group_and_of_the_subscription() {
    let config = "add: { batch: [ { file: budget.bicep, parameters: { amount: 500 } } ] }\n";
    let render = extended(config, &[("budget.bicep", BUDGET)]);
    let budget = body(&render, Stage::Batch, "Microsoft.Consumption/budgets");
    assert_eq!(budget["properties"]["amount"], 500);

    let of_subscription: &'static str =
        Box::leak(format!("targetScope = 'subscription'\n{BUDGET}").into_boxed_str());
    let render = extended(config, &[("budget.bicep", of_subscription)]);
    let budget = body(&render, Stage::Batch, "Microsoft.Consumption/budgets");
    assert_eq!(budget["properties"]["amount"], 500);
    assert!(render.artifacts.files["modules/budget.bicep"].starts_with("targetScope"));
    assert!(render.artifacts.files["batch.bicep"].contains("scope: subscription()"));
}

#[test]
fn a_lock() {
    let file = "\
resource lock 'Microsoft.Authorization/locks@2020-05-01' = {
  name: 'keep'
  scope: account
  properties: { level: 'CanNotDelete' }
}
";
    let render = extended("add: { batch: [lock.bicep] }\n", &[("lock.bicep", file)]);
    let lock = body(&render, Stage::Batch, "Microsoft.Authorization/locks");
    assert_eq!(lock["properties"]["level"], "CanNotDelete");
}

#[test]
fn a_parameter_of_a_module_is_bound_to_the_symbol_of_its_name() {
    let file = "targetScope = 'subscription'\nparam location string\nparam tags object = {}\n\
                resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {\n  name: 'x'\n  location: location\n  tags: tags\n}\n";
    let render = extended("add: { batch: [more-groups.bicep] }\n", &[("more-groups.bicep", file)]);
    let text = &render.artifacts.files["batch.bicep"];
    let call = "module more_groups 'modules/more_groups.bicep' = {\n  scope: subscription()\n  params: {\n    location: location\n    tags: tags\n  }\n}\n";
    assert!(text.contains(call), "{text}");
}

#[test]
fn what_is_wrong_in_a_file_is_told_at_its_line() {
    let file = "// A comment.\nvar   unusedHere = 1\nresource lock 'Microsoft.Authorization/locks@2020-05-01' = {\n  name: 'keep', scope: acount\n  properties: { level: 'CanNotDelete' } }\n";
    let shown = told("add: { batch: [lock.bicep] }\n", &[("lock.bicep", file)]);
    assert!(shown.contains("error[BCP057]") && shown.contains("lock.bicep:4:24"), "{shown}");
    assert!(shown.contains("lock.bicep:2:7"), "{shown}");
    assert!(shown.contains("the added file `lock.bicep` declares `lock`"), "{shown}");
}

#[test]
fn a_collision_names_both_places() {
    let file = "var one = 1\nresource account 'Microsoft.Authorization/locks@2020-05-01' = {\n  name: 'keep'\n  properties: { level: 'CanNotDelete' }\n}\noutput accountId string = '${one}'\n";
    let shown = told("add: { batch: [a.bicep] }\n", &[("a.bicep", file)]);
    assert!(shown.contains("error[PB1422]: `account` is declared twice"), "{shown}");
    assert!(shown.contains("a.bicep:2:10") && shown.contains("out/vision/batch.bicep:"), "{shown}");
    assert!(shown.contains("error[PB1422]: `accountId` is declared twice"), "{shown}");
    let shown = told(
        "add: { batch: [a.bicep, b.bicep] }\n",
        &[("a.bicep", "var mine = 1\noutput x int = mine\n"), ("b.bicep", "\nvar mine = 2\n")],
    );
    assert!(shown.contains("b.bicep:2:5") && shown.contains("a.bicep:1:5"), "{shown}");
}

#[test]
fn what_cannot_become_part_of_a_stage_is_refused() {
    for (file, code) in [
        ("var a = loadTextContent('x')\n", "PB1420"),
        ("module a './b.bicep' = {}\n", "PB1420"),
        ("import { a } from 'b.bicep'\n", "PB1420"),
        ("var a = loadDirectoryFileInfo('x')\n", "PB1424"),
        ("var x = 'y'\nvar a = loadTextContent(x)\n", "PB1424"),
        ("#disable-diagnostics BCP037\nvar a = 1\n", "PB1424"),
        ("targetScope = 'managementGroup'\n", "PB1426"),
        ("param a string\n", "PB1425"),
        ("targetScope = 'subscription'\nparam a string\n", "PB1425"),
        ("resource = {\n", "BCP017"),
        ("var a = '\n", "BCP004"),
        ("targetScope = 'nowhere'\n", "PB1426"),
    ] {
        let shown = told("add: { batch: [a.bicep] }\n", &[("a.bicep", file)]);
        assert!(shown.contains(code), "{file}: {shown}");
    }
    let file = "@secure()\nparam password string\noutput a int = length(password)\n";
    let with = |value: &str| {
        format!("add: {{ batch: [ {{ file: a.bicep, parameters: {{ {value} }} }} ] }}\n")
    };
    let shown = told(&with("password: hunter2"), &[("a.bicep", file)]);
    assert!(shown.contains("PB1427"), "{shown}");
    let shown = told(&with("pasword: a, password: { $bicep: \"a b\" }"), &[("a.bicep", file)]);
    assert!(shown.contains("PB1423") && shown.contains("did you mean `password`?"), "{shown}");
    assert!(shown.contains("PB1406"), "{shown}");
    let shown = told("add: { batch: [../a.bicep] }\n", &[]);
    assert!(shown.contains("PB1420"), "{shown}");
    let shown = told(
        "add: { batch: [ { file: a.bicep, parameters: { count: many } } ] }\n",
        &[("a.bicep", "param count int\noutput c int = count\n")],
    );
    assert!(shown.contains("BCP033") && shown.contains("prebake.yaml:10:"), "{shown}");
}

const ALERTS: &str = "\
import { severity } from 'shared/levels.bicep'
var rule = loadJsonContent('shared/rule.json')
module alert 'shared/alert.bicep' = {
  params: { name: rule.name, severity: severity, query: loadTextContent('shared/query.kql') }
}
";

const ALERT: &str = "\
param name string
param severity int
param query string
resource group 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: name
  location: 'global'
  properties: { enabled: true, groupShortName: loadTextContent('../../short.txt') }
  tags: { severity: string(severity), query: query }
}
";

fn alerts() -> Vec<(&'static str, &'static str)> {
    vec![
        ("team/alerts.bicep", ALERTS),
        ("team/shared/levels.bicep", "@export()\nvar severity = 2\n"),
        ("team/shared/rule.json", "{ \"name\": \"failed-tasks\" }"),
        ("team/shared/alert.bicep", ALERT),
        ("team/shared/query.kql", "AzureDiagnostics\n| take 1\n"),
        ("short.txt", "ops"),
    ]
}

#[test]
fn an_added_file_uses_what_stands_beside_it() {
    let render = extended("add: { batch: [team/alerts.bicep] }\n", &alerts());
    let files = &render.artifacts.files;
    let stage = &files["batch.bicep"];
    assert!(stage.contains("module alert 'added/team/shared/alert.bicep' = {"), "{stage}");
    assert!(stage.contains("loadTextContent('added/team/shared/query.kql')"), "{stage}");
    // What is loaded is the same, byte by byte, and a copied file finds the next one.
    assert_eq!(files["added/team/shared/query.kql"], "AzureDiagnostics\n| take 1\n");
    assert!(files["added/team/shared/alert.bicep"].contains("loadTextContent('../../short.txt')"));
    let group = body(&render, Stage::Batch, "Microsoft.Insights/actionGroups");
    assert_eq!(group["properties"]["groupShortName"], "ops");
    assert_eq!(group["tags"], json!({ "severity": "2", "query": "AzureDiagnostics\n| take 1\n" }));
}

#[test]
fn a_module_of_the_subscription_uses_what_stands_beside_it() {
    let file = "targetScope = 'subscription'\nvar tags = loadJsonContent('tags.json')\n\
                resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = { name: 'x', location: 'westeurope', tags: tags }\n";
    let files = [("team/more.bicep", file), ("team/tags.json", "{ \"team\": \"vision\" }")];
    let render = extended("add: { batch: [team/more.bicep] }\n", &files);
    let module = &render.artifacts.files["modules/more.bicep"];
    assert!(module.contains("loadJsonContent('../added/team/tags.json')"), "{module}");
    let group = body(&render, Stage::Batch, "Microsoft.Resources/resourceGroups");
    assert_eq!(group["tags"], json!({ "team": "vision" }));
}

#[test]
fn what_is_wrong_in_a_file_beside_an_added_one_is_told_at_its_line() {
    let mut files = alerts();
    files[3].1 = "param name string\nparam severity int\nparam query string\n\noutput all string = '${name}${query}${severty}'\n";
    let shown = told("add: { batch: [team/alerts.bicep] }\n", &files);
    assert!(shown.contains("error[BCP057]"), "{shown}");
    assert!(shown.contains("team/shared/alert.bicep:5:"), "{shown}");
    // A file that is missing is told where it is named, and so is one that is Bicep and a value at once.
    let missing = told("add: { batch: [team/alerts.bicep] }\n", &files[..5]);
    assert!(!missing.contains("PB1420"), "nothing names `short.txt` any more: {missing}");
    let missing = told("add: { batch: [team/alerts.bicep] }\n", &alerts()[..5]);
    assert!(
        missing.contains("PB1420") && missing.contains("team/shared/alert.bicep:7:"),
        "{missing}"
    );
    let both =
        "var text = loadTextContent('b.bicep')\nmodule b 'b.bicep' = { params: { t: text } }\n";
    let shown = told(
        "add: { batch: [a.bicep] }\n",
        &[("a.bicep", both), ("b.bicep", "param t string\noutput u string = t\n")],
    );
    assert!(shown.contains("PB1420") && shown.contains("used as Bicep and as a value"), "{shown}");
}

#[test]
fn added_files_name_a_bounded_number_of_others() {
    let names: Vec<String> = (0..101).map(|number| format!("f{number}.txt")).collect();
    let text: String = names.iter().enumerate().fold(String::new(), |text, (number, name)| {
        format!("{text}output o{number} string = loadTextContent('{name}')\n")
    });
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let mut files = vec![("a.bicep", leak(text))];
    files.extend(names.into_iter().map(|name| (leak(name), "x")));
    let shown = told("add: { batch: [a.bicep] }\n", &files);
    assert!(shown.contains("more than 100 files"), "{shown}");
}

/// The block of the guide that starts so, without the fence.
fn block_of_guide(start: &str) -> &'static str {
    let guide = include_str!("../../docs/extending.md");
    let at = guide.find(&format!("\n{start}")).expect("the guide has the block") + 1;
    &guide[at..at + guide[at..].find("```").expect("the block ends")]
}

#[test]
fn the_guide_builds_with_a_secret_that_no_file_of_the_render_contains() {
    let local = "images: [{ name: app, tag: v1, build: { context: . }, preload: true }]";
    let git = "images: [{ name: trainer, tag: \"1.0\", build: { context: \"https://github.com/contoso/trainer.git#main\" } }]";
    let extension = block_of_guide("add: { registry: [secret-build.bicep] }");
    let task = block_of_guide("# secret-build.yaml");
    let files = [
        ("secret-build.bicep", block_of_guide("// secret-build.bicep")),
        ("secret-build.yaml", task),
    ];
    let bytes = format!("{}{extension}", CONFIG.replace(local, git)).into_bytes();
    let input = Input { path: "prebake.yaml".to_owned(), bytes, ..Input::default() };
    let mut jobs = pipeline::jobs(&input, &Folder(files.into_iter().collect()), &[]);
    let outcome = jobs.swap_remove(0).render(&tools());
    let shown = text::render(&outcome.diagnostics, &outcome.sources, false);
    let render = outcome.render.unwrap_or_else(|| panic!("does not render:\n{shown}"));
    assert!(!outcome.diagnostics.has_errors(), "{shown}");
    let registry =
        render.stages.iter().find(|stage| stage.stage == Stage::Registry).expect("a stage");
    let tasks = "Microsoft.ContainerRegistry/registries/tasks";
    let built = registry.resources.iter().find(|resource| resource.kind == tasks).expect("a task");
    let step = serde_json::to_value(built.body_json()).expect("JSON")["properties"]["step"].clone();
    assert_eq!(step["type"], "EncodedTask", "{step}");
    let content = step["encodedTaskContent"].as_str().expect("the task file").as_bytes();
    let content = data_encoding::BASE64.decode(content).expect("base64");
    assert_eq!(String::from_utf8(content).expect("UTF-8"), task);
    let read: Value = serde_yaml::from_str(task).expect("the task file is YAML");
    assert_eq!(read["volumes"][0]["name"], read["steps"][0]["volumeMounts"][0]["name"]);
}
