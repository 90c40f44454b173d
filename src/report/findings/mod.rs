//! Takes findings with their sources, gives them in a form that machines read.
//!
//! What a terminal shows is in `diagnostic::text`. Read `location` for places as all formats write them,
//! then any format: `json`, `sarif`, `junit`, `github`.

mod github;
mod json;
mod junit;
mod location;
mod sarif;

use crate::diagnostic::{Diagnostics, Severity, Sources};

/// A form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object.
    Json,
    /// SARIF 2.1.0 for code scanning.
    Sarif,
    /// `JUnit` XML for test reports.
    Junit,
    /// Workflow commands of GitHub Actions.
    Github,
}

/// The findings of one config.
#[derive(Debug, Clone, Copy)]
pub struct Checked<'a> {
    /// The config, as the user named it.
    pub config: &'a str,
    /// What was found.
    pub diagnostics: &'a Diagnostics,
    /// The texts that the findings point into.
    pub sources: &'a Sources,
}

/// Writes the findings of all configs as one report. `fail_on` is the least severity that fails a run:
/// only `JUnit`, which knows passed and failed, asks for it.
pub fn render(format: Format, checked: &[Checked<'_>], fail_on: Option<Severity>) -> String {
    match format {
        Format::Json => json::render(checked),
        Format::Sarif => sarif::render(checked),
        Format::Junit => junit::render(checked, fail_on),
        Format::Github => github::render(checked),
    }
}
