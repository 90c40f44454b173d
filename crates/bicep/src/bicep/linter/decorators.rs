//! What decorators say, or fail to say.

use super::{Linting, decorator};
use crate::bicep::syntax::{
    DecoratorSyntax, ExpressionSyntax, IdentifierSyntax, ParameterDeclarationSyntax,
    StatementSyntax,
};
use crate::diagnostic::Span;

pub(super) fn conflicting_metadata(linting: &Linting<'_, '_>) {
    for statement in linting.bound.program.statements {
        let decorators = statement.decorators();
        let Some([ExpressionSyntax::Object(metadata)]) = decorator(decorators, "metadata") else {
            continue;
        };
        let Some(described) = metadata.property("description") else { continue };
        if decorator(decorators, "description").is_some() {
            let title = "a description that another one overrides";
            let label = "`@description` takes its place";
            linting.report(described.span, title, label, "keep one of them");
        }
    }
}

pub(super) fn secure_parameter_default(linting: &Linting<'_, '_>) {
    for statement in linting.bound.program.statements {
        let StatementSyntax::Parameter(node) = statement else { continue };
        let Some(default) = node.default else { continue };
        if decorator(node.decorators, "secure").is_none() || is_harmless(default) {
            continue;
        }
        let title = format!("a default for the secret `{}`", node.name.name);
        let label = "whoever reads the file knows it";
        linting.report(assignment(linting, node, default), title, label, "remove the default");
    }
}

/// From the `=` to the end of the default.
fn assignment(
    linting: &Linting<'_, '_>,
    node: &ParameterDeclarationSyntax<'_>,
    default: ExpressionSyntax<'_>,
) -> Span {
    let start = node.r#type.span().end;
    let between = linting.text(Span::new(start, default.span().start));
    let sign = between.find('=').map_or(start, |at| start + u32::try_from(at).unwrap_or(0));
    Span::new(sign, default.span().end)
}

/// Whether a default tells nothing: it is empty, or new for each deployment.
fn is_harmless(default: ExpressionSyntax<'_>) -> bool {
    match default.without_parentheses() {
        ExpressionSyntax::String(node) if node.literal() == Some("") => return true,
        ExpressionSyntax::Object(node) if node.items.is_empty() => return true,
        _ => {}
    }
    let mut is_new = false;
    super::walk_all(default, &mut |expression| {
        is_new |= matches!(expression, ExpressionSyntax::FunctionCall(call) if call.name.name == "newGuid");
    });
    is_new
}

pub(super) fn described_outputs(linting: &Linting<'_, '_>) {
    for statement in linting.bound.program.statements {
        if let StatementSyntax::Output(node) = statement {
            linting.described("output", node.name, node.decorators);
        }
    }
}

pub(super) fn described_parameters(linting: &Linting<'_, '_>) {
    for statement in linting.bound.program.statements {
        if let StatementSyntax::Parameter(node) = statement {
            linting.described("parameter", node.name, node.decorators);
        }
    }
}

impl Linting<'_, '_> {
    fn described(
        &self,
        what: &str,
        name: IdentifierSyntax<'_>,
        decorators: &[DecoratorSyntax<'_>],
    ) {
        let has = |name: &str| decorators.iter().any(|it| called(it) == Some(name));
        let in_metadata = || {
            decorators.iter().any(|it| match it.expression {
                ExpressionSyntax::FunctionCall(call) => match call.arguments {
                    [ExpressionSyntax::Object(object)] => object.property("description").is_some(),
                    _ => false,
                },
                _ => false,
            })
        };
        if !has("description") && !in_metadata() {
            let title = format!("the {what} `{}` has no description", name.name);
            self.report(
                name.span,
                title,
                "nothing says what it is for",
                "add `@description('...')`",
            );
        }
    }
}

fn called<'a>(decorator: &DecoratorSyntax<'a>) -> Option<&'a str> {
    match decorator.expression {
        ExpressionSyntax::FunctionCall(call) => Some(call.name.name),
        ExpressionSyntax::InstanceFunctionCall(call) => Some(call.name.name),
        _ => None,
    }
}
