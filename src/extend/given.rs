//! The texts that a stage's parameters file gives, by how its Bicep reads them: `endpointNames.nodeEndpoint`.

use std::collections::BTreeMap;

use super::with_program;
use crate::bicep::syntax::{ExpressionSyntax, FileKind, ProgramSyntax, StatementSyntax};

/// An expression that reads a parameter → its text.
pub(super) type Given = BTreeMap<String, String>;

/// Reads a parameters file. One that cannot be parsed gives nothing, and is told by the compiler.
pub(super) fn given(text: &str) -> Given {
    let read = |program: &ProgramSyntax<'_>| {
        let mut found = Given::new();
        for statement in program.statements {
            if let StatementSyntax::ParameterAssignment(node) = statement {
                read(node.name.name, node.value, &mut found);
            }
        }
        found
    };
    with_program(text, FileKind::Parameters, read).unwrap_or_default()
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
