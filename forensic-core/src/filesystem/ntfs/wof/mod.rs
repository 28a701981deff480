//! Files that the Windows overlay filter has packed (CompactOS): their content is in the stream "WofCompressedData".
//!
//! The reparse point holds a WOF_EXTERNAL_INFO and a FILE_PROVIDER_EXTERNAL_INFO (Windows Driver Kit, `ntifs.h`); the
//! stream is laid out as a compressed resource of a WIM file: the offsets of all chunks but the first, counted from the
//! table's end, then the chunks; one as long as it unpacks to is stored as it is.
//!
//! The unpackers are our own. Of the crates at hand, `lzxd` 0.2 reads the LZX of cabinets and patches (a header bit, block
//! sizes of 24 bits, 16-bit padding every 32 KiB), not that of WIM; `xpress-huffman` 0.1 is right and did not panic on
//! damage, but has a quarter of the speed, and would leave LZX, Huffman codes and bit reader to be written all the same.

mod huffman;
mod lzx;
mod xpress;

use crate::{
    bytes::{Extent, ExtentKind, Fields, ReadAt, Source, check_bounds},
    error::{Error, Result},
    filesystem::stored::{Form, Unit, Units},
};
use std::sync::{Arc, Mutex, PoisonError};

/// The stream that holds the packed content, in UTF-8.
pub(super) const STREAM: &str = "WofCompressedData";
const CHUNK_STRUCTURE: &str = "WofCompressedData chunk";
/// Chunks whose table entries are read at once.
const WINDOW_CHUNKS: u64 = 1024;

/// How the content of a file is packed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packing {
    /// As `compact.exe` names it.
    pub(super) name: &'static str,
    /// Bytes a chunk unpacks to.
    chunk: u64,
    unpack: fn(&[u8], usize) -> Result<Vec<u8>, &'static str>,
}

const XPRESS4K: Packing = Packing { name: "xpress4k", chunk: 4 << 10, unpack: xpress::unpack };
const XPRESS8K: Packing = Packing { name: "xpress8k", chunk: 8 << 10, unpack: xpress::unpack };
const XPRESS16K: Packing = Packing { name: "xpress16k", chunk: 16 << 10, unpack: xpress::unpack };
const LZX: Packing = Packing { name: "lzx", chunk: lzx::WINDOW as u64, unpack: lzx::unpack };

impl Packing {
    /// Reads the data of a reparse point, which stand behind its header of eight bytes.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for content that lies in a WIM file, and for what no version known here writes.
    pub(super) fn parse(fields: &Fields<'_>) -> Result<Self> {
        match (fields.u32(8)?, fields.u32(12)?) {
            (1, 1) => return Err(Error::unsupported("content that lies in a WIM file (Windows overlay filter)")),
            (1, 2) => {}
            (version, provider) => {
                let what = format!("version {version}, provider {provider} of the Windows overlay filter");
                return Err(Error::unsupported(what));
            }
        }
        match (fields.u32(16)?, fields.u32(20)?) {
            (1, 0) => Ok(XPRESS4K),
            (1, 1) => Ok(LZX),
            (1, 2) => Ok(XPRESS8K),
            (1, 3) => Ok(XPRESS16K),
            (version, algorithm) => {
                let what = format!("compression {algorithm}, version {version} of the Windows overlay filter");
                Err(Error::unsupported(what))
            }
        }
    }

    /// The `size` bytes that the stream `packed` holds.
    pub(super) fn content(self, packed: Source, size: u64) -> Source {
        Arc::new(Content { packing: self, packed, size, last: Mutex::default() })
    }
}

/// Packed content as bytes. The table of chunks is read where it is needed, so that a file of any size costs no memory.
struct Content {
    packing: Packing,
    packed: Source,
    size: u64,
    /// The window read last, by its number.
    last: Mutex<Option<(u64, Arc<Units>)>>,
}

impl Content {
    fn chunks(&self) -> u64 {
        self.size.div_ceil(self.packing.chunk)
    }

    /// Bytes a window unpacks to.
    fn window_bytes(&self) -> u64 {
        self.packing.chunk.saturating_mul(WINDOW_CHUNKS)
    }

    /// Where the chunks from `first` on begin, counted from the beginning of the stream, and where the last one ends.
    fn places(&self, first: u64, count: u64) -> Result<Vec<u64>> {
        let width = if self.size >> 32 == 0 { 4u64 } else { 8 };
        let table = self.chunks().saturating_sub(1).saturating_mul(width);
        // The table leaves out the first chunk, which begins at 0, and the end of the last.
        let entries = first.saturating_sub(1)..first.saturating_add(count).min(self.chunks().saturating_sub(1));
        let bytes = entries.end.saturating_sub(entries.start).saturating_mul(width);
        let at = entries.start.saturating_mul(width);
        // Without this, a table of nothing would promise chunks without end.
        if self.packed.locate(at, bytes).iter().any(|extent| extent.kind == ExtentKind::Sparse) {
            let at = self.packed.medium_offset(at);
            return Err(Error::corrupt("WofCompressedData", at, "a table of chunks", "a hole"));
        }
        let bytes = self.packed.read_vec(at, bytes)?;
        let offset = |entry: &[u8]| match entry {
            [a, b, c, d] => u64::from(u32::from_le_bytes([*a, *b, *c, *d])),
            wide => wide.try_into().map_or(0, u64::from_le_bytes),
        };
        let listed = bytes.chunks_exact(width as usize).map(|entry| table.saturating_add(offset(entry)));
        let before = (first == 0).then_some(table);
        let behind = (first.saturating_add(count) >= self.chunks()).then(|| self.packed.len());
        Ok(before.into_iter().chain(listed).chain(behind).collect())
    }

    fn window(&self, number: u64) -> Result<Arc<Units>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, units)) = last.filter(|(of, _)| *of == number) {
            return Ok(units);
        }
        let first = number.saturating_mul(WINDOW_CHUNKS);
        let count = WINDOW_CHUNKS.min(self.chunks().saturating_sub(first));
        let places = self.places(first, count)?;
        let units = places.windows(2).zip(first..).map(|(place, chunk)| {
            let length = self.packing.chunk.min(self.size.saturating_sub(chunk.saturating_mul(self.packing.chunk)));
            let (offset, end) = (place.first().copied().unwrap_or(0), place.last().copied().unwrap_or(0));
            let stored = end.checked_sub(offset).filter(|stored| *stored <= length && end <= self.packed.len());
            Unit {
                length,
                form: match stored {
                    Some(stored) if stored == length => Form::AsIs(offset),
                    Some(stored) => Form::Packed { offset, length: stored, unpacked: length, skip: 0 },
                    // A place that cannot be: the chunk is not there, and says so when it is read.
                    None => {
                        let offset = offset.min(self.packed.len());
                        Form::Packed { offset, length: 0, unpacked: length, skip: 0 }
                    }
                },
            }
        });
        let unpack = self.packing.unpack;
        let unpack = Box::new(move |packed: &[u8], length: usize| match packed {
            [] => Err("no place in the table of chunks".to_owned()),
            packed => unpack(packed, length).map_err(str::to_owned),
        });
        let units = Arc::new(Units::new(self.packed.clone(), units, CHUNK_STRUCTURE, unpack));
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((number, units.clone()));
        Ok(units)
    }

    /// Calls `visit` with each window that `offset .. offset + length` meets, its start, and the range met.
    fn windows(
        &self,
        offset: u64,
        length: u64,
        mut visit: impl FnMut(Result<Arc<Units>>, u64, u64, u64) -> Result<()>,
    ) -> Result<()> {
        let end = offset.saturating_add(length).min(self.size);
        let mut at = offset;
        while at < end {
            let number = at.checked_div(self.window_bytes()).unwrap_or(0);
            let start = number.saturating_mul(self.window_bytes());
            let next = start.saturating_add(self.window_bytes()).min(end);
            visit(self.window(number), start, at, next)?;
            at = next;
        }
        Ok(())
    }
}

impl ReadAt for Content {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_bounds(offset, buf.len() as u64, self.size)?;
        let length = buf.len() as u64;
        let mut rest = buf;
        self.windows(offset, length, |units, start, from, to| {
            // A window's part is never longer than the buffer, so its length fits usize.
            let (now, later) = std::mem::take(&mut rest).split_at_mut(to.saturating_sub(from) as usize);
            rest = later;
            units?.read_at(from.saturating_sub(start), now)
        })
    }

    /// Ends where the table of chunks cannot be read.
    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        let mut extents = Vec::new();
        let _ = self.windows(offset, length, |units, start, from, to| {
            for mut extent in units?.locate(from.saturating_sub(start), to.saturating_sub(from)) {
                extent.stream_offset = extent.stream_offset.saturating_add(start);
                extents.push(extent);
            }
            Ok(())
        });
        extents
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &[u8] = include_bytes!("../../../../tests/fixtures/wof/plain");
    /// Packed by wimlib: see `make.py` beside them.
    const PACKED: [(Packing, &[u8]); 4] = [
        (XPRESS4K, include_bytes!("../../../../tests/fixtures/wof/xpress4k")),
        (XPRESS8K, include_bytes!("../../../../tests/fixtures/wof/xpress8k")),
        (XPRESS16K, include_bytes!("../../../../tests/fixtures/wof/xpress16k")),
        (LZX, include_bytes!("../../../../tests/fixtures/wof/lzx")),
    ];

    #[test]
    fn what_an_independent_packer_packed_is_unpacked() {
        for (packing, packed) in PACKED {
            let content = packing.content(Arc::new(packed.to_vec()), PLAIN.len() as u64);
            assert!(content.read_vec(0, content.len()).unwrap() == PLAIN, "{}", packing.name);
            for at in [0, 4095, 32767, 100_000, PLAIN.len() - 9] {
                assert_eq!(content.read_vec(at as u64, 9).unwrap(), PLAIN[at..at + 9], "{} at {at}", packing.name);
            }
        }
    }

    #[test]
    fn a_place_that_cannot_be_costs_its_own_chunks_only() {
        let (packing, packed) = PACKED[0];
        let mut packed = packed.to_vec();
        packed[8..12].fill(0xff);
        let content = packing.content(Arc::new(packed), PLAIN.len() as u64);
        for chunk in 0..8 {
            let read = content.read_vec(chunk * 4096, 4096);
            assert_eq!(read.is_err(), chunk == 2 || chunk == 3, "chunk {chunk}");
        }
    }

    #[test]
    fn a_stream_shorter_than_its_table_is_an_error_and_no_more() {
        let content = LZX.content(Arc::new(vec![0; 100]), u64::MAX);
        assert!(content.read_vec(u64::MAX - 10, 10).is_err());
        assert!(content.locate(0, u64::MAX).is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_unpacked_or_refused(packed in prop::collection::vec(any::<u8>(), 0..3000), length in 1usize..32769) {
            for unpack in [xpress::unpack, lzx::unpack] {
                if let Ok(out) = unpack(&packed, length) {
                    prop_assert_eq!(out.len(), length);
                }
            }
        }

        #[test]
        fn damaged_chunks_are_unpacked_or_refused(
            which in 0usize..4, chunk in 0u64..4, changes in prop::collection::vec((0usize..44_000, any::<u8>()), 1..6),
        ) {
            let (packing, packed) = PACKED[which];
            let mut packed = packed.to_vec();
            for (place, value) in changes {
                packed[place] = value;
            }
            let content = packing.content(Arc::new(packed), PLAIN.len() as u64);
            let _ = content.read_vec(chunk.saturating_mul(packing.chunk), packing.chunk);
        }
    }
}
