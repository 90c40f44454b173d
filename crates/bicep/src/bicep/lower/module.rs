//! Modules: nested deployments of other templates.

use serde_json::{Map, Value, json};

use super::reference::{DEPLOYMENT_TYPE, DEPLOYMENT_VERSION, Declared};
use super::scope::Scope;
use super::value::has_spread;
use super::{Env, Lowerer, MAXIMUM_NESTED, TemplateScope};
use crate::arm::expression::Expression;
use crate::bicep::binder::SymbolKind;
use crate::bicep::emit;
use crate::bicep::load::Content;
use crate::bicep::syntax::{
    ExpressionSyntax, InstanceFunctionCallSyntax, ModuleDeclarationSyntax, ObjectSyntax,
    StatementSyntax,
};

// Fields of a body that are written in their own way.
const OWN_FIELDS: [&str; 4] = ["name", "scope", "params", "dependsOn"];
// The longest name of a deployment.
const LONGEST_NAME: usize = 64;
// The length of `uniqueString`, and of the digits of a loop's index.
const UNIQUE_LENGTH: usize = 13;
const INDEX_LENGTH: usize = 3;

impl<'a> Lowerer<'a, '_> {
    /// The modules, with their names, after as many resources.
    pub(super) fn modules(&self, before: usize) -> Vec<(String, Value)> {
        let mut emitted = Vec::new();
        for statement in self.bound.program.statements {
            let StatementSyntax::Module(node) = statement else { continue };
            let name = node.name.name.to_owned();
            if self.symbolic {
                self.enter(&name, node.name.span);
            } else {
                self.enter_item(before + emitted.len(), node.name.span);
            }
            let value = self.module(node);
            self.leave();
            emitted.push((name, value));
        }
        emitted
    }

    fn module(&self, node: &'a ModuleDeclarationSyntax<'a>) -> Value {
        let declared = Declared::Module(node);
        let body = node.body();
        let instance = self.instance_at(declared, None);
        let mut fields = Map::new();
        self.loop_field(&body, node.name.name, node.decorators, &mut fields);
        if let Some(condition) = self.condition(declared, &instance.env) {
            self.note_condition(&body, node.name.span);
            fields.insert("condition".to_owned(), emit::plain(&condition));
        }
        fields.insert("type".to_owned(), Value::from(DEPLOYMENT_TYPE));
        fields.insert("apiVersion".to_owned(), Value::from(DEPLOYMENT_VERSION));
        self.note_name(&body);
        fields.insert("name".to_owned(), emit::plain(&self.instance_name(&instance)));
        let scope = self.own_scope(declared, &instance.env);
        self.scope_fields(scope.as_ref(), &mut fields);
        if let Some(location) = self.location(scope.as_ref()) {
            fields.insert("location".to_owned(), emit::plain(&location));
        }
        if let Some(object) = body.object {
            let own = |name: Option<&str>| name.is_some_and(|name| OWN_FIELDS.contains(&name));
            let rest = object.properties().filter(|property| !own(property.name()));
            let rest = self.object(rest, &instance.env);
            fields.extend(self.map.borrow_mut().object(rest));
        }
        self.enter("properties", node.path.span());
        fields.insert("properties".to_owned(), self.properties(node, &instance.env));
        self.leave();
        self.last_fields(&instance, node.decorators, &mut fields);
        Value::Object(fields)
    }

    // Deployments outside resource groups have a place of their own.
    fn location(&self, scope: Option<&Scope>) -> Option<Expression> {
        let default = self.template_scope();
        if matches!(scope.unwrap_or(&default), Scope::ResourceGroup(..)) {
            return None;
        }
        let function = match self.scope {
            TemplateScope::ResourceGroup => "resourceGroup",
            _ => "deployment",
        };
        Some(Expression::call(function, Vec::new()).property("location"))
    }

    fn properties(&self, node: &'a ModuleDeclarationSyntax<'a>, env: &Env<'_>) -> Value {
        let mut properties = Map::new();
        let evaluation = json!({ "scope": "inner" });
        properties.insert("expressionEvaluationOptions".to_owned(), evaluation);
        properties.insert("mode".to_owned(), Value::from("Incremental"));
        let parameters = node.body().object.and_then(|object| object.property("params"));
        if let Some(property) = parameters {
            self.enter("parameters", property.key.span());
            let parameters = self.parameters_of(property.value, env);
            self.leave();
            if let Some(parameters) = parameters {
                properties.insert("parameters".to_owned(), parameters);
            }
        }
        let Some(unit) = self.unit.reference(node.path) else { return Value::Object(properties) };
        if let Content::TemplateSpec(id) = &self.loaded.unit(unit).content {
            properties.insert("templateLink".to_owned(), json!({ "id": id }));
        } else if let Some(compiled) = &self.compiled[unit.0] {
            let nested = self.nested.get() + compiled.values;
            if nested > MAXIMUM_NESTED {
                let title = "the template is too large with its modules";
                self.error("PB2902", node.path.span(), title, "split it into several deployments");
                return Value::Object(properties);
            }
            self.nested.set(nested);
            self.mount("template", &compiled.source_map);
            properties.insert("template".to_owned(), (*compiled.template).clone());
        }
        Value::Object(properties)
    }

    fn parameters_of(&self, value: ExpressionSyntax<'a>, env: &Env<'_>) -> Option<Value> {
        let ExpressionSyntax::Object(object) = value.without_parentheses() else {
            let help = "write the parameters as an object";
            self.error("BCP036", value.span(), "the parameters are not an object", help);
            return None;
        };
        if has_spread(object) {
            let help = "write each parameter";
            self.error(
                "BCP401",
                object.span,
                "spread operator in the parameters of a module",
                help,
            );
            return None;
        }
        Some(Value::Object(self.parameter_values(object, env)))
    }

    fn parameter_values(&self, object: &'a ObjectSyntax<'a>, env: &Env<'_>) -> Map<String, Value> {
        let mut parameters = Map::new();
        for property in object.properties() {
            let Some(name) = property.name() else { continue };
            self.enter(name, property.key.span());
            let value = self.parameter_value(property.value, env);
            self.leave();
            parameters.insert(name.to_owned(), value);
        }
        parameters
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
                let id = self.bound.target(node.name).filter(|id| self.is_inlined(*id));
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

    fn parameter_value(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> Value {
        let expression = self.written_out(expression);
        match expression {
            ExpressionSyntax::For(node) => {
                return json!({ "copy": [self.json_loop(self.parameter_loop(node, env))] });
            }
            ExpressionSyntax::Ternary(_) => return emit::plain(&self.wrapped(expression, env)),
            _ => {}
        }
        if let Some((id, rest)) = self.secret(expression, env) {
            let mut reference = json!({ "keyVault": { "id": emit::plain(&id) } });
            for (name, value) in rest {
                reference[name] = emit::plain(&value);
            }
            return json!({ "reference": reference });
        }
        self.enter("value", expression.span());
        let value = self.json(expression, env);
        self.leave();
        json!({ "value": value })
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
        if let Some((id, rest)) = self.secret(expression, env) {
            let vault = object(vec![Expression::string("id"), id]);
            let mut reference = vec![Expression::string("keyVault"), vault];
            for (name, value) in rest {
                reference.extend([Expression::string(name), value]);
            }
            return object(vec![Expression::string("reference"), object(reference)]);
        }
        object(vec![Expression::string("value"), self.expression(expression, env)])
    }

    // The vault's ID, and the name and version of the secret, of `vault.getSecret(..)`.
    fn secret(
        &self,
        expression: ExpressionSyntax<'a>,
        env: &Env<'_>,
    ) -> Option<(Expression, Vec<(&'static str, Expression)>)> {
        let ExpressionSyntax::InstanceFunctionCall(call) = expression else { return None };
        let call: &InstanceFunctionCallSyntax<'a> = call;
        let reference = self.reference(call.base).filter(|_| call.name.name == "getSecret")?;
        let id = self.resource_id(&self.instance(reference, env));
        let names = ["secretName", "secretVersion"].into_iter();
        let arguments = self.expressions(call.arguments, env);
        Some((id, names.zip(arguments).collect()))
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
        let unique = Self::unique(symbol);
        if looped {
            let index = index.unwrap_or_else(|| Expression::call("copyIndex", Vec::new()));
            return Expression::format(format!("{prefix}-{{0}}-{{1}}"), vec![index, unique]);
        }
        Expression::format(format!("{prefix}-{{0}}"), vec![unique])
    }
}
