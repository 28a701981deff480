//! Chunks: finding, inflating and checking them (EWF specification, "Data chunk").

use super::{
    segment::SegmentFile,
    table::{Place, Table},
};
use crate::{
    bytes::{ReadAt, check_bounds},
    error::{Error, Result},
};
use flate2::{Decompress, FlushDecompress, Status};
use std::{
    cell::Cell,
    num::{NonZeroU32, NonZeroU64},
    sync::Arc,
};

/// Reads that span at least so many chunks are split over threads.
const PARALLEL: usize = 64;

/// Buffers above this size are not kept from one chunk to the next.
const KEPT_BUFFER: usize = 4 << 20;

/// All chunks of an image, as the bytes they hold. Nothing is cached.
pub(super) struct Chunks {
    pub(super) segments: Vec<SegmentFile>,
    /// Each table with the number of its first chunk, in order and without overlap.
    pub(super) tables: Vec<(u64, Table)>,
    pub(super) chunk_size: NonZeroU32,
    /// Bytes of the medium.
    pub(super) size: u64,
}

/// What a thread keeps from one chunk to the next.
struct Worker {
    inflate: Decompress,
    stored: Vec<u8>,
    whole: Vec<u8>,
}

impl Default for Worker {
    fn default() -> Self {
        Self { inflate: Decompress::new(true), stored: Vec::new(), whole: Vec::new() }
    }
}

thread_local! {
    /// Taken out while in use: the segment file may itself lie in an EWF image.
    static WORKER: Cell<Option<Worker>> = const { Cell::new(None) };
}

impl Chunks {
    /// Byte offset on the medium at which a chunk begins.
    fn start_of(&self, chunk: u64) -> u64 {
        chunk.saturating_mul(self.chunk_size.get().into())
    }

    /// Bytes of any chunk but the last.
    fn full_length(&self) -> usize {
        usize::try_from(self.chunk_size.get()).unwrap_or(usize::MAX)
    }

    fn length_of(&self, chunk: u64) -> usize {
        let left = self.size.saturating_sub(self.start_of(chunk));
        usize::try_from(left).unwrap_or(usize::MAX).min(self.full_length())
    }

    /// Reads on this thread.
    fn read_serially(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let mut worker = WORKER.take().unwrap_or_default();
        let chunk_size = NonZeroU64::from(self.chunk_size);
        let (mut at, mut rest) = (offset, buf);
        let mut result = Ok(());
        while !rest.is_empty() && result.is_ok() {
            let (chunk, inside) = (at / chunk_size, usize::try_from(at % chunk_size).unwrap_or(0));
            let length = self.length_of(chunk);
            let count = length.saturating_sub(inside).min(rest.len());
            let (now, later) = std::mem::take(&mut rest).split_at_mut(count);
            result = if count == length {
                self.load(chunk, now, &mut worker)
            } else {
                let mut whole = vec![0; length];
                self.load(chunk, &mut whole, &mut worker).map(|()| {
                    now.copy_from_slice(whole.get(inside..inside.saturating_add(count)).unwrap_or_default());
                })
            };
            rest = later;
            at = at.saturating_add(count as u64);
        }
        if worker.stored.capacity().max(worker.whole.capacity()) <= KEPT_BUFFER {
            WORKER.set(Some(worker));
        }
        result
    }

    /// Splits a read over the processors, at bounds of chunks. The first error in order of offset is the result.
    fn read_in_parallel(&self, offset: u64, buf: &mut [u8], threads: usize) -> Result<()> {
        let chunks = buf.len().div_ceil(self.full_length());
        let part = chunks.div_ceil(threads.max(1)).saturating_mul(self.full_length()).max(1);
        std::thread::scope(|scope| {
            let parts = (offset..).step_by(part).zip(buf.chunks_mut(part));
            let readers: Vec<_> = parts.map(|(at, part)| scope.spawn(move || self.read_serially(at, part))).collect();
            // All are waited for before the first error counts, so that no thread outlives the read.
            let results: Vec<Result<()>> = readers
                .into_iter()
                .map(|reader| reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect();
            results.into_iter().collect()
        })
    }

    /// Fills `out`, which is as long as the chunk, with chunk `chunk`.
    fn load(&self, chunk: u64, out: &mut [u8], worker: &mut Worker) -> Result<()> {
        let medium_offset = self.start_of(chunk);
        let index = self.tables.partition_point(|(first, _)| *first <= chunk).checked_sub(1);
        let found = index.and_then(|index| self.tables.get(index)).and_then(|(first, table)| {
            let place = table.place(usize::try_from(chunk.saturating_sub(*first)).ok()?)?;
            Some((self.segments.get(table.segment)?, place, table.data_end()))
        });
        let Some((segment, place, data_end)) = found else {
            return Err(Error::corrupt("EWF chunk", medium_offset, "an entry in a table", "none"));
        };
        let first_try = self.load_from(segment, place, out, worker);
        // The end comes from the next chunk's entry: where that one is damaged, this chunk may be whole all the same.
        let result = match first_try {
            Err(_) if place.end < data_end => {
                self.load_from(segment, Place { end: data_end, ..place }, out, worker).or(first_try)
            }
            other => other,
        };
        result.map_err(|damage| match damage {
            Damage::Read(Error::Unreadable { source, .. }) => {
                Error::Unreadable { offset: medium_offset, length: out.len() as u64, source }
            }
            Damage::Read(error) => Error::corrupt("EWF chunk", medium_offset, "its stored bytes", error),
            Damage::Content(expected, found) => {
                let found = format!("{found} (segment {}, byte {})", segment.number, place.start);
                Error::corrupt("EWF chunk", medium_offset, expected, found)
            }
        })
    }

    fn load_from(
        &self,
        segment: &SegmentFile,
        place: Place,
        out: &mut [u8],
        worker: &mut Worker,
    ) -> std::result::Result<(), Damage> {
        // Deflate never grows a chunk by more than this; EnCase stores what does not shrink.
        let slack = if place.compressed { (self.full_length() / 8).saturating_add(1024) } else { 4 };
        let most = self.full_length().saturating_add(slack);
        let length = usize::try_from(place.end.saturating_sub(place.start)).unwrap_or(usize::MAX).min(most);
        if place.start >= segment.source.len() || length == 0 {
            return Err(Damage::content("an offset in the segment file", place.start));
        }
        worker.stored.resize(length, 0);
        segment.source.read_at(place.start, &mut worker.stored).map_err(Damage::Read)?;
        if !place.compressed {
            return copy_checked(&worker.stored, out);
        }
        if out.len() == self.full_length() {
            return inflate(&mut worker.inflate, &worker.stored, out).and_then(|length| enough(length, out.len()));
        }
        // The last chunk may be stored at its full length.
        worker.whole.resize(self.full_length(), 0);
        let length = inflate(&mut worker.inflate, &worker.stored, &mut worker.whole)?;
        enough(length, out.len())?;
        out.copy_from_slice(worker.whole.get(..out.len()).unwrap_or_default());
        Ok(())
    }
}

/// Why a chunk could not be had.
enum Damage {
    Read(Error),
    /// What was expected, and what was found.
    Content(String, String),
}

impl Damage {
    fn content(expected: impl ToString, found: impl ToString) -> Self {
        Self::Content(expected.to_string(), found.to_string())
    }
}

fn enough(length: usize, expected: usize) -> std::result::Result<(), Damage> {
    if length < expected {
        return Err(Damage::content(format!("{expected} bytes inflated"), length));
    }
    Ok(())
}

/// Inflates all of `stored` into `out`, which it must not exceed, and checks the stream's own checksum.
fn inflate(inflate: &mut Decompress, stored: &[u8], out: &mut [u8]) -> std::result::Result<usize, Damage> {
    inflate.reset(true);
    match inflate.decompress(stored, out, FlushDecompress::Finish) {
        Ok(Status::StreamEnd) => Ok(usize::try_from(inflate.total_out()).unwrap_or(usize::MAX)),
        Ok(_) if inflate.total_out() >= out.len() as u64 => {
            Err(Damage::content(format!("at most {} bytes inflated", out.len()), "more"))
        }
        Ok(_) => Err(Damage::content("a whole zlib stream", "its end missing")),
        Err(error) => Err(Damage::content("a zlib stream", error)),
    }
}

/// Copies an uncompressed chunk after comparing the checksum behind it. The last chunk may be stored at its full length.
fn copy_checked(stored: &[u8], out: &mut [u8]) -> std::result::Result<(), Damage> {
    let full = stored.len().saturating_sub(4);
    for length in [full, out.len()] {
        let Some((data, checksum)) = stored.split_at_checked(length) else { continue };
        let Some(checksum) = checksum.first_chunk().copied().map(u32::from_le_bytes) else { continue };
        if let Some(data_wanted) = data.get(..out.len())
            && simd_adler32::adler32(&data) == checksum
        {
            out.copy_from_slice(data_wanted);
            return Ok(());
        }
    }
    if full < out.len() {
        return Err(Damage::content(format!("{} bytes and a checksum", out.len()), stored.len()));
    }
    Err(Damage::content("the checksum behind the chunk", "another one"))
}

impl ReadAt for Chunks {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_bounds(offset, buf.len() as u64, self.size)?;
        let begins_a_chunk = offset.is_multiple_of(self.chunk_size.get().into());
        if begins_a_chunk && buf.len() >= self.full_length().saturating_mul(PARALLEL) {
            let threads = crate::parallel::available_threads();
            if threads > 1 {
                return self.read_in_parallel(offset, buf, threads);
            }
        }
        self.read_serially(offset, buf)
    }
}

impl ReadAt for Arc<Chunks> {
    fn len(&self) -> u64 {
        (**self).len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        (**self).read_at(offset, buf)
    }
}
