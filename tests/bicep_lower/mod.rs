//! What constructs become that the corpus does not show: `cases/<name>/main.bicep` becomes `main.json`.
//!
//! The expected templates follow the rules by which Microsoft's compiler writes each construct; none
//! was taken from prebake unread.

#![expect(clippy::disallowed_methods, reason = "a test reads its cases")]

use std::path::{Path, PathBuf};

use crate::bicep_corpus::compare;
use prebake::bicep::{self, MemoryFiles};
use prebake::diagnostic::{Diagnostics, Sources, text};
use serde_json::Value;

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bicep_lower/cases");
    let entries = std::fs::read_dir(folder).expect("the cases");
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.expect("a case").path()).collect();
    cases.sort();
    cases
}

fn files(case: &Path) -> MemoryFiles {
    let entries = walkdir::WalkDir::new(case).sort_by_file_name().into_iter();
    let files =
        entries.map(|entry| entry.expect("a file").into_path()).filter(|path| path.is_file());
    files
        .map(|path| {
            let name = path.strip_prefix(case).expect("it stands in the case");
            let name = name.to_string_lossy().replace('\\', "/");
            (name, std::fs::read(&path).expect("the file"))
        })
        .collect()
}

#[test]
fn each_construct_becomes_what_microsofts_compiler_makes_of_it() {
    let cases = cases();
    assert!(!cases.is_empty(), "there are cases");
    for case in cases {
        let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
        let template = bicep::compile("main.bicep", &files(&case), &mut sources, &mut diagnostics);
        let Some(template) = template else {
            panic!("{}:\n{}", case.display(), text::render(&diagnostics, &sources, false));
        };
        let expected = std::fs::read_to_string(case.join("main.json")).expect("main.json");
        let expected: Value = serde_json::from_str(&expected).expect("JSON");
        let differences = compare::differences(&expected, &template.json);
        assert!(differences.is_empty(), "{}:\n{}", case.display(), differences.join("\n"));
    }
}
