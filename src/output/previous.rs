use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::OutputError;
use super::plan;
use super::tree::{self, Kind, Tree};
use crate::model::KnownDigests;
use crate::render::{MANIFEST, Manifest};

/// The render that stands in a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PreviousRender {
    /// Its manifest; `None` when there is none that can be read.
    pub manifest: Option<Manifest>,
    /// The files that prebake wrote and that are still there as text, `manifest.json` included.
    pub files: Arc<BTreeMap<String, String>>,
    /// Files that prebake did not write.
    pub foreign: Vec<String>,
    /// Files of the manifest that are gone, too large, not text or no longer regular files.
    pub damaged: Vec<String>,
    /// One of them has a mode that no render gives: a script that cannot be started, a file that all may write.
    pub lost_mode: bool,
    /// What stands where its manifest should is none that this version can read.
    pub broken_manifest: bool,
}

impl PreviousRender {
    /// Whether prebake rendered here before.
    pub fn exists(&self) -> bool {
        self.manifest.is_some()
    }

    /// Whether compiled stages stand there that no manifest lists.
    pub fn lost_manifest(&self) -> bool {
        !self.exists() && self.foreign.iter().any(|path| is_compiled_stage(path))
    }

    /// Whether every file of the manifest is on disk with the digest that the manifest gives.
    pub fn is_whole(&self, digests: &KnownDigests) -> bool {
        let Some(manifest) = &self.manifest else { return false };
        self.damaged.is_empty()
            && !self.lost_mode
            && manifest.files.iter().all(|(path, digest)| {
                self.files.get(path).is_some_and(|text| digests.digest(text.as_bytes()) == *digest)
            })
    }
}

/// A render that is known by the digest of its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownRender {
    /// SHA-256 of the manifest.
    pub manifest: [u8; 32],
    /// BLAKE3 of its other files, each after its length, in their order. It takes a third of the time of the digests that
    /// the manifest gives.
    pub content: Option<[u8; 32]>,
}

/// How many bytes are digested at once: of fewer, BLAKE3 has not enough to work on side by side.
const DIGESTED_AT_ONCE: usize = 128 * 1024;

const NEVER_FULL: &str = "a digest takes every byte";

/// One file of a render that stands whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileOfWhole {
    /// Its text.
    pub text: String,
    /// The digests of the render, with that of the content if it was not known.
    pub render: KnownRender,
}

/// One file of the render in a folder, if the render stands whole: its manifest is `known`, and every file has the mode
/// and the digest of a render. Nothing is kept of the other files, so that all are read and digested in the same memory.
pub(crate) fn file_of_whole(
    folder: &Path,
    path: &str,
    known: impl Fn(&Manifest, &str) -> Option<KnownRender>,
    digests: &KnownDigests,
) -> Option<FileOfWhole> {
    // A commit refuses a link, so that nothing stands behind one.
    if folder.is_symlink() {
        return None;
    }
    tree::settled(folder, || read_whole(folder, path, &known, digests)).ok().flatten()
}

fn read_whole(
    folder: &Path,
    wanted: &str,
    known: &dyn Fn(&Manifest, &str) -> Option<KnownRender>,
    digests: &KnownDigests,
) -> Result<Option<FileOfWhole>, OutputError> {
    let tree = tree::walk(folder)?;
    let Some((text, about)) = text(folder, &tree, Path::new(MANIFEST))? else { return Ok(None) };
    let manifest = Manifest::parse(&text).filter(|_| plan::has_mode(&about, text.as_bytes()));
    let Some(manifest) = manifest else { return Ok(None) };
    let Some(render) = known(&manifest, &text) else { return Ok(None) };
    let mut kept = None;
    let mut content = BufWriter::with_capacity(DIGESTED_AT_ONCE, blake3::Hasher::new());
    for (path, digest) in &manifest.files {
        let Some(native) = tree::plain(path) else { return Ok(None) };
        let Some((bytes, about)) = tree.read(folder, &native)? else { return Ok(None) };
        let is_same = render.content.is_some() || digests.digest(&bytes) == *digest;
        if !is_same || !plan::has_mode(&about, &bytes) {
            return Ok(None);
        }
        let length = bytes.len().to_le_bytes();
        let added = content.write_all(&length).and_then(|()| content.write_all(&bytes));
        added.expect(NEVER_FULL);
        if path == wanted {
            kept = String::from_utf8(bytes).ok();
        }
    }
    let content = *content.into_inner().expect(NEVER_FULL).finalize().as_bytes();
    if render.content.is_some_and(|known| known != content) {
        // A record that is damaged costs time alone.
        let by_manifest = |manifest: &Manifest, text: &str| {
            known(manifest, text).map(|render| KnownRender { content: None, ..render })
        };
        return read_whole(folder, wanted, &by_manifest, digests);
    }
    let found = tree.kinds.iter().filter(|(_, kind)| **kind != Kind::Folder);
    // All files of the manifest were found, so more files than these and the manifest are foreign ones.
    if found.clone().count() > manifest.files.len() + 1 {
        let is_ours = |path: &Path| {
            path == Path::new(MANIFEST) || manifest.files.contains_key(&tree::shown(path))
        };
        for (path, _) in found.filter(|(path, _)| !is_ours(path)) {
            tree.can_move(folder, path)?;
        }
    }
    let render = KnownRender { content: Some(content), ..render };
    Ok(kept.map(|text| FileOfWhole { text, render }))
}

/// Reads the render in a folder, under limits and without following links. A folder that does not exist
/// is a render of nothing.
pub fn previous(folder: &Path) -> Result<PreviousRender, OutputError> {
    tree::settled(folder, || read(folder))
}

/// Whether a render stands in a folder, or what is left of one that lost its manifest.
pub(crate) fn has_render(folder: &Path) -> bool {
    let entries = fs::read_dir(folder.join("arm")).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| format!("arm/{}", entry.file_name().to_string_lossy()));
    folder.join(MANIFEST).exists() || names.any(|path| is_compiled_stage(&path))
}

fn is_compiled_stage(path: &str) -> bool {
    let name = path.strip_prefix("arm/").and_then(|name| name.strip_suffix(".parameters.json"));
    name.is_some_and(|name| !name.contains('/'))
}

fn read(folder: &Path) -> Result<PreviousRender, OutputError> {
    let tree = tree::walk(folder)?;
    let manifest = text(folder, &tree, Path::new(MANIFEST))?;
    let parsed = manifest.as_ref().and_then(|(text, _)| Manifest::parse(text));
    let ours = written(parsed.as_ref());
    let mut render = PreviousRender {
        broken_manifest: parsed.is_none() && tree.kinds.contains_key(Path::new(MANIFEST)),
        manifest: parsed,
        ..PreviousRender::default()
    };
    let mut files = BTreeMap::new();
    let mut add = |path: &String, read: Option<(String, Metadata)>| match read {
        Some((text, known)) => {
            render.lost_mode |= !plan::has_mode(&known, text.as_bytes());
            files.insert(path.clone(), text);
        }
        None => render.damaged.push(path.clone()),
    };
    for (path, native) in ours.iter().filter(|(path, _)| *path != MANIFEST) {
        add(path, text(folder, &tree, native)?);
    }
    if let Some((path, _)) = ours.get_key_value(MANIFEST) {
        add(path, manifest);
    }
    render.files = files.into();
    let known: BTreeSet<&PathBuf> = ours.values().collect();
    let foreign =
        tree.kinds.iter().filter(|(path, kind)| **kind != Kind::Folder && !known.contains(path));
    for (path, _) in foreign {
        tree.can_move(folder, path)?;
        render.foreign.push(tree::shown(path));
    }
    Ok(render)
}

/// The manifest of a folder, if there is one that can be read.
pub(super) fn manifest(folder: &Path, tree: &Tree) -> Result<Option<Manifest>, OutputError> {
    let text = text(folder, tree, Path::new(MANIFEST))?;
    Ok(text.and_then(|(text, _)| Manifest::parse(&text)))
}

/// The paths that a manifest says prebake wrote, itself included. A path that leaves the folder was not
/// written by prebake, whatever the manifest says.
pub(super) fn written(manifest: Option<&Manifest>) -> BTreeMap<String, PathBuf> {
    let Some(manifest) = manifest else { return BTreeMap::new() };
    let files = manifest.files.keys().map(String::as_str).chain([MANIFEST]);
    files.filter_map(|path| Some((path.to_owned(), tree::plain(path)?))).collect()
}

fn text(
    folder: &Path,
    tree: &Tree,
    path: &Path,
) -> Result<Option<(String, Metadata)>, OutputError> {
    let read = tree.read(folder, path)?;
    Ok(read.and_then(|(bytes, known)| Some((String::from_utf8(bytes).ok()?, known))))
}
