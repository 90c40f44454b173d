//! YAML text with the place of every key and value, read under limits.

use std::collections::{BTreeMap, BTreeSet};

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};

use crate::diagnostic::{Diagnostic, Diagnostics, FileId, Place, Sources, Span};

/// Largest config in bytes. A hundred pools with long formulas fit in a tenth of it.
pub const MAX_BYTES: usize = 1024 * 1024;
/// Deepest nesting of mappings and sequences.
pub const MAX_DEPTH: usize = 32;
/// Most values in one document, aliases counted as often as they are used.
pub const MAX_VALUES: usize = 50_000;
/// Longest key in bytes: what YAML itself allows to a key without `?`.
pub const MAX_KEY_BYTES: usize = 1024;

/// Where a value stands: its key, if it has one, and the value itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The key of the mapping entry.
    pub key: Option<Place>,
    /// The value.
    pub value: Place,
}

/// A YAML document as JSON with the place of every value by JSON pointer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// The value.
    pub value: Value,
    entries: BTreeMap<String, Entry>,
}

impl Document {
    /// Place of the value at a pointer, or of the nearest enclosing value.
    pub fn place(&self, pointer: &str) -> Option<Place> {
        self.nearest(pointer).map(|entry| entry.value)
    }

    /// Place of the key at a pointer, else of its value, else of what encloses it.
    pub fn key_place(&self, pointer: &str) -> Option<Place> {
        self.nearest(pointer).map(|entry| entry.key.unwrap_or(entry.value))
    }

    fn nearest(&self, pointer: &str) -> Option<Entry> {
        let mut pointer = pointer;
        loop {
            if let Some(entry) = self.entries.get(pointer) {
                return Some(*entry);
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }

    /// Puts a value at a place of another origin, such as `--set`, making the way to it.
    pub fn set(&mut self, keys: &[&str], value: Value, origin: Place) -> Result<(), String> {
        let mut at = &mut self.value;
        let mut pointer = String::new();
        // What is made on the way has come with the value.
        let mut made = Vec::new();
        for key in keys {
            at = step(at, key)?;
            pointer.push('/');
            pointer.push_str(&escape(key));
            if at.is_null() {
                made.push(pointer.clone());
            }
        }
        *at = value;
        forget(&mut self.entries, &pointer);
        let entry = Entry { key: None, value: origin };
        self.entries.extend(made.into_iter().chain([pointer]).map(|pointer| (pointer, entry)));
        Ok(())
    }

    /// Takes a key of the mapping out, with what is below it, as a document of its own.
    pub fn take(&mut self, key: &str) -> Option<Self> {
        let value = self.value.as_object_mut()?.shift_remove(key)?;
        let pointer = format!("/{}", escape(key));
        let below = format!("{pointer}/");
        let of_key = |known: &String| *known == pointer || known.starts_with(&below);
        let (taken, kept) =
            std::mem::take(&mut self.entries).into_iter().partition(|(known, _)| of_key(known));
        self.entries = kept;
        let taken: BTreeMap<String, Entry> = taken;
        let entries = taken
            .into_iter()
            .map(|(known, entry)| (known[pointer.len()..].to_owned(), entry))
            .collect();
        Some(Self { value, entries })
    }

    /// Every pointer with its place, in order.
    pub fn entries(&self) -> impl Iterator<Item = (&str, Entry)> {
        self.entries.iter().map(|(pointer, entry)| (pointer.as_str(), *entry))
    }

    /// Lays another document over this one: mappings merge, a key set to nothing goes, everything else is
    /// replaced whole.
    pub fn overlay(&mut self, upper: Self) {
        let mut replaced = Vec::new();
        merge(&mut self.value, upper.value, String::new(), &mut replaced);
        for pointer in replaced {
            forget(&mut self.entries, &pointer);
        }
        let Self { value, entries } = self;
        // A key set to nothing has a place, but nothing stands there.
        entries.extend(
            upper.entries.into_iter().filter(|(pointer, _)| value.pointer(pointer).is_some()),
        );
    }
}

/// Takes out the place of a pointer and of all below it.
fn forget(entries: &mut BTreeMap<String, Entry>, pointer: &str) {
    entries.remove(pointer);
    let below = format!("{pointer}/");
    let known = entries.range(below.clone()..).map(|(known, _)| known);
    let gone: Vec<String> = known.take_while(|known| known.starts_with(&below)).cloned().collect();
    for pointer in gone {
        entries.remove(&pointer);
    }
}

fn merge(lower: &mut Value, upper: Value, pointer: String, replaced: &mut Vec<String>) {
    match (lower, upper) {
        (Value::Object(lower), Value::Object(upper)) => {
            let mut gone = BTreeSet::new();
            for (key, value) in upper {
                let below = format!("{pointer}/{}", escape(&key));
                match lower.get_mut(&key) {
                    Some(_) if value.is_null() => {
                        gone.insert(key);
                        replaced.push(below);
                    }
                    Some(known) => merge(known, value, below, replaced),
                    None => {
                        lower.insert(key, value);
                    }
                }
            }
            // All at once: each alone would move what stands behind it.
            if !gone.is_empty() {
                lower.retain(|key, _| !gone.contains(key));
            }
        }
        (lower, upper) => {
            *lower = upper;
            replaced.push(pointer);
        }
    }
}

fn step<'a>(at: &'a mut Value, key: &str) -> Result<&'a mut Value, String> {
    if at.is_null() {
        *at = Value::Object(Map::new());
    }
    match at {
        Value::Object(map) => Ok(map.entry(key).or_insert(Value::Null)),
        Value::Array(list) => {
            let length = list.len();
            let index: usize = key
                .parse()
                .map_err(|_| format!("`{key}` is not an index into a list of {length}"))?;
            if index == length {
                list.push(Value::Null);
            }
            list.get_mut(index).ok_or_else(|| format!("the list has {length} items, not {index}"))
        }
        _ => Err(format!("`{key}` is asked of a value that holds no keys")),
    }
}

/// Escapes a key for a JSON pointer (RFC 6901).
pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Makes a source of bytes. Reports `PB0010` when they are not UTF-8.
pub fn source(
    name: &str,
    bytes: &[u8],
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<FileId> {
    let wide = is_utf16(bytes);
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) if !wide => {
            return Some(sources.add(name, text.strip_prefix('\u{feff}').unwrap_or(text)));
        }
        Ok(_) => "",
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    };
    let label = if wide { "this looks like UTF-16" } else { "the first byte that is not" };
    let end = u32::try_from(valid.len()).unwrap_or(u32::MAX);
    let file = sources.add(name, valid);
    diagnostics.push(
        Diagnostic::error("PB0010", "config is not UTF-8")
            .at(Place { file, span: Span::new(end, end) }, label)
            .help("save the file as UTF-8"),
    );
    None
}

/// Its byte order mark, or an ASCII letter beside a zero byte, as PowerShell's `>` writes them.
fn is_utf16(bytes: &[u8]) -> bool {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [letter, 0, ..] | [0, letter, ..] => letter.is_ascii_alphabetic(),
        _ => false,
    }
}

/// Reads bytes as one YAML document. Reports `PB0001` to `PB0009` and gives `None` when the bytes are
/// no document that could hold a config.
pub fn parse(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> Option<Document> {
    let whole = Place { file, span: Span::new(0, 0) };
    if text.len() > MAX_BYTES {
        diagnostics.push(
            Diagnostic::error("PB0002", "config is too large")
                .at(whole, format!("{} bytes, at most {MAX_BYTES} are read", text.len()))
                .help("move long scripts and formulas into files that the config names"),
        );
        return None;
    }
    match Reader::new(text, file).document() {
        Ok(document) => Some(document),
        Err(finding) => {
            diagnostics.push(*finding);
            None
        }
    }
}

type Failed = Box<Diagnostic>;

struct Reader<'t> {
    text: &'t str,
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    file: FileId,
    /// Byte offset of every character; empty when the text is ASCII and they are the same.
    bytes: Vec<u32>,
    entries: BTreeMap<String, Entry>,
    anchors: BTreeMap<usize, Value>,
    values: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, file: FileId) -> Self {
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
            file,
            bytes,
            entries: BTreeMap::new(),
            anchors: BTreeMap::new(),
            values: 0,
        }
    }

    fn byte(&self, character: usize) -> u32 {
        if self.bytes.is_empty() {
            return u32::try_from(character).unwrap_or(u32::MAX);
        }
        self.bytes.get(character).or(self.bytes.last()).copied().unwrap_or(0)
    }

    fn place(&self, span: saphyr_parser::Span) -> Place {
        let start = self.byte(span.start.index());
        let end = self.byte(span.end.index()).max(start);
        Place { file: self.file, span: Span::new(start, end) }
    }

    fn next(&mut self) -> Result<(Event<'t>, Place), Failed> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.place(span))),
            Some(Err(error)) if error.info().contains("recursion limit") => {
                let at = self.byte(error.marker().index());
                Err(Box::new(too_deep(Place { file: self.file, span: Span::new(at, at) })))
            }
            Some(Err(error)) => Err(Box::new(self.invalid(&error))),
            None => Ok((Event::StreamEnd, Place { file: self.file, span: Span::default() })),
        }
    }

    fn invalid(&self, error: &saphyr_parser::ScanError) -> Diagnostic {
        let at = self.byte(error.marker().index());
        let place = Place { file: self.file, span: Span::new(at, at) };
        let finding = Diagnostic::error("PB0003", "config is not valid YAML");
        // The parser stops at most one character after one that YAML does not allow.
        let near = self.text.get(..at as usize).unwrap_or_default();
        let control = |c: &char| c.is_control() && !matches!(c, '\t' | '\r' | '\n' | '\u{85}');
        let next = self.text.get(at as usize..).unwrap_or_default().chars().next();
        match next.into_iter().chain(near.chars().next_back()).find(control) {
            Some(control) => finding
                .at(
                    place,
                    format!("YAML does not allow the character U+{:04X}", u32::from(control)),
                )
                .help("remove it; in double quotes it is written as an escape, such as `\\x1b`"),
            None => finding
                .at(place, error.info().to_owned())
                .help("correct the YAML here; indentation and quotes are the usual causes"),
        }
    }

    fn document(mut self) -> Result<Document, Failed> {
        loop {
            match self.next()? {
                (Event::StreamEnd, place) => return Err(Box::new(empty(place))),
                (Event::DocumentStart(_), _) => break,
                _ => {}
            }
        }
        let (event, place) = self.next()?;
        let value = self.value(event, place, None, &mut String::new(), 0)?;
        loop {
            match self.next()? {
                (Event::DocumentStart(_), place) => {
                    return Err(Box::new(
                        Diagnostic::error("PB0007", "config holds more than one document")
                            .at(place, "a second document starts here")
                            .help("keep one config in one file"),
                    ));
                }
                (Event::StreamEnd, _) => break,
                _ => {}
            }
        }
        match value {
            Value::Object(_) => Ok(Document { value, entries: self.entries }),
            Value::Null => Err(Box::new(empty(place))),
            _ => Err(Box::new(
                Diagnostic::error("PB0008", "config is not a mapping")
                    .at(place, "expected `key: value` lines")
                    .help("start from `prebake init`"),
            )),
        }
    }

    fn value(
        &mut self,
        event: Event<'t>,
        place: Place,
        key: Option<Place>,
        pointer: &mut String,
        depth: usize,
    ) -> Result<Value, Failed> {
        // A long path repeated for every value below it must weigh too.
        self.count(place, 1 + pointer.len() / 128)?;
        if depth > MAX_DEPTH {
            return Err(Box::new(too_deep(place)));
        }
        let (value, anchor, end) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (scalar(&text, style, tag.is_some()), anchor, place)
            }
            Event::SequenceStart(anchor, _) => {
                let (value, end) = self.sequence(pointer, depth)?;
                (value, anchor, end)
            }
            Event::MappingStart(anchor, _) => {
                let (value, end) = self.mapping(pointer, depth)?;
                (value, anchor, end)
            }
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned().ok_or_else(|| of_itself(place))?;
                self.count(place, size(&value))?;
                (value, 0, place)
            }
            _ => (Value::Null, 0, place),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        let place = self.first_line(Place { file: place.file, span: place.span.to(end.span) });
        self.entries.insert(pointer.clone(), Entry { key, value: place });
        Ok(value)
    }

    /// An excerpt shows one line; a collection is named by its first.
    fn first_line(&self, place: Place) -> Place {
        let text = self.text.get(place.span.range()).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default().trim_end();
        let end = place.span.start + u32::try_from(line.len()).unwrap_or(0);
        Place { file: place.file, span: Span::new(place.span.start, end) }
    }

    fn count(&mut self, place: Place, more: usize) -> Result<(), Failed> {
        self.values += more;
        if self.values <= MAX_VALUES {
            return Ok(());
        }
        Err(Box::new(
            Diagnostic::error("PB0006", "config holds too many values")
                .at(place, format!("more than {MAX_VALUES} values here, aliases expanded"))
                .help("write the values out, or split the config"),
        ))
    }

    fn sequence(&mut self, pointer: &mut String, depth: usize) -> Result<(Value, Place), Failed> {
        let mut items = Vec::new();
        loop {
            let (event, place) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok((Value::Array(items), end_of(place)));
            }
            let length = pointer.len();
            pointer.push('/');
            pointer.push_str(&items.len().to_string());
            items.push(self.value(event, place, None, pointer, depth + 1)?);
            pointer.truncate(length);
        }
    }

    fn mapping(&mut self, pointer: &mut String, depth: usize) -> Result<(Value, Place), Failed> {
        let mut map = Map::new();
        loop {
            let (event, key_place) = self.next()?;
            let name = match event {
                Event::MappingEnd => return Ok((Value::Object(map), end_of(key_place))),
                Event::Scalar(text, ..) if text.len() > MAX_KEY_BYTES => {
                    return Err(Box::new(
                        Diagnostic::error("PB0009", "key is too long")
                            .at(
                                self.first_line(key_place),
                                format!("at most {MAX_KEY_BYTES} bytes"),
                            )
                            .help("shorten the key; no key of a config needs this length"),
                    ));
                }
                Event::Scalar(text, ..) => text.into_owned(),
                _ => {
                    return Err(Box::new(
                        Diagnostic::error("PB0009", "key is not a plain text")
                            .at(key_place, "expected a name")
                            .help("write the key as one word"),
                    ));
                }
            };
            let length = pointer.len();
            pointer.push('/');
            pointer.push_str(&escape(&name));
            if let Some(first) = self.entries.get(pointer.as_str()).and_then(|entry| entry.key) {
                return Err(Box::new(
                    Diagnostic::error("PB0004", format!("key `{name}` is given twice"))
                        .at(key_place, "second here")
                        .related(first, "first here")
                        .help("keep one of the two"),
                ));
            }
            let (event, place) = self.next()?;
            let value = self.value(event, place, Some(key_place), pointer, depth + 1)?;
            pointer.truncate(length);
            map.insert(name, value);
        }
    }
}

fn of_itself(place: Place) -> Failed {
    Box::new(
        Diagnostic::error("PB0003", "config is not valid YAML")
            .at(place, "this alias stands inside the value that it repeats")
            .help("write the value out"),
    )
}

fn too_deep(place: Place) -> Diagnostic {
    Diagnostic::error("PB0005", "config is nested too deeply")
        .at(place, format!("deeper than {MAX_DEPTH} levels"))
        .help("flatten the config; no key of it needs this depth")
}

fn empty(place: Place) -> Diagnostic {
    Diagnostic::error("PB0001", "config is empty")
        .at(place, "nothing but comments here")
        .help("start from `prebake init`")
}

/// Block collections end where the next token starts; the excerpt should stop before.
fn end_of(place: Place) -> Place {
    Place { file: place.file, span: Span::new(place.span.start, place.span.start) }
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
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let numeric = digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    if numeric {
        if let Ok(number) = text.parse::<i64>() {
            return Value::Number(number.into());
        }
        if let Some(number) = text.parse().ok().and_then(Number::from_f64) {
            return Value::Number(number);
        }
    }
    Value::String(text.to_owned())
}
