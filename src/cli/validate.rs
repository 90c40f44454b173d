use clap::{Args, ValueEnum};

use super::{Configs, DONE, FAILED, FINDINGS, input, terminal};
use crate::diagnostic::Severity;
use crate::pipeline;

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
        let Ok(paths) = input::find(&self.configs.paths) else { return FAILED };
        let bar = match (self.strict, self.fail_on) {
            (true, _) | (_, Bar::Warning) => Some(Severity::Warning),
            (_, Bar::Error) => Some(Severity::Error),
            (_, Bar::None) => None,
        };
        let mut code = DONE;
        for path in paths {
            let outcome = match input::read(&path, &self.configs.overrides) {
                Ok(input) => pipeline::render(&input, &tools),
                Err(failed) => {
                    code = code.max(failed);
                    continue;
                }
            };
            terminal::findings(&outcome.diagnostics, &outcome.sources);
            let counts = terminal::counts(&outcome.diagnostics);
            let verdict = if counts.is_empty() { "no findings".to_owned() } else { counts };
            terminal::out(&format!("{}: {verdict}\n", path.display()));
            if outcome.is_bad_input() {
                code = FAILED;
            }
            let worst = outcome.diagnostics.iter().map(|finding| finding.severity).max();
            if bar.is_some_and(|bar| worst >= Some(bar)) {
                code = code.max(FINDINGS);
            }
        }
        code
    }
}
