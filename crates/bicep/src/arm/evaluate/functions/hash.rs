//! `guid` and `uniqueString`: names that depend on their arguments alone.

use uuid::Uuid;

use super::{Arguments, Failure, Outcome, expected, string};
use super::{Evaluated, text_of};

/// The namespace of ARM's `guid`
/// (<https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-functions-string#guid>).
const NAMESPACE: Uuid = Uuid::from_u128(0x11fb_06fb_712d_4ddd_98c7_e71b_bd58_8830);

/// A version 5 UUID over the arguments joined by hyphens.
pub(super) fn guid(arguments: Arguments<'_>) -> Outcome {
    string(Uuid::new_v5(&NAMESPACE, joined(arguments)?.as_bytes()).to_string())
}

/// 13 characters of base 32 over a 64-bit Murmur hash of the arguments joined by hyphens.
pub(super) fn unique_string(arguments: Arguments<'_>) -> Outcome {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut hash = murmur(joined(arguments)?.as_bytes());
    let mut text = String::with_capacity(13);
    for _ in 0..13 {
        text.push(char::from(DIGITS[(hash >> 59) as usize]));
        hash <<= 5;
    }
    string(text)
}

fn joined(arguments: Arguments<'_>) -> Result<String, Failure> {
    let texts = arguments.iter().map(|argument| match argument {
        Evaluated::Integer(number) => Ok(number.to_string()),
        Evaluated::String(_) => text_of(argument).map(str::to_owned),
        other => Err(expected("a string", other)),
    });
    Ok(texts.collect::<Result<Vec<_>, _>>()?.join("-"))
}

const ONE: u32 = 0xab0e_9789;
const TWO: u32 = 0x239b_961b;

/// Two 32-bit lanes of `MurmurHash3`, put together to 64 bits, as Azure's deployment engine does it.
fn murmur(data: &[u8]) -> u64 {
    let (mut low, mut high) = (0_u32, 0_u32);
    let mut blocks = data.chunks_exact(8);
    for block in &mut blocks {
        low = (low ^ mix_low(word(&block[..4]))).rotate_left(19).wrapping_add(high);
        low = low.wrapping_mul(5).wrapping_add(0x561c_cd1b);
        high = (high ^ mix_high(word(&block[4..]))).rotate_left(13).wrapping_add(low);
        high = high.wrapping_mul(5).wrapping_add(0x0bca_a747);
    }
    let tail = blocks.remainder();
    let (first, second) = tail.split_at(tail.len().min(4));
    low ^= mix_low(word(first));
    high ^= mix_high(word(second));
    // The hash takes the length's low 32 bits, whatever the length.
    #[expect(clippy::cast_possible_truncation, reason = "the algorithm truncates")]
    let length = data.len() as u32;
    (low, high) = crossed(low ^ length, high ^ length);
    (low, high) = crossed(avalanche(low), avalanche(high));
    u64::from(high) << 32 | u64::from(low)
}

fn crossed(low: u32, high: u32) -> (u32, u32) {
    let low = low.wrapping_add(high);
    (low, high.wrapping_add(low))
}

/// Up to four bytes, little-endian; none give 0, which changes nothing when mixed in.
fn word(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

fn mix_low(word: u32) -> u32 {
    word.wrapping_mul(TWO).rotate_left(15).wrapping_mul(ONE)
}

fn mix_high(word: u32) -> u32 {
    word.wrapping_mul(ONE).rotate_left(17).wrapping_mul(TWO)
}

fn avalanche(mut word: u32) -> u32 {
    word = (word ^ word >> 16).wrapping_mul(0x85eb_ca6b);
    word = (word ^ word >> 13).wrapping_mul(0xc2b2_ae35);
    word ^ word >> 16
}
