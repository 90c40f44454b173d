use super::Expression;
use super::lexer::{Token, lex};

/// How deep calls and indices may nest. Deeper ones come from no compiler and would cost stack.
const DEEPEST: usize = 128;
/// How high a tree may grow; every property read in a chain makes it one level higher.
const HIGHEST: usize = 256;

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// Byte offset in the text, without the bracket that starts it in a template.
    pub offset: usize,
    /// What is wrong, in the shape of a diagnostic's title.
    pub message: String,
}

impl ParseError {
    pub(super) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into() }
    }
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} at character {}", self.message, self.offset + 1)
    }
}

impl std::error::Error for ParseError {}

/// Reads an expression, without the brackets that mark it in a template.
pub fn parse(text: &str) -> Result<Expression, ParseError> {
    let mut parser = Parser { tokens: lex(text)?, next: 0, end: text.len(), depth: 0, height: 0 };
    let expression = parser.parse_expression()?;
    match parser.peek() {
        None => Ok(expression),
        Some(_) => Err(ParseError::new(parser.offset(), "expected the end of the expression")),
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    end: usize,
    depth: usize,
    /// Height of the tree that was parsed last.
    height: usize,
}

impl Parser {
    fn parse_expression(&mut self) -> Result<Expression, ParseError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(ParseError::new(self.offset(), "the expression is nested too deeply"));
        }
        let mut expression = self.parse_primary()?;
        while let Some(Token::Dot | Token::OpenIndex) = self.peek() {
            let base = self.height;
            expression = self.parse_access(expression)?;
            self.height = base.max(self.height) + 1;
            if self.height > HIGHEST {
                return Err(ParseError::new(self.offset(), "the chain of properties is too long"));
            }
        }
        self.depth -= 1;
        Ok(expression)
    }

    fn parse_access(&mut self, base: Expression) -> Result<Expression, ParseError> {
        if self.try_token(&Token::Dot) {
            return match self.take() {
                Some(Token::Name(name)) => Ok(base.property(name)),
                _ => Err(self.unexpected("a property name after `.`")),
            };
        }
        self.expect_token(&Token::OpenIndex, "`[`")?;
        let index = self.parse_expression()?;
        self.expect_token(&Token::CloseIndex, "`]`")?;
        Ok(base.index(index))
    }

    fn parse_primary(&mut self) -> Result<Expression, ParseError> {
        self.height = 1;
        match self.take() {
            Some(Token::String(text)) => Ok(Expression::String(text)),
            Some(Token::Integer(number)) => Ok(Expression::Integer(number)),
            Some(Token::Name(name)) => self.parse_call(name),
            _ => Err(self.unexpected("a string, a number or a function call")),
        }
    }

    fn parse_call(&mut self, mut name: String) -> Result<Expression, ParseError> {
        while self.try_token(&Token::Dot) {
            match self.take() {
                Some(Token::Name(part)) => {
                    name.push('.');
                    name.push_str(&part);
                }
                _ => return Err(self.unexpected("a function name after `.`")),
            }
        }
        self.expect_token(&Token::Open, format_args!("`(` after `{name}`"))?;
        let mut arguments = Vec::new();
        let mut highest = 0;
        if !self.try_token(&Token::Close) {
            loop {
                arguments.push(self.parse_expression()?);
                highest = highest.max(self.height);
                if !self.try_token(&Token::Comma) {
                    break;
                }
            }
            let words = format_args!("`,` or `)` in the call of `{name}`");
            self.expect_token(&Token::Close, words)?;
        }
        self.height = highest + 1;
        Ok(Expression::call(name, arguments))
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        // Past the end too, so that `unexpected` knows that nothing was there.
        self.next += 1;
        token
    }

    fn try_token(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.next += usize::from(found);
        found
    }

    fn expect_token(
        &mut self,
        token: &Token,
        words: impl std::fmt::Display,
    ) -> Result<(), ParseError> {
        if self.try_token(token) {
            return Ok(());
        }
        Err(ParseError::new(self.offset(), format!("expected {words}")))
    }

    fn offset(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(offset, _)| *offset)
    }

    /// The token just taken is not the one that must stand there.
    fn unexpected(&self, expected: &str) -> ParseError {
        let taken = self.tokens.get(self.next.saturating_sub(1));
        let offset = taken.map_or(self.end, |(offset, _)| *offset);
        ParseError::new(offset, format!("expected {expected}"))
    }
}
