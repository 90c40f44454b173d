use serde_json::Value;

use super::{Config, Document, schema};
use crate::diagnostic::pointer;
use crate::schema::{Finding, FindingKind, Values};

/// What can be read of a config with mistakes, so that it is judged, too.
#[derive(Debug)]
pub struct Partial {
    /// The config without what is wrong in it; words that nobody writes stand in for what it must have.
    pub config: Config,
    /// Pointers of what was taken out or stands in, and of what a mistyped key may have meant.
    pub omitted: Vec<String>,
}

/// More mistakes than this are no slips; they are corrected first.
const MOST_MISTAKES: usize = 256;

/// Taking a value out may leave a gap, which takes another round; configs are nested no deeper.
const ROUNDS: usize = 8;

/// What stands in for what a config must have; the object around anything else that is missing goes.
const STAND_INS: [(&str, &str); 4] = [
    ("name", "prebake-missing"),
    ("location", "prebake-missing"),
    ("resourceGroup", "prebake-missing"),
    ("id", "prebake-missing"),
];

/// Takes what the findings are about out of a document, and reads the rest.
///
/// # Panics
/// Never on any document: the committed schema compiles, as a test shows.
pub(crate) fn partial(document: &Document) -> Option<Partial> {
    let mut value = document.value.clone();
    let mut omitted = Vec::new();
    for _ in 0..ROUNDS {
        let findings = schema::CONFIG.findings(&value, Values::Literal);
        let findings = findings.expect("the committed schema compiles: a test builds it");
        if findings.len() > MOST_MISTAKES {
            return None;
        }
        if findings.is_empty() {
            return serde_json::from_value(value).ok().map(|config| Partial { config, omitted });
        }
        for finding in &findings {
            if finding.kind == FindingKind::MissingProperty {
                fill(&mut value, finding, &mut omitted)?;
            } else {
                omitted.extend(meant(finding));
                omitted.push(take_out(&mut value, &finding.pointer)?);
            }
        }
    }
    None
}

/// The pointer of the key that a mistyped one may have meant.
pub(super) fn meant(finding: &Finding) -> Option<String> {
    let word = finding.suggestion.as_ref().filter(|_| finding.on_key)?;
    let (parent, _) = finding.pointer.rsplit_once('/')?;
    Some(format!("{parent}/{}", pointer::escape(word)))
}

fn fill(value: &mut Value, finding: &Finding, omitted: &mut Vec<String>) -> Option<()> {
    let pointer = &finding.pointer;
    let missing = STAND_INS.iter().find(|(key, _)| finding.missing.as_deref() == Some(key));
    let object = value.pointer_mut(pointer).and_then(Value::as_object_mut);
    match (object, missing) {
        // Another finding has taken it out.
        (None, _) => {}
        (Some(object), Some((key, word))) if !object.contains_key(*key) => {
            object.insert((*key).to_owned(), (*word).into());
            omitted.push(format!("{pointer}/{key}"));
        }
        (Some(_), _) => omitted.push(take_out(value, pointer)?),
    }
    Some(())
}

/// Takes a value out, with the whole list if it is an item of one, whose others would move; gives the pointer of
/// what went. Nothing when nothing would be left.
fn take_out(value: &mut Value, pointer: &str) -> Option<String> {
    let (parent, key) = pointer.rsplit_once('/')?;
    match value.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.swap_remove(&*pointer::unescape(key));
        }
        Some(Value::Array(_)) => return take_out(value, parent),
        _ => {}
    }
    Some(pointer.to_owned())
}
