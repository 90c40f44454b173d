//! `prebake bicep format`.

use std::path::Path;

use clap::{ArgAction, Args};

use super::super::{Exit, terminal};
use super::WRONG;
use super::input::{Entry, Input, refused};
use super::output::{Output, write};
use crate::bicep::FileProvider as _;
use crate::bicep::format::{self, FormatOptions, IndentKind, Newline};
use crate::bicep::syntax::FileKind;

/// `prebake bicep format`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Format {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    output: Output,
    /// Write nothing; list the files that are not formatted, and exit with 1 if there are any
    #[arg(long, conflicts_with_all = ["stdout", "outdir", "outfile"])]
    check: bool,
    /// Line ending: LF, CRLF or CR
    #[arg(long, alias = "newline", value_name = "KIND", value_parser = newline)]
    newline_kind: Option<Newline>,
    /// Indentation character: Space or Tab
    #[arg(long, alias = "indentKind", value_name = "KIND", value_parser = indent)]
    indent_kind: Option<IndentKind>,
    /// Number of spaces per level of indentation
    #[arg(long, alias = "indentSize", value_name = "NUMBER")]
    indent_size: Option<usize>,
    /// Whether the file ends with a newline
    #[arg(
        long,
        alias = "insertFinalNewline",
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        ignore_case = true,
        action = ArgAction::Set
    )]
    insert_final_newline: Option<bool>,
}

fn newline(word: &str) -> Result<Newline, String> {
    Newline::parse(&word.to_ascii_lowercase()).ok_or_else(|| "expected LF, CRLF or CR".to_owned())
}

fn indent(word: &str) -> Result<IndentKind, String> {
    IndentKind::parse(&word.to_ascii_lowercase()).ok_or_else(|| "expected Space or Tab".to_owned())
}

impl Format {
    pub(super) fn run(&self) -> Exit {
        self.input.each(&["bicep", "bicepparam"], |entry| self.one(entry))
    }

    fn one(&self, entry: &Entry) -> Exit {
        let read = entry.folder.read(&entry.name).map_err(|error| error.to_string());
        let text = read.and_then(|bytes| {
            String::from_utf8(bytes.into_owned()).map_err(|_| "it is not UTF-8".to_owned())
        });
        let text = match text {
            Ok(text) => text,
            Err(why) => return refused(&entry.path, &why, "name a readable file"),
        };
        let options = match format::configured(&entry.name, &entry.folder) {
            Ok(options) => self.over(options),
            Err(why) => {
                let help = "correct the nearest bicepconfig.json";
                return refused(Path::new("bicepconfig.json"), &why, help);
            }
        };
        let is_template = entry.name.to_ascii_lowercase().ends_with(".bicep");
        let kind = if is_template { FileKind::Bicep } else { FileKind::Parameters };
        let formatted = format::format(&text, kind, &options);
        if self.check {
            if formatted == text {
                return Exit::Done;
            }
            terminal::out(&format!("{}\n", entry.path.display()));
            return WRONG;
        }
        if formatted == text && self.output.is_in_place() {
            return Exit::Done;
        }
        if self.output.is_in_place() {
            return write(&entry.path, &formatted);
        }
        let ending = entry.path.extension().unwrap_or_default().to_string_lossy();
        self.output.give(entry, &ending, &formatted)
    }

    /// The options with those of the command line over them.
    fn over(&self, options: FormatOptions) -> FormatOptions {
        FormatOptions {
            newline: self.newline_kind.unwrap_or(options.newline),
            indent_kind: self.indent_kind.unwrap_or(options.indent_kind),
            indent_size: self.indent_size.unwrap_or(options.indent_size),
            width: options.width,
            insert_final_newline: self.insert_final_newline.unwrap_or(options.insert_final_newline),
        }
    }
}
