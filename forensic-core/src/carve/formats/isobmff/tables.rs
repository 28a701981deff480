//! Sample tables: the place and size of each sample of a track (ISO/IEC 14496-12:2022, 8.7).

use super::boxes::{Header, children, first};
use crate::carve::{Break, Tape};

/// The sample tables of a track.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    chunks: Vec<u64>,
    /// First chunk, counted from 1, and samples a chunk, of each run of chunks.
    runs: Vec<(u32, u32)>,
    sizes: Sizes,
}

#[derive(Debug)]
enum Sizes {
    Constant(u32, u32),
    Each(Vec<u32>),
}

impl Default for Sizes {
    fn default() -> Self {
        Self::Constant(0, 0)
    }
}

/// Samples that lie one behind another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) offset: u64,
    pub(crate) first_sample: u64,
    pub(crate) samples: u64,
    pub(crate) size: u64,
}

/// A sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) offset: u64,
    pub(crate) size: u64,
}

impl Tables {
    /// Reads the tables in the box `stbl`.
    pub(crate) fn read(tape: &mut Tape, stbl: Header) -> Result<Self, Break> {
        let boxes = children(tape, stbl.body, stbl.end)?;
        let chunks = match (first(&boxes, b"stco"), first(&boxes, b"co64")) {
            (Some(stco), _) => numbers(tape, stco, 4, 4)?.map(be32).map(u64::from).collect(),
            (None, Some(co64)) => numbers(tape, co64, 4, 8)?.map(be64).collect(),
            (None, None) => return Err(Break::wrong(stbl.start, "chunk offsets")),
        };
        let stsc = first(&boxes, b"stsc").ok_or(Break::wrong(stbl.start, "samples of chunks"))?;
        let runs: Vec<(u32, u32)> =
            numbers(tape, stsc, 4, 12)?.map(|entry| (be32(entry), entry.get(4..).map_or(0, be32))).collect();
        if runs.windows(2).any(|pair| matches!(pair, [a, b] if a.0 >= b.0)) {
            return Err(Break::wrong(stsc.body, "samples of chunks"));
        }
        let sizes = match (first(&boxes, b"stsz"), first(&boxes, b"stz2")) {
            (Some(stsz), _) => match tape.be32(stsz.body.saturating_add(4))? {
                0 => Sizes::Each(numbers(tape, stsz, 8, 4)?.map(be32).collect()),
                size => Sizes::Constant(size, tape.be32(stsz.body.saturating_add(8))?),
            },
            (None, Some(stz2)) => Sizes::Each(compact(tape, stz2)?),
            (None, None) => return Err(Break::wrong(stbl.start, "sample sizes")),
        };
        Ok(Self { chunks, runs, sizes })
    }

    /// The chunks, in the order of the samples.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = Chunk> + '_ {
        let (mut run, mut first_sample) = (0usize, 0u64);
        self.chunks.iter().zip(1u64..).map(move |(offset, number)| {
            while self.runs.get(run.saturating_add(1)).is_some_and(|next| u64::from(next.0) <= number) {
                run = run.saturating_add(1);
            }
            let samples = self.runs.get(run).map_or(0, |entry| u64::from(entry.1));
            let samples = samples.min(self.count().saturating_sub(first_sample));
            let chunk = Chunk { offset: *offset, first_sample, samples, size: self.size(first_sample, samples) };
            first_sample = first_sample.saturating_add(samples);
            chunk
        })
    }

    /// The samples of `chunk`, where each has a size of its own; the chunk as one where all are of one size, as in sound.
    pub(crate) fn samples(&self, chunk: Chunk) -> impl Iterator<Item = Sample> + '_ {
        let sizes = match &self.sizes {
            Sizes::Constant(..) => [].iter(),
            Sizes::Each(sizes) => range(sizes, chunk.first_sample, chunk.samples).iter(),
        };
        let mut offset = chunk.offset;
        sizes.map(move |size| {
            let sample = Sample { offset, size: u64::from(*size) };
            offset = offset.saturating_add(sample.size);
            sample
        })
    }

    /// The samples of all chunks, but those of no bytes.
    pub(crate) fn all(&self) -> impl Iterator<Item = Sample> + '_ {
        let samples = self.chunks().filter(|chunk| chunk.size > 0).flat_map(|chunk| self.samples(chunk));
        samples.filter(|sample| sample.size > 0)
    }

    /// Number of samples.
    pub(crate) fn count(&self) -> u64 {
        match &self.sizes {
            Sizes::Constant(_, count) => u64::from(*count),
            Sizes::Each(sizes) => sizes.len() as u64,
        }
    }

    /// Where the last sample ends.
    pub(crate) fn end(&self) -> u64 {
        self.chunks().map(|chunk| chunk.offset.saturating_add(chunk.size)).max().unwrap_or(0)
    }

    fn size(&self, first: u64, samples: u64) -> u64 {
        match &self.sizes {
            Sizes::Constant(size, _) => samples.saturating_mul(u64::from(*size)),
            Sizes::Each(sizes) => range(sizes, first, samples).iter().map(|size| u64::from(*size)).sum(),
        }
    }
}

fn range(sizes: &[u32], first: u64, count: u64) -> &[u32] {
    let bound = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).min(sizes.len());
    sizes.get(bound(first)..bound(first.saturating_add(count))).unwrap_or(&[])
}

/// The entries of `width` bytes of the table `header`, whose number stands `count_at` bytes into its content.
fn numbers(tape: &mut Tape, header: Header, count_at: u64, width: usize) -> Result<impl Iterator<Item = &[u8]>, Break> {
    let place = header.body.saturating_add(count_at);
    let count = u64::from(tape.be32(place)?);
    let from = place.saturating_add(4);
    let length = count.saturating_mul(width as u64);
    if from.saturating_add(length) > header.end {
        return Err(Break::wrong(place, "number of table entries"));
    }
    let bytes = tape.bytes(from, usize::try_from(length).unwrap_or(usize::MAX))?;
    Ok(bytes.chunks_exact(width))
}

/// Sizes of 4, 8 or 16 bits.
fn compact(tape: &mut Tape, stz2: Header) -> Result<Vec<u32>, Break> {
    let bits = tape.byte(stz2.body.saturating_add(7))?;
    let count = tape.be32(stz2.body.saturating_add(8))?;
    let length = u64::from(count).saturating_mul(u64::from(bits)).div_ceil(8);
    let from = stz2.body.saturating_add(12);
    if !matches!(bits, 4 | 8 | 16) || from.saturating_add(length) > stz2.end {
        return Err(Break::wrong(stz2.body, "compact sample sizes"));
    }
    let bytes = tape.bytes(from, usize::try_from(length).unwrap_or(usize::MAX))?;
    let mut sizes: Vec<u32> = match bits {
        16 => bytes.chunks_exact(2).map(|two| two.iter().fold(0, |size, byte| size << 8 | u32::from(*byte))).collect(),
        8 => bytes.iter().map(|byte| u32::from(*byte)).collect(),
        _ => bytes.iter().flat_map(|byte| [u32::from(byte >> 4), u32::from(byte & 15)]).collect(),
    };
    sizes.truncate(usize::try_from(count).unwrap_or(usize::MAX));
    Ok(sizes)
}

fn be32(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn be64(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
