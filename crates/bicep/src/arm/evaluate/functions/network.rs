//! `parseCidr`, `cidrSubnet`, `cidrHost`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::super::value::Properties;
use super::{Arguments, Evaluated, Failure, Outcome, integer_of, string, text_of, wrong};

fn parse(text: &str) -> Result<IpNet, Failure> {
    let range: Result<IpNet, _> = text.parse();
    range.map(|range| range.trunc()).map_err(|_| {
        let shown: String = text.chars().take(50).collect();
        wrong(format!("`{shown}` is not an address range"), "use the form `10.0.0.0/16`")
    })
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The address with this number in the family of a range.
fn show(range: &IpNet, address: u128) -> String {
    match range {
        // The number of an IPv4 address has 32 bits.
        IpNet::V4(_) => Ipv4Addr::from_bits(u32::try_from(address).unwrap_or(u32::MAX)).to_string(),
        IpNet::V6(_) => Ipv6Addr::from_bits(address).to_string(),
    }
}

pub(super) fn parse_cidr(arguments: Arguments<'_>) -> Outcome {
    let range = parse(text_of(&arguments[0])?)?;
    let (first, last) = (number(range.network()), number(range.broadcast()));
    let is_v4 = matches!(range, IpNet::V4(_));
    let mut parts = Properties::default();
    let mut put = |name: &str, value: Evaluated| parts.insert(name.to_owned(), value);
    put("network", Evaluated::String(range.network().to_string()));
    put("netmask", Evaluated::String(range.netmask().to_string()));
    if is_v4 {
        put("broadcast", Evaluated::String(range.broadcast().to_string()));
    }
    let edge = u128::from(is_v4 && last - first >= 3);
    put("firstUsable", Evaluated::String(show(&range, first + edge)));
    put("lastUsable", Evaluated::String(show(&range, last - edge)));
    put("cidr", Evaluated::Integer(i64::from(range.prefix_len())));
    Ok(Evaluated::Object(parts))
}

pub(super) fn cidr_subnet(arguments: Arguments<'_>) -> Outcome {
    let range = parse(text_of(&arguments[0])?)?;
    let prefix = u8::try_from(integer_of(&arguments[1])?).ok();
    let index = u128::try_from(integer_of(&arguments[2])?).ok();
    let outside = || {
        wrong("the range does not contain this subnet", "use a longer prefix or a smaller index")
    };
    let (Some(prefix), Some(index)) = (prefix, index) else { return Err(outside()) };
    if prefix < range.prefix_len() || prefix > range.max_prefix_len() {
        return Err(outside());
    }
    let step = prefix - range.prefix_len();
    if step < 128 && index >> step != 0 {
        return Err(outside());
    }
    let host = range.max_prefix_len() - prefix;
    let offset = if host == 128 { 0 } else { index << host };
    string(format!("{}/{prefix}", show(&range, number(range.network()) | offset)))
}

/// Index 0 is the first address after the network's own. The last address of an IPv4 range is for broadcasts.
pub(super) fn cidr_host(arguments: Arguments<'_>) -> Outcome {
    let range = parse(text_of(&arguments[0])?)?;
    let index = u128::try_from(integer_of(&arguments[1])?).ok();
    let address =
        index.and_then(|index| number(range.network()).checked_add(index)?.checked_add(1));
    let (first, last) = (number(range.network()), number(range.broadcast()));
    let edge = u128::from(matches!(range, IpNet::V4(_)) && last - first >= 3);
    match address.filter(|address| *address <= last - edge) {
        Some(address) => string(show(&range, address)),
        None => Err(wrong("the range does not contain this host", "use a smaller index")),
    }
}
