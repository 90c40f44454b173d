use std::path::{Path, PathBuf};

use prebake::bicep::syntax::FileKind;

/// The corpus of Bicep sources with their compiled form, which stands beside the repository.
fn corpus() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = [root.join("../shared/corpus"), root.join("../../shared/corpus")]
        .into_iter()
        .find(|folder| folder.is_dir());
    if found.is_none() {
        println!("SKIPPED: no corpus at ../shared/corpus; nothing was compared");
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let walk = walkdir::WalkDir::new(folder).sort_by_file_name();
    walk.into_iter()
        .map(|entry| entry.expect("the corpus is readable").into_path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "bicep" || extension == "bicepparam")
        })
        .collect()
}

/// Sources that are wrong on purpose, and copies of sources with their expected findings in them.
fn is_valid(path: &Path) -> bool {
    let path = path.to_string_lossy();
    !["/diagnostics/", "/Invalid", ".diagnostics.bicep", ".formatted.bicep"]
        .iter()
        .any(|part| path.contains(part))
}

#[test]
fn every_valid_source_parses_without_a_finding() {
    let Some(corpus) = corpus() else { return };
    let mut read = 0;
    for path in sources(&corpus).iter().filter(|path| is_valid(path)) {
        let text = std::fs::read_to_string(path).expect("the corpus is UTF-8");
        let is_template = path.extension().is_some_and(|extension| extension == "bicep");
        let kind = if is_template { FileKind::Bicep } else { FileKind::Parameters };
        let findings = super::findings(&text, kind);
        let first = findings.iter().next();
        assert!(first.is_none(), "{}: {first:?}", path.display());
        read += 1;
    }
    assert!(read >= 300, "only {read} sources");
}
