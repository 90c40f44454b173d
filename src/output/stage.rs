use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::commit::rescue;
use super::error::{Context, OutputError};
use super::tree;

/// How long a commit waits for another one of the same folder.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(5);

/// The hidden folder beside a render's folder in which the next render is written, and the lock on both.
/// It lives as long as a commit; one that a killed process left is cleared by the next commit.
pub(super) struct Stage {
    folder: PathBuf,
    at: PathBuf,
    /// Whether another run had the lock first.
    pub waited: bool,
    // Held, not read: closing it gives the lock back.
    _lock: File,
}

impl Stage {
    /// Takes the lock of a folder and clears what a killed process left.
    pub(super) fn lock(folder: &Path) -> Result<Self, OutputError> {
        let at = beside(folder);
        let waited_since = Instant::now();
        let mut waited = false;
        loop {
            if let Some(lock) = try_lock(&at)? {
                let stage = Self { folder: folder.to_owned(), at, waited, _lock: lock };
                stage.recover()?;
                return Ok(stage);
            }
            waited = true;
            if waited_since.elapsed() > PATIENCE {
                return Err(OutputError::new(
                    "PB2503",
                    folder,
                    format!("another prebake has been writing to it for {} s", PATIENCE.as_secs()),
                    "wait for the other run or stop it, and run the command again",
                ));
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Where the next render is written.
    pub(super) fn new_render(&self) -> PathBuf {
        self.at.join("new")
    }

    /// Where the previous render waits for a moment on file systems that cannot exchange two folders.
    pub(super) fn old_render(&self) -> PathBuf {
        self.at.join("old")
    }

    /// Removes a folder that holds nothing of anybody else's. It first takes a name that says so, since a run
    /// that is killed here leaves a part of it.
    pub(super) fn discard(&self, left: &Path) -> io::Result<()> {
        match fs::rename(left, self.gone()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => clear(&self.gone()),
        }
    }

    fn gone(&self) -> PathBuf {
        self.at.join("gone")
    }

    fn recover(&self) -> Result<(), OutputError> {
        let old = self.old_render();
        if is_own_folder(&old) && fs::symlink_metadata(&self.folder).is_err() {
            fs::rename(&old, &self.folder).context("restore the previous render", &old)?;
        }
        if fs::symlink_metadata(self.gone()).is_ok() {
            clear(&self.gone()).context("clear what an interrupted run left", &self.gone())?;
        }
        for left in [self.new_render(), old] {
            let Ok(found) = fs::symlink_metadata(&left) else { continue };
            if found.is_dir() {
                rescue(&left, &self.folder)?;
            }
            self.discard(&left).context("clear what an interrupted run left", &left)?;
        }
        Ok(())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next commit. The lock file goes before the lock
        // is given back: whoever waits for it sees that it is no longer there and starts anew.
        let _ = self.discard(&self.new_render());
        let _ = fs::remove_file(self.at.join("lock"));
        let _ = fs::remove_dir(&self.at);
    }
}

/// Clears what a killed process left beside a render that stands as it should. Another run's work is left
/// alone; what cannot be cleared now is cleared by the next commit.
pub fn sweep(folder: &Path) {
    let at = beside(folder);
    if !is_own_folder(&at) {
        return;
    }
    if let Ok(Some(lock)) = try_lock(&at) {
        let stage = Stage { folder: folder.to_owned(), at, waited: false, _lock: lock };
        let _ = stage.recover();
    }
}

/// `out/.vision.prebake` for `out/vision`.
fn beside(folder: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(folder.file_name().unwrap_or_default());
    name.push(".prebake");
    folder.with_file_name(name)
}

/// The lock, or nothing when another has it or has just given it back.
fn try_lock(at: &Path) -> Result<Option<File>, OutputError> {
    let made = match fs::create_dir(at) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            tree::create_above(at)?;
            fs::create_dir(at)
        }
        made => made,
    };
    match made {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if at.is_symlink() {
                let help = "remove the link; prebake uses this path for unfinished renders";
                return Err(OutputError::new("PB2502", at, "it is a symbolic link", help));
            }
        }
        Err(error) => return Err(OutputError::io("create the folder", at, &error)),
    }
    let path = at.join("lock");
    let lock = match open_lock(&path) {
        Ok(lock) => lock,
        // The other run has just removed the folder.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let _ = fs::remove_dir(at);
            return Err(OutputError::io("create the lock", &path, &error));
        }
    };
    match lock.try_lock() {
        Ok(()) => Ok(is_at(&lock, &path)?.then_some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(OutputError::io("lock", &path, &error)),
    }
}

/// Opens the lock without following a link and without waiting for the other end of a pipe. What is no
/// regular file is not prebake's.
fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
    }
    let lock = options.open(path)?;
    if lock.metadata()?.is_file() {
        return Ok(lock);
    }
    Err(io::Error::other("it is not a regular file, so it is not a lock of prebake"))
}

/// Whether a folder stands at a path, and not a link to one.
fn is_own_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

/// Whether an open file still is the one at the path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> Result<bool, OutputError> {
    use std::os::unix::fs::MetadataExt as _;
    let open = file.metadata().context("look at it", path)?;
    match fs::symlink_metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (open.dev(), open.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(OutputError::io("look at it", path, &error)),
    }
}

/// Elsewhere an open file cannot be removed.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> Result<bool, OutputError> {
    Ok(true)
}

/// Removes a folder if it is there. Links in it are removed, not followed.
pub(super) fn clear(folder: &Path) -> io::Result<()> {
    let removed = match fs::remove_dir_all(folder) {
        // A folder that someone made read-only was carried over with its mode.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            unlock(folder);
            fs::remove_dir_all(folder)
        }
        removed => removed,
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn unlock(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    // One that cannot be changed shows as the error of the removal that follows.
    let open = |path: &Path| {
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
    };
    open(folder);
    let below = tree::walk(folder).into_iter().flat_map(|tree| tree.kinds);
    for (path, _) in below.filter(|(_, kind)| *kind == tree::Kind::Folder) {
        open(&folder.join(path));
    }
}

#[cfg(not(unix))]
fn unlock(_: &Path) {}
