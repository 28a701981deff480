//! Answers about a whole volume: walks in parts and on threads, volume slack, the timeline.

use crate::fat_image::{FILE, FatImage, Kind, open, short};
use forensic_core::{
    Error,
    bytes::ReadAt,
    filesystem::{Entry, FileSystem, Stream, WalkOptions},
    hash::{self, Algorithm, Digests},
    report::Bodyfile,
};
use std::sync::Arc;

/// A volume of 500 files, more than a thread walks at once, made on 2020-05-17 at 12:30:10.
fn volume(behind: &[u8]) -> Arc<dyn FileSystem> {
    let mut image = FatImage::new(Kind::Fat16);
    let name = |number| format!("FILE{number:04}BIN").into_bytes().try_into().unwrap();
    let slots: Vec<_> = (0..500).map(|number| short(&name(number), FILE, 0, 0)).collect();
    let root = image.root();
    image.slots(root, &slots);
    let mut bytes = image.bytes;
    bytes.extend(behind);
    open(Arc::new(bytes)).unwrap()
}

fn paths(filesystem: &Arc<dyn FileSystem>, options: WalkOptions) -> Vec<String> {
    filesystem.walk(options).map(|entry| entry.path).collect()
}

#[test]
fn walk_is_the_same_on_any_number_of_threads() {
    let filesystem = volume(&[]);
    let whole = paths(&filesystem, WalkOptions::default());
    assert_eq!(whole.len(), 500);
    for threads in [Some(1), Some(2), Some(5), None] {
        let mut seen = Vec::new();
        let visit = |entry: Entry| {
            seen.push(entry.path);
            Ok(())
        };
        filesystem.walk_parallel(WalkOptions::default(), threads, visit).unwrap();
        assert_eq!(seen, whole, "{threads:?} threads");
    }
}

#[test]
fn hashed_walk_gives_the_digests_of_every_stream() {
    let filesystem = volume(&[]);
    let hash = |stream: &Stream| hash::hash(&stream.open().unwrap(), &[Algorithm::Md5]).unwrap();
    let expected: Vec<_> = filesystem
        .walk(WalkOptions::default())
        .map(|entry| (entry.path, entry.streams.iter().map(hash).collect::<Vec<_>>()))
        .collect();
    for threads in [Some(1), Some(2)] {
        let mut seen = Vec::new();
        let visit = |entry: Entry, digests: Vec<forensic_core::Result<Digests>>| {
            seen.push((entry.path, digests.into_iter().map(Result::unwrap).collect::<Vec<_>>()));
            Ok(())
        };
        filesystem.walk_hashed(WalkOptions::default(), &[Algorithm::Md5], threads, visit).unwrap();
        assert_eq!(seen, expected, "{threads:?} threads");
    }
}

#[test]
fn walk_in_parts_is_the_whole_walk() {
    let filesystem = volume(&[]);
    let part = |start, end| paths(&filesystem, WalkOptions { start, end, ..WalkOptions::default() });
    let parts = [part(0, 70), part(70, 71), part(71, u64::MAX)].concat();
    assert_eq!(parts, paths(&filesystem, WalkOptions::default()));
    assert_eq!(part(100, 50), Vec::<String>::new());
}

#[test]
fn visitor_ends_a_parallel_walk() {
    let mut seen = 0;
    let ended = volume(&[]).walk_parallel(WalkOptions::default(), Some(2), |_| {
        seen += 1;
        if seen == 100 { Err(Error::Cancelled) } else { Ok(()) }
    });
    assert!(matches!(ended, Err(Error::Cancelled)) && seen == 100);
}

#[test]
fn volume_slack_is_what_lies_behind_the_filesystem() {
    assert!(volume(&[]).slack().is_empty());
    let filesystem = volume(b"left behind");
    let slack = filesystem.slack();
    assert_eq!(slack.read_vec(0, slack.len()).unwrap(), b"left behind");
    assert_eq!(slack.extents()[0].offset, Some(filesystem.size()));
}

#[test]
fn mactime_reads_the_timeline() {
    let filesystem = volume(&[]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bodyfile");
    Bodyfile { prefix: "D:".to_owned(), utc_offset: 7200 }
        .write_file(std::slice::from_ref(&filesystem), &path)
        .unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 500);
    let Ok(mactime) = std::process::Command::new("mactime").args(["-y", "-d", "-z", "UTC", "-b"]).arg(&path).output()
    else {
        eprintln!("SKIPPED: mactime is absent (apt-get install sleuthkit)");
        return;
    };
    let table = String::from_utf8(mactime.stdout).unwrap();
    assert!(
        table.lines().any(|line| line.starts_with("2020-05-17T10:30:10Z,") && line.ends_with("\"D:/FILE0001.BIN\"")),
        "{table}"
    );
}
