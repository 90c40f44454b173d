//! What the compiler reports, against what Microsoft's reports for the same sources.
//!
//! The expected findings stand in `main.diagnostics.bicep` files of the corpus, under the lines that
//! they are about. Compared are code, place and severity; the words are ours. `gaps.tsv` lists every
//! difference that is known: one that is not in it fails, and so does one that is no difference any
//! more, so that the list can only shrink.

#![expect(clippy::print_stdout, reason = "a test says loudly what it skips")]
#![expect(clippy::disallowed_methods, reason = "a test reads its cases")]

mod baseline;
mod valid;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baseline::{Finding, expected, reported};

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

fn cases(corpus: &Path) -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = ["diagnostics", "baselines"]
        .iter()
        .flat_map(|group| std::fs::read_dir(corpus.join(group)).expect("the corpus is readable"))
        .map(|entry| entry.expect("the corpus is readable").path())
        .filter(|case| case.join("main.diagnostics.bicep").is_file())
        .collect();
    cases.sort();
    cases
}

/// How often a finding occurs on one side more than on the other: `-` missing, `+` extra.
fn differences(case: &str, expected: &[Finding], reported: &[Finding]) -> Vec<String> {
    let mut counts: BTreeMap<&Finding, i32> = BTreeMap::new();
    for finding in expected {
        *counts.entry(finding).or_default() -= 1;
    }
    for finding in reported {
        *counts.entry(finding).or_default() += 1;
    }
    let line = |(finding, count): (&Finding, i32)| {
        let sign = if count < 0 { '-' } else { '+' };
        let row = format!("{case}\t{sign}\t{}\t{}", finding.place(), finding.code);
        std::iter::repeat_n(row, count.unsigned_abs() as usize)
    };
    counts.into_iter().flat_map(line).collect()
}

#[test]
fn findings_equal_those_of_microsofts_compiler_but_for_the_known_gaps() {
    let Some(corpus) = corpus() else { return };
    let mut found = Vec::new();
    let (mut all, mut matched) = (0, 0);
    for case in cases(&corpus) {
        let name = case.file_name().expect("a case is a folder").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(case.join("main.diagnostics.bicep"))
            .expect("a baseline is UTF-8");
        let expected = expected(&text);
        let differing = differences(&name, &expected, &reported(&case, &text));
        let missing = differing.iter().filter(|row| row.contains("\t-\t")).count();
        let good = expected.len() - missing;
        println!("{name}: {good} of {} ({} extra)", expected.len(), differing.len() - missing);
        all += expected.len();
        matched += good;
        found.extend(differing);
    }
    println!("{matched} of {all} findings match");
    let gaps = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bicep_diagnostics/gaps.tsv"),
    )
    .expect("the list of gaps is there");
    let known: Vec<&str> = gaps.lines().filter(|row| !row.starts_with('#')).collect();
    if found != known {
        // A developer reads the new list here, and judges each row before it goes into gaps.tsv.
        let actual = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bicep-diagnostic-gaps.tsv");
        std::fs::write(&actual, found.join("\n") + "\n").expect("the target folder is writable");
        let new: Vec<&String> = found.iter().filter(|row| !known.contains(&row.as_str())).collect();
        let closed: Vec<&&str> =
            known.iter().filter(|row| !found.iter().any(|other| other == **row)).collect();
        panic!(
            "the gaps changed: {} new {new:#?}, {} closed {closed:#?}; all are in {}",
            new.len(),
            closed.len(),
            actual.display(),
        );
    }
}
