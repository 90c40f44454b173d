//! A good file must compile: no source of the corpus that is meant to be good may have an error.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use prebake::bicep::{Entry, FileError, FileProvider, compile};
use prebake::diagnostic::{Diagnostics, Severity, Sources, text};

struct Folder(PathBuf);

impl FileProvider for Folder {
    fn read(&self, path: &str) -> Result<Cow<'_, [u8]>, FileError> {
        std::fs::read(self.0.join(path)).map(Cow::Owned).map_err(|_| FileError::NotFound)
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, FileError> {
        let entries = std::fs::read_dir(self.0.join(folder)).map_err(|_| FileError::NotFound)?;
        let entries = entries.flatten().map(|entry| Entry {
            name: entry.file_name().to_string_lossy().into_owned(),
            folder: entry.path().is_dir(),
        });
        let mut entries: Vec<Entry> = entries.collect();
        entries.sort();
        Ok(entries)
    }

    fn read_cached(&self, path: &str) -> Result<Cow<'_, [u8]>, FileError> {
        self.read(&format!("registry/{path}"))
    }
}

/// Every source with its compiled form beside it: Microsoft's compiler found no error in it.
fn good_sources(corpus: &Path) -> Vec<String> {
    let walk = walkdir::WalkDir::new(corpus).sort_by_file_name();
    let paths = walk.into_iter().map(|entry| entry.expect("the corpus is readable").into_path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "bicep"))
        .filter(|path| path.with_extension("json").is_file())
        .map(|path| {
            let inside = path.strip_prefix(corpus).expect("it stands in the corpus");
            inside.to_string_lossy().into_owned()
        })
        .collect()
}

#[test]
fn no_good_source_has_an_error() {
    let Some(corpus) = super::corpus() else { return };
    let sources = good_sources(&corpus);
    assert!(sources.len() > 250, "only {} good sources", sources.len());
    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    let mut told = String::new();
    for source in sources {
        let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
        compile(&source, &Folder(corpus.clone()), &mut sources, &mut findings);
        let errors = findings.into_vec().into_iter().filter(|one| one.severity == Severity::Error);
        let errors: Vec<_> = errors.collect();
        for error in &errors {
            *codes.entry(error.code.to_string()).or_default() += 1;
        }
        told.push_str(&text::render(&Diagnostics::from(errors), &sources, false));
    }
    assert!(codes.is_empty(), "{codes:?}\n{told}");
}
