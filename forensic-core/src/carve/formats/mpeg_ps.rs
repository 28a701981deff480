//! MPEG program and system streams, by the walk of their packs and packets (ISO/IEC 11172-1, 2.4; ISO/IEC 13818-1, 2.5).

use super::{
    mpeg_video::Pictures,
    sector::{SECTOR, boundary},
};
use crate::carve::{Break, Broken, Cause, Format, Found, Holds, Outcome, Signature, Tape};

/// MPEG program streams.
pub(super) struct ProgramStream;

const KIND: &str = "mpeg";
const ANOTHER: &str = "a stream of its own";
const SIGNATURES: &[Signature] = &[Signature::new(b"\0\0\x01\xba").when(is_pack)];
const PACK: u8 = 0xba;
const SYSTEM: u8 = 0xbb;
const END: u8 = 0xb9;
/// Packs of a stream that is believed.
const FEWEST_PACKS: u64 = 2;
const FEWEST_PACKETS: u64 = 3;
/// Bytes behind a break in which the stream may go on.
const MOST_LOST: u64 = 1 << 20;
/// Packets in a row that show that it does.
const GOES_ON: usize = 4;
/// Seconds, in ticks of 90 kHz, that pass between packs at most.
const FIRST_TICKS: u64 = 90_000 * 2;
const MOST_TICKS: u64 = 90_000 * 20;

fn is_pack(head: &[u8]) -> bool {
    head.get(4).is_some_and(|byte| byte >> 6 == 1 || byte >> 4 == 2)
}

impl Format for ProgramStream {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let mut walk = Walk::default();
        let mut bad = None;
        let (mut at, mut last, mut ended) = (0, 0, false);
        loop {
            let broken = match walk.packet(tape, at) {
                Ok(Some(next)) => {
                    (last, at) = (at, next);
                    continue;
                }
                Ok(None) => {
                    (at, ended) = (at.saturating_add(4), true);
                    break;
                }
                Err(broken) => broken,
            };
            // What is behind a lost piece belongs to the stream where its clock goes on.
            let is_another = broken.cause == Cause::Wrong(ANOTHER);
            match (walk.is_believed() && !is_another).then(|| walk.resume(tape, at)).flatten() {
                Some(next) if broken.at >= at => {
                    bad = bad.or(Some(at));
                    at = next;
                }
                _ => break,
            }
        }
        if !walk.is_believed() {
            return Outcome::No;
        }
        let found = Found::new(KIND, at).holds(Holds::Others);
        match (bad, walk.cut) {
            (Some(bad), _) => Outcome::Whole(found.damaged_at(bad)),
            (None, true) => Outcome::Broken(Broken {
                kind: KIND,
                good: tape.len(),
                broken_at: tape.len(),
                length: None,
                confidence: 80,
            }),
            // Not all streams end with a code that says so, but all end with a whole picture.
            (None, false) if !ended && walk.pictures.is_unfinished() => {
                let good = boundary(tape, last, at, SECTOR as u64).unwrap_or(at);
                Outcome::Broken(Broken { kind: KIND, good, broken_at: at, length: None, confidence: 95 })
            }
            (None, false) => Outcome::Whole(found),
        }
    }
}

#[derive(Debug, Default)]
struct Walk {
    packs: u64,
    packets: u64,
    /// The clock of the last pack.
    clock: u64,
    /// True where the first pack is of a stream's start.
    starts: bool,
    /// True where the source ends inside a packet.
    cut: bool,
    pictures: Pictures,
}

impl Walk {
    fn is_believed(&self) -> bool {
        self.starts && self.packs >= FEWEST_PACKS && self.packets >= FEWEST_PACKETS
    }

    /// Where the packet at `at` ends; `None` for the end of the stream.
    fn packet(&mut self, tape: &mut Tape, at: u64) -> Result<Option<u64>, Break> {
        tape.expect(at, b"\0\0\x01", "start code of a packet")?;
        let id = tape.byte(at.saturating_add(3))?;
        match id {
            PACK => {
                let (clock, end) = pack(tape, at)?;
                // On DVDs a clock starts again behind a whole picture.
                let is_cut = self.pictures.is_unfinished() && tape.has(end, b"\0\0\x01\xbb");
                if self.packs > 0 && clock < self.clock && (is_cut || begins_anew(tape, clock, end)) {
                    return Err(Break::wrong(at, ANOTHER));
                }
                if self.packs == 0 {
                    // The header of the system stands in the middle of a stream as well, where the clock has gone on.
                    let may_be = tape.start().is_multiple_of(SECTOR as u64) || clock < FIRST_TICKS;
                    self.starts = may_be && tape.has(end, b"\0\0\x01\xbb");
                }
                self.clock = clock;
                self.packs = self.packs.saturating_add(1);
                Ok(Some(end))
            }
            END if self.packs > 0 => Ok(None),
            SYSTEM..=0xff if self.packs > 0 => {
                let length = u64::from(tape.be16(at.saturating_add(4))?);
                let end = at.saturating_add(6).saturating_add(length);
                if length == 0 {
                    return Err(Break::wrong(at, "length of a packet"));
                }
                if end > tape.len() {
                    self.cut = true;
                    return Err(Break::wrong(at, "packet that is cut"));
                }
                if matches!(id, 0xe0..=0xef) {
                    let bytes = tape.bytes(at.saturating_add(6), usize::try_from(length).unwrap_or(0))?;
                    self.pictures.read(content(bytes));
                }
                self.packets = self.packets.saturating_add(1);
                Ok(Some(end))
            }
            _ => Err(Break::wrong(at, "start code of a packet")),
        }
    }

    /// The pack behind a break at `from` with which the stream goes on.
    fn resume(&mut self, tape: &mut Tape, from: u64) -> Option<u64> {
        let limit = from.saturating_add(MOST_LOST).min(tape.len());
        let mut at = from.saturating_add(1);
        while let Some(place) = tape.find(b"\0\0\x01\xba", at, limit) {
            let Ok((clock, end)) = pack(tape, place) else {
                at = place.saturating_add(4);
                continue;
            };
            // Behind a break, a clock that went back is of another stream.
            let goes_back = clock < self.clock && tape.has(end, b"\0\0\x01\xbb") && Self::holds_from(tape, place);
            if goes_back || begins_anew(tape, clock, end) {
                return None;
            }
            let fits = (self.clock..self.clock.saturating_add(MOST_TICKS)).contains(&clock);
            if fits && Self::holds_from(tape, place) {
                return Some(place);
            }
            at = place.saturating_add(4);
        }
        None
    }

    fn holds_from(tape: &mut Tape, place: u64) -> bool {
        let mut walk = Self::default();
        let mut at = place;
        for _ in 0..GOES_ON {
            match walk.packet(tape, at) {
                Ok(Some(next)) => at = next,
                Ok(None) => return walk.packets > 0,
                Err(_) => return false,
            }
        }
        true
    }
}

/// What a packet of video holds behind its header.
fn content(packet: &[u8]) -> &[u8] {
    let head = match packet {
        [0x80..=0xbf, _, length, ..] => usize::from(*length).saturating_add(3),
        // MPEG-1: stuffing, the size of a buffer, and one or two times of five bytes, or a byte that says there are none.
        _ => {
            let stuffing = packet.iter().position(|byte| *byte != 0xff).unwrap_or(packet.len());
            let buffer = if packet.get(stuffing).is_some_and(|byte| byte >> 6 == 1) { 2 } else { 0 };
            let head = stuffing.saturating_add(buffer);
            head.saturating_add(match packet.get(head).map(|byte| byte >> 4) {
                Some(2) => 5,
                Some(3) => 10,
                _ => 1,
            })
        }
    };
    packet.get(head..).unwrap_or(&[])
}

/// True where the pack whose header ends at `end` begins a stream: with the header of the system, at the start of its clock. On
/// DVDs the clock starts again within a file, behind a navigation pack.
fn begins_anew(tape: &mut Tape, clock: u64, end: u64) -> bool {
    let system = tape.has(end, b"\0\0\x01\xbb");
    let length = tape.be16(end.saturating_add(4)).map_or(0, u64::from);
    let navigation = end.saturating_add(6).saturating_add(length);
    system && clock < FIRST_TICKS && !tape.has(navigation, b"\0\0\x01\xbf")
}

/// The clock of the pack header at `at`, and where the header ends.
fn pack(tape: &mut Tape, at: u64) -> Result<(u64, u64), Break> {
    let bytes: [u8; 10] = tape.array(at.saturating_add(4))?;
    let [a, b, c, d, e, f, ..] = bytes.map(u64::from);
    let wrong = Break::wrong(at, "pack header");
    if a >> 6 == 1 {
        // Marker bits stand between the parts of the clock.
        if a & 4 == 0 || c & 4 == 0 || e & 4 == 0 || f & 1 == 0 {
            return Err(wrong);
        }
        let clock = (a >> 3 & 7) << 30 | (a & 3) << 28 | b << 20 | (c >> 3) << 15 | (c & 3) << 13 | d << 5 | e >> 3;
        let stuffing = u64::from(bytes.last().copied().unwrap_or(0) & 7);
        return Ok((clock, at.saturating_add(14).saturating_add(stuffing)));
    }
    if a >> 4 != 2 || a & 1 == 0 || c & 1 == 0 || e & 1 == 0 || f & 0x80 == 0 {
        return Err(wrong);
    }
    let clock = (a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1;
    Ok((clock, at.saturating_add(12)))
}
