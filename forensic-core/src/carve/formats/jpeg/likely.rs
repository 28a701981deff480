//! Whether bytes may be entropy-coded data, told without decoding any: every byte 0xFF of it is followed by a stuffed zero or a
//! marker that may stand there (ITU-T T.81, B.1.1.5).

/// Fewer bytes than these may well be without one 0xFF.
const ENOUGH: usize = 3 << 10;

/// What a cluster may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likely {
    /// Something else.
    No,
    /// Data of a scan.
    Data,
    /// Data of a scan to its end in this cluster.
    End,
}

/// What `bytes` may be.
pub(super) fn likely(bytes: &[u8]) -> Likely {
    let mut stuffed = 0u32;
    let mut end = None;
    for place in memchr::memchr_iter(0xff, bytes) {
        match bytes.get(place.wrapping_add(1)) {
            Some(0) => stuffed = stuffed.wrapping_add(1),
            Some(0xd0..=0xd7 | 0xc4 | 0xda) | None => {}
            Some(0xd9) => {
                end = Some(place);
                break;
            }
            _ => return Likely::No,
        }
    }
    let data = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
    if (data.len() >= ENOUGH && stuffed == 0) || !varied(data) {
        return Likely::No;
    }
    if end.is_some() { Likely::End } else { Likely::Data }
}

/// True where a sector of data is not that of a scan.
pub(super) fn is_foreign(sector: &[u8]) -> bool {
    let pairs = memchr::memchr_iter(0xff, sector).filter_map(|place| sector.get(place.wrapping_add(1)));
    !varied(sector) || pairs.into_iter().any(|next| !matches!(next, 0 | 0xd0..=0xd7 | 0xc4 | 0xda | 0xd9))
}

/// Coded data have bytes of all values: zeros are not many, and not all are letters.
fn varied(data: &[u8]) -> bool {
    let zeros = data.iter().filter(|byte| **byte == 0).count();
    let high = data.iter().filter(|byte| **byte >= 0x80).count();
    data.len() < 32 || (zeros < data.len() / 3 && high > data.len() / 16)
}
