use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Place;

/// From JSON pointers (RFC 6901) of a template to the Bicep that they came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceMap {
    places: BTreeMap<String, Place>,
    // The maps of nested templates, by where these stand. They are shared: one module may stand often.
    mounted: BTreeMap<String, Arc<SourceMap>>,
}

impl SourceMap {
    /// Records where the value at a pointer came from.
    pub fn insert(&mut self, pointer: impl Into<String>, place: Place) {
        self.places.insert(pointer.into(), place);
    }

    /// Records that a whole nested template stands at a pointer.
    pub fn mount(&mut self, pointer: impl Into<String>, map: Arc<Self>) {
        self.mounted.insert(pointer.into(), map);
    }

    /// Moves every place by so many files.
    pub fn move_files(&mut self, by: u32) {
        for place in self.places.values_mut() {
            *place = place.moved(by);
        }
        for map in self.mounted.values_mut() {
            Arc::make_mut(map).move_files(by);
        }
    }

    /// The place of the value at a pointer, or of the nearest enclosing value that has one.
    pub fn place(&self, pointer: &str) -> Option<Place> {
        let mut enclosing = pointer;
        loop {
            let nested = self.mounted.get(enclosing);
            if let Some(place) = nested.and_then(|map| map.place(&pointer[enclosing.len()..])) {
                return Some(place);
            }
            if let Some(place) = self.places.get(enclosing) {
                return Some(*place);
            }
            enclosing = &enclosing[..enclosing.rfind('/')?];
        }
    }

    /// All entries, those of nested templates last.
    pub fn entries(&self) -> Box<dyn Iterator<Item = (Cow<'_, str>, Place)> + '_> {
        let own = self.places.iter().map(|(pointer, place)| (pointer.into(), *place));
        let nested = self.mounted.iter().flat_map(|(prefix, map)| {
            map.entries().map(move |(pointer, place)| (format!("{prefix}{pointer}").into(), place))
        });
        Box::new(own.chain(nested))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{FileId, Span};

    fn place(at: u32) -> Place {
        Place { file: FileId(0), span: Span::new(at, at + 1) }
    }

    #[test]
    fn finds_the_nearest_place_through_nested_templates() {
        let mut nested = SourceMap::default();
        nested.insert("/resources/b", place(2));
        let mut map = SourceMap::default();
        map.insert("/resources/a", place(1));
        map.mount("/resources/a/properties/template", Arc::new(nested));
        let inner = "/resources/a/properties/template/resources/b";
        assert_eq!(map.place(&format!("{inner}/name")), Some(place(2)));
        assert_eq!(map.place("/resources/a/properties/template/outputs"), Some(place(1)));
        assert_eq!(map.place("/variables"), None);
        assert_eq!(map.entries().last(), Some((inner.into(), place(2))));
    }
}
