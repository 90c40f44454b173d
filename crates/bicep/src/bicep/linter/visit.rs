//! What rules look at: expressions, types and properties of a file, in order.

use super::Linting;
use crate::bicep::binder::ResourceId;
use crate::bicep::syntax::{
    DecoratorSyntax, ExpressionSyntax, ObjectItemSyntax, ObjectPropertySyntax,
    ResourceDeclarationSyntax, StatementSyntax, TypeSyntax, walk, walk_statement_types,
};

impl<'a> Linting<'a, '_> {
    /// Visits every expression of the file, the outer ones first.
    pub(super) fn expressions(&self, visit: &mut dyn FnMut(ExpressionSyntax<'a>)) {
        for statement in self.bound.program.statements {
            decorated(statement.decorators(), visit);
            if let Some(value) = value(*statement) {
                walk_all(value, visit);
            }
        }
    }

    /// Visits every expression of the file but those in decorators of statements.
    pub(super) fn undecorated(&self, visit: &mut dyn FnMut(ExpressionSyntax<'a>)) {
        for statement in self.bound.program.statements {
            if let Some(value) = value(*statement) {
                walk_all(value, visit);
            }
        }
    }

    /// Visits every type expression of the file, the outer ones first.
    pub(super) fn types(&self, visit: &mut dyn FnMut(TypeSyntax<'a>)) {
        for statement in self.bound.program.statements {
            walk_statement_types(*statement, visit);
        }
    }

    /// The resources with their numbers, each before those nested in it.
    pub(super) fn resources(
        &self,
    ) -> impl Iterator<Item = (ResourceId, &'a ResourceDeclarationSyntax<'a>)> {
        (0..).map(ResourceId).zip(self.bound.resources.iter().map(|resource| resource.syntax))
    }
}

/// Visits an expression, all inside of it, and the resources that stand in it.
pub(super) fn walk_all<'a>(
    value: ExpressionSyntax<'a>,
    visit: &mut dyn FnMut(ExpressionSyntax<'a>),
) {
    let mut nested: Vec<&ResourceDeclarationSyntax<'a>> = Vec::new();
    walk(value, &mut |expression| {
        visit(expression);
        if let ExpressionSyntax::Object(object) = expression {
            nested.extend(object.items.iter().filter_map(|item| match item {
                ObjectItemSyntax::Resource(resource) => Some(*resource),
                _ => None,
            }));
        }
        true
    });
    for resource in nested {
        decorated(resource.decorators, visit);
        walk_all(resource.value, visit);
    }
}

fn decorated<'a>(decorators: &[DecoratorSyntax<'a>], visit: &mut dyn FnMut(ExpressionSyntax<'a>)) {
    for decorator in decorators {
        walk_all(decorator.expression, visit);
    }
}

/// Visits the properties inside of a value, and goes into each that the visitor lets it.
pub(super) fn properties<'a>(
    value: ExpressionSyntax<'a>,
    visit: &mut dyn FnMut(&'a ObjectPropertySyntax<'a>) -> bool,
) {
    walk(value, &mut |expression| {
        let ExpressionSyntax::Object(object) = expression else { return true };
        for item in object.items {
            match item {
                ObjectItemSyntax::Property(property) if visit(property) => {
                    properties(property.value, visit);
                }
                ObjectItemSyntax::Spread(node) => properties(node.expression, visit),
                _ => {}
            }
        }
        false
    });
}

/// What stands after the `=` of a statement.
fn value(statement: StatementSyntax<'_>) -> Option<ExpressionSyntax<'_>> {
    Some(match statement {
        StatementSyntax::TargetScope(node) => node.value,
        StatementSyntax::Metadata(node) => node.value,
        StatementSyntax::Parameter(node) => return node.default,
        StatementSyntax::Variable(node) => node.value,
        StatementSyntax::Function(node) => node.body,
        StatementSyntax::Output(node) => node.value,
        StatementSyntax::Resource(node) => node.value,
        StatementSyntax::Module(node) => node.value,
        StatementSyntax::Assert(node) => node.value,
        StatementSyntax::Test(node) => node.value,
        StatementSyntax::ParameterAssignment(node) => node.value,
        StatementSyntax::Extension(node) => return node.config,
        StatementSyntax::ExtensionConfig(node) => return node.config,
        _ => return None,
    })
}
