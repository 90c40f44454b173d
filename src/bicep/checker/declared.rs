//! What type expressions stand for.

use super::Checker;
use super::types::Type;
use crate::bicep::binder::SymbolKind;
use crate::bicep::syntax::{
    ArrayItemSyntax, ExpressionSyntax, IdentifierSyntax, ObjectTypeSyntax,
    ParameterDeclarationSyntax, TypeSyntax,
};

impl<'a> Checker<'a, '_> {
    /// The type that a type expression describes, as far as it is known.
    pub(super) fn described(&self, syntax: TypeSyntax<'a>) -> Type<'a> {
        self.deeper(|| self.described_here(syntax)).unwrap_or(Type::Any)
    }

    fn described_here(&self, syntax: TypeSyntax<'a>) -> Type<'a> {
        match syntax {
            TypeSyntax::Variable(node) => self.named_type(node.name),
            TypeSyntax::Array(node) => Type::array_of(self.described(node.item)),
            TypeSyntax::Nullable(node) => self.described(node.base).or(Type::Null),
            TypeSyntax::Union(node) => {
                Type::any_of(node.members.iter().map(|member| self.described(*member)))
            }
            TypeSyntax::Object(node) => self.object_type(node),
            TypeSyntax::Tuple(node) => {
                Type::tuple(node.items.iter().map(|item| self.described(item.value)).collect())
            }
            TypeSyntax::String(node) => Type::String(node.literal()),
            TypeSyntax::Integer(node) => Type::Int(i64::try_from(node.value).ok()),
            TypeSyntax::Boolean(_) => Type::Bool,
            TypeSyntax::Null(_) => Type::Null,
            TypeSyntax::Parenthesized(node) => self.described(node.r#type),
            TypeSyntax::Skipped(_) => Type::Error,
            TypeSyntax::PropertyAccess(_)
            | TypeSyntax::AdditionalPropertiesAccess(_)
            | TypeSyntax::ArrayAccess(_)
            | TypeSyntax::ItemsAccess(_)
            | TypeSyntax::Instantiation(_)
            | TypeSyntax::NonNull(_)
            | TypeSyntax::Unary(_)
            | TypeSyntax::Resource(_) => Type::Any,
        }
    }

    /// The type of a parameter: one of the values that `@allowed` lists, or what it is declared as.
    pub(super) fn parameter_type(&self, node: &ParameterDeclarationSyntax<'a>) -> Type<'a> {
        let declared = self.described(node.r#type);
        let allowed = node.decorators.iter().find_map(|decorator| match decorator.expression {
            ExpressionSyntax::FunctionCall(call) if call.name.name == "allowed" => {
                call.arguments.first()
            }
            _ => None,
        });
        match (declared, allowed) {
            (Type::String(None), Some(ExpressionSyntax::Array(values))) => {
                Type::any_of(values.items.iter().map(|item| match item {
                    ArrayItemSyntax::Value(value) => Type::String(value.literal()),
                    ArrayItemSyntax::Spread(_) => Type::String(None),
                }))
            }
            (declared, _) => declared,
        }
    }

    /// Whether a value of the type is known never to be null.
    pub(super) fn never_null(&self, syntax: TypeSyntax<'a>) -> bool {
        let known = self.deeper(|| match syntax {
            TypeSyntax::Variable(node) => match self.bound.target(node.name) {
                None => true,
                Some(id) => match self.bound.symbol(id).kind {
                    SymbolKind::Type(alias) => self.never_null(alias.value),
                    _ => false,
                },
            },
            TypeSyntax::Union(node) => node.members.iter().all(|member| self.never_null(*member)),
            TypeSyntax::Parenthesized(node) => self.never_null(node.r#type),
            TypeSyntax::Array(_)
            | TypeSyntax::NonNull(_)
            | TypeSyntax::Object(_)
            | TypeSyntax::Tuple(_)
            | TypeSyntax::String(_)
            | TypeSyntax::Integer(_)
            | TypeSyntax::Boolean(_)
            | TypeSyntax::Unary(_) => true,
            _ => false,
        });
        known.unwrap_or(false)
    }

    fn object_type(&self, node: &ObjectTypeSyntax<'a>) -> Type<'a> {
        let named = node
            .properties()
            .filter_map(|property| Some((property.name()?, self.described(property.value))));
        Type::shaped(named.collect(), true)
    }

    fn named_type(&self, name: IdentifierSyntax<'a>) -> Type<'a> {
        let symbol = self.bound.target(name).map(|id| (id, self.bound.symbol(id).kind));
        if let Some((id, SymbolKind::Type(node))) = symbol {
            return self.once(id, || self.described(node.value)).unwrap_or(Type::Any);
        }
        if symbol.is_some() {
            return Type::Any;
        }
        match name.name {
            "string" => Type::String(None),
            "int" => Type::Int(None),
            "bool" => Type::Bool,
            "object" => Type::object(),
            "array" => Type::array(),
            _ => Type::Any,
        }
    }
}
