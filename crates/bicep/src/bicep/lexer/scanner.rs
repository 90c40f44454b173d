use memchr::{memchr2, memmem};

use super::{Directive, Lexed, Token, TokenKind};
use crate::bicep::problem::{Problem, SyntaxErrorKind};
use crate::bicep::syntax::DirectiveKind;
use crate::diagnostic::Span;

/// Reads all tokens of a text. Texts of 4 GiB and more are for the parser to refuse.
pub fn lex(text: &str) -> Lexed {
    let mut scanner = Scanner::new(text);
    while scanner.token() {}
    scanner.lexed
}

/// What a `}` closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Enclosure {
    /// A brace opened inside a hole.
    Brace,
    /// A hole of a string on one line.
    Hole,
    /// A hole of a multi-line string that opens with so many dollars.
    MultilineHole(usize),
}

pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) enclosures: Vec<Enclosure>,
    /// How many of the enclosures are holes that a line end may not interrupt.
    one_line_holes: usize,
    /// Up to where dollars are known to open no string: each run of them is looked through once.
    plain_dollars: usize,
    after_comment: bool,
    lexed: Lexed,
}

const BLANK: u8 = 1;
const LINE_END: u8 = 2;
const WORD_START: u8 = 4;
const DIGIT: u8 = 8;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        classes[byte as usize] = match byte {
            b' ' | b'\t' => BLANK,
            b'\n' | b'\r' => LINE_END,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => WORD_START,
            b'0'..=b'9' => DIGIT,
            _ => 0,
        };
        if byte == u8::MAX {
            break classes;
        }
        byte += 1;
    }
};

fn is(byte: Option<u8>, class: u8) -> bool {
    byte.is_some_and(|byte| CLASSES[byte as usize] & class != 0)
}

#[expect(clippy::cast_possible_truncation, reason = "the parser refuses texts of 4 GiB and more")]
pub(super) fn span(start: usize, end: usize) -> Span {
    Span::new(start as u32, end as u32)
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        let mut lexed = Lexed::default();
        lexed.tokens.reserve(text.len() / 5 + 1);
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self {
            text,
            bytes: text.as_bytes(),
            at,
            enclosures: Vec::new(),
            one_line_holes: 0,
            plain_dollars: 0,
            after_comment: false,
            lexed,
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    pub(super) fn report(&mut self, trouble: SyntaxErrorKind, start: usize, end: usize) {
        self.lexed.problems.push(Problem { trouble, span: span(start, end) });
    }

    /// Reads one token, and says whether there are more.
    fn token(&mut self) -> bool {
        self.skip_trivia();
        let start = self.at;
        let Some(byte) = self.peek() else {
            self.push(TokenKind::EndOfFile, false, start);
            return false;
        };
        let (kind, malformed) = match byte {
            b'\n' | b'\r' => self.line_end(),
            b'\'' => self.string_start(),
            b'$' if self.opens_multi_line() => self.multi_line_start(),
            b'}' => self.right_brace(),
            b'{' => {
                self.at += 1;
                if !self.enclosures.is_empty() {
                    self.enclosures.push(Enclosure::Brace);
                }
                (TokenKind::LeftBrace, false)
            }
            _ if is(Some(byte), WORD_START) => (self.word(), false),
            _ if is(Some(byte), DIGIT) => {
                self.skip_while(DIGIT);
                (TokenKind::Integer, false)
            }
            _ => (self.sign(byte), false),
        };
        self.push(kind, malformed, start);
        true
    }

    fn push(&mut self, kind: TokenKind, malformed: bool, start: usize) {
        let after_comment = std::mem::take(&mut self.after_comment);
        let span = span(start, self.at);
        self.lexed.tokens.push(Token { kind, malformed, after_comment, span });
    }

    fn skip_while(&mut self, class: u8) {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| CLASSES[*byte as usize] & class == 0);
        self.at += length.unwrap_or(rest.len());
    }

    fn word(&mut self) -> TokenKind {
        let start = self.at;
        self.skip_while(WORD_START | DIGIT);
        match &self.bytes[start..self.at] {
            b"true" => TokenKind::True,
            b"false" => TokenKind::False,
            b"null" => TokenKind::Null,
            _ => TokenKind::Identifier,
        }
    }

    fn line_end(&mut self) -> (TokenKind, bool) {
        if self.one_line_holes > 0 {
            // The hole ends here without its string; the line end is read again as a token.
            self.report(SyntaxErrorKind::UnterminatedStringAtLineEnd, self.at, self.at + 1);
            self.enclosures.clear();
            self.one_line_holes = 0;
            return (TokenKind::StringRight, true);
        }
        self.skip_while(LINE_END);
        (TokenKind::NewLine, false)
    }

    fn string_start(&mut self) -> (TokenKind, bool) {
        if self.bytes[self.at..].starts_with(b"'''") {
            return self.multi_line_start();
        }
        let start = self.at;
        self.at += 1;
        let end = self.string_segment(start);
        if !end.hole {
            return (TokenKind::StringComplete, end.malformed);
        }
        self.enclosures.push(Enclosure::Hole);
        self.one_line_holes += 1;
        (TokenKind::StringLeft, end.malformed)
    }

    fn opens_multi_line(&mut self) -> bool {
        if self.at < self.plain_dollars {
            return false;
        }
        let end = self.at + self.count(b'$');
        let opens = self.bytes[end..].starts_with(b"'''");
        if !opens {
            self.plain_dollars = end;
        }
        opens
    }

    fn multi_line_start(&mut self) -> (TokenKind, bool) {
        let start = self.at;
        let dollars = self.count(b'$');
        self.at += dollars + 3;
        let end = self.multi_line_segment(start, dollars);
        if !end.hole {
            return (TokenKind::MultilineComplete, end.malformed);
        }
        self.enclosures.push(Enclosure::MultilineHole(dollars));
        (TokenKind::MultilineLeft, end.malformed)
    }

    fn right_brace(&mut self) -> (TokenKind, bool) {
        let start = self.at;
        self.at += 1;
        let end = match self.enclosures.last() {
            None => return (TokenKind::RightBrace, false),
            Some(Enclosure::Brace) => {
                self.enclosures.pop();
                return (TokenKind::RightBrace, false);
            }
            Some(Enclosure::Hole) => self.string_segment(start),
            Some(Enclosure::MultilineHole(dollars)) => self.multi_line_segment(start, *dollars),
        };
        if end.hole {
            return (TokenKind::StringMiddle, end.malformed);
        }
        if self.enclosures.pop() == Some(Enclosure::Hole) {
            self.one_line_holes -= 1;
        }
        (TokenKind::StringRight, end.malformed)
    }

    /// How often the byte repeats from here.
    pub(super) fn count(&self, byte: u8) -> usize {
        self.bytes[self.at..].iter().take_while(|next| **next == byte).count()
    }

    fn sign(&mut self, byte: u8) -> TokenKind {
        let (kind, length) = match (byte, self.peek_at(1)) {
            (b'?', Some(b'?')) => (TokenKind::DoubleQuestion, 2),
            (b':', Some(b':')) => (TokenKind::DoubleColon, 2),
            (b'!', Some(b'=')) => (TokenKind::NotEquals, 2),
            (b'!', Some(b'~')) => (TokenKind::NotEqualsInsensitive, 2),
            (b'<', Some(b'=')) => (TokenKind::LessThanOrEqual, 2),
            (b'>', Some(b'=')) => (TokenKind::GreaterThanOrEqual, 2),
            (b'=', Some(b'=')) => (TokenKind::Equals, 2),
            (b'=', Some(b'~')) => (TokenKind::EqualsInsensitive, 2),
            (b'=', Some(b'>')) => (TokenKind::Arrow, 2),
            (b'&', Some(b'&')) => (TokenKind::And, 2),
            (b'|', Some(b'|')) => (TokenKind::Or, 2),
            (b'.', Some(b'.')) if self.peek_at(2) == Some(b'.') => (TokenKind::Ellipsis, 3),
            _ => match single_sign(byte) {
                Some(kind) => (kind, 1),
                None => return self.unrecognized(byte),
            },
        };
        self.at += length;
        kind
    }

    fn unrecognized(&mut self, byte: u8) -> TokenKind {
        let start = self.at;
        // The scanner only ever stands on the first byte of a character.
        let length = self.text[start..].chars().next().map_or(1, char::len_utf8);
        self.at += length;
        let trouble = if byte == b'"' {
            SyntaxErrorKind::DoubleQuote
        } else {
            SyntaxErrorKind::UnrecognizedToken
        };
        self.report(trouble, start, self.at);
        TokenKind::Unrecognized
    }

    fn skip_trivia(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.skip_while(BLANK),
                Some(b'/') if self.peek_at(1) == Some(b'/') => {
                    let rest = &self.bytes[self.at..];
                    self.at += memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                    self.after_comment = true;
                }
                Some(b'/') if self.peek_at(1) == Some(b'*') => self.skip_block_comment(),
                Some(b'#') if self.directive() => {}
                _ => return,
            }
        }
    }

    fn skip_block_comment(&mut self) {
        let start = self.at;
        self.after_comment = true;
        if let Some(length) = memmem::find(&self.bytes[start + 2..], b"*/") {
            self.at = start + 2 + length + 2;
        } else {
            self.at = self.bytes.len();
            self.report(SyntaxErrorKind::UnterminatedComment, start, self.at);
        }
    }

    /// Reads a directive if one starts here, first in its line.
    fn directive(&mut self) -> bool {
        const WORDS: [(&[u8], DirectiveKind); 3] = [
            (b"#disable-next-line", DirectiveKind::DisableNextLine),
            (b"#disable-diagnostics", DirectiveKind::Disable),
            (b"#restore-diagnostics", DirectiveKind::Restore),
        ];
        let before = self.bytes[..self.at].iter().rev().find(|byte| !is(Some(**byte), BLANK));
        if !before.is_none_or(|byte| is(Some(*byte), LINE_END)) {
            return false;
        }
        let rest = &self.bytes[self.at..];
        let Some((word, kind)) = WORDS.iter().find(|(word, _)| rest.starts_with(word)) else {
            return false;
        };
        let start = self.at;
        self.at += word.len();
        let codes = self.directive_codes();
        if codes.is_empty() {
            self.report(SyntaxErrorKind::MissingDirectiveCodes, self.at, self.at);
        }
        let end = codes.last().map_or(self.at, |code| code.end as usize);
        self.lexed.directives.push(Directive { kind: *kind, codes, span: span(start, end) });
        true
    }

    fn directive_codes(&mut self) -> Vec<Span> {
        let mut codes = Vec::new();
        loop {
            self.skip_while(BLANK);
            let start = self.at;
            while is(self.peek(), WORD_START | DIGIT) || self.peek() == Some(b'-') {
                self.at += 1;
            }
            if self.at == start {
                return codes;
            }
            codes.push(span(start, self.at));
            if !is(self.peek(), BLANK) {
                return codes;
            }
        }
    }
}

fn single_sign(byte: u8) -> Option<TokenKind> {
    Some(match byte {
        b'@' => TokenKind::At,
        b',' => TokenKind::Comma,
        b'.' => TokenKind::Dot,
        b'?' => TokenKind::Question,
        b':' => TokenKind::Colon,
        b';' => TokenKind::Semicolon,
        b'=' => TokenKind::Assignment,
        b'!' => TokenKind::Exclamation,
        b'<' => TokenKind::LessThan,
        b'>' => TokenKind::GreaterThan,
        b'+' => TokenKind::Plus,
        b'-' => TokenKind::Minus,
        b'*' => TokenKind::Asterisk,
        b'/' => TokenKind::Slash,
        b'%' => TokenKind::Percent,
        b'|' => TokenKind::Pipe,
        b'^' => TokenKind::Hat,
        b'(' => TokenKind::LeftParen,
        b')' => TokenKind::RightParen,
        b'[' => TokenKind::LeftSquare,
        b']' => TokenKind::RightSquare,
        _ => return None,
    })
}
