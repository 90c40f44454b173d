//! Takes a syntax tree, gives what every name in it means.
//!
//! Names are found once and kept by the place of their use, so that no later phase looks a name up
//! again. Types are not known here, nor is anything lowered. What other files export is not looked
//! at: an imported name is a symbol of its own.
//!
//! Read this file for the result, then `names` for the walk with `calls` and `types`, then `cycles`.

mod calls;
pub mod cycles;
mod names;
mod types;

pub use types::AMBIENT_TYPES;

use foldhash::HashMap;

use super::functions::Namespace;
use super::syntax::{
    ExpressionSyntax, ForSyntax, FunctionDeclarationSyntax, IdentifierSyntax, ImportSyntax,
    ModuleDeclarationSyntax, ParameterAssignmentSyntax, ParameterDeclarationSyntax, ProgramSyntax,
    ResourceDeclarationSyntax, TestDeclarationSyntax, TypeDeclarationSyntax,
    VariableDeclarationSyntax,
};
use crate::diagnostic::{Diagnostic, FileId, Place, Span};

/// Names a symbol of a [`Bound`] file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(pub u32);

/// Names a resource of a [`Bound`] file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(pub u32);

/// Something that has a name.
#[derive(Debug, Clone, Copy)]
pub struct Symbol<'a> {
    /// Its name in this file.
    pub name: IdentifierSyntax<'a>,
    /// What it is.
    pub kind: SymbolKind<'a>,
}

/// What a symbol is.
#[derive(Debug, Clone, Copy)]
pub enum SymbolKind<'a> {
    /// A `param` of a template.
    Parameter(&'a ParameterDeclarationSyntax<'a>),
    /// A `param` that a parameters file assigns.
    Assignment(&'a ParameterAssignmentSyntax<'a>),
    /// What the file that a parameters file extends gives.
    Base,
    /// A `var`.
    Variable(&'a VariableDeclarationSyntax<'a>),
    /// A `type`.
    Type(&'a TypeDeclarationSyntax<'a>),
    /// A `func`.
    Function(&'a FunctionDeclarationSyntax<'a>),
    /// A `resource`.
    Resource(ResourceId),
    /// A `module`.
    Module(&'a ModuleDeclarationSyntax<'a>),
    /// A `test`.
    Test(&'a TestDeclarationSyntax<'a>),
    /// A symbol that another file exports under the second name.
    Imported(&'a ImportSyntax<'a>, &'a str),
    /// `import * as name`.
    Wildcard(&'a ImportSyntax<'a>),
    /// An `extension`.
    Extension,
    /// `sys` or `az`.
    Namespace(Namespace),
    /// The item of a loop.
    Item(&'a ForSyntax<'a>),
    /// The index of a loop.
    Index(&'a ForSyntax<'a>),
    /// A parameter of a lambda.
    LambdaParameter,
    /// A parameter of a user's function.
    FunctionParameter,
}

/// A resource with its place among the nested ones.
#[derive(Debug, Clone, Copy)]
pub struct BoundResource<'a> {
    /// Its symbol.
    pub symbol: SymbolId,
    /// Its declaration.
    pub syntax: &'a ResourceDeclarationSyntax<'a>,
    /// The resource whose body it stands in.
    pub nested_in: Option<ResourceId>,
}

/// A call that loads a file while compiling.
#[derive(Debug, Clone, Copy)]
pub struct LoadCall<'a> {
    /// The function.
    pub name: &'a str,
    /// What it is given.
    pub arguments: &'a [ExpressionSyntax<'a>],
    /// The call.
    pub span: Span,
    /// Whether it is the whole value of a `var`.
    pub whole_variable: bool,
    /// Whether it stands in the body of a `func`.
    pub in_function: bool,
}

/// A use of a name that the whole file sees.
#[derive(Debug, Clone, Copy)]
pub struct Use<'a> {
    /// The declaration that uses it; nothing for statements without a name.
    pub owner: Option<SymbolId>,
    /// What is used.
    pub target: SymbolId,
    /// The symbol that is taken from an `import * as`.
    pub member: Option<&'a str>,
    /// Where.
    pub span: Span,
}

/// A file with all its names resolved.
#[derive(Debug)]
pub struct Bound<'a> {
    /// The file.
    pub file: FileId,
    /// Its tree.
    pub program: ProgramSyntax<'a>,
    /// All symbols, those of the file before those of loops and lambdas.
    pub symbols: Vec<Symbol<'a>>,
    /// All resources, each before those nested in it.
    pub resources: Vec<BoundResource<'a>>,
    /// The calls that load files, in order.
    pub loads: Vec<LoadCall<'a>>,
    /// The uses of symbols, in order.
    pub uses: Vec<Use<'a>>,
    /// Where it does not parse.
    pub syntax_errors: Vec<Span>,
    /// What is wrong with its names.
    pub findings: Vec<Diagnostic>,
    globals: HashMap<&'a str, SymbolId>,
    targets: HashMap<u32, SymbolId>,
    owned: HashMap<u32, SymbolId>,
    members: HashMap<(ResourceId, &'a str), ResourceId>,
    cycles: cycles::Cycles,
}

impl<'a> Bound<'a> {
    /// Binds a file. Finds unknown names, repeated names and cycles.
    pub fn new(program: ProgramSyntax<'a>, file: FileId) -> Self {
        names::bind(program, file)
    }

    /// A symbol.
    pub fn symbol(&self, id: SymbolId) -> &Symbol<'a> {
        &self.symbols[id.0 as usize]
    }

    /// A resource.
    pub fn resource(&self, id: ResourceId) -> &BoundResource<'a> {
        &self.resources[id.0 as usize]
    }

    /// All resources with their numbers.
    pub fn numbered_resources(&self) -> impl Iterator<Item = (ResourceId, &BoundResource<'a>)> {
        (0..).map(ResourceId).zip(&self.resources)
    }

    /// What the name that is used here means.
    pub fn target(&self, used: IdentifierSyntax<'_>) -> Option<SymbolId> {
        self.targets.get(&used.span.start).copied()
    }

    /// The symbol that is declared here.
    pub fn declared(&self, name: IdentifierSyntax<'_>) -> Option<SymbolId> {
        self.owned.get(&name.span.start).copied()
    }

    /// The symbol of this name that the whole file sees.
    pub fn global(&self, name: &str) -> Option<SymbolId> {
        self.globals.get(name).copied()
    }

    /// The resource of this name directly inside another.
    pub fn nested(&self, parent: ResourceId, name: &str) -> Option<ResourceId> {
        self.members.get(&(parent, name)).copied()
    }

    /// Whether this use of a name is part of a cycle, which has been reported.
    pub fn is_cyclic(&self, used: IdentifierSyntax<'_>) -> bool {
        self.cycles.uses.contains(&used.span.start)
    }

    /// Whether a declaration depends on itself, which has been reported.
    pub fn is_in_cycle(&self, id: SymbolId) -> bool {
        self.cycles.symbols.contains(&id)
    }

    /// The name of a resource in a template: `parent::child` for nested ones.
    pub fn symbolic_name(&self, id: ResourceId) -> String {
        let resource = self.resource(id);
        let name = resource.syntax.name.name;
        match resource.nested_in {
            Some(parent) => format!("{}::{name}", self.symbolic_name(parent)),
            None => name.to_owned(),
        }
    }

    /// Whether something in a range does not parse.
    pub fn has_syntax_error(&self, span: Span) -> bool {
        self.syntax_errors.iter().any(|error| span.contains(*error))
    }

    /// A place in this file.
    pub fn place(&self, span: Span) -> Place {
        Place { file: self.file, span }
    }
}
