use std::path::Path;

use prebake::bicep::{MemoryFiles, compile};
use prebake::diagnostic::{Diagnostics, Severity, Sources, Span};

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

/// A source with what Microsoft's compiler reports for it.
pub struct Baseline {
    /// The source without the findings.
    pub source: String,
    /// The findings, in order.
    pub findings: Vec<Finding>,
}

/// Reads a baseline. Of the linter's rules, only those are kept that prebake has.
pub fn expected(text: &str) -> Baseline {
    let mut baseline = Baseline { source: String::new(), findings: Vec::new() };
    let mut line = 0;
    for row in text.split_inclusive('\n') {
        let Some(finding) = row.strip_prefix("//@[") else {
            baseline.source.push_str(row);
            line += 1;
            continue;
        };
        let (start, rest) = finding.split_once(':').expect("a finding has a range");
        let (end, rest) = rest.split_once(") [").expect("a finding has a range");
        let (code, rest) = rest.split_once(" (").expect("a finding has a code");
        let (level, _) = rest.split_once(')').expect("a finding has a level");
        let rule = ["no-unused-params", "no-unused-vars"].contains(&code);
        if code.starts_with("BCP") || rule {
            let start: usize = start.parse().expect("a range has numbers");
            let end: usize = end.parse().expect("a range has numbers");
            let code = format!("{} {code}", level.to_lowercase());
            baseline.findings.push(Finding { line, column: start + 1, length: end - start, code });
        }
    }
    baseline
}

/// What prebake reports for a source with the files beside it.
pub fn reported(case: &Path, source: &str) -> Vec<Finding> {
    let mut files = MemoryFiles::new();
    for entry in walkdir::WalkDir::new(case).into_iter().map(|entry| entry.expect("readable")) {
        let name = entry.path().strip_prefix(case).expect("inside the case").to_string_lossy();
        if entry.file_type().is_file() {
            files.insert(name, std::fs::read(entry.path()).expect("readable"));
        }
    }
    files.insert("main.bicep", source);
    let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
    compile("main.bicep", &files, &mut sources, &mut findings);
    let Some((file, _)) = sources.iter().find(|(_, file)| file.name == "main.bicep") else {
        panic!("{}: nothing was read", case.display());
    };
    let units = |span: Span| source[span.range()].encode_utf16().count();
    findings
        .iter()
        .filter_map(|finding| {
            let place = finding.place.filter(|place| place.file == file)?;
            let start = sources.file(file).line_column(place.span.start);
            let level = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "info",
            };
            Some(Finding {
                line: start.line,
                column: start.column,
                length: units(place.span),
                code: format!("{level} {}", finding.code),
            })
        })
        .collect()
}
