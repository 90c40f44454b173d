//! `prebake bicep lint`.
#![expect(clippy::disallowed_methods, reason = "parameters files may read the environment")]

use clap::Args;

use super::super::Exit;
use super::WRONG;
use super::input::{Entry, Findings, Input};
use crate::bicep;
use crate::diagnostic::{Diagnostics, Sources};

/// `prebake bicep lint`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Lint {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    findings: Findings,
}

impl Lint {
    pub(super) fn run(&self) -> Exit {
        self.input.each(&["bicep", "bicepparam"], |entry| {
            let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
            let compiles = compiles(self.findings.lint(), entry, &mut sources, &mut diagnostics);
            self.findings.print(entry, &diagnostics, &sources, true);
            if compiles { Exit::Done } else { WRONG }
        })
    }
}

fn compiles(
    lint: bicep::Lint,
    entry: &Entry,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> bool {
    if entry.name.to_ascii_lowercase().ends_with(".bicep") {
        return bicep::compile_linted(lint, &entry.name, &entry.folder, sources, diagnostics)
            .is_some();
    }
    let environment = |name: &str| std::env::var(name).ok();
    let built = bicep::compile_deployment_linted(
        lint,
        &entry.name,
        &entry.folder,
        &environment,
        sources,
        diagnostics,
    );
    built.is_some()
}
