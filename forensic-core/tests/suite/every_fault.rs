//! Every read of every filesystem fails in turn.

use crate::{apfs, exfat, ext, fat, fat_image, faults::stand_every_fault, fixtures, hfsplus, linux_fixtures, ntfs};
use forensic_core::filesystem;
use std::collections::BTreeSet;

/// Small volumes, by the kind that they are.
const VOLUMES: &[(&str, fn() -> Option<Vec<u8>>)] = &[
    ("apfs", apfs::deleted),
    ("btrfs", || Some(linux_fixtures::btrfs_mixed())),
    ("exfat", || Some(exfat::sample().bytes)),
    ("ext2", || Some(ext::fixture("ext2"))),
    ("ext3", || Some(ext::fixture("ext3"))),
    ("ext4", || Some(ext::fixture("ext4"))),
    ("f2fs", || Some(fixtures::read("f2fs.img"))),
    ("fat12", || Some(fat::sample(fat_image::Kind::Fat12).bytes)),
    ("fat16", || Some(fat::sample(fat_image::Kind::Fat16).bytes)),
    ("fat32", || Some(fat::sample(fat_image::Kind::Fat32).bytes)),
    ("hfsplus", || Some(hfsplus::sample().write().bytes.clone())),
    ("iso9660", || Some(fixtures::read("rock_ridge_joliet.iso"))),
    ("ntfs", || Some(ntfs::varied())),
    ("squashfs", || Some(fixtures::read("gzip.squashfs"))),
    ("udf", || Some(fixtures::read("udf_metadata.img"))),
    ("xfs", || Some(linux_fixtures::xfs4())),
];

macro_rules! every_fault {
    ($($kind:ident),*) => { $(
        #[test]
        fn $kind() {
            let Some((_, make)) = VOLUMES.iter().find(|(kind, _)| *kind == stringify!($kind)) else { panic!() };
            if let Some(bytes) = make() {
                stand_every_fault(bytes);
            }
        }
    )* };
}

every_fault!(
    apfs, btrfs, exfat, ext2, ext3, ext4, f2fs, fat12, fat16, fat32, hfsplus, iso9660, ntfs, squashfs, udf, xfs
);

#[test]
fn every_kind_has_its_volume() {
    let kinds: BTreeSet<&str> = filesystem::readers().iter().flat_map(|reader| reader.kinds.iter().copied()).collect();
    assert_eq!(VOLUMES.iter().map(|(kind, _)| *kind).collect::<BTreeSet<_>>(), kinds);
}
