use super::tables::DISK_TIERS as TABLE;

/// The tier that Azure bills a managed disk as: `E10` for a standard SSD of 100 GiB. The letter says the kind.
/// Nothing for a disk that is larger than the largest.
pub(crate) fn disk_tier(letter: char, gib: u64) -> Option<&'static str> {
    let of_kind = TABLE.rows().filter(|row| row.key().starts_with(letter));
    let holds = of_kind.filter_map(|row| {
        let [tier, most] = row.cells();
        let most: u64 = most.parse().ok()?;
        (gib <= most).then_some((most, tier))
    });
    holds.min().map(|(_, tier)| tier)
}

#[cfg(test)]
mod tests {
    use super::disk_tier;

    #[test]
    fn a_disk_has_the_smallest_tier_that_holds_it() {
        for (letter, gib, tier) in [
            ('P', 4, Some("P1")),
            ('P', 16, Some("P3")),
            ('P', 17, Some("P4")),
            ('E', 1, Some("E1")),
            ('E', 100, Some("E10")),
            ('S', 4, Some("S4")),
            ('S', 32_767, Some("S80")),
            ('S', 32_768, None),
        ] {
            assert_eq!(disk_tier(letter, gib), tier, "{letter} {gib}");
        }
    }
}
