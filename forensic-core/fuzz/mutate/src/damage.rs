//! The N-th damage of an image: bit flips, zeroed and swapped sectors, fields at their extremes, a missing end; most of it
//! where the listing of the image reads, which is where its metadata lies.

use crate::{
    overlay::{Overlay, Recording, SECTOR},
    reading,
};
use forensic_core::{
    Result,
    bytes::{ReadAt, Source},
    evidence::Evidence,
};
use std::{
    path::Path,
    sync::{Arc, Mutex},
};

/// An image, and where its metadata lies.
pub struct Image {
    pub source: Source,
    seed: u64,
    /// What the listing reads: first sector, and the one after the last.
    reads: Vec<(u64, u64)>,
}

/// A damaged copy, and what was done to it.
pub struct Damaged {
    pub source: Overlay,
    pub what: String,
}

impl Image {
    pub fn open(path: &Path, seed: u64) -> Result<Self> {
        let source = Evidence::open(path)?.stream();
        let reads = Arc::new(Mutex::default());
        let recording: Source = Arc::new(Recording { image: source.clone(), reads: reads.clone() });
        for filesystem in reading::filesystems(&recording) {
            reading::list(&filesystem);
        }
        let reads = reads.lock().unwrap_or_else(std::sync::PoisonError::into_inner).iter().copied().collect();
        Ok(Self { source, seed, reads })
    }

    pub fn damaged(&self, number: u64) -> Damaged {
        let mut random =
            Random(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03));
        let mut damaged = Damaged { source: Overlay::new(self.source.clone()), what: String::new() };
        for _ in 0..1 + random.below(6) {
            let what = self.damage(&mut damaged.source, &mut random);
            if !damaged.what.is_empty() {
                damaged.what.push_str(", ");
            }
            damaged.what.push_str(&what);
        }
        damaged
    }

    fn damage(&self, image: &mut Overlay, random: &mut Random) -> String {
        let sector = self.place(random);
        match random.below(20) {
            0..6 => {
                let flips = 1 + random.below(48);
                for _ in 0..flips {
                    let (byte, bit) = (random.below(SECTOR) as usize, random.below(8));
                    if let Some(bytes) = image.sector(sector) {
                        bytes[byte] ^= 1 << bit;
                    }
                }
                format!("{flips} bits of sector {sector} flipped")
            }
            6..9 => {
                let count = 1 + random.below(16);
                (sector..sector + count)
                    .for_each(|number| image.sector(number).into_iter().for_each(|bytes| bytes.fill(0)));
                format!("{count} sectors from {sector} on zeroed")
            }
            9..12 => {
                let other = self.place(random);
                if let (Some(one), Some(two)) = (image.sector(sector).copied(), image.sector(other).copied()) {
                    image.sectors.extend([(sector, two), (other, one)]);
                }
                format!("sectors {sector} and {other} swapped")
            }
            12..19 => {
                let width = 1usize << random.below(4);
                let fields = 1 + random.below(4);
                let mut places = Vec::new();
                for _ in 0..fields {
                    let at = random.below(SECTOR / width as u64) as usize * width;
                    let value = [u64::MAX, u64::MAX >> 1, 1 << 63, 0][random.below(4) as usize].to_be_bytes();
                    if let Some(bytes) = image.sector(sector) {
                        // Little-endian fields are the most; the other order gets its extremes by chance.
                        bytes[at..at + width]
                            .iter_mut()
                            .zip(value[..width].iter().rev())
                            .for_each(|(to, from)| *to = *from);
                    }
                    places.push(at);
                }
                format!("fields of {width} bytes at {places:?} of sector {sector} at their extremes")
            }
            _ => {
                image.length = image.length.min(random.below(self.source.len().max(1)));
                format!("cut to {} bytes", image.length)
            }
        }
    }

    /// A sector: mostly one that the listing reads, small reads as likely as large ones.
    fn place(&self, random: &mut Random) -> u64 {
        let everywhere = (self.source.len() / SECTOR).max(1);
        if self.reads.is_empty() || random.below(20) < 3 {
            return random.below(everywhere);
        }
        let (first, end) = self.reads[random.below(self.reads.len() as u64) as usize];
        // Large reads sweep over much that is empty: of a few sectors, the first with something in it.
        let mut sector = first;
        for _ in 0..8 {
            sector = first + random.below((end - first).max(1));
            let mut bytes = [0; SECTOR as usize];
            if self.source.read_at(sector * SECTOR, &mut bytes).is_ok() && bytes.iter().any(|byte| *byte != 0) {
                break;
            }
        }
        sector
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}
