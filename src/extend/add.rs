//! Bicep files of a team become part of a stage: their statements stand behind its own, and a file of another scope
//! becomes a module of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::added::{Added, AddedText};
use super::origin::Copied;
use super::{ConfigFindings, references, value, with_program};
use crate::bicep::format::{FormatOptions, format};
use crate::bicep::parser;
use crate::bicep::syntax::{
    Arena, DirectiveKind, ExpressionSyntax, FileKind, IdentifierSyntax, ImportedSyntax,
    ProgramSyntax, StatementSyntax, TypeSyntax,
};
use crate::catalog::Stage;
use crate::config::fields::AddedFile;
use crate::diagnostic::pointer::escape;
use crate::diagnostic::{Diagnostic, Diagnostics, FileId, Place, Sources, Span, nearest};
use crate::render::{Artifacts, quote};

/// A stage whose Bicep grows.
pub(super) struct GrowingStage<'a> {
    pub(super) stage: Stage,
    /// Folder of the render, as messages name it.
    pub(super) folder: &'a str,
    pub(super) artifacts: &'a mut Artifacts,
    pub(super) sources: &'a mut Sources,
}

/// What a stage is about to become.
#[derive(Default)]
struct Growth {
    /// Its Bicep.
    text: String,
    /// What is added to its parameters.
    parameters: String,
    /// Where each name of the files added so far stands.
    names: BTreeMap<(bool, String), Place>,
    grown: Grown,
}

/// What was added to a stage.
#[derive(Debug, Default)]
pub(super) struct Grown {
    /// The files, in the order of their statements.
    pub(super) copied: Vec<Copied>,
    /// The files that stand beside the stage.
    pub(super) beside: Vec<Beside>,
    /// Values of parameters: name, and pointer in the config.
    pub(super) values: Vec<(String, String)>,
}

/// A file that stands beside a stage.
#[derive(Debug)]
pub(super) struct Beside {
    /// Its path in the render.
    pub(super) path: String,
    /// Its text in the render.
    text: String,
    /// Its content is a value, whatever it is.
    is_value: bool,
    pub(super) file: FileId,
    /// Its text as it was read.
    pub(super) source: String,
    /// Which of the added files brings it.
    pub(super) of: usize,
}

impl GrowingStage<'_> {
    /// Adds the files of this stage.
    pub(super) fn add(
        &mut self,
        files: &[AddedFile],
        added: &Added,
        told: &mut ConfigFindings<'_>,
    ) -> Grown {
        let path = self.stage.bicep();
        let Some(text) = self.artifacts.files.get(&path).cloned() else {
            let title = format!("the render has no stage `{}`", self.stage);
            let finding = Diagnostic::error("PB1400", title)
                .reason("the config does not deploy this stage")
                .help("remove the files, or configure what the stage deploys");
            told.at_key(finding, &format!("/add/{}", self.stage), "added to here");
            return Grown::default();
        };
        let mut growth = Growth { text: text.clone(), ..Growth::default() };
        for (index, entry) in files.iter().enumerate() {
            let pointer = format!("/add/{}/{index}", self.stage);
            let Some(file) = added.get(&pointer) else { continue };
            let none = Map::new();
            let values = entry.parameters().unwrap_or(&none);
            self.add_file(file, values, &pointer, &mut growth, told);
            bring_others(file, added, &mut growth, told);
        }
        if told.findings.has_errors() {
            return Grown::default();
        }
        let format = |text: &str, kind| format(text, kind, &FormatOptions::default());
        Arc::make_mut(&mut self.artifacts.files)
            .insert(path, format(&growth.text, FileKind::Bicep));
        for file in &growth.grown.beside {
            let is_bicep = references::is_bicep(&file.path) && !file.is_value;
            let text =
                if is_bicep { format(&file.text, FileKind::Bicep) } else { file.text.clone() };
            Arc::make_mut(&mut self.artifacts.files).insert(file.path.clone(), text);
        }
        let path = self.stage.bicep_parameters();
        if let (Some(before), false) =
            (self.artifacts.files.get(&path), growth.parameters.is_empty())
        {
            let text = format!("{}\n{}", before.trim_end(), growth.parameters);
            Arc::make_mut(&mut self.artifacts.files)
                .insert(path, format(&text, FileKind::Parameters));
        }
        growth.grown
    }

    fn add_file(
        &mut self,
        file: &AddedText,
        values: &Map<String, Value>,
        pointer: &str,
        growth: &mut Growth,
        told: &mut ConfigFindings<'_>,
    ) {
        let arena = Arena::new();
        let mut problems = Diagnostics::new();
        let program = parser::parse(&arena, &file.text, FileKind::Bicep, file.file, &mut problems);
        let broken = problems.has_errors();
        told.findings.append(problems);
        if broken || !keeps_to_itself(&program, file, told) {
            return;
        }
        match scope(&program) {
            "resourceGroup" => self.splice(&program, file, values, pointer, growth, told),
            scope => self.module(&program, file, scope, values, pointer, growth, told),
        }
    }

    /// Puts the statements of a file behind those of the stage.
    fn splice(
        &mut self,
        program: &ProgramSyntax<'_>,
        file: &AddedText,
        values: &Map<String, Value>,
        pointer: &str,
        growth: &mut Growth,
        told: &mut ConfigFindings<'_>,
    ) {
        for statement in program.statements {
            for (is_output, name, span) in names(*statement) {
                let place = Place { file: file.file, span };
                let key = (is_output, name.to_owned());
                let other = growth.names.get(&key).copied();
                match other.or_else(|| self.rendered(is_output, name)) {
                    Some(other) => collides(name, place, other, told),
                    None => drop(growth.names.insert(key, place)),
                }
            }
        }
        known_parameters(program, values, pointer, told);
        for (name, span, secure) in needed(program) {
            let at = format!("{pointer}/parameters/{}", escape(name.0));
            match values.get(name.0) {
                Some(value) if secure && !is_expression(value) => is_secret(name.0, &at, told),
                Some(value) => {
                    if let Some(printed) = value::print(value, &at, told) {
                        let _ = writeln!(growth.parameters, "param {} = {printed}", name.0);
                        growth.grown.values.push((name.0.to_owned(), at));
                    }
                }
                None if name.1 => {}
                None => is_missing(name.0, Place { file: file.file, span }, pointer, told),
            }
        }
        let before =
            with_program(&growth.text, FileKind::Bicep, |program| program.statements.len());
        let mut edits = references::relinked(&self.stage.bicep(), &file.links);
        let mut statements: Vec<Span> = Vec::new();
        let mut names = Vec::new();
        for statement in program.statements {
            if let StatementSyntax::TargetScope(node) = statement {
                edits.push((node.span, String::new()));
            } else {
                statements.push(statement.span());
                let name = identifier(*statement).map_or("", |name| name.name);
                names.push(name.to_owned());
            }
        }
        let text = references::edited(&file.text, edits);
        growth.grown.copied.push(Copied {
            file: file.file,
            path: file.path.clone(),
            source: file.text.clone(),
            statements,
            names,
            first: before.unwrap_or_default(),
        });
        let path = quote::json(&Value::from(file.path.as_str()));
        let _ = writeln!(growth.text, "\n// From {path}.\n{}", text.trim());
    }

    /// The parameters of a module: values of the config, and symbols of the stage with the same name.
    fn bound(
        &mut self,
        program: &ProgramSyntax<'_>,
        file: &AddedText,
        values: &Map<String, Value>,
        pointer: &str,
        growth: &Growth,
        told: &mut ConfigFindings<'_>,
    ) -> String {
        let mut bound = String::new();
        for (name, span, secure) in needed(program) {
            let at = format!("{pointer}/parameters/{}", escape(name.0));
            let printed = match values.get(name.0) {
                Some(value) if secure && !is_expression(value) => {
                    is_secret(name.0, &at, told);
                    None
                }
                Some(value) => value::print(value, &at, told),
                None if self.rendered(false, name.0).is_some()
                    || growth.names.contains_key(&(false, name.0.to_owned())) =>
                {
                    Some(name.0.to_owned())
                }
                None if name.1 => None,
                None => {
                    is_missing(name.0, Place { file: file.file, span }, pointer, told);
                    None
                }
            };
            if let Some(printed) = printed {
                bound.push_str(&value::property(name.0, &printed));
                bound.push('\n');
            }
        }
        bound
    }

    /// Puts a file of another scope beside the stage, as a module of it.
    #[expect(clippy::too_many_arguments, reason = "the parts of one file")]
    fn module(
        &mut self,
        program: &ProgramSyntax<'_>,
        file: &AddedText,
        scope: &str,
        values: &Map<String, Value>,
        pointer: &str,
        growth: &mut Growth,
        told: &mut ConfigFindings<'_>,
    ) {
        if !matches!(scope, "subscription" | "tenant") {
            let title = format!("`{}` deploys to `{scope}`", file.path);
            let finding = Diagnostic::error("PB1426", title)
                .reason("a stage can deploy only to its resource group, its subscription and the tenant")
                .help("deploy this file separately");
            return told.at_key(finding, pointer, "added here");
        }
        let stem = file.path.rsplit(['/', '\\']).next().unwrap_or_default();
        let stem = stem.strip_suffix(".bicep").unwrap_or(stem);
        let symbol = symbol_of(stem);
        let beside = format!("modules/{symbol}.bicep");
        let place = Place { file: file.file, span: Span::new(0, 0) };
        let key = (false, symbol.clone());
        let other = growth.names.get(&key).copied().or_else(|| self.rendered(false, &symbol));
        if let Some(other) = other {
            return collides(&symbol, place, other, told);
        }
        if self.artifacts.files.contains_key(&beside) {
            let finding = Diagnostic::error("PB1422", format!("`{beside}` already exists"))
                .reason("another file of the render has this path")
                .help("rename the added file");
            return told.at_key(finding, pointer, "would be rendered to this path");
        }
        known_parameters(program, values, pointer, told);
        let bound = self.bound(program, file, values, pointer, growth, told);
        growth.names.insert(key, place);
        let first = with_program(&growth.text, FileKind::Bicep, |program| program.statements.len());
        let params =
            if bound.is_empty() { String::new() } else { format!("params: {{\n{bound}}}\n") };
        let path = quote::json(&Value::from(file.path.as_str()));
        let _ = writeln!(
            growth.text,
            "\n// From {path}.\nmodule {symbol} '{beside}' = {{\nscope: {scope}()\n{params}}}"
        );
        growth.grown.copied.push(Copied {
            file: file.file,
            path: file.path.clone(),
            source: file.text.clone(),
            statements: vec![Span::new(0, 0)],
            names: vec![symbol],
            first: first.unwrap_or_default(),
        });
        let edits = references::relinked(&beside, &file.links);
        growth.grown.beside.push(Beside {
            path: beside,
            text: references::edited(&file.text, edits),
            is_value: false,
            file: file.file,
            source: file.text.clone(),
            of: growth.grown.copied.len() - 1,
        });
    }

    /// Where the stage itself declares a name.
    fn rendered(&mut self, is_output: bool, name: &str) -> Option<Place> {
        let path = self.stage.bicep();
        let text = self.artifacts.files.get(&path)?;
        let span = with_program(text, FileKind::Bicep, |program| {
            let all = program.statements.iter().flat_map(|statement| names(*statement));
            let mut same = all.filter(|(output, known, _)| (*output, *known) == (is_output, name));
            same.next().map(|(_, _, span)| span)
        })??;
        let file = self.sources.add(format!("{}/{path}", self.folder), text.as_str());
        Some(Place { file, span })
    }
}

/// The scope that a file deploys to.
fn scope<'a>(program: &ProgramSyntax<'a>) -> &'a str {
    let named = program.statements.iter().find_map(|statement| match statement {
        StatementSyntax::TargetScope(node) => node.value.literal(),
        _ => None,
    });
    named.unwrap_or("resourceGroup")
}

/// Brings what an added file names into the render.
fn bring_others(
    file: &AddedText,
    added: &Added,
    growth: &mut Growth,
    told: &mut ConfigFindings<'_>,
) {
    let Some(of) = growth.grown.copied.len().checked_sub(1) else { return };
    for (path, other) in added.reached(&file.links) {
        if growth.grown.beside.iter().any(|known| known.path == path) {
            continue;
        }
        let is_bicep = other.is_code && references::is_bicep(path);
        if is_bicep {
            refuse(references::references(&other.text).refused, other.file, told);
        }
        growth.grown.beside.push(Beside {
            path: path.to_owned(),
            text: references::edited(&other.text, references::relinked(path, &other.links)),
            is_value: !is_bicep,
            file: other.file,
            source: other.text.clone(),
            of,
        });
    }
}

/// Whether a file needs nothing that a render cannot hold, and silences nothing beyond its own lines.
fn keeps_to_itself(
    program: &ProgramSyntax<'_>,
    file: &AddedText,
    told: &mut ConfigFindings<'_>,
) -> bool {
    let mut refused = references::references(&file.text).refused;
    for directive in program.directives {
        if directive.kind != DirectiveKind::DisableNextLine {
            refused.push((directive.span, "has an effect beyond this file"));
        }
    }
    let is_empty = refused.is_empty();
    refuse(refused, file.file, told);
    is_empty
}

fn refuse(refused: Vec<(Span, &'static str)>, file: FileId, told: &mut ConfigFindings<'_>) {
    for (span, label) in refused {
        let finding = Diagnostic::error("PB1424", "this cannot become part of a stage")
            .at(Place { file, span }, label)
            .reason("a render contains the text of an added file, and the files that it names by plain paths")
            .help(
                "name each file in a plain string; to suppress a diagnostic, use `#disable-next-line`",
            );
        told.findings.push(finding);
    }
}

/// The names that a statement declares: whether it is an output, the name, where it stands.
fn names(statement: StatementSyntax<'_>) -> Vec<(bool, &str, Span)> {
    let is_output = matches!(statement, StatementSyntax::Output(_));
    let identifiers = match statement {
        StatementSyntax::Import(node) => match node.what {
            ImportedSyntax::Wildcard(wildcard) => vec![wildcard.alias],
            ImportedSyntax::Named(named) => {
                named.items.iter().filter_map(|item| item.alias).collect()
            }
            ImportedSyntax::Skipped(_) => Vec::new(),
        },
        other => identifier(other).into_iter().collect(),
    };
    identifiers.into_iter().map(|found| (is_output, found.name, found.span)).collect()
}

/// The name of a declaration.
fn identifier(statement: StatementSyntax<'_>) -> Option<IdentifierSyntax<'_>> {
    Some(match statement {
        StatementSyntax::Parameter(node) => node.name,
        StatementSyntax::Variable(node) => node.name,
        StatementSyntax::Type(node) => node.name,
        StatementSyntax::Function(node) => node.name,
        StatementSyntax::Resource(node) => node.name,
        StatementSyntax::Module(node) => node.name,
        StatementSyntax::Output(node) => node.name,
        _ => return None,
    })
}

/// The parameters of a file: name and whether it has a default, where the name stands, whether it is a secret.
type Needed<'a> = ((&'a str, bool), Span, bool);

fn needed<'a>(program: &ProgramSyntax<'a>) -> Vec<Needed<'a>> {
    let parameters = program.statements.iter().filter_map(|statement| match statement {
        StatementSyntax::Parameter(node) => Some(*node),
        _ => None,
    });
    parameters
        .map(|node| {
            let has_default =
                node.default.is_some() || matches!(node.r#type, TypeSyntax::Nullable(_));
            let secure = node.decorators.iter().any(|decorator| match decorator.expression {
                ExpressionSyntax::FunctionCall(call) => call.name.name == "secure",
                ExpressionSyntax::InstanceFunctionCall(call) => call.name.name == "secure",
                _ => false,
            });
            ((node.name.name, has_default), node.name.span, secure)
        })
        .collect()
}

/// Reports values for parameters that a file does not have.
fn known_parameters(
    program: &ProgramSyntax<'_>,
    values: &Map<String, Value>,
    pointer: &str,
    told: &mut ConfigFindings<'_>,
) {
    let known: Vec<&str> = needed(program).iter().map(|(name, ..)| name.0).collect();
    for name in values.keys().filter(|name| !known.contains(&name.as_str())) {
        let help = match (nearest(name, known.iter().copied()), known.as_slice()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, []) => "remove the value; the file has no parameters".to_owned(),
            (None, known) => format!("use one of {}", super::listed(known)),
        };
        let title = format!("the file has no parameter `{name}`");
        let finding = Diagnostic::error("PB1423", title).help(help);
        let at = format!("{pointer}/parameters/{}", escape(name));
        told.at_key(finding, &at, "no parameter has this name");
    }
}

fn is_expression(value: &Value) -> bool {
    value.get(value::EXPRESSION).is_some()
}

fn is_secret(name: &str, pointer: &str, told: &mut ConfigFindings<'_>) {
    let finding = Diagnostic::error("PB1427", format!("`{name}` is a secret"))
        .reason("the render would contain its value, and a render is reviewed and committed")
        .help("read it from a key vault with `{ $bicep: \"az.getSecret('SUBSCRIPTION', 'GROUP', 'VAULT', 'NAME')\" }`");
    told.at_key(finding, pointer, "the value is set here");
}

fn is_missing(name: &str, place: Place, pointer: &str, told: &mut ConfigFindings<'_>) {
    let finding = Diagnostic::error("PB1425", format!("parameter `{name}` has no value"))
        .reason("a stage deploys without prompts for values")
        .help(format!("add `parameters: {{ {name}: ... }}` here, or a default value in the file"))
        .related(place, "declared here");
    told.at_value(finding, pointer, "sets no value for it");
}

fn collides(name: &str, place: Place, other: Place, told: &mut ConfigFindings<'_>) {
    let finding = Diagnostic::error("PB1422", format!("`{name}` is declared twice"))
        .at(place, "declared here")
        .related(other, "and here")
        .reason("an added file and the stage share one set of names")
        .help(format!("rename it; to use `{name}` of the stage, remove the declaration"));
    told.findings.push(finding);
}

/// The symbolic name of the module that a file becomes.
fn symbol_of(stem: &str) -> String {
    let mut name: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        name.insert(0, '_');
    }
    name
}
