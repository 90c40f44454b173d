//! Findings as a terminal shows them, with the source excerpt.

use std::io::{self, Write};

use codespan_reporting::diagnostic as codespan;
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term::termcolor::{Ansi, ColorSpec, NoColor, WriteColor};
use codespan_reporting::term::{self, Config};

use super::{Diagnostic, Diagnostics, FileId, Place, Severity, Sources, printable};

/// Prints all findings, in order. Color is ANSI escapes, or none.
pub fn render(findings: &Diagnostics, sources: &Sources, color: bool) -> String {
    let config = Config::default();
    let mut out = String::new();
    for finding in findings {
        let shape = shape(finding, sources);
        // Writing to memory cannot fail; a place outside its file is a mistake of the program and
        // shows as a finding without excerpt.
        let written = if color {
            let mut buffer = Tame(Ansi::new(Vec::new()));
            let written = term::emit_to_write_style(&mut buffer, &config, sources, &shape);
            written.map(|()| buffer.0.into_inner())
        } else {
            let mut buffer = Tame(NoColor::new(Vec::new()));
            let written = term::emit_to_write_style(&mut buffer, &config, sources, &shape);
            written.map(|()| buffer.0.into_inner())
        };
        let written = written.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        match written {
            // The formatter calls the level `note`, which reports and configs call `info`. It is the first word.
            Ok(text) if finding.severity == Severity::Info => {
                out.push_str(text.replacen("note", "info", 1).trim_end_matches('\n'));
            }
            Ok(text) => out.push_str(text.trim_end_matches('\n')),
            Err(_) => out.push_str(&headline(finding)),
        }
        out.push_str("\n\n");
    }
    out
}

/// Colors of its own pass, those of the text do not.
struct Tame<W>(W);

impl<W: Write> Write for Tame<W> {
    // The formatter writes whole texts, never half a character.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(printable::tamed(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<W: WriteColor> WriteColor for Tame<W> {
    fn supports_color(&self) -> bool {
        self.0.supports_color()
    }

    fn set_color(&mut self, color: &ColorSpec) -> io::Result<()> {
        self.0.set_color(color)
    }

    fn reset(&mut self) -> io::Result<()> {
        self.0.reset()
    }
}

/// `error[CODE]: title`, without a place.
pub fn headline(finding: &Diagnostic) -> String {
    format!("{}[{}]: {}", finding.severity.word(), finding.code, finding.title)
}

/// Longest line that an excerpt shows, in bytes: a generated one-line file would fill the screen.
const MAX_LINE: usize = 400;

/// Longest text of a finding, in bytes: a value that it names may be as long as its file.
const MAX_TEXT: usize = 2000;

/// The start of a text that would fill the screen.
fn shortened(text: &str) -> String {
    if text.len() <= MAX_TEXT {
        return text.to_owned();
    }
    let end = (0..=MAX_TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}… ({} more bytes)", &text[..end], text.len() - end)
}

fn fits(place: Place, sources: &Sources) -> bool {
    let file = sources.file(place.file);
    let (first, last) = (file.line_column(place.span.start), file.line_column(place.span.end));
    last.line - first.line < 20
        && (first.line..=last.line).all(|line| file.line(line).len() <= MAX_LINE)
}

fn shape(finding: &Diagnostic, sources: &Sources) -> codespan::Diagnostic<FileId> {
    let severity = match finding.severity {
        Severity::Error => codespan::Severity::Error,
        Severity::Warning => codespan::Severity::Warning,
        Severity::Info => codespan::Severity::Note,
    };
    let label = |place: Place, text: &str| (place.file, place.span.range(), shortened(text));
    let mut labels = Vec::new();
    let mut notes = Vec::new();
    let mut without_excerpt = |place: Place, text: &str| {
        let (name, position) = sources.position(place);
        let text = shortened(text);
        notes.push(format!("at {name}:{}:{}: {text}", position.line, position.column));
    };
    match finding.place {
        Some(place) if fits(place, sources) => {
            let (file, range, text) = label(place, &finding.label);
            labels.push(codespan::Label::primary(file, range).with_message(text));
        }
        Some(place) => without_excerpt(place, &finding.label),
        None => {}
    }
    for related in &finding.related {
        if fits(related.place, sources) {
            let (file, range, text) = label(related.place, &related.label);
            labels.push(codespan::Label::secondary(file, range).with_message(text));
        } else {
            without_excerpt(related.place, &related.label);
        }
    }
    if !finding.reason.is_empty() {
        notes.push(format!("why: {}", shortened(&finding.reason)));
    }
    if !finding.help.is_empty() {
        notes.push(format!("help: {}", shortened(&finding.help)));
    }
    if !finding.note.is_empty() {
        notes.push(format!("note: {}", shortened(&finding.note)));
    }
    codespan::Diagnostic::new(severity)
        .with_code(finding.code.as_ref())
        // A build server takes a line that starts with `::` for a command.
        .with_message(shortened(&finding.title).replace(['\n', '\r'], "\u{fffd}"))
        .with_labels(labels)
        .with_notes(notes)
}

impl<'a> Files<'a> for Sources {
    type FileId = FileId;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: FileId) -> Result<&'a str, Error> {
        Ok(&self.file(id).name)
    }

    fn source(&'a self, id: FileId) -> Result<&'a str, Error> {
        Ok(&self.file(id).text)
    }

    fn line_index(&'a self, id: FileId, byte: usize) -> Result<usize, Error> {
        let at = u32::try_from(byte).unwrap_or(u32::MAX);
        Ok(self.file(id).line_column(at).line - 1)
    }

    fn line_range(&'a self, id: FileId, line: usize) -> Result<std::ops::Range<usize>, Error> {
        let file = self.file(id);
        file.line_range(line)
            .ok_or_else(|| Error::LineTooLarge { given: line, max: file.text.lines().count() })
    }
}
