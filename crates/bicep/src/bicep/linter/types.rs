//! Types that say less than they could.

use super::Linting;
use crate::bicep::syntax::TypeSyntax;

pub(super) fn explicit_any(linting: &Linting<'_, '_>) {
    let report = |span| {
        let help = "use the type of the value";
        linting.report(
            span,
            "`any` is used as a type",
            "values of this type are not checked",
            help,
        );
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
            let title = format!("`{}` is used as a type", node.name.name);
            let help = "declare a type with its properties or items";
            linting.report(node.name.span, title, "the contents are not checked", help);
        }
    });
}
