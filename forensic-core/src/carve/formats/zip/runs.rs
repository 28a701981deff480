//! A ZIP file piece by piece: each member inflates, or has its checksum, or is a file that is known piece by piece itself; then
//! the directory and its end.

use super::{
    headers::{CENTRAL, Central, DEFLATED, END, LOCAL, Member, STORED},
    layout, verify,
};
use crate::carve::{
    Cause, Tape,
    formats::{
        png,
        runs::{Fit, Follow, is_foreign},
    },
};

/// Files in one another.
const DEEPEST: usize = 3;
/// What a checksum that holds, and an entry of the directory, are worth, in bytes that inflate.
const CHECKSUM: u64 = 64 << 10;
const ENTRY: u64 = 4 << 10;

/// The parts of a ZIP file up to the byte at which a piece ends.
pub(in super::super) struct Parts {
    /// The part that is not over.
    at: u64,
    /// The file that is stored in it, and where its data lies.
    inner: Option<(u64, u64, Box<dyn Follow>)>,
    deflated: bool,
    depth: usize,
}

impl Parts {
    pub(in super::super) fn new() -> Self {
        Self { at: 0, inner: None, deflated: false, depth: DEEPEST }
    }
}

/// Where a walk came to.
enum Stop {
    /// At the end of the tape, in the part that begins here.
    In(u64),
    Ends,
    Wrong,
}

impl Follow for Parts {
    fn settle(&mut self, tape: &mut Tape, cut: u64) -> bool {
        let Stop::In(at) = walk(tape, 0, &mut 0) else { return false };
        (self.at, self.inner, self.deflated) = (at, None, false);
        if let Ok((member, data)) = Member::local(tape, at) {
            self.deflated = member.method == DEFLATED && data < cut;
            let end = data.saturating_add(member.packed);
            if member.method == STORED && self.depth > 0 && data < cut && end > cut {
                let mut inner: Box<dyn Follow> = match tape.array::<4>(data) {
                    Ok([0x89, b'P', b'N', b'G']) => Box::new(png::Chunks::default()),
                    Ok(magic) if &magic == LOCAL => {
                        Box::new(Self { depth: self.depth.saturating_sub(1), ..Self::new() })
                    }
                    _ => return true,
                };
                if tape.within(data, cut, |tape| inner.settle(tape, cut.saturating_sub(data))) {
                    self.inner = Some((data, end, inner));
                }
            }
        }
        true
    }

    fn fit(&mut self, tape: &mut Tape, cut: u64, end: u64) -> Option<Fit> {
        let end_of_data = |tape: &mut Tape| {
            let (member, data) = Member::local(tape, self.at).ok()?;
            Some(data.saturating_add(member.packed))
        };
        if self.deflated && is_foreign(tape, cut, end_of_data) {
            return None;
        }
        let mut score = 0u64;
        if let Some((data, inner_end, inner)) = &mut self.inner {
            let (data, to) = (*data, end.min(*inner_end));
            let fit =
                tape.within(data, to, |tape| inner.fit(tape, cut.saturating_sub(data), to.saturating_sub(data)))?;
            score = fit.score;
        }
        match walk(tape, self.at, &mut score) {
            // What is stored and not known inside may be anything.
            Stop::In(_) => (score > 0).then_some(Fit { score, ends: false }),
            Stop::Ends => Some(Fit { score, ends: true }),
            Stop::Wrong => None,
        }
    }
}

/// Walks from the part at `at` on to the end of the tape; adds to `score` what speaks for what it met.
fn walk(tape: &mut Tape, mut at: u64, score: &mut u64) -> Stop {
    let length = tape.len();
    loop {
        let Ok(magic) = tape.array::<4>(at) else { return Stop::In(at) };
        match &magic {
            LOCAL => match verify::member(tape, at) {
                Ok((end, is_sound)) if end <= length => {
                    *score = score.saturating_add(if is_sound { CHECKSUM } else { 1 });
                    at = end;
                }
                // What inflates to the end of the tape speaks for itself.
                Err(hurt) if hurt.at >= length => {
                    *score = score.saturating_add(if hurt.inflated > 0 { length.saturating_sub(at) } else { 0 });
                    return Stop::In(at);
                }
                _ => return Stop::Wrong,
            },
            CENTRAL => match Central::read(tape, at) {
                Ok(entry) => {
                    *score = score.saturating_add(ENTRY);
                    at = entry.end;
                }
                Err(broken) if broken.cause == Cause::End => return Stop::In(at),
                Err(_) => return Stop::Wrong,
            },
            END => return Stop::Ends,
            _ => match layout::filling(tape, at) {
                Ok(end) => at = end,
                Err(broken) if broken.cause == Cause::End => return Stop::In(at),
                Err(_) => return Stop::Wrong,
            },
        }
    }
}
