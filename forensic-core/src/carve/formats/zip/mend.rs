//! ZIP files in two fragments: the end record tells where it must stand, so that the distance of the second fragment is known
//! once the record is found; the CRC of the member that broke tells where the first one ends.

use super::{
    Zip,
    headers::{CENTRAL, Central, END, Member},
    layout, verify,
};
use crate::carve::{
    Mended, Mending,
    formats::{
        search,
        splice::{Splice, cuts},
    },
};

/// The farthest an end record may say the central directory lies before it.
const LARGEST_DIRECTORY: u64 = 256 << 20;

pub(super) fn mend(mending: &mut Mending<'_>) -> Option<Mended> {
    let torn = Torn::find(mending)?;
    search::each_place(mending, END, |mending, place| torn.with_end(mending, place))
}

/// Where a file is torn.
struct Torn {
    /// The member or directory that does not hold begins here.
    from: u64,
    /// The byte known to be wrong.
    to: u64,
    /// True where it is the directory.
    in_directory: bool,
    first: Member,
}

impl Torn {
    fn find(mending: &Mending<'_>) -> Option<Self> {
        let mut tape = mending.tape_from(mending.start());
        let layout = layout::walk(&mut tape);
        let first = layout::place(&mut tape, 0).map(|place| place.member);
        let first = first.or_else(|_| Member::local(&mut tape, 0).map(|(member, _)| member)).ok()?;
        let checked = verify::verify(&mut tape, &layout);
        let in_directory = checked.hurt.is_none() && layout.directory.is_some();
        let (from, to) = match (checked.hurt, layout.directory, layout.stop) {
            (Some(hurt), ..) => (hurt.member, hurt.at),
            (None, Some(directory), layout::Stop::Break(stop)) => (directory, stop.at),
            (None, None, layout::Stop::Break(stop)) => (layout.at, stop.at),
            _ => return None,
        };
        Some(Self { from, to: to.saturating_add(46), in_directory, first })
    }

    /// The file whose end record stands at `place` of the source.
    fn with_end(&self, mending: &mut Mending<'_>, place: u64) -> Option<Mended> {
        let mut record = mending.tape_from(place);
        let (size, start) = (u64::from(record.le32(12).ok()?), u64::from(record.le32(16).ok()?));
        let end = start.checked_add(size)?;
        if !(46..=LARGEST_DIRECTORY).contains(&size) || end < self.from {
            return None;
        }
        if !self.in_directory && !self.is_listed(mending, place.checked_sub(size)?) {
            return None;
        }
        // A directory behind the cut lies as far off as the record.
        let last = if self.in_directory { self.to } else { self.to.min(start) };
        cuts(mending, self.from, last).find_map(|cut| {
            let splice = Splice::through(mending, cut, end, place)?;
            mending.spend(self.to.saturating_sub(self.from).max(4096)).then_some(())?;
            let mut tape = splice.tape(mending);
            (self.in_directory || verify::member(&mut tape, self.from).is_ok()).then_some(())?;
            splice.checked(mending, &Zip)
        })
    }

    /// True where the directory at `place` of the source begins with this file's first member.
    fn is_listed(&self, mending: &Mending<'_>, place: u64) -> bool {
        let mut tape = mending.tape_from(place);
        let mut at = 0;
        while tape.has(at, CENTRAL) {
            let Ok(entry) = Central::read(&mut tape, at) else { return false };
            if entry.local == 0 {
                let (one, other) = (entry.member, self.first);
                let same_sum = other.is_streamed() && other.crc == 0 || one.crc == other.crc;
                return same_sum && one.method == other.method && one.name_length == other.name_length;
            }
            at = entry.end;
        }
        false
    }
}
