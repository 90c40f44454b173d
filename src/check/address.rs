use ipnet::Ipv4Net;

/// The bits of an IPv4 address.
const BITS: u8 = 32;
/// Addresses of every subnet that Azure keeps for itself
/// (<https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq>).
const KEPT_BY_AZURE: u64 = 5;

/// An IPv4 range in CIDR form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range(Ipv4Net);

impl Range {
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(|range: Ipv4Net| Self(range.trunc()))
    }

    /// Addresses that Azure gives to network interfaces.
    pub(super) fn usable(self) -> u64 {
        usable(self.0.prefix_len())
    }

    pub(super) fn overlaps(self, other: Self) -> bool {
        self.0.contains(&other.0) || other.0.contains(&self.0)
    }

    /// The longest prefix whose subnets have this many addresses for nodes.
    pub(super) fn prefix_for(nodes: u64) -> u8 {
        (0..=29).rev().find(|prefix| usable(*prefix) >= nodes).unwrap_or(0)
    }
}

fn usable(prefix: u8) -> u64 {
    (1_u64 << (BITS - prefix)).saturating_sub(KEPT_BY_AZURE)
}

#[cfg(test)]
mod tests {
    use super::Range;

    #[test]
    fn azure_keeps_five_addresses() {
        let usable = |text: &str| Range::parse(text).unwrap().usable();
        assert_eq!((usable("10.0.0.0/28"), usable("10.0.0.0/20")), (11, 4091));
        assert_eq!(
            (Range::prefix_for(11), Range::prefix_for(12), Range::prefix_for(3)),
            (28, 27, 29)
        );
    }

    #[test]
    fn ranges_overlap_when_one_holds_the_other() {
        let range = |text: &str| Range::parse(text).unwrap();
        assert!(range("172.16.0.0/12").overlaps(range("172.17.0.0/16")));
        assert!(!range("172.18.0.0/16").overlaps(range("172.17.0.0/16")));
        assert!(range("0.0.0.0/0").overlaps(range("172.17.0.0/16")));
        for wrong in ["10.0.0.0", "10.0.0.0/33", "10.0.0/8", "/8", "fd00::/8"] {
            assert_eq!(Range::parse(wrong), None, "{wrong}");
        }
    }
}
