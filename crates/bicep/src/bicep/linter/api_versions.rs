//! API versions that are old.

use super::Linting;
use super::resources::is_type;
use crate::azure_types::tables;
use crate::bicep::binder::SymbolKind;
use crate::bicep::functions::is_list_function;
use crate::bicep::syntax::ExpressionSyntax;
use crate::diagnostic::Span;

/// How old a version may be, in days, unless `maxAgeInDays` says otherwise.
const MAX_AGE: i64 = 730;

/// How long a stable version must be out before it takes the place of others, in days.
const GRACE: i64 = 90;

pub(super) fn recent(linting: &Linting<'_, '_>) {
    let limits = linting.limits();
    for resource in &linting.bound.resources {
        let ExpressionSyntax::String(string) = resource.syntax.r#type else { continue };
        let Some(written) = string.literal() else { continue };
        let Some(version) = linting.version_of(resource) else { continue };
        let span = if written.contains('@') {
            let end = string.span.end - 1;
            Span::new(end - u32::try_from(version.len()).unwrap_or(0), end)
        } else {
            string.span
        };
        linting.judge(&linting.kind_of(resource), version, span, limits, false);
    }
    linting.expressions(&mut |expression| {
        let ExpressionSyntax::FunctionCall(call) = expression else { return };
        let [asked, version, ..] = call.arguments else { return };
        if call.name.name != "reference" && !is_list_function(call.name.name) {
            return;
        }
        let kind = linting.asked_kind(*asked).map(|kind| known_kind(&kind));
        if let (Some(kind), Some(version)) = (kind, linting.known_text(*version)) {
            linting.judge(&kind, version, call.span, limits, true);
        }
    });
}

/// A resource type without what follows it.
fn known_kind(kind: &str) -> String {
    let mut known = kind;
    loop {
        if !tables().versions(known).is_empty() {
            return known.to_owned();
        }
        match known.rsplit_once('/') {
            Some((outer, _)) if outer.contains('/') => known = outer,
            _ => return known.to_owned(),
        }
    }
}

impl<'a> Linting<'a, '_> {
    /// The day from which on versions are recent, and the one before which they have been out for a while.
    fn limits(&self) -> (i64, i64) {
        let oldest = self.as_of - self.number("maxAgeInDays").unwrap_or(MAX_AGE);
        (oldest, self.as_of - self.number("gracePeriodInDays").unwrap_or(GRACE))
    }

    /// The resource type that a call of `reference` or a `list` function asks about.
    fn asked_kind(&self, asked: ExpressionSyntax<'a>) -> Option<String> {
        match asked {
            ExpressionSyntax::FunctionCall(call) if call.name.name == "resourceId" => {
                let mut texts = call.arguments.iter().map(|argument| self.known_text(*argument));
                let mut kind = texts
                    .find_map(|text| {
                        text.map(|text| text.trim_end_matches('/')).filter(|text| is_type(text))
                    })?
                    .to_owned();
                // Names that are known stand behind the type.
                for text in texts.map_while(|text| text) {
                    kind = format!("{kind}/{text}");
                }
                Some(kind)
            }
            ExpressionSyntax::PropertyAccess(access) => {
                match self.bound.symbol(self.target(access.base)?).kind {
                    SymbolKind::Resource(id) => Some(self.kind_of(self.bound.resource(id))),
                    _ => None,
                }
            }
            other => self.known_text(other).filter(|text| is_type(text)).map(str::to_owned),
        }
    }

    /// Reports a version that is old, and one that does not exist if that is told nowhere else.
    fn judge(&self, kind: &str, version: &str, span: Span, limits: (i64, i64), unknown: bool) {
        let Some(used) = Version::parse(version) else { return };
        let known = tables().versions(kind);
        let known: Vec<Version<'_>> =
            known.iter().filter_map(|known| Version::parse(known.version)).collect();
        let newest = newest(&known).map_or("", |newest| newest.text);
        if !known.iter().any(|known| known.is(&used)) {
            if unknown {
                let title = format!("API version {version} of {kind} is unknown");
                let help = if newest.is_empty() {
                    "correct the resource type".to_owned()
                } else {
                    format!("use {newest}")
                };
                self.report(span, title, "the resource type has no such version", &help);
            }
            return;
        }
        if acceptable(&known, limits, &used) {
            return;
        }
        let title = format!("API version {version} of {kind} is not recent");
        let label = if used.is_preview() && used.day >= limits.0 {
            "a stable version is at least as recent".to_owned()
        } else {
            format!("the version is {} days old", self.as_of - used.day)
        };
        self.report(span, title, &label, &format!("use {newest}"));
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
    let newest = |preview: bool| {
        let kind = known.iter().filter(|it| it.is_preview() == preview);
        // What has just come out does not make what was the newest an old one.
        let settled = kind.clone().filter(|it| preview || it.day < settled).map(|it| it.day).max();
        settled.or_else(|| kind.map(|it| it.day).max())
    };
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
