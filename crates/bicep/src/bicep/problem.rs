//! What can be wrong with the characters and the grammar of a file: one table for both phases.
//!
//! Codes are those of Microsoft's compiler where it makes the same complaint; the words are ours.

use std::borrow::Cow;

use crate::diagnostic::{Diagnostic, FileId, Place, Span};

/// Something wrong, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub trouble: SyntaxErrorKind,
    /// Where.
    pub span: Span,
}

/// What is wrong. The names say what the text has or what it lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the messages below say it better")]
pub enum SyntaxErrorKind {
    UnrecognizedToken,
    DoubleQuote,
    UnterminatedComment,
    UnterminatedString,
    UnterminatedStringAtLineEnd,
    UnterminatedEscape,
    UnknownEscape,
    BadUnicodeEscape,
    UnterminatedMultilineString,
    MissingDirectiveCodes,
    UnknownDeclaration,
    UnknownParametersDeclaration,
    ExpectedDefaultOrNewLine,
    ExpectedExpression,
    ExpectedType,
    ExpectedTypeName,
    ExpectedTypeLiteral,
    IntegerTooLarge,
    ExpectedKeyword(&'static str),
    ExpectedWithOrAs,
    ExpectedCharacter(&'static str),
    ExpectedNewLine,
    ExpectedNewLineOrComma,
    ExpectedComma,
    NewLineAfterComma,
    ExpectedParameterName,
    ExpectedVariableName,
    ExpectedNameOfType,
    ExpectedOutputName,
    ExpectedResourceName,
    ExpectedModuleName,
    ExpectedMetadataName,
    ExpectedAssertName,
    ExpectedTestName,
    ExpectedExtensionName,
    ExpectedNamespaceName,
    ExpectedMemberName,
    ExpectedPropertyName,
    ExpectedPropertyNameOrAsterisk,
    ExpectedDecoratorName,
    ExpectedExportedName,
    ExpectedLoopItem,
    ExpectedLoopItemOrBlock,
    LoopBlockCount(u32),
    ExpectedResourceType,
    ExpectedModulePath,
    ExpectedTestPath,
    ExpectedFilePath,
    ExpectedExtensionPath,
    ExpectedImports,
    ImportNeedsAlias,
    NotConstant,
    ExpectedBody,
    ExpectedBodyOrIf,
    IdentifierTooLong,
    LeftoverInHole,
    ComplexLiteral,
    EmptyIndexer,
    NotOneInParentheses,
    SafeCall,
    TooDeep,
    TooLarge,
}

/// How a trouble is told: code, title, label, next step.
struct Words {
    code: &'static str,
    title: Cow<'static, str>,
    label: &'static str,
    help: Cow<'static, str>,
}

fn words(
    code: &'static str,
    title: impl Into<Cow<'static, str>>,
    label: &'static str,
    help: impl Into<Cow<'static, str>>,
) -> Words {
    Words { code, title: title.into(), label, help: help.into() }
}

impl Problem {
    /// The finding that tells of it.
    pub fn diagnostic(self, file: FileId) -> Diagnostic {
        let words = self.trouble.words();
        Diagnostic::error(words.code, words.title)
            .at(Place { file, span: self.span }, words.label)
            .help(words.help)
    }
}

/// The escape sequences of a string.
const ESCAPES: &str = r"use \\, \', \n, \r, \t, \$ or \u{...}";

impl SyntaxErrorKind {
    /// The code that users see.
    pub fn code(self) -> &'static str {
        self.words().code
    }

    fn words(self) -> Words {
        self.lexical_words().unwrap_or_else(|| self.grammar_words())
    }

    fn lexical_words(self) -> Option<Words> {
        Some(match self {
            Self::UnrecognizedToken => words(
                "BCP001",
                "unrecognized token",
                "unexpected character",
                "remove it, or put it into a string or a comment",
            ),
            Self::UnterminatedComment => words(
                "BCP002",
                "unterminated comment",
                "opened here and never closed",
                "end the comment with `*/`",
            ),
            Self::UnterminatedString => words(
                "BCP003",
                "unterminated string",
                "the file ends before the string does",
                "end the string with a single quote",
            ),
            Self::UnterminatedStringAtLineEnd => words(
                "BCP004",
                "unterminated string",
                "the line ends before the string does",
                "end the string with a single quote, or write it between `'''` to span lines",
            ),
            Self::UnterminatedEscape => words(
                "BCP005",
                "unterminated string",
                "the file ends inside an escape sequence",
                "complete the escape sequence, and end the string with a single quote",
            ),
            Self::UnknownEscape => {
                words("BCP006", "unknown escape sequence", "not an escape sequence", ESCAPES)
            }
            Self::DoubleQuote => words(
                "BCP103",
                "unrecognized token `\"`",
                "Bicep strings use single quotes",
                "use single quotes",
            ),
            Self::BadUnicodeEscape => words(
                "BCP133",
                "invalid Unicode escape sequence",
                "not a Unicode code point",
                r"write one to six hex digits between braces, from \u{0} to \u{10FFFF}",
            ),
            Self::UnterminatedMultilineString => words(
                "BCP140",
                "unterminated multi-line string",
                "opened here and never closed",
                "end the string with `'''`",
            ),
            Self::MissingDirectiveCodes => words(
                "BCP226",
                "the directive names no diagnostic code",
                "a directive applies to the codes that it names",
                "add a code, such as `#disable-next-line BCP081`",
            ),
            _ => return None,
        })
    }

    #[expect(clippy::too_many_lines, reason = "a flat table of messages")]
    fn grammar_words(self) -> Words {
        const NAME: &str = "expected a name";
        const NAMES: &str = "use letters, digits and `_`, and do not start with a digit";
        match self {
            Self::UnknownDeclaration => words(
                "BCP007",
                "unknown declaration",
                "not the start of a statement",
                "start the statement with metadata, param, var, type, func, resource, module or output",
            ),
            Self::UnknownParametersDeclaration => words(
                "BCP337",
                "unknown declaration in a parameters file",
                "not the start of a statement",
                "start the statement with using, extends, param, var, type or import",
            ),
            Self::ExpectedDefaultOrNewLine => words(
                "BCP008",
                "expected `=` or a new line",
                "unexpected text after the parameter",
                "add a default value after `=`, or end the line",
            ),
            Self::ExpectedExpression => words(
                "BCP009",
                "expected an expression",
                "not the start of an expression",
                "write a literal, an array, an object, a name, a call or parentheses",
            ),
            Self::IntegerTooLarge => words(
                "BCP010",
                "integer out of range",
                "does not fit into 64 bits",
                "use a value from -9223372036854775808 to 9223372036854775807",
            ),
            Self::ExpectedKeyword(word) => words(
                "BCP012",
                format!("expected `{word}`"),
                "a keyword is missing before this",
                format!("add `{word}`"),
            ),
            Self::ExpectedParameterName => {
                words("BCP013", "expected the name of a parameter", NAME, NAMES)
            }
            Self::ExpectedVariableName => words("BCP015", "expected a name", NAME, NAMES),
            Self::ExpectedNameOfType => words("BCP325", "expected the name of a type", NAME, NAMES),
            Self::ExpectedOutputName => {
                words("BCP016", "expected the name of an output", NAME, NAMES)
            }
            Self::ExpectedResourceName => {
                words("BCP017", "expected the symbolic name of a resource", NAME, NAMES)
            }
            Self::ExpectedCharacter(sign) => words(
                "BCP018",
                format!("expected `{sign}`"),
                "a character is missing before this",
                format!("add `{sign}`"),
            ),
            Self::ExpectedNewLine => words(
                "BCP019",
                "expected a new line",
                "the statement ends before this",
                "start a new line here",
            ),
            Self::ExpectedMemberName => {
                words("BCP020", "expected the name of a property or function", NAME, NAMES)
            }
            Self::ExpectedPropertyName => words(
                "BCP022",
                "expected the name of a property",
                NAME,
                "write a name, or a string for names with other characters",
            ),
            Self::IdentifierTooLong => {
                words("BCP024", "name too long", "longer than 255 characters", "shorten the name")
            }
            Self::LeftoverInHole => words(
                "BCP064",
                "unexpected text in a string interpolation",
                "the expression ends before this",
                "close the interpolation with `}`",
            ),
            Self::ExpectedResourceType => words(
                "BCP068",
                "expected a resource type",
                "expected a string",
                "write the type and its version, such as 'Microsoft.Batch/batchAccounts@2024-07-01'",
            ),
            Self::ComplexLiteral => words(
                "BCP087",
                "an array or object is not allowed here",
                "expected a simple value",
                "move it to a variable, and refer to the variable",
            ),
            Self::ExpectedModuleName => {
                words("BCP096", "expected the symbolic name of a module", NAME, NAMES)
            }
            Self::ExpectedModulePath => words(
                "BCP097",
                "expected the path of a module",
                "expected a string",
                "write a relative path such as 'network.bicep', or a registry reference",
            ),
            Self::EmptyIndexer => words(
                "BCP117",
                "empty index",
                "expected an index",
                "write an index between the brackets",
            ),
            Self::ExpectedBody => words(
                "BCP118",
                "expected a body",
                "expected `{`, `[` or `if`",
                "write the properties in braces",
            ),
            Self::ExpectedDecoratorName => words(
                "BCP123",
                "expected the name of a decorator",
                NAME,
                "write a decorator, such as `@description('...')`",
            ),
            Self::ExpectedLoopItem => words("BCP136", "expected a loop variable", NAME, NAMES),
            Self::ExpectedLoopItemOrBlock => words(
                "BCP162",
                "expected a loop variable",
                NAME,
                "write `for item in items` or `for (item, index) in items`",
            ),
            Self::ExpectedBodyOrIf => words(
                "BCP167",
                "expected a body",
                "expected `{` or `if`",
                "write the properties in braces",
            ),
            Self::ExpectedExtensionPath => words(
                "BCP201",
                "expected the name of an extension",
                "expected a name or a string",
                "write the extension's name, a relative path or a registry reference",
            ),
            Self::ExpectedExtensionName => {
                words("BCP202", "expected a name for the extension", NAME, NAMES)
            }
            Self::ExpectedNewLineOrComma => words(
                "BCP236",
                "expected a new line or `,`",
                "the item ends before this",
                "separate the items with new lines or commas",
            ),
            Self::ExpectedComma => words(
                "BCP237",
                "expected `,`",
                "the argument ends before this",
                "separate the arguments with commas",
            ),
            Self::NewLineAfterComma => words(
                "BCP238",
                "new line after `,`",
                "a new line already separates the items",
                "remove the comma",
            ),
            Self::NotOneInParentheses => words(
                "BCP243",
                "expected one expression in parentheses",
                "not exactly one expression",
                "write one expression between the parentheses",
            ),
            Self::LoopBlockCount(count) => words(
                "BCP249",
                format!("expected two loop variables, found {count}"),
                "expected an item and an index",
                "name the item and its index: `for (item, index) in items`",
            ),
            Self::ExpectedFilePath => words(
                "BCP257",
                "expected the path of a Bicep file",
                "expected a string",
                "write a relative path such as 'main.bicep'",
            ),
            Self::ExpectedMetadataName => {
                words("BCP266", "expected a name for the metadata", NAME, NAMES)
            }
            Self::ExpectedType => words(
                "BCP279",
                "expected a type",
                "not the start of a type",
                "write string, int, bool, object, array, a literal or the name of a type",
            ),
            Self::ExpectedTypeLiteral => words(
                "BCP300",
                "expected a literal type",
                "a member is missing after `|`",
                "write the next member on this line",
            ),
            Self::ExpectedWithOrAs => words(
                "BCP305",
                "expected `with`, `as` or a new line",
                "unexpected text after the extension",
                "configure it with `with { }`, name it with `as`, or end the line",
            ),
            Self::ExpectedPropertyNameOrAsterisk => words(
                "BCP317",
                "expected the name of a property or `*`",
                NAME,
                "write a name, a string, or `*` for all other properties",
            ),
            Self::SafeCall => words(
                "BCP322",
                "`.?` cannot be used with a function call",
                "function calls do not support safe access",
                "use `.`",
            ),
            Self::ExpectedTypeName => words("BCP325", "expected the name of a type", NAME, NAMES),
            Self::NotConstant => words(
                "BCP032",
                "the value is not a constant",
                "the value must be known at compile time",
                "write a string without `${...}`",
            ),
            Self::ExpectedAssertName => {
                words("BCP344", "expected the name of an assertion", NAME, NAMES)
            }
            Self::ExpectedTestName => words("BCP346", "expected the name of a test", NAME, NAMES),
            Self::ExpectedTestPath => words(
                "BCP347",
                "expected the path of the file under test",
                "expected a string",
                "write a relative path such as 'main.bicep'",
            ),
            Self::ExpectedImports => words(
                "BCP354",
                "expected `{` or `*`",
                "expected the declarations to import",
                "write `import { name } from 'file'` or `import * as name from 'file'`",
            ),
            Self::ExpectedExportedName => {
                words("BCP355", "expected the name of an exported symbol", NAME, NAMES)
            }
            Self::ExpectedNamespaceName => {
                words("BCP356", "expected a name for the namespace", NAME, NAMES)
            }
            Self::ImportNeedsAlias => words(
                "BCP375",
                "the quoted name has no alias",
                "this name is not a valid identifier",
                "add `as` and a name",
            ),
            Self::TooDeep => words(
                "PB2901",
                "nested too deeply",
                "deeper than prebake supports",
                "move inner parts to variables",
            ),
            _ => words(
                "PB2902",
                "file too large",
                "larger than prebake supports",
                "split the file into modules",
            ),
        }
    }
}
