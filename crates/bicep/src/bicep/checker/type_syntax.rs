//! Type expressions: which types may stand in a union, and what `@discriminator` tells apart.

use std::rc::Rc;

use super::Checker;
use super::declared::is_literal;
use super::interface::called_with;
use crate::azure_types::tables;
use crate::bicep::binder::SymbolKind;
use crate::bicep::functions::{Kinds, Sites};
use crate::bicep::syntax::{
    DecoratorSyntax, ObjectTypeItemSyntax, StatementSyntax, TypeSyntax, UnionTypeSyntax,
    walk_statement_types,
};
use crate::bicep::types::{Flags, ObjectType, Text, Type};
use crate::diagnostic::Span;

impl<'a> Checker<'a, '_> {
    pub(super) fn type_syntax(&self) {
        for statement in self.bound.program.statements {
            match statement {
                StatementSyntax::Parameter(node) => self.typed(node.r#type, node.decorators),
                StatementSyntax::Output(node) => self.typed(node.r#type, node.decorators),
                StatementSyntax::Type(node) => self.typed(node.value, node.decorators),
                StatementSyntax::Variable(node) => {
                    if let Some(declared) = node.r#type {
                        self.typed(declared, node.decorators);
                    }
                }
                StatementSyntax::Function(node) => {
                    for parameter in node.parameters {
                        self.typed(parameter.r#type, &[]);
                    }
                    self.typed(node.return_type, &[]);
                }
                _ => {}
            }
        }
        self.invalid_types();
    }

    /// Reports uses of types that are not valid.
    fn invalid_types(&self) {
        for statement in self.bound.program.statements {
            walk_statement_types(*statement, &mut |node| {
                let TypeSyntax::Variable(node) = node else { return };
                let Some(id) = self.bound.target(node.name) else { return };
                let is_type = matches!(self.bound.symbol(id).kind, SymbolKind::Type(_));
                if is_type && self.symbol(id).is_error() {
                    let title = format!("`{}` is not valid", node.name.name);
                    let words =
                        ("its declaration contains an error", "correct the declaration first");
                    self.error("BCP062", node.name.span, title, words);
                }
            });
        }
    }

    /// A type with the decorators in front of it.
    fn typed(&self, syntax: TypeSyntax<'a>, decorators: &[DecoratorSyntax<'a>]) {
        self.deeper(|| {
            let key = called_with(decorators, "discriminator");
            if let Some((key, place)) = key {
                self.told_apart_by(syntax, key, place);
            } else {
                self.type_parts(syntax, false, false);
            }
        });
    }

    /// The parts of a type: `mixed` inside of an array, where a union may hold values of different types,
    /// `judged` where a union has been looked at.
    fn type_parts(&self, syntax: TypeSyntax<'a>, mixed: bool, judged: bool) {
        match syntax {
            TypeSyntax::Array(node) => self.type_parts(node.item, true, judged),
            TypeSyntax::Nullable(node) => self.type_parts(node.base, false, judged),
            TypeSyntax::NonNull(node) => self.type_parts(node.base, false, judged),
            TypeSyntax::Parenthesized(node) => self.type_parts(node.r#type, mixed, judged),
            TypeSyntax::Union(node) => {
                if !judged {
                    self.union_of_literals(node, mixed);
                }
                for member in node.members {
                    self.type_parts(*member, false, judged);
                }
            }
            TypeSyntax::Object(node) => {
                for item in node.items {
                    match item {
                        ObjectTypeItemSyntax::Property(property) => {
                            self.member_decorators(property.decorators, property.value);
                            self.typed(property.value, property.decorators);
                        }
                        ObjectTypeItemSyntax::AdditionalProperties(more) => {
                            self.member_decorators(more.decorators, more.value);
                            self.typed(more.value, more.decorators);
                        }
                        ObjectTypeItemSyntax::Skipped(_) => {}
                    }
                }
            }
            TypeSyntax::Tuple(node) => {
                for item in node.items {
                    self.member_decorators(item.decorators, item.value);
                    self.typed(item.value, item.decorators);
                }
            }
            TypeSyntax::Instantiation(node)
                if matches!(node.name.name, "resourceInput" | "resourceOutput")
                    && is_known_resource(node.arguments) =>
            {
                let words =
                    ("the body of a resource cannot be a type", "select one of its properties");
                self.error("BCP394", node.span, "the type refers to a whole resource", words);
            }
            _ => {}
        }
    }

    fn member_decorators(&self, decorators: &'a [DecoratorSyntax<'a>], value: TypeSyntax<'a>) {
        if !decorators.is_empty() {
            self.decorated_member(decorators, Sites::TYPE, value);
        }
    }

    /// The types that each member stands for, with its place.
    fn flattened(&self, node: &UnionTypeSyntax<'a>) -> Vec<(Type<'a>, Span)> {
        let mut all = Vec::new();
        for member in node.members {
            match self.described(*member) {
                Type::Union(inner) => {
                    all.extend(inner.iter().map(|one| (one.clone(), member.span())));
                }
                other => all.push((other, member.span())),
            }
        }
        all
    }

    fn union_of_literals(&self, node: &UnionTypeSyntax<'a>, mixed: bool) {
        let members = self.flattened(node);
        let kinds = [Kinds::STRING, Kinds::INT, Kinds::BOOL, Kinds::OBJECT, Kinds::ARRAY];
        let known = |found: &Type<'a>| !matches!(found, Type::Any | Type::Error | Type::Null);
        let kinds = kinds
            .into_iter()
            .filter(|kind| members.iter().any(|(found, _)| known(found) && found.can_be(*kind)));
        let count = kinds.count();
        let unknown = members.iter().any(|(found, _)| matches!(found, Type::Any));
        if count != 1 && !unknown && !(mixed && count > 1) {
            let words = ("all members must have the same type", "use values of one type only");
            self.error("BCP294", node.span, "the members of the union have different types", words);
            return;
        }
        for (found, place) in members {
            if !is_literal(&found) && !matches!(found, Type::Any) {
                let title = format!("`{}` is not a literal value", found.name());
                let words = ("a union can contain only literal values", "list literal values");
                self.error("BCP293", place, title, words);
            }
        }
    }

    fn told_apart_by(&self, syntax: TypeSyntax<'a>, key: &str, decorator: Span) {
        let mut inner = syntax;
        loop {
            inner = match inner {
                TypeSyntax::Parenthesized(node) => node.r#type,
                TypeSyntax::Nullable(node) => node.base,
                TypeSyntax::NonNull(node) => node.base,
                _ => break,
            };
        }
        let TypeSyntax::Union(node) = inner else {
            let described = self.described(syntax);
            let some = described.without_null().unwrap_or(described);
            if !matches!(some, Type::Any | Type::Error | Type::Discriminated(_)) {
                let words = (
                    "only a union of objects has a discriminator",
                    "remove it, or use a union of objects",
                );
                self.error("BCP363", decorator, "`@discriminator` without a union", words);
            }
            return self.type_parts(syntax, false, false);
        };
        let mut seen: Vec<(String, Rc<ObjectType<'a>>)> = Vec::new();
        for (found, place) in self.flattened(node) {
            let objects = match &found {
                Type::Object(object) => vec![Rc::clone(object)],
                Type::Discriminated(several) => {
                    several.members.iter().map(|(_, object)| Rc::clone(object)).collect()
                }
                Type::Any => continue,
                _ => {
                    let title = format!("`{}` in a union of objects", found.name());
                    let words = ("every member must be an object", "remove it");
                    self.error("BCP286", place, title, words);
                    continue;
                }
            };
            for object in objects {
                self.one_told_apart(&object, key, place, &mut seen);
            }
        }
        self.type_parts(syntax, false, true);
    }

    fn one_told_apart(
        &self,
        object: &Rc<ObjectType<'a>>,
        key: &str,
        place: Span,
        seen: &mut Vec<(String, Rc<ObjectType<'a>>)>,
    ) {
        let property = object.property(key).filter(|found| found.flags.has(Flags::REQUIRED));
        let value = property.map(crate::bicep::types::Property::kind);
        let Some(Type::String(Text { literal: Some(text), .. })) = value else {
            let title = format!("the object has no string literal for `{key}`");
            let words =
                ("the discriminator cannot identify this object", "set it to a unique string");
            return self.error("BCP364", place, title, words);
        };
        let lower = text.to_lowercase();
        let known = seen.iter().find(|(known, _)| *known == lower);
        if known.is_some_and(|(_, known)| !Rc::ptr_eq(known, object)) {
            let title = format!("`{key}` is '{text}' in another object as well");
            let words =
                ("the discriminator needs a unique value in each object", "use a different value");
            self.error("BCP365", place, title, words);
        }
        seen.push((lower, Rc::clone(object)));
    }
}

/// Whether the argument of `resourceInput` is a type and version that Azure has.
fn is_known_resource(arguments: &[TypeSyntax<'_>]) -> bool {
    let [TypeSyntax::String(node)] = arguments else { return false };
    let text = node.literal().and_then(|text| text.split_once('@'));
    text.is_some_and(|(kind, version)| tables().resource(kind, version).is_some())
}
