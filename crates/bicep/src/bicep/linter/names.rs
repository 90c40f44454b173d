//! Names that could be simpler.

use super::Linting;
use crate::bicep::binder::SymbolKind;
use crate::bicep::syntax::{ExpressionSyntax, ObjectKeySyntax};

pub(super) fn decompiler_cleanup(linting: &Linting<'_, '_>) {
    for symbol in &linting.bound.symbols {
        // What Microsoft's decompiler puts behind a name that is taken. For a resource, its rule reports at the
        // name that Azure sees.
        let (suffix, span) = match symbol.kind {
            SymbolKind::Variable(_) => ("_var", symbol.name.span),
            SymbolKind::Resource(id) => {
                let body = linting.bound.resource(id).syntax.body().object;
                match body.and_then(|body| body.property("name")).map(|name| name.value) {
                    Some(ExpressionSyntax::String(name)) => ("_resource", name.span),
                    _ => continue,
                }
            }
            _ => continue,
        };
        let name = symbol.name.name;
        let before = name.strip_suffix(suffix).and_then(|name| name.bytes().next_back());
        if before.is_some_and(|letter| letter.is_ascii_alphanumeric()) {
            let title = format!("the decompiler generated the name `{name}`");
            let help = "use a descriptive name";
            linting.report(span, title, "the name is not descriptive", help);
        }
    }
}

pub(super) fn unquoted_property_names(linting: &Linting<'_, '_>) {
    let report = |span, name: &str| {
        let title = format!("`{name}` needs no quotes");
        linting.report(span, title, "the name is a valid identifier", "remove the quotes");
    };
    linting.expressions(&mut |expression| match expression {
        ExpressionSyntax::Object(object) => {
            for property in object.properties() {
                if let ObjectKeySyntax::String(key) = property.key
                    && let Some(name) = key.literal().filter(|name| is_name(name))
                {
                    report(key.span, name);
                }
            }
        }
        ExpressionSyntax::ArrayAccess(node) => {
            if let Some(name) = node.index.literal().filter(|name| is_name(name)) {
                let mut span = node.span;
                span.start = node.base.span().end;
                report(span, name);
            }
        }
        _ => {}
    });
}

fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    let starts = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    starts && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
