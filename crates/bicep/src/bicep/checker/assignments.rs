//! Parameters files: what they assign, held against what the template declares.

use super::Checker;
use super::narrow::Narrowing;
use crate::bicep::syntax::{ExpressionSyntax, StatementSyntax};

impl Checker<'_, '_> {
    pub(super) fn assignments(&self) {
        let statements = self.bound.program.statements;
        let path = statements.iter().find_map(|statement| match statement {
            StatementSyntax::Using(node) => Some(node.path),
            _ => None,
        });
        let Some(path) = path else { return };
        let Some(interface) = self.modules.interface(path) else { return };
        let mut given = Vec::new();
        let mut extends = false;
        for statement in statements {
            match statement {
                StatementSyntax::ParameterAssignment(node) => {
                    given.push(node.name.name);
                    let Some(parameter) = interface.parameter(node.name.name) else {
                        let title = format!("the template has no parameter `{}`", node.name.name);
                        let words = ("nothing takes it", "remove it, or correct its name");
                        self.error("BCP259", node.span, title, words);
                        continue;
                    };
                    self.narrow(node.value, &parameter.kind, Narrowing::VALUE);
                }
                StatementSyntax::Extends(_) => extends = true,
                _ => {}
            }
        }
        let missing = interface
            .parameters
            .iter()
            .filter(|parameter| parameter.required && !given.contains(&parameter.name));
        let missing: Vec<&str> = missing.map(|parameter| parameter.name).collect();
        let known = matches!(path, ExpressionSyntax::String(_));
        // A file that is extended may give what is missing here.
        if !missing.is_empty() && known && !extends {
            let title = format!("no value for `{}`", missing.join("`, `"));
            let words = ("the template needs it", "assign what is missing");
            self.error("BCP258", path.span(), title, words);
        }
    }
}
