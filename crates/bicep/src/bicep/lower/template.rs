//! The frame of a template, and the order in which files are compiled.

use std::cell::{Cell, OnceCell, RefCell};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::decorators;
use super::imports::Imports;
use super::version;
use super::{Compiled, Env, Lowerer, TemplateScope, count};
use crate::arm::SourceMap;
use crate::bicep::files::FileProvider;
use crate::bicep::load::{BicepUnit, Content, Loaded, UnitId};
use crate::bicep::syntax::{
    ExpressionSyntax, FileKind, FunctionDeclarationSyntax, OutputDeclarationSyntax,
    ParameterDeclarationSyntax, StatementSyntax,
};
use crate::diagnostic::{Diagnostic, Diagnostics};

// What Microsoft's compiler writes into templates that need experiments of Azure's engine.
const EXPERIMENTAL_WARNING: &str = "This template uses ARM features that are experimental. \
    Experimental features should be enabled for testing purposes only, as there are no guarantees about \
    the quality or stability of these features. Do not enable these settings for any production usage, \
    or your production environment may be subject to breaking.";

/// Compiles all files, each after those it refers to.
pub fn lower(
    loaded: &Loaded<'_>,
    files: &dyn FileProvider,
    diagnostics: &mut Diagnostics,
) -> Vec<Option<Compiled>> {
    let mut compiled: Vec<Option<Compiled>> = loaded.units.iter().map(|_| None).collect();
    for id in &loaded.order {
        compiled[id.0] = match &loaded.unit(*id).content {
            Content::Bicep(unit) if unit.bound.program.kind == FileKind::Bicep => {
                lower_unit(loaded, &compiled, files, *id, unit, diagnostics)
            }
            Content::Json(template) => Some(json_unit(template)),
            Content::Bicep(_) | Content::TemplateSpec(_) => None,
        };
    }
    compiled
}

fn json_unit(template: &Arc<Value>) -> Compiled {
    let outputs = template.get("outputs").and_then(Value::as_object).into_iter().flatten();
    let secure = outputs.filter(|(_, output)| {
        let kind = output["type"].as_str().unwrap_or_default();
        kind.eq_ignore_ascii_case("securestring") || kind.eq_ignore_ascii_case("secureobject")
    });
    Compiled {
        template: Arc::clone(template),
        source_map: SourceMap::default(),
        values: count(template),
        secure_outputs: secure.map(|(name, _)| name.clone()).collect(),
    }
}

fn lower_unit<'a>(
    loaded: &Loaded<'a>,
    compiled: &[Option<Compiled>],
    files: &dyn FileProvider,
    id: UnitId,
    unit: &BicepUnit<'a>,
    diagnostics: &mut Diagnostics,
) -> Option<Compiled> {
    let extensions = extensions(unit);
    if !extensions.is_empty() {
        for finding in extensions {
            diagnostics.push(finding);
        }
        return None;
    }
    let imports = Imports::new(loaded, id, diagnostics);
    let mut lowerer = Lowerer::new(loaded, compiled, files, id, unit, &imports);
    lowerer.symbolic = lowerer.needs_symbols();
    let template = lowerer.template();
    lowerer.take_problems(diagnostics);
    let outputs = unit.bound.program.statements.iter().filter_map(|statement| match statement {
        StatementSyntax::Output(node) if version::is_secure(node) => {
            Some(node.name.name.to_owned())
        }
        _ => None,
    });
    let source_map = lowerer.map.take().into_map();
    Some(Compiled {
        values: count(&template),
        template: Arc::new(template),
        source_map,
        secure_outputs: outputs.collect(),
    })
}

// Only Azure's own resources can be compiled: a file that declares others is refused where it says so.
fn extensions(unit: &BicepUnit<'_>) -> Vec<Diagnostic> {
    let statements = unit.bound.program.statements.iter();
    let refused = statements.filter_map(|statement| match statement {
        StatementSyntax::Extension(node) => Some(
            Diagnostic::error("BCP400", "prebake cannot compile extensions")
                .at(unit.bound.place(node.span), "the extension declares resources outside Azure")
                .help("move the code that needs it to another file, and use Microsoft's compiler for that file"),
        ),
        _ => None,
    });
    refused.collect()
}

impl<'a, 'c> Lowerer<'a, 'c> {
    pub(super) fn new(
        loaded: &'c Loaded<'a>,
        compiled: &'c [Option<Compiled>],
        files: &'c dyn FileProvider,
        id: UnitId,
        unit: &'c BicepUnit<'a>,
        imports: &'c Imports,
    ) -> Self {
        Self {
            loaded,
            compiled,
            files,
            id,
            unit,
            bound: &unit.bound,
            imports,
            scope: template_scope(unit),
            symbolic: false,
            parameters_mode: None,
            inlined: OnceCell::new(),
            lambda_modules: RefCell::default(),
            loads: OnceCell::new(),
            written: RefCell::default(),
            types: RefCell::default(),
            depth: Cell::new(0),
            deepest: Cell::new(0),
            expressions: Cell::new(0),
            nested: Cell::new(0),
            problems: RefCell::default(),
            map: RefCell::default(),
        }
    }

    /// Runs a step in another file, on behalf of this template.
    pub(super) fn within<T>(&self, id: UnitId, step: impl FnOnce(&Self) -> T) -> T
    where
        T: Default,
    {
        if id == self.id {
            return step(self);
        }
        let Some(unit) = self.loaded.bicep(id) else { return T::default() };
        let mut other = Self::new(self.loaded, self.compiled, self.files, id, unit, self.imports);
        other.scope = self.scope;
        other.symbolic = self.symbolic;
        other.parameters_mode = self.parameters_mode;
        other.depth.set(self.depth.get() + 1);
        other.expressions.set(self.expressions.get());
        other.map.swap(&self.map);
        let result = step(&other);
        other.map.swap(&self.map);
        self.expressions.set(other.expressions.get());
        self.problems.borrow_mut().append(&mut other.problems.borrow_mut());
        result
    }

    fn template(&self) -> Value {
        let mut template = Map::new();
        let mut put = |name: &str, value: Value| {
            template.insert(name.to_owned(), value);
        };
        put("$schema", Value::from(schema(self.scope)));
        if let Some(version) = version::language_version(self.unit, self.symbolic) {
            put("languageVersion", Value::from(version));
        }
        put("contentVersion", Value::from("1.0.0.0"));
        put("metadata", self.section("metadata", || self.template_metadata()));
        let definitions = self.section("definitions", || self.definitions());
        let functions = self.functions();
        let parameters = self.section("parameters", || self.parameters());
        let variables = self.section("variables", || self.variables());
        let resources = self.deployed();
        let outputs = self.section("outputs", || self.outputs());
        let asserts = self.section("asserts", || self.asserts());
        let sections = [
            ("definitions", definitions),
            ("functions", functions),
            ("parameters", parameters),
            ("variables", variables),
            ("resources", resources),
            ("outputs", outputs),
            ("asserts", asserts),
        ];
        for (name, value) in sections {
            let empty = match &value {
                Value::Object(object) => object.is_empty(),
                Value::Array(array) => array.is_empty(),
                _ => false,
            };
            if !empty || name == "resources" {
                put(name, value);
            }
        }
        Value::Object(template)
    }

    fn section(&self, name: &str, fields: impl FnOnce() -> Map<String, Value>) -> Value {
        let start = self.bound.program.span.start;
        self.enter(name, crate::diagnostic::Span::new(start, start));
        let fields = fields();
        self.leave();
        Value::Object(fields)
    }

    fn template_metadata(&self) -> Map<String, Value> {
        let mut metadata = Map::new();
        let experiments: Vec<&str> = version::experiments(self.unit).collect();
        if !experiments.is_empty() {
            metadata.insert("_EXPERIMENTAL_WARNING".to_owned(), Value::from(EXPERIMENTAL_WARNING));
            metadata.insert("_EXPERIMENTAL_FEATURES_ENABLED".to_owned(), json!(experiments));
        }
        let version = env!("CARGO_PKG_VERSION");
        let generator = json!({ "name": "prebake", "version": version });
        metadata.insert("_generator".to_owned(), generator);
        let mut exported = Vec::new();
        for statement in self.bound.program.statements {
            match statement {
                StatementSyntax::Metadata(node) => {
                    self.enter(node.name.name, node.value.span());
                    let value = self.json(node.value, &Env::empty());
                    self.leave();
                    metadata.insert(node.name.name.to_owned(), value);
                }
                StatementSyntax::Variable(node)
                    if decorators::find(node.decorators, "export").is_some() =>
                {
                    let mut variable = Map::new();
                    variable.insert("name".to_owned(), Value::from(node.name.name));
                    if let Some(description) = self.description(node.decorators) {
                        variable.insert("description".to_owned(), description);
                    }
                    if let Some(declared) = node.r#type {
                        let declared = Value::Object(self.type_object(declared));
                        variable.insert("type".to_owned(), declared);
                    }
                    exported.push(Value::Object(variable));
                }
                _ => {}
            }
        }
        if !exported.is_empty() {
            exported.sort_by(|left, right| left["name"].as_str().cmp(&right["name"].as_str()));
            let exported = Value::Array(exported);
            metadata.insert("__bicep_exported_variables!".to_owned(), exported);
        }
        metadata
    }

    fn definitions(&self) -> Map<String, Value> {
        let mut definitions = Map::new();
        for statement in self.bound.program.statements {
            let StatementSyntax::Type(node) = statement else { continue };
            self.enter(node.name.name, node.name.span);
            let object = self.decorated_type(node.value, node.decorators);
            self.leave();
            definitions.insert(node.name.name.to_owned(), Value::Object(object));
        }
        definitions.extend(self.imports.definitions(self));
        definitions
    }

    fn parameters(&self) -> Map<String, Value> {
        let mut parameters = Map::new();
        for statement in self.bound.program.statements {
            let StatementSyntax::Parameter(node) = statement else { continue };
            self.enter(node.name.name, node.name.span);
            parameters.insert(node.name.name.to_owned(), self.parameter(node));
            self.leave();
        }
        parameters
    }

    fn parameter(&self, node: &'a ParameterDeclarationSyntax<'a>) -> Value {
        let mut object = self.decorated_type(node.r#type, node.decorators);
        if let Some(default) = node.default {
            self.enter("defaultValue", default.span());
            object.insert("defaultValue".to_owned(), self.json(default, &Env::empty()));
            self.leave();
        }
        Value::Object(object)
    }

    fn outputs(&self) -> Map<String, Value> {
        let mut outputs = Map::new();
        for statement in self.bound.program.statements {
            let StatementSyntax::Output(node) = statement else { continue };
            self.enter(node.name.name, node.name.span);
            outputs.insert(node.name.name.to_owned(), self.output(node));
            self.leave();
        }
        outputs
    }

    fn output(&self, node: &'a OutputDeclarationSyntax<'a>) -> Value {
        let mut object = self.decorated_type(node.r#type, node.decorators);
        if let ExpressionSyntax::For(looped) = node.value.without_parentheses() {
            self.enter("copy", looped.keyword);
            object.insert(
                "copy".to_owned(),
                self.json_loop(self.looped(looped, None, &Env::empty())),
            );
        } else {
            self.enter("value", node.value.span());
            object.insert("value".to_owned(), self.json(node.value, &Env::empty()));
        }
        self.leave();
        Value::Object(object)
    }

    fn asserts(&self) -> Map<String, Value> {
        let mut asserts = Map::new();
        for statement in self.bound.program.statements {
            let StatementSyntax::Assert(node) = statement else { continue };
            asserts.insert(node.name.name.to_owned(), self.json(node.value, &Env::empty()));
        }
        asserts
    }

    fn functions(&self) -> Value {
        let mut functions: Vec<(String, String, Value)> = Vec::new();
        for statement in self.bound.program.statements {
            let StatementSyntax::Function(node) = statement else { continue };
            let name = node.name.name.to_owned();
            functions.push(("__bicep".to_owned(), name, self.user_function(node)));
        }
        functions.extend(self.imports.functions(self));
        let mut namespaces: Vec<(String, Map<String, Value>)> = Vec::new();
        for (namespace, name, function) in functions {
            match namespaces.iter_mut().find(|known| known.0 == namespace) {
                Some((_, members)) => {
                    members.insert(name, function);
                }
                None => namespaces.push((namespace, Map::from_iter([(name, function)]))),
            }
        }
        let namespaces = namespaces.into_iter();
        namespaces.map(|(name, members)| json!({ "namespace": name, "members": members })).collect()
    }

    pub(super) fn user_function(&self, node: &'a FunctionDeclarationSyntax<'a>) -> Value {
        let parameters = node.parameters.iter().map(|parameter| {
            let mut object = self.type_object(parameter.r#type);
            object.insert("name".to_owned(), Value::from(parameter.name.name));
            Value::Object(object)
        });
        let mut object = Map::new();
        object.insert("parameters".to_owned(), parameters.collect());
        let mut output = self.type_object(node.return_type);
        output.insert("value".to_owned(), self.json(node.body, &Env::empty()));
        object.insert("output".to_owned(), Value::Object(output));
        self.decorate(&mut object, node.decorators);
        Value::Object(object)
    }

    fn deployed(&self) -> Value {
        let start = self.bound.program.span.start;
        self.enter("resources", crate::diagnostic::Span::new(start, start));
        let mut resources = self.resources();
        resources.extend(self.modules(resources.len()));
        self.leave();
        if self.symbolic {
            Value::Object(resources.into_iter().collect())
        } else {
            resources.into_iter().map(|(_, resource)| resource).collect()
        }
    }
}

fn template_scope(unit: &BicepUnit<'_>) -> TemplateScope {
    let scope = unit.bound.program.statements.iter().find_map(|statement| match statement {
        StatementSyntax::TargetScope(node) => node.value.literal(),
        _ => None,
    });
    match scope {
        Some("tenant") => TemplateScope::Tenant,
        Some("managementGroup") => TemplateScope::ManagementGroup,
        Some("subscription") => TemplateScope::Subscription,
        _ => TemplateScope::ResourceGroup,
    }
}

fn schema(scope: TemplateScope) -> &'static str {
    match scope {
        TemplateScope::Tenant => {
            "https://schema.management.azure.com/schemas/2019-08-01/tenantDeploymentTemplate.json#"
        }
        TemplateScope::ManagementGroup => {
            "https://schema.management.azure.com/schemas/2019-08-01/managementGroupDeploymentTemplate.json#"
        }
        TemplateScope::Subscription => {
            "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"
        }
        TemplateScope::ResourceGroup => {
            "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
        }
    }
}
