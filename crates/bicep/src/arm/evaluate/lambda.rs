use std::cmp::Ordering;

use super::evaluator::Evaluator;
use super::scope::{LambdaVariable, Locals};
use super::value::{Evaluated, Properties};
use crate::arm::expression::{Expression, is_expression};

struct Lambda<'e> {
    parameters: Vec<&'e str>,
    body: &'e Expression,
}

/// Why a lambda function gave no value.
enum Stop {
    /// A value that decides is symbolic.
    Symbolic,
    /// Azure would refuse it.
    Wrong(String),
}

type Outcome = Result<Evaluated, Stop>;

impl Evaluator<'_> {
    /// `map`, `filter` and the other functions that take lambdas; nothing if it is none of them.
    pub(super) fn lambda_call(
        &self,
        whole: &Expression,
        (name, lower): (&str, &[u8]),
        arguments: &[Expression],
        locals: &Locals<'_>,
    ) -> Option<Evaluated> {
        let (plain, lambdas) = match lower {
            b"map" | b"filter" | b"sort" | b"groupby" | b"mapvalues" => (1, 1..=1),
            b"reduce" => (2, 1..=1),
            b"toobject" => (1, 1..=2),
            _ => return None,
        };
        let parsed: Option<Vec<_>> = arguments.iter().skip(plain).map(parse_lambda).collect();
        let Some(functions) = parsed.filter(|found| lambdas.contains(&found.len())) else {
            let title = format!("`{name}` expects {plain} values and a lambda");
            return Some(self.fail(whole, &title, "pass a lambda as the last argument"));
        };
        let values: Vec<_> =
            arguments[..plain].iter().map(|argument| self.expression(argument, locals)).collect();
        let outcome = match (lower, functions.as_slice()) {
            (b"map", [function]) => self.map(&values[0], function, locals),
            (b"filter", [function]) => self.filter(&values[0], function, locals),
            (b"sort", [function]) => self.sort(&values[0], function, locals),
            (b"reduce", [function]) => self.reduce(&values[0], &values[1], function, locals),
            (b"groupby", [function]) => self.group_by(&values[0], function, locals),
            (b"mapvalues", [function]) => self.map_values(&values[0], function, locals),
            (b"toobject", [key, rest @ ..]) => {
                self.to_object(&values[0], key, rest.first(), locals)
            }
            _ => Err(Stop::Symbolic),
        };
        Some(match outcome {
            Ok(value) => value,
            Err(Stop::Symbolic) => self.lambda_residue(name, &values, &functions, locals),
            Err(Stop::Wrong(title)) => self.fail(whole, &title, "correct the result of the lambda"),
        })
    }

    /// The call with its values and with what is known inside of its lambdas.
    fn lambda_residue(
        &self,
        name: &str,
        values: &[Evaluated],
        functions: &[Lambda<'_>],
        locals: &Locals<'_>,
    ) -> Evaluated {
        let mut arguments: Vec<_> = values.iter().map(Evaluated::to_expression).collect();
        for function in functions {
            let unknown = vec![None; function.parameters.len()];
            let body = self.quietly(|| self.run(function, &unknown, locals)).to_expression();
            let parameters = function.parameters.iter().map(|name| Expression::string(*name));
            arguments.push(Expression::call("lambda", parameters.chain([body]).collect()));
        }
        Evaluated::Symbolic(Expression::call(name.to_owned(), arguments))
    }

    /// Runs a lambda's body; more values than parameters is fine, as an index is optional.
    fn run(
        &self,
        lambda: &Lambda<'_>,
        values: &[Option<&Evaluated>],
        locals: &Locals<'_>,
    ) -> Evaluated {
        match (lambda.parameters.as_slice(), values) {
            ([name, ..], [value, ..]) => {
                let inner =
                    Lambda { parameters: lambda.parameters[1..].to_vec(), body: lambda.body };
                self.run(&inner, &values[1..], &locals.with_lambda(name, *value))
            }
            _ => self.expression(lambda.body, locals),
        }
    }

    fn run_on(&self, lambda: &Lambda<'_>, values: &[&Evaluated], locals: &Locals<'_>) -> Evaluated {
        let values: Vec<_> = values.iter().copied().map(Some).collect();
        self.run(lambda, &values, locals)
    }

    fn map(&self, array: &Evaluated, lambda: &Lambda<'_>, locals: &Locals<'_>) -> Outcome {
        let items = items(array)?.iter().enumerate();
        Ok(Evaluated::Array(
            items
                .map(|(index, item)| self.run_on(lambda, &[item, &position(index)], locals))
                .collect(),
        ))
    }

    fn filter(&self, array: &Evaluated, lambda: &Lambda<'_>, locals: &Locals<'_>) -> Outcome {
        let mut kept = Vec::new();
        for (index, item) in items(array)?.iter().enumerate() {
            if truth(&self.run_on(lambda, &[item, &position(index)], locals))? {
                kept.push(item.clone());
            }
        }
        Ok(Evaluated::Array(kept))
    }

    fn reduce(
        &self,
        array: &Evaluated,
        first: &Evaluated,
        lambda: &Lambda<'_>,
        locals: &Locals<'_>,
    ) -> Outcome {
        let mut current = first.clone();
        for (index, item) in items(array)?.iter().enumerate() {
            if !self.spend(current.weight()) {
                return Err(Stop::Symbolic);
            }
            current = self.run_on(lambda, &[&current, item, &position(index)], locals);
        }
        Ok(current)
    }

    /// A merge sort of its own: a lambda need not be an order, and the library's sort may then panic.
    fn sort(&self, array: &Evaluated, lambda: &Lambda<'_>, locals: &Locals<'_>) -> Outcome {
        let items = items(array)?.to_vec();
        Ok(Evaluated::Array(self.merge_sort(items, lambda, locals)?))
    }

    fn merge_sort(
        &self,
        mut items: Vec<Evaluated>,
        lambda: &Lambda<'_>,
        locals: &Locals<'_>,
    ) -> Result<Vec<Evaluated>, Stop> {
        if items.len() < 2 {
            return Ok(items);
        }
        let right = items.split_off(items.len() / 2);
        let mut left = self.merge_sort(items, lambda, locals)?.into_iter().peekable();
        let mut right = self.merge_sort(right, lambda, locals)?.into_iter().peekable();
        let mut sorted = Vec::with_capacity(left.len() + right.len());
        while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
            let right_first = truth(&self.run_on(lambda, &[other, one], locals))?
                && !truth(&self.run_on(lambda, &[one, other], locals))?;
            sorted.extend(if right_first { right.next() } else { left.next() });
        }
        sorted.extend(left);
        sorted.extend(right);
        Ok(sorted)
    }

    fn group_by(&self, array: &Evaluated, lambda: &Lambda<'_>, locals: &Locals<'_>) -> Outcome {
        let mut groups = Properties::default();
        for (index, item) in items(array)?.iter().enumerate() {
            let key = text(self.run_on(lambda, &[item, &position(index)], locals))?;
            match groups.entry(key).or_insert_with(|| Evaluated::Array(Vec::new())) {
                Evaluated::Array(group) => group.push(item.clone()),
                _ => return Err(Stop::Symbolic),
            }
        }
        Ok(Evaluated::Object(groups))
    }

    fn to_object(
        &self,
        array: &Evaluated,
        key: &Lambda<'_>,
        value: Option<&Lambda<'_>>,
        locals: &Locals<'_>,
    ) -> Outcome {
        let mut object = Properties::default();
        for item in items(array)? {
            let key = text(self.run_on(key, &[item], locals))?;
            let value = match value {
                Some(value) => self.run_on(value, &[item], locals),
                None => item.clone(),
            };
            if object.insert(key, value).is_some() {
                return Err(Stop::Wrong("two items have the same key".to_owned()));
            }
        }
        Ok(Evaluated::Object(object))
    }

    fn map_values(&self, object: &Evaluated, lambda: &Lambda<'_>, locals: &Locals<'_>) -> Outcome {
        let Evaluated::Object(properties) = object else {
            return Err(expected("an object", object));
        };
        let mapped = properties
            .iter()
            .map(|(key, value)| (key.clone(), self.run_on(lambda, &[value], locals)));
        Ok(Evaluated::Object(mapped.collect()))
    }
}

/// What `lambdaVariables('x')` stands for here.
pub(super) fn lambda_variable<'l>(
    arguments: &[Expression],
    locals: &'l Locals<'_>,
) -> Option<LambdaVariable<'l>> {
    match arguments {
        [Expression::String(name)] => locals.lambda_variable(name),
        _ => None,
    }
}

fn parse_lambda(expression: &Expression) -> Option<Lambda<'_>> {
    let Expression::Call { name, arguments } = expression else { return None };
    let (body, parameters) = arguments.split_last()?;
    let parameters = parameters.iter().map(|parameter| match parameter {
        Expression::String(name) => Some(name.as_str()),
        _ => None,
    });
    name.eq_ignore_ascii_case("lambda")
        .then(|| Some(Lambda { parameters: parameters.collect::<Option<_>>()?, body }))
        .flatten()
}

fn items(value: &Evaluated) -> Result<&[Evaluated], Stop> {
    match value {
        Evaluated::Array(items) => Ok(items),
        other => Err(expected("an array", other)),
    }
}

fn truth(value: &Evaluated) -> Result<bool, Stop> {
    match value {
        Evaluated::Bool(value) => Ok(*value),
        other => Err(expected("a boolean", other)),
    }
}

fn text(value: Evaluated) -> Result<String, Stop> {
    match value {
        Evaluated::String(text) => Ok(text),
        other => Err(expected("a string", &other)),
    }
}

fn expected(what: &str, found: &Evaluated) -> Stop {
    match found {
        Evaluated::Symbolic(_) => Stop::Symbolic,
        other => Stop::Wrong(format!("expected {what}, found {}", other.type_name())),
    }
}

fn position(index: usize) -> Evaluated {
    Evaluated::Integer(i64::try_from(index).unwrap_or(i64::MAX))
}

/// Compares two keys as `items()` orders them: without case, then with it.
pub(super) fn compare_keys(one: &str, other: &str) -> Ordering {
    one.to_lowercase().cmp(&other.to_lowercase()).then_with(|| one.cmp(other))
}

/// Whether an object has a key that Azure has yet to compute, which could be any name.
pub(super) fn has_symbolic_key(properties: &Properties) -> bool {
    properties.keys().any(|key| is_expression(key))
}
