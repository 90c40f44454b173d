use super::{CLOSERS, Items, NEW_LINE, Parsed, Parser, TokenSet, hides_next};
use crate::bicep::lexer::TokenKind;
use crate::bicep::parser::expression::{Allow, unary_operator};
use crate::bicep::problem::SyntaxErrorKind;
use crate::bicep::syntax::{
    ArrayTypeSyntax, NonNullTypeSyntax, NullSyntax, NullableTypeSyntax, ObjectKeySyntax,
    ObjectTypeAdditionalPropertiesSyntax, ObjectTypeItemSyntax, ObjectTypePropertySyntax,
    ObjectTypeSyntax, ParenthesizedTypeSyntax, ResourceTypeSyntax, SkippedSyntax, StringSyntax,
    TupleTypeItemSyntax, TupleTypeSyntax, TypeAdditionalPropertiesAccessSyntax,
    TypeArrayAccessSyntax, TypeInstantiationSyntax, TypeItemsAccessSyntax,
    TypePropertyAccessSyntax, TypeSyntax, TypeVariableAccessSyntax, UnaryTypeSyntax,
    UnionTypeSyntax,
};
use crate::diagnostic::Span;

impl<'a> Parser<'a, '_> {
    /// A type in a declaration: any type, or `resource 'T@v'`.
    pub(super) fn declared_type(&mut self, optional_string: bool) -> Parsed<TypeSyntax<'a>> {
        if !self.at_word("resource") || self.ahead(1).kind == TokenKind::LessThan {
            return self.type_expression();
        }
        let keyword = self.take();
        let at_string = matches!(self.kind(), TokenKind::StringComplete | TokenKind::StringLeft);
        let r#type = if optional_string && !at_string {
            None
        } else {
            let stop = TokenSet::of(&[TokenKind::Assignment, TokenKind::NewLine]);
            Some(self.path(false, stop, SyntaxErrorKind::ExpectedResourceType))
        };
        let span = self.since(keyword);
        Ok(TypeSyntax::Resource(self.node(ResourceTypeSyntax { keyword, r#type, span })))
    }

    /// Reads a type, or leaves what was skipped in its place.
    pub(super) fn type_or_skipped(
        &mut self,
        hidden: bool,
        stop: TokenSet,
        read: impl FnOnce(&mut Self) -> Parsed<TypeSyntax<'a>>,
    ) -> TypeSyntax<'a> {
        match self.recover(hidden, stop, read) {
            Ok(r#type) => r#type,
            Err(skipped) => self.skipped_type(skipped),
        }
    }

    pub(super) fn skipped_type(&self, node: SkippedSyntax) -> TypeSyntax<'a> {
        TypeSyntax::Skipped(self.node(node))
    }

    /// Any type: a union, or a single one.
    pub(super) fn type_expression(&mut self) -> Parsed<TypeSyntax<'a>> {
        self.deeper(|parser| {
            let start = parser.take_pipe();
            let first = parser.unary_type()?;
            if start.is_none() && !parser.at_pipe() {
                return Ok(first);
            }
            let mut members = Items::from_slice(&[first]);
            while parser.take_pipe().is_some() {
                if parser.is(TokenKind::NewLine) {
                    let span = parser.here();
                    parser.report(SyntaxErrorKind::ExpectedTypeLiteral, span);
                    members.push(parser.skipped_type(SkippedSyntax { span }));
                } else {
                    let stop = TokenSet::of(&[]);
                    members.push(parser.type_or_skipped(false, stop, Self::unary_type));
                }
            }
            let span = parser.since(start.unwrap_or(first.span()));
            let members = parser.list(&members);
            Ok(TypeSyntax::Union(parser.node(UnionTypeSyntax { members, span })))
        })
    }

    fn at_pipe(&self) -> bool {
        self.past_new_lines(0).kind == TokenKind::Pipe
    }

    /// Takes a `|`, with the new lines before it.
    fn take_pipe(&mut self) -> Option<Span> {
        self.at_pipe().then(|| {
            self.new_lines();
            self.take()
        })
    }

    fn unary_type(&mut self) -> Parsed<TypeSyntax<'a>> {
        self.chain(|parser| {
            let mut base = parser.signed_type()?;
            loop {
                let is_nullable = match parser.kind() {
                    TokenKind::Question => true,
                    TokenKind::Exclamation => false,
                    _ => return Ok(base),
                };
                let span = base.span().to(parser.take());
                base = if is_nullable {
                    TypeSyntax::Nullable(parser.node(NullableTypeSyntax { base, span }))
                } else {
                    TypeSyntax::NonNull(parser.node(NonNullTypeSyntax { base, span }))
                };
                parser.link()?;
            }
        })
    }

    fn signed_type(&mut self) -> Parsed<TypeSyntax<'a>> {
        let Some(operator) = unary_operator(self.kind()) else {
            return self.member_type();
        };
        let sign = self.take();
        let operand = self.type_or_skipped(false, CLOSERS, Self::member_type);
        let span = sign.to(operand.span());
        Ok(TypeSyntax::Unary(self.node(UnaryTypeSyntax { operator, operand, span })))
    }

    fn member_type(&mut self) -> Parsed<TypeSyntax<'a>> {
        self.chain(|parser| {
            let mut base = parser.primary_type()?;
            loop {
                base = match parser.kind() {
                    TokenKind::LeftSquare => parser.bracketed_type(base)?,
                    TokenKind::Dot => parser.dotted_type(base),
                    _ => return Ok(base),
                };
                parser.link()?;
            }
        })
    }

    fn bracketed_type(&mut self, base: TypeSyntax<'a>) -> Parsed<TypeSyntax<'a>> {
        self.take();
        if self.is(TokenKind::RightSquare) {
            let span = base.span().to(self.take());
            return Ok(TypeSyntax::Array(self.node(ArrayTypeSyntax { item: base, span })));
        }
        if self.take_if(TokenKind::Asterisk).is_some() {
            let span = base.span().to(self.expect(TokenKind::RightSquare, "]")?);
            return Ok(TypeSyntax::ItemsAccess(self.node(TypeItemsAccessSyntax { base, span })));
        }
        let index = self.expression(Allow::SIMPLE)?;
        let span = base.span().to(self.expect(TokenKind::RightSquare, "]")?);
        Ok(TypeSyntax::ArrayAccess(self.node(TypeArrayAccessSyntax { base, index, span })))
    }

    fn dotted_type(&mut self, base: TypeSyntax<'a>) -> TypeSyntax<'a> {
        self.take();
        if self.is(TokenKind::Asterisk) {
            let span = base.span().to(self.take());
            let node = TypeAdditionalPropertiesAccessSyntax { base, span };
            return TypeSyntax::AdditionalPropertiesAccess(self.node(node));
        }
        let name = self.name_or_nothing(SyntaxErrorKind::ExpectedMemberName);
        if self.is(TokenKind::LessThan) {
            let arguments = self.type_arguments();
            let span = self.since(base.span());
            let node = TypeInstantiationSyntax { base: Some(base), name, arguments, span };
            return TypeSyntax::Instantiation(self.node(node));
        }
        let span = base.span().to(name.span);
        TypeSyntax::PropertyAccess(self.node(TypePropertyAccessSyntax { base, name, span }))
    }

    fn type_arguments(&mut self) -> &'a [TypeSyntax<'a>] {
        self.take();
        let stop = TokenSet::of(&[TokenKind::NewLine, TokenKind::Comma, TokenKind::GreaterThan]);
        let arguments = self.arguments(TokenKind::GreaterThan, ">", |parser| {
            parser.type_or_skipped(false, stop, Self::type_expression)
        });
        self.take_if(TokenKind::GreaterThan);
        self.list(&arguments)
    }

    fn primary_type(&mut self) -> Parsed<TypeSyntax<'a>> {
        match self.kind() {
            TokenKind::Identifier => {
                let name = self.take_name();
                if self.is(TokenKind::LessThan) {
                    let arguments = self.type_arguments();
                    let span = self.since(name.span);
                    let node = TypeInstantiationSyntax { base: None, name, arguments, span };
                    return Ok(TypeSyntax::Instantiation(self.node(node)));
                }
                Ok(TypeSyntax::Variable(self.node(TypeVariableAccessSyntax { name })))
            }
            TokenKind::StringComplete | TokenKind::StringLeft => {
                let string = self.string();
                Ok(self.string_type(string))
            }
            TokenKind::MultilineComplete | TokenKind::MultilineLeft => {
                let string = self.multi_line_string();
                Ok(self.string_type(string))
            }
            TokenKind::LeftBrace => self.object_type(),
            TokenKind::LeftSquare => self.tuple_type(),
            TokenKind::LeftParen => self.parenthesized_type(),
            TokenKind::Integer => Ok(TypeSyntax::Integer(self.integer()?)),
            TokenKind::True | TokenKind::False => Ok(TypeSyntax::Boolean(self.boolean())),
            TokenKind::Null => {
                let span = self.take();
                Ok(TypeSyntax::Null(self.node(NullSyntax { span })))
            }
            _ => Err(self.refusal(SyntaxErrorKind::ExpectedType)),
        }
    }

    fn string_type(&self, string: Result<&'a StringSyntax<'a>, SkippedSyntax>) -> TypeSyntax<'a> {
        string.map_or_else(|skipped| self.skipped_type(skipped), TypeSyntax::String)
    }

    fn parenthesized_type(&mut self) -> Parsed<TypeSyntax<'a>> {
        let list = self.parenthesized(false, Self::type_expression, Self::skipped_type)?;
        let r#type = if let (None, Some(only)) = (list.not_one(), list.items.first()) {
            *only
        } else {
            self.report(SyntaxErrorKind::NotOneInParentheses, list.inside);
            self.skipped_type(SkippedSyntax { span: list.inside })
        };
        let node = ParenthesizedTypeSyntax { r#type, span: list.span };
        Ok(TypeSyntax::Parenthesized(self.node(node)))
    }

    fn object_type(&mut self) -> Parsed<TypeSyntax<'a>> {
        let open = self.expect(TokenKind::LeftBrace, "{")?;
        let items = self.elements(TokenKind::RightBrace, Self::object_type_item)?;
        self.expect(TokenKind::RightBrace, "}")?;
        let items = self.list(&items);
        Ok(TypeSyntax::Object(self.node(ObjectTypeSyntax { items, span: self.since(open) })))
    }

    fn object_type_item(&mut self) -> ObjectTypeItemSyntax<'a> {
        let decorators = self.decorators();
        let asterisk = self.take_if(TokenKind::Asterisk);
        let key = match asterisk {
            Some(span) => ObjectKeySyntax::Skipped(self.node(SkippedSyntax { span })),
            None => self.property_key(SyntaxErrorKind::ExpectedPropertyNameOrAsterisk),
        };
        let missing = match key {
            ObjectKeySyntax::Skipped(node) => Some(node.span),
            _ => None,
        };
        let stop = NEW_LINE.with(TokenKind::RightBrace);
        let colon = self.sign(hides_next(missing), stop, TokenKind::Colon, ":");
        let value = self.type_or_skipped(hides_next(colon), stop, Self::type_expression);
        let start = decorators.first().map_or(key.span(), |decorator| decorator.span);
        let span = start.to(value.span());
        if asterisk.is_some() {
            let node = ObjectTypeAdditionalPropertiesSyntax { decorators, value, span };
            return ObjectTypeItemSyntax::AdditionalProperties(self.node(node));
        }
        let node = ObjectTypePropertySyntax { decorators, key, value, span };
        ObjectTypeItemSyntax::Property(self.node(node))
    }

    fn tuple_type(&mut self) -> Parsed<TypeSyntax<'a>> {
        let open = self.expect(TokenKind::LeftSquare, "[")?;
        let items = self.elements(TokenKind::RightSquare, Self::tuple_type_item)?;
        self.expect(TokenKind::RightSquare, "]")?;
        let items = self.list(&items);
        Ok(TypeSyntax::Tuple(self.node(TupleTypeSyntax { items, span: self.since(open) })))
    }

    fn tuple_type_item(&mut self) -> TupleTypeItemSyntax<'a> {
        let stop = NEW_LINE.with(TokenKind::RightSquare);
        let item = self.recover(false, stop, |parser| {
            let decorators = parser.decorators();
            let value = parser.type_expression()?;
            let start = decorators.first().map_or(value.span(), |decorator| decorator.span);
            Ok(TupleTypeItemSyntax { decorators, value, span: start.to(value.span()) })
        });
        item.unwrap_or_else(|skipped| TupleTypeItemSyntax {
            decorators: &[],
            value: self.skipped_type(skipped),
            span: skipped.span,
        })
    }
}
