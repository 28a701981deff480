//! Text as UTF-8, however it is encoded: a byte-order mark is dropped, and UTF-16 (what PowerShell redirects to) recoded.

use std::{
    borrow::Cow,
    io::{self, Read},
};

/// Text of bytes; those that are not UTF-8 are U+FFFD.
pub(super) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    // Several times as fast for what is UTF-8.
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Recodes what it reads. Bytes that are not UTF-8 in a text that is not UTF-16 are left to the reader.
pub(super) struct Text<R> {
    reader: io::Chain<io::Cursor<Vec<u8>>, R>,
    wide: Option<Endian>,
    /// Bytes of the mark, which positions count.
    start: u64,
    raw: Vec<u8>,
    recoded: io::Cursor<Vec<u8>>,
}

#[derive(Clone, Copy)]
enum Endian {
    Little,
    Big,
}

/// Units recoded at a time.
const CHUNK: usize = 16 << 10;

impl<R: Read> Text<R> {
    /// Reads as much as tells of a mark.
    pub(super) fn new(mut reader: R) -> io::Result<Self> {
        let mut head = Vec::new();
        reader.by_ref().take(3).read_to_end(&mut head)?;
        let (mark, wide) = match head.as_slice() {
            [0xef, 0xbb, 0xbf] => (3, None),
            [0xff, 0xfe, ..] => (2, Some(Endian::Little)),
            [0xfe, 0xff, ..] => (2, Some(Endian::Big)),
            _ => (0, None),
        };
        head.drain(..mark);
        let reader = io::Cursor::new(head).chain(reader);
        Ok(Self { reader, wide, start: mark as u64, raw: Vec::new(), recoded: io::Cursor::default() })
    }

    /// The position of the first byte of text.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    fn recode(&mut self, endian: Endian) -> io::Result<()> {
        // What is left of the last chunk is half a unit or half a pair.
        self.reader.by_ref().take(CHUNK as u64).read_to_end(&mut self.raw)?;
        let full = self.raw.len() >= CHUNK;
        let unit = |pair: &[u8]| match (endian, pair) {
            (Endian::Little, &[a, b]) => u16::from_le_bytes([a, b]),
            (Endian::Big, &[a, b]) => u16::from_be_bytes([a, b]),
            _ => 0xfffd,
        };
        let mut units: Vec<u16> = self.raw.chunks(2).map(unit).collect();
        let mut kept = 0;
        if full {
            if !self.raw.len().is_multiple_of(2) {
                kept = 1;
                units.pop();
            }
            if units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
                kept = if kept == 1 { 3 } else { 2 };
                units.pop();
            }
        }
        let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
        self.recoded = io::Cursor::new(text.into_bytes());
        let done = self.raw.len().saturating_sub(kept);
        self.raw.drain(..done);
        Ok(())
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(endian) = self.wide else { return self.reader.read(buf) };
        let count = self.recoded.read(buf)?;
        if count > 0 || buf.is_empty() {
            return Ok(count);
        }
        self.recode(endian)?;
        self.recoded.read(buf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_any_coding_is_the_same() {
        let text = "Übersicht 🚩 ".repeat(9000);
        let units: Vec<u16> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        for bytes in [format!("\u{feff}{text}").into_bytes(), text.clone().into_bytes(), little, big] {
            let mut read = String::new();
            Text::new(bytes.as_slice()).unwrap().read_to_string(&mut read).unwrap();
            assert!(read == text);
        }
    }

    #[test]
    fn half_a_unit_at_the_end_is_a_replacement() {
        let mut read = String::new();
        Text::new(&b"\xff\xfea\0\x3d\xd8b"[..]).unwrap().read_to_string(&mut read).unwrap();
        assert_eq!(read, "a\u{fffd}\u{fffd}");
    }
}
