//! Where `for` may stand, and whether what it makes has different names.

use super::Checker;
use crate::bicep::binder::{SymbolId, SymbolKind};
use crate::bicep::syntax::{
    ArrayItemSyntax, DeclarationBody, ExpressionSyntax, ForSyntax, IdentifierSyntax,
    ObjectItemSyntax, ObjectKeySyntax, ObjectSyntax, StatementSyntax,
};

/// What may be a loop at a place.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// The value of a declaration.
    Declaration,
    /// A property in the body of a resource or module.
    Property,
    /// A property inside what a property loop makes.
    InPropertyLoop,
    /// Anything else.
    Nowhere,
}

impl<'a> Checker<'a, '_> {
    pub(super) fn loops(&self) {
        for statement in self.bound.program.statements {
            for decorator in statement.decorators() {
                self.loops_in(decorator.expression, Place::Nowhere);
            }
            match statement {
                StatementSyntax::Variable(node) => self.loops_in(node.value, Place::Declaration),
                StatementSyntax::Output(node) => self.loops_in(node.value, Place::Declaration),
                StatementSyntax::Resource(node) => self.declaration_loops(node.name, node.body()),
                StatementSyntax::Module(node) => self.declaration_loops(node.name, node.body()),
                StatementSyntax::Parameter(node) => {
                    if let Some(default) = node.default {
                        self.loops_in(default, Place::Nowhere);
                    }
                }
                _ => {}
            }
        }
    }

    fn declaration_loops(&self, name: IdentifierSyntax<'a>, body: DeclarationBody<'a>) {
        if let (Some(node), Some(object)) = (body.r#for, body.object) {
            self.same_names(name, node, object);
        }
        if let Some(node) = body.r#for {
            self.loops_in(node.expression, Place::Nowhere);
        }
        if let Some(object) = body.object {
            self.loops_in_object(object, Place::Property);
        }
    }

    fn loops_in_object(&self, object: &'a ObjectSyntax<'a>, place: Place) {
        let has_loop = object.properties().any(|one| matches!(one.value, ExpressionSyntax::For(_)));
        for item in object.items {
            match item {
                ObjectItemSyntax::Property(property) => {
                    let is_loop = matches!(property.value, ExpressionSyntax::For(_));
                    if is_loop && place == Place::Property && property.name().is_none() {
                        self.named_by_expression(property.key);
                    }
                    self.loops_in(property.value, place);
                }
                ObjectItemSyntax::Spread(spread) => {
                    if has_loop {
                        let words =
                            ("a property of the object is a loop", "move the loop to a variable");
                        self.error("BCP417", spread.span, "`...` beside a property loop", words);
                    }
                    self.loops_in(spread.expression, Place::Nowhere);
                }
                ObjectItemSyntax::Resource(node) => {
                    self.declaration_loops(node.name, node.body());
                }
                ObjectItemSyntax::Missing(_) | ObjectItemSyntax::Skipped(_) => {}
            }
        }
    }

    fn named_by_expression(&self, key: ObjectKeySyntax<'a>) {
        if let ObjectKeySyntax::String(key) = key {
            let words = ("a loop needs a plain property name", "write the name as plain text");
            self.error("BCP143", key.span, "the property name of a loop is an expression", words);
        }
    }

    fn loops_in(&self, expression: ExpressionSyntax<'a>, place: Place) {
        match expression {
            ExpressionSyntax::For(node) => self.one_loop(node, place),
            ExpressionSyntax::Object(node) => {
                let inside = match place {
                    Place::Property | Place::InPropertyLoop => place,
                    _ => Place::Nowhere,
                };
                self.loops_in_object(node, inside);
            }
            ExpressionSyntax::Array(node) => {
                for item in node.items {
                    match item {
                        ArrayItemSyntax::Value(value) => self.loops_in_item(*value, place),
                        ArrayItemSyntax::Spread(spread) => {
                            self.loops_in(spread.expression, Place::Nowhere);
                        }
                    }
                }
            }
            ExpressionSyntax::FunctionCall(node) => {
                node.arguments.iter().for_each(|inner| self.loops_in(*inner, Place::Nowhere));
            }
            ExpressionSyntax::InstanceFunctionCall(node) => {
                node.arguments.iter().for_each(|inner| self.loops_in(*inner, Place::Nowhere));
            }
            ExpressionSyntax::Ternary(node) => {
                for inner in [node.condition, node.when_true, node.when_false] {
                    self.loops_in(inner, Place::Nowhere);
                }
            }
            ExpressionSyntax::Binary(node) => {
                self.loops_in(node.left, Place::Nowhere);
                self.loops_in(node.right, Place::Nowhere);
            }
            ExpressionSyntax::Parenthesized(node) => self.loops_in(node.expression, Place::Nowhere),
            ExpressionSyntax::Lambda(node) => self.loops_in(node.body, Place::Nowhere),
            _ => {}
        }
    }

    fn loops_in_item(&self, value: ExpressionSyntax<'a>, place: Place) {
        let place = match (value, place) {
            // An object in an array may have loops as its properties.
            (ExpressionSyntax::Object(_), Place::Property | Place::InPropertyLoop) => place,
            _ => Place::Nowhere,
        };
        self.loops_in(value, place);
    }

    fn one_loop(&self, node: &ForSyntax<'a>, place: Place) {
        match place {
            Place::Nowhere => {
                let words = ("a loop is not allowed here", "move the loop to a variable");
                self.error("BCP138", node.keyword, "misplaced loop", words);
            }
            Place::InPropertyLoop => {
                let words =
                    ("this loop is inside another property loop", "use `map()` for the inner loop");
                self.error("BCP142", node.keyword, "nested loop in a property", words);
            }
            Place::Declaration | Place::Property => {}
        }
        self.loops_in(node.expression, Place::Nowhere);
        let inside = match place {
            Place::Property | Place::InPropertyLoop => Place::InPropertyLoop,
            _ => Place::Nowhere,
        };
        self.loops_in(node.body, inside);
    }

    /// Warns of a loop whose resources or deployments all have one name.
    fn same_names(
        &self,
        symbol: IdentifierSyntax<'a>,
        node: &ForSyntax<'a>,
        object: &'a ObjectSyntax<'a>,
    ) {
        let declared = self.bound.declared(symbol).map(|id| self.bound.symbol(id).kind);
        let is_unknown = match declared {
            Some(SymbolKind::Resource(id)) => self.resource_type_error(id),
            Some(SymbolKind::Module(node)) => self.modules.is_unknown(node.path),
            _ => false,
        };
        let nameless = symbol.is_missing() || object.property("name").is_none();
        if is_unknown || nameless || node.item.is_missing() {
            return;
        }
        let values = ["name", "scope", "parent"].map(|name| object.property(name));
        let varies = values.into_iter().flatten().any(|property| {
            self.uses_in(property.value.span()).any(|found| self.is_local(found.target, node))
        });
        if !varies {
            let title = format!("every instance of `{}` has the same name", symbol.name);
            let help = format!("use `{}` in the name", node.item.name);
            self.warning(
                "BCP179",
                symbol.span,
                title,
                ("the name does not depend on the loop", &help),
            );
        }
    }

    fn is_local(&self, id: SymbolId, node: &ForSyntax<'a>) -> bool {
        match self.bound.symbol(id).kind {
            SymbolKind::Item(other) | SymbolKind::Index(other) => other.span == node.span,
            _ => false,
        }
    }
}
