//! AVI: the header list, the chunks of the streams, and their indexes, in one RIFF or, above a gigabyte, in several.

use super::Chunk;
use crate::carve::{
    Break, Broken, Format, Found, Mended, Mending, Outcome, Tape,
    formats::{
        chain::{self, Chain, Gap},
        jpeg,
    },
};

const KIND: &str = "avi";
/// A list that goes on to nobody knows where: the recording was not closed.
const OPEN: u64 = 0;
/// Bytes of an entry of the index.
const ENTRY: u64 = 16;
/// Chunks in a row with which a file goes on, and the longest of them.
const GOES_ON: usize = 4;
const LONGEST: u64 = 64 << 20;
/// Parts of a long recording.
const MOST_PARTS: usize = 1 << 12;

pub(super) fn check(tape: &mut Tape) -> Outcome {
    let mut walk = Walk::default();
    let end = walk.file(tape);
    let confidence = if walk.open { 70 } else { 95 };
    match (end, walk.bad) {
        (Ok(end), None) if walk.frames > 0 => Outcome::Whole(Found::new(KIND, end).confidence(confidence)),
        (Ok(end), Some(bad)) if walk.frames > 0 => Outcome::Whole(Found::new(KIND, end).damaged_at(bad)),
        (Err(broken), _) if walk.frames > 0 => Outcome::Broken(Broken {
            kind: KIND,
            good: walk.good.min(tape.len()),
            broken_at: broken.at.max(walk.good),
            length: walk.length(tape),
            confidence: if walk.frames > 3 { 95 } else { 80 },
        }),
        _ => Outcome::No,
    }
}

/// A walk over the chunks.
#[derive(Default)]
struct Walk {
    /// Bytes that hold so far.
    good: u64,
    /// Chunks of streams so far.
    frames: u64,
    /// The first chunk that is none, in a list whose end is where it should be.
    bad: Option<u64>,
    open: bool,
    /// Where the last chunk, or entry of the index, begins.
    last: u64,
    /// Where the list of streams begins, its name included, and where it ends.
    streams_start: u64,
    streams_end: u64,
    /// Entries of the index that tell of a chunk that is there, and of one that is not.
    told: u64,
    mistold: u64,
}

impl Walk {
    /// The end of the file.
    fn file(&mut self, tape: &mut Tape) -> Result<u64, Break> {
        let mut at = 0;
        for part in 0..MOST_PARTS {
            let riff = Chunk::at(tape, at)?;
            self.open = riff.size() == OPEN;
            let end = if self.open { tape.len() } else { riff.end };
            at = match self.part(tape, riff, end, part == 0)? {
                stop if self.open => return Ok(stop),
                _ => riff.next(),
            };
            self.good = riff.end;
            let goes_on = tape.has(at, b"RIFF") && tape.has(at.saturating_add(8), b"AVIX");
            if !goes_on {
                return Ok(riff.end);
            }
        }
        Err(Break::wrong(at, "number of RIFF parts"))
    }

    /// Walks the chunks of a RIFF; gives where they end.
    fn part(&mut self, tape: &mut Tape, riff: Chunk, end: u64, first: bool) -> Result<u64, Break> {
        let mut at = riff.start.saturating_add(12);
        let mut headers = !first;
        while at.saturating_add(8) <= end {
            let chunk = match Chunk::at(tape, at) {
                Ok(chunk) if chunk.end <= end => chunk,
                Ok(_) if self.open && self.frames > 0 => return Ok(at),
                Ok(_) => return Err(Break::wrong(at, "size of a chunk")),
                Err(_) if self.open && self.frames > 0 => return Ok(at),
                Err(broken) => return Err(broken),
            };
            match (&chunk.id, tape.array::<4>(chunk.body())) {
                (b"LIST", Ok(name)) if &name == b"hdrl" => {
                    tape.expect(chunk.body().saturating_add(4), b"avih", "main AVI header")?;
                    headers = true;
                }
                (b"LIST", Ok(name)) if &name == b"movi" && headers => {
                    let open = chunk.size() == 4 || self.open;
                    let stop = self.streams(tape, chunk, if open { end } else { chunk.end })?;
                    if open {
                        self.open = true;
                        at = stop;
                        continue;
                    }
                }
                (b"idx1", _) => self.index(tape, chunk)?,
                (b"LIST" | b"JUNK" | b"IDIT" | b"ISFT" | b"indx" | b"vprp" | b"Junk" | b"junk", _) => {}
                (id, _) if super::is_name(*id) && headers && !self.open => {}
                _ if self.open && self.frames > 0 => return Ok(at),
                _ => return Err(Break::wrong(at, "chunk")),
            }
            self.good = chunk.end;
            at = chunk.next();
        }
        // What does not make a chunk may fill the RIFF up.
        if end > tape.len() { Err(Break::wrong(tape.len(), "end of a RIFF")) } else { Ok(end) }
    }

    /// Walks the chunks of the streams in the list `movi`; gives where they end.
    fn streams(&mut self, tape: &mut Tape, movi: Chunk, end: u64) -> Result<u64, Break> {
        let mut at = movi.body().saturating_add(4);
        (self.streams_start, self.streams_end) = (movi.body(), end);
        while at.saturating_add(8) <= end {
            let chunk = Chunk::at(tape, at)?;
            let fits = chunk.end <= end;
            if &chunk.id == b"LIST" && fits && tape.has(chunk.body(), b"rec ") {
                at = chunk.body().saturating_add(4);
                continue;
            }
            if !fits || !is_stream(chunk.id) {
                // An index is behind the list, or another part: the list is there, and not all that is in it.
                if Self::ends_well(tape, end) {
                    self.bad = self.bad.or(Some(at));
                    return Ok(end);
                }
                return if movi.size() == 4 || self.open { Ok(at) } else { Err(Break::wrong(at, "chunk of a stream")) };
            }
            self.frames = self.frames.saturating_add(1);
            self.last = at;
            self.good = chunk.end.min(tape.len());
            at = chunk.next();
        }
        Ok(end)
    }

    /// Looks at the entries of the index; each names a stream, and the place of a chunk from the name of the list or from the start
    /// of the file on.
    fn index(&mut self, tape: &mut Tape, index: Chunk) -> Result<(), Break> {
        for entry in (index.body()..index.end.saturating_sub(ENTRY.saturating_sub(1))).step_by(16) {
            if !is_entry(tape, entry) {
                return Err(Break::wrong(entry, "entry of the index"));
            }
            let id: [u8; 4] = tape.array(entry)?;
            let (place, size) = (tape.le32(entry.saturating_add(8))?, tape.le32(entry.saturating_add(12))?);
            let is_there = [self.streams_start, 0].into_iter().any(|base| {
                let chunk = Chunk::at(tape, base.saturating_add(u64::from(place)));
                chunk.is_ok_and(|chunk| chunk.id == id && (chunk.size() == u64::from(size) || &id == b"rec "))
            });
            let count = if is_there { &mut self.told } else { &mut self.mistold };
            *count = count.saturating_add(1);
            self.last = entry;
            self.good = entry;
        }
        Ok(())
    }

    fn ends_well(tape: &mut Tape, end: u64) -> bool {
        let next = end.saturating_add(end & 1);
        [b"idx1", b"JUNK", b"RIFF"].iter().any(|id| tape.has(end, *id) || tape.has(next, *id))
    }

    fn length(&self, tape: &mut Tape) -> Option<u64> {
        Chunk::at(tape, 0).ok().map(|riff| riff.end).filter(|_| !self.open)
    }
}

impl Chain for Walk {
    fn gap(&mut self, tape: &mut Tape) -> Option<Gap> {
        *self = Self::default();
        let broken = self.file(tape).err()?;
        (self.frames > 0).then_some(Gap { last: self.last, next: broken.at })
    }

    /// Frames of Motion JPEG are pictures.
    fn holds_files(&self) -> bool {
        true
    }

    fn refutes(&self, tape: &mut Tape, gap: Gap) -> bool {
        jpeg::is_torn(tape, gap.last.saturating_add(8), gap.next)
    }

    fn agrees(&self) -> bool {
        self.mistold <= self.told / 64
    }

    fn goes_on(&self, tape: &mut Tape, at: u64, next: u64) -> bool {
        if next > self.streams_end {
            return (0..8u64).all(|n| is_entry(tape, at.saturating_add(n.saturating_mul(ENTRY))));
        }
        let mut place = at;
        for _ in 0..GOES_ON {
            let file = next.saturating_add(place.saturating_sub(at));
            if file == self.streams_end || file == self.streams_end.saturating_add(1) {
                return Self::ends_well(tape, place);
            }
            match Chunk::at(tape, place) {
                Ok(chunk) if is_stream(chunk.id) && chunk.size() < LONGEST => place = chunk.next(),
                _ => return false,
            }
        }
        true
    }
}

/// Puts a fragmented file together.
pub(super) fn mend(mending: &mut Mending<'_>, format: &dyn Format) -> Option<Mended> {
    chain::mended(mending, format, &mut Walk::default())
}

/// True where an entry of an index stands at `at`.
fn is_entry(tape: &mut Tape, at: u64) -> bool {
    tape.array(at).is_ok_and(|id| is_stream(id) || &id == b"rec ")
}

/// True for chunks of streams: two digits and what they hold, or an index.
fn is_stream(id: [u8; 4]) -> bool {
    let digits = |a: u8, b: u8| a.is_ascii_hexdigit() && b.is_ascii_hexdigit();
    match id {
        [b'i', b'x', a, b] => digits(a, b),
        [a, b, c, d] if digits(a, b) => {
            matches!(
                &[c, d],
                b"dc" | b"db" | b"wb" | b"tx" | b"pc" | b"sb" | b"st" | b"iv" | b"dd" | b"__" | b"DC" | b"DB" | b"WB"
            )
        }
        id => matches!(&id, b"JUNK" | b"Junk" | b"junk" | b"idx1"),
    }
}
