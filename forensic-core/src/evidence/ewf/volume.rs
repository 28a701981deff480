//! The `volume`, `disk` and `data` sections: geometry of the medium and of its chunks (EWF specification, "Volume
//! section"). EnCase's layout has 1052 bytes, that of the original format and of SMART 94.

use crate::{
    bytes::Fields,
    error::{Error, Result},
    limits::Limits,
};
use std::{collections::BTreeMap, num::NonZeroU32};

/// Bytes of EnCase's layout.
const ENCASE: usize = 1052;

/// What the volume section says.
#[derive(Clone)]
pub(super) struct Geometry {
    pub(super) chunk_count: u64,
    pub(super) sectors_per_chunk: u32,
    pub(super) bytes_per_sector: u32,
    pub(super) sector_count: u64,
    /// The set identifier; all zero in older formats.
    pub(super) set_identifier: Option<String>,
    /// True for EnCase's layout, whose tables carry a checksum of their entries.
    pub(super) encase: bool,
    /// Bytes a chunk, once inflated.
    pub(super) chunk_size: NonZeroU32,
    /// Bytes of the medium.
    pub(super) size: u64,
    /// False where the section's checksum does not fit.
    pub(super) checksum_fits: bool,
    media_type: u8,
    media_flags: u8,
    compression: u8,
    error_granularity: u32,
}

impl Geometry {
    /// Parses the content of the section, which begins at `at` in the segment file.
    pub(super) fn parse(bytes: &[u8], at: u64, limits: &Limits) -> Result<Self> {
        let fields = Fields::new(bytes, "EWF volume section", at);
        let encase = bytes.len() >= ENCASE;
        let (chunk_count, sectors_per_chunk, bytes_per_sector) = (fields.u32(4)?, fields.u32(8)?, fields.u32(12)?);
        let sector_count = if encase { fields.u64(16)? } else { u64::from(fields.u32(16)?) };
        let checksum_at = if encase { 1048 } else { 90 };
        let checksum_fits = simd_adler32::adler32(&fields.bytes(0, checksum_at)?) == fields.u32(checksum_at)?;
        let chunk_size = u64::from(sectors_per_chunk).saturating_mul(u64::from(bytes_per_sector));
        if chunk_size > limits.inflated_bytes {
            return Err(Error::Limit {
                structure: "EWF volume section",
                offset: at,
                found: chunk_size,
                limit: limits.inflated_bytes,
                unit: "bytes a chunk",
            });
        }
        let chunk_size = u32::try_from(chunk_size)
            .ok()
            .and_then(NonZeroU32::new)
            .ok_or_else(|| fields.corrupt(8, "from 1 to 2^32 bytes in a chunk", chunk_size))?;
        let size = sector_count
            .checked_mul(u64::from(bytes_per_sector))
            .ok_or_else(|| fields.corrupt(16, "a medium of less than 2^64 bytes", sector_count))?;
        Ok(Self {
            chunk_count: u64::from(chunk_count),
            sectors_per_chunk,
            bytes_per_sector,
            sector_count,
            set_identifier: if encase { Some(fields.guid(64)?).filter(|guid| !is_zero(guid)) } else { None },
            encase,
            chunk_size,
            size,
            checksum_fits,
            media_type: fields.u8(0)?,
            media_flags: if encase { fields.u8(36)? } else { 0 },
            compression: if encase { fields.u8(52)? } else { 0 },
            error_granularity: if encase { fields.u32(56)? } else { 0 },
        })
    }

    /// How many chunks the medium has.
    pub(super) fn chunks(&self) -> u64 {
        self.size.div_ceil(self.chunk_size.get().into())
    }

    /// Adds what the section says to the metadata.
    pub(super) fn describe(&self, metadata: &mut BTreeMap<String, String>) {
        let mut add = |key: &str, value: String| {
            metadata.insert(key.to_owned(), value);
        };
        add("chunk_size", self.chunk_size.to_string());
        add("sectors_per_chunk", self.sectors_per_chunk.to_string());
        add("bytes_per_sector", self.bytes_per_sector.to_string());
        add("sectors", self.sector_count.to_string());
        if let Some(guid) = &self.set_identifier {
            add("set_identifier", guid.clone());
        }
        if !self.encase {
            return;
        }
        let media_type = match self.media_type {
            0x00 => "removable".to_owned(),
            0x01 => "fixed".to_owned(),
            0x03 => "optical".to_owned(),
            0x0e => "logical".to_owned(),
            0x10 => "memory".to_owned(),
            other => format!("0x{other:02x}"),
        };
        add("media_type", media_type);
        add("is_physical", (self.media_flags & 0x02 != 0).to_string());
        for (flag, name) in [(0x04, "fastbloc"), (0x08, "tableau")] {
            if self.media_flags & flag != 0 {
                add("write_blocker", name.to_owned());
            }
        }
        if let Some(level) = ["none", "fast", "best"].get(usize::from(self.compression)) {
            add("compression", (*level).to_owned());
        }
        if self.error_granularity != 0 {
            add("error_granularity", self.error_granularity.to_string());
        }
    }
}

fn is_zero(guid: &str) -> bool {
    guid.bytes().all(|byte| matches!(byte, b'0' | b'-'))
}
