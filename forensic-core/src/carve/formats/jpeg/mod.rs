//! JPEG, by the walk of its segments and of every code of its entropy-coded data (ITU-T T.81).

mod damage;
mod entropy;
mod fragments;
mod held;
mod likely;
mod memory;
mod pictures;
mod progressive;
mod runs;
mod seam;
mod sequential;
mod walk;

use self::{
    markers::Process,
    memory::Memory,
    walk::{Pause, State},
};
use crate::{
    carve::{Break, Broken, Format, Found, Mended, Mending, Outcome, Signature, Tape},
    picture::jpeg::syntax::{bits, bursts, codes, huffman, markers, segment},
};

/// JPEG pictures.
pub(super) struct Jpeg;

const KIND: &str = "jpeg";
/// Bytes before the codes of a frame of video.
const HEAD: u64 = 4096;
const SIGNATURES: &[Signature] = &[Signature::new(&[0xff, 0xd8, 0xff]).when(plausible)];

impl Format for Jpeg {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let (mut state, mut memory) = (State::new(0), Memory::default());
        match state.walk(tape, &mut memory, u64::MAX) {
            Ok(Pause::End(end)) => Outcome::Whole(found(&state, pictures::end(tape, &state, end))),
            Ok(Pause::Stopped) => Outcome::No,
            Err(broken) => broken_outcome(tape, &state, broken),
        }
    }

    fn mend(&self, mending: &mut Mending<'_>) -> Option<Mended> {
        match runs::mend(mending).or_else(|| fragments::mend(mending)) {
            Some(mended) => Some(damage::in_place(mending, &mended).unwrap_or(mended)),
            None => damage::judge(mending),
        }
    }
}

/// A second marker with a length, or another marker.
fn plausible(head: &[u8]) -> bool {
    match head {
        [
            _,
            _,
            _,
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcf | 0xc4 | 0xdb | 0xdd | 0xe0..=0xef | 0xf7 | 0xfe,
            high,
            low,
            ..,
        ] => u16::from_be_bytes([*high, *low]) > 2,
        [_, _, _, 0xff, ..] => true,
        _ => false,
    }
}

fn found(state: &State, length: u64) -> Found {
    let walked = state.frame().is_some_and(|frame| frame.process != Process::Other && frame.can_be_remembered());
    Found::new(KIND, length).confidence(if walked { 100 } else { 70 })
}

fn broken_outcome(tape: &mut Tape, state: &State, broken: Break) -> Outcome {
    let structure = state.scans() > 0 || state.frame().is_some() || state.told.known > 1;
    if !structure {
        return Outcome::No;
    }
    let good = state.held().min(broken.at);
    let sure = state.scans() > 0 || state.told.known > 1 && good >= HEAD;
    Outcome::Broken(Broken {
        kind: KIND,
        good: if state.in_data() { held::held(tape, broken.at) } else { good },
        broken_at: broken.at.max(good),
        length: None,
        confidence: if sure { 95 } else { 50 },
    })
}

/// True where the bytes from `from` to `to` begin as a picture with its own codes and are none to its end.
pub(super) fn is_torn(tape: &mut Tape, from: u64, to: u64) -> bool {
    check_inside(tape, from, to).is_some_and(|answer| !matches!(answer, Outcome::Whole(Found { damaged_at: None, .. })))
}

/// Where the picture with its own codes that begins at `from` breaks, before the bytes to `to` are over.
pub(super) fn torn_at(tape: &mut Tape, from: u64, to: u64) -> Option<u64> {
    match check_inside(tape, from, to)? {
        Outcome::Broken(broken) if from.saturating_add(broken.broken_at) < to.min(tape.len()) => {
            Some(from.saturating_add(broken.good))
        }
        _ => None,
    }
}

/// What the bytes from `from` to `to` are by themselves; `None` where they do not begin as a picture with its own codes.
fn check_inside(tape: &mut Tape, from: u64, to: u64) -> Option<Outcome> {
    let head_end = from.saturating_add(HEAD).min(to);
    if !tape.has(from, b"\xff\xd8\xff") || tape.find(b"\xff\xc4", from, head_end).is_none() {
        return None;
    }
    Some(tape.within(from, to, |tape| Jpeg.check(tape)))
}
