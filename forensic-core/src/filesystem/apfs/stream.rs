//! Streams: runs of extents, extended attributes, and what is compressed in them.

use super::{
    Container,
    inode::{self, Inode, Value},
    records::{Record, Records, kind},
};
use crate::{
    bytes::{Extents, ReadAt, Run, Source},
    error::{Error, Result},
    filesystem::{
        incomplete::Incomplete,
        model::{Stream, StreamInfo},
        stored::Resident,
    },
};
use std::sync::Arc;

/// Where a stream lies.
pub(super) struct Runs {
    runs: Vec<Run>,
    size: u64,
    pub(super) is_sparse: bool,
    /// Why the runs end before the stream does.
    pub(super) damage: Option<Error>,
}

impl Runs {
    /// The runs of the stream with this number.
    pub(super) fn of(container: &Container, records: &Records, number: u64, size: u64, sparse: bool, at: u64) -> Self {
        let mut found = Self { runs: Vec::new(), size, is_sparse: false, damage: None };
        let mut end = 0u64;
        let mut extents = Vec::new();
        for record in records.of(number, kind::EXTENT) {
            match inode::extent(records, record, container.at(record)) {
                Ok((start, length, block)) => extents.push((start, length, block, container.at(record))),
                Err(error) => found.damage = Some(error),
            }
        }
        extents.sort_unstable();
        for (start, length, block, place) in extents {
            let hole = start.saturating_sub(end);
            if found.damage.is_some() || start < end || hole > 0 && !sparse || found.runs.len() >= container.limits.runs
            {
                let expected = format!("an extent from byte {end} on");
                let error = Error::corrupt("APFS file extent", place, expected, format!("one from {start} on"));
                found.damage.get_or_insert(error);
                break;
            }
            if hole > 0 {
                found.runs.push(Run::sparse(hole));
            }
            let run = if block == 0 { Run::sparse(length) } else { Run::new(container.byte_of(block), length) };
            found.is_sparse |= hole > 0 || block == 0;
            found.runs.push(run);
            end = start.saturating_add(length);
        }
        if end < size && found.damage.is_none() {
            if sparse {
                found.runs.push(Run::sparse(size.saturating_sub(end)));
                found.is_sparse = true;
            } else {
                let expected = format!("extents for {size} bytes");
                found.damage = Some(Error::corrupt("APFS inode", at, expected, format!("extents for {end}")));
            }
        }
        found
    }

    pub(super) fn content(&self, container: &Container) -> Source {
        let known = Extents::new(container.source.clone(), self.runs.iter().copied()).truncated(self.size);
        match &self.damage {
            None => Arc::new(known),
            Some(error) => Arc::new(Incomplete { known: Arc::new(known), size: self.size, error: error.clone() }),
        }
    }

    /// The stream that the runs make up.
    pub(super) fn stream(&self, container: &Container, name: &str) -> Stream {
        let all = Extents::new(container.source.clone(), self.runs.iter().copied());
        let behind: Vec<Run> = all.runs_of(self.size, all.len().saturating_sub(self.size));
        let behind: Vec<Run> = behind.into_iter().filter(|run| run.offset.is_some()).collect();
        let slack = (!behind.is_empty()).then(|| Arc::new(Extents::new(container.source.clone(), behind)) as Source);
        let info = StreamInfo { sparse: self.is_sparse, ..StreamInfo::new(name, self.size) };
        Stream::new(info, Ok(self.content(container)), slack)
    }
}

/// The main stream of a file as its extents give it.
pub(super) fn main(container: &Container, records: &Records, inode: &Inode, at: u64) -> Runs {
    Runs::of(container, records, inode.private_id, inode.size.unwrap_or(0), inode.is_sparse(), at)
}

/// The extents of all streams of a file: of its content, and of extended attributes.
pub(super) fn extents<'a>(records: &'a Records, inode: &Inode) -> impl Iterator<Item = &'a Record> {
    let attributes =
        records.of(inode.id, kind::XATTR).iter().filter_map(|record| match inode::xattr(records, record, 0).ok()?.1 {
            Value::Stream(number, _) => Some(number),
            Value::Embedded(..) => None,
        });
    std::iter::once(inode.private_id).chain(attributes).flat_map(|number| records.of(number, kind::EXTENT))
}

/// An extended attribute: its name, and its value or why it cannot be had. Where `blocked` is given, it is why extents
/// cannot be read.
pub(super) fn xattr(
    container: &Container,
    records: &Records,
    record: &Record,
    blocked: Option<&Error>,
) -> Result<(String, Source)> {
    let at = container.at(record);
    let (name, value) = inode::xattr(records, record, at)?;
    let value: Source = match (value, blocked) {
        (Value::Embedded(bytes, offset), _) => {
            let offset =
                container.byte_of(record.address).saturating_add(record.offset.into()).saturating_add(offset as u64);
            Arc::new(Resident { bytes: bytes.into(), within: container.source.clone(), offset })
        }
        (Value::Stream(..), Some(error)) => return Err(error.clone()),
        (Value::Stream(number, size), None) => Runs::of(container, records, number, size, false, at).content(container),
    };
    Ok((String::from_utf8_lossy(name).into_owned(), value))
}
