//! `prebake bicep` as a user runs it.

#![expect(clippy::disallowed_methods, reason = "a test writes its cases and reads the results")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn prebake(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_prebake"));
    command.current_dir(folder).arg("bicep").args(arguments).env("ZONE", "3");
    command.output().expect("prebake runs")
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

#[test]
fn builds_to_stdout_to_a_file_and_beside_the_source() {
    let folder = tempfile::tempdir().expect("a folder");
    let module = "param name string\noutput full string = 'st${name}'\n";
    let main = "module inner 'modules/inner.bicep' = {\n  name: 'inner'\n  params: { name: 'a' }\n}\n\
                output full string = inner.outputs.full\n";
    write(folder.path(), &[("main.bicep", main), ("modules/inner.bicep", module)]);
    let shown = prebake(folder.path(), &["build", "main.bicep", "--stdout"]);
    assert_eq!(shown.status.code(), Some(0));
    let template = json(&shown.stdout);
    let inner = &template["resources"][0]["properties"]["template"]["outputs"]["full"]["value"];
    assert_eq!(inner, "[format('st{0}', parameters('name'))]");
    for (arguments, file) in [
        (vec!["build", "main.bicep"], "main.json"),
        (vec!["build", "main.bicep", "--outfile", "other.json"], "other.json"),
    ] {
        assert_eq!(prebake(folder.path(), &arguments).status.code(), Some(0));
        let written = std::fs::read(folder.path().join(file)).expect("it was written");
        assert_eq!(written, shown.stdout);
    }
}

#[test]
fn builds_parameters_with_the_environment() {
    let folder = tempfile::tempdir().expect("a folder");
    let parameters = "using 'main.bicep'\nvar zone = readEnvironmentVariable('ZONE')\n\
                      param zones = [int(zone), length('ab')]\n";
    write(folder.path(), &[("main.bicep", "param zones array\n"), ("main.bicepparam", parameters)]);
    let shown = prebake(folder.path(), &["build-params", "main.bicepparam", "--stdout"]);
    assert_eq!(shown.status.code(), Some(0));
    let both = json(&shown.stdout);
    let inner = |key: &str| json(both[key].as_str().expect("JSON in JSON").as_bytes());
    let zones = &inner("parametersJson")["parameters"]["zones"]["value"];
    assert_eq!(*zones, serde_json::json!([3, 2]));
    assert_eq!(inner("templateJson")["parameters"]["zones"]["type"], "array");
    let written = prebake(folder.path(), &["build-params", "main.bicepparam"]);
    assert_eq!(written.status.code(), Some(0));
    let written = std::fs::read(folder.path().join("main.json")).expect("it was written");
    assert_eq!(json(&written), inner("parametersJson"));
}

#[test]
fn tells_errors_and_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &[("main.bicep", "output x string = nothing\n")]);
    let output = prebake(folder.path(), &["build", "main.bicep"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("main.bicep(1,19) : Error BCP057: "), "{told}");
    assert!(!folder.path().join("main.json").exists());
    assert_eq!(prebake(folder.path(), &["build", "none.bicep"]).status.code(), Some(1));
    assert_eq!(prebake(folder.path(), &["build", "main.txt"]).status.code(), Some(1));
    assert_eq!(prebake(folder.path(), &["build", "main.bicep", "--what"]).status.code(), Some(1));
    let excerpts = ["lint", "main.bicep", "--diagnostics-format", "excerpts"];
    let output = prebake(folder.path(), &excerpts);
    assert!(String::from_utf8_lossy(&output.stderr).contains("main.bicep:1:19"));
}

#[test]
fn lints_as_sarif_on_stdout() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "var ok = '\u{1F600}'\noutput x string = '${ok}${nothing}'\n";
    write(folder.path(), &[("my main.bicep", text)]);
    let arguments = ["lint", "my main.bicep", "--diagnostics-format", "Sarif", "--no-restore"];
    let output = prebake(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.is_empty());
    let report = json(&output.stdout);
    let result = &report["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "BCP057");
    assert_eq!(result["level"], "error");
    let place = &result["locations"][0]["physicalLocation"];
    let uri = place["artifactLocation"]["uri"].as_str().expect("a URI");
    assert!(uri.starts_with("file:///") && uri.ends_with("/my%20main.bicep"), "{uri}");
    assert_eq!(place["region"]["startLine"], 2);
    let built =
        prebake(folder.path(), &["build", "my main.bicep", "--diagnostics-format", "sarif"]);
    assert!(built.stdout.is_empty());
    assert_eq!(json(&built.stderr), report);
}

#[test]
fn builds_every_file_of_a_pattern() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = "output x int = 1\n";
    write(folder.path(), &[("a/one.bicep", good), ("a/b/two.bicep", good), ("a/no.txt", good)]);
    assert_eq!(
        prebake(folder.path(), &["build", "--pattern", "a/**/*.bicep"]).status.code(),
        Some(0)
    );
    assert!(
        folder.path().join("a/one.json").exists() && folder.path().join("a/b/two.json").exists()
    );
    let elsewhere = ["build", "--pattern", "a/**/*.bicep", "--outdir", "."];
    std::fs::create_dir_all(folder.path().join("b")).expect("a folder");
    assert_eq!(prebake(folder.path(), &elsewhere).status.code(), Some(0));
    assert!(folder.path().join("one.json").exists() && folder.path().join("b/two.json").exists());
}

#[test]
fn formats_in_place_and_checks() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = r#"{ "formatting": { "indentSize": 4, /* wide */ "newlineKind": "CRLF" } }"#;
    write(folder.path(), &[("bicepconfig.json", config), ("main.bicep", "var a={\nb:1\n}")]);
    let check = ["format", "main.bicep", "--check"];
    assert_eq!(prebake(folder.path(), &check).status.code(), Some(1));
    let shown =
        prebake(folder.path(), &["format", "main.bicep", "--stdout", "--newline-kind", "lf"]);
    assert_eq!(shown.stdout, b"var a = {\n    b: 1\n}\n");
    assert_eq!(prebake(folder.path(), &["format", "main.bicep"]).status.code(), Some(0));
    let written = std::fs::read(folder.path().join("main.bicep")).expect("it is there");
    assert_eq!(written, b"var a = {\r\n    b: 1\r\n}\r\n");
    assert_eq!(prebake(folder.path(), &check).status.code(), Some(0));
    write(folder.path(), &[("bicepconfig.json", "{ nonsense")]);
    assert_eq!(prebake(folder.path(), &check).status.code(), Some(1));
    let output = prebake(folder.path(), &["build", "main.bicep"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("BCP271"));
    write(folder.path(), &[("other.json", "{}")]);
    let other = ["build", "main.bicep", "--config", "other.json"];
    assert_eq!(prebake(folder.path(), &other).status.code(), Some(0));
}

#[test]
fn reads_nothing_outside_its_root() {
    let folder = tempfile::tempdir().expect("a folder");
    let main = "output x string = loadTextContent('../secret.txt')\n";
    write(folder.path(), &[("secret.txt", "secret"), ("inside/main.bicep", main)]);
    let inside = folder.path().join("inside");
    let refused = prebake(&inside, &["build", "main.bicep", "--stdout", "--root", "."]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(refused.stdout.is_empty());
    for arguments in [
        &["build", "main.bicep", "--stdout", "--root", ".."][..],
        &["build", "main.bicep", "--stdout"],
    ] {
        assert_eq!(prebake(&inside, arguments).status.code(), Some(0));
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("../secret.txt", inside.join("link.txt")).expect("a link");
        write(&inside, &[("main.bicep", "output x string = loadTextContent('link.txt')\n")]);
        let refused = prebake(&inside, &["build", "main.bicep", "--stdout", "--root", "."]);
        assert_eq!(refused.status.code(), Some(1));
    }
}

/// What `lint` tells, as code, line and level.
fn told(output: &Output) -> Vec<(String, u64, String)> {
    let report = json(&output.stdout);
    let results = report["runs"][0]["results"].as_array().expect("results").clone();
    let one = |result: &Value| {
        let line = &result["locations"][0]["physicalLocation"]["region"]["startLine"];
        let text = |key: &str| result[key].as_str().expect("a text").to_owned();
        (text("ruleId"), line.as_u64().expect("a line"), text("level"))
    };
    results.iter().map(one).collect()
}

#[test]
fn lints_as_the_config_and_the_directives_say() {
    let folder = tempfile::tempdir().expect("a folder");
    let main = "param unused string\n\
                #disable-next-line no-unused-vars\n\
                var hidden = 1\n\
                var told = 2\n\
                output joined string = concat('a', '${hidden}')\n\
                output empty object = { 'name': json('null') }\n";
    let config = r#"{ "analyzers": { "core": { "rules": {
        "no-unused-params": { "level": "off" }, "prefer-interpolation": { "level": "error" },
        "use-description-outputs": { "level": "info" } } } } }"#;
    write(folder.path(), &[("main.bicep", main), ("bicepconfig.json", config)]);
    let lint = ["lint", "main.bicep", "--diagnostics-format", "sarif", "--as-of", "2026-11-28"];
    let output = prebake(folder.path(), &lint);
    assert_eq!(output.status.code(), Some(1));
    let expected = [
        ("no-unused-vars", 4, "warning"),
        ("use-description-outputs", 5, "note"),
        ("prefer-interpolation", 5, "error"),
        ("use-description-outputs", 6, "note"),
        ("prefer-unquoted-property-names", 6, "warning"),
        ("simplify-json-null", 6, "warning"),
    ];
    let expected = expected.map(|(code, line, level)| (code.to_owned(), line, level.to_owned()));
    assert_eq!(told(&output), expected);
    let off = r#"{ "analyzers": { "core": { "enabled": false } } }"#;
    write(folder.path(), &[("bicepconfig.json", off)]);
    assert_eq!(told(&prebake(folder.path(), &lint)), []);
}

#[test]
fn judges_the_age_of_api_versions_on_a_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let main = "resource account 'Microsoft.Batch/batchAccounts@2024-07-01' = {\n  name: 'a'\n  location: 'b'\n}\n";
    let config = r#"{ "analyzers": { "core": { "rules": {
        "use-recent-api-versions": { "level": "warning" } } } } }"#;
    write(folder.path(), &[("main.bicep", main), ("bicepconfig.json", config)]);
    let on = |day: &str| {
        let lint = ["lint", "main.bicep", "--diagnostics-format", "sarif", "--as-of", day];
        let told = told(&prebake(folder.path(), &lint));
        told.iter().filter(|(code, ..)| code == "use-recent-api-versions").count()
    };
    assert_eq!(on("2026-06-30"), 0, "it is not two years old");
    assert_eq!(on("2026-07-02"), 1, "it is older, and there are newer ones");
}

#[test]
fn snapshots_a_deployment_and_compares_with_the_last() {
    let folder = tempfile::tempdir().expect("a folder");
    let module = "param name string\n\
                  resource inner 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {\n\
                    name: name\n  location: resourceGroup().location\n}\n\
                  output principal string = inner.properties.principalId\n";
    let main = "param names string[]\n\
                module inner 'inner.bicep' = {\n  params: { name: toLower(names[0]) }\n}\n\
                resource plain 'Microsoft.Storage/storageAccounts@2024-01-01' = {\n\
                  name: 'st${uniqueString(resourceGroup().id)}'\n  location: 'here'\n\
                  kind: 'StorageV2'\n  sku: { name: 'Standard_LRS' }\n\
                  tags: { text: '[plain]', host: 'x${environment().name}' }\n\
                  properties: { customDomain: { name: inner.outputs.principal } }\n}\n\
                output id string = plain.id\n";
    let parameters = "using 'main.bicep'\nparam names = ['ONE']\n";
    write(
        folder.path(),
        &[("inner.bicep", module), ("main.bicep", main), ("main.bicepparam", parameters)],
    );
    let place = ["--subscription-id", "0-0", "--resource-group", "rg", "--location", "west"];
    let run = |more: &[&str]| {
        let arguments: Vec<&str> =
            ["snapshot", "main.bicepparam"].iter().chain(&place).chain(more).copied().collect();
        prebake(folder.path(), &arguments)
    };
    let shown = json(&run(&["--stdout"]).stdout);
    let resources = shown["predictedResources"].as_array().expect("resources");
    assert_eq!(resources.len(), 2);
    let group = "/subscriptions/0-0/resourceGroups/rg";
    let inner = format!("{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one");
    assert_eq!(resources[1]["id"], inner);
    assert_eq!(resources[1]["location"], "west");
    let tags = &resources[0]["tags"];
    assert_eq!(tags["text"], "[plain]");
    let domain = &resources[0]["properties"]["customDomain"]["name"];
    assert_eq!(*domain, format!("[reference('{inner}', '2024-11-30').principalId]"));
    assert_eq!(tags["host"], "[format('x{0}', environment().name)]");
    assert_eq!(shown["outputs"]["id"], resources[0]["id"]);
    assert_eq!(run(&["--mode", "validate"]).status.code(), Some(1), "there is none yet");
    assert_eq!(run(&[]).status.code(), Some(0));
    let written = std::fs::read(folder.path().join("main.snapshot.json")).expect("it was written");
    assert_eq!(json(&written), shown);
    assert_eq!(run(&["--mode", "Validate"]).status.code(), Some(0));
    write(folder.path(), &[("main.bicepparam", "using 'main.bicep'\nparam names = ['two']\n")]);
    let changed = run(&["--mode", "validate"]);
    assert_eq!(changed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&changed.stdout).contains("userAssignedIdentities/two"));
}
