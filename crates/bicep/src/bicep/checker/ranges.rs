//! Whether a number, a text or a length is within what a type takes.

use super::Checker;
use super::narrow::Narrowing;
use crate::bicep::syntax::ExpressionSyntax;
use crate::bicep::types::{Integer, Marks, Text, Type};
use crate::diagnostic::{Severity, Span};

impl<'a> Checker<'a, '_> {
    pub(super) fn narrow_int(
        &self,
        value: ExpressionSyntax<'a>,
        found: &Type<'a>,
        wanted: &Integer,
        how: Narrowing<'_>,
    ) {
        let Type::Int(found) = found else { return };
        let warns = how.resource || wanted.marks.has(Marks::WARN);
        let (low, high) = match found.literal {
            Some(value) => (Some(value), Some(value)),
            None => (found.minimum, found.maximum),
        };
        let wanted_range = match wanted.literal {
            Some(value) => (Some(value), Some(value)),
            None => (wanted.minimum, wanted.maximum),
        };
        let codes = ["BCP327", "BCP328", "BCP329", "BCP330"];
        let exact = found.literal.is_some() || wanted.literal.is_some();
        self.range((low, high), wanted_range, codes, "value", value.span(), (warns, exact));
    }

    pub(super) fn narrow_string(
        &self,
        value: ExpressionSyntax<'a>,
        found: &Type<'a>,
        wanted: &Text<'a>,
        how: Narrowing<'_>,
    ) {
        let Type::String(found) = found else { return };
        let warns = how.resource || wanted.marks.has(Marks::WARN);
        let length = |text: &str| i64::try_from(text.encode_utf16().count()).ok();
        let of = |text: &Text<'a>| match text.literal {
            Some(text) => (length(text), length(text)),
            None => (text.minimum, text.maximum),
        };
        if found.literal.is_some() && wanted.literal.is_some() {
            return;
        }
        let codes = ["BCP332", "BCP333", "BCP334", "BCP335"];
        let exact = found.literal.is_some() || wanted.literal.is_some();
        self.range(of(found), of(wanted), codes, "length", value.span(), (warns, exact));
        if let (Some(text), Some(pattern)) = (found.literal, wanted.pattern)
            && matches(pattern, text) == Some(false)
        {
            let severity = if warns { Severity::Warning } else { Severity::Error };
            let title = format!("'{text}' does not match the required pattern");
            let help = format!("use a value that matches `{pattern}`");
            self.report(severity, "BCP416", value.span(), title, ("invalid format", &help));
        }
    }

    /// Reports numbers or lengths outside of what is taken: surely above or below, or perhaps.
    pub(super) fn range(
        &self,
        found: (Option<i64>, Option<i64>),
        wanted: (Option<i64>, Option<i64>),
        codes: [&'static str; 4],
        what: &str,
        place: Span,
        (warns, exact): (bool, bool),
    ) {
        let severity = if warns { Severity::Warning } else { Severity::Error };
        let over = |left: Option<i64>, right: Option<i64>| {
            left.zip(right).filter(|(left, right)| left > right)
        };
        let tell = |severity, code, (left, right): (i64, i64), bound: &str| {
            let title = format!("the {what} is {left}, but the {bound} is {right}");
            let help = format!("respect the {bound} of {right}");
            self.report(severity, code, place, title, ("out of range", &help));
        };
        if let Some(pair) = over(found.0, wanted.1) {
            return tell(severity, codes[0], pair, "maximum");
        }
        if let Some((right, left)) = over(wanted.0, found.1) {
            return tell(severity, codes[1], (left, right), "minimum");
        }
        if exact {
            return;
        }
        if let Some((right, left)) = over(wanted.0, found.0) {
            tell(Severity::Warning, codes[2], (left, right), "minimum");
        }
        if let Some(pair) = over(found.1, wanted.1) {
            tell(Severity::Warning, codes[3], pair, "maximum");
        }
    }
}

/// Whether a text matches a pattern; nothing if the pattern is in a dialect that is not understood.
fn matches(pattern: &str, text: &str) -> Option<bool> {
    regex_lite::Regex::new(pattern).ok().map(|pattern| pattern.is_match(text))
}
