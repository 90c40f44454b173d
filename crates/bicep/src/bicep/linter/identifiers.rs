//! Names that are new in every deployment.

use super::Linting;
use crate::bicep::binder::{SymbolId, SymbolKind};
use crate::bicep::syntax::{ExpressionSyntax, walk};

/// The properties that tell resources apart.
const IDENTIFIERS: [&str; 3] = ["name", "scope", "parent"];

pub(super) fn stable_identifiers(linting: &Linting<'_, '_>) {
    for (_, resource) in linting.resources() {
        let Some(body) = resource.body().object else { continue };
        for property in IDENTIFIERS.iter().filter_map(|name| body.property(name)) {
            let mut functions = Vec::new();
            linting.unstable(property.value, &mut Vec::new(), &mut functions);
            for function in functions {
                let title = format!("the name depends on `{function}`");
                let label = "each deployment creates another resource";
                let help = "derive it from a parameter or `uniqueString()`";
                linting.report(property.value.span(), title, label, help);
            }
        }
    }
}

impl<'a> Linting<'a, '_> {
    /// Finds the calls that give something else each time, also those in variables and defaults.
    fn unstable(
        &self,
        value: ExpressionSyntax<'a>,
        path: &mut Vec<SymbolId>,
        found: &mut Vec<&'a str>,
    ) {
        walk(value, &mut |expression| {
            match expression {
                ExpressionSyntax::FunctionCall(call)
                    if matches!(call.name.name, "newGuid" | "utcNow") =>
                {
                    found.push(call.name.name);
                }
                ExpressionSyntax::Variable(node) => {
                    let Some(id) = self.bound.target(node.name) else { return true };
                    let next = match self.bound.symbol(id).kind {
                        SymbolKind::Parameter(node) => node.default,
                        SymbolKind::Variable(node) => Some(node.value),
                        _ => None,
                    };
                    if let Some(next) = next.filter(|_| !path.contains(&id) && path.len() < 32) {
                        path.push(id);
                        self.unstable(next, path, found);
                        path.pop();
                    }
                }
                _ => {}
            }
            true
        });
        // One of them says it.
        found.truncate(16);
    }
}
