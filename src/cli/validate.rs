use std::collections::BTreeMap;
use std::path::Path;

use clap::{Args, ValueEnum};

use super::fleet::Fleet;
use super::{Configs, DEFAULT_OUTPUT, Exit, input, terminal};
use crate::diagnostic::{Fact, Severity};
use crate::pipeline::Outcome;
use crate::report::findings::{self, Checked};

/// `prebake validate`.
#[derive(Debug, Args)]
pub(super) struct Validate {
    #[command(flatten)]
    configs: Configs,
    /// Format of the report
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Exit with 1 if there are findings of this level or higher
    #[arg(long, value_enum, default_value = "error")]
    fail_on: Bar,
    /// The same as `--fail-on warning`
    #[arg(long, conflicts_with = "fail_on")]
    strict: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text with source excerpts
    Text,
    /// One JSON object
    Json,
    /// SARIF 2.1.0 for code scanning
    Sarif,
    /// JUnit XML for test reports
    Junit,
    /// Workflow commands of GitHub Actions
    Github,
}

impl Format {
    fn report(self) -> Option<findings::Format> {
        match self {
            Self::Text => None,
            Self::Json => Some(findings::Format::Json),
            Self::Sarif => Some(findings::Format::Sarif),
            Self::Junit => Some(findings::Format::Junit),
            Self::Github => Some(findings::Format::Github),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Bar {
    Error,
    Warning,
    None,
}

impl Validate {
    pub(super) fn run(&self) -> Exit {
        let Ok(tools) = input::tools(&self.configs, Path::new(DEFAULT_OUTPUT)) else {
            return Exit::Failed;
        };
        let fleet = match Fleet::new(&self.configs) {
            Ok(fleet) => fleet,
            Err(code) => return code,
        };
        let mut reported: Vec<(String, Outcome)> = Vec::new();
        let code = fleet.each(
            |path, job| {
                let shown = match &job.environment {
                    Some(environment) => format!("{path} ({environment})"),
                    None => path.to_owned(),
                };
                let mut outcome = job.render(&tools);
                // Only findings are reported; the files would add up over a fleet.
                outcome.render = None;
                (shown, outcome)
            },
            |(shown, outcome)| {
                let code = self.exit(&outcome);
                match self.format {
                    Format::Text => text(&shown, &outcome),
                    _ => reported.push((shown, outcome)),
                }
                code
            },
        );
        if let Some(format) = self.format.report() {
            let checked: Vec<Checked<'_>> = reported
                .iter()
                .map(|(config, outcome)| Checked {
                    config,
                    diagnostics: &outcome.diagnostics,
                    sources: &outcome.sources,
                })
                .collect();
            terminal::out(&findings::render(format, &checked, self.bar()));
        }
        code
    }

    fn bar(&self) -> Option<Severity> {
        match (self.strict, self.fail_on) {
            (true, _) | (_, Bar::Warning) => Some(Severity::Warning),
            (_, Bar::Error) => Some(Severity::Error),
            (_, Bar::None) => None,
        }
    }

    fn exit(&self, outcome: &Outcome) -> Exit {
        let worst = outcome.diagnostics.iter().map(|finding| finding.severity).max();
        let fails = self.bar().is_some_and(|bar| worst >= Some(bar));
        Exit::of(outcome, fails)
    }
}

/// Which rows of the user's own catalog answered, by file.
fn answers(facts: &[Fact]) -> String {
    let mut by_table: BTreeMap<&str, (Vec<&str>, &str)> = BTreeMap::new();
    for fact in facts {
        let (rows, oldest) = by_table.entry(&fact.table).or_insert((Vec::new(), &fact.checked));
        rows.push(&fact.row);
        *oldest = (*oldest).min(&fact.checked);
    }
    let lines = by_table.iter().map(|(table, (rows, oldest))| {
        let shown = rows.iter().take(3).copied().collect::<Vec<_>>().join(", ");
        let more = rows.len().saturating_sub(3);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("  suppressed by {table} ({oldest}): {shown}{more}\n")
    });
    lines.collect()
}

fn text(shown: &str, outcome: &Outcome) {
    terminal::findings(&outcome.diagnostics, &outcome.sources);
    let counts = terminal::counts(&outcome.diagnostics);
    let verdict = if counts.is_empty() { "no findings" } else { &counts };
    terminal::out(&format!("{shown}: {verdict}\n"));
    if !outcome.answers.is_empty() {
        terminal::out(&answers(&outcome.answers));
    }
}
