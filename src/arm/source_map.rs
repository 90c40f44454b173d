use std::collections::BTreeMap;

use crate::diagnostic::Place;

/// From JSON pointers (RFC 6901) of a template to the Bicep that they came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceMap {
    places: BTreeMap<String, Place>,
}

impl SourceMap {
    /// Records where the value at a pointer came from.
    pub fn insert(&mut self, pointer: impl Into<String>, place: Place) {
        self.places.insert(pointer.into(), place);
    }

    /// The place of the value at a pointer, or of the nearest enclosing value that has one.
    pub fn place(&self, pointer: &str) -> Option<Place> {
        let mut pointer = pointer;
        loop {
            if let Some(place) = self.places.get(pointer) {
                return Some(*place);
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }

    /// All entries, by pointer.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Place)> {
        self.places.iter().map(|(pointer, place)| (pointer.as_str(), *place))
    }
}
