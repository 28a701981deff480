//! Chunks: where logical addresses lie on the devices ("Chunk tree", `btrfs_chunk`, `btrfs_stripe`).

use crate::{bytes::Fields, error::Result};

/// Bytes of a chunk item before its stripes, and of each stripe.
const HEADER: usize = 48;
const STRIPE: usize = 32;

/// A stripe has 64 KiB; no version ever had less than a page.
const MIN_STRIPE: u64 = 4096;

mod profile {
    pub(super) const RAID0: u64 = 0x8;
    pub(super) const RAID10: u64 = 0x40;
    pub(super) const RAID5: u64 = 0x80;
    pub(super) const RAID6: u64 = 0x100;
}

/// In the type of a chunk: it holds data.
pub(super) const DATA: u64 = 0x1;

/// A range of logical addresses and the stripes it lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) start: u64,
    pub(super) length: u64,
    pub(super) kind: u64,
    stripe_length: u64,
    /// Stripes that hold the same, of RAID10.
    copies: u64,
    stripes: Vec<Stripe>,
}

/// A place on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stripe {
    device: u64,
    offset: u64,
}

/// Bytes that lie together, in one or more copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) length: u64,
    /// Byte offsets in this volume; copies on other devices are left out.
    pub(super) copies: Vec<u64>,
    /// A device that is not here, where no copy is.
    pub(super) missing: Option<u64>,
}

impl Chunk {
    /// The chunk item of the addresses from `start` on, and its length.
    pub(super) fn parse(fields: &Fields<'_>, place: usize, start: u64) -> Result<(Self, usize)> {
        let at = |offset: usize| place.saturating_add(offset);
        let count = usize::from(fields.u16(at(44))?);
        let mut stripes = Vec::new();
        for number in 0..count {
            let stripe = at(HEADER).saturating_add(number.saturating_mul(STRIPE));
            stripes.push(Stripe { device: fields.u64(stripe)?, offset: fields.u64(stripe.saturating_add(8))? });
        }
        let chunk = Self {
            start,
            length: fields.u64(at(0))?,
            stripe_length: fields.u64(at(16))?,
            kind: fields.u64(at(24))?,
            copies: u64::from(fields.u16(at(46))?).max(1),
            stripes,
        };
        let is_sound = chunk.stripe_length >= MIN_STRIPE && start.checked_add(chunk.length).is_some();
        if chunk.stripes.is_empty() || !is_sound {
            return Err(fields.corrupt(
                at(0),
                "a chunk with stripes",
                format!("{count} of {} bytes", chunk.stripe_length),
            ));
        }
        Ok((chunk, HEADER.saturating_add(count.saturating_mul(STRIPE))))
    }

    pub(super) fn end(&self) -> u64 {
        self.start.saturating_add(self.length)
    }

    /// Where the bytes from `address` on lie, as far as they lie together; `device` is the one at hand.
    pub(super) fn piece(&self, address: u64, device: u64) -> Piece {
        let within = address.saturating_sub(self.start);
        let left = self.length.saturating_sub(within);
        let count = self.stripes.len() as u64;
        let part = |divisor: u64| {
            let number = within.checked_div(self.stripe_length).unwrap_or(0);
            let row = number.checked_div(divisor).unwrap_or(0);
            (row, number.checked_rem(divisor).unwrap_or(0), within.checked_rem(self.stripe_length).unwrap_or(0))
        };
        let parity = match self.kind {
            kind if kind & profile::RAID5 != 0 => 1,
            kind if kind & profile::RAID6 != 0 => 2,
            _ => 0,
        };
        if parity > 0 && count > parity {
            // Data and parity rotate over the stripes from row to row.
            let (row, column, inside) = part(count.saturating_sub(parity));
            let stripe = row.saturating_add(column).checked_rem(count).unwrap_or(0);
            return self.striped(stripe, 1, row, inside, left, device);
        }
        if self.kind & profile::RAID10 != 0 {
            let (row, column, inside) = part(count.checked_div(self.copies).unwrap_or(1).max(1));
            return self.striped(column.saturating_mul(self.copies), self.copies, row, inside, left, device);
        }
        if self.kind & profile::RAID0 != 0 {
            let (row, column, inside) = part(count);
            return self.striped(column, 1, row, inside, left, device);
        }
        self.copies(0, count, within, left, device)
    }

    fn striped(&self, first: u64, count: u64, row: u64, inside: u64, left: u64, device: u64) -> Piece {
        let offset = row.saturating_mul(self.stripe_length).saturating_add(inside);
        self.copies(first, count, offset, left.min(self.stripe_length.saturating_sub(inside)), device)
    }

    /// The copies in `count` stripes from `first` on, `offset` bytes into each.
    fn copies(&self, first: u64, count: u64, offset: u64, length: u64, device: u64) -> Piece {
        let stripes = || {
            let skip = usize::try_from(first).unwrap_or(usize::MAX);
            self.stripes.iter().skip(skip).take(usize::try_from(count).unwrap_or(usize::MAX))
        };
        let here = stripes().filter(|stripe| stripe.device == device);
        let copies: Vec<u64> = here.filter_map(|stripe| stripe.offset.checked_add(offset)).collect();
        let missing = copies.is_empty().then(|| stripes().next().map_or(0, |stripe| stripe.device));
        Piece { length, copies, missing }
    }

    /// How many different stripes make a row.
    fn shares(&self) -> u64 {
        let count = self.stripes.len() as u64;
        let shares = match self.kind {
            kind if kind & profile::RAID0 != 0 => count,
            kind if kind & profile::RAID10 != 0 => count.checked_div(self.copies).unwrap_or(1),
            kind if kind & profile::RAID5 != 0 => count.saturating_sub(1),
            kind if kind & profile::RAID6 != 0 => count.saturating_sub(2),
            _ => 1,
        };
        shares.max(1)
    }

    /// The ranges of a device that the chunk takes: offset and length.
    pub(super) fn on_device(&self, device: u64) -> impl Iterator<Item = (u64, u64)> {
        let length = self.length.checked_div(self.shares()).unwrap_or(0);
        self.stripes.iter().filter(move |stripe| stripe.device == device).map(move |stripe| (stripe.offset, length))
    }

    /// One after the last address that can lie on a device of `size` bytes; the first one where none does.
    pub(super) fn end_on(&self, device: u64, size: u64) -> u64 {
        match self.on_device(device).next() {
            Some(_) => self.end().min(self.start.saturating_add(size.saturating_mul(self.shares()))),
            None => self.start,
        }
    }
}

/// All chunks, by address.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    all: Vec<Chunk>,
}

impl Chunks {
    /// Adds a chunk; a later word about the same addresses does not count.
    pub(super) fn add(&mut self, chunk: Chunk) {
        let place = self.all.partition_point(|other| other.start < chunk.start);
        let before = place.checked_sub(1).and_then(|before| self.all.get(before));
        let is_apart = before.is_none_or(|before| before.end() <= chunk.start)
            && self.all.get(place).is_none_or(|after| chunk.end() <= after.start);
        if is_apart && chunk.length > 0 {
            self.all.insert(place, chunk);
        }
    }

    pub(super) fn all(&self) -> &[Chunk] {
        &self.all
    }

    /// The chunk of an address.
    pub(super) fn of(&self, address: u64) -> Option<&Chunk> {
        let place = self.all.partition_point(|chunk| chunk.end() <= address);
        self.all.get(place).filter(|chunk| chunk.start <= address)
    }

    /// One after the last address.
    pub(super) fn end(&self) -> u64 {
        self.all.last().map_or(0, Chunk::end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(kind: u64, devices: &[u64]) -> Chunk {
        let stripe = |(place, device): (usize, &u64)| Stripe {
            device: *device,
            offset: [1_000_000, 2_000_000, 3_000_000, 4_000_000][place],
        };
        let stripes = devices.iter().enumerate().map(stripe).collect();
        Chunk { start: 1 << 20, length: 1 << 20, kind, stripe_length: 65536, copies: 2, stripes }
    }

    #[test]
    fn copies_on_one_device_are_all_given() {
        let piece = chunk(0x20, &[1, 1]).piece((1 << 20) + 5, 1);
        assert_eq!(piece, Piece { length: (1 << 20) - 5, copies: vec![1_000_005, 2_000_005], missing: None });
    }

    #[test]
    fn stripe_on_a_device_that_is_not_here_is_missing() {
        let raid0 = chunk(profile::RAID0, &[1, 2]);
        assert_eq!(raid0.piece((1 << 20) + 65536 + 7, 1), Piece { length: 65529, copies: vec![], missing: Some(2) });
        assert_eq!(raid0.piece((1 << 20) + 131_072, 1).copies, [1_065_536]);
        let raid10 = chunk(profile::RAID10, &[1, 2, 3, 4]);
        assert_eq!(raid10.piece((1 << 20) + 65536, 4).copies, [4_000_000]);
        assert_eq!(raid10.piece((1 << 20) + 65536, 1).missing, Some(3));
    }

    #[test]
    fn parity_rotates_from_row_to_row() {
        let raid5 = chunk(profile::RAID5, &[1, 2, 3]);
        // Row 1 begins with the second stripe.
        assert_eq!(raid5.piece((1 << 20) + 131_072, 2).copies, [2_065_536]);
        assert_eq!(raid5.piece((1 << 20) + 131_072, 1).missing, Some(2));
    }
}
