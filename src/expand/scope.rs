use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::at::At;
use super::module::Module;
use super::session::Session;
use crate::arm::evaluate::{
    Context, Evaluated, Evaluator, Locals, Lookup, Scope, UserFunction, Work,
};
use crate::arm::expression::{self, Expression};
use crate::diagnostic::{Diagnostic, nearest, pointer};

/// What a caller gives for a parameter.
#[derive(Debug, Clone)]
pub(super) enum Given {
    Value(Rc<Evaluated>),
    /// A secret that Azure reads from a key vault.
    Reference,
}

/// By lowercase name, since ARM's names have no case.
pub(super) type Arguments = BTreeMap<String, Given>;

/// Modules by pointer and loop index; nothing while one is being opened.
pub(super) type Modules = BTreeMap<(String, i64), Option<Rc<Module>>>;

type Memo = RefCell<BTreeMap<String, Option<Lookup>>>;

/// One template with its arguments: where its expressions look names up.
pub(super) struct TemplateScope<'s> {
    pub(super) session: &'s Session<'s>,
    pub(super) json: &'s Value,
    /// Where the template stands in the outermost one.
    pub(super) pointer: String,
    /// Where its expressions see themselves.
    pub(super) context: Context,
    /// Where its resources go; differs from `context` if the outer template evaluates for it.
    pub(super) target: Context,
    pub(super) depth: usize,
    /// The template that evaluates for it, in ARM's older mode for nested templates.
    pub(super) outer: Option<&'s TemplateScope<'s>>,
    pub(super) modules: RefCell<Modules>,
    arguments: Arguments,
    parameters: Memo,
    variables: Memo,
    functions: BTreeMap<String, Rc<UserFunction>>,
}

impl<'s> TemplateScope<'s> {
    pub(super) fn new(
        session: &'s Session<'s>,
        json: &'s Value,
        pointer: String,
        context: Context,
        arguments: Arguments,
    ) -> Self {
        Self {
            session,
            json,
            pointer,
            target: context.clone(),
            context,
            depth: 0,
            outer: None,
            modules: RefCell::default(),
            arguments,
            parameters: RefCell::default(),
            variables: RefCell::default(),
            functions: functions(json),
        }
    }

    /// The declarations of a section, such as `parameters`.
    pub(super) fn section(&self, name: &str) -> Option<&'s Map<String, Value>> {
        self.json.get(name)?.as_object()
    }

    pub(super) fn at(&self, section: &str, name: &str) -> String {
        format!("{}/{section}/{}", self.pointer, pointer::escape(name))
    }

    /// Reports missing parameters and arguments that no parameter takes.
    pub(super) fn check_arguments(&self) {
        let declared = self.section("parameters");
        let names: Vec<&str> =
            declared.into_iter().flat_map(Map::keys).map(String::as_str).collect();
        for argument in self.arguments.keys() {
            if names.iter().any(|name| name.eq_ignore_ascii_case(argument)) {
                continue;
            }
            let help = match nearest(argument, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("remove `{argument}`, or declare it in the template"),
            };
            let title = format!("the template has no parameter `{argument}`");
            let finding = Diagnostic::error("PB3002", title)
                .reason(
                    "Azure refuses a deployment with arguments that its template does not declare",
                )
                .help(help);
            self.session.report(finding, &format!("{}/parameters", self.pointer), "declared here");
        }
        let evaluator = Evaluator::new(self);
        for name in names {
            self.parameter(name, &evaluator);
        }
    }

    fn declared_parameter(&self, name: &str) -> Option<(&'s str, &'s Value)> {
        find(self.section("parameters")?, name)
    }

    fn parameter_value(&self, name: &str, evaluator: &Evaluator<'_>) -> Lookup {
        let Some((declared, declaration)) = self.declared_parameter(name) else {
            return Lookup::Missing;
        };
        match self.arguments.get(&declared.to_lowercase()) {
            Some(Given::Value(value)) => {
                self.check_parameter(declared, declaration, value);
                return Lookup::Known(value.clone());
            }
            Some(Given::Reference) => return Lookup::Symbolic,
            None => {}
        }
        let pointer = self.at("parameters", declared);
        if let Some(default) = declaration.get("defaultValue") {
            let nested = Evaluator::new(self).below(evaluator);
            let value = nested.value(default, &Locals::NONE);
            self.session
                .report_problems(nested.take_problems(), At::Pointer(&pointer).key("defaultValue"));
            self.check_parameter(declared, declaration, &value);
            return Lookup::Known(Rc::new(value));
        }
        if self.is_nullable(declaration) {
            return Lookup::Known(Rc::new(Evaluated::Null));
        }
        let finding = Diagnostic::error("PB3002", format!("parameter `{declared}` has no value"))
            .reason("it has no default, and Azure refuses the deployment without it")
            .help(format!("give `{declared}` a value in the parameters"));
        self.session.report(finding, &pointer, "declared here");
        Lookup::Symbolic
    }

    pub(super) fn is_nullable(&self, declaration: &Value) -> bool {
        let resolved = self.resolved(declaration);
        [declaration, resolved].iter().any(|one| one.get("nullable") == Some(&Value::Bool(true)))
    }

    /// The declaration that a reference to a type of the template leads to.
    pub(super) fn resolved<'v>(&'v self, mut declaration: &'v Value) -> &'v Value {
        for _ in 0..16 {
            let reference = declaration.get("$ref").and_then(Value::as_str);
            let target =
                reference.and_then(|reference| self.json.pointer(reference.strip_prefix('#')?));
            match target {
                Some(target) => declaration = target,
                None => break,
            }
        }
        declaration
    }

    fn variable_value(&self, name: &str, evaluator: &Evaluator<'_>) -> Lookup {
        let Some(variables) = self.section("variables") else { return Lookup::Missing };
        let nested = Evaluator::new(self).below(evaluator);
        let found = if let Some((declared, value)) =
            find(variables, name).filter(|(declared, _)| *declared != "copy")
        {
            self.value(&nested, value, At::Pointer(&self.at("variables", declared)), &Locals::NONE)
        } else if let Some((index, turn)) = loop_of(variables, name) {
            let pointer = format!("{}/variables/copy/{index}", self.pointer);
            self.looped_value(&nested, turn, At::Pointer(&pointer), &Locals::NONE)
        } else {
            return Lookup::Missing;
        };
        Lookup::Known(Rc::new(found))
    }

    fn remember(
        &self,
        memo: &Memo,
        section: &str,
        name: &str,
        compute: impl FnOnce() -> Lookup,
    ) -> Lookup {
        let key = name.to_lowercase();
        match memo.borrow().get(&key) {
            Some(Some(known)) => return known.clone(),
            Some(None) => {
                let finding = Diagnostic::error("PB3001", format!("`{name}` depends on itself"))
                    .reason("Azure refuses a template with circular references")
                    .help("remove one of the references");
                self.session.report(finding, &self.at(section, name), "the cycle starts here");
                return Lookup::Symbolic;
            }
            None => {}
        }
        memo.borrow_mut().insert(key.clone(), None);
        let found = compute();
        memo.borrow_mut().insert(key, Some(found.clone()));
        found
    }
}

impl Scope for TemplateScope<'_> {
    fn parameter(&self, name: &str, evaluator: &Evaluator<'_>) -> Lookup {
        if let Some(outer) = self.outer {
            return outer.parameter(name, evaluator);
        }
        self.remember(&self.parameters, "parameters", name, || {
            self.parameter_value(name, evaluator)
        })
    }

    fn variable(&self, name: &str, evaluator: &Evaluator<'_>) -> Lookup {
        if let Some(outer) = self.outer {
            return outer.variable(name, evaluator);
        }
        self.remember(&self.variables, "variables", name, || self.variable_value(name, evaluator))
    }

    fn function(&self, name: &str) -> Option<Rc<UserFunction>> {
        if let Some(outer) = self.outer {
            return outer.function(name);
        }
        self.functions.get(&name.to_lowercase()).cloned()
    }

    fn context(&self) -> &Context {
        &self.context
    }

    fn parsed(&self, text: &str) -> Option<&Expression> {
        self.session.expressions.get(text)
    }

    fn work(&self) -> &Work {
        &self.session.work
    }

    fn reference(&self, target: &Evaluated, _: &Evaluator<'_>) -> Option<Rc<Evaluated>> {
        self.module_named(target).map(|module| module.reference.clone())
    }
}

fn find<'v>(map: &'v Map<String, Value>, name: &str) -> Option<(&'v str, &'v Value)> {
    let same = map.get_key_value(name);
    let other_case = || map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    same.or_else(other_case).map(|(key, value)| (key.as_str(), value))
}

/// The loop that makes the variable of this name.
fn loop_of<'v>(variables: &'v Map<String, Value>, name: &str) -> Option<(usize, &'v Value)> {
    let loops = variables.get("copy")?.as_array()?;
    loops.iter().enumerate().find(|(_, turn)| {
        let declared = turn.get("name").and_then(Value::as_str);
        declared.is_some_and(|declared| declared.eq_ignore_ascii_case(name))
    })
}

/// The template's own functions. One that is malformed is left out, and its calls are reported.
fn functions(json: &Value) -> BTreeMap<String, Rc<UserFunction>> {
    let mut functions = BTreeMap::new();
    let namespaces = json.get("functions").and_then(Value::as_array).into_iter().flatten();
    for namespace in namespaces {
        let Some(prefix) = namespace.get("namespace").and_then(Value::as_str) else { continue };
        let members = namespace.get("members").and_then(Value::as_object).into_iter().flatten();
        for (name, member) in members {
            if let Some(function) = function(member) {
                functions.insert(format!("{prefix}.{name}").to_lowercase(), Rc::new(function));
            }
        }
    }
    functions
}

fn function(member: &Value) -> Option<UserFunction> {
    let parameters = member.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let names = parameters.map(|parameter| Some(parameter.get("name")?.as_str()?.to_owned()));
    let body = expression::value_expression(member.get("output")?.get("value")?).ok()?;
    Some(UserFunction { parameters: names.collect::<Option<_>>()?, body })
}
