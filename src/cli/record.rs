//! The renders that this machine has made or compared, by the digests of their manifests. A fleet skips a render that
//! stands unchanged only when the record knows it: a manifest in a checkout is anybody's. The record saves time alone;
//! without one, each config is rendered.
#![expect(clippy::disallowed_methods, reason = "it reads and writes a file of its own")]

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::disk;

type Digest = [u8; 32];

/// Largest file in bytes: as many digests as a hundred thousand renders have. A fuller one starts anew.
const MAX_BYTES: u64 = 100_000 * 32;

/// Read when it is first asked: one config needs none.
static RECORD: OnceLock<Mutex<Record>> = OnceLock::new();

#[derive(Default)]
struct Record {
    known: HashSet<Digest, foldhash::fast::RandomState>,
    added: Vec<Digest>,
    full: bool,
}

/// Whether the record knows a manifest.
pub(super) fn holds(manifest: &str) -> bool {
    record().known.contains(&digest(manifest))
}

/// Adds a manifest of a render that was just made.
pub(super) fn add(manifest: &str) {
    let digest = digest(manifest);
    let mut record = record();
    if record.known.insert(digest) {
        record.added.push(digest);
    }
}

/// Keeps what was added. A record that cannot be written saves no time, and nothing else is lost.
pub(super) fn close() {
    let Some(record) = RECORD.get() else { return };
    let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
    let added = std::mem::take(&mut record.added);
    let Some(path) = path().filter(|_| !added.is_empty()) else { return };
    let _ = append(&path, &added.concat(), record.full);
}

fn append(path: &PathBuf, bytes: &[u8], anew: bool) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(!anew).write(true).truncate(anew);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)?.write_all(bytes)
}

fn record() -> MutexGuard<'static, Record> {
    RECORD.get_or_init(|| Mutex::new(read())).lock().unwrap_or_else(PoisonError::into_inner)
}

fn read() -> Record {
    let bytes = path().map(|path| disk::read(&path, MAX_BYTES));
    match bytes {
        Some(Ok(bytes)) => {
            let known = bytes.as_chunks::<32>().0.iter().copied().collect();
            Record { known, ..Record::default() }
        }
        Some(Err(disk::ReadError::TooLarge(_))) => Record { full: true, ..Record::default() },
        _ => Record::default(),
    }
}

/// `prebake/renders` in the user's cache.
fn path() -> Option<PathBuf> {
    let of =
        |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = of("XDG_CACHE_HOME").or_else(|| of("LOCALAPPDATA"));
    let cache = cache.or_else(|| Some(std::env::home_dir()?.join(".cache")));
    Some(cache?.join("prebake").join("renders"))
}

fn digest(manifest: &str) -> Digest {
    Sha256::digest(manifest).into()
}
