//! Whole numbers. ARM computes with 64 bits and refuses overflow.

use serde_json::Number;

use super::{Arguments, Evaluated, Outcome, array_of, expected, integer_of, wrong};

/// The most items `range` gives.
const LONGEST_RANGE: i64 = 10_000;

fn compute(arguments: Arguments<'_>, operation: fn(i64, i64) -> Option<i64>) -> Outcome {
    let (one, other) = (integer_of(&arguments[0])?, integer_of(&arguments[1])?);
    let result = operation(one, other);
    result.map(Evaluated::Integer).ok_or_else(|| {
        wrong(
            format!("the result for {one} and {other} is not a 64-bit integer"),
            "keep the numbers within 64 bits, and do not divide by 0",
        )
    })
}

pub(super) fn add(arguments: Arguments<'_>) -> Outcome {
    compute(arguments, i64::checked_add)
}

pub(super) fn sub(arguments: Arguments<'_>) -> Outcome {
    compute(arguments, i64::checked_sub)
}

pub(super) fn mul(arguments: Arguments<'_>) -> Outcome {
    compute(arguments, i64::checked_mul)
}

pub(super) fn div(arguments: Arguments<'_>) -> Outcome {
    compute(arguments, i64::checked_div)
}

pub(super) fn modulo(arguments: Arguments<'_>) -> Outcome {
    compute(arguments, i64::checked_rem)
}

pub(super) fn max(arguments: Arguments<'_>) -> Outcome {
    extreme(arguments, i64::max)
}

pub(super) fn min(arguments: Arguments<'_>) -> Outcome {
    extreme(arguments, i64::min)
}

fn extreme(arguments: Arguments<'_>, choose: fn(i64, i64) -> i64) -> Outcome {
    let values = match arguments {
        [array] if !matches!(array, Evaluated::Integer(_)) => array_of(array)?,
        values => values,
    };
    let mut best = None;
    for value in values {
        let number = integer_of(value)?;
        best = Some(best.map_or(number, |best| choose(best, number)));
    }
    best.map(Evaluated::Integer).ok_or_else(|| {
        wrong("an empty array has no minimum or maximum", "pass at least one number")
    })
}

pub(super) fn int(arguments: Arguments<'_>) -> Outcome {
    match &arguments[0] {
        Evaluated::Integer(number) => Ok(Evaluated::Integer(*number)),
        Evaluated::String(text) => {
            text.trim().parse().map(Evaluated::Integer).map_err(|_| {
                wrong(format!("`{}` is not an integer", short(text)), "pass digits only")
            })
        }
        other => Err(expected("an integer or a string", other)),
    }
}

pub(super) fn float(arguments: Arguments<'_>) -> Outcome {
    match &arguments[0] {
        Evaluated::String(text) => {
            let number = text.trim().parse::<f64>().ok().and_then(Number::from_f64);
            number.map(Evaluated::Number).ok_or_else(|| {
                wrong(
                    format!("`{}` is not a number", short(text)),
                    "pass digits and a decimal point",
                )
            })
        }
        Evaluated::Integer(_) | Evaluated::Number(_) => Ok(arguments[0].clone()),
        other => Err(expected("a number or a string", other)),
    }
}

pub(super) fn range(arguments: Arguments<'_>) -> Outcome {
    let (start, length) = (integer_of(&arguments[0])?, integer_of(&arguments[1])?);
    if !(0..=LONGEST_RANGE).contains(&length) || start.checked_add(length).is_none() {
        return Err(wrong(
            format!("`range` cannot create {length} numbers from {start}"),
            format!("create 0 to {LONGEST_RANGE} numbers"),
        ));
    }
    Ok(Evaluated::Array((start..start + length).map(Evaluated::Integer).collect()))
}

/// The start of a text, for a message.
fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
