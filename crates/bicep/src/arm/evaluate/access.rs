use super::context::Context;
use super::evaluator::Evaluator;
use super::scope::Locals;
use super::value::{self, Evaluated};
use crate::arm::expression::{Expression, is_expression};

/// One step from a value to a part of it.
enum Step {
    Known(Evaluated),
    Symbolic(Expression),
}

impl Evaluator<'_> {
    /// `base.name` and `base[index]`, a whole chain at once so that only its end is copied.
    pub(super) fn access(&self, expression: &Expression, locals: &Locals<'_>) -> Evaluated {
        let mut steps = Vec::new();
        let mut base = expression;
        loop {
            base = match base {
                Expression::Property { base, name } => {
                    steps.push(Step::Known(Evaluated::String(name.clone())));
                    base
                }
                Expression::Index { base, index } => {
                    steps.push(match self.expression(index, locals) {
                        Evaluated::Symbolic(index) => Step::Symbolic(index),
                        known => Step::Known(known),
                    });
                    base
                }
                _ => break,
            };
        }
        steps.reverse();
        if let Some(known) = self.context_access(base, &steps) {
            return self.walk(expression, &known, &steps[1..]);
        }
        let base = self.shared(base, locals);
        self.walk(expression, &base, &steps)
    }

    /// `subscription().id` can be known where `subscription()` is not.
    fn context_access(&self, base: &Expression, steps: &[Step]) -> Option<Evaluated> {
        let Expression::Call { name, arguments } = base else { return None };
        match steps.first() {
            Some(Step::Known(Evaluated::String(property)))
                if arguments.is_empty() && Context::is_function(name) =>
            {
                self.context().property(name, property)
            }
            _ => None,
        }
    }

    fn walk(&self, whole: &Expression, base: &Evaluated, steps: &[Step]) -> Evaluated {
        let mut current = base;
        for (position, step) in steps.iter().enumerate() {
            let next = match (current, step) {
                (Evaluated::Symbolic(expression), _) => {
                    return Evaluated::Symbolic(rest(expression.clone(), &steps[position..]));
                }
                (_, Step::Symbolic(_)) => {
                    return Evaluated::Symbolic(rest(current.to_expression(), &steps[position..]));
                }
                (Evaluated::Object(properties), Step::Known(Evaluated::String(name))) => {
                    match value::property(properties, name) {
                        Some(value) => Ok(value),
                        None if properties.keys().any(|key| is_expression(key)) => {
                            return Evaluated::Symbolic(rest(
                                current.to_expression(),
                                &steps[position..],
                            ));
                        }
                        None => Err(format!("the object has no property `{name}`")),
                    }
                }
                (Evaluated::Array(items), Step::Known(Evaluated::Integer(index))) => {
                    usize::try_from(*index).ok().and_then(|index| items.get(index)).ok_or_else(
                        || format!("the array has no item {index}; its length is {}", items.len()),
                    )
                }
                (_, Step::Known(key)) => Err(match key {
                    Evaluated::String(name) => {
                        format!("{} has no property `{name}`", current.type_name())
                    }
                    _ => format!("{} has no items", current.type_name()),
                }),
            };
            match next {
                Ok(value) => current = value,
                Err(title) => {
                    return self.fail(
                        whole,
                        &title,
                        "use a property or an item that exists, or use `tryGet`",
                    );
                }
            }
        }
        if self.spend(current.weight()) {
            current.clone()
        } else {
            Evaluated::Symbolic(whole.clone())
        }
    }
}

fn rest(base: Expression, steps: &[Step]) -> Expression {
    steps.iter().fold(base, |base, step| match step {
        Step::Known(Evaluated::String(name)) => base.property(name.as_str()),
        Step::Known(known) => base.index(known.to_expression()),
        Step::Symbolic(index) => base.index(index.clone()),
    })
}
