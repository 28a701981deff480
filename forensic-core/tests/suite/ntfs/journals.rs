//! Names that the change journal and the log keep, and what the recycle bin tells.

use super::*;

const EXTEND: u64 = 11 | 11 << 48;

fn usn_record(version: u16, usn: u64, child: u64, parent: u64, name: &str, flags: u32) -> Vec<u8> {
    let name = utf16(name);
    let wide = |reference: u64| {
        let mut bytes = reference.to_le_bytes().to_vec();
        bytes.resize(if version == 2 { 8 } else { 16 }, 0);
        bytes
    };
    let mut bytes = vec![0; 4];
    bytes.extend(version.to_le_bytes());
    bytes.extend([0; 2]);
    bytes.extend(wide(child));
    bytes.extend(wide(parent));
    bytes.extend(usn.to_le_bytes());
    bytes.extend(TIME.to_le_bytes());
    bytes.extend(0x8000_0200u32.to_le_bytes());
    bytes.extend([0; 8]);
    bytes.extend(flags.to_le_bytes());
    bytes.extend((name.len() as u16).to_le_bytes());
    bytes.extend((bytes.len() as u16 + 2).to_le_bytes());
    bytes.extend(name);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let length = bytes.len() as u32;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    bytes
}

/// Adds $UsnJrnl with these records (version, child, parent, name, flags) behind 8 clusters that are given back.
pub(super) fn add_journal(image: &mut Image, records: &[(u16, u64, u64, &str, u32)]) {
    let mut bytes = Vec::new();
    for (version, child, parent, name, flags) in records {
        bytes.extend(usn_record(*version, 4096 + bytes.len() as u64, *child, *parent, name, *flags));
    }
    assert!(bytes.len() <= 2048);
    bytes.resize(2048, 0);
    image.write(900, &bytes, true);
    let runs = [(None, 8), (Some(900), 4)];
    let stream = Clusters { flags: 0x8000, ..Clusters::new(&runs, 4096 + 2048) };
    let name = resident(FILE_NAME, "", 2, &file_name(EXTEND, "$UsnJrnl"));
    image.records.insert(25, record(1, IN_USE, 0, &[name, non_resident(DATA, "$J", 1, &stream)]));
}

/// Adds $LogFile with pages that hold these bytes one after another.
pub(super) fn add_log(image: &mut Image, logged: &[u8]) {
    let mut pages = Vec::new();
    for records in logged.chunks(4096 - 64) {
        let mut page = b"RCRD".to_vec();
        page.extend([40, 0, 9, 0]);
        page.resize(64, 0);
        page.extend(records);
        page.resize(4096, 0);
        protect(&mut page, 40);
        pages.extend(page);
    }
    image.write(1000, &pages, true);
    let clusters = [(Some(1000), (pages.len() / CLUSTER) as u64)];
    let stream = non_resident(DATA, "", 1, &Clusters::new(&clusters, pages.len() as u64));
    image.record(2, 2, IN_USE, "$LogFile", &[stream]);
}

#[test]
fn change_journal_names_files_whose_record_was_used_again() {
    let mut image = Image::new();
    image.file(40, "successor", &[]);
    image.record(43, 6, 0, "still there", &[]);
    let directory = reference(41, 3);
    let records = [
        (2, reference(43, 5), ROOT, "still there", 0x20),
        (2, reference(40, 8), directory, "deleted.jpg", 0x20),
        (3, reference(42, 1), ROOT, "by long reference", 0x20),
        (2, reference(40, 8), directory, "deleted.jpg", 0x20),
        (2, reference(40, 1), ROOT, "former name of a live file", 0x20),
        (2, directory, ROOT, "directory", 0x10),
    ];
    add_journal(&mut image, &records);
    let filesystem = open(image.finish());
    let entry = filesystem.entry("/directory/deleted.jpg").unwrap();
    assert_eq!((entry.id, entry.status, entry.recoverability), (40, Status::Deleted, Some(Recoverability::Unknown)));
    assert_eq!(entry.timestamps[0].source, "change_journal");
    assert_eq!(entry.attributes["deleted_at"].to_string(), "2019-04-17T18:40:00Z");
    // A deleted record that still stands has its time of deletion from there, too.
    let entry = filesystem.entry("/still there").unwrap();
    assert_eq!(entry.attributes["deleted_at"].to_string(), "2019-04-17T18:40:00Z");
    assert!(!filesystem.entry("/successor").unwrap().attributes.contains_key("deleted_at"));
    let found: Vec<_> = entries(&filesystem)
        .into_iter()
        .filter(|entry| entry.attributes.contains_key("name_source"))
        .map(|entry| (entry.path, entry.kind))
        .collect();
    let wanted = [
        ("/directory".to_owned(), Kind::Directory),
        ("/by long reference".to_owned(), Kind::File),
        ("/directory/deleted.jpg".to_owned(), Kind::File),
    ];
    assert_eq!(found, wanted);
}

#[test]
fn record_of_the_journal_counts_only_at_its_own_place() {
    let mut image = Image::new();
    add_journal(&mut image, &[(2, reference(40, 8), ROOT, "one", 0), (2, reference(41, 8), ROOT, "two", 0)]);
    let mut bytes = image.finish();
    bytes[900 * 512 + 24] ^= 8;
    let filesystem = open(bytes);
    assert!(filesystem.entry("/one").is_err() && filesystem.entry("/two").is_ok());
}

#[test]
fn log_gives_names_of_index_entries_and_of_records_across_pages() {
    let mut image = Image::new();
    image.file(40, "successor", &[]);
    let mut logged = vec![0x11; 64];
    logged.extend(index_entries(&[(reference(40, 8), file_name(ROOT, "from an index entry"))]));
    logged.resize(4096 - 64 - 80, 0x22);
    let name = resident(FILE_NAME, "", 2, &file_name(ROOT, "from a record in two pages"));
    let record = numbered(record(3, IN_USE, 0, &[name]), 41);
    logged.extend(&record[..400]);
    add_log(&mut image, &logged);
    let filesystem = open(image.finish());
    for (path, id) in [("/from an index entry", 40), ("/from a record in two pages", 41)] {
        let entry = filesystem.entry(path).unwrap();
        assert_eq!((entry.id, entry.status), (id, Status::Deleted), "{path}");
        assert_eq!(entry.attributes["name_source"].to_string(), "log");
    }
    // Of several sources of one name the best is told.
    image.write(700, &index_block(&[(reference(40, 8), file_name(ROOT, "from an index entry"))]), false);
    let entry = open(image.finish()).entry("/from an index entry").unwrap();
    assert_eq!(entry.attributes["name_source"].to_string(), "unallocated");
}

#[test]
fn recycle_bin_tells_where_a_file_was() {
    let mut told: Vec<u8> = [2u64, 7, TIME].iter().flat_map(|n| n.to_le_bytes()).collect();
    let path = utf16("C:\\Users\\a\\picture.jpg\0");
    told.extend((path.len() as u32 / 2).to_le_bytes());
    told.extend(path);
    let mut image = Image::new();
    image.file(30, "$RABC123.jpg", &[resident(DATA, "", 1, b"picture")]);
    image.file(31, "$IABC123.jpg", &[resident(DATA, "", 1, &told)]);
    image.record(32, 2, 0, "$RDEF456.jpg", &[resident(DATA, "", 1, b"picture")]);
    image.record(33, 2, 0, "$IDEF456.jpg", &[resident(DATA, "", 1, &told)]);
    let filesystem = open(image.finish());
    for path in ["/$RABC123.jpg", "/$RDEF456.jpg"] {
        let attributes = filesystem.entry(path).unwrap().attributes;
        assert_eq!(attributes["recycled_from"].to_string(), "C:\\Users\\a\\picture.jpg");
        assert_eq!(attributes["recycled_at"].to_string(), "2019-04-17T18:40:00Z");
        assert_eq!(attributes["recycled_size"].to_string(), "7");
    }
}

#[test]
fn journal_and_log_that_claim_to_be_endless_are_read_as_far_as_the_medium_goes() {
    let mut image = Image::new();
    let endless = Clusters::new(&[(Some(900), 1 << 42)], 1 << 50);
    let name = resident(FILE_NAME, "", 2, &file_name(EXTEND, "$UsnJrnl"));
    image.records.insert(25, record(1, IN_USE, 0, &[name, non_resident(DATA, "$J", 1, &endless)]));
    image.record(2, 2, IN_USE, "$LogFile", &[non_resident(DATA, "", 1, &endless)]);
    let mut bytes = image.finish();
    bytes[40..48].copy_from_slice(&(1u64 << 52).to_le_bytes());
    assert!(entries(&open(bytes)).iter().any(|entry| entry.name == "$LogFile"));
}
