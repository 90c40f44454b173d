//! Which findings the directives of a file silence. Errors are never silenced.

use crate::bicep::syntax::{DirectiveKind, DirectiveSyntax, ProgramSyntax};
use crate::diagnostic::{Diagnostic, Severity};

/// The findings that are not silenced.
pub(super) fn kept(findings: Vec<Diagnostic>, program: ProgramSyntax<'_>) -> Vec<Diagnostic> {
    if program.directives.is_empty() {
        return findings;
    }
    let silenced = |finding: &Diagnostic| {
        let Some(place) = finding.place else { return false };
        finding.severity != Severity::Error && is_silenced(program, &finding.code, place.span.start)
    };
    findings.into_iter().filter(|finding| !silenced(finding)).collect()
}

/// Whether a directive silences a code at an offset.
pub(in crate::bicep) fn is_silenced(program: ProgramSyntax<'_>, code: &str, at: u32) -> bool {
    let names = |directive: &&DirectiveSyntax<'_>| {
        directive.codes.iter().any(|named| named.eq_ignore_ascii_case(code))
    };
    let mut silenced = false;
    for directive in program.directives.iter().filter(names) {
        match directive.kind {
            DirectiveKind::Disable if directive.span.start < at => silenced = true,
            DirectiveKind::Restore if directive.span.start < at => silenced = false,
            DirectiveKind::DisableNextLine if is_next_line(program.text, directive, at) => {
                return true;
            }
            _ => {}
        }
    }
    silenced
}

fn is_next_line(text: &str, directive: &DirectiveSyntax<'_>, at: u32) -> bool {
    let between = text.as_bytes().get(directive.span.end as usize..at as usize);
    between.is_some_and(|between| memchr::memchr_iter(b'\n', between).count() == 1)
}
