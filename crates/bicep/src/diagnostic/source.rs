use std::ops::Range;
use std::sync::OnceLock;

use super::printable::one_line;

/// A byte range of one file; `end` is exclusive. Files are limited to 4 GiB, and limits elsewhere are
/// far lower, so that 32 bits hold every offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range between two offsets.
    pub fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether another one lies in it.
    pub fn contains(self, inner: Self) -> bool {
        self.start <= inner.start && inner.end <= self.end
    }

    /// Whether it holds nothing, and so stands for the position between two characters.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// As indices into the text.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Names a file of a [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A range of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The range in it.
    pub span: Span,
}

impl Place {
    /// The same place after the files of its [`Sources`] were added to another, `by` files further on.
    #[must_use]
    pub fn moved(self, by: u32) -> Self {
        Self { file: FileId(self.file.0 + by), span: self.span }
    }
}

/// A position as people count: both from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A named text: a config, a template, a rendered or compiled file.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The path as the user would write it.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// It was rendered or compiled, so that it stands in no file of the user's.
    pub generated: bool,
    /// Found when a line is first asked for: most files are read without a finding.
    line_starts: OnceLock<Vec<u32>>,
    /// How many characters start before each [`STRIDE`] of bytes. Found when a long line is first asked for: without
    /// it, many findings in one line would each count from its start.
    characters: OnceLock<Vec<u32>>,
}

/// In bytes.
const STRIDE: usize = 4096;

impl SourceFile {
    fn new(name: String, text: String) -> Self {
        let (line_starts, characters) = (OnceLock::new(), OnceLock::new());
        Self { name, text, generated: false, line_starts, characters }
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let ends = memchr::memchr_iter(b'\n', self.text.as_bytes());
            std::iter::once(0).chain(ends.map(|at| offset(at + 1))).collect()
        })
    }

    /// Line and column of a byte offset; an offset past the end gives the end.
    pub fn line_column(&self, at: u32) -> LineColumn {
        let at = at.min(offset(self.text.len()));
        let line = self.line_starts().partition_point(|start| *start <= at);
        let (start, at) = (self.line_starts()[line - 1] as usize, at as usize);
        let column = if at - start <= STRIDE {
            started(&self.text.as_bytes()[start..at])
        } else {
            self.characters_before(at) - self.characters_before(start)
        };
        LineColumn { line, column: column + 1 }
    }

    fn characters_before(&self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let strides = self.characters.get_or_init(|| {
            let mut before = 0;
            let ends = bytes.chunks(STRIDE).map(|stride| {
                before += started(stride);
                offset(before)
            });
            std::iter::once(0).chain(ends).collect()
        });
        let stride = at / STRIDE;
        strides[stride] as usize + started(&bytes[stride * STRIDE..at])
    }

    /// The bytes of a line (from 0), its end included.
    pub fn line_range(&self, index: usize) -> Option<Range<usize>> {
        let start = *self.line_starts().get(index)? as usize;
        let end = self.line_starts().get(index + 1).map_or(self.text.len(), |next| *next as usize);
        Some(start..end)
    }

    /// The text of a line (from 1) without its end, or nothing.
    pub fn line(&self, line: usize) -> &str {
        let range = line.checked_sub(1).and_then(|index| self.line_range(index));
        let text = range.and_then(|range| self.text.get(range)).unwrap_or("");
        text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line))
    }
}

/// How many characters of UTF-8 start in these bytes.
fn started(bytes: &[u8]) -> usize {
    let continues = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
    bytes.iter().filter(|byte| !continues(byte)).count()
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Every text that a diagnostic may point into.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// No files yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file and names it.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        self.files.push(SourceFile::new(one_line(&name.into()), text.into()));
        FileId(offset(self.files.len() - 1))
    }

    /// How many files there are.
    pub fn len(&self) -> u32 {
        offset(self.files.len())
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The text at a place.
    pub fn text(&self, place: Place) -> Option<&str> {
        self.files.get(place.file.0 as usize)?.text.get(place.span.range())
    }

    /// Hides a secret: each byte becomes an asterisk, so that places stay where they are.
    pub fn mask(&mut self, place: Place) {
        let Some(file) = self.files.get_mut(place.file.0 as usize) else { return };
        let range = place.span.range();
        if let Some(secret) = file.text.get(range.clone()) {
            let hidden: String =
                secret.bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }).collect();
            file.text.replace_range(range, &hidden);
        }
    }

    /// Adds the files of another, and gives by how many files their places move.
    pub fn append(&mut self, other: Self) -> u32 {
        let by = offset(self.files.len());
        self.files.extend(other.files);
        by
    }

    /// Says that the files of a folder were rendered or compiled.
    pub fn mark_generated(&mut self, folder: &str) {
        for file in &mut self.files {
            let below = file.name.strip_prefix(folder);
            file.generated |= below.is_some_and(|rest| rest.starts_with('/'));
        }
    }

    /// The file of this name.
    ///
    /// # Panics
    /// If the name is of another `Sources`: a mistake of the program.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// All files, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        (0..).map(FileId).zip(&self.files)
    }

    /// `file:line:column` of a place.
    pub fn position(&self, place: Place) -> (&str, LineColumn) {
        let file = self.file(place.file);
        (&file.name, file.line_column(place.span.start))
    }
}

#[cfg(test)]
mod tests {
    use super::{LineColumn, STRIDE, Sources};

    #[test]
    fn a_line_has_no_end() {
        let mut sources = Sources::new();
        let text = "a\r\n\r\nb\r\r\n\nc\r";
        let file = sources.add("config.yaml", text);
        let lines = (1..=5).map(|line| sources.file(file).line(line));
        assert!(lines.eq(text.lines()));
        assert_eq!((sources.file(file).line(0), sources.file(file).line(6)), ("", ""));
    }

    #[test]
    fn a_column_of_a_long_line_counts_characters() {
        let long = "aß€😀".repeat(STRIDE);
        let exact = "b".repeat(STRIDE - 1);
        for text in [format!("{exact}\n{long}\n{long}x"), exact.clone(), format!("{long}\n{exact}")]
        {
            let mut sources = Sources::new();
            let file = sources.add("config.yaml", text.as_str());
            let (mut line, mut column) = (1, 1);
            let mut expected = Vec::new();
            for (at, character) in text.char_indices() {
                expected.push((at, LineColumn { line, column }));
                (line, column) = if character == '\n' { (line + 1, 1) } else { (line, column + 1) };
            }
            expected.push((text.len(), LineColumn { line, column }));
            for (at, position) in expected {
                let at = u32::try_from(at).expect("a short text");
                assert_eq!(sources.file(file).line_column(at), position, "at {at}");
            }
        }
    }
}
