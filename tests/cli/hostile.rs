//! Inputs that do harm: what drives a terminal, links, devices, pipes and files without an end.

use std::process::Command;

use super::{CONFIG, fails, files, prebake, succeeds, text, with_config};

#[test]
fn a_config_cannot_drive_the_terminal() {
    let folder = with_config();
    let config = "na\x1b[31mme: \"\u{7}x\\e[2Jy\u{202e}z\"\r\nextends: \"\\e[8m.yaml\"\r\n";
    for color in ["always", "never"] {
        std::fs::write(folder.path().join("\u{1b}[1m.yaml"), config).expect("a config");
        let output = prebake(folder.path(), &["--color", color, "validate", "\u{1b}[1m.yaml"]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        for wild in ["\u{1b}[31mme", "\u{1b}[2J", "\u{1b}[8m", "\u{7}", "\u{202e}", "\r"] {
            assert!(!told.contains(wild), "{wild:?} in {told:?}");
        }
        assert!(!told.contains('\u{1b}') || color == "always", "{told:?}");
    }
    let commands = CONFIG.replace("name: tiny", "name: \"x\\n::add-mask::y\"");
    std::fs::write(folder.path().join("prebake.yaml"), commands).expect("a config");
    let output = prebake(folder.path(), &["validate", "prebake.yaml"]);
    assert!(!text(&output.stderr).contains("\n::"), "{}", text(&output.stderr));
    let windows = CONFIG.replace('\n', "\r\n").replace("nodes:", "nodez:");
    std::fs::write(folder.path().join("prebake.yaml"), windows).expect("a config");
    let output = prebake(folder.path(), &["validate", "prebake.yaml"]);
    assert!(!text(&output.stderr).contains('\u{fffd}'), "{}", text(&output.stderr));
}

#[test]
fn words_as_long_as_a_file_are_refused_at_once() {
    let folder = with_config();
    let long = "n".repeat(900_000);
    let size = CONFIG.replace("gpu: false", &format!("vmSize: {long}"));
    let region = CONFIG.replace("northeurope", &long);
    assert!(size.contains(&long) && region.contains(&long));
    for config in [size, region] {
        std::fs::write(folder.path().join("prebake.yaml"), config).expect("a config");
        let start = std::time::Instant::now();
        let output = prebake(folder.path(), &["validate", "prebake.yaml"]);
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
        let told = text(&output.stderr);
        assert!(told.contains("PB10") && told.len() < 20_000, "{} bytes", told.len());
    }
}

#[test]
#[cfg(unix)]
fn templates_are_not_read_through_a_link() {
    let folder = with_config();
    std::fs::create_dir_all(folder.path().join("mine/bicep")).expect("a folder");
    let link = folder.path().join("mine/bicep/batch.bicep.tera");
    std::os::unix::fs::symlink("/etc/passwd", link).expect("a link");
    let output = prebake(folder.path(), &["render", "prebake.yaml", "--templates", "mine"]);
    fails(&output, 2, "it is a symbolic link");
}

/// A review or a template that a full disk cut off must not look like a good one.
#[test]
#[cfg(target_os = "linux")]
fn a_result_that_is_lost_is_an_error() {
    let folder = with_config();
    succeeds(&prebake(folder.path(), &["render"]));
    for arguments in [
        &["diff", "--format", "json"][..],
        &["bicep", "build", "out/tiny/batch.bicep", "--stdout"],
        &["schema", "config"],
        &["config", "show"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("is there");
        let mut command = Command::new(env!("CARGO_BIN_EXE_prebake"));
        let output = command.args(arguments).current_dir(folder.path()).stdout(full).output();
        fails(&output.expect("runs"), 2, "the output cannot be printed");
    }
}

/// Whatever a command is asked to read, a device does not keep it from ending.
#[test]
#[cfg(target_os = "linux")]
fn devices_are_not_read() {
    let folder = with_config();
    for arguments in [
        &["validate", "/dev/zero"][..],
        &["init", "--from", "/dev/zero", "new.yaml"],
        &["render", "--templates", "/dev/zero"],
        &["render", "--schemas", "/dev/zero"],
        &["schema", "import", "--types", "/dev/zero", "Microsoft.Batch/batchAccounts@2025-06-01"],
    ] {
        let output = prebake(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
    }
    let endless = folder.path().join("endless.bicep");
    std::os::unix::fs::symlink("/dev/zero", endless).expect("a link");
    fails(
        &prebake(folder.path(), &["bicep", "build", "endless.bicep"]),
        1,
        "it is not a regular file",
    );
    let large = std::fs::File::create(folder.path().join("large.bicep")).expect("a file");
    large.set_len(10 << 30).expect("a sparse file");
    fails(&prebake(folder.path(), &["bicep", "build", "large.bicep"]), 1, "larger than 16 MiB");
}

#[test]
#[cfg(unix)]
fn templates_are_not_ejected_through_a_link() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(folder.path().join("elsewhere")).expect("a folder");
    std::fs::create_dir_all(folder.path().join("mine")).expect("a folder");
    let link = folder.path().join("mine/bicep");
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), link).expect("a link");
    let output = prebake(folder.path(), &["templates", "eject", "--output", "mine"]);
    fails(&output, 2, "`mine/bicep` is a symbolic link");
    assert!(files(&folder.path().join("elsewhere")).is_empty());
}

/// What an argument names may be a pipe, as a shell makes it for `<(...)`, or `-`.
#[test]
#[cfg(unix)]
fn configs_come_from_pipes_too() {
    let folder = with_config();
    let run = |line: &str| {
        let mut command = Command::new("bash");
        let line = format!("set -o pipefail; {line}");
        let command = command.args(["-c", &line]).env("prebake", env!("CARGO_BIN_EXE_prebake"));
        let output = command.current_dir(folder.path()).output().expect("bash runs");
        (output.status.code(), text(&output.stderr))
    };
    for line in [
        "\"$prebake\" validate - < prebake.yaml",
        "cat prebake.yaml | \"$prebake\" validate -",
        "\"$prebake\" validate <(cat prebake.yaml)",
    ] {
        let (code, errors) = run(line);
        assert_eq!(code, Some(0), "{line}: {errors}");
    }
    let (code, errors) = run("yes | \"$prebake\" validate -");
    assert!(code != Some(0) && errors.contains("PB0002"), "{errors}");
}

/// A link in a pull request must not bring another file of the machine into a message.
#[test]
#[cfg(unix)]
fn links_out_of_the_folder_are_not_followed() {
    let folder = with_config();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("secret"), "db_password: hunter2\nname: a\nlocation: b\n")
        .expect("written");
    let below = path("below");
    std::fs::create_dir_all(below.join("report")).expect("made");
    std::os::unix::fs::symlink(path("secret"), below.join("x.prebake.yaml")).expect("linked");
    std::os::unix::fs::symlink(path("secret"), below.join("report/review.md.hbs")).expect("linked");
    let output = prebake(folder.path(), &["validate", "below"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(!text(&output.stderr).contains("hunter2"), "{}", text(&output.stderr));
    fails(
        &prebake(folder.path(), &["diff", "--templates", "below", "--format", "markdown"]),
        2,
        "it is a symbolic link",
    );
    std::fs::create_dir(path(".git")).expect("made");
    std::os::unix::fs::symlink("/etc/hostname", path("host.yaml")).expect("linked");
    fails(&prebake(folder.path(), &["validate", "host.yaml"]), 2, "it is outside `");
    std::os::unix::fs::symlink("prebake.yaml", path("own.yaml")).expect("linked");
    assert_eq!(prebake(folder.path(), &["validate", "own.yaml"]).status.code(), Some(0));
}

/// The same folder gives the same configs on each machine, whatever its ignore files are.
#[test]
#[cfg(unix)]
fn ignore_files_are_read_within_bounds() {
    let folder = with_config();
    let below = folder.path().join("below");
    std::fs::create_dir_all(below.join("skipped")).expect("made");
    let config = std::fs::read(folder.path().join("prebake.yaml")).expect("is there");
    std::fs::write(below.join("a.prebake.yaml"), &config).expect("written");
    std::fs::write(below.join("skipped/b.prebake.yaml"), "name: [").expect("written");
    std::fs::write(below.join(".gitignore"), "skipped/\n").expect("written");
    assert_eq!(prebake(folder.path(), &["validate", "below"]).status.code(), Some(0));
    std::fs::remove_file(below.join(".gitignore")).expect("removed");
    std::os::unix::fs::symlink("/dev/zero", below.join(".gitignore")).expect("linked");
    fails(&prebake(folder.path(), &["validate", "below"]), 2, ".gitignore` cannot be searched");
    let flow = "{name: flow, location: northeurope, resourceGroup: any, images: [{name: a}]}";
    std::fs::write(folder.path().join("flow.yaml"), flow).expect("written");
    let output = prebake(folder.path(), &["validate", "."]);
    assert!(text(&output.stderr).contains("flow.yaml"), "{}", text(&output.stderr));
}
