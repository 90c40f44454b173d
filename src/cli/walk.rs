use std::fs::FileType;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use serde_json::Value;

use crate::config::MAX_BYTES;
use crate::disk::{self, ReadError};
use crate::yaml;

/// Largest ignore file in bytes.
const MAX_IGNORE_BYTES: u64 = 1024 * 1024;
/// Deepest folder that is searched.
const MAX_DEPTH: usize = 64;

/// What a search of a folder found.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// The configs, in order of their paths.
    pub configs: Vec<PathBuf>,
    /// What could not be searched.
    pub problems: Vec<Problem>,
}

/// A file or folder that could not be searched.
#[derive(Debug)]
pub(super) struct Problem {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub error: ReadError,
}

/// Searches a folder for configs, without hidden files and without what the `.gitignore` files of its
/// repository exclude. What else a user's machine excludes does not count: a search finds the same on each.
pub(super) fn walk(folder: &Path) -> Walked {
    let repository = disk::repository(&folder.join("any"));
    let mut walk = Walk {
        root: repository.clone().unwrap_or_else(|| folder.to_owned()),
        ignores: Vec::new(),
        walked: Walked::default(),
    };
    if let Some((repository, whole)) = repository.zip(std::path::absolute(folder).ok()) {
        let mut above: Vec<&Path> =
            whole.ancestors().skip(1).take_while(|above| above.starts_with(&repository)).collect();
        above.reverse();
        for above in above {
            walk.read_ignores(above);
        }
    }
    walk.folder(folder, 0);
    walk.walked
}

struct Walk {
    /// Links may lead to what lies in here.
    root: PathBuf,
    /// Those of the folders above, the nearest last.
    ignores: Vec<Gitignore>,
    walked: Walked,
}

impl Walk {
    fn folder(&mut self, at: &Path, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let known = self.ignores.len();
        self.read_ignores(at);
        match entries(at) {
            Ok(entries) => {
                for (path, kind) in entries {
                    self.entry(&path, kind, depth);
                }
            }
            Err(error) => self.failed(at, error.into()),
        }
        self.ignores.truncate(known);
    }

    fn entry(&mut self, path: &Path, kind: FileType, depth: usize) {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden || self.is_ignored(path, kind.is_dir()) {
            return;
        }
        if kind.is_dir() {
            self.folder(path, depth + 1);
        } else if has_yaml_name(path) && (kind.is_file() || kind.is_symlink()) {
            self.file(path, kind);
        }
    }

    fn file(&mut self, path: &Path, kind: FileType) {
        let named = has_config_name(path);
        if kind.is_symlink() {
            match disk::resolve(&self.root, path) {
                Ok(found) if !found.is_file() => return,
                // Another file is no config of this folder, wherever it leads.
                Err(_) if !named => return,
                Err(error) => return self.failed(path, error),
                Ok(_) => {}
            }
        }
        if named || reads_as_config(path) {
            self.walked.configs.push(path.to_owned());
        }
    }

    fn read_ignores(&mut self, folder: &Path) {
        let path = folder.join(".gitignore");
        let text = match disk::text_within(&self.root, &path, MAX_IGNORE_BYTES) {
            Ok(text) => text,
            Err(error) if error.is_not_found() => return,
            Err(error) => return self.failed(&path, error),
        };
        let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let mut builder = GitignoreBuilder::new(whole);
        for line in text.lines() {
            // Git, too, passes over a line that is no pattern.
            let _ = builder.add_line(None, line);
        }
        self.ignores.extend(builder.build());
    }

    fn is_ignored(&self, path: &Path, is_folder: bool) -> bool {
        if self.ignores.is_empty() {
            return false;
        }
        let Ok(whole) = std::path::absolute(path) else { return false };
        let said = self.ignores.iter().rev().map(|ignore| ignore.matched(&whole, is_folder));
        said.into_iter().find(|said| !said.is_none()).is_some_and(|said| said.is_ignore())
    }

    fn failed(&mut self, path: &Path, error: ReadError) {
        self.walked.problems.push(Problem { path: path.to_owned(), error });
    }
}

/// What a folder holds, in order of the names.
fn entries(folder: &Path) -> std::io::Result<Vec<(PathBuf, FileType)>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        entries.push((entry.path(), entry.file_type()?));
    }
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(entries)
}

fn has_yaml_name(path: &Path) -> bool {
    path.extension().is_some_and(|ending| {
        ending.eq_ignore_ascii_case("yaml") || ending.eq_ignore_ascii_case("yml")
    })
}

fn has_config_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name == "prebake.yaml" || name.ends_with(".prebake.yaml")
}

/// Lines decide, not YAML: a config with a mistake is still a config. One that is written as `{...}` has its
/// keys anywhere in a line, so that its YAML decides.
fn reads_as_config(path: &Path) -> bool {
    let Ok(bytes) = disk::read(path, MAX_BYTES as u64) else { return false };
    let has = |key: &str| {
        bytes.split(|byte| *byte == b'\n').any(|line| {
            let line = line.strip_prefix(b"\"").or(line.strip_prefix(b"'")).unwrap_or(line);
            let rest = line.strip_prefix(key.as_bytes()).unwrap_or_default();
            rest.starts_with(b":") || rest.starts_with(b"\":") || rest.starts_with(b"':")
        })
    };
    if has("name") {
        return has("location") || has("extends");
    }
    let is_flow = bytes.trim_ascii_start().starts_with(b"{");
    is_flow && disk::text(bytes).is_ok_and(|text| has_config_keys(&text))
}

fn has_config_keys(text: &str) -> bool {
    let Ok(Value::Object(map)) = yaml::read(text, yaml::FOREIGN) else { return false };
    map.contains_key("name") && (map.contains_key("location") || map.contains_key("extends"))
}
