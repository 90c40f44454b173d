//! Parameters files: what they assign, held against what the template declares.

use super::Checker;
use super::narrow::Narrowing;
use crate::bicep::syntax::{ExpressionSyntax, StatementSyntax};
use crate::diagnostic::Span;

impl Checker<'_, '_> {
    /// A parameters file has one template, and extends one file.
    fn repeated_references(&self) {
        let (mut using, mut extends) = (Vec::new(), Vec::new());
        for statement in self.bound.program.statements {
            match statement {
                StatementSyntax::Using(node) => using.push(node.keyword),
                StatementSyntax::Extends(node) => extends.push(node.keyword),
                _ => {}
            }
        }
        for (code, word, spans) in [("BCP262", "using", using), ("BCP405", "extends", extends)] {
            for span in spans.iter().filter(|_| spans.len() > 1) {
                let title = format!("`{word}` is used more than once");
                let words = ("a file has only one", "keep one of them");
                self.error(code, *span, title, words);
            }
        }
    }

    pub(super) fn assignments(&self) {
        let statements = self.bound.program.statements;
        self.repeated_references();
        let path = statements.iter().find_map(|statement| match statement {
            StatementSyntax::Using(node) => Some(node.path),
            _ => None,
        });
        let extends = statements.iter().any(|it| matches!(it, StatementSyntax::Extends(_)));
        let Some(path) = path else {
            if !extends {
                let start = Span::new(0, 0);
                let words = (
                    "the file does not name its template",
                    "add `using` and the path of a Bicep file, or `using none`",
                );
                self.error("BCP261", start, "the parameters file has no `using` statement", words);
            }
            return;
        };
        if let ExpressionSyntax::Skipped(path) = path {
            let words =
                ("expected the path of a Bicep file", "add the path, or write `using none`");
            self.error("BCP256", path.span, "`using` has no path", words);
        }
        let Some(interface) = self.modules.interface(path) else { return };
        let mut given = Vec::new();
        for statement in statements {
            let StatementSyntax::ParameterAssignment(node) = statement else { continue };
            given.push(node.name.name);
            let Some(parameter) = interface.parameter(node.name.name) else {
                let title = format!("the template has no parameter `{}`", node.name.name);
                let words = ("unknown parameter", "remove it, or correct its name");
                self.error("BCP259", node.span, title, words);
                continue;
            };
            self.narrow(node.value, &parameter.kind, Narrowing::VALUE);
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
            let words = ("the template requires a value", "assign the missing values");
            self.error("BCP258", path.span(), title, words);
        }
    }
}
