//! Names that Azure or Bicep itself has taken, and names that only their case tells apart.

use super::Checker;
use super::interface::Export;
use crate::bicep::binder::SymbolKind;
use crate::bicep::functions::Namespace;
use crate::bicep::syntax::{IdentifierSyntax, StatementSyntax};

/// What a template keeps its names in, each of which Azure reads in any case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Parameters,
    Variables,
    Outputs,
}

impl<'a> Checker<'a, '_> {
    pub(super) fn names(&self) {
        let mut named: Vec<(Section, IdentifierSyntax<'a>)> = Vec::new();
        for symbol in &self.bound.symbols {
            let section = match symbol.kind {
                SymbolKind::Parameter(_) => Some(Section::Parameters),
                SymbolKind::Variable(_) => Some(Section::Variables),
                SymbolKind::Imported(import, original) => {
                    let export = self.export(import, original);
                    matches!(export, Some(Export::Value(_))).then_some(Section::Variables)
                }
                SymbolKind::Namespace(_) => continue,
                _ => None,
            };
            self.reserved(symbol.name, symbol.kind);
            if let Some(section) = section.filter(|_| !symbol.name.is_missing()) {
                named.push((section, symbol.name));
            }
        }
        for statement in self.bound.program.statements {
            match statement {
                StatementSyntax::Output(node) => named.push((Section::Outputs, node.name)),
                StatementSyntax::Metadata(node) if node.name.name.starts_with('_') => {
                    let title = format!("the metadata name `{}` is reserved", node.name.name);
                    let words =
                        ("names with a leading underscore are reserved", "use another name");
                    self.error("BCP268", node.name.span, title, words);
                }
                _ => {}
            }
        }
        let lower = |name: &IdentifierSyntax<'a>| name.name.bytes().map(|b| b.to_ascii_lowercase());
        named.sort_by(|(one, left), (other, right)| {
            one.cmp(other).then_with(|| lower(left).cmp(lower(right)))
        });
        let same = |one: &(Section, IdentifierSyntax<'a>),
                    other: &(Section, IdentifierSyntax<'a>)| {
            one.0 == other.0 && one.1.name.eq_ignore_ascii_case(other.1.name)
        };
        for names in named.chunk_by(same) {
            if names.iter().all(|(_, name)| name.name == names[0].1.name) {
                continue;
            }
            for (_, name) in names {
                let title = format!("`{}` differs from another name only in case", name.name);
                let words = ("Azure ignores the case of this name", "rename one of them");
                self.error("BCP353", name.span, title, words);
            }
        }
    }

    fn reserved(&self, name: IdentifierSyntax<'a>, kind: SymbolKind<'a>) {
        let is_declared = matches!(
            kind,
            SymbolKind::Parameter(_)
                | SymbolKind::Variable(_)
                | SymbolKind::Type(_)
                | SymbolKind::Function(_)
                | SymbolKind::Resource(_)
                | SymbolKind::Module(_)
        );
        if is_declared && Namespace::named(name.name).is_some() {
            let title = format!("`{}` is the name of a namespace", name.name);
            let words = ("the name is reserved", "use another name");
            self.error("BCP084", name.span, title, words);
        } else if matches!(kind, SymbolKind::Variable(_)) && name.name == "copy" {
            let words = ("ARM templates reserve this name for loops", "use another name");
            self.error("BCP239", name.span, "a variable cannot be named `copy`", words);
        } else if matches!(kind, SymbolKind::Type(_)) && name.name == "resource" {
            let words = ("`resource` is a keyword", "use another name");
            self.error("BCP301", name.span, "a type cannot be named `resource`", words);
        }
    }
}
