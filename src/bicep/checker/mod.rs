//! Takes a bound file, reports what is wrong with its meaning.
//!
//! Types, arguments, decorators, loops, resources and modules are judged here, with the codes and the
//! places of Microsoft's compiler. Nothing is lowered, and no table of Azure's resource types is used:
//! what only such a table can tell is taken for granted, so that a good file is never refused.
//!
//! Read `types` and `infer` for what expressions are, `access` and `call` for the two that matter most,
//! then `resources`, `modules`, `duplicates`, `deploy_time`, `decorators`, `loops`, `unused`, each a check
//! of its own.

mod access;
mod call;
mod declared;
mod decorators;
mod deploy_time;
mod duplicates;
mod infer;
mod interface;
mod loops;
mod modules;
mod resources;
mod suppress;
mod types;
mod unused;
mod walk;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, HashSet};

pub use interface::{Interface, InterfaceParameter};

use super::binder::{Bound, SymbolId, Use};
use super::syntax::{ExpressionSyntax, FileKind};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, Span};
use types::Type;

/// What other files offer to the one that is checked.
pub trait Modules {
    /// The parameters and outputs of the file at a path that the checked file names, if it is known.
    fn interface(&self, path: ExpressionSyntax<'_>) -> Option<&Interface>;

    /// Whether `bicepconfig.json` switches an experiment on for the checked file.
    fn experiment(&self, name: &str) -> bool;
}

/// Knows no other file.
#[derive(Debug, Clone, Copy)]
pub struct NoModules;

impl Modules for NoModules {
    fn interface(&self, _path: ExpressionSyntax<'_>) -> Option<&Interface> {
        None
    }

    fn experiment(&self, _name: &str) -> bool {
        false
    }
}

/// Checks a file.
pub fn check(bound: &Bound<'_>, modules: &dyn Modules, diagnostics: &mut Diagnostics) {
    let checker = Checker::new(bound, modules);
    checker.statements();
    checker.decorators();
    if bound.program.kind == FileKind::Bicep {
        checker.resources();
        checker.module_declarations();
        checker.deploy_time();
        checker.loops();
        checker.unused();
    }
    for finding in suppress::kept(checker.findings.into_inner(), bound.program) {
        diagnostics.push(finding);
    }
}

/// How deep expressions and the declarations that they use are looked into.
const MAX_DEPTH: u32 = 700;

struct Checker<'a, 'c> {
    bound: &'c Bound<'a>,
    modules: &'c dyn Modules,
    findings: RefCell<Vec<Diagnostic>>,
    /// The types of symbols; nothing while one is being found.
    symbols: RefCell<HashMap<SymbolId, Option<Type<'a>>>>,
    /// Which variables only a deployment can tell.
    late: RefCell<HashMap<SymbolId, bool>>,
    /// The uses of names, in the order of the text.
    uses: OnceCell<Vec<Use<'a>>>,
    /// Where secrets may be read.
    secrets: OnceCell<HashSet<u32>>,
    /// Above zero while a declaration is only looked at from another.
    quiet: Cell<u32>,
    depth: Cell<u32>,
}

impl<'a, 'c> Checker<'a, 'c> {
    fn new(bound: &'c Bound<'a>, modules: &'c dyn Modules) -> Self {
        Self {
            bound,
            modules,
            findings: RefCell::default(),
            symbols: RefCell::default(),
            late: RefCell::default(),
            uses: OnceCell::new(),
            secrets: OnceCell::new(),
            quiet: Cell::new(0),
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
        if self.quiet.get() == 0 {
            let finding = Diagnostic::new(severity, code, title);
            let finding = finding.at(self.bound.place(span), words.0).help(words.1);
            self.findings.borrow_mut().push(finding);
        }
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

    /// Runs without reporting.
    fn quietly<T>(&self, look: impl FnOnce() -> T) -> T {
        self.quiet.set(self.quiet.get() + 1);
        let result = look();
        self.quiet.set(self.quiet.get() - 1);
        result
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
