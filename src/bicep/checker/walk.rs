//! Every statement with its types: what stands after `=` must fit what stands before it.

use super::Checker;
use super::types::{Type, kind_names};
use crate::bicep::binder::SymbolKind;
use crate::bicep::functions::Kinds;
use crate::bicep::syntax::{ExpressionSyntax, StatementSyntax, TargetScopeSyntax};
use crate::diagnostic::Span;

/// The scopes that a file may have.
const TARGET_SCOPES: [&str; 4] = ["managementGroup", "resourceGroup", "subscription", "tenant"];

impl<'a> Checker<'a, '_> {
    pub(super) fn statements(&self) {
        for statement in self.bound.program.statements {
            self.statement(*statement);
        }
        let scopes = self.bound.program.statements.iter().filter_map(|statement| match statement {
            StatementSyntax::TargetScope(node) => Some(node.keyword),
            _ => None,
        });
        let scopes: Vec<Span> = scopes.collect();
        if scopes.len() > 1 {
            for span in scopes {
                let words = ("a file has one scope", "keep one of them");
                self.error("BCP112", span, "`targetScope` is set more than once", words);
            }
        }
    }

    fn statement(&self, statement: StatementSyntax<'a>) {
        match statement {
            StatementSyntax::TargetScope(node) => self.target_scope(node),
            StatementSyntax::Metadata(node) => {
                self.infer(node.value);
            }
            StatementSyntax::Parameter(node) => {
                if let Some(default) = node.default {
                    let found = self.infer(default);
                    self.parameter_default(default);
                    self.assignable(&found, &self.described(node.r#type), default, "BCP033");
                }
            }
            StatementSyntax::ParameterAssignment(node) => {
                self.infer(node.value);
            }
            StatementSyntax::Variable(node) => {
                let found = self.infer(node.value);
                if let Some(declared) = node.r#type {
                    self.assignable(&found, &self.described(declared), node.value, "BCP033");
                }
            }
            StatementSyntax::Function(node) => {
                self.infer(node.body);
            }
            StatementSyntax::Output(node) => {
                let found = self.infer(node.value);
                self.assignable(&found, &self.described(node.r#type), node.value, "BCP033");
            }
            StatementSyntax::Resource(node) => {
                self.infer(node.value);
            }
            StatementSyntax::Module(node) => {
                self.infer(node.value);
            }
            StatementSyntax::Assert(node) => {
                self.infer(node.value);
            }
            StatementSyntax::Test(node) => {
                self.infer(node.value);
            }
            StatementSyntax::Type(_)
            | StatementSyntax::Import(_)
            | StatementSyntax::Extension(_)
            | StatementSyntax::Using(_)
            | StatementSyntax::Extends(_)
            | StatementSyntax::ExtensionConfig(_)
            | StatementSyntax::Missing(_)
            | StatementSyntax::Skipped(_) => {}
        }
    }

    fn target_scope(&self, node: &TargetScopeSyntax<'a>) {
        let found = self.infer(node.value);
        let known = match (&found, node.value) {
            (Type::Error | Type::Any, _) | (_, ExpressionSyntax::Array(_)) => true,
            (Type::String(Some(name)), _) => {
                TARGET_SCOPES.contains(name) || *name == "desiredStateConfiguration"
            }
            _ => false,
        };
        if !known {
            let title = format!("`{}` is no scope", found.name());
            let help = format!("use one of '{}'", TARGET_SCOPES.join("', '"));
            self.error("BCP033", node.value.span(), title, ("nothing deploys there", &help));
        }
    }

    /// Reports a value that can never be what is declared.
    pub(super) fn assignable(
        &self,
        found: &Type<'a>,
        declared: &Type<'a>,
        value: ExpressionSyntax<'a>,
        code: &'static str,
    ) {
        // Resources may stand for what their experimental types declare.
        if found.is_error() || matches!(found, Type::Null | Type::Resource(..) | Type::Module(..)) {
            return;
        }
        let wanted = declared.kinds();
        if !found.can_be(wanted | Kinds::NULL) {
            let title = format!("`{}` where `{}` is declared", found.name(), declared.name());
            let help = format!("give a value of type {}", kind_names(wanted));
            self.error(code, value.span(), title, ("wrong type", &help));
        }
    }

    /// Only parameters and what imports offer is known before a deployment starts.
    fn parameter_default(&self, default: ExpressionSyntax<'a>) {
        for found in self.uses_in(default.span()) {
            let kind = self.bound.symbol(found.target).kind;
            if matches!(
                kind,
                SymbolKind::Variable(_) | SymbolKind::Resource(_) | SymbolKind::Module(_)
            ) {
                let words =
                    ("only parameters are known here", "use a parameter, or a variable instead");
                self.error("BCP072", found.span, "default value that is known too late", words);
            }
        }
    }
}
