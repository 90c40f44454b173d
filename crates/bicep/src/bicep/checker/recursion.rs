//! Types that need themselves, so that no value could ever be one.

use std::collections::{BTreeMap, BTreeSet};

use super::Checker;
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
        let needs: BTreeMap<SymbolId, BTreeSet<SymbolId>> = declared
            .iter()
            .map(|(id, node)| {
                let mut needed = BTreeSet::new();
                self.deeper(|| self.needed(node.value, &mut needed));
                (*id, needed)
            })
            .collect();
        for (id, node) in &declared {
            let own = &needs[id];
            let words = ("no value could ever be one", "make a part of it optional");
            if own.contains(id) {
                let title = format!("`{}` needs itself", node.name.name);
                self.error("BCP298", node.name.span, title, words);
            } else if reaches(&needs, own, *id) {
                let title = format!("`{}` needs itself through others", node.name.name);
                self.error("BCP299", node.name.span, title, words);
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

/// Whether what is needed leads back to a type.
fn reaches(
    needs: &BTreeMap<SymbolId, BTreeSet<SymbolId>>,
    from: &BTreeSet<SymbolId>,
    to: SymbolId,
) -> bool {
    let mut open: Vec<SymbolId> = from.iter().copied().collect();
    let mut seen = BTreeSet::new();
    while let Some(next) = open.pop() {
        if next == to {
            return true;
        }
        if seen.insert(next) {
            open.extend(needs.get(&next).into_iter().flatten());
        }
    }
    false
}
