//! Takes an entry file, gives every file that it needs, parsed, bound and in an order in which each
//! stands after those it refers to.
//!
//! Compiles nothing. A file is read once, however many refer to it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use serde_json::Value;

use super::binder::Bound;
use super::config::{Config, plain_json};
use super::config_check;
use super::files::{FileError, FileProvider, folder_of, join};
use super::parser;
use super::registry::ModuleReference;
use super::syntax::{
    Arena, ExpressionSyntax, FileKind, ImportedSymbolSyntax, ImportedSyntax, ProgramSyntax,
    StatementSyntax,
};
use crate::diagnostic::{Diagnostic, Diagnostics, FileId, Place, Sources, Span};

/// Files larger than this are refused.
pub const MAXIMUM_FILE_BYTES: usize = 16 << 20;
/// How many files one compilation may read.
pub const MAXIMUM_FILES: usize = 10_000;

/// What others import from a file.
#[derive(Debug, Default)]
pub struct Imported<'a> {
    names: BTreeSet<&'a str>,
    all: bool,
}

impl Imported<'_> {
    /// Whether something of this name is imported.
    pub fn names(&self, name: &str) -> bool {
        self.all || self.names.contains(name)
    }
}

/// Names a file of a [`Loaded`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(pub usize);

/// A file that takes part in a compilation.
#[derive(Debug)]
pub struct Unit<'a> {
    /// Its path, or the reference of its registry module.
    pub path: String,
    /// What it holds.
    pub content: Content<'a>,
}

/// What a file holds.
#[derive(Debug)]
pub enum Content<'a> {
    /// Bicep.
    Bicep(Box<BicepUnit<'a>>),
    /// An ARM template.
    Json(Arc<Value>),
    /// Nothing that can be read here: the resource ID of a template spec.
    TemplateSpec(String),
}

/// A Bicep file.
#[derive(Debug)]
pub struct BicepUnit<'a> {
    /// Its tree and names.
    pub bound: Bound<'a>,
    /// The settings near it.
    pub config: Rc<Config>,
    // By the start of the string that names the file.
    references: HashMap<u32, UnitId>,
}

impl BicepUnit<'_> {
    /// The file that the path at this place names.
    pub fn reference(&self, path: ExpressionSyntax<'_>) -> Option<UnitId> {
        self.references.get(&path.span().start).copied()
    }

    /// Where the file names others, with the files, in order.
    pub fn named(&self) -> impl Iterator<Item = (Span, UnitId)> {
        let paths = paths(self.bound.program);
        paths.filter_map(|(path, _)| Some((path.span(), self.reference(path)?)))
    }
}

/// All files of a compilation.
#[derive(Debug)]
pub struct Loaded<'a> {
    /// The files.
    pub units: Vec<Unit<'a>>,
    /// The files in the order to compile them: each after those it refers to.
    pub order: Vec<UnitId>,
}

impl<'a> Loaded<'a> {
    /// A file.
    pub fn unit(&self, id: UnitId) -> &Unit<'a> {
        &self.units[id.0]
    }

    /// The files that others import from, with what is imported.
    pub fn imported(&self) -> HashMap<UnitId, Imported<'a>> {
        let mut all: HashMap<UnitId, Imported<'a>> = HashMap::new();
        let units = self.units.iter().filter_map(|unit| match &unit.content {
            Content::Bicep(unit) => Some(unit),
            _ => None,
        });
        for unit in units {
            for statement in unit.bound.program.statements {
                let StatementSyntax::Import(node) = statement else { continue };
                let Some(id) = unit.reference(node.path) else { continue };
                let imported = all.entry(id).or_default();
                match node.what {
                    ImportedSyntax::Named(list) => {
                        imported.names.extend(
                            list.items.iter().filter_map(ImportedSymbolSyntax::original_name),
                        );
                    }
                    ImportedSyntax::Wildcard(_) | ImportedSyntax::Skipped(_) => imported.all = true,
                }
            }
        }
        all
    }

    /// A file that must be Bicep.
    pub fn bicep(&self, id: UnitId) -> Option<&BicepUnit<'a>> {
        match &self.unit(id).content {
            Content::Bicep(unit) => Some(unit),
            _ => None,
        }
    }
}

/// Reads, parses and binds a file and all that it refers to. Nothing if the entry cannot be read.
pub fn load<'a>(
    arena: &'a Arena,
    entry: &str,
    files: &dyn FileProvider,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Loaded<'a>> {
    let mut loader = Loader {
        arena,
        files,
        sources,
        diagnostics,
        units: Vec::new(),
        known: BTreeMap::new(),
        configs: BTreeMap::new(),
        edges: Vec::new(),
    };
    let entry = join("", entry);
    if let Err(error) = loader.bicep(&entry) {
        let title = format!("cannot read `{entry}`");
        let finding = Diagnostic::error("BCP091", title).reason(error.to_string());
        loader.diagnostics.push(finding.help(error.next_step()));
        return None;
    }
    let mut next = 0;
    while next < loader.units.len() {
        loader.references(UnitId(next));
        next += 1;
    }
    let order = loader.order();
    Some(Loaded { units: loader.units, order })
}

struct Edge {
    from: UnitId,
    to: UnitId,
    span: Span,
}

struct Loader<'a, 'c> {
    arena: &'a Arena,
    files: &'c dyn FileProvider,
    sources: &'c mut Sources,
    diagnostics: &'c mut Diagnostics,
    units: Vec<Unit<'a>>,
    known: BTreeMap<String, Result<UnitId, FileError>>,
    configs: BTreeMap<String, Rc<Config>>,
    edges: Vec<Edge>,
}

impl<'a> Loader<'a, '_> {
    fn config(&mut self, folder: &str) -> Rc<Config> {
        if let Some(config) = self.configs.get(folder) {
            return Rc::clone(config);
        }
        let config = Rc::new(Config::near(folder, self.files));
        let is_known = self.configs.values().any(|known| known.path == config.path);
        if !is_known && config.malformed.is_none() && !config.path.is_empty() {
            self.report_config(&config);
        }
        self.configs.insert(folder.to_owned(), Rc::clone(&config));
        config
    }

    /// Reports what a config says that nothing answers to.
    fn report_config(&mut self, config: &Config) {
        let next = FileId(self.sources.len());
        let findings = config_check::findings(&config.json, &config.text, next);
        if !findings.is_empty() {
            self.sources.add(config.path.as_str(), config.text.as_str());
            for finding in findings {
                self.diagnostics.push(finding);
            }
        }
    }

    fn add(&mut self, path: &str, content: Content<'a>) -> UnitId {
        self.units.push(Unit { path: path.to_owned(), content });
        UnitId(self.units.len() - 1)
    }

    fn bicep(&mut self, path: &str) -> Result<UnitId, FileError> {
        let text: &'a str = self.arena.alloc_str(text(&self.files.read(path)?)?);
        let file = self.sources.add(path, text);
        let kind = match path.rsplit_once('.') {
            Some((_, "bicepparam")) => FileKind::Parameters,
            _ => FileKind::Bicep,
        };
        let before = self.diagnostics.iter().count();
        let program = parser::parse(self.arena, text, kind, file, self.diagnostics);
        let syntax_errors = self.diagnostics.iter().skip(before);
        let syntax_errors = syntax_errors.filter_map(|error| error.place).map(|place| place.span);
        let syntax_errors = syntax_errors.collect();
        let mut bound = Bound::new(program, file);
        bound.syntax_errors = syntax_errors;
        let config = self.config(folder_of(path));
        if let Some(why) = &config.malformed {
            let title = format!("`{}` cannot be read", config.path);
            let place = Place { file, span: Span::new(0, 0) };
            let finding = Diagnostic::error("BCP271", title).at(place, why.clone());
            self.diagnostics.push(finding.help("correct the JSON"));
        }
        let unit = BicepUnit { bound, config, references: HashMap::new() };
        let id = self.add(path, Content::Bicep(Box::new(unit)));
        self.known.insert(path.to_owned(), Ok(id));
        Ok(id)
    }

    fn json(
        &mut self,
        path: &str,
        bytes: Result<Cow<'_, [u8]>, FileError>,
    ) -> Result<UnitId, FileError> {
        // The text of a template is not kept beside its values.
        let bytes = bytes?;
        let text = text(&bytes)?;
        let value = serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text))
            .or_else(|_| serde_json::from_str(&plain_json(text)))
            .map_err(|error| FileError::Unreadable(format!("the file is not JSON: {error}")))?;
        Ok(self.add(path, Content::Json(Arc::new(value))))
    }

    fn unit(
        &mut self,
        path: &str,
        reference: ModuleReference,
        folder: &str,
    ) -> Result<UnitId, FileError> {
        let (key, cached) = match &reference {
            ModuleReference::Local(path) => (join(folder, path), None),
            ModuleReference::Registry(module) => (module.to_string(), Some(module.cached_path())),
            ModuleReference::TemplateSpec(id) => (id.clone(), None),
        };
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let unit = if self.units.len() >= MAXIMUM_FILES {
            Err(FileError::Unreadable("the Bicep file uses too many files".to_owned()))
        } else if let ModuleReference::TemplateSpec(id) = reference {
            Ok(self.add(path, Content::TemplateSpec(id)))
        } else if let Some(cached) = cached {
            let files = self.files;
            self.json(&key, files.read_cached(&cached))
        } else if key.rsplit('.').next().is_some_and(|end| ["json", "jsonc", "arm"].contains(&end))
        {
            let files = self.files;
            self.json(&key, files.read(&key))
        } else if let Some(template) = self.files.compiled(&key) {
            Ok(self.add(&key, Content::Json(template)))
        } else {
            self.bicep(&key)
        };
        self.known.insert(key, unit.clone());
        unit
    }

    fn references(&mut self, id: UnitId) {
        let Content::Bicep(unit) = &self.units[id.0].content else { return };
        let program = unit.bound.program;
        let file = unit.bound.file;
        let config = Rc::clone(&unit.config);
        let folder = folder_of(&self.units[id.0].path).to_owned();
        for (path, wanted) in paths(program) {
            let ExpressionSyntax::String(string) = path else { continue };
            let place = Place { file, span: string.span };
            let Some(text) = string.literal() else {
                let title = "the file path contains an expression";
                let finding = Diagnostic::error("BCP092", title)
                    .at(place, "the path must be known at compile time");
                self.diagnostics.push(finding.help("write the path as plain text"));
                continue;
            };
            let reference = match ModuleReference::parse(text, &config) {
                Ok(reference) => reference,
                Err(error) => {
                    let finding = Diagnostic::error(error.code, error.title);
                    self.diagnostics.push(finding.at(place, "invalid path").help(error.help));
                    continue;
                }
            };
            if let Some(finding) = wanted.mistaken(&reference) {
                self.diagnostics.push(finding.at(place, "wrong kind of file"));
                continue;
            }
            let registry = matches!(reference, ModuleReference::Registry(_));
            match self.unit(text, reference, &folder) {
                Ok(target) => {
                    self.edges.push(Edge { from: id, to: target, span: string.span });
                    if let Content::Bicep(unit) = &mut self.units[id.0].content {
                        unit.references.insert(string.span.start, target);
                    }
                }
                Err(_) if !registry && self.files.list(&join(&folder, text)).is_ok() => {
                    let finding = Diagnostic::error("BCP275", format!("`{text}` is a folder"));
                    let finding = finding.at(place, "expected a file");
                    self.diagnostics.push(finding.help("name a file in the folder"));
                }
                Err(error) => {
                    self.diagnostics.push(unreadable(text, (registry, wanted), place, &error));
                }
            }
        }
    }

    // Depth first with a stack of its own. A file that is met again while it is open is in a cycle.
    fn order(&mut self) -> Vec<UnitId> {
        let mut edges: Vec<Vec<&Edge>> = self.units.iter().map(|_| Vec::new()).collect();
        for edge in &self.edges {
            edges[edge.from.0].push(edge);
        }
        let mut state = vec![State::New; self.units.len()];
        let mut order = Vec::new();
        let mut open: Vec<(UnitId, usize)> = vec![(UnitId(0), 0)];
        let mut cyclic: BTreeSet<Place> = BTreeSet::new();
        while let Some((id, next)) = open.pop() {
            state[id.0] = State::Open;
            let Some(edge) = edges[id.0].get(next) else {
                state[id.0] = State::Done;
                order.push(id);
                continue;
            };
            open.push((id, next + 1));
            match state[edge.to.0] {
                State::New => open.push((edge.to, 0)),
                State::Open => {
                    let closing = open.iter().skip_while(|(open, _)| *open != edge.to);
                    let closing: Vec<(UnitId, usize)> = closing.copied().collect();
                    let names =
                        closing.iter().map(|(id, _)| format!("`{}`", self.units[id.0].path));
                    let names: Vec<String> = names.collect();
                    // Each file of the cycle names the next at the edge that was followed last.
                    for (id, next) in closing {
                        let Some(edge) = edges[id.0].get(next - 1) else { continue };
                        let place = self.place(id, edge.span);
                        if cyclic.insert(place) {
                            self.diagnostics.push(cycle(place, &names));
                        }
                    }
                }
                State::Done => {}
            }
        }
        order
    }

    fn file(&self, id: UnitId) -> Option<FileId> {
        match &self.units[id.0].content {
            Content::Bicep(unit) => Some(unit.bound.file),
            _ => None,
        }
    }

    fn place(&self, id: UnitId, span: Span) -> Place {
        Place { file: self.file(id).unwrap_or(FileId(0)), span }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

/// What refers to a file.
#[derive(Clone, Copy)]
enum Referring {
    Module,
    Using,
    Other,
}

impl Referring {
    /// What is wrong with a file of this kind here. Parameters files are extended, and nothing else.
    fn mistaken(self, reference: &ModuleReference) -> Option<Diagnostic> {
        let ModuleReference::Local(path) = reference else { return None };
        if !path.ends_with(".bicepparam") {
            return None;
        }
        let (code, title) = match self {
            Self::Module => ("BCP277", "a module cannot be a parameters file"),
            Self::Using => ("BCP276", "the template cannot be a parameters file"),
            Self::Other => return None,
        };
        let help = "write the path of a Bicep file or an ARM template";
        Some(Diagnostic::error(code, title).help(help))
    }
}

fn paths(program: ProgramSyntax<'_>) -> impl Iterator<Item = (ExpressionSyntax<'_>, Referring)> {
    program.statements.iter().filter_map(|statement| match statement {
        StatementSyntax::Module(node) => Some((node.path, Referring::Module)),
        StatementSyntax::Import(node) => Some((node.path, Referring::Other)),
        StatementSyntax::Test(node) => {
            let written = node.path.literal().filter(|path| !path.is_empty());
            written.map(|_| (node.path, Referring::Other))
        }
        StatementSyntax::Using(node) => Some((node.path, Referring::Using)),
        StatementSyntax::Extends(node) => Some((node.path, Referring::Other)),
        _ => None,
    })
}

/// The text of a file, unless it is too large.
fn text(bytes: &[u8]) -> Result<&str, FileError> {
    if bytes.len() > MAXIMUM_FILE_BYTES {
        return Err(FileError::Unreadable("the file is larger than 16 MiB".to_owned()));
    }
    str::from_utf8(bytes).map_err(|_| FileError::Unreadable("the file is not UTF-8".to_owned()))
}

fn unreadable(
    path: &str,
    (registry, wanted): (bool, Referring),
    place: Place,
    error: &FileError,
) -> Diagnostic {
    if registry && *error == FileError::NotFound {
        let title = format!("`{path}` is not in the module cache");
        let code = if matches!(wanted, Referring::Using) { "BCP446" } else { "BCP190" };
        return Diagnostic::error(code, title).at(place, "the module is not restored").help(
            "run `bicep restore` on this file, or name the module cache with `--module-cache`",
        );
    }
    let title = format!("cannot read `{path}`");
    Diagnostic::error("BCP091", title).at(place, error.to_string()).help(error.next_step())
}

fn cycle(place: Place, names: &[String]) -> Diagnostic {
    if names.len() == 1 {
        let title = "the file refers to itself";
        let is_parameters = names[0].ends_with(".bicepparam`");
        let code = if is_parameters { "BCP278" } else { "BCP094" };
        return Diagnostic::error(code, title)
            .at(place, "this is the path of the same file")
            .help("name another file");
    }
    Diagnostic::error("BCP095", "the files refer to each other")
        .at(place, format!("this reference closes the cycle {}", names.join(" -> ")))
        .help("move the shared declarations to a third file")
}
