//! Hashes to group: each different one once.

use crate::{
    error::{Error, Result},
    perceptual::{
        ImageHash,
        index::{Query, Shape},
    },
};

/// Different hashes in order, each with the items that have it.
pub(super) struct Rows {
    shape: Option<Shape>,
    /// The hashes, each padded to a row.
    bytes: Vec<u8>,
    /// Of each row its first item among `items`, and behind the last how many items there are.
    firsts: Vec<u32>,
    items: Vec<u32>,
}

impl Rows {
    /// Takes the hashes that are good enough.
    pub(super) fn of(hashes: &[ImageHash], query: &Query) -> Result<Self> {
        let mut shape = None;
        for (number, hash) in hashes.iter().enumerate() {
            let wrong = |what: String| Error::invalid(format!("item {number}: {what}"));
            let own = Shape::new(hash.algorithm(), hash.as_bytes().len()).map_err(|error| wrong(error.to_string()))?;
            let first = *shape.get_or_insert(own);
            if first != own {
                return Err(wrong(format!("{own} does not go with {first}")));
            }
        }
        if u32::try_from(hashes.len()).is_err() {
            let (found, limit) = (hashes.len() as u64, u64::from(u32::MAX));
            return Err(Error::Limit { structure: "hashes to group", offset: 0, found, limit, unit: "hashes" });
        }
        let admitted = (0u32..).zip(hashes).filter(|(_, hash)| query.admits(hash.quality()));
        let head = |hash: &ImageHash| hash.as_bytes().first_chunk().map_or(0, |head| u64::from_be_bytes(*head));
        let mut order: Vec<(u64, u32)> = admitted.map(|(number, hash)| (head(hash), number)).collect();
        let bytes_of = |number: u32| hashes[number as usize].as_bytes();
        order.sort_unstable_by(|(head, number), (other_head, other)| {
            head.cmp(other_head).then_with(|| bytes_of(*number).cmp(bytes_of(*other))).then_with(|| number.cmp(other))
        });
        let (mut bytes, mut firsts, mut items) = (Vec::new(), Vec::new(), Vec::with_capacity(order.len()));
        for (_, number) in order {
            if items.last().is_none_or(|last| bytes_of(*last) != bytes_of(number)) {
                firsts.push(items.len() as u32);
                bytes.extend_from_slice(bytes_of(number));
                bytes.resize(bytes.len().next_multiple_of(8), 0);
            }
            items.push(number);
        }
        firsts.push(items.len() as u32);
        Ok(Self { shape, bytes, firsts, items })
    }

    pub(super) fn len(&self) -> usize {
        self.firsts.len() - 1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn shape(&self) -> Option<Shape> {
        self.shape
    }

    pub(super) fn bits(&self) -> u32 {
        self.shape.map_or(0, Shape::bits)
    }

    /// Bytes of a row.
    pub(super) fn width(&self) -> usize {
        self.shape.map_or(8, Shape::row)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn row(&self, row: u32) -> &[u8] {
        let from = row as usize * self.width();
        &self.bytes[from..from + self.width()]
    }

    /// The items that have this hash, in order.
    pub(super) fn items(&self, row: u32) -> &[u32] {
        let row = row as usize;
        &self.items[self.firsts[row] as usize..self.firsts[row + 1] as usize]
    }

    /// How many that are.
    pub(super) fn weight(&self, row: u32) -> u32 {
        let row = row as usize;
        self.firsts[row + 1] - self.firsts[row]
    }

    pub(super) fn distance(&self, row: u32, other: u32) -> u32 {
        self.row(row).iter().zip(self.row(other)).map(|(a, b)| (a ^ b).count_ones()).sum()
    }
}
