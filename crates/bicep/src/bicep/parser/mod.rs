//! Tokens into a syntax tree: the second phase.
//!
//! Takes the text of a file and gives its [`ProgramSyntax`], and pushes what is wrong with its
//! characters and its grammar. It always gives a tree: after an error it skips to where the next
//! statement, item or line can start, leaves a `Skipped` node, and goes on, so that all errors of a
//! file are reported. It binds no name and judges no type.
//!
//! `parse_` is not written in front of anything here: a method is named after the thing it reads.
//! A method that gives a `Parsed` may refuse, and then its caller recovers; any other cannot fail.
//!
//! Read this file, which holds the recovery, then `statement`, `expression`, `literal`, `types`.

mod expression;
mod list;
mod literal;
mod statement;
mod types;

use smallvec::SmallVec;

use super::lexer::{self, Token, TokenKind, TokenSet};
use super::problem::{Problem, SyntaxErrorKind};
use super::syntax::{
    Arena, DirectiveSyntax, ExpressionSyntax, FileKind, IdentifierSyntax, ProgramSyntax,
    SkippedSyntax,
};
use crate::diagnostic::{Diagnostics, FileId, Span};

/// How deep expressions, types and bodies may stand in each other.
pub const MAX_DEPTH: usize = 256;

/// How many operators, accesses and nestings a path from a statement to a leaf may have: chains such
/// as `a + b + c` grow to the left, so that this is what bounds every later walk of the tree.
pub const MAX_HEIGHT: usize = 600;

/// The largest file that is read, in bytes.
pub const MAX_LENGTH: usize = 64 << 20;

/// The longest name, in characters.
pub const MAX_NAME: usize = 255;

/// Parses a file of either kind. The tree borrows the text and lives in the arena.
pub fn parse<'a>(
    arena: &'a Arena,
    text: &'a str,
    kind: FileKind,
    file: FileId,
    findings: &mut Diagnostics,
) -> ProgramSyntax<'a> {
    let too_large = text.len() > MAX_LENGTH;
    let lexed = lexer::lex(if too_large { "" } else { text });
    let mut parser = Parser::new(arena, text, &lexed.tokens);
    if too_large {
        parser.fatal = Some(Problem { trouble: SyntaxErrorKind::TooLarge, span: Span::default() });
    }
    let statements = parser.program(kind);
    let directives = lexed.directives.iter().map(|directive| DirectiveSyntax {
        kind: directive.kind,
        codes: arena.alloc_slice_fill_iter(directive.codes.iter().map(|at| &text[at.range()])),
        span: directive.span,
    });
    let directives: SmallVec<[_; 4]> = directives.collect();
    let mut problems = lexed.problems;
    problems.append(&mut parser.problems);
    problems.extend(parser.fatal);
    for problem in problems {
        findings.push(problem.diagnostic(file));
    }
    let end = lexed.tokens.last().map_or(0, |token| token.span.end);
    ProgramSyntax {
        kind,
        statements,
        directives: arena.alloc_slice_copy(&directives),
        text,
        span: Span::new(0, end),
    }
}

/// What was read, or why it could not be.
type Parsed<T> = Result<T, Problem>;

/// The items of a list while it is read.
type Items<T> = SmallVec<[T; 8]>;

/// Reads one file.
struct Parser<'a, 't> {
    arena: &'a Arena,
    text: &'a str,
    tokens: &'t [Token],
    at: usize,
    problems: Vec<Problem>,
    /// Why nothing more is read.
    fatal: Option<Problem>,
    depth: usize,
    height: usize,
}

/// Where recovery stops inside a list, an operand or a hole.
const CLOSERS: TokenSet = TokenSet::of(&[
    TokenKind::StringRight,
    TokenKind::RightBrace,
    TokenKind::RightParen,
    TokenKind::RightSquare,
    TokenKind::NewLine,
]);

const NEW_LINE: TokenSet = TokenSet::of(&[TokenKind::NewLine]);

/// Whether a missing thing is reported: not if what stands before it is missing as well, for both
/// errors would stand at one place and only the first helps.
fn hides_next(skipped: Option<Span>) -> bool {
    skipped.is_some_and(|span| span.start == span.end)
}

impl<'a, 't> Parser<'a, 't> {
    fn new(arena: &'a Arena, text: &'a str, tokens: &'t [Token]) -> Self {
        Self { arena, text, tokens, at: 0, problems: Vec::new(), fatal: None, depth: 0, height: 0 }
    }

    fn token(&self) -> Token {
        self.tokens[self.at]
    }

    fn kind(&self) -> TokenKind {
        self.tokens[self.at].kind
    }

    fn is(&self, kind: TokenKind) -> bool {
        self.kind() == kind
    }

    fn at_end(&self) -> bool {
        self.is(TokenKind::EndOfFile)
    }

    /// The token so many further on, or the last one.
    fn ahead(&self, count: usize) -> Token {
        self.tokens[(self.at + count).min(self.tokens.len() - 1)]
    }

    /// The next token that is no new line.
    fn past_new_lines(&self, from: usize) -> Token {
        let mut count = from;
        while self.ahead(count).kind == TokenKind::NewLine {
            count += 1;
        }
        self.ahead(count)
    }

    fn text_of(&self, token: Token) -> &'a str {
        &self.text[token.span.range()]
    }

    fn is_word(&self, token: Token, word: &str) -> bool {
        token.kind == TokenKind::Identifier && self.text_of(token) == word
    }

    fn at_word(&self, word: &str) -> bool {
        self.is_word(self.token(), word)
    }

    /// Takes a token; the last one stays.
    fn take(&mut self) -> Span {
        let span = self.token().span;
        if !self.at_end() {
            self.at += 1;
        }
        span
    }

    fn take_if(&mut self, kind: TokenKind) -> Option<Span> {
        self.is(kind).then(|| self.take())
    }

    fn new_lines(&mut self) {
        while self.is(TokenKind::NewLine) {
            self.at += 1;
        }
    }

    /// The position before the next token, as an empty range.
    fn here(&self) -> Span {
        let start = self.token().span.start;
        Span::new(start, start)
    }

    /// The end of the token before.
    fn end(&self) -> u32 {
        self.at.checked_sub(1).map_or(0, |before| self.tokens[before].span.end)
    }

    /// From there to the end of the token before.
    fn since(&self, start: Span) -> Span {
        Span::new(start.start, self.end().max(start.end))
    }

    fn report(&mut self, trouble: SyntaxErrorKind, span: Span) {
        if self.fatal.is_none() {
            self.problems.push(Problem { trouble, span });
        }
    }

    /// A refusal of the next token.
    fn refusal(&self, trouble: SyntaxErrorKind) -> Problem {
        let span = if self.is(TokenKind::NewLine) { self.here() } else { self.token().span };
        Problem { trouble, span }
    }

    fn expect(&mut self, kind: TokenKind, sign: &'static str) -> Parsed<Span> {
        self.take_if(kind).ok_or_else(|| self.refusal(SyntaxErrorKind::ExpectedCharacter(sign)))
    }

    fn expect_word(&mut self, word: &'static str) -> Parsed<Span> {
        if self.at_word(word) {
            return Ok(self.take());
        }
        Err(self.refusal(SyntaxErrorKind::ExpectedKeyword(word)))
    }

    /// Reads something; if it refuses, reports that unless hidden, and skips to a token that stops.
    fn recover<T>(
        &mut self,
        hidden: bool,
        stop: TokenSet,
        read: impl FnOnce(&mut Self) -> Parsed<T>,
    ) -> Result<T, SkippedSyntax> {
        let (start, reported) = (self.at, self.problems.len());
        read(self).map_err(|problem| {
            // What was reported inside what is now skipped says nothing more than this.
            self.problems.truncate(reported);
            if !hidden {
                self.report(problem.trouble, problem.span);
            }
            self.skip_to(start, stop)
        })
    }

    /// Skips to a token that stops, and gives what was skipped since a token.
    fn skip_to(&mut self, start: usize, stop: TokenSet) -> SkippedSyntax {
        while !self.at_end() && !stop.contains(self.kind()) {
            self.at += 1;
        }
        let first = self.tokens[start].span;
        let end = if self.at > start { self.end() } else { first.start };
        SkippedSyntax { span: Span::new(first.start, end) }
    }

    /// Takes a sign, or gives what was skipped instead.
    fn sign(
        &mut self,
        hidden: bool,
        stop: TokenSet,
        kind: TokenKind,
        sign: &'static str,
    ) -> Option<Span> {
        let taken = self.recover(hidden, stop, |parser| parser.expect(kind, sign));
        taken.err().map(|skipped| skipped.span)
    }

    /// Reads an expression, or leaves what was skipped in its place.
    fn or_skipped(
        &mut self,
        hidden: bool,
        stop: TokenSet,
        read: impl FnOnce(&mut Self) -> Parsed<ExpressionSyntax<'a>>,
    ) -> ExpressionSyntax<'a> {
        match self.recover(hidden, stop, read) {
            Ok(expression) => expression,
            Err(skipped) => self.skipped(skipped),
        }
    }

    fn skipped(&self, node: SkippedSyntax) -> ExpressionSyntax<'a> {
        ExpressionSyntax::Skipped(self.node(node))
    }

    fn node<T: Copy>(&self, node: T) -> &'a T {
        self.arena.alloc(node)
    }

    fn list<T: Copy>(&self, items: &[T]) -> &'a [T] {
        if items.is_empty() { &[] } else { self.arena.alloc_slice_copy(items) }
    }

    /// Takes the name that stands here.
    fn take_name(&mut self) -> IdentifierSyntax<'a> {
        let token = self.token();
        let name = self.text_of(token);
        if name.len() > MAX_NAME {
            self.report(SyntaxErrorKind::IdentifierTooLong, token.span);
        }
        IdentifierSyntax { name, span: self.take() }
    }

    fn expect_name(&mut self, trouble: SyntaxErrorKind) -> Parsed<IdentifierSyntax<'a>> {
        if self.is(TokenKind::Identifier) {
            return Ok(self.take_name());
        }
        Err(self.refusal(trouble))
    }

    /// Reads a name, or skips to where the text can be understood again.
    fn name(&mut self, trouble: SyntaxErrorKind, stop: TokenSet) -> IdentifierSyntax<'a> {
        self.recover(false, stop, |parser| parser.expect_name(trouble))
            .unwrap_or_else(|skipped| IdentifierSyntax { name: "", span: skipped.span })
    }

    /// Reads a name, or leaves an empty one without skipping anything.
    fn name_or_nothing(&mut self, trouble: SyntaxErrorKind) -> IdentifierSyntax<'a> {
        if self.is(TokenKind::Identifier) {
            return self.take_name();
        }
        let span = self.here();
        self.report(trouble, span);
        IdentifierSyntax { name: "", span }
    }

    /// Reads something that stands one level deeper.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return Err(self.give_up());
        }
        let outer = std::mem::take(&mut self.height);
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        self.height = outer.max(self.height + 1);
        result
    }

    /// Counts one more link of a chain that grows to the left.
    fn link(&mut self) -> Parsed<()> {
        self.height += 1;
        if self.height > MAX_HEIGHT { Err(self.give_up()) } else { Ok(()) }
    }

    /// Reads a chain, whose links count from its own first operand.
    fn chain<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        let outer = std::mem::take(&mut self.height);
        let result = read(self);
        self.height = self.height.max(outer);
        result
    }

    /// Ends the reading of the whole file: what is nested so deeply cannot be skipped either.
    fn give_up(&mut self) -> Problem {
        let problem = self.refusal(SyntaxErrorKind::TooDeep);
        self.fatal.get_or_insert(problem);
        self.at = self.tokens.len() - 1;
        problem
    }
}

/// What an expression before this one was, if it was skipped.
fn skipped_span(expression: ExpressionSyntax<'_>) -> Option<Span> {
    match expression {
        ExpressionSyntax::Skipped(node) => Some(node.span),
        _ => None,
    }
}

/// What a name before this was, if it is missing.
fn missing_span(name: IdentifierSyntax<'_>) -> Option<Span> {
    name.is_missing().then_some(name.span)
}
