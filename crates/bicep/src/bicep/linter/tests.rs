use super::{Lint, RULES, day};
use crate::bicep::{MemoryFiles, compile_deployment_linted, compile_linted};
use crate::diagnostic::{Diagnostics, Sources};

/// A text that a rule is about: the lines at which it reports, in order.
struct Case {
    rule: &'static str,
    text: &'static str,
    lines: &'static [usize],
}

const fn case(rule: &'static str, text: &'static str, lines: &'static [usize]) -> Case {
    Case { rule, text, lines }
}

/// What the cases use as modules.
const FILES: [(&str, &str); 4] = [
    (
        "place.bicep",
        "param name string\nparam location string = resourceGroup().location\n\
         resource v 'Microsoft.Network/virtualNetworks@2024-05-01' = { name: name, location: location }\n\
         output id string = v.id",
    ),
    (
        "artifacts.bicep",
        "param _artifactsLocation string\n@secure()\nparam _artifactsLocationSasToken string",
    ),
    (
        "secret.bicep",
        "@secure()\nparam key string\nparam open string\noutput o string = '${key}${open}'",
    ),
    ("empty.bicep", ""),
];

/// For each rule what it reports and what it does not, as Microsoft's documentation of the rule says.
const CASES: &[Case] = &[
    case(
        "adminusername-should-not-be-literal",
        "var user = 'root'\nparam given string\nresource a 'Microsoft.Compute/virtualMachines@2024-07-01' = {\n\
         name: 'a', location: 'x', properties: { osProfile: {\nadminUsername: 'root' } } }\n\
         resource b 'Microsoft.Compute/virtualMachines@2024-07-01' = {\nname: 'b', location: 'x', properties: { osProfile: {\n\
         adminUsername: user } } }\nresource c 'Microsoft.Compute/virtualMachines@2024-07-01' = {\n\
         name: 'c', location: 'x', properties: { osProfile: {\nadminUsername: given } } }",
        &[5, 8],
    ),
    case("artifacts-parameters", "param _artifactsLocation string", &[1]),
    case(
        "artifacts-parameters",
        "param _artifactsLocation string = 'x'\nparam _artifactsLocationSasToken string = 'y'",
        &[1, 2, 2],
    ),
    case(
        "artifacts-parameters",
        "param _artifactsLocation string = deployment().properties.templateLink.uri\n@secure()\n\
         param _artifactsLocationSasToken string = ''\nmodule m 'artifacts.bicep' = { params: {\n\
         _artifactsLocation: _artifactsLocation\n_artifactsLocationSasToken: _artifactsLocationSasToken } }",
        &[],
    ),
    case(
        "explicit-values-for-loc-params",
        "module a 'place.bicep' = {\nparams: { name: 'a' } }\nmodule b 'place.bicep' = {\n\
         params: { name: 'b', location: 'x' } }",
        &[2],
    ),
    case(
        "nested-deployment-template-scoping",
        "param p string\nresource d 'Microsoft.Resources/deployments@2024-03-01' = { name: 'd', properties: {\n\
         mode: 'Incremental', expressionEvaluationOptions: { scope: 'inner' }\ntemplate: { outputs: { a: { value: p } } } } }",
        &[4],
    ),
    case(
        "no-explicit-any",
        "param a any\ntype t = { a: any? }\nparam b sys.any\nparam c string\nvar d = any(c)",
        &[1, 2, 3],
    ),
    case(
        "no-hardcoded-env-urls",
        "var a = 'https://management.azure.com'\nvar b = 'https://schema.management.azure.com'\n\
         var c = '${a}core.windows.net'\nvar d = 'mycore.windows.net'\nvar e = environment().suffixes.storage",
        &[1, 3],
    ),
    case(
        "no-hardcoded-location",
        "param here string\nvar there = 'westus'\nresource a 'Microsoft.Network/virtualNetworks@2024-05-01' = {\n\
         name: 'a', location: there }\nresource b 'Microsoft.Network/virtualNetworks@2024-05-01' = {\n\
         name: 'b', location: 'westus' }\nresource c 'Microsoft.Network/virtualNetworks@2024-05-01' = {\n\
         name: 'c', location: here }\nresource d 'Microsoft.Network/virtualNetworks@2024-05-01' = {\n\
         name: 'd', location: 'GLOBAL' }\nmodule m 'place.bicep' = { params: { name: 'm'\nlocation: 'westus' } }",
        &[2, 6, 12],
    ),
    case(
        "no-hardcoded-outputs",
        "param p string\noutput a string = 'a'\noutput b object = { c: [1, -2] }\noutput c string = '${p}'",
        &[2, 3],
    ),
    case(
        "no-loc-expr-outside-params",
        "param a string = resourceGroup().location\nvar b = resourceGroup().location\n\
         var c = az.deployment().location\nvar d = resourceGroup().name",
        &[2, 3],
    ),
    case(
        "no-module-name",
        "module a 'empty.bicep' = {\nname: 'a' }\nmodule b 'empty.bicep' = {}",
        &[2],
    ),
    case(
        "outputs-should-not-contain-secrets",
        "@secure()\nparam key string\nparam both { @secure()\n a: string, b: string }\noutput a string = 'a${key}'\n\
         output b object = both\noutput c string = both.b\noutput password string = 'x'\n\
         resource s 'Microsoft.Storage/storageAccounts@2023-05-01' existing = { name: 's' }\n\
         output d object = s.listKeys()\n@secure()\noutput e string = key",
        &[5, 6, 8, 10],
    ),
    case(
        "protect-commandtoexecute-secrets",
        "@secure()\nparam key string\nresource a 'Microsoft.Compute/virtualMachines/extensions@2024-07-01' = {\n\
         name: 'v/a', location: 'x', properties: { publisher: 'Microsoft.Azure.Extensions', type: 'CustomScript'\n\
         settings: {\ncommandToExecute: 'run ${key}' } } }\n\
         resource b 'Microsoft.Compute/virtualMachines/extensions@2024-07-01' = {\n\
         name: 'v/b', location: 'x', properties: { publisher: 'Microsoft.Azure.Extensions', type: 'CustomScript'\n\
         protectedSettings: {\ncommandToExecute: 'run ${key}' } } }",
        &[6],
    ),
    case(
        "secure-params-in-nested-deploy",
        "@secure()\nparam key string\nresource d 'Microsoft.Resources/deployments@2024-03-01' = { name: 'd', properties: {\n\
         mode: 'Incremental', template: { outputs: { a: { value: key } } } } }",
        &[3],
    ),
    case(
        "secure-secrets-in-params",
        "param adminPassword string\n@secure()\nparam pwd string\nparam secretName string\nparam acctKeys int",
        &[1],
    ),
    case(
        "use-description-type-properties",
        "@description('x')\ntype t = { @description('a')\n a: string\n b: int\n *: string }",
        &[4, 5],
    ),
    case(
        "use-description-types",
        "type t = string\n@description(' ')\ntype u = string\n@description('x')\ntype v = string",
        &[1, 2],
    ),
    case(
        "no-unnecessary-dependson",
        "resource a 'Microsoft.Storage/storageAccounts@2024-01-01' = { name: 'a', location: 'x', kind: 'StorageV2', sku: { name: 'Standard_LRS' } }\n\
         resource b 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = { parent: a, name: 'default' }\n\
         resource c 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = { parent: b, name: 'c', dependsOn: [\n\
         a\n] }",
        &[4],
    ),
    case(
        "use-parent-property",
        "var n = 'a'\nresource a 'Microsoft.Storage/storageAccounts@2024-01-01' = { name: n, location: 'x', kind: 'StorageV2', sku: { name: 'Standard_LRS' } }\n\
         resource b 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {\nname: '${n}/default' }",
        &[4],
    ),
    case(
        "use-resource-symbol-reference",
        "resource a 'Microsoft.Storage/storageAccounts@2024-01-01' = { name: 'a', location: 'x', kind: 'StorageV2', sku: { name: 'Standard_LRS' } }\n\
         output k object = listKeys(resourceId('Microsoft.Storage/storageAccounts', 'a'), '2024-01-01')",
        &[2],
    ),
    case("use-description-vars", "var a = 1\n@description('b')\nvar b = 2", &[1]),
    case(
        "use-recognized-resource-type",
        "output a object = reference(resourceId('Microsoft.Storage/storageAccountz', 'a'), '2023-05-01')\n\
         output b object = reference(resourceId('Microsoft.Storage/storageAccounts', 'a'), '2023-05-01')",
        &[1],
    ),
    case(
        "use-resource-id-functions",
        "param given string\nvar made = '/subscriptions/x'\nresource v 'Microsoft.Network/virtualNetworks@2024-05-01' = {\n\
         name: 'v', location: 'x', properties: { ddosProtectionPlan: {\nid: made } } }\n\
         resource w 'Microsoft.Network/virtualNetworks@2024-05-01' = {\nname: 'w', location: 'x', properties: {\n\
         ddosProtectionPlan: { id: given }, dhcpOptions: { dnsServers: [] } } }",
        &[5],
    ),
    case(
        "use-safe-access",
        "param p object\nparam q { a: string? }\nvar a = contains(p, 'b') ? p.b : 'c'\n\
         var b = contains(p, 'b') ? p.c : 'c'\noutput c string? = q.a\noutput d string? = q.?a\noutput e string = q.a!",
        &[3, 5],
    ),
    case(
        "use-secure-value-for-secure-inputs",
        "param open string\n@secure()\nparam key string\nresource a 'Microsoft.Compute/virtualMachines@2024-07-01' = {\n\
         name: 'a', location: 'x', properties: { osProfile: {\nadminPassword: open } } }\n\
         resource b 'Microsoft.Compute/virtualMachines@2024-07-01' = {\n\
         name: 'b', location: 'x', properties: { osProfile: {\nadminPassword: key } } }",
        &[6],
    ),
    case(
        "use-stable-resource-identifiers",
        "param suffix string = newGuid()\nvar inner = 'a${suffix}'\n\
         resource a 'Microsoft.Network/virtualNetworks@2024-05-01' = {\nname: inner, location: 'x' }\n\
         resource b 'Microsoft.Network/virtualNetworks@2024-05-01' = {\nname: 'b', location: utcNow() }",
        &[4],
    ),
    case(
        "use-stable-vm-image",
        "var image = {\nsku: 'x-preview' }\nresource a 'Microsoft.Compute/virtualMachines@2024-07-01' = {\n\
         name: 'a', location: 'x', properties: { storageProfile: { imageReference: image } } }\n\
         resource b 'Microsoft.Compute/virtualMachines@2024-07-01' = {\n\
         name: 'b', location: 'x', properties: { storageProfile: { imageReference: {\noffer: 'Preview', sku: 'x' } } } }",
        &[2, 7],
    ),
    case(
        "use-user-defined-types",
        "param a object\nparam b array[]\nparam c { d: string }[]",
        &[1, 2],
    ),
    case(
        "what-if-short-circuiting",
        "resource v 'Microsoft.Network/virtualNetworks@2024-05-01' existing = { name: 'v' }\n\
         module a 'place.bicep' = { params: {\nname: v.properties.flowTimeoutInMinutes == 4 ? 'a' : 'b' } }\n\
         module b 'place.bicep' = { params: {\nname: v.name\nlocation: v.location } }",
        &[3],
    ),
];

fn lines(entry: &str, text: &str, rule: &str) -> Vec<usize> {
    let config =
        format!(r#"{{"analyzers":{{"core":{{"rules":{{"{rule}":{{"level":"warning"}}}}}}}}}}"#);
    let mut files = MemoryFiles::from_iter(FILES);
    files.insert("bicepconfig.json", config);
    files.insert(entry, text);
    let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
    let lint = Lint::on("2026-11-28").expect("it is a day");
    if entry.ends_with("param") {
        compile_deployment_linted(lint, entry, &files, &|_| None, &mut sources, &mut findings);
    } else {
        compile_linted(lint, entry, &files, &mut sources, &mut findings);
    }
    let own = findings.iter().filter(|finding| finding.code == rule);
    let places = own.filter_map(|finding| Some(sources.position(finding.place?)));
    places.filter(|(file, _)| *file == entry).map(|(_, place)| place.line).collect()
}

#[test]
fn rules_report_what_they_are_about() {
    for case in CASES {
        assert_eq!(lines("main.bicep", case.text, case.rule), case.lines, "{}", case.rule);
    }
}

#[test]
fn parameters_files_leak_no_secrets() {
    let text =
        "using 'secret.bicep'\nparam key = 'x'\nvar through = key\nparam open = 'a${through}'";
    assert_eq!(lines("main.bicepparam", text, "secure-params-in-parameters-file"), [4]);
    let text = "using 'secret.bicep'\nparam key = 'x'\nparam open = 'a'";
    assert_eq!(lines("main.bicepparam", text, "secure-params-in-parameters-file"), [0; 0]);
}

#[test]
fn every_rule_has_a_name_of_its_own() {
    assert!(RULES.is_sorted_by_key(|rule| rule.name));
    // As many as Microsoft's compiler has, version 0.49.2.
    assert_eq!(RULES.len(), 53);
}

#[test]
fn counts_days() {
    assert_eq!(day("1970-01-01"), Some(0));
    assert_eq!(day("2000-03-01"), Some(11_017));
    assert_eq!(day("2026-11-28"), Some(20_785));
    assert_eq!(day("2026-13-01"), None);
}
