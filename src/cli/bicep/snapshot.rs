//! `prebake bicep snapshot`.
#![expect(clippy::disallowed_methods, reason = "parameters files may read the environment")]

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::super::{Exit, terminal};
use super::WRONG;
use super::input::{Entry, Findings, Input, refused};
use super::output::write;
use crate::bicep::{self, FileProvider as _};
use crate::diagnostic::{Diagnostics, Sources};
use crate::expand::{self, Context};
use crate::render::json_text;

/// `prebake bicep snapshot`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Snapshot {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    findings: Findings,
    /// Print the snapshot
    #[arg(long, conflicts_with = "mode")]
    stdout: bool,
    /// Write the snapshot next to the file, or compare with the existing one
    #[arg(long, value_enum, default_value = "overwrite", ignore_case = true)]
    mode: Mode,
    /// ID of the tenant to deploy to
    #[arg(long, value_name = "ID")]
    tenant_id: Option<String>,
    /// ID of the subscription to deploy to
    #[arg(long, value_name = "ID")]
    subscription_id: Option<String>,
    /// Name of the resource group to deploy to
    #[arg(long, value_name = "NAME")]
    resource_group: Option<String>,
    /// Location of the resource group or deployment
    #[arg(long, value_name = "LOCATION")]
    location: Option<String>,
    /// Name of the deployment
    #[arg(long, value_name = "NAME")]
    deployment_name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    Overwrite,
    Validate,
}

impl Snapshot {
    pub(in crate::cli) fn run(&self) -> Exit {
        self.input.each(&["bicepparam"], |entry| match self.snapshot(entry) {
            Some(snapshot) => self.give(entry, &snapshot),
            None => WRONG,
        })
    }

    fn snapshot(&self, entry: &Entry) -> Option<Value> {
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
        let expansion = built.and_then(|(template, parameters)| {
            Some(expand::expand(
                "",
                &template?,
                &parameters.json,
                &self.context(),
                &mut diagnostics,
            ))
        });
        self.findings.print(entry, &diagnostics, &sources, false);
        let expansion = expansion.filter(|_| !diagnostics.has_errors())?;
        Some(expand::snapshot(&expansion))
    }

    fn context(&self) -> Context {
        Context {
            tenant_id: self.tenant_id.clone(),
            subscription_id: self.subscription_id.clone(),
            resource_group: self.resource_group.clone(),
            location: self.location.clone(),
            deployment: self.deployment_name.clone(),
            ..Context::default()
        }
    }

    fn give(&self, entry: &Entry, snapshot: &Value) -> Exit {
        let text = json_text(snapshot);
        if self.stdout {
            terminal::out(&text);
            return Exit::Done;
        }
        let path = entry.path.with_extension("snapshot.json");
        if self.mode == Mode::Overwrite {
            return write(&path, &text);
        }
        let name = entry.name.trim_end_matches("bicepparam").to_owned() + "snapshot.json";
        let help = "create it with `--mode overwrite`";
        let known = match entry.folder.read(&name) {
            Ok(bytes) => serde_json::from_slice::<Value>(&bytes).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match known {
            Ok(known) if known == *snapshot => Exit::Done,
            Ok(known) => {
                let known = json_text(&known);
                let diff = similar::TextDiff::from_lines(&known, &text);
                terminal::out(&diff.unified_diff().header("expected", "found").to_string());
                WRONG
            }
            Err(why) => refused(&path, &why, help),
        }
    }
}
