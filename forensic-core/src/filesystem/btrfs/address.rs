//! The logical address space as a source: what lies at an address, wherever the chunks put it.

use super::{Volume, chunk::Piece};
use crate::{
    bytes::{Extent, ReadAt, check_bounds},
    error::{Error, Result},
};
use std::sync::Arc;

/// All logical addresses of a volume.
pub(super) struct Addresses(pub(super) Arc<Volume>);

impl Volume {
    /// Where the bytes from `address` on lie, as far as they lie together.
    pub(super) fn piece(&self, address: u64) -> Result<Piece> {
        match self.chunks.of(address) {
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
        self.0.chunks.end()
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
        while at < end {
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
    /// Reads data from the first copy that can be read.
    fn read_data(&self, _address: u64, piece: &Piece, buf: &mut [u8]) -> Result<()> {
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
