//! Every read of a small volume of each filesystem fails in turn, and some of the reads of larger and other ones.

use crate::{
    apfs, exfat, ext,
    fat::{self, inferred},
    fat_image::Kind,
    faults::{stand_every_fault, stand_some_faults},
    fixtures, hfsplus, linux_fixtures, ntfs, ntfs_encodings,
};
use forensic_core::filesystem;
use std::collections::BTreeSet;

/// A test for each volume, which is there or needs the corpus.
macro_rules! every_fault {
    ($($kind:ident: $volume:expr,)*) => {
        const KINDS: &[&str] = &[$(stringify!($kind)),*];
        $(#[test]
        fn $kind() {
            $volume.into_iter().for_each(stand_every_fault);
        })*
    };
}

every_fault! {
    apfs: apfs::deleted(),
    btrfs: Some(linux_fixtures::btrfs_mixed()),
    exfat: Some(exfat::sample().bytes),
    ext2: Some(ext::fixture("ext2")),
    ext3: Some(ext::fixture("ext3")),
    ext4: Some(ext::fixture("ext4")),
    f2fs: Some(fixtures::read("f2fs.img")),
    fat12: Some(fat::sample(Kind::Fat12).bytes),
    fat16: Some(fat::sample(Kind::Fat16).bytes),
    fat32: Some(fat::sample(Kind::Fat32).bytes),
    hfsplus: Some(hfsplus::sample().write().bytes.clone()),
    iso9660: Some(fixtures::read("rock_ridge_joliet.iso")),
    ntfs: Some(ntfs::varied()),
    squashfs: Some(fixtures::read("gzip.squashfs")),
    udf: Some(fixtures::read("udf_metadata.img")),
    xfs: Some(linux_fixtures::xfs4()),
}

macro_rules! some_faults {
    ($($name:ident: $volume:expr,)*) => {
        $(#[test]
        fn $name() {
            stand_some_faults($volume);
        })*
    };
}

some_faults! {
    btrfs_of_all_kinds_of_extents: linux_fixtures::btrfs(),
    ext4_with_inline_data: ext::fixture("ext4_inline"),
    fat12_without_a_boot_sector: inferred::lost(Kind::Fat12),
    fat16_without_a_boot_sector: inferred::lost(Kind::Fat16),
    fat32_without_a_boot_sector: inferred::lost(Kind::Fat32),
    iso9660_of_several_sessions: fixtures::read("growing.iso"),
    ntfs_with_packed_content: ntfs_encodings::packed_volume(),
    squashfs_without_fragments: fixtures::read("no_fragments.squashfs"),
    udf_with_long_descriptors: fixtures::read("udf_long.img"),
    xfs_version_5: linux_fixtures::xfs5(),
}

#[test]
fn no_kind_is_left_out() {
    let kinds: BTreeSet<&str> = filesystem::readers().iter().flat_map(|reader| reader.kinds.iter().copied()).collect();
    assert_eq!(KINDS.iter().copied().collect::<BTreeSet<_>>(), kinds);
}
