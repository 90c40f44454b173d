//! Type expressions: which types may stand in a union, and what `@discriminator` tells apart.

use std::rc::Rc;

use foldhash::{HashSet, HashSetExt};

use super::Checker;
use super::declared::{RESOURCE_TYPES, has_more, is_derived, is_literal, resource_text};
use super::interface::{called_with, has, is_called};
use super::resources::is_resource_type;
use crate::bicep::binder::{AMBIENT_TYPES, SymbolId, SymbolKind};
use crate::bicep::functions::{Kinds, Sites};
use crate::bicep::syntax::{
    DecoratorSyntax, ExpressionSyntax, IdentifierSyntax, ObjectKeySyntax, ObjectTypeItemSyntax,
    ObjectTypeSyntax, StatementSyntax, TypeArrayAccessSyntax, TypeInstantiationSyntax, TypeSyntax,
    UnaryOperator, UnaryTypeSyntax, UnionTypeSyntax, walk_statement_types,
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
            let mut bases = HashSet::new();
            walk_statement_types(*statement, &mut |node| {
                match node {
                    TypeSyntax::PropertyAccess(access) => {
                        bases.insert(access.base.span());
                    }
                    TypeSyntax::Instantiation(node) => {
                        bases.extend(node.base.map(TypeSyntax::span));
                    }
                    TypeSyntax::Unary(operation) => self.literal_operation(operation),
                    TypeSyntax::Variable(named) if !bases.contains(&named.name.span) => {
                        self.namespace_type(named.name);
                    }
                    _ => {}
                }
                self.type_access(node);
            });
        }
    }

    /// Reports an operation on a type that is not that of one value.
    fn literal_operation(&self, node: &UnaryTypeSyntax<'a>) {
        let operand = self.described(node.operand);
        let is_number = matches!(node.operand, TypeSyntax::Integer(_))
            || matches!(&operand, Type::Int(number) if number.literal.is_some());
        let is_flag = matches!(operand, Type::Bool(Some(_), _));
        let fits = match node.operator {
            UnaryOperator::Minus => is_number,
            UnaryOperator::Not => is_flag,
            UnaryOperator::Plus => return,
        };
        if !fits && !operand.is_error() && !matches!(operand, Type::Any) {
            let words = ("the operand is not a fitting literal", "write the resulting literal");
            self.error("BCP285", node.span, "the type is not a literal value", words);
        }
    }

    /// Reports a namespace as a type.
    fn namespace_type(&self, name: IdentifierSyntax<'a>) {
        let kind = self.bound.target(name).map(|id| self.bound.symbol(id).kind);
        if matches!(kind, Some(SymbolKind::Namespace(_) | SymbolKind::Wildcard(_))) {
            let title = format!("`{}` is a namespace, not a type", name.name);
            self.error("BCP306", name.span, title, ("expected a type", "use a type of it"));
        }
    }

    /// Whether the parts of this can be named: only those of a type that has a name.
    fn has_parts(&self, base: TypeSyntax<'a>, access: Span) -> bool {
        let named = match base {
            TypeSyntax::Instantiation(node) => is_derived(node),
            TypeSyntax::Variable(_)
            | TypeSyntax::PropertyAccess(_)
            | TypeSyntax::ArrayAccess(_)
            | TypeSyntax::ItemsAccess(_)
            | TypeSyntax::AdditionalPropertiesAccess(_) => true,
            _ => false,
        };
        if !named {
            let words = ("only types with a name have parts", "declare the type with `type`");
            self.error("BCP391", access, "a part of a type without a name", words);
        }
        named
    }

    fn type_member(&self, base: TypeSyntax<'a>, name: &str, place: Span) {
        let base = self.described(base);
        match base.without_null().unwrap_or(base) {
            Type::Any | Type::Error => {}
            Type::Object(object) if object.property(name).is_some() || name.is_empty() => {}
            Type::Object(object) => {
                let mut known: Vec<&str> = object.readable().map(|known| known.name).collect();
                known.sort_unstable();
                self.unknown_member(&Type::Object(object), name, place, &known, Severity::Error);
            }
            other => {
                let title = format!("`{}` has no properties", other.name());
                let words = ("only objects have properties", "use a type of objects");
                self.error("BCP055", place, title, words);
            }
        }
    }

    fn type_item(&self, access: &TypeArrayAccessSyntax<'a>) {
        let place = access.index.span();
        let index = match access.index {
            ExpressionSyntax::Integer(index) => index.value,
            ExpressionSyntax::Unary(_) => {
                let words = ("indexes start at 0", "use 0 or more");
                return self.error("BCP387", place, "the index is negative", words);
            }
            ExpressionSyntax::String(text) if text.literal().is_some() => {
                return self.type_member(access.base, text.literal().unwrap_or_default(), place);
            }
            ExpressionSyntax::Skipped(_) => return,
            _ => {
                let words = ("the index must be known while compiling", "write a number");
                return self.error("BCP032", place, "the index is an expression", words);
            }
        };
        let base = self.described(access.base);
        match base.without_null().unwrap_or(base) {
            Type::Any | Type::Error => {}
            Type::Array(array) if array.items.is_some() => {
                let count = array.items.as_ref().map_or(0, |items| items.len());
                if index >= count as u64 {
                    let title = format!("index {index} is out of range for length {count}");
                    let words = ("the array has no such item", "use an index within the array");
                    self.error("BCP311", place, title, words);
                }
            }
            other => {
                let title = format!("`{}` has no items of its own", other.name());
                let words = ("only the items of `[a, b]` have an index", "use `[*]` for an array");
                self.error("BCP388", place, title, words);
            }
        }
    }

    fn type_access(&self, node: TypeSyntax<'a>) {
        match node {
            TypeSyntax::PropertyAccess(access) => {
                let is_namespace = matches!(access.base, TypeSyntax::Variable(base) if matches!(
                    self.bound.target(base.name).map(|id| self.bound.symbol(id).kind),
                    Some(SymbolKind::Namespace(_) | SymbolKind::Wildcard(_))
                ));
                if !is_namespace && self.has_parts(access.base, access.span) {
                    self.type_member(access.base, access.name.name, access.name.span);
                }
            }
            TypeSyntax::AdditionalPropertiesAccess(access) => {
                if !self.has_parts(access.base, access.span) {
                    return;
                }
                let Type::Object(object) = self.described(access.base) else { return };
                if !has_more(&object) {
                    let words =
                        ("the type has no additional properties", "name one of its properties");
                    self.error("BCP389", access.span, "`.*` is not valid for this type", words);
                }
            }
            TypeSyntax::ArrayAccess(access) if self.has_parts(access.base, access.span) => {
                self.type_item(access);
            }
            TypeSyntax::ItemsAccess(access) => {
                if !self.has_parts(access.base, access.span) {
                    return;
                }
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
            TypeSyntax::Instantiation(node) if node.base.is_none() => self.plain_argument(node),
            TypeSyntax::Resource(node) => {
                self.needs_experiment(RESOURCE_TYPES, "BCP231", node.span);
            }
            _ => {}
        }
    }

    /// Reports arguments of a type that does not accept any.
    fn plain_argument(&self, node: &TypeInstantiationSyntax<'a>) {
        let is_type = AMBIENT_TYPES.contains(&node.name.name)
            || self.bound.global(node.name.name).is_some_and(|id| {
                matches!(self.bound.symbol(id).kind, SymbolKind::Type(_) | SymbolKind::Imported(..))
            });
        if is_type {
            let title = format!("`{}` does not accept arguments", node.name.name);
            self.error("BCP383", node.span, title, ("not a generic type", "remove the arguments"));
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
        let (mut level, mut seen) = (vec![wanted], HashSet::from_iter([wanted]));
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
                self.object_items(node);
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

    /// Reports names of properties that are not known, and more than one type of other properties.
    fn object_items(&self, node: &ObjectTypeSyntax<'a>) {
        let mut more = Vec::new();
        for item in node.items {
            match item {
                ObjectTypeItemSyntax::Property(property) => {
                    if let ObjectKeySyntax::String(key) = property.key
                        && key.literal().is_none()
                    {
                        let words = ("the name must be known while compiling", "write plain text");
                        let title = "the name of a property is an expression";
                        self.error("BCP296", key.span, title, words);
                    }
                }
                ObjectTypeItemSyntax::AdditionalProperties(node) => more.push(node.span),
                ObjectTypeItemSyntax::Skipped(_) => {}
            }
        }
        for span in more.iter().filter(|_| more.len() > 1) {
            let words = ("an object has one type for other properties", "keep one of them");
            self.error("BCP315", *span, "`*` is declared more than once", words);
        }
    }

    fn member_decorators(&self, decorators: &'a [DecoratorSyntax<'a>], value: TypeSyntax<'a>) {
        if !decorators.is_empty() {
            self.decorated_member(decorators, Sites::TYPE, value);
        }
        for decorator in decorators.iter().filter(|decorator| is_called(decorator, "export")) {
            let words = ("only whole declarations are exported", "export the type around it");
            self.error("BCP361", decorator.span, "`@export()` on a part of a type", words);
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
