//! Comparison and truth.

use std::cmp::Ordering;

use super::collate::compare;
use super::{Arguments, Evaluated, Failure, Outcome, expected, plain, wrong};

pub(super) fn equals(arguments: Arguments<'_>) -> Outcome {
    let [one, other] = arguments else { return Err(Failure::Symbolic) };
    if one == other {
        return Ok(Evaluated::Bool(true));
    }
    if never_equal(one, other) {
        return Ok(Evaluated::Bool(false));
    }
    Ok(Evaluated::Bool(plain(one)? == plain(other)?))
}

/// Whether two values differ whatever their symbolic parts turn out to be.
fn never_equal(one: &Evaluated, other: &Evaluated) -> bool {
    match (one, other) {
        (Evaluated::Symbolic(_), _) | (_, Evaluated::Symbolic(_)) => false,
        (Evaluated::Array(one), Evaluated::Array(other)) => {
            one.len() != other.len()
                || one.iter().zip(other).any(|(one, other)| never_equal(one, other))
        }
        (Evaluated::Object(_), Evaluated::Object(_)) => false,
        (one, other) => one != other,
    }
}

pub(super) fn less(arguments: Arguments<'_>) -> Outcome {
    order(arguments, Ordering::is_lt)
}

pub(super) fn less_or_equals(arguments: Arguments<'_>) -> Outcome {
    order(arguments, Ordering::is_le)
}

pub(super) fn greater(arguments: Arguments<'_>) -> Outcome {
    order(arguments, Ordering::is_gt)
}

pub(super) fn greater_or_equals(arguments: Arguments<'_>) -> Outcome {
    order(arguments, Ordering::is_ge)
}

fn order(arguments: Arguments<'_>, wanted: fn(Ordering) -> bool) -> Outcome {
    let ordering = match arguments {
        [Evaluated::Integer(one), Evaluated::Integer(other)] => one.cmp(other),
        [Evaluated::String(one), Evaluated::String(other)] => compare(one, other),
        [Evaluated::Symbolic(_), _] | [_, Evaluated::Symbolic(_)] => return Err(Failure::Symbolic),
        [Evaluated::Integer(_), other] => return Err(expected("an integer", other)),
        [Evaluated::String(_), other] => return Err(expected("a string", other)),
        [other, ..] => return Err(expected("an integer or a string", other)),
        [] => return Err(Failure::Symbolic),
    };
    Ok(Evaluated::Bool(wanted(ordering)))
}

pub(super) fn not(arguments: Arguments<'_>) -> Outcome {
    match &arguments[0] {
        Evaluated::Bool(value) => Ok(Evaluated::Bool(!value)),
        other => Err(expected("a boolean", other)),
    }
}

pub(super) fn bool(arguments: Arguments<'_>) -> Outcome {
    match &arguments[0] {
        Evaluated::Bool(value) => Ok(Evaluated::Bool(*value)),
        Evaluated::Integer(number) => Ok(Evaluated::Bool(*number != 0)),
        Evaluated::String(text) if text.eq_ignore_ascii_case("true") => Ok(Evaluated::Bool(true)),
        Evaluated::String(text) if text.eq_ignore_ascii_case("false") => Ok(Evaluated::Bool(false)),
        Evaluated::String(_) => {
            Err(wrong("the string is neither `true` nor `false`", "pass `true` or `false`"))
        }
        other => Err(expected("a string or an integer", other)),
    }
}
