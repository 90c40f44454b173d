//! What a commit does when nothing goes wrong, and what it refuses.

use std::fs;
use std::path::Path;
use std::sync::Barrier;

use prebake::model::KnownDigests;
use prebake::output::{self, OutputError};

use super::folder::{Files, Out, Standing, add_foreign, first, look, names, render, second};

fn refused(folder: &Path, files: &Files) -> OutputError {
    output::commit(folder, files).expect_err("is refused")
}

#[test]
fn first_render_creates_every_file() {
    let out = Out::new();
    let committed = output::commit(&out.folder, &first()).expect("commits");
    assert_eq!(committed.created.len(), first().len());
    let standing = look(&out.folder).expect("there");
    for (path, text) in first() {
        let Some(Standing::File { bytes, executable }) = standing.get(&path) else {
            panic!("{path} is missing")
        };
        assert_eq!(bytes, text.as_bytes());
        assert_eq!(*executable, cfg!(unix) && path == "deploy.sh", "{path}");
    }
    assert!(out.is_clean());
}

#[test]
fn missing_folders_above_are_made() {
    let out = Out::new();
    let folder = out.folder.join("a/b");
    output::commit(&folder, &first()).expect("commits");
    assert!(folder.join("README.md").is_file());
}

#[test]
fn same_render_writes_nothing() {
    let out = Out::rendered();
    let before = fs::metadata(&out.folder).expect("there").modified().expect("known");
    let committed = output::commit(&out.folder, &first()).expect("commits");
    assert!(committed.is_unchanged());
    assert_eq!(committed.unchanged, first().len());
    let after = fs::metadata(&out.folder).expect("there").modified().expect("known");
    assert_eq!(before, after);
}

#[test]
fn next_render_replaces_names_what_goes_and_keeps_foreign_files() {
    let out = Out::rendered();
    let committed = output::commit(&out.folder, &second()).expect("commits");
    assert_eq!(committed.created, ["arm/batch.json", "pools/prod.json"]);
    assert_eq!(committed.changed, ["README.md", "deploy.sh", "manifest.json"]);
    assert_eq!(committed.removed, ["cloud-init.yaml", "pools/dev.json"]);
    assert_eq!(committed.overwritten, [""; 0]);
    assert_eq!(committed.unchanged, 1);
    let mut foreign = vec!["notes/deep/why.txt", "pools/mine.txt"];
    if cfg!(unix) {
        foreign.insert(1, "notes/link");
    }
    assert_eq!(committed.foreign, foreign);
    let fresh = Out::new();
    output::commit(&fresh.folder, &second()).expect("commits");
    add_foreign(&fresh.folder);
    assert_eq!(look(&out.folder), look(&fresh.folder));
    assert!(out.is_clean());
}

#[test]
fn edited_and_foreign_files_in_the_way_are_named() {
    let out = Out::rendered();
    fs::write(out.folder.join("README.md"), "edited by hand").expect("written");
    fs::create_dir(out.folder.join("arm")).expect("made");
    fs::write(out.folder.join("arm/batch.json"), "not from prebake").expect("written");
    let committed = output::commit(&out.folder, &second()).expect("commits");
    assert_eq!(committed.overwritten, ["README.md", "arm/batch.json"]);
}

#[test]
fn files_of_a_manifest_that_leave_the_folder_are_not_ours() {
    let out = Out::rendered();
    let mut files = first();
    files.insert("../other/README.md".to_owned(), String::new());
    let manifest = render(&files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect::<Vec<_>>());
    fs::write(out.folder.join("manifest.json"), &manifest["manifest.json"]).expect("written");
    let committed = output::commit(&out.folder, &second()).expect("commits");
    assert!(!committed.removed.iter().any(|path| path.contains("..")));
    assert!(out.is_clean());
}

#[test]
fn paths_that_leave_the_folder_are_refused() {
    let out = Out::rendered();
    for path in ["../x", "/x", "a/../../x", "a//b", "./a", "", "a\\b", "C:x", "a\nb", "a/."] {
        let mut files = second();
        files.insert(path.to_owned(), "out".to_owned());
        assert_eq!(refused(&out.folder, &files).code, "PB2505", "{path}");
    }
    assert!(out.is_clean());
}

#[test]
fn folder_in_the_way_of_a_file_is_refused() {
    let out = Out::rendered();
    let before = look(&out.folder);
    let mut files = second();
    files.insert("notes".to_owned(), String::new());
    assert_eq!(refused(&out.folder, &files).code, "PB2504");
    files.remove("notes");
    files.insert("notes/deep/why.txt/x".to_owned(), String::new());
    assert_eq!(refused(&out.folder, &files).code, "PB2504");
    assert_eq!(look(&out.folder), before);
}

#[test]
fn a_file_as_folder_is_refused() {
    let out = Out::new();
    fs::write(&out.folder, "a file").expect("written");
    assert_eq!(refused(&out.folder, &first()).code, "PB2502");
    assert_eq!(fs::read(&out.folder).expect("there"), b"a file");
}

#[test]
fn too_many_foreign_files_are_refused() {
    let out = Out::rendered();
    let many = out.folder.join("many");
    fs::create_dir(&many).expect("made");
    for index in 0..output::MAX_ENTRIES {
        fs::File::create(many.join(index.to_string())).expect("made");
    }
    assert_eq!(refused(&out.folder, &second()).code, "PB2506");
    assert_eq!(output::previous(&out.folder).expect_err("is refused").code, "PB2506");
}

#[test]
fn deep_foreign_folders_are_refused() {
    let out = Out::rendered();
    let deep: std::path::PathBuf = (0..=output::MAX_DEPTH).map(|_| "d").collect();
    fs::create_dir_all(out.folder.join(deep)).expect("made");
    assert_eq!(refused(&out.folder, &second()).code, "PB2506");
}

#[test]
fn previous_reads_what_prebake_wrote_and_names_the_rest() {
    let out = Out::rendered();
    let previous = output::previous(&out.folder).expect("reads");
    assert_eq!(*previous.files, first());
    assert!(previous.is_whole(&KnownDigests::default()));
    assert!(previous.foreign.contains(&"pools/mine.txt".to_owned()));
    fs::write(out.folder.join("README.md"), b"\xff\xfe").expect("written");
    fs::remove_file(out.folder.join("deploy.sh")).expect("removed");
    let previous = output::previous(&out.folder).expect("reads");
    assert_eq!(previous.damaged, ["README.md", "deploy.sh"]);
    assert!(!previous.is_whole(&KnownDigests::default()));
}

#[test]
fn previous_of_nothing_is_nothing() {
    let out = Out::new();
    assert!(!output::previous(&out.folder).expect("reads").exists());
    fs::create_dir(&out.folder).expect("made");
    fs::write(out.folder.join("manifest.json"), "<<<<<<< ours").expect("written");
    let previous = output::previous(&out.folder).expect("reads");
    assert!(!previous.exists());
    assert_eq!(previous.foreign, ["manifest.json"]);
}

#[test]
fn two_hundred_commits_at_once_leave_one_of_the_two_renders() {
    let out = Out::rendered();
    let start = Barrier::new(8);
    std::thread::scope(|threads| {
        for thread in 0..8 {
            let (start, folder) = (&start, &out.folder);
            threads.spawn(move || {
                let files = if thread % 2 == 0 { first() } else { second() };
                start.wait();
                for _ in 0..25 {
                    output::commit(folder, &files).expect("commits in its turn");
                }
            });
        }
    });
    let previous = output::previous(&out.folder).expect("reads");
    assert!(previous.is_whole(&KnownDigests::default()));
    assert!(*previous.files == first() || *previous.files == second());
    assert!(previous.foreign.contains(&"notes/deep/why.txt".to_owned()));
    assert!(out.is_clean(), "{:?}", names(&out.above));
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn link_as_folder_is_refused_and_its_target_untouched() {
        let out = Out::new();
        symlink(out.above.join("other"), &out.folder).expect("linked");
        let error = refused(&out.folder, &first());
        assert_eq!(error.code, "PB2502");
        assert!(out.is_clean());
        fs::remove_file(&out.folder).expect("removed");
        symlink("/nowhere/at/all", &out.folder).expect("linked");
        assert_eq!(refused(&out.folder, &first()).code, "PB2502");
    }

    #[test]
    fn links_in_the_folder_are_replaced_never_written_through() {
        let out = Out::rendered();
        let target = out.above.join("other/README.md");
        fs::remove_file(out.folder.join("README.md")).expect("removed");
        symlink(&target, out.folder.join("README.md")).expect("linked");
        let committed = output::commit(&out.folder, &second()).expect("commits");
        assert_eq!(committed.overwritten, ["README.md"]);
        assert!(!out.folder.join("README.md").is_symlink());
        assert!(out.is_clean());
    }

    #[test]
    fn link_as_folder_of_rendered_files_is_refused() {
        let out = Out::rendered();
        fs::remove_dir_all(out.folder.join("pools")).expect("removed");
        symlink(out.above.join("other"), out.folder.join("pools")).expect("linked");
        assert_eq!(refused(&out.folder, &second()).code, "PB2504");
        assert!(out.is_clean());
    }

    #[test]
    fn link_as_stage_is_refused_and_its_target_untouched() {
        let out = Out::rendered();
        let before = look(&out.folder);
        symlink(out.above.join("other"), out.above.join(".vision.prebake")).expect("linked");
        assert_eq!(refused(&out.folder, &second()).code, "PB2502");
        assert_eq!(look(&out.folder), before);
        assert_eq!(names(&out.above.join("other")), ["README.md"]);
    }

    #[test]
    fn folder_above_may_be_a_link_to_another_device() {
        let there = Path::new("/dev/shm");
        let out = Out::within(if there.is_dir() { there.into() } else { std::env::temp_dir() });
        let elsewhere = Out::new();
        let link = elsewhere.above.join("link");
        symlink(&out.above, &link).expect("linked");
        output::commit(&link.join("vision"), &first()).expect("commits");
        output::commit(&link.join("vision"), &second()).expect("commits");
        assert_eq!(*output::previous(&out.folder).expect("reads").files, second());
        assert!(out.is_clean());
    }

    #[test]
    fn lost_mode_of_the_script_is_restored() {
        let out = Out::rendered();
        let script = out.folder.join("deploy.sh");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o644)).expect("set");
        let committed = output::commit(&out.folder, &first()).expect("commits");
        assert_eq!(committed.changed, ["deploy.sh"]);
        assert_eq!(fs::metadata(&script).expect("there").permissions().mode() & 0o100, 0o100);
    }

    /// Whatever the umask is, a render gives nobody else the right to write a file, and no file rights of its owner.
    #[test]
    fn modes_that_no_render_gives_are_restored() {
        for (path, mode) in [
            ("deploy.sh", 0o777),
            ("deploy.sh", 0o4755),
            ("README.md", 0o666),
            ("README.md", 0o755),
        ] {
            let out = Out::rendered();
            let file = out.folder.join(path);
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("set");
            assert!(output::previous(&out.folder).expect("reads").lost_mode, "{path} {mode:o}");
            let committed = output::commit(&out.folder, &first()).expect("commits");
            assert_eq!(committed.changed, [path]);
            let found = fs::metadata(&file).expect("there").permissions().mode();
            assert_eq!(found & 0o7002, 0, "{path} {found:o}");
        }
    }

    #[test]
    fn mode_of_folders_is_kept() {
        let out = Out::rendered();
        for (path, mode) in [("notes", 0o750), ("notes/deep", 0o555), ("", 0o700)] {
            let mode = fs::Permissions::from_mode(mode);
            fs::set_permissions(out.folder.join(path), mode).expect("set");
        }
        output::commit(&out.folder, &second()).expect("commits");
        for (path, mode) in [("notes", 0o750), ("notes/deep", 0o555), ("", 0o700)] {
            let found = fs::metadata(out.folder.join(path)).expect("there").permissions().mode();
            assert_eq!(found & 0o777, mode, "{path}");
        }
        assert!(out.is_clean());
    }
}
