//! Symbols of other files: what is imported must be exported there, and what uses the others means nothing.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::Checker;
use super::interface::{Export, Interface};
use crate::bicep::binder::{SymbolId, SymbolKind};
use crate::bicep::syntax::{
    DecoratorSyntax, ExpressionSyntax, IdentifierSyntax, ImportSyntax, ImportedSyntax,
    StatementSyntax, TypeSyntax, walk_statement_types, walk_types,
};
use crate::diagnostic::Span;

impl<'a> Checker<'a, '_> {
    pub(super) fn imports(&self) {
        for statement in self.bound.program.statements {
            if let StatementSyntax::Import(node) = statement {
                self.imported(node);
            }
        }
        self.repeated_imports();
        self.missing_types();
        self.unexportable();
    }

    /// Reports what is exported and needs what only a deployment of this file has.
    fn unexportable(&self) {
        let mut users: HashMap<SymbolId, Vec<SymbolId>> = HashMap::new();
        for found in &self.bound.uses {
            if let Some(owner) = found.owner {
                users.entry(found.target).or_default().push(owner);
            }
        }
        let symbols = (0..).map(SymbolId).zip(&self.bound.symbols);
        let deployed = symbols.filter(|(_, symbol)| {
            matches!(
                symbol.kind,
                SymbolKind::Parameter(_) | SymbolKind::Resource(_) | SymbolKind::Module(_)
            )
        });
        let mut open: Vec<SymbolId> = deployed.map(|(id, _)| id).collect();
        let mut bound_to_file: HashSet<SymbolId> = open.iter().copied().collect();
        while let Some(id) = open.pop() {
            let users = users.get(&id).into_iter().flatten().copied();
            open.extend(users.filter(|user| bound_to_file.insert(*user)));
        }
        let words = (
            "it refers to a parameter, resource or module",
            "remove `@export()`, or make it a function that takes the value",
        );
        self.cannot_be_exported(&bound_to_file, words);
    }

    /// Reports which of these declarations are exported.
    fn cannot_be_exported(&self, declared: &HashSet<SymbolId>, words: (&str, &str)) {
        for statement in self.bound.program.statements {
            let (name, decorators) = match statement {
                StatementSyntax::Variable(node) => (node.name, node.decorators),
                StatementSyntax::Function(node) => (node.name, node.decorators),
                StatementSyntax::Type(node) => (node.name, node.decorators),
                _ => continue,
            };
            let Some(decorator) = decorators.iter().find(|it| is_export(it)) else { continue };
            if self.bound.declared(name).is_some_and(|id| declared.contains(&id)) {
                let title = format!("`{}` cannot be exported", name.name);
                self.error("BCP372", decorator.span, title, words);
            }
        }
    }

    /// Reports symbols that are imported under several names.
    fn repeated_imports(&self) {
        let mut known: BTreeMap<(*const Interface<'a>, &str), Vec<Span>> = BTreeMap::new();
        for statement in self.bound.program.statements {
            let StatementSyntax::Import(node) = statement else { continue };
            let ImportedSyntax::Named(named) = node.what else { continue };
            let Some(interface) = self.modules.interface(node.path) else { continue };
            for item in named.items {
                if let Some(original) = item.original_name() {
                    let place = (std::ptr::from_ref(interface), original);
                    known.entry(place).or_default().push(item.span);
                }
            }
        }
        let mut spans: Vec<Span> =
            known.into_values().filter(|spans| spans.len() > 1).flatten().collect();
        spans.sort_by_key(|span| span.start);
        for span in spans {
            let words = ("another import has the same symbol", "import it under one name");
            self.error("BCP362", span, "the symbol is imported more than once", words);
        }
    }

    /// Reports the types that are imported and do not exist where they are used, and what cannot be exported
    /// because of them.
    fn missing_types(&self) {
        let mut broken: HashSet<SymbolId> = HashSet::new();
        let statements = self.bound.program.statements;
        for statement in statements {
            walk_statement_types(*statement, &mut |node| {
                let TypeSyntax::Variable(node) = node else { return };
                let Some(id) = self.bound.target(node.name) else { return };
                if self.is_missing_import(id) {
                    broken.insert(id);
                    self.no_type(node.name, id);
                }
            });
        }
        if broken.is_empty() {
            return;
        }
        loop {
            let before = broken.len();
            for statement in statements {
                let StatementSyntax::Type(own) = statement else { continue };
                walk_types(own.value, &mut |node| {
                    let TypeSyntax::Variable(node) = node else { return };
                    if self.bound.target(node.name).is_some_and(|id| broken.contains(&id)) {
                        broken.extend(self.bound.declared(own.name));
                    }
                });
            }
            if broken.len() == before {
                break;
            }
        }
        let words = ("it refers to an invalid declaration", "correct that declaration first");
        self.cannot_be_exported(&broken, words);
    }

    fn imported(&self, node: &ImportSyntax<'a>) {
        if let ExpressionSyntax::Skipped(path) = node.path {
            let words = ("expected the path of the imported file", "add the path as a string");
            self.error("BCP358", path.span, "the import has no path", words);
        }
        let ImportedSyntax::Named(named) = node.what else { return };
        if self.modules.is_broken(node.path) {
            return;
        }
        let Some(interface) = self.modules.interface(node.path) else { return };
        for item in named.items {
            let Some(original) = item.original_name() else { continue };
            if !interface.exports.contains_key(original) {
                self.not_exported(original, item.original.span());
            }
        }
    }

    fn not_exported(&self, name: &str, span: Span) {
        let title = format!("the file does not export `{name}`");
        let label = "no exported declaration has this name";
        let help = "add `@export()` to its declaration, or correct the name";
        self.error("BCP360", span, title, (label, help));
    }

    fn no_type(&self, name: IdentifierSyntax<'a>, id: SymbolId) {
        // Microsoft's compiler knows nothing of a name that an import gives to what does not exist.
        let code = match self.bound.symbol(id).kind {
            SymbolKind::Imported(_, original) if original != name.name => "BCP302",
            _ => "BCP287",
        };
        let title = format!("`{}` is not a type", name.name);
        let words = ("the imported file has no type with this name", "correct the import");
        self.error(code, name.span, title, words);
    }

    /// What the file exports that a symbol is imported from. Nothing where the file is not known.
    pub(super) fn export(&self, import: &ImportSyntax<'a>, name: &str) -> Option<&Export<'a>> {
        self.modules.interface(import.path)?.exports.get(name)
    }

    /// Whether a symbol is imported and does not exist.
    pub(super) fn is_missing_import(&self, id: SymbolId) -> bool {
        let symbol = self.bound.symbol(id);
        let SymbolKind::Imported(import, original) = symbol.kind else { return false };
        let known = self.modules.interface(import.path);
        self.modules.is_broken(import.path)
            || known.is_none_or(|known| !known.exports.contains_key(original))
    }
}

fn is_export(decorator: &DecoratorSyntax<'_>) -> bool {
    match decorator.expression {
        ExpressionSyntax::FunctionCall(call) => call.name.name == "export",
        ExpressionSyntax::InstanceFunctionCall(call) => call.name.name == "export",
        _ => false,
    }
}
