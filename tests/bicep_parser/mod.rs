//! The parser, and what stands behind it, against the sources of the corpus, and against texts that nobody means.

#![expect(clippy::print_stdout, reason = "a test says loudly what it skips")]
#![expect(clippy::disallowed_methods, reason = "a test reads its cases")]

mod corpus;
mod hostile;
mod random;

use prebake::bicep::parser::parse;
use prebake::bicep::syntax::{Arena, FileKind};
use prebake::diagnostic::{Diagnostics, FileId};

/// What the parser reports for a text.
fn findings(text: &str, kind: FileKind) -> Diagnostics {
    let arena = Arena::new();
    let mut findings = Diagnostics::new();
    parse(&arena, text, kind, FileId(0), &mut findings);
    findings
}
