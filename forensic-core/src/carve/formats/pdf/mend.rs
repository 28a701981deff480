//! PDF files in two fragments: "startxref" tells where the cross-reference must stand, and where it does stand tells how far off
//! the second fragment is. The stream that is torn must inflate to its checksum, or there must be one cut only.

use super::{Pdf, end, objects, tokens};
use crate::carve::{
    Mended, Mending, Tape,
    formats::{
        search,
        splice::{Splice, cuts},
    },
};

/// The farthest a cross-reference lies before its "startxref".
const LONGEST_XREF: u64 = 256 << 10;
const MOST_CUTS: usize = 4096;

pub(super) fn mend(mending: &mut Mending<'_>) -> Option<Mended> {
    let mut tape = mending.tape_from(mending.start());
    let walk = objects::walk(&mut tape);
    let wrong = mending.broken().broken_at;
    let linear = linearized_length(&mut tape);
    search::each_place(mending, b"startxref", |mending, keyword| {
        // A medium may be full of the keyword.
        mending.spend(LONGEST_XREF.saturating_mul(4)).then_some(())?;
        let (byte, place) = anchor(mending, keyword, linear)?;
        let mut found: Option<Mended> = None;
        for cut in cuts(mending, walk.at, wrong.min(byte)).take(MOST_CUTS) {
            let Some(splice) = Splice::through(mending, cut, byte, place) else { continue };
            let mut tape = splice.tape(mending);
            let torn = objects::torn(&mut tape, walk.at);
            mending.spend(torn.length.max(4096)).then_some(())?;
            if !torn.holds {
                continue;
            }
            let Some(mended) = splice.checked(mending, &Pdf) else { continue };
            if torn.is_sure {
                return Some(mended);
            }
            if found.is_some() {
                return None;
            }
            found = Some(mended);
        }
        found
    })
}

/// The length a linearized file tells in its first object (ISO 32000-1, F.2.2).
fn linearized_length(tape: &mut Tape) -> Option<u64> {
    let start = tape.find(b"/Linearized", 0, 1024)?;
    let key = tape.find(b"/L ", start, start.checked_add(256)?)?;
    tokens::number(tape, key.checked_add(3)?).map(|(length, _)| length)
}

/// A byte of the file, and the place at which it stands if the "startxref" at `keyword` of the source is this file's: the
/// cross-reference, or the keyword itself in a file of `linear` bytes.
fn anchor(mending: &Mending<'_>, keyword: u64, linear: Option<u64>) -> Option<(u64, u64)> {
    let from = keyword.saturating_sub(LONGEST_XREF);
    let mut tape = mending.tape_from(from);
    let at = keyword.checked_sub(from)?;
    let digits = tokens::space(&mut tape, at.checked_add(9)?)?;
    let (byte, next) = tokens::number(&mut tape, digits)?;
    let mark = tokens::space(&mut tape, next)?;
    let end = end::at(&mut tape, mark).filter(|_| byte > 0 && tape.has(mark, b"%%EOF"))?;
    if let Some(length) = linear {
        return Some((length.checked_sub(end.end.checked_sub(at)?)?, keyword));
    }
    let before = tape.bytes(0, usize::try_from(at).ok()?).ok()?.to_vec();
    // Not the end of the "startxref" of an earlier revision.
    let is_table = |at: &usize| at.checked_sub(1).and_then(|at| before.get(at)) != Some(&b't');
    let table = memchr::memmem::rfind(&before, b"xref").filter(is_table);
    let stream = memchr::memmem::rfind(&before, b" obj").and_then(|at| start_of_line(&before, at));
    [table, stream]
        .into_iter()
        .flatten()
        .map(|at| at as u64)
        .find_map(|at| end::is_xref(&mut tape, at).then(|| (byte, from.saturating_add(at))))
}

fn start_of_line(bytes: &[u8], at: usize) -> Option<usize> {
    let line = bytes.get(..at)?;
    Some(line.iter().rposition(|byte| matches!(byte, b'\r' | b'\n')).map_or(0, |end| end.saturating_add(1)))
}
