//! Expressions as JSON: literals stay literals, all else becomes an expression string.

use serde_json::{Map, Value};

use super::target::{Target, literal, literal_text};
use super::{Env, Lowerer};
use crate::arm::SourceMap;
use crate::bicep::binder::SymbolKind;
use crate::bicep::syntax::{
    ArrayItemSyntax, ExpressionSyntax, ObjectItemSyntax, ObjectPropertySyntax, ObjectSyntax,
    UnaryOperator,
};
use crate::diagnostic::{Place, Span, pointer};

/// Notes where each value of the template came from while it is built.
#[derive(Debug, Default)]
pub struct Recorder {
    pointer: String,
    lengths: Vec<usize>,
    pub map: SourceMap,
}

impl Recorder {
    fn enter(&mut self, segment: &str, place: Place) {
        self.lengths.push(self.pointer.len());
        self.pointer.push('/');
        self.pointer.push_str(&pointer::escape(segment));
        self.map.insert(self.pointer.clone(), place);
    }

    fn leave(&mut self) {
        let length = self.lengths.pop().unwrap_or(0);
        self.pointer.truncate(length);
    }

    fn mount(&mut self, segment: &str, map: &SourceMap) {
        self.map.mount(format!("{}/{segment}", self.pointer), map.clone());
    }
}

impl<'a> Lowerer<'a, '_> {
    pub(super) fn enter(&self, segment: &str, span: Span) {
        self.map.borrow_mut().enter(segment, self.bound.place(span));
    }

    pub(super) fn enter_item(&self, index: usize, span: Span) {
        self.enter(&index.to_string(), span);
    }

    pub(super) fn mount(&self, segment: &str, map: &SourceMap) {
        self.map.borrow_mut().mount(segment, map);
    }

    pub(super) fn leave(&self) {
        self.map.borrow_mut().leave();
    }

    /// The JSON of an expression.
    pub(super) fn value(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> Value {
        self.bounded(expression.span(), || self.value_step(expression, env)).unwrap_or(Value::Null)
    }

    fn value_step(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> Value {
        match expression {
            ExpressionSyntax::Parenthesized(node) => self.value(node.expression, env),
            ExpressionSyntax::NonNullAssertion(node) => self.value(node.base, env),
            ExpressionSyntax::String(node) => match node.literal() {
                Some(text) => literal(text),
                None => self.string(node, env).into_json(),
            },
            ExpressionSyntax::Integer(node) => Value::from(node.value),
            ExpressionSyntax::Unary(node) => match (node.operator, node.operand) {
                (UnaryOperator::Minus, ExpressionSyntax::Integer(integer)) => {
                    Value::from(0_i64.checked_sub_unsigned(integer.value).unwrap_or(i64::MIN))
                }
                _ => self.target(expression, env).into_json(),
            },
            ExpressionSyntax::Array(node)
                if node.items.iter().all(|item| matches!(item, ArrayItemSyntax::Value(_))) =>
            {
                let items = node.items.iter().enumerate().map(|(index, item)| {
                    let ArrayItemSyntax::Value(item) = item else { return Value::Null };
                    self.enter_item(index, shown(*item));
                    let value = self.value(*item, env);
                    self.leave();
                    value
                });
                Value::Array(items.collect())
            }
            ExpressionSyntax::Object(node) if !has_spread(node) => {
                Value::Object(self.object(node.properties(), env))
            }
            ExpressionSyntax::Variable(node) => {
                if let Some(id) = self.bound.target(node.name)
                    && let SymbolKind::Variable(declared) = self.bound.symbol(id).kind
                    && self.is_inlined(id)
                {
                    return self.value(declared.value, &Env::empty());
                }
                self.target(expression, env).into_json()
            }
            ExpressionSyntax::FunctionCall(node) => match (node.name.name, node.arguments) {
                ("any", [argument]) => self.value(*argument, env),
                _ => self.target(expression, env).into_json(),
            },
            _ => self.target(expression, env).into_json(),
        }
    }

    /// The JSON of properties; loops among them go to `copy`.
    pub(super) fn object(
        &self,
        properties: impl Iterator<Item = &'a ObjectPropertySyntax<'a>>,
        env: &Env<'_>,
    ) -> Map<String, Value> {
        let mut object = Map::new();
        let mut copies = Vec::new();
        for property in properties {
            let key = self.key_text(property, env);
            if let ExpressionSyntax::For(node) = property.value.without_parentheses() {
                self.enter("copy", node.keyword);
                self.enter_item(copies.len(), node.keyword);
                copies.push(self.copy(node, Some(&key), env));
                self.leave();
                self.leave();
                continue;
            }
            self.enter(&key, shown_property(property));
            let value = self.value(property.value, env);
            self.leave();
            object.insert(key, value);
        }
        if !copies.is_empty() {
            object.insert("copy".to_owned(), Value::Array(copies));
        }
        object
    }

    fn key_text(&self, property: &ObjectPropertySyntax<'a>, env: &Env<'_>) -> String {
        match property.name() {
            Some(name) => object_key(name),
            None => match self.key(property.key, env) {
                Target::Text(text) => literal_text(&text),
                key => format!("[{key}]"),
            },
        }
    }
}

/// The key of a property in a template.
pub fn object_key(name: &str) -> String {
    // ARM would take it for a loop.
    if name.eq_ignore_ascii_case("copy") {
        format!("[string('{name}')]")
    } else {
        literal_text(name)
    }
}

pub fn has_spread(node: &ObjectSyntax<'_>) -> bool {
    node.items.iter().any(|item| matches!(item, ObjectItemSyntax::Spread(_)))
}

// A finding about a block points at its key, not at all its lines.
fn shown_property(property: &ObjectPropertySyntax<'_>) -> Span {
    match property.value {
        ExpressionSyntax::Object(_) | ExpressionSyntax::Array(_) => property.key.span(),
        value => value.span(),
    }
}

fn shown(value: ExpressionSyntax<'_>) -> Span {
    let span = value.span();
    match value {
        ExpressionSyntax::Object(_) | ExpressionSyntax::Array(_) => {
            Span::new(span.start, span.start + 1)
        }
        _ => span,
    }
}
