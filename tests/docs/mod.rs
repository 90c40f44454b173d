//! The documentation: every page is in the book, every link leads somewhere, and generated pages are current.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]
#![expect(clippy::panic, reason = "a failed step says what went wrong")]

mod links;
mod reference;
mod words;

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pages of the book, by their paths.
fn pages() -> Vec<PathBuf> {
    files_below("docs", "md")
}

fn files_below(folder: &str, wanted: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(root().join(folder))
        .into_iter()
        .map(|entry| entry.expect("it can be read").into_path())
        .filter(|path| path.extension().is_some_and(|ending| ending == wanted))
        .collect();
    files.sort();
    files
}

/// A generated page is the committed one, or becomes it with `BLESS=1`.
fn current(page: &str, generated: &str) {
    let path = root().join("docs").join(page);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, generated).expect("the page is written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == generated, "docs/{page} is not current; run `BLESS=1 cargo test docs::`");
}
