//! Tests of the ISO 9660 reader: discs of `genisoimage` and `xorriso` against the files they were made of, and discs that no
//! program would write.

use crate::{
    corpus,
    fixtures::{content, differences, entries, extents_hold_the_content, live, open, read, read_everything, truth},
};
use forensic_core::{
    bytes::{ReadAt, Source},
    evidence::Evidence,
    filesystem::{Kind, Recoverability, Status, Value},
};
use md5::{Digest, Md5};
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

fn disc(name: &str) -> Vec<u8> {
    read(&format!("{name}.iso"))
}

/// The Sleuth Kit's listing of the disc of dfVFS.
#[test]
fn disc_of_dfvfs_equals_the_sleuth_kits_listing() {
    let (Some(image), Some(truth)) = (corpus::read("images/dfvfs/iso9660.raw"), corpus::truth("dfvfs_iso9660")) else {
        return;
    };
    let evidence = Evidence::from_bytes(image.clone()).unwrap();
    let filesystems = evidence.filesystems();
    assert_eq!((filesystems.len(), filesystems[0].kind()), (1, "iso9660"));
    let theirs: BTreeMap<String, Option<(u64, String)>> = truth
        .into_iter()
        .filter(|row| !row.kind.to_lowercase().starts_with('v')) // $OrphanFiles: TSK's own
        .map(|row| (format!("/{}", row.path), row.size.zip(row.md5)))
        .collect();
    let ours: BTreeMap<String, Option<(u64, String)>> = entries(&filesystems[0])
        .iter()
        .map(|entry| {
            let md5 = || Md5::digest(content(entry)).iter().map(|byte| format!("{byte:02x}")).collect();
            (entry.path.clone(), (entry.kind == Kind::File).then(|| (entry.size, md5())))
        })
        .collect();
    assert_eq!(ours, theirs);
    assert_eq!(filesystems[0].label(), "CDROM");
    assert_eq!(filesystems[0].issues(), []);
    extents_hold_the_content(&filesystems[0], &image);
}

#[test]
fn rock_ridge_gives_the_files_that_went_in_and_joliet_the_one_it_hides() {
    let bytes = disc("rock_ridge_joliet");
    let filesystem = open(bytes.clone());
    let ours = live(&filesystem);
    // The boot catalog is genisoimage's own, as is the folder of directories that lie too deep; `packed.bin` is read unpacked.
    assert_eq!(differences(&ours, &truth("optical")), ["/boot.cat", "/packed.bin", "/rr_moved"]);
    let hidden = filesystem.entry("/hidden in primary.txt").unwrap();
    assert_eq!(hidden.attributes["tree"], Value::Text("joliet".to_owned()));
    assert_eq!(content(&hidden), b"only Joliet lists this\n");
    assert!(!filesystem.entry("/hidden in joliet.txt").unwrap().attributes.contains_key("tree"));
    let packed = filesystem.entry("/packed.bin").unwrap();
    assert!(packed.streams[0].info.compressed);
    assert_eq!(content(&packed), [b"zisofs ".repeat(9000), vec![0; 40000]].concat());
    let device = filesystem.entry("/device").unwrap();
    assert_eq!((device.kind, &device.attributes["device"]), (Kind::Other, &Value::Text("5:1".to_owned())));
    let boot = filesystem.entry("/boot.img").unwrap();
    assert_eq!(boot.attributes["boot_image"], Value::Text("x86, no emulation, bootable".to_owned()));
    let plain = filesystem.entry("/plain.txt").unwrap();
    assert_eq!(plain.timestamps[0].value.to_rfc3339().as_deref(), Some("2020-09-13T12:26:40Z"));
    assert_eq!(plain.attributes["iso9660_name"], Value::Text("PLAIN.TXT;1".to_owned()));
    assert_eq!(filesystem.label(), "FIXTURE");
    assert_eq!(filesystem.issues(), []);
    extents_hold_the_content(&filesystem, &bytes);
}

#[test]
fn joliet_is_presented_where_there_is_no_rock_ridge() {
    let filesystem = open(disc("joliet"));
    let ours = live(&filesystem);
    // Links are not stored, what lies too deep was left out, and pipes and devices are empty files; what Joliet hides has the
    // short name that the other tree gives it.
    let lost = ["/link", "/long link"];
    let theirs = truth("optical");
    for (path, row) in &theirs {
        let is_deep = path.contains("level7/");
        if lost.contains(&path.as_str()) || is_deep || path == "/hidden in joliet.txt" {
            continue;
        }
        let found = &ours[path];
        match row.0.as_str() {
            "other" => assert_eq!(found.1, 0),
            _ => assert_eq!(found, row, "{path}"),
        }
    }
    assert_eq!(ours["/HIDDEN_I.TXT"].2, theirs["/hidden in joliet.txt"].2);
    assert_eq!(filesystem.entry("/HIDDEN_I.TXT").unwrap().attributes["tree"], Value::Text("iso9660".to_owned()));
}

#[test]
fn plain_names_lose_version_and_empty_extension() {
    let filesystem = open(disc("plain"));
    assert_eq!(content(&filesystem.entry("/PLAIN.TXT").unwrap()), b"plain content\n");
    assert_eq!(filesystem.entry("/EMPTY").unwrap().name_bytes, b"EMPTY.;1");
    assert!(filesystem.entry("/LEVEL1/LEVEL2").unwrap().kind == Kind::Directory);
}

#[test]
fn earlier_sessions_of_a_disc_written_once_are_listed() {
    let filesystem = open(disc("sessions"));
    let found = entries(&filesystem);
    let gone: Vec<_> = found.iter().filter(|entry| !entry.status.is_live()).collect();
    let paths: Vec<_> = gone.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(paths, ["/plain.txt", "/second name.txt"]);
    for entry in &gone {
        assert_eq!((entry.status, entry.recoverability), (Status::Deleted, Some(Recoverability::Intact)));
        assert_eq!(content(entry), b"plain content\n");
        assert!(entry.recoverability_reason.starts_with("listed in session 1"), "{}", entry.recoverability_reason);
    }
    assert_eq!(content(&filesystem.entry("/plain.txt").unwrap()), b"changed in the second session\n");
    assert_eq!(content(&filesystem.entry("/third.txt").unwrap()), b"new in the second session\n");
    assert_eq!(content(&filesystem.entry("/photos/IMG_0005.JPG").unwrap())[..4], [0xff, 0xd8, 0xff, 5]);
    assert_eq!(filesystem.issues(), []);
}

#[test]
fn earlier_sessions_of_a_disc_written_over_are_listed() {
    let filesystem = open(disc("growing"));
    let found = entries(&filesystem);
    let gone: Vec<_> = found.iter().filter(|entry| !entry.status.is_live()).collect();
    assert_eq!(gone.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), ["/photos/IMG_0005.JPG"]);
    assert_eq!(content(gone[0]), [vec![0xff, 0xd8, 0xff], vec![5; 2500]].concat());
    assert_eq!(gone[0].recoverability, Some(Recoverability::Intact));
    assert_eq!(found.len(), 15);
    let free = filesystem.unallocated().unwrap();
    let extents = gone[0].extents("").unwrap();
    let is_free =
        |place: u64| free.extents().iter().any(|e| e.offset.is_some_and(|o| (o..o + e.length).contains(&place)));
    assert!(is_free(extents[0].offset.unwrap()), "a deleted file lies in unallocated sectors");
}

/// Discs that boot as hard disks do have a partition table; what lies in the partitions is part of the disc, or behind it.
#[test]
fn a_disc_with_a_partition_table_is_a_volume_beside_the_partitions() {
    let mut bytes = disc("plain");
    let sectors = (bytes.len() / 512) as u32;
    bytes.resize(bytes.len() + (64 << 10), 0);
    let partition = |start: u32, count: u32| {
        let mut entry = [0u8; 16];
        entry[4] = 0xef;
        entry[8..12].copy_from_slice(&start.to_le_bytes());
        entry[12..].copy_from_slice(&count.to_le_bytes());
        entry
    };
    bytes[446..462].copy_from_slice(&partition(64, 128));
    bytes[462..478].copy_from_slice(&partition(sectors, 128));
    bytes[510..512].copy_from_slice(&[0x55, 0xaa]);
    let evidence = Evidence::from_bytes(bytes.clone()).unwrap();
    let found: Vec<_> = evidence.volumes().iter().map(|v| (v.scheme.as_str(), v.type_name.clone(), v.offset)).collect();
    assert_eq!((found[0].0, found[0].1.as_str(), found[0].2), ("none", "iso9660", 0));
    assert_eq!(found.len(), 3, "{found:?}");
    let filesystems = evidence.filesystems();
    assert_eq!(live(&filesystems[0]), live(&open(disc("plain"))));
    // A partition that begins in the disc and ends behind it was made later: the disc is a remnant.
    bytes[446..462].copy_from_slice(&partition(64, sectors + 64 - 64 + 4096));
    bytes.resize(bytes.len() + (8 << 20), 0);
    let evidence = Evidence::from_bytes(bytes).unwrap();
    assert!(evidence.volumes().iter().all(|volume| volume.scheme.as_str() == "mbr"));
}

/// Whole sectors of a CD in mode 1, as ripping programs write them.
#[test]
fn sectors_with_headers_are_read_as_those_without() {
    let bytes = disc("plain");
    for (before, after) in [(16usize, 288usize), (24, 280), (8, 280)] {
        let raw: Vec<u8> =
            bytes.chunks(2048).flat_map(|data| [&vec![0xee; before], data, &vec![0xdd; after]].concat()).collect();
        let filesystem = open(raw.clone());
        assert_eq!(live(&filesystem), live(&open(bytes.clone())));
        extents_hold_the_content(&filesystem, &raw);
        assert_eq!(filesystem.volume().len(), raw.len() as u64);
    }
}

/// A disc built here: sector 16 and 17 hold the descriptors, 18 the root, 19 and 20 the path tables.
struct Disc {
    bytes: Vec<u8>,
    path_table: Vec<u8>,
}

fn both(number: u32) -> Vec<u8> {
    [number.to_le_bytes(), number.to_be_bytes()].concat()
}

/// A directory record.
fn record(name: &[u8], block: u32, size: u32, flags: u8) -> Vec<u8> {
    let length = (33 + name.len() + 1) & !1;
    let mut record = vec![length as u8, 0];
    record.extend([both(block), both(size)].concat());
    record.extend([120, 9, 13, 12, 26, 40, 0, flags, 0, 0, 1, 0, 0, 1, name.len() as u8]);
    record.extend(name);
    record.resize(length, 0);
    record
}

impl Disc {
    fn new(records: &[Vec<u8>]) -> Self {
        let mut disc = Self { bytes: vec![0; 64 * 2048], path_table: vec![1, 0, 18, 0, 0, 0, 1, 0, 0, 0] };
        let mut primary = vec![0u8; 2048];
        primary[..8].copy_from_slice(b"\x01CD001\x01\0");
        primary[40..72].copy_from_slice(b"BUILT                           ");
        primary[80..88].copy_from_slice(&both(64));
        primary[128..132].copy_from_slice(&[0, 8, 8, 0]);
        primary[140..144].copy_from_slice(&19u32.to_le_bytes());
        primary[156..190].copy_from_slice(&record(&[0], 18, 2048, 2));
        disc.sector(16, &primary);
        disc.sector(17, b"\xffCD001\x01");
        disc.directory(18, 18, records);
        disc
    }

    fn sector(&mut self, sector: usize, bytes: &[u8]) {
        self.bytes[sector * 2048..][..bytes.len()].copy_from_slice(bytes);
    }

    fn directory(&mut self, sector: u32, parent: u32, records: &[Vec<u8>]) {
        let dots = [record(&[0], sector, 2048, 2), record(&[1], parent, 2048, 2)];
        self.sector(sector as usize, &[dots.concat(), records.concat()].concat());
    }

    fn path(&mut self, name: &[u8], block: u32, parent: u16) {
        self.path_table.extend([name.len() as u8, 0]);
        self.path_table.extend(block.to_le_bytes());
        self.path_table.extend(parent.to_le_bytes());
        self.path_table.extend(name);
        self.path_table.resize(self.path_table.len() + name.len() % 2, 0);
    }

    fn finish(mut self) -> Vec<u8> {
        let (table, length) = (self.path_table.clone(), self.path_table.len());
        self.sector(19, &table);
        self.bytes[16 * 2048 + 132..][..8].copy_from_slice(&both(length as u32));
        self.bytes
    }
}

#[test]
fn a_file_of_several_extents_is_one() {
    let mut disc = Disc::new(&[record(b"BIG.BIN;1", 30, 2048, 0x80), record(b"BIG.BIN;1", 40, 3, 0)]);
    disc.sector(30, &[7; 2048]);
    disc.sector(40, b"end of it");
    let filesystem = open(disc.finish());
    let found = entries(&filesystem);
    assert_eq!(found.len(), 1);
    assert_eq!(content(&found[0]), [vec![7; 2048], b"end".to_vec()].concat());
    assert_eq!(found[0].extents("").unwrap().len(), 2);
    assert!(found[0].slack().read_vec(0, 6).unwrap() == b" of it");
}

#[test]
fn an_interleaved_file_skips_the_gaps() {
    let mut interleaved = record(b"MOVIE.BIN;1", 30, 5000, 0);
    (interleaved[26], interleaved[27]) = (1, 2);
    let mut disc = Disc::new(&[interleaved]);
    for (sector, byte) in [(30, b'a'), (31, b'x'), (32, b'x'), (33, b'b'), (34, b'x'), (35, b'x'), (36, b'c')] {
        disc.sector(sector, &[byte; 2048]);
    }
    let filesystem = open(disc.finish());
    let movie = filesystem.entry("/MOVIE.BIN").unwrap();
    assert_eq!(content(&movie), [vec![b'a'; 2048], vec![b'b'; 2048], vec![b'c'; 904]].concat());
}

#[test]
fn associated_files_and_attribute_records_are_told() {
    let mut owned = record(b"OWNED.TXT;1", 32, 5, 0);
    owned[1] = 1;
    let mut disc = Disc::new(&[record(b"FORK.TXT;1", 30, 8, 0x04), record(b"FORK.TXT;1", 31, 4, 0), owned]);
    disc.sector(30, b"resource");
    disc.sector(31, b"data");
    disc.sector(32, &[&[1, 0, 0, 1, 2, 0, 0, 2, 0, 0][..], b"2001020304050607\0".as_slice()].concat());
    disc.sector(33, b"words");
    let filesystem = open(disc.finish());
    let fork = filesystem.entry("/FORK.TXT").unwrap();
    assert_eq!(content(&fork), b"data");
    assert_eq!(fork.open("associated").unwrap().read_vec(0, 8).unwrap(), b"resource");
    let owned = filesystem.entry("/OWNED.TXT").unwrap();
    assert_eq!(content(&owned), b"words");
    let created = owned.timestamps.iter().find(|stamp| stamp.source == "extended_attribute_record").unwrap();
    assert_eq!(created.value.to_rfc3339().as_deref(), Some("2001-02-03T04:05:06.07Z"));
}

#[test]
fn a_directory_that_only_the_path_table_knows_is_unlisted() {
    let mut disc = Disc::new(&[record(b"A.TXT;1", 30, 1, 0)]);
    disc.directory(25, 18, &[record(b"SECRET.TXT;1", 31, 6, 0)]);
    disc.sector(31, b"secret");
    disc.path(b"HIDDEN", 25, 1);
    let filesystem = open(disc.finish());
    let hidden = filesystem.entry("/HIDDEN").unwrap();
    assert_eq!((hidden.status, hidden.kind), (Status::Unlisted, Kind::Directory));
    assert_eq!(content(&filesystem.entry("/HIDDEN/SECRET.TXT").unwrap()), b"secret");
}

#[test]
fn loops_cross_links_and_impossible_places_are_issues() {
    let mut disc = Disc::new(&[
        record(b"LOOP", 18, 2048, 2),
        record(b"SUB", 25, 2048, 2),
        record(b"FAR.BIN;1", 5000, 100, 0),
        record(b"AFTER.TXT;1", 30, 5, 0),
    ]);
    disc.directory(25, 18, &[record(b"BACK", 25, 2048, 2)]);
    disc.sector(30, b"after");
    let filesystem = open(disc.finish());
    let paths: Vec<_> = entries(&filesystem).into_iter().map(|entry| entry.path).collect();
    assert_eq!(paths, ["/LOOP", "/SUB", "/FAR.BIN", "/AFTER.TXT", "/SUB/BACK"]);
    assert_eq!(content(&filesystem.entry("/AFTER.TXT").unwrap()), b"after");
    let far = filesystem.entry("/FAR.BIN").unwrap();
    assert!(far.open("").unwrap().read_vec(0, 100).is_err() && !far.issues.is_empty());
    assert_eq!(filesystem.issues().len(), 2, "{:?}", filesystem.issues());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn mutated_discs_are_read_without_a_panic(
        name in prop::sample::select(vec!["rock_ridge_joliet", "joliet", "growing"]),
        changes in prop::collection::vec((32768usize..(90 * 2048), any::<u8>()), 1..200),
        length in any::<prop::sample::Index>(),
    ) {
        let mut bytes = disc(name);
        let end = bytes.len();
        changes.iter().for_each(|(place, value)| bytes[*place % end] = *value);
        read_everything(Arc::new(bytes.clone()) as Source);
        bytes.truncate(length.index(end));
        read_everything(Arc::new(bytes));
    }
}
