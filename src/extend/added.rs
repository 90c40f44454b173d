use std::collections::BTreeMap;

use super::references::Link;
use crate::diagnostic::FileId;

/// The Bicep files that a config adds, by the JSON pointer at which it names them, and the files that these name.
#[derive(Debug, Clone, Default)]
pub struct Added {
    files: BTreeMap<String, AddedText>,
    /// By their paths in the render.
    others: BTreeMap<String, OtherText>,
}

/// A Bicep file that a config adds.
#[derive(Debug, Clone)]
pub(super) struct AddedText {
    /// Its path, as the config names it.
    pub(super) path: String,
    /// It among the sources.
    pub(super) file: FileId,
    pub(super) text: String,
    /// The files that it names.
    pub(super) links: Vec<Link>,
}

/// A file that an added file names, directly or not.
#[derive(Debug, Clone)]
pub struct OtherText {
    /// It among the sources.
    pub file: FileId,
    /// Its text.
    pub text: String,
    /// It is a module or an import; otherwise its content is a value.
    pub is_code: bool,
    /// The files that it names.
    pub links: Vec<Link>,
}

impl Added {
    /// Adds a file that the config names.
    pub fn insert(
        &mut self,
        pointer: String,
        path: &str,
        file: FileId,
        text: String,
        links: Vec<Link>,
    ) {
        self.files.insert(pointer, AddedText { path: path.to_owned(), file, text, links });
    }

    /// Adds a file that another one names, by its path in the render.
    pub fn insert_other(&mut self, path: String, other: OtherText) {
        self.others.insert(path, other);
    }

    pub(super) fn get(&self, pointer: &str) -> Option<&AddedText> {
        self.files.get(pointer)
    }

    /// The files that links lead to, directly or not, with their paths in the render.
    pub(super) fn reached(&self, links: &[Link]) -> Vec<(&str, &OtherText)> {
        let mut reached: BTreeMap<&str, &OtherText> = BTreeMap::new();
        let mut open: Vec<&Link> = links.iter().collect();
        while let Some(link) = open.pop() {
            let Some((path, other)) = self.others.get_key_value(&link.to) else { continue };
            if reached.insert(path, other).is_none() {
                open.extend(&other.links);
            }
        }
        reached.into_iter().collect()
    }

    /// Path and text of each file, in order.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        let files = self.files.values().map(|file| (file.path.as_str(), file.text.as_str()));
        files.chain(self.others.iter().map(|(path, other)| (path.as_str(), other.text.as_str())))
    }
}
