//! `prebake bicep build` and `build-params`.
#![expect(clippy::disallowed_methods, reason = "parameters files may read the environment")]

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::super::Exit;
use super::WRONG;
use super::input::{Entry, Findings, Input, refused};
use super::output::Output;
use crate::bicep::{self, Parameters};
use crate::diagnostic::{Diagnostics, Sources};
use crate::render::json_text;

/// `prebake bicep build`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Build {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    findings: Findings,
}

impl Build {
    pub(super) fn run(&self) -> Exit {
        self.input.each(&["bicep"], |entry| {
            let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
            let built = bicep::compile_linted(
                self.findings.lint(),
                &entry.name,
                &entry.folder,
                &mut sources,
                &mut diagnostics,
            );
            self.findings.print(entry, &diagnostics, &sources, false);
            match built {
                Some(template) => self.output.give(entry, "json", &json_text(&*template.json)),
                None => WRONG,
            }
        })
    }
}

/// `prebake bicep build-params`.
#[derive(Debug, Args)]
pub(in crate::cli) struct BuildParams {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    findings: Findings,
    /// Bicep file that the parameters must belong to
    #[arg(long, value_name = "FILE")]
    bicep_file: Option<PathBuf>,
}

impl BuildParams {
    pub(super) fn run(&self) -> Exit {
        self.input.each(&["bicepparam"], |entry| {
            let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
            let environment = |name: &str| std::env::var(name).ok();
            let built = bicep::compile_deployment_linted(
                self.findings.lint(),
                &entry.name,
                &entry.folder,
                &environment,
                &mut sources,
                &mut diagnostics,
            );
            self.findings.print(entry, &diagnostics, &sources, false);
            let Some((template, parameters)) = built else { return WRONG };
            if let Some(code) = self.other_template(entry, &parameters) {
                return code;
            }
            let parameters_text = json_text(&parameters.json);
            if !self.output.is_stdout() {
                return self.output.give(entry, "json", &parameters_text);
            }
            let used = parameters.template.as_deref();
            let specification = used.and_then(|used| used.strip_prefix("ts:"));
            let both = json!({
                "parametersJson": parameters_text,
                "templateJson": template.map(|template| json_text(&*template.json)),
                "templateSpecId": specification,
            });
            self.output.give(entry, "json", &json_text(&both))
        })
    }

    /// The exit code where the parameters are for another file than the one that is named.
    fn other_template(&self, entry: &Entry, parameters: &Parameters) -> Option<Exit> {
        let named = self.bicep_file.as_ref()?;
        let used = entry.folder.path_of(parameters.template.as_deref()?);
        if named.canonicalize().ok()? == used.canonicalize().ok()? {
            return None;
        }
        let why = format!("the parameters belong to `{}`", used.display());
        Some(refused(named, &why, "pass the file of the `using` statement to `--bicep-file`"))
    }
}
