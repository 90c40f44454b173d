//! What a template writes: its own text, and the parts that it inserts, which were written before.

use std::fmt;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use handlebars::Output;

use super::bounds::MAX_REPORT;

/// A piece of a report.
#[derive(Debug)]
pub(super) enum Piece {
    /// Text that stands here.
    Own(String),
    /// A part, by its number.
    Part(usize),
}

/// What a template has written so far. Its engine writes text and a helper inserts parts, so that both hold it.
#[derive(Debug, Default)]
pub(super) struct Written(Mutex<Pieces>);

#[derive(Debug, Default)]
struct Pieces {
    pieces: Vec<Piece>,
    /// How long the own text is.
    length: usize,
}

impl Written {
    fn pieces(&self) -> MutexGuard<'_, Pieces> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Inserts a part.
    pub(super) fn insert(&self, part: usize) {
        self.pieces().pieces.push(Piece::Part(part));
    }

    /// All of it.
    pub(super) fn into_pieces(self) -> Vec<Piece> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).pieces
    }
}

impl Output for &Written {
    fn write(&mut self, text: &str) -> io::Result<()> {
        let mut written = self.pieces();
        written.length += text.len();
        if written.length > MAX_REPORT {
            let limit = format!("the report is larger than {} MiB", MAX_REPORT >> 20);
            return Err(io::Error::other(limit));
        }
        if let Some(Piece::Own(own)) = written.pieces.last_mut() {
            own.push_str(text);
        } else {
            written.pieces.push(Piece::Own(text.to_owned()));
        }
        Ok(())
    }
}

/// A whole report. It is kept in pieces, since joined it would stand in memory twice.
#[derive(Debug, Default)]
pub struct Report {
    pieces: Vec<Piece>,
    parts: Vec<String>,
}

impl Report {
    pub(super) fn new(pieces: Vec<Piece>, parts: Vec<String>) -> Self {
        Self { pieces, parts }
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().map(|piece| match piece {
            Piece::Own(text) => text,
            Piece::Part(number) => self.parts.get(*number).map_or("", String::as_str),
        })
    }

    /// All of it joined, in no more memory than it needs.
    pub(super) fn joined(&self) -> String {
        let mut joined = String::with_capacity(self.len());
        joined.extend(self.texts());
        joined
    }

    /// How long it is.
    pub(super) fn len(&self) -> usize {
        self.texts().map(str::len).fold(0, usize::saturating_add)
    }
}

impl From<Vec<String>> for Report {
    fn from(texts: Vec<String>) -> Self {
        Self::new(texts.into_iter().map(Piece::Own).collect(), Vec::new())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.texts().try_for_each(|text| out.write_str(text))
    }
}
