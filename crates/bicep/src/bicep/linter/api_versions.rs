//! API versions that are old.

use super::Linting;
use crate::azure_types::tables;
use crate::bicep::syntax::ExpressionSyntax;
use crate::diagnostic::Span;

/// How old a version may be, in days, unless `maxAgeInDays` says otherwise.
const MAX_AGE: i64 = 730;

/// How long a stable version must be out before it takes the place of a preview, in days.
const GRACE: i64 = 60;

pub(super) fn recent(linting: &Linting<'_, '_>) {
    let oldest = linting.as_of - linting.number("maxAgeInDays").unwrap_or(MAX_AGE);
    let settled = linting.as_of - linting.number("gracePeriodInDays").unwrap_or(GRACE);
    for resource in &linting.bound.resources {
        let ExpressionSyntax::String(string) = resource.syntax.r#type else { continue };
        let Some(written) = string.literal() else { continue };
        let kind = linting.kind_of(resource);
        let Some(version) = linting.version_of(resource) else { continue };
        let Some(used) = Version::parse(version) else { continue };
        let known = tables().versions(&kind);
        let known: Vec<Version<'_>> =
            known.iter().filter_map(|known| Version::parse(known.version)).collect();
        let is_known = known.iter().any(|known| known.is(&used));
        if !is_known || acceptable(&known, (oldest, settled), &used) {
            continue;
        }
        let title = format!("API version {version} of {kind} is not recent");
        let label = if used.is_preview() && used.day >= oldest {
            "a stable version is at least as recent".to_owned()
        } else {
            format!("the version is {} days old", linting.as_of - used.day)
        };
        let newest = newest(&known).map_or("", |newest| newest.text);
        let span = if written.contains('@') {
            let end = string.span.end - 1;
            Span::new(end - u32::try_from(version.len()).unwrap_or(0), end)
        } else {
            string.span
        };
        linting.report(span, title, &label, &format!("use {newest}"));
    }
}

/// An API version: a day, and what marks it as a preview.
struct Version<'t> {
    text: &'t str,
    day: i64,
}

impl<'t> Version<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let day = super::day(text.get(..10)?)?;
        let rest = text.get(10..)?;
        (rest.is_empty() || rest.starts_with('-')).then_some(Self { text, day })
    }

    fn is_preview(&self) -> bool {
        self.text.len() > 10
    }

    fn is(&self, other: &Version<'_>) -> bool {
        self.text.eq_ignore_ascii_case(other.text)
    }
}

/// Recent stable versions, or else the newest one; and recent previews that are newer than all stable ones. Without
/// a stable version, recent previews, or else the newest ones.
fn acceptable(known: &[Version<'_>], (oldest, settled): (i64, i64), used: &Version<'_>) -> bool {
    let newest =
        |preview: bool| known.iter().filter(|it| it.is_preview() == preview).map(|it| it.day).max();
    let is_recent = used.day >= oldest;
    match (newest(false), used.is_preview()) {
        (Some(stable), false) => is_recent || stable < oldest && used.day == stable,
        (Some(_), true) => {
            let newer = |it: &Version<'_>| !it.is_preview() && it.day >= used.day;
            is_recent && !known.iter().any(|it| newer(it) && it.day < settled)
        }
        (None, _) => {
            let preview = newest(true);
            is_recent || preview.is_some_and(|preview| preview < oldest && used.day == preview)
        }
    }
}

/// The newest stable version, or else the newest preview.
fn newest<'k, 't>(known: &'k [Version<'t>]) -> Option<&'k Version<'t>> {
    known.iter().max_by_key(|version| (!version.is_preview(), version.day))
}
