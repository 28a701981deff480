//! exFAT volumes that real drivers wrote, compared with what others say of them.

use super::image::open;
use crate::corpus;
use forensic_core::{
    bytes::{ReadAt, Slice, Source},
    filesystem::{Entry, Kind, Recoverability, TimestampKind, WalkOptions},
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

/// Debian's sample for forensic training, against The Sleuth Kit's listing.
#[test]
fn debian_sample_equals_the_sleuth_kits_listing() {
    let (Some(image), Some(truth)) = (corpus::debian_sample("fs.exfat.xz"), corpus::truth("debian_exfat")) else {
        return;
    };
    let medium: Source = Arc::new(image);
    let length = medium.len() - 2048 * 512;
    let filesystem = open(Arc::new(Slice::new(medium, 2048 * 512, length).unwrap())).unwrap();
    type Row = (String, bool, Option<(u64, Option<String>)>);
    let ours: BTreeSet<Row> = filesystem
        .walk(WalkOptions::default())
        .map(|entry| {
            let content = (entry.kind != Kind::Directory).then(|| (entry.size, md5(&entry)));
            (entry.path.trim_start_matches('/').to_owned(), entry.status.is_live(), content)
        })
        .collect();
    let theirs: BTreeSet<Row> = truth
        .into_iter()
        // $MBR, $FAT1, $OrphanFiles: TSK's own virtual files.
        .filter(|row| !row.kind.to_lowercase().starts_with('v'))
        // Anything of 32 bytes that begins as an entry does is an OrphanFile for TSK, without a name, a size or a place.
        .filter(|row| !row.path.starts_with("$OrphanFiles/OrphanFile-"))
        // The label entry of a volume without a label.
        .filter(|row| !row.path.contains("$EMPTY_VOLUME_LABEL"))
        .map(|row| (row.path, row.live, row.size.map(|size| (size, row.md5))))
        .collect();
    let paths = |rows: Vec<&Row>| rows.into_iter().map(|row| format!("{row:?}")).collect::<Vec<_>>();
    assert_eq!(paths(ours.difference(&theirs).collect()), Vec::<String>::new());
    assert_eq!(paths(theirs.difference(&ours).collect()), Vec::<String>::new());
    assert!(filesystem.issues().is_empty(), "{:?}", filesystem.issues());
}

/// What a run of the image kit's driver (Linux 6.1) left, against what it was told to do. The Sleuth Kit finds 71 names and
/// 34 contents on such an image, and four entries in use that never were.
#[test]
fn kit_image_is_read() {
    let (Some(image), Some(truth)) =
        (corpus::read("images/made/exfat.img.xz"), corpus::read("images/made/exfat.json.xz"))
    else {
        return;
    };
    let truth: serde_json::Value = serde_json::from_slice(&truth).unwrap();
    let truth = &truth["volumes"][0];
    let filesystem = open(Arc::new(image)).unwrap();
    let entries: Vec<Entry> = filesystem.walk(WalkOptions::default()).collect();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();

    let is_live = |entry: &&Entry| entry.status.is_live() && entry.kind != Kind::Other;
    let live: BTreeMap<String, &Entry> =
        entries.iter().filter(is_live).map(|entry| (entry.path.clone(), entry)).collect();
    let wanted = truth["live"].as_array().unwrap();
    assert_eq!(live.len(), wanted.len());
    for want in wanted {
        let entry = live[want["path"].as_str().unwrap()];
        if want["kind"] != "file" {
            continue;
        }
        assert_eq!((Some(entry.size), md5(entry)), (want["size"].as_u64(), Some(text(&want["md5"]))), "{}", entry.path);
        let modified = entry.time(TimestampKind::Modified).unwrap();
        let nanoseconds = modified.seconds * 1_000_000_000 + i64::from(modified.nanoseconds);
        assert_eq!((Some(nanoseconds), modified.utc), (want["read_mtime_ns"].as_i64(), true), "{}", entry.path);
    }

    let gone: Vec<&Entry> = entries.iter().filter(|entry| !entry.status.is_live()).collect();
    let names: BTreeSet<&str> = gone.iter().map(|entry| entry.name.as_str()).collect();
    let files: Vec<_> = truth["deleted"].as_array().unwrap().iter().filter(|file| file["kind"] == "file").collect();
    let name = |file: &serde_json::Value| text(&file["path"]).rsplit('/').next().unwrap().to_owned();
    assert!(files.iter().filter(|file| names.contains(name(file).as_str())).count() >= 79);
    let contents: BTreeSet<(u64, String)> = gone.iter().filter_map(|entry| Some((entry.size, md5(entry)?))).collect();
    let given_back = |file: &&&serde_json::Value| {
        file["recoverable"] == "intact"
            && file["size"] != 0
            && contents.contains(&(file["size"].as_u64().unwrap(), text(&file["md5"])))
    };
    assert!(files.iter().filter(given_back).count() >= 49);
    // Who is called intact has the content of a file of this name.
    let mut intact = 0;
    for entry in
        gone.iter().filter(|entry| entry.recoverability == Some(Recoverability::Intact) && entry.kind == Kind::File)
    {
        let md5 = md5(entry).unwrap();
        let own = |file: &serde_json::Value| name(file) == entry.name && text(&file["md5"]) == md5;
        assert!(files.iter().any(|file| own(file)) || wanted.iter().any(own), "{}", entry.path);
        intact += 1;
    }
    assert!(intact >= 50, "{intact} are called intact");
}
