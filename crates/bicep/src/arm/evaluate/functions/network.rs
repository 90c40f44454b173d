//! `parseCidr`, `cidrSubnet`, `cidrHost`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::value::Properties;
use super::{Arguments, Evaluated, Failure, Outcome, integer_of, string, text_of, wrong};

/// A block of addresses of either family.
struct Block {
    network: u128,
    prefix: u32,
    /// 32 or 128.
    bits: u32,
}

impl Block {
    fn parse(text: &str) -> Result<Self, Failure> {
        let broken = || {
            let shown: String = text.chars().take(50).collect();
            wrong(format!("`{shown}` is not an address range"), "write it as `10.0.0.0/16`")
        };
        let (address, prefix) = text.split_once('/').ok_or_else(broken)?;
        let (address, bits) = match address.parse().map_err(|_| broken())? {
            IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let prefix: u32 = prefix.parse().map_err(|_| broken())?;
        if prefix > bits {
            return Err(broken());
        }
        Ok(Self { network: address & mask(prefix, bits), prefix, bits })
    }

    fn show(&self, address: u128) -> String {
        if self.bits == 32 {
            // The address of a 32-bit block has 32 bits.
            Ipv4Addr::from_bits(u32::try_from(address).unwrap_or(u32::MAX)).to_string()
        } else {
            Ipv6Addr::from_bits(address).to_string()
        }
    }

    fn last(&self) -> u128 {
        self.network | (mask(self.bits, self.bits) ^ mask(self.prefix, self.bits))
    }
}

fn mask(prefix: u32, bits: u32) -> u128 {
    let all = if bits == 32 { u128::from(u32::MAX) } else { u128::MAX };
    let host = bits - prefix;
    if host == 128 { 0 } else { all >> host << host }
}

pub(super) fn parse_cidr(arguments: Arguments<'_>) -> Outcome {
    let block = Block::parse(text_of(&arguments[0])?)?;
    let (first, last) = (block.network, block.last());
    let usable = last - first >= 3;
    let mut parts = Properties::new();
    let mut put = |name: &str, value: Evaluated| parts.insert(name.to_owned(), value);
    put("network", Evaluated::String(block.show(first)));
    put("netmask", Evaluated::String(block.show(mask(block.prefix, block.bits))));
    if block.bits == 32 {
        put("broadcast", Evaluated::String(block.show(last)));
    }
    let edge = u128::from(usable && block.bits == 32);
    put("firstUsable", Evaluated::String(block.show(first + edge)));
    put("lastUsable", Evaluated::String(block.show(last - edge)));
    put("cidr", Evaluated::Integer(i64::from(block.prefix)));
    Ok(Evaluated::Object(parts))
}

pub(super) fn cidr_subnet(arguments: Arguments<'_>) -> Outcome {
    let block = Block::parse(text_of(&arguments[0])?)?;
    let prefix = u32::try_from(integer_of(&arguments[1])?).ok();
    let index = u128::try_from(integer_of(&arguments[2])?).ok();
    let outside =
        || wrong("the range has no such subnet", "ask for a longer prefix or a smaller index");
    let (Some(prefix), Some(index)) = (prefix, index) else { return Err(outside()) };
    if prefix < block.prefix || prefix > block.bits {
        return Err(outside());
    }
    let step = prefix - block.prefix;
    if step < 128 && index >> step != 0 {
        return Err(outside());
    }
    let host = block.bits - prefix;
    let offset = if host == 128 { 0 } else { index << host };
    string(format!("{}/{prefix}", block.show(block.network | offset)))
}

/// Index 0 is the first address after the network's own.
pub(super) fn cidr_host(arguments: Arguments<'_>) -> Outcome {
    let block = Block::parse(text_of(&arguments[0])?)?;
    let index = u128::try_from(integer_of(&arguments[1])?).ok();
    let address = index.and_then(|index| block.network.checked_add(index)?.checked_add(1));
    match address.filter(|address| *address <= block.last()) {
        Some(address) => string(block.show(address)),
        None => Err(wrong("the range has no such host", "ask for a smaller index")),
    }
}
