//! A compressed stream as bytes: each compression unit is stored as it is, or inflated, or all zeros.
//!
//! [linux-ntfs documentation, $DATA](https://flatcap.github.io/linux-ntfs/ntfs/attributes/data.html): a unit whose
//! clusters are all there is not compressed; one with fewer is; one with none reads as zeros.

use super::lznt1;
use crate::{
    bytes::{Extent, ExtentKind, Extents, ReadAt, Run, Source, check_bounds},
    error::{Error, Result},
    filesystem::stored,
};
use std::sync::{Arc, Mutex, PoisonError};

/// The content of a stream compressed by LZNT1.
pub(super) struct Compressed {
    /// The clusters as stored, virtual cluster by virtual cluster.
    stored: Extents,
    /// Bytes a unit inflates to.
    unit: u64,
    size: u64,
    /// The unit read last: reading on from it is the common case.
    last: Mutex<Option<(u64, Arc<[u8]>)>>,
}

/// How a unit is stored.
enum Form {
    Zeros,
    AsIs,
    /// Packed into so many bytes.
    Packed(u64),
}

impl Compressed {
    /// `size` bytes in units of `unit` bytes, over the runs of `source`.
    pub(super) fn new(source: Source, runs: impl IntoIterator<Item = Run>, unit: u64, size: u64) -> Self {
        Self { stored: Extents::new(source, runs), unit, size, last: Mutex::default() }
    }

    fn form(&self, start: u64) -> Result<Form> {
        let described = self.unit.min(self.stored.len().saturating_sub(start));
        let (mut stored, mut zeros) = (0u64, 0u64);
        for run in self.stored.runs_of(start, described) {
            match run.offset {
                Some(_) if zeros > 0 => return Err(self.damage(start, "clusters after the unit's end")),
                Some(_) => stored = stored.saturating_add(run.length),
                None => zeros = zeros.saturating_add(run.length),
            }
        }
        let wanted = self.unit.min(self.size.saturating_sub(start));
        Ok(match (stored, zeros) {
            (0, 1..) => Form::Zeros,
            (0, 0) => return Err(self.damage(start, "no clusters")),
            // The clusters of the last unit need not be made up to a whole one.
            (_, 0) if stored >= wanted => Form::AsIs,
            _ => Form::Packed(stored),
        })
    }

    fn damage(&self, start: u64, found: &str) -> Error {
        Error::corrupt(
            "compression unit",
            self.stored.medium_offset(start),
            "a run of clusters, then a sparse one",
            found,
        )
    }

    /// The unit that begins at `start`, inflated.
    fn unit(&self, start: u64, packed: u64) -> Result<Arc<[u8]>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, bytes)) = last.filter(|(of, _)| *of == start) {
            return Ok(bytes);
        }
        let length = usize::try_from(self.unit).map_err(|_| Error::invalid("a compression unit longer than memory"))?;
        let packed = self.stored.read_vec(start, packed)?;
        let mut bytes = vec![0; length];
        lznt1::inflate(&packed, &mut bytes).map_err(|(offset, what)| {
            let at = self.stored.medium_offset(start.saturating_add(offset as u64));
            Error::corrupt("LZNT1 chunk", at, "a chunk as MS-XCA 2.5 describes", what)
        })?;
        let bytes: Arc<[u8]> = bytes.into();
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((start, bytes.clone()));
        Ok(bytes)
    }

    /// Calls `visit` with each unit that `offset .. offset + length` meets: its start, and the range met. Units of one hole
    /// are visited as one, so that a hole of any length is one step.
    fn units(&self, offset: u64, length: u64, mut visit: impl FnMut(u64, u64, u64) -> Result<()>) -> Result<()> {
        let end = offset.saturating_add(length).min(self.size);
        let mut at = offset;
        while at < end {
            let start = at.checked_div(self.unit).unwrap_or(0).saturating_mul(self.unit);
            let units = self.stored.hole(start).checked_div(self.unit).unwrap_or(0).max(1);
            let next = start.saturating_add(self.unit.saturating_mul(units)).min(end);
            visit(start, at, next)?;
            at = next;
        }
        Ok(())
    }
}

impl ReadAt for Compressed {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_bounds(offset, buf.len() as u64, self.size)?;
        let length = buf.len() as u64;
        let mut rest = buf;
        self.units(offset, length, |start, from, to| {
            let count = usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
            let (now, later) = std::mem::take(&mut rest).split_at_mut(count);
            rest = later;
            match self.form(start)? {
                Form::Zeros => now.fill(0),
                Form::AsIs => self.stored.read_at(from, now)?,
                Form::Packed(packed) => self.unit(start, packed)?.read_at(from.saturating_sub(start), now)?,
            }
            Ok(())
        })
    }

    fn locate(&self, offset: u64, length: u64) -> Vec<Extent> {
        let mut extents: Vec<Extent> = Vec::new();
        // The closure never fails, so neither does the walk over the units.
        let _ = self.units(offset, length, |start, from, to| {
            let one = |offset, kind| Extent {
                stream_offset: from,
                offset,
                length: to.saturating_sub(from),
                kind,
                inferred: false,
            };
            let found = match self.form(start) {
                Ok(Form::Zeros) => vec![one(None, ExtentKind::Sparse)],
                Ok(Form::AsIs) => self.stored.locate(from, to.saturating_sub(from)),
                Ok(Form::Packed(_)) => {
                    vec![one(self.stored.locate(start, 1).first().and_then(|e| e.offset), ExtentKind::Compressed)]
                }
                Err(_) => Vec::new(),
            };
            found.into_iter().for_each(|extent| stored::push(&mut extents, extent));
            Ok(())
        });
        extents
    }
}
