//! The sweep: index entries and MFT records in clusters that no file owns, in one pass of large reads.

use super::{
    Volume,
    attribute::{Body, kind},
    index::Entry,
    mft,
    record::{Record, Reference, put_back_sector_ends},
    remains::{self, SectorEnds},
};
use crate::{
    bytes::{Fields, ReadAt, Spare, is_zero},
    error::Error,
    parallel,
};
use std::ops::Range;

/// Bytes read at once.
const WINDOW: u64 = 1 << 20;
/// Bytes read at once where a whole window cannot be read.
const PART: usize = 16 << 10;
/// What is nothing but zeros is passed over in pieces of this size.
const PAGE: usize = 4 << 10;
/// Structures begin at multiples of this.
const SECTOR: usize = 512;
const SECTOR_MASK: u64 = 511;
/// The longest index record, and the longest MFT record, that any driver makes.
const LONGEST: u64 = 64 << 10;
const LONGEST_RECORD: usize = 4 << 10;

/// What no file owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Bytes of the volume.
    pub(super) bytes: Range<u64>,
    /// False for less than a cluster behind the end of a stream: searched only where it is read with others.
    pub(super) alone: bool,
}

/// What one window holds.
#[derive(Default)]
struct Found {
    records: Vec<Record>,
    /// Record, $FILE_NAME and its place on the medium.
    entries: Vec<(Reference, Box<[u8]>, u64)>,
}

/// Calls `record` with each MFT record in `places`, which are in volume order, and `entry` with each index entry.
pub(super) fn run(
    volume: &Volume,
    places: &[Place],
    mut record: impl FnMut(Record),
    mut entry: impl FnMut(&Entry<'_>),
) {
    let windows = windows(volume, places);
    // One thread reads while another searches; the results come in order whatever their number.
    let threads = parallel::threads_of_a_pass(windows.len() as u64);
    let spare = Spare::default();
    let search = |number: u64| {
        let Some(window) = usize::try_from(number).ok().and_then(|number| windows.get(number)) else {
            return Found::default();
        };
        let mut buf = spare.take();
        let found = search(volume, window, &mut buf);
        spare.give(buf);
        found
    };
    // The visitor never fails, so neither does the work.
    let _ = parallel::in_order(windows.len() as u64, threads, search, |_, found| {
        found.records.into_iter().for_each(&mut record);
        for (child, key, at) in &found.entries {
            entry(&Entry { child: *child, key, at: *at, current: false });
        }
        Ok(())
    });
}

/// The places as they are read together, as many as may be searched.
fn windows(volume: &Volume, places: &[Place]) -> Vec<Vec<Range<u64>>> {
    let mut windows = Vec::new();
    let mut window: Vec<Place> = Vec::new();
    let mut left = volume.limits.sweep_bytes;
    let mut close = |window: &mut Vec<Place>| {
        // What is not searched alone is not read alone.
        let wanted = |place: &Place| place.alone;
        let first = window.iter().position(wanted).unwrap_or(window.len());
        let last = window.iter().rposition(wanted).map_or(0, |last| last.saturating_add(1));
        let read: Vec<_> = window.get(first..last).unwrap_or_default().iter().map(|p| p.bytes.clone()).collect();
        window.clear();
        let (Some(start), Some(end)) = (read.first().map(|r| r.start), read.last().map(|r| r.end)) else { return true };
        let cost = end.saturating_sub(start);
        if cost > left {
            let (structure, offset) = ("unallocated space", volume.source.medium_offset(start));
            let (found, limit) = (volume.limits.sweep_bytes.saturating_add(1), volume.limits.sweep_bytes);
            volume.issue(&Error::Limit { structure, offset, found, limit, unit: "bytes searched" });
            return false;
        }
        left = left.saturating_sub(cost);
        windows.push(read);
        true
    };
    for place in places {
        let mut start = place.bytes.start;
        while start < place.bytes.end {
            let next = (start / WINDOW).saturating_add(1).saturating_mul(WINDOW).min(place.bytes.end);
            if window.first().is_some_and(|first| first.bytes.start / WINDOW != start / WINDOW) && !close(&mut window) {
                return windows;
            }
            window.push(Place { bytes: start..next, alone: place.alone });
            start = next;
        }
    }
    close(&mut window);
    windows
}

/// Searches the ranges of one window.
fn search(volume: &Volume, window: &[Range<u64>], bytes: &mut Vec<u8>) -> Found {
    let mut found = Found::default();
    let (Some(first), Some(last)) = (window.first(), window.last()) else { return found };
    // The slack of a stream begins anywhere, structures do not.
    let first = first.start & !SECTOR_MASK..first.end;
    let overlap = LONGEST.min(u64::from(volume.boot.record_size.max(volume.boot.index_size)));
    let end = last.end.saturating_add(overlap).min(volume.source.len());
    if volume.source.next_data(first.start) >= end {
        return found;
    }
    read(volume, first.start, end, bytes);
    let mut ends = SectorEnds::protected(bytes.len());
    let at = volume.source.medium_offset(first.start);
    let inside = |place: u64| usize::try_from(place.saturating_sub(first.start)).unwrap_or(usize::MAX);
    for range in window {
        // What begins here may go on in the next window, but not in a cluster of someone else.
        let length = if range.end == last.end { bytes.len() } else { inside(range.end) };
        let Some(bytes) = bytes.get_mut(..length) else { continue };
        for page in pages(inside(range.start)..inside(range.end)) {
            if bytes.get(page.clone()).is_none_or(is_zero) {
                continue;
            }
            for offset in (page.start.next_multiple_of(SECTOR)..page.end).step_by(SECTOR) {
                match bytes.get(offset..).and_then(<[u8]>::first_chunk) {
                    Some(b"INDX") => index_record(bytes, offset, &mut ends),
                    Some(b"FILE") => {
                        let place = first.start.saturating_add(offset as u64);
                        found.records.extend(mft_record(volume, bytes, offset, place, &mut ends));
                    }
                    _ => {}
                }
            }
            remains::for_each(bytes, page, at, &ends, &mut |entry| {
                found.entries.push((entry.child, entry.key.into(), entry.at));
            });
        }
    }
    found
}

/// Fills `bytes` with all of `start .. end`, with zeros for the parts that cannot be read.
fn read(volume: &Volume, start: u64, end: u64, bytes: &mut Vec<u8>) {
    bytes.resize(usize::try_from(end.saturating_sub(start)).unwrap_or(0), 0);
    if volume.source.read_at(start, bytes).is_ok() {
        return;
    }
    for (part, at) in bytes.chunks_mut(PART).zip((start..).step_by(PART)) {
        if let Err(error) = volume.source.read_at(at, part) {
            volume.issue(&error);
            part.fill(0);
        }
    }
}

/// The pages of a range, one after another.
fn pages(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    range.clone().step_by(PAGE).map(move |start| start..start.saturating_add(PAGE).min(range.end))
}

/// Puts back the sector ends of the index record at `offset`.
fn index_record(bytes: &mut [u8], offset: usize, ends: &mut SectorEnds) {
    let Some(block) = bytes.get_mut(offset..) else { return };
    let sectors = Fields::new(block, "index record", 0).u16(6).map_or(0, |count| usize::from(count.saturating_sub(1)));
    let length = sectors.saturating_mul(SECTOR).min(block.len());
    if let Some(block) = block.get_mut(..length) {
        // What fails here is a block without its head; its sectors stay as they are.
        let _ = put_back_sector_ends(block, b"INDX", "index record", 0, |sector| {
            ends.put_back(offset.saturating_add(sector.start)..offset.saturating_add(sector.end));
        });
    }
}

/// The MFT record at `offset`, which is byte `place` of the volume, where it is whole.
fn mft_record(volume: &Volume, bytes: &mut [u8], offset: usize, place: u64, ends: &mut SectorEnds) -> Option<Record> {
    let size = usize::try_from(volume.boot.record_size).ok().filter(|size| *size <= LONGEST_RECORD)?;
    let end = offset.checked_add(size)?;
    let own = bytes.get_mut(offset..end)?;
    let record = Record::parse((&*own).into(), mft::outside(place), volume.source.medium_offset(place)).ok()?;
    if record.torn.is_some() || record.attributes().any(|attribute| attribute.is_err()) {
        return None;
    }
    own.copy_from_slice(&record.bytes);
    // The record speaks for its own names; the entries of an index in it are names like others.
    for attribute in record.attributes().flatten().filter(|attribute| attribute.kind == kind::FILE_NAME) {
        if let Body::Resident { value, offset } = attribute.body {
            own.get_mut(offset..offset.saturating_add(value.len())).unwrap_or_default().fill(0);
        }
    }
    ends.put_back(offset..end);
    Some(record)
}
