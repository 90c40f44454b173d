use super::ParseError;

/// A token of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    String(String),
    Integer(i64),
    Open,
    Close,
    OpenIndex,
    CloseIndex,
    Comma,
    Dot,
}

/// Splits an expression into tokens with the byte offset of each.
pub(super) fn lex(text: &str) -> Result<Vec<(usize, Token)>, ParseError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let at = text.len() - rest.len();
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '[' => (Token::OpenIndex, 1),
            ']' => (Token::CloseIndex, 1),
            ',' => (Token::Comma, 1),
            '.' => (Token::Dot, 1),
            '\'' => string(rest, at)?,
            '-' | '+' | '0'..='9' => integer(rest, at)?,
            first if is_name_start(first) => name(rest),
            first if first.is_whitespace() => {
                rest = &rest[first.len_utf8()..];
                continue;
            }
            other => return Err(ParseError::new(at, format!("unexpected character `{other}`"))),
        };
        tokens.push((at, token));
        rest = &rest[length..];
    }
    Ok(tokens)
}

fn string(rest: &str, at: usize) -> Result<(Token, usize), ParseError> {
    let mut text = String::new();
    let mut position = 1;
    loop {
        let Some(length) = rest[position..].find('\'') else {
            return Err(ParseError::new(at, "the string has no closing quote"));
        };
        text.push_str(&rest[position..position + length]);
        position += length + 1;
        if !rest[position..].starts_with('\'') {
            return Ok((Token::String(text), position));
        }
        text.push('\'');
        position += 1;
    }
}

fn integer(rest: &str, at: usize) -> Result<(Token, usize), ParseError> {
    let sign = usize::from(rest.starts_with(['-', '+']));
    let digits = rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
    let length = sign + digits;
    match rest[..length].parse() {
        Ok(number) => Ok((Token::Integer(number), length)),
        Err(_) if digits == 0 => Err(ParseError::new(at, "expected a number after the sign")),
        Err(_) => Err(ParseError::new(at, "the number does not fit into 64 bits")),
    }
}

fn name(rest: &str) -> (Token, usize) {
    let length = rest.find(|next: char| !is_name_start(next) && !next.is_ascii_digit());
    let length = length.unwrap_or(rest.len());
    (Token::Name(rest[..length].to_owned()), length)
}

pub(super) fn is_name_start(first: char) -> bool {
    first.is_alphabetic() || matches!(first, '_' | '$')
}
