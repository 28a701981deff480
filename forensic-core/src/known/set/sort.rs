//! Digests put in order in bounded memory.
//!
//! Digests are as good as random, so they are dealt out by their first byte as they come; what is above the budget goes
//! to a temporary file. In the end each shard is small enough to be sorted in memory, on several threads. A shard that is
//! not (digests that are not random) is dealt out again, by the first byte that differs in it.

use crate::error::{Error, Result};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

/// Bytes of the place of a record, behind its digest.
pub(super) const PLACE: usize = 8;
const SHARDS: usize = 256;

/// How much memory sorting may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    /// Bytes of entries kept, those in unfinished chunks not counted.
    pub(super) memory: usize,
    /// Bytes of entries of one shard that are written at once.
    pub(super) chunk: usize,
    /// Bytes of entries that are sorted at once, by each thread.
    pub(super) piece: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { memory: 448 << 20, chunk: 32 << 10, piece: 32 << 20 }
    }
}

/// Keeps chunks of bytes, in memory as far as the budget goes and then in a file that has no name.
pub(super) struct Spill {
    folder: PathBuf,
    budget: Budget,
    held: usize,
    file: Option<Mutex<File>>,
    end: u64,
}

/// Bytes that were put into a [`Spill`].
pub(super) enum Chunk {
    Memory(Vec<u8>),
    File { offset: u64, length: usize },
}

impl Spill {
    /// Keeps what does not fit in `folder`.
    pub(super) fn new(folder: PathBuf, budget: Budget) -> Self {
        Self { folder, budget, held: 0, file: None, end: 0 }
    }

    /// Keeps the bytes of `open`, which is empty then.
    fn keep(&mut self, open: &mut Vec<u8>) -> Result<Chunk> {
        if self.held.saturating_add(open.len()) > self.budget.memory {
            let chunk = self.write(open)?;
            open.clear();
            return Ok(chunk);
        }
        self.held = self.held.saturating_add(open.len());
        Ok(Chunk::Memory(std::mem::replace(open, Vec::with_capacity(open.len()))))
    }

    /// Keeps bytes in the file.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<Chunk> {
        let chunk = Chunk::File { offset: self.end, length: bytes.len() };
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let file = tempfile::tempfile_in(&self.folder).map_err(|error| Error::io(&self.folder, error))?;
                none.insert(Mutex::new(file))
            }
        };
        let written = file.get_mut().unwrap_or_else(PoisonError::into_inner).write_all(bytes);
        written.map_err(|error| Error::io(&self.folder, error))?;
        self.end = self.end.saturating_add(bytes.len() as u64);
        Ok(chunk)
    }

    /// Gives the bytes of a chunk, part by part, to `take`.
    pub(super) fn read(&self, chunk: &Chunk, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let (offset, length) = match chunk {
            Chunk::Memory(bytes) => return take(bytes),
            Chunk::File { offset, length } => (*offset, *length),
        };
        let mut bytes = vec![0; length.min(1 << 20)];
        let (mut at, mut left) = (offset, length);
        while left > 0 {
            let part = bytes.get_mut(..left.min(1 << 20)).unwrap_or_default();
            self.read_at(at, part)?;
            take(part)?;
            at = at.saturating_add(part.len() as u64);
            left = left.saturating_sub(part.len());
        }
        Ok(())
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let read = file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(bytes));
        read.map_err(|error| self.failed(error))
    }

    /// Pieces are done with: their memory is free for others.
    pub(super) fn forget(&mut self, pieces: Vec<Piece>) {
        for chunk in pieces.into_iter().flat_map(|piece| piece.chunks) {
            if let Chunk::Memory(bytes) = chunk {
                self.held = self.held.saturating_sub(bytes.len());
            }
        }
    }

    /// Readies the file for more, after it was read.
    fn go_on(&mut self) -> Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let seek = file.get_mut().unwrap_or_else(PoisonError::into_inner).seek(SeekFrom::Start(self.end));
        seek.map(|_| ()).map_err(|error| Error::io(&self.folder, error))
    }

    fn failed(&self, error: io::Error) -> Error {
        Error::io(&self.folder, error)
    }
}

/// Entries (a digest and the place of its record, big-endian) dealt out by one of their bytes.
pub(super) struct Shards {
    width: usize,
    byte: usize,
    count: u64,
    shards: Vec<Shard>,
}

#[derive(Default)]
struct Shard {
    open: Vec<u8>,
    piece: Piece,
}

/// Entries that are before or behind those of every other piece.
#[derive(Default)]
pub(super) struct Piece {
    chunks: Vec<Chunk>,
    length: u64,
}

impl Shards {
    /// For digests of `width` bytes.
    pub(super) fn new(width: usize) -> Self {
        Self::by_byte(width, 0)
    }

    fn by_byte(width: usize, byte: usize) -> Self {
        Self { width, byte, count: 0, shards: Vec::new() }
    }

    /// Entries taken, equal ones counted each.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Takes an entry.
    #[inline]
    pub(super) fn push(&mut self, digest: &[u8], place: u64, spill: &mut Spill) -> Result<()> {
        self.count = self.count.saturating_add(1);
        let place = place.to_be_bytes();
        let byte = digest.get(self.byte).or_else(|| place.get(self.byte.saturating_sub(self.width)));
        let shard = usize::from(byte.copied().unwrap_or_default());
        if self.shards.is_empty() {
            self.shards.resize_with(SHARDS, Shard::default);
        }
        let Some(shard) = self.shards.get_mut(shard) else { return Ok(()) };
        shard.open.extend_from_slice(digest);
        shard.open.extend_from_slice(&place);
        if shard.open.len() >= spill.budget.chunk { shard.close(spill) } else { Ok(()) }
    }

    /// The entries in pieces, in their order, each small enough to be sorted at once.
    pub(super) fn into_pieces(self, spill: &mut Spill) -> Result<Vec<Piece>> {
        let width = self.width;
        let mut done = Vec::new();
        // The last of these is the first in order.
        let mut left = Vec::new();
        self.into_stack(&mut left);
        while let Some(mut piece) = left.pop() {
            if piece.length <= spill.budget.piece {
                done.push(piece);
                continue;
            }
            match piece.first_difference(width, spill)? {
                None => done.push(piece.one_entry(width, spill)?),
                Some(byte) => {
                    let mut parts = Self::by_byte(width, byte);
                    for chunk in std::mem::take(&mut piece.chunks) {
                        // What was read is gone from memory before more comes into it.
                        let mut bytes = Vec::new();
                        spill.read(&chunk, |part| {
                            bytes.extend_from_slice(part);
                            Ok(())
                        })?;
                        if let Chunk::Memory(held) = chunk {
                            spill.held = spill.held.saturating_sub(held.len());
                        }
                        spill.go_on()?;
                        for entry in bytes.chunks_exact(width.saturating_add(PLACE)) {
                            let (digest, place) = split(entry, width);
                            parts.push(digest, place, spill)?;
                        }
                    }
                    parts.into_stack(&mut left);
                }
            }
        }
        Ok(done)
    }

    fn into_stack(self, stack: &mut Vec<Piece>) {
        let pieces = self.shards.into_iter().rev().map(Shard::into_piece);
        stack.extend(pieces.filter(|piece| piece.length > 0));
    }
}

impl Shard {
    fn close(&mut self, spill: &mut Spill) -> Result<()> {
        self.piece.length = self.piece.length.saturating_add(self.open.len() as u64);
        self.piece.chunks.push(spill.keep(&mut self.open)?);
        Ok(())
    }

    fn into_piece(mut self) -> Piece {
        if !self.open.is_empty() {
            self.open.shrink_to_fit();
            self.piece.length = self.piece.length.saturating_add(self.open.len() as u64);
            self.piece.chunks.push(Chunk::Memory(self.open));
        }
        self.piece
    }
}

impl Piece {
    /// The entries in order, equal ones once.
    pub(super) fn sorted(&self, width: usize, spill: &Spill) -> Result<Vec<u8>> {
        let length = width.saturating_add(PLACE);
        let mut bytes = Vec::with_capacity(usize::try_from(self.length).unwrap_or(0));
        for chunk in &self.chunks {
            spill.read(chunk, |part| {
                bytes.extend_from_slice(part);
                Ok(())
            })?;
        }
        let entry = |number: u32| {
            let from = (number as usize).saturating_mul(length);
            bytes.get(from..from.saturating_add(length)).unwrap_or_default()
        };
        // Most of the time the first eight bytes decide; moved are they and a number, not the entries.
        let head = |entry: &[u8]| entry.first_chunk().map_or(0, |head| u64::from_be_bytes(*head));
        let mut order: Vec<(u64, u32)> = bytes.chunks_exact(length).map(head).zip(0..).collect();
        order.sort_unstable_by(|(a, one), (b, other)| a.cmp(b).then_with(|| entry(*one).cmp(entry(*other))));
        let mut sorted: Vec<u8> = Vec::with_capacity(bytes.len());
        for (_, number) in order {
            let entry = entry(number);
            if !sorted.ends_with(entry) {
                sorted.extend_from_slice(entry);
            }
        }
        Ok(sorted)
    }

    /// The first byte in which two entries differ.
    fn first_difference(&self, width: usize, spill: &Spill) -> Result<Option<usize>> {
        let length = width.saturating_add(PLACE);
        let mut first: Vec<u8> = Vec::new();
        let mut same = length;
        for chunk in &self.chunks {
            let mut bytes = Vec::new();
            spill.read(chunk, |part| {
                bytes.extend_from_slice(part);
                Ok(())
            })?;
            for entry in bytes.chunks_exact(length) {
                if first.is_empty() {
                    first.extend_from_slice(entry);
                }
                same = first.iter().zip(entry).take(same).take_while(|(a, b)| a == b).count();
            }
        }
        Ok((same < length).then_some(same))
    }

    /// The first of entries that are all equal.
    fn one_entry(&self, width: usize, spill: &Spill) -> Result<Self> {
        let mut entry = Vec::new();
        if let Some(chunk) = self.chunks.first() {
            spill.read(chunk, |part| {
                if entry.is_empty() {
                    entry.extend_from_slice(part.get(..width.saturating_add(PLACE)).unwrap_or_default());
                }
                Ok(())
            })?;
        }
        Ok(Self { length: entry.len() as u64, chunks: vec![Chunk::Memory(entry)] })
    }
}

/// Digest and place of an entry.
pub(super) fn split(entry: &[u8], width: usize) -> (&[u8], u64) {
    let (digest, place) = entry.split_at_checked(width).unwrap_or_default();
    (digest, place.first_chunk().map_or(0, |place| u64::from_be_bytes(*place)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(entries: &[([u8; 16], u64)], budget: Budget) -> Vec<([u8; 16], u64)> {
        let mut spill = Spill::new(std::env::temp_dir(), budget);
        let mut shards = Shards::new(16);
        for (digest, place) in entries {
            shards.push(digest, *place, &mut spill).unwrap();
        }
        let pieces = shards.into_pieces(&mut spill).unwrap();
        let all: Vec<u8> = pieces.iter().flat_map(|piece| piece.sorted(16, &spill).unwrap()).collect();
        all.chunks_exact(24).map(|entry| (entry[..16].try_into().unwrap(), split(entry, 16).1)).collect()
    }

    proptest! {
        #[test]
        fn any_entries_are_put_in_order_in_any_memory(
            entries in proptest::collection::vec(
                (prop_oneof![any::<[u8; 16]>(), (0..4u8).prop_map(|last| [last / 2; 16])], 0..5u64),
                0..300,
            ),
            memory in 0..2000usize,
            chunk in 1..300usize,
            piece in 24..1000u64,
        ) {
            let mut expected = entries.clone();
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(sorted(&entries, Budget { memory, chunk, piece }), expected);
        }
    }
}
