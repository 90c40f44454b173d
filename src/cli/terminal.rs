//! What is printed: results to stdout, findings and progress to stderr, colour on a terminal only.

use std::io::Write;

use clap::ColorChoice;

use crate::diagnostic::{Diagnostics, Severity, Sources, text};

pub(super) fn choose_colour(choice: ColorChoice) {
    match choice {
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
        ColorChoice::Auto => anstream::ColorChoice::Auto,
    }
    .write_global();
}

/// Prints a result. A closed pipe is the reader's choice, not an error.
pub(super) fn out(text: &str) {
    let mut stdout = anstream::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
}

/// Prints what is not a result.
pub(super) fn note(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
}

/// Prints findings with their excerpts; the stream drops the colour where there is no terminal.
pub(super) fn findings(diagnostics: &Diagnostics, sources: &Sources) {
    note(&text::render(diagnostics, sources, true));
}

/// The same as text, for those of at least a severity.
pub(super) fn told(diagnostics: &Diagnostics, sources: &Sources, least: Severity) -> String {
    let told: Vec<_> =
        diagnostics.iter().filter(|finding| finding.severity >= least).cloned().collect();
    text::render(&told.into(), sources, true)
}

/// `2 errors, 1 warning`, or nothing.
pub(super) fn counts(diagnostics: &Diagnostics) -> String {
    let count = |severity: Severity| match diagnostics.count(severity) {
        0 => None,
        1 => Some(format!("1 {}", severity.word())),
        many => Some(format!("{many} {}s", severity.word())),
    };
    let counts: Vec<String> =
        [Severity::Error, Severity::Warning].into_iter().filter_map(count).collect();
    counts.join(", ")
}

/// A failure that is no finding in a config: a path and what went wrong with it.
pub(super) fn failed(what: &str, why: &str, help: &str) -> u8 {
    note(&text::tamed(&format!("error: {what}\n  why: {why}\n  help: {help}\n")));
    super::FAILED
}
