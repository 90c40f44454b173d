use super::{Items, NEW_LINE, Parsed, Parser, TokenSet, hides_next, skipped_span};
use crate::bicep::lexer::{Token, TokenKind};
use crate::bicep::parser::expression::Allow;
use crate::bicep::problem::SyntaxErrorKind;
use crate::bicep::syntax::{
    ArrayItemSyntax, ArraySyntax, ExpressionSyntax, ObjectItemSyntax, ObjectKeySyntax,
    ObjectPropertySyntax, ObjectSyntax, SkippedSyntax, SpreadSyntax, StringSyntax,
};
use crate::diagnostic::Span;

const HOLE_END: TokenSet =
    TokenSet::of(&[TokenKind::StringMiddle, TokenKind::StringRight, TokenKind::NewLine]);

const PROPERTY_END: TokenSet = TokenSet::of(&[TokenKind::NewLine, TokenKind::RightBrace]);

impl<'a> Parser<'a, '_> {
    /// A string on one line, which must be there.
    pub(super) fn expect_string(
        &mut self,
        trouble: SyntaxErrorKind,
    ) -> Parsed<&'a StringSyntax<'a>> {
        let refusal = self.refusal(trouble);
        self.string().map_err(|_| refusal)
    }

    /// A string on one line, or what was skipped because it cannot be read.
    pub(super) fn string(&mut self) -> Result<&'a StringSyntax<'a>, SkippedSyntax> {
        self.string_of(TokenKind::StringComplete, TokenKind::StringLeft)
    }

    /// A multi-line string, or what was skipped because it cannot be read.
    pub(super) fn multi_line_string(&mut self) -> Result<&'a StringSyntax<'a>, SkippedSyntax> {
        self.string_of(TokenKind::MultilineComplete, TokenKind::MultilineLeft)
    }

    fn string_of(
        &mut self,
        complete: TokenKind,
        left: TokenKind,
    ) -> Result<&'a StringSyntax<'a>, SkippedSyntax> {
        let start = self.token();
        let mut pieces = Items::<Token>::new();
        let mut holes = Items::new();
        let (mut last, mut more) = (complete, left);
        loop {
            if self.is(last) {
                pieces.push(self.token());
                self.take();
                break;
            }
            let good = if self.is(more) {
                pieces.push(self.token());
                self.take();
                holes.push(self.hole());
                !self.is(TokenKind::NewLine) && !self.at_end()
            } else {
                let from = self.at;
                let skipped = self.skip_to(from, HOLE_END);
                self.report(SyntaxErrorKind::LeftoverInHole, skipped.span);
                holes.push(self.skipped(skipped));
                self.is(TokenKind::StringMiddle) || self.is(TokenKind::StringRight)
            };
            if !good {
                return Err(self.unreadable_string(start));
            }
            (last, more) = (TokenKind::StringRight, TokenKind::StringMiddle);
        }
        if pieces.iter().any(|piece| piece.malformed) || pieces.len() != holes.len() + 1 {
            return Err(self.unreadable_string(start));
        }
        let span = self.since(start.span);
        let multi_line = complete == TokenKind::MultilineComplete;
        let segments: Items<&'a str> = if multi_line {
            let dollars = self.text_of(start).bytes().take_while(|byte| *byte == b'$').count();
            let segments = pieces.iter().map(|piece| self.multi_line_segment(*piece, dollars));
            // What was skipped in a hole may have left the end of a string inside it as the end of this one.
            let segments: Option<_> = segments.collect();
            segments.ok_or_else(|| self.unreadable_string(start))?
        } else {
            pieces.iter().map(|piece| self.segment(*piece)).collect()
        };
        let (segments, holes) = (self.list(&segments), self.list(&holes));
        Ok(self.node(StringSyntax { segments, holes, multi_line, span }))
    }

    fn unreadable_string(&self, start: Token) -> SkippedSyntax {
        SkippedSyntax { span: Span::new(start.span.start, self.token().span.start) }
    }

    fn hole(&mut self) -> ExpressionSyntax<'a> {
        let hole = self.or_skipped(false, HOLE_END, |parser| parser.expression(Allow::SIMPLE));
        if HOLE_END.contains(self.kind()) {
            return hole;
        }
        let from = self.at;
        let skipped = self.skip_to(from, HOLE_END);
        self.report(SyntaxErrorKind::LeftoverInHole, skipped.span);
        self.skipped(SkippedSyntax { span: hole.span().to(skipped.span) })
    }

    fn segment(&self, piece: Token) -> &'a str {
        let text = self.text_of(piece);
        let tail = match piece.kind {
            TokenKind::StringComplete | TokenKind::StringRight => 1,
            _ => 2,
        };
        let raw = &text[1..text.len() - tail];
        if memchr::memchr(b'\\', raw.as_bytes()).is_none() {
            return raw;
        }
        self.arena.alloc_str(&unescape(raw))
    }

    fn multi_line_segment(&self, piece: Token, dollars: usize) -> Option<&'a str> {
        let text = self.text_of(piece);
        let starts = matches!(piece.kind, TokenKind::MultilineComplete | TokenKind::MultilineLeft);
        let ends = matches!(piece.kind, TokenKind::MultilineComplete | TokenKind::StringRight);
        let head = if starts { dollars + 3 } else { 1 };
        let tail = if ends { 3 } else { dollars + 1 };
        let content = text.get(head..text.len().checked_sub(tail)?)?;
        if !starts {
            return Some(content);
        }
        // One line end directly after the opening quotes is not part of the text.
        let content = content.strip_prefix('\r').unwrap_or(content);
        Some(content.strip_prefix('\n').unwrap_or(content))
    }

    pub(super) fn array(&mut self) -> Parsed<ExpressionSyntax<'a>> {
        let open = self.expect(TokenKind::LeftSquare, "[")?;
        let items = self.elements(TokenKind::RightSquare, Self::array_item)?;
        self.expect(TokenKind::RightSquare, "]")?;
        let items = self.list(&items);
        Ok(ExpressionSyntax::Array(self.node(ArraySyntax { items, span: self.since(open) })))
    }

    fn array_item(&mut self) -> ArrayItemSyntax<'a> {
        let stop = TokenSet::of(&[TokenKind::NewLine, TokenKind::RightSquare]);
        let item = self.recover(false, stop, |parser| {
            if parser.is(TokenKind::Ellipsis) {
                let stop = stop.with(TokenKind::Comma);
                return Ok(ArrayItemSyntax::Spread(parser.spread(stop)));
            }
            Ok(ArrayItemSyntax::Value(parser.expression(Allow::COMPLEX)?))
        });
        item.unwrap_or_else(|skipped| ArrayItemSyntax::Value(self.skipped(skipped)))
    }

    fn spread(&mut self, stop: TokenSet) -> &'a SpreadSyntax<'a> {
        let dots = self.take();
        let expression = self.or_skipped(false, stop, |parser| parser.expression(Allow::COMPLEX));
        self.node(SpreadSyntax { expression, span: dots.to(expression.span()) })
    }

    pub(super) fn object(&mut self, allow: Allow) -> Parsed<ExpressionSyntax<'a>> {
        let open = self.expect(TokenKind::LeftBrace, "{")?;
        let items = self.elements(TokenKind::RightBrace, |parser| parser.object_item(allow))?;
        self.expect(TokenKind::RightBrace, "}")?;
        let items = self.list(&items);
        Ok(ExpressionSyntax::Object(self.node(ObjectSyntax { items, span: self.since(open) })))
    }

    fn object_item(&mut self, allow: Allow) -> ObjectItemSyntax<'a> {
        let item = self.recover(false, PROPERTY_END, |parser| {
            if allow.resources && parser.at_nested_resource() {
                return Ok(parser.nested_resource());
            }
            if parser.is(TokenKind::Ellipsis) {
                let stop = PROPERTY_END.with(TokenKind::Comma);
                return Ok(ObjectItemSyntax::Spread(parser.spread(stop)));
            }
            Ok(parser.property())
        });
        item.unwrap_or_else(|skipped| ObjectItemSyntax::Skipped(self.node(skipped)))
    }

    fn property(&mut self) -> ObjectItemSyntax<'a> {
        let key = self.property_key(SyntaxErrorKind::ExpectedPropertyName);
        let missing = match key {
            ObjectKeySyntax::Skipped(node) => Some(node.span),
            _ => None,
        };
        let colon = self.sign(hides_next(missing), PROPERTY_END, TokenKind::Colon, ":");
        let value = self.or_skipped(hides_next(colon), PROPERTY_END, |parser| {
            parser.expression(Allow::COMPLEX)
        });
        let span = key.span().to(value.span());
        ObjectItemSyntax::Property(self.node(ObjectPropertySyntax { key, value, span }))
    }

    /// The key of a property, or what was skipped instead.
    pub(super) fn property_key(&mut self, trouble: SyntaxErrorKind) -> ObjectKeySyntax<'a> {
        let stop = PROPERTY_END.with(TokenKind::Colon);
        let key = self.recover(false, stop, |parser| match parser.kind() {
            TokenKind::Identifier => Ok(ObjectKeySyntax::Identifier(parser.take_name())),
            TokenKind::StringComplete | TokenKind::StringLeft => Ok(ObjectKeySyntax::String(
                parser.expect_string(SyntaxErrorKind::ExpectedPropertyName)?,
            )),
            _ => Err(parser.refusal(trouble)),
        });
        key.unwrap_or_else(|skipped| ObjectKeySyntax::Skipped(self.node(skipped)))
    }

    /// A string that names a file or a type, and ends what stands before it.
    pub(super) fn path(
        &mut self,
        hidden: bool,
        stop: TokenSet,
        trouble: SyntaxErrorKind,
    ) -> ExpressionSyntax<'a> {
        self.or_skipped(hidden, stop, |parser| {
            parser.expect_string(trouble).map(ExpressionSyntax::String)
        })
    }

    /// The value after `=`, to the end of the line.
    pub(super) fn value_after(&mut self, sign: Option<Span>) -> ExpressionSyntax<'a> {
        self.or_skipped(hides_next(sign), NEW_LINE, |parser| parser.expression(Allow::COMPLEX))
    }

    /// `= value`, to the end of the line, after a name or type that may be missing.
    pub(super) fn assigned_value(&mut self, before: Option<Span>) -> ExpressionSyntax<'a> {
        let sign = self.sign(hides_next(before), NEW_LINE, TokenKind::Assignment, "=");
        self.value_after(sign)
    }

    /// What an expression hides of what follows it.
    pub(super) fn hides(expression: ExpressionSyntax<'a>) -> bool {
        hides_next(skipped_span(expression))
    }
}

/// The code point of `{HEX}`, and what follows it.
fn code_point(text: &str) -> (u32, &str) {
    let end = text.find('}').unwrap_or(text.len());
    let point = u32::from_str_radix(text.get(1..end).unwrap_or_default(), 16);
    let rest = text.get(end + 1..).unwrap_or_default();
    (point.unwrap_or(char::REPLACEMENT_CHARACTER.into()), rest)
}

/// Resolves the escapes of a text whose escapes the lexer has found good.
fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let mut after = rest[at + 1..].chars();
        match after.next() {
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('u') => {
                let (point, after) = code_point(after.as_str());
                rest = after;
                // Two halves of a surrogate pair are one character; one half is none of a Rust text.
                let high = (0xd800..0xdc00).contains(&point);
                let other = rest.strip_prefix("\\u").filter(|_| high).map(code_point);
                if let Some((low @ 0xdc00..0xe000, after)) = other {
                    let pair = 0x1_0000 + ((point - 0xd800) << 10) + (low - 0xdc00);
                    text.extend(char::from_u32(pair));
                    rest = after;
                } else {
                    let character = char::from_u32(point);
                    text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                continue;
            }
            Some(other) => text.push(other),
            None => {}
        }
        rest = after.as_str();
    }
    text.push_str(rest);
    text
}
