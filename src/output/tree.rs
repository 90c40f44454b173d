use std::collections::BTreeMap;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::error::{Context, OutputError};
use crate::disk::{self, ReadError};

/// Most files and folders below one render, foreign ones included.
pub const MAX_ENTRIES: usize = 20_000;
/// Deepest folder below one render.
pub const MAX_DEPTH: usize = 32;
/// Largest file of a render that is read back.
pub(crate) const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// What stands at a path; symbolic links are never followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Link,
    /// A pipe, socket or device.
    Special,
}

impl Kind {
    fn of(metadata: &Metadata) -> Self {
        match metadata.file_type() {
            kind if kind.is_file() => Self::File,
            kind if kind.is_dir() => Self::Folder,
            kind if kind.is_symlink() => Self::Link,
            _ => Self::Special,
        }
    }
}

/// Everything below a folder, by path relative to it; a folder comes before what it holds.
pub(super) type Tree = BTreeMap<PathBuf, Kind>;

/// Walks a folder. A folder that does not exist holds nothing.
pub(super) fn walk(folder: &Path) -> Result<Tree, OutputError> {
    let mut tree = Tree::new();
    let mut open = vec![PathBuf::new()];
    let mut home = None;
    while let Some(below) = open.pop() {
        // Joined with nothing a path would end in a slash.
        let at = if below.as_os_str().is_empty() { folder.to_owned() } else { folder.join(&below) };
        let entries = match fs::read_dir(&at) {
            Ok(entries) => entries,
            Err(error)
                if error.kind() == io::ErrorKind::NotFound && below.as_os_str().is_empty() =>
            {
                return Ok(tree);
            }
            Err(error) => return Err(OutputError::io("list the folder", &at, &error)),
        };
        for entry in entries {
            let entry = entry.context("list the folder", &at)?;
            let path = below.join(entry.file_name());
            let metadata = entry.metadata().context("look at it", &entry.path())?;
            let kind = Kind::of(&metadata);
            if home.is_none() {
                home = Some(fs::metadata(folder).context("look at it", folder)?);
            }
            same_device(home.as_ref(), &metadata, &entry)?;
            if kind == Kind::Folder {
                open.push(path.clone());
            }
            tree.insert(path, kind);
            within_limits(folder, &tree, &below)?;
        }
    }
    Ok(tree)
}

/// How often a folder is read again that another run exchanges meanwhile.
const ATTEMPTS: usize = 50;

/// Reads a folder so that the whole of what was read stood there at one time.
pub(super) fn settled<T>(
    folder: &Path,
    read: impl Fn() -> Result<T, OutputError>,
) -> Result<T, OutputError> {
    for _ in 0..ATTEMPTS {
        let before = identity(folder);
        let found = read();
        if identity(folder) == before {
            return found;
        }
    }
    read()
}

/// Which folder stands at a path, and when an entry of it or its place last changed: another run that commits
/// changes it, even where the number of a folder that went is given to a new one.
#[cfg(unix)]
pub(super) fn identity(folder: &Path) -> Option<impl PartialEq + use<>> {
    use std::os::unix::fs::MetadataExt as _;
    let found = fs::symlink_metadata(folder).ok()?;
    Some((found.dev(), found.ino(), found.ctime(), found.ctime_nsec()))
}

#[cfg(not(unix))]
pub(super) fn identity(folder: &Path) -> Option<impl PartialEq + use<>> {
    fs::symlink_metadata(folder).and_then(|found| found.created()).ok()
}

/// What is mounted below a folder cannot move with it.
#[cfg(unix)]
fn same_device(
    home: Option<&Metadata>,
    found: &Metadata,
    entry: &DirEntry,
) -> Result<(), OutputError> {
    use std::os::unix::fs::MetadataExt as _;
    if home.is_none_or(|home| home.dev() == found.dev()) {
        return Ok(());
    }
    let help = "unmount it, or render to another folder with `-o`";
    Err(OutputError::new("PB2507", &entry.path(), "it is a mount point of another device", help))
}

#[cfg(not(unix))]
fn same_device(_: Option<&Metadata>, _: &Metadata, _: &DirEntry) -> Result<(), OutputError> {
    Ok(())
}

fn within_limits(folder: &Path, tree: &Tree, below: &Path) -> Result<(), OutputError> {
    let problem = if tree.len() > MAX_ENTRIES {
        format!("it contains more than {MAX_ENTRIES} files and folders")
    } else if below.components().count() >= MAX_DEPTH {
        format!("it is nested deeper than {MAX_DEPTH} folders")
    } else {
        return Ok(());
    };
    let help = "move other files out of it, or render to another folder with `-o`";
    Err(OutputError::new("PB2506", folder, problem, help))
}

/// Reads a regular file and what the system knows of it; one over the limit, or no regular file, is `None`.
pub(super) fn read(path: &Path) -> io::Result<Option<(Vec<u8>, Metadata)>> {
    match disk::read_known(path, MAX_FILE_BYTES) {
        Ok(read) => Ok(Some(read)),
        Err(ReadError::Io(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// A path of a render as a path of the system: only plain names below the folder.
pub(super) fn plain(path: &str) -> Option<PathBuf> {
    let odd = |c: char| c == '\\' || c == ':' || c.is_control();
    let native = PathBuf::from(path);
    let names = native.components().all(|part| matches!(part, Component::Normal(_)));
    // Comparing with the text refuses what `components` would tidy up, such as `a//b` and `a/.`.
    let tidy = path.split('/').all(|name| !name.is_empty() && name != "." && name != "..");
    (names && tidy && !path.contains(odd)).then_some(native)
}

/// A path of the system as messages and manifests write it.
pub(super) fn shown(path: &Path) -> String {
    let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
    names.join("/")
}

/// Makes the folder that a path is in.
pub(super) fn create_above(path: &Path) -> Result<(), OutputError> {
    let above = path.parent().unwrap_or(path);
    fs::create_dir_all(above).context("create the folder", above)
}
