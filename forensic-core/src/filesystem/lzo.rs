//! LZO1X (the stream as "LZO stream format as understood by Linux's LZO decompressor" describes it).
//!
//! Written here: of the two crates, `lzokay-native` 0.1 indexes its output with distances from the stream and panics on
//! hostile ones, and `lzo` binds to C.

/// Unpacks a stream to at most `most` bytes.
pub(super) fn unpack(packed: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let mut stream = Stream { packed, at: 0, bytes: Vec::with_capacity(most), most };
    stream.run()?;
    Ok(stream.bytes)
}

struct Stream<'a> {
    packed: &'a [u8],
    at: usize,
    bytes: Vec<u8>,
    most: usize,
}

/// What the instruction before left: how many literals it copied, 4 standing for 4 or more.
const MANY: usize = 4;
/// The distance of the instruction that ends a stream.
const END: usize = 16_384;

impl Stream<'_> {
    fn run(&mut self) -> Result<(), String> {
        let mut state = 0usize;
        // The first byte may announce literals.
        if let Some(&first) = self.packed.first().filter(|first| **first > 17) {
            self.at = 1;
            let count = usize::from(first).saturating_sub(17);
            self.literals(count)?;
            state = count.min(MANY);
        }
        loop {
            let instruction = usize::from(self.byte()?);
            let (length, distance, literals) = match instruction {
                0..=15 if state == 0 => {
                    let count = self.length(instruction, 15)?.saturating_add(3);
                    self.literals(count)?;
                    state = MANY;
                    continue;
                }
                0..=15 => {
                    let (near, length) = if state == MANY { (2049usize, 3) } else { (1, 2) };
                    let distance = usize::from(self.byte()?) << 2 | instruction >> 2;
                    (length, distance.saturating_add(near), instruction & 3)
                }
                16..=31 => {
                    let length = self.length(instruction & 7, 7)?.saturating_add(2);
                    let word = self.word()?;
                    let distance = END.saturating_add((instruction & 8) << 11).saturating_add(word >> 2);
                    if distance == END {
                        return Ok(());
                    }
                    (length, distance, word & 3)
                }
                32..=63 => {
                    let length = self.length(instruction & 31, 31)?.saturating_add(2);
                    let word = self.word()?;
                    (length, (word >> 2).saturating_add(1), word & 3)
                }
                _ => {
                    let length = if instruction < 128 {
                        (instruction >> 5 & 1).saturating_add(3)
                    } else {
                        (instruction >> 5 & 3).saturating_add(5)
                    };
                    let distance = usize::from(self.byte()?) << 3 | instruction >> 2 & 7;
                    (length, distance.saturating_add(1), instruction & 3)
                }
            };
            self.copy(distance, length)?;
            self.literals(literals)?;
            state = literals;
        }
    }

    fn byte(&mut self) -> Result<u8, String> {
        let byte = self.packed.get(self.at).copied().ok_or("the stream ends early")?;
        self.at = self.at.saturating_add(1);
        Ok(byte)
    }

    fn word(&mut self) -> Result<usize, String> {
        Ok(usize::from(self.byte()?) | usize::from(self.byte()?) << 8)
    }

    /// A length whose bits are all in the instruction, or 0 there and in the bytes behind it.
    fn length(&mut self, bits: usize, most: usize) -> Result<usize, String> {
        if bits != 0 {
            return Ok(bits);
        }
        let mut length = most;
        loop {
            match self.byte()? {
                0 => length = length.saturating_add(255),
                last => return Ok(length.saturating_add(usize::from(last))),
            }
        }
    }

    fn literals(&mut self, count: usize) -> Result<(), String> {
        let end = self.at.saturating_add(count);
        let literals = self.packed.get(self.at..end).ok_or("the stream ends early")?;
        self.room(count)?;
        self.bytes.extend_from_slice(literals);
        self.at = end;
        Ok(())
    }

    fn copy(&mut self, distance: usize, length: usize) -> Result<(), String> {
        let start = self.bytes.len().checked_sub(distance).ok_or("a distance before the first byte")?;
        self.room(length)?;
        // Where source and target overlap, what was copied is copied again.
        for place in start..start.saturating_add(length) {
            let byte = self.bytes.get(place).copied().unwrap_or_default();
            self.bytes.push(byte);
        }
        Ok(())
    }

    fn room(&self, count: usize) -> Result<(), String> {
        match self.bytes.len().saturating_add(count) <= self.most {
            true => Ok(()),
            false => Err(format!("more than {} bytes", self.most)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_matches_are_unpacked() {
        // Four literals, then three bytes from four before, then the end.
        let packed = [21, b'a', b'b', b'c', b'd', 0b0100_1100, 0, 17, 0, 0];
        assert_eq!(unpack(&packed, 16).unwrap(), b"abcdabc");
        assert!(unpack(&packed, 6).is_err());
        assert!(unpack(&[21, b'a', b'b', b'c', b'd', 0b0111_1100, 9, 17, 0, 0], 16).is_err());
        assert!(unpack(&[], 16).is_err());
    }
}
