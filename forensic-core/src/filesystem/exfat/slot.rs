//! The 32-byte slot of a directory and its type (exFAT specification, section 6.2 "Generic DirectoryEntry Template").

/// Bytes a slot.
pub(super) const SLOT: usize = 32;
/// A slot as stored.
pub(super) type RawSlot = [u8; SLOT];

/// EntryType without the InUse bit (sections 7.1 to 7.9).
pub(super) mod code {
    pub(in super::super) const END: u8 = 0x00;
    pub(in super::super) const BITMAP: u8 = 0x01;
    pub(in super::super) const UPCASE: u8 = 0x02;
    pub(in super::super) const LABEL: u8 = 0x03;
    pub(in super::super) const FILE: u8 = 0x05;
    pub(in super::super) const VOLUME_GUID: u8 = 0x20;
    pub(in super::super) const STREAM: u8 = 0x40;
    pub(in super::super) const NAME: u8 = 0x41;
    pub(in super::super) const VENDOR_EXTENSION: u8 = 0x60;
    pub(in super::super) const VENDOR_ALLOCATION: u8 = 0x61;
}

/// The InUse bit of EntryType.
pub(super) const IN_USE: u8 = 0x80;
const SECONDARY: u8 = 0x40;
const BENIGN: u8 = 0x20;

/// EntryType without the InUse bit.
pub(super) fn code_of(slot: &RawSlot) -> u8 {
    slot[0] & !IN_USE
}

/// True where EntryType has the InUse bit.
pub(super) fn is_in_use(slot: &RawSlot) -> bool {
    slot[0] & IN_USE != 0
}

/// True for a slot that is part of the set of a primary one.
pub(super) fn is_secondary(slot: &RawSlot) -> bool {
    slot[0] & SECONDARY != 0
}

/// True for a slot that a reader may pass over.
pub(super) fn is_benign(slot: &RawSlot) -> bool {
    slot[0] & BENIGN != 0
}

/// `N` bytes of a slot; the offsets are constants of this reader that lie within it.
pub(super) fn field<const N: usize>(slot: &RawSlot, offset: usize) -> [u8; N] {
    let mut out = [0; N];
    if let Some(bytes) = slot.get(offset..offset.saturating_add(N)) {
        out.copy_from_slice(bytes);
    }
    out
}

/// `count` units of UTF-16 from byte `offset` of a slot on.
pub(super) fn units(slot: &RawSlot, offset: usize, count: usize) -> impl Iterator<Item = u16> + '_ {
    let (pairs, _) = slot.get(offset..).unwrap_or_default().as_chunks::<2>();
    pairs.iter().take(count).map(|pair| u16::from_le_bytes(*pair))
}
