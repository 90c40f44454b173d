//! Where a change comes from: the line of the user's own file that decides it, and the rendered line.

use std::fmt;

use super::change::{Redacted, ResourceChange, Segment};
use crate::arm::evaluate::Evaluated;
use crate::catalog::StageName;
use crate::diagnostic::pointer;
use crate::expand::Resource;

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Line {
    /// The file, as messages name it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// The lines that a value of a render comes from, the user's own first.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Origin {
    /// In the config, a layer or an overlay.
    pub written: Option<Line>,
    /// In the rendered file.
    pub rendered: Option<Line>,
    /// What a patch or an added file of the config changed there, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
}

/// Knows the lines behind the values of the new render.
pub trait Origins {
    /// The origin of a value of a stage, by its JSON pointer in the stage's template.
    fn of_value(&self, stage: &StageName, pointer: &str) -> Origin;
    /// The origin of a part of a rendered file, by its offset in bytes.
    fn of_file(&self, path: &str, offset: usize) -> Origin;
}

/// The origins of a render that no config is known of.
pub(super) struct Unknown;

impl Origins for Unknown {
    fn of_value(&self, _stage: &StageName, _pointer: &str) -> Origin {
        Origin::default()
    }

    fn of_file(&self, _path: &str, _offset: usize) -> Origin {
        Origin::default()
    }
}

/// Gives a change and each of its properties their lines. What left the render has none.
pub(super) fn locate(change: &mut ResourceChange, origins: &dyn Origins) {
    let Some(after) = change.after.as_ref().map(Redacted::whole) else { return };
    change.origin = origins.of_value(&after.stage, &after.pointer);
    for property in &mut change.properties {
        property.origin = origins.of_value(&after.stage, &pointer_of(after, &property.path));
    }
}

/// The JSON pointer of a property in the template, as far as the new resource has it.
fn pointer_of(resource: &Resource, path: &[Segment]) -> String {
    let mut pointer = resource.pointer.clone();
    let mut current: Option<&Evaluated> = None;
    for (depth, segment) in path.iter().enumerate() {
        let step = match segment {
            Segment::Property(name) => pointer::escape(name).into_owned(),
            Segment::Index(index) => index.to_string(),
            Segment::Named(name) => {
                let elements = current.and_then(Evaluated::as_array).map_or(&[][..], Vec::as_slice);
                match elements.iter().position(|element| is_named(element, name)) {
                    Some(index) => index.to_string(),
                    None => pointer::escape(name).into_owned(),
                }
            }
        };
        let next = match (depth, current) {
            (0, _) => resource.body.get(&step),
            (_, Some(value)) => value.pointer(&format!("/{step}")),
            (_, None) => None,
        };
        // The name and the scope of a resource are no part of its body, but of its declaration.
        if next.is_none() && !(depth == 0 && matches!(step.as_str(), "name" | "scope")) {
            break;
        }
        pointer.push('/');
        pointer.push_str(&step);
        current = next;
    }
    pointer
}

fn is_named(element: &Evaluated, name: &str) -> bool {
    let is =
        |value: &Evaluated| value.written().is_some_and(|text| text.eq_ignore_ascii_case(name));
    is(element) || ["name", "id", "key", "value"].iter().any(|key| element.get(key).is_some_and(is))
}
