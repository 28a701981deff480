//! The `hash`, `digest` and `error2` sections: digests of the medium, and the sectors that could not be read (EWF
//! specification, sections of the same names).

use crate::{
    bytes::{Extent, ExtentKind, Fields},
    error::Result,
};

/// A digest algorithm and the digest in lower-case hex.
pub(super) type Digest = (&'static str, String);

/// The digests in a `hash` section (MD5) or `digest` section (MD5 and SHA-1) that begins at `at`. A digest of zeros was
/// never computed.
pub(super) fn digests(kind: &str, content: &[u8], at: u64) -> Result<Vec<Digest>> {
    let (fields, checksum_at) = match kind {
        "hash" => (Fields::new(content, "EWF hash section", at), 32),
        _ => (Fields::new(content, "EWF digest section", at), 76),
    };
    check(&fields, 0, checksum_at)?;
    let mut digests = vec![("md5", fields.bytes(0, 16)?)];
    if kind == "digest" {
        digests.push(("sha1", fields.bytes(16, 20)?));
    }
    Ok(digests
        .into_iter()
        .filter(|(_, digest)| digest.iter().any(|byte| *byte != 0))
        .map(|(algorithm, digest)| (algorithm, crate::hash::hex::encode(digest)))
        .collect())
}

/// The ranges of an `error2` section, in sectors: first one and number, cut to the medium's `size`.
pub(super) fn error_ranges(content: &[u8], at: u64, bytes_per_sector: u32, size: u64) -> Result<Vec<Extent>> {
    const HEADER: usize = 520;
    let fields = Fields::new(content, "EWF error2 section", at);
    let count = usize::try_from(fields.u32(0)?).unwrap_or(usize::MAX);
    check(&fields, 0, HEADER.saturating_sub(4))?;
    let length = count.saturating_mul(8);
    check(&fields, HEADER, length)?;
    let mut ranges = Vec::new();
    for entry in fields.bytes(HEADER, length)?.chunks_exact(8) {
        let entry = Fields::new(entry, "EWF error2 entry", at);
        let bytes = |sectors: u32| u64::from(sectors).saturating_mul(u64::from(bytes_per_sector));
        let start = bytes(entry.u32(0)?);
        let length = bytes(entry.u32(4)?).min(size.saturating_sub(start));
        if length > 0 {
            let kind = ExtentKind::Data;
            ranges.push(Extent { stream_offset: start, offset: Some(start), length, kind, inferred: false });
        }
    }
    ranges.sort_unstable();
    Ok(ranges)
}

/// Compares the checksum behind `length` bytes at `offset`.
fn check(fields: &Fields<'_>, offset: usize, length: usize) -> Result<()> {
    let computed = simd_adler32::adler32(&fields.bytes(offset, length)?);
    let place = offset.saturating_add(length);
    let stored = fields.u32(place)?;
    if stored != computed {
        return Err(fields.corrupt(place, format!("checksum {computed:08x}"), format!("{stored:08x}")));
    }
    Ok(())
}
