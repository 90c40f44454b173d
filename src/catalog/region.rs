use super::table::{Row, Table};

const TABLE: Table = Table::new(include_str!("tables/regions.tsv"));

/// An Azure region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The short name, `swedencentral`.
    pub name: &'static str,
    /// The name people read, `Sweden Central`.
    pub display_name: &'static str,
    /// Continent or country.
    pub geography: &'static str,
    /// `public`, `gov` or `china`.
    pub cloud: &'static str,
    /// The region it is paired with; empty without one.
    pub paired_region: &'static str,
    /// Access must be asked for.
    pub restricted: bool,
    /// Where the row comes from.
    pub source: &'static str,
}

/// The region of a short or display name: `West US 2` is `westus2`.
pub fn region(name: &str) -> Option<Region> {
    let short: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    TABLE.find(&short).map(parse)
}

/// All regions.
pub fn regions() -> impl Iterator<Item = Region> {
    TABLE.rows().map(parse)
}

fn parse(row: Row) -> Region {
    let [name, display_name, geography, cloud, paired_region, restricted, source] = row.cells();
    let restricted = restricted == "yes";
    Region { name, display_name, geography, cloud, paired_region, restricted, source }
}
