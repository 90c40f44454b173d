use crate::diagnostic::Span;

/// A word, literal or sign of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Whether it is a string that could not be read to its end or has a bad escape.
    pub malformed: bool,
    /// Whether a comment stands between it and the token before it.
    pub after_comment: bool,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum TokenKind {
    /// The end of the text
    EndOfFile,
    /// One or more line ends
    NewLine,
    /// A name; all words but three are names
    Identifier,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
    /// `42`
    Integer,
    /// `'text'`
    StringComplete,
    /// `'text${`
    StringLeft,
    /// `}text${`, of either form of string
    StringMiddle,
    /// `}text'`, of either form of string
    StringRight,
    /// `'''text'''`
    MultilineComplete,
    /// `$'''text${`
    MultilineLeft,
    /// `@`
    At,
    /// `,`
    Comma,
    /// `.`
    Dot,
    /// `...`
    Ellipsis,
    /// `?`
    Question,
    /// `??`
    DoubleQuestion,
    /// `:`
    Colon,
    /// `::`
    DoubleColon,
    /// `;`
    Semicolon,
    /// `=`
    Assignment,
    /// `==`
    Equals,
    /// `=~`
    EqualsInsensitive,
    /// `=>`
    Arrow,
    /// `!`
    Exclamation,
    /// `!=`
    NotEquals,
    /// `!~`
    NotEqualsInsensitive,
    /// `<`
    LessThan,
    /// `<=`
    LessThanOrEqual,
    /// `>`
    GreaterThan,
    /// `>=`
    GreaterThanOrEqual,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Asterisk,
    /// `/`
    Slash,
    /// `%`
    Percent,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|`
    Pipe,
    /// `^`
    Hat,
    /// `(`
    LeftParen,
    /// `)`
    RightParen,
    /// `[`
    LeftSquare,
    /// `]`
    RightSquare,
    /// `{`
    LeftBrace,
    /// `}`
    RightBrace,
    /// A character that starts no token
    Unrecognized,
}

/// A set of kinds: where recovery from an error may stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenSet(u64);

impl TokenSet {
    /// The set of these kinds.
    pub const fn of(kinds: &[TokenKind]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < kinds.len() {
            bits |= 1 << kinds[index] as u64;
            index += 1;
        }
        Self(bits)
    }

    /// Whether the kind is one of them.
    pub const fn contains(self, kind: TokenKind) -> bool {
        self.0 & (1 << kind as u64) != 0
    }

    /// These and one more.
    #[must_use]
    pub const fn with(self, kind: TokenKind) -> Self {
        Self(self.0 | 1 << kind as u64)
    }
}
