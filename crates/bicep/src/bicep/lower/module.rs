//! Modules: nested deployments of other templates.

use super::reference::Declared;
use super::value::has_spread;
use super::{Env, Lowerer};
use crate::arm::expression::Expression;
use crate::bicep::binder::SymbolKind;
use crate::bicep::ir::{
    Argument, Module, ModuleParameter, Nested, Object, Scope, SecretReference, TemplateScope,
};
use crate::bicep::load::Content;
use crate::bicep::syntax::{
    ExpressionSyntax, InstanceFunctionCallSyntax, ModuleDeclarationSyntax, StatementSyntax,
};

// Fields of a body that are written in their own way.
const OWN_FIELDS: [&str; 4] = ["name", "scope", "params", "dependsOn"];
// The longest name of a deployment.
const LONGEST_NAME: usize = 64;
// The length of `uniqueString`, and of the digits of a loop's index.
const UNIQUE_LENGTH: usize = 13;
const INDEX_LENGTH: usize = 3;
// The most values that the modules of one file bring: modules of modules would double without bound, and
// Azure takes a template of 4 MB.
const MAXIMUM_NESTED: usize = 1_000_000;

impl<'a> Lowerer<'a, '_> {
    /// The modules.
    pub(super) fn modules(&self) -> Vec<Module> {
        let mut nested = 0;
        let statements = self.bound.program.statements.iter();
        let modules = statements.filter_map(|statement| match statement {
            StatementSyntax::Module(node) => Some(self.module(node, &mut nested)),
            _ => None,
        });
        modules.collect()
    }

    fn module(&self, node: &'a ModuleDeclarationSyntax<'a>, nested: &mut usize) -> Module {
        let instance = self.instance_at(Declared::Module(node), None);
        let env = &instance.env;
        let name = self.instance_name(&instance);
        let object = node.body().object;
        let body = object.map_or_else(Object::default, |body| self.rest(body, &OWN_FIELDS, env));
        let deployed = self.deployed(&instance, node.name, node.decorators, name, body);
        let parameters = object.and_then(|object| object.property("params"));
        let parameters = parameters.and_then(|property| {
            let place = self.bound.place(property.key.span());
            Some((self.parameters_of(property.value, env)?, place))
        });
        Module {
            location: self.location(deployed.scope.as_ref()),
            deployed,
            parameters,
            template: self.nested(node, nested),
            path: self.bound.place(node.path.span()),
        }
    }

    // Deployments outside resource groups have a place of their own.
    fn location(&self, scope: Option<&Scope>) -> Option<Expression> {
        let default = self.template_scope();
        if matches!(scope.unwrap_or(&default), Scope::ResourceGroup(..)) {
            return None;
        }
        let function = match self.session.scope {
            TemplateScope::ResourceGroup => "resourceGroup",
            _ => "deployment",
        };
        Some(Expression::call(function, Vec::new()).property("location"))
    }

    fn nested(&self, node: &'a ModuleDeclarationSyntax<'a>, nested: &mut usize) -> Nested {
        let Some(unit) = self.unit.reference(node.path) else { return Nested::Missing };
        if let Content::TemplateSpec(id) = &self.session.loaded.unit(unit).content {
            return Nested::Spec(id.clone());
        }
        let Some(compiled) = &self.session.compiled[unit.0] else { return Nested::Missing };
        if *nested + compiled.values > MAXIMUM_NESTED {
            let title = "the template is too large with its modules";
            self.error("PB2902", node.path.span(), title, "split it into several deployments");
            return Nested::Missing;
        }
        *nested += compiled.values;
        Nested::Template(compiled.template.clone(), compiled.source_map.clone())
    }

    fn parameters_of(
        &self,
        value: ExpressionSyntax<'a>,
        env: &Env<'_>,
    ) -> Option<Vec<ModuleParameter>> {
        let ExpressionSyntax::Object(object) = value.without_parentheses() else {
            let help = "write the parameters as an object";
            self.error("BCP036", value.span(), "the parameters are not an object", help);
            return None;
        };
        if has_spread(object) {
            let title = "spread operator in the parameters of a module";
            self.error("BCP401", object.span, title, "write each parameter");
            return None;
        }
        let parameters = object.properties().filter_map(|property| {
            Some(ModuleParameter {
                name: property.name()?.to_owned(),
                place: self.bound.place(property.key.span()),
                argument: self.argument_of(property.value, env),
            })
        });
        Some(parameters.collect())
    }

    // The expression that stands for another: a variable that is written out at every use is its value.
    fn written_out(&self, expression: ExpressionSyntax<'a>) -> ExpressionSyntax<'a> {
        let inner = match expression {
            ExpressionSyntax::Parenthesized(node) => Some(node.expression),
            ExpressionSyntax::NonNullAssertion(node) => Some(node.base),
            ExpressionSyntax::FunctionCall(node) => match (node.name.name, node.arguments) {
                ("any", [argument]) if self.bound.target(node.name).is_none() => Some(*argument),
                _ => None,
            },
            ExpressionSyntax::Variable(node) => {
                let id = self.bound.target(node.name).filter(|id| self.facts.is_inlined(*id));
                match id.map(|id| self.bound.symbol(id).kind) {
                    Some(SymbolKind::Variable(declared)) => Some(declared.value),
                    _ => None,
                }
            }
            _ => None,
        };
        let inner = inner.and_then(|inner| self.bounded(inner.span(), || self.written_out(inner)));
        inner.unwrap_or(expression)
    }

    fn argument_of(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> Argument {
        let expression = self.written_out(expression);
        match expression {
            ExpressionSyntax::For(node) => Argument::Loop(self.parameter_loop(node, env)),
            ExpressionSyntax::Ternary(_) => Argument::Choice(self.wrapped(expression, env)),
            _ => self.secret(expression, env).map_or_else(
                || {
                    let place = self.bound.place(expression.span());
                    Argument::Value(self.value(expression, env), place)
                },
                Argument::Secret,
            ),
        }
    }

    // A secret and a value go to a parameter in different ways, so that each branch says its own.
    fn wrapped(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> Expression {
        let expression = self.written_out(expression);
        if let ExpressionSyntax::Ternary(node) = expression {
            let condition = self.expression(node.condition, env);
            let branches = [node.when_true, node.when_false].map(|branch| {
                let wrapped = self.bounded(branch.span(), || self.wrapped(branch, env));
                wrapped.unwrap_or_else(Expression::null)
            });
            let [when_true, when_false] = branches;
            return Expression::call("if", vec![condition, when_true, when_false]);
        }
        let object = |arguments| Expression::call("createObject", arguments);
        if let Some(secret) = self.secret(expression, env) {
            let vault = object(vec![Expression::string("id"), secret.vault]);
            let mut reference = vec![Expression::string("keyVault"), vault];
            let rest = [("secretName", secret.name), ("secretVersion", secret.version)];
            for (name, value) in rest {
                if let Some(value) = value {
                    reference.extend([Expression::string(name), value]);
                }
            }
            return object(vec![Expression::string("reference"), object(reference)]);
        }
        object(vec![Expression::string("value"), self.expression(expression, env)])
    }

    // What `vault.getSecret(..)` names.
    fn secret(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> Option<SecretReference> {
        let ExpressionSyntax::InstanceFunctionCall(call) = expression else { return None };
        let call: &InstanceFunctionCallSyntax<'a> = call;
        let reference =
            self.bound.reference(call.base).filter(|_| call.name.name == "getSecret")?;
        let vault = self.resource_id(&self.instance(reference, env));
        let mut arguments = self.expressions(call.arguments, env).into_iter();
        Some(SecretReference { vault, name: arguments.next(), version: arguments.next() })
    }

    /// The name of a deployment that is not given one.
    pub(super) fn default_module_name(
        node: &ModuleDeclarationSyntax<'_>,
        index: Option<Expression>,
    ) -> Expression {
        let symbol = node.name.name;
        let looped = node.body().r#for.is_some();
        let index_length = if looped { INDEX_LENGTH + 1 } else { 0 };
        let longest = LONGEST_NAME - UNIQUE_LENGTH - 1 - index_length;
        let prefix: String = symbol.chars().take(longest).collect();
        // The part that is the same for all deployments of a template.
        let deployment = Expression::call("deployment", Vec::new()).property("name");
        let unique = Expression::call("uniqueString", vec![Expression::string(symbol), deployment]);
        if looped {
            let index = index.unwrap_or_else(|| Expression::call("copyIndex", Vec::new()));
            return Expression::format(format!("{prefix}-{{0}}-{{1}}"), vec![index, unique]);
        }
        Expression::format(format!("{prefix}-{{0}}"), vec![unique])
    }
}
