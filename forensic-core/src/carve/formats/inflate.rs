//! Deflate streams (RFC 1951) read off a tape to their end, in bounded memory.

use crate::carve::{Break, Tape};
use flate2::{Decompress, FlushDecompress, Status};

const OUT: usize = 64 << 10;

/// A deflate stream that came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Inflated {
    /// The byte behind it.
    pub(super) end: u64,
    /// Bytes it stands for.
    pub(super) size: u64,
    /// Their CRC-32.
    pub(super) crc: u32,
}

/// Where and after how much a deflate stream broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Torn {
    pub(super) broken: Break,
    /// Bytes it gave before.
    pub(super) size: u64,
}

/// Inflates what stands at `at`; no byte from `limit` on is read.
pub(super) fn raw(tape: &mut Tape, at: u64, limit: u64) -> Result<Inflated, Torn> {
    stream(tape, at, limit, false)
}

/// The same for a stream in zlib's frame (RFC 1950), whose Adler-32 is checked.
pub(super) fn zlib(tape: &mut Tape, at: u64, limit: u64) -> Result<Inflated, Torn> {
    stream(tape, at, limit, true)
}

fn stream(tape: &mut Tape, mut at: u64, limit: u64, frame: bool) -> Result<Inflated, Torn> {
    let mut inflater = Decompress::new(frame);
    let mut crc = crc32fast::Hasher::new();
    let mut out = vec![0; OUT];
    let mut size = 0u64;
    loop {
        let torn = |broken| Torn { broken, size };
        let room = limit.saturating_sub(at);
        let window = tape.window(at).map_err(torn)?;
        let window = window.get(..usize::try_from(room).unwrap_or(usize::MAX)).unwrap_or(window);
        if window.is_empty() {
            return Err(torn(Break::wrong(at, "end of the deflate stream")));
        }
        let before = (inflater.total_in(), inflater.total_out());
        let status = inflater.decompress(window, &mut out, FlushDecompress::None);
        let read = inflater.total_in().saturating_sub(before.0);
        let given = inflater.total_out().saturating_sub(before.1);
        at = at.saturating_add(read);
        tape.charge(read);
        tape.work(given);
        let Ok(status) = status else { return Err(torn(Break::wrong(at, "deflate stream"))) };
        let fresh = usize::try_from(given).ok().and_then(|given| out.get(..given)).unwrap_or_default();
        crc.update(fresh);
        size = size.saturating_add(given);
        if status == Status::StreamEnd {
            return Ok(Inflated { end: at, size, crc: crc.finalize() });
        }
        if read == 0 && given == 0 {
            return Err(Torn { broken: Break::wrong(at, "deflate stream"), size });
        }
    }
}
