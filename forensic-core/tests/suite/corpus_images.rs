//! Every third-party image: what is supported opens and lists, what is not says its name.

use crate::corpus;
use forensic_core::{
    Error, NoProgress,
    evidence::Evidence,
    filesystem::{Status, WalkOptions},
    hash::{self, Algorithm},
    triage,
};

#[test]
fn every_image_opens_and_lists_or_names_what_it_is() {
    let Some(index) = corpus::file("images/INDEX.tsv") else { return };
    let root = corpus::root().unwrap().join("images");
    let mut opened = 0;
    for line in std::fs::read_to_string(index).unwrap().lines() {
        let name = line.split('\t').next().unwrap();
        let is_container = [".qcow2", ".qcow", ".vmdk", ".vhd", ".dmg"].iter().any(|suffix| name.ends_with(suffix));
        match Evidence::open(root.join(name)) {
            Err(Error::Unsupported { what }) => assert!(is_container, "{name}: {what}"),
            Err(error) => panic!("{name}: {error}"),
            Ok(evidence) => {
                assert!(!is_container, "{name} is taken for {}", evidence.format());
                let report = triage::run(&evidence, &triage::Options::default(), &NoProgress).unwrap();
                // A filesystem that is recognised and not read is an issue that names it, never silence.
                let named = report.issues.iter().any(|issue| issue.message.contains("not supported"));
                assert!(report.summary.filesystems > 0 || named, "{name}: neither a filesystem nor a word about it");
                let whole: u64 = evidence.volumes().iter().map(|volume| volume.size).sum();
                assert_eq!(whole, evidence.size(), "{name}: the volumes and gaps are not the medium");
                opened += 1;
            }
        }
    }
    assert!(opened >= 9, "{opened} images opened");
}

/// Listing and content over the whole line (evidence, partition table, filesystem) equal The Sleuth Kit's on Debian's
/// samples; `fat` and `ntfs` compare path by path.
#[test]
fn debians_samples_are_read_through_their_partition_table() {
    for (name, kind, path, md5) in [
        ("fs.ntfs.xz", "ntfs", "/pic1/IMG_1054.JPG", "5954c54a135ee4ea9cc753a0b234544d"),
        ("fs.vfat.xz", "fat", "/pic1/IMG_1054.JPG", "5954c54a135ee4ea9cc753a0b234544d"),
    ] {
        let Some(medium) = corpus::debian_sample(name) else { continue };
        let evidence = Evidence::from_bytes(medium).unwrap();
        let filesystems = evidence.filesystems();
        assert_eq!(filesystems.len(), 1, "{name}");
        assert!(filesystems[0].kind().starts_with(kind));
        assert_eq!(filesystems[0].offset(), 2048 * 512);
        let content = filesystems[0].entry(path).unwrap().open("").unwrap();
        assert_eq!(hash::hash(&content, &[Algorithm::Md5]).unwrap().hex(Algorithm::Md5).as_deref(), Some(md5));
        let check = filesystems[0].cross_check().unwrap();
        assert!(check.agrees(), "{name}: {:?}", check.differences);
    }
}

/// Debian's medium of four partitions; the files as The Sleuth Kit reads them in those it can open (all but Btrfs).
#[test]
fn each_partition_of_debians_multiple_image_is_read() {
    let Some(medium) = corpus::debian_sample("fs.multiple.xz") else { return };
    let evidence = Evidence::from_bytes(medium).unwrap();
    let filesystems = evidence.filesystems();
    let places: Vec<_> = filesystems.iter().map(|found| (found.kind(), found.offset() / 512)).collect();
    assert_eq!(places, [("btrfs", 2048), ("ext4", 227_328), ("exfat", 309_248), ("ntfs", 391_168)]);
    for filesystem in filesystems {
        let own = ["/lost+found", "/$"];
        let entries = filesystem.walk(WalkOptions::default());
        let found: Vec<_> = entries
            .filter(|entry| !own.iter().any(|prefix| entry.path.starts_with(prefix)))
            .map(|entry| {
                assert_eq!(entry.status, Status::Allocated, "{}", entry.path);
                let hashes = hash::hash(&entry.open("").unwrap(), &[Algorithm::Md5]).unwrap();
                (entry.path, entry.size, hashes.hex(Algorithm::Md5).unwrap())
            })
            .collect();
        let file = |path: &str, size, md5: &str| (path.to_owned(), size, md5.to_owned());
        let expected = [
            file("/debian_logo.jpg", 36_885, "600fd7c8b3cc594136620dd1ea4f74a1"),
            file("/test.txt", 26, "935167c4c0526041b059e31eb67456de"),
        ];
        assert_eq!(found, expected, "{}", filesystem.kind());
        // ext4 and exFAT were made before the partitions were cut to size: the journal of ext4 lies outside.
        let is_cut = ["ext4", "exfat"].contains(&filesystem.kind());
        assert_eq!(filesystem.issues().is_empty(), !is_cut, "{}: {:?}", filesystem.kind(), filesystem.issues());
    }
}

/// Truth tables and the tests that compare with them, or why none does.
const TABLES: [(&str, &str); 12] = [
    ("debian_exfat", "exfat::images_of_others"),
    ("debian_ext4", "ext::images_of_others, btrfs"),
    ("debian_ntfs", "ntfs::of_others"),
    ("debian_vfat", "fat_images_of_others"),
    ("dfvfs_ext2E01", "ext::images_of_others"),
    ("dfvfs_ext2_split", "ext::images_of_others"),
    ("dfvfs_ext2_vhd", "none: containers of VHD are named and not read"),
    ("dfvfs_ext2_vmdk", "none: containers of VMDK are named and not read"),
    ("dfvfs_hfsplus", "hfsplus"),
    ("dfvfs_iso9660", "iso9660"),
    ("ntfs_testfs1", "ntfs::of_others"),
    ("tsk_imageE01", "ext::images_of_others"),
];

#[test]
fn no_truth_table_is_left_out() {
    let Some(root) = corpus::root() else { return };
    let files = std::fs::read_dir(root.join("images/truth")).unwrap();
    let mut found: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    assert_eq!(found, TABLES.map(|(name, _)| format!("{name}.tsv")));
}
