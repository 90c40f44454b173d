//! Takes a bound file, reports what is wrong with its meaning.
//!
//! Types, arguments, decorators, loops, resources and modules are judged here, with the codes and the
//! places of Microsoft's compiler. Nothing is lowered. An expression is judged once, whoever asks for its type.
//!
//! Read `infer` for what expressions are, `declared` for what type expressions are, `access`, `operators` and
//! `call` (with `forms` for what functions take, `results` and `fold` for what they give) for those that matter
//! most, `narrow` and `ranges` for whether a value fits, `bodies` for what resources and modules take,
//! then `resources`, `modules`, `duplicates`, `deploy_time`, `decorators`, `loops`, `imports`, `assignments`, each a
//! check of its own. `checked` is what others ask of a file after that.

mod access;
mod alternatives;
mod assignments;
mod bodies;
mod call;
mod checked;
mod collections;
mod constants;
mod declared;
mod decorators;
mod deploy_time;
mod duplicates;
mod fold;
mod forms;
mod imports;
mod infer;
mod interface;
mod lambdas;
mod locations;
mod loops;
mod modules;
mod names;
mod narrow;
mod operators;
mod ranges;
mod recursion;
mod resources;
mod results;
mod suppress;
mod type_syntax;
mod values;
mod walk;

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

pub(super) use checked::Checked;
pub use interface::{Export, Interface, InterfaceParameter, is_template};
pub(super) use locations::is_location_of_deployment;
pub(super) use suppress::is_silenced;

use foldhash::{HashMap, HashSet};

use super::binder::{Bound, ResourceId, SymbolId, Use};
use super::syntax::{Arena, ExpressionSyntax, FileKind};
use super::types::{ObjectType, ResourceBody, Type};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, Span};

/// What other files offer to the one that is checked.
pub trait Modules<'a> {
    /// What the file at a path that the checked file names offers, if it is known.
    fn interface(&self, path: ExpressionSyntax<'_>) -> Option<&Interface<'a>>;

    /// Whether the file at a path that the checked file names has errors.
    fn is_broken(&self, path: ExpressionSyntax<'_>) -> bool;

    /// Whether nothing is known of the file at a path that the checked file names, because the path is wrong.
    fn is_unknown(&self, path: ExpressionSyntax<'_>) -> bool;

    /// Whether `bicepconfig.json` switches an experiment on for the checked file.
    fn experiment(&self, name: &str) -> bool;
}

/// Checks a file.
pub(super) fn check<'a, 'c>(
    bound: &'c Bound<'a>,
    modules: &'c dyn Modules<'a>,
    arena: &'a Arena,
    diagnostics: &mut Diagnostics,
) -> Checked<'a, 'c> {
    let checker = Checker::new(bound, modules, arena);
    checker.unknown_names(diagnostics);
    checker.imports();
    checker.statements();
    checker.decorators();
    if bound.program.kind == FileKind::Bicep {
        checker.resources();
        checker.module_declarations();
        checker.equal_names();
        checker.names();
        checker.recursive_types();
        checker.deploy_time();
        checker.loops();
        checker.whole_loops();
        checker.lambdas();
        checker.type_syntax();
    } else {
        checker.assignments();
    }
    let interface = Interface::of_bicep(&checker, bound);
    for finding in suppress::kept(checker.findings.take(), bound.program) {
        diagnostics.push(finding);
    }
    Checked::new(checker, interface)
}

/// How deep expressions and the declarations that they use are looked into.
const MAX_DEPTH: u32 = 700;

struct Checker<'a, 'c> {
    bound: &'c Bound<'a>,
    modules: &'c dyn Modules<'a>,
    arena: &'a Arena,
    findings: RefCell<Vec<Diagnostic>>,
    /// The types of expressions, by where they stand.
    inferred: RefCell<HashMap<(u32, u32), Type<'a>>>,
    /// The types of symbols; nothing while one is being found.
    symbols: RefCell<HashMap<SymbolId, Option<Type<'a>>>>,
    /// The types of the parameters of lambdas and functions.
    locals: RefCell<HashMap<SymbolId, Type<'a>>>,
    bodies: RefCell<HashMap<ResourceId, Rc<ResourceBody<'a>>>>,
    /// The types of properties of resources that are given something.
    given: RefCell<HashMap<(ResourceId, &'a str), Type<'a>>>,
    module_bodies: RefCell<HashMap<SymbolId, Option<Rc<ObjectType<'a>>>>>,
    /// Where the bodies of existing resources start.
    existing_bodies: RefCell<HashSet<u32>>,
    /// Which variables only a deployment can tell.
    late: RefCell<HashMap<SymbolId, bool>>,
    /// Which of name, scope and parent of an existing resource only a deployment can tell.
    late_identifiers: RefCell<HashMap<ResourceId, [bool; 3]>>,
    /// Whether resources as a whole may stand where a value is looked at.
    takes_resources: Cell<bool>,
    /// Which types stand for themselves, in a circle.
    circular: RefCell<HashMap<SymbolId, bool>>,
    /// The uses of names, in the order of the text.
    uses: OnceCell<Vec<Use<'a>>>,
    /// Where secrets may be read.
    secrets: OnceCell<HashSet<u32>>,
    /// The bodies of which no type is known.
    unknown_bodies: OnceCell<Vec<Span>>,
    /// Whether the condition of a declaration is looked at.
    in_condition: Cell<bool>,
    /// How many values have been held to a type.
    steps: Cell<u32>,
    depth: Cell<u32>,
}

impl<'a, 'c> Checker<'a, 'c> {
    fn new(bound: &'c Bound<'a>, modules: &'c dyn Modules<'a>, arena: &'a Arena) -> Self {
        Self {
            bound,
            modules,
            arena,
            findings: RefCell::default(),
            inferred: RefCell::default(),
            symbols: RefCell::default(),
            locals: RefCell::default(),
            bodies: RefCell::default(),
            given: RefCell::default(),
            module_bodies: RefCell::default(),
            existing_bodies: RefCell::default(),
            late: RefCell::default(),
            late_identifiers: RefCell::default(),
            takes_resources: Cell::new(false),
            circular: RefCell::default(),
            uses: OnceCell::new(),
            secrets: OnceCell::new(),
            unknown_bodies: OnceCell::new(),
            in_condition: Cell::new(false),
            steps: Cell::new(0),
            depth: Cell::new(0),
        }
    }

    fn report(
        &self,
        severity: Severity,
        code: &'static str,
        span: Span,
        title: impl Into<String>,
        words: (&str, &str),
    ) {
        let finding = Diagnostic::new(severity, code, title);
        let finding = finding.at(self.bound.place(span), words.0).help(words.1);
        self.findings.borrow_mut().push(finding);
    }

    fn error(&self, code: &'static str, span: Span, title: impl Into<String>, words: (&str, &str)) {
        self.report(Severity::Error, code, span, title, words);
    }

    fn warning(
        &self,
        code: &'static str,
        span: Span,
        title: impl Into<String>,
        words: (&str, &str),
    ) {
        self.report(Severity::Warning, code, span, title, words);
    }

    /// The uses of names inside a range.
    fn uses_in(&self, span: Span) -> impl Iterator<Item = &Use<'a>> {
        let uses = self.uses.get_or_init(|| {
            let mut uses = self.bound.uses.clone();
            uses.sort_by_key(|found| found.span.start);
            uses
        });
        let start = uses.partition_point(|found| found.span.start < span.start);
        uses[start..].iter().take_while(move |found| found.span.end <= span.end)
    }

    /// Runs, and gives what that reports instead of reporting it.
    fn captured(&self, look: impl FnOnce()) -> Vec<Diagnostic> {
        let before = self.findings.take();
        look();
        self.findings.replace(before)
    }

    /// Runs one level deeper; nothing if that is too deep.
    fn deeper<T>(&self, look: impl FnOnce() -> T) -> Option<T> {
        if self.depth.get() >= MAX_DEPTH {
            return None;
        }
        self.depth.set(self.depth.get() + 1);
        let result = look();
        self.depth.set(self.depth.get() - 1);
        Some(result)
    }
}

#[cfg(test)]
mod tests;
