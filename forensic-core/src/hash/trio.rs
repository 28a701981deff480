//! MD5, SHA-1 and SHA-256 together: three algorithms of one construction (Merkle and Damgård's), whose blocks are of one
//! size, so that one walk over the blocks of a stream feeds all of them.

use super::{Algorithm, Digests, compress::compress};

/// Bytes of a block of all three.
pub(super) const BLOCK: usize = 64;

/// Which of the three are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) md5: bool,
    pub(super) sha1: bool,
    pub(super) sha256: bool,
}

impl Asked {
    pub(super) fn new(algorithms: &[Algorithm]) -> Self {
        let has = |algorithm| algorithms.contains(&algorithm);
        Self { md5: has(Algorithm::Md5), sha1: has(Algorithm::Sha1), sha256: has(Algorithm::Sha256) }
    }

    pub(super) fn any(self) -> bool {
        self.md5 || self.sha1 || self.sha256
    }
}

/// The chaining values, those of algorithms that are not asked for too: they stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct States {
    pub(super) md5: [u32; 4],
    pub(super) sha1: [u32; 5],
    pub(super) sha256: [u32; 8],
}

impl States {
    /// RFC 1321, section 3.3; FIPS 180-4, sections 5.3.1 and 5.3.3.
    pub(super) const START: Self = Self {
        md5: [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476],
        sha1: [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0],
        sha256: [
            0x6a09_e667,
            0xbb67_ae85,
            0x3c6e_f372,
            0xa54f_f53a,
            0x510e_527f,
            0x9b05_688c,
            0x1f83_d9ab,
            0x5be0_cd19,
        ],
    };
}

/// Those of the three that are asked for, of bytes given piece by piece.
#[derive(Debug, Clone)]
pub(super) struct Trio {
    asked: Asked,
    states: States,
    /// Bytes given so far; those behind the last full block are in `tail`.
    length: u64,
    tail: [u8; BLOCK],
}

impl Trio {
    pub(super) fn new(asked: Asked) -> Self {
        Self::resume(asked, States::START, 0)
    }

    /// Goes on behind `length` bytes, a whole number of blocks, that led to these chaining values.
    pub(super) fn resume(asked: Asked, states: States, length: u64) -> Self {
        Self { asked, states, length, tail: [0; BLOCK] }
    }

    pub(super) fn any(&self) -> bool {
        self.asked.any()
    }

    /// Bytes in `tail`.
    fn filled(&self) -> usize {
        (self.length % BLOCK as u64) as usize
    }

    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        if !self.asked.any() {
            return;
        }
        let filled = self.filled();
        self.length = self.length.wrapping_add(bytes.len() as u64);
        if filled > 0 {
            let (head, behind) = bytes.split_at(bytes.len().min(BLOCK - filled));
            self.tail[filled..filled + head.len()].copy_from_slice(head);
            if filled + head.len() < BLOCK {
                return;
            }
            compress(self.asked, &mut self.states, &[self.tail]);
            bytes = behind;
        }
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        compress(self.asked, &mut self.states, blocks);
        self.tail[..rest.len()].copy_from_slice(rest);
    }

    /// Pads (RFC 1321, section 3.1; FIPS 180-4, section 5.1.1) and writes the digests that are asked for.
    pub(super) fn finish(mut self, digests: &mut Digests) {
        if !self.asked.any() {
            return;
        }
        let filled = self.filled();
        let mut last = [[0; BLOCK]; 2];
        last[0][..filled].copy_from_slice(&self.tail[..filled]);
        last[0][filled] = 0x80;
        let count = if filled < BLOCK - 8 { 1 } else { 2 };
        let bits = self.length.wrapping_mul(8);
        let mut pad = |asked: Asked, length: [u8; 8]| {
            last[count - 1][BLOCK - 8..].copy_from_slice(&length);
            compress(asked, &mut self.states, &last[..count]);
        };
        // The only difference: MD5 counts the bits in little-endian.
        if self.asked.md5 {
            pad(Asked { md5: true, sha1: false, sha256: false }, bits.to_le_bytes());
        }
        if self.asked.sha1 || self.asked.sha256 {
            pad(Asked { md5: false, ..self.asked }, bits.to_be_bytes());
        }
        digests.md5 = self.asked.md5.then(|| bytes(self.states.md5.map(u32::to_le_bytes).as_flattened()));
        digests.sha1 = self.asked.sha1.then(|| bytes(self.states.sha1.map(u32::to_be_bytes).as_flattened()));
        digests.sha256 = self.asked.sha256.then(|| bytes(self.states.sha256.map(u32::to_be_bytes).as_flattened()));
    }
}

fn bytes<const N: usize>(words: &[u8]) -> [u8; N] {
    std::array::from_fn(|index| words[index])
}
