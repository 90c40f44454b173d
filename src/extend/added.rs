use std::collections::BTreeMap;

use crate::diagnostic::FileId;

/// The Bicep files that a config adds, by the JSON pointer at which it names them.
#[derive(Debug, Clone, Default)]
pub struct Added {
    files: BTreeMap<String, AddedText>,
}

/// A Bicep file that a config adds.
#[derive(Debug, Clone)]
pub(super) struct AddedText {
    /// Its path, as the config names it.
    pub(super) path: String,
    /// It among the sources.
    pub(super) file: FileId,
    pub(super) text: String,
}

impl Added {
    /// Adds a file.
    pub fn insert(&mut self, pointer: String, path: &str, file: FileId, text: String) {
        self.files.insert(pointer, AddedText { path: path.to_owned(), file, text });
    }

    pub(super) fn get(&self, pointer: &str) -> Option<&AddedText> {
        self.files.get(pointer)
    }

    /// Path and text of each file, in order.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.values().map(|file| (file.path.as_str(), file.text.as_str()))
    }
}
