//! What is deleted: names without a record, records outside $MFT, and whose clusters they claim.

use super::*;

/// A directory of the root, as the parent of names.
const DIRECTORY_30: u64 = 30 | 1 << 48;
const MADE: u64 = TIME;

fn names_of(count: usize, first_child: u64) -> Vec<(u64, Vec<u8>)> {
    (0..count)
        .map(|n| (reference(first_child + n as u64, 9), file_name(ROOT, &format!("name number {n} of many.jpg"))))
        .collect()
}

fn by_source<'a>(entries: &'a [Entry], source: &str) -> Vec<&'a str> {
    let is_it = |entry: &&Entry| entry.attributes.get("name_source").is_some_and(|s| s.to_string() == source);
    entries.iter().filter(is_it).map(|entry| entry.path.as_str()).collect()
}

#[test]
fn entry_behind_the_used_part_of_an_index_is_listed() {
    let mut image = Image::new();
    // Record 40 was used again, record 41 never written.
    image.file(40, "successor", &[]);
    let listed = std::mem::take(&mut image.listed);
    let former = [(reference(40, 7), file_name(ROOT, "predecessor")), (reference(41, 1), file_name(ROOT, "never"))];
    image.write(500, &index_block_with(&listed, &former), true);
    let name = resident(FILE_NAME, "", 2, &file_name(ROOT, "."));
    let allocation = non_resident(0xa0, "$I30", 8, &Clusters::new(&[(Some(500), 2)], 1024));
    image.records.insert(5, record(5, IN_USE | DIRECTORY, 0, &[name, index_root(&[]), allocation]));
    let filesystem = open(image.finish());
    assert_eq!(by_source(&entries(&filesystem), "index"), ["/predecessor", "/never"]);
    let entry = filesystem.entry("/predecessor").unwrap();
    assert_eq!((entry.status, entry.recoverability), (Status::Deleted, Some(Recoverability::Unknown)));
    assert!(entry.open("").is_err());
    assert_eq!(filesystem.entry("/successor").unwrap().status, Status::Allocated);
}

#[test]
fn names_of_an_index_block_in_a_free_cluster_are_right_across_sector_ends() {
    let mut image = Image::new();
    let names = names_of(6, 40);
    image.write(700, &index_block(&names), false);
    let filesystem = open(image.finish());
    let wanted: Vec<_> = (0..6).map(|n| format!("/name number {n} of many.jpg")).collect();
    assert_eq!(by_source(&entries(&filesystem), "unallocated"), wanted);
    // Where another file took the second cluster, the name across the border is lost, and no half of one is listed.
    image.write(701, &[0x55; 512], true);
    let filesystem = open(image.finish());
    assert_eq!(by_source(&entries(&filesystem), "unallocated"), wanted[..3]);
}

#[test]
fn name_whose_entry_lost_its_head_is_kept_where_its_directory_is_known() {
    let mut image = Image::new();
    let mut entries_of = index_entries(&[
        (reference(40, 9), file_name(ROOT, "headless")),
        (reference(41, 9), file_name(reference(60, 3), "of no known directory")),
    ]);
    entries_of[..16].fill(0xee);
    entries_of[16 + 66 + 16..][..16].fill(0xee);
    image.write(700, &entries_of, false);
    let filesystem = open(image.finish());
    assert_eq!(by_source(&entries(&filesystem), "unallocated"), ["/headless"]);
    // A name that a record gives is not said again.
    image.file(33, "headless", &[]);
    let filesystem = open(image.finish());
    assert_eq!(by_source(&entries(&filesystem), "unallocated"), [""; 0]);
}

#[test]
fn slack_of_a_file_is_searched_but_its_content_is_not() {
    let mut image = Image::new();
    let entry = |child, name: &str| index_entries(&[(reference(child, 9), file_name(ROOT, name))]);
    let content = [entry(40, "in the content"), vec![0; 512]].concat();
    image.write(500, &content, true);
    image.write(502, &entry(41, "in the slack"), true);
    let clusters = Clusters::new(&[(Some(500), 3)], 1024);
    image.file(30, "live", &[non_resident(DATA, "", 1, &clusters)]);
    image.write(600, &entry(42, "in a deleted file"), false);
    image.record(31, 2, 0, "deleted", &[non_resident(DATA, "", 1, &Clusters::new(&[(Some(600), 1)], 512))]);
    let filesystem = open(image.finish());
    assert_eq!(by_source(&entries(&filesystem), "unallocated"), ["/in the slack"]);
}

#[test]
fn removed_link_of_a_live_file_names_the_same_record() {
    let mut image = Image::new();
    let former = file_name(ROOT, "removed");
    image.write(700, &index_block(&[(reference(30, 1), former.clone()), (reference(31, 1), former)]), false);
    image.file(30, "kept", &[information(MADE, TIME), resident(DATA, "", 1, b"content")]);
    // Made at another time: that record number was of another file then.
    image.records.insert(31, record(1, IN_USE, 0, &[information(MADE + 5, TIME), resident(DATA, "", 1, b"other")]));
    let filesystem = open(image.finish());
    let entry = filesystem.entry("/removed").unwrap();
    assert_eq!((entry.id, entry.status, entry.recoverability), (30, Status::Deleted, Some(Recoverability::Intact)));
    assert_eq!(all(&entry.open("").unwrap()), b"content");
    assert_eq!(entries(&filesystem).iter().filter(|entry| entry.name == "removed").count(), 1);
}

#[test]
fn record_outside_the_mft_is_an_entry_with_its_streams() {
    let mut image = Image::new();
    image.write(600, &[b'x'; 1024], false);
    let name = |parent, text: &str| resident(FILE_NAME, "", 2, &file_name(parent, text));
    let moved = |number: u32, attributes: &[Vec<u8>]| numbered(record(4, IN_USE, 0, attributes), number);
    let clusters = non_resident(DATA, "", 1, &Clusters::new(&[(Some(600), 2)], 1000));
    image.write(700, &moved(40, &[name(ROOT, "moved"), clusters]), false);
    image.write(702, &moved(41, &[name(DIRECTORY_30, "inline"), resident(DATA, "", 1, b"content")]), false);
    // The record of a file that $MFT has, too.
    image.file(30, "known", &[]);
    image.write(704, &numbered(record(1, IN_USE, 0, &[name(ROOT, "known")]), 30), false);
    // Clusters that no volume of this size has.
    let beyond = non_resident(DATA, "", 1, &Clusters::new(&[(Some(1 << 40), 2)], 1000));
    image.write(706, &moved(43, &[name(ROOT, "of another volume"), beyond]), false);
    let filesystem = open(image.finish());
    let entry = filesystem.entry("/moved").unwrap();
    assert_eq!((entry.id, entry.status, entry.recoverability), (40, Status::Deleted, Some(Recoverability::Unknown)));
    assert_eq!(all(&entry.open("").unwrap()), [b'x'; 1000]);
    let entry = filesystem.entry("/$OrphanFiles/inline").unwrap();
    assert_eq!((entry.status, entry.recoverability), (Status::Orphan, Some(Recoverability::Intact)));
    let extents = entry.extents("").unwrap();
    assert!(extents.len() == 1 && (702 * 512..704 * 512).contains(&extents[0].offset.unwrap()), "{extents:?}");
    assert_eq!(entries(&filesystem).iter().filter(|entry| entry.name == "known").count(), 1);
    assert!(filesystem.entry("/of another volume").is_err());
}

#[test]
fn what_is_older_than_the_format_hangs_in_no_directory_of_today() {
    let mut image = Image::new();
    image.formatted = Some(TIME + 1);
    let attributes = [information(TIME, TIME), resident(FILE_NAME, "", 2, &file_name(ROOT, "old"))];
    image.write(700, &numbered(record(1, IN_USE, 0, &attributes), 40), false);
    image.write(702, &index_block(&[(reference(41, 1), file_name(ROOT, "older"))]), false);
    image.file(40, "new", &[information(TIME + 2, TIME + 2)]);
    let filesystem = open(image.finish());
    for path in ["/$OrphanFiles/old", "/$OrphanFiles/older"] {
        assert_eq!(filesystem.entry(path).unwrap().status, Status::Orphan, "{path}");
    }
}

#[test]
fn search_of_free_clusters_is_bounded_and_says_so() {
    let mut image = Image::new();
    image.write(700, &index_block(&names_of(2, 40)), false);
    let bytes: Source = Arc::new(image.finish());
    let limits = Limits { sweep_bytes: 0, ..Limits::default() };
    let filesystem = checked(filesystem::open(bytes, &limits).unwrap().unwrap());
    assert_eq!(by_source(&entries(&filesystem), "unallocated"), [""; 0]);
    assert!(filesystem.issues().iter().any(|issue| issue.structure == "unallocated space"));
}

#[test]
fn mft_is_found_by_its_records_where_both_first_records_are_damaged() {
    let mut image = Image::new();
    image.mft = vec![(16, 60), (300, 68)];
    image.file(30, "found", &[resident(DATA, "", 1, b"content")]);
    image.file(50, "in the second run", &[resident(DATA, "", 1, b"far")]);
    let mut bytes = image.finish();
    bytes[16 * 512..17 * 512].fill(0xee);
    bytes[8 * 512..9 * 512].fill(0xee);
    let filesystem = open(bytes);
    for (path, content) in [("/found", &b"content"[..]), ("/in the second run", b"far")] {
        let entry = filesystem.entry(path).unwrap();
        assert_eq!((entry.status, all(&entry.open("").unwrap()).as_slice()), (Status::Allocated, content));
    }
    assert!(filesystem.issues().iter().any(|issue| issue.structure == "MFT record"));
}

#[test]
fn mirror_gives_the_records_whose_first_copy_is_damaged() {
    let mut bytes = Image::new().finish();
    bytes[16 * 512 + 3 * 1024..][..1024].fill(0);
    let filesystem = open(bytes);
    assert_eq!(filesystem.label(), "evidence");
    assert_eq!(filesystem.entry("/$Volume").unwrap().id, 3);
    assert!(filesystem.issues().iter().any(|issue| issue.offset == Some(16 * 512 + 3 * 1024)));
}

#[test]
fn records_of_4096_bytes_are_read_also_in_two_runs() {
    let mut image = Image::with_records_of(4096);
    image.mft = vec![(16, 245), (300, 267)];
    image.file(30, "large", &[resident(DATA, "", 1, &[b'x'; 3000])]);
    image.record(31, 2, 0, "deleted", &[resident(DATA, "", 1, &[b'y'; 3000])]);
    let filesystem = open(image.finish());
    let entry = filesystem.entry("/large").unwrap();
    assert_eq!((entry.status, all(&entry.open("").unwrap())), (Status::Allocated, vec![b'x'; 3000]));
    assert_eq!(entry.extents("").unwrap().len(), 2);
    let entry = filesystem.entry("/deleted").unwrap();
    assert_eq!((entry.recoverability, all(&entry.open("").unwrap())), (Some(Recoverability::Intact), vec![b'y'; 3000]));
}

#[test]
fn grade_says_whose_the_clusters_are() {
    let mut image = Image::new();
    image.write(600, &[2; 1024], true);
    image.file(40, "successor", &[non_resident(DATA, "", 1, &Clusters::new(&[(Some(601), 1)], 512))]);
    image.record(31, 2, 0, "half", &[non_resident(DATA, "", 1, &Clusters::new(&[(Some(601), 2)], 1000))]);
    image.record(32, 2, 0, "taken", &[non_resident(DATA, "", 1, &Clusters::new(&[(Some(600), 1)], 500))]);
    let filesystem = open(image.finish());
    let told = |path: &str| {
        let entry = filesystem.entry(path).unwrap();
        (entry.recoverability.unwrap(), entry.recoverability_reason)
    };
    let half = "1 of 2 clusters belong to other files now, the first of them to /successor (record 40)";
    assert_eq!(told("/half"), (Recoverability::Partial, half.to_owned()));
    let taken = "1 of 1 clusters are in use by $Bitmap, by none of the records";
    assert_eq!(told("/taken"), (Recoverability::Overwritten, taken.to_owned()));
}

#[test]
fn bad_clusters_are_not_read_as_data() {
    let mut image = Image::new();
    let bad = Clusters::new(&[(None, 1000), (Some(1000), 1), (None, 1047)], (CLUSTERS * CLUSTER) as u64);
    image.record(8, 8, IN_USE, "$BadClus", &[resident(DATA, "", 1, &[]), non_resident(DATA, "$Bad", 3, &bad)]);
    image.listed.push((reference(8, 8), file_name(ROOT, "$BadClus")));
    let entry = open(image.finish()).entry("/$BadClus").unwrap();
    assert_eq!((entry.size, entry.streams[1].info.sparse), (0, true));
    assert!(matches!(entry.open("$Bad"), Err(forensic_core::Error::Unsupported { .. })));
}
