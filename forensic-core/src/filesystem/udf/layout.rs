//! Where everything lies: anchors, the volume descriptor sequence, the logical volume and its partition maps (ECMA-167, part 3;
//! OSTA UDF 2.60, 2.2).

use super::{
    tag::{self, id},
    text,
};
use crate::{
    bytes::{Fields, ReadAt, Source},
    error::{Error, Issue, IssueLog, Result},
    limits::Limits,
};

const ANCHOR: &str = "anchor volume descriptor pointer";
pub(super) const SEQUENCE: &str = "volume descriptor sequence";
/// Sizes of a sector, the likeliest first.
const SECTORS: [u64; 4] = [2048, 512, 4096, 1024];
/// The sector of the first anchor.
const FIRST_ANCHOR: u64 = 256;
/// Where the volume recognition sequence begins, bytes looked at, and bytes of a descriptor at least.
const RECOGNITION_START: u64 = 32 << 10;
const RECOGNITION: u64 = 64 << 10;
const RECOGNITION_STEP: usize = 2048;
/// Descriptors read of one sequence, and pointers to a further one followed.
const MOST: u64 = 4096;

/// A place in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(super) struct Address {
    pub(super) block: u32,
    /// Place of the partition in the logical volume's maps.
    pub(super) partition: u16,
}

/// An extent of a partition: its type in the upper two bits of the length as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Extent {
    pub(super) length: u32,
    pub(super) at: Address,
}

impl Extent {
    /// A long allocation descriptor (ECMA-167, 4/14.14.2).
    pub(super) fn long(fields: &Fields<'_>, offset: usize) -> Result<Self> {
        let at =
            Address { block: fields.u32(offset.saturating_add(4))?, partition: fields.u16(offset.saturating_add(8))? };
        Ok(Self { length: fields.u32(offset)?, at })
    }
}

/// A partition as its descriptor tells it.
#[derive(Debug, Clone)]
pub(super) struct Described {
    number: u16,
    pub(super) start: u32,
    pub(super) length: u32,
    /// Bitmap of unallocated space: length in bytes and first block in the partition.
    pub(super) free_bitmap: Option<(u32, u32)>,
}

/// How a partition of the logical volume is stored (ECMA-167, 3/10.7; OSTA UDF 2.60, 2.2.8 to 2.2.10).
#[derive(Debug, Clone)]
pub(super) enum Map {
    Physical { number: u16 },
    Virtual { number: u16 },
    Sparable { number: u16, packet: u16, tables: Vec<u32>, table_size: u32 },
    Metadata { number: u16, file: u32, mirror: u32 },
}

impl Map {
    pub(super) fn number(&self) -> u16 {
        match self {
            Self::Physical { number }
            | Self::Virtual { number }
            | Self::Sparable { number, .. }
            | Self::Metadata { number, .. } => *number,
        }
    }
}

/// The layout of a volume.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) sector: u64,
    pub(super) block_size: u32,
    pub(super) label: String,
    /// First sixteen characters of the volume set identifier, which are to be unique.
    pub(super) serial: String,
    pub(super) partitions: Vec<Described>,
    pub(super) maps: Vec<Map>,
    pub(super) file_set: Extent,
}

/// The sector size and the places of the volume descriptor sequences (offset in bytes, length), by the first anchor found.
pub(super) fn anchor(volume: &Source) -> Option<(u64, [(u64, u64); 2])> {
    SECTORS.into_iter().find_map(|sector| {
        let last = volume.len().checked_div(sector).unwrap_or(0).checked_sub(1)?;
        let places = [FIRST_ANCHOR, last, last.saturating_sub(FIRST_ANCHOR), 512];
        places.into_iter().find_map(|place| {
            let bytes = volume.read_vec(place.checked_mul(sector)?, 512).ok()?;
            let fields = Fields::new(&bytes, ANCHOR, 0);
            tag::check(&bytes, ANCHOR, 0, &[id::ANCHOR]).ok()?;
            if u64::from(fields.u32(12).ok()?) != place {
                return None;
            }
            let extent = |offset: usize| {
                let start = u64::from(fields.u32(offset.saturating_add(4)).ok()?).saturating_mul(sector);
                Some((start, u64::from(fields.u32(offset).ok()?)))
            };
            Some((sector, [extent(16)?, extent(24)?]))
        })
    })
}

/// True where an anchor stands, and the volume recognition sequence names UDF's standard.
pub(in super::super) fn probe(volume: &Source) -> bool {
    let is_named = |bytes: &[u8]| matches!(bytes.get(1..6), Some(b"NSR02" | b"NSR03"));
    let length = RECOGNITION.min(volume.len().saturating_sub(RECOGNITION_START));
    let found = match volume.read_vec(RECOGNITION_START, length) {
        Ok(bytes) => bytes.chunks(RECOGNITION_STEP).any(is_named),
        Err(_) => (RECOGNITION_START..RECOGNITION_START.saturating_add(length))
            .step_by(RECOGNITION_STEP)
            .any(|at| volume.read_vec(at, 6).is_ok_and(|bytes| is_named(&bytes))),
    };
    found && anchor(volume).is_some()
}

impl Layout {
    /// Reads the layout of `volume`.
    ///
    /// # Errors
    /// Where no anchor stands, or where neither sequence has a logical volume and a partition.
    pub(super) fn read(volume: &Source, limits: &Limits, issues: &IssueLog) -> Result<Self> {
        let start = volume.medium_offset(0);
        let (sector, sequences) = anchor(volume)
            .ok_or_else(|| Error::corrupt(ANCHOR, start, "an anchor in sector 256 or at the end", "none"))?;
        let mut last = None;
        for (number, (at, length)) in sequences.into_iter().enumerate() {
            let mut reading = Reading::default();
            reading.sequence(volume, sector, (at, length), issues);
            match reading.finish(sector, volume.medium_offset(at), limits) {
                Ok(layout) => {
                    if number > 0 {
                        issues.push(Issue::new(volume.medium_offset(at), SEQUENCE, "damaged: the reserve was used"));
                    }
                    return Ok(layout);
                }
                Err(error) => last = last.or(Some(error)),
            }
        }
        Err(last.unwrap_or_else(|| Error::corrupt(SEQUENCE, start, "a logical volume", "none")))
    }
}

/// The descriptors of a sequence; of several of a kind the one with the highest number counts (ECMA-167, 3/8.4.3).
#[derive(Default)]
struct Reading {
    primary: Option<(u32, String, String)>,
    partitions: Vec<(u32, Described)>,
    logical: Option<(u32, Vec<u8>, u64)>,
}

impl Reading {
    fn sequence(&mut self, volume: &Source, sector: u64, extent: (u64, u64), issues: &IssueLog) {
        let (mut start, mut length) = extent;
        let (mut at, mut left) = (start, MOST);
        while at < start.saturating_add(length) && left > 0 {
            left = left.saturating_sub(1);
            let place = volume.medium_offset(at);
            let bytes = match volume.read_vec(at, sector) {
                Ok(bytes) => bytes,
                Err(error) => {
                    issues.push(Issue::from(&error));
                    at = at.saturating_add(sector);
                    continue;
                }
            };
            let fields = Fields::new(&bytes, SEQUENCE, place);
            let any =
                [id::PRIMARY_VOLUME, id::VOLUME_POINTER, 4, id::PARTITION, id::LOGICAL_VOLUME, 7, id::TERMINATING];
            match tag::check(&bytes, SEQUENCE, place, &any) {
                Ok((id::TERMINATING, _)) => return,
                Ok((id::VOLUME_POINTER, _)) => {
                    let (Ok(next), Ok(bytes)) = (fields.u32(24), fields.u32(20)) else { return };
                    (start, length) = (u64::from(next).saturating_mul(sector), u64::from(bytes));
                    at = start;
                    continue;
                }
                Ok((kind, issue)) => {
                    issue.into_iter().for_each(|issue| issues.push(issue));
                    if let Err(error) = self.descriptor(kind, &fields, &bytes, place) {
                        issues.push(Issue::from(&error));
                    }
                }
                // A sequence may end without a terminating descriptor, in sectors that were never written.
                Err(_) if bytes.iter().all(|byte| *byte == 0) => {}
                Err(error) => issues.push(Issue::from(&error)),
            }
            at = at.saturating_add(sector);
        }
    }

    fn descriptor(&mut self, kind: u16, fields: &Fields<'_>, bytes: &[u8], place: u64) -> Result<()> {
        let number = fields.u32(16)?;
        match kind {
            id::PRIMARY_VOLUME => {
                let found = (number, text::fixed(fields.bytes(24, 32)?), text::fixed(fields.bytes(72, 128)?));
                if self.primary.as_ref().is_none_or(|(other, ..)| *other <= number) {
                    self.primary = Some(found);
                }
            }
            id::PARTITION => {
                let described = Described {
                    number: fields.u16(22)?,
                    start: fields.u32(188)?,
                    length: fields.u32(192)?,
                    free_bitmap: Some((fields.u32(64)? & 0x3fff_ffff, fields.u32(68)?))
                        .filter(|(length, _)| *length > 0),
                };
                match self.partitions.iter_mut().find(|(_, other)| other.number == described.number) {
                    Some(other) if other.0 <= number => *other = (number, described),
                    Some(_) => {}
                    None => self.partitions.push((number, described)),
                }
            }
            id::LOGICAL_VOLUME if self.logical.as_ref().is_none_or(|(other, ..)| *other <= number) => {
                self.logical = Some((number, bytes.to_vec(), place));
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(self, sector: u64, at: u64, limits: &Limits) -> Result<Layout> {
        let (_, bytes, place) =
            self.logical.ok_or_else(|| Error::corrupt(SEQUENCE, at, "a logical volume descriptor", "none"))?;
        let fields = Fields::new(&bytes, "logical volume descriptor", place);
        let block_size = fields.u32(212)?;
        if !matches!(block_size, 512 | 1024 | 2048 | 4096 | 8192 | 16_384 | 32_768) {
            return Err(fields.corrupt(212, "a block size of 512 to 32,768 bytes", block_size));
        }
        let mut maps = Vec::new();
        let mut offset = 440usize;
        let count = usize::try_from(fields.u32(268)?).unwrap_or(usize::MAX).min(limits.partitions);
        for _ in 0..count {
            let length = usize::from(fields.u8(offset.saturating_add(1))?);
            maps.push(map(&Fields::new(fields.bytes(offset, length.max(6))?, "partition map", place))?);
            offset = offset.saturating_add(length.max(6));
        }
        let partitions: Vec<Described> = self.partitions.into_iter().map(|(_, described)| described).collect();
        if partitions.is_empty() {
            return Err(Error::corrupt(SEQUENCE, at, "a partition descriptor", "none"));
        }
        let (_, label, set) = self.primary.unwrap_or_default();
        let logical = text::fixed(fields.bytes(84, 128)?);
        Ok(Layout {
            sector,
            block_size,
            label: if logical.is_empty() { label } else { logical },
            serial: set.chars().take(16).collect(),
            partitions,
            maps,
            file_set: Extent::long(&fields, 248)?,
        })
    }
}

impl Layout {
    /// The descriptor of the partition with this number.
    pub(super) fn described(&self, number: u16) -> Option<&Described> {
        self.partitions.iter().find(|described| described.number == number)
    }
}

fn map(fields: &Fields<'_>) -> Result<Map> {
    if fields.u8(0)? == 1 {
        return Ok(Map::Physical { number: fields.u16(4)? });
    }
    let number = fields.u16(38)?;
    let name = fields.bytes(5, 23)?;
    match name {
        _ if name.starts_with(b"*UDF Virtual Partition") => Ok(Map::Virtual { number }),
        _ if name.starts_with(b"*UDF Sparable Partition") => {
            let count = fields.u8(42)?.min(4);
            let table = |place: u8| fields.u32(usize::from(place).saturating_mul(4).saturating_add(48));
            let tables = (0..count).map(table).collect::<Result<Vec<u32>>>()?;
            Ok(Map::Sparable { number, packet: fields.u16(40)?, tables, table_size: fields.u32(44)? })
        }
        _ if name.starts_with(b"*UDF Metadata Partition") => {
            Ok(Map::Metadata { number, file: fields.u32(40)?, mirror: fields.u32(44)? })
        }
        _ => Err(Error::unsupported(format!("UDF partition map {:?}", String::from_utf8_lossy(name)))),
    }
}
