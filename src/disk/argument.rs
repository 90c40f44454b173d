use std::path::Path;

use super::ReadError;

/// Reads what an argument names: `-` is standard input, and a pipe such as `/dev/fd/63` is read to its end.
/// A file that a repository holds must not be a link that leads out of it.
pub(crate) fn argument(path: &Path, most: u64) -> Result<Vec<u8>, ReadError> {
    if path == Path::new("-") {
        return standard_input(most);
    }
    if path.is_symlink()
        && let Some(root) = super::repository(path)
    {
        return super::within(&root, path, most);
    }
    let file = super::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() {
        return super::whole(file, &metadata, most);
    }
    pipe(file, metadata.file_type(), most)
}

#[cfg(unix)]
fn standard_input(most: u64) -> Result<Vec<u8>, ReadError> {
    super::bounded(Patient(std::io::stdin().lock()), most).map_err(silent)
}

#[cfg(not(unix))]
fn standard_input(most: u64) -> Result<Vec<u8>, ReadError> {
    super::bounded(std::io::stdin().lock(), most)
}

#[cfg(unix)]
fn pipe(file: std::fs::File, kind: std::fs::FileType, most: u64) -> Result<Vec<u8>, ReadError> {
    use std::os::unix::fs::FileTypeExt as _;
    if kind.is_fifo() {
        super::bounded(Patient(file), most).map_err(silent)
    } else {
        Err(ReadError::NotRegular)
    }
}

#[cfg(not(unix))]
fn pipe(_: std::fs::File, _: std::fs::FileType, _: u64) -> Result<Vec<u8>, ReadError> {
    Err(ReadError::NotRegular)
}

/// How long a pipe may send nothing.
#[cfg(unix)]
const PATIENCE_SECONDS: u64 = 300;

#[cfg(unix)]
fn silent(error: ReadError) -> ReadError {
    match error {
        ReadError::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            ReadError::Silent(PATIENCE_SECONDS)
        }
        error => error,
    }
}

/// A reader that waits for data, but not forever.
#[cfg(unix)]
struct Patient<R>(R);

#[cfg(unix)]
impl<R: std::io::Read + std::os::fd::AsFd> std::io::Read for Patient<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let patience = Timespec { tv_sec: PATIENCE_SECONDS.cast_signed(), tv_nsec: 0 };
        let mut ready = [PollFd::new(&self.0, PollFlags::IN)];
        if poll(&mut ready, Some(&patience))? == 0 {
            return Err(std::io::ErrorKind::TimedOut.into());
        }
        self.0.read(into)
    }
}
