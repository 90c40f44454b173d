//! Faults on the way: a kill or an error at every system call of a commit, a full disk, a read-only
//! folder. Afterwards the folder is the previous render or the new one, and nothing else was touched.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use prebake::output;

use super::folder::{Out, Standing, add_foreign, first, look, names, render, second};

const CHILD: &str = "PREBAKE_TEST_COMMIT_TO";

/// What the processes run that the tests below kill; in a run of its own it commits to a fresh folder.
#[test]
fn commit_of_the_second_render() {
    let out = Out::new();
    let folder = std::env::var_os(CHILD).map_or(out.folder.clone(), Into::into);
    if let Err(error) = output::commit(&folder, &second()) {
        eprintln!("{error}");
        std::process::exit(2);
    }
}

fn child(program: &[&str], folder: &Path) -> Command {
    let this = std::env::current_exe().expect("this test");
    let mut words = program.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    words.push(this.to_string_lossy().into_owned());
    let mut command = Command::new(&words[0]);
    command
        .args(&words[1..])
        .args(["--exact", "output::faults::commit_of_the_second_render", "--nocapture"])
        .args(["--test-threads", "1"])
        .env(CHILD, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

type Look = Option<BTreeMap<String, Standing>>;

/// How the folder looks before and after an undisturbed commit.
fn before_and_after(from_nothing: bool) -> (Look, Look) {
    let out = start(from_nothing);
    let before = look(&out.folder);
    output::commit(&out.folder, &second()).expect("commits");
    (before, look(&out.folder))
}

fn start(from_nothing: bool) -> Out {
    if from_nothing { Out::new() } else { Out::rendered() }
}

fn assert_whole(out: &Out, (before, after): &(Look, Look), what: &str) {
    let found = look(&out.folder);
    assert!(found == *before || found == *after, "{what}: a mixture\n{found:#?}");
    let names = names(&out.above);
    let known = ["other", "vision", ".vision.prebake"];
    assert!(names.iter().all(|name| known.contains(&name.as_str())), "{what}: {names:?}");
    assert_eq!(std::fs::read(out.above.join("other/README.md")).expect("there"), b"untouched");
}

/// The next run finishes the work and leaves nothing behind.
fn assert_recovers(out: &Out, after: &Look, what: &str) {
    output::commit(&out.folder, &second()).expect("commits after the fault");
    assert_eq!(look(&out.folder), *after, "{what}");
    if names(&out.above).contains(&".vision.prebake".to_owned()) {
        // The render was complete when the process died: the next one that writes cleans up.
        output::commit(&out.folder, &first()).expect("commits");
    }
    assert!(out.is_clean(), "{what}: {:?}", names(&out.above));
}

#[test]
fn killed_at_any_time() {
    for from_nothing in [true, false] {
        let looks = before_and_after(from_nothing);
        for step in 0..60 {
            let out = start(from_nothing);
            let mut running = child(&[], &out.folder).spawn().expect("starts");
            std::thread::sleep(Duration::from_micros(step * 100));
            running.kill().expect("killed");
            running.wait().expect("ended");
            let what = format!("killed after {step} steps");
            assert_whole(&out, &looks, &what);
            assert_recovers(&out, &looks.1, &what);
        }
    }
}

#[test]
fn killed_at_every_system_call() {
    let Some(strace) = strace() else { return };
    for from_nothing in [true, false] {
        let looks = before_and_after(from_nothing);
        let mut killed = 0;
        for (call, count) in calls(&strace, from_nothing, |_| true) {
            let out = start(from_nothing);
            let inject = format!("inject={call}:signal=KILL:when={count}");
            let status = traced(&strace, &inject, &out.folder).status().expect("runs");
            let what = format!("killed at {call} {count}");
            killed += u32::from(!status.success());
            assert_whole(&out, &looks, &what);
            assert_recovers(&out, &looks.1, &what);
        }
        assert!(killed > 40, "only {killed} runs died");
    }
}

#[test]
fn any_system_call_fails() {
    let Some(strace) = strace() else { return };
    let disk = |call: &str| {
        let calls =
            ["open", "write", "mkdir", "link", "rename", "unlink", "rmdir", "stat", "flock"];
        let more = ["getdents", "chmod", "chown", "copy_file_range", "sendfile"];
        calls.iter().chain(&more).any(|part| call.contains(part))
    };
    for from_nothing in [true, false] {
        let looks = before_and_after(from_nothing);
        let mut failed = 0;
        for (call, count) in calls(&strace, from_nothing, disk) {
            let error = ["ENOSPC", "EIO", "EROFS"][count % 3];
            let out = start(from_nothing);
            let inject = format!("inject={call}:error={error}:when={count}+");
            let status = traced(&strace, &inject, &out.folder).status().expect("runs");
            let what = format!("{error} from {call} {count} on");
            failed += u32::from(!status.success());
            assert_whole(&out, &looks, &what);
            assert_recovers(&out, &looks.1, &what);
        }
        assert!(failed > 20, "only {failed} runs failed");
    }
}

fn strace() -> Option<String> {
    let works = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "-e", "inject=exit_group:signal=KILL", "true"])
        .status();
    match works {
        Ok(status) if !status.success() => Some("strace".to_owned()),
        _ => {
            eprintln!("NOT TESTED: faults at every system call need `strace` and leave to trace");
            None
        }
    }
}

fn traced(strace: &str, inject: &str, folder: &Path) -> Command {
    child(&[strace, "-f", "-qq", "-o", "/dev/null", "-e", inject], folder)
}

/// Every system call of an undisturbed commit, as its name and its number among the calls of that name
/// by the thread that commits.
fn calls(
    strace: &str,
    from_nothing: bool,
    wanted: impl Fn(&str) -> bool,
) -> BTreeSet<(String, usize)> {
    let out = start(from_nothing);
    let log = out.folder.with_file_name("log");
    let log_name = log.to_string_lossy().into_owned();
    let folder = out.folder.to_string_lossy().into_owned();
    let status = child(&[strace, "-f", "-qq", "-s", "500", "-o", &log_name], &out.folder).status();
    assert!(status.expect("runs").success());
    let log = std::fs::read_to_string(log).expect("written");
    let mut counts = BTreeMap::<(&str, &str), usize>::new();
    let mut seen = Vec::new();
    let (mut first, mut last) = (None, 0);
    for line in log.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let Some((name, arguments)) = call.trim_start().split_once('(') else { continue };
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') || name == "execve" {
            continue;
        }
        let count = counts.entry((thread, name)).or_default();
        *count += 1;
        seen.push((name.to_owned(), *count));
        if arguments.contains(&folder) || arguments.contains(".vision.prebake") {
            first.get_or_insert(seen.len() - 1);
            last = seen.len();
        }
    }
    let first = first.expect("the commit exposes in the log");
    seen[first..last].iter().filter(|(name, _)| wanted(name)).cloned().collect()
}

#[cfg(target_os = "linux")]
mod mounted {
    use super::*;

    /// A small file system of its own, for as long as this value lives.
    struct Mount<'a>(&'a Path);

    impl<'a> Mount<'a> {
        fn new(at: &'a Path, options: &str) -> Option<Self> {
            let mount = Command::new("mount")
                .args(["-t", "tmpfs", "-o", options, "prebake-test"])
                .arg(at)
                .stderr(Stdio::null())
                .status();
            if mount.is_ok_and(|status| status.success()) {
                return Some(Self(at));
            }
            eprintln!("NOT TESTED: full disks and mounted folders need leave to mount");
            None
        }

        fn remount(&self, options: &str) {
            let status = Command::new("mount")
                .args(["-o", &format!("remount,{options}")])
                .arg(self.0)
                .status()
                .expect("runs");
            assert!(status.success());
        }
    }

    impl Drop for Mount<'_> {
        fn drop(&mut self) {
            Command::new("umount").arg(self.0).status().expect("runs");
        }
    }

    #[test]
    fn full_disk() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let Some(_mount) = Mount::new(place.path(), "size=256k") else { return };
        let out = Out::within(place.path().to_owned());
        out.reset();
        let looks = (look(&out.folder), None);
        let mut large = second();
        large.insert("large.json".to_owned(), "x".repeat(200 * 1024));
        let filler = place.path().join("filler");
        std::fs::write(&filler, "x".repeat(100 * 1024)).expect("fits");
        let error = output::commit(&out.folder, &large).expect_err("does not fit");
        assert!(error.problem.contains("No space left"), "{error}");
        assert!(error.help.contains("free some disk space"), "{error}");
        assert_whole(&out, &looks, "full disk");
        assert!(out.is_clean());
        std::fs::remove_file(filler).expect("removed");
        output::commit(&out.folder, &large).expect("fits now");
    }

    #[test]
    fn read_only_file_system() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let Some(mount) = Mount::new(place.path(), "size=1m") else { return };
        let out = Out::within(place.path().to_owned());
        out.reset();
        let looks = (look(&out.folder), None);
        mount.remount("ro");
        let error = output::commit(&out.folder, &second()).expect_err("cannot be written");
        assert!(error.help.contains("-o"), "{error}");
        assert_whole(&out, &looks, "read-only");
        assert!(output::commit(&out.folder, &first()).expect("needs no writing").is_unchanged());
        mount.remount("rw");
    }

    #[test]
    fn folder_on_another_device() {
        let out = Out::new();
        std::fs::create_dir(&out.folder).expect("made");
        let Some(_mount) = Mount::new(&out.folder, "size=1m") else { return };
        let error = output::commit(&out.folder, &first()).expect_err("cannot be exchanged");
        assert_eq!(error.code, "PB2507", "{error}");
        assert_eq!(names(&out.folder), [""; 0]);
        assert!(out.is_clean());
        output::commit(&out.folder.join("below"), &first()).expect("commits below it");
    }

    #[test]
    fn device_mounted_in_the_folder() {
        let out = Out::rendered();
        let empty = out.folder.join("empty");
        let Some(_mount) = Mount::new(&empty, "size=1m") else { return };
        let looks = (look(&out.folder), None);
        let error = output::commit(&out.folder, &second()).expect_err("cannot move");
        assert_eq!(error.code, "PB2507", "{error}");
        assert_whole(&out, &looks, "mounted");
    }
}

/// As a user whom modes bind: root may write everywhere, so that the test runs as another one.
#[cfg(target_os = "linux")]
#[test]
fn read_only_folders() {
    use std::os::unix::fs::PermissionsExt as _;

    let out = Out::rendered();
    let looks = (look(&out.folder), None);
    let allow = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
    };
    let root = is_root();
    for (read_only, other) in [(&out.folder, &out.above), (&out.above, &out.folder)] {
        allow(out.above.parent().expect("above"), 0o777);
        allow(other, 0o777);
        allow(read_only, 0o555);
        let status = if root {
            let user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
            child(&user, &out.folder).status()
        } else {
            child(&[], &out.folder).status()
        };
        allow(read_only, 0o755);
        assert_eq!(status.expect("runs").code(), Some(2), "{}", read_only.display());
        assert_whole(&out, &looks, "read-only");
        assert!(out.is_clean(), "{:?}", names(&out.above));
    }
}

#[cfg(target_os = "linux")]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Foreign files survive a commit that was killed after the exchange, too.
#[test]
fn leftovers_of_a_killed_run_are_cleared() {
    let out = Out::rendered();
    let stage = out.above.join(".vision.prebake");
    std::fs::create_dir_all(stage.join("new/pools")).expect("made");
    std::fs::write(stage.join("new/pools/half.json"), "{").expect("written");
    // A manifest is the first file that a run writes.
    let manifest = &render(&[("pools/half.json", "{\n")])["manifest.json"];
    std::fs::write(stage.join("new/manifest.json"), manifest).expect("written");
    std::fs::write(stage.join("lock"), "").expect("written");
    output::commit(&out.folder, &second()).expect("commits");
    assert!(out.is_clean());
    let fresh = Out::new();
    output::commit(&fresh.folder, &second()).expect("commits");
    add_foreign(&fresh.folder);
    assert_eq!(look(&out.folder), look(&fresh.folder));
}

/// The render that a killed run completed needs no commit, and its leftovers go all the same.
#[test]
fn leftovers_beside_an_unchanged_render_are_cleared() {
    let out = Out::rendered();
    output::commit(&out.folder, &second()).expect("commits");
    let stage = out.above.join(".vision.prebake");
    std::fs::create_dir_all(stage.join("new/pools")).expect("made");
    std::fs::write(stage.join("lock"), "").expect("written");
    let before = look(&out.folder);
    assert!(output::commit(&out.folder, &second()).expect("commits").is_unchanged());
    assert!(out.is_clean());
    assert_eq!(look(&out.folder), before);
}

#[test]
fn work_of_another_run_beside_an_unchanged_render_is_left_alone() {
    let out = Out::rendered();
    output::commit(&out.folder, &second()).expect("commits");
    let stage = out.above.join(".vision.prebake");
    std::fs::create_dir_all(stage.join("new")).expect("made");
    let lock = std::fs::File::create(stage.join("lock")).expect("made");
    lock.lock().expect("locked");
    output::commit(&out.folder, &second()).expect("commits");
    assert!(stage.join("new").is_dir());
}

/// Without an atomic exchange a killed run may leave the old render aside and no folder.
#[test]
fn render_set_aside_by_a_killed_run_is_restored() {
    let out = Out::rendered();
    let stage = out.above.join(".vision.prebake");
    std::fs::create_dir(&stage).expect("made");
    std::fs::rename(&out.folder, stage.join("old")).expect("moved");
    let committed = output::commit(&out.folder, &second()).expect("commits");
    assert!(out.folder.join("notes/deep/why.txt").is_file());
    assert!(committed.foreign.contains(&"notes/deep/why.txt".to_owned()));
    assert!(out.is_clean());
}

/// A run that is killed after the exchange leaves the old render where the new one was made. What another
/// program put there in the meantime is nobody's to delete.
#[test]
fn a_foreign_file_of_the_last_moment_survives_a_kill() {
    let out = Out::rendered();
    let stage = out.above.join(".vision.prebake");
    std::fs::create_dir_all(&stage).expect("made");
    let old = stage.join("new");
    std::fs::rename(&out.folder, &old).expect("moved");
    std::fs::write(old.join("notes.txt"), "mine").expect("written");
    let fresh = Out::new();
    output::commit(&fresh.folder, &second()).expect("commits");
    std::fs::rename(&fresh.folder, &out.folder).expect("moved");
    output::commit(&out.folder, &first()).expect("commits");
    let notes = std::fs::read_to_string(out.folder.join("notes.txt")).expect("it is still there");
    assert_eq!(notes, "mine");
    assert!(out.is_clean());
}

/// What stands where prebake keeps its unfinished work may be anybody's.
#[cfg(unix)]
#[test]
fn odd_files_in_the_stage_are_not_trusted() {
    let out = Out::rendered();
    let stage = out.above.join(".vision.prebake");
    std::fs::create_dir_all(&stage).expect("made");
    let secret = out.above.join("secret");
    std::fs::create_dir(&secret).expect("made");
    std::fs::write(secret.join("id_rsa"), "TOP").expect("written");
    std::os::unix::fs::symlink(&secret, stage.join("old")).expect("linked");
    output::commit(&out.folder, &second()).expect("commits");
    assert!(!out.folder.join("id_rsa").exists());
    assert!(secret.join("id_rsa").exists());
    for lock in [pipe as fn(&Path), dangling] {
        let out = Out::rendered();
        let stage = out.above.join(".vision.prebake");
        std::fs::create_dir_all(&stage).expect("made");
        lock(&stage.join("lock"));
        output::commit(&out.folder, &second()).expect_err("the lock is not prebake's");
        assert!(!out.above.join("nowhere").exists());
    }
}

#[cfg(unix)]
fn pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().expect("mkfifo runs");
    assert!(made.success());
}

#[cfg(unix)]
fn dangling(path: &Path) {
    std::os::unix::fs::symlink("../nowhere", path).expect("linked");
}
