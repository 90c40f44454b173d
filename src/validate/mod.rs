//! Takes the resources and the files of a render, gives what does not meet the JSON Schemas of their types.
//!
//! Knows nothing of Batch: that is `check`. Codes are `PB3101` to `PB3112`. Read `resource` for what
//! Azure is asked for and `file` for the rendered files.

mod file;
mod resource;

pub use file::{file, read};
pub use resource::resources;

use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::schema::{BrokenSchema, Finding, FindingKind};

/// A finding as a diagnostic, without its place.
fn diagnostic(finding: &Finding, schema: &str) -> Diagnostic {
    let code = match finding.kind {
        FindingKind::UnknownProperty => "PB3101",
        FindingKind::MissingProperty => "PB3102",
        FindingKind::WrongType => "PB3103",
        FindingKind::UnknownValue => "PB3104",
        FindingKind::UnlistedValue => "PB3112",
        FindingKind::WrongForm => "PB3105",
        FindingKind::WrongLength => "PB3106",
        FindingKind::OutOfRange => "PB3107",
        FindingKind::ReadOnly => "PB3108",
        FindingKind::Other => "PB3109",
    };
    let reason = match finding.kind {
        FindingKind::MissingProperty => format!("the schema of {schema} requires it"),
        FindingKind::UnlistedValue => {
            format!("Azure accepts any text, but {schema} does not list this value")
        }
        _ => format!("the schema of {schema} does not allow it"),
    };
    let severity = match finding.kind {
        FindingKind::UnlistedValue => Severity::Warning,
        _ => Severity::Error,
    };
    Diagnostic::new(severity, code, &finding.title).reason(reason).help(&finding.help)
}

fn placed(diagnostic: Diagnostic, place: Option<Place>, label: &str) -> Diagnostic {
    match place {
        Some(place) => diagnostic.at(place, label),
        None => diagnostic,
    }
}

/// A schema that a team has imported or edited can be broken; prebake's own are tested.
fn broken(schema: &BrokenSchema) -> Diagnostic {
    Diagnostic::error("PB3111", format!("the schema `{}` cannot be used", schema.name))
        .reason(schema.reason.clone())
        .help("import it again with `prebake schema import`")
}
