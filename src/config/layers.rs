//! Layers: a config that extends others, and its environments.
//!
//! From the lowest to the highest: the configs named in `extends`, in their order; the config itself; the
//! environment; `--set`. Mappings merge, lists of named things merge by their names (`named`), a key set to nothing
//! (`registry: ~`) goes, everything else is replaced whole. Values of two configs of one `extends` that disagree are an error, since no order
//! between siblings is obvious to a reader.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::document::{self, Document};
use super::named;
use crate::diagnostic::{Diagnostic, Diagnostics, Place, Sources, nearest, pointer};

/// Most configs that one config may be made of.
pub const MAX_LAYERS: usize = 32;
/// Most values of all configs that are read for one.
const MAX_READ_VALUES: usize = 500_000;
/// Most values that the environments of one config hold together, each with what it takes from the layers.
pub const MAX_MERGED_VALUES: usize = 250_000;
/// Most environments of one config.
pub const MAX_ENVIRONMENTS: usize = 100;

const EXTENDS: &str = "extends";
const ENVIRONMENTS: &str = "environments";

/// Gives the text of other configs, so that this phase reads nothing itself.
pub trait Files: Sync {
    /// The bytes of the file at a path, or in words why it may not or cannot be read.
    fn read(&self, path: &Path) -> Result<Vec<u8>, String>;

    /// Whether there are files at all.
    fn reads(&self) -> bool {
        true
    }
}

/// No other files: for a config that must stand alone.
#[derive(Debug, Clone, Copy)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &Path) -> Result<Vec<u8>, String> {
        Err("other files cannot be read here".to_owned())
    }

    fn reads(&self) -> bool {
        false
    }
}

/// A config with what it extends, and its environments still beside it.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// The config without an environment.
    pub base: Document,
    /// Whether it extends other configs.
    pub extends: bool,
    /// Its environments by name, in the order of the file, each a layer.
    environments: Vec<(String, Option<Place>, Document)>,
}

impl Layers {
    /// Names of the environments, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.environments.iter().map(|(name, ..)| name.as_str())
    }

    /// Reports `PB0006` when these environments, each with what it takes from the layers, hold too many values
    /// together.
    pub fn fit(&self, names: &[String], diagnostics: &mut Diagnostics) -> bool {
        let chosen = self.environments.iter().filter(|(name, ..)| names.contains(name));
        let values = chosen.map(|(_, _, layer)| self.base.len() + layer.len()).sum::<usize>();
        if values <= MAX_MERGED_VALUES {
            return true;
        }
        let mut finding = Diagnostic::error("PB0006", "config has too many values")
            .help("render fewer environments in one run with `--env`, or split the config");
        finding.place = self.environments.first().and_then(|(_, place, _)| *place);
        finding.label = format!(
            "the environments have {values} values in total; the limit is {MAX_MERGED_VALUES}"
        );
        diagnostics.push(finding);
        false
    }

    /// The config of an environment. Its name is that of the config with the environment's appended, unless
    /// the environment gives one itself. Reports `PB0305` for a name that is no environment.
    pub fn environment(&self, name: &str, diagnostics: &mut Diagnostics) -> Option<Document> {
        let Some((_, place, layer)) = self.environments.iter().find(|(known, ..)| known == name)
        else {
            diagnostics.push(self.unknown(name));
            return None;
        };
        if clash(&self.base, layer, diagnostics) {
            return None;
        }
        let mut document = self.base.clone();
        let named = layer.value.get("name").is_some();
        named::lay(&mut document, layer.clone(), diagnostics);
        named::settle(&mut document, diagnostics);
        let own = document.value.get("name").and_then(Value::as_str).map(str::to_owned);
        if let (false, Some(own), Some(place)) = (named, own, *place) {
            let full = Value::String(format!("{own}-{name}"));
            // A config is a mapping, so that its keys can be set.
            document.set(&["name"], full, place).ok()?;
        }
        Some(document)
    }

    fn unknown(&self, name: &str) -> Diagnostic {
        let names: Vec<&str> = self.names().collect();
        let help = match (nearest(name, names.iter().copied()), names.as_slice()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, []) => format!("add `{ENVIRONMENTS}: {{ {name}: {{}} }}`, or remove `--env`"),
            (None, names) => format!("use one of {}", names.join(", ")),
        };
        let mut finding =
            Diagnostic::error("PB0305", format!("unknown environment `{name}`")).help(help);
        finding.place = match self.environments.first() {
            Some((_, place, _)) => *place,
            None => self.base.key_place("/name"),
        };
        "`--env` names it, but the config does not define it".clone_into(&mut finding.label);
        finding
    }
}

/// Reads a config with all that it extends. Reports `PB0001` to `PB0010` and `PB0301` to `PB0307`.
pub fn layers(
    path: &str,
    bytes: &[u8],
    files: &dyn Files,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Layers> {
    let mut reader = Reader { files, sources, diagnostics, open: Vec::new(), read: 0, values: 0 };
    let mut base = reader.document(Path::new(path), bytes)?;
    let environments = match base.take(ENVIRONMENTS) {
        Some(found) => reader.environments(found)?,
        None => Vec::new(),
    };
    let extends = reader.read > 0;
    named::settle(&mut base, diagnostics);
    Some(Layers { base, extends, environments })
}

struct Reader<'a> {
    files: &'a dyn Files,
    sources: &'a mut Sources,
    diagnostics: &'a mut Diagnostics,
    /// The configs that are being read, each extending the next.
    open: Vec<PathBuf>,
    read: usize,
    /// Values of all configs that have been read.
    values: usize,
}

impl Reader<'_> {
    /// A config on top of what it extends.
    fn document(&mut self, path: &Path, bytes: &[u8]) -> Option<Document> {
        let file =
            document::source(&path.to_string_lossy(), bytes, self.sources, self.diagnostics)?;
        let text = self.sources.file(file).text.clone();
        let mut own = document::parse(&text, file, self.diagnostics)?;
        self.values += own.len();
        if self.values > MAX_READ_VALUES {
            self.too_many(own.place(""), MAX_READ_VALUES, "the layers so far");
            return None;
        }
        self.open.push(tidy(path));
        let lower = match own.take(EXTENDS) {
            Some(extends) => self.extended(&extends, path, &own),
            None => Some(Document::default()),
        };
        self.open.pop();
        let lower = lower?;
        if lower.value.is_null() {
            return Some(own);
        }
        if clash(&lower, &own, self.diagnostics) {
            return None;
        }
        let at = own.place("");
        let mut whole = lower;
        named::lay(&mut whole, own, self.diagnostics);
        self.within_limit(whole, at)
    }

    /// What the configs of one `extends` say together.
    fn extended(&mut self, extends: &Document, of: &Path, upper: &Document) -> Option<Document> {
        let mut whole: Option<Document> = None;
        let mut complete = true;
        for (name, place) in self.names(extends)? {
            let Some(layer) = self.layer(&name, place, of) else {
                complete = false;
                continue;
            };
            match &mut whole {
                None => whole = Some(layer),
                Some(lower) => {
                    complete &= !clash(lower, &layer, self.diagnostics);
                    complete &= !disagree(lower, &layer, upper, self.diagnostics);
                    let at = layer.place("");
                    lower.overlay(layer);
                    if lower.len() > document::MAX_VALUES {
                        self.too_many(at, document::MAX_VALUES, "the layers up to this one");
                        return None;
                    }
                }
            }
        }
        complete.then(|| whole.unwrap_or_default())
    }

    fn within_limit(&mut self, whole: Document, at: Option<Place>) -> Option<Document> {
        if whole.len() <= document::MAX_VALUES {
            return Some(whole);
        }
        self.too_many(at, document::MAX_VALUES, "this config and its layers");
        None
    }

    fn too_many(&mut self, at: Option<Place>, most: usize, what: &str) {
        let mut finding = Diagnostic::error("PB0006", "config has too many values")
            .help("split the config, or extend fewer layers");
        finding.place = at;
        finding.label = format!("{what} have more than {most} values in total");
        self.diagnostics.push(finding);
    }

    fn names(&mut self, extends: &Document) -> Option<Vec<(String, Option<Place>)>> {
        let listed = match &extends.value {
            Value::Array(list) => {
                list.iter().enumerate().map(|(at, item)| (format!("/{at}"), item)).collect()
            }
            one => vec![(String::new(), one)],
        };
        let mut names = Vec::new();
        for (pointer, name) in listed {
            let Some(name) = name.as_str().filter(|name| !name.is_empty()) else {
                let mut finding = Diagnostic::error("PB0302", "`extends` does not name a file")
                    .help("write `extends: base.yaml`, or a list of such paths");
                finding.place = extends.place(&pointer);
                "expected a path".clone_into(&mut finding.label);
                self.diagnostics.push(finding);
                return None;
            };
            names.push((name.to_owned(), extends.place(&pointer)));
        }
        Some(names)
    }

    /// Reads the config at a path that another names.
    fn layer(&mut self, name: &str, place: Option<Place>, of: &Path) -> Option<Document> {
        let path = tidy(&of.parent().unwrap_or(Path::new("")).join(name));
        self.read += 1;
        let refused = if self.open.contains(&path) {
            Some(self.cycle(&path))
        } else if self.read > MAX_LAYERS {
            Some(
                Diagnostic::error("PB0307", "config extends too many files")
                    .reason(format!("the limit for one config is {MAX_LAYERS}"))
                    .help("merge some of them"),
            )
        } else {
            None
        };
        let read = match refused {
            Some(finding) => Err(finding),
            None => self.files.read(&path).map_err(|why| {
                Diagnostic::error("PB0302", format!("layer `{name}` cannot be read"))
                    .reason(why)
                    .help("correct the path; it is relative to the file that contains it")
            }),
        };
        match read {
            Ok(bytes) => self.document(&path, &bytes),
            Err(mut finding) => {
                finding.place = place;
                "the reference".clone_into(&mut finding.label);
                self.diagnostics.push(finding);
                None
            }
        }
    }

    fn cycle(&self, path: &Path) -> Diagnostic {
        let from = self.open.iter().position(|open| open == path).unwrap_or(0);
        let chain: Vec<String> = self.open[from..]
            .iter()
            .map(PathBuf::as_path)
            .chain([path])
            .map(|open| format!("`{}`", open.display()))
            .collect();
        Diagnostic::error("PB0301", "configs extend each other")
            .reason(chain.join(" extends "))
            .help("remove one of these `extends`")
    }

    fn environments(
        &mut self,
        mut found: Document,
    ) -> Option<Vec<(String, Option<Place>, Document)>> {
        let Value::Object(map) = &found.value else {
            self.misplaced(&found, "", "expected a mapping of names to values", FORM);
            return None;
        };
        let names: Vec<String> = map.keys().cloned().collect();
        if names.len() > MAX_ENVIRONMENTS {
            let label = format!("more than {MAX_ENVIRONMENTS} environments");
            self.misplaced(
                &found,
                "",
                &label,
                "split the config; its parts can share a base with `extends`",
            );
            return None;
        }
        let mut environments = Vec::new();
        let mut complete = true;
        for name in names {
            let pointer = format!("/{}", pointer::escape(&name));
            if !is_name(&name) {
                let rule = "expected up to 20 lowercase letters, digits and hyphens";
                self.misplaced(&found, &pointer, rule, FORM);
                complete = false;
                continue;
            }
            let place = found.key_place(&pointer);
            let layer = found.take(&name).expect("the name is a key of the config");
            match self.environment(layer) {
                Some(layer) => environments.push((name, place, layer)),
                None => complete = false,
            }
        }
        complete.then_some(environments)
    }

    /// An environment's values, or the overlay file that it names.
    fn environment(&mut self, mut layer: Document) -> Option<Document> {
        let place = layer.place("");
        match layer.value.clone() {
            Value::String(name) => {
                let of = place.map(|place| self.sources.file(place.file).name.clone());
                layer = self.layer(&name, place, Path::new(&of.unwrap_or_default()))?;
            }
            Value::Object(_) => {}
            Value::Null => layer.value = Value::Object(serde_json::Map::new()),
            _ => {
                self.misplaced(
                    &layer,
                    "",
                    "expected a mapping, or the path of an overlay file",
                    FORM,
                );
                return None;
            }
        }
        for key in [EXTENDS, ENVIRONMENTS] {
            if layer.value.get(key).is_some() {
                let help =
                    format!("remove `{key}`: it is allowed only at the top level of a config");
                self.misplaced(
                    &layer,
                    &format!("/{key}"),
                    "an environment cannot contain this key",
                    &help,
                );
                return None;
            }
        }
        Some(layer)
    }

    fn misplaced(&mut self, document: &Document, pointer: &str, label: &str, help: &str) {
        let mut finding = Diagnostic::error("PB0306", "invalid `environments`").help(help);
        finding.place = document.key_place(pointer);
        label.clone_into(&mut finding.label);
        self.diagnostics.push(finding);
    }
}

/// What environments look like.
const FORM: &str = "write `environments: { dev: { location: westeurope } }`";

fn is_name(name: &str) -> bool {
    (1..=20).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// A path without `.` and `a/..`, so that one file has one name.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(tidy.components().next_back(), Some(Component::Normal(_))) =>
            {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    tidy
}

/// Reports `PB0303` wherever one layer has a mapping or list and the other something else.
fn clash(lower: &Document, upper: &Document, diagnostics: &mut Diagnostics) -> bool {
    let mut clashes = Vec::new();
    compare(&lower.value, &upper.value, &mut String::new(), &mut |pointer, lower, upper| {
        if !lower.is_null() && !upper.is_null() && kind(lower) != kind(upper) {
            clashes.push((pointer.to_owned(), kind(lower), kind(upper)));
        }
    });
    for (pointer, was, is) in &clashes {
        let mut finding = Diagnostic::error(
            "PB0303",
            format!("layers conflict at `{}`", dotted(pointer)),
        )
        .help(
            "use the same type in both layers, or reset the key with `~` in a layer between them",
        );
        finding.place = upper.place(pointer);
        finding.label = format!("{is} here");
        if let Some(place) = lower.place(pointer) {
            finding = finding.related(place, format!("{was} in the lower layer"));
        }
        diagnostics.push(finding);
    }
    !clashes.is_empty()
}

/// Reports `PB0304` wherever two configs of one `extends` give different values and the config that
/// extends them gives none.
fn disagree(
    first: &Document,
    second: &Document,
    upper: &Document,
    diagnostics: &mut Diagnostics,
) -> bool {
    let mut found = Vec::new();
    compare(&first.value, &second.value, &mut String::new(), &mut |pointer, one, other| {
        if one != other && kind(one) == kind(other) && !settles(&upper.value, pointer) {
            found.push(pointer.to_owned());
        }
    });
    for pointer in &found {
        let mut finding = Diagnostic::error(
            "PB0304",
            format!("extended configs disagree on `{}`", dotted(pointer)),
        )
        .reason("configs in one `extends` list have the same rank, so neither overrides the other")
        .help("set the value in the config that extends them");
        finding.place = second.place(pointer);
        "this value".clone_into(&mut finding.label);
        if let Some(place) = first.place(pointer) {
            finding = finding.related(place, "a different value");
        }
        diagnostics.push(finding);
    }
    !found.is_empty()
}

/// Visits every pair of values at the same pointer that are not both mappings.
fn compare(
    lower: &Value,
    upper: &Value,
    pointer: &mut String,
    visit: &mut impl FnMut(&str, &Value, &Value),
) {
    let (Value::Object(lower), Value::Object(upper)) = (lower, upper) else {
        return visit(pointer, lower, upper);
    };
    for (key, value) in upper {
        let Some(known) = lower.get(key) else { continue };
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&pointer::escape(key));
        compare(known, value, pointer, visit);
        pointer.truncate(length);
    }
}

/// Whether a layer gives the value at a pointer, or replaces what is above it.
fn settles(upper: &Value, pointer: &str) -> bool {
    let mut at = upper;
    for key in pointer.split('/').skip(1) {
        let key = pointer::unescape(key);
        match at {
            Value::Object(map) => match map.get(&*key) {
                Some(below) => at = below,
                None => return false,
            },
            _ => return true,
        }
    }
    true
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Object(_) => "a mapping",
        Value::Array(_) => "a list",
        _ => "a single value",
    }
}

fn dotted(pointer: &str) -> String {
    let keys: Vec<_> = pointer.split('/').skip(1).map(pointer::unescape).collect();
    keys.join(".")
}
