//! prebake renders reviewable infrastructure for GPU containers on Azure Batch.
//!
//! # As a library
//!
//! Four functions take texts and data, and touch no disk and no network:
//!
//! | function | input → output |
//! |---|---|
//! | [`render()`] | a config → its files, compiled stages and findings |
//! | [`compile()`] | Bicep → an ARM template and findings |
//! | [`validate()`] | an ARM template and its parameters → findings of the schemas of its resource types |
//! | [`diff()`] | two renders → what a deployment changes, with a verdict for each change |
//!
//! The modules that are documented here are the types of these functions. The others are public for the tests,
//! benchmarks and fuzz targets of this repository alone, are hidden from this page, and change without notice.
//!
//! # Inside
//!
//! The phases run in one direction, and each knows only those above it:
//!
//! ```text
//! prebake.yaml ─► Config ─► Model ─► Artifacts ─► Template(s) ─► Resources ─► Diagnostics
//!     config        model  render, extend   bicep       expand        validate + check
//!                                            previous render ─► Resources ─► Diff ─► report ─► output
//! ```
//!
//! Everything is pure but `cli` and `output`, which read through `disk`; `output` writes.
//! `docs/internals/architecture.md` holds the contract of every phase.

#![warn(unreachable_pub)]

pub use prebake_bicep::{arm, bicep, diagnostic};
#[doc(hidden)]
pub use prebake_bicep::{azure_types, yaml};

pub mod catalog;
#[doc(hidden)]
pub mod check;
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod config;
mod deploy;
pub mod diff;
mod disk;
pub mod expand;
mod extend;
#[doc(hidden)]
pub mod migrate;
#[doc(hidden)]
pub mod model;
#[doc(hidden)]
pub mod output;
pub mod pipeline;
pub mod render;
pub mod report;
#[doc(hidden)]
pub mod schema;
#[doc(hidden)]
pub mod validate;

use crate::arm::{SourceMap, Template};
use crate::diagnostic::{Diagnostics, Sources};
use crate::diff::Diff;
use crate::expand::{Context, expand};
use crate::pipeline::{Input, Outcome, Render, Tools};
use crate::schema::ResourceSchemas;

/// Renders the text of a config. Everything that is wrong is in the outcome, which holds no render if there is an error.
///
/// A config that names files beside it, such as layers or a Dockerfile, is rendered with [`pipeline::Job`].
///
/// ```
/// use prebake::catalog::Date;
/// use prebake::pipeline::Tools;
///
/// let tools = Tools::new(Date::parse("2026-11-23").expect("it is a day"));
/// let outcome = prebake::render(include_str!("../examples/cpu.yaml"), &tools);
/// let render = outcome.render.expect("the example has no errors");
/// let stages: Vec<&str> = render.stages.iter().map(|made| made.stage.name()).collect();
/// assert_eq!(stages, ["builder", "image", "batch"]);
/// assert!(render.artifacts.files["batch.bicep"].contains("Microsoft.Batch/batchAccounts/pools"));
///
/// let outcome = prebake::render("name: vision\nlocaton: westeurope\n", &tools);
/// assert!(outcome.render.is_none());
/// let lines: Vec<usize> = outcome
///     .diagnostics
///     .iter()
///     .filter_map(|finding| Some(outcome.sources.position(finding.place?).1.line))
///     .collect();
/// assert!(lines.contains(&2), "the misspelled key is reported at its line");
/// ```
pub fn render(config: &str, tools: &Tools) -> Outcome {
    let bytes = config.as_bytes().to_vec();
    let input = Input { path: "prebake.yaml".to_owned(), bytes, overrides: Vec::new() };
    pipeline::render(&input, tools)
}

/// What came of a compilation.
#[derive(Debug)]
#[non_exhaustive]
pub struct Compiled {
    /// The template, unless there is an error.
    pub template: Option<Template>,
    /// The findings, in the order of the text.
    pub diagnostics: Diagnostics,
    /// The texts that they point into.
    pub sources: Sources,
}

/// Compiles the text of a Bicep file that refers to no other. [`bicep::compile`] takes those that do.
///
/// ```
/// let compiled = prebake::compile("param name string\noutput hello string = 'Hello ${name}'");
/// let template = compiled.template.expect("it has no errors");
/// assert_eq!(template.json["outputs"]["hello"]["value"], "[format('Hello {0}', parameters('name'))]");
///
/// let compiled = prebake::compile("output hello string = nam");
/// let codes: Vec<_> = compiled.diagnostics.iter().map(|finding| &finding.code).collect();
/// assert_eq!(codes, ["BCP057"]);
/// ```
pub fn compile(bicep: &str) -> Compiled {
    const NAME: &str = "main.bicep";
    let files = bicep::MemoryFiles::from_iter([(NAME, bicep)]);
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let template = bicep::compile(NAME, &files, &mut sources, &mut diagnostics);
    Compiled { template, diagnostics, sources }
}

/// Evaluates an ARM template with its parameters, and reports what in its resources does not fit the schemas of their
/// types. `parameters` is a parameters file or its `parameters` object. What only Azure knows is not judged.
///
/// ```
/// use serde_json::json;
///
/// let template = json!({
///     "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
///     "contentVersion": "1.0.0.0",
///     "parameters": { "size": { "type": "string" } },
///     "resources": [{
///         "type": "Microsoft.Batch/batchAccounts/pools",
///         "apiVersion": "2025-06-01",
///         "name": "account/pool",
///         "properties": { "vmSize": "[parameters('size')]", "taskSlots": 4 },
///     }],
/// });
/// let findings = prebake::validate(&template, &json!({ "size": { "value": "Standard_D4s_v5" } }));
/// let told: Vec<_> = findings.iter().map(|finding| (&*finding.code, finding.title.as_str())).collect();
/// assert_eq!(told, [("PB3101", "unknown property `taskSlots`")]);
/// ```
pub fn validate(template: &serde_json::Value, parameters: &serde_json::Value) -> Diagnostics {
    let template = Template { json: template.clone().into(), source_map: SourceMap::default() };
    let mut diagnostics = Diagnostics::new();
    let expansion = expand("main", &template, parameters, &Context::default(), &mut diagnostics);
    let schemas = ResourceSchemas::embedded();
    validate::resources(&expansion.resources, &template, &schemas, &|_| None, &mut diagnostics);
    diagnostics
}

/// Compares two renders: what a deployment of `after` changes of what a deployment of `before` made.
///
/// ```
/// use prebake::catalog::Date;
/// use prebake::diff::Action;
/// use prebake::pipeline::Tools;
///
/// let tools = Tools::new(Date::parse("2026-11-23").expect("it is a day"));
/// let config = include_str!("../examples/cpu.yaml");
/// let render = |config: &str| prebake::render(config, &tools).render.expect("it has no errors");
/// let (before, after) = (render(config), render(&config.replace("nodes: 4", "nodes: 6")));
/// let diff = prebake::diff(&before, &after);
/// assert_eq!(diff.count(Action::Modify), 1);
/// assert_eq!(diff.capacity.after.nodes, 6);
/// ```
pub fn diff(before: &Render, after: &Render) -> Diff {
    diff::diff(Some(before.state()), Some(after.state()))
}
