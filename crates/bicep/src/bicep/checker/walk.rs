//! Every statement with its types: what stands after `=` must fit what stands before it.

use super::Checker;
use super::bodies::parameters_of;
use super::interface::arguments_of;
use super::narrow::Narrowing;
use crate::bicep::binder::SymbolKind;
use crate::bicep::syntax::{
    AssertDeclarationSyntax, ExpressionSyntax, FunctionDeclarationSyntax, ModuleDeclarationSyntax,
    ObjectItemSyntax, ObjectSyntax, ParameterDeclarationSyntax, ResourceDeclarationSyntax,
    StatementSyntax, TargetScopeSyntax, TestDeclarationSyntax, TypeSyntax,
};
use crate::bicep::types::{ObjectType, Text, Type, assignable};
use crate::diagnostic::{Diagnostics, Span};

/// The scopes that a file may have.
const TARGET_SCOPES: [&str; 4] = ["managementGroup", "resourceGroup", "subscription", "tenant"];

impl<'a> Checker<'a, '_> {
    pub(super) fn statements(&self) {
        for statement in self.bound.program.statements {
            self.statement(*statement);
        }
        let scopes = self.bound.program.statements.iter().filter_map(|statement| match statement {
            StatementSyntax::TargetScope(node) => Some(node.keyword),
            _ => None,
        });
        let scopes: Vec<Span> = scopes.collect();
        if scopes.len() > 1 {
            for span in scopes {
                let words = ("a file has only one target scope", "keep one of them");
                self.error("BCP112", span, "`targetScope` is set more than once", words);
            }
        }
    }

    fn statement(&self, statement: StatementSyntax<'a>) {
        match statement {
            StatementSyntax::TargetScope(node) => self.target_scope(node),
            StatementSyntax::Metadata(node) => {
                if !self.infer(node.value).is_error() {
                    self.constant_value(node.value);
                }
            }
            StatementSyntax::Parameter(node) => self.parameter(node),
            StatementSyntax::ParameterAssignment(node) => {
                self.infer(node.value);
            }
            StatementSyntax::Variable(node) => match node.r#type {
                Some(declared) => {
                    let declared = self.described_with(declared, node.decorators);
                    self.declared_as(node.value, &declared, node.name.span);
                }
                None => {
                    self.infer(node.value);
                }
            },
            StatementSyntax::Function(node) => self.function(node),
            StatementSyntax::Output(node) => {
                let declared = self.described_with(node.r#type, node.decorators);
                // Resources may stand for what their experimental types declare.
                if matches!(node.r#type, TypeSyntax::Resource(_)) {
                    self.infer(node.value);
                } else {
                    self.declared_as(node.value, &declared, node.name.span);
                }
            }
            StatementSyntax::Resource(node) => self.resource_statement(node),
            StatementSyntax::Module(node) => {
                self.spread_bodies(node.body().object);
                self.module_statement(node);
            }
            StatementSyntax::Assert(node) => self.assertion(node),
            StatementSyntax::Test(node) => {
                self.needs_experiment("testFramework", "BCP348", node.span);
                self.test(node);
            }
            StatementSyntax::Type(_)
            | StatementSyntax::Import(_)
            | StatementSyntax::Extension(_)
            | StatementSyntax::Using(_)
            | StatementSyntax::Extends(_)
            | StatementSyntax::ExtensionConfig(_)
            | StatementSyntax::Missing(_)
            | StatementSyntax::Skipped(_) => {}
        }
    }

    fn parameter(&self, node: &ParameterDeclarationSyntax<'a>) {
        let declared = self.parameter_type(node);
        self.allowed_values(node);
        let Some(default) = node.default else { return };
        self.parameter_default(default);
        if declared.allows_null() {
            let words = ("the type allows `null`", "remove the default value or the `?`");
            let title = "a default value for a parameter that is `null` by default";
            self.error("BCP326", default.span(), title, words);
        }
        if declared.is_error() {
            self.infer(default);
        } else {
            self.narrow(default, &declared, Narrowing::VALUE);
        }
    }

    fn assertion(&self, node: &AssertDeclarationSyntax<'a>) {
        self.needs_experiment("assertions", "BCP349", node.span);
        let found = self.infer(node.value);
        if !found.is_error() && !assignable(&found, &Type::bool()) {
            let title = format!("the assertion is `{}`, not `bool`", found.name());
            let words = ("an assertion must be a boolean", "use a comparison");
            self.error("BCP350", node.value.span(), title, words);
        }
    }

    /// Reports what an experiment brings when `bicepconfig.json` does not switch that on.
    pub(super) fn needs_experiment(&self, name: &str, code: &'static str, span: Span) {
        if !self.modules.experiment(name) {
            let title = format!("this needs the experimental feature `{name}`");
            let help = format!("set `experimentalFeaturesEnabled.{name}` in bicepconfig.json");
            self.error(code, span, title, ("the feature is off", &help));
        }
    }

    /// The values of `@allowed` must be of the type of the parameter.
    fn allowed_values(&self, node: &ParameterDeclarationSyntax<'a>) {
        let allowed = arguments_of(node.decorators, "allowed");
        let Some([values @ ExpressionSyntax::Array(_)]) = allowed else { return };
        let declared = self.described(node.r#type);
        if !declared.is_error() {
            let some = declared.without_null().unwrap_or_else(|| declared.clone());
            let wanted = match &some {
                Type::Array(array) => array.item().or(declared),
                _ => declared,
            };
            self.narrow(*values, &Type::array_of(wanted), Narrowing::VALUE);
        }
    }

    /// Holds the value of a declaration to its type.
    fn declared_as(&self, value: ExpressionSyntax<'a>, declared: &Type<'a>, name: Span) {
        self.infer(value);
        if !declared.is_error() {
            self.narrow(value, declared, Narrowing::declaration(name, false));
        }
    }

    fn module_statement(&self, node: &ModuleDeclarationSyntax<'a>) {
        match self.bound.declared(node.name).and_then(|id| self.module_body(id)) {
            Some(body) => {
                let body = of_loop(node.value, Type::Object(body));
                self.declared_as(node.value, &body, node.name.span);
            }
            None if self.modules.is_unknown(node.path) => {}
            None => {
                self.infer(node.value);
            }
        }
    }

    /// A test gives its file parameters, and nothing else.
    fn test(&self, node: &TestDeclarationSyntax<'a>) {
        if let ExpressionSyntax::Skipped(path) = node.path {
            let words = ("expected the path of the file to test", "add the path as a string");
            self.error("BCP358", path.span, "the test has no path", words);
            return;
        }
        match self.modules.interface(node.path) {
            Some(interface) => {
                let body = Type::shaped(ObjectType {
                    properties: vec![parameters_of(interface)],
                    ..ObjectType::default()
                });
                self.declared_as(node.value, &body, node.name.span);
            }
            None => {
                self.infer(node.value);
            }
        }
    }

    fn function(&self, node: &FunctionDeclarationSyntax<'a>) {
        for parameter in node.parameters {
            if let Some(id) = self.bound.declared(parameter.name) {
                let kind = self.described(parameter.r#type);
                self.locals.borrow_mut().insert(id, kind);
            }
        }
        let gives = self.described(node.return_type);
        self.late_functions(node.body);
        self.narrow(node.body, &gives, Narrowing::VALUE);
    }

    fn resource_statement(&self, node: &ResourceDeclarationSyntax<'a>) {
        let id = self.bound.resources.iter().position(|known| std::ptr::eq(known.syntax, node));
        let id = id.and_then(|at| u32::try_from(at).ok()).map(crate::bicep::binder::ResourceId);
        if let (Some(object), Some(_)) = (node.body().object, node.existing) {
            self.existing_bodies.borrow_mut().insert(object.span.start);
        }
        self.spread_bodies(node.body().object);
        let has_type = id.is_some_and(|id| !self.resource_type_error(id));
        if has_type {
            self.infer(node.value);
        }
        if let Some(id) = id.filter(|_| has_type)
            && let Some(body) = self.body(id)
            && (body.found.is_some() || !self.has_extensions())
        {
            self.known_type(id, &body);
            let body = of_loop(node.value, body.kind.clone());
            self.narrow(node.value, &body, Narrowing::declaration(node.name.span, true));
        }
        for nested in node.body().object.into_iter().flat_map(ObjectSyntax::resources) {
            self.resource_statement(nested);
        }
    }

    /// The bodies of which no type is known, because the type or the path is wrong: nothing in them is judged.
    fn unknown_bodies(&self) -> Vec<Span> {
        let resources = self.bound.numbered_resources();
        let resources = resources.filter(|(id, _)| self.resource_type_error(*id));
        let resources = resources.map(|(_, resource)| resource.syntax.value.span());
        let modules =
            self.bound.program.statements.iter().filter_map(|statement| match statement {
                StatementSyntax::Module(node) if self.modules.is_unknown(node.path) => {
                    Some(node.value.span())
                }
                _ => None,
            });
        let mut bodies: Vec<Span> = resources.chain(modules).collect();
        bodies.sort_by_key(|body| body.start);
        // One inside another says nothing more.
        bodies.dedup_by(|next, body| body.contains(*next));
        bodies
    }

    /// Whether a place is in a body of which no type is known.
    pub(super) fn is_in_unknown_body(&self, place: Span) -> bool {
        let bodies = self.unknown_bodies.get_or_init(|| self.unknown_bodies());
        let after = bodies.partition_point(|body| body.start <= place.start);
        after.checked_sub(1).is_some_and(|at| bodies[at].contains(place))
    }

    /// Tells what is wrong with names.
    pub(super) fn unknown_names(&self, diagnostics: &mut Diagnostics) {
        for finding in &self.bound.findings {
            let inside = finding.place.is_some_and(|place| self.is_in_unknown_body(place.span));
            if finding.code == "BCP028" || !inside {
                diagnostics.push(finding.clone());
            }
        }
    }

    /// What a body consists of must be known: nothing is spread into it.
    fn spread_bodies(&self, body: Option<&ObjectSyntax<'a>>) {
        for item in body.into_iter().flat_map(|body| body.items) {
            if let ObjectItemSyntax::Spread(node) = item {
                let words = ("not allowed at the top level of a body", "write each property");
                self.error("BCP401", node.span, "misplaced `...`", words);
            }
        }
    }

    fn target_scope(&self, node: &TargetScopeSyntax<'a>) {
        let found = self.infer(node.value);
        let known = match (&found, node.value) {
            (Type::Error | Type::Any, _) | (_, ExpressionSyntax::Array(_)) => true,
            (Type::String(Text { literal: Some(name), .. }), _) => {
                TARGET_SCOPES.contains(name) || *name == "desiredStateConfiguration"
            }
            _ => false,
        };
        if !known {
            let title = format!("`{}` is not a target scope", found.name());
            let help = format!("use one of '{}'", TARGET_SCOPES.join("', '"));
            self.error("BCP033", node.value.span(), title, ("not a valid target scope", &help));
        }
    }

    /// Only parameters and what imports offer is known before a deployment starts.
    fn parameter_default(&self, default: ExpressionSyntax<'a>) {
        for found in self.uses_in(default.span()) {
            let kind = self.bound.symbol(found.target).kind;
            if matches!(
                kind,
                SymbolKind::Variable(_) | SymbolKind::Resource(_) | SymbolKind::Module(_)
            ) {
                let words = (
                    "a default value can refer only to parameters",
                    "refer to a parameter, or move the expression to a variable",
                );
                self.error("BCP072", found.span, "the default value is not available yet", words);
            }
        }
    }
}

/// A body, or as many as a loop makes.
fn of_loop<'a>(value: ExpressionSyntax<'_>, body: Type<'a>) -> Type<'a> {
    match value {
        ExpressionSyntax::For(_) => Type::array_of(body),
        _ => body,
    }
}
