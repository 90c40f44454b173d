//! The renders that this machine has made or compared, by the digests of their manifests and of what they were made
//! from. A fleet skips a render that stands unchanged only when the record knows it: a manifest in a checkout is
//! anybody's. The record saves time alone; without one, each config is rendered.
#![expect(clippy::disallowed_methods, reason = "it reads and writes a file of its own")]

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::disk::{self, ReadError};
use crate::output::KnownRender;

type Digest = [u8; 32];
type Map<T> = HashMap<Digest, T, foldhash::fast::RandomState>;

/// Stands for a digest that is not known.
const NONE: Digest = [0; 32];

/// An entry of the file: the digests of a manifest and of the content of its render, the digest of the input that the
/// render was made from, and the name of the render. The last two are zero if other files decide what the render is.
type Entry = [Digest; 5];

/// Largest file in bytes: fifty thousand renders, each made once and read once. A fuller one starts anew.
const MAX_BYTES: u64 = 100_000 * size_of::<Entry>() as u64;

/// Read when it is first asked: one config needs none.
static RECORD: OnceLock<Mutex<Record>> = OnceLock::new();

/// By the digests of their inputs. Only `render` asks for them, and they take more memory than the manifests.
static MADE: OnceLock<Map<Made>> = OnceLock::new();

#[derive(Default)]
struct Record {
    /// The digests of contents, by those of the manifests.
    contents: Map<Digest>,
    added: Vec<u8>,
    starts_anew: bool,
}

impl Record {
    /// Whether an entry says something new of a manifest.
    fn note(&mut self, [manifest, content, ..]: &Entry) -> bool {
        let before = self.contents.get(manifest).copied();
        let is_new = before.is_none() || (*content != NONE && before.as_ref() != Some(content));
        if is_new {
            self.contents.insert(*manifest, *content);
        }
        is_new
    }
}

/// A render that an earlier run made from one input alone.
pub(super) struct Made {
    /// Its name, which is that of its folder.
    pub name: String,
    /// The digest of its manifest.
    pub manifest: Digest,
}

/// The digests of the render that a manifest is of, if the record knows it.
pub(super) fn known(manifest: &str) -> Option<KnownRender> {
    let manifest = digest(manifest);
    let content = *record().contents.get(&manifest)?;
    Some(KnownRender { manifest, content: (content != NONE).then_some(content) })
}

/// The render that an earlier run made last from an input, by the digest of the input.
pub(super) fn made_from(input: &Digest) -> Option<&'static Made> {
    let read = || {
        let bytes = read().unwrap_or_default();
        entries(&bytes).filter_map(made).collect()
    };
    MADE.get_or_init(read).get(input)
}

fn made([manifest, _, input, name @ ..]: &Entry) -> Option<(Digest, Made)> {
    let name = name.as_flattened().split(|byte| *byte == 0).next()?;
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    if name.is_empty() || !name.iter().all(is_plain) {
        return None;
    }
    let name = String::from_utf8(name.to_vec()).ok()?;
    Some((*input, Made { name, manifest: *manifest }))
}

/// Adds a render that was just made: its name, its manifest, and the digest of the input if it was made from that alone.
pub(super) fn add(name: &str, manifest: &str, input: Option<Digest>) {
    let manifest = digest(manifest);
    let mut entry: Entry = [manifest, NONE, NONE, NONE, NONE];
    let [_, _, of, names @ ..] = &mut entry;
    if let (Some(input), Some(place)) = (input, names.as_flattened_mut().get_mut(..name.len())) {
        *of = input;
        place.copy_from_slice(name.as_bytes());
    }
    let is_made = |input| made_from(&input).is_some_and(|made| made.manifest == manifest);
    let mut record = record();
    if record.note(&entry) || input.is_some_and(|input| !is_made(input)) {
        record.added.extend(entry.as_flattened());
    }
}

/// Adds the digest of the content of a render that was found whole.
pub(super) fn found_whole(render: &KnownRender) {
    let entry = [render.manifest, render.content.unwrap_or(NONE), NONE, NONE, NONE];
    let mut record = record();
    if record.note(&entry) {
        record.added.extend(entry.as_flattened());
    }
}

/// Keeps what was added. A record that cannot be written saves no time, and nothing else is lost.
pub(super) fn close() {
    let Some(record) = RECORD.get() else { return };
    let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
    let added = std::mem::take(&mut record.added);
    let Some(path) = path().filter(|_| !added.is_empty()) else { return };
    let _ = append(&path, &added, record.starts_anew);
}

fn append(path: &PathBuf, bytes: &[u8], anew: bool) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // A pipe would not open until something reads it.
    if path.exists() && !path.is_file() {
        return Ok(());
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
    let first = || {
        let found = read();
        let too_large = matches!(found, Err(ReadError::TooLarge(_)));
        let bytes = found.unwrap_or_default();
        // A part of an entry is what a full disk leaves, and moves all that follow.
        let is_torn = !bytes.len().is_multiple_of(size_of::<Entry>());
        let mut record = Record { starts_anew: too_large || is_torn, ..Record::default() };
        for entry in entries(&bytes) {
            record.note(entry);
        }
        Mutex::new(record)
    };
    RECORD.get_or_init(first).lock().unwrap_or_else(PoisonError::into_inner)
}

fn read() -> Result<Vec<u8>, ReadError> {
    path().map_or(Ok(Vec::new()), |path| disk::read(&path, MAX_BYTES))
}

fn entries(bytes: &[u8]) -> impl Iterator<Item = &Entry> {
    bytes.as_chunks().0.as_chunks().0.iter()
}

/// `prebake/known-renders` in the user's cache.
fn path() -> Option<PathBuf> {
    let of =
        |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = of("XDG_CACHE_HOME").or_else(|| of("LOCALAPPDATA"));
    let cache = cache.or_else(|| Some(std::env::home_dir()?.join(".cache")));
    Some(cache?.join("prebake").join("known-renders"))
}

fn digest(manifest: &str) -> Digest {
    Sha256::digest(manifest).into()
}
