//! Unions: sets of literals, and objects told apart by one of their properties.

use serde_json::Value;

use super::Lowerer;
use super::limits::NAMED_TYPE;
use super::types::Node;
use crate::arm::expression::{TemplateString, read_template_string};
use crate::bicep::ir::{Literal, Type};
use crate::bicep::syntax::{TypeSyntax, UnaryOperator};

/// A member of a union of literals.
#[derive(Debug, Clone)]
struct Member {
    // How it is written: what the members of a union are sorted by.
    source: String,
    literal: Literal,
}

/// The members of a union of literals, sorted, each once.
#[derive(Debug, Clone)]
pub struct Literals(Vec<Member>);

impl Literals {
    fn one(source: impl Into<String>, literal: Literal) -> Self {
        Self(vec![Member { source: source.into(), literal }])
    }

    fn union(members: Vec<Self>) -> Self {
        let mut all: Vec<Member> = members.into_iter().flat_map(|members| members.0).collect();
        all.sort_by(|left, right| left.source.cmp(&right.source));
        all.dedup_by(|left, right| left.source == right.source);
        Self(all)
    }

    fn single(self) -> Option<Member> {
        let mut members = self.0.into_iter();
        members.next().filter(|_| members.next().is_none())
    }

    /// The literals.
    pub fn into_members(self) -> Vec<Literal> {
        self.0.into_iter().map(|member| member.literal).collect()
    }
}

impl<'a, 'c> Lowerer<'a, 'c> {
    /// The literals that a type allows, if it allows nothing else.
    pub(super) fn literals(&self, node: TypeSyntax<'a>) -> Option<Literals> {
        self.bounded(node.span(), || self.literals_step(node)).flatten()
    }

    fn literals_step(&self, node: TypeSyntax<'a>) -> Option<Literals> {
        Some(match node {
            TypeSyntax::String(node) => {
                let text = node.literal()?;
                Literals::one(quoted(text), Literal::Text(text.to_owned()))
            }
            TypeSyntax::Integer(node) => {
                Literals::one(node.value.to_string(), Literal::Number(node.value.into()))
            }
            TypeSyntax::Boolean(node) => {
                Literals::one(node.value.to_string(), Literal::Bool(node.value))
            }
            TypeSyntax::Null(_) => Literals::one("null", Literal::Null),
            TypeSyntax::Unary(node) => match (node.operator, node.operand.without_parentheses()) {
                (UnaryOperator::Minus, TypeSyntax::Integer(integer)) => {
                    let value = 0_i64.checked_sub_unsigned(integer.value)?;
                    Literals::one(value.to_string(), Literal::Number(value.into()))
                }
                (UnaryOperator::Not, TypeSyntax::Boolean(operand)) => {
                    Literals::one((!operand.value).to_string(), Literal::Bool(!operand.value))
                }
                _ => return None,
            },
            TypeSyntax::Parenthesized(node) => return self.literals(node.r#type),
            TypeSyntax::Union(node) => {
                let members = node.members.iter().map(|member| self.member(*member));
                Literals::union(members.collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }

    /// The literals that the items of an array allow: unlike a type by itself, structures of literals too.
    pub(super) fn literal_items(&self, node: TypeSyntax<'a>) -> Option<Literals> {
        match node.without_parentheses() {
            node @ (TypeSyntax::Object(_) | TypeSyntax::Tuple(_)) => self.member(node),
            _ => self.literals(node),
        }
    }

    // A member of a union may also be a name, a nullable type, or a structure of literals.
    fn member(&self, node: TypeSyntax<'a>) -> Option<Literals> {
        match node {
            TypeSyntax::Parenthesized(node) => self.member(node.r#type),
            TypeSyntax::Nullable(node) => {
                let null = Literals::one("null", Literal::Null);
                Some(Literals::union(vec![self.member(node.base)?, null]))
            }
            TypeSyntax::NonNull(node) => {
                let mut members = self.member(node.base)?;
                members.0.retain(|member| member.literal != Literal::Null);
                Some(members)
            }
            TypeSyntax::Tuple(node) => {
                let items = node.items.iter().map(|item| self.member(item.value)?.single());
                let items: Vec<Member> = items.collect::<Option<_>>()?;
                let sources: Vec<&str> = items.iter().map(|item| item.source.as_str()).collect();
                let source = format!("[{}]", sources.join(", "));
                let items = items.into_iter().map(|item| item.literal);
                Some(Literals::one(source, Literal::Array(items.collect())))
            }
            TypeSyntax::Object(node) if node.additional_properties().is_none() => {
                let mut object = Vec::new();
                let mut sources = Vec::new();
                for property in node.properties() {
                    let value = self.member(property.value)?.single()?;
                    let name = property.name()?;
                    sources.push(format!("{name}: {}", value.source));
                    object.push((name.to_owned(), value.literal));
                }
                let source = format!("{{ {} }}", sources.join(", "));
                Some(Literals::one(source, Literal::Object(object)))
            }
            TypeSyntax::Variable(_)
            | TypeSyntax::PropertyAccess(_)
            | TypeSyntax::ArrayAccess(_)
            | TypeSyntax::ItemsAccess(_)
            | TypeSyntax::AdditionalPropertiesAccess(_) => {
                let (_, node) = self.resolve(node)?;
                let span = self.bound.program.span;
                self.bounded_by(NAMED_TYPE, span, || self.member_node(node)).flatten()
            }
            _ => self.literals(node),
        }
    }

    fn member_node(&self, node: Node<'a, 'c>) -> Option<Literals> {
        match node {
            Node::Syntax(unit, syntax) => self.within(unit, |lowerer| lowerer.member(syntax)),
            Node::Json(_, value) => {
                let value = match value.get("$ref") {
                    Some(_) => match self.unalias(String::new(), node)?.1 {
                        Node::Json(_, value) => value,
                        Node::Syntax(..) => return None,
                    },
                    None => value,
                };
                let values = value.get("allowedValues")?.as_array()?;
                let mut members: Vec<Literals> = values.iter().map(json_literal).collect();
                if value.get("nullable") == Some(&Value::Bool(true)) {
                    members.push(Literals::one("null", Literal::Null));
                }
                Some(Literals::union(members))
            }
        }
    }

    /// A union of objects that one property tells apart.
    pub(super) fn discriminated(&self, node: TypeSyntax<'a>, key: &str) -> Type {
        let mut branches = Vec::new();
        let mut node = node;
        let mut nullable = None;
        loop {
            node = match node {
                TypeSyntax::Parenthesized(inner) => inner.r#type,
                TypeSyntax::Nullable(inner) => {
                    nullable = Some(true);
                    inner.base
                }
                TypeSyntax::NonNull(inner) => {
                    nullable = Some(false);
                    inner.base
                }
                _ => break,
            };
        }
        // A name that already stands for such a union stays a name.
        if !matches!(node, TypeSyntax::Union(_)) {
            return self.type_of(node);
        }
        self.branches(node, key, &mut branches);
        let union = Type::Discriminated { key: key.to_owned(), branches };
        match nullable {
            Some(nullable) => Type::Nullable { base: Box::new(union), nullable },
            None => union,
        }
    }

    fn branches(&self, node: TypeSyntax<'a>, key: &str, found: &mut Vec<(String, Type)>) {
        match node {
            TypeSyntax::Parenthesized(inner) => self.branches(inner.r#type, key, found),
            TypeSyntax::Nullable(inner) => self.branches(inner.base, key, found),
            TypeSyntax::NonNull(inner) => self.branches(inner.base, key, found),
            TypeSyntax::Union(union) => {
                union.members.iter().for_each(|member| self.branches(*member, key, found));
            }
            TypeSyntax::Object(_) => {
                if let Some(name) = self.branch_name(node, key) {
                    found.push((name, self.type_of(node)));
                }
            }
            _ => {
                if let Some(derived) = self.derived(node) {
                    found.extend(derived.branches(key));
                    return;
                }
                let named = self.resolve(node).and_then(|(at, node)| self.unalias(at, node));
                let Some((pointer, node)) = named else { return };
                self.named_branch(&pointer, node, key, found);
            }
        }
    }

    fn named_branch(
        &self,
        pointer: &str,
        node: Node<'a, 'c>,
        key: &str,
        found: &mut Vec<(String, Type)>,
    ) {
        match node {
            Node::Syntax(unit, union @ TypeSyntax::Union(_)) => {
                // A union may name itself.
                self.within(unit, |lowerer| {
                    lowerer.bounded_by(NAMED_TYPE, union.span(), || {
                        lowerer.branches(union, key, found);
                    });
                });
            }
            Node::Syntax(unit, syntax) => {
                if let Some(name) = self.within(unit, |lowerer| lowerer.branch_name(syntax, key)) {
                    found.push((name, Type::Reference(pointer.to_owned())));
                }
            }
            Node::Json(unit, value) => {
                if let Some(Value::Object(nested)) = value.pointer("/discriminator/mapping") {
                    for (name, branch) in nested {
                        if let Value::Object(branch) =
                            self.session.imports.renamed_json(unit, branch)
                        {
                            found.push((plain_text(name), Type::Template(branch)));
                        }
                    }
                    return;
                }
                let path = format!("/properties/{key}/allowedValues/0");
                if let Some(name) = value.pointer(&path).and_then(Value::as_str) {
                    found.push((plain_text(name), Type::Reference(pointer.to_owned())));
                }
            }
        }
    }

    // The value of the property that tells an object from the others.
    fn branch_name(&self, node: TypeSyntax<'a>, key: &str) -> Option<String> {
        let TypeSyntax::Object(object) = node else { return None };
        let property = object.properties().find(|property| property.name() == Some(key))?;
        match self.member(property.value)?.single()?.literal {
            Literal::Text(name) => Some(name),
            _ => None,
        }
    }
}

fn json_literal(value: &Value) -> Literals {
    let source = match value {
        Value::String(text) => quoted(text),
        other => other.to_string(),
    };
    Literals::one(source, literal(value))
}

// A literal of an ARM template.
fn literal(value: &Value) -> Literal {
    match value {
        Value::Null => Literal::Null,
        Value::Bool(value) => Literal::Bool(*value),
        Value::Number(number) => Literal::Number(number.clone()),
        Value::String(text) => Literal::Text(plain_text(text)),
        Value::Array(items) => Literal::Array(items.iter().map(literal).collect()),
        Value::Object(object) => {
            let properties = object.iter().map(|(name, value)| (plain_text(name), literal(value)));
            Literal::Object(properties.collect())
        }
    }
}

// The text that a string of an ARM template stands for.
fn plain_text(text: &str) -> String {
    match read_template_string(text) {
        TemplateString::Literal(text) => text.into_owned(),
        TemplateString::Expression(_) => text.to_owned(),
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => quoted.push_str("\\\\"),
            '\'' => quoted.push_str("\\'"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '$' if letters.peek() == Some(&'{') => quoted.push_str("\\$"),
            letter => quoted.push(letter),
        }
    }
    quoted.push('\'');
    quoted
}
