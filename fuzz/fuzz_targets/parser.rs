//! Any text has a tree, and what is reported stands inside the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use prebake::bicep::parser::parse;
use prebake::bicep::syntax::{Arena, FileKind};
use prebake::diagnostic::{Diagnostics, FileId};

fuzz_target!(|text: &str| {
    for kind in [FileKind::Bicep, FileKind::Parameters] {
        let arena = Arena::new();
        let mut findings = Diagnostics::new();
        let program = parse(&arena, text, kind, FileId(0), &mut findings);
        for statement in program.statements {
            assert!(text.get(statement.span().range()).is_some());
        }
        for finding in &findings {
            let place = finding.place.expect("a finding of the parser has a place");
            assert!(text.get(place.span.range()).is_some());
        }
    }
});
