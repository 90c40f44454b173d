use std::net::Ipv4Addr;

/// An IPv4 range in CIDR form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    first: u32,
    prefix: u32,
}

impl Range {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let prefix: u32 = prefix.parse().ok().filter(|prefix| *prefix <= 32)?;
        let address = u32::from(address.parse::<Ipv4Addr>().ok()?);
        Some(Self { first: address & mask(prefix), prefix })
    }

    /// Addresses that Azure gives to network interfaces: it keeps five of every subnet.
    pub(super) fn usable(self) -> u64 {
        (1_u64 << (32 - self.prefix)).saturating_sub(5)
    }

    pub(super) fn overlaps(self, other: Self) -> bool {
        let shared = mask(self.prefix.min(other.prefix));
        self.first & shared == other.first & shared
    }

    /// The longest prefix whose subnets have this many addresses for nodes.
    pub(super) fn prefix_for(nodes: u64) -> u32 {
        (0..=29)
            .rev()
            .find(|prefix| (Self { first: 0, prefix: *prefix }).usable() >= nodes)
            .unwrap_or(0)
    }
}

fn mask(prefix: u32) -> u32 {
    u32::MAX.checked_shl(32 - prefix).unwrap_or(0)
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
