//! Takes the rendered Bicep of the stages and what a config says under `patch` and `add`, gives the Bicep with both
//! merged into it, and knows afterwards which part of it came from where.
//!
//! A patch is compared with the syntax tree of the stage, becomes edits of its text, and the result is printed by the
//! formatter. Judges no type: the compiler does, and its findings are led back to the config by [`Extension`].
//!
//! Read `value`, which prints what a config says as Bicep, then `merge` with `edit` and `prune`, `add` with `references`,
//! and `origin`.

mod add;
mod added;
mod edit;
mod given;
mod merge;
mod origin;
mod prune;
pub(crate) mod references;
mod value;

pub(crate) use added::Added;
pub(crate) use added::OtherText;
pub(crate) use origin::Change;
pub(crate) use origin::{ChangeKind, Extension};
pub(crate) use references::Link;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::bicep::format::{FormatOptions, format};
use crate::bicep::parser;
use crate::bicep::syntax::{Arena, FileKind, ProgramSyntax, StatementSyntax};
use crate::catalog::Stage;
use crate::config::{self, Config, Document, fields};
use crate::diagnostic::{Diagnostic, Diagnostics, FileId, Sources, nearest, pointer};
use crate::model::Origins;
use crate::render::Artifacts;
use edit::Edits;
use given::given;
use merge::Merge;
use origin::Landing;

/// The resources of a stage that a config patches, by symbolic name.
type Patches = BTreeMap<String, Map<String, Value>>;

/// The config that is extended, and what was read beside it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// What it says.
    pub config: &'a Config,
    /// Where that stands.
    pub document: &'a Document,
    /// Which of its keys decide what is rendered.
    pub origins: &'a Origins<'a>,
    /// The files that it adds.
    pub added: &'a Added,
    /// Folder of the render, as messages name it.
    pub folder: &'a str,
}

/// Merges what a config says under `add` and `patch` into the rendered stages. `None` means that an error was reported.
pub(crate) fn extend(
    wanted: &Wanted<'_>,
    artifacts: &mut Artifacts,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Extension> {
    let Wanted { config, document, origins, added, folder } = *wanted;
    let mut extension = Extension::default();
    let mut told = ConfigFindings { document, findings: Diagnostics::new() };
    let mut grown = Vec::new();
    for (stage, files) in config.add.iter().flat_map(fields::Add::stages) {
        if !files.is_empty() {
            let mut growing = add::GrowingStage { stage, folder, artifacts, sources };
            grown.push((stage, growing.add(files, added, &mut told)));
        }
    }
    // A patch may be about what an added file declares, which is not there after an error.
    let is_whole = !told.findings.has_errors();
    let patch = config.patch.as_ref().filter(|_| is_whole);
    for (stage, patches) in patch.into_iter().flat_map(fields::Patch::stages) {
        if !patches.is_empty() {
            patch_stage(stage, patches, origins, artifacts, &mut extension, &mut told);
        }
    }
    for (stage, grown) in grown {
        extension.grow(stage, &grown, &artifacts.files, document);
    }
    let failed = told.findings.has_errors();
    told.findings.sort();
    diagnostics.append(told.findings);
    (!failed).then_some(extension)
}

/// Where findings about the config go.
struct ConfigFindings<'a> {
    document: &'a Document,
    findings: Diagnostics,
}

impl ConfigFindings<'_> {
    /// Reports at a key of the config.
    fn at_key(&mut self, mut finding: Diagnostic, pointer: &str, label: impl Into<String>) {
        finding.place = self.document.key_place(pointer);
        finding.label = label.into();
        self.findings.push(finding);
    }

    /// Reports at a value of the config.
    fn at_value(&mut self, mut finding: Diagnostic, pointer: &str, label: impl Into<String>) {
        finding.place = self.document.place(pointer);
        finding.label = label.into();
        self.findings.push(finding);
    }
}

fn patch_stage(
    stage: Stage,
    patches: &Patches,
    origins: &Origins<'_>,
    artifacts: &mut Artifacts,
    extension: &mut Extension,
    told: &mut ConfigFindings<'_>,
) {
    let path = stage.bicep();
    let Some(text) = artifacts.files.get(&path) else {
        let finding = Diagnostic::error("PB1400", format!("the render has no stage `{stage}`"))
            .reason("the config does not deploy this stage")
            .help("remove the patch, or configure what the stage deploys");
        told.at_key(finding, &format!("/patch/{stage}"), "patched here");
        return;
    };
    // What a stage deploys into another resource group stands in a module of it.
    let module = stage.module();
    let has_module = artifacts.files.contains_key(&module);
    let is_own = |symbol: &str| {
        !has_module
            || with_program(text, FileKind::Bicep, |it| declared(it, symbol).is_some())
                .unwrap_or(true)
    };
    let (own, inner): (Vec<_>, Vec<_>) = patches.iter().partition(|(symbol, _)| is_own(symbol));
    let file = Patched { stage, path: &path, patches: &own };
    if let Some(lost) = file.patch(origins, artifacts, extension, told) {
        let parameters = stage.bicep_parameters();
        if let Some(text) =
            Arc::make_mut(&mut artifacts.files).get_mut(&parameters).filter(|_| !lost.is_empty())
        {
            let pruned = prune::prune_parameters(text, &lost);
            *text = format(&pruned, FileKind::Parameters, &FormatOptions::default());
        }
    }
    if !inner.is_empty() {
        let file = Patched { stage, path: &module, patches: &inner };
        file.patch(origins, artifacts, extension, told);
    }
}

/// A rendered file with what is merged into its resources.
struct Patched<'a> {
    stage: Stage,
    path: &'a str,
    patches: &'a [(&'a String, &'a Map<String, Value>)],
}

impl Patched<'_> {
    /// Merges, and says which parts of the parameters nothing reads any more.
    fn patch(
        &self,
        origins: &Origins<'_>,
        artifacts: &mut Artifacts,
        extension: &mut Extension,
        told: &mut ConfigFindings<'_>,
    ) -> Option<Vec<prune::Chain>> {
        let text = artifacts.files.get(self.path)?;
        // A module gets the parameters of its stage under their names.
        let parameters = artifacts.files.get(&self.stage.bicep_parameters());
        let given = parameters.map(|text| given(text)).unwrap_or_default();
        let (mut edits, mut landings) = (Edits::default(), Vec::new());
        // A template of a team that cannot be parsed is told by the compiler.
        with_program(text, FileKind::Bicep, |program| {
            for (symbol, patch) in self.patches {
                let pointer = format!("/patch/{}/{}", self.stage, pointer::escape(symbol));
                let merge = Merge::new(text, &given, symbol, &mut edits, &mut landings, told);
                match declared(program, symbol) {
                    Some(declared) => merge.declaration(declared, patch, &pointer),
                    None => unknown_symbol(program, self, symbol, &pointer, told),
                }
            }
        })?;
        if edits.is_empty() || told.findings.has_errors() {
            return None;
        }
        // The stage gives a module its parameters, whoever reads them.
        let merged = edits.apply(text);
        let (merged, lost) =
            if self.path.contains('/') { (merged, Vec::new()) } else { prune::prune(text, merged) };
        let merged = format(&merged, FileKind::Bicep, &FormatOptions::default());
        for landing in &landings {
            decided_by_a_key(self.stage, landing, &lost, origins, told);
        }
        extension.land(self.path, &merged, landings, told.document);
        Arc::make_mut(&mut artifacts.files).insert(self.path.to_owned(), merged);
        Some(lost)
    }
}

/// Warns of a patch that takes the place of a key of the config: what else follows that key does not follow the patch.
fn decided_by_a_key(
    stage: Stage,
    landing: &Landing,
    lost: &[prune::Chain],
    origins: &Origins<'_>,
    told: &mut ConfigFindings<'_>,
) {
    let Some(before) = &landing.before else { return };
    let Some(chain) = lost.iter().find(|chain| chain.join(".") == *before) else { return };
    let key = origins.of_parameter(stage, chain);
    // All names that are not given derive from the name of the deployment: no key is for this one.
    let Some(key) = key.filter(|key| key != "/name") else { return };
    let key = config::key_words(told.document, &key);
    let property = origin::dotted(&landing.steps);
    let title = format!("{key} in the config sets `{property}` of `{}`", landing.symbol);
    let finding = Diagnostic::warning("PB1409", title)
        .reason("the README, the plan and the pool files for the data plane use the config, not the patch")
        .help(format!("set {key}, and remove the patch"));
    told.at_key(finding, &landing.pointer, "a patch sets it instead");
}

/// Parses a rendered file; nothing if it has errors.
fn with_program<T>(
    text: &str,
    kind: FileKind,
    read: impl FnOnce(&ProgramSyntax<'_>) -> T,
) -> Option<T> {
    let arena = Arena::new();
    let mut problems = Diagnostics::new();
    let program = parser::parse(&arena, text, kind, FileId(0), &mut problems);
    (!problems.has_errors()).then(|| read(&program))
}

/// The resource or module of a symbolic name.
fn declared<'a>(program: &ProgramSyntax<'a>, symbol: &str) -> Option<StatementSyntax<'a>> {
    program.statements.iter().copied().find(|statement| name_of(*statement) == Some(symbol))
}

/// The symbolic name of a resource or module.
fn name_of(statement: StatementSyntax<'_>) -> Option<&str> {
    match statement {
        StatementSyntax::Resource(node) => Some(node.name.name),
        StatementSyntax::Module(node) => Some(node.name.name),
        _ => None,
    }
}

fn unknown_symbol(
    program: &ProgramSyntax<'_>,
    file: &Patched<'_>,
    symbol: &str,
    pointer: &str,
    told: &mut ConfigFindings<'_>,
) {
    let known: Vec<&str> = program.statements.iter().filter_map(|it| name_of(*it)).collect();
    let help = match nearest(symbol, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("use one of {}", listed(&known)),
    };
    let title = format!("no resource `{symbol}` in stage `{}`", file.stage);
    let finding = Diagnostic::error("PB1401", title)
        .reason("a patch refers to a resource by its symbolic name in the rendered Bicep")
        .help(help);
    told.at_key(finding, pointer, format!("`{}` has no resource with this name", file.path));
}

/// Names in backticks with commas between them.
fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
