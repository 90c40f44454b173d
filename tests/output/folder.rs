//! A folder with a render in it, and how it looks from outside.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use prebake::model::KnownDigests;
use prebake::output;
use prebake::render::{MANIFEST, Manifest};

pub type Files = BTreeMap<String, String>;

/// The files of a render with its manifest.
pub fn render(files: &[(&str, &str)]) -> Files {
    let mut files: Files =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let manifest = Manifest::of("vision", "c".to_owned(), "t", &files, &KnownDigests::default());
    files.insert(MANIFEST.to_owned(), manifest.text());
    files
}

pub fn first() -> Files {
    render(&[
        ("README.md", "# one\n"),
        ("batch.bicep", "param same string\n"),
        ("cloud-init.yaml", "#cloud-config\n"),
        ("pools/dev.json", "{}\n"),
        ("deploy.sh", "#!/bin/sh\necho one\n"),
    ])
}

pub fn second() -> Files {
    render(&[
        ("README.md", "# two, and longer than before\n"),
        ("batch.bicep", "param same string\n"),
        ("arm/batch.json", "{\"two\": true}\n"),
        ("pools/prod.json", "{\"id\": \"prod\"}\n"),
        ("deploy.sh", "#!/bin/sh\necho two\n"),
    ])
}

/// Adds what prebake did not write: a file, a nested one, an empty folder and a dangling link.
pub fn add_foreign(folder: &Path) {
    fs::create_dir_all(folder.join("notes/deep")).expect("made");
    fs::create_dir_all(folder.join("empty")).expect("made");
    fs::write(folder.join("notes/deep/why.txt"), "because").expect("written");
    fs::write(folder.join("pools/mine.txt"), "mine").expect("written");
    #[cfg(unix)]
    std::os::unix::fs::symlink("/nowhere/at/all", folder.join("notes/link")).expect("linked");
}

/// What stands at a path, for comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Folder,
    File { bytes: Vec<u8>, executable: bool },
    Link(PathBuf),
}

/// Everything below a folder; `None` when there is no folder.
pub fn look(folder: &Path) -> Option<BTreeMap<String, Standing>> {
    folder.exists().then(|| {
        walkdir::WalkDir::new(folder)
            .min_depth(1)
            .into_iter()
            .map(|entry| {
                let entry = entry.expect("readable");
                let path = entry.path().strip_prefix(folder).expect("below");
                (path.to_string_lossy().into_owned(), standing(entry.path()))
            })
            .collect()
    })
}

fn standing(path: &Path) -> Standing {
    let metadata = fs::symlink_metadata(path).expect("there");
    if metadata.is_symlink() {
        Standing::Link(fs::read_link(path).expect("a link"))
    } else if metadata.is_dir() {
        Standing::Folder
    } else {
        #[cfg(unix)]
        let executable =
            std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o100 != 0;
        #[cfg(not(unix))]
        let executable = false;
        Standing::File { bytes: fs::read(path).expect("readable"), executable }
    }
}

/// Names in a folder, in order.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("readable");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("there").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// A folder `out` with a neighbor that nothing may touch, and in it `vision` with the first render.
pub struct Out {
    _temporary: tempfile::TempDir,
    pub above: PathBuf,
    pub folder: PathBuf,
}

impl Out {
    pub fn new() -> Self {
        Self::within(std::env::temp_dir())
    }

    pub fn within(place: PathBuf) -> Self {
        let temporary = tempfile::tempdir_in(place).expect("a temporary folder");
        let out = temporary.path().join("out");
        fs::create_dir_all(out.join("other")).expect("made");
        fs::write(out.join("other/README.md"), "untouched").expect("written");
        let folder = out.join("vision");
        Self { _temporary: temporary, above: out, folder }
    }

    /// With the first render and foreign files.
    pub fn rendered() -> Self {
        let out = Self::new();
        out.reset();
        out
    }

    /// Back to the first render and foreign files.
    pub fn reset(&self) {
        let _ = fs::remove_dir_all(&self.folder);
        output::commit(&self.folder, &first()).expect("commits");
        add_foreign(&self.folder);
    }

    /// Nothing but the neighbor, as it was, and perhaps the render.
    pub fn is_clean(&self) -> bool {
        let names = names(&self.above);
        let known = names.iter().all(|name| name == "other" || name == "vision");
        known
            && fs::read(self.above.join("other/README.md")).is_ok_and(|bytes| bytes == b"untouched")
    }
}
