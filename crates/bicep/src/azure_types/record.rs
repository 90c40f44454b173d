use super::container::number_at;

/// How many records share one entry of a list's index.
pub const STRIDE: usize = 8;

/// A list of records in a table: their count, where each eighth one starts, and the records, each
/// after its length.
#[derive(Debug, Clone, Copy)]
pub(super) struct List<'t> {
    count: usize,
    index: &'t [u8],
    records: &'t [u8],
}

impl<'t> List<'t> {
    pub(super) const EMPTY: Self = Self { count: 0, index: &[], records: &[] };

    pub(super) fn new(bytes: &'t [u8], start: usize) -> Option<Self> {
        let count = number_at(bytes, start)?;
        let records = start.checked_add(4)?.checked_add(count.div_ceil(STRIDE).checked_mul(4)?)?;
        Some(Self { count, index: bytes.get(start + 4..records)?, records: bytes.get(records..)? })
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn get(&self, number: usize) -> Option<Record<'t>> {
        if number >= self.count {
            return None;
        }
        let start = number_at(self.index, number / STRIDE * 4)?;
        let mut bytes = Record(self.records.get(start..)?);
        for _ in 0..number % STRIDE {
            let length = bytes.number()?;
            bytes.take(length)?;
        }
        let length = bytes.number()?;
        bytes.take(length).map(Record)
    }
}

/// What is left of a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'t>(&'t [u8]);

impl<'t> Record<'t> {
    pub(super) fn new(bytes: &'t [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'t [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    /// A number of seven bits a byte, the lowest first. Most have one byte.
    #[inline]
    pub(super) fn number(&mut self) -> Option<usize> {
        match self.0 {
            [byte @ ..0x80, rest @ ..] => {
                self.0 = rest;
                Some(usize::from(*byte))
            }
            _ => usize::try_from(self.wide()?).ok(),
        }
    }

    fn wide(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A number with its sign in the lowest bit.
    pub(super) fn signed(&mut self) -> Option<i64> {
        let value = self.wide()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    pub(super) fn rest(self) -> &'t [u8] {
        self.0
    }
}
