//! $LogFile: index entries, names and whole records that the log still holds of what was done to the volume.
//!
//! Layout: [linux-ntfs documentation, $LogFile](https://flatcap.github.io/linux-ntfs/ntfs/files/logfile.html). The log is
//! not replayed: its records (RCRD) carry index entries, attributes and MFT records as they were made, and those are
//! looked for in the pages joined, whichever operation they belong to.

use super::{
    Volume,
    attribute::kind,
    file::File,
    index::Entry,
    record::{Record, Reference, put_back_sector_ends},
    remains::{self, SectorEnds},
    stream::fragments,
};
use crate::bytes::{Fields, ReadAt, Slice, Source, for_each_block};
use std::{ops::Range, sync::Arc};

/// The record of $LogFile.
const LOG: u64 = 2;
/// Bytes of a page on every volume seen.
const PAGE: usize = 4096;
const BLOCK: usize = 1 << 20;
/// The longest thing looked for.
const LONGEST: usize = 4096;
/// No record is shorter than its header and one attribute.
const LEAST: usize = 80;

/// Pages without their headers, one after another: what is logged goes on from one to the next.
#[derive(Default)]
struct Joined {
    bytes: Vec<u8>,
    /// Where each page begins in `bytes`, and on the medium.
    pages: Vec<(usize, u64)>,
}

/// Calls `visit` with each name in the log.
pub(super) fn for_each_name(volume: &Volume, mut visit: impl FnMut(&Entry<'_>)) {
    let content = match content(volume) {
        Ok(Some(content)) => content,
        Ok(None) => return,
        Err(error) => return volume.issue(&error),
    };
    let mut joined = Joined::default();
    // The visitor never fails, so neither does the reading.
    let _ = for_each_block(&content, BLOCK, 0, |offset, block| {
        match block {
            Ok(block) => {
                for (page, at) in block.chunks_exact(PAGE).zip((offset..).step_by(PAGE)) {
                    match records_of(page) {
                        Some(records) => {
                            joined.push(&records, content.medium_offset(at), PAGE.saturating_sub(records.len()))
                        }
                        None => joined.search(true, &mut visit),
                    }
                }
                joined.search(false, &mut visit);
            }
            Err(error) => {
                volume.issue(&error);
                joined.search(true, &mut visit);
            }
        }
        Ok(())
    });
    joined.search(true, &mut visit);
}

fn content(volume: &Volume) -> crate::Result<Option<Source>> {
    let file = File::read(volume, LOG)?;
    let data = fragments(&file, kind::DATA);
    let Some(stream) = data.iter().find(|data| data.name.is_empty()) else { return Ok(None) };
    let content = stream.content(volume)?;
    // Its length is a claim: no more is read than the medium holds.
    let length = content.len().min(volume.source.len());
    Ok(Some(Arc::new(Slice::new(content, 0, length)?)))
}

/// What a whole page of log records holds behind its header.
fn records_of(page: &[u8]) -> Option<Vec<u8>> {
    if !page.starts_with(b"RCRD") {
        return None;
    }
    let mut page = page.to_vec();
    let torn = put_back_sector_ends(&mut page, b"RCRD", "log page", 0, |_| {}).ok()?;
    let fields = Fields::new(&page, "log page", 0);
    let array = usize::from(fields.u16(4).ok()?).saturating_add(usize::from(fields.u16(6).ok()?).saturating_mul(2));
    torn.is_none().then(|| page.split_off(array.next_multiple_of(8).min(PAGE)))
}

impl Joined {
    fn push(&mut self, records: &[u8], page_at: u64, header: usize) {
        self.pages.push((self.bytes.len(), page_at.saturating_add(header as u64)));
        self.bytes.extend_from_slice(records);
    }

    /// The medium offset of byte `offset`.
    fn place(&self, offset: usize) -> u64 {
        let behind = self.pages.partition_point(|(start, _)| *start <= offset);
        let page = behind.checked_sub(1).and_then(|page| self.pages.get(page));
        page.map_or(0, |(start, at)| at.saturating_add(offset.saturating_sub(*start) as u64))
    }

    /// Searches what is there; all of it where nothing goes on from it, else what cannot reach into the next page.
    fn search(&mut self, all: bool, visit: &mut impl FnMut(&Entry<'_>)) {
        let end = if all { self.bytes.len() } else { self.bytes.len().saturating_sub(LONGEST) & !7 };
        let mut offset = 0usize;
        while offset < end {
            let step = match self.bytes.get(offset..).is_some_and(|bytes| bytes.starts_with(b"FILE")) {
                true => self.record(offset, visit),
                false => 8,
            };
            offset = offset.saturating_add(step);
        }
        remains::for_each(&self.bytes, 0..end, 0, &SectorEnds::unprotected(), &mut |entry| {
            let at = self.place(usize::try_from(entry.at).unwrap_or(usize::MAX));
            visit(&Entry { at, ..entry });
        });
        let rest: Range<usize> = end..self.bytes.len();
        let kept = self.pages.partition_point(|(start, _)| *start <= end).saturating_sub(1);
        let pages = self.pages.split_off(kept.min(self.pages.len()));
        let moved = |(start, at): (usize, u64)| match start.checked_sub(end) {
            Some(start) => (start, at),
            None => (0, at.saturating_add(end.saturating_sub(start) as u64)),
        };
        self.pages = pages.into_iter().map(moved).collect();
        self.bytes = self.bytes.get(rest).unwrap_or_default().to_vec();
    }

    /// The names of an MFT record as it was first written; gives how far behind it the next one can be.
    fn record(&self, offset: usize, visit: &mut impl FnMut(&Entry<'_>)) -> usize {
        let bytes = self.bytes.get(offset..offset.saturating_add(LONGEST).min(self.bytes.len())).unwrap_or_default();
        let Ok(record) = Record::logged(bytes, self.place(offset)) else { return 8 };
        let Some(number) = record.header.stated.filter(|_| record.header.base == Reference(0)) else { return LEAST };
        let child = Reference(u64::from(number) | u64::from(record.header.sequence) << 48);
        for attribute in record.attributes().map_while(Result::ok).filter(|a| a.kind == kind::FILE_NAME) {
            if let Some(key) = attribute.resident().filter(|key| remains::is_key(key)) {
                visit(&Entry { child, key, at: attribute.at, current: false });
            }
        }
        LEAST
    }
}
