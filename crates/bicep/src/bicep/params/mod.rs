//! Takes a `.bicepparam` file, gives the JSON that deployments take, with every value computed.
//!
//! Compiles no template: of the one that is used it reads which parameters there are. Read this file,
//! then `values` for how expressions are computed.

mod values;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::files::FileProvider;
use super::ir::{Assignment, ParametersFile};
use super::linter::Lint;
use super::load::{Content, Loaded, UnitId};
use super::lower::{Environment, Lowering};
use super::syntax::StatementSyntax;
use crate::arm::{SourceMap, Template};
use crate::diagnostic::{Diagnostics, Place, Sources, pointer};
use values::Values;

/// How many files may extend each other.
const MOST_EXTENDED: usize = 100;

/// A compiled parameters file.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    /// The JSON as `az deployment` takes it.
    pub json: Value,
    /// From places in `json` to places in the `.bicepparam`.
    pub source_map: SourceMap,
    /// The path or reference of the template that it is for; nothing after `using none`.
    pub template: Option<String>,
}

/// Compiles a parameters file. `environment` gives what `readEnvironmentVariable` reads. Nothing if there
/// are errors, which are all told.
pub fn compile_params(
    entry: &str,
    files: &dyn FileProvider,
    environment: Environment<'_>,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Parameters> {
    super::judged(Lint::Unused, entry, files, sources, diagnostics, |loaded, diagnostics| {
        Some(Compiler { loaded, files, environment, diagnostics }.compile(UnitId(0)))
    })
}

/// Compiles a parameters file and the Bicep file that it uses, which is read and judged only once; nothing
/// for the template when it uses none. Nothing at all if there are errors, which are all told.
pub fn compile_deployment(
    entry: &str,
    files: &dyn FileProvider,
    environment: Environment<'_>,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<(Option<Template>, Parameters)> {
    compile_deployment_linted(Lint::Unused, entry, files, environment, sources, diagnostics)
}

/// The same, with more rules of the linter.
pub fn compile_deployment_linted(
    lint: Lint,
    entry: &str,
    files: &dyn FileProvider,
    environment: Environment<'_>,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<(Option<Template>, Parameters)> {
    super::judged(lint, entry, files, sources, diagnostics, |loaded, diagnostics| {
        let mut compiler = Compiler { loaded, files, environment, diagnostics };
        let parameters = compiler.compile(UnitId(0));
        let used = compiler.using(UnitId(0));
        let template = used.and_then(|used| super::lowered(loaded, used.0, files, diagnostics));
        Some((template, parameters))
    })
}

struct Compiler<'a, 'c> {
    loaded: &'c Loaded<'a>,
    files: &'c dyn FileProvider,
    environment: Environment<'c>,
    diagnostics: &'c mut Diagnostics,
}

struct Entry {
    name: String,
    value: Value,
    place: Place,
}

impl Compiler<'_, '_> {
    fn compile(&mut self, id: UnitId) -> Parameters {
        let template = self.using(id);
        let known = template.and_then(|template| self.declared(template));
        let mut entries: Vec<Entry> = Vec::new();
        let mut rest = Map::new();
        let mut seen = BTreeSet::new();
        let mut inherited = Vec::new();
        let mut lowering = Lowering::new(self.loaded, self.files);
        // The files that are extended come first: each may read what its base gives.
        for (at, id) in self.extended(id).into_iter().rev().enumerate() {
            let file = lowering.parameters_file(id, self.environment, self.diagnostics);
            let (own, more) = self.evaluate(&file, &inherited);
            inherited
                .retain(|(name, _): &(String, Value)| !own.iter().any(|entry| entry.name == *name));
            inherited.extend(own.iter().map(|entry| (entry.name.clone(), entry.value.clone())));
            // Own parameters stand before those of the base.
            let mut all = own;
            all.append(&mut entries);
            entries = all;
            if at == 0 || !more.is_empty() {
                rest = more;
            }
        }
        let mut parameters = Map::new();
        let mut source_map = SourceMap::default();
        for entry in entries {
            let declared = known.as_ref().is_none_or(|known| known.contains(&entry.name));
            if declared && seen.insert(entry.name.clone()) {
                let pointer = pointer::escape(&entry.name);
                source_map.insert(format!("/parameters/{pointer}"), entry.place);
                parameters.insert(entry.name, entry.value);
            }
        }
        let mut json = Map::new();
        let schema =
            "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#";
        json.insert("$schema".to_owned(), Value::from(schema));
        json.insert("contentVersion".to_owned(), Value::from("1.0.0.0"));
        json.insert("parameters".to_owned(), Value::Object(parameters));
        json.extend(rest);
        let template = template.map(|id| self.loaded.unit(id).path.clone());
        Parameters { json: Value::Object(json), source_map, template }
    }

    fn using(&self, id: UnitId) -> Option<UnitId> {
        let unit = self.loaded.bicep(id)?;
        let mut statements = unit.bound.program.statements.iter();
        statements.find_map(|statement| match statement {
            StatementSyntax::Using(node) => unit.reference(node.path),
            _ => None,
        })
    }

    // A file and those it extends.
    fn extended(&self, id: UnitId) -> Vec<UnitId> {
        let mut chain = vec![id];
        while let Some(unit) = chain.last().and_then(|id| self.loaded.bicep(*id)) {
            let mut statements = unit.bound.program.statements.iter();
            let base = statements.find_map(|statement| match statement {
                StatementSyntax::Extends(node) => unit.reference(node.path),
                _ => None,
            });
            match base {
                Some(base) if chain.len() < MOST_EXTENDED => chain.push(base),
                _ => break,
            }
        }
        chain
    }

    /// The parameters that a template declares, if it can be read.
    fn declared(&self, id: UnitId) -> Option<BTreeSet<String>> {
        match &self.loaded.unit(id).content {
            Content::Bicep(unit) => {
                let statements = unit.bound.program.statements.iter();
                let names = statements.filter_map(|statement| match statement {
                    StatementSyntax::Parameter(node) => Some(node.name.name.to_owned()),
                    _ => None,
                });
                Some(names.collect())
            }
            Content::Json(template) => {
                Some(template.get("parameters")?.as_object()?.keys().cloned().collect())
            }
            Content::TemplateSpec(_) => None,
        }
    }

    fn evaluate(
        &mut self,
        file: &ParametersFile,
        inherited: &[(String, Value)],
    ) -> (Vec<Entry>, Map<String, Value>) {
        let values = Values::new(file, inherited);
        let mut entries = Vec::new();
        let mut rest = Map::new();
        for Assignment { name, value, place } in &file.parameters {
            let value = values.assigned(value, "reference");
            values.report(*place, self.diagnostics);
            entries.push(Entry { name: name.clone(), value, place: *place });
        }
        if !file.inputs.is_empty() {
            let mut inputs: Vec<(&str, Value)> = Vec::new();
            for input in &file.inputs {
                let mut definition = json!({ "kind": input.kind });
                if let Some(config) = &input.config {
                    definition["config"] = values.plain(config);
                }
                inputs.push((&input.name, definition));
            }
            inputs.sort_by(|left, right| left.0.cmp(right.0));
            let inputs = inputs.into_iter().map(|(name, value)| (name.to_owned(), value));
            rest.insert("externalInputDefinitions".to_owned(), Value::Object(inputs.collect()));
        }
        if let Some((config, place)) = &file.using_config {
            let config = values.entry(config);
            values.report(*place, self.diagnostics);
            rest.insert("usingConfig".to_owned(), config);
        }
        if !file.extensions.is_empty() {
            let mut configs = Map::new();
            for (name, properties) in &file.extensions {
                let mut config = Map::new();
                for Assignment { name, value, place } in properties {
                    config.insert(name.clone(), values.assigned(value, "keyVaultReference"));
                    values.report(*place, self.diagnostics);
                }
                configs.insert(name.clone(), Value::Object(config));
            }
            rest.insert("extensionConfigs".to_owned(), Value::Object(configs));
        }
        (entries, rest)
    }
}
