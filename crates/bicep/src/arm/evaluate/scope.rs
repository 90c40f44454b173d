use std::collections::BTreeMap;
use std::rc::Rc;

use super::context::Context;
use super::evaluator::{Evaluator, Work};
use super::value::Evaluated;
use crate::arm::expression::Expression;

/// What a name stands for.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// This value.
    Known(Rc<Evaluated>),
    /// A value that is given only at deployment.
    Symbolic,
    /// Nothing: the name is not declared.
    Missing,
}

/// A function of the template's own, such as `__bicep.double`.
#[derive(Debug, Clone)]
pub struct UserFunction {
    /// Names of its parameters, in order.
    pub parameters: Vec<String>,
    /// What it gives.
    pub body: Expression,
}

/// The template that expressions stand in.
pub trait Scope {
    /// The value of a parameter.
    fn parameter(&self, name: &str, evaluator: &Evaluator<'_>) -> Lookup;
    /// The value of a variable.
    fn variable(&self, name: &str, evaluator: &Evaluator<'_>) -> Lookup;
    /// A function of the template, by its name with namespace.
    fn function(&self, name: &str) -> Option<Rc<UserFunction>>;
    /// Where the template is deployed.
    fn context(&self) -> &Context;
    /// An expression of the template that was parsed before, by its text without brackets.
    fn parsed(&self, _text: &str) -> Option<&Expression> {
        None
    }
    /// The work of the deployment that the template belongs to.
    fn work(&self) -> &Work;
    /// What `reference(target)` gives, where that can be known: a module with its outputs.
    fn reference(&self, _target: &Evaluated, _evaluator: &Evaluator<'_>) -> Option<Rc<Evaluated>> {
        None
    }
}

/// Names that exist only in a part of an expression: loop indices, lambda variables, the parameters of a
/// function. Innermost first.
#[derive(Debug, Clone, Copy)]
pub struct Locals<'a> {
    outer: Option<&'a Locals<'a>>,
    frame: Frame<'a>,
}

/// Where a loop stands.
pub(super) enum LoopIndex {
    /// At this turn, from 0.
    At(i64),
    /// Only Azure knows how often it runs.
    Open,
}

/// A lambda's variable.
pub(super) enum LambdaVariable<'a> {
    /// It has this value.
    Bound(&'a Evaluated),
    /// The lambda is printed as residue, so that it has none yet.
    Open,
}

#[derive(Debug, Clone, Copy)]
enum Frame<'a> {
    Empty,
    /// Without an index where only Azure knows how often the loop runs.
    Loop {
        name: &'a str,
        index: Option<i64>,
    },
    /// Without a value while a lambda is printed as residue.
    Lambda {
        name: &'a str,
        value: Option<&'a Evaluated>,
    },
    Function {
        parameters: &'a BTreeMap<String, Rc<Evaluated>>,
    },
}

impl<'a> Locals<'a> {
    /// No local names.
    pub const NONE: Self = Self { outer: None, frame: Frame::Empty };

    /// These names and the index of a copy loop.
    #[must_use]
    pub fn with_loop(&'a self, name: &'a str, index: Option<i64>) -> Self {
        Self { outer: Some(self), frame: Frame::Loop { name, index } }
    }

    pub(super) fn with_lambda(&'a self, name: &'a str, value: Option<&'a Evaluated>) -> Self {
        Self { outer: Some(self), frame: Frame::Lambda { name, value } }
    }

    pub(super) fn of_function(parameters: &'a BTreeMap<String, Rc<Evaluated>>) -> Self {
        Self { outer: None, frame: Frame::Function { parameters } }
    }

    fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        std::iter::successors(Some(self), |locals| locals.outer).map(|locals| locals.frame)
    }

    /// The index of the innermost loop, or of the loop with this name.
    pub(super) fn loop_index(&self, wanted: Option<&str>) -> Option<LoopIndex> {
        self.frames().find_map(|frame| match frame {
            Frame::Loop { name, index }
                if wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(name)) =>
            {
                Some(index.map_or(LoopIndex::Open, LoopIndex::At))
            }
            _ => None,
        })
    }

    /// What a lambda's variable stands for.
    pub(super) fn lambda_variable(&self, wanted: &str) -> Option<LambdaVariable<'_>> {
        self.frames().find_map(|frame| match frame {
            Frame::Lambda { name, value } if name.eq_ignore_ascii_case(wanted) => {
                Some(value.map_or(LambdaVariable::Open, LambdaVariable::Bound))
            }
            _ => None,
        })
    }

    /// The parameters of the function whose body this is.
    pub(super) fn function_parameters(&self) -> Option<&BTreeMap<String, Rc<Evaluated>>> {
        self.frames().find_map(|frame| match frame {
            Frame::Function { parameters } => Some(parameters),
            _ => None,
        })
    }
}
