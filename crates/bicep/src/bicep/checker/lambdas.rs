//! Functions without a name: where they may stand, what they take and what they must give.

use foldhash::{HashSet, HashSetExt};

use super::Checker;
use crate::bicep::binder::SymbolKind;
use crate::bicep::functions::{Function, Use, function};
use crate::bicep::syntax::{ExpressionSyntax, LambdaSyntax, StatementSyntax, walk};
use crate::bicep::types::{Type, assignable};

/// What a function wants of a lambda: its name, the position, the fewest and the most parameters, and what it gives.
const WANTED: [(&str, usize, usize, usize, Gives); 9] = [
    ("filter", 1, 1, 2, Gives::Bool),
    ("groupBy", 1, 1, 1, Gives::Text),
    ("groupBy", 2, 1, 1, Gives::Anything),
    ("map", 1, 1, 2, Gives::Anything),
    ("mapValues", 1, 1, 1, Gives::Anything),
    ("reduce", 2, 2, 3, Gives::Anything),
    ("sort", 1, 2, 2, Gives::Bool),
    ("toObject", 1, 1, 1, Gives::Text),
    ("toObject", 2, 1, 1, Gives::Anything),
];

#[derive(Clone, Copy)]
enum Gives {
    Anything,
    Bool,
    Text,
}

impl<'a> Checker<'a, '_> {
    /// Reports lambdas that are no arguments.
    pub(super) fn lambdas(&self) {
        for statement in self.bound.program.statements {
            let value = match statement {
                StatementSyntax::Variable(node) => Some(node.value),
                StatementSyntax::Output(node) => Some(node.value),
                StatementSyntax::Parameter(node) => node.default,
                StatementSyntax::Metadata(node) => Some(node.value),
                StatementSyntax::Function(node) => Some(node.body),
                StatementSyntax::Resource(node) => Some(node.value),
                StatementSyntax::Module(node) => Some(node.value),
                _ => None,
            };
            if let Some(value) = value {
                self.lambdas_in(value);
            }
        }
    }

    fn lambdas_in(&self, value: ExpressionSyntax<'a>) {
        let mut arguments = HashSet::new();
        walk(value, &mut |expression| {
            let called = match expression {
                ExpressionSyntax::FunctionCall(call) => call.arguments,
                ExpressionSyntax::InstanceFunctionCall(call) => call.arguments,
                _ => &[],
            };
            arguments.extend(called.iter().map(|it| it.without_parentheses().span().start));
            self.lambda_parameters_in(expression);
            if let ExpressionSyntax::Lambda(node) = expression
                && !arguments.contains(&node.span.start)
            {
                let words = ("only a function call accepts a lambda", "pass it to a function");
                self.error("BCP242", node.span, "the lambda is not a function argument", words);
            }
            true
        });
    }

    /// Reports parameters of lambdas where a deployment needs to know which resource is meant.
    fn lambda_parameters_in(&self, expression: ExpressionSyntax<'a>) {
        match expression {
            ExpressionSyntax::ArrayAccess(node) => {
                let ExpressionSyntax::Variable(base) = node.base else { return };
                let kind = self.bound.target(base.name).map(|id| self.bound.symbol(id).kind);
                let is_deployed =
                    matches!(kind, Some(SymbolKind::Resource(_) | SymbolKind::Module(_)));
                if is_deployed && self.reads_lambda(node.index) {
                    let words =
                        ("the value is known only while the lambda runs", "use a loop instead");
                    let title = "lambda parameter used as an index of resources";
                    self.error("BCP247", node.index.span(), title, words);
                }
            }
            ExpressionSyntax::FunctionCall(node) => {
                let found = function(None, node.name.name);
                let is_late = found.is_some_and(|found| found.usage == Use::RunTime);
                if is_late && node.arguments.iter().any(|it| self.reads_lambda(*it)) {
                    let words =
                        ("the value is known only while the lambda runs", "use a loop instead");
                    let title = format!("lambda parameter used in `{}`", node.name.name);
                    self.error("BCP248", node.span, title, words);
                }
            }
            _ => {}
        }
    }

    fn reads_lambda(&self, value: ExpressionSyntax<'a>) -> bool {
        let mut found = false;
        walk(value, &mut |expression| {
            if let ExpressionSyntax::Variable(node) = expression {
                let kind = self.bound.target(node.name).map(|id| self.bound.symbol(id).kind);
                found |= matches!(kind, Some(SymbolKind::LambdaParameter));
            }
            !found
        });
        found
    }

    /// Judges a lambda that a built-in function is given. Gives what the function wants instead.
    pub(super) fn unfit_lambda(
        &self,
        function: &Function,
        at: usize,
        node: &LambdaSyntax<'a>,
    ) -> Option<&'static str> {
        let mut wanted = WANTED.iter().filter(|wanted| wanted.0 == function.name);
        let (_, _, fewest, most, gives) = wanted.find(|wanted| wanted.1 == at)?;
        if !(*fewest..=*most).contains(&node.parameters.len()) {
            return Some("a lambda with a different number of parameters");
        }
        let found = self.lambda_body(node);
        let fits = |wanted: &Type<'a>| assignable(&found, wanted);
        match gives {
            _ if found.is_error() => Some("a lambda that contains no errors"),
            Gives::Bool if !fits(&Type::bool()) => Some("a lambda that returns a boolean"),
            Gives::Text if !fits(&Type::string()) => Some("a lambda that returns a string"),
            _ => None,
        }
    }
}
