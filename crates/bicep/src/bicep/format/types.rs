use super::document::{Document, Line, spread};
use super::tokens::{Bracket, Layout};
use crate::bicep::lexer::TokenKind;
use crate::bicep::syntax::{ObjectTypeItemSyntax, ObjectTypeSyntax, TypeSyntax, UnionTypeSyntax};

impl<'a> Layout<'a> {
    pub(super) fn type_of(&mut self, node: TypeSyntax<'a>) -> Document<'a> {
        match node {
            TypeSyntax::Variable(_)
            | TypeSyntax::Integer(_)
            | TypeSyntax::Boolean(_)
            | TypeSyntax::Null(_) => self.one(),
            TypeSyntax::String(node) => self.string(node.span),
            TypeSyntax::PropertyAccess(node) => self.after_type(node.base, 2),
            TypeSyntax::AdditionalPropertiesAccess(node) => self.after_type(node.base, 2),
            TypeSyntax::ItemsAccess(node) => self.after_type(node.base, 3),
            TypeSyntax::Array(node) => self.after_type(node.item, 2),
            TypeSyntax::Nullable(node) => self.after_type(node.base, 1),
            TypeSyntax::NonNull(node) => self.after_type(node.base, 1),
            TypeSyntax::ArrayAccess(node) => {
                let base = self.after_type(node.base, 1);
                let index = self.expression(node.index);
                Document::Glue(vec![base, index, self.one()])
            }
            TypeSyntax::Instantiation(node) => {
                let name = match node.base {
                    Some(base) => self.after_type(base, 2),
                    None => self.one(),
                };
                Document::Glue(vec![name, self.type_arguments(node.arguments)])
            }
            TypeSyntax::Union(node) => self.union(node),
            TypeSyntax::Object(node) => self.object_type(node),
            TypeSyntax::Tuple(node) => {
                let bracket = Bracket {
                    separator: Line::OrCommaSpace,
                    padding: Line::OrNothing,
                    broken: false,
                    indents_single: true,
                };
                self.bracket(bracket, |layout| {
                    layout.items(node.items, |layout, item| {
                        let mut parts = layout.decorators(item.decorators);
                        parts.push(layout.type_of(item.value));
                        parts
                    })
                })
            }
            TypeSyntax::Unary(node) => Document::Glue(vec![self.one(), self.type_of(node.operand)]),
            TypeSyntax::Parenthesized(node) => {
                Document::Glue(vec![self.one(), self.type_of(node.r#type), self.one()])
            }
            TypeSyntax::Resource(node) => {
                let keyword = self.one();
                match node.r#type {
                    Some(r#type) => Document::Glue(vec![keyword, self.expression(r#type)]),
                    None => keyword,
                }
            }
            TypeSyntax::Skipped(_) => self.unexplained(),
        }
    }

    /// A type and so many tokens after it.
    fn after_type(&mut self, base: TypeSyntax<'a>, tokens: usize) -> Document<'a> {
        let mut parts = vec![self.type_of(base)];
        for _ in 0..tokens {
            parts.push(self.one());
        }
        Document::Glue(parts)
    }

    fn type_arguments(&mut self, arguments: &[TypeSyntax<'a>]) -> Document<'a> {
        let bracket = Bracket {
            separator: Line::OrSpace,
            padding: Line::OrNothing,
            broken: self.starts_with_new_line() && !arguments.is_empty(),
            indents_single: true,
        };
        let arguments = self.bracket(bracket, |layout| {
            layout.comma_separated(arguments, |layout, argument, _| layout.type_of(argument))
        });
        // The name of a resource type reads better on one line, however long.
        if matches!(arguments, Document::Group(_)) { arguments.flattened() } else { arguments }
    }

    fn union(&mut self, node: &UnionTypeSyntax<'a>) -> Document<'a> {
        self.indented(true, |layout| {
            let mut parts = layout.pipes();
            for (index, member) in node.members.iter().enumerate() {
                let member = layout.type_of(*member);
                let pipe = if index == 0 { Document::LeadingPipe } else { Document::text("| ") };
                parts.push(Document::Glue(vec![pipe, member]));
                if index + 1 < node.members.len() {
                    parts.extend(layout.pipes());
                }
            }
            parts
        })
    }

    /// The `|` before a member, with the line ends around it.
    fn pipes(&mut self) -> Vec<Document<'a>> {
        let mut documents = Vec::new();
        while matches!(self.kind(), TokenKind::NewLine | TokenKind::Pipe) {
            documents.extend(self.take());
        }
        documents
    }

    fn object_type(&mut self, node: &ObjectTypeSyntax<'a>) -> Document<'a> {
        let bracket = Bracket {
            separator: Line::OrCommaSpace,
            padding: Line::OrSpace,
            broken: self.starts_with_new_line() && !node.items.is_empty(),
            indents_single: true,
        };
        self.bracket(bracket, |layout| layout.items(node.items, Self::object_type_item))
    }

    fn object_type_item(&mut self, item: ObjectTypeItemSyntax<'a>) -> Vec<Document<'a>> {
        let (decorators, value) = match item {
            ObjectTypeItemSyntax::Property(node) => (node.decorators, node.value),
            ObjectTypeItemSyntax::AdditionalProperties(node) => (node.decorators, node.value),
            ObjectTypeItemSyntax::Skipped(_) => return vec![self.unexplained()],
        };
        let mut parts = self.decorators(decorators);
        let key = match item {
            ObjectTypeItemSyntax::Property(node) => self.key(node.key),
            _ => Document::Glue(vec![self.one(), self.one()]),
        };
        parts.push(spread(vec![key, self.type_of(value)]));
        parts
    }
}
