//! Tests of the HFS+ reader: against The Sleuth Kit's listing, and volumes built here.

mod image;

use crate::{
    corpus,
    fixtures::{all, entries, md5},
};
use forensic_core::{
    Error, Limits,
    bytes::ReadAt,
    filesystem::{self, FileSystem, Kind, Recoverability, Status, TimestampKind, Value},
};
use image::*;
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

fn open(bytes: impl Into<Vec<u8>>) -> Arc<dyn FileSystem> {
    let bytes = bytes.into();
    if bytes.len() <= 2 << 20 {
        corpus::seed("hfsplus", &bytes);
    }
    filesystem::open(Arc::new(bytes), &Limits::default()).unwrap().unwrap()
}

#[test]
fn listing_of_dfvfs_sample_is_that_of_the_sleuth_kit() {
    let Some(bytes) = corpus::read("images/dfvfs/hfsplus.raw") else { return };
    let Some(rows) = corpus::truth("dfvfs_hfsplus") else { return };
    let filesystem = open(bytes);
    // TSK shows control characters of a name as `^`, and tells no size or hash of links.
    let theirs: BTreeMap<_, _> = rows
        .into_iter()
        .map(|row| (format!("/{}", row.path), (row.live, row.size.map(|size| (size, row.md5.unwrap())))))
        .collect();
    let plain = |c: char| if c.is_control() || c == '\u{fffd}' { '^' } else { c };
    let ours: BTreeMap<_, _> = entries(&filesystem)
        .into_iter()
        .filter(|entry| entry.status.is_live())
        .map(|entry| {
            let path: String = entry.path.chars().map(plain).collect();
            let content = (entry.kind == Kind::File).then(|| (entry.size, md5(&entry.open("").unwrap())));
            (path, (true, content))
        })
        .collect();
    assert_eq!(ours, theirs);
    assert_eq!(filesystem.issues(), []);
    assert_eq!((filesystem.label().as_str(), filesystem.serial().as_str()), ("hfsplus_test", "c7ad25cb22ff8791"));
    let fork = filesystem.entry("/a_directory/a_resourcefork").unwrap();
    assert_eq!(all(&fork.open("rsrc").unwrap()), b"My resource fork\n");
    let tagged = filesystem.entry("/a_directory/a_file").unwrap();
    assert_eq!(tagged.attributes["xattr:myxattr"], Value::Text("My extended attribute".to_owned()));
    assert_eq!(filesystem.entry("/a_link").unwrap().target.as_deref(), Some("a_directory/another_file"));
}

/// A volume with one of everything.
pub fn sample() -> Image {
    let mut image = Image::new();
    let plain = image.content(b"plain", 1);
    let scattered = image.content(&pattern(12 * BLOCK + 17), 1);
    let linked = image.content(b"linked", 1);
    let fork = image.content(b"fork", 1);
    image.add(Item::file(2, "plain", 16).with(plain));
    image.add(Item { resource: fork, ..Item::file(2, "scattered/in pieces", 17).with(scattered) });
    image.add(Item::folder(2, "\0\0\0\0HFS+ Private Data", 18));
    image.add(Item { special: 2, ..Item::file(18, "iNode19", 19).with(linked) });
    image.add(Item::folder(2, "folder", 20));
    image.add(Item::link(20, "first name", 21, 19));
    image.add(Item::link(2, "second name", 22, 19));
    let target = image.content(b"folder/e\xcc\x81", 1);
    image.add(Item { mode: 0o120_755, codes: *b"slnkrhap", ..Item::file(2, "link", 23).with(target) });
    image.add(Item::file(20, "e\u{301}", 24));
    image.attribute(16, "user.note", b"a note");
    image
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n / BLOCK * 7 + n) as u8).collect()
}

#[test]
fn forks_links_and_names_are_read() {
    let mut image = sample();
    let filesystem = open(image.write().bytes.clone());
    assert_eq!(filesystem.issues(), []);
    let entry = |path: &str| filesystem.entry(path).unwrap();
    // Twelve more runs than the catalog has room for; a slash in a name is a colon to Unix.
    let scattered = entry("/scattered:in pieces");
    assert_eq!(all(&scattered.open("").unwrap()), pattern(12 * BLOCK + 17));
    assert_eq!(scattered.extents("").unwrap().len(), 13);
    assert_eq!(scattered.slack().len(), BLOCK as u64 - 17);
    assert_eq!(all(&scattered.open("rsrc").unwrap()), b"fork");
    for path in ["/second name", "/folder/first name"] {
        let linked = entry(path);
        assert_eq!((linked.id, linked.size, all(&linked.open("").unwrap())), (19, 6, b"linked".to_vec()));
        assert_eq!(linked.attributes["links"], Value::Int(2));
    }
    assert_eq!((entry("/link").kind, entry("/link").target.as_deref()), (Kind::Symlink, Some("folder/e\u{301}")));
    assert_eq!(entry("/folder/e\u{301}").name_bytes, b"\0e\x03\x01");
    assert_eq!(entry("/plain").attributes["xattr:user.note"], Value::Text("a note".to_owned()));
    let created = entry("/plain").time(TimestampKind::Created).unwrap();
    assert_eq!(created.to_rfc3339().as_deref(), Some("2022-01-01T00:00:00Z"));
    assert_eq!((entry("/plain").id, entry("/plain").parent_id), (16, Some(2)));
}

#[test]
fn hard_link_to_a_folder_tells_where_its_content_is_listed() {
    let mut image = sample();
    image.add(Item::folder(2, ".HFS+ Private Directory Data\r", 40));
    image.add(Item::folder(40, "dir_41", 41));
    image.add(Item::file(41, "inside", 42));
    image.add(Item { codes: *b"fdrpMACS", special: 41, ..Item::file(2, "backup", 43) });
    let filesystem = open(image.write().bytes.clone());
    let link = filesystem.entry("/backup").unwrap();
    assert_eq!((link.kind, link.id, link.streams.len()), (Kind::Directory, 41, 0));
    let inside = format!("{}/inside", link.target.unwrap());
    assert_eq!(filesystem.entry(&inside).unwrap().id, 42);
}

#[test]
fn deleted_file_comes_back_from_free_space_and_is_graded_by_its_blocks() {
    let mut image = sample();
    let gone = image.content(b"gone but not lost", 1);
    image.add(Item::file(20, "zz gone", 25).with(gone));
    image.write();
    let (catalog, size) = (CATALOG.0 as usize * BLOCK, CATALOG.1 as usize * BLOCK);
    let key: Vec<u8> = [&[0, 20][..], &20u32.to_be_bytes(), b"\0\x07\0z\0z\0 \0g\0o\0n\0e"].concat();
    let at = image.bytes[catalog..catalog + size].windows(key.len()).position(|bytes| bytes == key).unwrap();
    let record = image.bytes[catalog + at..catalog + at + key.len() + 248].to_vec();
    image.remove(25);
    image.bytes[catalog..catalog + size].fill(0);
    image.write();
    // The free space of the first leaf, behind its records.
    let slack = catalog + 2 * BLOCK + 3000;
    image.bytes[slack..slack + record.len()].copy_from_slice(&record);
    let filesystem = open(image.bytes.clone());
    let entry = filesystem.entry("/folder/zz gone").unwrap();
    assert_eq!((entry.status, entry.recoverability), (Status::Deleted, Some(Recoverability::Intact)));
    assert_eq!(all(&entry.open("").unwrap()), b"gone but not lost");
    let live = entries(&filesystem).into_iter().filter(|entry| entry.status.is_live()).count();

    // The same, its block taken by another.
    let block = entry.extents("").unwrap()[0].offset.unwrap() as u32 / BLOCK as u32;
    image.add(Item::file(2, "another", 27).with(Fork { size: 10, runs: vec![(block, 1)] }));
    image.write();
    image.bytes[slack..slack + record.len()].copy_from_slice(&record);
    let filesystem = open(image.bytes.clone());
    let found = filesystem.entry("/folder/zz gone").unwrap();
    assert_eq!(found.recoverability, Some(Recoverability::Overwritten), "{}", found.recoverability_reason);
    let now = entries(&filesystem).into_iter().filter(|entry| entry.status.is_live()).count();
    assert_eq!(now, live + 1);
}

#[test]
fn journal_tells_of_files_that_the_catalog_has_forgotten() {
    let mut image = sample();
    let gone = image.content(b"in the journal", 1);
    image.add(Item::file(20, "gone", 25).with(gone));
    image.write();
    let (catalog, nodes) = (CATALOG.0 as usize * BLOCK, 6);
    let copies = image.bytes[catalog + BLOCK..catalog + nodes * BLOCK].to_vec();
    image.remove(25);
    image.bytes[catalog..catalog + CATALOG.1 as usize * BLOCK].fill(0);
    image.write();
    assert!(open(image.bytes.clone()).entry("/folder/gone").is_err());
    let journal = JOURNAL.0 as usize * BLOCK + 1024;
    image.bytes[journal..journal + copies.len()].copy_from_slice(&copies);
    let filesystem = open(image.bytes.clone());
    let entry = filesystem.entry("/folder/gone").unwrap();
    assert_eq!((entry.status, entry.recoverability), (Status::Deleted, Some(Recoverability::Intact)));
    assert_eq!(all(&entry.open("").unwrap()), b"in the journal");
    // What is live is not told of twice.
    assert_eq!(entries(&filesystem).iter().filter(|entry| !entry.status.is_live()).count(), 1);
}

#[test]
fn thread_alone_still_gives_a_name() {
    let mut image = sample();
    image.add(Item::file(20, "only a name", 25));
    image.write();
    let (catalog, size) = (CATALOG.0 as usize * BLOCK, CATALOG.1 as usize * BLOCK);
    let key: Vec<u8> = [&[0, 6][..], &25u32.to_be_bytes(), &[0, 0, 0, 4, 0, 0]].concat();
    let at = image.bytes[catalog..catalog + size].windows(key.len()).position(|bytes| bytes == key).unwrap();
    let thread = image.bytes[catalog + at..catalog + at + 40].to_vec();
    image.remove(25);
    image.bytes[catalog..catalog + size].fill(0);
    image.write();
    let journal = JOURNAL.0 as usize * BLOCK + 2048;
    image.bytes[journal..journal + 40].copy_from_slice(&thread);
    let filesystem = open(image.bytes.clone());
    let entry = filesystem.entry("/folder/only a name").unwrap();
    assert_eq!((entry.status, entry.recoverability), (Status::Deleted, Some(Recoverability::Unknown)));
    assert!(entry.open("").is_err());
}

#[test]
fn copy_of_the_header_serves_where_the_first_is_damaged() {
    let mut image = sample();
    image.write();
    let whole = entries(&open(image.bytes.clone())).len();
    image.bytes[1024..1536].fill(0);
    let filesystem = open(image.bytes.clone());
    assert_eq!(entries(&filesystem).len(), whole);
    assert!(filesystem.issues().iter().any(|issue| issue.offset == Some(1024)), "{:?}", filesystem.issues());
}

#[test]
fn volume_wrapped_in_hfs_is_read_at_its_place() {
    let mut image = sample();
    image.case_sensitive = true;
    let inner = image.write().bytes.clone();
    let (first_sector, block_size, start) = (16usize, 4096usize, 3usize);
    let offset = first_sector * 512 + start * block_size;
    let mut bytes = vec![0; offset];
    bytes.extend(&inner);
    bytes.resize(bytes.len() + 4096, 0);
    let block = &mut bytes[1024..];
    block[..2].copy_from_slice(b"BD");
    block[20..24].copy_from_slice(&(block_size as u32).to_be_bytes());
    block[28..30].copy_from_slice(&(first_sector as u16).to_be_bytes());
    block[124..126].copy_from_slice(b"H+");
    block[126..128].copy_from_slice(&(start as u16).to_be_bytes());
    block[128..130].copy_from_slice(&((inner.len() / block_size) as u16).to_be_bytes());
    let filesystem = open(bytes);
    assert_eq!((filesystem.kind(), filesystem.offset()), ("hfsplus", offset as u64));
    let plain = filesystem.entry("/plain").unwrap();
    assert_eq!(all(&plain.open("").unwrap()), b"plain");
    let inside = open(inner).entry("/plain").unwrap().extents("").unwrap()[0].offset.unwrap();
    assert_eq!(plain.extents("").unwrap()[0].offset, Some(offset as u64 + inside));
    assert_eq!(filesystem.slack().len(), offset as u64 + 4096);
}

#[test]
fn broken_chain_of_leaves_loses_nothing() {
    let mut image = sample();
    image.write();
    let whole: Vec<_> = entries(&open(image.bytes.clone())).into_iter().map(|entry| entry.path).collect();
    // The second leaf leads to a node that is none.
    let leaf = (CATALOG.0 as usize + 3) * BLOCK;
    image.bytes[leaf..leaf + 4].copy_from_slice(&77u32.to_be_bytes());
    let filesystem = open(image.bytes.clone());
    let mut found: Vec<_> = entries(&filesystem).into_iter().map(|entry| entry.path).collect();
    assert!(!filesystem.issues().is_empty());
    let mut whole = whole;
    whole.sort();
    found.sort();
    assert_eq!(found, whole);
}

#[test]
fn nodes_tell_of_files_where_the_header_of_the_catalog_is_lost() {
    let mut image = sample();
    image.write();
    let whole = entries(&open(image.bytes.clone())).len();
    let catalog = CATALOG.0 as usize * BLOCK;
    image.bytes[catalog..catalog + 512].fill(0);
    let filesystem = open(image.bytes.clone());
    assert_eq!(entries(&filesystem).len(), whole);
    assert!(filesystem.issues().iter().any(|issue| issue.offset == Some(catalog as u64 + 32)));
}

#[test]
fn header_that_leads_nowhere_gives_way_to_its_copy() {
    let mut image = sample();
    image.write();
    let whole = entries(&open(image.bytes.clone())).len();
    // The first run of the catalog.
    image.bytes[1024 + 288..1024 + 292].fill(0xff);
    assert_eq!(entries(&open(image.bytes.clone())).len(), whole);
}

/// The attribute of a compressed file.
fn decmpfs(kind: u32, size: u64, inside: &[u8]) -> Vec<u8> {
    [b"fpmc", &kind.to_le_bytes()[..], &size.to_le_bytes(), inside].concat()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, bytes).unwrap();
    packed.finish().unwrap()
}

fn lzfse(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    lzfse_rust::encode_bytes(bytes, &mut packed).unwrap();
    packed
}

/// A chunk of LZVN: what stands inside the block that short input becomes.
fn lzvn(bytes: &[u8]) -> Vec<u8> {
    let packed = lzfse(bytes);
    assert_eq!(&packed[..4], b"bvxn");
    packed[12..packed.len() - 4].to_vec()
}

/// A resource fork that holds chunks behind the list of their ends.
fn by_ends(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut end = 4 * (chunks.len() as u32 + 1);
    let mut fork = end.to_le_bytes().to_vec();
    for chunk in chunks {
        end += chunk.len() as u32;
        fork.extend(end.to_le_bytes());
    }
    [fork, chunks.concat()].concat()
}

/// A resource fork with one resource that holds chunks behind a table.
fn as_resource(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut fork = 256u32.to_be_bytes().to_vec();
    fork.resize(260, 0);
    fork.extend((chunks.len() as u32).to_le_bytes());
    let mut offset = 4 + 8 * chunks.len() as u32;
    for chunk in chunks {
        fork.extend([offset.to_le_bytes(), (chunk.len() as u32).to_le_bytes()].concat());
        offset += chunk.len() as u32;
    }
    [fork, chunks.concat()].concat()
}

#[test]
fn compressed_files_are_unpacked_whatever_the_method() {
    const CHUNK: usize = 64 << 10;
    let short = b"the same words again and the same words again and the same words again".to_vec();
    let long: Vec<u8> = (0..CHUNK + 3000).map(|n| (n % 251) as u8 ^ (n / 1000) as u8).collect();
    let raw = |mark: u8, bytes: &[u8]| [&[mark], bytes].concat();
    let chunks = |pack: &dyn Fn(&[u8]) -> Vec<u8>| long.chunks(CHUNK).map(pack).collect::<Vec<_>>();
    // Type, content, what stands in the attribute, and in the resource fork.
    let cases = [
        (1, &short, short.clone(), vec![]),
        (3, &short, zlib(&short), vec![]),
        (3, &short, raw(0xff, &short), vec![]),
        (4, &long, vec![], as_resource(&chunks(&zlib))),
        (4, &long, vec![], as_resource(&chunks(&|chunk| raw(0x0f, chunk)))),
        (7, &short, lzvn(&short), vec![]),
        (7, &short, raw(0x06, &short), vec![]),
        (8, &long, vec![], by_ends(&chunks(&|chunk| raw(0x06, chunk)))),
        (9, &short, raw(0xcc, &short), vec![]),
        (10, &long, vec![], by_ends(&chunks(&|chunk| raw(0xcc, chunk)))),
        (11, &short, lzfse(&short), vec![]),
        (12, &long, vec![], by_ends(&chunks(&lzfse))),
    ];
    let mut image = Image::new();
    for (id, (kind, content, inside, fork)) in (16..).zip(&cases) {
        image.attribute(id, "com.apple.decmpfs", &decmpfs(*kind, content.len() as u64, inside));
        let resource = image.content(fork, 40);
        image.add(Item { resource, owner_flags: 0x20, ..Item::file(2, &format!("{id}"), id) });
    }
    image.attribute(99, "com.apple.decmpfs", &decmpfs(77, 5, b"?????"));
    image.add(Item { owner_flags: 0x20, ..Item::file(2, "unknown", 99) });
    let filesystem = open(image.write().bytes.clone());
    assert_eq!(filesystem.issues(), []);
    for (id, (kind, content, ..)) in (16..).zip(&cases) {
        let entry = filesystem.entry(&format!("/{id}")).unwrap();
        assert_eq!(entry.size, content.len() as u64, "type {kind}");
        assert_eq!(all(&entry.open("").unwrap()), **content, "type {kind}");
        assert!(entry.streams.len() == 1 && entry.streams[0].info.compressed);
    }
    let unknown = filesystem.entry("/unknown").unwrap();
    assert!(matches!(unknown.open(""), Err(Error::Unsupported { .. })), "{:?}", unknown.open("").err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn mutated_volumes_are_read_without_a_panic(
        changes in prop::collection::vec((0usize..48 * BLOCK, any::<u8>()), 1..24),
        cut in 0usize..BLOCKS * BLOCK,
    ) {
        let mut bytes = sample().write().bytes.clone();
        for (at, value) in changes {
            // Mostly where structures are.
            bytes[at] = value;
        }
        bytes.truncate(bytes.len() - cut / 8);
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
