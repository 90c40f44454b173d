use serde_json::Value;

use super::{broken, diagnostic, placed};
use crate::config;
use crate::diagnostic::{Diagnostics, FileId, Place, Span};
use crate::schema::{Document, Finding, FindingKind, Values};

/// What a file of a render says, by its path in it; nothing for a file that has no schema. YAML or JSON
/// that cannot be read is reported as in a config.
pub fn read(path: &str, text: &str, id: FileId, diagnostics: &mut Diagnostics) -> Option<Value> {
    let document = Document::at(path)?;
    // Places cost more than values, and a JSON file is right nearly always.
    let json = if document.is_json() { serde_json::from_str(text).ok() } else { None };
    json.or_else(|| config::parse(text, id, diagnostics).map(|parsed| parsed.value))
}

/// Checks what a file of a render says; a file that has no schema is left alone.
pub fn file(path: &str, text: &str, id: FileId, value: &Value, diagnostics: &mut Diagnostics) {
    let Some(document) = Document::at(path) else { return };
    let values = match document {
        Document::ArmTemplate => Values::Symbolic,
        _ => Values::Literal,
    };
    let findings = match document.schema().findings(value, values) {
        Ok(findings) => findings,
        Err(error) => return diagnostics.push(broken(&error)),
    };
    if findings.is_empty() {
        return;
    }
    let parsed = config::parse(text, id, &mut Diagnostics::new());
    for finding in &findings {
        let place = parsed.as_ref().and_then(|parsed| place(parsed, finding));
        let place = place.unwrap_or(Place { file: id, span: Span::new(0, 0) });
        let name = format!("`{path}`");
        diagnostics.push(placed(diagnostic(finding, &name), Some(place), &finding.label));
    }
}

fn place(parsed: &config::Document, finding: &Finding) -> Option<Place> {
    if finding.on_key || finding.kind == FindingKind::MissingProperty {
        return parsed.key_place(&finding.pointer);
    }
    parsed.place(&finding.pointer)
}
