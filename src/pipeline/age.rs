//! Says of a finding how old the facts are on which it rests.

use crate::catalog::Date;
use crate::diagnostic::Diagnostics;

/// Adds to each finding the oldest of its facts, where that is older than a year.
pub(super) fn tell(diagnostics: Diagnostics, as_of: Date) -> Diagnostics {
    let told = diagnostics.into_vec().into_iter().map(|mut finding| {
        let old = finding.facts.iter().filter_map(|fact| {
            let day = Date::parse(&fact.checked)?;
            day.is_old_on(as_of).then_some((day, fact))
        });
        if let Some((day, fact)) = old.min_by_key(|(day, _)| *day) {
            finding.note = format!(
                "this finding is based on `{}` in table `{}`, which was last verified on {day}, more than a year before {as_of}",
                fact.row, fact.table
            );
        }
        finding
    });
    told.collect::<Vec<_>>().into()
}
