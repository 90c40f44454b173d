//! How deep and how large a template may become.

use std::cell::{Cell, RefCell};

use foldhash::HashMap;

use super::Lowerer;
use crate::arm::expression::Expression;
use crate::bicep::binder::SymbolId;
use crate::bicep::load::UnitId;
use crate::diagnostic::Span;

/// The deepest chain of expressions, values of inlined variables included.
const MAXIMUM_DEPTH: u32 = 800;
/// What a step from a type to the type that it names counts.
pub const NAMED_TYPE: u32 = 10;
/// The most expressions of one template, those repeated by inlining included.
const MAXIMUM_EXPRESSIONS: u64 = 500_000;

/// What one template has used up.
#[derive(Debug, Default)]
pub struct Limits {
    depth: Cell<u32>,
    // The deepest level that was reached.
    deepest: Cell<u32>,
    expressions: Cell<u64>,
    // What is written out at every use, made once: values of variables, names of resources.
    written: RefCell<HashMap<(UnitId, SymbolId), Written>>,
}

/// An expression that is written out at every use.
#[derive(Debug, Clone)]
struct Written {
    expression: Expression,
    // How many expressions it holds, and how deep they stand in each other.
    expressions: u64,
    height: u32,
}

impl Limits {
    // Counts expressions of a height. Says whether they fit; if not, whether that is new.
    fn charge(&self, expressions: u64, height: u32) -> Result<(), bool> {
        let (depth, before) = (self.depth.get(), self.expressions.get());
        let after = before.saturating_add(expressions);
        if depth >= MAXIMUM_DEPTH || after > MAXIMUM_EXPRESSIONS {
            self.expressions.set(u64::MAX);
            return Err(before < u64::MAX);
        }
        self.expressions.set(after);
        self.deepest.set(self.deepest.get().max(depth + height));
        Ok(())
    }

    // Runs a step so many levels deeper.
    fn deeper<T>(&self, levels: u32, step: impl FnOnce() -> T) -> T {
        let depth = self.depth.get();
        self.depth.set(depth + levels);
        let result = step();
        self.depth.set(depth);
        result
    }

    // Makes an expression, and measures it.
    fn measured(&self, make: impl FnOnce() -> Expression) -> Written {
        let depth = self.depth.get();
        let before = self.expressions.get();
        let deepest = self.deepest.replace(depth);
        let expression = make();
        let height = self.deepest.get().saturating_sub(depth);
        self.deepest.set(self.deepest.get().max(deepest));
        let expressions = self.expressions.get().saturating_sub(before);
        Written { expression, expressions, height }
    }
}

impl Lowerer<'_, '_> {
    /// Runs a step of a recursion that inputs can make deep or long. Nothing once a limit is reached.
    pub(super) fn bounded<T>(&self, span: Span, step: impl FnOnce() -> T) -> Option<T> {
        self.bounded_by(1, span, step)
    }

    /// The same for a step that needs more of the stack.
    pub(super) fn bounded_by<T>(
        &self,
        weight: u32,
        span: Span,
        step: impl FnOnce() -> T,
    ) -> Option<T> {
        if !self.charge(1, weight, span) {
            return None;
        }
        Some(self.session.limits.deeper(weight, step))
    }

    /// Counts expressions of a height against the limits; whether they are kept.
    pub(super) fn charge(&self, expressions: u64, height: u32, span: Span) -> bool {
        let charged = self.session.limits.charge(expressions, height);
        if charged == Err(true) {
            // Once is enough.
            let title = "the expression is too deep or too large";
            self.error("BCP102", span, title, "split it, or use fewer inlined variables");
        }
        charged.is_ok()
    }

    /// Makes what is written out at every use of a symbol once; every use counts as if it were made again.
    pub(super) fn written(
        &self,
        id: SymbolId,
        span: Span,
        make: impl FnOnce() -> Expression,
    ) -> Expression {
        let limits = &self.session.limits;
        let known = limits.written.borrow().get(&(self.id, id)).cloned();
        if let Some(known) = known {
            // The height is spent below this level.
            let charge = || self.charge(known.expressions, 0, span);
            let kept = limits.deeper(known.height, charge);
            return if kept { known.expression } else { Expression::null() };
        }
        let written = limits.measured(make);
        let expression = written.expression.clone();
        limits.written.borrow_mut().insert((self.id, id), written);
        expression
    }
}
