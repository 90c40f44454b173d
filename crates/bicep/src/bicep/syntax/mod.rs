//! The syntax tree: what the parser gives and every later phase reads.
//!
//! All nodes live in an [`Arena`] together with the text that they borrow, so that they are `Copy`,
//! are shared by plain references, and cost nothing to drop. Every node knows its [`Span`]. What the
//! parser could not read stands in the tree as a [`SkippedSyntax`], so that a file with errors still
//! has a tree. The tree means nothing yet: names are not bound, literals not checked.
//!
//! Read this file, then `declaration`, `expression`, `types`, and `walk`, which visits expressions.

mod declaration;
mod expression;
mod types;
mod walk;

pub use declaration::*;
pub use expression::*;
pub use types::*;
pub use walk::{walk, walk_statement_types, walk_types};

use crate::diagnostic::Span;

/// Owns the nodes of trees and the texts that they borrow.
///
/// A text that is read while other trees are in use is kept with `arena.alloc_str(text)`.
pub type Arena = bumpalo::Bump;

/// Which of the two languages a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A template or module: `.bicep`.
    Bicep,
    /// Parameters for one: `.bicepparam`.
    Parameters,
}

/// A whole file.
#[derive(Debug, Clone, Copy)]
pub struct ProgramSyntax<'a> {
    /// The language it is written in.
    pub kind: FileKind,
    /// The statements, in order.
    pub statements: &'a [StatementSyntax<'a>],
    /// The `#disable...` lines, in order.
    pub directives: &'a [DirectiveSyntax<'a>],
    /// The text that the tree borrows.
    pub text: &'a str,
    /// From the first byte to the last.
    pub span: Span,
}

/// A `#disable-next-line`, `#disable-diagnostics` or `#restore-diagnostics` line.
#[derive(Debug, Clone, Copy)]
pub struct DirectiveSyntax<'a> {
    /// What it does.
    pub kind: DirectiveKind,
    /// The codes it names.
    pub codes: &'a [&'a str],
    /// From `#` to the last code.
    pub span: Span,
}

/// What a directive does with the diagnostics that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectiveKind {
    /// Silences them on the next line.
    DisableNextLine,
    /// Silences them from here on.
    Disable,
    /// Ends their silence.
    Restore,
}

/// A name as it is written. Empty where a name is missing.
#[derive(Debug, Clone, Copy)]
pub struct IdentifierSyntax<'a> {
    /// The name, or an empty text if the parser found none.
    pub name: &'a str,
    /// Where it stands, or what stands there instead of it.
    pub span: Span,
}

impl IdentifierSyntax<'_> {
    /// Whether there is no name here, which the parser has already reported.
    pub fn is_missing(&self) -> bool {
        self.name.is_empty()
    }
}

/// Text that the parser had to skip; it has already reported why.
#[derive(Debug, Clone, Copy)]
pub struct SkippedSyntax {
    /// What was skipped; empty where something is missing.
    pub span: Span,
}
