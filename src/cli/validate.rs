use clap::{Args, ValueEnum};

use super::fleet::Fleet;
use super::{Configs, FAILED, input, terminal};
use crate::diagnostic::Severity;

/// `prebake validate`.
#[derive(Debug, Args)]
pub(super) struct Validate {
    #[command(flatten)]
    configs: Configs,
    /// Findings from this severity on fail the run
    #[arg(long, value_enum, default_value = "error")]
    fail_on: Bar,
    /// The same as `--fail-on warning`
    #[arg(long, conflicts_with = "fail_on")]
    strict: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Bar {
    Error,
    Warning,
    None,
}

impl Validate {
    pub(super) fn run(&self) -> u8 {
        let Ok(tools) = input::tools(&self.configs) else { return FAILED };
        let fleet = match Fleet::new(&self.configs) {
            Ok(fleet) => fleet,
            Err(code) => return code,
        };
        let bar = match (self.strict, self.fail_on) {
            (true, _) | (_, Bar::Warning) => Some(Severity::Warning),
            (_, Bar::Error) => Some(Severity::Error),
            (_, Bar::None) => None,
        };
        fleet.each(
            |path, job| (path.to_owned(), job.environment.clone(), job.render(&tools)),
            |(path, environment, outcome)| {
                terminal::findings(&outcome.diagnostics, &outcome.sources);
                let counts = terminal::counts(&outcome.diagnostics);
                let verdict = if counts.is_empty() { "no findings" } else { &counts };
                let environment = environment.map_or_else(String::new, |name| format!(" ({name})"));
                terminal::out(&format!("{path}{environment}: {verdict}\n"));
                let worst = outcome.diagnostics.iter().map(|finding| finding.severity).max();
                let fails = bar.is_some_and(|bar| worst >= Some(bar));
                super::fleet::worst(outcome.is_bad_input(), fails)
            },
        )
    }
}
