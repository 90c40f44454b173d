use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::Expansion;
use super::at::At;
use super::declaration::is_module;
use super::dependency;
use super::identity::{id_of, place_id, resource_id};
use super::scope::{Arguments, Given, TemplateScope};
use super::session::{DEEPEST_MODULE, Session};
use super::value::Turns;
use crate::arm::evaluate::{Context, Evaluated, Evaluator, Level, Locals, Properties};
use crate::arm::expression::{is_expression, symbolic_item};
use crate::diagnostic::Diagnostic;

/// A nested deployment that has been opened.
pub(super) struct Module {
    pub(super) expansion: Expansion,
    /// What `reference()` of the deployment gives.
    pub(super) reference: Rc<Evaluated>,
}

/// Expands the outermost template.
pub(super) fn expand_root(
    session: &Session<'_>,
    json: &Value,
    parameters: &Value,
    context: &Context,
) -> Expansion {
    let context = Context { level: level(json).unwrap_or(context.level), ..context.clone() };
    let given = parameters.get("parameters").unwrap_or(parameters);
    let scope = TemplateScope::new(session, json, String::new(), context, arguments(given));
    expand_scope(&scope).0
}

/// The arguments of a parameters file: plain values.
fn arguments(given: &Value) -> Arguments {
    let mut arguments = BTreeMap::new();
    for (name, argument) in given.as_object().into_iter().flatten() {
        let given = match argument.get("value") {
            Some(value) => Given::Value(Rc::new(Evaluated::from_plain(value))),
            None if argument.get("reference").is_some() || argument.get("expression").is_some() => {
                Given::Reference
            }
            None => continue,
        };
        arguments.insert(name.to_lowercase(), given);
    }
    arguments
}

fn expand_scope(scope: &TemplateScope<'_>) -> (Expansion, Evaluated) {
    if scope.outer.is_none() {
        scope.check_arguments();
    }
    let mut collected = scope.collect();
    dependency::resolve(&mut collected, &scope.target);
    let outputs = scope.outputs();
    let expansion = Expansion { resources: collected.resources, outputs: outputs.clone() };
    let wrapped = outputs.into_iter().map(|(name, value)| {
        (name, Evaluated::Object(Properties::from_iter([("value".to_owned(), value)])))
    });
    let reference = Properties::from_iter([
        ("outputs".to_owned(), Evaluated::Object(wrapped.collect())),
        ("provisioningState".to_owned(), Evaluated::String("Succeeded".to_owned())),
    ]);
    (expansion, Evaluated::Object(reference))
}

/// At which level a template is deployed, which its schema says.
fn level(json: &Value) -> Option<Level> {
    let schema = json.get("$schema")?.as_str()?.to_lowercase();
    let file = schema.rsplit('/').next()?.trim_end_matches('#').trim_end_matches(".json");
    match file {
        "deploymenttemplate" => Some(Level::ResourceGroup),
        "subscriptiondeploymenttemplate" => Some(Level::Subscription),
        "managementgroupdeploymenttemplate" => Some(Level::ManagementGroup),
        "tenantdeploymenttemplate" => Some(Level::Tenant),
        _ => None,
    }
}

impl TemplateScope<'_> {
    fn outputs(&self) -> Properties {
        let mut outputs = Properties::default();
        let evaluator = Evaluator::new(self);
        for (name, output) in self.section("outputs").into_iter().flatten() {
            let pointer = self.at("outputs", name);
            let at = At::Pointer(&pointer);
            let condition = output.get("condition").map(|condition| {
                self.value(&evaluator, condition, at.key("condition"), &Locals::NONE)
            });
            if condition == Some(Evaluated::Bool(false)) {
                continue;
            }
            let value = match (output.get("value"), output.get("copy")) {
                (Some(value), _) => self.value(&evaluator, value, at.key("value"), &Locals::NONE),
                (None, Some(turn)) => {
                    self.looped_value(&evaluator, turn, at.key("copy"), &Locals::NONE)
                }
                (None, None) => continue,
            };
            outputs.insert(name.clone(), value);
        }
        outputs
    }

    /// A deployment's properties without its template, which is expanded on its own.
    pub(super) fn module_properties(
        &self,
        evaluator: &Evaluator<'_>,
        pointer: &str,
        json: &Map<String, Value>,
        locals: &Locals<'_>,
    ) -> Evaluated {
        let properties = json.get("properties").and_then(Value::as_object).into_iter().flatten();
        let at = At::Pointer(pointer);
        let at = at.key("properties");
        let evaluated = properties
            .filter(|(key, _)| *key != "template")
            .map(|(key, value)| (key.clone(), self.value(evaluator, value, at.key(key), locals)));
        Evaluated::Object(evaluated.collect())
    }

    /// Opens one instance of a module, once.
    pub(super) fn module(
        &self,
        pointer: &str,
        json: &Map<String, Value>,
        index: Option<i64>,
        locals: &Locals<'_>,
        name: &str,
    ) -> Option<Rc<Module>> {
        let key = (pointer.to_owned(), index.unwrap_or(-1));
        if let Some(known) = self.modules.borrow().get(&key) {
            return known.clone();
        }
        if self.depth >= DEEPEST_MODULE {
            let title = format!("modules are nested more than {DEEPEST_MODULE} levels deep");
            let finding =
                Diagnostic::error("PB3003", title).help("deploy the inner modules separately");
            self.session.report(finding, pointer, "this module is not expanded");
            return None;
        }
        // While it is open, a reference to it can only stay symbolic.
        self.modules.borrow_mut().insert(key.clone(), None);
        let module = Rc::new(self.open(pointer, json, locals, name));
        self.modules.borrow_mut().insert(key, Some(module.clone()));
        Some(module)
    }

    fn open(
        &self,
        pointer: &str,
        json: &Map<String, Value>,
        locals: &Locals<'_>,
        name: &str,
    ) -> Module {
        let properties = json.get("properties").unwrap_or(&Value::Null);
        let template = properties.get("template").unwrap_or(&Value::Null);
        let evaluator = Evaluator::new(self);
        let mut target = self.target_of(&evaluator, pointer, json, locals).into_owned();
        target.level = level(template).unwrap_or(target.level);
        target.deployment = Some(name.to_owned()).filter(|name| !is_expression(name));
        if target.resource_group != self.target.resource_group {
            // The other group's location is its own.
            target.location = None;
        }
        let inner =
            properties.pointer("/expressionEvaluationOptions/scope").and_then(Value::as_str);
        let inner = inner.is_some_and(|scope| scope.eq_ignore_ascii_case("inner"));
        let given = self.module_arguments(&evaluator, pointer, properties, locals);
        let at = format!("{pointer}/properties/template");
        let context = if inner { target.clone() } else { self.context.clone() };
        let mut scope = TemplateScope::new(self.session, template, at, context, given);
        scope.target = target;
        scope.depth = self.depth + 1;
        scope.outer = (!inner).then_some(self);
        let (expansion, reference) = expand_scope(&scope);
        Module { expansion, reference: Rc::new(reference) }
    }

    fn module_arguments(
        &self,
        evaluator: &Evaluator<'_>,
        pointer: &str,
        properties: &Value,
        locals: &Locals<'_>,
    ) -> Arguments {
        let mut arguments = BTreeMap::new();
        let at = At::Pointer(pointer);
        let at = at.key("properties");
        let at = at.key("parameters");
        let given = properties.get("parameters").and_then(Value::as_object).into_iter().flatten();
        for (name, argument) in given {
            let at = at.key(name);
            let given = match argument.get("value") {
                Some(value) => {
                    let value = self.value(evaluator, value, at.key("value"), locals);
                    Given::Value(Rc::new(value))
                }
                None if argument.get("reference").is_some() => Given::Reference,
                // A whole argument can be one expression, as in `[if(c, createObject('value', 1), ...)]`.
                None => match self.value(evaluator, argument, at, locals) {
                    Evaluated::Object(mut properties) => match properties.shift_remove("value") {
                        Some(value) => Given::Value(Rc::new(value)),
                        None => Given::Reference,
                    },
                    Evaluated::Null => continue,
                    _ => Given::Reference,
                },
            };
            arguments.insert(name.to_lowercase(), given);
        }
        arguments
    }

    /// The module that a `reference()` names by its symbolic name or by its id.
    pub(super) fn module_named(&self, target: &Evaluated) -> Option<Rc<Module>> {
        let wanted = match target {
            Evaluated::String(text) => text.clone(),
            symbolic => id_of(symbolic, &self.target)?,
        };
        for (pointer, declaration) in self.declarations() {
            if !is_module(declaration.json) {
                continue;
            }
            let copy = declaration.json.get("copy");
            let (base, item) = symbolic_item(&wanted);
            let symbol = declaration.symbol == Some(base);
            if !symbol && !wanted.starts_with('/') {
                continue;
            }
            let evaluator = Evaluator::new(self);
            let loop_name = copy.and_then(|copy| copy.get("name")?.as_str()).unwrap_or_default();
            for index in self.instances(&evaluator, &pointer, copy) {
                let none = Locals::NONE;
                let locals = if copy.is_some() { none.with_loop(loop_name, index) } else { none };
                let name = self.module_name(&evaluator, &pointer, declaration.json, &locals);
                let found = match (symbol, index) {
                    (true, Some(index)) => item == Some(index),
                    (true, None) => true,
                    (false, _) => {
                        let target =
                            self.target_of(&evaluator, &pointer, declaration.json, &locals);
                        let id =
                            resource_id(&place_id(&target), super::declaration::DEPLOYMENT, &name);
                        id.eq_ignore_ascii_case(&wanted)
                    }
                };
                if found {
                    return self.module(&pointer, declaration.json, index, &locals, &name);
                }
            }
        }
        None
    }

    /// The turns of a loop, or one without an index where there is none or its count is open.
    pub(super) fn instances(
        &self,
        evaluator: &Evaluator<'_>,
        pointer: &str,
        copy: Option<&Value>,
    ) -> Vec<Option<i64>> {
        let Some(copy) = copy else { return vec![None] };
        match self.turns(
            evaluator,
            copy.get("count"),
            At::Pointer(pointer).key("copy"),
            &Locals::NONE,
        ) {
            Turns::Known(count) => (0..count).map(Some).collect(),
            Turns::Open => vec![None],
        }
    }

    fn module_name(
        &self,
        evaluator: &Evaluator<'_>,
        pointer: &str,
        json: &Map<String, Value>,
        locals: &Locals<'_>,
    ) -> String {
        let name = json.get("name").unwrap_or(&Value::Null);
        match self.value(evaluator, name, At::Pointer(pointer).key("name"), locals) {
            Evaluated::String(name) => name,
            other => other.to_expression().to_template_string(),
        }
    }
}
