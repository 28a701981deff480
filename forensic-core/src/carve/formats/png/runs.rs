//! A PNG piece by piece: its chunks one behind another, and its rows as they come out of the data.

use super::{
    super::runs::{Fit, Follow, is_foreign},
    inflate::Stream,
    walk::{Chunk, Picture},
};
use crate::carve::Tape;

/// What a checksum that holds is worth, in bytes that inflate.
const CHECKSUM: u64 = 64 << 10;

/// The walk through a PNG up to the byte at which a piece ends.
#[derive(Default)]
pub(in super::super) struct Chunks {
    settled: Option<Walk>,
}

#[derive(Clone)]
struct Walk {
    last: [u8; 4],
    stream: Stream,
    /// The chunk that is not over, and the byte up to which its data is in the stream.
    at: u64,
    fed: u64,
    /// Chunks whose checksum holds.
    sound: u64,
}

/// Where a walk came to.
enum Stop {
    Here,
    Ends,
    Wrong,
}

impl Follow for Chunks {
    fn settle(&mut self, tape: &mut Tape, cut: u64) -> bool {
        self.settled = None;
        let (Ok((_, last)), Ok(picture)) = (super::family(tape), Picture::read(tape)) else { return false };
        let mut walk = Walk { last, stream: Stream::new(&picture), at: 8, fed: 0, sound: 0 };
        let holds = picture.width > 0 && matches!(walk.walk(tape, cut), Stop::Here);
        self.settled = holds.then_some(walk);
        holds
    }

    fn fit(&mut self, tape: &mut Tape, cut: u64, end: u64) -> Option<Fit> {
        let mut walk = self.settled.clone()?;
        let end_of_data = |tape: &mut Tape| Some(Chunk::read(tape, walk.at).ok()?.data_end());
        if walk.fed == cut && is_foreign(tape, cut, end_of_data) {
            return None;
        }
        let before = walk.sound;
        let ends = match walk.walk(tape, end) {
            Stop::Wrong => return None,
            Stop::Ends => true,
            Stop::Here => false,
        };
        let sound = walk.sound.saturating_sub(before);
        let inflated = if walk.fed == end { end.saturating_sub(cut) } else { 0 };
        Some(Fit { score: sound.saturating_mul(CHECKSUM).saturating_add(inflated), ends })
    }
}

impl Walk {
    /// Walks on to byte `end`, that of the tape.
    fn walk(&mut self, tape: &mut Tape, end: u64) -> Stop {
        while self.at.saturating_add(8) <= end {
            let Ok(chunk) = Chunk::read(tape, self.at) else { return Stop::Wrong };
            if &chunk.name == b"IDAT" {
                let (from, to) = (self.fed.max(chunk.data()), chunk.data_end().min(end));
                if from < to && self.stream.chunk(tape, from, to).is_err() {
                    return Stop::Wrong;
                }
                self.fed = to.max(self.fed);
            }
            if chunk.end() > end {
                return Stop::Here;
            }
            if chunk.is_sound(tape) != Ok(true) {
                return Stop::Wrong;
            }
            self.sound = self.sound.saturating_add(1);
            if chunk.name == self.last && chunk.length == 0 {
                return Stop::Ends;
            }
            self.at = chunk.end();
        }
        Stop::Here
    }
}
