//! Text into tokens: the first phase.
//!
//! Takes the text of a file and gives all its tokens, its directives, and what is wrong with its
//! characters. Comments and blanks are dropped here. It never fails, and it never reads a byte more
//! than a fixed number of times, so that any input takes linear time.
//!
//! Read `token`, then `scanner`, then `string`, which knows where strings and their holes end.

mod scanner;
mod string;
mod token;

pub use scanner::lex;
pub use token::{Token, TokenKind, TokenSet};

use super::problem::Problem;
use crate::bicep::syntax::DirectiveKind;
use crate::diagnostic::Span;

/// What lexing gives.
#[derive(Debug, Clone, Default)]
pub struct Lexed {
    /// The tokens, in order; the last one, and only that, is [`TokenKind::EndOfFile`].
    pub tokens: Vec<Token>,
    /// The directives, in order.
    pub directives: Vec<Directive>,
    /// What is wrong, in order.
    pub problems: Vec<Problem>,
}

/// A directive line.
#[derive(Debug, Clone)]
pub struct Directive {
    /// What it does.
    pub kind: DirectiveKind,
    /// Where the codes stand that it names.
    pub codes: Vec<Span>,
    /// From `#` to the last code.
    pub span: Span,
}
