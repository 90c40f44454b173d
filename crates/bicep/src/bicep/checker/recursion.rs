//! Types that need themselves, so that no value could ever be one.

use std::collections::{BTreeMap, BTreeSet};

use super::Checker;
use crate::bicep::binder::cycles::Graph;
use crate::bicep::binder::{SymbolId, SymbolKind};
use crate::bicep::syntax::{
    ObjectTypeItemSyntax, StatementSyntax, TypeDeclarationSyntax, TypeSyntax,
};

impl<'a> Checker<'a, '_> {
    pub(super) fn recursive_types(&self) {
        let mut declared: BTreeMap<SymbolId, &TypeDeclarationSyntax<'a>> = BTreeMap::new();
        for statement in self.bound.program.statements {
            if let StatementSyntax::Type(node) = statement
                && let Some(id) = self.bound.declared(node.name)
            {
                declared.insert(id, node);
            }
        }
        let mut needs = Vec::new();
        for (id, node) in &declared {
            let mut needed = BTreeSet::new();
            self.deeper(|| self.needed(node.value, &mut needed));
            needs.extend(needed.into_iter().map(|needed| (*id, needed, node.name.span)));
        }
        let graph = Graph::new(self.bound.symbols.len(), needs);
        let words = ("no value can satisfy this type", "make a part of the type optional");
        for id in graph.components().into_iter().flatten() {
            let Some(node) = declared.get(&id) else { continue };
            let name = node.name;
            if graph.of(id).iter().any(|(_, needed, _)| *needed == id) {
                self.error(
                    "BCP298",
                    name.span,
                    format!("type `{}` requires itself", name.name),
                    words,
                );
            } else {
                let title = format!("type `{}` requires itself through other types", name.name);
                self.error("BCP299", name.span, title, words);
            }
        }
    }

    /// The types that every value of a type holds.
    fn needed(&self, syntax: TypeSyntax<'a>, found: &mut BTreeSet<SymbolId>) {
        match syntax {
            TypeSyntax::Variable(node) => {
                if let Some(id) = self.bound.target(node.name)
                    && matches!(self.bound.symbol(id).kind, SymbolKind::Type(_))
                {
                    found.insert(id);
                }
            }
            TypeSyntax::Nullable(node) => self.needed(node.base, found),
            TypeSyntax::NonNull(node) => self.needed(node.base, found),
            TypeSyntax::Parenthesized(node) => self.needed(node.r#type, found),
            TypeSyntax::Array(node) => self.needed(node.item, found),
            TypeSyntax::Union(node) => {
                node.members.iter().for_each(|member| self.needed(*member, found));
            }
            TypeSyntax::Tuple(node) => {
                node.items.iter().for_each(|item| self.needed_part(item.value, found));
            }
            TypeSyntax::Object(node) => {
                for item in node.items {
                    if let ObjectTypeItemSyntax::Property(property) = item {
                        self.needed_part(property.value, found);
                    }
                }
            }
            _ => {}
        }
    }

    /// A part that may be null or empty needs nothing.
    fn needed_part(&self, syntax: TypeSyntax<'a>, found: &mut BTreeSet<SymbolId>) {
        if !matches!(syntax.without_parentheses(), TypeSyntax::Nullable(_) | TypeSyntax::Array(_)) {
            self.deeper(|| self.needed(syntax, found));
        }
    }
}
