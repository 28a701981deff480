//! Apple partition map, after "Inside Macintosh: Devices" (chapter 3, "Partition Map Entry").

use super::{Partition, Scheme};
use crate::{
    bytes::{Fields, ReadAt, Source},
    error::{Error, Issue, Result},
    limits::Limits,
};

const STRUCTURE: &str = "Apple partition map entry";

/// The signature of an entry, and that of the driver descriptor in block 0.
const ENTRY: &[u8] = b"PM";
const DRIVER: &[u8] = b"ER";

/// Bytes of an entry, whatever the block size.
const LENGTH: u64 = 512;

/// The partitions of the map in block 1 of `medium`; `None` where there is none. What is damaged is told to `issue`.
pub(super) fn read(medium: &Source, limits: &Limits, issue: &dyn Fn(Issue)) -> Option<Vec<Partition>> {
    let block_size = block_size(medium)?;
    let mut partitions = Vec::new();
    let mut count = 1u64;
    let mut number = 1u64;
    while number <= count {
        let at = number.saturating_mul(block_size);
        match entry(medium, at, block_size) {
            Ok((entries, partition)) => {
                if number == 1 {
                    count = entries.min(limits.partitions as u64);
                    if entries > count {
                        let (limit, unit) = (count, "partitions");
                        let error = Error::Limit { structure: STRUCTURE, offset: at, found: entries, limit, unit };
                        issue(Issue::from(&error));
                    }
                }
                // Free space is what no partition holds.
                partitions.extend(partition.filter(|partition| partition.type_name != "apple_free"));
            }
            Err(error) => issue(Issue::from(&error)),
        }
        number = number.saturating_add(1);
    }
    Some(partitions)
}

/// The block size by which the map is found: that of the driver descriptor, or another usual one.
fn block_size(medium: &Source) -> Option<u64> {
    let head = medium.read_vec(0, LENGTH.min(medium.len())).ok()?;
    let fields = Fields::new(&head, "Apple driver descriptor", 0);
    let described = (fields.bytes(0, 2).ok()? == DRIVER).then(|| fields.u16_be(2).ok()).flatten();
    let sizes = described.map(u64::from).into_iter().chain([512, 2048, 4096]);
    sizes.filter(|size| *size >= LENGTH).find(|size| entry(medium, *size, *size).is_ok())
}

/// Number of entries in the map, and the partition that the entry at `at` describes.
fn entry(medium: &Source, at: u64, block_size: u64) -> Result<(u64, Option<Partition>)> {
    let bytes = medium.read_vec(at, LENGTH)?;
    let fields = Fields::new(&bytes, STRUCTURE, at);
    let signature = fields.bytes(0, 2)?;
    if signature != ENTRY {
        return Err(fields.corrupt(0, "the signature PM", format!("{signature:02x?}")));
    }
    let (start, blocks) = (u64::from(fields.u32_be(8)?), u64::from(fields.u32_be(12)?));
    let partition = Partition {
        scheme: Scheme::Apm,
        type_name: text(fields.bytes(48, 32)?).to_lowercase(),
        label: text(fields.bytes(16, 32)?),
        offset: start.saturating_mul(block_size),
        size: blocks.saturating_mul(block_size),
        described_at: at,
    };
    Ok((fields.u32_be(4)?.into(), (blocks > 0).then_some(partition)))
}

/// What comes before the first NUL.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
}
