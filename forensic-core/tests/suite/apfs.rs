//! Tests of the APFS reader: against the listing of another reader, and the same container with its file tree written
//! anew.

mod leaf;

use crate::{
    corpus,
    fixtures::{all, entries, md5},
};
use forensic_core::{
    Error, Limits,
    bytes::{ExtentKind, ReadAt},
    filesystem::{self, FileSystem, Kind, Recoverability, Status, TimestampKind, Value},
};
use leaf::*;
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

const SAMPLE: &str = "images/dfvfs/apfs.raw";

/// Block addresses in the sample: the superblocks of the last two checkpoints, the space manager, the volume's
/// superblock and object map, and the only node of its file tree.
const NEWEST: usize = 8;
const SPACE_MANAGER: usize = 19;
const VOLUME: usize = 107;
const FILE_TREE: usize = 101;

/// A block that is free in the sample.
const FREE: usize = 500;

fn open(bytes: impl Into<Vec<u8>>) -> Arc<dyn FileSystem> {
    let mut bytes = bytes.into();
    // Behind this there are zeros only.
    corpus::seed("apfs", &bytes[..bytes.len().min(512 * BLOCK)]);
    bytes.shrink_to_fit();
    filesystem::open(Arc::new(bytes), &Limits::default()).unwrap().unwrap()
}

#[test]
fn volume_without_its_maps_or_its_superblock_is_found_by_what_its_objects_say() {
    let Some(bytes) = corpus::read(SAMPLE) else { return };
    let live = |bytes: Vec<u8>| -> Vec<_> {
        let entries = entries(&open(bytes)).into_iter();
        entries.filter(|entry| entry.status == Status::Allocated).map(|entry| (entry.path, entry.size)).collect()
    };
    let whole = live(bytes.clone());
    // The container's object map and the root of its tree, the volume's superblock, object map and root.
    for block in [102, 103, VOLUME, VOLUME + 1, VOLUME + 2] {
        for fill in [|_: u8| 0, |byte: u8| byte ^ 0x40] {
            let mut bytes = bytes.clone();
            bytes[block * BLOCK..][..BLOCK].iter_mut().for_each(|byte| *byte = fill(*byte));
            let filesystem = open(bytes.clone());
            assert_eq!(live(bytes), whole, "block {block}");
            let at = filesystem.issues().into_iter().filter_map(|issue| issue.offset).map(|at| at as usize / BLOCK);
            assert!(at.collect::<Vec<_>>().contains(&block), "block {block}: {:?}", filesystem.issues());
        }
    }
}

#[test]
fn listing_of_dfvfs_sample_is_that_of_libfsapfs() {
    let Some(bytes) = corpus::read(SAMPLE) else { return };
    let filesystem = open(bytes);
    // By libfsapfs 20260921: path, inode, size and MD5 of the content.
    let theirs = [
        ("/.fseventsd", 21, 0, "-"),
        ("/.fseventsd/000000001714941a", 25, 164, "3daa7f1cbc8a25742429b5862c096736"),
        ("/.fseventsd/000000001714941b", 26, 72, "a9e5fa026f35725e22699d1970c9b1e1"),
        ("/.fseventsd/fseventsd-uuid", 22, 36, "59824946532cb4333b65a2748605578e"),
        ("/a_directory", 16, 0, "-"),
        ("/a_directory/a_file", 17, 53, "85bebf486af24792085f769afa46717d"),
        ("/a_directory/a_resourcefork", 23, 0, "d41d8cd98f00b204e9800998ecf8427e"),
        ("/a_directory/another_file", 19, 22, "d54ff73404ed6041a3bd66850b061bff"),
        ("/a_link", 20, 0, "-"),
        ("/passwords.txt", 18, 116, "39cb097008d17660abd0539891a672af"),
    ]
    .map(|(path, id, size, md5)| (path.to_owned(), (id, size, md5.to_owned())));
    let ours: BTreeMap<_, _> = entries(&filesystem)
        .into_iter()
        .map(|entry| {
            let hash = if entry.kind == Kind::File { md5(&entry.open("").unwrap()) } else { "-".to_owned() };
            (entry.path.clone(), (entry.id, entry.size, hash))
        })
        .collect();
    assert_eq!(ours, BTreeMap::from(theirs));
    assert_eq!(filesystem.issues(), []);
    assert_eq!(filesystem.label(), "apfs_test");
    let entry = |path: &str| filesystem.entry(path).unwrap();
    assert_eq!(
        (entry("/a_link").kind, entry("/a_link").target.as_deref()),
        (Kind::Symlink, Some("a_directory/another_file"))
    );
    assert_eq!(all(&entry("/a_directory/a_resourcefork").open("rsrc").unwrap()), b"My resource fork\n");
    let note = Value::Text("My extended attribute".to_owned());
    assert_eq!(entry("/a_directory/a_file").attributes["xattr:myxattr"], note);
    // By The Sleuth Kit 4.15; libfsapfs takes the time of the change for that of the creation.
    let time = |kind| entry("/passwords.txt").time(kind).unwrap().to_rfc3339().unwrap();
    assert_eq!(time(TimestampKind::Created), "2022-01-14T07:19:41.213333494Z");
    assert_eq!(time(TimestampKind::Modified), "2022-01-14T07:19:41.216184416Z");
    assert_eq!(entry("/passwords.txt").attributes["added"].to_string(), "2022-01-14T07:19:41.213333494Z");
}

#[test]
fn links_holes_and_compression_are_read() {
    let Some(mut bytes) = corpus::read(SAMPLE) else { return };
    let (first, second) = (FREE as u64, FREE as u64 + 1);
    bytes[FREE * BLOCK..][..BLOCK].fill(b'1');
    bytes[(FREE + 1) * BLOCK..][..BLOCK].fill(b'2');
    let small = b"stored in an attribute".to_vec();
    let packed = [b"fpmc\x01\0\0\0", &(small.len() as u64).to_le_bytes()[..], &small].concat();
    let pairs = [
        directory(2),
        name(2, "one", 30, FILE),
        name(2, "two", 30, FILE),
        name(2, "packed", 31, FILE),
        name(2, "lost inode", 77, FILE),
        Inode { links: 2, sparse: true, size: Some(3 * 4096 + 5), ..Inode::file(30, 2, "one") }.pair(),
        extent(30, 0, 4096, first),
        extent(30, 8192, 8192, second),
        Inode { flags: 0x20, ..Inode::file(31, 2, "packed") }.pair(),
        xattr(31, "com.apple.decmpfs", &packed),
        xattr(31, "user.note", b"a note"),
        Inode { size: Some(5), ..Inode::file(32, 2, "unlisted") }.pair(),
    ];
    write(&mut bytes, FILE_TREE, &pairs);
    let filesystem = open(bytes);
    let entry = |path: &str| filesystem.entry(path).unwrap();
    for path in ["/one", "/two"] {
        let content = all(&entry(path).open("").unwrap());
        assert_eq!(content.len(), 3 * 4096 + 5);
        assert!(content[..4096].iter().all(|byte| *byte == b'1') && content[4096..8192].iter().all(|byte| *byte == 0));
        assert!(content[8192..12288].iter().all(|byte| *byte == b'2'));
        assert_eq!((entry(path).id, &entry(path).attributes["links"]), (30, &Value::Int(2)));
        assert!(entry(path).extents("").unwrap().iter().any(|extent| extent.kind == ExtentKind::Sparse));
    }
    assert_eq!((all(&entry("/packed").open("").unwrap()), entry("/packed").size), (small.clone(), small.len() as u64));
    assert_eq!(entry("/packed").attributes["xattr:user.note"], Value::Text("a note".to_owned()));
    assert!(entry("/lost inode").open("").is_err() && !entry("/lost inode").issues.is_empty());
    let unlisted = entry("/$OrphanFiles/unlisted");
    assert_eq!((unlisted.status, unlisted.recoverability), (Status::Unlisted, None));
    // Five bytes without an extent, in a file that has no holes.
    assert!(unlisted.open("").unwrap().read_vec(0, 1).is_err());
}

/// The sample, its passwords deleted: the node that told of them lies in a free block.
pub fn deleted() -> Option<Vec<u8>> {
    let mut bytes = corpus::read(SAMPLE)?;
    let old = bytes[FILE_TREE * BLOCK..][..BLOCK].to_vec();
    let pairs: Vec<_> = pairs(&old).into_iter().filter(|pair| !tells_of(pair, 18)).collect();
    write(&mut bytes, FILE_TREE, &pairs);
    bytes[FREE * BLOCK..][..BLOCK].copy_from_slice(&old);
    // As an earlier transaction wrote it.
    bytes[FREE * BLOCK + 16] -= 1;
    seal(&mut bytes, FREE);
    Some(bytes)
}

#[test]
fn deleted_file_comes_back_from_an_older_node_and_is_graded_by_the_space_manager() {
    let Some(mut bytes) = deleted() else { return };
    let filesystem = open(bytes.clone());
    let entry = filesystem.entry("/passwords.txt").unwrap();
    assert_eq!((entry.status, entry.id, entry.size), (Status::Deleted, 18, 116));
    assert_eq!(md5(&entry.open("").unwrap()), "39cb097008d17660abd0539891a672af");
    // The space manager still has its block in use.
    assert_eq!(entry.recoverability, Some(Recoverability::Overwritten), "{}", entry.recoverability_reason);
    assert_eq!(entries(&filesystem).len(), 10);
    let block = entry.extents("").unwrap()[0].offset.unwrap() as usize / BLOCK;
    release(&mut bytes, SPACE_MANAGER, block);
    let entry = open(bytes.clone()).entry("/passwords.txt").unwrap();
    assert_eq!(entry.recoverability, Some(Recoverability::Intact), "{}", entry.recoverability_reason);
    // A node that is not whole tells of nothing.
    bytes[FREE * BLOCK + 100] ^= 1;
    assert!(open(bytes).entry("/passwords.txt").is_err());
}

#[test]
fn file_that_only_a_snapshot_keeps_is_whole() {
    let Some(mut bytes) = corpus::read(SAMPLE) else { return };
    let number = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    // The tree as it was stays; the newer one, without the passwords, is elsewhere.
    let old = bytes[FILE_TREE * BLOCK..][..BLOCK].to_vec();
    bytes[FREE * BLOCK..][..BLOCK].copy_from_slice(&old);
    bytes[FREE * BLOCK + 16..][..8].copy_from_slice(&4u64.to_le_bytes());
    write(&mut bytes, FREE, &pairs(&old).into_iter().filter(|pair| !tells_of(pair, 18)).collect::<Vec<_>>());
    let map = number(&bytes, VOLUME * BLOCK + 128);
    let nodes = number(&bytes, map * BLOCK + 48);
    let mut entries_of_map = pairs(&bytes[nodes * BLOCK..][..BLOCK]);
    let [(key, value), ..] = &entries_of_map[..] else { panic!("an empty map") };
    let newer = ([&key[..8], &4u64.to_le_bytes()].concat(), [&value[..8], &(FREE as u64).to_le_bytes()].concat());
    assert_eq!((number(key, 8), number(value, 8)), (3, FILE_TREE));
    entries_of_map.insert(1, newer);
    write_fixed(&mut bytes, nodes, &entries_of_map);
    let snapshots = number(&bytes, VOLUME * BLOCK + 152);
    write(&mut bytes, snapshots, &[snapshot(3, "before")]);
    bytes[VOLUME * BLOCK + 216] = 1;
    seal(&mut bytes, VOLUME);
    let filesystem = open(bytes);
    let entry = filesystem.entry("/passwords.txt").unwrap();
    assert_eq!((entry.status, entry.recoverability), (Status::Deleted, Some(Recoverability::Intact)));
    assert_eq!(md5(&entry.open("").unwrap()), "39cb097008d17660abd0539891a672af");
    assert!(filesystem.issues().iter().any(|issue| issue.message.contains("\"before\"")), "{:?}", filesystem.issues());
    assert_eq!(entries(&filesystem).iter().filter(|entry| entry.status.is_live()).count(), 9);
}

#[test]
fn older_checkpoint_serves_where_the_newest_is_damaged() {
    let Some(mut bytes) = corpus::read(SAMPLE) else { return };
    let whole = entries(&open(bytes.clone())).len();
    bytes[NEWEST * BLOCK + 200] ^= 1;
    let filesystem = open(bytes);
    assert_eq!(entries(&filesystem).len(), whole);
    assert!(filesystem.issues().iter().any(|issue| issue.offset == Some((NEWEST * BLOCK) as u64)));
}

#[test]
fn checkpoints_serve_where_the_first_block_is_lost() {
    let Some(mut bytes) = corpus::read(SAMPLE) else { return };
    let whole = entries(&open(bytes.clone())).len();
    bytes[..BLOCK].fill(0);
    let filesystem = open(bytes);
    assert_eq!((filesystem.kind(), entries(&filesystem).len()), ("apfs", whole));
}

#[test]
fn node_with_a_wrong_checksum_is_an_issue_and_read_all_the_same() {
    let Some(mut bytes) = corpus::read(SAMPLE) else { return };
    let whole = entries(&open(bytes.clone())).len();
    bytes[FILE_TREE * BLOCK] ^= 1;
    let filesystem = open(bytes);
    assert_eq!(entries(&filesystem).len(), whole);
    assert!(filesystem.issues().iter().any(|issue| issue.offset == Some((FILE_TREE * BLOCK) as u64)));
}

#[test]
fn each_of_several_volumes_is_a_directory() {
    let Some(mut bytes) = corpus::read(SAMPLE) else { return };
    let single = entries(&open(bytes.clone())).len();
    // The same volume twice will do.
    let volumes = NEWEST * BLOCK + 184;
    let oid = bytes[volumes..volumes + 8].to_vec();
    bytes[volumes + 8..volumes + 16].copy_from_slice(&oid);
    bytes[volumes - 4] = 2;
    seal(&mut bytes, NEWEST);
    let filesystem = open(bytes);
    let root = filesystem.entry("/apfs_test").unwrap();
    assert_eq!((root.kind, root.status, root.id), (Kind::Directory, Status::Allocated, 2));
    assert_eq!(root.attributes["volume_uuid"].to_string().len(), 36);
    assert_eq!(filesystem.entry("/apfs_test/passwords.txt").unwrap().size, 116);
    assert_eq!(entries(&filesystem).len(), single + 2);
}

#[test]
fn what_is_encrypted_or_on_two_devices_is_refused_by_name() {
    let Some(sample) = corpus::read(SAMPLE) else { return };
    let refusal = |bytes: Vec<u8>| match filesystem::open(Arc::new(bytes), &Limits::default()) {
        Err(Error::Unsupported { what }) => what,
        other => panic!("{:?}", other.map(|_| ())),
    };
    let mut bytes = sample.clone();
    bytes[NEWEST * BLOCK + 64 + 1] |= 1;
    seal(&mut bytes, NEWEST);
    assert!(refusal(bytes).contains("fusion"));

    // A key for each file: names can be read, contents cannot.
    let mut bytes = sample.clone();
    bytes[VOLUME * BLOCK + 264..][..8].fill(0);
    seal(&mut bytes, VOLUME);
    let entry = open(bytes.clone()).entry("/passwords.txt").unwrap();
    assert!(matches!(entry.open(""), Err(Error::Unsupported { .. })));

    // The object map says so, and the root of the tree is no node.
    let map = u64::from_le_bytes(bytes[VOLUME * BLOCK + 128..][..8].try_into().unwrap()) as usize;
    let tree = u64::from_le_bytes(bytes[map * BLOCK + 48..][..8].try_into().unwrap()) as usize;
    let mut entries = pairs(&bytes[tree * BLOCK..][..BLOCK]);
    entries.iter_mut().for_each(|(_, value)| value[0] |= 4);
    write_fixed(&mut bytes, tree, &entries);
    bytes[FILE_TREE * BLOCK..][..BLOCK].iter_mut().for_each(|byte| *byte ^= 0x5a);
    assert!(refusal(bytes).contains("FileVault"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn mutated_containers_are_read_without_a_panic(
        changes in prop::collection::vec((0usize..112 * BLOCK, any::<u8>()), 1..16),
        sealed in any::<bool>(),
    ) {
        let Some(mut bytes) = deleted() else { return Ok(()) };
        bytes.truncate(512 * BLOCK);
        for (at, value) in changes {
            bytes[at] = value;
            // With its checksum mended, a block is believed.
            if sealed && !(23..80).contains(&(at / BLOCK)) {
                seal(&mut bytes, at / BLOCK);
            }
        }
        if let Ok(Some(filesystem)) = filesystem::open(Arc::new(bytes), &Limits::default()) {
            for entry in entries(&filesystem) {
                prop_assert_eq!(entry.status.is_live(), entry.recoverability.is_none());
                for stream in &entry.streams {
                    let Ok(source) = stream.open() else { continue };
                    let _ = source.read_vec(0, source.len().min(1 << 16));
                    let _ = source.extents();
                }
            }
            let _ = (filesystem.issues(), filesystem.unallocated(), filesystem.label());
        }
    }
}
