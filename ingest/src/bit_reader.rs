//! Bits of a header, most significant first.

/// Reads a byte string bit by bit; every read past the end is `None`.
#[derive(Clone, Debug)]
pub(crate) struct BitReader<'a> {
    bytes: &'a [u8],
    /// Bits already read.
    position: usize,
}

impl<'a> BitReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// The next `count` bits (at most 32) as a number.
    pub(crate) fn bits(&mut self, count: usize) -> Option<u32> {
        debug_assert!(count <= 32);
        if self.remaining() < count {
            return None;
        }
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes[self.position / 8];
            value = value << 1 | u32::from(byte >> (7 - self.position % 8) & 1);
            self.position += 1;
        }
        Some(value)
    }

    /// The next bit.
    pub(crate) fn flag(&mut self) -> Option<bool> {
        self.bits(1).map(|bit| bit == 1)
    }

    /// Bits not read yet.
    pub(crate) fn remaining(&self) -> usize {
        self.bytes.len() * 8 - self.position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_out_most_significant_first_and_end_with_none() {
        let mut reader = BitReader::new(&[0b1010_0001, 0xff]);
        assert_eq!(reader.bits(3), Some(0b101));
        assert_eq!(reader.bits(6), Some(0b00_0011));
        assert_eq!(reader.remaining(), 7);
        assert_eq!(reader.bits(8), None);
        assert_eq!(reader.flag(), Some(true));
    }
}
