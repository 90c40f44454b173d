//! Types of parameters, outputs and definitions.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::Lowerer;
use super::decorators;
use super::limits::NAMED_TYPE;
use crate::bicep::binder::SymbolKind;
use crate::bicep::ir::{DeclaredType, Type, TypeProperty};
use crate::bicep::load::{Content, UnitId};
use crate::bicep::syntax::{
    DecoratorSyntax, ExpressionSyntax, IdentifierSyntax, ObjectTypeSyntax, TypeSyntax,
};
use crate::diagnostic::pointer;

/// A type where it is declared.
#[derive(Debug, Clone, Copy)]
pub enum Node<'a, 'c> {
    /// Of a Bicep file.
    Syntax(UnitId, TypeSyntax<'a>),
    /// Of an ARM template.
    Json(UnitId, &'c Value),
}

/// One step into a type.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    Property(&'a str),
    AdditionalProperties,
    Items,
    Item(u64),
}

impl Step<'_> {
    pub fn pointer(self) -> String {
        match self {
            Self::Property(name) => format!("/properties/{}", escape(name)),
            Self::AdditionalProperties => "/additionalProperties".to_owned(),
            Self::Items => "/items".to_owned(),
            Self::Item(index) => format!("/prefixItems/{index}"),
        }
    }
}

/// What a segment of a URI fragment may not hold as it is (RFC 3986, `pchar`).
const NOT_IN_A_FRAGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

pub fn escape(segment: &str) -> String {
    // A reference is a URI fragment that holds a JSON pointer.
    utf8_percent_encode(&pointer::escape(segment), NOT_IN_A_FRAGMENT).to_string()
}

impl<'a, 'c> Lowerer<'a, 'c> {
    /// A type with all that its decorators say.
    pub(super) fn declared_type(
        &self,
        node: TypeSyntax<'a>,
        decorators: &'a [DecoratorSyntax<'a>],
    ) -> DeclaredType {
        let base = match decorators::find(decorators, "discriminator") {
            Some([key, ..]) => self.discriminated(node, key.literal().unwrap_or_default()),
            _ => self.type_of(node),
        };
        DeclaredType { base, decorations: self.decorations(decorators) }
    }

    /// A type by itself.
    pub(super) fn type_of(&self, node: TypeSyntax<'a>) -> Type {
        self.bounded(node.span(), || self.type_step(node)).unwrap_or_default()
    }

    fn type_step(&self, node: TypeSyntax<'a>) -> Type {
        match node {
            TypeSyntax::Parenthesized(node) => self.type_of(node.r#type),
            TypeSyntax::Nullable(node) => self.nullable_type(node.base, true),
            TypeSyntax::NonNull(node) => self.nullable_type(node.base, false),
            TypeSyntax::Array(node) => self.array_type(node.item),
            TypeSyntax::Object(node) => self.object_type(node),
            TypeSyntax::Tuple(node) => {
                let items = node.items.iter();
                let items = items.map(|item| self.declared_type(item.value, item.decorators));
                Type::Tuple(items.collect())
            }
            TypeSyntax::Resource(node) => {
                let kind = node.r#type.and_then(ExpressionSyntax::literal).unwrap_or_default();
                Type::ResourceId(kind.to_owned())
            }
            TypeSyntax::Variable(_)
            | TypeSyntax::PropertyAccess(_)
            | TypeSyntax::AdditionalPropertiesAccess(_)
            | TypeSyntax::ArrayAccess(_)
            | TypeSyntax::ItemsAccess(_)
            | TypeSyntax::Instantiation(_) => self.named_type(node),
            TypeSyntax::Union(_)
            | TypeSyntax::String(_)
            | TypeSyntax::Integer(_)
            | TypeSyntax::Boolean(_)
            | TypeSyntax::Null(_)
            | TypeSyntax::Unary(_) => self.literal_type(node),
            TypeSyntax::Skipped(_) => Type::Any,
        }
    }

    fn nullable_type(&self, base: TypeSyntax<'a>, nullable: bool) -> Type {
        Type::Nullable { base: Box::new(self.type_of(base)), nullable }
    }

    fn array_type(&self, item: TypeSyntax<'a>) -> Type {
        match self.literal_items(item) {
            Some(literals) => Type::ArrayOfLiterals(literals.into_members()),
            None => Type::Array(Box::new(self.type_of(item))),
        }
    }

    fn literal_type(&self, node: TypeSyntax<'a>) -> Type {
        if let Some(literals) = self.literals(node) {
            return Type::Literals(literals.into_members());
        }
        let title = "the union contains more than literals";
        let help = "use literals only, or `@discriminator` for a union of objects";
        self.error("BCP286", node.span(), title, help);
        Type::Any
    }

    fn object_type(&self, node: &'a ObjectTypeSyntax<'a>) -> Type {
        let mut properties = Vec::new();
        for property in node.properties() {
            let Some(name) = property.name() else { continue };
            properties.push(TypeProperty {
                name: name.to_owned(),
                kind: self.declared_type(property.value, property.decorators),
                place: self.bound.place(property.key.span()),
            });
        }
        let additional = node.additional_properties();
        let additional =
            additional.map(|rest| Box::new(self.declared_type(rest.value, rest.decorators)));
        Type::Object { properties, additional }
    }

    // A type that is a name, or a part of what a name stands for.
    fn named_type(&self, node: TypeSyntax<'a>) -> Type {
        if let Some(name) = self.ambient(node) {
            if name == "any" { Type::Any } else { Type::BuiltIn(name.to_owned()) }
        } else if let Some(derived) = self.derived(node) {
            Type::Derived(derived.declared())
        } else if let Some((pointer, _)) = self.resolve(node) {
            Type::Reference(pointer)
        } else {
            let help = "use a property or item of the type";
            self.error("BCP053", node.span(), "the type does not have this part", help);
            Type::Any
        }
    }

    /// The name of a type that needs no declaration.
    fn ambient(&self, node: TypeSyntax<'a>) -> Option<&'a str> {
        match node {
            TypeSyntax::Variable(variable) => {
                self.bound.target(variable.name).is_none().then_some(variable.name.name)
            }
            TypeSyntax::PropertyAccess(access) => {
                let TypeSyntax::Variable(base) = access.base else { return None };
                let symbol = self.bound.symbol(self.bound.target(base.name)?);
                matches!(symbol.kind, SymbolKind::Namespace(_)).then_some(access.name.name)
            }
            _ => None,
        }
    }

    // The base of an access and its step.
    pub(super) fn step_of(node: TypeSyntax<'a>) -> Option<(TypeSyntax<'a>, Step<'a>)> {
        Some(match node {
            TypeSyntax::PropertyAccess(node) => (node.base, Step::Property(node.name.name)),
            TypeSyntax::AdditionalPropertiesAccess(node) => (node.base, Step::AdditionalProperties),
            TypeSyntax::ItemsAccess(node) => (node.base, Step::Items),
            TypeSyntax::ArrayAccess(node) => {
                let ExpressionSyntax::Integer(index) = node.index else { return None };
                (node.base, Step::Item(index.value))
            }
            TypeSyntax::Parenthesized(node) => return Self::step_of(node.r#type),
            _ => return None,
        })
    }

    /// Where the definition of a named type, or of the named part of one, stands; and the type there.
    pub(super) fn resolve(&self, node: TypeSyntax<'a>) -> Option<(String, Node<'a, 'c>)> {
        self.bounded_by(NAMED_TYPE, node.span(), || self.resolve_step(node)).flatten()
    }

    fn resolve_step(&self, node: TypeSyntax<'a>) -> Option<(String, Node<'a, 'c>)> {
        match node {
            TypeSyntax::Parenthesized(node) => return self.resolve(node.r#type),
            TypeSyntax::Variable(variable) => return self.resolve_name(variable.name),
            TypeSyntax::PropertyAccess(access) => {
                if let TypeSyntax::Variable(base) = access.base
                    && let Some(id) = self.bound.target(base.name)
                    && let SymbolKind::Wildcard(import) = self.bound.symbol(id).kind
                {
                    return self.exported_type(self.unit.reference(import.path)?, access.name.name);
                }
            }
            _ => {}
        }
        let (base, step) = Self::step_of(node)?;
        let (pointer, node) = self.resolve(base)?;
        self.part(pointer, node, step)
    }

    fn resolve_name(&self, name: IdentifierSyntax<'a>) -> Option<(String, Node<'a, 'c>)> {
        match self.bound.symbol(self.bound.target(name)?).kind {
            SymbolKind::Type(declared) => {
                let pointer = self.definition(self.id, name.name);
                Some((pointer, Node::Syntax(self.id, declared.value)))
            }
            SymbolKind::Imported(import, original) => {
                self.exported_type(self.unit.reference(import.path)?, original)
            }
            _ => None,
        }
    }

    fn definition(&self, unit: UnitId, name: &str) -> String {
        format!("#/definitions/{}", escape(&self.session.imports.definition(unit, name)))
    }

    fn exported_type(&self, unit: UnitId, name: &str) -> Option<(String, Node<'a, 'c>)> {
        let pointer = self.definition(unit, name);
        match &self.session.loaded.unit(unit).content {
            Content::Bicep(bicep) => {
                let id = bicep.bound.global(name)?;
                let SymbolKind::Type(declared) = bicep.bound.symbol(id).kind else { return None };
                Some((pointer, Node::Syntax(unit, declared.value)))
            }
            Content::Json(value) => {
                Some((pointer, Node::Json(unit, value.get("definitions")?.get(name)?)))
            }
            Content::TemplateSpec(_) => None,
        }
    }

    // A part of a type. What is only another name for a type is left for what it names.
    fn part(
        &self,
        pointer: String,
        node: Node<'a, 'c>,
        step: Step<'a>,
    ) -> Option<(String, Node<'a, 'c>)> {
        let (mut pointer, node) = self.unalias(pointer, node)?;
        pointer.push_str(&step.pointer());
        let node = match node {
            Node::Syntax(unit, syntax) => Node::Syntax(unit, part_of(syntax, step)?),
            Node::Json(unit, value) => Node::Json(unit, value.pointer(&step.pointer())?),
        };
        Some((pointer, node))
    }

    /// The type that other names stand for in the end.
    pub(super) fn unalias(
        &self,
        pointer: String,
        node: Node<'a, 'c>,
    ) -> Option<(String, Node<'a, 'c>)> {
        match node {
            Node::Syntax(unit, syntax) => {
                let mut syntax = syntax;
                loop {
                    syntax = match syntax {
                        TypeSyntax::Parenthesized(node) => node.r#type,
                        TypeSyntax::Nullable(node) => node.base,
                        TypeSyntax::NonNull(node) => node.base,
                        _ => break,
                    };
                }
                let named = self.within(unit, |lowerer| {
                    lowerer.bounded_by(NAMED_TYPE, syntax.span(), || {
                        let (pointer, node) = lowerer.resolve(syntax)?;
                        lowerer.unalias(pointer, node)
                    })
                });
                Some(named.flatten().unwrap_or((pointer, Node::Syntax(unit, syntax))))
            }
            Node::Json(unit, value) => {
                let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
                    return Some((pointer, node));
                };
                let Content::Json(document) = &self.session.loaded.unit(unit).content else {
                    return None;
                };
                let path = reference.strip_prefix("#/definitions/")?;
                let (name, rest) = path.split_once('/').map_or((path, None), |(a, b)| (a, Some(b)));
                let target = document.pointer(&format!("/definitions/{path}"))?;
                let mut pointer = self.definition(unit, name);
                if let Some(rest) = rest {
                    pointer.push('/');
                    pointer.push_str(rest);
                }
                self.bounded_by(NAMED_TYPE, self.bound.program.span, || {
                    self.unalias(pointer, Node::Json(unit, target))
                })
                .flatten()
            }
        }
    }
}

fn part_of<'a>(node: TypeSyntax<'a>, step: Step<'a>) -> Option<TypeSyntax<'a>> {
    match (node, step) {
        (TypeSyntax::Object(node), Step::Property(name)) => {
            let mut properties = node.properties();
            let found = properties.find(|property| property.name() == Some(name));
            found.map(|property| property.value)
        }
        (TypeSyntax::Object(node), Step::AdditionalProperties) => {
            node.additional_properties().map(|rest| rest.value)
        }
        (TypeSyntax::Array(node), Step::Items) => Some(node.item),
        (TypeSyntax::Tuple(node), Step::Item(index)) => {
            node.items.get(usize::try_from(index).ok()?).map(|item| item.value)
        }
        _ => None,
    }
}
