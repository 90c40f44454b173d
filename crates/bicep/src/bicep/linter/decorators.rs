//! What decorators say, or fail to say.

use super::{Linting, decorator};
use crate::bicep::syntax::{
    DecoratorSyntax, ExpressionSyntax, IdentifierSyntax, ObjectTypeItemSyntax,
    ParameterDeclarationSyntax, StatementSyntax, TypeSyntax, walk_types,
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
            let title = "the metadata description is overridden";
            let label = "`@description` overrides it";
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
        let title = format!("secure parameter `{}` has a default value", node.name.name);
        let label = "anyone who can read the file can read the value";
        linting.report(
            assignment(linting, node, default),
            title,
            label,
            "remove the default value",
        );
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
    super::visit::walk_all(default, &mut |expression| {
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

pub(super) fn described_types(linting: &Linting<'_, '_>) {
    for statement in linting.bound.program.statements {
        let StatementSyntax::Type(node) = statement else { continue };
        // The objects that a discriminator chooses from describe themselves.
        if decorator(node.decorators, "discriminator").is_none() {
            linting.described("type", node.name, node.decorators);
        }
    }
}

pub(super) fn described_type_properties(linting: &Linting<'_, '_>) {
    for statement in linting.bound.program.statements {
        let StatementSyntax::Type(node) = statement else { continue };
        walk_types(node.value, &mut |inner| {
            let TypeSyntax::Object(object) = inner else { return };
            for item in object.items {
                let (name, span, decorators) = match item {
                    ObjectTypeItemSyntax::Property(node) => {
                        let Some(name) = node.name() else { continue };
                        (name, node.key.span(), node.decorators)
                    }
                    ObjectTypeItemSyntax::AdditionalProperties(node) => {
                        let end = node.span.end.saturating_sub(1);
                        let star = linting.text(node.span).find("*:");
                        let start = star.map_or(end, |at| node.span.start + small(at));
                        ("*", Span::new(start, start + 1), node.decorators)
                    }
                    ObjectTypeItemSyntax::Skipped(_) => continue,
                };
                linting.described("property", IdentifierSyntax { name, span }, decorators);
            }
        });
    }
}

fn small(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(0)
}

pub(super) fn described_variables(linting: &Linting<'_, '_>) {
    for statement in linting.bound.program.statements {
        if let StatementSyntax::Variable(node) = statement {
            linting.described("variable", node.name, node.decorators);
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
        let help = "add `@description('...')`";
        let Some(arguments) = decorator(decorators, "description") else {
            let title = format!("the {what} `{}` has no description", name.name);
            return self.report(name.span, title, "its purpose is not documented", help);
        };
        let Some(text) = arguments.first() else { return };
        if text.literal().is_some_and(|text| text.trim().is_empty()) {
            let title = format!("the description of the {what} `{}` is empty", name.name);
            self.report(text.span(), title, "the text is empty", "describe its purpose");
        }
    }
}
