//! Bicep text in its one form: what `prebake bicep format` prints.
//!
//! Makes the text of Microsoft's formatter, byte for byte. Comments stay, and a statement that cannot be read stays
//! as it is written.
//!
//! Read `document`, the parts of a layout; `tokens`, which goes through the tokens and knows which comments belong to
//! which; `statements`, `expressions` and `types`, which follow the tree; and `printer`, which breaks what does not
//! fit on a line.

mod document;
mod expressions;
mod printer;
mod statements;
mod tokens;
mod types;

use super::config::Config;
use super::files::{FileProvider, folder_of};
use super::lexer;
use super::parser;
use super::syntax::{Arena, FileKind};
use crate::diagnostic::{Diagnostics, FileId, Span};
use printer::Printer;
use tokens::Layout;

/// How lines end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newline {
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
    /// `\r`
    Cr,
}

impl Newline {
    /// The kind that a lower-case word names.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            // What the source has is not asked for: `bicep format` writes these as well.
            "lf" | "auto" => Some(Self::Lf),
            "crlf" => Some(Self::CrLf),
            "cr" => Some(Self::Cr),
            _ => None,
        }
    }

    /// The characters.
    pub fn text(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
            Self::Cr => "\r",
        }
    }
}

/// What lines are indented with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndentKind {
    /// So many spaces a level.
    Space,
    /// One tab a level.
    Tab,
}

impl IndentKind {
    /// The kind that a lower-case word names.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "space" => Some(Self::Space),
            "tab" => Some(Self::Tab),
            _ => None,
        }
    }
}

/// How a file is formatted. The default is that of Microsoft's formatter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatOptions {
    /// How lines end.
    pub newline: Newline,
    /// What lines are indented with.
    pub indent_kind: IndentKind,
    /// Spaces a level, up to 1,000.
    pub indent_size: usize,
    /// How many characters a line may have where it can be broken.
    pub width: usize,
    /// Whether the last line ends as all others.
    pub insert_final_newline: bool,
}

impl Default for FormatOptions {
    fn default() -> Self {
        Self {
            newline: Newline::Lf,
            indent_kind: IndentKind::Space,
            indent_size: 2,
            width: 120,
            insert_final_newline: true,
        }
    }
}

impl FormatOptions {
    fn indent(&self) -> String {
        match self.indent_kind {
            IndentKind::Space => " ".repeat(self.indent_size.min(1000)),
            IndentKind::Tab => "\t".to_owned(),
        }
    }
}

/// How the `bicepconfig.json` of a file says that it is formatted.
///
/// # Errors
/// What is wrong with that file.
pub fn configured(path: &str, files: &dyn FileProvider) -> Result<FormatOptions, String> {
    let config = Config::near(folder_of(path), files);
    match &config.malformed {
        Some(why) => Err(why.clone()),
        None => config.formatting(),
    }
}

/// The formatted text of a file.
///
/// ```
/// use prebake_bicep::bicep::format::{FormatOptions, format};
/// use prebake_bicep::bicep::syntax::FileKind;
///
/// let text = "var  names=[ 'a' ,'b' ] // both";
/// let formatted = format(text, FileKind::Bicep, &FormatOptions::default());
/// assert_eq!(formatted, "var names = ['a', 'b'] // both\n");
/// ```
pub fn format(text: &str, kind: FileKind, options: &FormatOptions) -> String {
    let arena = Arena::new();
    let mut problems = Diagnostics::new();
    let program = parser::parse(&arena, text, kind, FileId(0), &mut problems);
    if problems.iter().any(|problem| problem.code.starts_with("PB")) {
        // What is nested too deeply, or too long, has not been read to its end.
        return text.to_owned();
    }
    let errors = problems.iter().filter_map(|problem| problem.place);
    let errors: Vec<Span> = errors.map(|place| place.span).collect();
    let lexed = lexer::lex(text);
    let mut layout = Layout {
        text,
        tokens: &lexed.tokens,
        directives: &lexed.directives,
        newline: options.newline.text(),
        at: 0,
        breaks: 0,
        lost: false,
    };
    let documents = layout.program(program, &errors);
    let mut printer = Printer::new(options);
    for document in &documents {
        printer.print(0, document);
    }
    printer.finish()
}
