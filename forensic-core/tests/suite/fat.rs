//! FAT volumes built here, with everything wrong with them that a driver, an accident or an enemy can do.

use crate::fat_image::{DIRECTORY, FILE, FatImage, Kind, deleted, long, named, open, short, short_made};
use forensic_core::{
    Limits,
    bytes::{ReadAt, Slice, Source},
    filesystem::{self, Entry, Recoverability, Status, TimestampKind, WalkOptions},
};
use proptest::prelude::*;
use std::sync::Arc;

mod damaged;
mod high_word;
pub mod inferred;

const KINDS: [Kind; 3] = [Kind::Fat12, Kind::Fat16, Kind::Fat32];

fn find<'a>(entries: &'a [Entry], path: &str) -> &'a Entry {
    let paths: Vec<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
    entries.iter().find(|entry| entry.path == path).unwrap_or_else(|| panic!("{path} is not among {paths:?}"))
}

fn content(entry: &Entry) -> Vec<u8> {
    let source = entry.open("").unwrap();
    source.read_vec(0, source.len()).unwrap()
}

/// A live file over three scattered clusters, a live directory with a file, and a deleted file.
pub fn sample(kind: Kind) -> FatImage {
    let mut image = FatImage::new(kind);
    image.chain(&[5, 9, 7]);
    [(5, b'a'), (9, b'b'), (7, b'c')].iter().for_each(|(cluster, letter)| image.fill(*cluster, *letter));
    let at = image.slots(image.root(), &[short(b"LABEL2     ", 0x08, 0, 0)]);
    let at = image.slots(at, &named("holiday picture.jpeg", b"HOLIDA~1JPE", short(b"HOLIDA~1JPE", FILE, 5, 1100)));
    let at = image.slots(at, &[short(b"SUB        ", DIRECTORY, 20, 0)]);
    image.slots(at, &deleted(named("gone for good.txt", b"GONEFO~1TXT", short(b"GONEFO~1TXT", FILE, 30, 600))));
    image.fill(30, b'x');
    image.fill(31, b'y');
    let inside = image.directory(20, 0);
    image.slots(inside, &[short(b"README  TXT", FILE, 21, 5)]);
    image.chain(&[21]);
    image.write(image.at(21), b"hello, and the slack");
    image
}

#[test]
fn live_and_deleted_entries_of_all_three_types() {
    for kind in KINDS {
        let filesystem = sample(kind).open();
        let entries: Vec<Entry> = filesystem.walk(WalkOptions::default()).collect();
        assert_eq!((filesystem.label().as_str(), filesystem.serial().as_str()), ("LABEL2", "12345678"));
        let paths: Vec<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(paths, ["/holiday picture.jpeg", "/SUB", "/gone for good.txt", "/SUB/README.TXT"]);
        let expected = [vec![b'a'; 512], vec![b'b'; 512], vec![b'c'; 76]].concat();
        assert_eq!(content(&entries[0]), expected);
        assert_eq!(entries[0].slack().read_vec(0, 436).unwrap(), vec![b'c'; 436]);
        assert_eq!(content(&entries[3]), b"hello");
        assert!(entries[3].slack().read_vec(0, 15).unwrap().starts_with(b", and the slack"));
        assert_eq!(entries[2].status, Status::Deleted);
        assert_eq!(entries[2].recoverability, Some(Recoverability::Unknown));
        assert!(entries[2].extents("").unwrap().iter().all(|extent| extent.inferred));
        assert_eq!(content(&entries[2]), [vec![b'x'; 512], vec![b'y'; 88]].concat());
        assert_eq!(entries[3].parent_id, Some(entries[1].id));
        assert!(filesystem.issues().is_empty(), "{:?}", filesystem.issues());
        // `fatfs` refuses FAT32 with fewer than 65,525 clusters, which drivers do mount.
        match filesystem.cross_check() {
            Ok(check) => assert!(check.agrees() && check.compared == 3, "{check:?}"),
            Err(_) => assert!(kind == Kind::Fat32),
        }
    }
}

#[test]
fn times_are_local_and_invalid_ones_are_absent() {
    let mut image = FatImage::new(Kind::Fat12);
    let mut bad = short(b"BAD     TXT", FILE, 0, 0);
    bad[24..26].copy_from_slice(&0xffffu16.to_le_bytes());
    let mut tenth = short(b"GOOD    TXT", FILE, 0, 0);
    tenth[13] = 150;
    image.slots(image.root(), &[bad, tenth]);
    let entries = image.list();
    assert_eq!(entries[0].time(TimestampKind::Modified), None);
    let created = entries[1].time(TimestampKind::Created).unwrap();
    assert_eq!(created.to_rfc3339().unwrap(), "2020-05-17T12:30:11.5");
    assert_eq!(entries[1].time(TimestampKind::Accessed).unwrap().to_rfc3339().unwrap(), "2020-05-17T00:00:00");
}

#[test]
fn short_names_keep_their_case_and_code_page() {
    let mut image = FatImage::new(Kind::Fat12);
    let mut lower = short(b"README  TXT", FILE, 0, 0);
    lower[12] = 0x18;
    image.slots(image.root(), &[lower, short(b"\x80A\x81     TXT", FILE, 0, 0), short(b"\x05BC     TXT", FILE, 0, 0)]);
    let entries = image.list();
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["readme.txt", "ÇAü.TXT", "σBC.TXT"]);
    assert_eq!(entries[2].name_bytes, b"\x05BC     TXT");
    // The volume does not tell its code page, and the entry does not pretend that it did.
    assert_eq!(entries[1].attributes["short_name_code_page"], filesystem::Value::Text("437 (assumed)".into()));
    assert!(!entries[0].attributes.contains_key("short_name_code_page"));
    assert_eq!(entries[0].attributes["lower_case_extension"], filesystem::Value::Bool(true));
}

#[test]
fn an_earlier_volume_label_is_listed() {
    let mut image = FatImage::new(Kind::Fat12);
    let old = deleted(vec![short(b"OLD CARD   ", 0x08, 0, 0)]);
    let at = image.slots(image.root(), &old);
    image.slots(at, &[short(b"NEW CARD   ", 0x08, 0, 0)]);
    let filesystem = image.open();
    assert_eq!(filesystem.label(), "NEW CARD");
    let entries: Vec<Entry> = filesystem.walk(WalkOptions::default()).collect();
    assert_eq!((entries.len(), entries[0].name.as_str()), (1, "_LD CARD"));
    assert_eq!((entries[0].kind, entries[0].status), (filesystem::Kind::Other, Status::Deleted));
    assert_eq!(entries[0].time(TimestampKind::Modified).unwrap().to_rfc3339().unwrap(), "2020-05-17T12:30:10");
}

#[test]
fn a_stale_long_name_is_not_lent_to_a_live_entry() {
    let mut image = FatImage::new(Kind::Fat16);
    let stale = long(&"private letter.doc".encode_utf16().collect::<Vec<_>>(), b"PRIVAT~1DOC");
    let at = image.slots(image.root(), &stale);
    let at = image.slots(at, &[short(b"NEWFILE TXT", FILE, 0, 0)]);
    // Out of order, and one too few.
    let mut swapped = named("another long name here.txt", b"ANOTHE~1TXT", short(b"ANOTHE~1TXT", FILE, 0, 0));
    swapped.swap(0, 1);
    let at = image.slots(at, &swapped);
    let cut = named("another long name here.txt", b"ANOTHE~2TXT", short(b"ANOTHE~2TXT", FILE, 0, 0));
    image.slots(at, &cut[1..]);
    let entries = image.list();
    let live: Vec<&str> = entries.iter().filter(|e| e.status.is_live()).map(|e| e.name.as_str()).collect();
    assert_eq!(live, ["NEWFILE.TXT", "ANOTHE~1.TXT", "ANOTHE~2.TXT"]);
    // The name stays evidence of its own, and a piece of one is not passed off as a name.
    let whole = find(&entries, "/private letter.doc");
    assert_eq!((whole.status, whole.kind, whole.streams.len()), (Status::Deleted, filesystem::Kind::Other, 0));
    assert_eq!(whole.recoverability, Some(Recoverability::Unknown));
    assert!(whole.recoverability_reason.contains("without its short entry"));
    let pieces: Vec<&Entry> = entries.iter().filter(|entry| entry.name.starts_with("$LongName-")).collect();
    assert_eq!(pieces.len(), 3);
    assert_eq!(pieces[2].attributes["long_name_piece"], filesystem::Value::Text("another long ".into()));
}

#[test]
fn a_deleted_long_name_whose_short_entry_is_gone_is_listed() {
    let mut image = FatImage::new(Kind::Fat12);
    let gone = deleted(named("report of summer.txt", b"REPORT~1TXT", short(b"REPORT~1TXT", FILE, 0, 0)));
    let at = image.slots(image.root(), &gone[..2]);
    // What the slots hold may be all of this name or the end of a longer one.
    let at = image.slots(at, &[short(b"LIVE    TXT", FILE, 0, 0)]);
    let end = deleted(named("some report of last summer.txt", b"SOMERE~1TXT", short(b"SOMERE~1TXT", FILE, 0, 0)));
    image.slots(at, &end[..2]);
    let entries = image.list();
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let piece = format!("$LongName-{}", image.root() / 32 + 4);
    assert_eq!(names, ["report of summer.txt", "LIVE.TXT", piece.as_str()]);
    assert_eq!(entries[0].id, image.root() as u64 / 32 + 1);
    assert_eq!(entries[2].attributes["long_name_piece"], filesystem::Value::Text("f last summer.txt".into()));
}

#[test]
fn a_deleted_file_keeps_its_long_name_and_first_character() {
    let mut image = FatImage::new(Kind::Fat12);
    let name = "n".repeat(251) + ".txt";
    let at = image.slots(image.root(), &deleted(named(&name, b"NNNNNN~1TXT", short(b"NNNNNN~1TXT", FILE, 0, 0))));
    let at = image.slots(at, &deleted(vec![short(b"PLAIN   TXT", FILE, 0, 0)]));
    // The end of this name was overwritten by another entry.
    let cut = deleted(named("beginning of a long name.txt", b"BEGINN~1TXT", short(b"BEGINN~1TXT", FILE, 0, 0)));
    let at = image.slots(at, &[short(b"OTHER   TXT", FILE, 0, 0)]);
    image.slots(at, &cut[1..]);
    let entries = image.list();
    assert_eq!(entries[0].name, name);
    assert_eq!(entries[1].name, "_LAIN.TXT");
    assert_eq!(entries[3].name, "BEGINN~1.TXT");
    assert_eq!(
        entries[3].attributes["long_name_beginning"],
        filesystem::Value::Text("beginning of a long name.t"[..26].into())
    );
}

#[test]
fn a_deleted_long_name_is_not_lent_to_another_deleted_entry() {
    let mut image = FatImage::new(Kind::Fat12);
    let mut slots = long(&"private letter.doc".encode_utf16().collect::<Vec<_>>(), b"PRIVAT~1DOC");
    slots.push(short(b"ZEBRA   TXT", FILE, 0, 0));
    image.slots(image.root(), &deleted(slots));
    let names: Vec<String> = image.list().into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["private letter.doc", "_EBRA.TXT"]);
}

#[test]
fn hostile_names_stay_names() {
    let mut image = FatImage::new(Kind::Fat12);
    let mut at = image.root();
    let names: [&[u16]; 5] = [&[46, 46], &[97, 47, 98], &[97, 0xd800, 98], &[0x202e, 103, 112, 106], &[97, 92, 98]];
    for (number, units) in (b'1'..).zip(names) {
        let mut alias = *b"HOSTIL~0   ";
        alias[7] = number;
        at = image.slots(at, &long(units, &alias));
        at = image.slots(at, &[short(&alias, FILE, 0, 0)]);
    }
    let entries = image.list();
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["..", "a\u{fffd}b", "a\u{fffd}b", "\u{202e}gpj", "a\\b"]);
    assert_eq!(entries[2].name_bytes, [97, 0, 0, 0xd8, 98, 0]);
}

#[test]
fn a_deleted_directory_is_followed_and_a_reused_one_is_not() {
    for kind in KINDS {
        let mut image = FatImage::new(kind);
        let at = image.slots(image.root(), &deleted(vec![short(b"OLD        ", DIRECTORY, 10, 0)]));
        let at = image.slots(at, &deleted(vec![short(b"REUSED     ", DIRECTORY, 14, 0)]));
        image.slots(at, &[short_made(b"NEW        ", DIRECTORY, 14, 0, 18)]);
        let inside = image.directory(10, 0);
        // The entries of a deleted directory are deleted, whether they are marked or not.
        let inside =
            image.slots(inside, &[short(b"A       TXT", FILE, 11, 3), short(b"DEEP       ", DIRECTORY, 12, 0)]);
        image.slots(inside, &[*b"junk that no driver ever wrote.."]);
        let deep = image.directory(12, 10);
        image.slots(deep, &deleted(vec![short(b"B       TXT", FILE, 13, 3)]));
        let new = image.directory(14, 0);
        image.slots(new, &[short(b"C       TXT", FILE, 0, 0)]);
        image.free(&[10, 12]);
        image.write(image.at(11), b"abc");
        let entries = image.list();
        assert_eq!(entries.len(), 7);
        let child = find(&entries, "/_LD/A.TXT");
        assert_eq!((child.status, content(child)), (Status::Deleted, b"abc".to_vec()));
        assert_eq!(find(&entries, "/_LD/DEEP/_.TXT").status, Status::Deleted);
        assert_eq!(find(&entries, "/_EUSED").recoverability, Some(Recoverability::Overwritten));
        assert_eq!(find(&entries, "/NEW/C.TXT").status, Status::Allocated);
    }
}

#[test]
fn a_directory_that_nothing_leads_to_is_an_orphan() {
    let mut image = FatImage::new(Kind::Fat16);
    let inside = image.directory(40, 33);
    image.slots(inside, &[short(b"LOST    TXT", FILE, 41, 3)]);
    image.free(&[40]);
    image.write(image.at(41), b"abc");
    image
        .slots(image.at(50), &deleted(named("a middle piece.txt", b"AMIDDL~1TXT", short(b"AMIDDL~1TXT", FILE, 51, 3))));
    let entries = image.list();
    let lost = find(&entries, "/$OrphanFiles/$Orphan-40/LOST.TXT");
    assert_eq!((lost.status, content(lost)), (Status::Orphan, b"abc".to_vec()));
    assert_eq!(find(&entries, "/$OrphanFiles/a middle piece.txt").status, Status::Orphan);
}

#[test]
fn a_long_name_over_two_clusters_joins_a_directory_again() {
    let mut image = FatImage::new(Kind::Fat16);
    image.slots(image.root(), &deleted(vec![short(b"OLD        ", DIRECTORY, 10, 0)]));
    let inside = image.directory(10, 0);
    let filler: Vec<_> = (0..12u8)
        .map(|n| short(&[b'F', b'A' + n, b' ', b' ', b' ', b' ', b' ', b' ', b'T', b'X', b'T'], FILE, 0, 0))
        .collect();
    let inside = image.slots(inside, &filler);
    let slots = deleted(named(&("x".repeat(60) + ".txt"), b"XXXXXX~1TXT", short(b"XXXXXX~1TXT", FILE, 0, 0)));
    image.slots(inside, &slots[..2]);
    image.slots(image.at(25), &slots[2..]);
    image.free(&[10]);
    find(&image.list(), &format!("/_LD/{}.txt", "x".repeat(60)));
}

#[test]
fn stale_slots_after_the_end_mark_are_deleted_entries() {
    let mut image = FatImage::new(Kind::Fat12);
    let at =
        image.slots(image.root(), &[short(b"LIVE    TXT", FILE, 0, 0), [0; 32], short(b"STALE   TXT", FILE, 0, 0)]);
    image.slots(at, &[*b"junk that no driver ever wrote.."]);
    let entries = image.list();
    assert_eq!(entries.len(), 2);
    assert_eq!((entries[1].name.as_str(), entries[1].status), ("STALE.TXT", Status::Deleted));
}

#[test]
fn overwritten_content_is_never_passed_off() {
    let mut image = FatImage::new(Kind::Fat16);
    image.chain(&[5]);
    image.chain(&[12]);
    image.chain(&[21]);
    let gone = |name, cluster, size, day| deleted(vec![short_made(name, FILE, cluster, size, day)])[0];
    image.slots(
        image.root(),
        &[
            short_made(b"NEW     BIN", FILE, 5, 10, 20),
            short_made(b"MIDDLE  BIN", FILE, 12, 10, 20),
            short_made(b"EARLIER BIN", FILE, 21, 10, 1),
            gone(b"FIRST   BIN", 5, 1000, 10),
            gone(b"PARTLY  BIN", 10, 2000, 10),
            gone(b"PASSED  BIN", 20, 1000, 10),
            gone(b"OLDER   BIN", 30, 100, 10),
            gone(b"YOUNGER BIN", 30, 100, 11),
            gone(b"EMPTY   BIN", 0, 0, 10),
        ],
    );
    let entries = image.list();
    let grade = |path| find(&entries, path).recoverability.unwrap();
    assert_eq!(grade("/_IRST.BIN"), Recoverability::Overwritten);
    assert!(find(&entries, "/_IRST.BIN").open("").is_err());
    let partly = find(&entries, "/_ARTLY.BIN").open("").unwrap();
    assert_eq!(grade("/_ARTLY.BIN"), Recoverability::Partial);
    assert!(partly.read_vec(0, 1024).is_ok() && partly.read_vec(1024, 1).is_err() && partly.read_vec(1536, 1).is_ok());
    assert_eq!(grade("/_ASSED.BIN"), Recoverability::Unknown);
    assert_eq!(find(&entries, "/_ASSED.BIN").extents("").unwrap()[1].offset, Some(image.at(22) as u64));
    assert_eq!(grade("/_LDER.BIN"), Recoverability::Overwritten);
    assert_eq!(grade("/_OUNGER.BIN"), Recoverability::Unknown);
    assert_eq!(grade("/_MPTY.BIN"), Recoverability::Intact);
}

#[test]
fn a_renamed_file_points_to_its_new_name() {
    let mut image = FatImage::new(Kind::Fat12);
    image.chain(&[5, 9]);
    image.fill(9, b'z');
    let old = deleted(vec![short(b"OLD     BIN", FILE, 5, 600)]);
    image.slots(image.root(), &[old[0], short(b"NEW     BIN", FILE, 5, 600)]);
    let entries = image.list();
    assert_eq!(entries[0].recoverability, Some(Recoverability::Intact));
    assert!(entries[0].recoverability_reason.contains("/NEW.BIN"));
    assert!(entries[0].extents("").unwrap().iter().all(|extent| !extent.inferred));
    assert_eq!(content(&entries[0]), content(&entries[1]));
}

#[test]
fn sectors_of_4096_bytes() {
    let mut image = FatImage::with_sector_size(Kind::Fat32, 4096);
    image.chain(&[5, 7]);
    image.fill(7, b'q');
    image.slots(image.root(), &[short(b"BIG     BIN", FILE, 5, 5000)]);
    let filesystem = image.open();
    assert_eq!((filesystem.kind(), filesystem.cluster_size()), ("fat32", 4096));
    assert_eq!(content(&filesystem.entry("/BIG.BIN").unwrap())[4096..], [b'q'; 904]);
}

#[test]
fn a_truncated_volume_lists_all_and_fails_where_bytes_are_missing() {
    let mut image = sample(Kind::Fat16);
    let end = image.at(9);
    image.bytes.truncate(end);
    let filesystem = image.open();
    let entries: Vec<Entry> = filesystem.walk(WalkOptions::default()).collect();
    let picture = find(&entries, "/holiday picture.jpeg").open("").unwrap();
    assert!(picture.read_vec(0, 512).is_ok() && picture.read_vec(512, 1).is_err());
    assert!(filesystem.issues().iter().any(|issue| issue.message.contains("should have")));
    let unallocated = filesystem.unallocated().unwrap();
    assert!(unallocated.read_vec(0, unallocated.len()).is_ok());
}

#[test]
fn a_damaged_boot_sector_is_replaced_by_its_backup() {
    let mut image = sample(Kind::Fat32);
    image.bytes[..512].fill(0);
    let filesystem = image.open();
    assert_eq!(filesystem.entry_count(), 4);
    assert!(filesystem.issues()[0].message.contains("backup"));
    let mut gone = sample(Kind::Fat16);
    gone.bytes[..512].fill(0);
    assert!(filesystem::open(Arc::new(gone.bytes), &Limits::default()).unwrap().is_none());
}

#[test]
fn unallocated_clusters_are_all_and_only_the_free_ones() {
    let image = sample(Kind::Fat12);
    let unallocated = image.open().unallocated().unwrap();
    let used = 5; // three of the picture, one of SUB, one of README.TXT
    assert_eq!(unallocated.len(), u64::from(image.clusters() - used) * 512);
    let first = unallocated.extents()[0];
    assert_eq!(first.offset, Some(image.at(2) as u64));
}

#[test]
fn offsets_are_on_the_medium() {
    let image = sample(Kind::Fat12);
    let mut medium = vec![0u8; 1000];
    medium.extend(&image.bytes);
    let volume = Slice::new(Arc::new(medium), 1000, image.bytes.len() as u64).unwrap();
    let filesystem = open(Arc::new(volume)).unwrap();
    assert_eq!(filesystem.offset(), 1000);
    let entry = filesystem.entry("/SUB/README.TXT").unwrap();
    assert_eq!(entry.extents("").unwrap()[0].offset, Some(1000 + image.at(21) as u64));
    assert_eq!(entry.id * 32, image.at(20) as u64 + 64);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_volumes_neither_panic_nor_hang(
        kind in 0..3usize,
        damage in prop::collection::vec((0..60_000usize, any::<u8>()), 1..40),
        cut in 0..4_000usize,
    ) {
        let mut image = sample(KINDS[kind]);
        for (at, byte) in damage {
            let length = image.bytes.len();
            image.bytes[at % length] = byte;
        }
        image.bytes.truncate(image.bytes.len() - cut);
        let volume: Source = Arc::new(image.bytes);
        if let Ok(Some(filesystem)) = filesystem::open(volume, &Limits::default()) {
            for entry in filesystem.walk(WalkOptions::default()).take(10_000) {
                prop_assert!(entry.status.is_live() != entry.recoverability.is_some());
                if let Ok(stream) = entry.open("") {
                    let _ = stream.read_vec(0, stream.len().min(4096));
                }
            }
            let _ = filesystem.cross_check();
        }
    }

    #[test]
    fn arbitrary_bytes_are_no_volume_or_a_bounded_one(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        if let Ok(Some(filesystem)) = filesystem::open(Arc::new(bytes), &Limits::default()) {
            prop_assert!(filesystem.entry_count() < 1000);
        }
    }
}
