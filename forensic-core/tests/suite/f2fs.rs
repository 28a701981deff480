//! Tests of the F2FS reader: volumes that Linux wrote, against what it read back.

use crate::fixtures::{
    content, differences, entries, extents_hold_the_content, live, open, read, read_everything, truth, used,
};
use forensic_core::{
    bytes::ExtentKind,
    filesystem::{Kind, Recoverability},
};
use md5::{Digest, Md5};
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

/// Entries in blocks; entries, content and attributes inline, and one file compressed.
const VOLUMES: [&str; 2] = ["f2fs", "f2fs_inline"];

#[test]
fn volumes_of_linux_give_the_files_that_it_read_back() {
    for name in VOLUMES {
        let bytes = read(&format!("{name}.img"));
        let filesystem = open(bytes.clone());
        assert_eq!((filesystem.kind(), filesystem.label().as_str()), ("f2fs", "FIXTURE"));
        let mut theirs = truth(name);
        theirs.retain(|_, row| !row.0.starts_with('-'));
        assert_eq!(differences(&live(&filesystem), &theirs), Vec::<String>::new(), "{name}");
        assert_eq!(filesystem.issues(), [], "{name}");
        extents_hold_the_content(&filesystem, &bytes);
    }
}

#[test]
fn a_compressed_file_is_unpacked_and_an_inline_one_located() {
    let filesystem = open(read("f2fs_inline.img"));
    let packed = filesystem.entry("/packed.txt").unwrap();
    assert!(packed.streams[0].info.compressed);
    assert!(packed.extents("").unwrap().iter().any(|extent| extent.kind == ExtentKind::Compressed));
    let small = filesystem.entry(&format!("/folder/{}", "long".repeat(50))).unwrap();
    assert!(small.streams[0].info.resident && content(&small) == b"long\n");
}

#[test]
fn deleted_files_are_found_by_their_former_inodes() {
    for name in VOLUMES {
        let filesystem = open(read(&format!("{name}.img")));
        let truth = truth(name);
        let found: BTreeMap<String, _> = entries(&filesystem)
            .into_iter()
            .filter(|entry| !entry.status.is_live())
            .map(|e| (e.path.clone(), e))
            .collect();
        for (path, (_, size, md5, _)) in truth.iter().filter(|(_, row)| row.0.starts_with('-')) {
            let entry = found.get(path).unwrap_or_else(|| panic!("{name}: {path} of {:?}", found.keys()));
            assert_eq!(entry.size, *size, "{name}: {path}");
            let ours: String = Md5::digest(content(entry)).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!((&ours, entry.recoverability), (md5, Some(Recoverability::Intact)), "{name}: {path}");
        }
        for entry in found.values().filter(|entry| entry.recoverability == Some(Recoverability::Intact)) {
            assert!(entry.kind == Kind::Directory || truth.contains_key(&entry.path), "{name}: {}", entry.path);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn mutated_volumes_are_read_without_a_panic(
        name in prop::sample::select(VOLUMES.to_vec()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..300),
    ) {
        let mut bytes = read(&format!("{name}.img"));
        let used = used(&bytes, 8192);
        changes.iter().for_each(|(place, value)| bytes[used[place.index(used.len())]] = *value);
        read_everything(Arc::new(bytes));
    }
}
