//! Checksums of metadata: crc32c as ext4 counts it, and the crc16 of group descriptors without `metadata_csum`
//! ([checksums](https://www.kernel.org/doc/html/latest/filesystems/ext4/overview.html#checksums)).

/// crc32c from a seed on, without the inversions that the usual form adds at both ends.
pub(super) fn crc32c(seed: u32, bytes: &[u8]) -> u32 {
    !crc32c::crc32c_append(!seed, bytes)
}

/// CRC-16 with the reflected polynomial 0xa001, from a seed on.
pub(super) fn crc16(seed: u16, bytes: &[u8]) -> u16 {
    bytes.iter().fold(seed, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xa001 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values_are_those_of_the_catalogue_of_crcs() {
        assert_eq!(!crc32c(!0, b"123456789"), 0xe306_9283);
        assert_eq!(crc16(0, b"123456789"), 0xbb3d);
    }
}
