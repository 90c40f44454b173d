use std::path::Path;

use prebake::bicep::{MemoryFiles, compile};
use prebake::diagnostic::{Diagnostics, Severity, Sources};

/// A finding as a baseline has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    line: usize,
    column: usize,
    length: usize,
    /// `error BCP001`
    pub code: String,
}

impl Finding {
    /// `line:column+length`, as people count.
    pub fn place(&self) -> String {
        format!("{}:{}+{}", self.line, self.column, self.length)
    }
}

/// Reads a baseline. Of the linter's rules, only those are kept that prebake has.
pub fn expected(text: &str) -> Vec<Finding> {
    let line_end = line_end(text);
    let mut findings = Vec::new();
    let mut lines = 0;
    for row in text.split_inclusive(line_end) {
        match row.strip_prefix("//@[") {
            Some(finding) => findings.extend(expected_finding(finding, lines)),
            None => lines += 1,
        }
    }
    findings
}

fn expected_finding(finding: &str, line: usize) -> Option<Finding> {
    let (start, rest) = finding.split_once(':').expect("a finding has a range");
    let (end, rest) = rest.split_once(") [").expect("a finding has a range");
    let (code, rest) = rest.split_once(" (").expect("a finding has a code");
    let (level, _) = rest.split_once(')').expect("a finding has a level");
    let rule = ["no-unused-params", "no-unused-vars"].contains(&code);
    if !code.starts_with("BCP") && !rule {
        return None;
    }
    let start: usize = start.parse().expect("a range has numbers");
    let end: usize = end.parse().expect("a range has numbers");
    let code = format!("{} {code}", level.to_lowercase());
    Some(Finding { line, column: start + 1, length: end - start, code })
}

/// How the lines of a text end. A baseline counts only these as lines.
fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// What prebake reports for a case.
pub fn reported(case: &Path, line_ends_of: &str) -> Vec<Finding> {
    let mut files = MemoryFiles::new();
    for entry in walkdir::WalkDir::new(case).into_iter().map(|entry| entry.expect("readable")) {
        let name = entry.path().strip_prefix(case).expect("inside the case").to_string_lossy();
        if entry.file_type().is_file() {
            files.insert(name, std::fs::read(entry.path()).expect("readable"));
        }
    }
    let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
    compile("main.bicep", &files, &mut sources, &mut findings);
    let found = sources.iter().find(|(_, file)| file.name == "main.bicep");
    let (file, source) = found.expect("the case has a main.bicep");
    let line_end = line_end(line_ends_of);
    findings
        .iter()
        .filter_map(|finding| {
            let place = finding.place.filter(|place| place.file == file)?;
            let before = &source.text[..place.span.start as usize];
            let line_start = before.rfind(line_end).map_or(0, |at| at + line_end.len());
            // A byte order mark is no column.
            let units = |text: &str| text.trim_start_matches('\u{feff}').encode_utf16().count();
            let level = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "info",
            };
            Some(Finding {
                line: before.matches(line_end).count() + 1,
                column: units(&before[line_start..]) + 1,
                length: units(&source.text[place.span.range()]),
                code: format!("{level} {}", finding.code),
            })
        })
        .collect()
}
