//! Parameters and variables that nothing uses.

use super::Checker;
use crate::bicep::binder::SymbolKind;
use crate::bicep::syntax::{DecoratorSyntax, ExpressionSyntax};

impl Checker<'_, '_> {
    pub(super) fn unused(&self) {
        let mut used = vec![false; self.bound.symbols.len()];
        for found in &self.bound.uses {
            used[found.target.0 as usize] = true;
        }
        for (symbol, used) in self.bound.symbols.iter().zip(used) {
            if used || symbol.name.is_missing() {
                continue;
            }
            let (code, what) = match symbol.kind {
                SymbolKind::Parameter(_) => ("no-unused-params", "parameter"),
                SymbolKind::Variable(node) if !exported(node.decorators) => {
                    ("no-unused-vars", "variable")
                }
                _ => continue,
            };
            let title = format!("unused {what} `{}`", symbol.name.name);
            self.warning(code, symbol.name.span, title, ("nothing uses it", "use it or remove it"));
        }
    }
}

fn exported(decorators: &[DecoratorSyntax<'_>]) -> bool {
    decorators.iter().any(|decorator| match decorator.expression {
        ExpressionSyntax::FunctionCall(call) => call.name.name == "export",
        ExpressionSyntax::InstanceFunctionCall(call) => call.name.name == "export",
        _ => false,
    })
}
