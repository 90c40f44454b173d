use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use super::context::Context;
use super::functions::{self, Failure};
use super::lambda::lambda_variable;
use super::scope::{LambdaVariable, Locals, Lookup, LoopIndex, Scope};
use super::value::Evaluated;
use crate::arm::expression::{self, Expression, TemplateString};

/// How deep evaluation may go, variables and functions of the template included.
const DEEPEST: usize = 200;
/// How much work one deployment may take, in values made. A large one takes some ten thousand.
const MOST_WORK: usize = 2_000_000;

/// The work that a deployment has taken so far. All evaluators of its scopes share it.
#[derive(Debug, Default)]
pub struct Work(Cell<usize>);

impl Work {
    fn is_used_up(&self) -> bool {
        self.0.get() > MOST_WORK
    }
}
/// The longest name of a function that does not evaluate all of its arguments: `lambdaVariables`.
const LONGEST_LAZY_NAME: usize = 15;
/// Problems kept; a reader stops long before.
const MOST_PROBLEMS: usize = 200;

/// An expression that Azure would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, in the shape of a diagnostic's title.
    pub title: String,
    /// The expression that fails, in its canonical text.
    pub expression: String,
    /// What to do.
    pub help: String,
}

/// Evaluates the expressions of one template.
pub struct Evaluator<'a> {
    pub(super) scope: &'a dyn Scope,
    problems: RefCell<Vec<Problem>>,
    depth: Cell<usize>,
    muted: Cell<usize>,
}

impl<'a> Evaluator<'a> {
    /// An evaluator for a scope.
    pub fn new(scope: &'a dyn Scope) -> Self {
        Self { scope, problems: RefCell::default(), depth: Cell::new(0), muted: Cell::new(0) }
    }

    /// An evaluator that is as deep as another, so that values which use one another share one limit.
    #[must_use]
    pub fn below(self, other: &Evaluator<'_>) -> Self {
        self.depth.set(other.depth.get());
        self
    }

    /// What went wrong so far, in order; the list is emptied.
    pub fn take_problems(&self) -> Vec<Problem> {
        std::mem::take(&mut *self.problems.borrow_mut())
    }

    /// A value of a template: every `[expr]` in it is evaluated.
    pub fn value(&self, value: &Value, locals: &Locals<'_>) -> Evaluated {
        match value {
            Value::String(text) => self.text(text, locals),
            Value::Array(items) => {
                Evaluated::Array(items.iter().map(|item| self.value(item, locals)).collect())
            }
            Value::Object(map) => Evaluated::Object(
                map.iter()
                    .map(|(key, value)| (self.key(key, locals), self.value(value, locals)))
                    .collect(),
            ),
            plain => Evaluated::from_plain(plain),
        }
    }

    /// A text of a template: a literal, or an expression to evaluate.
    pub fn text(&self, text: &str, locals: &Locals<'_>) -> Evaluated {
        let inner = match expression::read_template_string(text) {
            TemplateString::Literal(literal) => return Evaluated::String(literal.into_owned()),
            TemplateString::Expression(inner) => inner,
        };
        if let Some(parsed) = self.scope.parsed(inner) {
            return self.expression(parsed, locals);
        }
        match expression::parse(inner) {
            Ok(parsed) => self.expression(&parsed, locals),
            Err(error) => {
                self.report(error.to_string(), inner.to_owned(), "correct the expression");
                // The text is no expression, so that it can only stand for itself.
                Evaluated::String(text.to_owned())
            }
        }
    }

    /// A key of an object, which may be an expression too.
    pub fn key(&self, key: &str, locals: &Locals<'_>) -> String {
        if !expression::is_expression(key) {
            return key.to_owned();
        }
        match self.text(key, locals) {
            Evaluated::String(text) => text,
            other => other.to_expression().to_template_string(),
        }
    }

    /// An expression.
    pub fn expression(&self, expression: &Expression, locals: &Locals<'_>) -> Evaluated {
        match expression {
            Expression::String(text) => Evaluated::String(text.clone()),
            Expression::Integer(number) => Evaluated::Integer(*number),
            Expression::Call { name, arguments } => self.call(expression, name, arguments, locals),
            Expression::Property { .. } | Expression::Index { .. } => {
                self.access(expression, locals)
            }
        }
    }

    fn call(
        &self,
        whole: &Expression,
        name: &str,
        arguments: &[Expression],
        locals: &Locals<'_>,
    ) -> Evaluated {
        if self.depth.get() >= DEEPEST {
            return self.fail(
                whole,
                "the expression is nested too deeply",
                "flatten the expression",
            );
        }
        if self.scope.work().is_used_up() {
            return Evaluated::Symbolic(whole.clone());
        }
        self.depth.set(self.depth.get() + 1);
        let result = self.call_within_limits(whole, name, arguments, locals);
        self.depth.set(self.depth.get() - 1);
        if !self.spend(result.weight()) {
            return Evaluated::Symbolic(whole.clone());
        }
        result
    }

    /// Counts work; reports once when there has been too much.
    pub(super) fn spend(&self, amount: usize) -> bool {
        let work = self.scope.work();
        let reported = work.is_used_up();
        work.0.set(work.0.get().saturating_add(amount).saturating_add(1));
        if !work.is_used_up() {
            return true;
        }
        if !reported {
            let title = "the template takes too much work to evaluate";
            self.report(
                title.to_owned(),
                String::new(),
                "split the template, or reduce its loop counts",
            );
        }
        false
    }

    fn call_within_limits(
        &self,
        whole: &Expression,
        name: &str,
        arguments: &[Expression],
        locals: &Locals<'_>,
    ) -> Evaluated {
        if let Some(result) = self.lazy_call(whole, name, arguments, locals) {
            return result;
        }
        let evaluated: Vec<_> =
            arguments.iter().map(|argument| self.expression(argument, locals)).collect();
        if name.contains('.') {
            return self.user_call(whole, name, &evaluated);
        }
        if name.eq_ignore_ascii_case("reference")
            && let Some(target) = evaluated.first()
            && let Some(known) = self.scope.reference(target, self)
        {
            return (*known).clone();
        }
        match functions::apply(name, &evaluated, self.scope.context()) {
            Ok(value) => value,
            Err(Failure::Symbolic) => residue(name, &evaluated),
            Err(Failure::Wrong { title, help }) => {
                self.report(title, whole.to_string(), &help);
                residue(name, &evaluated)
            }
        }
    }

    /// The functions that do not evaluate all of their arguments, or that read the scope.
    fn lazy_call(
        &self,
        whole: &Expression,
        name: &str,
        arguments: &[Expression],
        locals: &Locals<'_>,
    ) -> Option<Evaluated> {
        let mut lower = [0; LONGEST_LAZY_NAME];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        Some(match &*lower {
            b"parameters" | b"variables" => (*self.shared(whole, locals)).clone(),
            b"copyindex" => self.copy_index(whole, arguments, locals),
            b"lambdavariables" => match lambda_variable(arguments, locals) {
                Some(LambdaVariable::Bound(value)) => value.clone(),
                Some(LambdaVariable::Open) => Evaluated::Symbolic(whole.clone()),
                None => self.fail(whole, "unknown lambda variable", "correct its name"),
            },
            b"if" => self.choose(whole, arguments, locals),
            b"and" => self.junction("and", false, arguments, locals),
            b"or" => self.junction("or", true, arguments, locals),
            b"coalesce" => self.coalesce(arguments, locals),
            b"lambda" => {
                self.fail(whole, "a lambda is allowed only as an argument", "pass it to a function")
            }
            lower => return self.lambda_call(whole, (name, lower), arguments, locals),
        })
    }

    /// The value of `parameters('x')` or `variables('x')` without a copy; any other expression too.
    pub(super) fn shared(&self, expression: &Expression, locals: &Locals<'_>) -> Rc<Evaluated> {
        let Expression::Call { name, arguments } = expression else {
            return Rc::new(self.expression(expression, locals));
        };
        let is_parameter = name.eq_ignore_ascii_case("parameters");
        if !is_parameter && !name.eq_ignore_ascii_case("variables") {
            return Rc::new(self.expression(expression, locals));
        }
        let [argument] = arguments.as_slice() else {
            return Rc::new(self.fail(expression, "expected one name", "pass one name"));
        };
        let wanted = match self.expression(argument, locals) {
            Evaluated::String(wanted) => wanted,
            Evaluated::Symbolic(wanted) => {
                return Rc::new(Evaluated::Symbolic(Expression::call(name.clone(), vec![wanted])));
            }
            _ => return Rc::new(self.fail(expression, "expected a name", "pass a string")),
        };
        self.look_up(expression, is_parameter, &wanted, locals)
    }

    fn look_up(
        &self,
        expression: &Expression,
        is_parameter: bool,
        wanted: &str,
        locals: &Locals<'_>,
    ) -> Rc<Evaluated> {
        let found = match locals.function_parameters() {
            Some(parameters) if is_parameter => {
                parameters.get(wanted).map_or(Lookup::Missing, |value| Lookup::Known(value.clone()))
            }
            _ if self.depth.get() >= DEEPEST => {
                return Rc::new(self.fail(
                    expression,
                    "the variables are nested too deeply",
                    "flatten them",
                ));
            }
            _ => {
                self.depth.set(self.depth.get() + 1);
                let found = if is_parameter {
                    self.scope.parameter(wanted, self)
                } else {
                    self.scope.variable(wanted, self)
                };
                self.depth.set(self.depth.get() - 1);
                found
            }
        };
        match found {
            Lookup::Known(value) => value,
            Lookup::Symbolic => {
                let function = if is_parameter { "parameters" } else { "variables" };
                let name = Expression::string(wanted);
                Rc::new(Evaluated::Symbolic(Expression::call(function, vec![name])))
            }
            Lookup::Missing => {
                let sort = if is_parameter { "parameter" } else { "variable" };
                let title = format!("no {sort} is named `{wanted}`");
                Rc::new(self.fail(expression, &title, "declare it, or correct its name"))
            }
        }
    }

    fn copy_index(
        &self,
        whole: &Expression,
        arguments: &[Expression],
        locals: &Locals<'_>,
    ) -> Evaluated {
        let mut name = None;
        let mut offset = 0;
        for argument in arguments.iter().take(2) {
            match self.expression(argument, locals) {
                Evaluated::String(text) => name = Some(text),
                Evaluated::Integer(number) => offset = number,
                _ => return Evaluated::Symbolic(whole.clone()),
            }
        }
        match locals.loop_index(name.as_deref()) {
            Some(LoopIndex::At(index)) => Evaluated::Integer(index.saturating_add(offset)),
            Some(LoopIndex::Open) => Evaluated::Symbolic(whole.clone()),
            None => {
                self.fail(whole, "`copyIndex` is used outside its loop", "use it inside `copy`")
            }
        }
    }

    fn choose(
        &self,
        whole: &Expression,
        arguments: &[Expression],
        locals: &Locals<'_>,
    ) -> Evaluated {
        let [condition, then, otherwise] = arguments else {
            return self.fail(whole, "`if` expects 3 arguments", "pass a condition and two values");
        };
        match self.expression(condition, locals) {
            Evaluated::Bool(true) => self.expression(then, locals),
            Evaluated::Bool(false) => self.expression(otherwise, locals),
            Evaluated::Symbolic(condition) => {
                // Azure evaluates one of the two, so that an error in the other is none.
                let then = self.quietly(|| self.expression(then, locals).to_expression());
                let otherwise = self.quietly(|| self.expression(otherwise, locals).to_expression());
                Evaluated::Symbolic(Expression::call("if", vec![condition, then, otherwise]))
            }
            other => {
                let title =
                    format!("the condition of `if` is {}, not a boolean", other.type_name());
                self.fail(whole, &title, "use a boolean condition")
            }
        }
    }

    /// `and`, `or`: one argument of the deciding value decides, whatever the others are.
    fn junction(
        &self,
        name: &str,
        deciding: bool,
        arguments: &[Expression],
        locals: &Locals<'_>,
    ) -> Evaluated {
        let mut open = Vec::new();
        for argument in arguments {
            match self.expression(argument, locals) {
                Evaluated::Bool(value) if value == deciding => return Evaluated::Bool(deciding),
                Evaluated::Bool(_) => {}
                Evaluated::Symbolic(expression) => open.push(expression),
                other => {
                    let title = format!("`{name}` expects a boolean, found {}", other.type_name());
                    return self.fail(argument, &title, "use a comparison");
                }
            }
        }
        match open.len() {
            0 => Evaluated::Bool(!deciding),
            1 => Evaluated::Symbolic(open.remove(0)),
            _ => Evaluated::Symbolic(Expression::call(name.to_owned(), open)),
        }
    }

    fn coalesce(&self, arguments: &[Expression], locals: &Locals<'_>) -> Evaluated {
        let mut open = Vec::new();
        for argument in arguments {
            match self.expression(argument, locals) {
                Evaluated::Null => {}
                Evaluated::Symbolic(expression) => open.push(expression),
                known if open.is_empty() => return known,
                known => {
                    open.push(known.to_expression());
                    break;
                }
            }
        }
        match open.len() {
            0 => Evaluated::Null,
            1 => Evaluated::Symbolic(open.remove(0)),
            _ => Evaluated::Symbolic(Expression::call("coalesce", open)),
        }
    }

    fn user_call(&self, whole: &Expression, name: &str, arguments: &[Evaluated]) -> Evaluated {
        let Some(function) = self.scope.function(name) else {
            let title = format!("no function is named `{name}`");
            return self.fail(whole, &title, "declare it, or correct its name");
        };
        if function.parameters.len() != arguments.len() {
            let title = format!(
                "`{name}` expects {} arguments, found {}",
                function.parameters.len(),
                arguments.len()
            );
            return self.fail(whole, &title, "pass one argument per parameter");
        }
        let names = function.parameters.iter().cloned();
        let parameters: BTreeMap<_, _> =
            names.zip(arguments.iter().map(|argument| Rc::new(argument.clone()))).collect();
        self.expression(&function.body, &Locals::of_function(&parameters))
    }

    /// Runs something whose problems are none.
    pub(super) fn quietly<T>(&self, run: impl FnOnce() -> T) -> T {
        self.muted.set(self.muted.get() + 1);
        let result = run();
        self.muted.set(self.muted.get() - 1);
        result
    }

    /// Reports a problem and leaves the expression as it is.
    pub(super) fn fail(&self, expression: &Expression, title: &str, help: &str) -> Evaluated {
        self.report(title.to_owned(), expression.to_string(), help);
        Evaluated::Symbolic(expression.clone())
    }

    fn report(&self, title: String, expression: String, help: &str) {
        let mut problems = self.problems.borrow_mut();
        if self.muted.get() == 0 && problems.len() < MOST_PROBLEMS {
            problems.push(Problem { title, expression, help: help.to_owned() });
        }
    }

    /// Where the template is deployed.
    pub fn context(&self) -> &Context {
        self.scope.context()
    }
}

/// The call with as much of its arguments as is known.
pub(super) fn residue(name: &str, arguments: &[Evaluated]) -> Evaluated {
    Evaluated::Symbolic(Expression::call(
        name.to_owned(),
        arguments.iter().map(Evaluated::to_expression).collect(),
    ))
}
