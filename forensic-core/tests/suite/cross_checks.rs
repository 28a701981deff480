//! A second reader looks at every NTFS and FAT volume of the corpus: it disagrees where it is known to be wrong, and
//! nowhere else.

use crate::corpus;
use forensic_core::{
    bytes::Source,
    evidence::{Evidence, OpenOptions},
    filesystem::FileSystem,
};
use std::{collections::BTreeMap, sync::Arc};

/// What the crates `ntfs` 0.4 and `fatfs` 0.3 are known to get wrong on these images, and how often.
const KNOWN: [(&str, &str, usize); 6] = [
    ("debian fs.multiple", "crate ntfs 0.4 takes a run that begins at cluster 0 for a sparse one", 1),
    ("debian fs.ntfs", "crate ntfs 0.4 takes a run that begins at cluster 0 for a sparse one", 1),
    ("made/ntfs", "crate ntfs 0.4 gives LZNT1 data as stored", 5),
    ("made/ntfs", "crate ntfs 0.4 takes a run that begins at cluster 0 for a sparse one", 1),
    ("ntfs/testfs1", "crate ntfs 0.4 fails on a record that lies in two runs of $MFT", 1),
    ("ntfs/testfs1", "crate ntfs 0.4 takes a run that begins at cluster 0 for a sparse one", 1),
];

/// Where they are wrong about the volumes that the tests build: the test, the path, and why.
const KNOWN_OF_BUILT: &[(&str, &str, &str)] = &[
    (
        "fat::a_truncated_volume_lists_all",
        "/holiday picture.jpeg",
        "fatfs ends a content at the end of the medium, without an error",
    ),
    ("fat::hostile_names_stay_names", "/..", "fatfs, as this library uses it, has no entry of that name"),
    ("fat::damaged::a_directory_cycle_is_listed_once", "/A/B/B", "fatfs lists a directory again in itself"),
    (
        "fat::damaged::copies_of_the_table_that_differ",
        "/holiday picture.jpeg",
        "fatfs reads the first copy of the table, the damaged one",
    ),
    ("ntfs::attribute_list_that_leads_to_itself_ends", "/own", "ntfs finds no content behind such a list"),
    (
        "ntfs::bytes_never_written_read_as_zeros",
        "/short",
        "ntfs gives the bytes of former owners behind the valid data length",
    ),
    (
        "ntfs::content_in_a_lost_record_is_an_error",
        "/lost",
        "ntfs takes a file for empty whose record of content is lost",
    ),
    (
        "ntfs::deleted::entry_behind_the_used_part_of_an_index",
        "/successor",
        "the record is in use, and no index lists it, which ntfs goes by",
    ),
    ("ntfs::deleted::mft_is_found_by_its_records", "/found", "ntfs reads nothing without the first record of $MFT"),
    (
        "ntfs::deleted::mft_is_found_by_its_records",
        "/in the second run",
        "ntfs reads nothing without the first record of $MFT",
    ),
    ("ntfs::index_block_is_read_once", "/in a block", "ntfs goes down a child for ever, and is stopped"),
    ("ntfs::mft_whose_own_runs_are_in_another_record", "/far", "ntfs does not read the attribute list of $MFT itself"),
    ("ntfs::torn_record_is_listed", "/torn", "ntfs gives no content of a record whose fixups are wrong"),
];

/// Why they refuse some of those volumes as a whole.
const REFUSALS: &[(&str, &str)] = &[
    ("FAT32 determination from total number of clusters", "fatfs wants FAT32 to have 65,525 clusters; drivers do not"),
    ("Invalid boot sector signature", "fatfs looks at no backup of the boot sector, and infers nothing"),
    ("invalid lead_sig in FsInfo", "fatfs wants an FsInfo sector, which is a hint only"),
    ("2-byte signature field at byte position 0x", "ntfs looks at no backup of the boot sector, nor at $MFTMirr"),
];

/// Each NTFS or FAT volume that a test builds or reads comes through here: the second reader looks at it, too.
pub fn checked(filesystem: Arc<dyn FileSystem>) -> Arc<dyn FileSystem> {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    match filesystem.cross_check() {
        Ok(check) => {
            let unknown = check.differences.iter().find(|difference| {
                let is_known = |(of, path, _): &&(&str, &str, &str)| test.starts_with(of) && difference.path == *path;
                difference.known_limit.is_empty() && KNOWN_OF_BUILT.iter().find(is_known).is_none()
            });
            assert!(unknown.is_none(), "{test}: the second reader says something else: {unknown:?}");
        }
        Err(error) => {
            let error = error.to_string();
            let is_known = REFUSALS.iter().any(|(words, _)| error.contains(words));
            assert!(is_known, "{test}: the second reader says nothing: {error}");
        }
    }
    filesystem
}

/// Every NTFS and FAT volume at hand, by the name of its image.
fn volumes() -> Vec<(String, Arc<dyn FileSystem>)> {
    let mut all = Vec::new();
    for name in ["fs.ntfs", "fs.vfat", "fs.multiple"] {
        if let Some(medium) = corpus::debian_sample(&format!("{name}.xz")) {
            add(&mut all, &format!("debian {name}"), Arc::new(medium));
        }
    }
    for name in ["ntfs", "fat16", "fat32"] {
        if let Some(medium) = corpus::read(&format!("images/made/{name}.img.xz")) {
            add(&mut all, &format!("made/{name}"), Arc::new(medium));
        }
    }
    let Some(index) = corpus::file("images/INDEX.tsv") else { return all };
    let root = corpus::root().unwrap().join("images");
    for line in std::fs::read_to_string(index).unwrap().lines() {
        let name = line.split('\t').next().unwrap();
        // A container this library does not open is another test's concern.
        if let Ok(evidence) = Evidence::open(root.join(name)) {
            add(&mut all, name, evidence.stream());
        }
    }
    all
}

fn add(all: &mut Vec<(String, Arc<dyn FileSystem>)>, name: &str, medium: Source) {
    let Ok(evidence) = OpenOptions::new().open_source(medium) else { return };
    let kinds = ["ntfs", "fat12", "fat16", "fat32"];
    all.extend(
        evidence.filesystems().into_iter().filter(|it| kinds.contains(&it.kind())).map(|it| (name.to_owned(), it)),
    );
}

#[test]
fn second_readers_disagree_exactly_where_they_are_known_to_be_wrong() {
    let volumes = volumes();
    let mut found: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for (name, filesystem) in &volumes {
        let check = filesystem.cross_check().unwrap();
        assert!(check.compared > 0, "{name}");
        for difference in check.differences {
            eprintln!("{name}: {difference:?}");
            *found.entry((name.clone(), difference.known_limit)).or_default() += 1;
        }
    }
    let at_hand = |image: &str| volumes.iter().any(|(name, _)| name == image);
    let known: BTreeMap<_, _> = KNOWN
        .iter()
        .filter(|(image, ..)| at_hand(image))
        .map(|(image, limit, count)| (((*image).to_owned(), *limit), *count))
        .collect();
    assert_eq!(found, known);
}
