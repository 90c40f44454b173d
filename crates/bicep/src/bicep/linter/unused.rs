//! Declarations that nothing uses.

use super::{Linting, decorator};
use crate::bicep::binder::{Symbol, SymbolKind};
use crate::bicep::syntax::ExpressionSyntax;

impl<'a> Linting<'a, '_> {
    fn unused(&self, what: &str, is_meant: impl Fn(&Symbol<'a>) -> bool) {
        let mut used = vec![false; self.bound.symbols.len()];
        for found in &self.bound.uses {
            used[found.target.0 as usize] = true;
        }
        for (symbol, used) in self.bound.symbols.iter().zip(used) {
            if !used && !symbol.name.is_missing() && is_meant(symbol) {
                let title = format!("unused {what} `{}`", symbol.name.name);
                self.report(symbol.name.span, title, "nothing uses it", "use it or remove it");
            }
        }
    }
}

pub(super) fn parameters(linting: &Linting<'_, '_>) {
    linting.unused("parameter", |symbol| matches!(symbol.kind, SymbolKind::Parameter(_)));
}

pub(super) fn variables(linting: &Linting<'_, '_>) {
    linting.unused("variable", |symbol| match symbol.kind {
        SymbolKind::Variable(node) => decorator(node.decorators, "export").is_none(),
        _ => false,
    });
}

pub(super) fn types(linting: &Linting<'_, '_>) {
    linting.unused("type", |symbol| match symbol.kind {
        SymbolKind::Type(node) => decorator(node.decorators, "export").is_none(),
        _ => false,
    });
}

pub(super) fn imports(linting: &Linting<'_, '_>) {
    linting.unused("import", |symbol| match symbol.kind {
        // Where no file is named, the parser has reported more.
        SymbolKind::Imported(node, _) | SymbolKind::Wildcard(node) => {
            matches!(node.path, ExpressionSyntax::String(_))
                && !linting.checked.is_broken(node.path)
        }
        _ => false,
    });
}

pub(super) fn existing_resources(linting: &Linting<'_, '_>) {
    let resources = &linting.bound.resources;
    linting.unused("existing resource", |symbol| match symbol.kind {
        SymbolKind::Resource(id) => {
            let resource = linting.bound.resource(id);
            let is_existing = resource.syntax.existing.is_some() && resource.nested_in.is_none();
            is_existing && !resources.iter().any(|nested| nested.nested_in == Some(id))
        }
        _ => false,
    });
}
