//! Directory entries: in blocks of 214, or inline in the inode ("Directory Structure").

use crate::{bytes::Fields, filesystem::allocation::bit};

/// Bytes of an entry, and of a slot of its name.
const ENTRY: usize = 11;
const SLOT: usize = 8;
/// Bits of both and of the bitmap.
const BITS: usize = (ENTRY + SLOT) * 8 + 1;

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dentry {
    pub(super) inode: u32,
    pub(super) name: Box<[u8]>,
    /// 2 for a directory.
    pub(super) kind: u8,
    /// False where its bit is cleared: it was deleted.
    pub(super) is_used: bool,
}

/// The entries of a dentry block, or of the inline area of an inode: a bitmap, room to fill, entries, name slots.
pub(super) fn read(area: &[u8]) -> Vec<Dentry> {
    let count = area.len().saturating_mul(8) / BITS;
    let names = area.len().saturating_sub(count.saturating_mul(SLOT));
    let entries = names.saturating_sub(count.saturating_mul(ENTRY));
    let fields = Fields::new(area, "F2FS directory entry", 0);
    let is_used = |slot: usize| bit(area, slot as u64) == Some(true);
    let mut found: Vec<Dentry> = Vec::new();
    let mut slot = 0usize;
    while slot < count {
        let at = entries.saturating_add(slot.saturating_mul(ENTRY));
        let (Ok(inode), Ok(length), Ok(kind)) =
            (fields.u32(at.saturating_add(4)), fields.u16(at.saturating_add(8)), fields.u8(at.saturating_add(10)))
        else {
            break;
        };
        let length = usize::from(length);
        let slots = length.div_ceil(SLOT).max(1);
        let used = is_used(slot);
        let name = fields.bytes(names.saturating_add(slot.saturating_mul(SLOT)), length).unwrap_or_default();
        let fits =
            (1..=255).contains(&length) && slot.saturating_add(slots) <= count && inode > 2 && (1..=7).contains(&kind);
        // A former entry counts as far as no later one took its slots.
        let is_whole = (slot..slot.saturating_add(slots)).all(|slot| is_used(slot) == used);
        let is_text = used || !name.contains(&0);
        if !fits || !is_whole && !used || !is_text || matches!(name, b"." | b"..") {
            slot = slot.saturating_add(if fits && used { slots } else { 1 });
            continue;
        }
        found.push(Dentry { inode, name: name.into(), kind, is_used: used });
        slot = slot.saturating_add(slots);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deleted_entries_are_those_whose_bits_are_cleared() {
        let mut block = vec![0u8; 4096];
        let (entries, names) = (30, 30 + 214 * 11);
        for (slot, inode, name) in [(0usize, 7u32, b"a name of two".as_slice()), (2, 8, b"gone"), (3, 9, b"kept")] {
            block[entries + slot * 11 + 4..][..4].copy_from_slice(&inode.to_le_bytes());
            block[entries + slot * 11 + 8..][..3].copy_from_slice(&[name.len() as u8, 0, 1]);
            block[names + slot * 8..][..name.len()].copy_from_slice(name);
        }
        block[0] = 0b1011;
        let found: Vec<_> = read(&block).into_iter().map(|entry| (entry.inode, entry.is_used)).collect();
        assert_eq!(found, [(7, true), (8, false), (9, true)]);
    }
}
