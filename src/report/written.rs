//! What a template writes: its own text, and the parts that it inserts, which were written before.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use handlebars::Output;

use super::bounds::MAX_REPORT;
use super::store::{Kept, Store};

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
    parts: Vec<Kept>,
    store: Arc<Store>,
}

impl Report {
    /// A report of pieces, with the parts that wait in a store.
    pub(super) fn new(pieces: Vec<Piece>, parts: Vec<Kept>, store: Arc<Store>) -> Self {
        Self { pieces, parts, store }
    }

    fn texts(&self) -> impl Iterator<Item = io::Result<Cow<'_, str>>> {
        self.pieces.iter().map(|piece| match piece {
            Piece::Own(text) => Ok(text.into()),
            Piece::Part(number) => {
                self.parts.get(*number).map_or(Ok("".into()), |part| self.store.get(part))
            }
        })
    }

    /// All of it joined, in no more memory than it needs.
    pub(super) fn joined(&self) -> io::Result<String> {
        let mut joined = String::with_capacity(self.len());
        for text in self.texts() {
            joined.push_str(&text?);
        }
        Ok(joined)
    }

    /// How long it is.
    pub(super) fn len(&self) -> usize {
        let lengths = self.pieces.iter().map(|piece| match piece {
            Piece::Own(text) => text.len(),
            Piece::Part(number) => self.parts.get(*number).map_or(0, Kept::len),
        });
        lengths.fold(0, usize::saturating_add)
    }
}

impl From<String> for Report {
    fn from(text: String) -> Self {
        Self { pieces: vec![Piece::Own(text)], ..Self::default() }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.texts().try_for_each(|text| out.write_str(&text.map_err(|_| fmt::Error)?))
    }
}
