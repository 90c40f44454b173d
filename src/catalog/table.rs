use std::cmp::Ordering;

use memchr::{memchr, memrchr};

/// A TSV file of facts: comment lines that name source and date, a header, and rows sorted by their first
/// cell without regard to case. The last column of every table is the row's source.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    text: &'static str,
}

impl Table {
    /// The table of an embedded file.
    pub const fn new(text: &'static str) -> Self {
        Self { text }
    }

    /// The names of the columns.
    pub fn columns(self) -> impl Iterator<Item = &'static str> {
        self.header().0.split('\t')
    }

    /// All rows, in order.
    pub fn rows(self) -> impl Iterator<Item = Row> {
        self.header().1.lines().map(Row)
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
        let mut rest = self.text;
        loop {
            let end = memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
            let (line, after) = (&rest[..end], rest.get(end + 1..).unwrap_or(""));
            if !line.starts_with('#') {
                return (line, after);
            }
            rest = after;
        }
    }
}

/// One row of a table.
#[derive(Debug, Clone, Copy)]
pub struct Row(&'static str);

impl Row {
    /// The first cell.
    pub fn key(self) -> &'static str {
        &self.0[..memchr(b'\t', self.0.as_bytes()).unwrap_or(self.0.len())]
    }

    /// The first `N` cells; a cell that the row lacks is empty.
    pub fn cells<const N: usize>(self) -> [&'static str; N] {
        let mut cells = [""; N];
        for (cell, text) in cells.iter_mut().zip(self.0.split('\t')) {
            *cell = text;
        }
        cells
    }
}

fn compare(left: &str, right: &str) -> Ordering {
    left.bytes()
        .map(|byte| byte.to_ascii_lowercase())
        .cmp(right.bytes().map(|byte| byte.to_ascii_lowercase()))
}
