//! Images of whole CD sectors, with sync pattern, header and checksums (ECMA-130, "Sector Layout"; mode 2 forms after the
//! CD-ROM XA specification): the 2048 bytes of user data of each as one source.

use crate::{
    bytes::{Extent, ReadAt, Source, check_bounds},
    error::Result,
    filesystem::stored::push,
};

/// Bytes of user data in a sector.
pub(super) const SECTOR: u64 = 2048;
/// The sector of the first volume descriptor.
pub(super) const FIRST_DESCRIPTOR: u64 = 16;
/// The standard identifier of a volume descriptor, in its second byte.
const IDENTIFIER: &[u8] = b"CD001";
/// Bytes a stored sector, and bytes before its user data: mode 1 and mode 2 form 1, without and with subchannel data;
/// mode 2 without sync pattern and header.
const LAYOUTS: &[(u64, u64)] = &[(2048, 0), (2352, 16), (2352, 24), (2448, 16), (2448, 24), (2336, 8)];

/// How sectors are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// Bytes from one sector to the next.
    pub(super) pitch: u64,
    /// Bytes before the user data.
    header: u64,
}

/// The layout in which a volume descriptor stands in sector 16 or 17; `None` where it does in none.
pub(super) fn layout(volume: &Source) -> Option<Layout> {
    LAYOUTS.iter().map(|&(pitch, header)| Layout { pitch, header }).find(|layout| {
        (FIRST_DESCRIPTOR..=FIRST_DESCRIPTOR.saturating_add(1)).any(|sector| {
            let at = sector.saturating_mul(layout.pitch).saturating_add(layout.header).saturating_add(1);
            volume.read_vec(at, IDENTIFIER.len() as u64).is_ok_and(|found| found == IDENTIFIER)
        })
    })
}

/// The user data of all sectors.
pub(super) struct UserData {
    pub(super) stored: Source,
    pub(super) layout: Layout,
}

impl UserData {
    /// Calls `visit` with the stored offset and the length of each piece of `offset .. offset + length`.
    fn pieces(&self, offset: u64, length: u64, mut visit: impl FnMut(u64, u64) -> Result<()>) -> Result<()> {
        let (mut at, end) = (offset, offset.saturating_add(length));
        while at < end {
            let (sector, inside) = (at / SECTOR, at % SECTOR);
            let count = SECTOR.saturating_sub(inside).min(end.saturating_sub(at));
            let start = sector.saturating_mul(self.layout.pitch).saturating_add(self.layout.header);
            visit(start.saturating_add(inside), count)?;
            at = at.saturating_add(count);
        }
        Ok(())
    }
}

impl ReadAt for UserData {
    fn len(&self) -> u64 {
        self.stored.len().checked_div(self.layout.pitch).unwrap_or(0).saturating_mul(SECTOR)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_bounds(offset, buf.len() as u64, self.len())?;
        let length = buf.len() as u64;
        let mut rest = buf;
        self.pieces(offset, length, |at, count| {
            // A piece is never longer than the buffer, so its length fits usize.
            let (now, later) = std::mem::take(&mut rest).split_at_mut(count as usize);
            rest = later;
            self.stored.read_at(at, now)
        })
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        let length = length.min(self.len().saturating_sub(offset));
        let mut extents = Vec::new();
        let mut stream_offset = offset;
        // The closure never fails, so neither does the walk over the pieces.
        let _ = self.pieces(offset, length, |at, count| {
            for extent in self.stored.locate(at, count) {
                let inside = extent.stream_offset.saturating_sub(at);
                push(&mut extents, Extent { stream_offset: stream_offset.saturating_add(inside), ..extent });
            }
            stream_offset = stream_offset.saturating_add(count);
            Ok(())
        });
        extents
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn user_data_of_raw_sectors_is_one_source() {
        let mut stored = vec![0xee; 3 * 2352];
        for sector in 0..3usize {
            stored[sector * 2352 + 16..][..2048].fill(sector as u8 + 1);
        }
        let data = UserData { stored: Arc::new(stored), layout: Layout { pitch: 2352, header: 16 } };
        assert_eq!(data.len(), 3 * SECTOR);
        assert_eq!(data.read_vec(2046, 4).unwrap(), [1, 1, 2, 2]);
        let places: Vec<_> = data.locate(2046, 4).iter().map(|e| (e.stream_offset, e.offset, e.length)).collect();
        assert_eq!(places, [(2046, Some(16 + 2046), 2), (2048, Some(2352 + 16), 2)]);
    }
}
