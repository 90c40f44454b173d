use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};
use serde_json::{Map, Number, Value};

use super::{Entry, Limits, Problem, ProblemKind};
use crate::diagnostic::{FileId, Place, Span, pointer};

/// Reads the events of one document.
pub(super) struct Reader<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    limits: Limits,
    /// The file whose places are kept, if they are.
    file: Option<FileId>,
    /// Byte offset of every character; empty when the text is ASCII and they are the same.
    bytes: Vec<u32>,
    entries: BTreeMap<String, Entry>,
    anchors: BTreeMap<usize, Value>,
    values: usize,
    /// What the anchors hold; values inside one another are held more than once.
    anchored: usize,
}

/// An event with its place in the text.
type Placed<'t> = (Event<'t>, Span);

impl<'t> Reader<'t> {
    pub fn new(text: &'t str, limits: Limits, file: Option<FileId>) -> Self {
        let bytes = if text.is_ascii() {
            Vec::new()
        } else {
            let ends = std::iter::once(text.len());
            text.char_indices()
                .map(|(at, _)| at)
                .chain(ends)
                .map(|at| u32::try_from(at).unwrap_or(u32::MAX))
                .collect()
        };
        Self {
            text,
            parser: Parser::new_from_str(text),
            limits,
            file,
            bytes,
            entries: BTreeMap::new(),
            anchors: BTreeMap::new(),
            values: 0,
            anchored: 0,
        }
    }

    /// The document, and the places of its values if they are kept.
    pub fn document(mut self) -> Result<(Value, BTreeMap<String, Entry>), Problem> {
        loop {
            match self.next()? {
                (Event::StreamEnd, place) => return Err(failed(ProblemKind::Empty, place)),
                (Event::DocumentStart(_), _) => break,
                _ => {}
            }
        }
        let (event, place) = self.next()?;
        let (value, _) = self.value(event, place, None, &mut String::new(), 0)?;
        loop {
            match self.next()? {
                (Event::DocumentStart(_), place) => {
                    return Err(failed(ProblemKind::SeveralDocuments, place));
                }
                (Event::StreamEnd, _) => break,
                _ => {}
            }
        }
        if value.is_null() {
            return Err(failed(ProblemKind::Empty, place));
        }
        Ok((value, self.entries))
    }

    fn byte(&self, character: usize) -> u32 {
        if self.bytes.is_empty() {
            return u32::try_from(character).unwrap_or(u32::MAX);
        }
        self.bytes.get(character).or(self.bytes.last()).copied().unwrap_or(0)
    }

    fn span(&self, span: saphyr_parser::Span) -> Span {
        let start = self.byte(span.start.index());
        Span::new(start, self.byte(span.end.index()).max(start))
    }

    fn next(&mut self) -> Result<Placed<'t>, Problem> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.span(span))),
            Some(Err(error)) => {
                let at = self.byte(error.marker().index());
                let kind = if error.info().contains("recursion limit") {
                    ProblemKind::TooDeep(self.limits.depth)
                } else {
                    self.invalid(&error)
                };
                Err(failed(kind, Span::new(at, at)))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// The parser stops at most one character after one that YAML does not allow.
    fn invalid(&self, error: &saphyr_parser::ScanError) -> ProblemKind {
        let at = self.byte(error.marker().index()) as usize;
        let near = self.text.get(..at).unwrap_or_default();
        let control = |c: &char| c.is_control() && !matches!(c, '\t' | '\r' | '\n' | '\u{85}');
        let next = self.text.get(at..).unwrap_or_default().chars().next();
        match next.into_iter().chain(near.chars().next_back()).find(control) {
            Some(control) => ProblemKind::Control(control),
            None => ProblemKind::Invalid(error.info().to_owned()),
        }
    }

    fn value(
        &mut self,
        event: Event<'t>,
        place: Span,
        key: Option<Span>,
        pointer: &mut String,
        depth: usize,
    ) -> Result<(Value, Span), Problem> {
        // A long path repeated for every value below it must weigh too.
        self.count(place, 1 + pointer.len() / 128)?;
        if depth > self.limits.depth {
            return Err(failed(ProblemKind::TooDeep(self.limits.depth), place));
        }
        let mut line = FirstLine::of(place);
        let (value, anchor, end) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (scalar(&text, style, tag.is_some()), anchor, place)
            }
            Event::SequenceStart(anchor, _) => {
                let (value, end) = self.sequence(pointer, depth, &mut line)?;
                (value, anchor, end)
            }
            Event::MappingStart(anchor, _) => {
                let (value, end) = self.mapping(pointer, depth, &mut line)?;
                (value, anchor, end)
            }
            Event::Alias(anchor) => (self.repeated(anchor, place)?, 0, place),
            _ => (Value::Null, 0, place),
        };
        if anchor > 0 {
            self.anchored += size(&value);
            if self.anchored > self.limits.values {
                return Err(failed(ProblemKind::TooManyValues(self.limits.values), place));
            }
            self.anchors.insert(anchor, value.clone());
        }
        let whole = line.without_comment(self.text, self.first_line(place.to(end)));
        if let Some(file) = self.file {
            let at = |span| Place { file, span };
            self.entries.insert(pointer.clone(), Entry { key: key.map(at), value: at(whole) });
        }
        Ok((value, whole))
    }

    /// A copy of what an anchor names, counted before it is made.
    fn repeated(&mut self, anchor: usize, place: Span) -> Result<Value, Problem> {
        let size = self.anchors.get(&anchor).map(size);
        self.count(place, size.ok_or_else(|| failed(ProblemKind::AliasOfItself, place))?)?;
        Ok(self.anchors.get(&anchor).cloned().unwrap_or_default())
    }

    /// An excerpt shows one line; a collection is named by its first.
    fn first_line(&self, span: Span) -> Span {
        let text = self.text.get(span.range()).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default().trim_end();
        Span::new(span.start, span.start + u32::try_from(line.len()).unwrap_or(0))
    }

    fn count(&mut self, place: Span, more: usize) -> Result<(), Problem> {
        self.values += more;
        if self.values <= self.limits.values {
            return Ok(());
        }
        Err(failed(ProblemKind::TooManyValues(self.limits.values), place))
    }

    fn sequence(
        &mut self,
        pointer: &mut String,
        depth: usize,
        line: &mut FirstLine,
    ) -> Result<(Value, Span), Problem> {
        let mut items = Vec::new();
        loop {
            let (event, place) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok((Value::Array(items), end_of(place)));
            }
            let length = pointer.len();
            pointer.push('/');
            pointer.push_str(&items.len().to_string());
            let (value, whole) = self.value(event, place, None, pointer, depth + 1)?;
            line.extend_to(self.text, whole);
            items.push(value);
            pointer.truncate(length);
        }
    }

    fn mapping(
        &mut self,
        pointer: &mut String,
        depth: usize,
        line: &mut FirstLine,
    ) -> Result<(Value, Span), Problem> {
        let mut map = Map::new();
        let mut keys: BTreeMap<String, Span> = BTreeMap::new();
        loop {
            let (event, key) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok((Value::Object(map), end_of(key)));
            }
            let name = self.key(event, key)?.into_owned();
            if let Some(first) = keys.insert(name.clone(), key) {
                return Err(failed(ProblemKind::GivenTwice { key: name, first }, key));
            }
            let length = pointer.len();
            pointer.push('/');
            pointer.push_str(&pointer::escape(&name));
            let (event, place) = self.next()?;
            let (value, whole) = self.value(event, place, Some(key), pointer, depth + 1)?;
            line.extend_to(self.text, key);
            line.extend_to(self.text, whole);
            pointer.truncate(length);
            map.insert(name, value);
        }
    }

    fn key(&self, event: Event<'t>, place: Span) -> Result<Cow<'t, str>, Problem> {
        let most = self.limits.key_bytes;
        match event {
            Event::Scalar(text, ..) if text.len() > most => {
                Err(failed(ProblemKind::LongKey(most), self.first_line(place)))
            }
            Event::Scalar(text, ..) => Ok(text),
            _ => Err(failed(ProblemKind::KeyIsNoText, place)),
        }
    }
}

fn failed(kind: ProblemKind, place: Span) -> Problem {
    Problem { kind, place }
}

/// Block collections end where the next token starts; the excerpt should stop before.
fn end_of(place: Span) -> Span {
    Span::new(place.start, place.start)
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(size).sum::<usize>(),
        // A long text repeated by aliases must weigh too.
        Value::String(text) => 1 + text.len() / 64,
        _ => 1,
    }
}

/// Where what a collection holds on its first line ends.
#[derive(Debug, Clone, Copy)]
struct FirstLine {
    end: u32,
    is_over: bool,
}

impl FirstLine {
    fn of(place: Span) -> Self {
        Self { end: place.start, is_over: false }
    }

    fn extend_to(&mut self, text: &str, part: Span) {
        let between = text.get(self.end as usize..part.start as usize).unwrap_or_default();
        self.is_over |= between.contains('\n');
        if !self.is_over {
            self.end = self.end.max(part.end);
        }
    }

    /// The span up to the comment that stands behind what the collection holds.
    fn without_comment(self, text: &str, span: Span) -> Span {
        let behind = text.get(self.end as usize..span.end as usize).unwrap_or_default();
        let comment = self.end > span.start && behind.trim_start().starts_with('#');
        if comment { Span::new(span.start, self.end) } else { span }
    }
}

/// A plain scalar by the YAML 1.2 core schema; quoted ones and tagged ones are text.
fn scalar(text: &str, style: ScalarStyle, tagged: bool) -> Value {
    if style != ScalarStyle::Plain || tagged {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

fn number(text: &str) -> Option<Number> {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return i64::from_str_radix(digits, radix).ok().map(Into::into);
        }
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let numeric = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.contains(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    if !numeric {
        return None;
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    if let Ok(whole) = text.parse::<u64>() {
        return Some(whole.into());
    }
    text.parse().ok().and_then(Number::from_f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { bytes: 4096, depth: 8, values: 100, key_bytes: 64 };

    /// What the places of a text cover, by pointer.
    fn covered(text: &str) -> BTreeMap<String, &str> {
        let document = Reader::new(text, LIMITS, Some(FileId(0))).document();
        let (_, entries) = document.expect("the text is YAML");
        let part = |(pointer, entry): (String, Entry)| (pointer, &text[entry.value.span.range()]);
        entries.into_iter().map(part).collect()
    }

    #[test]
    fn a_place_ends_before_the_comment_behind_the_value() {
        let text = "build: # how\n  context: . # where\n  args: { A: \"#1\" } # both\nlist:\n  - a # first\n  - b\n";
        let covered = covered(text);
        assert_eq!(covered["/build/context"], ".");
        assert_eq!(covered["/build"], "context: .");
        assert!(!covered["/build/args"].contains("both"), "{}", covered["/build/args"]);
        assert!(covered["/build/args"].contains("\"#1\""), "{}", covered["/build/args"]);
        assert_eq!(covered["/list"], "- a");
        assert_eq!(covered["/list/0"], "a");
    }
}
