//! Type expressions: which types may stand in a union, and what `@discriminator` tells apart.

use std::collections::HashSet;
use std::rc::Rc;

use super::Checker;
use super::declared::{has_more, is_derived, is_literal, resource_text};
use super::interface::{called_with, has};
use super::resources::is_resource_type;
use crate::bicep::binder::{SymbolId, SymbolKind};
use crate::bicep::functions::{Kinds, Sites};
use crate::bicep::syntax::{
    DecoratorSyntax, ExpressionSyntax, ObjectTypeItemSyntax, StatementSyntax,
    TypeInstantiationSyntax, TypeSyntax, UnionTypeSyntax, walk_statement_types,
};
use crate::bicep::types::{Flags, ObjectType, Property, Text, Type};
use crate::diagnostic::{Severity, Span};

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
        self.type_accesses();
    }

    /// Reports parts of types that do not exist, and types of resources that are none.
    fn type_accesses(&self) {
        for statement in self.bound.program.statements {
            let root = match statement {
                StatementSyntax::Type(node) => Some(node.value),
                StatementSyntax::Parameter(node) => Some(node.r#type),
                StatementSyntax::Output(node) => Some(node.r#type),
                _ => None,
            };
            if let Some(root @ TypeSyntax::Null(_)) = root.map(TypeSyntax::without_parentheses) {
                let words = ("only null would match it", "use a type that allows other values");
                self.error("BCP289", root.span(), "the type is `null`", words);
            }
            walk_statement_types(*statement, &mut |node| self.type_access(node));
        }
    }

    fn type_access(&self, node: TypeSyntax<'a>) {
        match node {
            TypeSyntax::PropertyAccess(access) => {
                let Type::Object(object) = self.described(access.base) else { return };
                let name = access.name;
                if object.property(name.name).is_some() || name.is_missing() {
                    return;
                }
                let mut known: Vec<&str> = object.readable().map(|known| known.name).collect();
                known.sort_unstable();
                let base = Type::Object(Rc::clone(&object));
                self.unknown_member(&base, name.name, name.span, &known, Severity::Error);
            }
            TypeSyntax::AdditionalPropertiesAccess(access) => {
                let Type::Object(object) = self.described(access.base) else { return };
                if !has_more(&object) {
                    let words =
                        ("the type has no additional properties", "name one of its properties");
                    self.error("BCP389", access.span, "`.*` is not valid for this type", words);
                }
            }
            TypeSyntax::ArrayAccess(access) => {
                let Type::Array(array) = self.described(access.base) else { return };
                let ExpressionSyntax::Integer(index) = access.index else { return };
                match &array.items {
                    None => {
                        let words = ("the items of the array have a single type", "use `[*]`");
                        self.error(
                            "BCP388",
                            index.span,
                            "an item of the array type is indexed",
                            words,
                        );
                    }
                    Some(items) if index.value >= items.len() as u64 => {
                        let title = format!(
                            "index {} is out of range for length {}",
                            index.value,
                            items.len()
                        );
                        let words = ("the array has no such item", "use an index within the array");
                        self.error("BCP311", index.span, title, words);
                    }
                    Some(_) => {}
                }
            }
            TypeSyntax::ItemsAccess(access) => {
                let base = self.described(access.base);
                let known = !matches!(base, Type::Any | Type::Error);
                let is_plain = matches!(&base, Type::Array(array) if array.items.is_none());
                if known && !is_plain {
                    let words =
                        ("the type is not an array of a single type", "use the index of an item");
                    self.error("BCP390", access.span, "`[*]` is not valid for this type", words);
                }
            }
            TypeSyntax::Instantiation(node) if is_derived(node) => self.resource_argument(node),
            _ => {}
        }
    }

    /// What `resourceInput` and `resourceOutput` take: the type and version of a resource.
    fn resource_argument(&self, node: &TypeInstantiationSyntax<'a>) {
        let report = |code, span, title: &str| {
            let words = (
                "expected a resource type and its API version",
                "use a type such as 'Microsoft.Batch/batchAccounts@2024-07-01'",
            );
            self.error(code, span, title, words);
        };
        let [argument] = node.arguments else {
            return report("BCP071", node.span, "wrong number of arguments");
        };
        let TypeSyntax::String(text) = argument.without_parentheses() else {
            let found = self.described(*argument);
            if !matches!(found, Type::Any | Type::String(_)) {
                report("BCP070", argument.span(), "the resource type is not a string");
            }
            return;
        };
        let Some(written) = text.literal() else {
            return report("BCP032", text.span, "the resource type contains an expression");
        };
        match written.split_once(':') {
            Some((namespace, _)) if !namespace.is_empty() && namespace != "az" => {
                if !self.has_extensions() {
                    report("BCP208", text.span, "the namespace of the resource type is unknown");
                }
            }
            Some(("az", written)) if is_resource_type(written) => {}
            None if is_resource_type(written) => {}
            _ => report("BCP029", text.span, "the resource type is not valid"),
        }
    }

    /// Whether the type that is named at a place stands for itself, in a circle.
    fn is_circular(&self, place: Span) -> bool {
        let named = self.uses_in(place).find(|used| used.span == place);
        named.is_some_and(|used| {
            let known = self.circular.borrow().get(&used.target).copied();
            known.unwrap_or_else(|| {
                let found = self.leads_to_itself(used.target);
                self.circular.borrow_mut().insert(used.target, found);
                found
            })
        })
    }

    /// Each name is followed once: a union names many others, and so do those.
    fn leads_to_itself(&self, wanted: SymbolId) -> bool {
        let (mut level, mut seen) = (vec![wanted], HashSet::from([wanted]));
        for _ in 0..=DEEPEST_ALIAS {
            let bodies = std::mem::take(&mut level).into_iter().filter_map(|from| {
                let SymbolKind::Type(node) = self.bound.symbol(from).kind else { return None };
                Some(node.value)
            });
            let mut open: Vec<TypeSyntax<'a>> = bodies.collect();
            while let Some(next) = open.pop() {
                match next {
                    TypeSyntax::Parenthesized(node) => open.push(node.r#type),
                    TypeSyntax::Nullable(node) => open.push(node.base),
                    TypeSyntax::NonNull(node) => open.push(node.base),
                    TypeSyntax::Union(node) => open.extend(node.members),
                    TypeSyntax::Variable(node) => match self.bound.target(node.name) {
                        Some(id) if id == wanted => return true,
                        Some(id) if seen.insert(id) => level.push(id),
                        _ => {}
                    },
                    _ => {}
                }
            }
        }
        false
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
                // What is wrong with a discriminator has been told.
                let judged = has(decorators, "discriminator");
                self.type_parts(syntax, false, judged);
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
                if is_derived(node) && resource_text(node).is_some_and(is_resource_type) =>
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
            let unknown = matches!(found, Type::Any) && !self.is_circular(place);
            if !is_literal(&found) && !unknown {
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
            if let Type::Discriminated(several) = &some
                && several.key != key
                && matches!(inner, TypeSyntax::Variable(_))
            {
                let title = format!("`{key}` is not the discriminator of this type");
                let help = format!("remove it, or use `{}`", several.key);
                let label = "the type defines another discriminator";
                self.error("BCP366", decorator, title, (label, &help));
            }
            let derived = matches!(inner, TypeSyntax::Instantiation(node) if is_derived(node));
            if derived || !matches!(some, Type::Any | Type::Error | Type::Discriminated(_)) {
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
                Type::Any if !self.is_circular(place) => continue,
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
        let value = property.map(Property::kind);
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

/// How many names that stand for other names are followed.
const DEEPEST_ALIAS: usize = 4;
