//! Where the written parts of a report wait until the whole is put together.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::{Mutex, PoisonError};

use crate::diagnostic::Diagnostic;

/// The parts of a report. With a file, they take no memory, so that a fleet takes no more than a few configs.
#[derive(Debug, Default)]
pub(super) struct Store(Mutex<Option<Room>>);

/// A file, and how much of it is taken.
#[derive(Debug)]
struct Room {
    file: File,
    end: u64,
}

/// A part: its text, or its place in the file and its length.
#[derive(Debug)]
pub(super) enum Kept {
    Text(String),
    At(u64, usize),
}

impl Store {
    pub(super) fn in_file(file: File) -> Self {
        Self(Mutex::new(Some(Room { file, end: 0 })))
    }

    /// Keeps a text, in memory if there is no file or if the file cannot take it.
    pub(super) fn put(&self, text: String) -> Kept {
        let mut room = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match room.as_mut().map(|room| room.put(&text)) {
            Some(Ok(at)) => Kept::At(at, text.len()),
            _ => Kept::Text(text),
        }
    }

    /// The text that was kept.
    pub(super) fn get<'a>(&self, kept: &'a Kept) -> io::Result<Cow<'a, str>> {
        let (at, length) = match kept {
            Kept::Text(text) => return Ok(text.into()),
            Kept::At(at, length) => (*at, *length),
        };
        let mut room = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = room.as_mut().ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = vec![0; length];
        room.file.seek(SeekFrom::Start(at))?;
        room.file.read_exact(&mut bytes)?;
        String::from_utf8(bytes).map(Cow::from).map_err(io::Error::other)
    }
}

impl Room {
    fn put(&mut self, text: &str) -> io::Result<u64> {
        let at = self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(text.as_bytes())?;
        self.end = at + text.len() as u64;
        Ok(at)
    }
}

impl Kept {
    /// How long the text is.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::At(_, length) => *length,
        }
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// What is said where a text cannot be read from the file.
#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
pub(super) fn unreadable(error: io::Error) -> Box<Diagnostic> {
    let finding = Diagnostic::error("PB2501", "the parts of the review cannot be read again")
        .reason(error.to_string())
        .help("check the folder for temporary files, and run the command again");
    Box::new(finding)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test opens a file that cannot be written")]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_given_back_wherever_it_waits() {
        for store in [Store::default(), Store::in_file(tempfile::tempfile().expect("a file"))] {
            let texts = ["", "one", "zwei ü", "three\n"];
            let kept = texts.map(|text| store.put(text.to_owned()));
            for (kept, text) in kept.iter().zip(texts).rev() {
                assert_eq!(store.get(kept).expect("it is there"), text);
                assert_eq!(kept.len(), text.len());
            }
            let last = store.put("last".to_owned());
            assert_eq!(store.get(&last).expect("it is there"), "last");
        }
    }

    /// As a full disk does.
    #[test]
    fn what_the_file_does_not_take_stays_in_memory() {
        let path = tempfile::NamedTempFile::new().expect("a file").into_temp_path();
        let store = Store::in_file(File::open(&path).expect("it is read only"));
        let kept = store.put("text".to_owned());
        assert!(matches!(kept, Kept::Text(_)), "{kept:?}");
        assert_eq!(store.get(&kept).expect("it is there"), "text");
    }
}
