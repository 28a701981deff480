//! The system use area of a record: the entries of IEEE P1281 (SUSP 1.12) and, among them, those of IEEE P1282 (Rock Ridge,
//! RRIP 1.12), of zisofs, and the attributes of CD-ROM XA.

use super::{Volume, date, sectors::SECTOR};
use crate::{
    bytes::{Fields, ReadAt},
    error::{Error, Result},
    filesystem::model::{Time, TimestampKind},
};
use std::cell::Cell;

const STRUCTURE: &str = "system use entry";
/// Continuation areas followed from one record: the longest name and target need three.
const MOST_CONTINUATIONS: u32 = 8;

/// How a file is packed (zisofs).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) algorithm: [u8; 2],
    /// Bytes of the header before the block pointers.
    pub(super) header: u64,
    /// Bytes of a block as a power of two.
    pub(super) block: u8,
    /// Bytes once unpacked.
    pub(super) size: u32,
}

/// What the system use area of a record says.
#[derive(Debug, Clone, Default)]
pub(super) struct SystemUse {
    /// True where Rock Ridge has a say.
    pub(super) is_rock_ridge: bool,
    pub(super) name: Option<Box<[u8]>>,
    pub(super) mode: Option<u32>,
    pub(super) links: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// File serial number.
    pub(super) serial: Option<u32>,
    /// Major and minor number of a device.
    pub(super) device: Option<(u32, u32)>,
    pub(super) target: Option<Box<[u8]>>,
    pub(super) times: Vec<(TimestampKind, Time)>,
    /// The directory that stands here was moved there.
    pub(super) child: Option<u32>,
    /// This record is where a directory was moved to.
    pub(super) is_relocated: bool,
    pub(super) packed: Option<Packed>,
    /// CD-ROM XA attributes.
    pub(super) xa: Option<u16>,
    /// Bytes to skip in every other system use area.
    pub(super) skip: Option<u8>,
    /// Sectors of continuation areas.
    pub(super) continuations: Vec<u64>,
}

impl SystemUse {
    /// True where anything of it describes a file.
    pub(super) fn is_of_use(&self) -> bool {
        self.name.is_some()
            || self.mode.is_some()
            || self.target.is_some()
            || self.child.is_some()
            || self.is_relocated
            || self.packed.is_some()
            || self.xa.is_some()
            || !self.times.is_empty()
    }
}

/// Reads system use areas; the bytes of continuation areas are bounded by those of the volume.
pub(super) struct Reader<'v> {
    volume: &'v Volume,
    block_size: u64,
    pub(super) skip: Cell<u8>,
    budget: Cell<u64>,
}

/// An entry that goes on in the next of its kind.
#[derive(Default)]
struct Growing {
    name: Vec<u8>,
    target: Vec<u8>,
    /// True where the last component of the target is not at its end.
    is_open: bool,
}

impl<'v> Reader<'v> {
    pub(super) fn new(volume: &'v Volume, block_size: u64) -> Self {
        let budget = Cell::new(volume.source.len().saturating_add(1 << 20));
        Self { volume, block_size, skip: Cell::new(0), budget }
    }

    /// Reads a system use area that stands at byte `at` of the medium; damage ends it and comes back beside what was
    /// read.
    pub(super) fn read(&self, area: &[u8], at: u64, is_root: bool) -> (SystemUse, Option<Error>) {
        let mut found = SystemUse { xa: xa(area), ..SystemUse::default() };
        let skip = if is_root { 0 } else { usize::from(self.skip.get()) };
        let mut growing = Growing::default();
        let mut area = area.get(skip..).unwrap_or_default().to_vec();
        let mut at = at.saturating_add(skip as u64);
        let mut damage = None;
        for _ in 0..=MOST_CONTINUATIONS {
            let next = match parse(&area, at, &mut found, &mut growing) {
                Ok(next) => next,
                Err(error) => {
                    damage = Some(error);
                    break;
                }
            };
            let Some((block, offset, length)) = next else { break };
            match self.continuation(block, offset, length, at) {
                Ok((bytes, place)) => {
                    found.continuations.push(place / SECTOR);
                    at = self.volume.source.medium_offset(place);
                    area = bytes;
                }
                Err(error) => {
                    damage = Some(error);
                    break;
                }
            }
        }
        found.name = (!growing.name.is_empty()).then(|| growing.name.into());
        found.target = found.target.is_some().then(|| growing.target.into());
        (found, damage)
    }

    /// The bytes of a continuation area, which lies within one sector, and their offset in the volume.
    fn continuation(&self, block: u32, offset: u32, length: u32, at: u64) -> Result<(Vec<u8>, u64)> {
        let place = u64::from(block).saturating_mul(self.block_size).saturating_add(u64::from(offset));
        let length = u64::from(length);
        if (place % SECTOR).saturating_add(length) > SECTOR {
            let found = format!("{length} bytes at byte {offset} of block {block}");
            return Err(Error::corrupt(STRUCTURE, at, "a continuation area within a sector", found));
        }
        let Some(left) = self.budget.get().checked_sub(length) else {
            let (found, limit) = (self.volume.source.len(), self.volume.source.len());
            let structure = "continuation area";
            return Err(Error::Limit { structure, offset: at, found, limit, unit: "bytes of continuation areas" });
        };
        self.budget.set(left);
        Ok((self.volume.metadata.read_vec(place, length)?, place))
    }
}

/// The attributes of CD-ROM XA: fourteen bytes, the signature in their middle.
fn xa(area: &[u8]) -> Option<u16> {
    let fields = Fields::new(area, STRUCTURE, 0);
    (fields.bytes(6, 2).ok()? == b"XA").then(|| fields.u16_be(4).ok()).flatten()
}

/// Reads the entries of one area; gives block, offset and length of the area that continues it.
fn parse(area: &[u8], at: u64, found: &mut SystemUse, growing: &mut Growing) -> Result<Option<(u32, u32, u32)>> {
    let mut next = None;
    let mut offset = if xa(area).is_some() { 14usize } else { 0 };
    loop {
        let rest = area.get(offset..).unwrap_or_default();
        // Entries end with three bytes or less, or with zeros.
        if rest.len() < 4 || rest.first() == Some(&0) {
            return Ok(next);
        }
        let here = at.saturating_add(offset as u64);
        let length = rest.get(2).copied().map_or(0, usize::from);
        if length < 4 {
            return Err(Error::corrupt(STRUCTURE, here, "a length of 4 or more", length));
        }
        let fields = Fields::new(rest, STRUCTURE, here);
        let entry = Fields::new(fields.bytes(0, length)?, STRUCTURE, here);
        match entry.bytes(0, 2)? {
            b"CE" => next = Some((entry.u32(4)?, entry.u32(12)?, entry.u32(20)?)),
            b"ST" => return Ok(next),
            b"SP" if entry.bytes(4, 2)? == [0xbe, 0xef] => found.skip = Some(entry.u8(6)?),
            b"RR" => found.is_rock_ridge = true,
            b"ER" => {
                let name = entry.bytes(8, usize::from(entry.u8(4)?))?;
                found.is_rock_ridge |= [b"RRIP".as_slice(), b"IEEE"].iter().any(|known| name.starts_with(known));
            }
            b"NM" => {
                found.is_rock_ridge = true;
                growing.name.extend(entry.bytes(5, length.saturating_sub(5))?);
            }
            b"PX" => {
                found.is_rock_ridge = true;
                (found.mode, found.links) = (Some(entry.u32(4)?), entry.u32(12)?);
                (found.uid, found.gid) = (entry.u32(20)?, entry.u32(28)?);
                found.serial = entry.u32(36).ok();
            }
            b"PN" => found.device = Some((entry.u32(4)?, entry.u32(12)?)),
            b"SL" => {
                found.target.get_or_insert_default();
                components(&entry, length, growing)?;
            }
            b"TF" => times(&entry, found)?,
            b"CL" => found.child = Some(entry.u32(4)?),
            b"RE" => found.is_relocated = true,
            b"ZF" => {
                let (header, block) = (u64::from(entry.u8(6)?).saturating_mul(4), entry.u8(7)?);
                found.packed = Some(Packed { algorithm: entry.array(4)?, header, block, size: entry.u32(8)? });
            }
            _ => {}
        }
        offset = offset.saturating_add(length);
    }
}

/// The components of a symbolic link's target (RRIP 4.1.3.1).
fn components(entry: &Fields<'_>, length: usize, growing: &mut Growing) -> Result<()> {
    let mut offset = 5usize;
    while offset.saturating_add(2) <= length {
        let (flags, size) = (entry.u8(offset)?, usize::from(entry.u8(offset.saturating_add(1))?));
        let text = entry.bytes(offset.saturating_add(2), size)?;
        let text = match flags & 0x0e {
            0x02 => b".".as_slice(),
            0x04 => b"..",
            0x08 => b"/",
            _ => text,
        };
        let is_first = growing.target.is_empty() || growing.target == b"/";
        if !growing.is_open && !is_first {
            growing.target.push(b'/');
        }
        growing.target.extend(text);
        growing.is_open = flags & 1 != 0;
        offset = offset.saturating_add(2).saturating_add(size);
    }
    Ok(())
}

/// The times of an entry, in the order of the bits that announce them (RRIP 4.1.6).
fn times(entry: &Fields<'_>, found: &mut SystemUse) -> Result<()> {
    let flags = entry.u8(4)?;
    let length = if flags & 0x80 != 0 { 17 } else { 7 };
    let mut offset = 5usize;
    let kinds = [
        Some(TimestampKind::Created),
        Some(TimestampKind::Modified),
        Some(TimestampKind::Accessed),
        Some(TimestampKind::Changed),
        None,
        None,
        None,
    ];
    for (_, kind) in kinds.into_iter().enumerate().filter(|(bit, _)| flags >> bit & 1 != 0) {
        let bytes = entry.bytes(offset, length)?;
        let time = if length == 17 { date::long(bytes) } else { date::short(bytes) };
        found.times.extend(kind.zip(time));
        offset = offset.saturating_add(length);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(number: u32) -> Vec<u8> {
        [number.to_le_bytes(), number.to_be_bytes()].concat()
    }

    #[test]
    fn a_target_is_put_together_from_its_components() {
        let area =
            [b"SL\x0b\x01\x00\x08\x00\x01\x02us".as_slice(), b"SL\x0c\x01\x00\x00\x01r\x04\x00\x02\x00"].concat();
        let (mut found, mut growing) = (SystemUse::default(), Growing::default());
        parse(&area, 0, &mut found, &mut growing).unwrap();
        assert_eq!(String::from_utf8_lossy(&growing.target), "/usr/../.");
    }

    #[test]
    fn continuation_and_mode_are_read() {
        let mut area = [b"PX\x24\x01".as_slice(), &both(0o100_644), &both(1), &both(1000), &both(100)].concat();
        area.extend([b"CE\x1c\x01".as_slice(), &both(30), &both(8), &both(100)].concat());
        let (mut found, mut growing) = (SystemUse::default(), Growing::default());
        let next = parse(&area, 0, &mut found, &mut growing).unwrap();
        assert_eq!((next, found.mode, found.uid, found.gid), (Some((30, 8, 100)), Some(0o100_644), 1000, 100));
        assert!(parse(b"NM\x03\x01abc", 0, &mut found, &mut growing).is_err());
    }
}
