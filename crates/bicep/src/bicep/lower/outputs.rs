//! The outputs of modules as expressions read them.

use super::expression::Chain;
use super::reference::{Declared, Instance};
use super::{Env, Lowerer};
use crate::arm::expression::Expression;
use crate::bicep::binder::{SymbolId, SymbolKind};
use crate::bicep::compiled::Compiled;
use crate::bicep::ir::DEPLOYMENT_VERSION;
use crate::bicep::syntax::{ArrayItemSyntax, ExpressionSyntax, ModuleDeclarationSyntax};

// Functions whose lambdas get the items of their first argument.
const OVER_ITEMS: [&str; 5] = ["filter", "groupBy", "map", "sort", "toObject"];

impl<'a> Lowerer<'a, '_> {
    /// An output of what is a module: `module.outputs.name`.
    pub(super) fn module_output(
        &self,
        base: ExpressionSyntax<'a>,
        name: &str,
        safe: bool,
        env: &Env<'_>,
    ) -> Option<Chain> {
        let (inner, outputs, outputs_safe) = match strip(base) {
            ExpressionSyntax::PropertyAccess(node) => (node.base, node.name.name, node.safe),
            ExpressionSyntax::ArrayAccess(node) => (node.base, node.index.literal()?, node.safe),
            _ => return None,
        };
        if outputs != "outputs" || !self.is_module(inner, env) {
            return None;
        }
        let value = Expression::string("value");
        let name_expression = Expression::string(name);
        let Some((module, instance)) = self.module_instance(inner, env) else {
            let output = self.chain(base, env).property(name_expression, safe);
            return Some(output.property(value, safe));
        };
        if self.secure_outputs(module).iter().any(|secure| secure == name) {
            let all = self.secure_values(&instance);
            let guarded = self.guarded(&instance, all.clone(), outputs_safe);
            let safe = safe || guarded != all;
            return Some(Chain::closed(guarded).property(name_expression, safe));
        }
        let state = self.guarded(&instance, self.state(&instance, false), outputs_safe);
        let outputs = Chain::closed(state).property(Expression::string("outputs"), outputs_safe);
        Some(outputs.property(name_expression, safe).property(value, safe))
    }

    fn module_instance(
        &self,
        expression: ExpressionSyntax<'a>,
        env: &Env<'_>,
    ) -> Option<(&'a ModuleDeclarationSyntax<'a>, Instance<'a>)> {
        let reference = self.bound.reference(expression)?;
        match reference.declared {
            Declared::Module(module) => Some((module, self.instance(reference, env))),
            Declared::Resource(_) => None,
        }
    }

    /// The names of the outputs of a module that may not be shown.
    pub(super) fn secure_outputs(&self, module: &ModuleDeclarationSyntax<'a>) -> &[String] {
        let unit = self.unit.reference(module.path);
        let compiled: Option<&Compiled> =
            unit.and_then(|unit| self.session.compiled[unit.0].as_ref());
        compiled.map_or(&[], |compiled| &compiled.secure_outputs)
    }

    /// All outputs of a module, those that may not be shown included.
    pub(super) fn secure_values(&self, instance: &Instance<'a>) -> Expression {
        let id = if self.session.symbolic {
            self.symbolic_reference(instance)
        } else {
            self.resource_id(instance)
        };
        let arguments = vec![id, Expression::string(DEPLOYMENT_VERSION)];
        Expression::call("listOutputsWithSecureValues", arguments)
    }

    /// The parameters of lambdas in the arguments of a function that stand for modules.
    pub(super) fn lambda_modules(
        &self,
        function: &str,
        arguments: &[ExpressionSyntax<'a>],
        env: &Env<'_>,
    ) -> Vec<SymbolId> {
        let Some((items, lambdas)) = arguments.split_first() else { return Vec::new() };
        if !OVER_ITEMS.contains(&function) || !self.is_list_of_modules(*items, env) {
            return Vec::new();
        }
        // The second parameter is the index, but `sort` compares two items.
        let count = if function == "sort" { 2 } else { 1 };
        let lambdas = lambdas.iter().filter_map(|argument| match argument {
            ExpressionSyntax::Lambda(lambda) => Some(lambda),
            _ => None,
        });
        let parameters = lambdas.flat_map(|lambda| lambda.parameters.iter().take(count));
        parameters.filter_map(|parameter| self.bound.declared(*parameter)).collect()
    }

    fn is_module(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> bool {
        self.bounded(expression.span(), || match expression {
            ExpressionSyntax::Parenthesized(node) => self.is_module(node.expression, env),
            ExpressionSyntax::NonNullAssertion(node) => self.is_module(node.base, env),
            ExpressionSyntax::Ternary(node) => {
                self.is_module(node.when_true, env) || self.is_module(node.when_false, env)
            }
            ExpressionSyntax::ArrayAccess(node) => self.is_list_of_modules(node.base, env),
            ExpressionSyntax::FunctionCall(node) => match (node.name.name, node.arguments) {
                ("first" | "last", [items]) => self.is_list_of_modules(*items, env),
                _ => false,
            },
            ExpressionSyntax::Variable(node) => {
                let Some(id) = self.bound.target(node.name) else { return false };
                match self.bound.symbol(id).kind {
                    SymbolKind::Module(module) => module.body().r#for.is_none(),
                    SymbolKind::Variable(declared) => self.is_module(declared.value, env),
                    SymbolKind::Item(node) => self.is_list_of_modules(node.expression, env),
                    SymbolKind::LambdaParameter => env.is_module(id),
                    _ => false,
                }
            }
            _ => false,
        })
        .unwrap_or(false)
    }

    fn is_list_of_modules(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> bool {
        self.bounded(expression.span(), || match expression {
            ExpressionSyntax::Parenthesized(node) => self.is_list_of_modules(node.expression, env),
            ExpressionSyntax::NonNullAssertion(node) => self.is_list_of_modules(node.base, env),
            ExpressionSyntax::Array(node) => node.items.iter().any(|item| match item {
                ArrayItemSyntax::Value(item) => self.is_module(*item, env),
                ArrayItemSyntax::Spread(spread) => self.is_list_of_modules(spread.expression, env),
            }),
            ExpressionSyntax::FunctionCall(node) => match (node.name.name, node.arguments) {
                ("filter" | "skip" | "sort" | "take", [items, ..]) => {
                    self.is_list_of_modules(*items, env)
                }
                _ => false,
            },
            ExpressionSyntax::Variable(node) => {
                let id = self.bound.target(node.name);
                match id.map(|id| self.bound.symbol(id).kind) {
                    Some(SymbolKind::Module(module)) => module.body().r#for.is_some(),
                    Some(SymbolKind::Variable(declared)) => {
                        self.is_list_of_modules(declared.value, env)
                    }
                    _ => false,
                }
            }
            _ => false,
        })
        .unwrap_or(false)
    }
}

fn strip(expression: ExpressionSyntax<'_>) -> ExpressionSyntax<'_> {
    match expression {
        ExpressionSyntax::NonNullAssertion(node) => strip(node.base),
        ExpressionSyntax::Parenthesized(node) => strip(node.expression),
        _ => expression,
    }
}
