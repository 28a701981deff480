//! Tests of the XFS reader, on volumes that Linux and mkfs.xfs filled (`fixtures/linux/make.py`).

use crate::linux_fixtures::*;
use forensic_core::{
    bytes::ExtentKind,
    filesystem::{Kind, Recoverability, Status},
};
use proptest::prelude::*;
use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

/// Short form, block, node and B+tree directories; extents in inodes and B+trees; holes, preallocated space, reflinks;
/// links in and out of the inode; attributes of all forms.
#[test]
fn volume_is_read_as_the_driver_reads_it() {
    let filesystem = open(xfs5());
    let all = entries(&filesystem);
    assert_eq!((filesystem.kind(), filesystem.label().as_str()), ("xfs", "fixture"));
    let truth = truth(include_bytes!("../fixtures/linux/xfs5.tsv.gz"));
    let ours = live(&all);
    for (path, row) in &truth {
        assert_eq!(ours.get(path), Some(row), "{path}");
    }
    assert_eq!(ours.len(), truth.len());
    assert_apart(&filesystem, &all);
}

#[test]
fn holes_and_preallocated_space_read_as_zeros() {
    let filesystem = open(xfs5());
    let prealloc = filesystem.entry("/prealloc").unwrap();
    assert!(content(&prealloc)[5000..].iter().all(|byte| *byte == 0));
    let kinds: Vec<ExtentKind> = prealloc.extents("").unwrap().iter().map(|extent| extent.kind).collect();
    assert_eq!(kinds, [ExtentKind::Data, ExtentKind::Sparse]);
    assert!(filesystem.entry("/sparse").unwrap().streams[0].info.sparse);
    let device = filesystem.entry("/device").unwrap();
    let number = |key: &str| device.attributes[key].to_string();
    assert_eq!((device.kind, number("device_major"), number("device_minor")), (Kind::Other, "5".into(), "300".into()));
}

#[test]
fn deleted_files_are_found_in_the_log() {
    let all = entries(&open(xfs5()));
    let gone: BTreeMap<&str, _> =
        all.iter().filter(|entry| !entry.status.is_live()).map(|entry| (entry.path.as_str(), entry)).collect();
    let expected =
        [("/deleted.txt", "6f30b8b6", 2500), ("/a/b/deleted short.txt", "", 700), ("/gone/inside.txt", "", 1500)];
    for (path, _, size) in expected {
        let entry = gone[path];
        assert_eq!((entry.size, entry.recoverability), (size, Some(Recoverability::Intact)), "{path}");
        assert!(content(entry).iter().all(|byte| byte.is_ascii_lowercase() || *byte == b' '), "{path}");
    }
    assert_eq!((gone["/gone"].kind, gone["/gone"].status), (Kind::Directory, Status::Deleted));
}

/// Filled by mkfs.xfs from a description: nothing has checksums, inodes are of version 2.
#[test]
fn version_4_is_read() {
    let filesystem = open(xfs4());
    let all = entries(&filesystem);
    let names = all.iter().filter(|entry| entry.path.starts_with("/a/many/")).count();
    assert_eq!((all.len(), names), (306, 300));
    let noise = filesystem.entry("/noise.bin").unwrap();
    assert_eq!((noise.size, md5(&content(&noise))), (9000, md5(&content(&filesystem.entry("/a/many/0000").unwrap()))));
    let text = filesystem.entry("/a/text.txt").unwrap();
    let number = |key: &str| text.attributes[key].to_string();
    assert_eq!(
        (text.size, number("uid"), number("gid"), number("mode")),
        (20_000, "7".into(), "8".into(), "33152".into())
    );
    assert_eq!(filesystem.entry("/a/link").unwrap().target.as_deref(), Some("../noise.bin"));
    assert_eq!(filesystem.entry("/a/pipe").unwrap().kind, Kind::Other);
    assert_apart(&filesystem, &all);
}

#[test]
fn destroyed_superblock_is_replaced_by_its_copy() {
    let mut bytes = xfs5();
    let whole = entries(&open(bytes.clone())).len();
    bytes[..512].fill(0);
    let filesystem = open(bytes);
    assert_eq!(entries(&filesystem).len(), whole);
    assert!(filesystem.issues().iter().any(|issue| issue.structure == "XFS superblock" && issue.offset == Some(0)));
}

#[test]
fn damaged_inode_is_told_and_its_neighbours_are_read() {
    let mut bytes = xfs5();
    let filesystem = open(bytes.clone());
    let victim = filesystem.entry("/a/b/tiny.txt").unwrap();
    let whole = entries(&filesystem).len();
    let place = bytes.windows(2).enumerate().find_map(|(at, two)| {
        let number = bytes.get(at + 152..at + 160)?;
        (two == b"IN" && at.is_multiple_of(512) && number == victim.id.to_be_bytes()).then_some(at)
    });
    bytes[place.unwrap()] = b'X';
    let filesystem = open(bytes);
    let all = entries(&filesystem);
    assert!(all.len() >= whole);
    let damaged = all.iter().find(|entry| entry.path == "/a/b/tiny.txt").unwrap();
    assert_eq!(damaged.issues[0].offset, Some(place.unwrap() as u64));
    assert!(damaged.open("").is_err());
}

fn fixture() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let bytes = xfs4();
        seed("xfs", &bytes, 1 << 20);
        seed("xfs", &xfs5(), 1 << 20);
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn mutated_volumes_are_read_without_a_panic(
        changes in prop::collection::vec((0usize..(400 << 10), any::<u8>()), 1..60),
        length in (64usize << 10)..(32 << 20),
    ) {
        let mut bytes = fixture().to_vec();
        for (place, value) in changes {
            bytes[place] = value;
        }
        bytes.truncate(length);
        read_everything(Arc::new(bytes));
    }
}
