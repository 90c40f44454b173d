use super::{CLOSERS, NEW_LINE, Parsed, Parser, TokenSet, hides_next, missing_span, skipped_span};
use crate::bicep::lexer::TokenKind;
use crate::bicep::parser::list::Parenthesized;
use crate::bicep::problem::SyntaxErrorKind;
use crate::bicep::syntax::{
    ArrayAccessSyntax, BinaryOperationSyntax, BinaryOperator, BooleanSyntax, ExpressionSyntax,
    ForSyntax, FunctionCallSyntax, IdentifierSyntax, IfConditionSyntax, InstanceFunctionCallSyntax,
    IntegerSyntax, LambdaSyntax, NonNullAssertionSyntax, NullSyntax, ParenthesizedSyntax,
    PropertyAccessSyntax, ResourceAccessSyntax, SkippedSyntax, StringSyntax,
    TernaryOperationSyntax, UnaryOperationSyntax, UnaryOperator, VariableAccessSyntax,
};
use crate::diagnostic::Span;

/// What an expression may hold where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allow {
    /// Arrays and objects.
    pub complex: bool,
    /// Resources in objects.
    pub resources: bool,
}

impl Allow {
    /// Neither: in the holes of strings.
    pub const SIMPLE: Self = Self { complex: false, resources: false };
    /// Arrays and objects.
    pub const COMPLEX: Self = Self { complex: true, resources: false };
    /// The body of a resource.
    pub const RESOURCES: Self = Self { complex: true, resources: true };
}

/// Words that start a statement, so that a line starting with one goes on with no expression.
const STATEMENT_WORDS: [&str; 14] = [
    "targetScope",
    "metadata",
    "param",
    "var",
    "type",
    "func",
    "resource",
    "module",
    "output",
    "import",
    "extension",
    "assert",
    "test",
    "using",
];

const LAMBDA_END: TokenSet = TokenSet::of(&[TokenKind::NewLine, TokenKind::RightParen]);
const FOR_END: TokenSet = TokenSet::of(&[TokenKind::RightSquare, TokenKind::NewLine]);

/// How tightly an operator binds; 0 for what is none.
fn binding(kind: TokenKind) -> (u8, BinaryOperator) {
    use BinaryOperator as Operator;
    match kind {
        TokenKind::Asterisk => (100, Operator::Multiply),
        TokenKind::Slash => (100, Operator::Divide),
        TokenKind::Percent => (100, Operator::Modulo),
        TokenKind::Plus => (90, Operator::Add),
        TokenKind::Minus => (90, Operator::Subtract),
        TokenKind::GreaterThan => (80, Operator::GreaterThan),
        TokenKind::GreaterThanOrEqual => (80, Operator::GreaterThanOrEqual),
        TokenKind::LessThan => (80, Operator::LessThan),
        TokenKind::LessThanOrEqual => (80, Operator::LessThanOrEqual),
        TokenKind::Equals => (70, Operator::Equals),
        TokenKind::NotEquals => (70, Operator::NotEquals),
        TokenKind::EqualsInsensitive => (70, Operator::EqualsInsensitive),
        TokenKind::NotEqualsInsensitive => (70, Operator::NotEqualsInsensitive),
        TokenKind::And => (50, Operator::And),
        TokenKind::Or => (40, Operator::Or),
        TokenKind::DoubleQuestion => (30, Operator::Coalesce),
        _ => (0, Operator::Coalesce),
    }
}

pub(super) fn unary_operator(kind: TokenKind) -> Option<UnaryOperator> {
    match kind {
        TokenKind::Exclamation => Some(UnaryOperator::Not),
        TokenKind::Minus => Some(UnaryOperator::Minus),
        TokenKind::Plus => Some(UnaryOperator::Plus),
        _ => None,
    }
}

impl<'a> Parser<'a, '_> {
    /// Any expression.
    pub(super) fn expression(&mut self, allow: Allow) -> Parsed<ExpressionSyntax<'a>> {
        self.deeper(|parser| {
            let condition = parser.binary(allow, 0)?;
            if parser.is(TokenKind::NewLine) && parser.past_new_lines(1).kind == TokenKind::Question
            {
                parser.new_lines();
            }
            if !parser.is(TokenKind::Question) {
                return Ok(condition);
            }
            parser.take();
            Ok(parser.ternary(condition, allow))
        })
    }

    fn ternary(&mut self, condition: ExpressionSyntax<'a>, allow: Allow) -> ExpressionSyntax<'a> {
        let stop = CLOSERS.with(TokenKind::Colon);
        let when_true = self.or_skipped(false, stop, |parser| parser.expression(allow));
        let skipped = skipped_span(when_true);
        if skipped.is_none() && self.past_new_lines(0).kind == TokenKind::Colon {
            self.new_lines();
        }
        let colon = self.sign(hides_next(skipped), CLOSERS, TokenKind::Colon, ":");
        let when_false =
            self.or_skipped(hides_next(colon), CLOSERS, |parser| parser.expression(allow));
        let span = condition.span().to(when_false.span());
        ExpressionSyntax::Ternary(self.node(TernaryOperationSyntax {
            condition,
            when_true,
            when_false,
            span,
        }))
    }

    fn binary(&mut self, allow: Allow, above: u8) -> Parsed<ExpressionSyntax<'a>> {
        self.chain(|parser| {
            let mut left = parser.unary(allow)?;
            loop {
                let (binds, operator) = binding(parser.kind());
                if binds <= above {
                    return Ok(left);
                }
                let operator_span = parser.take();
                let right = parser.or_skipped(false, CLOSERS, |parser| parser.binary(allow, binds));
                let span = left.span().to(right.span());
                let node = BinaryOperationSyntax { operator, operator_span, left, right, span };
                left = ExpressionSyntax::Binary(parser.node(node));
                parser.link()?;
            }
        })
    }

    fn unary(&mut self, allow: Allow) -> Parsed<ExpressionSyntax<'a>> {
        let Some(operator) = unary_operator(self.kind()) else {
            return self.member(allow);
        };
        let sign = self.take();
        let operand = self.or_skipped(false, CLOSERS, |parser| parser.member(allow));
        let span = sign.to(operand.span());
        Ok(ExpressionSyntax::Unary(self.node(UnaryOperationSyntax { operator, operand, span })))
    }

    fn member(&mut self, allow: Allow) -> Parsed<ExpressionSyntax<'a>> {
        self.chain(|parser| {
            let mut base = parser.primary(allow)?;
            loop {
                base = match parser.kind() {
                    TokenKind::LeftSquare => parser.index(base, allow)?,
                    TokenKind::Dot => parser.dotted(base, allow)?,
                    TokenKind::DoubleColon => {
                        parser.take();
                        let name = parser.name_or_nothing(SyntaxErrorKind::ExpectedMemberName);
                        let span = base.span().to(name.span);
                        let node = ResourceAccessSyntax { base, name, span };
                        ExpressionSyntax::ResourceAccess(parser.node(node))
                    }
                    TokenKind::Exclamation => {
                        let span = base.span().to(parser.take());
                        let node = NonNullAssertionSyntax { base, span };
                        ExpressionSyntax::NonNullAssertion(parser.node(node))
                    }
                    _ => return Ok(base),
                };
                parser.link()?;
            }
        })
    }

    fn index(&mut self, base: ExpressionSyntax<'a>, allow: Allow) -> Parsed<ExpressionSyntax<'a>> {
        self.take();
        let safe = self.take_if(TokenKind::Question).is_some();
        let from_end = self.take_if(TokenKind::Hat).is_some();
        let index = if self.is(TokenKind::RightSquare) {
            let span = self.here();
            self.report(SyntaxErrorKind::EmptyIndexer, span);
            self.skipped(SkippedSyntax { span })
        } else {
            self.expression(allow)?
        };
        let span = base.span().to(self.expect(TokenKind::RightSquare, "]")?);
        let node = ArrayAccessSyntax { base, index, safe, from_end, span };
        Ok(ExpressionSyntax::ArrayAccess(self.node(node)))
    }

    fn dotted(&mut self, base: ExpressionSyntax<'a>, allow: Allow) -> Parsed<ExpressionSyntax<'a>> {
        self.take();
        let safe = self.take_if(TokenKind::Question);
        let mut name = self.name_or_nothing(SyntaxErrorKind::ExpectedMemberName);
        if !self.is(TokenKind::LeftParen) {
            let span = base.span().to(self.since(name.span));
            let node = PropertyAccessSyntax { base, name, safe: safe.is_some(), span };
            return Ok(ExpressionSyntax::PropertyAccess(self.node(node)));
        }
        let arguments = self.call_arguments(allow)?;
        if let Some(mark) = safe {
            self.report(SyntaxErrorKind::SafeCall, mark);
            name = IdentifierSyntax { name: "", span: mark.to(name.span) };
        }
        let span = self.since(base.span());
        let node = InstanceFunctionCallSyntax { base, name, arguments, span };
        Ok(ExpressionSyntax::InstanceFunctionCall(self.node(node)))
    }

    /// The arguments of a call with their parentheses.
    pub(super) fn call_arguments(&mut self, allow: Allow) -> Parsed<&'a [ExpressionSyntax<'a>]> {
        self.expect(TokenKind::LeftParen, "(")?;
        let stop = LAMBDA_END.with(TokenKind::Comma);
        let arguments = self.arguments(TokenKind::RightParen, ")", |parser| {
            parser.or_skipped(false, stop, |parser| parser.expression(allow))
        });
        self.take_if(TokenKind::RightParen);
        Ok(self.list(&arguments))
    }

    fn primary(&mut self, allow: Allow) -> Parsed<ExpressionSyntax<'a>> {
        match self.kind() {
            TokenKind::Identifier => self.named(allow),
            TokenKind::StringComplete | TokenKind::StringLeft => {
                let string = self.string();
                Ok(self.string_or_skipped(string))
            }
            TokenKind::MultilineComplete | TokenKind::MultilineLeft => {
                let string = self.multi_line_string();
                Ok(self.string_or_skipped(string))
            }
            TokenKind::LeftBrace if allow.complex => self.object(allow),
            TokenKind::LeftSquare if allow.complex => {
                if self.is_word(self.past_new_lines(1), "for") {
                    self.for_loop(allow, false)
                } else {
                    self.array()
                }
            }
            TokenKind::LeftBrace | TokenKind::LeftSquare => {
                Err(self.refusal(SyntaxErrorKind::ComplexLiteral))
            }
            TokenKind::LeftParen => self.parentheses_or_lambda(allow),
            TokenKind::Integer => Ok(ExpressionSyntax::Integer(self.integer()?)),
            TokenKind::True | TokenKind::False => Ok(ExpressionSyntax::Boolean(self.boolean())),
            TokenKind::Null => {
                let span = self.take();
                Ok(ExpressionSyntax::Null(self.node(NullSyntax { span })))
            }
            _ => Err(self.refusal(SyntaxErrorKind::ExpectedExpression)),
        }
    }

    fn string_or_skipped(
        &self,
        string: Result<&'a StringSyntax<'a>, SkippedSyntax>,
    ) -> ExpressionSyntax<'a> {
        string.map_or_else(|skipped| self.skipped(skipped), ExpressionSyntax::String)
    }

    pub(super) fn integer(&mut self) -> Parsed<&'a IntegerSyntax> {
        match self.text_of(self.token()).parse() {
            Ok(value) => {
                let span = self.take();
                Ok(self.node(IntegerSyntax { value, span }))
            }
            Err(_) => Err(self.refusal(SyntaxErrorKind::IntegerTooLarge)),
        }
    }

    pub(super) fn boolean(&mut self) -> &'a BooleanSyntax {
        let value = self.is(TokenKind::True);
        let span = self.take();
        self.node(BooleanSyntax { value, span })
    }

    /// A name, a call, or a lambda with one parameter.
    fn named(&mut self, allow: Allow) -> Parsed<ExpressionSyntax<'a>> {
        let name = self.take_name();
        match self.kind() {
            TokenKind::LeftParen => {
                let arguments = self.call_arguments(allow)?;
                let span = self.since(name.span);
                let node = FunctionCallSyntax { name, arguments, span };
                Ok(ExpressionSyntax::FunctionCall(self.node(node)))
            }
            TokenKind::Arrow => Ok(self.lambda(&[name], name.span)),
            _ => Ok(ExpressionSyntax::Variable(self.node(VariableAccessSyntax { name }))),
        }
    }

    fn lambda(&mut self, parameters: &[IdentifierSyntax<'a>], start: Span) -> ExpressionSyntax<'a> {
        self.take();
        let body = self.lambda_body();
        let parameters = self.list(parameters);
        let span = start.to(body.span());
        ExpressionSyntax::Lambda(self.node(LambdaSyntax { parameters, body, span }))
    }

    /// What stands after `=>`, on the same line or the next.
    pub(super) fn lambda_body(&mut self) -> ExpressionSyntax<'a> {
        let next = self.past_new_lines(0);
        if !STATEMENT_WORDS.contains(&self.text_of(next)) {
            self.new_lines();
        }
        self.or_skipped(false, LAMBDA_END, |parser| parser.expression(Allow::COMPLEX))
    }

    fn parenthesized_expressions(
        &mut self,
        allow: Allow,
        new_lines: bool,
    ) -> Parsed<Parenthesized<ExpressionSyntax<'a>>> {
        self.parenthesized(new_lines, |parser| parser.expression(allow), Self::skipped)
    }

    fn parentheses_or_lambda(&mut self, allow: Allow) -> Parsed<ExpressionSyntax<'a>> {
        let list = self.parenthesized_expressions(allow, true)?;
        if self.is(TokenKind::Arrow) {
            let names: super::Items<_> = list.items.iter().map(|item| name_of(*item)).collect();
            return Ok(self.lambda(&names, list.open));
        }
        Ok(self.one_in_parentheses(&list))
    }

    fn one_in_parentheses(
        &mut self,
        list: &Parenthesized<ExpressionSyntax<'a>>,
    ) -> ExpressionSyntax<'a> {
        let expression = if let (None, Some(only)) = (list.not_one(), list.items.first()) {
            *only
        } else {
            self.report(SyntaxErrorKind::NotOneInParentheses, list.inside);
            self.skipped(SkippedSyntax { span: list.inside })
        };
        let node = ParenthesizedSyntax { expression, span: list.span };
        ExpressionSyntax::Parenthesized(self.node(node))
    }

    /// `if (condition) { .. }`, inside a loop or not.
    pub(super) fn if_condition(
        &mut self,
        allow: Allow,
        in_loop: bool,
    ) -> Parsed<ExpressionSyntax<'a>> {
        let keyword = self.expect_word("if")?;
        let end = if in_loop { FOR_END } else { NEW_LINE };
        let mut closed = false;
        let condition = self.or_skipped(false, end.with(TokenKind::LeftBrace), |parser| {
            let allow = Allow { resources: false, ..allow };
            let list = parser.parenthesized_expressions(allow, true)?;
            closed = list.closed;
            Ok(parser.one_in_parentheses(&list))
        });
        let hidden = Self::hides(condition) || !closed;
        let body = self.or_skipped(hidden, end, |parser| parser.object(allow));
        let span = keyword.to(body.span());
        let node = IfConditionSyntax { keyword, condition, body, span };
        Ok(ExpressionSyntax::If(self.node(node)))
    }

    /// `[for item in items: body]`, whose body in a resource or module is an object or an `if`.
    pub(super) fn for_loop(
        &mut self,
        allow: Allow,
        of_declaration: bool,
    ) -> Parsed<ExpressionSyntax<'a>> {
        let open = self.expect(TokenKind::LeftSquare, "[")?;
        self.new_lines();
        let keyword = self.expect_word("for")?;
        let reported = self.problems.len();
        let (item, index) = self.for_names()?;
        let hidden = self.problems.len() > reported;
        let word = self.recover(hidden, FOR_END, |parser| parser.expect_word("in"));
        let hidden = hides_next(word.err().map(|skipped| skipped.span));
        let expression = self.or_skipped(hidden, FOR_END.with(TokenKind::Colon), |parser| {
            parser.expression(Allow::COMPLEX)
        });
        let colon = self.sign(Self::hides(expression), FOR_END, TokenKind::Colon, ":");
        let body = self.or_skipped(hides_next(colon), FOR_END, |parser| {
            if of_declaration {
                parser.declared_body(allow)
            } else {
                parser.expression(Allow { complex: true, ..allow })
            }
        });
        let skipped = skipped_span(body);
        if skipped.is_none() {
            self.new_lines();
        }
        self.sign(hides_next(skipped), FOR_END, TokenKind::RightSquare, "]");
        let span = self.since(open);
        let node = ForSyntax { keyword, item, index, expression, body, span };
        Ok(ExpressionSyntax::For(self.node(node)))
    }

    fn declared_body(&mut self, allow: Allow) -> Parsed<ExpressionSyntax<'a>> {
        if self.is(TokenKind::LeftBrace) {
            self.object(allow)
        } else if self.at_word("if") {
            self.if_condition(allow, true)
        } else {
            Err(self.refusal(SyntaxErrorKind::ExpectedBodyOrIf))
        }
    }

    fn for_names(&mut self) -> Parsed<(IdentifierSyntax<'a>, Option<IdentifierSyntax<'a>>)> {
        match self.kind() {
            TokenKind::Identifier => Ok((self.take_name(), None)),
            TokenKind::LeftParen => {
                let reported = self.problems.len();
                let list = self.parenthesized_expressions(Allow::SIMPLE, false)?;
                if let [item, index] = list.items.as_slice() {
                    return Ok((name_of(*item), Some(name_of(*index))));
                }
                if self.problems.len() == reported {
                    let count = u32::try_from(list.items.len()).unwrap_or(u32::MAX);
                    self.report(SyntaxErrorKind::LoopBlockCount(count), list.span);
                }
                Ok((IdentifierSyntax { name: "", span: list.span }, None))
            }
            _ => Ok((self.name_or_nothing(SyntaxErrorKind::ExpectedLoopItemOrBlock), None)),
        }
    }

    /// What a missing name hides of what follows it.
    pub(super) fn name_hides(name: IdentifierSyntax<'a>) -> bool {
        hides_next(missing_span(name))
    }
}

/// The name that an expression is where only a name may stand.
fn name_of(expression: ExpressionSyntax<'_>) -> IdentifierSyntax<'_> {
    match expression {
        ExpressionSyntax::Variable(node) => node.name,
        other => IdentifierSyntax { name: "", span: other.span() },
    }
}
