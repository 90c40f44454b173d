//! What rules look at: expressions, types and properties of a file, in order.

use super::Linting;
use crate::bicep::binder::ResourceId;
use crate::bicep::syntax::{
    DecoratorSyntax, ExpressionSyntax, ObjectItemSyntax, ObjectPropertySyntax,
    ObjectTypeItemSyntax, ResourceDeclarationSyntax, StatementSyntax, TypeSyntax, walk,
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

    /// Visits every type expression of the file, the outer ones first.
    pub(super) fn types(&self, visit: &mut dyn FnMut(TypeSyntax<'a>)) {
        for statement in self.bound.program.statements {
            match statement {
                StatementSyntax::Parameter(node) => walk_types(node.r#type, visit),
                StatementSyntax::Type(node) => walk_types(node.value, visit),
                StatementSyntax::Output(node) => walk_types(node.r#type, visit),
                StatementSyntax::Variable(node) => {
                    if let Some(declared) = node.r#type {
                        walk_types(declared, visit);
                    }
                }
                StatementSyntax::Function(node) => {
                    node.parameters.iter().for_each(|it| walk_types(it.r#type, visit));
                    walk_types(node.return_type, visit);
                }
                _ => {}
            }
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
                ObjectItemSyntax::Property(property) => {
                    if visit(property) {
                        properties(property.value, visit);
                    }
                }
                ObjectItemSyntax::Spread(node) => properties(node.expression, visit),
                _ => {}
            }
        }
        false
    });
}

/// Visits a type expression and all inside of it.
pub(super) fn walk_types<'a>(node: TypeSyntax<'a>, visit: &mut dyn FnMut(TypeSyntax<'a>)) {
    visit(node);
    match node {
        TypeSyntax::PropertyAccess(node) => walk_types(node.base, visit),
        TypeSyntax::AdditionalPropertiesAccess(node) => walk_types(node.base, visit),
        TypeSyntax::ArrayAccess(node) => walk_types(node.base, visit),
        TypeSyntax::ItemsAccess(node) => walk_types(node.base, visit),
        TypeSyntax::Array(node) => walk_types(node.item, visit),
        TypeSyntax::Nullable(node) => walk_types(node.base, visit),
        TypeSyntax::NonNull(node) => walk_types(node.base, visit),
        TypeSyntax::Unary(node) => walk_types(node.operand, visit),
        TypeSyntax::Parenthesized(node) => walk_types(node.r#type, visit),
        TypeSyntax::Union(node) => node.members.iter().for_each(|it| walk_types(*it, visit)),
        TypeSyntax::Tuple(node) => node.items.iter().for_each(|it| walk_types(it.value, visit)),
        TypeSyntax::Object(node) => {
            for item in node.items {
                match item {
                    ObjectTypeItemSyntax::Property(node) => walk_types(node.value, visit),
                    ObjectTypeItemSyntax::AdditionalProperties(node) => {
                        walk_types(node.value, visit);
                    }
                    ObjectTypeItemSyntax::Skipped(_) => {}
                }
            }
        }
        TypeSyntax::Instantiation(node) => {
            node.arguments.iter().for_each(|it| walk_types(*it, visit));
        }
        TypeSyntax::Variable(_)
        | TypeSyntax::String(_)
        | TypeSyntax::Integer(_)
        | TypeSyntax::Boolean(_)
        | TypeSyntax::Null(_)
        | TypeSyntax::Resource(_)
        | TypeSyntax::Skipped(_) => {}
    }
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
