//! Operators: what they take, and what they give.

use super::Checker;
use crate::bicep::functions::Kinds;
use crate::bicep::syntax::{
    BinaryOperationSyntax, BinaryOperator, ExpressionSyntax, UnaryOperationSyntax, UnaryOperator,
};
use crate::bicep::types::{Integer, Marks, Type, assignable};
use crate::diagnostic::Span;

impl<'a> Checker<'a, '_> {
    pub(super) fn unary(&self, node: &UnaryOperationSyntax<'a>) -> Type<'a> {
        let operand = self.infer(node.operand);
        let sign = match node.operator {
            UnaryOperator::Not => "!",
            UnaryOperator::Minus => "-",
            UnaryOperator::Plus => "+",
        };
        match node.operator {
            _ if operand.is_error() => return Type::Error,
            UnaryOperator::Not if assignable(&operand, &Type::bool()) => return negation(&operand),
            UnaryOperator::Minus if assignable(&operand, &Type::int()) => {
                return negated(node.operand, &operand);
            }
            _ => {}
        }
        let title = format!("`{sign}` cannot be applied to `{}`", operand.name());
        let words = ("wrong type of operand", "use a value that the operator supports");
        self.error("BCP044", node.span, title, words);
        Type::Error
    }

    pub(super) fn binary(&self, node: &BinaryOperationSyntax<'a>) -> Type<'a> {
        use BinaryOperator as Operator;
        let left = self.infer(node.left);
        let right = self.infer(node.right);
        if left.is_error() || right.is_error() {
            return Type::Error;
        }
        let both = |wanted: Type<'a>| assignable(&left, &wanted) && assignable(&right, &wanted);
        let ints = || both(Type::int());
        let fits = match node.operator {
            Operator::Multiply
            | Operator::Divide
            | Operator::Modulo
            | Operator::Add
            | Operator::Subtract => ints(),
            Operator::LessThan
            | Operator::LessThanOrEqual
            | Operator::GreaterThan
            | Operator::GreaterThanOrEqual => ints() || both(Type::string()),
            Operator::Equals | Operator::NotEquals | Operator::Coalesce => true,
            Operator::EqualsInsensitive | Operator::NotEqualsInsensitive => both(Type::string()),
            Operator::And | Operator::Or => both(Type::bool()),
        };
        if fits {
            return self.result_of(node, &left, right);
        }
        let title =
            format!("the operator does not support `{}` and `{}`", left.name(), right.name());
        let strings = left.can_be(Kinds::STRING) && right.can_be(Kinds::STRING);
        let help = if strings && node.operator == Operator::Add {
            "use string interpolation, '${a}${b}'"
        } else {
            "use values that the operator supports"
        };
        self.error("BCP045", node.span, title, ("wrong types of operands", help));
        Type::Error
    }

    fn result_of(
        &self,
        node: &BinaryOperationSyntax<'a>,
        left: &Type<'a>,
        right: Type<'a>,
    ) -> Type<'a> {
        use BinaryOperator as Operator;
        let apply = |function: &str| {
            let operands = [left.clone(), right.clone()];
            self.folded(function, &operands, node.span)
        };
        let negation_of = |found: Option<Type<'a>>| found.map(|found| negation(&found));
        match node.operator {
            Operator::Multiply => apply("mul").unwrap_or(Type::int()),
            Operator::Divide => apply("div").unwrap_or(Type::int()),
            Operator::Modulo => {
                if matches!(right, Type::Int(Integer { literal: Some(0), .. })) {
                    let words = ("the remainder is undefined", "use a divisor other than 0");
                    self.error("BCP410", node.span, "the divisor is 0", words);
                    return Type::Error;
                }
                apply("mod").unwrap_or_else(|| remainder(left, &right))
            }
            Operator::Add => apply("add").unwrap_or_else(|| sum(left, &right)),
            Operator::Subtract => apply("sub").unwrap_or_else(|| sum(left, &opposite(&right))),
            Operator::LessThan => apply("less").unwrap_or_else(|| below(left, &right, false)),
            Operator::GreaterThan => apply("greater").unwrap_or_else(|| below(&right, left, false)),
            Operator::LessThanOrEqual => {
                apply("lessOrEquals").unwrap_or_else(|| below(left, &right, true))
            }
            Operator::GreaterThanOrEqual => {
                apply("greaterOrEquals").unwrap_or_else(|| below(&right, left, true))
            }
            Operator::Equals => apply("equals").unwrap_or(Type::bool()),
            Operator::NotEquals => negation_of(apply("equals")).unwrap_or(Type::bool()),
            Operator::EqualsInsensitive => {
                self.same_but_case(left, &right, node.span).unwrap_or(Type::bool())
            }
            Operator::NotEqualsInsensitive => {
                negation_of(self.same_but_case(left, &right, node.span)).unwrap_or(Type::bool())
            }
            Operator::And => decided(left, &right, false),
            Operator::Or => decided(left, &right, true),
            Operator::Coalesce => coalesced(left, right),
        }
    }

    fn same_but_case(&self, left: &Type<'a>, right: &Type<'a>, place: Span) -> Option<Type<'a>> {
        let lower = |one: &Type<'a>| self.folded("toLower", std::slice::from_ref(one), place);
        self.folded("equals", &[lower(left)?, lower(right)?], place)
    }
}

fn negation<'a>(operand: &Type<'a>) -> Type<'a> {
    match operand {
        Type::Bool(literal, marks) => Type::Bool(literal.map(|value| !value), *marks),
        Type::Union(members) => Type::any_of(members.iter().map(negation)),
        _ => Type::bool(),
    }
}

fn negated<'a>(syntax: ExpressionSyntax<'_>, operand: &Type<'a>) -> Type<'a> {
    match syntax {
        ExpressionSyntax::Integer(node) => {
            0_i64.checked_sub_unsigned(node.value).map_or(Type::int(), Type::number)
        }
        _ => opposite(operand),
    }
}

/// A number with the other sign.
fn opposite<'a>(kind: &Type<'a>) -> Type<'a> {
    match kind {
        Type::Int(number) => Type::Int(Integer {
            literal: number.literal.and_then(i64::checked_neg),
            minimum: number.maximum.and_then(i64::checked_neg),
            maximum: number.minimum.and_then(i64::checked_neg),
            marks: number.marks,
        }),
        Type::Union(members) => Type::any_of(members.iter().map(opposite)).collapsed(),
        _ => Type::int(),
    }
}

/// The least and the greatest of a number.
fn bounds(kind: &Type<'_>) -> (Option<i64>, Option<i64>) {
    match kind {
        Type::Int(number) => number.bounds(),
        Type::Union(members) => {
            let all: Vec<(Option<i64>, Option<i64>)> = members.iter().map(bounds).collect();
            // One without a bound is passed over, as Microsoft's compiler does.
            let least = all.iter().filter_map(|one| one.0).min();
            let greatest = all.iter().filter_map(|one| one.1).max();
            (least, greatest)
        }
        _ => (None, None),
    }
}

fn between<'a>(minimum: Option<i64>, maximum: Option<i64>) -> Type<'a> {
    Type::Int(Integer::between(minimum, maximum))
}

fn sum<'a>(left: &Type<'a>, right: &Type<'a>) -> Type<'a> {
    match (left, right) {
        (Type::Union(members), other) | (other, Type::Union(members)) => {
            Type::any_of(members.iter().map(|member| sum(member, other))).collapsed()
        }
        (Type::Int(_), Type::Int(_)) => {
            let ((least, most), (low, high)) = (bounds(left), bounds(right));
            let add = |one: Option<i64>, other: Option<i64>| one?.checked_add(other?);
            between(add(least, low), add(most, high))
        }
        _ => Type::int(),
    }
}

fn remainder<'a>(left: &Type<'a>, right: &Type<'a>) -> Type<'a> {
    let greatest = match right {
        Type::Int(Integer { literal: Some(value), .. }) => value.checked_abs(),
        Type::Int(Integer { minimum: Some(low), maximum: Some(high), .. }) => {
            low.checked_abs().zip(high.checked_abs()).map(|(low, high)| low.max(high))
        }
        _ => None,
    };
    let Some(greatest) = greatest else { return Type::int() };
    let (low, high) = bounds(left);
    let minimum = if low.is_some_and(|low| low >= 0) { 0 } else { 1 - greatest };
    let maximum = if high.is_some_and(|high| high <= 0) { 0 } else { greatest - 1 };
    between(Some(minimum), Some(maximum))
}

/// Whether one number is below another, or equal if that is enough, as far as their bounds tell.
fn below<'a>(left: &Type<'a>, right: &Type<'a>, or_equal: bool) -> Type<'a> {
    let ((least, most), (low, high)) = (bounds(left), bounds(right));
    let surely =
        most.zip(low).is_some_and(|(most, low)| if or_equal { most <= low } else { most < low });
    let never = least.zip(high).is_some_and(
        |(least, high)| {
            if or_equal { least > high } else { least >= high }
        },
    );
    match (surely, never) {
        (true, _) => Type::Bool(Some(true), Marks::NONE),
        (_, true) => Type::Bool(Some(false), Marks::NONE),
        _ => Type::bool(),
    }
}

/// What `&&` and `||` give: one operand may decide it.
fn decided<'a>(left: &Type<'a>, right: &Type<'a>, by: bool) -> Type<'a> {
    let value = |found: &Type<'a>| match found {
        Type::Bool(value, _) => *value,
        _ => None,
    };
    let (left, right) = (value(left), value(right));
    if left == Some(by) || right == Some(by) {
        return Type::Bool(Some(by), Marks::NONE);
    }
    let both = left.is_some() && right.is_some();
    Type::Bool(both.then_some(!by), Marks::NONE)
}

fn coalesced<'a>(left: &Type<'a>, right: Type<'a>) -> Type<'a> {
    match left {
        Type::Null => right,
        Type::Any => Type::Any,
        other => match other.without_null() {
            Some(some) => some.or(right).collapsed(),
            None => other.clone(),
        },
    }
}
