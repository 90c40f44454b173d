use super::Date;
use super::table::Row;
use super::tables::RETIREMENTS as TABLE;
use crate::diagnostic::Fact;

/// The end of something that Azure offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retirement {
    /// What ends, as `kind:name`.
    pub subject: &'static str,
    /// When the end was announced.
    pub announced_on: Option<Date>,
    /// When it ends or ended; nothing when the date was not published.
    pub retired_on: Option<Date>,
    /// What to use instead.
    pub replacement: &'static str,
    /// Where the row comes from.
    pub source: &'static str,
}

/// The end of a subject: `batch-family:` with a quota family (lowercase, no spaces) for Batch, `growth:` with
/// one for deployments of new subscriptions, `public-family:` with one whose sizes end in the public cloud alone,
/// `image-offer:` with publisher and offer, `api-versions:` with a namespace, `region:` with a region, and a service
/// with a feature: `batch:`, `network:`, `registry:`, `compute:`.
pub fn retirement(subject: &str) -> Option<Retirement> {
    TABLE.find(subject).map(parse)
}

impl Retirement {
    /// Its row, for a finding that rests on it.
    ///
    /// # Panics
    /// Never: it was read from the table.
    pub fn fact(&self) -> Fact {
        TABLE.fact_of(self.subject).expect("it was read from the table")
    }
}

fn parse(row: Row) -> Retirement {
    let [subject, announced_on, retired_on, replacement, source] = row.cells();
    let (announced_on, retired_on) = (Date::parse(announced_on), Date::parse(retired_on));
    Retirement { subject, announced_on, retired_on, replacement, source }
}
