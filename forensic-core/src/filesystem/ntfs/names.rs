//! The names that records give, by the file they belong to.

use super::{
    Volume,
    record::Reference,
    scan::{Name, Scan, State},
};
use crate::error::Error;
use std::ops::Range;

/// The names by the base record they belong to.
pub(super) struct Names {
    /// Base record and place in the scan's names, sorted.
    all: Vec<(u32, u32)>,
    /// Of each record, where its names begin in `all`; those of the last one end where `all` does.
    starts: Vec<u32>,
}

impl Names {
    pub(super) fn new(scan: &Scan, volume: &Volume) -> Self {
        let mut all = Vec::with_capacity(scan.names.len());
        for (place, name) in scan.names.iter().enumerate() {
            match base(scan, name.holder) {
                Ok(Some(base)) => all.push((base, u32::try_from(place).unwrap_or(u32::MAX))),
                Ok(None) => {}
                Err(error) => volume.issue(&error),
            }
        }
        // In order already but for records that continue others, which the stable sort makes use of.
        all.sort();
        let mut starts = vec![0u32; scan.slots.len().saturating_add(1)];
        let (mut next, mut place) = (all.iter().peekable(), 0u32);
        for (record, start) in (0u32..).zip(&mut starts) {
            *start = place;
            while next.next_if(|(base, _)| *base <= record).is_some() {
                place = place.saturating_add(1);
            }
        }
        Self { all, starts }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The places of the names of a record.
    pub(super) fn of(&self, record: u64) -> Range<usize> {
        let place = |record: Option<usize>| self.starts.get(record?).map(|start| *start as usize);
        let record = usize::try_from(record).ok();
        match (place(record), place(record.and_then(|record| record.checked_add(1)))) {
            (Some(start), Some(end)) => start..end,
            _ => 0..0,
        }
    }

    /// The first record that has a name like that.
    pub(super) fn find(&self, scan: &Scan, is_it: impl Fn(&Name) -> bool) -> Option<u32> {
        let found = self.all.iter().find(|(_, place)| scan.names.get(*place as usize).is_some_and(&is_it));
        found.map(|(base, _)| *base)
    }

    pub(super) fn name<'a>(&self, scan: &'a Scan, place: usize) -> Option<&'a Name> {
        scan.names.get(self.all.get(place)?.1 as usize)
    }
}

/// The base record of the file that `holder` belongs to; `None` where that file is gone.
fn base(scan: &Scan, holder: u32) -> Result<Option<u32>, Error> {
    let Some(slot) = scan.slot(u64::from(holder)) else { return Ok(None) };
    if slot.base == Reference(0) {
        return Ok(Some(holder));
    }
    let of = scan.slot(slot.base.record());
    let fits = of.filter(|of| of.base == Reference(0) && slot.base.meant(of.sequence, of.state == State::Free));
    match (fits, slot.state) {
        // A record that was freed while its file lives on holds a former name.
        (Some(of), State::Free) if of.state == State::InUse => Ok(None),
        (Some(of), State::InUse) if of.state != State::InUse => Ok(None),
        (Some(_), _) => Ok(u32::try_from(slot.base.record()).ok()),
        (None, State::InUse) => {
            let found = format!("record {}, which is not that file's", slot.base.record());
            Err(Error::corrupt("MFT record", 0, format!("a base record for record {holder}"), found))
        }
        (None, _) => Ok(None),
    }
}
