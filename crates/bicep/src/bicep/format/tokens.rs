use std::borrow::Cow;

use super::document::{Document, Line, collapsed, separated, spread, trimmed};
use crate::bicep::lexer::{Directive, Token, TokenKind};
use crate::bicep::syntax::DirectiveKind;
use crate::diagnostic::Span;

/// Makes the layout of a tree: goes through the tokens in their order, told by the tree what each is part of.
pub(super) struct Layout<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
    pub(super) directives: &'a [Directive],
    pub(super) newline: &'static str,
    /// The next token.
    pub(super) at: usize,
    /// How many things so far keep what is around them from standing on one line.
    pub(super) breaks: isize,
    /// Whether the tree has met something that it does not explain.
    pub(super) lost: bool,
}

/// A comment or directive between two tokens.
enum Trivia<'a> {
    LineComment(&'a str),
    BlockComment(&'a str),
    Directive(String),
}

/// Which comments beside a token belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stickiness {
    None,
    Leading,
    Trailing,
    Both,
}

fn stickiness(kind: TokenKind) -> Stickiness {
    match kind {
        TokenKind::NewLine
        | TokenKind::Pipe
        | TokenKind::At
        | TokenKind::Minus
        | TokenKind::EndOfFile
        | TokenKind::LeftParen
        | TokenKind::LeftSquare
        | TokenKind::LeftBrace
        | TokenKind::StringLeft
        | TokenKind::MultilineLeft => Stickiness::Leading,
        TokenKind::RightParen
        | TokenKind::RightSquare
        | TokenKind::RightBrace
        | TokenKind::StringRight
        | TokenKind::Question => Stickiness::Trailing,
        TokenKind::Exclamation
        | TokenKind::False
        | TokenKind::True
        | TokenKind::Null
        | TokenKind::StringComplete
        | TokenKind::MultilineComplete
        | TokenKind::Integer
        | TokenKind::Identifier => Stickiness::Both,
        _ => Stickiness::None,
    }
}

/// How a list between brackets is laid out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bracket {
    /// What stands between two items.
    pub(super) separator: Line,
    /// What stands inside the brackets, before the first item and after the last.
    pub(super) padding: Line,
    /// Whether it is broken although it would fit on one line.
    pub(super) broken: bool,
    /// Whether a single item is indented.
    pub(super) indents_single: bool,
}

impl<'a> Layout<'a> {
    pub(super) fn kind(&self) -> TokenKind {
        self.tokens[self.at].kind
    }

    pub(super) fn is(&self, kind: TokenKind) -> bool {
        self.kind() == kind
    }

    pub(super) fn token_text(&self) -> &'a str {
        &self.text[self.tokens[self.at].span.range()]
    }

    /// The first token that starts there or later.
    pub(super) fn token_at(&self, offset: u32) -> usize {
        self.tokens.partition_point(|token| token.span.start < offset)
    }

    /// Text with the line ends of the result.
    pub(super) fn with_line_ends(&self, text: &'a str) -> Cow<'a, str> {
        let is_end = |letter: char| {
            matches!(letter, '\r' | '\n' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
        };
        if !text.contains(is_end) {
            return Cow::Borrowed(text);
        }
        let mut changed = String::with_capacity(text.len());
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            if letter == '\r' {
                letters.next_if_eq(&'\n');
            }
            if is_end(letter) {
                changed.push_str(self.newline);
            } else {
                changed.push(letter);
            }
        }
        Cow::Owned(changed)
    }

    /// What stands between the token before this one and this one.
    fn gap(&self, index: usize) -> Span {
        let end = self.tokens[index].span.start;
        let first = if self.text.starts_with('\u{feff}') { 3 } else { 0 };
        let start = index.checked_sub(1).map_or(first, |before| self.tokens[before].span.end);
        Span::new(start, end)
    }

    fn trivia(&self, gap: Span) -> Vec<Trivia<'a>> {
        let mut trivia = Vec::new();
        let mut start = gap.start as usize;
        let end = gap.end as usize;
        while start < end {
            let rest = &self.text[start..end];
            if rest.starts_with("//") {
                trivia.push(Trivia::LineComment(rest));
                break;
            }
            if let Some(inside) = rest.strip_prefix("/*") {
                let length = inside.find("*/").map_or(rest.len(), |at| at + 4);
                trivia.push(Trivia::BlockComment(&rest[..length]));
                start += length;
            } else if rest.starts_with('#') {
                let directive = self.directives.iter().find(|it| it.span.start as usize == start);
                let Some(directive) = directive else { break };
                trivia.push(Trivia::Directive(self.directive(directive)));
                start = (directive.span.end as usize).max(start + 1);
            } else {
                start += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        trivia
    }

    fn directive(&self, directive: &Directive) -> String {
        let word = match directive.kind {
            DirectiveKind::DisableNextLine => "#disable-next-line",
            DirectiveKind::Disable => "#disable-diagnostics",
            DirectiveKind::Restore => "#restore-diagnostics",
        };
        let codes = directive.codes.iter().map(|code| &self.text[code.range()]);
        let codes: Vec<&str> = codes.collect();
        format!("{word} {}", codes.join(" "))
    }

    /// Whether comments or directives belong to a token, before it.
    pub(super) fn has_leading(&self, index: usize) -> bool {
        !self.leading_gap(index).is_empty() && !self.trivia(self.leading_gap(index)).is_empty()
    }

    /// Whether a comment to the end of the line follows a token and belongs to it.
    pub(super) fn has_trailing_line_comment(&self, index: usize) -> bool {
        let trivia = self.trivia(self.trailing_gap(index));
        trivia.iter().any(|trivia| matches!(trivia, Trivia::LineComment(_)))
    }

    fn leading_gap(&self, index: usize) -> Span {
        let gap = self.gap(index);
        let taken = index
            .checked_sub(1)
            .is_some_and(|before| stickiness(self.tokens[before].kind) >= Stickiness::Trailing);
        if taken { Span::new(gap.end, gap.end) } else { gap }
    }

    fn trailing_gap(&self, index: usize) -> Span {
        let end = self.tokens[index].span.end;
        let sticks = stickiness(self.tokens[index].kind) >= Stickiness::Trailing;
        if sticks && index + 1 < self.tokens.len() {
            self.gap(index + 1)
        } else {
            Span::new(end, end)
        }
    }

    /// From the first comment that belongs to a token to the last that belongs to another.
    pub(super) fn whole(&self, first: usize, last: usize) -> &'a str {
        let start = self.leading_gap(first).start;
        let end = self.trailing_gap(last).end;
        &self.text[start as usize..end as usize]
    }

    pub(super) fn leading(&mut self, index: usize) -> Vec<Document<'a>> {
        let gap = self.leading_gap(index);
        if gap.is_empty() {
            return Vec::new();
        }
        let trivia = self.trivia(gap);
        let documents = trivia.into_iter().map(|trivia| match trivia {
            Trivia::LineComment(text) => {
                self.breaks += 1;
                Document::text(text)
            }
            Trivia::BlockComment(text) => Document::Text(self.with_line_ends(text)),
            Trivia::Directive(text) => Document::text(text),
        });
        documents.collect()
    }

    pub(super) fn trailing(&mut self, index: usize) -> (Vec<Document<'a>>, Option<Document<'a>>) {
        let gap = self.trailing_gap(index);
        let mut comments = Vec::new();
        for trivia in self.trivia(gap) {
            match trivia {
                Trivia::LineComment(text) => {
                    self.breaks += 1;
                    return (comments, Some(Document::Suffix(Cow::Owned(format!(" {text}")))));
                }
                Trivia::BlockComment(text) => {
                    comments.push(Document::Text(self.with_line_ends(text)));
                }
                Trivia::Directive(_) => {}
            }
        }
        (comments, None)
    }

    /// The next token, which is left behind, with the comments that belong to it.
    pub(super) fn take(&mut self) -> Vec<Document<'a>> {
        let index = self.at;
        let token = self.tokens[index];
        let text = self.token_text();
        if token.kind != TokenKind::EndOfFile {
            self.at += 1;
        }
        match stickiness(token.kind) {
            Stickiness::None if token.kind == TokenKind::Comma => Vec::new(),
            Stickiness::None => vec![Document::text(text)],
            Stickiness::Leading => {
                let leading = self.leading(index);
                self.with_leading(token.kind, text, leading)
            }
            Stickiness::Trailing => {
                let mut documents = self.leading(index);
                let (mut comments, suffix) = self.trailing(index);
                comments.insert(0, Document::text(text));
                documents.push(with_suffix(joined(comments), suffix));
                documents
            }
            Stickiness::Both => {
                let leading = self.leading(index);
                let (comments, suffix) = self.trailing(index);
                vec![surrounded(Document::text(text), leading, comments, suffix)]
            }
        }
    }

    fn with_leading(
        &mut self,
        kind: TokenKind,
        text: &'a str,
        mut leading: Vec<Document<'a>>,
    ) -> Vec<Document<'a>> {
        match kind {
            TokenKind::Pipe | TokenKind::EndOfFile if leading.is_empty() => Vec::new(),
            TokenKind::Pipe | TokenKind::EndOfFile => vec![spread(leading)],
            TokenKind::NewLine => {
                let line = if line_ends(text) > 1 { Line::Hard } else { Line::Soft };
                if leading.is_empty() {
                    return vec![Document::Line(line)];
                }
                self.breaks += 1;
                vec![spread(leading), Document::Line(line)]
            }
            _ => {
                leading.push(Document::text(text));
                vec![joined(leading)]
            }
        }
    }

    /// The next token where only one part may stand.
    pub(super) fn one(&mut self) -> Document<'a> {
        joined(self.take())
    }

    /// The line ends that stand here.
    pub(super) fn new_lines(&mut self) -> Vec<Document<'a>> {
        let mut documents = Vec::new();
        while self.is(TokenKind::NewLine) {
            documents.extend(self.take());
        }
        documents
    }

    /// The line ends and commas that stand here.
    pub(super) fn separators(&mut self) -> Vec<Document<'a>> {
        let mut documents = Vec::new();
        while matches!(self.kind(), TokenKind::NewLine | TokenKind::Comma) {
            documents.extend(self.take());
        }
        documents
    }

    /// Items between brackets, on one line or each on its own.
    pub(super) fn bracket(
        &mut self,
        bracket: Bracket,
        items: impl FnOnce(&mut Self) -> Vec<Document<'a>>,
    ) -> Document<'a> {
        let open = self.one();
        let before = self.breaks;
        let items = items(self);
        let inside = self.breaks;
        let mut dangling = self.take();
        // What breaks after the closing bracket breaks what is around, not this.
        let before = before + self.breaks - inside;
        let close = dangling.pop().unwrap_or_else(|| Document::text(""));
        let any_dangling = !dangling.is_empty();
        let (mut items, empty_lines) = collapsed(trimmed(items));
        self.breaks += empty_lines.cast_signed();
        items.extend(dangling);
        let mut items = separated(items, bracket.separator);
        if items.is_empty() {
            return Document::Glue(vec![open, close]);
        }
        if items.len() == 1 && !bracket.indents_single && !items[0].has_suffix() {
            let padding = || Document::text(bracket.padding.flat());
            let item = items.remove(0);
            return Document::Glue(vec![open, padding(), item, padding(), close]);
        }
        if bracket.broken || any_dangling {
            self.breaks += 1;
        }
        items.insert(0, Document::Line(bracket.padding));
        let padding = Document::Line(bracket.padding);
        let parts = vec![open, Document::Indent(items), padding, close];
        if self.breaks > before { Document::Glue(parts) } else { Document::Group(parts) }
    }

    /// Parts on one line, or each on a line of its own one level deeper, all but the first or all.
    pub(super) fn indented(
        &mut self,
        from_next_line: bool,
        parts: impl FnOnce(&mut Self) -> Vec<Document<'a>>,
    ) -> Document<'a> {
        let before = self.breaks;
        let mut parts = parts(self);
        parts.retain(|part| !part.is_line());
        let mut parts = separated(parts, Line::OrSpace);
        if from_next_line {
            parts.insert(0, Document::Line(Line::OrNothing));
        }
        let indented = Document::Indent(parts);
        if indented.has_suffix() {
            self.breaks -= 1;
        }
        let parts = vec![indented];
        if self.breaks > before { Document::Glue(parts) } else { Document::Group(parts) }
    }
}

/// How many line ends a text has.
fn line_ends(text: &str) -> usize {
    text.replace("\r\n", "\n").chars().filter(|letter| matches!(letter, '\r' | '\n')).count()
}

/// The only part, or all with blanks between them.
fn joined(mut parts: Vec<Document<'_>>) -> Document<'_> {
    if parts.len() == 1 { parts.remove(0) } else { spread(parts) }
}

fn with_suffix<'a>(document: Document<'a>, suffix: Option<Document<'a>>) -> Document<'a> {
    match suffix {
        Some(suffix) => Document::Glue(vec![document, suffix]),
        None => document,
    }
}

/// A part between the comments that belong to it.
pub(super) fn surrounded<'a>(
    document: Document<'a>,
    mut leading: Vec<Document<'a>>,
    trailing: Vec<Document<'a>>,
    suffix: Option<Document<'a>>,
) -> Document<'a> {
    leading.push(document);
    leading.extend(trailing);
    with_suffix(joined(leading), suffix)
}
