//! Movie fragments: the samples a `moof` box tells of (ISO/IEC 14496-12:2022, 8.8).

use super::{
    boxes::{Header, children, first},
    movie::Movie,
    tables::Sample,
};
use crate::carve::{Break, Tape};

/// Calls `each` with the track and place of every sample that the fragment `moof` tells of; gives where the last ends.
pub(super) fn samples(
    tape: &mut Tape,
    moof: Header,
    movie: &Movie,
    mut each: impl FnMut(u32, Sample),
) -> Result<u64, Break> {
    let boxes = children(tape, moof.body, moof.end)?;
    first(&boxes, b"mfhd").ok_or(Break::wrong(moof.start, "movie fragment header"))?;
    let mut end = moof.start;
    for traf in boxes.iter().filter(|header| &header.kind == b"traf") {
        let inner = children(tape, traf.body, traf.end)?;
        let tfhd = first(&inner, b"tfhd").ok_or(Break::wrong(traf.start, "track fragment header"))?;
        let flags = tape.be32(tfhd.body)?;
        let id = tape.be32(tfhd.body.saturating_add(4))?;
        let mut field = tfhd.body.saturating_add(8);
        let mut base = moof.start;
        if flags & 1 != 0 {
            base = tape.be64(field)?;
            field = field.saturating_add(8);
        } else if flags & 0x02_0000 == 0 && end > moof.start {
            base = end;
        }
        field = field.saturating_add(if flags & 2 != 0 { 4 } else { 0 });
        field = field.saturating_add(if flags & 8 != 0 { 4 } else { 0 });
        let default_size =
            if flags & 16 != 0 { tape.be32(field)? } else { movie.track(id).map_or(0, |track| track.default_size) };
        let mut at = base;
        for trun in inner.iter().filter(|header| &header.kind == b"trun") {
            let flags = tape.be32(trun.body)?;
            let count = tape.be32(trun.body.saturating_add(4))?;
            let mut field = trun.body.saturating_add(8);
            if flags & 1 != 0 {
                at = base.saturating_add_signed(i64::from(tape.be32(field)?.cast_signed()));
                field = field.saturating_add(4);
            }
            field = field.saturating_add(if flags & 4 != 0 { 4 } else { 0 });
            let each_field = |flag: u32| if flags & flag != 0 { 4u64 } else { 0 };
            let size_at = each_field(0x100);
            let width = [0x100, 0x200, 0x400, 0x800].into_iter().map(each_field).sum::<u64>();
            let table = width.saturating_mul(u64::from(count));
            if field.saturating_add(table) > trun.end {
                return Err(Break::wrong(trun.start, "samples of a track run"));
            }
            if flags & 0x200 == 0 {
                let size = u64::from(default_size).saturating_mul(u64::from(count));
                each(id, Sample { offset: at, size: if count == 1 { size } else { 0 } });
                at = at.saturating_add(size);
            } else {
                for _ in 0..count {
                    let size = u64::from(tape.be32(field.saturating_add(size_at))?);
                    each(id, Sample { offset: at, size });
                    at = at.saturating_add(size);
                    field = field.saturating_add(width);
                }
            }
            end = end.max(at);
        }
    }
    Ok(end)
}
