use super::{CLOSERS, Items, Parsed, Parser, TokenSet, hides_next};
use crate::bicep::lexer::TokenKind;
use crate::bicep::problem::SyntaxErrorKind;
use crate::bicep::syntax::SkippedSyntax;
use crate::diagnostic::Span;

/// What stood between parentheses.
pub(super) struct Parenthesized<T> {
    pub open: Span,
    pub items: Items<T>,
    pub commas: usize,
    /// From the first item, comma or new line inside to the last.
    pub inside: Span,
    /// Whether a new line stands inside.
    pub new_lines: bool,
    /// Everything, the parentheses included.
    pub span: Span,
    /// Whether the closing one is there.
    pub closed: bool,
}

impl<T> Parenthesized<T> {
    /// What is wrong where exactly one item belongs, which may stand on a line of its own.
    pub fn not_one(&self) -> Option<Span> {
        let one = self.items.len() == 1 && self.commas == 0;
        (!one || self.new_lines && !self.closed).then_some(self.inside)
    }
}

impl Parser<'_, '_> {
    /// Items of an array or object up to the sign that closes it: separated by new lines, or by one
    /// comma on the same line.
    pub(super) fn elements<T>(
        &mut self,
        close: TokenKind,
        mut element: impl FnMut(&mut Self) -> T,
    ) -> Parsed<Items<T>> {
        self.deeper(|parser| {
            let mut items = Items::new();
            parser.new_lines();
            while !parser.at_end() && !parser.is(close) {
                items.push(element(parser));
                if parser.at_end() || parser.is(close) {
                    break;
                }
                parser.element_separator();
            }
            Ok(items)
        })
    }

    fn element_separator(&mut self) {
        if self.is(TokenKind::NewLine) {
            self.new_lines();
        } else if self.take_if(TokenKind::Comma).is_some() {
            if self.is(TokenKind::NewLine) {
                self.report(SyntaxErrorKind::NewLineAfterComma, self.here());
                self.take();
            }
        } else {
            self.report(SyntaxErrorKind::ExpectedNewLineOrComma, self.here());
        }
    }

    /// Arguments up to the sign that closes them: separated by commas, with new lines around.
    pub(super) fn arguments<T>(
        &mut self,
        close: TokenKind,
        sign: &'static str,
        mut argument: impl FnMut(&mut Self) -> T,
    ) -> Items<T> {
        let mut items = Items::new();
        self.new_lines();
        while !self.at_end() && !self.is(close) {
            items.push(argument(self));
            if self.at_end() || self.is(close) {
                break;
            }
            if self.is(TokenKind::NewLine) {
                if !self.argument_new_lines(close, sign) {
                    break;
                }
            } else if self.take_if(TokenKind::Comma).is_some() {
                self.new_lines();
                if self.is(close) {
                    // A comma promises one more argument: reading it reports what is missing.
                    items.push(argument(self));
                }
            } else {
                self.report(SyntaxErrorKind::ExpectedNewLineOrComma, self.here());
            }
        }
        items
    }

    /// Takes the new lines after an argument, and says whether the list may go on.
    fn argument_new_lines(&mut self, close: TokenKind, sign: &'static str) -> bool {
        let mut count = 1;
        while self.ahead(count).kind == TokenKind::NewLine && self.ahead(count).after_comment {
            count += 1;
        }
        let next = self.ahead(count).kind;
        let ends = next == TokenKind::EndOfFile;
        if ends {
            self.report(SyntaxErrorKind::ExpectedCharacter(sign), self.here());
        } else if next != close {
            self.report(SyntaxErrorKind::ExpectedComma, self.here());
        }
        self.new_lines();
        !ends
    }

    /// A list between parentheses.
    pub(super) fn parenthesized<T>(
        &mut self,
        new_lines: bool,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
        skipped: impl Fn(&Self, SkippedSyntax) -> T,
    ) -> Parsed<Parenthesized<T>> {
        let open = self.expect(TokenKind::LeftParen, "(")?;
        let first = self.at;
        let mut items = Items::new();
        let mut commas = 0;
        let mut last = None;
        let mut any_new_lines = self.inner_new_lines(new_lines);
        while !self.is(TokenKind::RightParen) {
            let stop = CLOSERS.with(TokenKind::Comma);
            match self.recover(false, stop, &mut item) {
                Ok(read) => {
                    last = None;
                    items.push(read);
                }
                Err(node) => {
                    last = Some(node.span);
                    items.push(skipped(self, node));
                }
            }
            if self.inner_new_lines(new_lines) {
                any_new_lines = true;
                last = None;
            }
            if self.take_if(TokenKind::Comma).is_none() {
                break;
            }
            commas += 1;
            last = None;
            any_new_lines |= self.inner_new_lines(new_lines);
        }
        let inside = if self.at == first {
            Span::new(open.end, open.end)
        } else {
            self.since(self.tokens[first].span)
        };
        let stop = TokenSet::of(&[
            TokenKind::StringRight,
            TokenKind::RightBrace,
            TokenKind::RightSquare,
            TokenKind::NewLine,
        ]);
        let close = self.sign(hides_next(last), stop, TokenKind::RightParen, ")");
        let span = self.since(open);
        let (new_lines, closed) = (any_new_lines, close.is_none());
        Ok(Parenthesized { open, items, commas, inside, new_lines, span, closed })
    }

    /// Takes new lines where they are allowed, and says whether there were any.
    fn inner_new_lines(&mut self, allowed: bool) -> bool {
        let any = allowed && self.is(TokenKind::NewLine);
        if any {
            self.new_lines();
        }
        any
    }
}
