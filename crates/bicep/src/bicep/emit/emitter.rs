use crate::arm::SourceMap;
use crate::diagnostic::{Place, pointer};

/// Writes a template, and notes where each part of it came from.
#[derive(Debug, Default)]
pub struct Emitter {
    pointer: String,
    map: SourceMap,
}

impl Emitter {
    /// Writes a part that came from a place, if it has one.
    pub fn at<T>(
        &mut self,
        segment: &str,
        place: impl Into<Option<Place>>,
        write: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&pointer::escape(segment));
        if let Some(place) = place.into() {
            self.map.insert(self.pointer.clone(), place);
        }
        let written = write(self);
        self.pointer.truncate(length);
        written
    }

    /// Writes a part that has no place of its own.
    pub fn within<T>(&mut self, segment: &str, write: impl FnOnce(&mut Self) -> T) -> T {
        self.at(segment, None, write)
    }

    /// Notes where a part came from that holds nothing more.
    pub fn note(&mut self, segment: &str, place: impl Into<Option<Place>>) {
        self.at(segment, place, |_| ());
    }

    /// Notes that a whole template with its own map stands here.
    pub fn mount(&mut self, segment: &str, map: SourceMap) {
        self.map.mount(format!("{}/{segment}", self.pointer), map);
    }

    /// What was noted.
    pub fn into_map(self) -> SourceMap {
        self.map
    }
}
