//! A file as a whole, and its declarations that are short.

use super::{Env, Lowerer, Lowering, Session, decorators, version};
use crate::bicep::compiled::Compiled;
use crate::bicep::ir::{
    Assert, ExportedVariable, Function, FunctionKind, Metadata, MetadataItem, Output, Parameter,
    Program, TemplateScope, TypeDeclaration,
};
use crate::bicep::load::{BicepUnit, UnitId};
use crate::bicep::syntax::{FunctionDeclarationSyntax, StatementSyntax};
use crate::diagnostic::{Diagnostic, Diagnostics, Span};

impl Lowering<'_, '_> {
    /// The intermediate form of a Bicep file, after those it refers to.
    pub fn program(
        &mut self,
        id: UnitId,
        compiled: &[Option<Compiled>],
        diagnostics: &mut Diagnostics,
    ) -> Option<Program> {
        let unit = self.loaded.bicep(id)?;
        let extensions = extensions(unit);
        if !extensions.is_empty() {
            for finding in extensions {
                diagnostics.push(finding);
            }
            return None;
        }
        let imports = self.imports(id, diagnostics);
        let session = Session {
            scope: template_scope(unit),
            symbolic: version::needs_symbols(unit, compiled),
            compiled,
            ..self.session(&imports)
        };
        let program = session.lowerer(id)?.program();
        session.take_problems(diagnostics);
        Some(program)
    }
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

impl<'a> Lowerer<'a, '_> {
    fn program(&self) -> Program {
        let start = self.bound.program.span.start;
        let symbolic = self.session.symbolic;
        Program {
            scope: self.session.scope,
            language_version: version::language_version(self.unit, symbolic),
            symbolic,
            place: self.bound.place(Span::new(start, start)),
            metadata: self.metadata(),
            types: self.types(),
            functions: self.functions(),
            parameters: self.parameters(),
            loaded: self.loaded_files(),
            variables: self.variables(),
            resources: self.resources(),
            modules: self.modules(),
            outputs: self.outputs(),
            asserts: self.asserts(),
        }
    }

    fn metadata(&self) -> Metadata {
        let mut items = Vec::new();
        let mut exported_variables = Vec::new();
        for statement in self.bound.program.statements {
            match statement {
                StatementSyntax::Metadata(node) => items.push(MetadataItem {
                    name: node.name.name.to_owned(),
                    value: self.value(node.value, &Env::empty()),
                    place: self.bound.place(node.value.span()),
                }),
                StatementSyntax::Variable(node)
                    if decorators::find(node.decorators, "export").is_some() =>
                {
                    exported_variables.push(ExportedVariable {
                        name: node.name.name.to_owned(),
                        description: self.description(node.decorators),
                        kind: node.r#type.map(|declared| self.type_of(declared)),
                    });
                }
                _ => {}
            }
        }
        exported_variables.sort_by(|left, right| left.name.cmp(&right.name));
        let experiments = version::experiments(self.unit).collect();
        Metadata { experiments, items, exported_variables }
    }

    fn types(&self) -> Vec<TypeDeclaration> {
        let statements = self.bound.program.statements.iter();
        let own = statements.filter_map(|statement| match statement {
            StatementSyntax::Type(node) => Some(TypeDeclaration {
                name: node.name.name.to_owned(),
                kind: self.declared_type(node.value, node.decorators),
                imported: None,
                place: Some(self.bound.place(node.name.span)),
            }),
            _ => None,
        });
        own.chain(self.imported_types()).collect()
    }

    fn functions(&self) -> Vec<Function> {
        let statements = self.bound.program.statements.iter();
        let own = statements.filter_map(|statement| match statement {
            StatementSyntax::Function(node) => Some(Function {
                namespace: "__bicep".to_owned(),
                name: node.name.name.to_owned(),
                kind: self.function_kind(node),
                imported: None,
            }),
            _ => None,
        });
        own.chain(self.imported_functions()).collect()
    }

    pub(super) fn function_kind(&self, node: &'a FunctionDeclarationSyntax<'a>) -> FunctionKind {
        let parameters = node.parameters.iter();
        let parameters = parameters
            .map(|parameter| (parameter.name.name.to_owned(), self.type_of(parameter.r#type)));
        FunctionKind::Bicep {
            parameters: parameters.collect(),
            output: self.type_of(node.return_type),
            value: self.value(node.body, &Env::empty()),
            decorations: self.decorations(node.decorators),
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        let statements = self.bound.program.statements.iter();
        let parameters = statements.filter_map(|statement| match statement {
            StatementSyntax::Parameter(node) => Some(Parameter {
                name: node.name.name.to_owned(),
                kind: self.declared_type(node.r#type, node.decorators),
                default: node.default.map(|default| {
                    (self.value(default, &Env::empty()), self.bound.place(default.span()))
                }),
                place: self.bound.place(node.name.span),
            }),
            _ => None,
        });
        parameters.collect()
    }

    fn outputs(&self) -> Vec<Output> {
        let statements = self.bound.program.statements.iter();
        let outputs = statements.filter_map(|statement| match statement {
            StatementSyntax::Output(node) => Some(Output {
                name: node.name.name.to_owned(),
                kind: self.declared_type(node.r#type, node.decorators),
                value: self.initializer(node.value, None),
                place: self.bound.place(node.name.span),
            }),
            _ => None,
        });
        outputs.collect()
    }

    fn asserts(&self) -> Vec<Assert> {
        let statements = self.bound.program.statements.iter();
        let asserts = statements.filter_map(|statement| match statement {
            StatementSyntax::Assert(node) => Some(Assert {
                name: node.name.name.to_owned(),
                value: self.value(node.value, &Env::empty()),
            }),
            _ => None,
        });
        asserts.collect()
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
