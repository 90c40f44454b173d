use std::cmp::Ordering;

use memchr::{memchr, memrchr};

use super::Date;
use crate::diagnostic::Fact;

/// A TSV file of facts: comment lines that say what it holds, a header, and rows sorted by their first cell
/// without regard to case. The last two columns of every table are the row's source and the day on which it
/// was last looked at.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    name: &'static str,
    text: &'static str,
    /// Where the comments end and the names of the columns begin. A look-up does not search for it.
    header: usize,
}

impl Table {
    /// The table of an embedded file, under its name without `.tsv`.
    pub const fn new(name: &'static str, text: &'static str) -> Self {
        let bytes = text.as_bytes();
        let (mut at, mut header) = (0, 0);
        while at < bytes.len() && bytes[header] == b'#' {
            at += 1;
            if bytes[at - 1] == b'\n' {
                header = at;
            }
        }
        Self { name, text, header }
    }

    /// Its name, `vm-sizes`.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Whether each row has a key of its own, by which it is found.
    pub fn has_keys(self) -> bool {
        !matches!(
            self.name,
            "comparisons"
                | "defaults"
                | "mutability"
                | "property-keys"
                | "security"
                | "what-if-noise"
        )
    }

    /// What the comments of the file say, in one text.
    pub fn about(self) -> String {
        let comments = self.text.lines().take_while(|line| line.starts_with('#'));
        let words = comments.map(|line| line.trim_start_matches('#').trim());
        words.collect::<Vec<_>>().join(" ")
    }

    /// Where a row comes from. The comments of a table may give its sources a letter each (`Source keys: A …, B …`).
    pub fn source(self, row: Row) -> String {
        let own = row.source();
        let (letters, more) =
            own.split_once("; ").map_or((own, None), |(one, rest)| (one, Some(rest)));
        let about = self.about();
        let keys = about.split_once("Source keys: ").map_or("", |(_, keys)| keys);
        let keys = keys.trim_end_matches('.');
        let meaning = |letter: &str| {
            let mut sources = keys.split(", ").filter_map(|source| source.split_once(' '));
            sources.find(|(key, _)| *key == letter).map(|(_, source)| source)
        };
        let names: Option<Vec<&str>> = letters.split('+').map(meaning).collect();
        let Some(mut names) = names else { return own.to_owned() };
        names.extend(more);
        names.join("; ")
    }

    /// What a finding says of a row on which it rests.
    pub fn fact(self, row: Row) -> Fact {
        Fact {
            table: self.name.to_owned(),
            row: row.key().to_owned(),
            source: self.source(row),
            checked: row.cell_from_end(0).to_owned(),
        }
    }

    /// The fact of the row of a key.
    pub fn fact_of(self, key: &str) -> Option<Fact> {
        self.find(key).map(|row| self.fact(row))
    }

    /// The names of the columns.
    pub fn columns(self) -> impl Iterator<Item = &'static str> {
        self.header().0.split('\t')
    }

    /// All rows, in order.
    pub fn rows(self) -> impl Iterator<Item = Row> {
        self.lines().map(Row)
    }

    /// The text of all rows, in order.
    pub fn lines(self) -> impl Iterator<Item = &'static str> {
        let mut rest = self.header().1;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let end = memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
            let line = &rest[..end];
            rest = rest.get(end + 1..).unwrap_or("");
            Some(line)
        })
    }

    /// The oldest day on which a row was last looked up.
    pub fn oldest(self) -> Option<Date> {
        self.rows().filter_map(Row::checked).min()
    }

    /// The row of a key, by binary search over the text: a look-up parses no other row.
    pub fn find(self, key: &str) -> Option<Row> {
        let mut rest = self.header().1;
        while !rest.is_empty() {
            let bytes = rest.as_bytes();
            let start = memrchr(b'\n', &bytes[..rest.len() / 2]).map_or(0, |newline| newline + 1);
            let end = memchr(b'\n', &bytes[start..]).map_or(rest.len(), |length| start + length);
            let row = Row(&rest[start..end]);
            match compare(key, row.key()) {
                Ordering::Equal => return Some(row),
                Ordering::Less => rest = &rest[..start],
                Ordering::Greater => rest = rest.get(end + 1..).unwrap_or(""),
            }
        }
        None
    }

    fn header(self) -> (&'static str, &'static str) {
        let rest = &self.text[self.header..];
        let end = memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        (&rest[..end], rest.get(end + 1..).unwrap_or(""))
    }
}

/// One row of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row(&'static str);

impl Row {
    /// The first cell.
    pub fn key(self) -> &'static str {
        &self.0[..memchr(b'\t', self.0.as_bytes()).unwrap_or(self.0.len())]
    }

    /// Where the row comes from: the last cell but one.
    pub fn source(self) -> &'static str {
        self.cell_from_end(1)
    }

    /// The day on which somebody last looked the row up: the last cell.
    pub fn checked(self) -> Option<Date> {
        Date::parse(self.cell_from_end(0))
    }

    fn cell_from_end(self, back: usize) -> &'static str {
        self.0.rsplit('\t').nth(back).unwrap_or("")
    }

    /// All cells.
    pub fn all_cells(self) -> impl Iterator<Item = &'static str> {
        self.0.split('\t')
    }

    /// The first `N` cells; a cell that the row lacks is empty.
    pub fn cells<const N: usize>(self) -> [&'static str; N] {
        let (mut cells, mut rest) = ([""; N], self.0);
        for cell in &mut cells {
            let end = memchr(b'\t', rest.as_bytes()).unwrap_or(rest.len());
            (*cell, rest) = (&rest[..end], rest.get(end + 1..).unwrap_or(""));
        }
        cells
    }
}

fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    // Keys begin alike, and comparing letters as they are is faster.
    let same = left.iter().zip(right).take_while(|(one, other)| one == other).count();
    let (left, right) = (left[same..].iter(), right[same..].iter());
    left.map(u8::to_ascii_lowercase).cmp(right.map(u8::to_ascii_lowercase))
}
