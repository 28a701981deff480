//! Images of real drivers: the kit's with its exact truth, dfVFS's as The Sleuth Kit lists them, Debian's with the files
//! they were made from.

use super::{all, content, walk};
use crate::corpus;
use forensic_core::{
    Limits,
    bytes::{ReadAt, Slice, Source},
    evidence::Evidence,
    filesystem::{self, Entry, FileSystem, Kind, Recoverability, Status},
};
use md5::{Digest, Md5};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn kit_image_gives_every_deleted_name_and_its_content() {
    let (Some(bytes), Some(truth)) =
        (corpus::read("images/made/ext4.img.xz"), corpus::read("images/made/ext4.json.xz"))
    else {
        return;
    };
    let truth: serde_json::Value = serde_json::from_slice(&truth).unwrap();
    let volume = &truth["volumes"][0];
    let start = volume["volume_offset"].as_u64().unwrap();
    let length = volume["volume_size"].as_u64().unwrap();
    let slice = Slice::new(Arc::new(bytes), start, length).unwrap();
    let filesystem = filesystem::open(Arc::new(slice), &Limits::default()).unwrap().unwrap();
    let entries = walk(&filesystem);
    let mut live: BTreeMap<&str, &Entry> = BTreeMap::new();
    let mut deleted: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in &entries {
        match entry.status {
            Status::Allocated => drop(live.insert(&entry.path, entry)),
            _ => deleted.entry(&entry.path).or_default().push(entry),
        }
    }
    for file in volume["live"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        let entry = live.remove(path).unwrap_or_else(|| panic!("{path} is missing"));
        if file["kind"] == "file" {
            assert_eq!(md5(&content(entry)), file["md5"], "{path}");
        }
    }
    assert_eq!(live.keys().collect::<Vec<_>>(), [&"/lost+found"]);
    let (mut intact, mut given) = (0, 0);
    for file in volume["deleted"].as_array().unwrap().iter().filter(|file| file["kind"] == "file") {
        let path = file["path"].as_str().unwrap();
        let found = deleted.get(path).unwrap_or_else(|| panic!("{path} is missing"));
        if file["recoverable"] == "intact" && file["name_on_medium"] == true {
            intact += 1;
            given += usize::from(found.iter().any(|entry| {
                entry.open("").is_ok_and(|content| content.len() == file["size"] && md5(&all(&content)) == file["md5"])
            }));
        }
        let claims = found.iter().filter(|entry| entry.recoverability == Some(Recoverability::Intact));
        claims.for_each(|entry| assert_eq!(md5(&content(entry)), file["md5"], "{path}"));
    }
    assert!(intact > 100 && given == intact, "{given} of {intact}");
}

/// Lists a filesystem as the truth tables do: path to kind and, for files, MD5.
fn table(filesystem: &Arc<dyn FileSystem>) -> BTreeMap<String, (char, Option<String>)> {
    let live = walk(filesystem).into_iter().filter(|entry| entry.status == Status::Allocated);
    live.map(|entry| {
        let kind = match entry.kind {
            Kind::Directory => 'd',
            Kind::Symlink => 'l',
            _ => 'r',
        };
        let md5 = (kind == 'r').then(|| md5(&content(&entry)));
        (entry.path[1..].to_owned(), (kind, md5))
    })
    .collect()
}

fn compare(filesystem: &Arc<dyn FileSystem>, truth: &str) {
    let Some(rows) = corpus::truth(truth) else { return };
    let deleted: Vec<String> =
        rows.iter().filter(|row| !row.live && !row.path.starts_with('$')).map(|row| row.path.clone()).collect();
    let expected: BTreeMap<_, _> = rows
        .into_iter()
        .filter(|row| row.live && !row.path.starts_with('$'))
        .map(|row| (row.path, (row.kind.chars().next().unwrap(), row.md5)))
        .collect();
    assert_eq!(table(filesystem), expected, "{truth}");
    // What is deleted is at least what The Sleuth Kit finds; more of it is a matter of tests of its own.
    let ours: BTreeSet<String> =
        walk(filesystem).into_iter().filter(|entry| !entry.status.is_live()).map(|entry| entry.path).collect();
    for path in deleted {
        assert!(ours.contains(&format!("/{path}")), "{truth}: {path} is not among {ours:?}");
    }
}

#[test]
fn small_images_are_as_the_sleuth_kit_lists_them() {
    for (file, truth) in [
        ("dfvfs/ext2.E01", "dfvfs_ext2E01"),
        ("dfvfs/ext2.split.E01", "dfvfs_ext2_split"),
        ("dfvfs/ext2.splitraw.000", "dfvfs_ext2_split"),
        ("sleuthkit/image.E01", "tsk_imageE01"),
        ("sleuthkit/image.dd", "tsk_imageE01"),
    ] {
        let Some(path) = corpus::file(&format!("images/{file}")) else { continue };
        let evidence = Evidence::open(path).unwrap();
        assert_eq!(evidence.filesystems().len(), 1, "{file}");
        for filesystem in evidence.filesystems() {
            assert_eq!(filesystem.kind(), "ext2");
            compare(&filesystem, truth);
            assert!(filesystem.issues().is_empty(), "{:?}", filesystem.issues());
        }
    }
}

#[test]
fn debians_image_gives_back_all_that_was_deleted() {
    let Some(bytes) = corpus::debian_sample("fs.ext4.xz") else { return };
    let medium: Source = Arc::new(bytes);
    let partition = Slice::new(medium.clone(), 2048 * 512, medium.len() - 2048 * 512).unwrap();
    let filesystem = filesystem::open(Arc::new(partition), &Limits::default()).unwrap().unwrap();
    compare(&filesystem, "debian_ext4");
    let deleted: Vec<Entry> = walk(&filesystem).into_iter().filter(|entry| !entry.status.is_live()).collect();
    let mut found: Vec<(String, String)> =
        deleted.iter().filter(|e| e.kind == Kind::File).map(|e| (md5(&content(e)), e.path.clone())).collect();
    found.sort_by(|a, b| a.1.cmp(&b.1));
    let found: Vec<(&str, &str)> = found.iter().map(|(md5, path)| (md5.as_str(), path.as_str())).collect();
    assert_eq!(found, corpus::DEBIAN_DELETED);
    let files = deleted.iter().filter(|entry| entry.kind == Kind::File);
    assert!(files.clone().all(|entry| entry.recoverability == Some(Recoverability::Intact)));
}

#[test]
fn debians_ext2_image_lists_the_same_files() {
    let Some(bytes) = corpus::debian_sample("fs.ext2.xz") else { return };
    let medium: Source = Arc::new(bytes);
    let partition = Slice::new(medium.clone(), 2048 * 512, medium.len() - 2048 * 512).unwrap();
    let filesystem = filesystem::open(Arc::new(partition), &Limits::default()).unwrap().unwrap();
    assert_eq!(filesystem.kind(), "ext2");
    compare(&filesystem, "debian_ext4");
    let deleted: Vec<Entry> = walk(&filesystem).into_iter().filter(|entry| !entry.status.is_live()).collect();
    // The driver emptied what it deleted; four directories and eighteen files were.
    assert!(deleted.iter().all(|entry| entry.recoverability == Some(Recoverability::Unknown)));
    assert_eq!(deleted.iter().filter(|entry| entry.kind == Kind::File).count(), 18);
    for name in ["/audio2", "/movie2", "/pic2", "/text2"] {
        assert_eq!(filesystem.entry(name).unwrap().status, Status::Deleted);
    }
}
