//! YAML text with the place of every key and value, read under limits.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Diagnostics, FileId, Place, Sources, Span, pointer};
use crate::yaml::{self, Entry, Limits, Problem, ProblemKind};

/// Largest config in bytes. A hundred pools with long formulas fit in a tenth of it.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// Deepest nesting of mappings and sequences.
pub const MAX_DEPTH: usize = 32;
/// Most values in one document, aliases counted as often as they are used.
pub(crate) const MAX_VALUES: usize = 50_000;
/// Longest key in bytes: what YAML itself allows to a key without `?`.
pub(super) const MAX_KEY_BYTES: usize = 1024;

const LIMITS: Limits =
    Limits { bytes: MAX_BYTES, depth: MAX_DEPTH, values: MAX_VALUES, key_bytes: MAX_KEY_BYTES };

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
            pointer.push_str(&pointer::escape(key));
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
        let pointer = format!("/{}", pointer::escape(key));
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

    /// A document of these parts.
    pub(super) fn of(value: Value, entries: BTreeMap<String, Entry>) -> Self {
        Self { value, entries }
    }

    /// Its value and the places of what it holds.
    pub(super) fn into_parts(self) -> (Value, BTreeMap<String, Entry>) {
        (self.value, self.entries)
    }

    /// The place of a pointer.
    pub(super) fn entry(&self, pointer: &str) -> Option<Entry> {
        self.entries.get(pointer).copied()
    }

    /// Gives a pointer a place.
    pub(super) fn put_entry(&mut self, pointer: String, entry: Entry) {
        self.entries.insert(pointer, entry);
    }

    /// Takes out the places of a pointer and of all below it.
    pub(super) fn forget(&mut self, pointer: &str) {
        forget(&mut self.entries, pointer);
    }

    /// Pointers with their places, in order, from one on.
    pub(super) fn entries_from(&self, pointer: &str) -> impl Iterator<Item = (&str, Entry)> {
        let entries = self.entries.range(pointer.to_owned()..);
        entries.map(|(pointer, entry)| (pointer.as_str(), *entry))
    }

    /// How many values it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds no value.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
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
                let below = format!("{pointer}/{}", pointer::escape(&key));
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
        _ => Err(format!("`{key}` is not a key of a mapping")),
    }
}

/// Makes a source of bytes. Reports `PB0010` when they are not UTF-8.
pub(super) fn source(
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
    let label = if wide { "the file looks like UTF-16" } else { "the first invalid byte" };
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

/// Reads text as one YAML document. Reports `PB0001` to `PB0009` and gives `None` when the text is no
/// document that could hold a config.
pub fn parse(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> Option<Document> {
    let finding = match yaml::read_with_places(text, LIMITS, file) {
        Ok((value @ Value::Object(_), entries)) => return Some(Document { value, entries }),
        Ok((_, entries)) => {
            let place = entries.get("").map_or(Place { file, span: Span::default() }, |e| e.value);
            Diagnostic::error("PB0008", "config is not a mapping")
                .at(place, "expected `key: value` lines")
                .help("create a config with `prebake init`")
        }
        Err(problem) => finding(&problem, file),
    };
    diagnostics.push(finding);
    None
}

fn finding(problem: &Problem, file: FileId) -> Diagnostic {
    let at = Place { file, span: problem.place };
    match &problem.kind {
        ProblemKind::Empty => Diagnostic::error("PB0001", "config is empty")
            .at(at, "the file contains only comments")
            .help("create a config with `prebake init`"),
        ProblemKind::TooLarge { bytes, most } => Diagnostic::error("PB0002", "config is too large")
            .at(at, format!("{bytes} bytes; the limit is {most}"))
            .help("move long scripts and formulas into separate files"),
        ProblemKind::GivenTwice { key, first } => {
            Diagnostic::error("PB0004", format!("key `{key}` is defined twice"))
                .at(at, "second definition")
                .related(Place { file, span: *first }, "first definition")
                .help("keep one of them")
        }
        ProblemKind::TooDeep(most) => Diagnostic::error("PB0005", "config is nested too deeply")
            .at(at, format!("deeper than {most} levels"))
            .help("reduce the nesting; no key of a config is this deep"),
        ProblemKind::TooManyValues(most) => {
            Diagnostic::error("PB0006", "config has too many values")
                .at(at, format!("more than {most} values, with aliases expanded"))
                .help("write the values without aliases, or split the config")
        }
        ProblemKind::SeveralDocuments => {
            Diagnostic::error("PB0007", "file contains more than one config")
                .at(at, "a second document starts here")
                .help("keep one config per file")
        }
        ProblemKind::LongKey(most) => Diagnostic::error("PB0009", "key is too long")
            .at(at, format!("at most {most} bytes"))
            .help("shorten the key; no key of a config is this long"),
        ProblemKind::KeyIsNoText => Diagnostic::error("PB0009", "key is not a string")
            .at(at, "expected a name")
            .help("write the key as a single word"),
        kind => invalid(kind, at),
    }
}

fn invalid(kind: &ProblemKind, at: Place) -> Diagnostic {
    let finding = Diagnostic::error("PB0003", "config is not valid YAML");
    match kind {
        ProblemKind::Control(control) => finding
            .at(at, format!("YAML does not allow the character U+{:04X}", u32::from(*control)))
            .help("remove it, or write it as an escape in double quotes, such as `\\x1b`"),
        ProblemKind::AliasOfItself => finding
            .at(at, "this alias is inside the value that it refers to")
            .help("write the value without the alias"),
        ProblemKind::Invalid(why) => finding
            .at(at, why.clone())
            .help("correct the YAML; indentation and quotes are the usual causes"),
        _ => finding.at(at, "this YAML is not supported"),
    }
}
