//! Content that does not lie on the medium as it is read: values inside a metadata record, streams stored as separately
//! compressed units, and streams of which parts are lost.

use crate::{
    bytes::{Extent, ExtentKind, Extents, ReadAt, Source, check_bounds},
    error::{Error, Result},
};
use std::sync::{Arc, Mutex, PoisonError};

/// A value inside a metadata record: kept in memory, located through the source that holds it.
pub(crate) struct Resident {
    pub(crate) bytes: Box<[u8]>,
    /// What holds the record.
    pub(crate) within: Source,
    /// Byte offset of the value in `within`.
    pub(crate) offset: u64,
}

impl ReadAt for Resident {
    fn len(&self) -> u64 {
        ReadAt::len(&self.bytes)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.bytes.read_at(offset, buf)
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        let length = length.min(self.len().saturating_sub(offset));
        let mut extents = self.within.locate(self.offset.saturating_add(offset), length);
        for extent in &mut extents {
            extent.stream_offset = extent.stream_offset.saturating_sub(self.offset);
            extent.kind = ExtentKind::Resident;
        }
        extents
    }
}

/// A stream with holes: reading one fails, so that what is lost is never passed off as zeros.
pub(crate) struct Holed {
    content: Extents,
    /// Start and end of each hole, in order.
    lost: Vec<(u64, u64)>,
    error: Error,
}

impl Holed {
    /// `content` without the ranges `lost` (start and end), which must be in order; `error` says why.
    pub(crate) fn new(content: Extents, lost: Vec<(u64, u64)>, error: Error) -> Self {
        Self { content, lost, error }
    }
}

impl ReadAt for Holed {
    fn len(&self) -> u64 {
        self.content.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let end = offset.saturating_add(buf.len() as u64);
        let next = self.lost.partition_point(|(_, to)| *to <= offset);
        if self.lost.get(next).is_some_and(|(from, _)| *from < end) {
            return Err(self.error.clone());
        }
        self.content.read_at(offset, buf)
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        let stop = offset.saturating_add(length).min(self.len());
        let mut extents = Vec::new();
        let mut at = offset;
        for &(from, to) in self.lost.iter().chain([&(stop, stop)]).filter(|(_, to)| *to > offset) {
            let end = from.min(stop);
            if at < end {
                extents.extend(self.content.locate(at, end.saturating_sub(at)));
            }
            at = at.max(to);
        }
        extents
    }
}

/// How one unit of a [`Units`] is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Not at all: zeros.
    Zeros,
    /// As it is, at this byte offset of the source.
    AsIs(u64),
    /// Packed into `length` bytes at `offset` of the source. They unpack to `unpacked` bytes, of which the unit is those
    /// from `skip` on.
    Packed { offset: u64, length: u64, unpacked: u64, skip: u64 },
}

/// A piece of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Bytes of the stream.
    pub(crate) length: u64,
    pub(crate) form: Form,
}

/// Unpacks one unit: its bytes as stored, and how many they should become; or says what is wrong. It never gives more.
pub(crate) type Unpack = dyn Fn(&[u8], usize) -> Result<Vec<u8>, String> + Send + Sync;

/// A stream stored as units, each compressed by itself or stored as it is. Lookup is O(log units).
pub(crate) struct Units {
    source: Source,
    /// Each unit with the stream offset at which it ends.
    units: Vec<(u64, Form)>,
    structure: &'static str,
    unpack: Box<Unpack>,
    /// The unit unpacked last, by its place in the source: reading on from it is the common case.
    last: Mutex<Option<(u64, Arc<[u8]>)>>,
}

impl Units {
    /// The units of `source` one after another; empty ones are dropped, and those past 2⁶⁴ bytes in all. `structure` names
    /// a packed unit in errors. The caller bounds `length` and `unpacked` of each unit: both are read into memory.
    pub(crate) fn new(
        source: Source,
        units: impl IntoIterator<Item = Unit>,
        structure: &'static str,
        unpack: Box<Unpack>,
    ) -> Self {
        let mut ends: Vec<(u64, Form)> = Vec::new();
        let mut end = 0u64;
        for unit in units.into_iter().filter(|unit| unit.length > 0) {
            let Some(next) = end.checked_add(unit.length) else { break };
            end = next;
            ends.push((end, unit.form));
        }
        Self { source, units: ends, structure, unpack, last: Mutex::default() }
    }

    /// Calls `visit` with each unit that `offset .. offset + length` meets: its form, its start, and the range met.
    fn pieces(&self, offset: u64, length: u64, mut visit: impl FnMut(Form, u64, u64, u64) -> Result<()>) -> Result<()> {
        let stop = offset.saturating_add(length).min(self.len());
        let first = self.units.partition_point(|(end, _)| *end <= offset);
        let mut start = first.checked_sub(1).and_then(|before| self.units.get(before)).map_or(0, |(end, _)| *end);
        let mut at = offset;
        for &(end, form) in self.units.iter().skip(first) {
            if at >= stop {
                break;
            }
            let next = end.min(stop);
            visit(form, start, at, next)?;
            (start, at) = (end, next);
        }
        Ok(())
    }

    fn unpacked(&self, offset: u64, length: u64, unpacked: u64) -> Result<Arc<[u8]>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, bytes)) = last.filter(|(of, _)| *of == offset) {
            return Ok(bytes);
        }
        let wanted = usize::try_from(unpacked).map_err(|_| Error::invalid("a unit longer than memory"))?;
        let packed = self.source.read_vec(offset, length)?;
        let damage = |found: String| {
            let expected = format!("a packed unit of {unpacked} bytes");
            Error::corrupt(self.structure, self.source.medium_offset(offset), expected, found)
        };
        let bytes: Arc<[u8]> = (self.unpack)(&packed, wanted).map_err(damage)?.into();
        if ReadAt::len(&bytes) != unpacked {
            return Err(damage(format!("{} bytes", ReadAt::len(&bytes))));
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((offset, bytes.clone()));
        Ok(bytes)
    }
}

impl ReadAt for Units {
    fn len(&self) -> u64 {
        self.units.last().map_or(0, |(end, _)| *end)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_bounds(offset, buf.len() as u64, self.len())?;
        let length = buf.len() as u64;
        let mut rest = buf;
        self.pieces(offset, length, |form, start, from, to| {
            // A piece is never longer than the buffer, so its length fits usize.
            let (now, later) = std::mem::take(&mut rest).split_at_mut(to.saturating_sub(from) as usize);
            rest = later;
            let inside = from.saturating_sub(start);
            match form {
                Form::Zeros => now.fill(0),
                Form::AsIs(at) => self.source.read_at(at.saturating_add(inside), now)?,
                Form::Packed { offset, length, unpacked, skip } => {
                    self.unpacked(offset, length, unpacked)?.read_at(skip.saturating_add(inside), now)?;
                }
            }
            Ok(())
        })
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        let mut extents: Vec<Extent> = Vec::new();
        // The closure never fails, so neither does the walk over the units.
        let _ = self.pieces(offset, length, |form, start, from, to| {
            let one = |offset, kind| Extent {
                stream_offset: from,
                offset,
                length: to.saturating_sub(from),
                kind,
                inferred: false,
            };
            match form {
                Form::Zeros => push(&mut extents, one(None, ExtentKind::Sparse)),
                Form::AsIs(at) => {
                    let at = at.saturating_add(from.saturating_sub(start));
                    for extent in self.source.locate(at, to.saturating_sub(from)) {
                        let stream_offset = from.saturating_add(extent.stream_offset.saturating_sub(at));
                        push(&mut extents, Extent { stream_offset, ..extent });
                    }
                }
                Form::Packed { offset, .. } => {
                    let place = self.source.locate(offset, 1).first().and_then(|extent| extent.offset);
                    push(&mut extents, one(place, ExtentKind::Compressed));
                }
            }
            Ok(())
        });
        extents
    }
}

/// Adds an extent; joins it to the last one where both are sparse, or data that goes on.
pub(crate) fn push(extents: &mut Vec<Extent>, next: Extent) {
    let goes_on = |last: &Extent| {
        last.kind == next.kind
            && match (last.offset, next.offset) {
                (None, None) => last.kind == ExtentKind::Sparse,
                (Some(a), Some(b)) => last.kind == ExtentKind::Data && a.checked_add(last.length) == Some(b),
                _ => false,
            }
    };
    match extents.last_mut().filter(|last| goes_on(last)) {
        Some(last) => last.length = last.length.saturating_add(next.length),
        None => extents.push(next),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubled() -> Units {
        let source: Source = Arc::new(b"..abXYZ".to_vec());
        let units = [
            Unit { length: 3, form: Form::AsIs(4) },
            Unit { length: 2, form: Form::Zeros },
            Unit { length: 3, form: Form::Packed { offset: 2, length: 2, unpacked: 4, skip: 1 } },
        ];
        let twice = |packed: &[u8], _: usize| Ok(packed.iter().flat_map(|byte| [*byte, *byte]).collect());
        Units::new(source, units, "unit", Box::new(twice))
    }

    #[test]
    fn units_are_read_across_their_borders() {
        let units = doubled();
        assert_eq!(units.read_vec(0, 8).unwrap(), b"XYZ\0\0abb");
        assert_eq!(units.read_vec(2, 4).unwrap(), b"Z\0\0a");
        let kinds: Vec<_> = units.extents().iter().map(|e| (e.stream_offset, e.offset, e.length, e.kind)).collect();
        assert_eq!(
            kinds,
            [
                (0, Some(4), 3, ExtentKind::Data),
                (3, None, 2, ExtentKind::Sparse),
                (5, Some(2), 3, ExtentKind::Compressed)
            ]
        );
    }

    #[test]
    fn unit_of_another_length_is_damage() {
        let source: Source = Arc::new(vec![1; 8]);
        let unit = Unit { length: 9, form: Form::Packed { offset: 0, length: 8, unpacked: 9, skip: 0 } };
        let units = Units::new(source, [unit], "unit", Box::new(|packed, _| Ok(packed.to_vec())));
        assert!(matches!(units.read_vec(0, 1), Err(Error::Corrupt { structure: "unit", offset: 0, .. })));
    }
}
