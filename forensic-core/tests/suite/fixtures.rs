//! The images of `tests/fixtures`, what they hold by the tables beside them, and what every reader must stand.

use crate::corpus;
use forensic_core::{
    Limits,
    bytes::{ReadAt, Source},
    filesystem::{self, Entry, FileSystem, Kind, WalkOptions},
};
use md5::{Digest, Md5};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    path::Path,
    sync::Arc,
};

/// A fixture, unpacked.
pub fn read(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format!("{name}.gz"));
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Opens `bytes`, which become a seed of the fuzz target of that filesystem.
pub fn open(bytes: impl Into<Vec<u8>>) -> Arc<dyn FileSystem> {
    let bytes = bytes.into();
    let filesystem = filesystem::open(Arc::new(bytes.clone()), &Limits::default()).unwrap().unwrap();
    if bytes.len() <= 2 << 20 {
        corpus::seed(filesystem.kind(), &bytes);
    }
    filesystem
}

pub fn entries(filesystem: &Arc<dyn FileSystem>) -> Vec<Entry> {
    filesystem.walk(WalkOptions::default()).collect()
}

pub fn all(source: &Source) -> Vec<u8> {
    source.read_vec(0, source.len()).unwrap()
}

pub fn md5(source: &Source) -> String {
    Md5::digest(all(source)).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn content(entry: &Entry) -> Vec<u8> {
    all(&entry.open("").unwrap())
}

/// Kind, size, MD5 and target of a file.
pub type Row = (String, u64, String, String);

/// The table of a fixture: rows by path.
pub fn truth(name: &str) -> BTreeMap<String, Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format!("{name}.tsv"));
    let text = std::fs::read_to_string(path).unwrap();
    let row = |line: &str| {
        let fields: Vec<&str> = line.splitn(5, '\t').collect();
        let [kind, size, md5, target, path] = fields[..] else { panic!("{line}") };
        (path.to_owned(), (kind.to_owned(), size.parse().unwrap(), md5.to_owned(), target.to_owned()))
    };
    text.lines().map(row).collect()
}

/// The live entries by path, as rows of a table.
pub fn live(filesystem: &Arc<dyn FileSystem>) -> BTreeMap<String, Row> {
    let live = filesystem.walk(WalkOptions { deleted: false, ..WalkOptions::default() });
    live.map(|entry| {
        let md5 = match entry.kind {
            Kind::File => Md5::digest(content(&entry)).iter().map(|byte| format!("{byte:02x}")).collect(),
            _ => "-".to_owned(),
        };
        let size = if matches!(entry.kind, Kind::File | Kind::Symlink) { entry.size } else { 0 };
        (entry.path, (entry.kind.as_str().to_owned(), size, md5, entry.target.unwrap_or("-".to_owned())))
    })
    .collect()
}

/// The paths of rows that only one of two tables has as it is.
pub fn differences(ours: &BTreeMap<String, Row>, theirs: &BTreeMap<String, Row>) -> Vec<String> {
    let paths: BTreeSet<_> = ours.keys().chain(theirs.keys()).cloned().collect();
    paths.into_iter().filter(|path| ours.get(path) != theirs.get(path)).collect()
}

/// Every stream lies where its extents say, as far as they are stored as they are.
pub fn extents_hold_the_content(filesystem: &Arc<dyn FileSystem>, medium: &[u8]) {
    for entry in entries(filesystem) {
        for stream in &entry.streams {
            let Ok(source) = stream.open() else { continue };
            let bytes = source.read_vec(0, source.len()).unwrap();
            let mut at = 0;
            for extent in source.extents() {
                assert_eq!(extent.stream_offset, at, "{}", entry.path);
                at += extent.length;
                if let (Some(offset), forensic_core::bytes::ExtentKind::Data) = (extent.offset, extent.kind) {
                    let stored = &medium[offset as usize..][..extent.length as usize];
                    assert_eq!(
                        stored,
                        &bytes[extent.stream_offset as usize..][..extent.length as usize],
                        "{}",
                        entry.path
                    );
                }
            }
            assert_eq!(at, source.len(), "{}", entry.path);
        }
    }
}

/// Places of bytes that are not zero, from `start` on.
pub fn used(bytes: &[u8], start: usize) -> Vec<usize> {
    let blocks = bytes.chunks(4096).enumerate().filter(|(_, block)| !block.starts_with(&[0u8; 4096]));
    let places = blocks.flat_map(|(number, block)| (number * 4096..).zip(block));
    places.filter(|(place, byte)| *place >= start && **byte != 0).map(|(place, _)| place).collect()
}

/// Asks for everything a filesystem can tell.
pub fn read_everything(source: Source) {
    let Ok(Some(filesystem)) = filesystem::open(source, &Limits::default()) else { return };
    for entry in filesystem.walk(WalkOptions::default()).take(5000) {
        assert_eq!(entry.status.is_live(), entry.recoverability.is_none(), "{}", entry.path);
        for stream in &entry.streams {
            if let Ok(content) = stream.open() {
                assert_eq!(content.len(), stream.info.size, "{}", entry.path);
                let _ = content.read_vec(0, content.len().min(1 << 16));
                let _ = content.locate(0, content.len().min(1 << 16));
            }
        }
        let _ = entry.slack().read_vec(0, entry.slack().len().min(1 << 16));
    }
    let free = filesystem.unallocated().map(|source| source.read_vec(0, source.len().min(1 << 16)));
    let _ = (free, filesystem.issues(), filesystem.label(), filesystem.slack().len());
}
