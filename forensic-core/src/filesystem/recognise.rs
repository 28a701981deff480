//! Which filesystem a volume holds, by its signatures.

use super::{apfs, btrfs, exfat, ext, fat, hfsplus, iso9660, ntfs, squashfs, udf, xfs};
use crate::{bytes::Source, error::Error};

/// A signature: name, byte offset in the volume, bytes.
const SIGNATURES: &[(&str, u64, &[u8])] = &[
    ("ntfs", 3, b"NTFS    "),
    ("exfat", 3, b"EXFAT   "),
    ("refs", 3, b"ReFS\0\0\0\0"),
    ("bitlocker", 3, b"-FVE-FS-"),
    ("xfs", 0, b"XFSB"),
    ("squashfs", 0, b"hsqs"),
    ("luks", 0, b"LUKS\xba\xbe"),
    ("apfs", 32, b"NXSB"),
    ("hfsplus", 1024, b"H+\0\x04"),
    ("hfsplus", 1024, b"HX\0\x05"),
    ("hfs", 1024, b"BD"),
    ("f2fs", 1024, b"\x10\x20\xf5\xf2"),
    ("ext", 1080, b"\x53\xef"),
    ("iso9660", 32769, b"CD001"),
    ("udf", 32769, b"BEA01"),
    ("btrfs", 65600, b"_BHRfS_M"),
];

/// The names of all signatures.
pub(super) fn families() -> impl Iterator<Item = &'static str> {
    SIGNATURES.iter().map(|(name, ..)| *name)
}

/// Bytes of the optical disc that begins at the start of `medium`, where one does.
pub(crate) fn optical_size(medium: &Source) -> Option<u64> {
    iso9660::declared_size(medium)
}

/// The name of the filesystem that `volume` holds; `None` where no signature fits.
pub(crate) fn recognise(volume: &Source) -> Option<&'static str> {
    recognise_telling(volume, &mut None)
}

/// The same; `failed` becomes why the place of a signature cannot be read.
pub(super) fn recognise_telling(volume: &Source, failed: &mut Option<Error>) -> Option<&'static str> {
    let by_signature = SIGNATURES.iter().find_map(|(name, offset, signature)| {
        match volume.read_vec(*offset, signature.len() as u64) {
            Ok(found) => (found == *signature).then_some(*name),
            Err(Error::OutOfBounds { .. }) => None,
            Err(error) => {
                *failed = Some(error);
                None
            }
        }
    });
    // Most discs of UDF begin as ones of ISO 9660, for systems that know no better.
    let by_signature = match by_signature {
        None | Some("iso9660") if udf::probe(volume) => Some("udf"),
        other => other,
    };
    // An HFS volume may be no more than a wrapper.
    if by_signature == Some("hfs") && hfsplus::embedded(volume).is_some() {
        return Some("hfsplus");
    }
    // FAT has no signature, and a volume whose boot sector is destroyed may have its backup. FAT goes first: a volume that
    // was formatted anew may keep the backup of another filesystem: exFAT's, NTFS's or HFS+'s at its end, copies of others.
    by_signature
        .or_else(|| iso9660::probe(volume).then_some("iso9660"))
        .or_else(|| fat::probe(volume))
        .or_else(|| exfat::boot::has_backup(volume).then_some("exfat"))
        .or_else(|| ntfs::boot::has_backup(volume).then_some("ntfs"))
        .or_else(|| xfs::has_copy(volume).then_some("xfs"))
        .or_else(|| btrfs::has_mirror(volume).then_some("btrfs"))
        .or_else(|| ext::superblock::has_backup(volume).then_some("ext"))
        .or_else(|| hfsplus::has_copy(volume).then_some("hfsplus"))
        .or_else(|| apfs::has_copy(volume).then_some("apfs"))
        .or_else(|| squashfs::has_tables(volume).then_some("squashfs"))
}
