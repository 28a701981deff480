//! LZO1X, as far as unpacking goes (format: "LZO stream format as understood by Linux's LZO decompressor").
//!
//! Our own: `lzokay-native` 0.1, the one permissive crate, takes no bound on its output and is no longer tended.

/// Unpacks one LZO1X stream to the end of `to`, by at most `most` bytes.
pub(super) fn unpack(packed: &[u8], to: &mut Vec<u8>, most: usize) -> Result<(), String> {
    let start = to.len();
    Stream { rest: packed, start, end: start.saturating_add(most), to }
        .run()
        .ok_or_else(|| "damaged LZO data".to_owned())
}

struct Stream<'a> {
    rest: &'a [u8],
    /// Length of the output before and, at most, after.
    start: usize,
    end: usize,
    to: &'a mut Vec<u8>,
}

impl Stream<'_> {
    fn run(&mut self) -> Option<()> {
        // Literals copied by the instruction before: up to 3, or 4 for more.
        let mut state = 0usize;
        let first = usize::from(*self.rest.first()?);
        if first > 17 {
            self.rest = self.rest.get(1..)?;
            let count = first.checked_sub(17)?;
            self.literals(count)?;
            state = count.min(4);
        }
        loop {
            let code = self.byte()?;
            let (distance, length, last) = match (code, state) {
                (0..16, 0) => {
                    let count = self.length(code, 15)?.checked_add(3)?;
                    self.literals(count)?;
                    state = 4;
                    continue;
                }
                (0..16, 1..4) => (self.byte()?.checked_mul(4)?.checked_add(code >> 2)?.checked_add(1)?, 2, code),
                (0..16, _) => (self.byte()?.checked_mul(4)?.checked_add(code >> 2)?.checked_add(2049)?, 3, code),
                (16..32, _) => {
                    let length = self.length(code & 7, 7)?.checked_add(2)?;
                    let low = self.pair()?;
                    let distance = (code & 8).checked_mul(2048)?.checked_add(low >> 2)?.checked_add(16384)?;
                    if distance == 16384 {
                        return Some(());
                    }
                    (distance, length, low)
                }
                (32..64, _) => {
                    let length = self.length(code & 31, 31)?.checked_add(2)?;
                    let low = self.pair()?;
                    ((low >> 2).checked_add(1)?, length, low)
                }
                _ => {
                    let distance = self.byte()?.checked_mul(8)?.checked_add(code >> 2 & 7)?.checked_add(1)?;
                    let length =
                        if code < 128 { (code >> 5 & 1).checked_add(3)? } else { (code >> 5 & 3).checked_add(5)? };
                    (distance, length, code)
                }
            };
            self.repeat(distance, length)?;
            state = last & 3;
            self.literals(state)?;
        }
    }

    fn byte(&mut self) -> Option<usize> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(usize::from(*first))
    }

    fn pair(&mut self) -> Option<usize> {
        let (first, rest) = self.rest.split_first_chunk::<2>()?;
        self.rest = rest;
        Some(usize::from(u16::from_le_bytes(*first)))
    }

    /// A length that goes on in further bytes where its bits are all zero: 255 for each zero byte, then the last one.
    fn length(&mut self, bits: usize, most: usize) -> Option<usize> {
        if bits > 0 {
            return Some(bits);
        }
        let mut sum = most;
        loop {
            match self.byte()? {
                0 => sum = sum.checked_add(255)?,
                last => return sum.checked_add(last),
            }
        }
    }

    fn literals(&mut self, count: usize) -> Option<()> {
        let (now, rest) = self.rest.split_at_checked(count)?;
        self.room(count)?;
        self.to.extend_from_slice(now);
        self.rest = rest;
        Some(())
    }

    /// Repeats `length` bytes from `distance` back; they may overlap with what is written.
    fn repeat(&mut self, distance: usize, length: usize) -> Option<()> {
        self.room(length)?;
        let mut from = self.to.len().checked_sub(distance).filter(|from| *from >= self.start)?;
        for _ in 0..length {
            let byte = *self.to.get(from)?;
            self.to.push(byte);
            from = from.checked_add(1)?;
        }
        Some(())
    }

    fn room(&self, count: usize) -> Option<()> {
        (self.to.len().checked_add(count)? <= self.end).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_repeats_are_unpacked() {
        let mut bytes = b"before".to_vec();
        // 4 literals, 6 bytes from 4 back, one literal after them, the end.
        unpack(&[21, b'a', b'b', b'c', b'd', 0b1010_1101, 0, b'X', 17, 0, 0], &mut bytes, 11).unwrap();
        assert_eq!(bytes, b"beforeabcdabcdabX");
    }

    #[test]
    fn stream_that_leaves_its_bounds_is_damage() {
        for packed in [&[21u8, b'a', b'b', b'c', b'd', 0b1010_1100, 9][..], &[21, b'a'], &[255], &[]] {
            assert!(unpack(packed, &mut b"before".to_vec(), 100).is_err(), "{packed:?}");
        }
        assert!(unpack(&[21, b'a', b'b', b'c', b'd', 17, 0, 0], &mut Vec::new(), 3).is_err());
    }
}
