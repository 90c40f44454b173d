//! When two scalar values are the same to Azure.

use std::borrow::Cow;

use crate::arm::evaluate::Evaluated;
use crate::catalog::mutability::{Comparison, Facts};
use crate::check::seconds;

/// Why two scalars count as equal, or that they do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    Same,
    LetterCase,
    Formatting,
    Different,
}

/// Compares two values of which at least one is no object and no array.
pub(super) fn compare(facts: Facts, before: &Evaluated, after: &Evaluated) -> Likeness {
    match (before, after) {
        (Evaluated::String(before), Evaluated::String(after)) => strings(facts, before, after),
        _ if before == after => Likeness::Same,
        _ if before.as_f64().is_some() && before.as_f64() == after.as_f64() => Likeness::Formatting,
        _ => Likeness::Different,
    }
}

fn strings(facts: Facts, before: &str, after: &str) -> Likeness {
    if before == after {
        return Likeness::Same;
    }
    let mut exact = false;
    for rule in facts.comparisons() {
        if *rule == Comparison::Exact {
            exact = true;
        } else if let Some(likeness) = by_rule(rule, before, after) {
            return likeness;
        }
    }
    if !exact && is_resource_id(before) && before.eq_ignore_ascii_case(after) {
        return Likeness::LetterCase;
    }
    Likeness::Different
}

fn by_rule(rule: &Comparison, before: &str, after: &str) -> Option<Likeness> {
    let formatting = |same: bool| same.then_some(Likeness::Formatting);
    match rule {
        Comparison::IgnoreCase => {
            before.eq_ignore_ascii_case(after).then_some(Likeness::LetterCase)
        }
        Comparison::Region => formatting(region(before) == region(after)),
        Comparison::Trim => formatting(before.trim() == after.trim()),
        Comparison::Image => formatting(image(before) == image(after)),
        Comparison::Duration => {
            formatting(seconds(before).is_some_and(|before| seconds(after) == Some(before)))
        }
        _ => None,
    }
}

/// The text that two equal elements of a set have in common.
pub(super) fn canonical(facts: Facts, value: &Evaluated) -> String {
    let text = match value {
        Evaluated::String(text) => text,
        Evaluated::Symbolic(expression) => return expression.to_template_string(),
        other => return other.to_string(),
    };
    for rule in facts.comparisons() {
        match rule {
            Comparison::IgnoreCase => return text.to_lowercase(),
            Comparison::Region => return region(text),
            Comparison::Image => return image(text).into_owned(),
            _ => {}
        }
    }
    if is_resource_id(text) { text.to_lowercase() } else { text.clone() }
}

fn is_resource_id(text: &str) -> bool {
    let starts =
        |start: &str| text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    starts("/subscriptions/") || starts("/providers/")
}

fn region(name: &str) -> String {
    name.chars().filter(|symbol| !symbol.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// An image name with the tag that a missing one stands for.
fn image(name: &str) -> Cow<'_, str> {
    let last = name.rsplit('/').next().unwrap_or(name);
    if last.contains([':', '@']) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(format!("{name}:latest"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_a_tag_is_the_latest() {
        assert_eq!(image("host:5000/a"), "host:5000/a:latest");
        assert_eq!(image("host/a@sha256:00"), "host/a@sha256:00");
    }
}
