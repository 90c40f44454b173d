//! A build context as ACR Tasks takes it: a `tar.gz` of the folder, without what `.dockerignore` names.
//!
//! The patterns are those of Docker (<https://docs.docker.com/build/concepts/context/#dockerignore-files>): relative to
//! the folder, the last that matches counts, `!` takes back. The Dockerfile and `.dockerignore` itself are always sent.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use globset::{GlobBuilder, GlobMatcher};
use tempfile::NamedTempFile;

use crate::disk;

/// Files of one context.
const MOST_FILES: usize = 200_000;
/// Bytes of a `.dockerignore`.
const MOST_PATTERN_BYTES: u64 = 1 << 20;

/// A packed context.
pub(super) struct Context {
    /// The archive.
    pub(super) file: NamedTempFile,
    /// Files in it.
    pub(super) files: usize,
    /// Bytes of the archive.
    pub(super) bytes: u64,
}

/// Packs a folder. The same files give the same bytes.
pub(super) fn pack(folder: &Path, dockerfile: &str) -> io::Result<Context> {
    let ignored = Ignored::read(folder, dockerfile)?;
    let file = NamedTempFile::new()?;
    let mut archive = tar::Builder::new(GzEncoder::new(file.reopen()?, Compression::default()));
    archive.follow_symlinks(false);
    archive.mode(tar::HeaderMode::Deterministic);
    let mut files = 0;
    let walk = walkdir::WalkDir::new(folder).sort_by_file_name().min_depth(1);
    for entry in walk {
        let entry = entry?;
        let path =
            entry.path().strip_prefix(folder).expect("an entry is below its folder").to_owned();
        if entry.file_type().is_dir() || ignored.excludes(&path, dockerfile) {
            continue;
        }
        files += 1;
        if files > MOST_FILES {
            return Err(io::Error::other(format!(
                "it contains more than {MOST_FILES} files; exclude files with `.dockerignore`"
            )));
        }
        archive.append_path_with_name(entry.path(), &path)?;
    }
    let mut encoder = archive.into_inner()?;
    encoder.flush()?;
    encoder.finish()?.sync_all()?;
    let bytes = file.as_file().metadata()?.len();
    Ok(Context { file, files, bytes })
}

struct Pattern {
    matcher: GlobMatcher,
    takes_back: bool,
}

struct Ignored {
    patterns: Vec<Pattern>,
}

impl Ignored {
    /// The patterns of `<Dockerfile>.dockerignore`, or of `.dockerignore`; none without either.
    fn read(folder: &Path, dockerfile: &str) -> io::Result<Self> {
        let own = folder.join(format!("{dockerfile}.dockerignore"));
        let path = if own.is_file() { own } else { folder.join(".dockerignore") };
        if !path.is_file() {
            return Ok(Self { patterns: Vec::new() });
        }
        let text = disk::read(&path, MOST_PATTERN_BYTES).and_then(disk::text);
        let text =
            text.map_err(|error| io::Error::other(format!("{}: {error}", path.display())))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> io::Result<Self> {
        let mut patterns = Vec::new();
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (takes_back, line) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            let cleaned = clean(line);
            if cleaned.is_empty() {
                continue;
            }
            let glob =
                GlobBuilder::new(&cleaned).literal_separator(true).backslash_escape(true).build();
            let matcher = glob
                .map_err(|error| io::Error::other(format!("`.dockerignore`: {error}")))?
                .compile_matcher();
            patterns.push(Pattern { matcher, takes_back });
        }
        Ok(Self { patterns })
    }

    /// A pattern that names a folder names everything in it.
    fn excludes(&self, path: &Path, dockerfile: &str) -> bool {
        if path == Path::new(&clean(dockerfile)) || path == Path::new(".dockerignore") {
            return false;
        }
        let mut excluded = false;
        for pattern in &self.patterns {
            let hit = path
                .ancestors()
                .filter(|part| *part != Path::new(""))
                .any(|part| pattern.matcher.is_match(part));
            if hit {
                excluded = !pattern.takes_back;
            }
        }
        excluded
    }
}

/// A path without `.`, empty parts and a slash at either end.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The folder of a context and its Dockerfile, as they lie on disk.
pub(super) fn paths(source: &Path, context: &str, dockerfile: &str) -> (PathBuf, PathBuf) {
    let folder =
        if clean(context).is_empty() { source.to_owned() } else { source.join(clean(context)) };
    let file = folder.join(dockerfile);
    (folder, file)
}

/// Whether there is such a file.
pub(super) fn is_there(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excludes(patterns: &str, path: &str) -> bool {
        Ignored::parse(patterns)
            .expect("the patterns are well formed")
            .excludes(Path::new(path), "docker/Dockerfile")
    }

    /// The examples of Docker's own documentation.
    #[test]
    fn patterns_mean_what_docker_says() {
        let comment = "# comment\n*/temp*\n*/*/temp*\ntemp?\n";
        assert!(excludes(comment, "somedir/temporary.txt"));
        assert!(excludes(comment, "somedir/temp/file"));
        assert!(excludes(comment, "somedir/subdir/temporary.txt"));
        assert!(excludes(comment, "tempa"));
        assert!(!excludes(comment, "temp"));
        assert!(!excludes(comment, "a/b/c/temp"));
        assert!(excludes("**/*.go", "deep/er/main.go"));
        assert!(excludes("*.md\n!README.md", "notes.md"));
        assert!(!excludes("*.md\n!README.md", "README.md"));
        assert!(excludes("*.md\n!README*.md\nREADME-secret.md", "README-secret.md"));
        assert!(!excludes("*.md\nREADME-secret.md\n!README*.md", "README-secret.md"));
    }

    #[test]
    fn the_dockerfile_is_always_sent() {
        assert!(!excludes("*\n", "docker/Dockerfile"));
        assert!(!excludes("*\n", ".dockerignore"));
        assert!(excludes("/.git/\n", ".git/config"));
        assert!(excludes("./.git\n", ".git/config"));
    }
}
