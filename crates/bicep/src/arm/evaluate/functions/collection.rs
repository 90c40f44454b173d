//! Arrays and objects, and the functions that take texts as well.

use super::super::lambda::{compare_keys, has_symbolic_key};
use super::super::value::{self, Properties};
use super::lookup::{Distinct, Names};
use super::text::{lower, part, units};
use super::{
    Arguments, Evaluated, Failure, Outcome, array_of, count, display, expected, integer_of, string,
    text_of, wrong,
};
use crate::arm::expression::Expression;

pub(super) fn array(arguments: Arguments<'_>) -> Outcome {
    match &arguments[0] {
        Evaluated::Symbolic(_) => Err(Failure::Symbolic),
        array @ Evaluated::Array(_) => Ok(array.clone()),
        other => Ok(Evaluated::Array(vec![other.clone()])),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one type for every function of the table")]
pub(super) fn create_array(arguments: Arguments<'_>) -> Outcome {
    Ok(Evaluated::Array(arguments.to_vec()))
}

pub(super) fn create_object(arguments: Arguments<'_>) -> Outcome {
    if arguments.len() % 2 == 1 {
        return Err(wrong(
            "`createObject` expects pairs of a name and a value",
            "add the missing value",
        ));
    }
    let mut object = Properties::default();
    for pair in arguments.chunks_exact(2) {
        let key = match &pair[0] {
            Evaluated::Symbolic(expression) => expression.to_template_string(),
            key => text_of(key)?.to_owned(),
        };
        object.insert(key, pair[1].clone());
    }
    Ok(Evaluated::Object(object))
}

/// Arrays one after the other, or the texts of all arguments.
pub(super) fn concat(arguments: Arguments<'_>) -> Outcome {
    if arguments.iter().any(|argument| matches!(argument, Evaluated::Array(_))) {
        let mut all = Vec::new();
        for argument in arguments {
            all.extend_from_slice(array_of(argument)?);
        }
        return Ok(Evaluated::Array(all));
    }
    if arguments.iter().all(|argument| !matches!(argument, Evaluated::Symbolic(_))) {
        return string(arguments.iter().map(display).collect::<Result<String, _>>()?);
    }
    let mut parts: Vec<Expression> = Vec::new();
    for argument in arguments {
        match (argument, parts.last_mut()) {
            (Evaluated::Symbolic(expression), _) => parts.push(expression.clone()),
            (known, Some(Expression::String(text))) => text.push_str(&display(known)?),
            (known, _) => parts.push(Expression::String(display(known)?)),
        }
    }
    Ok(Evaluated::Symbolic(Expression::call("concat", parts)))
}

pub(super) fn empty(arguments: Arguments<'_>) -> Outcome {
    Ok(Evaluated::Bool(match &arguments[0] {
        Evaluated::Null => true,
        Evaluated::String(text) => text.is_empty(),
        Evaluated::Array(items) => items.is_empty(),
        Evaluated::Object(properties) => properties.is_empty(),
        other => return Err(expected("a string, an array or an object", other)),
    }))
}

pub(super) fn length(arguments: Arguments<'_>) -> Outcome {
    match &arguments[0] {
        Evaluated::String(text) => count(units(text)),
        Evaluated::Array(items) => count(items.len()),
        Evaluated::Object(properties) => count(properties.len()),
        other => Err(expected("a string, an array or an object", other)),
    }
}

pub(super) fn contains(arguments: Arguments<'_>) -> Outcome {
    let [container, wanted] = arguments else { return Err(Failure::Symbolic) };
    let found = match container {
        Evaluated::String(text) => text.contains(display(wanted)?.as_str()),
        Evaluated::Array(items) => {
            if !items.contains(wanted) {
                all_known(items.iter().chain([wanted]))?;
            }
            items.contains(wanted)
        }
        Evaluated::Object(properties) => {
            let found = value::property(properties, text_of(wanted)?).is_some();
            if !found && has_symbolic_key(properties) {
                return Err(Failure::Symbolic);
            }
            found
        }
        Evaluated::Null => false,
        other => return Err(expected("a string, an array or an object", other)),
    };
    Ok(Evaluated::Bool(found))
}

fn all_known<'a>(mut values: impl Iterator<Item = &'a Evaluated>) -> Result<(), Failure> {
    if values.all(Evaluated::is_known) { Ok(()) } else { Err(Failure::Symbolic) }
}

pub(super) fn first(arguments: Arguments<'_>) -> Outcome {
    match &arguments[0] {
        Evaluated::String(text) => string(part(text, 0, 1)?),
        other => Ok(array_of(other)?.first().cloned().unwrap_or(Evaluated::Null)),
    }
}

pub(super) fn last(arguments: Arguments<'_>) -> Outcome {
    match &arguments[0] {
        Evaluated::String(text) => {
            let before = units(text).saturating_sub(1);
            string(part(text, before, usize::MAX)?)
        }
        other => Ok(array_of(other)?.last().cloned().unwrap_or(Evaluated::Null)),
    }
}

pub(super) fn take(arguments: Arguments<'_>) -> Outcome {
    let number = at_least_zero(&arguments[1])?;
    match &arguments[0] {
        Evaluated::String(text) => string(part(text, 0, number)?),
        other => Ok(Evaluated::Array(array_of(other)?.iter().take(number).cloned().collect())),
    }
}

pub(super) fn skip(arguments: Arguments<'_>) -> Outcome {
    let number = at_least_zero(&arguments[1])?;
    match &arguments[0] {
        Evaluated::String(text) => string(part(text, number, usize::MAX)?),
        other => Ok(Evaluated::Array(array_of(other)?.iter().skip(number).cloned().collect())),
    }
}

/// A negative number counts as zero, as Azure documents.
fn at_least_zero(value: &Evaluated) -> Result<usize, Failure> {
    Ok(usize::try_from(integer_of(value)?).unwrap_or(0))
}

pub(super) fn index_of(arguments: Arguments<'_>) -> Outcome {
    position(
        arguments,
        |text, wanted| text.find(wanted),
        |items, wanted| items.iter().position(|item| item == wanted),
    )
}

pub(super) fn last_index_of(arguments: Arguments<'_>) -> Outcome {
    position(
        arguments,
        |text, wanted| text.rfind(wanted),
        |items, wanted| items.iter().rposition(|item| item == wanted),
    )
}

/// Texts are searched without case, as Azure documents; nothing found gives -1.
fn position(
    arguments: Arguments<'_>,
    in_text: fn(&str, &str) -> Option<usize>,
    in_array: fn(&[Evaluated], &Evaluated) -> Option<usize>,
) -> Outcome {
    let found = match &arguments[0] {
        Evaluated::String(text) => {
            let text = lower(text);
            let found = in_text(&text, &lower(text_of(&arguments[1])?));
            found.map(|at| units(&text[..at]))
        }
        other => {
            let items = array_of(other)?;
            all_known(items.iter().chain([&arguments[1]]))?;
            in_array(items, &arguments[1])
        }
    };
    found.map_or(Ok(Evaluated::Integer(-1)), count)
}

pub(super) fn index_from_end(arguments: Arguments<'_>) -> Outcome {
    match from_end(arguments)? {
        Some(item) => Ok(item),
        None => {
            Err(wrong("the array has no item at this index from the end", "use `tryIndexFromEnd`"))
        }
    }
}

pub(super) fn try_index_from_end(arguments: Arguments<'_>) -> Outcome {
    Ok(from_end(arguments)?.unwrap_or(Evaluated::Null))
}

fn from_end(arguments: Arguments<'_>) -> Result<Option<Evaluated>, Failure> {
    if matches!(arguments[0], Evaluated::Null) {
        return Ok(None);
    }
    let items = array_of(&arguments[0])?;
    let position = usize::try_from(integer_of(&arguments[1])?).ok();
    Ok(position
        .and_then(|position| items.len().checked_sub(position))
        .and_then(|at| items.get(at))
        .cloned())
}

/// A part of a value, or null where there is none.
pub(super) fn try_get(arguments: Arguments<'_>) -> Outcome {
    let mut current = &arguments[0];
    for (position, step) in arguments.iter().enumerate().skip(1) {
        let next = match (current, step) {
            (Evaluated::Symbolic(expression), _) => {
                let rest = arguments[position..].iter().map(Evaluated::to_expression);
                let all = std::iter::once(expression.clone()).chain(rest);
                return Ok(Evaluated::Symbolic(Expression::call("tryGet", all.collect())));
            }
            (_, Evaluated::Symbolic(_)) => return Err(Failure::Symbolic),
            (Evaluated::Object(properties), Evaluated::String(name)) => {
                let found = value::property(properties, name);
                if found.is_none() && has_symbolic_key(properties) {
                    return Err(Failure::Symbolic);
                }
                found
            }
            (Evaluated::Array(items), Evaluated::Integer(index)) => {
                usize::try_from(*index).ok().and_then(|index| items.get(index))
            }
            _ => None,
        };
        match next {
            Some(value) => current = value,
            None => return Ok(Evaluated::Null),
        }
    }
    Ok(current.clone())
}

pub(super) fn flatten(arguments: Arguments<'_>) -> Outcome {
    let mut flat = Vec::new();
    for item in array_of(&arguments[0])? {
        flat.extend_from_slice(array_of(item)?);
    }
    Ok(Evaluated::Array(flat))
}

fn object_of(value: &Evaluated) -> Result<&Properties, Failure> {
    match value {
        Evaluated::Object(properties) => Ok(properties),
        other => Err(expected("an object", other)),
    }
}

/// An object whose set of names is known.
fn closed_object_of(value: &Evaluated) -> Result<&Properties, Failure> {
    let properties = object_of(value)?;
    if has_symbolic_key(properties) { Err(Failure::Symbolic) } else { Ok(properties) }
}

/// Sorted by name, as Azure documents.
pub(super) fn items(arguments: Arguments<'_>) -> Outcome {
    let properties = closed_object_of(&arguments[0])?;
    let mut sorted: Vec<_> = properties.iter().collect();
    sorted.sort_by(|(one, _), (other, _)| compare_keys(one, other));
    let pairs = sorted.into_iter().map(|(key, value)| {
        let mut pair = Properties::default();
        pair.insert("key".to_owned(), Evaluated::String(key.clone()));
        pair.insert("value".to_owned(), value.clone());
        Evaluated::Object(pair)
    });
    Ok(Evaluated::Array(pairs.collect()))
}

pub(super) fn object_keys(arguments: Arguments<'_>) -> Outcome {
    let mut keys: Vec<&String> = closed_object_of(&arguments[0])?.keys().collect();
    keys.sort_by(|one, other| compare_keys(one, other));
    Ok(Evaluated::Array(keys.into_iter().cloned().map(Evaluated::String).collect()))
}

/// Objects are merged deeply, the last one wins; arrays are put together without repeats.
pub(super) fn union(arguments: Arguments<'_>) -> Outcome {
    if let Evaluated::Object(first) = &arguments[0] {
        let mut merged = first.clone();
        for other in &arguments[1..] {
            merge(&mut merged, object_of(other)?);
        }
        return Ok(Evaluated::Object(merged));
    }
    let mut all: Vec<Evaluated> = Vec::new();
    let mut known = Distinct::default();
    for argument in arguments {
        for item in array_of(argument)? {
            if known.insert(item) {
                all.push(item.clone());
            }
        }
    }
    if !all.iter().all(Evaluated::is_known) && all.len() > 1 {
        // Two expressions can turn out equal, so that only Azure knows how many items there are.
        return Err(Failure::Symbolic);
    }
    Ok(Evaluated::Array(all))
}

fn merge(into: &mut Properties, other: &Properties) {
    let mut names = Names::of(into);
    for (name, value) in other {
        let place = names.place(into, name);
        let old = place.and_then(|place| into.get_index_mut(place)).map(|(_, old)| old);
        match (old, value) {
            (Some(Evaluated::Object(inner)), Evaluated::Object(value)) => merge(inner, value),
            // A null takes no value's place.
            (Some(_), Evaluated::Null) => {}
            (Some(old), value) => *old = value.clone(),
            (None, value) => {
                names.added(name, into.len());
                into.insert(name.clone(), value.clone());
            }
        }
    }
}

pub(super) fn shallow_merge(arguments: Arguments<'_>) -> Outcome {
    let mut merged = Properties::default();
    let mut names = Names::of(&merged);
    for item in array_of(&arguments[0])? {
        for (name, value) in object_of(item)? {
            let place = names.place(&merged, name);
            if let Some((_, old)) = place.and_then(|place| merged.get_index_mut(place)) {
                *old = value.clone();
            } else {
                names.added(name, merged.len());
                merged.insert(name.clone(), value.clone());
            }
        }
    }
    Ok(Evaluated::Object(merged))
}

pub(super) fn intersection(arguments: Arguments<'_>) -> Outcome {
    all_known(arguments.iter())?;
    match &arguments[0] {
        Evaluated::Object(first) => {
            let mut common = first.clone();
            for other in &arguments[1..] {
                let other = object_of(other)?;
                let names = Names::of(other);
                let found = |key: &str| other.get_index(names.place(other, key)?);
                common.retain(|key, value| found(key).is_some_and(|(_, found)| found == value));
            }
            Ok(Evaluated::Object(common))
        }
        first => {
            let mut known = Distinct::default();
            let items = array_of(first)?.iter().filter(|item| known.insert(item));
            let mut common: Vec<Evaluated> = items.cloned().collect();
            for other in &arguments[1..] {
                let other = Distinct::of(array_of(other)?);
                common.retain(|item| other.contains(item));
            }
            Ok(Evaluated::Array(common))
        }
    }
}
