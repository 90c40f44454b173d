//! Address and port ranges, to tell a wider one from a narrower one.

use std::net::IpAddr;

use ipnet::IpNet;

/// Addresses of one rule. `*` is both families, and of a service tag only that it is less is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Addresses {
    All,
    Tag,
    Range(IpNet),
}

impl Addresses {
    /// `10.0.0.0/8`, a single address, one of Azure's words for everything, or a service tag.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if ["*", "any", "internet", "0.0.0.0/0", "::/0"].contains(&text.to_lowercase().as_str()) {
            return Some(Self::All);
        }
        let is_tag = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
        if text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(is_tag) {
            return Some(Self::Tag);
        }
        let single = || text.parse::<IpAddr>().ok().map(IpNet::from);
        text.parse().ok().or_else(single).map(Self::Range)
    }

    /// Whether every address of the other is one of these.
    pub(super) fn contains(self, other: Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::Range(range), Self::Range(other)) => range.contains(&other),
            _ => false,
        }
    }
}

/// The ports of `22`, `8000-9000` or `*`, first and last.
pub(super) fn ports(text: &str) -> Option<(u16, u16)> {
    if text == "*" {
        return Some((0, u16::MAX));
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shorter_prefix_is_wider() {
        let range = |text| Addresses::parse(text).unwrap();
        assert!(range("10.0.0.0/16").contains(range("10.0.3.0/24")));
        assert!(!range("10.0.3.0/24").contains(range("10.0.0.0/16")));
        assert!(range("0.0.0.0/0").contains(range("2001:db8::/32")));
        assert!(!range("10.0.0.0/8").contains(range("2001:db8::/32")));
        assert_eq!(Addresses::parse("10.0.0.0/33"), None);
        assert!(range("*").contains(range("VirtualNetwork")));
        assert!(!range("AzureCloud").contains(range("AzureCloud.WestEurope")));
        assert!(!range("VirtualNetwork").contains(range("10.0.0.0/8")));
        assert_eq!(Addresses::parse("[parameters('source')]"), None);
    }
}
