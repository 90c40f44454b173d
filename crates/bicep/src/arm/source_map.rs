use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::HashMap;

use crate::diagnostic::Place;

/// From JSON pointers (RFC 6901) of a template to the Bicep that they came from. A copy costs nothing: all that one
/// compilation found is shared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceMap {
    found: Arc<Found>,
    /// By how many files every place is moved.
    moved: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Found {
    // Pointers differ near their ends, so that keeping them in order compares long texts.
    places: HashMap<String, Place>,
    // The maps of nested templates, by where these stand. They are shared: one module may stand often.
    mounted: BTreeMap<String, SourceMap>,
}

impl SourceMap {
    /// Records where the value at a pointer came from.
    pub fn insert(&mut self, pointer: impl Into<String>, place: Place) {
        Arc::make_mut(&mut self.found).places.insert(pointer.into(), place);
    }

    /// Records that a whole nested template stands at a pointer.
    pub fn mount(&mut self, pointer: impl Into<String>, map: Self) {
        Arc::make_mut(&mut self.found).mounted.insert(pointer.into(), map);
    }

    /// Moves every place by so many files.
    pub fn move_files(&mut self, by: u32) {
        self.moved += by;
    }

    /// The place of the value at a pointer, or of the nearest enclosing value that has one.
    pub fn place(&self, pointer: &str) -> Option<Place> {
        let mut enclosing = pointer;
        loop {
            let nested = self.found.mounted.get(enclosing);
            let nested = nested.and_then(|map| map.place(&pointer[enclosing.len()..]));
            if let Some(place) = nested.or_else(|| self.found.places.get(enclosing).copied()) {
                return Some(place.moved(self.moved));
            }
            enclosing = &enclosing[..enclosing.rfind('/')?];
        }
    }

    /// All entries in the order of their pointers, those of nested templates last.
    pub fn entries(&self) -> Box<dyn Iterator<Item = (Cow<'_, str>, Place)> + '_> {
        let mut own: Vec<_> = self.found.places.iter().collect();
        own.sort_unstable_by_key(|(pointer, _)| *pointer);
        let own = own.into_iter().map(|(pointer, place)| (pointer.into(), *place));
        let nested = self.found.mounted.iter().flat_map(|(prefix, map)| {
            map.entries().map(move |(pointer, place)| (format!("{prefix}{pointer}").into(), place))
        });
        Box::new(own.chain(nested).map(|(pointer, place)| (pointer, place.moved(self.moved))))
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
        nested.insert("/outputs", place(3));
        let mut map = SourceMap::default();
        map.insert("/resources/a", place(1));
        nested.move_files(1);
        map.mount("/resources/a/properties/template", nested);
        map.move_files(2);
        let inner = "/resources/a/properties/template/resources/b";
        assert_eq!(map.place(&format!("{inner}/name")), Some(place(2).moved(3)));
        let parameters = "/resources/a/properties/template/parameters";
        assert_eq!(map.place(parameters), Some(place(1).moved(2)));
        assert_eq!(map.place("/variables"), None);
        assert_eq!(map.entries().last(), Some((inner.into(), place(2).moved(3))));
        let pointers: Vec<_> = map.entries().map(|(pointer, _)| pointer).collect();
        let outputs = "/resources/a/properties/template/outputs";
        assert_eq!(pointers, ["/resources/a", outputs, inner]);
    }
}
