//! What expressions are, and whether their operands fit.

use super::Checker;
use super::types::Type;
use crate::bicep::binder::{SymbolId, SymbolKind};
use crate::bicep::functions::Kinds;
use crate::bicep::syntax::{
    ArrayItemSyntax, ArraySyntax, BinaryOperationSyntax, BinaryOperator, ExpressionSyntax,
    ForSyntax, IdentifierSyntax, ObjectItemSyntax, ObjectKeySyntax, ObjectSyntax, StringSyntax,
    TernaryOperationSyntax, UnaryOperationSyntax, UnaryOperator,
};
use crate::diagnostic::Span;

impl<'a> Checker<'a, '_> {
    /// The type of an expression. Reports what does not fit in it.
    pub(super) fn infer(&self, expression: ExpressionSyntax<'a>) -> Type<'a> {
        self.deeper(|| self.infer_here(expression)).unwrap_or(Type::Any)
    }

    fn infer_here(&self, expression: ExpressionSyntax<'a>) -> Type<'a> {
        match expression {
            ExpressionSyntax::String(node) => self.string(node),
            ExpressionSyntax::Integer(node) => Type::Int(i64::try_from(node.value).ok()),
            ExpressionSyntax::Boolean(_) => Type::Bool,
            ExpressionSyntax::Null(_) => Type::Null,
            ExpressionSyntax::Array(node) => self.array(node),
            ExpressionSyntax::Object(node) => self.object(node),
            ExpressionSyntax::Variable(node) => self.variable(node.name),
            ExpressionSyntax::FunctionCall(node) => self.call(node),
            ExpressionSyntax::InstanceFunctionCall(node) => self.instance_call(node),
            ExpressionSyntax::PropertyAccess(node) => self.property(node),
            ExpressionSyntax::ArrayAccess(node) => self.array_access(node),
            ExpressionSyntax::ResourceAccess(node) => self.nested_resource(node),
            ExpressionSyntax::NonNullAssertion(node) => self.non_null(node.base),
            ExpressionSyntax::Unary(node) => self.unary(node),
            ExpressionSyntax::Binary(node) => self.binary(node),
            ExpressionSyntax::Ternary(node) => self.ternary(node),
            ExpressionSyntax::Parenthesized(node) => self.infer(node.expression),
            ExpressionSyntax::Lambda(node) => {
                self.infer(node.body);
                Type::Lambda
            }
            ExpressionSyntax::For(node) => self.for_loop(node),
            ExpressionSyntax::If(node) => {
                self.condition(node.condition);
                self.infer(node.body)
            }
            ExpressionSyntax::None(_) => Type::Any,
            ExpressionSyntax::Skipped(_) => Type::Error,
        }
    }

    fn string(&self, node: &StringSyntax<'a>) -> Type<'a> {
        for hole in node.holes {
            if self.infer(*hole).is_error() {
                return Type::Error;
            }
        }
        Type::String(node.literal())
    }

    fn array(&self, node: &ArraySyntax<'a>) -> Type<'a> {
        let mut items = Vec::with_capacity(node.items.len());
        let (mut spread, mut broken) = (false, false);
        for item in node.items {
            match item {
                ArrayItemSyntax::Value(value) => items.push(self.infer(*value)),
                ArrayItemSyntax::Spread(node) => {
                    spread = true;
                    items.push(self.infer(node.expression).item());
                }
            }
            broken |= items.last().is_some_and(Type::is_error);
        }
        if broken {
            Type::Error
        } else if spread {
            Type::array()
        } else {
            Type::tuple(items)
        }
    }

    /// The type of an object, whose repeated keys are reported.
    pub(super) fn object(&self, node: &ObjectSyntax<'a>) -> Type<'a> {
        let (mut properties, mut open) = (Vec::new(), false);
        let mut broken = self.repeated_keys(node);
        for item in node.items {
            match item {
                ObjectItemSyntax::Property(property) => {
                    if let ObjectKeySyntax::String(key) = property.key {
                        broken |= self.string(key).is_error();
                    }
                    let value = self.infer(property.value);
                    broken |= value.is_error();
                    match property.name() {
                        Some(name) => properties.push((name, value)),
                        None => open = true,
                    }
                }
                ObjectItemSyntax::Spread(spread) => {
                    broken |= self.infer(spread.expression).is_error();
                    open = true;
                }
                ObjectItemSyntax::Resource(resource) => {
                    self.infer(resource.value);
                }
                ObjectItemSyntax::Missing(_) => {}
                ObjectItemSyntax::Skipped(_) => broken = true,
            }
        }
        if broken { Type::Error } else { Type::shaped(properties, open) }
    }

    fn repeated_keys(&self, node: &ObjectSyntax<'a>) -> bool {
        let keys =
            node.properties().filter_map(|property| Some((property.name()?, property.key.span())));
        let mut keys: Vec<(&str, Span)> = keys.collect();
        keys.sort_unstable();
        let mut any = false;
        for group in keys.chunk_by(|left, right| left.0 == right.0) {
            if group.len() > 1 {
                any = true;
                for (name, span) in group {
                    let title = format!("property `{name}` is set more than once");
                    let words = ("only one of them can count", "keep one of them");
                    self.error("BCP025", *span, title, words);
                }
            }
        }
        any
    }

    fn unary(&self, node: &UnaryOperationSyntax<'a>) -> Type<'a> {
        let operand = self.infer(node.operand);
        let (sign, wanted, result) = match node.operator {
            UnaryOperator::Not => ("!", Kinds::BOOL, Type::Bool),
            UnaryOperator::Minus => ("-", Kinds::INT, negated(node.operand)),
            UnaryOperator::Plus => ("+", Kinds::INT, Type::Int(None)),
        };
        if operand.is_error() {
            return Type::Error;
        }
        if operand.can_be(wanted) {
            return result;
        }
        let title = format!("`{sign}` cannot be applied to `{}`", operand.name());
        let words = ("wrong kind of operand", "use a value of the right type");
        self.error("BCP044", node.span, title, words);
        Type::Error
    }

    fn binary(&self, node: &BinaryOperationSyntax<'a>) -> Type<'a> {
        use BinaryOperator as Operator;
        let left = self.infer(node.left);
        let right = self.infer(node.right);
        if left.is_error() || right.is_error() {
            return Type::Error;
        }
        let both = |kinds: Kinds| left.can_be(kinds) && right.can_be(kinds);
        let (fits, result) = match node.operator {
            Operator::Multiply
            | Operator::Divide
            | Operator::Modulo
            | Operator::Add
            | Operator::Subtract => (both(Kinds::INT), Type::Int(None)),
            Operator::LessThan
            | Operator::LessThanOrEqual
            | Operator::GreaterThan
            | Operator::GreaterThanOrEqual => (both(Kinds::INT) || both(Kinds::STRING), Type::Bool),
            Operator::Equals | Operator::NotEquals => (true, Type::Bool),
            Operator::EqualsInsensitive | Operator::NotEqualsInsensitive => {
                (both(Kinds::STRING), Type::Bool)
            }
            Operator::And | Operator::Or => (both(Kinds::BOOL), Type::Bool),
            Operator::Coalesce => return left.or(right),
        };
        if fits {
            return result;
        }
        let title = format!("operator cannot join `{}` and `{}`", left.name(), right.name());
        let strings = left.can_be(Kinds::STRING) && right.can_be(Kinds::STRING);
        let help = if strings && node.operator == Operator::Add {
            "join strings as '${a}${b}'"
        } else {
            "use values that the operator takes"
        };
        self.error("BCP045", node.span, title, ("wrong kinds of operands", help));
        Type::Error
    }

    fn ternary(&self, node: &TernaryOperationSyntax<'a>) -> Type<'a> {
        let condition = self.infer(node.condition);
        let when_true = self.infer(node.when_true);
        let when_false = self.infer(node.when_false);
        let result = when_true.or(when_false);
        if condition.is_error() || result.is_error() {
            return Type::Error;
        }
        if self.wants_bool(&condition, node.condition.span()) { result } else { Type::Error }
    }

    /// Judges the condition of an `if`.
    pub(super) fn condition(&self, condition: ExpressionSyntax<'a>) {
        let found = self.infer(condition);
        if !found.is_error() {
            self.wants_bool(&found, condition.span());
        }
    }

    fn wants_bool(&self, found: &Type<'a>, span: Span) -> bool {
        let fits = found.can_be(Kinds::BOOL);
        if !fits {
            let title = format!("condition is `{}` and not `bool`", found.name());
            self.error("BCP046", span, title, ("must be true or false", "compare it to something"));
        }
        fits
    }

    fn for_loop(&self, node: &ForSyntax<'a>) -> Type<'a> {
        let over = self.infer(node.expression);
        if !over.is_error() && !over.can_be(Kinds::ARRAY) {
            let title = format!("loop over `{}`", over.name());
            let words = ("only arrays can be looped over", "use items() to loop over an object");
            self.error("BCP137", node.expression.span(), title, words);
        }
        let body = self.infer(node.body);
        if body.is_error() || over.is_error() { Type::Error } else { Type::array_of(body) }
    }

    fn variable(&self, name: IdentifierSyntax<'a>) -> Type<'a> {
        let Some(id) = self.bound.target(name) else { return Type::Error };
        let found = self.symbol(id);
        if self.bound.is_cyclic(name) {
            return Type::Error;
        }
        let declared = !matches!(
            self.bound.symbol(id).kind,
            SymbolKind::Item(_) | SymbolKind::Index(_) | SymbolKind::LambdaParameter
        );
        if found.is_error() && declared {
            let title = format!("`{}` is not valid", name.name);
            let words = ("its declaration has an error", "correct the declaration first");
            self.error("BCP062", name.span, title, words);
        }
        found
    }

    /// The type of what a name means.
    pub(super) fn symbol(&self, id: SymbolId) -> Type<'a> {
        match self.bound.symbol(id).kind {
            SymbolKind::Parameter(node) => {
                self.once(id, || self.parameter_type(node)).unwrap_or(Type::Any)
            }
            SymbolKind::Variable(node) => self
                .once(id, || match node.r#type {
                    Some(declared) => self.described(declared),
                    None => self.infer(node.value),
                })
                .unwrap_or(Type::Error),
            SymbolKind::Resource(resource) => {
                let node = self.bound.resource(resource).syntax;
                if self.resource_type_error(resource) {
                    return Type::Error;
                }
                Type::Resource(resource, node.body().r#for.is_some())
            }
            SymbolKind::Module(node) => Type::Module(id, node.body().r#for.is_some()),
            SymbolKind::Index(_) => Type::Int(None),
            SymbolKind::Item(node) => {
                self.once(id, || self.infer(node.expression).item()).unwrap_or(Type::Any)
            }
            SymbolKind::Namespace(namespace) => Type::Namespace(namespace),
            _ => Type::Any,
        }
    }

    /// Finds the type of a symbol once, without reporting; nothing if that needs the type itself.
    pub(super) fn once(&self, id: SymbolId, find: impl FnOnce() -> Type<'a>) -> Option<Type<'a>> {
        if let Some(known) = self.symbols.borrow().get(&id) {
            return known.clone();
        }
        self.symbols.borrow_mut().insert(id, None);
        let found = self.quietly(find);
        self.symbols.borrow_mut().insert(id, Some(found.clone()));
        Some(found)
    }
}

fn negated(operand: ExpressionSyntax<'_>) -> Type<'_> {
    match operand {
        ExpressionSyntax::Integer(node) => Type::Int(0_i64.checked_sub_unsigned(node.value)),
        _ => Type::Int(None),
    }
}
