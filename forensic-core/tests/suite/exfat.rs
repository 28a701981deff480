//! exFAT on volumes built slot by slot: what is live, what is left of the deleted, what is damaged. `deleted.rs` has the
//! deleted, `images_of_others.rs` what real drivers wrote.

mod deleted;
mod image;
mod images_of_others;

use forensic_core::{
    Error, Limits,
    bytes::{ExtentKind, ReadAt, Slice, Source},
    filesystem::{self, Entry, Kind, Status, TimestampKind, Value, WalkOptions},
};
use image::{ExFatImage, ROOT, SECTOR, Slot, directory, file, open};
use proptest::prelude::*;
use std::sync::Arc;

fn content(entry: &Entry) -> Vec<u8> {
    let source = entry.open("").unwrap();
    source.read_vec(0, source.len()).unwrap()
}

fn find<'e>(entries: &'e [Entry], path: &str) -> &'e Entry {
    entries.iter().find(|entry| entry.path == path).unwrap_or_else(|| panic!("no {path:?}"))
}

fn says(issues: &[forensic_core::Issue], text: &str) -> bool {
    issues.iter().any(|issue| issue.message.contains(text))
}

/// A contiguous file, a chained one, an empty one, a directory with a file, and deleted ones in both.
pub fn sample() -> ExFatImage {
    let mut image = ExFatImage::new();
    image.mark(&[10, 11, 12]);
    image.fill(10, b'a');
    image.fill(11, b'b');
    image.fill(12, b'c');
    image.chain(&[20, 22]);
    image.fill(20, b'x');
    image.fill(22, b'y');
    image.mark(&[30, 31]);
    image.fill(31, b'i');
    image.fill(40, b'd');
    image.in_root(&[
        file("holiday picture.jpeg", 10, 1100).slots(),
        file("chained.bin", 20, 600).chained().slots(),
        file("gone.txt", 40, 100).deleted(),
        file("empty", 0, 0).slots(),
        directory("SUB", 30, 1).slots(),
    ]);
    image.slots(image.at(30), &[file("inner.txt", 31, 5).slots(), file("inner gone", 41, 5).deleted()].concat());
    image
}

#[test]
fn live_files_are_listed_with_their_content_and_place() {
    let image = sample();
    let filesystem = image.open();
    assert_eq!(
        (filesystem.kind(), filesystem.label().as_str(), filesystem.serial().as_str()),
        ("exfat", "KIT", "1234abcd")
    );
    let entries = image.list();
    let picture = find(&entries, "/holiday picture.jpeg");
    assert_eq!((picture.status, picture.kind, picture.size), (Status::Allocated, Kind::File, 1100));
    assert_eq!(content(picture), [[b'a'; 512].as_slice(), &[b'b'; 512], &[b'c'; 76]].concat());
    assert_eq!(picture.id * 32, image.root() as u64);
    assert_eq!(picture.extents("").unwrap()[0].offset, Some(image.at(10) as u64));
    assert_eq!((picture.slack().len(), picture.slack().read_vec(0, 1).unwrap()), (3 * 512 - 1100, vec![b'c']));
    assert_eq!(content(find(&entries, "/chained.bin")), [[b'x'; 512].as_slice(), &[b'y'; 88]].concat());
    assert_eq!(find(&entries, "/chained.bin").attributes["no_fat_chain"], Value::Bool(false));
    assert_eq!(content(find(&entries, "/empty")), b"");
    let inner = find(&entries, "/SUB/inner.txt");
    assert_eq!((content(inner), inner.parent_id), (b"iiiii".to_vec(), Some(find(&entries, "/SUB").id)));
    assert_eq!(entries.iter().filter(|entry| entry.status.is_live()).count(), 5);
    assert!(filesystem.issues().is_empty(), "{:?}", filesystem.issues());
}

#[test]
fn times_are_utc_where_the_offset_is_valid_and_local_where_not() {
    let mut image = ExFatImage::new();
    image.in_root(&[file("utc", 0, 0).slots(), file("local", 0, 0).local().slots()]);
    let entries = image.list();
    let time = |path: &str, kind| find(&entries, path).time(kind).unwrap().to_rfc3339().unwrap();
    assert_eq!(time("/utc", TimestampKind::Created), "2020-05-17T10:30:11.23Z");
    assert_eq!(time("/utc", TimestampKind::Accessed), "2020-05-17T10:30:10Z");
    assert_eq!(time("/local", TimestampKind::Modified), "2020-05-17T12:30:10");
    assert_eq!(find(&entries, "/utc").attributes["created_utc_offset_minutes"], Value::Int(120));
    assert!(!find(&entries, "/local").attributes.contains_key("created_utc_offset_minutes"));
}

#[test]
fn bytes_behind_the_valid_data_read_as_zeros_and_are_slack() {
    let mut image = ExFatImage::new();
    image.mark(&[10, 11]);
    image.fill(10, b'v');
    image.fill(11, b'o');
    image.in_root(&[file("grown", 10, 1000).valid(300).slots()]);
    let entries = image.list();
    let grown = find(&entries, "/grown");
    assert_eq!(content(grown), [[b'v'; 300].as_slice(), &[0; 700]].concat());
    assert!(grown.streams[0].info.sparse);
    let kinds: Vec<_> = grown.extents("").unwrap().iter().map(|extent| (extent.length, extent.kind)).collect();
    assert_eq!(kinds, [(300, ExtentKind::Data), (700, ExtentKind::Sparse)]);
    assert_eq!(grown.slack().read_vec(0, 724).unwrap(), [[b'v'; 212].as_slice(), &[b'o'; 512]].concat());
}

#[test]
fn names_that_text_cannot_hold_keep_their_units() {
    let mut image = ExFatImage::new();
    let units = vec![0x41, 0xd83d, 0x42];
    image.in_root(&[file("", 0, 0).named(units.clone()).slots()]);
    let entries = image.list();
    assert_eq!((entries[0].name.as_str(), entries[0].name_bytes.len()), ("A\u{fffd}B", 6));
    assert_eq!(entries[0].name_bytes, units.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<_>>());
}

#[test]
fn a_name_of_255_units_over_two_clusters_of_a_chained_directory() {
    let mut image = ExFatImage::new();
    image.chain(&[30, 40]);
    let set = directory("deep", 30, 2).chained();
    image.in_root(&[set.slots()]);
    let name = "n".repeat(255);
    let slots = file(&name, 0, 0).slots();
    image.slots(image.at(30), &slots[..16]);
    image.slots(image.at(40), &slots[16..]);
    assert_eq!(find(&image.list(), &format!("/deep/{name}")).status, Status::Allocated);
}

#[test]
fn structures_of_the_volume_are_listed_with_their_clusters() {
    let mut image = sample();
    let mut guid = [0u8; 32];
    guid[0] = 0xa0;
    guid[6..22].copy_from_slice(&(0..16).collect::<Vec<u8>>());
    let end = image.root() + sample_root_slots() * 32;
    image.slots(end, &[guid]);
    let filesystem = image.open();
    let bitmap = filesystem.entry("/$ALLOC_BITMAP").unwrap();
    assert_eq!((bitmap.kind, bitmap.size), (Kind::Other, 25));
    assert_eq!(bitmap.extents("").unwrap()[0].offset, Some(image.at(2) as u64));
    let guid = filesystem.entry("/$VOLUME_GUID").unwrap();
    assert_eq!(guid.attributes["volume_guid"], Value::Text("03020100-0504-0706-0809-0a0b0c0d0e0f".into()));
}

/// Slots of the sets that `sample` writes into the root directory.
fn sample_root_slots() -> usize {
    4 + 3 + 3 + 3 + 3
}

#[test]
fn entries_of_other_makers_are_named() {
    let mut image = ExFatImage::new();
    image.mark(&[10]);
    image.fill(10, b'v');
    let mut extension: Slot = [0; 32];
    extension[0] = 0xe0;
    extension[2] = 7;
    let mut allocation: Slot = [0; 32];
    allocation[..2].copy_from_slice(&[0xe1, 3]);
    allocation[2] = 9;
    allocation[20] = 10;
    allocation[24] = 4;
    image.in_root(&[file("photo", 0, 0).with(extension).with(allocation).slots()]);
    let filesystem = image.open();
    let photo = filesystem.entry("/photo").unwrap();
    assert_eq!(photo.attributes["vendor_extension:00000007-0000-0000-0000-000000000000"], Value::Bool(true));
    let stream = photo.open("vendor:00000009-0000-0000-0000-000000000000").unwrap();
    assert_eq!(stream.read_vec(0, 4).unwrap(), b"vvvv");
    assert!(filesystem.issues().is_empty(), "{:?}", filesystem.issues());
}

#[test]
fn a_damaged_main_boot_region_is_replaced_by_the_backup() {
    let mut image = sample();
    image.seal();
    image.bytes[..512].fill(0);
    let filesystem = image.open();
    assert_eq!(filesystem.entry("/chained.bin").unwrap().size, 600);
    assert!(says(&filesystem.issues(), "backup region at sector 12"));
    // A sector that still parses but is not what its checksum vouches for.
    let mut image = sample();
    image.bytes[92] = 100;
    let filesystem = image.open();
    assert!(says(&filesystem.issues(), "whose checksum fits, was used"));
    assert!(filesystem.unallocated().unwrap().len() > 150 * 512);
    // Both lost: it is no longer recognised.
    image.bytes[..24 * 512].fill(0);
    assert!(filesystem::open(Arc::new(image.bytes), &Limits::default()).unwrap().is_none());
}

#[test]
fn a_wrong_boot_checksum_is_an_issue() {
    let mut image = sample();
    image.bytes[11 * 512 + 4] ^= 1;
    let filesystem = image.open();
    let issue = &filesystem.issues()[0];
    assert_eq!((issue.structure.as_str(), issue.offset), ("exFAT boot checksum", Some(11 * 512)));
    assert_eq!(image.list().len(), sample().list().len());
}

#[test]
fn a_damaged_set_in_use_is_listed_and_reported() {
    let mut image = sample();
    let at = image.root();
    image.bytes[at + 4] ^= 1;
    let filesystem = image.open();
    let picture = filesystem.entry("/holiday picture.jpeg").unwrap();
    assert_eq!((picture.status, picture.size), (Status::Allocated, 1100));
    assert!(says(&picture.issues, "checksum"));
    assert_eq!(filesystem.issues()[0].offset, Some(at as u64));
}

#[test]
fn a_set_in_use_whose_file_entry_is_lost_is_still_live() {
    let mut image = sample();
    let at = image.root();
    image.bytes[at] = 0xb3;
    let filesystem = image.open();
    let picture = filesystem.entry("/holiday picture.jpeg").unwrap();
    assert_eq!((picture.status, content(&picture).len(), picture.timestamps.len()), (Status::Allocated, 1100, 0));
    assert!(says(&picture.issues, "file entry is lost"));
}

#[test]
fn a_directory_whose_file_entry_is_lost_keeps_its_files() {
    let mut image = sample();
    let at = image.root() + (sample_root_slots() - 3) * 32;
    assert_eq!(image.bytes[at + 4], 0x10);
    image.bytes[at] = 0x33;
    let inner = image.open().entry("/SUB/inner.txt").unwrap();
    assert_eq!((inner.status, content(&inner)), (Status::Allocated, b"iiiii".to_vec()));
}

#[test]
fn a_damaged_up_case_table_is_an_issue_and_names_stay() {
    let mut image = sample();
    let at = image.at(3);
    image.bytes[at + 6] ^= 1;
    let filesystem = image.open();
    assert!(says(&filesystem.issues(), "checksum"));
    assert!(filesystem.entry("/SUB/inner.txt").is_ok());
}

#[test]
fn chains_that_loop_or_end_early_are_cut_and_never_zeros() {
    let mut image = ExFatImage::new();
    image.chain(&[20, 21, 22]);
    image.link(22, 21);
    image.chain(&[30]);
    image.fill(20, b'a');
    image.in_root(&[file("loop", 20, 4000).chained().slots(), file("short", 30, 600).chained().slots()]);
    let filesystem = image.open();
    let looped = filesystem.entry("/loop").unwrap().open("").unwrap();
    assert_eq!((looped.len(), looped.read_vec(0, 512).unwrap()), (4000, vec![b'a'; 512]));
    assert!(looped.read_vec(1000, 536).is_ok());
    assert!(matches!(looped.read_vec(1536, 1), Err(Error::Corrupt { .. })));
    assert_eq!(looped.extents().iter().map(|extent| extent.length).sum::<u64>(), 1536);
    assert!(filesystem.entry("/short").unwrap().open("").unwrap().read_vec(512, 1).is_err());
    assert!(says(&filesystem.issues(), "comes back to cluster 21"));
}

#[test]
fn clusters_with_two_owners_and_with_none_are_reported() {
    let mut image = ExFatImage::new();
    image.mark(&[10, 11, 50]);
    image.in_root(&[file("one", 10, 1000).slots(), file("two", 11, 100).slots(), file("unmarked", 60, 100).slots()]);
    let issues = image.open().issues();
    image.list();
    let filesystem = image.open();
    filesystem.entry_count();
    assert!(issues.is_empty());
    let issues = filesystem.issues();
    assert!(says(&issues, "cluster 11 belongs to another entry already"));
    assert!(says(&issues, "1 clusters of entries in use are free"));
    assert!(says(&issues, "1 clusters are in use by the allocation bitmap and belong to no entry"));
}

#[test]
fn a_directory_that_holds_itself_ends() {
    let mut image = ExFatImage::new();
    image.mark(&[30]);
    image.in_root(&[directory("d", 30, 1).slots()]);
    image.slots(image.at(30), &directory("d", 30, 1).slots());
    assert_eq!(image.list().len(), 2);
}

#[test]
fn the_second_table_and_bitmap_of_texfat_are_used_when_active_and_compared() {
    let mut image = ExFatImage::texfat();
    image.chain(&[20, 22]);
    image.in_root(&[file("chained", 20, 600).chained().slots()]);
    assert!(image.open().issues().is_empty(), "{:?}", image.open().issues());
    image.link_in_copy(0, 20, 0);
    *image.bit_byte(0, 60) |= 1 << ((60 - 2) % 8);
    image.bytes[106] = 1;
    let filesystem = image.open();
    assert_eq!(filesystem.entry("/chained").unwrap().issues.len(), 0);
    let issues = filesystem.issues();
    assert!(says(&issues, "the table that is not in use differs in") && says(&issues, "bitmaps differ in 1 bytes"));
    assert!(!says(&issues, "belong to no entry"));
}

#[test]
fn unallocated_clusters_are_all_and_only_the_free_ones() {
    let image = sample();
    let unallocated = image.open().unallocated().unwrap();
    assert_eq!(unallocated.len(), (200 - 4 - 3 - 2 - 2) * 512);
    assert_eq!(unallocated.extents()[0].offset, Some(image.at(6) as u64));
}

#[test]
fn a_truncated_volume_lists_all_and_fails_where_bytes_are_missing() {
    let mut image = sample();
    let end = image.at(12);
    image.bytes.truncate(end);
    let filesystem = image.open();
    let picture = filesystem.entry("/holiday picture.jpeg").unwrap().open("").unwrap();
    assert!(picture.read_vec(0, 1024).is_ok() && picture.read_vec(1024, 1).is_err());
    assert!(says(&filesystem.issues(), "should have"));
    let unallocated = filesystem.unallocated().unwrap();
    assert!(unallocated.read_vec(0, unallocated.len()).is_ok());
}

#[test]
fn offsets_are_on_the_medium() {
    let image = sample();
    let medium = [vec![0u8; 1000], image.bytes.clone()].concat();
    let volume = Slice::new(Arc::new(medium), 1000, image.bytes.len() as u64).unwrap();
    let filesystem = open(Arc::new(volume)).unwrap();
    assert_eq!(filesystem.offset(), 1000);
    let entry = filesystem.entry("/SUB/inner.txt").unwrap();
    assert_eq!(entry.extents("").unwrap()[0].offset, Some(1000 + image.at(31) as u64));
    assert_eq!(entry.id * 32, image.at(30) as u64);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_volumes_neither_panic_nor_hang(
        damage in prop::collection::vec((0..40_000usize, any::<u8>()), 1..40),
        cut in 0..4_000usize,
    ) {
        let mut image = sample();
        for (at, byte) in damage {
            // Most of the damage where the structures are.
            let places = image.at(if at % 2 == 0 { 200 } else { ROOT + 1 });
            image.bytes[at % places] = byte;
        }
        image.bytes.truncate(image.bytes.len() - cut);
        let volume: Source = Arc::new(image.bytes);
        if let Ok(Some(filesystem)) = filesystem::open(volume, &Limits::default()) {
            for entry in filesystem.walk(WalkOptions::default()).take(10_000) {
                prop_assert!(entry.status.is_live() != entry.recoverability.is_some());
                if let Ok(stream) = entry.open("") {
                    prop_assert_eq!(stream.len(), entry.size);
                    let _ = stream.read_vec(0, stream.len().min(4096));
                }
            }
        }
    }

    #[test]
    fn arbitrary_slots_in_the_root_directory_are_bounded(slots in prop::collection::vec(any::<[u8; 4]>(), 0..13)) {
        let mut image = sample();
        let at = image.root();
        for (index, start) in slots.iter().enumerate() {
            image.write(at + 32 * index, start);
        }
        prop_assert!(image.list().len() < 100);
    }
}

#[test]
fn a_cluster_of_the_builder_is_a_sector() {
    assert_eq!(sample().open().cluster_size() as usize, SECTOR);
}
