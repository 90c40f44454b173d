use std::fmt::{Display, Formatter, Result as Written};

use crate::diagnostic::Span;

/// Why a text is not a YAML document that is read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Why.
    pub kind: ProblemKind,
    /// Where in the text.
    pub place: Span,
}

/// Why a text is not a YAML document that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemKind {
    /// It holds no value.
    Empty,
    /// It is larger than the limit.
    TooLarge {
        /// Size in bytes.
        bytes: usize,
        /// The limit in bytes.
        most: usize,
    },
    /// It is not YAML, in the words of the parser.
    Invalid(String),
    /// It holds a character that YAML does not allow.
    Control(char),
    /// A mapping gives a key twice.
    GivenTwice {
        /// The key.
        key: String,
        /// Where it stands first.
        first: Span,
    },
    /// It is nested deeper than this many levels.
    TooDeep(usize),
    /// It has more than this many values.
    TooManyValues(usize),
    /// A second document starts.
    SeveralDocuments,
    /// A key is longer than this many bytes.
    LongKey(usize),
    /// A key is a sequence, a mapping, or an alias.
    KeyIsNoText,
    /// An alias stands inside the value that it repeats, or names no anchor.
    AliasOfItself,
}

impl Display for Problem {
    fn fmt(&self, out: &mut Formatter<'_>) -> Written {
        match &self.kind {
            ProblemKind::Empty => write!(out, "it contains no value"),
            ProblemKind::TooLarge { bytes, most } => {
                write!(out, "it has {bytes} bytes; the limit is {most}")
            }
            ProblemKind::Invalid(why) => write!(out, "it is not YAML: {why}"),
            ProblemKind::Control(control) => {
                write!(out, "YAML does not allow the character U+{:04X}", u32::from(*control))
            }
            ProblemKind::GivenTwice { key, .. } => write!(out, "it contains the key `{key}` twice"),
            ProblemKind::TooDeep(most) => write!(out, "it is nested deeper than {most} levels"),
            ProblemKind::TooManyValues(most) => {
                write!(out, "it has more than {most} values, with aliases expanded")
            }
            ProblemKind::SeveralDocuments => write!(out, "it contains more than one document"),
            ProblemKind::LongKey(most) => write!(out, "a key is longer than {most} bytes"),
            ProblemKind::KeyIsNoText => write!(out, "a key is not plain text"),
            ProblemKind::AliasOfItself => {
                write!(out, "an alias refers to no value, or to a value that contains it")
            }
        }
    }
}
