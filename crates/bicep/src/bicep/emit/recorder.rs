use crate::arm::SourceMap;
use crate::diagnostic::{Place, pointer};

/// Notes where each value of the template came from while it is written.
#[derive(Debug, Default)]
pub struct Recorder {
    pointer: String,
    lengths: Vec<usize>,
    map: SourceMap,
}

impl Recorder {
    /// Writes a part that came from a place.
    pub fn at<T>(&mut self, segment: &str, place: Place, write: impl FnOnce(&mut Self) -> T) -> T {
        self.enter(segment, place);
        let written = write(self);
        self.leave();
        written
    }

    /// Notes that a whole template with its own map stands here.
    pub fn mount(&mut self, segment: &str, map: SourceMap) {
        self.map.mount(format!("{}/{segment}", self.pointer), map);
    }

    /// What was noted.
    pub fn into_map(self) -> SourceMap {
        self.map
    }

    fn push(&mut self, segment: &str) {
        self.lengths.push(self.pointer.len());
        self.pointer.push('/');
        self.pointer.push_str(&pointer::escape(segment));
    }

    pub fn enter(&mut self, segment: &str, place: Place) {
        self.push(segment);
        self.map.insert(self.pointer.clone(), place);
    }

    pub fn leave(&mut self) {
        let length = self.lengths.pop().unwrap_or(0);
        self.pointer.truncate(length);
    }
}
