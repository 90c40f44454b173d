//! Where the compiler gets its files: it never touches the disk itself.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

/// Why a file cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileError {
    /// There is none at this path.
    NotFound,
    /// The path leads out of what the provider may give.
    Outside,
    /// It is there and cannot be used; says why.
    Unreadable(String),
}

impl FileError {
    /// What to do next.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::NotFound => "correct the path of the file",
            Self::Outside => "move the file to that folder, or set `--root` to a parent folder",
            Self::Unreadable(_) => "use a readable UTF-8 file of at most 16 MiB",
        }
    }
}

impl std::fmt::Display for FileError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotFound => out.write_str("no such file"),
            Self::Outside => out.write_str("the path is outside the folder that prebake reads"),
            Self::Unreadable(why) => out.write_str(why),
        }
    }
}

/// What kind of thing a folder holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name, without folder.
    pub name: String,
    /// Whether it is a folder itself.
    pub folder: bool,
}

/// Gives files by path. Paths are relative with `/` and without `.`; they start with `..` only where
/// the Bicep leaves the entry's root, which a provider may refuse.
pub trait FileProvider {
    /// The bytes of a file.
    fn read(&self, path: &str) -> Result<Cow<'_, [u8]>, FileError>;

    /// What a folder holds, sorted by name.
    fn list(&self, folder: &str) -> Result<Vec<Entry>, FileError>;

    /// The `bicepconfig.json` that holds for every file; without it, the nearest one above a file holds.
    fn config(&self) -> Option<&[u8]> {
        None
    }

    /// What a Bicep file is known to compile to: others that refer to it need not read it.
    fn compiled(&self, _path: &str) -> Option<Arc<Value>> {
        None
    }

    /// The bytes of a file of the restored module cache, such as
    /// `br/mcr.microsoft.com/bicep$avm$res$network$virtual-network/0.1.0$/main.json`.
    fn read_cached(&self, _path: &str) -> Result<Cow<'_, [u8]>, FileError> {
        Err(FileError::NotFound)
    }
}

/// Files in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryFiles {
    files: BTreeMap<String, Vec<u8>>,
}

impl MemoryFiles {
    /// No files yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file.
    pub fn insert(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), bytes.into());
    }
}

impl<P: Into<String>, B: Into<Vec<u8>>> FromIterator<(P, B)> for MemoryFiles {
    fn from_iter<I: IntoIterator<Item = (P, B)>>(files: I) -> Self {
        let files = files.into_iter().map(|(path, bytes)| (path.into(), bytes.into())).collect();
        Self { files }
    }
}

impl FileProvider for MemoryFiles {
    fn read(&self, path: &str) -> Result<Cow<'_, [u8]>, FileError> {
        let bytes = self.files.get(path).ok_or(FileError::NotFound)?;
        Ok(Cow::Borrowed(bytes))
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, FileError> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut entries: Vec<Entry> = Vec::new();
        for path in self.files.keys().filter_map(|path| path.strip_prefix(&prefix)) {
            let entry = match path.split_once('/') {
                Some((name, _)) => Entry { name: name.to_owned(), folder: true },
                None => Entry { name: path.to_owned(), folder: false },
            };
            if entries.last() != Some(&entry) {
                entries.push(entry);
            }
        }
        if entries.is_empty() { Err(FileError::NotFound) } else { Ok(entries) }
    }
}

/// The folder of a path, without a final slash.
pub fn folder_of(path: &str) -> &str {
    path.rfind('/').map_or("", |slash| &path[..slash])
}

/// Resolves a path relative to a folder, without `.` and with `..` only at its start.
pub fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let rooted = path.starts_with('/');
    let folder = if rooted { "" } else { folder };
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if rooted || folder.starts_with('/') { format!("/{joined}") } else { joined }
}

/// The path that leads from a folder to a file; both as [`join`] gives them.
pub fn relative(folder: &str, path: &str) -> String {
    let from: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let to: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let shared = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    let mut parts = vec![".."; from.len() - shared];
    parts.extend(&to[shared..]);
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_paths() {
        assert_eq!(join("a/b", "../c.bicep"), "a/c.bicep");
        assert_eq!(join("", "./m/x.bicep"), "m/x.bicep");
        assert_eq!(join("a", "../../x.bicep"), "../x.bicep");
        assert_eq!(relative("a/b", "a/c/d.bicep"), "../c/d.bicep");
        assert_eq!(relative("", "m/x.bicep"), "m/x.bicep");
    }

    #[test]
    fn lists_folders_once() {
        let files: MemoryFiles =
            [("a/b/1.txt", ""), ("a/b/2.txt", ""), ("a/c.txt", "")].into_iter().collect();
        let names: Vec<String> =
            files.list("a").unwrap().into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["b", "c.txt"]);
    }
}
