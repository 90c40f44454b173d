//! Takes a path and a bound, gives the bytes of a regular file: the one place where prebake opens a file
//! that somebody else may have made.
//!
//! Devices, sockets and folders are refused. A pipe is read only where an argument names it. A link is
//! followed only as far as the folder that the caller names. It knows no formats and prints nothing.
#![cfg_attr(
    any(test, not(unix)),
    expect(clippy::disallowed_methods, reason = "every other module reads through this one")
)]

mod argument;
mod error;

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::{Path, PathBuf};

#[cfg(unix)]
use rustix::fs::{Mode, OFlags};

pub(crate) use argument::argument;
pub(crate) use error::ReadError;

/// Reads a regular file of at most `most` bytes. Links are followed: use [`within`] where another person
/// may have made them.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>, ReadError> {
    Ok(known(open(path)?, most)?.0)
}

/// The bytes of an open file, with what the system knows of it.
fn known(file: File, most: u64) -> Result<(Vec<u8>, Metadata), ReadError> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(ReadError::NotRegular);
    }
    Ok((whole(file, &metadata, most)?, metadata))
}

/// A folder of which many files are read: the system looks its own path up once.
#[derive(Debug)]
pub(crate) struct Folder {
    #[cfg(unix)]
    handle: File,
    #[cfg(not(unix))]
    path: PathBuf,
}

impl Folder {
    /// Reads a regular file of at most `most` bytes by its path below the folder, with what the system knows of it.
    pub(crate) fn read_known(
        &self,
        path: &Path,
        most: u64,
    ) -> Result<(Vec<u8>, Metadata), ReadError> {
        known(self.open(path)?, most)
    }
}

#[cfg(unix)]
impl Folder {
    /// Opens the folder, links followed.
    pub(crate) fn at(path: &Path) -> std::io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = || rustix::fs::open(path, flags, Mode::empty());
        Ok(Self { handle: rustix::io::retry_on_intr(open)?.into() })
    }

    /// What the system knows of it.
    pub(crate) fn metadata(&self) -> std::io::Result<Metadata> {
        self.handle.metadata()
    }

    fn open(&self, path: &Path) -> std::io::Result<File> {
        let open = || rustix::fs::openat(&self.handle, path, READING, Mode::empty());
        Ok(rustix::io::retry_on_intr(open)?.into())
    }
}

#[cfg(not(unix))]
impl Folder {
    /// Opens the folder, links followed.
    pub(crate) fn at(path: &Path) -> std::io::Result<Self> {
        Ok(Self { path: path.to_owned() })
    }

    /// What the system knows of it.
    pub(crate) fn metadata(&self) -> std::io::Result<Metadata> {
        self.path.metadata()
    }

    fn open(&self, path: &Path) -> std::io::Result<File> {
        File::open(self.path.join(path))
    }
}

/// Reads a regular file of at most `most` bytes that lies in a folder after all links are resolved.
pub(crate) fn within(root: &Path, path: &Path, most: u64) -> Result<Vec<u8>, ReadError> {
    read(&resolve(root, path)?, most)
}

/// The same as UTF-8 text, without a byte order mark.
pub(crate) fn text_within(root: &Path, path: &Path, most: u64) -> Result<String, ReadError> {
    text(within(root, path, most)?)
}

/// Bytes as UTF-8 text, without a byte order mark.
pub(crate) fn text(bytes: Vec<u8>) -> Result<String, ReadError> {
    let mut text = String::from_utf8(bytes).map_err(|_| ReadError::NotUtf8)?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// The path with all links resolved. It must lie in the folder.
pub(crate) fn resolve(root: &Path, path: &Path) -> Result<PathBuf, ReadError> {
    let (root, found) = (root.canonicalize()?, path.canonicalize()?);
    if found.starts_with(&root) { Ok(found) } else { Err(ReadError::Outside(root)) }
}

/// The repository that a path belongs to, by its name and not by what its links lead to: the nearest
/// folder above it that holds `.git`.
pub(crate) fn repository(path: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(path).ok()?;
    let above =
        whole.ancestors().skip(1).find(|above| above.join(".git").symlink_metadata().is_ok());
    above.map(Path::to_owned)
}

/// Without waiting: a pipe that nobody writes to would never open.
#[cfg(unix)]
const READING: OFlags =
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// In one system call: the C library of a static binary takes two.
#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<File> {
    Ok(rustix::io::retry_on_intr(|| rustix::fs::open(path, READING, Mode::empty()))?.into())
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<File> {
    File::open(path)
}

/// Most bytes that are reserved because a file says that it has so many.
const MOST_RESERVED: u64 = 1024 * 1024;

/// Room for a whole file spares reading it piece by piece; what it says of its size is not trusted further.
fn room(metadata: &Metadata, most: u64) -> Vec<u8> {
    let size = metadata.len().min(most).min(MOST_RESERVED);
    Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1)
}

/// Reads what the system says that a file has, and then what it has beyond that.
fn whole(file: File, metadata: &Metadata, most: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = room(metadata, most);
    fill(&file, &mut bytes)?;
    // One byte more had room: a file that gave as many as it should has no more.
    let size = bytes.len() as u64;
    let is_all = (1..=most).contains(&size) && size == metadata.len();
    if is_all { Ok(bytes) } else { bounded_into(bytes, file, most) }
}

/// Reads into the room that is there, in one system call. The reader of the standard library takes three for a
/// long file, and one more to find its end.
#[cfg(unix)]
fn fill(file: &File, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    use rustix::buffer::spare_capacity;
    rustix::io::retry_on_intr(|| rustix::io::read(file, spare_capacity(bytes)))?;
    Ok(())
}

#[cfg(not(unix))]
fn fill(_: &File, _: &mut Vec<u8>) -> std::io::Result<()> {
    Ok(())
}

fn bounded(file: impl std::io::Read, most: u64) -> Result<Vec<u8>, ReadError> {
    bounded_into(Vec::new(), file, most)
}

/// One byte more than the bound tells a file that is too large.
fn bounded_into(
    mut bytes: Vec<u8>,
    file: impl std::io::Read,
    most: u64,
) -> Result<Vec<u8>, ReadError> {
    let left = most.saturating_add(1).saturating_sub(bytes.len() as u64);
    file.take(left).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(ReadError::TooLarge(most)) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_up_to_the_bound() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        for most in [0, 1, 8191, 8192, 100_000, MOST_RESERVED + 5] {
            let text: Vec<u8> = (0..most).map(|at| at.to_le_bytes()[0]).collect();
            std::fs::write(&path, &text).expect("written");
            assert_eq!(read(&path, most).expect("it fits"), text, "{most}");
            assert_eq!(read(&path, most + 1).expect("it fits"), text, "{most}");
            if most > 0 {
                assert!(matches!(read(&path, most - 1), Err(ReadError::TooLarge(_))), "{most}");
            }
        }
    }

    /// The system says that such a file is empty.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_says_nothing_of_its_size_is_read_to_its_end() {
        let text = read(Path::new("/proc/self/status"), 100_000).expect("it is there");
        assert!(text.starts_with(b"Name:") && text.ends_with(b"\n"), "{text:?}");
    }
}
