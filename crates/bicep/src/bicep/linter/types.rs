//! Types that say less than they could.

use super::Linting;
use crate::bicep::syntax::TypeSyntax;

pub(super) fn explicit_any(linting: &Linting<'_, '_>) {
    let report = |span| {
        let help = "name the type that the value has";
        linting.report(span, "`any` as a type", "nothing is checked here", help);
    };
    linting.types(&mut |node| match node {
        TypeSyntax::Variable(node)
            if node.name.name == "any" && linting.bound.target(node.name).is_none() =>
        {
            report(node.name.span);
        }
        TypeSyntax::PropertyAccess(node) if node.name.name == "any" => {
            if matches!(node.base, TypeSyntax::Variable(base) if base.name.name == "sys") {
                report(node.base.span());
            }
        }
        _ => {}
    });
}

pub(super) fn user_defined(linting: &Linting<'_, '_>) {
    linting.types(&mut |node| {
        let TypeSyntax::Variable(node) = node else { return };
        if matches!(node.name.name, "object" | "array") {
            let title = format!("`{}` as a type", node.name.name);
            let help = "declare a type with its properties or items";
            linting.report(node.name.span, title, "it says nothing of what is inside", help);
        }
    });
}
