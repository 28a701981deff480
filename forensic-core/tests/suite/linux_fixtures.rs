//! The XFS and Btrfs fixtures of `fixtures/linux` (made by `make.py` there) and what the driver reads back of them.

use crate::corpus;
pub use crate::fixtures::{content, entries};
use flate2::read::GzDecoder;
use forensic_core::{
    Limits,
    bytes::{ReadAt, Source},
    filesystem::{self, Entry, FileSystem, Kind, Value, WalkOptions},
};
use md5::{Digest, Md5};
use std::{collections::BTreeMap, io::Read, sync::Arc};

fn unpack(packed: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    bytes
}

macro_rules! fixture {
    ($name:ident) => {
        pub fn $name() -> Vec<u8> {
            unpack(include_bytes!(concat!("../fixtures/linux/", stringify!($name), ".img.gz")))
        }
    };
}

fixture!(xfs5);
fixture!(xfs4);
fixture!(btrfs);
fixture!(btrfs_dup);
fixture!(btrfs_mixed);

pub fn open(bytes: impl Into<Arc<[u8]>>) -> Arc<dyn FileSystem> {
    let bytes: Arc<[u8]> = bytes.into();
    filesystem::open(Arc::new(bytes), &Limits::default()).unwrap().unwrap()
}

pub fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A row of a fixture's listing, by path.
type Row = (String, u64, String, usize, String);

/// What the driver read back: kind, size, content, number of extended attributes, and these.
pub fn truth(packed: &[u8]) -> BTreeMap<String, Row> {
    let text = String::from_utf8(unpack(packed)).unwrap();
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let &[kind, size, content, count, attributes, path] = fields.as_slice() else { panic!("{line}") };
        let mut bytes = Vec::new();
        let mut rest = path.as_bytes();
        while let Some((first, behind)) = rest.split_first() {
            rest = behind;
            if *first == b'\\' {
                bytes.push(u8::from_str_radix(std::str::from_utf8(&rest[1..3]).unwrap(), 16).unwrap());
                rest = &rest[3..];
            } else {
                bytes.push(*first);
            }
        }
        let path = String::from_utf8_lossy(&bytes).into_owned();
        (path, (kind.into(), size.parse().unwrap(), content.into(), count.parse().unwrap(), attributes.into()))
    };
    text.lines().map(row).collect()
}

/// The live entries in the form of [`truth`].
pub fn live(entries: &[Entry]) -> BTreeMap<String, Row> {
    let row = |entry: &Entry| {
        let bytes = match entry.kind {
            Kind::File | Kind::Symlink => md5(&content(entry)),
            _ => "-".into(),
        };
        let mut attributes: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for (key, value) in &entry.attributes {
            let Some(name) = key.strip_prefix("xattr:") else { continue };
            let value = match value {
                Value::Text(text) => text.clone().into_bytes(),
                Value::Bytes(bytes) => bytes.clone(),
                other => panic!("{other:?}"),
            };
            attributes.push((name.as_bytes().to_vec(), value));
        }
        attributes.sort();
        let joined: Vec<u8> =
            attributes.iter().flat_map(|(name, value)| [name, &b"="[..], value, &b"\n"[..]].concat()).collect();
        let digest = if attributes.is_empty() { "-".into() } else { md5(&joined) };
        (entry.path.clone(), (entry.kind.as_str().to_owned(), entry.size, bytes, attributes.len(), digest))
    };
    entries.iter().filter(|entry| entry.status.is_live()).map(row).collect()
}

/// No byte of a live file lies in unallocated space, and no issue was met.
pub fn assert_apart(filesystem: &Arc<dyn FileSystem>, entries: &[Entry]) {
    let free = filesystem.unallocated().unwrap().extents();
    let mut places: Vec<(u64, u64, bool)> =
        free.iter().map(|extent| (extent.offset.unwrap(), extent.length, false)).collect();
    assert!(places.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0), "free space in order");
    for entry in entries.iter().filter(|entry| entry.status.is_live()) {
        for extent in entry.streams.iter().filter_map(|stream| stream.open().ok()).flat_map(|source| source.extents()) {
            places.extend(extent.offset.map(|offset| (offset, 1, true)));
        }
    }
    places.sort_unstable();
    for pair in places.windows(2) {
        assert!(pair[0].2 || !pair[1].2 || pair[0].0 + pair[0].1 <= pair[1].0, "{pair:?}");
    }
    assert_eq!(filesystem.issues(), []);
}

/// Reads all that there is to read, within bounds.
pub fn read_everything(source: Source) {
    let Ok(Some(filesystem)) = filesystem::open(source, &Limits::default()) else { return };
    for entry in filesystem.walk(WalkOptions::default()).take(400) {
        assert!(entry.status.is_live() == entry.recoverability.is_none(), "{:?} is not graded", entry.path);
        for stream in &entry.streams {
            if let Ok(source) = stream.open() {
                assert_eq!(source.len(), stream.info.size);
                let _ = source.read_vec(0, source.len().min(64 << 10));
                let _ = source.extents();
            }
        }
        let slack = entry.slack();
        let _ = slack.read_vec(0, slack.len().min(4096));
    }
    let _ = filesystem.unallocated().map(|free| free.extents());
    filesystem.issues();
}

/// A small piece of a fixture as a seed of a fuzz target.
pub fn seed(target: &str, bytes: &[u8], length: usize) {
    corpus::seed(target, &bytes[..length.min(bytes.len())]);
}
