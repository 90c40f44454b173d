//! The texts that a stage's parameters file gives, by how its Bicep reads them: `endpointNames.nodeEndpoint`.

use std::collections::BTreeMap;

use crate::bicep::parser;
use crate::bicep::syntax::{Arena, ExpressionSyntax, FileKind, StatementSyntax};
use crate::diagnostic::{Diagnostics, FileId};

/// An expression that reads a parameter → its text.
pub(super) type Given = BTreeMap<String, String>;

/// Reads a parameters file. One that cannot be parsed gives nothing, and is told by the compiler.
pub(super) fn given(text: &str) -> Given {
    let arena = Arena::new();
    let mut problems = Diagnostics::new();
    let program = parser::parse(&arena, text, FileKind::Parameters, FileId(0), &mut problems);
    let mut found = Given::new();
    for statement in program.statements.iter().filter(|_| !problems.has_errors()) {
        if let StatementSyntax::ParameterAssignment(node) = statement {
            read(node.name.name, node.value, &mut found);
        }
    }
    found
}

fn read(way: &str, value: ExpressionSyntax<'_>, found: &mut Given) {
    if let ExpressionSyntax::Object(object) = value {
        for property in object.properties() {
            if let Some(name) = property.name() {
                read(&format!("{way}.{name}"), property.value, found);
            }
        }
    } else if let Some(text) = value.literal() {
        found.insert(way.to_owned(), text.to_owned());
    }
}
