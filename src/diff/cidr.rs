//! Address and port ranges, to tell a wider one from a narrower one.

use std::net::IpAddr;

/// Addresses that share their first bits. IPv4 and IPv6 are apart, `*` is both, and of a service tag only
/// that it is less is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Addresses {
    All,
    Tag,
    V4 { bits: u32, length: u32 },
    V6 { bits: u128, length: u32 },
}

impl Addresses {
    /// `10.0.0.0/8`, a single address, one of Azure's words for everything, or a service tag.
    pub fn parse(text: &str) -> Option<Self> {
        if ["*", "any", "internet", "0.0.0.0/0", "::/0"].contains(&text.to_lowercase().as_str()) {
            return Some(Self::All);
        }
        let is_tag = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
        if text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(is_tag) {
            return Some(Self::Tag);
        }
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (text, None),
        };
        match address.parse::<IpAddr>().ok()? {
            IpAddr::V4(address) => {
                let length = length.unwrap_or(32);
                (length <= 32).then(|| Self::V4 { bits: u32::from(address), length })
            }
            IpAddr::V6(address) => {
                let length = length.unwrap_or(128);
                (length <= 128).then(|| Self::V6 { bits: u128::from(address), length })
            }
        }
    }

    /// Whether every address of the other is one of these.
    pub fn contains(self, other: Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::V4 { bits, length }, Self::V4 { bits: others, length: longer }) => {
                let same = |shift: u32| {
                    bits.checked_shr(shift).unwrap_or(0) == others.checked_shr(shift).unwrap_or(0)
                };
                length <= longer && same(32 - length)
            }
            (Self::V6 { bits, length }, Self::V6 { bits: others, length: longer }) => {
                let same = |shift: u32| {
                    bits.checked_shr(shift).unwrap_or(0) == others.checked_shr(shift).unwrap_or(0)
                };
                length <= longer && same(128 - length)
            }
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
