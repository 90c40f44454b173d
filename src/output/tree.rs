use std::collections::BTreeMap;
use std::fs::{self, FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};

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
    fn of(kind: FileType) -> Self {
        match kind {
            kind if kind.is_file() => Self::File,
            kind if kind.is_dir() => Self::Folder,
            kind if kind.is_symlink() => Self::Link,
            _ => Self::Special,
        }
    }
}

/// Everything below a folder.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// By path relative to the folder; a folder comes before what it holds.
    pub kinds: BTreeMap<PathBuf, Kind>,
    /// The folder, and what the system knows of it; nothing where it holds nothing.
    home: Option<(disk::Folder, Metadata)>,
}

/// Walks a folder. A folder that does not exist holds nothing.
pub(super) fn walk(folder: &Path) -> Result<Tree, OutputError> {
    let mut tree = Tree::default();
    // They are put in order once: that is faster than to keep them in order.
    let mut kinds = Vec::new();
    let mut open = vec![PathBuf::new()];
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
            let kind = Kind::of(entry.file_type().context("look at it", &entry.path())?);
            if tree.home.is_none() {
                let home = disk::Folder::at(folder).context("look at it", folder)?;
                let known = home.metadata().context("look at it", folder)?;
                tree.home = Some((home, known));
            }
            if kind == Kind::Folder {
                let known = entry.metadata().context("look at it", &entry.path())?;
                tree.same_device(&known, || entry.path())?;
                open.push(path.clone());
            }
            kinds.push((path, kind));
            within_limits(folder, kinds.len(), &below)?;
        }
    }
    tree.kinds = kinds.into_iter().collect();
    Ok(tree)
}

impl Tree {
    /// Reads a regular file and what the system knows of it; one over the limit, or no regular file, is `None`.
    pub(super) fn read(
        &self,
        folder: &Path,
        path: &Path,
    ) -> Result<Option<(Vec<u8>, Metadata)>, OutputError> {
        let home = self.home.as_ref().filter(|_| self.kinds.get(path) == Some(&Kind::File));
        let Some((home, _)) = home else { return Ok(None) };
        match home.read_known(path, MAX_FILE_BYTES) {
            Ok((bytes, known)) => {
                self.same_device(&known, || folder.join(path))?;
                Ok(Some((bytes, known)))
            }
            Err(ReadError::Io(error)) => {
                Err(OutputError::io("read the file", &folder.join(path), &error))
            }
            Err(_) => Ok(None),
        }
    }

    /// Refuses what is not read if it is a mount point.
    pub(super) fn can_move(&self, folder: &Path, path: &Path) -> Result<(), OutputError> {
        let at = folder.join(path);
        let known = fs::symlink_metadata(&at).context("look at it", &at)?;
        self.same_device(&known, || at.clone())
    }

    /// What is mounted below a folder cannot move with it.
    #[cfg(unix)]
    fn same_device(&self, found: &Metadata, at: impl Fn() -> PathBuf) -> Result<(), OutputError> {
        use std::os::unix::fs::MetadataExt as _;
        if self.home.as_ref().is_none_or(|(_, home)| home.dev() == found.dev()) {
            return Ok(());
        }
        let help = "unmount it, or render to another folder with `-o`";
        Err(OutputError::new("PB2507", &at(), "it is a mount point of another device", help))
    }

    #[cfg(not(unix))]
    fn same_device(&self, _: &Metadata, _: impl Fn() -> PathBuf) -> Result<(), OutputError> {
        Ok(())
    }
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

fn within_limits(folder: &Path, entries: usize, below: &Path) -> Result<(), OutputError> {
    let problem = if entries > MAX_ENTRIES {
        format!("it contains more than {MAX_ENTRIES} files and folders")
    } else if below.components().count() >= MAX_DEPTH {
        format!("it is nested deeper than {MAX_DEPTH} folders")
    } else {
        return Ok(());
    };
    let help = "move other files out of it, or render to another folder with `-o`";
    Err(OutputError::new("PB2506", folder, problem, help))
}

/// A path of a render as a path of the system: only plain names below the folder.
pub(super) fn plain(path: &str) -> Option<PathBuf> {
    let odd = |c: char| c == '\\' || c == ':' || c.is_control();
    // `Path::components` would tidy up `a//b` and `a/.`, which no render has.
    let is_name = |name: &str| !matches!(name, "" | "." | "..");
    (path.split('/').all(is_name) && !path.contains(odd)).then(|| PathBuf::from(path))
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
