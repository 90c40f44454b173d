//! What a template takes over from other files: all that the imported symbols need, under names that
//! cannot meet the template's own.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use serde_json::Value;

use super::json_import::{self, JsonSymbols};
use super::{Lowerer, decorators, order};
use crate::arm::expression::{Expression, value_expression};
use crate::bicep::binder::{Symbol, SymbolId, SymbolKind, Use};
use crate::bicep::files::{folder_of, relative};
use crate::bicep::ir::{
    self, DeclaredType, Function, FunctionKind, ImportedFrom, Initializer, Loop, Type,
    TypeDeclaration, Variable,
};
use crate::bicep::load::{BicepUnit, Content, Loaded, UnitId};
use crate::bicep::syntax::{ImportSyntax, ImportedSyntax, StatementSyntax};
use crate::diagnostic::{Diagnostic, Diagnostics, Span};

/// What a symbol that is taken over is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Type,
    Variable,
    Function,
}

type Key = (UnitId, Kind, String);

#[derive(Debug)]
struct Taken {
    key: Key,
    // As the template names it.
    emitted: Rc<str>,
}

/// The symbols that one template takes over.
#[derive(Debug)]
pub struct Imports {
    main: UnitId,
    names: HashMap<Key, Rc<str>>,
    // Sorted by emitted name.
    taken: Vec<Taken>,
    sources: BTreeMap<UnitId, String>,
    json: BTreeMap<UnitId, Rc<JsonSymbols>>,
}

impl Imports {
    /// Finds all that a file takes over.
    pub fn new(loaded: &Loaded<'_>, main: UnitId, diagnostics: &mut Diagnostics) -> Self {
        let mut closure = Closure {
            loaded,
            main,
            aliases: BTreeMap::new(),
            found: BTreeSet::new(),
            whole: BTreeSet::new(),
            pending: Vec::new(),
            uses: HashMap::new(),
            json: BTreeMap::new(),
        };
        closure.roots(diagnostics);
        while let Some(key) = closure.pending.pop() {
            closure.follow(&key);
        }
        closure.finish()
    }

    fn name(&self, unit: UnitId, kind: Kind, name: &str) -> Rc<str> {
        if unit == self.main || self.names.is_empty() {
            return name.into();
        }
        let known = self.names.get(&(unit, kind, name.to_owned()));
        known.map_or_else(|| name.into(), Rc::clone)
    }

    /// The name of a variable.
    pub fn variable(&self, unit: UnitId, name: &str) -> Rc<str> {
        self.name(unit, Kind::Variable, name)
    }

    /// The name of a type in `definitions`.
    pub fn definition(&self, unit: UnitId, name: &str) -> Rc<str> {
        self.name(unit, Kind::Type, name)
    }

    /// The name of a user's function, with its namespace.
    pub fn function(&self, unit: UnitId, name: &str) -> String {
        let name = self.name(unit, Kind::Function, name);
        if unit != self.main && name.contains('.') {
            name.to_string()
        } else {
            format!("__bicep.{name}")
        }
    }

    /// A value of an imported ARM template, with the names of this one.
    pub fn renamed_json(&self, unit: UnitId, value: &Value) -> Value {
        json_import::renamed(value, &mut |kind, name| {
            Some(match kind {
                Kind::Type => self.definition(unit, name).to_string(),
                Kind::Variable => self.variable(unit, name).to_string(),
                Kind::Function => self.function(unit, name),
            })
        })
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Taken> {
        self.taken.iter().filter(move |taken| taken.key.1 == kind)
    }

    /// The files that something is taken over from.
    pub fn files(&self) -> impl Iterator<Item = UnitId> {
        self.sources.keys().copied()
    }

    fn origin(&self, taken: &Taken, same_name: bool) -> ImportedFrom {
        let (unit, _, name) = &taken.key;
        let file = self.sources.get(unit).cloned().unwrap_or_default();
        let original_name = (!same_name).then(|| name.clone());
        ImportedFrom { file, original_name }
    }

    // A loop of an ARM template.
    fn renamed_copy(&self, unit: UnitId, copy: &Value, emitted: &str) -> Option<Loop> {
        let count = value_expression(&self.renamed_json(unit, &copy["count"])).ok()?;
        let range = Expression::call("range", vec![Expression::Integer(0), count]);
        let input = ir::Value::Template(self.renamed_json(unit, &copy["input"]));
        Some(Loop {
            name: Some(emitted.to_owned()),
            count: Expression::call("length", vec![range]),
            input: Box::new(input),
            place: None,
            body: None,
        })
    }

    fn template_variable(&self, taken: &Taken, symbols: &JsonSymbols) -> Option<Initializer> {
        let (unit, _, name) = &taken.key;
        Some(match symbols.variable(name)? {
            json_import::Variable::Plain(value) => {
                Initializer::Value(ir::Value::Template(self.renamed_json(*unit, value)), None)
            }
            json_import::Variable::Copy(copy) => {
                Initializer::Loop(self.renamed_copy(*unit, copy, &taken.emitted)?)
            }
        })
    }
}

impl Lowerer<'_, '_> {
    /// The variables that are taken over.
    pub(super) fn imported_variables(&self) -> Vec<Variable> {
        let imports = self.session.imports;
        let variables = imports.of(Kind::Variable).filter_map(|taken| {
            let (unit, _, name) = &taken.key;
            let value = match imports.json.get(unit) {
                Some(symbols) => imports.template_variable(taken, symbols),
                None => self.within(*unit, |foreign| match foreign.loaded_file(name) {
                    Some(content) => Some(Initializer::Value(ir::Value::Loaded(content), None)),
                    None => match foreign.global_kind(name)? {
                        SymbolKind::Variable(node) => {
                            Some(foreign.initializer(node.value, Some(&taken.emitted)))
                        }
                        _ => None,
                    },
                }),
            };
            Some(Variable { name: taken.emitted.to_string(), value: value? })
        });
        variables.collect()
    }

    /// The types that are taken over.
    pub(super) fn imported_types(&self) -> Vec<TypeDeclaration> {
        let imports = self.session.imports;
        let types = imports.of(Kind::Type).filter_map(|taken| {
            let (unit, _, name) = &taken.key;
            let (kind, place) = match imports.json.get(unit) {
                Some(symbols) => {
                    let Value::Object(object) =
                        imports.renamed_json(*unit, symbols.definition(name)?)
                    else {
                        return None;
                    };
                    (DeclaredType { base: Type::Template(object), decorations: None }, None)
                }
                None => self.within(*unit, |foreign| match foreign.global_kind(name)? {
                    SymbolKind::Type(node) => {
                        let place = foreign.bound.place(node.name.span);
                        Some((foreign.declared_type(node.value, node.decorators), Some(place)))
                    }
                    _ => None,
                })?,
            };
            let same_name = taken.emitted.ends_with(name.as_str());
            let imported = Some(imports.origin(taken, same_name));
            Some(TypeDeclaration { name: taken.emitted.to_string(), kind, imported, place })
        });
        types.collect()
    }

    /// The functions that are taken over.
    pub(super) fn imported_functions(&self) -> Vec<Function> {
        let imports = self.session.imports;
        let functions = imports.of(Kind::Function).filter_map(|taken| {
            let (unit, _, name) = &taken.key;
            let kind = match imports.json.get(unit) {
                Some(symbols) => match imports.renamed_json(*unit, symbols.function(name)?) {
                    Value::Object(object) => FunctionKind::Template(object),
                    _ => return None,
                },
                None => self.within(*unit, |foreign| match foreign.global_kind(name)? {
                    SymbolKind::Function(node) => Some(foreign.function_kind(node)),
                    _ => None,
                })?,
            };
            let full = imports.function(*unit, name);
            let (namespace, member) = full.split_once('.').unwrap_or(("__bicep", &full));
            let imported = Some(imports.origin(taken, member == name));
            Some(Function {
                namespace: namespace.to_owned(),
                name: member.to_owned(),
                kind,
                imported,
            })
        });
        let mut functions: Vec<Function> = functions.collect();
        // Namespaces stand in the order in which their first function comes by name.
        functions.sort_by(|left, right| order::compare(&left.name, &right.name));
        functions
    }
}

struct Closure<'a, 'c> {
    loaded: &'c Loaded<'a>,
    main: UnitId,
    aliases: BTreeMap<Key, Rc<str>>,
    found: BTreeSet<Key>,
    // Files that are taken over as a whole.
    whole: BTreeSet<UnitId>,
    pending: Vec<Key>,
    uses: HashMap<UnitId, HashMap<SymbolId, Vec<&'c Use<'a>>>>,
    json: BTreeMap<UnitId, Rc<JsonSymbols>>,
}

impl<'a, 'c> Closure<'a, 'c> {
    fn roots(&mut self, diagnostics: &mut Diagnostics) {
        let Some(unit) = self.loaded.bicep(self.main) else { return };
        for statement in unit.bound.program.statements {
            let StatementSyntax::Import(import) = statement else { continue };
            let Some(target) = unit.reference(import.path) else { continue };
            if let ImportedSyntax::Wildcard(_) = import.what {
                self.add_all(target);
            }
            if let ImportedSyntax::Named(named) = import.what {
                for item in named.items {
                    let (Some(alias), Some(original)) = (item.name(), item.original_name()) else {
                        continue;
                    };
                    // The checker has reported what is not exported.
                    if let Some(kind) = self.exported(target, original) {
                        let key = (target, kind, original.to_owned());
                        self.aliases.entry(key.clone()).or_insert_with(|| alias.name.into());
                        self.add(key);
                    }
                }
            }
        }
        for found in &unit.bound.uses {
            let SymbolKind::Wildcard(import) = unit.bound.symbol(found.target).kind else {
                continue;
            };
            let (Some(target), Some(member)) = (unit.reference(import.path), found.member) else {
                continue;
            };
            if self.exported(target, member).is_none() {
                diagnostics.push(not_exported(unit, member, found.span));
            }
        }
    }

    // `import * as` takes over everything that a file exports, used or not.
    fn add_all(&mut self, unit: UnitId) {
        if !self.whole.insert(unit) {
            return;
        }
        let names = match &self.loaded.unit(unit).content {
            Content::Bicep(bicep) => {
                bicep.bound.symbols.iter().map(|symbol| symbol.name.name.to_owned()).collect()
            }
            Content::Json(value) => self.json(unit, value).exports(),
            Content::TemplateSpec(_) => Vec::new(),
        };
        for name in names {
            if let Some(kind) = self.exported(unit, &name) {
                self.add((unit, kind, name));
            }
        }
    }

    fn add(&mut self, key: Key) {
        if key.0 != self.main && self.found.insert(key.clone()) {
            self.pending.push(key);
        }
    }

    // What a file exports under a name.
    fn exported(&mut self, unit: UnitId, name: &str) -> Option<Kind> {
        match &self.loaded.unit(unit).content {
            Content::Bicep(bicep) => {
                let symbol = bicep.bound.symbol(bicep.bound.global(name)?);
                let (kind, decorators) = match symbol.kind {
                    SymbolKind::Type(node) => (Kind::Type, node.decorators),
                    SymbolKind::Variable(node) => (Kind::Variable, node.decorators),
                    SymbolKind::Function(node) => (Kind::Function, node.decorators),
                    _ => return None,
                };
                decorators::find(decorators, "export").map(|_| kind)
            }
            Content::Json(value) => self.json(unit, value).exported(name),
            Content::TemplateSpec(_) => None,
        }
    }

    fn json(&mut self, unit: UnitId, value: &Arc<Value>) -> Rc<JsonSymbols> {
        let symbols = self.json.entry(unit);
        Rc::clone(symbols.or_insert_with(|| Rc::new(JsonSymbols::new(Arc::clone(value)))))
    }

    fn follow(&mut self, key: &Key) {
        let (unit, kind, name) = key;
        match &self.loaded.unit(*unit).content {
            Content::Bicep(bicep) => self.follow_bicep(*unit, bicep, name),
            Content::Json(value) => {
                let symbols = self.json(*unit, value);
                for (kind, name) in symbols.references(*kind, name) {
                    self.add((*unit, kind, name));
                }
            }
            Content::TemplateSpec(_) => {}
        }
    }

    fn follow_bicep(&mut self, unit: UnitId, bicep: &'c BicepUnit<'a>, name: &str) {
        let Some(id) = bicep.bound.global(name) else { return };
        let by_owner = self.uses.entry(unit).or_insert_with(|| {
            let mut by_owner: HashMap<SymbolId, Vec<&'c Use<'a>>> = HashMap::new();
            for found in &bicep.bound.uses {
                if let Some(owner) = found.owner {
                    by_owner.entry(owner).or_default().push(found);
                }
            }
            by_owner
        });
        for found in by_owner.get(&id).cloned().unwrap_or_default() {
            let symbol: &Symbol<'a> = bicep.bound.symbol(found.target);
            match symbol.kind {
                SymbolKind::Type(_) => self.add((unit, Kind::Type, symbol.name.name.to_owned())),
                SymbolKind::Variable(_) => {
                    self.add((unit, Kind::Variable, symbol.name.name.to_owned()));
                }
                SymbolKind::Function(_) => {
                    self.add((unit, Kind::Function, symbol.name.name.to_owned()));
                }
                SymbolKind::Imported(import, original) => {
                    self.follow_import(bicep, import, original);
                }
                SymbolKind::Wildcard(import) => {
                    bicep.reference(import.path).into_iter().for_each(|unit| self.add_all(unit));
                }
                _ => {}
            }
        }
        if let SymbolKind::Variable(node) = bicep.bound.symbol(id).kind {
            let span = node.span;
            let inside = bicep
                .bound
                .load_names()
                .filter(|(load, _)| load.span.start >= span.start && load.span.end <= span.end);
            for (_, name) in inside.collect::<Vec<_>>() {
                self.add((unit, Kind::Variable, name));
            }
        }
    }

    fn follow_import(&mut self, bicep: &BicepUnit<'a>, import: &ImportSyntax<'a>, name: &str) {
        let Some(unit) = bicep.reference(import.path) else { return };
        if let Some(kind) = self.exported(unit, name) {
            self.add((unit, kind, name.to_owned()));
        }
    }

    // A path from the file that imports; modules of a registry have a name of their own.
    fn source(&self, unit: UnitId) -> String {
        let path = &self.loaded.unit(unit).path;
        if path.starts_with("br:") {
            return path.clone();
        }
        relative(folder_of(&self.loaded.unit(self.main).path), path)
    }

    fn finish(self) -> Imports {
        let sources: BTreeMap<UnitId, String> =
            self.found.iter().map(|key| (key.0, self.source(key.0))).collect();
        let mut unnamed: Vec<(&Key, String)> = self
            .found
            .iter()
            .filter(|key| !self.aliases.contains_key(*key))
            .map(|key| (key, format!("{}_{}", sources[&key.0], key.2)))
            .collect();
        unnamed.sort_by(|left, right| order::compare(&left.1, &right.1));
        let mut numbers: Vec<UnitId> = Vec::new();
        let mut names: HashMap<Key, Rc<str>> =
            self.aliases.iter().map(|(key, name)| (key.clone(), Rc::clone(name))).collect();
        for (key, _) in unnamed {
            let known = numbers.iter().position(|unit| *unit == key.0);
            let number = known.unwrap_or_else(|| {
                numbers.push(key.0);
                numbers.len() - 1
            });
            names.insert(key.clone(), format!("_{}.{}", number + 1, key.2).into());
        }
        let emitted = |key: &Key| names.get(key).map_or_else(|| key.2.as_str().into(), Rc::clone);
        let mut taken: Vec<Taken> = self
            .found
            .iter()
            .map(|key| Taken { key: key.clone(), emitted: emitted(key) })
            .collect();
        taken.sort_by(|left, right| left.emitted.cmp(&right.emitted));
        Imports { main: self.main, names, taken, sources, json: self.json }
    }
}

fn not_exported(unit: &BicepUnit<'_>, name: &str, span: Span) -> Diagnostic {
    let title = format!("the file does not export `{name}`");
    Diagnostic::error("BCP360", title)
        .at(unit.bound.place(span), "no exported declaration has this name")
        .help("add `@export()` to its declaration, or correct the name")
}
