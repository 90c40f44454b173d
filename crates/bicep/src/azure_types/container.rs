//! The container of the packed tables: a header that tells whether all of it is there, and lists of
//! records that are read in place. `build.rs` includes this file to refuse a table that is cut off.

use std::fmt::{Display, Formatter};

/// The first bytes of a table.
pub const MAGIC: &[u8; 8] = b"AZTYPES1";
/// Magic, length, digest, the lengths of version and date, and where the four lists start.
pub const HEADER_BYTES: usize = 8 + 4 + 8 + 2 + 4 * 4;

/// Why a table cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableError {
    /// It does not start as a table does.
    NotATable,
    /// It ends too early: how many bytes there are, and how many it says it has.
    CutOff(usize, usize),
    /// Its bytes do not have the digest that they had.
    Damaged,
}

impl Display for TableError {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotATable => formatter.write_str("it is not a table of Azure types"),
            Self::CutOff(found, wanted) => {
                write!(formatter, "it has {found} of its {wanted} bytes")
            }
            Self::Damaged => formatter.write_str("its contents are damaged"),
        }
    }
}

impl std::error::Error for TableError {}

/// Checks that a table is whole: its start, its length, its digest.
pub fn check(bytes: &[u8]) -> Result<(), TableError> {
    if !bytes.starts_with(MAGIC) {
        return Err(TableError::NotATable);
    }
    let wanted = number_at(bytes, 8).unwrap_or(HEADER_BYTES);
    if bytes.len() < wanted.max(HEADER_BYTES) {
        return Err(TableError::CutOff(bytes.len(), wanted.max(HEADER_BYTES)));
    }
    let told = bytes.get(12..20).and_then(|told| told.try_into().ok()).map(u64::from_le_bytes);
    if bytes.len() > wanted || told != Some(digest(&bytes[20..])) {
        return Err(TableError::Damaged);
    }
    Ok(())
}

/// FNV-1a over words of eight bytes: it finds damage, it keeps out nobody.
pub fn digest(bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(0xcbf2_9ce4_8422_2325, |hash, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0100_0000_01b3).rotate_left(23)
    })
}

/// The number of four bytes at an offset.
pub fn number_at(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(four)).ok()
}
