//! Takes bound files, gives ARM templates equal to those of Microsoft's compiler.
//!
//! Checks no types. Each file is lowered once, after the files it refers to; how it was written (in
//! loops, nested, inlined) is resolved here, so that a template needs nothing but itself.
//!
//! Read `expression` and `value` for what expressions become, `reference` and `scope` for resources in
//! expressions, `depends` for the order of deployment, then one file per kind of declaration, and
//! `template` for the frame.

mod decorators;
mod depends;
mod derived;
mod expression;
mod imports;
mod json_import;
mod loads;
mod module;
mod order;
mod outputs;
mod parameters;
mod reference;
mod resource;
mod scope;
mod template;
mod types;
mod unions;
mod value;
mod variables;
mod version;

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;

use super::binder::{Bound, ResourceId, SymbolId};
use super::emit::Recorder;
use super::files::FileProvider;
use super::ir::Loop;
use super::load::{BicepUnit, Loaded, UnitId};
use super::syntax::ExpressionSyntax;
use crate::arm::SourceMap;
use crate::arm::expression::Expression;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use imports::Imports;

pub use parameters::{Assigned, Environment, ParametersFile, lower_parameters};
pub use template::lower;
pub use version::syntax_needs_symbols;

/// The scope that a template deploys to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TemplateScope {
    /// The whole tenant.
    Tenant,
    /// A management group.
    ManagementGroup,
    /// A subscription.
    Subscription,
    /// A resource group.
    ResourceGroup,
}

/// A compiled file, as the files that refer to it see it.
#[derive(Debug)]
pub struct Compiled {
    /// The template.
    pub template: Arc<Value>,
    /// From the template to its source.
    pub source_map: SourceMap,
    /// The names of its secure outputs, sorted.
    pub secure_outputs: Vec<String>,
    /// How many values the template holds, those of nested templates included.
    pub values: usize,
}

/// How many values a piece of a template holds.
fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// The deepest chain of expressions, values of inlined variables included.
const MAXIMUM_DEPTH: u32 = 800;
/// What a step from a type to the type that it names counts.
const NAMED_TYPE: u32 = 10;
/// The most expressions of one template, those repeated by inlining included.
const MAXIMUM_EXPRESSIONS: u64 = 500_000;

/// The most values that the modules of one file bring: modules of modules would double without bound, and
/// Azure takes a template of 4 MB.
const MAXIMUM_NESTED: usize = 1_000_000;

/// What lowering one file needs.
pub(super) struct Lowerer<'a, 'c> {
    loaded: &'c Loaded<'a>,
    compiled: &'c [Option<Compiled>],
    files: &'c dyn FileProvider,
    id: UnitId,
    unit: &'c BicepUnit<'a>,
    bound: &'c Bound<'a>,
    imports: &'c Imports,
    scope: TemplateScope,
    symbolic: bool,
    parameters_mode: Option<&'c parameters::ParametersMode<'c>>,
    // Variables and existing resources that are written out at every use, by symbol.
    inlined: OnceCell<Vec<bool>>,
    // Parameters of lambdas that stand for modules.
    lambda_modules: RefCell<BTreeSet<SymbolId>>,
    loads: OnceCell<Vec<Option<Rc<Value>>>>,
    // What is written out at every use, made once: values of variables, names of resources.
    written: RefCell<HashMap<SymbolId, Written>>,
    // Type and version of each resource that was asked for.
    types: RefCell<BTreeMap<ResourceId, (Cow<'a, str>, String)>>,
    depth: Cell<u32>,
    // The deepest level that was reached.
    deepest: Cell<u32>,
    expressions: Cell<u64>,
    nested: Cell<usize>,
    problems: RefCell<Vec<Diagnostic>>,
    map: RefCell<Recorder>,
}

/// An expression that is written out at every use.
#[derive(Debug, Clone)]
struct Written {
    target: Expression,
    // How many expressions it holds, and how deep they stand in each other.
    expressions: u64,
    height: u32,
}

impl<'a> Lowerer<'a, '_> {
    fn report(&self, finding: Diagnostic) {
        self.problems.borrow_mut().push(finding);
    }

    fn error(&self, code: &'static str, span: Span, title: impl Into<String>, help: &str) {
        let place = self.bound.place(span);
        self.report(Diagnostic::error(code, title).at(place, "not supported here").help(help));
    }

    fn json(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> Value {
        let value = self.value(expression, env);
        self.map.borrow_mut().value(value)
    }

    fn json_loop(&self, looped: Loop) -> Value {
        self.map.borrow_mut().looped(looped)
    }

    fn enter(&self, segment: &str, span: Span) {
        self.map.borrow_mut().enter(segment, self.bound.place(span));
    }

    fn enter_item(&self, index: usize, span: Span) {
        self.enter(&index.to_string(), span);
    }

    fn mount(&self, segment: &str, map: &SourceMap) {
        self.map.borrow_mut().mount(segment, map.clone());
    }

    fn leave(&self) {
        self.map.borrow_mut().leave();
    }

    fn take_problems(&self, diagnostics: &mut Diagnostics) {
        for finding in self.problems.take() {
            diagnostics.push(finding);
        }
    }

    // Runs a step of a recursion that inputs can make deep or long. Nothing once a limit is reached.
    fn bounded<T>(&self, span: Span, step: impl FnOnce() -> T) -> Option<T> {
        self.bounded_by(1, span, step)
    }

    // The same for a step that needs more of the stack.
    fn bounded_by<T>(&self, weight: u32, span: Span, step: impl FnOnce() -> T) -> Option<T> {
        let depth = self.depth.get();
        if !self.charge(1, weight, span) {
            return None;
        }
        self.depth.set(depth + weight);
        let result = step();
        self.depth.set(depth);
        Some(result)
    }

    // Counts expressions of a height against the limits; whether they are kept.
    fn charge(&self, expressions: u64, height: u32, span: Span) -> bool {
        let (depth, before) = (self.depth.get(), self.expressions.get());
        let after = before.saturating_add(expressions);
        if depth >= MAXIMUM_DEPTH || after > MAXIMUM_EXPRESSIONS {
            if before < u64::MAX {
                // Once is enough.
                self.expressions.set(u64::MAX);
                let title = "the expression is too deep or too large";
                self.error("BCP102", span, title, "split it, or use fewer inlined variables");
            }
            return false;
        }
        self.expressions.set(after);
        self.deepest.set(self.deepest.get().max(depth + height));
        true
    }

    // Makes what is written out at every use of a symbol once; every use counts as if it were made again.
    fn written(&self, id: SymbolId, span: Span, make: impl FnOnce() -> Expression) -> Expression {
        let known = self.written.borrow().get(&id).cloned();
        let depth = self.depth.get();
        if let Some(known) = known {
            // The height is spent below this level.
            self.depth.set(depth + known.height);
            let kept = self.charge(known.expressions, 0, span);
            self.depth.set(depth);
            return if kept { known.target } else { Expression::null() };
        }
        let before = self.expressions.get();
        let deepest = self.deepest.replace(depth);
        let target = make();
        let height = self.deepest.get().saturating_sub(depth);
        self.deepest.set(self.deepest.get().max(deepest));
        let expressions = self.expressions.get().saturating_sub(before);
        let written = Written { target: target.clone(), expressions, height };
        self.written.borrow_mut().insert(id, written);
        target
    }
}

/// What the names of loops mean at some place: the item and index of each loop around it.
#[derive(Debug, Default)]
pub(super) struct Env<'e> {
    outer: Option<&'e Env<'e>>,
    names: Vec<(SymbolId, Expression)>,
}

impl<'e> Env<'e> {
    fn empty() -> Self {
        Self::default()
    }

    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.outer.is_none_or(Self::is_empty)
    }

    fn with(&'e self, names: Vec<(SymbolId, Expression)>) -> Self {
        Env { outer: Some(self), names }
    }

    fn get(&self, id: SymbolId) -> Option<&Expression> {
        let here = self.names.iter().find(|(name, _)| *name == id);
        match here {
            Some((_, target)) => Some(target),
            None => self.outer?.get(id),
        }
    }
}
