//! The folders of a run's configs, looked up once each: the configs of a fleet lie in few.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::disk::{self, ReadError};

/// Most folders that are remembered at once.
const MOST: usize = 1000;

/// What is known of folders.
#[derive(Debug, Default)]
pub(super) struct Folders {
    /// Where a folder is after all links are resolved.
    whole: Mutex<BTreeMap<PathBuf, PathBuf>>,
    /// Where the files may lie that a config in a folder names.
    roots: Mutex<BTreeMap<PathBuf, PathBuf>>,
}

impl Folders {
    /// A path with all links resolved. Whether the file itself is a link is looked up each time.
    pub(super) fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        let name = path.file_name().filter(|name| {
            // `a/.` and `a/` are only paths of a folder.
            path.as_os_str().as_encoded_bytes().ends_with(name.as_encoded_bytes())
        });
        let (Some(above), Some(name)) = (path.parent(), name) else { return path.canonicalize() };
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        let whole = known(&self.whole, above, || above.canonicalize())?.join(name);
        if whole.symlink_metadata()?.is_symlink() { whole.canonicalize() } else { Ok(whole) }
    }

    /// Reads a file that a config names, of at most `most` bytes.
    pub(super) fn read(&self, config: &Path, path: &Path, most: u64) -> Result<Vec<u8>, ReadError> {
        let folder = config.parent().unwrap_or(Path::new(""));
        let root = known(&self.roots, folder, || root(config).canonicalize())?;
        let found = self.resolve(path)?;
        if found.starts_with(&root) {
            disk::read(&found, most)
        } else {
            Err(ReadError::Outside(root))
        }
    }
}

/// The folder that files named in a config may lie in: its repository, else the folder that prebake was
/// started in, else the config's own.
pub(super) fn root(config: &Path) -> PathBuf {
    if let Some(repository) = disk::repository(config) {
        return repository;
    }
    let own = config.parent().filter(|own| !own.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_below = |above: &PathBuf| own.canonicalize().is_ok_and(|own| own.starts_with(above));
    let current = std::env::current_dir().and_then(|current| current.canonicalize());
    current.ok().filter(is_below).unwrap_or_else(|| own.to_owned())
}

fn known(
    known: &Mutex<BTreeMap<PathBuf, PathBuf>>,
    folder: &Path,
    find: impl FnOnce() -> io::Result<PathBuf>,
) -> io::Result<PathBuf> {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.get(folder) {
        return Ok(found.clone());
    }
    let found = find()?;
    if known.len() >= MOST {
        known.clear();
    }
    known.insert(folder.to_owned(), found.clone());
    Ok(found)
}

#[cfg(all(test, unix))]
#[expect(clippy::disallowed_methods, reason = "tests make the files that are read")]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_path_leads_where_the_system_says() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("a/b")).expect("made");
        fs::write(at("a/b/file"), "").expect("written");
        symlink("b", at("a/link")).expect("linked");
        symlink("file", at("a/b/again")).expect("linked");
        symlink("nowhere", at("a/b/lost")).expect("linked");
        let folders = Folders::default();
        for path in [
            "a/b/file",
            "a/link/file",
            "a/link/again",
            "a/b/../link/again",
            "a/b/./file",
            "a/link",
            "a/b/.",
            "a/b/..",
            "a/b/",
            "a/b/file/",
            "a/b/file/.",
            "a/b/lost",
            "a/b/none",
            "none/file",
            "a/b/file/none",
        ] {
            for turn in 0..2 {
                let (ours, theirs) = (folders.resolve(&at(path)), at(path).canonicalize());
                assert_eq!(ours.as_ref().ok(), theirs.as_ref().ok(), "{path}, turn {turn}");
                let kinds = (ours.err().map(|it| it.kind()), theirs.err().map(|it| it.kind()));
                assert_eq!(kinds.0, kinds.1, "{path}, turn {turn}");
            }
        }
    }

    #[test]
    fn a_file_that_became_a_link_is_not_read_outside() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        for made in ["in/.git", "out"] {
            fs::create_dir_all(at(made)).expect("made");
        }
        fs::write(at("in/file"), "inside").expect("written");
        fs::write(at("out/file"), "outside").expect("written");
        let (folders, config) = (Folders::default(), at("in/a.yaml"));
        let read = || folders.read(&config, &at("in/file"), 100);
        assert_eq!(read().expect("it is inside"), b"inside");
        fs::remove_file(at("in/file")).expect("removed");
        symlink(at("out/file"), at("in/file")).expect("linked");
        assert!(matches!(read(), Err(ReadError::Outside(_))));
    }

    #[test]
    fn what_is_known_of_folders_is_bounded() {
        let folder = tempfile::tempdir().expect("a folder");
        let folders = Folders::default();
        for number in 0..MOST + 10 {
            let at = folder.path().join(number.to_string());
            fs::create_dir(&at).expect("made");
            fs::write(at.join("file"), number.to_string()).expect("written");
            let text =
                folders.read(&at.join("a.yaml"), &at.join("file"), 100).expect("it is there");
            assert_eq!(text, number.to_string().as_bytes());
        }
        let whole = folders.whole.lock().expect("nobody panics");
        assert!(whole.len() <= MOST && !whole.is_empty());
    }
}
