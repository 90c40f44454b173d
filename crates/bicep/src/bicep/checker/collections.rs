//! Loops of resources and modules, which a deployment knows one by one only.

use foldhash::{HashSet, HashSetExt};

use super::Checker;
use crate::bicep::syntax::{
    DeclarationBody, ExpressionSyntax, ObjectSyntax, ResourceDeclarationSyntax, StatementSyntax,
    walk,
};
use crate::bicep::types::Type;

impl<'a> Checker<'a, '_> {
    /// Reports loops that are used as a whole inside of another one.
    pub(super) fn whole_loops(&self) {
        for statement in self.bound.program.statements {
            match statement {
                StatementSyntax::Resource(node) => self.whole_loops_of(node),
                StatementSyntax::Module(node) => self.whole_loops_in(node.body()),
                _ => {}
            }
        }
    }

    fn whole_loops_of(&self, node: &ResourceDeclarationSyntax<'a>) {
        self.whole_loops_in(node.body());
        for nested in node.body().object.into_iter().flat_map(ObjectSyntax::resources) {
            self.whole_loops_of(nested);
        }
    }

    fn whole_loops_in(&self, body: DeclarationBody<'a>) {
        let (Some(_), Some(object)) = (body.r#for, body.object) else { return };
        for property in object.properties() {
            if property.name() != Some("dependsOn") {
                self.whole_loops_within(property.value);
            }
        }
    }

    fn whole_loops_within(&self, value: ExpressionSyntax<'a>) {
        let mut indexed = HashSet::new();
        walk(value, &mut |expression| {
            match expression {
                ExpressionSyntax::ArrayAccess(node) => {
                    indexed.insert(node.base.span());
                }
                ExpressionSyntax::Variable(node) if !indexed.contains(&node.name.span) => {
                    let id = self.bound.target(node.name);
                    let found = id.map(|id| self.symbol(id));
                    if matches!(found, Some(Type::Resource(_, true) | Type::Module(_, true))) {
                        let title = format!("`{}` is a collection", node.name.name);
                        let words =
                            ("a single resource or module is required here", "add an index");
                        self.error("BCP144", node.name.span, title, words);
                    }
                }
                _ => {}
            }
            true
        });
    }
}
