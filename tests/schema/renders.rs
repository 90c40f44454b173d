//! What the files of a render have to do with their schemas.

use std::fs;
use std::path::Path;

use prebake::diagnostic::{Diagnostics, FileId};
use prebake::schema::{Document, Schema, Values};
use prebake::validate;

/// Building the engine costs more than all the rest of a render: no file that prebake writes may need it.
#[test]
fn no_committed_file_needs_the_engine() {
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("out");
    let mut judged = 0;
    for entry in walkdir::WalkDir::new(&out) {
        let entry = entry.expect("it can be read");
        let below = entry.path().strip_prefix(&out).expect("it was found there");
        let path: Vec<_> = below.iter().skip(1).map(|name| name.to_string_lossy()).collect();
        let path = path.join("/");
        let Some(document) = Document::at(&path).filter(|_| entry.path().is_file()) else {
            continue;
        };
        let text = fs::read_to_string(entry.path()).expect("it is text");
        let value = validate::read(&path, &text, FileId(0), &mut Diagnostics::new());
        let value = value.expect("it can be read");
        let schema = Schema::new(path.as_str(), document.schema().text());
        let values = match document {
            Document::ArmTemplate => Values::Symbolic,
            _ => Values::Literal,
        };
        let found = schema.findings(&value, values).expect("the schema is right");
        assert!(found.is_empty(), "{}: {found:?}", below.display());
        assert!(!schema.is_built(), "{} needs the engine", below.display());
        judged += 1;
    }
    assert!(judged > 100, "{judged} files");
}
