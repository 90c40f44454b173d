//! Expressions as ARM expressions.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{Env, Lowerer};
use crate::arm::expression::Expression;
use crate::bicep::binder::{SymbolId, SymbolKind};
use crate::bicep::functions::{self, Use};
use crate::bicep::syntax::{
    ArrayAccessSyntax, ArrayItemSyntax, ArraySyntax, BinaryOperationSyntax, BinaryOperator,
    ExpressionSyntax, FunctionCallSyntax, IdentifierSyntax, InstanceFunctionCallSyntax,
    LambdaSyntax, ObjectItemSyntax, ObjectKeySyntax, ObjectSyntax, StringSyntax,
    UnaryOperationSyntax, UnaryOperator, VariableAccessSyntax, walk,
};
use crate::diagnostic::Span;

/// How many bytes of text count as one expression.
const TEXT_BYTES: usize = 128;

/// An expression, and whether a plain access that follows belongs to the `tryGet` it ends with.
pub struct Chain {
    pub target: Expression,
    pub open: bool,
}

impl Chain {
    pub fn closed(target: Expression) -> Self {
        Self { target, open: false }
    }

    // `tryGet(a, 'b')` with a further step: `tryGet(a, 'b', 'c')`.
    fn extend(self, step: Expression) -> Self {
        let mut target = self.target;
        if let Expression::Call { arguments, .. } = &mut target {
            arguments.push(step);
        }
        Self { target, open: true }
    }

    pub fn property(self, name: Expression, safe: bool) -> Self {
        if safe {
            Self { target: Expression::call("tryGet", vec![self.target, name]), open: true }
        } else if self.open {
            self.extend(name)
        } else {
            Self::closed(self.target.access(name))
        }
    }
}

impl<'a> Lowerer<'a, '_> {
    /// The ARM expression of an expression.
    pub(super) fn expression(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> Expression {
        self.bounded(expression.span(), || self.step(expression, env))
            .unwrap_or_else(Expression::null)
    }

    pub(super) fn expressions(
        &self,
        expressions: &[ExpressionSyntax<'a>],
        env: &Env<'_>,
    ) -> Vec<Expression> {
        expressions.iter().map(|expression| self.expression(*expression, env)).collect()
    }

    fn step(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> Expression {
        match expression {
            ExpressionSyntax::String(node) => self.string(node, env),
            ExpressionSyntax::Integer(node) => {
                Expression::integer(i64::try_from(node.value).unwrap_or(i64::MAX))
            }
            ExpressionSyntax::Boolean(node) => Expression::bool(node.value),
            ExpressionSyntax::Null(_)
            | ExpressionSyntax::None(_)
            | ExpressionSyntax::Skipped(_) => Expression::null(),
            ExpressionSyntax::Array(node) => self.array(node, env),
            ExpressionSyntax::Object(node) => self.object_expression(node, env),
            ExpressionSyntax::Variable(node) => self.variable(node, env),
            ExpressionSyntax::FunctionCall(node) => self.call(node, env),
            ExpressionSyntax::InstanceFunctionCall(node) => self.instance_call(node, env),
            ExpressionSyntax::PropertyAccess(_)
            | ExpressionSyntax::ArrayAccess(_)
            | ExpressionSyntax::ResourceAccess(_)
            | ExpressionSyntax::NonNullAssertion(_) => self.chain(expression, env).target,
            ExpressionSyntax::Unary(node) => self.unary(node, env),
            ExpressionSyntax::Binary(node) => self.binary(node, env),
            ExpressionSyntax::Ternary(node) => {
                let parts = [node.condition, node.when_true, node.when_false];
                Expression::call("if", self.expressions(&parts, env))
            }
            ExpressionSyntax::Parenthesized(node) => self.expression(node.expression, env),
            ExpressionSyntax::Lambda(node) => self.lambda(node, env),
            ExpressionSyntax::For(_) | ExpressionSyntax::If(_) => {
                let help = "make the loop the whole value of a `var`, an output or a property";
                self.error(
                    "BCP138",
                    expression.span(),
                    "loop or condition inside an expression",
                    help,
                );
                Expression::null()
            }
        }
    }

    pub(super) fn string(&self, node: &StringSyntax<'a>, env: &Env<'_>) -> Expression {
        // A long text that is written out often makes a template as large as many expressions do.
        let length: usize = node.segments.iter().map(|segment| segment.len()).sum();
        self.charge(u64::try_from(length / TEXT_BYTES).unwrap_or(u64::MAX), 0, node.span);
        if let Some(text) = node.literal() {
            return Expression::string(text);
        }
        let mut pattern = String::with_capacity(length + node.holes.len() * "{0}".len());
        for (index, segment) in node.segments.iter().enumerate() {
            if index > 0 {
                // Writing to a text never fails.
                let _ = write!(pattern, "{{{}}}", index - 1);
            }
            for letter in segment.chars() {
                pattern.push(letter);
                if letter == '{' || letter == '}' {
                    pattern.push(letter);
                }
            }
        }
        Expression::format(pattern, self.expressions(node.holes, env))
    }

    // Runs of plain items and spreads between them, as parts to be joined.
    fn spread<T>(
        &self,
        items: impl Iterator<Item = Result<T, ExpressionSyntax<'a>>>,
        env: &Env<'_>,
        run: impl Fn(Vec<T>) -> Expression,
    ) -> Vec<Expression> {
        let mut parts = Vec::new();
        let mut open = Vec::new();
        for item in items {
            match item {
                Ok(value) => open.push(value),
                Err(spread) => {
                    if !open.is_empty() {
                        parts.push(run(std::mem::take(&mut open)));
                    }
                    parts.push(self.expression(spread, env));
                }
            }
        }
        if !open.is_empty() {
            parts.push(run(open));
        }
        parts
    }

    fn array(&self, node: &ArraySyntax<'a>, env: &Env<'_>) -> Expression {
        let create = |items: Vec<ExpressionSyntax<'a>>| {
            Expression::call("createArray", self.expressions(&items, env))
        };
        let items = node.items.iter().map(|item| match item {
            ArrayItemSyntax::Value(value) => Ok(*value),
            ArrayItemSyntax::Spread(spread) => Err(spread.expression),
        });
        if items.clone().all(|item| item.is_ok()) {
            return create(items.flatten().collect());
        }
        let parts = self.spread(items, env, create);
        Expression::call("flatten", vec![Expression::call("createArray", parts)])
    }

    fn object_expression(&self, node: &ObjectSyntax<'a>, env: &Env<'_>) -> Expression {
        let create = |properties: Vec<_>| {
            let mut arguments = Vec::with_capacity(properties.len() * 2);
            for (key, value) in properties {
                arguments.push(self.key(key, env));
                arguments.push(self.expression(value, env));
            }
            Expression::call("createObject", arguments)
        };
        let items = node.items.iter().filter_map(|item| match item {
            ObjectItemSyntax::Property(property) => Some(Ok((property.key, property.value))),
            ObjectItemSyntax::Spread(spread) => Some(Err(spread.expression)),
            ObjectItemSyntax::Resource(_)
            | ObjectItemSyntax::Missing(_)
            | ObjectItemSyntax::Skipped(_) => None,
        });
        if items.clone().all(|item| item.is_ok()) {
            return create(items.flatten().collect());
        }
        let parts = self.spread(items, env, create);
        Expression::call("shallowMerge", vec![Expression::call("createArray", parts)])
    }

    pub(super) fn key(&self, key: ObjectKeySyntax<'a>, env: &Env<'_>) -> Expression {
        match key {
            ObjectKeySyntax::Identifier(name) => Expression::string(name.name),
            ObjectKeySyntax::String(node) => self.string(node, env),
            ObjectKeySyntax::Skipped(_) => Expression::string(""),
        }
    }

    fn variable(&self, node: &VariableAccessSyntax<'a>, env: &Env<'_>) -> Expression {
        let Some(id) = self.bound.target(node.name) else { return Expression::null() };
        if let Some(local) = env.get(id) {
            return local.clone();
        }
        let name = node.name.name;
        match self.bound.symbol(id).kind {
            SymbolKind::Parameter(_)
            | SymbolKind::Assignment(_)
            | SymbolKind::Base
            | SymbolKind::FunctionParameter => Expression::parameter(name),
            SymbolKind::Variable(declared) => {
                if self.facts.is_inlined(id) {
                    let value = || self.expression(declared.value, &Env::empty());
                    self.written(id, node.name.span, value)
                } else {
                    Expression::variable(&self.session.imports.variable(self.id, name))
                }
            }
            SymbolKind::Imported(import, original) => {
                let unit = self.unit.reference(import.path);
                let name =
                    unit.map_or(name.into(), |unit| self.session.imports.variable(unit, original));
                Expression::variable(&name)
            }
            SymbolKind::LambdaParameter => {
                Expression::call("lambdaVariables", vec![Expression::string(name)])
            }
            SymbolKind::Resource(_) | SymbolKind::Module(_) => self.whole(id, env),
            // A loop's names are in the environment wherever they can be used.
            SymbolKind::Item(_) | SymbolKind::Index(_) => Expression::null(),
            SymbolKind::Type(_)
            | SymbolKind::Function(_)
            | SymbolKind::Test(_)
            | SymbolKind::Wildcard(_)
            | SymbolKind::Extension
            | SymbolKind::Namespace(_) => {
                self.error("BCP063", node.name.span, "the name is not a value", "use a value");
                Expression::null()
            }
        }
    }

    fn unary(&self, node: &UnaryOperationSyntax<'a>, env: &Env<'_>) -> Expression {
        match (node.operator, node.operand) {
            (UnaryOperator::Not, operand) => {
                Expression::call("not", vec![self.expression(operand, env)])
            }
            (UnaryOperator::Minus, ExpressionSyntax::Integer(integer)) => {
                Expression::integer(0_i64.checked_sub_unsigned(integer.value).unwrap_or(i64::MIN))
            }
            (UnaryOperator::Minus, operand) => {
                Expression::call("sub", vec![Expression::Integer(0), self.expression(operand, env)])
            }
            (UnaryOperator::Plus, operand) => self.expression(operand, env),
        }
    }

    fn binary(&self, node: &BinaryOperationSyntax<'a>, env: &Env<'_>) -> Expression {
        let lower = |target| Expression::call("toLower", vec![target]);
        let not = |target| Expression::call("not", vec![target]);
        let left = self.expression(node.left, env);
        let right = self.expression(node.right, env);
        let function = match node.operator {
            BinaryOperator::Multiply => "mul",
            BinaryOperator::Divide => "div",
            BinaryOperator::Modulo => "mod",
            BinaryOperator::Add => "add",
            BinaryOperator::Subtract => "sub",
            BinaryOperator::LessThan => "less",
            BinaryOperator::LessThanOrEqual => "lessOrEquals",
            BinaryOperator::GreaterThan => "greater",
            BinaryOperator::GreaterThanOrEqual => "greaterOrEquals",
            BinaryOperator::And => "and",
            BinaryOperator::Or => "or",
            BinaryOperator::Coalesce => "coalesce",
            BinaryOperator::Equals => "equals",
            BinaryOperator::NotEquals => return not(Expression::call("equals", vec![left, right])),
            BinaryOperator::EqualsInsensitive => {
                return Expression::call("equals", vec![lower(left), lower(right)]);
            }
            BinaryOperator::NotEqualsInsensitive => {
                return not(Expression::call("equals", vec![lower(left), lower(right)]));
            }
        };
        Expression::call(function, vec![left, right])
    }

    fn lambda(&self, node: &LambdaSyntax<'a>, env: &Env<'_>) -> Expression {
        let parameters = node.parameters.iter().map(|parameter| Expression::string(parameter.name));
        let body = std::iter::once_with(|| self.expression(node.body, env));
        Expression::call("lambda", parameters.chain(body).collect())
    }

    /// The expression of a member access, an index, or anything that one may follow.
    pub(super) fn chain(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> Chain {
        let span = expression.span();
        let chain = self.bounded(span, || self.chain_step(expression, env));
        chain.unwrap_or_else(|| Chain::closed(Expression::null()))
    }

    fn chain_step(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> Chain {
        if let Some(chain) = self.declared_access(expression, env) {
            return chain;
        }
        match expression {
            ExpressionSyntax::PropertyAccess(node) => {
                if let Some(name) = self.namespace_variable(node.base, node.name) {
                    return Chain::closed(Expression::variable(&name));
                }
                let base = self.chain(node.base, env);
                base.property(Expression::string(node.name.name), node.safe)
            }
            ExpressionSyntax::ArrayAccess(node) => self.index(node, env),
            ExpressionSyntax::NonNullAssertion(node) => self.chain(node.base, env),
            ExpressionSyntax::FunctionCall(node) => match (node.name.name, node.arguments) {
                // It leaves no trace.
                (
                    "any",
                    [
                        argument @ (ExpressionSyntax::PropertyAccess(_)
                        | ExpressionSyntax::ArrayAccess(_)
                        | ExpressionSyntax::NonNullAssertion(_)),
                    ],
                ) => self.chain(*argument, env),
                _ => Chain::closed(self.expression(expression, env)),
            },
            _ => Chain::closed(self.expression(expression, env)),
        }
    }

    fn index(&self, node: &ArrayAccessSyntax<'a>, env: &Env<'_>) -> Chain {
        let base = self.chain(node.base, env);
        let index = self.expression(node.index, env);
        match (node.from_end, node.safe) {
            (false, safe) => base.property(index, safe),
            (true, true) => Chain {
                target: Expression::call("tryIndexFromEnd", vec![base.target, index]),
                open: true,
            },
            (true, false) if base.open => {
                let arguments = vec![
                    Expression::string("value"),
                    index,
                    Expression::string("fromEnd"),
                    Expression::bool(true),
                ];
                base.extend(Expression::call("createObject", arguments))
            }
            (true, false) => {
                Chain::closed(Expression::call("indexFromEnd", vec![base.target, index]))
            }
        }
    }

    // A variable that is read through `import * as`.
    fn namespace_variable(
        &self,
        base: ExpressionSyntax<'a>,
        name: IdentifierSyntax<'a>,
    ) -> Option<std::rc::Rc<str>> {
        let ExpressionSyntax::Variable(base) = base else { return None };
        let id = self.bound.target(base.name)?;
        let SymbolKind::Wildcard(import) = self.bound.symbol(id).kind else { return None };
        let unit = self.unit.reference(import.path)?;
        Some(self.session.imports.variable(unit, name.name))
    }

    fn call(&self, node: &'a FunctionCallSyntax<'a>, env: &Env<'_>) -> Expression {
        let Some(id) = self.bound.target(node.name) else {
            return self.built_in(node.name.name, node.arguments, node.span, env);
        };
        let name = match self.bound.symbol(id).kind {
            SymbolKind::Imported(import, original) => {
                let unit = self.unit.reference(import.path);
                unit.map_or_else(String::new, |unit| self.session.imports.function(unit, original))
            }
            _ => self.session.imports.function(self.id, node.name.name),
        };
        Expression::call(name, self.expressions(node.arguments, env))
    }

    fn instance_call(&self, node: &'a InstanceFunctionCallSyntax<'a>, env: &Env<'_>) -> Expression {
        if let ExpressionSyntax::Variable(base) = node.base
            && let Some(id) = self.bound.target(base.name)
        {
            match self.bound.symbol(id).kind {
                SymbolKind::Namespace(_) => {
                    return self.built_in(node.name.name, node.arguments, node.span, env);
                }
                SymbolKind::Wildcard(import) => {
                    let unit = self.unit.reference(import.path);
                    let name = unit.map(|unit| self.session.imports.function(unit, node.name.name));
                    let arguments = self.expressions(node.arguments, env);
                    return Expression::call(name.unwrap_or_default(), arguments);
                }
                _ => {}
            }
        }
        self.resource_call(node, env).unwrap_or_else(|| {
            let title = format!("the value has no function `{}`", node.name.name);
            self.error(
                "BCP109",
                node.name.span,
                title,
                "call functions of resources or namespaces",
            );
            Expression::null()
        })
    }

    fn built_in(
        &self,
        name: &'a str,
        arguments: &'a [ExpressionSyntax<'a>],
        span: Span,
        env: &Env<'_>,
    ) -> Expression {
        if let Some(target) = self.parameters_call(name, arguments, span, env) {
            return target;
        }
        let modules = self.lambda_modules(name, arguments, env);
        let inner = (!modules.is_empty()).then(|| env.with_modules(modules));
        let env = inner.as_ref().unwrap_or(env);
        let function = functions::function(None, name);
        match (name, function.map(|function| function.usage), arguments) {
            ("any", _, [argument]) => self.expression(*argument, env),
            ("nameof", _, [argument]) => {
                Expression::string(last_name(*argument).unwrap_or_default())
            }
            // Scopes that ARM has no value for.
            ("subscription" | "resourceGroup" | "managementGroup", _, [_, ..]) => {
                Expression::call("createObject", Vec::new())
            }
            (_, Some(Use::Load), _) => self.load_expression(span),
            _ => {
                // A function of a resource is known by the start of its name.
                let known = function.map(|function| function.name).filter(|known| *known == name);
                let name = known.map_or_else(|| Cow::Owned(name.to_owned()), Cow::Borrowed);
                Expression::call(name, self.expressions(arguments, env))
            }
        }
    }

    /// Whether every local name in an expression has a meaning in this environment.
    pub(super) fn locals_known(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> bool {
        let mut known = true;
        walk(expression, &mut |node| {
            if let ExpressionSyntax::Variable(variable) = node
                && let Some(id) = self.bound.target(variable.name)
            {
                known &= self.is_global(id) || env.get(id).is_some();
            }
            true
        });
        known
    }

    fn is_global(&self, id: SymbolId) -> bool {
        !matches!(
            self.bound.symbol(id).kind,
            SymbolKind::Item(_) | SymbolKind::Index(_) | SymbolKind::LambdaParameter
        )
    }
}

fn last_name(expression: ExpressionSyntax<'_>) -> Option<&str> {
    match expression.without_parentheses() {
        ExpressionSyntax::Variable(node) => Some(node.name.name),
        ExpressionSyntax::PropertyAccess(node) => Some(node.name.name),
        ExpressionSyntax::ResourceAccess(node) => Some(node.name.name),
        ExpressionSyntax::NonNullAssertion(node) => last_name(node.base),
        ExpressionSyntax::ArrayAccess(node) => match node.index {
            ExpressionSyntax::String(text) => text.literal(),
            _ => last_name(node.base),
        },
        _ => None,
    }
}
