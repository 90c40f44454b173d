//! Digests of texts, texts whose digest is known, and texts that are compared.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use data_encoding::HEXLOWER;
use foldhash::{HashMap, HashSet};
use sha2::{Digest, Sha256};

/// A SHA-256 digest as lowercase hexadecimal digits.
pub fn hex_digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as lowercase hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Whether two texts are the same. Those of renders are long and mostly the same, and the C library of a static binary
/// compares them byte by byte.
pub(crate) fn same_text(one: &str, other: &str) -> bool {
    same_bytes(one.as_bytes(), other.as_bytes())
}

/// Whether bytes are the same.
pub(crate) fn same_bytes(one: &[u8], other: &[u8]) -> bool {
    let (chunks, rest) = one.as_chunks::<32>();
    let (other_chunks, other_rest) = other.as_chunks::<32>();
    one.len() == other.len()
        && chunks.iter().zip(other_chunks).all(|(one, other)| one == other)
        && rest == other_rest
}

/// Texts of a run with their digests. The renders of a fleet have many files in common, and comparing two texts takes
/// a tenth of the time of a digest.
///
/// A text is kept once its digest is met again: most files are of one render.
#[derive(Debug, Default)]
pub struct KnownDigests(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The first digits of the digests that were met.
    met: HashSet<u64>,
    /// By their lengths.
    texts: HashMap<usize, Vec<Arc<Text>>>,
    bytes: usize,
}

#[derive(Debug)]
struct Text {
    bytes: Box<[u8]>,
    digest: String,
}

impl KnownDigests {
    /// Most bytes of the texts that are kept.
    pub const MOST_BYTES: usize = 1024 * 1024;
    /// Most digests that are remembered without a text.
    pub const MOST_MET: usize = 16 * 1024;
    /// Most texts of one length that are kept, because a text is compared with each of them.
    const MOST_OF_LENGTH: usize = 8;

    /// The SHA-256 digest of a text as lowercase hexadecimal digits.
    pub fn digest(&self, text: &[u8]) -> String {
        let mut known = self.of_length(text.len()).into_iter();
        if let Some(known) = known.find(|it| same_bytes(&it.bytes, text)) {
            return known.digest.clone();
        }
        let digest = hex_digest(text);
        self.note(text, &digest);
        digest
    }

    /// How many digests are remembered, and how many bytes of texts are kept.
    pub fn size(&self) -> (usize, usize) {
        let known = self.known();
        (known.met.len(), known.bytes)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of_length(&self, length: usize) -> Vec<Arc<Text>> {
        self.known().texts.get(&length).cloned().unwrap_or_default()
    }

    fn note(&self, text: &[u8], digest: &str) {
        let first = digest.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let mut known = self.known();
        if known.met.len() >= Self::MOST_MET {
            known.met.clear();
        }
        let is_new = first.is_none_or(|first| known.met.insert(first));
        if is_new || text.len() > Self::MOST_BYTES {
            return;
        }
        if known.bytes + text.len() > Self::MOST_BYTES {
            (known.texts, known.bytes) = (HashMap::default(), 0);
        }
        let others = known.texts.entry(text.len()).or_default();
        if others.len() < Self::MOST_OF_LENGTH && !others.iter().any(|it| it.digest == digest) {
            others.push(Arc::new(Text { bytes: text.into(), digest: digest.to_owned() }));
            known.bytes += text.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_answered_for_its_text_alone() {
        let known = KnownDigests::default();
        let texts: Vec<Vec<u8>> =
            (0..40_u8).map(|at| vec![at / 2; 33 + usize::from(at % 2)]).collect();
        for _ in 0..4 {
            for text in &texts {
                let right = hex_digest(text);
                assert_eq!(known.digest(text), right);
                for place in [0, 31, 32] {
                    let mut other = text.clone();
                    other[place] ^= 1;
                    assert_eq!(known.digest(&other), hex_digest(&other));
                    assert_ne!(known.digest(&other), right);
                    assert_ne!(known.digest(&text[1..]), right);
                }
            }
        }
        assert_eq!(
            known.size().1,
            KnownDigests::MOST_OF_LENGTH * (32 + 33 + 34),
            "most are met again"
        );
    }

    #[test]
    fn what_is_known_is_bounded() {
        let known = KnownDigests::default();
        for at in 0..40_000_u32 {
            known.digest(&at.to_le_bytes());
            assert!(known.size().0 <= KnownDigests::MOST_MET);
        }
        assert_eq!(known.size().1, 0, "none was met again");
        let large = |at: u8| vec![at; KnownDigests::MOST_BYTES / 3];
        for at in 0..30 {
            for _ in 0..3 {
                assert_eq!(known.digest(&large(at)), hex_digest(&large(at)));
                assert!(known.size().1 <= KnownDigests::MOST_BYTES);
            }
        }
        assert!(known.size().1 > 0);
        for _ in 0..3 {
            known.digest(&vec![0; KnownDigests::MOST_BYTES + 1]);
        }
        assert!(known.size().1 <= KnownDigests::MOST_BYTES);
    }
}
