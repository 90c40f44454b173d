//! Takes bound files, gives their intermediate form (`ir`), in which they equal what Microsoft's compiler
//! makes of them.
//!
//! Checks no types and writes no JSON. Each file is lowered once, after the files it refers to. How it was
//! written (in loops, nested, inlined) is resolved here, so that a template needs nothing but itself.
//!
//! Read `program` for the whole, `facts` for what is known of a file before, `expression` and `value` for
//! what expressions become, `reference` and `scope` for resources in expressions, `depends` for the order
//! of deployment, then one file per kind of declaration.

mod constant;
mod decorators;
mod depends;
mod derived;
mod env;
mod expression;
mod facts;
mod imports;
mod inlined;
mod json_import;
mod limits;
mod loads;
mod module;
mod order;
mod outputs;
mod parameters;
mod program;
mod reference;
mod resource;
mod scope;
mod types;
mod unions;
mod value;
mod variables;
mod version;

use std::cell::RefCell;

use crate::bicep::binder::{Bound, SymbolKind};
use crate::bicep::compiled::Compiled;
use crate::bicep::files::FileProvider;
use crate::bicep::ir::TemplateScope;
use crate::bicep::load::{BicepUnit, Loaded, UnitId};
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use env::Env;
use facts::Facts;
use imports::Imports;
use limits::Limits;

pub use version::syntax_needs_symbols;

/// Gives the value of an environment variable.
pub type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

/// Lowers the files of a compilation.
pub struct Lowering<'a, 'c> {
    loaded: &'c Loaded<'a>,
    files: &'c dyn FileProvider,
    // By file, once something needs them.
    facts: Vec<Option<Facts<'a>>>,
}

impl<'a, 'c> Lowering<'a, 'c> {
    /// Nothing is lowered yet.
    pub fn new(loaded: &'c Loaded<'a>, files: &'c dyn FileProvider) -> Self {
        Self { loaded, files, facts: loaded.units.iter().map(|_| None).collect() }
    }

    // What a file takes over from others. Afterwards the facts of all these files are known.
    fn imports(&mut self, id: UnitId, diagnostics: &mut Diagnostics) -> Imports {
        let imports = Imports::new(self.loaded, id, diagnostics);
        for file in imports.files().chain([id]) {
            if self.facts[file.0].is_none() {
                self.facts[file.0] = Facts::new(self.loaded, file, self.files, diagnostics);
            }
        }
        imports
    }

    // A session as a parameters file needs it; a template says more.
    fn session<'s>(&'s self, imports: &'s Imports) -> Session<'a, 's> {
        Session {
            loaded: self.loaded,
            compiled: &[],
            facts: &self.facts,
            imports,
            scope: TemplateScope::ResourceGroup,
            symbolic: false,
            parameters: None,
            limits: Limits::default(),
            problems: RefCell::default(),
        }
    }
}

/// What the lowering of one template shares, whichever file a part of it comes from.
struct Session<'a, 'c> {
    loaded: &'c Loaded<'a>,
    compiled: &'c [Option<Compiled>],
    facts: &'c [Option<Facts<'a>>],
    imports: &'c Imports,
    scope: TemplateScope,
    symbolic: bool,
    // For a parameters file.
    parameters: Option<&'c parameters::ParametersMode<'c>>,
    limits: Limits,
    problems: RefCell<Vec<Diagnostic>>,
}

/// Lowers the parts of a template that stand in one file.
#[derive(Clone, Copy)]
pub(super) struct Lowerer<'a, 'c> {
    session: &'c Session<'a, 'c>,
    id: UnitId,
    unit: &'c BicepUnit<'a>,
    bound: &'c Bound<'a>,
    facts: &'c Facts<'a>,
}

impl<'a, 'c> Session<'a, 'c> {
    /// Lowers parts that stand in a file, if that is Bicep.
    fn lowerer(&'c self, id: UnitId) -> Option<Lowerer<'a, 'c>> {
        let unit = self.loaded.bicep(id)?;
        let facts = self.facts.get(id.0)?.as_ref()?;
        Some(Lowerer { session: self, id, unit, bound: &unit.bound, facts })
    }

    fn take_problems(&self, diagnostics: &mut Diagnostics) {
        for finding in self.problems.take() {
            diagnostics.push(finding);
        }
    }
}

impl<'a> Lowerer<'a, '_> {
    fn error(&self, code: &'static str, span: Span, title: impl Into<String>, help: &str) {
        let place = self.bound.place(span);
        let finding = Diagnostic::error(code, title).at(place, "not supported here").help(help);
        self.session.problems.borrow_mut().push(finding);
    }

    /// Runs a step in another file, on behalf of this template.
    fn within<T: Default>(&self, id: UnitId, step: impl FnOnce(&Self) -> T) -> T {
        if id == self.id {
            return step(self);
        }
        self.session.lowerer(id).map(|lowerer| step(&lowerer)).unwrap_or_default()
    }

    fn global_kind(&self, name: &str) -> Option<SymbolKind<'a>> {
        Some(self.bound.symbol(self.bound.global(name)?).kind)
    }
}
