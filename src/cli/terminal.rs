//! What is printed: results to stdout, findings and progress to stderr, color on a terminal only.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ColorChoice;

use super::Exit;
use crate::diagnostic::printable::one_line;
use crate::diagnostic::{Diagnostics, Severity, Sources, text};

pub(super) fn choose_color(choice: ColorChoice) {
    match choice {
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
        ColorChoice::Auto => anstream::ColorChoice::Auto,
    }
    .write_global();
}

/// Whether a part of the result could not be printed.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints a result. A closed pipe is the reader's choice, not an error; anything else, such as a full disk, is.
pub(super) fn out(text: &str) {
    report(&text);
}

/// The same of what is kept in pieces.
pub(super) fn report(text: &impl Display) {
    let mut stdout = anstream::stdout().lock();
    let printed = write!(stdout, "{text}").and_then(|()| stdout.flush());
    drop(stdout);
    let Err(error) = printed else { return };
    if error.kind() != ErrorKind::BrokenPipe && !LOST.swap(true, Ordering::Relaxed) {
        failed(
            "the output cannot be printed",
            &error.to_string(),
            "redirect standard output to a place with free space, and run the command again",
        );
    }
}

/// The exit code of a command, which cannot be a good one when its result was lost.
pub(super) fn ended(code: Exit) -> Exit {
    if LOST.load(Ordering::Relaxed) { Exit::Failed } else { code }
}

/// Prints a remark that may quote what somebody else wrote.
pub(super) fn remark(text: &str) {
    note(&format!("note: {}\n", one_line(text)));
}

/// Prints what is not a result.
pub(super) fn note(text: &str) {
    let stderr = std::io::stderr();
    if anstream::AutoStream::choice(&stderr) == anstream::ColorChoice::Never {
        // The stream would write what stands between two escapes apart, with a system call each.
        let plain = anstream::adapter::strip_str(text).to_string();
        let _ = stderr.lock().write_all(plain.as_bytes());
        return;
    }
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Prints findings with their excerpts; the stream drops the color where there is no terminal.
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
pub(super) fn failed(what: &str, why: &str, help: &str) -> Exit {
    let (what, why, help) = (one_line(what), one_line(why), one_line(help));
    note(&format!("error: {what}\n  why: {why}\n  help: {help}\n"));
    Exit::Failed
}
