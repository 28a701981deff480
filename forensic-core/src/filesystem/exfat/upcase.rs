//! The up-case table and the hash of names that is made with it (exFAT specification, sections 7.2 "Up-case Table Directory
//! Entry" and 7.6.4 "NameHash Field").

use crate::error::{Error, Result};

const TABLE: &str = "up-case table";
/// Before a number of characters that are their own upper case (section 7.2.5).
const IDENTITY: u16 = 0xffff;
/// Bytes of the longest table.
pub(super) const LONGEST: u64 = 2 * 0x1_0000;

/// Upper case of every UTF-16 unit.
pub(super) struct Upcase(Vec<u16>);

impl Upcase {
    /// Unpacks the table whose bytes stand at byte `at` of the medium.
    ///
    /// # Errors
    /// Where its checksum is not `checksum`, or it speaks of more than 65,536 characters.
    pub(super) fn parse(bytes: &[u8], checksum: u32, at: u64) -> Result<Self> {
        let sum = bytes.iter().fold(0u32, |sum, byte| sum.rotate_right(1).wrapping_add(u32::from(*byte)));
        if sum != checksum {
            let expected = format!("a table with the checksum {checksum:08x}");
            return Err(Error::corrupt(TABLE, at, expected, format!("{sum:08x}")));
        }
        let (pairs, _) = bytes.as_chunks::<2>();
        let mut words = pairs.iter().map(|pair| u16::from_le_bytes(*pair));
        let mut upper: Vec<u16> = (0..=u16::MAX).collect();
        let mut character = 0usize;
        while let Some(word) = words.next() {
            if word == IDENTITY
                && let Some(count) = words.next()
            {
                character = character.saturating_add(usize::from(count));
                continue;
            }
            let Some(place) = upper.get_mut(character) else {
                return Err(Error::corrupt(TABLE, at, "at most 65536 characters", "more"));
            };
            *place = word;
            character = character.saturating_add(1);
        }
        Ok(Self(upper))
    }

    /// The hash of a name (section 7.6.4, figure 4).
    pub(super) fn hash(&self, name: &[u16]) -> u16 {
        let upper = |unit: &u16| self.0.get(usize::from(*unit)).copied().unwrap_or(*unit);
        let bytes = name.iter().flat_map(|unit| upper(unit).to_le_bytes());
        bytes.fold(0u16, |hash, byte| hash.rotate_right(1).wrapping_add(u16::from(byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters a to z, after 97 characters that stay as they are.
    fn table() -> (Vec<u8>, u32) {
        let words = [IDENTITY, 97].into_iter().chain(65..91);
        let bytes: Vec<u8> = words.flat_map(u16::to_le_bytes).collect();
        let sum = bytes.iter().fold(0u32, |sum, byte| sum.rotate_right(1).wrapping_add(u32::from(*byte)));
        (bytes, sum)
    }

    #[test]
    fn hash_does_not_depend_on_the_case() {
        let (bytes, sum) = table();
        let upcase = Upcase::parse(&bytes, sum, 0).unwrap();
        let hash = |name: &str| upcase.hash(&name.encode_utf16().collect::<Vec<_>>());
        assert_eq!(hash("dcim"), hash("DCIM"));
        assert_ne!(hash("dcim"), hash("dcin"));
        // Of "DCIM" as a driver of Linux 6.1 wrote it.
        assert_eq!(hash("DCIM"), 0x4032);
    }

    #[test]
    fn damaged_table_is_not_used() {
        let (mut bytes, sum) = table();
        bytes[8] ^= 1;
        assert!(matches!(Upcase::parse(&bytes, sum, 77), Err(Error::Corrupt { offset: 77, .. })));
        let long = [1u8, 0].repeat(0x1_0001);
        let sum = long.iter().fold(0u32, |sum, byte| sum.rotate_right(1).wrapping_add(u32::from(*byte)));
        assert!(Upcase::parse(&long, sum, 0).is_err());
    }
}
