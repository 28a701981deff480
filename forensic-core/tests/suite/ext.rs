//! Tests of the ext2, ext3 and ext4 reader, on images that `fixtures/ext/make.py` makes with e2fsprogs, and against an
//! independent reader (`ext4-view`).

mod images_of_others;

use crate::corpus;
use forensic_core::{
    Error, Limits,
    bytes::{ExtentKind, ReadAt, Source},
    filesystem::{self, Entry, FileSystem, Kind, Recoverability, Status, TimestampKind, Value, WalkOptions},
};
use proptest::prelude::*;
use std::{
    collections::BTreeMap,
    io::Read,
    path::Path,
    sync::{Arc, LazyLock},
};

const FIXTURES: [&str; 10] = [
    "ext2",
    "ext3",
    "ext4",
    "ext4_2k_small_inodes",
    "ext4_inline",
    "ext4_bigalloc",
    "ext4_meta_bg",
    "ext4_casefold",
    "ext4_64k",
    "ext4_dirty",
];

/// An image of `fixtures/ext`.
pub fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/ext/{name}.img.gz"));
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

fn open(bytes: impl Into<Vec<u8>>) -> Arc<dyn FileSystem> {
    filesystem::open(Arc::new(bytes.into()), &Limits::default()).unwrap().unwrap()
}

fn walk(filesystem: &Arc<dyn FileSystem>) -> Vec<Entry> {
    filesystem.walk(WalkOptions::default()).collect()
}

fn all(source: &Source) -> Vec<u8> {
    source.read_vec(0, source.len()).unwrap()
}

fn content(entry: &Entry) -> Vec<u8> {
    all(&entry.open("").unwrap_or_else(|error| panic!("{}: {error}", entry.path)))
}

/// The content that `make.py` gives a file.
fn lines(name: &str, size: usize) -> Vec<u8> {
    (0..).flat_map(|n| format!("{name} {n:07}\n").into_bytes()).take(size).collect()
}

/// Paths and contents of the files that every fixture has, but for those that its making took away.
fn files(largest: usize) -> BTreeMap<String, Vec<u8>> {
    let mut files: BTreeMap<String, Vec<u8>> = [
        ("tiny", "tiny", 11),
        ("DCIM/second name", "tiny", 11),
        ("inline", "inline", 60),
        ("short", "short", 100),
        ("block", "block", 4096),
        ("large", "large", largest),
        ("none", "none", 0),
        ("DCIM/deep/deeper/IMG_0001.JPG", "IMG_0001.JPG", 20_000),
        ("naïve — 写真.txt", "photo", 500),
        ("bytes\u{fffd}\u{fffd}", "bytes", 5),
        ("gone/kept.txt", "kept", 3000),
        ("gone/deleted.txt", "deleted", 9000),
    ]
    .into_iter()
    .map(|(path, name, size)| (format!("/{path}"), lines(name, size)))
    .collect();
    let mut holes = lines("head", 1000);
    holes.resize(100_000, 0);
    holes.extend(lines("tail", 1000));
    files.insert("/holes".into(), holes);
    for number in 0..120 {
        files.insert(format!("/many/file number {number:03}.txt"), lines(&format!("m{number:03}"), number));
    }
    files
}

fn largest(fixture: &str) -> usize {
    if fixture == "ext2" { 300_000 } else { 40_000 }
}

#[test]
fn every_variant_gives_every_file() {
    for name in FIXTURES {
        let filesystem = open(fixture(name));
        assert_eq!(filesystem.label(), "fixture");
        assert_eq!(filesystem.serial(), "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0");
        assert_eq!(filesystem.kind(), name.split('_').next().unwrap());
        let mut expected = files(largest(name));
        if name != "ext4_dirty" && matches!(name, "ext2" | "ext3" | "ext4") {
            expected.remove("/gone/deleted.txt");
        }
        if name == "ext4" {
            expected.remove("/short");
        }
        if name == "ext4_dirty" {
            // Logged with its first bytes taken out, as they are those of the journal's own blocks.
            expected.get_mut("/short").unwrap()[..4].copy_from_slice(&[0xc0, 0x3b, 0x39, 0x98]);
        }
        let entries = walk(&filesystem);
        let mut found = BTreeMap::new();
        for entry in entries.iter().filter(|e| e.status == Status::Allocated && e.kind == Kind::File) {
            let content = match entry.open("") {
                Ok(content) => all(&content),
                Err(Error::Unsupported { .. }) if name == "ext4_casefold" => expected[&entry.path].clone(),
                Err(error) => panic!("{name}: {}: {error}", entry.path),
            };
            assert_eq!(entry.size, content.len() as u64, "{}", entry.path);
            assert!(entry.issues.is_empty(), "{name}: {}: {:?}", entry.path, entry.issues);
            found.insert(entry.path.clone(), content);
        }
        let (found_names, names): (Vec<_>, Vec<_>) = (found.keys().collect(), expected.keys().collect());
        assert_eq!(found_names, names, "{name}");
        for (path, content) in expected {
            assert!(found[&path] == content, "{name}: {path}");
        }
        let issues = filesystem.issues();
        let expected_issues = usize::from(name == "ext4_dirty");
        assert_eq!(issues.len(), expected_issues, "{name}: {issues:?}");
        assert_eq!(filesystem.entry("/fast").unwrap().target.as_deref(), Some("DCIM/deep"));
        assert_eq!(filesystem.entry("/slow").unwrap().target, Some("x/".repeat(60) + "end"));
    }
}

#[test]
fn independent_reader_agrees() {
    for name in FIXTURES {
        let bytes = fixture(name);
        // It refuses inodes of 128 bytes in use by ext4, and features that some volumes lack or have.
        let refused = ["ext2", "ext4", "ext4_inline", "ext4_bigalloc", "ext4_meta_bg", "ext4_casefold", "ext4_dirty"];
        let other = match ext4_view::Ext4::load(Box::new(bytes.clone())) {
            Ok(other) if name != "ext4_2k_small_inodes" => other,
            Ok(_) => continue,
            Err(error) => {
                assert!(refused.contains(&name), "{name}: {error}");
                continue;
            }
        };
        let filesystem = open(bytes);
        let mut compared = 0;
        for entry in walk(&filesystem).iter().filter(|entry| entry.status == Status::Allocated) {
            let is_text = std::str::from_utf8(&entry.name_bytes).is_ok();
            if !is_text || entry.attributes.contains_key("encrypted") {
                continue;
            }
            let path = entry.path.as_str();
            let metadata = other.symlink_metadata(path).unwrap_or_else(|e| panic!("{path}: {e}"));
            assert_eq!(Value::Int(i64::from(metadata.uid())), entry.attributes["uid"]);
            match entry.kind {
                Kind::File => {
                    assert_eq!(other.read(path).unwrap(), content(entry), "{name}: {}", entry.path)
                }
                Kind::Symlink => {
                    let target = other.read_link(path).unwrap();
                    assert_eq!(Some(target.to_str().unwrap()), entry.target.as_deref());
                }
                Kind::Directory => {
                    let children = other.read_dir(path).map_or(0, Iterator::count);
                    let ours = walk(&filesystem)
                        .iter()
                        .filter(|child| child.parent_id == Some(entry.id) && child.status == Status::Allocated)
                        .count();
                    assert!(children == 0 || children == ours + 2, "{}: {children}, ours {ours}", entry.path);
                }
                _ => {}
            }
            compared += 1;
        }
        assert!(compared > 130, "{name}: {compared}");
    }
}

#[test]
fn holes_are_sparse_and_small_contents_are_resident() {
    let plain = open(fixture("ext4"));
    let holes = plain.entry("/holes").unwrap();
    assert!(holes.streams[0].info.sparse);
    let kinds: Vec<ExtentKind> = holes.extents("").unwrap().iter().map(|extent| extent.kind).collect();
    assert_eq!(kinds, [ExtentKind::Data, ExtentKind::Sparse, ExtentKind::Data]);
    let bytes = fixture("ext4_inline");
    let inline = open(bytes.clone());
    for path in ["/tiny", "/inline", "/short"] {
        let entry = inline.entry(path).unwrap();
        assert!(entry.streams[0].info.resident, "{path}");
        for extent in entry.extents("").unwrap() {
            let (at, length) = (extent.offset.unwrap() as usize, extent.length as usize);
            let start = extent.stream_offset as usize;
            assert_eq!(bytes[at..at + length], content(&entry)[start..start + length], "{path}");
        }
    }
}

#[test]
fn extents_and_slack_lie_where_the_medium_has_them() {
    let bytes = fixture("ext4");
    let filesystem = open(bytes.clone());
    for entry in walk(&filesystem).iter().filter(|entry| entry.kind == Kind::File && entry.status.is_live()) {
        let content = content(entry);
        for extent in entry.extents("").unwrap() {
            let Some(at) = extent.offset else { continue };
            let (at, start, length) = (at as usize, extent.stream_offset as usize, extent.length as usize);
            assert_eq!(bytes[at..at + length], content[start..start + length]);
        }
    }
    let entry = filesystem.entry("/naïve — 写真.txt").unwrap();
    assert_eq!(entry.slack().len(), 1024 - 500);
}

#[test]
fn attributes_devices_and_times_are_told() {
    for name in ["ext4", "ext4_inline", "ext4_2k_small_inodes", "ext2"] {
        let filesystem = open(fixture(name));
        let text = |path: &str, key: &str| filesystem.entry(path).unwrap().attributes.get(key).cloned();
        assert_eq!(text("/block", "xattr:user.comment"), Some(Value::Text("a short one".into())), "{name}");
        let selinux = Some(Value::Text("system_u:object_r:tmp_t".into()));
        assert_eq!(text("/block", "xattr:security.selinux"), selinux);
        assert_eq!(text("/disk", "device_major"), Some(Value::Int(8)));
        assert_eq!(text("/wide", "device_major"), Some(Value::Int(300)));
        assert_eq!(text("/wide", "device_minor"), Some(Value::Int(7000)));
        assert_eq!(filesystem.entry("/fifo").unwrap().kind, Kind::Other);
        let tiny = filesystem.entry("/tiny").unwrap();
        assert_eq!(tiny.attributes["links"], Value::Int(2));
        assert_eq!(tiny.id, filesystem.entry("/DCIM/second name").unwrap().id);
        let modified = tiny.time(TimestampKind::Modified).unwrap();
        assert_eq!(modified.to_rfc3339().unwrap(), "2017-07-14T02:40:00Z");
    }
    // The value does not fit a block: it has an inode of its own, which is no file. debugfs takes a block of it.
    let filesystem = open(fixture("ext4"));
    let huge = filesystem.entry("/large").unwrap().attributes["xattr:user.huge"].clone();
    assert_eq!(huge, Value::Bytes(lines("large value", 1024)));
    let unlisted: Vec<_> = walk(&filesystem).into_iter().filter(|e| e.status == Status::Unlisted).collect();
    let mut kinds: Vec<_> = unlisted.iter().map(|entry| (entry.kind, entry.size)).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [(Kind::File, 100), (Kind::Directory, 1024)]);
    let short = unlisted.iter().find(|entry| entry.kind == Kind::File).unwrap();
    assert_eq!(content(short), lines("short", 100));
}

#[test]
fn encrypted_content_is_refused_and_casefold_told() {
    let filesystem = open(fixture("ext4_casefold"));
    let entry = filesystem.entry("/block").unwrap();
    assert!(matches!(entry.open(""), Err(Error::Unsupported { .. })));
    assert_eq!(entry.attributes["encrypted"], Value::Bool(true));
    assert_eq!(filesystem.entry("/gone").unwrap().attributes["encrypted"], Value::Bool(true));
    assert_eq!(filesystem.entry("/DCIM").unwrap().attributes["casefold"], Value::Bool(true));
}

#[test]
fn names_that_are_no_text_keep_their_bytes() {
    let filesystem = open(fixture("ext3"));
    let entry = filesystem.entry("/bytes\u{fffd}\u{fffd}").unwrap();
    assert_eq!(entry.name_bytes, b"bytes\xff\xfe");
}

#[test]
fn deleted_file_comes_back_from_the_journal() {
    for name in ["ext3", "ext4"] {
        let filesystem = open(fixture(name));
        let entry = filesystem.entry("/gone/deleted.txt").unwrap();
        assert_eq!(entry.status, Status::Deleted, "{name}");
        assert_eq!(entry.recoverability, Some(Recoverability::Intact), "{}", entry.recoverability_reason);
        assert!(content(&entry) == lines("deleted", 9000), "{name}");
        assert_eq!(entry.attributes["deleted_time"], Value::Text("2023-11-14T22:15:00Z".into()));
        assert_eq!(entry.attributes["links"], Value::Int(1));
    }
}

#[test]
fn deleted_file_whose_blocks_were_given_away_is_graded_by_what_is_left() {
    let mut bytes = fixture("ext4");
    let before = open(bytes.clone());
    let entry = before.entry("/gone/deleted.txt").unwrap();
    let block = entry.extents("").unwrap()[0].offset.unwrap() / 1024;
    // The bitmap of the group says that the second of its nine blocks is in use.
    let bitmap = u64::from(u32::from_le_bytes(bytes[2048..2052].try_into().unwrap()));
    let bit = block + 1 - 1;
    bytes[(bitmap * 1024 + bit / 8) as usize] |= 1 << (bit % 8);
    let after = open(bytes);
    let entry = after.entry("/gone/deleted.txt").unwrap();
    assert_eq!(entry.recoverability, Some(Recoverability::Partial), "{}", entry.recoverability_reason);
    let content = entry.open("").unwrap();
    assert_eq!(content.read_vec(0, 1024).unwrap(), lines("deleted", 1024));
    assert!(content.read_vec(1024, 1).is_err());
    assert_eq!(content.read_vec(2048, 952).unwrap(), lines("deleted", 3000)[2048..]);
}

#[test]
fn deleted_inode_that_kept_its_blocks_is_read_but_its_name_is_doubted() {
    let filesystem = open(fixture("ext2"));
    let entry = filesystem.entry("/gone/deleted.txt").unwrap();
    assert_eq!(entry.status, Status::Deleted);
    assert_eq!(content(&entry), lines("deleted", 9000));
    assert_eq!(entry.recoverability, Some(Recoverability::Unknown), "{}", entry.recoverability_reason);
}

#[test]
fn transactions_that_were_not_written_back_are_read_from_the_journal() {
    let filesystem = open(fixture("ext4_dirty"));
    let entry = filesystem.entry("/gone/deleted.txt").unwrap();
    assert_eq!(entry.status, Status::Allocated);
    // Of the four blocks logged, one was revoked.
    assert!(filesystem.issues()[0].message.contains("3 blocks"), "{:?}", filesystem.issues());
    let short = filesystem.entry("/short").unwrap();
    let at = short.extents("").unwrap()[0].offset.unwrap() as usize;
    assert_eq!(fixture("ext4_dirty")[at..at + 4], [0; 4], "the content lies in the journal");
}

#[test]
fn damaged_superblock_is_replaced_by_its_backup() {
    for (name, lost) in [("ext4", 1024..2048), ("ext2", 1024..1200), ("ext4", 0..8192)] {
        let mut bytes = fixture(name);
        bytes[lost].fill(0);
        let filesystem = open(bytes);
        assert_eq!(filesystem.kind(), name);
        assert!(!filesystem.issues().is_empty());
        assert_eq!(content(&filesystem.entry("/large").unwrap()), lines("large", largest(name)));
    }
}

#[test]
fn impossible_size_of_groups_is_replaced_by_the_implied_one() {
    for (name, field) in [("ext3", 0x20), ("ext3", 0x28), ("ext4_64k", 0x20), ("ext4_inline", 0x28)] {
        let mut bytes = fixture(name);
        bytes[1024 + field..1028 + field].fill(0xff);
        let filesystem = open(bytes);
        assert!(!filesystem.issues().is_empty());
        assert_eq!(content(&filesystem.entry("/large").unwrap()), lines("large", 40_000), "{name}");
    }
}

#[test]
fn wrong_checksum_is_an_issue_and_no_refusal() {
    let mut bytes = fixture("ext4");
    let find = |bytes: &[u8], needle: &[u8]| bytes.windows(needle.len()).position(|part| part == needle).unwrap();
    // A directory entry's name, and the superblock's label.
    let at = find(&bytes, b"file number 007.txt");
    bytes[at] = b'F';
    bytes[1024 + 0x78] = b'F';
    let filesystem = open(bytes);
    assert_eq!(content(&filesystem.entry("/many/File number 007.txt").unwrap()), lines("m007", 7));
    let structures: Vec<_> = filesystem.issues().into_iter().map(|issue| issue.structure).collect();
    assert!(structures.contains(&"directory block".to_owned()), "{structures:?}");
    assert!(structures.contains(&"ext superblock".to_owned()), "{structures:?}");
}

#[test]
fn free_blocks_are_those_of_the_bitmaps() {
    for name in ["ext2", "ext4", "ext4_meta_bg", "ext4_bigalloc", "ext4_64k"] {
        let bytes = fixture(name);
        let cluster = u64::from(open(bytes.clone()).cluster_size());
        let low = u32::from_le_bytes(bytes[1024 + 12..1024 + 16].try_into().unwrap());
        let block = 1024u64 << u32::from_le_bytes(bytes[1024 + 24..1024 + 28].try_into().unwrap());
        let free = open(bytes).unallocated().unwrap().len();
        assert_eq!(free, u64::from(low) * block / cluster * cluster, "{name}");
    }
}

static SMALL: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    ["ext4_inline", "ext3", "ext4_2k_small_inodes", "ext4"].iter().map(|name| fixture(name)).collect()
});

/// Asks for everything.
fn exhaust(bytes: Vec<u8>) {
    let Ok(Some(filesystem)) = filesystem::open(Arc::new(bytes), &Limits::default()) else { return };
    for entry in walk(&filesystem).iter().take(500) {
        assert_eq!(entry.status.is_live(), entry.recoverability.is_none(), "{}", entry.path);
        for stream in &entry.streams {
            let Ok(source) = stream.open() else { continue };
            assert_eq!(source.len(), stream.info.size);
            let _ = source.read_vec(0, source.len().min(16 << 10));
            source.extents();
        }
        entry.slack().extents();
    }
    filesystem.unallocated().unwrap();
    filesystem.issues();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn mutated_volumes_are_read_without_panic(
        which in 0usize..4,
        // Most metadata lies at the beginning.
        changes in prop::collection::vec((0.0f64..1.0, any::<u8>(), 1usize..5), 1..60),
    ) {
        let mut bytes = SMALL[which].clone();
        for (place, value, length) in changes {
            let at = (place.powi(4) * (bytes.len() - 8) as f64) as usize;
            bytes[at..at + length].fill(value);
        }
        exhaust(bytes);
    }

    #[test]
    fn arbitrary_bytes_behind_a_superblock_are_read_without_panic(body in prop::collection::vec(any::<u8>(), 8192)) {
        let mut bytes = SMALL[1][..2048].to_vec();
        bytes.extend(body);
        exhaust(bytes);
    }
}

#[test]
fn fixtures_are_seeds() {
    for name in FIXTURES {
        let bytes = fixture(name);
        if bytes.len() <= 4 << 20 {
            corpus::seed("ext", &bytes);
        }
    }
}
