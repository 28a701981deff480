//! Carving, one part a family of formats.

mod documents;
mod heif;
mod jpeg;
mod pass;
mod pictures;
mod runs;
mod slack;
mod stores;
mod video;
mod webp;

use flate2::read::GzDecoder;
use forensic_core::{Error, bytes::ReadAt, carve::Carved};
use std::{io::Read, ops::Range, sync::Arc};

/// The files of an archive made by `tar --gzip`, by name.
fn unpacked(packed: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut tar = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut tar).unwrap();
    let (mut at, mut files) = (0, Vec::new());
    while tar[at] != 0 {
        let text = |from: usize, to: usize| String::from_utf8(tar[at + from..at + to].to_vec()).unwrap();
        let name = text(0, 100).trim_end_matches('\0').to_owned();
        let size = usize::from_str_radix(text(124, 135).trim(), 8).unwrap();
        files.push((name, tar[at + 512..at + 512 + size].to_vec()));
        at += 512 + size.next_multiple_of(512);
    }
    files
}

fn named<'a>(files: &'a [(String, Vec<u8>)], name: &str) -> &'a [u8] {
    &files.iter().find(|(other, _)| other == name).unwrap().1
}

/// A picture of one pixel: its codes are walked to their end.
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// Bytes without a pattern, the same for the same seed.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn in_noise(before: usize, file: &[u8], seed: u64) -> Vec<u8> {
    [noise(before, seed), file.to_vec(), noise(3000, seed ^ 5)].concat()
}

fn content(file: &Carved) -> Vec<u8> {
    file.open().read_vec(0, file.size).unwrap()
}

/// A medium some bytes of which cannot be read.
struct Bad(Vec<u8>, Range<u64>);

impl ReadAt for Bad {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), Error> {
        if offset < self.1.end && offset + buffer.len() as u64 > self.1.start {
            let source = Arc::new(std::io::Error::other("bad sector"));
            return Err(Error::Unreadable { offset, length: buffer.len() as u64, source });
        }
        self.0.read_at(offset, buffer)
    }
}
