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
    assert_eq!(json(&shown.stdout)["parameters"]["zones"]["value"], serde_json::json!([3, 2]));
}

#[test]
fn tells_errors_and_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &[("main.bicep", "output x string = nothing\n")]);
    let output = prebake(folder.path(), &["build", "main.bicep"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("main.bicep:1:19"));
    assert!(!folder.path().join("main.json").exists());
    assert_eq!(prebake(folder.path(), &["build", "none.bicep"]).status.code(), Some(2));
}

#[test]
fn reads_nothing_outside_its_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let main = "output x string = loadTextContent('../secret.txt')\n";
    write(folder.path(), &[("secret.txt", "secret"), ("inside/main.bicep", main)]);
    let inside = folder.path().join("inside");
    let refused = prebake(&inside, &["build", "main.bicep", "--stdout"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(refused.stdout.is_empty());
    let allowed = prebake(&inside, &["build", "main.bicep", "--stdout", "--root", ".."]);
    assert_eq!(allowed.status.code(), Some(0));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("../secret.txt", inside.join("link.txt")).expect("a link");
        write(&inside, &[("main.bicep", "output x string = loadTextContent('link.txt')\n")]);
        let refused = prebake(&inside, &["build", "main.bicep", "--stdout"]);
        assert_eq!(refused.status.code(), Some(1));
    }
}
