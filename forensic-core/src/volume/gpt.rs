//! GUID partition table, after the UEFI specification (5.3).

use super::{Partition, Scheme, types};
use crate::{
    bytes::{Fields, ReadAt, Source},
    error::{Error, Issue, Result},
    limits::Limits,
};

const SIGNATURE: &[u8] = b"EFI PART";

/// Bytes of the entry array read at once.
const BLOCK: u64 = 1 << 20;

/// A GUID partition table as far as it could be read.
pub(super) struct Gpt {
    pub(super) partitions: Vec<Partition>,
    /// True where the header at the start of the medium was read, not the backup.
    pub(super) primary: bool,
}

/// Reads the table of `medium` from its header in sector 1, or where that one or its entries are damaged from the backup
/// in the last sector. `None` where neither is there.
pub(super) fn read(medium: &Source, sector_size: u32, limits: &Limits, issue: &dyn Fn(Issue)) -> Option<Gpt> {
    let mut problems = Vec::new();
    let primary = primary(medium, sector_size, limits, &mut problems);
    let size_hint = primary.as_ref().map_or(sector_size, |table| table.sector_size);
    let whole = primary.as_ref().is_some_and(|table| table.whole);
    let backup_at = primary.as_ref().map(|table| table.alternate);
    let backup = backup(medium, size_hint, backup_at, limits, &mut problems);
    let (table, is_primary) = match (primary, backup) {
        (Some(primary), _) if whole => (primary, true),
        (_, Some(backup)) if backup.whole => (backup, false),
        (Some(primary), _) => (primary, true),
        (None, Some(backup)) => (backup, false),
        (None, None) => {
            problems.iter().for_each(|error| issue(Issue::from(error)));
            return None;
        }
    };
    problems.iter().for_each(|error| issue(Issue::from(error)));
    if !is_primary {
        issue(Issue::new(table.at, "GPT header", "the backup table is used in place of the primary one"));
    }
    Some(Gpt { partitions: table.partitions, primary: is_primary })
}

/// The primary table, found in the second sector of 512, 4096 or the medium's own number of bytes.
fn primary(medium: &Source, own: u32, limits: &Limits, problems: &mut Vec<Error>) -> Option<Table> {
    let sizes = [own, 512, 4096];
    let begins = |size: &&u32| medium.read_vec(u64::from(**size), 8).is_ok_and(|found| found == SIGNATURE);
    let size = *sizes.iter().find(begins)?;
    Table::read(medium, u64::from(size), size, limits, problems)
}

/// The backup table: where the primary one says, or in the last sector.
fn backup(medium: &Source, own: u32, at: Option<u64>, limits: &Limits, problems: &mut Vec<Error>) -> Option<Table> {
    if let Some(table) = at.and_then(|at| Table::read(medium, at, own, limits, problems)) {
        return Some(table);
    }
    [own, 512, 4096].into_iter().find_map(|size| {
        let last = (medium.len() / u64::from(size.max(1))).checked_sub(1)?.checked_mul(size.into())?;
        let begins = medium.read_vec(last, 8).is_ok_and(|found| found == SIGNATURE);
        if begins { Table::read(medium, last, size, limits, problems) } else { None }
    })
}

/// One of the two tables.
struct Table {
    /// Byte offset of its header on the medium.
    at: u64,
    sector_size: u32,
    /// Byte offset of the other table's header.
    alternate: u64,
    partitions: Vec<Partition>,
    /// True where the checksums of header and entries fit.
    whole: bool,
}

impl Table {
    /// Reads the header at `at` and its entries. Damage goes to `problems`; a header whose checksum does not fit is not
    /// used, entries whose checksum does not fit are.
    fn read(medium: &Source, at: u64, sector_size: u32, limits: &Limits, problems: &mut Vec<Error>) -> Option<Self> {
        let header = match Header::read(medium, at, sector_size) {
            Ok(header) => header,
            Err(error) => {
                problems.push(error);
                return None;
            }
        };
        let mut partitions = Vec::new();
        let whole = match header.entries(medium, limits, &mut partitions) {
            Ok(()) => true,
            Err(error) => {
                problems.push(error);
                false
            }
        };
        let alternate = header.alternate_lba.saturating_mul(sector_size.into());
        Some(Self { at, sector_size, alternate, partitions, whole })
    }
}

struct Header {
    sector_size: u64,
    alternate_lba: u64,
    entries_lba: u64,
    entry_count: u32,
    entry_size: u32,
    entries_checksum: u32,
    /// Byte offset of the header on the medium.
    at: u64,
}

impl Header {
    fn read(medium: &Source, at: u64, sector_size: u32) -> Result<Self> {
        let available = medium.len().saturating_sub(at).min(sector_size.into());
        let bytes = medium.read_vec(at, available)?;
        let fields = Fields::new(&bytes, "GPT header", at);
        let signature = fields.bytes(0, 8)?;
        if signature != SIGNATURE {
            return Err(fields.corrupt(0, "the signature EFI PART", format!("{signature:02x?}")));
        }
        let (size, stored) = (usize::try_from(fields.u32(12)?).unwrap_or(usize::MAX), fields.u32(16)?);
        if size < 92 {
            return Err(fields.corrupt(12, "a header of at least 92 bytes", size));
        }
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(fields.bytes(0, 16)?);
        hasher.update(&[0; 4]);
        hasher.update(fields.bytes(20, size.saturating_sub(20))?);
        let computed = hasher.finalize();
        if stored != computed {
            return Err(fields.corrupt(16, format!("header checksum {computed:08x}"), format!("{stored:08x}")));
        }
        let sector = u64::from(sector_size.max(1));
        let own_lba = fields.u64(24)?;
        if own_lba != at / sector {
            return Err(fields.corrupt(24, format!("its own sector, {}", at / sector), own_lba));
        }
        let entry_size = fields.u32(84)?;
        if entry_size < 128 || entry_size % 8 != 0 {
            return Err(fields.corrupt(84, "entries of 128 bytes or a multiple", entry_size));
        }
        Ok(Self {
            sector_size: sector,
            alternate_lba: fields.u64(32)?,
            entries_lba: fields.u64(72)?,
            entry_count: fields.u32(80)?,
            entry_size,
            entries_checksum: fields.u32(88)?,
            at,
        })
    }

    /// Reads the entries, as many as the medium and the limits have room for.
    fn entries(&self, medium: &Source, limits: &Limits, partitions: &mut Vec<Partition>) -> Result<()> {
        let start = self.entries_lba.saturating_mul(self.sector_size);
        let entry_size = u64::from(self.entry_size);
        let claimed = u64::from(self.entry_count).saturating_mul(entry_size);
        let length = claimed.min(limits.structure_bytes).min(medium.len().saturating_sub(start));
        let mut hasher = crc32fast::Hasher::new();
        let mut at = start;
        let end = start.saturating_add(length);
        let block = (BLOCK / entry_size).max(1).saturating_mul(entry_size);
        while at < end {
            let bytes = medium.read_vec(at, block.min(end.saturating_sub(at)))?;
            hasher.update(&bytes);
            for entry in bytes.chunks_exact(usize::try_from(entry_size).unwrap_or(usize::MAX)) {
                if let Some(partition) = self.partition(entry, at)? {
                    if partitions.len() >= limits.partitions {
                        let (found, limit) = (self.entry_count.into(), limits.partitions as u64);
                        let unit = "partitions";
                        return Err(Error::Limit { structure: "GPT entries", offset: at, found, limit, unit });
                    }
                    partitions.push(partition);
                }
                at = at.saturating_add(entry_size);
            }
            if (bytes.len() as u64) < block {
                break;
            }
        }
        if length < claimed {
            let expected = format!("at most {length} bytes");
            let found = format!("{} entries of {entry_size}", self.entry_count);
            return Err(Error::corrupt("GPT header", self.at.saturating_add(80), expected, found));
        }
        let (stored, computed) = (self.entries_checksum, hasher.finalize());
        if stored != computed {
            let expected = format!("checksum {computed:08x} of the entries");
            let found = format!("{stored:08x}");
            return Err(Error::corrupt("GPT header", self.at.saturating_add(88), expected, found));
        }
        Ok(())
    }

    /// The partition that an entry describes; `None` for an unused one.
    fn partition(&self, entry: &[u8], at: u64) -> Result<Option<Partition>> {
        let fields = Fields::new(entry, "GPT entry", at);
        if fields.bytes(0, 16)?.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let (first, last) = (fields.u64(32)?, fields.u64(40)?);
        let name: Vec<u16> = fields
            .bytes(56, 72)?
            .chunks_exact(2)
            .filter_map(|unit| unit.try_into().ok())
            .map(u16::from_le_bytes)
            .collect();
        let name = name.split(|unit| *unit == 0).next().unwrap_or_default();
        // The last sector belongs to the partition; one that ends before it begins has no size.
        let sectors = last.checked_add(1).map_or(0, |end| end.saturating_sub(first));
        Ok(Some(Partition {
            scheme: Scheme::Gpt,
            type_name: types::gpt(fields.guid(0)?),
            label: String::from_utf16_lossy(name),
            offset: first.saturating_mul(self.sector_size),
            size: sectors.saturating_mul(self.sector_size),
            described_at: at,
        }))
    }
}
