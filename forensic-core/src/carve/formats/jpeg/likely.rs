//! Whether bytes may be entropy-coded data, told without decoding any: every byte 0xFF of it is followed by a stuffed zero or a
//! marker that may stand there (ITU-T T.81, B.1.1.5).

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
    let mut end = None;
    for place in memchr::memchr_iter(0xff, bytes) {
        match bytes.get(place.wrapping_add(1)) {
            Some(0 | 0xd0..=0xd7 | 0xc4 | 0xda) | None => {}
            Some(0xd9) => {
                end = Some(place);
                break;
            }
            _ => return Likely::No,
        }
    }
    let data = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
    if !varied(data) {
        return Likely::No;
    }
    if end.is_some() { Likely::End } else { Likely::Data }
}

/// True where bytes between data of a scan are certainly not such data.
pub(super) fn is_foreign(bytes: &[u8]) -> bool {
    let (zeros, high) = counts(bytes);
    let pairs = memchr::memchr_iter(0xff, bytes).filter_map(|place| bytes.get(place.wrapping_add(1)));
    zeros > bytes.len().saturating_mul(15) / 16
        || high < bytes.len() / 64
        || pairs.into_iter().any(|next| !matches!(next, 0 | 0xd0..=0xd7 | 0xc4 | 0xda | 0xd9))
}

/// Coded data have bytes of all values: zeros are not many, and not all are letters.
fn varied(data: &[u8]) -> bool {
    let (zeros, high) = counts(data);
    data.len() < 32 || (zeros < data.len().saturating_mul(3) / 4 && high > data.len() / 32)
}

/// Zeros, and bytes from 0x80 on.
fn counts(bytes: &[u8]) -> (usize, usize) {
    (bytes.iter().filter(|byte| **byte == 0).count(), bytes.iter().filter(|byte| **byte >= 0x80).count())
}
