//! Builders of picture files: whole ones, and such as nobody but an attacker writes.

use crate::corpus;
use forensic_core::bytes::Source;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use std::{io::Cursor, sync::Arc};

/// The drawing of `tests/fixtures/pictures/make.py`.
pub fn drawn() -> RgbImage {
    RgbImage::from_fn(32, 24, |x, y| Rgb([(x * 8) as u8, (y * 10) as u8, ((x / 4 + y / 4) % 2 * 200) as u8]))
}

pub fn drawing(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
        Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, ((x / 9 + y / 7) % 2 * 200) as u8])
    }))
}

pub fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

/// A source, its bytes kept as a seed of a fuzz target.
pub fn source(bytes: Vec<u8>) -> Source {
    if bytes.len() < 100_000 {
        corpus::seed("pictures", &bytes);
        corpus::seed("picture_info", &bytes);
    }
    Arc::new(bytes)
}

/// A file of `tests/fixtures/pictures`.
pub fn fixture(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pictures");
    std::fs::read(folder.join(name)).unwrap()
}

pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// A chunk of PNG.
pub fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = (body.len() as u32).to_be_bytes().to_vec();
    bytes.extend_from_slice(name);
    bytes.extend_from_slice(body);
    let checksum = crc32(&bytes[4..]);
    bytes.extend_from_slice(&checksum.to_be_bytes());
    bytes
}

/// A PNG of grey, 8 bits, whose compressed rows are `data`.
pub fn png(width: u32, height: u32, data: &[u8]) -> Vec<u8> {
    let mut header = width.to_be_bytes().to_vec();
    header.extend_from_slice(&height.to_be_bytes());
    header.extend_from_slice(&[8, 0, 0, 0, 0]);
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header), chunk(b"IDAT", data), chunk(b"IEND", b"")].concat()
}

/// A chunk of RIFF.
pub fn riff(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = name.to_vec();
    bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
    bytes.extend_from_slice(body);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

/// A box of ISO-BMFF.
pub fn iso(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = (body.len() as u32 + 8).to_be_bytes().to_vec();
    bytes.extend_from_slice(name);
    bytes.extend_from_slice(body);
    bytes
}

/// A segment of JPEG.
pub fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xff, marker];
    bytes.extend_from_slice(&(body.len() as u16 + 2).to_be_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// A JPEG with segments put behind its first marker.
pub fn jpeg_with(segments: &[Vec<u8>]) -> Vec<u8> {
    let jpeg = encoded(&drawing(48, 32), ImageFormat::Jpeg);
    [&jpeg[..2], &segments.concat(), &jpeg[2..]].concat()
}

/// A value of a TIFF directory.
pub enum Value {
    Byte(Vec<u8>),
    Text(&'static str),
    Short(Vec<u16>),
    Long(Vec<u32>),
    Fraction(Vec<(u32, u32)>),
    Undefined(Vec<u8>),
    /// Offset of bytes that stand behind all directories.
    Place(Vec<u8>),
    Directory(Vec<(u16, Value)>),
}

/// A TIFF structure of little or big endian: the directories of a chain.
pub struct Tiff {
    big: bool,
    bytes: Vec<u8>,
}

impl Tiff {
    pub fn file(big: bool, chain: &[Vec<(u16, Value)>]) -> Vec<u8> {
        let mut tiff =
            Self { big, bytes: if big { b"MM\0\x2a\0\0\0\x08".to_vec() } else { b"II\x2a\0\x08\0\0\0".to_vec() } };
        for (number, directory) in chain.iter().enumerate() {
            let next = tiff.directory(directory);
            if number + 1 < chain.len() {
                let place = tiff.bytes.len() as u32;
                tiff.put(next, place);
            }
        }
        tiff.bytes
    }

    fn number<const N: usize>(&self, mut little: [u8; N]) -> [u8; N] {
        if self.big {
            little.reverse();
        }
        little
    }

    fn put(&mut self, at: usize, number: u32) {
        let number = self.number(number.to_le_bytes());
        self.bytes[at..at + 4].copy_from_slice(&number);
    }

    /// Appends a directory and its values; gives where the offset of the next stands.
    fn directory(&mut self, entries: &[(u16, Value)]) -> usize {
        let start = self.bytes.len();
        self.bytes.extend(self.number((entries.len() as u16).to_le_bytes()));
        self.bytes.resize(start + 2 + 12 * entries.len() + 4, 0);
        for (number, (tag, value)) in entries.iter().enumerate() {
            let at = start + 2 + 12 * number;
            let shorts = |tiff: &Self, values: &[u16]| {
                values.iter().flat_map(|value| tiff.number(value.to_le_bytes())).collect()
            };
            let longs = |tiff: &Self, values: &[u32]| {
                values.iter().flat_map(|value| tiff.number(value.to_le_bytes())).collect()
            };
            let (kind, count, bytes): (u16, usize, Vec<u8>) = match value {
                Value::Byte(bytes) => (1, bytes.len(), bytes.clone()),
                Value::Text(text) => (2, text.len() + 1, [text.as_bytes(), b"\0"].concat()),
                Value::Short(values) => (3, values.len(), shorts(self, values)),
                Value::Long(values) => (4, values.len(), longs(self, values)),
                Value::Fraction(values) => {
                    let flat: Vec<u32> = values.iter().flat_map(|(over, under)| [*over, *under]).collect();
                    (5, values.len(), longs(self, &flat))
                }
                Value::Undefined(bytes) => (7, bytes.len(), bytes.clone()),
                Value::Place(bytes) => {
                    let place = self.bytes.len() as u32;
                    self.bytes.extend_from_slice(bytes);
                    (4, 1, self.number(place.to_le_bytes()).to_vec())
                }
                Value::Directory(entries) => {
                    let place = self.bytes.len() as u32;
                    self.directory(entries);
                    (4, 1, self.number(place.to_le_bytes()).to_vec())
                }
            };
            let place = if bytes.len() > 4 {
                let place = self.bytes.len() as u32;
                self.bytes.extend_from_slice(&bytes);
                self.number(place.to_le_bytes()).to_vec()
            } else {
                bytes
            };
            let (tag, kind, count) = (
                self.number(tag.to_le_bytes()),
                self.number(kind.to_le_bytes()),
                self.number((count as u32).to_le_bytes()),
            );
            let entry: Vec<u8> = [&tag[..], &kind, &count, &place].concat();
            self.bytes[at..at + entry.len()].copy_from_slice(&entry);
        }
        start + 2 + 12 * entries.len()
    }
}

/// A TIFF of one strip of red, green and blue.
pub fn rgb_tiff(picture: &RgbImage) -> Vec<u8> {
    let bytes = picture.as_raw().clone();
    Tiff::file(
        false,
        &[vec![
            (0x100, Value::Long(vec![picture.width()])),
            (0x101, Value::Long(vec![picture.height()])),
            (0x102, Value::Short(vec![8, 8, 8])),
            (0x103, Value::Short(vec![1])),
            (0x106, Value::Short(vec![2])),
            (0x117, Value::Long(vec![bytes.len() as u32])),
            (0x111, Value::Place(bytes)),
            (0x115, Value::Short(vec![3])),
            (0x116, Value::Long(vec![picture.height()])),
        ]],
    )
}
