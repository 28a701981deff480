//! The opinion of crate `ntfs`, an independent reader of live NTFS data.
//!
//! It is known to be wrong about LZNT1 and WOF (it gives the packed bytes, or zeros), about a record that lies in two runs of $MFT (it
//! reads on where the first run ends), and about $Boot (it takes cluster 0 for a sparse run).

use super::{Ntfs, Volume, file_name};
use crate::{
    bytes::Reader,
    error::{Error, Result},
    filesystem::{
        CrossCheck, Entry, Kind, StreamInfo,
        cross_check::{Seen, compare, digest_reader},
        model::Stream,
    },
};
use ntfs::{NtfsAttributeType, NtfsFile, NtfsReadSeek};
use std::{
    collections::HashSet,
    io::{self, Read, Seek, SeekFrom},
    panic::{AssertUnwindSafe, catch_unwind},
};

const READER: &str = "ntfs 0.4";
/// Bytes that the second reader may read to get from one name of a directory to the next.
const STEP_BYTES: u64 = 64 << 20;
/// The DOS flag of a reparse point, and the record of $BadClus.
const REPARSE_POINT: u32 = 0x400;
const BAD_CLUSTERS: u64 = 8;
const ROOT: u64 = 5;
/// $Boot, the one file that begins at cluster 0.
const BOOT: u64 = 7;

/// Walks the live tree with the second reader, and compares.
pub(super) fn run(ours: &Ntfs) -> Result<CrossCheck> {
    let volume = &ours.volume;
    // Whatever it meets on hostile media stays with it.
    let theirs = catch_unwind(AssertUnwindSafe(|| walk(volume)))
        .unwrap_or_else(|_| Err(Error::unsupported("this volume, on which crate ntfs panicked,")))?;
    let entries = (0..ours.catalog().tree.len()).filter_map(|position| {
        let mut entry = ours.catalog().entry(volume, ours.allocation(), position)?;
        for stream in &mut entry.streams {
            if is_endless(volume, stream.info.size) {
                *stream = Stream::new(stream.info.clone(), Err(Error::unsupported("such a size")), None);
            }
        }
        (entry.name != ".").then_some(entry)
    });
    Ok(compare(READER, entries, theirs, |entry, stream| known_limit(volume, entry, stream)))
}

fn known_limit(volume: &Volume, entry: &Entry, stream: &StreamInfo) -> &'static str {
    if volume.mft.is_in_pieces(entry.id) {
        "crate ntfs 0.4 fails on a record that lies in two runs of $MFT"
    } else if entry.id == BOOT {
        "crate ntfs 0.4 takes a run that begins at cluster 0 for a sparse one"
    } else if stream.compressed && entry.attributes.contains_key("wof_algorithm") && stream.name.is_empty() {
        "crate ntfs 0.4 gives zeros for content packed by the Windows overlay filter"
    } else if stream.compressed {
        "crate ntfs 0.4 gives LZNT1 data as stored"
    } else if entry.attributes.contains_key("encrypted") {
        "crate ntfs 0.4 gives encrypted data as stored"
    } else if entry.open(&stream.name).is_err_and(|error| matches!(error, Error::Unsupported { .. })) {
        "crate ntfs 0.4 gives what is stored in place of a content that is encoded or kept elsewhere"
    } else {
        ""
    }
}

/// True for a size that only sparse runs can have: hashing it would take for ever.
fn is_endless(volume: &Volume, size: u64) -> bool {
    size > volume.boot.size.saturating_mul(16)
}

/// A reader that gives up after so many bytes: the second reader follows an index that leads to itself for ever.
struct Bounded {
    reader: Reader,
    left: u64,
}

impl Read for Bounded {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buf)?;
        self.left = self
            .left
            .checked_sub(count.max(1) as u64)
            .ok_or_else(|| io::Error::other("too much was read for one step"))?;
        Ok(count)
    }
}

impl Seek for Bounded {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}

fn walk(volume: &Volume) -> Result<Vec<Seen>> {
    let mut bytes = Bounded { reader: Reader::new(volume.source.clone()), left: STEP_BYTES };
    let cannot = |error: ntfs::NtfsError| Error::corrupt("NTFS, as crate ntfs reads it", 0, "a volume", error);
    let ntfs = ntfs::Ntfs::new(&mut bytes).map_err(cannot)?;
    let mut seen = Vec::new();
    let mut visited = HashSet::from([ROOT]);
    let mut todo = vec![(ROOT, String::new())];
    while let Some((number, path)) = todo.pop() {
        bytes.left = STEP_BYTES;
        let Ok(directory) = ntfs.file(&mut bytes, number) else { continue };
        let Ok(index) = directory.directory_index(&mut bytes) else { continue };
        let mut entries = index.entries();
        loop {
            bytes.left = STEP_BYTES;
            let Some(Ok(entry)) = entries.next(&mut bytes) else { break };
            let Some(Ok(name)) = entry.key() else { continue };
            let child = entry.file_reference().file_record_number();
            let reparse = name.file_attributes().bits() & REPARSE_POINT != 0 && name.is_directory();
            if child == ROOT || name.namespace() == ntfs::structured_values::NtfsFileNamespace::Dos || reparse {
                continue;
            }
            let text = file_name::text(name.name().0).replace(['/', '\0'], "\u{fffd}");
            let path = format!("{path}/{text}");
            if seen.len() as u64 >= volume.limits.entries {
                return Ok(seen);
            }
            match ntfs.file(&mut bytes, child) {
                Ok(file) => {
                    streams(volume, &mut bytes, &file, &path, &mut seen);
                    if file.is_directory() && visited.insert(child) {
                        todo.push((child, path));
                    }
                }
                Err(error) => seen.push(Seen {
                    path,
                    kind: Kind::File,
                    size: name.data_size(),
                    content: Some(Err(error.to_string())),
                }),
            }
        }
    }
    Ok(seen)
}

fn streams(volume: &Volume, bytes: &mut Bounded, file: &NtfsFile<'_>, path: &str, seen: &mut Vec<Seen>) {
    let directory = file.is_directory();
    let mut main = directory;
    if directory {
        seen.push(Seen { path: path.to_owned(), kind: Kind::Directory, size: 0, content: None });
    }
    let mut attributes = file.attributes();
    loop {
        bytes.left = STEP_BYTES;
        let Some(Ok(item)) = attributes.next(bytes) else { break };
        let Ok(attribute) = item.to_attribute() else { continue };
        if !matches!(attribute.ty(), Ok(NtfsAttributeType::Data)) {
            continue;
        }
        let name = attribute.name().map(|name| file_name::text(name.0)).unwrap_or_default();
        main |= name.is_empty();
        let path = if name.is_empty() { path.to_owned() } else { format!("{path}:{name}") };
        let size = attribute.value_length();
        let no_content = file.file_record_number() == BAD_CLUSTERS && !name.is_empty();
        let content = if no_content || is_endless(volume, size) {
            Err("not read".to_owned())
        } else {
            bytes.left = size.saturating_mul(4).saturating_add(STEP_BYTES);
            match attribute.value(bytes) {
                Ok(value) => digest_reader(&mut Content { value, bytes }).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            }
        };
        seen.push(Seen { path, kind: Kind::File, size, content: Some(content) });
    }
    if !main {
        let empty = digest_reader(&mut io::empty()).map_err(|error| error.to_string());
        seen.push(Seen { path: path.to_owned(), kind: Kind::File, size: 0, content: Some(empty) });
    }
}

/// An attribute of the second reader as `io::Read`.
struct Content<'a, 'n, 'f> {
    value: ntfs::attribute_value::NtfsAttributeValue<'n, 'f>,
    bytes: &'a mut Bounded,
}

impl Read for Content<'_, '_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.value.read(self.bytes, buf).map_err(|error| io::Error::other(error.to_string()))
    }
}
