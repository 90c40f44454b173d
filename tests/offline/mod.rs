//! Every command but `deploy` runs without a socket: `strace` watches the calls of the kernel.

#![expect(clippy::disallowed_methods, reason = "tests read what strace wrote")]

use std::path::Path;
use std::process::{Command, Stdio};

/// Every command with arguments that make it do its work, in a folder that holds a config.
const COMMANDS: &[&[&str]] = &[
    &["--version"],
    &["--help"],
    &["init", "other.yaml"],
    &["render", "prebake.yaml"],
    &["validate", "prebake.yaml"],
    &["diff", "prebake.yaml"],
    &["test", "."],
    &["explain", "PB1004"],
    &["templates", "list"],
    &["config", "show", "prebake.yaml"],
    &["bicep", "build", "out/vision/batch.bicep", "--stdout"],
    &["schema", "config"],
    &["completions", "bash"],
    &["man"],
    &["deploy", "--help"],
];

/// The network calls of a command, as `strace` writes them; nothing where it cannot run.
fn network_calls(folder: &Path, arguments: &[&str]) -> Option<String> {
    let trace = folder.join("trace");
    let status = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=%network", "-e", "signal=none", "-o"])
        .arg(&trace)
        .arg(env!("CARGO_BIN_EXE_prebake"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.ok()?;
    std::fs::read_to_string(trace).ok()
}

#[test]
fn no_other_command_opens_a_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/gpu-preload.yaml");
    std::fs::copy(example, folder.path().join("prebake.yaml")).expect("the example can be copied");
    // It shows that the trace sees what it must: `deploy` resolves a name, or connects.
    let deploy = &["deploy", "out/vision", "--full"][..];
    for arguments in COMMANDS.iter().copied() {
        let Some(calls) = network_calls(folder.path(), arguments) else {
            eprintln!("NOT CHECKED: `strace` cannot run here");
            return;
        };
        assert_eq!(calls, "", "prebake {}", arguments.join(" "));
    }
    let calls = network_calls(folder.path(), deploy).expect("it ran before");
    assert!(
        calls.contains("socket("),
        "`deploy` opens a socket, or the trace sees nothing:\n{calls}"
    );
}
