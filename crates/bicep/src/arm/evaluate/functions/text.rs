//! Texts. Positions count code units of UTF-16, as .NET does.

use super::{
    Arguments, Evaluated, Failure, LONGEST_TEXT, Outcome, array_of, display, expected, integer_of,
    string, text_of, wrong,
};

/// The longest text that padding makes.
const LONGEST_PADDED: usize = 100_000;
/// Most comparisons of a character with a delimiter.
const MOST_SPLITTING: usize = 50_000_000;

pub(super) fn to_lower(arguments: Arguments<'_>) -> Outcome {
    string(lower(text_of(&arguments[0])?))
}

pub(super) fn to_upper(arguments: Arguments<'_>) -> Outcome {
    string(upper(text_of(&arguments[0])?))
}

/// Letters become what .NET makes of them: one for one, so that `İ` stays.
pub(super) fn lower(text: &str) -> String {
    one_for_one(text, char::to_lowercase)
}

/// Letters become what .NET makes of them: one for one, so that `ß` stays.
fn upper(text: &str) -> String {
    one_for_one(text, char::to_uppercase)
}

fn one_for_one<I: Iterator<Item = char>>(text: &str, change: fn(char) -> I) -> String {
    let one = |letter: char| {
        let mut changed = change(letter);
        match (changed.next(), changed.next()) {
            (Some(only), None) => only,
            _ => letter,
        }
    };
    text.chars().map(one).collect()
}

pub(super) fn trim(arguments: Arguments<'_>) -> Outcome {
    string(text_of(&arguments[0])?.trim())
}

/// Azure documents this and `endsWith` as ignoring case.
pub(super) fn starts_with(arguments: Arguments<'_>) -> Outcome {
    let (text, start) = (text_of(&arguments[0])?, text_of(&arguments[1])?);
    Ok(Evaluated::Bool(text.to_lowercase().starts_with(&start.to_lowercase())))
}

pub(super) fn ends_with(arguments: Arguments<'_>) -> Outcome {
    let (text, end) = (text_of(&arguments[0])?, text_of(&arguments[1])?);
    Ok(Evaluated::Bool(text.to_lowercase().ends_with(&end.to_lowercase())))
}

pub(super) fn replace(arguments: Arguments<'_>) -> Outcome {
    let (text, old, new) =
        (text_of(&arguments[0])?, text_of(&arguments[1])?, text_of(&arguments[2])?);
    if old.is_empty() {
        return Err(wrong("an empty string cannot be replaced", "pass the string to replace"));
    }
    let grown = text.matches(old).count().saturating_mul(new.len()).saturating_add(text.len());
    if grown > LONGEST_TEXT {
        return Err(wrong(
            "the string is too long after the replacement",
            "use a shorter replacement",
        ));
    }
    string(text.replace(old, new))
}

pub(super) fn pad_left(arguments: Arguments<'_>) -> Outcome {
    let text = match &arguments[0] {
        Evaluated::Integer(number) => number.to_string(),
        value => text_of(value)?.to_owned(),
    };
    let wanted = usize::try_from(integer_of(&arguments[1])?).unwrap_or(0);
    let padding = arguments.get(2).map(text_of).transpose()?.unwrap_or(" ");
    if units(padding) != 1 || wanted == 0 || wanted > LONGEST_PADDED {
        return Err(wrong(
            "`padLeft` expects one character and a valid length",
            "pass one character",
        ));
    }
    let missing = wanted.saturating_sub(units(&text));
    string(padding.repeat(missing) + &text)
}

pub(super) fn substring(arguments: Arguments<'_>) -> Outcome {
    let text = text_of(&arguments[0])?;
    let total = units(text);
    let start = usize::try_from(integer_of(&arguments[1])?).ok();
    let length = match arguments.get(2) {
        Some(length) => usize::try_from(integer_of(length)?).ok(),
        None => start.and_then(|start| total.checked_sub(start)),
    };
    let (Some(start), Some(length)) = (start, length) else {
        return Err(outside(total));
    };
    if start.saturating_add(length) > total {
        return Err(outside(total));
    }
    string(part(text, start, length)?)
}

/// How many code units a text has.
pub(super) fn units(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// A part of a text, by code units. Half of a character is no text.
pub(super) fn part(text: &str, start: usize, length: usize) -> Result<String, Failure> {
    let units: Vec<u16> = text.encode_utf16().skip(start).take(length).collect();
    String::from_utf16(&units).map_err(|_| {
        wrong(
            "the substring starts or ends inside a character",
            "include the whole character, which has two UTF-16 code units",
        )
    })
}

fn outside(total: usize) -> Failure {
    wrong(
        format!("the range is outside the string, which has {total} characters"),
        "use a range inside the string, or use `take`",
    )
}

pub(super) fn split(arguments: Arguments<'_>) -> Outcome {
    let text = text_of(&arguments[0])?;
    let delimiters = match &arguments[1] {
        Evaluated::String(one) => vec![one.as_str()],
        other => array_of(other)?.iter().map(text_of).collect::<Result<_, _>>()?,
    };
    if text.len().saturating_mul(delimiters.len()) > MOST_SPLITTING {
        return Err(wrong(
            "the string takes too much work to split",
            "pass a shorter string or fewer delimiters",
        ));
    }
    Ok(Evaluated::Array(
        split_at_any(text, &delimiters).into_iter().map(Evaluated::String).collect(),
    ))
}

fn split_at_any(text: &str, delimiters: &[&str]) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let found = delimiters.iter().find(|one| !one.is_empty() && rest.starts_with(**one));
        if let Some(delimiter) = found {
            parts.push(String::new());
            rest = &rest[delimiter.len()..];
        } else {
            if let Some(last) = parts.last_mut() {
                last.push(next);
            }
            rest = &rest[next.len_utf8()..];
        }
    }
    parts
}

pub(super) fn join(arguments: Arguments<'_>) -> Outcome {
    let items = array_of(&arguments[0])?;
    let delimiter = text_of(&arguments[1])?;
    let texts = items.iter().map(|item| match item {
        Evaluated::Array(_) | Evaluated::Object(_) => Err(expected("a string or a number", item)),
        item => display(item),
    });
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    let long = texts.iter().map(String::len).sum::<usize>();
    if long.saturating_add(delimiter.len().saturating_mul(texts.len())) > LONGEST_TEXT {
        return Err(wrong("the joined string is too long", "join fewer items"));
    }
    string(texts.join(delimiter))
}
