//! Every third-party image: what is supported opens and lists, what is not says its name.

use crate::corpus;
use forensic_core::{
    Error, NoProgress,
    evidence::Evidence,
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
