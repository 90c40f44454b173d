//! Says of a finding how old the facts are on which it rests.

use crate::catalog::Date;
use crate::diagnostic::Diagnostics;

/// A fact that nobody has looked up for so many days may have changed.
const OLD_AFTER_DAYS: i64 = 365;

/// Adds to each finding the oldest of its facts, where that is older than a year.
pub(super) fn tell(diagnostics: Diagnostics, as_of: Date) -> Diagnostics {
    let told = diagnostics.into_vec().into_iter().map(|mut finding| {
        let old = finding.facts.iter().filter_map(|fact| {
            let day = Date::parse(&fact.checked)?;
            (day.days_until(as_of) > OLD_AFTER_DAYS).then_some((day, fact))
        });
        if let Some((day, fact)) = old.min_by_key(|(day, _)| *day) {
            let note = format!(
                "this finding is based on `{}` in table `{}`, which was last verified on {day}, more than a year before {as_of}",
                fact.row, fact.table
            );
            finding.reason = match finding.reason.as_str() {
                "" => note,
                reason => format!("{reason}; {note}"),
            };
        }
        finding
    });
    told.collect::<Vec<_>>().into()
}
