use super::Date;
use super::table::{Row, Table};

const TABLE: Table = Table::new(include_str!("tables/retirements.tsv"));

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

/// The end of a subject: `batch-family:` with a quota family (lowercase, no spaces), `image-offer:` with
/// publisher and offer, `batch:`, `network:` or `compute:` with a feature.
pub fn retirement(subject: &str) -> Option<Retirement> {
    TABLE.find(subject).map(parse)
}

fn parse(row: Row) -> Retirement {
    let [subject, announced_on, retired_on, replacement, source] = row.cells();
    let (announced_on, retired_on) = (Date::parse(announced_on), Date::parse(retired_on));
    Retirement { subject, announced_on, retired_on, replacement, source }
}
