//! The values of a parameters file, computed from what lowering made of their expressions.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use crate::arm::evaluate::{
    Context, Evaluated, Evaluator, Locals, Lookup, Scope, UserFunction, Work,
};
use crate::arm::expression::{self, Expression, TemplateString};
use crate::bicep::lower::{Assigned, ParametersFile};
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
        for (namespace, name, function) in &file.functions {
            let body = expression_of(&function["output"]["value"]);
            let parameters = function["parameters"].as_array().into_iter().flatten();
            let names = parameters.filter_map(|parameter| parameter["name"].as_str());
            let parameters = names.map(str::to_owned).collect();
            let function = UserFunction { parameters, body };
            functions.insert(format!("{namespace}.{name}"), Rc::new(function));
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

    fn evaluate(&self, value: &Value) -> Evaluated {
        let evaluator = Evaluator::new(&self.scope);
        let value = evaluator.value(value, &Locals::NONE);
        let problems = evaluator.take_problems().into_iter();
        let problems = problems.map(|problem| (problem.title, problem.help));
        self.problems.borrow_mut().extend(problems);
        value
    }

    /// A value as it is, as far as it is known.
    pub fn plain(&self, value: &Value) -> Value {
        let value = self.evaluate(value);
        value.to_plain().unwrap_or_else(|| value.to_template())
    }

    /// The entry of a parameter; `reference` names how a secret is told.
    pub fn assigned(&self, assigned: &Assigned, reference: &str) -> Value {
        let value = match assigned {
            Assigned::Value(value) => value,
            Assigned::Secret(arguments) => {
                let secret = self.secret(arguments);
                return Value::Object(Map::from_iter([(reference.to_owned(), secret)]));
            }
        };
        let value = self.evaluate(value);
        match value.to_plain() {
            Some(value) => json!({ "value": value }),
            None => json!({ "expression": value.to_expression().to_template_string() }),
        }
    }

    fn secret(&self, arguments: &[Value]) -> Value {
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

    fn repeated(copy: &Value, evaluator: &Evaluator<'_>) -> Evaluated {
        let name = copy["name"].as_str().unwrap_or_default();
        let count = match evaluator.value(&copy["count"], &Locals::NONE) {
            Evaluated::Integer(count) => count.clamp(0, MOST_ITEMS),
            _ => 0,
        };
        let outer = Locals::NONE;
        let item = |index| evaluator.value(&copy["input"], &outer.with_loop(name, Some(index)));
        Evaluated::Array((0..count).map(item).collect())
    }
}

impl Scope for FileScope<'_> {
    fn parameter(&self, name: &str, evaluator: &Evaluator<'_>) -> Lookup {
        if name == "base" {
            return Lookup::Known(Rc::clone(&self.base));
        }
        self.remembered((true, name.to_owned()), || {
            let (_, assigned, _) = self.file.parameters.iter().find(|found| found.0 == name)?;
            Some(match assigned {
                Assigned::Value(value) => evaluator.value(value, &Locals::NONE),
                Assigned::Secret(_) => {
                    Evaluated::Symbolic(Expression::call("getSecret", Vec::new()))
                }
            })
        })
    }

    fn variable(&self, name: &str, evaluator: &Evaluator<'_>) -> Lookup {
        self.remembered((false, name.to_owned()), || {
            let copies = self.file.variables.get("copy").and_then(Value::as_array);
            let mut copies = copies.into_iter().flatten();
            if let Some(copy) = copies.find(|copy| copy["name"] == name) {
                return Some(Self::repeated(copy, evaluator));
            }
            let value = self.file.variables.get(name)?;
            Some(evaluator.value(value, &Locals::NONE))
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

// The body of a function may be any value of a template.
fn expression_of(value: &Value) -> Expression {
    match value {
        Value::String(text) => match expression::read_template_string(text) {
            TemplateString::Literal(text) => Expression::string(text),
            TemplateString::Expression(text) => {
                expression::parse(text).unwrap_or_else(|_| Expression::string(text))
            }
        },
        Value::Array(items) => {
            Expression::call("createArray", items.iter().map(expression_of).collect())
        }
        Value::Object(object) => {
            let pairs = object.iter().flat_map(|(key, value)| {
                [expression_of(&Value::from(key.as_str())), expression_of(value)]
            });
            Expression::call("createObject", pairs.collect())
        }
        plain => Evaluated::from_plain(plain).to_expression(),
    }
}
