//! The logical address space as a source: what lies at an address, wherever the chunks put it.

use super::{
    Volume, checksums,
    chunk::{Chunk, Chunks, DATA, Piece},
};
use crate::{
    bytes::{Extent, ReadAt, check_bounds},
    error::{Error, Issue, Result},
};
use std::sync::Arc;

/// All logical addresses of a volume.
pub(super) struct Addresses(pub(super) Arc<Volume>);

impl Volume {
    /// The chunk of an address; where none is in use, a former one.
    fn chunk(&self, address: u64) -> Option<&Chunk> {
        self.chunks.of(address).or_else(|| self.former_chunks.get()?.of(address))
    }

    /// Where the bytes from `address` on lie, as far as they lie together.
    pub(super) fn piece(&self, address: u64) -> Result<Piece> {
        match self.chunk(address) {
            Some(chunk) => Ok(chunk.piece(address, self.superblock.device)),
            None => {
                let at = self.source.medium_offset(0);
                Err(Error::corrupt("logical address", at, "an address of a chunk", format!("{address:#x}")))
            }
        }
    }

    /// The first place of an address on the medium; the address itself where it has none.
    pub(super) fn medium_offset(&self, address: u64) -> u64 {
        let piece = self.piece(address).ok();
        let place = piece.and_then(|piece| piece.copies.first().copied());
        place.map_or(address, |place| self.source.medium_offset(place))
    }
}

impl ReadAt for Addresses {
    fn len(&self) -> u64 {
        self.0.chunks.end().max(self.0.former_chunks.get().map_or(0, Chunks::end))
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_bounds(offset, buf.len() as u64, self.len())?;
        let (mut at, mut rest) = (offset, buf);
        while !rest.is_empty() {
            let piece = self.0.piece(at)?;
            let count = usize::try_from(piece.length).unwrap_or(usize::MAX).min(rest.len());
            if let Some(device) = piece.missing {
                return Err(Error::unsupported(format!("content on device {device} of a Btrfs of several devices")));
            }
            let (now, later) = std::mem::take(&mut rest).split_at_mut(count);
            self.0.read_data(at, &piece, now)?;
            rest = later;
            at = at.saturating_add(count as u64);
        }
        Ok(())
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        let end = offset.saturating_add(length).min(self.len());
        let mut extents = Vec::new();
        let mut at = offset;
        for _ in 0..self.0.limits.runs {
            if at >= end {
                break;
            }
            let Ok(piece) = self.0.piece(at) else { break };
            let count = piece.length.min(end.saturating_sub(at)).max(1);
            if let Some(place) = piece.copies.first() {
                for extent in self.0.source.locate(*place, count) {
                    let stream_offset = at.saturating_add(extent.stream_offset.saturating_sub(*place));
                    extents.push(Extent { stream_offset, ..extent });
                }
            }
            at = at.saturating_add(count);
        }
        extents
    }
}

impl Volume {
    /// Reads bytes that lie together from the first copy that can be read; data whose checksum is wrong, from one whose
    /// checksum is right. Where there is none, the bytes are given as they are, and the issues tell it.
    fn read_data(&self, address: u64, piece: &Piece, buf: &mut [u8]) -> Result<()> {
        let sector = u64::from(self.superblock.sector_size);
        let start = address.saturating_sub(address.checked_rem(sector).unwrap_or(0));
        let end = address.saturating_add(buf.len() as u64).checked_next_multiple_of(sector).unwrap_or(u64::MAX);
        let sums = match self.chunks.of(address).is_some_and(|chunk| chunk.kind & DATA != 0) {
            true => checksums::stored(self, start, end),
            false => Vec::new(),
        };
        if sums.is_empty() {
            return self.first_copy(piece, buf);
        }
        let before = address.saturating_sub(start);
        // The sectors of the range lie in the same piece as it does: stripes are made of sectors.
        let copies = piece.copies.iter().filter_map(|copy| copy.checked_sub(before)).collect();
        let piece = Piece { length: end.saturating_sub(start), copies, missing: None };
        let Ok(length) = usize::try_from(piece.length) else { return Err(Error::invalid("a read longer than memory")) };
        let mut sectors = vec![0; length];
        if let Err(error) = self.first_copy(&piece, &mut sectors) {
            // A range at the end of a cut medium: what was asked for may still be there.
            let inside =
                Piece { copies: piece.copies.iter().map(|copy| copy.saturating_add(before)).collect(), ..piece };
            return self.first_copy(&inside, buf).map_err(|_| error);
        }
        for (place, sum) in sums {
            let offset = place.saturating_sub(start);
            let from = usize::try_from(offset).unwrap_or(usize::MAX);
            let Some(bytes) = sectors.get_mut(from..from.saturating_add(self.superblock.sector_size as usize)) else {
                continue;
            };
            if !self.superblock.checksum.fits(&sum, bytes) {
                self.another_copy(place, &piece, offset, &sum, bytes);
            }
        }
        let from = usize::try_from(before).unwrap_or(usize::MAX);
        buf.copy_from_slice(sectors.get(from..from.saturating_add(buf.len())).unwrap_or_default());
        Ok(())
    }

    /// Replaces a sector by a copy whose checksum is right.
    fn another_copy(&self, address: u64, piece: &Piece, offset: u64, sum: &[u8], sector: &mut [u8]) {
        let copies = piece
            .copies
            .iter()
            .skip(1)
            .filter_map(|copy| self.source.read_vec(copy.saturating_add(offset), sector.len() as u64).ok());
        let right = copies.into_iter().find(|bytes| self.superblock.checksum.fits(sum, bytes));
        let (message, bytes) = match &right {
            Some(bytes) => ("its checksum is wrong; another copy was read", bytes.as_slice()),
            None => ("its checksum is wrong, in every copy on this device", &[][..]),
        };
        self.issues.push(Issue::new(self.medium_offset(address), "data sector", message));
        if bytes.len() == sector.len() {
            sector.copy_from_slice(bytes);
        }
    }

    fn first_copy(&self, piece: &Piece, buf: &mut [u8]) -> Result<()> {
        let mut result = Ok(());
        for copy in &piece.copies {
            result = self.source.read_at(*copy, buf);
            if result.is_ok() {
                break;
            }
        }
        result
    }
}
