//! Unions: sets of literals, and objects told apart by one of their properties.

use serde_json::{Map, Value, json};

use super::types::Node;
use super::{Lowerer, NAMED_TYPE};
use crate::arm::expression::write_template_string;
use crate::bicep::emit;
use crate::bicep::syntax::{TypeSyntax, UnaryOperator};

/// A literal as a type.
#[derive(Debug, Clone)]
struct Literal {
    // How it is written: what the members of a union are sorted by.
    source: String,
    value: Value,
}

/// The members of a union of literals, sorted, each once.
#[derive(Debug, Clone)]
pub struct Literals(Vec<Literal>);

impl Literals {
    fn one(source: impl Into<String>, value: Value) -> Self {
        Self(vec![Literal { source: source.into(), value }])
    }

    fn union(members: Vec<Self>) -> Self {
        let mut all: Vec<Literal> = members.into_iter().flat_map(|members| members.0).collect();
        all.sort_by(|left, right| left.source.cmp(&right.source));
        all.dedup_by(|left, right| left.source == right.source);
        Self(all)
    }

    fn single(self) -> Option<Literal> {
        let mut members = self.0.into_iter();
        members.next().filter(|_| members.next().is_none())
    }

    /// The members as `allowedValues`.
    pub fn into_values(self) -> Value {
        self.0.into_iter().map(|literal| literal.value).collect()
    }

    /// The type that allows nothing else.
    pub fn into_type(self) -> Map<String, Value> {
        let nullable = self.0.iter().any(|literal| literal.value.is_null());
        let members: Vec<Literal> =
            self.0.into_iter().filter(|literal| !literal.value.is_null()).collect();
        let mut object = Map::new();
        let mut kinds = members.iter().map(|literal| kind(&literal.value));
        if let Some(first) = kinds.next()
            && kinds.all(|kind| kind == first)
        {
            object.insert("type".to_owned(), Value::from(first));
        }
        if !members.is_empty() {
            object.insert("allowedValues".to_owned(), Self(members).into_values());
        }
        if nullable {
            object.insert("nullable".to_owned(), Value::Bool(true));
        }
        object
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "int",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
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
                Literals::one(quoted(text), emit::literal(text))
            }
            TypeSyntax::Integer(node) => {
                Literals::one(node.value.to_string(), Value::from(node.value))
            }
            TypeSyntax::Boolean(node) => {
                Literals::one(node.value.to_string(), Value::Bool(node.value))
            }
            TypeSyntax::Null(_) => Literals::one("null", Value::Null),
            TypeSyntax::Unary(node) => match (node.operator, node.operand.without_parentheses()) {
                (UnaryOperator::Minus, TypeSyntax::Integer(integer)) => {
                    let value = 0_i64.checked_sub_unsigned(integer.value)?;
                    Literals::one(value.to_string(), Value::from(value))
                }
                (UnaryOperator::Not, TypeSyntax::Boolean(operand)) => {
                    Literals::one((!operand.value).to_string(), Value::Bool(!operand.value))
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
                let null = Literals::one("null", Value::Null);
                Some(Literals::union(vec![self.member(node.base)?, null]))
            }
            TypeSyntax::NonNull(node) => {
                let mut members = self.member(node.base)?;
                members.0.retain(|literal| !literal.value.is_null());
                Some(members)
            }
            TypeSyntax::Tuple(node) => {
                let items = node.items.iter().map(|item| self.member(item.value)?.single());
                let items: Vec<Literal> = items.collect::<Option<_>>()?;
                let sources: Vec<&str> = items.iter().map(|item| item.source.as_str()).collect();
                let source = format!("[{}]", sources.join(", "));
                Some(Literals::one(source, items.into_iter().map(|item| item.value).collect()))
            }
            TypeSyntax::Object(node) if node.additional_properties().is_none() => {
                let mut object = Map::new();
                let mut sources = Vec::new();
                for property in node.properties() {
                    let value = self.member(property.value)?.single()?;
                    let name = property.name()?;
                    sources.push(format!("{name}: {}", value.source));
                    object.insert(write_template_string(name).into_owned(), value.value);
                }
                let source = format!("{{ {} }}", sources.join(", "));
                Some(Literals::one(source, Value::Object(object)))
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
                    members.push(Literals::one("null", Value::Null));
                }
                Some(Literals::union(members))
            }
        }
    }

    /// A union of objects that one property tells apart.
    pub(super) fn discriminated(&self, node: TypeSyntax<'a>, key: &str) -> Map<String, Value> {
        let mut mapping = Vec::new();
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
            return self.type_object(node);
        }
        self.branches(node, key, &mut mapping);
        let mapping: Map<String, Value> = mapping.into_iter().collect();
        let mut object = Map::new();
        object.insert("type".to_owned(), Value::from("object"));
        let discriminator = json!({ "propertyName": key, "mapping": mapping });
        object.insert("discriminator".to_owned(), discriminator);
        if let Some(nullable) = nullable {
            object.insert("nullable".to_owned(), Value::Bool(nullable));
        }
        object
    }

    fn branches(&self, node: TypeSyntax<'a>, key: &str, mapping: &mut Vec<(String, Value)>) {
        match node {
            TypeSyntax::Parenthesized(inner) => self.branches(inner.r#type, key, mapping),
            TypeSyntax::Nullable(inner) => self.branches(inner.base, key, mapping),
            TypeSyntax::NonNull(inner) => self.branches(inner.base, key, mapping),
            TypeSyntax::Union(union) => {
                union.members.iter().for_each(|member| self.branches(*member, key, mapping));
            }
            TypeSyntax::Object(_) => {
                if let Some(name) = self.branch_name(node, key) {
                    mapping.push((name, Value::Object(self.type_object(node))));
                }
            }
            _ => {
                if let Some(derived) = self.derived(node) {
                    let branches = derived.branches(key).into_iter();
                    mapping.extend(branches.map(|(name, branch)| (name, Value::Object(branch))));
                    return;
                }
                let named = self.resolve(node).and_then(|(at, found)| self.unalias(at, found));
                let Some((pointer, found)) = named else { return };
                self.named_branch(&pointer, found, key, mapping);
            }
        }
    }

    fn named_branch(
        &self,
        pointer: &str,
        found: Node<'a, 'c>,
        key: &str,
        mapping: &mut Vec<(String, Value)>,
    ) {
        match found {
            Node::Syntax(unit, union @ TypeSyntax::Union(_)) => {
                // A union may name itself.
                self.within(unit, |lowerer| {
                    lowerer.bounded_by(NAMED_TYPE, union.span(), || {
                        lowerer.branches(union, key, mapping);
                    });
                });
            }
            Node::Syntax(unit, syntax) => {
                if let Some(name) = self.within(unit, |lowerer| lowerer.branch_name(syntax, key)) {
                    mapping.push((name, json!({ "$ref": pointer })));
                }
            }
            Node::Json(unit, value) => {
                if let Some(Value::Object(nested)) = value.pointer("/discriminator/mapping") {
                    for (name, branch) in nested {
                        mapping.push((name.clone(), self.imports.renamed_json(unit, branch)));
                    }
                    return;
                }
                let path = format!("/properties/{key}/allowedValues/0");
                if let Some(name) = value.pointer(&path).and_then(Value::as_str) {
                    mapping.push((name.to_owned(), json!({ "$ref": pointer })));
                }
            }
        }
    }

    // The value of the property that tells an object from the others.
    fn branch_name(&self, node: TypeSyntax<'a>, key: &str) -> Option<String> {
        let TypeSyntax::Object(object) = node else { return None };
        let property = object.properties().find(|property| property.name() == Some(key))?;
        match self.member(property.value)?.single()?.value {
            Value::String(name) => Some(name),
            _ => None,
        }
    }
}

fn json_literal(value: &Value) -> Literals {
    let source = match value {
        Value::String(text) => quoted(text),
        other => other.to_string(),
    };
    Literals::one(source, value.clone())
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
