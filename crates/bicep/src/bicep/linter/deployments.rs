//! Deployments that are written as resources.

use super::modules::is_object;
use super::{Linting, decorator, inside};
use crate::bicep::binder::{ResourceId, SymbolKind};
use crate::bicep::functions::is_list_function;
use crate::bicep::syntax::{
    ExpressionSyntax, ObjectSyntax, ResourceDeclarationSyntax, StatementSyntax,
};
use crate::diagnostic::Span;

pub(super) fn template_scoping(linting: &Linting<'_, '_>) {
    for (id, node) in linting.resources() {
        let Some(properties) = linting.deployment(id, node) else { continue };
        let Some(template) = properties.property("template") else { continue };
        let scope = inside(properties, &["expressionEvaluationOptions", "scope"]);
        let scope = scope.and_then(|scope| linting.known_text(scope));
        let is_inner = scope.is_some_and(|scope| scope.eq_ignore_ascii_case("inner"));
        if !is_inner && !linting.is_symbolic() {
            continue;
        }
        for found in linting.uses_in(template.value.span()) {
            let title = format!("`{}` is used inside another template", linting.text(found));
            let label = "the nested template is evaluated separately";
            linting.report(found, title, label, "pass it as a parameter of the template");
        }
    }
}

pub(super) fn secure_parameters(linting: &Linting<'_, '_>) {
    // With symbolic names, a template inside is evaluated on its own.
    if linting.is_symbolic() {
        return;
    }
    for (id, node) in linting.resources() {
        if linting.bound.resource(id).nested_in.is_some() {
            continue;
        }
        let Some(properties) = linting.deployment(id, node) else { continue };
        let scope = inside(properties, &["expressionEvaluationOptions", "scope"]);
        let scope = scope.and_then(ExpressionSyntax::literal);
        let is_inner = scope.is_some_and(|scope| scope.eq_ignore_ascii_case("inner"));
        if is_inner || !is_object(properties.property("template").map(|it| it.value)) {
            continue;
        }
        let label = "Azure stores the value in the deployment history";
        let help = "set `expressionEvaluationOptions.scope` to 'inner', or use a module";
        if linting.reads_secrets(node) {
            let title = format!("deployment `{}` contains secrets", node.name.name);
            linting.report(node.name.span, title, label, help);
        }
        let mut lists = false;
        super::visit::walk_all(node.value, &mut |expression| {
            lists |= matches!(expression, ExpressionSyntax::FunctionCall(call) if is_list_function(call.name.name));
        });
        if lists {
            let title = format!("deployment `{}` contains keys", node.name.name);
            linting.report(node.name.span, title, label, help);
        }
    }
}

impl<'a> Linting<'a, '_> {
    /// The properties of a resource that is a deployment.
    fn deployment(
        &self,
        id: ResourceId,
        node: &ResourceDeclarationSyntax<'a>,
    ) -> Option<&'a ObjectSyntax<'a>> {
        let kind = self.kind_of(self.bound.resource(id));
        if !kind.eq_ignore_ascii_case("Microsoft.Resources/deployments") {
            return None;
        }
        match node.body().object?.property("properties")?.value {
            ExpressionSyntax::Object(properties) => Some(properties),
            _ => None,
        }
    }

    /// Whether the template of the file names its resources.
    fn is_symbolic(&self) -> bool {
        crate::bicep::lower::syntax_needs_symbols(self.unit)
    }

    /// Where the declarations of the file are used in a range.
    fn uses_in(&self, span: Span) -> Vec<Span> {
        let uses = self.bound.uses.iter().filter(|found| {
            let kind = self.bound.symbol(found.target).kind;
            let declared = !matches!(kind, SymbolKind::Namespace(_) | SymbolKind::Extension);
            declared && span.contains(found.span)
        });
        uses.map(|found| found.span).collect()
    }

    fn reads_secrets(&self, node: &ResourceDeclarationSyntax<'a>) -> bool {
        self.bound.program.statements.iter().any(|statement| {
            let StatementSyntax::Parameter(parameter) = statement else { return false };
            let id = self.bound.declared(parameter.name);
            decorator(parameter.decorators, "secure").is_some()
                && self.bound.uses.iter().any(|found| {
                    Some(found.target) == id
                        && node.span.start <= found.span.start
                        && found.span.end <= node.span.end
                })
        })
    }
}
