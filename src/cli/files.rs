//! A folder on disk that the Bicep compiler may read.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use crate::bicep::{Entry, FileError, FileProvider, MAXIMUM_FILE_BYTES};
use crate::disk::{self, ReadError};

/// Files inside one folder, and restored modules. Nothing outside is read, not even through links.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
    modules: Option<PathBuf>,
    config: Option<Vec<u8>>,
}

impl Folder {
    /// The folder at a path. Restored modules are looked for where `bicep restore` puts them, unless
    /// another folder is named.
    pub fn new(root: &Path, modules: Option<PathBuf>) -> io::Result<Self> {
        let modules = modules.or_else(|| Some(std::env::home_dir()?.join(".bicep")));
        Ok(Self { root: root.canonicalize()?, modules, config: None })
    }

    /// The folder to compile a file in, and the file's path in it: the whole disk unless a folder is named.
    pub fn around(
        file: &Path,
        root: Option<&Path>,
        modules: Option<PathBuf>,
    ) -> io::Result<(Self, String)> {
        let file = std::path::absolute(file)?;
        // The file itself may be a link: paths start at the folder that the user sees.
        let own = file.parent().unwrap_or(Path::new("/")).canonicalize()?;
        let file = own.join(file.file_name().unwrap_or_default());
        file.metadata()?;
        let root = match root {
            Some(root) => root.canonicalize()?,
            None => own.ancestors().last().unwrap_or(Path::new("/")).to_owned(),
        };
        let entry = file.strip_prefix(&root).map_err(|_| {
            io::Error::new(io::ErrorKind::PermissionDenied, "it is outside the folder of `--root`")
        })?;
        let parts: Vec<Cow<'_, str>> = entry.iter().map(|part| part.to_string_lossy()).collect();
        let entry = parts.join("/");
        Ok((Self::new(&root, modules)?, entry))
    }

    /// Takes one `bicepconfig.json` for all files, wherever it lies.
    pub fn configured(self, path: &Path) -> Result<Self, FileError> {
        let config = Some(read(path)?.into_owned());
        Ok(Self { config, ..self })
    }

    /// Where a file of it, named as the compiler names it, lies on the disk.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn resolve(&self, path: &str) -> Result<PathBuf, FileError> {
        if path.starts_with("..") || path.starts_with('/') {
            return Err(FileError::Outside);
        }
        let found = self.root.join(path).canonicalize().map_err(|error| told(&error))?;
        if found.starts_with(&self.root) { Ok(found) } else { Err(FileError::Outside) }
    }
}

fn told(error: &io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FileError::NotFound,
        _ => FileError::Unreadable(error.to_string()),
    }
}

fn read(path: &Path) -> Result<Cow<'static, [u8]>, FileError> {
    // The compiler refuses larger files, so that they are not worth reading.
    disk::read(path, MAXIMUM_FILE_BYTES as u64).map(Cow::Owned).map_err(|error| match error {
        ReadError::Io(error) => told(&error),
        error => FileError::Unreadable(error.to_string()),
    })
}

impl FileProvider for Folder {
    fn read(&self, path: &str) -> Result<Cow<'_, [u8]>, FileError> {
        read(&self.resolve(path)?)
    }

    fn config(&self) -> Option<&[u8]> {
        self.config.as_deref()
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, FileError> {
        let found = std::fs::read_dir(self.resolve(folder)?).map_err(|error| told(&error))?;
        let mut entries: Vec<Entry> = found
            .flatten()
            .map(|entry| Entry {
                name: entry.file_name().to_string_lossy().into_owned(),
                folder: entry.file_type().is_ok_and(|kind| kind.is_dir()),
            })
            .collect();
        entries.sort();
        Ok(entries)
    }

    fn read_cached(&self, path: &str) -> Result<Cow<'_, [u8]>, FileError> {
        let modules = self.modules.as_ref().ok_or(FileError::NotFound)?;
        let clean = path.split('/').all(|part| part != ".." && !part.is_empty());
        if clean { read(&modules.join(path)) } else { Err(FileError::Outside) }
    }
}
