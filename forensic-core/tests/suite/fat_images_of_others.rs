//! FAT volumes that real drivers wrote, compared with what others say of them.

use crate::{corpus, fat_image};
use forensic_core::{
    bytes::{ReadAt, Slice, Source},
    filesystem::{Entry, FileSystem, Kind, Recoverability, WalkOptions},
};
use md5::{Digest, Md5};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

fn md5(entry: &Entry) -> Option<String> {
    let source = entry.open("").ok()?;
    let bytes = source.read_vec(0, source.len()).ok()?;
    Some(Md5::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

fn list(filesystem: &Arc<dyn FileSystem>) -> Vec<Entry> {
    filesystem.walk(WalkOptions::default()).collect()
}

/// Debian's sample for forensic training, against The Sleuth Kit's listing.
#[test]
fn debian_sample_equals_the_sleuth_kits_listing() {
    let (Some(image), Some(truth)) = (corpus::debian_sample("fs.vfat.xz"), corpus::truth("debian_vfat")) else {
        return;
    };
    let medium: Source = Arc::new(image);
    let length = medium.len() - 2048 * 512;
    let filesystem = fat_image::open(Arc::new(Slice::new(medium, 2048 * 512, length).unwrap())).unwrap();
    type Row = (String, bool, Option<(u64, Option<String>)>);
    let ours: BTreeSet<Row> = list(&filesystem)
        .iter()
        .map(|entry| {
            let content = (entry.kind == Kind::File).then(|| (entry.size, md5(entry)));
            (entry.path.trim_start_matches('/').to_owned(), entry.status.is_live(), content)
        })
        .collect();
    let theirs: BTreeSet<Row> = truth
        .into_iter()
        .filter(|row| !row.kind.to_lowercase().starts_with('v')) // $MBR, $FAT1, $FAT2, $OrphanFiles: TSK's own virtual files
        .map(|row| (row.path, row.live, row.size.map(|size| (size, row.md5))))
        .collect();
    let paths = |rows: Vec<&Row>| rows.into_iter().map(|(path, ..)| path.clone()).collect::<Vec<_>>();
    // The long name before this deleted entry fits it by checksum, position and first character; TSK gives the short one
    // without its first character. The other name has lost its short entry, and TSK lists none such.
    assert_eq!(paths(ours.difference(&theirs).collect()), ["$OrphanFiles/d-debian.xcf", "pic2/d-debian.ppm"]);
    assert_eq!(paths(theirs.difference(&ours).collect()), ["$OrphanFiles/_-DEBIAN.XCF"]);
    assert!(filesystem.cross_check().unwrap().agrees());
}

/// What a run of the image kit's drivers left, against what they were told to do.
fn kit_image_is_read(name: &str, deleted_names: usize, deleted_contents: usize) {
    let (Some(image), Some(truth)) =
        (corpus::read(&format!("images/made/{name}.img.xz")), corpus::read(&format!("images/made/{name}.json.xz")))
    else {
        return;
    };
    let truth: serde_json::Value = serde_json::from_slice(&truth).unwrap();
    let truth = &truth["volumes"][0];
    let filesystem = fat_image::open(Arc::new(image)).unwrap();
    assert_eq!(filesystem.kind(), name);
    let entries = list(&filesystem);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();

    let live: BTreeMap<String, &Entry> =
        entries.iter().filter(|entry| entry.status.is_live()).map(|entry| (entry.path.clone(), entry)).collect();
    let wanted = truth["live"].as_array().unwrap();
    assert_eq!(live.len(), wanted.len());
    for want in wanted {
        let entry = live[want["path"].as_str().unwrap()];
        if want["kind"] == "file" {
            assert_eq!(
                (Some(entry.size), md5(entry)),
                (want["size"].as_u64(), Some(text(&want["md5"]))),
                "{}",
                entry.path
            );
        }
    }

    let gone: Vec<(&Entry, Option<String>)> =
        entries.iter().filter(|entry| !entry.status.is_live()).map(|entry| (entry, md5(entry))).collect();
    let names: BTreeSet<&str> = gone.iter().map(|(entry, _)| entry.name.as_str()).collect();
    let upper: BTreeSet<String> = names.iter().map(|name| name.to_uppercase()).collect();
    let contents: BTreeSet<(u64, &str)> =
        gone.iter().filter_map(|(entry, md5)| Some((entry.size, md5.as_deref()?))).collect();
    let files = || truth["deleted"].as_array().unwrap().iter().filter(|file| file["kind"] == "file");
    // A short name that was deleted has lost its first character, if no long name gives it back.
    let is_named = |name: &str| {
        names.contains(name) || name.is_ascii() && upper.contains(&format!("_{}", name[1..].to_uppercase()))
    };
    let named = files().filter(|file| is_named(text(&file["path"]).rsplit('/').next().unwrap())).count();
    let intact = files().filter(|file| file["recoverable"] == "intact" && file["size"] != 0);
    let found = intact.filter(|file| contents.contains(&(file["size"].as_u64().unwrap(), &text(&file["md5"])))).count();
    assert!(named >= deleted_names && found >= deleted_contents, "{named} names, {found} contents");
    for (entry, _) in &gone {
        let is_sure = entry.recoverability == Some(Recoverability::Intact);
        // Nothing but what is empty, or lives on under another name.
        let is_known = entry.size == 0 || entry.recoverability_reason.starts_with("moved or renamed");
        assert!(entry.recoverability.is_some() && (!is_sure || is_known), "{}", entry.path);
    }
    let check = filesystem.cross_check().unwrap();
    assert!(check.agrees() && check.compared == live.len() as u64, "{check:#?}");
}

/// The Sleuth Kit finds 72 names and 40 contents here.
#[test]
fn kit_image_of_fat16() {
    kit_image_is_read("fat16", 75, 46);
}

/// The Sleuth Kit finds 118 names and 136 contents here.
#[test]
fn kit_image_of_fat32() {
    kit_image_is_read("fat32", 140, 137);
}
