//! Takes YAML text, gives the [`Config`]: the file 1:1, every value with its place.
//!
//! Unknown keys are refused with the nearest known one, and all errors are reported, not the first
//! only. Defaults nothing: `model` does. Read `document` for YAML with places, then `fields` for what a
//! config may say, `schema` for how it is checked, `partial` for what is left of one with mistakes, `layers` for
//! configs made of several and `set` for values from the command line. `property` knows the keys for Azure's names of properties.

mod document;
pub mod fields;
pub mod layers;
mod named;
mod partial;
mod property;
pub mod schema;
mod set;

pub use crate::yaml::Entry;
pub(crate) use document::MAX_BYTES;
pub use document::{Document, MAX_DEPTH, parse};
pub use fields::Config;
pub use partial::Partial;
pub(crate) use partial::partial;
pub use set::set;

use crate::catalog;
use crate::diagnostic::pointer::{escape, unescape};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::schema::{Finding, FindingKind, Values};

/// A key of a config as messages name it: `batch.pools[].vmSize` of pool `dev`, each in backticks.
pub fn key_words(document: &Document, pointer: &str) -> String {
    named::key_words(&document.value, pointer)
}

/// Checks a document against the config's schema and gives it as typed fields.
///
/// Reports `PB0101` to `PB0109`, each at its place.
///
/// # Panics
/// Never on any document: the committed schema compiles, as a test shows.
pub fn decode(document: &Document, diagnostics: &mut Diagnostics) -> Option<Config> {
    let findings = schema::CONFIG.findings(&document.value, Values::Literal);
    let findings = findings.expect("the committed schema compiles: a test builds it");
    if !findings.is_empty() {
        // A key that is mistyped is told once, not as a missing one, too.
        let missed: Vec<String> = findings.iter().filter_map(missing).collect();
        let slip = |finding: &Finding| partial::meant(finding).filter(|key| missed.contains(key));
        let slips: Vec<String> = findings.iter().filter_map(slip).collect();
        let is_told = |finding: &&Finding| !missing(finding).is_some_and(|it| slips.contains(&it));
        let mut found: Vec<Diagnostic> = findings
            .iter()
            .filter(is_told)
            .map(|finding| diagnostic(finding, slip(finding).is_some(), document))
            .collect();
        found.sort_by_key(|finding| finding.place);
        diagnostics.append(found.into());
        return None;
    }
    match serde_json::from_value(document.value.clone()) {
        Ok(config) => Some(config),
        Err(error) => {
            // The schema is made from the types, so this is a form that only the types know.
            let mut finding =
                Diagnostic::error("PB0109", "config cannot be read").reason(error.to_string());
            finding.place = document.place("");
            diagnostics.push(finding);
            None
        }
    }
}

fn diagnostic(finding: &Finding, is_slip: bool, document: &Document) -> Diagnostic {
    let place = if finding.on_key || finding.kind == FindingKind::MissingProperty {
        document.key_place(&finding.pointer)
    } else {
        document.place(&finding.pointer)
    };
    let mut diagnostic = Diagnostic::error(code(finding.kind), &finding.title).help(&finding.help);
    diagnostic.place = place;
    diagnostic.label.clone_from(&finding.label);
    let written = document.value.pointer(&finding.pointer).and_then(serde_json::Value::as_str);
    if let Some(form) = finding.pattern.as_deref().and_then(schema::form) {
        diagnostic.label = format!("expected {}", form.words);
        diagnostic.help = match written.and_then(|text| form.of_text(text)) {
            Some(own) => format!("use `{own}`"),
            None => format!("use the format of `{}`", form.example),
        };
    }
    // What a mistyped key means elsewhere is no advice.
    if is_slip {
        return diagnostic;
    }
    if finding.kind == FindingKind::UnknownProperty {
        unknown_key(finding, &mut diagnostic);
    }
    if let Some((name, known)) = unsupported(finding, written) {
        diagnostic.title = format!("`{name}` is not supported");
        known.reason.clone_into(&mut diagnostic.label);
        known.advice.clone_into(&mut diagnostic.help);
        diagnostic.facts.push(known.fact);
    }
    diagnostic
}

/// The pointer of the key that a finding misses.
fn missing(finding: &Finding) -> Option<String> {
    Some(format!("{}/{}", finding.pointer, escape(finding.missing.as_deref()?)))
}

fn code(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::UnknownProperty => "PB0101",
        FindingKind::MissingProperty => "PB0102",
        FindingKind::WrongType => "PB0103",
        FindingKind::UnknownValue | FindingKind::UnlistedValue => "PB0104",
        FindingKind::WrongForm => "PB0105",
        FindingKind::WrongLength => "PB0106",
        FindingKind::OutOfRange => "PB0107",
        FindingKind::ReadOnly | FindingKind::Other => "PB0108",
    }
}

/// What a key or an operating system of other tools is called, and why prebake does not have it.
fn unsupported<'f>(
    finding: &'f Finding,
    written: Option<&'f str>,
) -> Option<(&'f str, catalog::Unsupported)> {
    match finding.kind {
        FindingKind::UnknownProperty => {
            let key = finding.pointer.rsplit('/').next().unwrap_or_default();
            Some((key, catalog::unsupported_key(&path_of(&finding.pointer))?))
        }
        FindingKind::UnknownValue | FindingKind::UnlistedValue if finding.pointer == "/node/os" => {
            let name = written?;
            Some((name, catalog::unsupported_system(name)?))
        }
        _ => None,
    }
}

/// Where an unknown key belongs, or which key says the property of Azure that it names.
fn unknown_key(finding: &Finding, diagnostic: &mut Diagnostic) {
    let elsewhere = known_elsewhere(&finding.pointer);
    let (owner, key) = finding.pointer.rsplit_once('/').unwrap_or_default();
    let property = property::advice(&named::path_of(owner), &unescape(key));
    if let Some(advice) = property.filter(|advice| advice.is_near || elsewhere.is_none()) {
        diagnostic.help = advice.help;
        diagnostic.facts.push(advice.fact);
        return;
    }
    let Some(elsewhere) = elsewhere else { return };
    diagnostic.help = match &finding.suggestion {
        Some(near) => format!("did you mean `{near}`? otherwise {elsewhere}"),
        None => elsewhere,
    };
}

/// A pointer as a path without the positions of items.
fn path_of(pointer: &str) -> String {
    let is_name = |part: &&str| !part.is_empty() && !part.bytes().all(|byte| byte.is_ascii_digit());
    pointer.split('/').filter(is_name).collect::<Vec<_>>().join(".")
}

/// Where an unknown key belongs, if other mappings of the config know it.
fn known_elsewhere(pointer: &str) -> Option<String> {
    let key = pointer.rsplit('/').next()?;
    let owners: Vec<String> = schema::owners_of(key)
        .into_iter()
        .map(|owner| match owner.as_str() {
            "" => "the config itself".to_owned(),
            owner => format!("`{owner}`"),
        })
        .collect();
    match &owners[..] {
        [] => None,
        [only] => Some(format!("move it to {only}, which has the key `{key}`")),
        [others @ .., last] => {
            Some(format!("move it to {} or {last}, which have the key `{key}`", others.join(", ")))
        }
    }
}
