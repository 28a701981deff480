//! The superblock and its mirrors ("Superblock" in the on-disk format).

use super::checksum::Checksum;
use crate::{
    bytes::{Fields, ReadAt, Source},
    error::{Error, Result},
};

const STRUCTURE: &str = "Btrfs superblock";
pub(super) const MAGIC: &[u8; 8] = b"_BHRfS_M";
/// Where the superblock and its mirrors lie.
pub(super) const PLACES: [u64; 3] = [64 << 10, 64 << 20, 256 << 30];
/// Bytes of a superblock.
pub(super) const SIZE: u64 = 4096;
/// Bytes of one record of former roots, of which there are four.
const BACKUP: usize = 168;

mod feature {
    pub(super) const METADATA_UUID: u64 = 0x400;
    pub(super) const EXTENT_TREE_V2: u64 = 0x2000;
    pub(super) const REMAP_TREE: u64 = 0x2_0000;
}

/// The root of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Root {
    /// Logical address of its root node.
    pub(super) address: u64,
    pub(super) level: u8,
    pub(super) generation: u64,
}

/// How the volume is laid out.
#[derive(Debug, Clone)]
pub(super) struct Superblock {
    pub(super) fsid: [u8; 16],
    /// What metadata blocks bear as the filesystem's identity.
    pub(super) metadata_id: [u8; 16],
    pub(super) generation: u64,
    pub(super) root: Root,
    pub(super) chunk_root: Root,
    /// True where a log of recent changes waits to be replayed.
    pub(super) has_log: bool,
    pub(super) device: u64,
    /// Bytes of this device.
    pub(super) size: u64,
    pub(super) sector_size: u32,
    pub(super) node_size: u32,
    pub(super) checksum: Checksum,
    pub(super) label: Vec<u8>,
    /// Chunks of the chunk tree itself: keys and items.
    pub(super) system_chunks: Vec<u8>,
    /// Former roots of the root tree, newest first.
    pub(super) former: Vec<Root>,
}

impl Superblock {
    /// Reads the superblock, or, where it is damaged, the newest mirror; then with what is wrong with the first.
    pub(super) fn read(source: &Source) -> Result<(Self, Option<Error>)> {
        let error = match Self::at(source, PLACES[0]) {
            Ok(found) => return Ok((found, None)),
            Err(error) => error,
        };
        let mirrors = PLACES.iter().skip(1).filter_map(|place| Self::at(source, *place).ok());
        if let Some(mirror) = mirrors.max_by_key(|mirror| mirror.generation) {
            return Ok((mirror, Some(error)));
        }
        // A wrong checksum alone is no reason to give up the volume.
        match Self::parsed(source, PLACES[0]) {
            Ok((found, _)) => Ok((found, Some(error))),
            Err(_) => Err(error),
        }
    }

    fn at(source: &Source, place: u64) -> Result<Self> {
        let (found, bytes) = Self::parsed(source, place)?;
        found.checksum.check(&bytes, STRUCTURE, source.medium_offset(place))?;
        Ok(found)
    }

    fn parsed(source: &Source, place: u64) -> Result<(Self, Vec<u8>)> {
        let bytes = source.read_vec(place, SIZE)?;
        Ok((Self::parse(&bytes, place, source.medium_offset(place))?, bytes))
    }

    fn parse(bytes: &[u8], place: u64, at: u64) -> Result<Self> {
        let fields = Fields::new(bytes, STRUCTURE, at);
        if fields.bytes(64, 8)? != MAGIC {
            let found = String::from_utf8_lossy(fields.bytes(64, 8)?);
            return Err(fields.corrupt(64, "the signature _BHRfS_M", found));
        }
        if fields.u64(48)? != place {
            return Err(fields.corrupt(48, format!("its own place {place}"), fields.u64(48)?));
        }
        let incompatible = fields.u64(188)?;
        for (bit, what) in [(feature::EXTENT_TREE_V2, "extent tree v2"), (feature::REMAP_TREE, "remap tree")] {
            if incompatible & bit != 0 {
                return Err(Error::unsupported(format!("Btrfs with {what}")));
            }
        }
        let (sector_size, node_size) = (fields.u32(144)?, fields.u32(148)?);
        let is_size = |size: u32| (512..=65536).contains(&size) && size.is_power_of_two();
        if !is_size(sector_size) || !is_size(node_size) {
            return Err(fields.corrupt(144, "sizes of sector and node", format!("{sector_size} and {node_size}")));
        }
        let root = |address: usize, generation: usize, level: usize| -> Result<Root> {
            Ok(Root { address: fields.u64(address)?, generation: fields.u64(generation)?, level: fields.u8(level)? })
        };
        let mut former = Vec::new();
        for number in 0..4usize {
            let start = number.saturating_mul(BACKUP).saturating_add(2859);
            former.push(root(start, start.saturating_add(8), start.saturating_add(152))?);
        }
        former.retain(|root| root.address != 0);
        former.sort_by_key(|root| std::cmp::Reverse(root.generation));
        former.dedup();
        let chunks = (fields.u32(160)? as usize).min(2048);
        let fsid = fields.array(32)?;
        Ok(Self {
            fsid,
            metadata_id: if incompatible & feature::METADATA_UUID != 0 { fields.array(571)? } else { fsid },
            generation: fields.u64(72)?,
            root: root(80, 72, 198)?,
            chunk_root: root(88, 164, 199)?,
            has_log: fields.u64(96)? != 0,
            device: fields.u64(201)?,
            size: fields.u64(209)?,
            sector_size,
            node_size,
            checksum: Checksum::of(&fields, 196)?,
            label: fields.bytes(299, 256)?.iter().copied().take_while(|byte| *byte != 0).collect(),
            system_chunks: fields.bytes(811, chunks)?.to_vec(),
            former,
        })
    }
}

/// Whether a volume whose first superblock is destroyed has a mirror of it.
pub(in crate::filesystem) fn has_mirror(source: &Source) -> bool {
    PLACES.iter().skip(1).any(|place| Superblock::at(source, *place).is_ok())
}
