//! Expressions as values: arrays and objects keep their structure, all else is what Azure computes.

use super::{Env, Lowerer};
use crate::arm::expression::Expression;
use crate::bicep::binder::SymbolKind;
use crate::bicep::ir::{Item, Key, Loop, Object, Property, Value};
use crate::bicep::syntax::{
    ArrayItemSyntax, ExpressionSyntax, ForSyntax, ObjectItemSyntax, ObjectPropertySyntax,
    ObjectSyntax, UnaryOperator,
};
use crate::diagnostic::Span;

impl<'a> Lowerer<'a, '_> {
    /// The value of an expression.
    pub(super) fn value(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> Value {
        self.bounded(expression.span(), || self.value_step(expression, env))
            .unwrap_or_else(Value::null)
    }

    fn value_step(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> Value {
        match expression {
            ExpressionSyntax::Parenthesized(node) => return self.value(node.expression, env),
            ExpressionSyntax::NonNullAssertion(node) => return self.value(node.base, env),
            ExpressionSyntax::String(node) => {
                return match node.literal() {
                    Some(text) => Value::text(text),
                    None => Value::Expression(self.string(node, env)),
                };
            }
            // A template holds any integer as it is; only inside expressions is there a limit.
            ExpressionSyntax::Integer(node) => {
                let value = i64::try_from(node.value).unwrap_or(i64::MAX);
                return Value::Expression(Expression::Integer(value));
            }
            ExpressionSyntax::Unary(node) => {
                if let (UnaryOperator::Minus, ExpressionSyntax::Integer(integer)) =
                    (node.operator, node.operand)
                {
                    let value = 0_i64.checked_sub_unsigned(integer.value).unwrap_or(i64::MIN);
                    return Value::Expression(Expression::Integer(value));
                }
            }
            ExpressionSyntax::Array(node) if !has_spread_item(node.items) => {
                return Value::Array(self.items(node.items, env));
            }
            ExpressionSyntax::Object(node) if !has_spread(node) => {
                return Value::Object(self.object(node.properties(), env));
            }
            ExpressionSyntax::Variable(node) => {
                if let Some(id) = self.bound.target(node.name)
                    && let SymbolKind::Variable(declared) = self.bound.symbol(id).kind
                    && self.facts.is_inlined(id)
                {
                    return self.value(declared.value, &Env::empty());
                }
            }
            ExpressionSyntax::FunctionCall(node) => {
                if let ("any", [argument]) = (node.name.name, node.arguments) {
                    return self.value(*argument, env);
                }
            }
            _ => {}
        }
        Value::Expression(self.expression(expression, env))
    }

    fn items(&self, items: &[ArrayItemSyntax<'a>], env: &Env<'_>) -> Vec<Item> {
        let values = items.iter().filter_map(|item| match item {
            ArrayItemSyntax::Value(value) => Some(*value),
            ArrayItemSyntax::Spread(_) => None,
        });
        let items = values.map(|value| Item {
            value: self.value(value, env),
            place: self.bound.place(shown(value)),
        });
        items.collect()
    }

    /// The object that properties make.
    pub(super) fn object(
        &self,
        properties: impl Iterator<Item = &'a ObjectPropertySyntax<'a>>,
        env: &Env<'_>,
    ) -> Object {
        let mut object = Object::default();
        for property in properties {
            let key = self.property_key(property, env);
            if let ExpressionSyntax::For(node) = property.value.without_parentheses() {
                object.loops.push(self.looped(node, Some(key.into_text()), env));
                continue;
            }
            let value = self.value(property.value, env);
            let place = self.bound.place(shown_property(property));
            object.properties.push(Property { key, value, place });
        }
        object
    }

    fn property_key(&self, property: &ObjectPropertySyntax<'a>, env: &Env<'_>) -> Key {
        match property.name() {
            Some(name) => Key::Name(name.to_owned()),
            None => Key::Expression(self.key(property.key, env)),
        }
    }

    /// A loop that makes an array.
    pub(super) fn looped(
        &self,
        node: &'a ForSyntax<'a>,
        name: Option<String>,
        env: &Env<'_>,
    ) -> Loop {
        self.looped_with(node, name, env, Self::loop_input)
    }

    /// The loop of a module's parameter: its input is one expression, objects included.
    pub(super) fn parameter_loop(&self, node: &'a ForSyntax<'a>, env: &Env<'_>) -> Loop {
        self.looped_with(node, Some("value".to_owned()), env, |lowerer, body, env| {
            Value::Expression(lowerer.expression(body, env))
        })
    }

    fn looped_with(
        &self,
        node: &'a ForSyntax<'a>,
        name: Option<String>,
        env: &Env<'_>,
        input: impl FnOnce(&Self, ExpressionSyntax<'a>, &Env<'_>) -> Value,
    ) -> Loop {
        let index = name.as_deref().map(Expression::string).into_iter().collect();
        let names = self.loop_names(node, Expression::call("copyIndex", index), env);
        Loop {
            name,
            count: self.count(node, env),
            input: Box::new(input(self, node.body, &env.with(names))),
            place: Some(self.bound.place(node.keyword)),
            body: Some(self.bound.place(node.body.span())),
        }
    }

    /// How many items a loop makes.
    pub(super) fn count(&self, node: &ForSyntax<'a>, env: &Env<'_>) -> Expression {
        Expression::call("length", vec![self.expression(node.expression, env)])
    }

    // Each item of a loop may be an object with expressions in it; any other is one expression.
    fn loop_input(&self, body: ExpressionSyntax<'a>, env: &Env<'_>) -> Value {
        match self.value(body, env) {
            Value::Array(_) | Value::Expression(Expression::Integer(_)) => {
                Value::Expression(self.expression(body, env))
            }
            value => value,
        }
    }
}

fn has_spread_item(items: &[ArrayItemSyntax<'_>]) -> bool {
    items.iter().any(|item| matches!(item, ArrayItemSyntax::Spread(_)))
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
