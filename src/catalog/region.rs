use super::table::Row;
use super::tables::REGIONS as TABLE;
use crate::diagnostic::Fact;

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
    /// Where Azure VM Image Builder stands there: `yes`, `no` or `preview`.
    pub image_builder: &'static str,
    /// Where the row comes from.
    pub source: &'static str,
}

impl Region {
    /// Its row, for a finding that rests on it.
    ///
    /// # Panics
    /// Never: it was read from the table.
    pub fn fact(&self) -> Fact {
        TABLE.fact_of(self.name).expect("it was read from the table")
    }
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
    let [name, display_name, geography, cloud, paired_region, restricted, image_builder, source] =
        row.cells();
    let restricted = restricted == "yes";
    Region {
        name,
        display_name,
        geography,
        cloud,
        paired_region,
        restricted,
        image_builder,
        source,
    }
}
