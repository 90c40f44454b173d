use std::collections::BTreeMap;

use super::layout::Layout;
use crate::catalog::Date;

/// Most rows of a file. A region has about 1,200 sizes.
const MAX_ROWS: usize = 20_000;

/// What is wrong with a file of an overlay, at which line (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line; 0 for the whole file.
    pub line: usize,
    /// What is wrong there.
    pub why: String,
}

impl Fault {
    fn at(line: usize, why: impl Into<String>) -> Self {
        Self { line, why: why.into() }
    }
}

/// The rows of one file, by key in lowercase.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rows {
    rows: BTreeMap<String, Vec<String>>,
}

impl Rows {
    /// Reads a file: comments, the line of column names, and rows sorted by their first cell.
    pub(super) fn read(layout: Layout, text: &str) -> Result<Self, Fault> {
        let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
        let mut lines = lines.filter(|(_, line)| !line.starts_with('#'));
        match lines.next() {
            Some((_, header)) if header == layout.header() => {}
            Some((at, _)) => {
                let wanted = layout.header().replace('\t', ", ");
                return Err(Fault::at(at, format!("the columns are not {wanted}")));
            }
            None => return Err(Fault::at(0, "it has no header row")),
        }
        let mut rows = BTreeMap::new();
        let mut previous = String::new();
        for (at, line) in lines {
            let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
            if cells.len() != layout.width() {
                let why = format!("the row has {} cells, not {}", cells.len(), layout.width());
                return Err(Fault::at(at, why));
            }
            let key = cells[0].to_lowercase();
            if key.is_empty() || key <= previous {
                return Err(Fault::at(at, "rows must be unique and sorted by their first cell"));
            }
            if Date::parse(&cells[layout.width() - 1]).is_none() {
                return Err(Fault::at(at, "the last cell is not a date of the form `YYYY-MM-DD`"));
            }
            if rows.len() == MAX_ROWS {
                return Err(Fault::at(at, format!("it has more than {MAX_ROWS} rows")));
            }
            previous.clone_from(&key);
            rows.insert(key, cells);
        }
        Ok(Self { rows })
    }

    /// Adds a row; of two with one key the later counts. Cells hold no tab and no line break, since a cell is data
    /// and the file's form is not.
    pub(super) fn add(&mut self, cells: Vec<String>) {
        let clean = |cell: String| -> String {
            cell.chars().filter(|c| !c.is_control()).take(MAX_CELL).collect()
        };
        let cells: Vec<String> = cells.into_iter().map(clean).collect();
        // A key that begins so would read as a comment.
        if !cells[0].is_empty() && !cells[0].starts_with('#') {
            self.rows.insert(cells[0].to_lowercase(), cells);
        }
    }

    /// Removes the rows whose keys begin with `prefix` and are not to `stay`, whatever their case.
    pub(super) fn forget(&mut self, prefix: &str, stay: impl Fn(&str) -> bool) {
        let prefix = prefix.to_lowercase();
        self.rows.retain(|key, _| !key.starts_with(&prefix) || stay(key));
    }

    /// The row of a key, whatever its case.
    pub(super) fn get(&self, key: &str) -> Option<&[String]> {
        self.rows.get(&key.to_lowercase()).map(Vec::as_slice)
    }

    /// All rows, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[String]> {
        self.rows.values().map(Vec::as_slice)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The text of the file.
    pub(super) fn text(&self, layout: Layout) -> String {
        let mut text = format!("# {}\n{}\n", layout.about, layout.header());
        for cells in self.rows.values() {
            text.push_str(&cells.join("\t"));
            text.push('\n');
        }
        text
    }
}

/// Longest cell, in characters. The API versions of one type are the longest.
const MAX_CELL: usize = 4_000;
