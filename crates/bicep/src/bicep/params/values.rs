//! The values of a parameters file, computed from what lowering made of their expressions.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use crate::arm::evaluate::{
    Context, Evaluated, Evaluator, Locals, Lookup, Scope, UserFunction, Work,
};
use crate::arm::expression::{Expression, write_template_string};
use crate::bicep::ir::{
    self, Assigned, Function, FunctionKind, Initializer, Key, Loop, ParametersFile,
};
use crate::diagnostic::{Diagnostic, Diagnostics, Place, Severity};

/// The most items that a loop may make.
const MOST_ITEMS: i64 = 10_000;

/// Computes the values of one file.
pub struct Values<'f> {
    scope: FileScope<'f>,
    problems: RefCell<Vec<(String, String)>>,
}

struct FileScope<'f> {
    file: &'f ParametersFile,
    context: Context,
    work: Work,
    functions: BTreeMap<String, Rc<UserFunction>>,
    base: Rc<Evaluated>,
    known: RefCell<BTreeMap<(bool, String), Rc<Evaluated>>>,
}

impl<'f> Values<'f> {
    /// The values of a file that extends what `inherited` gives.
    pub fn new(file: &'f ParametersFile, inherited: &[(String, Value)]) -> Self {
        let mut functions = BTreeMap::new();
        for Function { namespace, name, kind, .. } in &file.functions {
            functions.insert(format!("{namespace}.{name}"), Rc::new(user_function(kind)));
        }
        let values = inherited.iter().map(|(name, value)| {
            let value = value.get("value").map_or(Evaluated::Null, Evaluated::from_plain);
            (name.clone(), value)
        });
        let base = Rc::new(Evaluated::Object(values.collect()));
        let scope = FileScope {
            file,
            context: Context { public_cloud: true, ..Context::default() },
            work: Work::default(),
            functions,
            base,
            known: RefCell::default(),
        };
        Self { scope, problems: RefCell::default() }
    }

    fn evaluate(&self, value: &ir::Value) -> Evaluated {
        let evaluator = Evaluator::new(&self.scope);
        let value = evaluated(value, &evaluator, &Locals::NONE);
        let problems = evaluator.take_problems().into_iter();
        let problems = problems.map(|problem| (problem.title, problem.help));
        self.problems.borrow_mut().extend(problems);
        value
    }

    /// A value as it is, as far as it is known.
    pub fn plain(&self, value: &ir::Value) -> Value {
        let value = self.evaluate(value);
        value.to_plain().unwrap_or_else(|| value.to_template())
    }

    /// The entry of a parameter; `reference` names how a secret is told.
    pub fn assigned(&self, assigned: &Assigned, reference: &str) -> Value {
        match assigned {
            Assigned::Value(value) => self.entry(value),
            Assigned::Secret(arguments) => {
                let secret = self.secret(arguments);
                Value::Object(Map::from_iter([(reference.to_owned(), secret)]))
            }
        }
    }

    /// The entry of a value: it, or the expression that gives it.
    pub fn entry(&self, value: &ir::Value) -> Value {
        let value = self.evaluate(value);
        match value.to_plain() {
            Some(value) => json!({ "value": value }),
            None => json!({ "expression": value.to_expression().to_template_string() }),
        }
    }

    fn secret(&self, arguments: &[ir::Value]) -> Value {
        let place = arguments.iter().take(3).map(|argument| self.evaluate(argument));
        let vault = vault_id(&place.collect::<Vec<_>>());
        let mut rest = arguments.iter().skip(3).map(|argument| self.plain(argument));
        let name = rest.next().unwrap_or_default();
        let mut secret = json!({ "keyVault": { "id": vault }, "secretName": name });
        if let Some(version) = rest.next() {
            secret["secretVersion"] = version;
        }
        secret
    }

    /// Tells what went wrong since the last time. A value that has an error of its own fails because of it.
    pub fn report(&self, place: Place, diagnostics: &mut Diagnostics) {
        let problems = self.problems.take();
        let within = |inner: Place| inner.file == place.file && place.span.contains(inner.span);
        let is_error = |finding: &Diagnostic| {
            finding.severity == Severity::Error && finding.place.is_some_and(within)
        };
        if problems.is_empty() || diagnostics.iter().any(is_error) {
            return;
        }
        for (title, help) in problems {
            let finding = Diagnostic::error("BCP338", title);
            diagnostics.push(finding.at(place, "this value cannot be computed").help(help));
        }
    }
}

/// The ID of the Key Vault in a subscription and a resource group; an expression if one of the three is one.
fn vault_id(place: &[Evaluated]) -> Value {
    if let [Evaluated::String(subscription), Evaluated::String(group), Evaluated::String(name)] =
        place
    {
        return Value::from(format!(
            "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}"
        ));
    }
    let mut arguments: Vec<Expression> = place.iter().map(Evaluated::to_expression).collect();
    let name = arguments.split_off(arguments.len().min(2));
    let kind = ["Microsoft.KeyVault", "vaults"].map(|part| Expression::string(part.to_owned()));
    arguments.extend(kind.into_iter().chain(name));
    Value::from(Expression::call("resourceId", arguments).to_template_string())
}

impl FileScope<'_> {
    fn remembered(
        &self,
        key: (bool, String),
        compute: impl FnOnce() -> Option<Evaluated>,
    ) -> Lookup {
        if let Some(known) = self.known.borrow().get(&key) {
            return Lookup::Known(Rc::clone(known));
        }
        let Some(value) = compute().map(Rc::new) else { return Lookup::Missing };
        self.known.borrow_mut().insert(key, Rc::clone(&value));
        Lookup::Known(value)
    }
}

impl Scope for FileScope<'_> {
    fn parameter(&self, name: &str, evaluator: &Evaluator<'_>) -> Lookup {
        if name == "base" {
            return Lookup::Known(Rc::clone(&self.base));
        }
        self.remembered((true, name.to_owned()), || {
            let assignment = self.file.parameters.iter().find(|found| found.name == name)?;
            Some(match &assignment.value {
                Assigned::Value(value) => evaluated(value, evaluator, &Locals::NONE),
                Assigned::Secret(_) => {
                    Evaluated::Symbolic(Expression::call("getSecret", Vec::new()))
                }
            })
        })
    }

    fn variable(&self, name: &str, evaluator: &Evaluator<'_>) -> Lookup {
        self.remembered((false, name.to_owned()), || {
            if let Some(loaded) = self.file.loaded.iter().find(|found| found.name == name) {
                return Some(Evaluated::from_plain(&loaded.content));
            }
            let variable = self.file.variables.iter().find(|found| found.name == name)?;
            Some(match &variable.value {
                Initializer::Value(value, _) => evaluated(value, evaluator, &Locals::NONE),
                Initializer::Loop(looped) => repeated(looped, evaluator, &Locals::NONE),
            })
        })
    }

    fn function(&self, name: &str) -> Option<Rc<UserFunction>> {
        self.functions.get(name).cloned()
    }

    fn context(&self) -> &Context {
        &self.context
    }

    fn work(&self) -> &Work {
        &self.work
    }
}

fn evaluated(value: &ir::Value, evaluator: &Evaluator<'_>, locals: &Locals<'_>) -> Evaluated {
    match value {
        ir::Value::Expression(expression) => evaluator.expression(expression, locals),
        ir::Value::Array(items) => {
            items.iter().map(|item| evaluated(&item.value, evaluator, locals)).collect()
        }
        ir::Value::Object(object) => {
            let properties = object.properties.iter().map(|property| {
                let value = evaluated(&property.value, evaluator, locals);
                (key(&property.key, evaluator, locals), value)
            });
            let loops = object.loops.iter().map(|looped| {
                let name = looped.name.clone().unwrap_or_default();
                (name, repeated(looped, evaluator, locals))
            });
            Evaluated::Object(properties.chain(loops).collect())
        }
        ir::Value::Loaded(content) => Evaluated::from_plain(content),
        ir::Value::Template(json) => evaluator.value(json, locals),
    }
}

fn key(key: &Key, evaluator: &Evaluator<'_>, locals: &Locals<'_>) -> String {
    match key {
        Key::Name(name) => write_template_string(name).into_owned(),
        Key::Expression(key) => match evaluator.expression(key, locals) {
            Evaluated::String(text) => text,
            other => other.to_expression().to_template_string(),
        },
    }
}

fn repeated(looped: &Loop, evaluator: &Evaluator<'_>, locals: &Locals<'_>) -> Evaluated {
    let name = looped.name.as_deref().unwrap_or_default();
    let count = match evaluator.expression(&looped.count, locals) {
        Evaluated::Integer(count) => count.clamp(0, MOST_ITEMS),
        _ => 0,
    };
    let item = |index| evaluated(&looped.input, evaluator, &locals.with_loop(name, Some(index)));
    Evaluated::Array((0..count).map(item).collect())
}

fn user_function(function: &FunctionKind) -> UserFunction {
    match function {
        FunctionKind::Bicep { parameters, value, .. } => UserFunction {
            parameters: parameters.iter().map(|(name, _)| name.clone()).collect(),
            body: value.to_expression(),
        },
        FunctionKind::Template(object) => {
            let parameters = object.get("parameters").and_then(Value::as_array);
            let parameters = parameters.into_iter().flatten();
            let names = parameters.filter_map(|parameter| parameter["name"].as_str());
            let value = object.get("output").and_then(|output| output.get("value"));
            let value = ir::Value::Template(value.cloned().unwrap_or_default());
            UserFunction {
                parameters: names.map(str::to_owned).collect(),
                body: value.to_expression(),
            }
        }
    }
}
