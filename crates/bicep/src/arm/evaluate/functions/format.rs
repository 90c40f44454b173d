//! `format`: .NET's composite formatting, for the format texts that templates use.

use super::{Arguments, Evaluated, Failure, LONGEST_TEXT, Outcome, display, text_of, wrong};
use crate::arm::expression::Expression;

/// The widest field and the longest number.
const WIDEST: usize = 1_000;

/// A piece of a format text.
enum Piece {
    Text(String),
    /// `{index,width:spec}`
    Field {
        index: usize,
        width: i64,
        spec: String,
    },
}

pub(super) fn format(arguments: Arguments<'_>) -> Outcome {
    let pieces = parse(text_of(&arguments[0])?)?;
    let values = &arguments[1..];
    let mut text = String::new();
    // Azure's engine fills nothing in before it knows all that is asked for.
    if !values.iter().all(Evaluated::is_known) {
        return match values {
            [Evaluated::Symbolic(only)] if text_of(&arguments[0])? == "{0}" && gives_text(only) => {
                Ok(Evaluated::Symbolic(only.clone()))
            }
            _ => Err(Failure::Symbolic),
        };
    }
    for piece in pieces {
        if text.len() > LONGEST_TEXT {
            return Err(wrong("the formatted string is too long", "use fewer placeholders"));
        }
        match piece {
            Piece::Text(piece) => {
                text.push_str(&piece);
            }
            Piece::Field { index, width, spec } => {
                let Some(value) = values.get(index) else {
                    return Err(wrong(
                        format!(
                            "the format string refers to argument {index}, but there are {}",
                            values.len()
                        ),
                        "pass the argument, or correct its index",
                    ));
                };
                text.push_str(&aligned(&formatted(value, &spec)?, width));
            }
        }
    }
    Ok(Evaluated::String(text))
}

/// Functions that give a text in any case, so that formatting one alone changes nothing.
fn gives_text(expression: &Expression) -> bool {
    let Expression::Call { name, .. } = expression else { return false };
    let lower = name.to_ascii_lowercase();
    lower.ends_with("resourceid")
        || matches!(lower.as_str(), "format" | "tolower" | "toupper" | "uniquestring" | "guid")
}

fn parse(format: &str) -> Result<Vec<Piece>, Failure> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let doubled = rest[at..].starts_with("{{") || rest[at..].starts_with("}}");
        if doubled {
            text.push_str(&rest[at..=at]);
            rest = &rest[at + 2..];
            continue;
        }
        let end = rest[at..].find('}').filter(|_| rest[at..].starts_with('{'));
        let Some(end) = end.map(|end| at + end) else {
            return Err(broken(format));
        };
        pieces.push(Piece::Text(std::mem::take(&mut text)));
        pieces.push(parse_field(&rest[at + 1..end]).ok_or_else(|| broken(format))?);
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    pieces.push(Piece::Text(text));
    Ok(pieces)
}

fn parse_field(field: &str) -> Option<Piece> {
    let (place, spec) = field.split_once(':').unwrap_or((field, ""));
    let (index, width) = place.split_once(',').unwrap_or((place, "0"));
    let width: i64 = width.trim().parse().ok()?;
    (width.unsigned_abs() <= WIDEST as u64).then_some(())?;
    Some(Piece::Field { index: index.trim().parse().ok()?, width, spec: spec.to_owned() })
}

fn broken(format: &str) -> Failure {
    let shown: String = format.chars().take(40).collect();
    wrong(
        format!("`{shown}` is not a valid format string"),
        "double each brace that is not part of a placeholder",
    )
}

fn aligned(text: &str, width: i64) -> String {
    let wanted = usize::try_from(width.unsigned_abs()).unwrap_or(0);
    let blanks = " ".repeat(wanted.saturating_sub(text.chars().count()));
    if width < 0 { format!("{text}{blanks}") } else { format!("{blanks}{text}") }
}

fn formatted(value: &Evaluated, spec: &str) -> Result<String, Failure> {
    match value {
        Evaluated::Integer(number) if !spec.is_empty() => integer(*number, spec),
        Evaluated::Number(_) if !spec.is_empty() => Err(Failure::Symbolic),
        value => display(value),
    }
}

/// The standard and custom formats of whole numbers; one that is rarer than these is left to Azure.
fn integer(number: i64, spec: &str) -> Result<String, Failure> {
    let (kind, rest) = spec.split_at(spec.chars().next().map_or(0, char::len_utf8));
    let precision = if rest.is_empty() { None } else { rest.parse::<usize>().ok() };
    if kind.chars().all(|kind| kind.is_ascii_alphabetic())
        && (rest.is_empty() || precision.is_some())
    {
        let precision = precision.filter(|precision| *precision <= WIDEST);
        return match kind {
            "D" | "d" => Ok(signed(number, &zero_padded(number, precision.unwrap_or(1)))),
            "G" | "g" => Ok(number.to_string()),
            "X" => Ok(format!("{number:0width$X}", width = precision.unwrap_or(1))),
            "x" => Ok(format!("{number:0width$x}", width = precision.unwrap_or(1))),
            "F" | "f" => Ok(signed(number, &with_decimals(&zero_padded(number, 1), precision))),
            "N" | "n" => {
                Ok(signed(number, &with_decimals(&grouped(&zero_padded(number, 1)), precision)))
            }
            _ => Err(Failure::Symbolic),
        };
    }
    if !spec.is_empty() && spec.len() <= WIDEST && spec.bytes().all(|byte| byte == b'0') {
        return Ok(signed(number, &zero_padded(number, spec.len())));
    }
    Err(Failure::Symbolic)
}

fn zero_padded(number: i64, digits: usize) -> String {
    format!("{:0digits$}", number.unsigned_abs())
}

fn signed(number: i64, digits: &str) -> String {
    if number < 0 { format!("-{digits}") } else { digits.to_owned() }
}

fn with_decimals(digits: &str, precision: Option<usize>) -> String {
    match precision.unwrap_or(2) {
        0 => digits.to_owned(),
        decimals => format!("{digits}.{}", "0".repeat(decimals)),
    }
}

fn grouped(digits: &str) -> String {
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
