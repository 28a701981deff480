//! The bytes of a candidate, from its first on: what a validator reads.

use super::{Break, Cause};
use crate::bytes::{ReadAt, Source};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// The first read at a place; each read that goes on where the last ended is twice as long.
const FIRST_READ: u64 = 4 << 10;
const LONGEST_READ: u64 = 256 << 10;
/// The most that [`Tape::bytes`] gives at once.
const LONGEST_SLICE: u64 = 16 << 20;
/// A longer buffer is not kept to be read into.
const LONGEST_SPARE: u64 = 2 << 20;
/// The piece that is still read where a longer one cannot be.
const SMALLEST_READ: u64 = 512;
const WINDOWS: usize = 4;
/// What a tape of its own, and each look at it, costs where many are tried, in bytes that could be read meanwhile.
const TAPE: u64 = 256;
const LOOK: u64 = 8;

/// What tapes may spend together: bytes read, and work that takes as long.
#[derive(Debug, Clone)]
pub(super) struct Meter(Arc<AtomicU64>);

impl Meter {
    pub(super) fn new(bytes: u64) -> Self {
        Self(Arc::new(AtomicU64::new(bytes)))
    }

    pub(super) fn left(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Takes `bytes`; false where fewer are left, and then none are.
    pub(super) fn take(&self, bytes: u64) -> bool {
        let left = self.left();
        self.0.store(left.saturating_sub(bytes), Relaxed);
        bytes < left
    }
}

/// Bytes from the start of a candidate to the end of the source, by their offset from that start.
///
/// Reads are buffered in a few windows, so that neighbouring fields and a walk from front to back cost one read of the
/// source each 256 KiB. Every read may end the walk: `?` takes the [`Break`] out.
pub struct Tape {
    source: Source,
    start: u64,
    end: u64,
    windows: [Window; WINDOWS],
    /// The window to give up next.
    oldest: usize,
    /// The buffer of one that was given up, to be read into: a new one would have to be zeroed first.
    spare: Vec<u8>,
    next_read: u64,
    budget: u64,
    meter: Option<Meter>,
}

#[derive(Default)]
struct Window {
    start: u64,
    length: usize,
    /// As many at least; what follows is of no meaning.
    bytes: Vec<u8>,
}

impl Window {
    fn end(&self) -> u64 {
        self.start.saturating_add(self.length as u64)
    }

    fn from(&self, offset: u64, end: u64) -> Option<&[u8]> {
        let inside = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        let length = usize::try_from(end.min(self.end()).checked_sub(offset)?).ok()?;
        let bytes = self.bytes.get(inside..inside.checked_add(length)?)?;
        (!bytes.is_empty()).then_some(bytes)
    }
}

impl Tape {
    /// The bytes of `source` from `start` on.
    pub fn new(source: Source, start: u64) -> Self {
        let end = source.len();
        let (windows, oldest, spare) = Default::default();
        Self { source, start, end, windows, oldest, spare, next_read: FIRST_READ, budget: u64::MAX, meter: None }
    }

    /// The same tape, with all that is read of it on `meter`.
    pub(super) fn metered(self, meter: Meter) -> Self {
        let mut tape = Self { meter: Some(meter), ..self };
        tape.work(TAPE);
        tape
    }

    /// The same tape, put to another start and end in the source; what is buffered stays.
    pub(crate) fn seat(&mut self, start: u64, end: u64) {
        self.start = start;
        self.end = end.min(self.source.len());
        self.next_read = FIRST_READ;
    }

    /// What `look` says of bytes `from` to `to` of this file, as if they were one.
    pub(crate) fn within<T>(&mut self, from: u64, to: u64, look: impl FnOnce(&mut Self) -> T) -> T {
        let (start, end) = (self.start, self.end);
        self.seat(start.saturating_add(from), start.saturating_add(to).min(end));
        let answer = look(self);
        self.seat(start, end);
        answer
    }

    /// Puts bytes of the source that the caller has read already into a window.
    pub(crate) fn lend(&mut self, start: u64, bytes: &[u8]) {
        let mut window = std::mem::take(&mut self.spare);
        window.clear();
        window.extend_from_slice(bytes);
        self.put(Window { start, length: window.len(), bytes: window });
    }

    /// How many bytes may still be read from the source, or looked at once more, before the walk ends with
    /// [`Cause::Spent`].
    pub(crate) fn allow(&mut self, bytes: u64) {
        self.budget = bytes;
    }

    /// Counts bytes that were looked at among those allowed: what is buffered costs no read, and yet time.
    pub(crate) fn charge(&mut self, bytes: u64) {
        self.budget = self.budget.saturating_sub(bytes);
        self.work(bytes);
    }

    /// Counts work on what was read, in bytes that could be read meanwhile, where it is bounded: where the rest of a file is
    /// looked for.
    pub(crate) fn work(&mut self, bytes: u64) {
        if self.meter.as_ref().is_some_and(|meter| !meter.take(bytes)) {
            self.budget = 0;
        }
    }

    /// What is left of the bytes allowed.
    pub(crate) fn allowed(&self) -> u64 {
        self.budget
    }

    /// Bytes from the start to the end of the source.
    pub fn len(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// True where there is no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the start lies in the source.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The bytes from `at` on that are buffered: one at least, and no more than the source has.
    ///
    /// # Errors
    /// A [`Break`] at `at` where there is no byte to be had.
    pub fn window(&mut self, at: u64) -> Result<&[u8], Break> {
        let offset = self.place(at, 1)?;
        if self.budget == 0 {
            return Err(Break { at, cause: Cause::Spent });
        }
        let index = match self.holding(offset, 1) {
            Some(index) => index,
            None => self.load(at, offset, 1)?,
        };
        self.slice(index, offset).ok_or(Break { at, cause: Cause::End })
    }

    /// Exactly `length` bytes from `at` on, 16 MiB at most.
    ///
    /// # Errors
    /// A [`Break`] where they cannot be had: at the end of the source, at `at` otherwise.
    pub fn bytes(&mut self, at: u64, length: usize) -> Result<&[u8], Break> {
        if length == 0 {
            return Ok(&[]);
        }
        let offset = self.place(at, length as u64)?;
        if self.budget == 0 {
            return Err(Break { at, cause: Cause::Spent });
        }
        self.charge(length as u64);
        self.work(LOOK);
        let index = match self.holding(offset, length as u64) {
            Some(index) => index,
            None => self.load(at, offset, length as u64)?,
        };
        self.slice(index, offset).and_then(|bytes| bytes.get(..length)).ok_or(Break { at, cause: Cause::Unreadable })
    }

    /// `N` bytes at `at`.
    ///
    /// # Errors
    /// As [`Tape::bytes`].
    pub fn array<const N: usize>(&mut self, at: u64) -> Result<[u8; N], Break> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(at, N)?);
        Ok(array)
    }

    /// True where `bytes` stand at `at`.
    pub fn has(&mut self, at: u64, bytes: &[u8]) -> bool {
        self.bytes(at, bytes.len()).is_ok_and(|found| found == bytes)
    }

    /// Goes on where `bytes` stand at `at`.
    ///
    /// # Errors
    /// A [`Break`] that names `structure` where other bytes stand there, or as [`Tape::bytes`].
    pub fn expect(&mut self, at: u64, bytes: &[u8], structure: &'static str) -> Result<(), Break> {
        match self.bytes(at, bytes.len())? {
            found if found == bytes => Ok(()),
            _ => Err(Break::wrong(at, structure)),
        }
    }

    /// The first place from `from` on, and before `to`, at which `needle` begins; `None` where it does not, or where the source
    /// ends or cannot be read before.
    pub fn find(&mut self, needle: &[u8], from: u64, to: u64) -> Option<u64> {
        let overlap = (needle.len() as u64).checked_sub(1)?;
        let mut at = from;
        while at < to {
            // The needle may stand across the end of what is buffered; nothing behind `to` is looked at.
            let wanted = usize::try_from(to.saturating_sub(at).saturating_add(overlap)).unwrap_or(usize::MAX);
            let buffered = self.window(at).ok()?.len().min(wanted).max(needle.len());
            let window = self.bytes(at, buffered).ok()?;
            if let Some(found) = memchr::memmem::find(window, needle) {
                return at.checked_add(found as u64).filter(|found| *found < to);
            }
            at = at.checked_add((window.len() as u64).saturating_sub(overlap))?;
        }
        None
    }

    /// The place in the source of byte `at`, with `length` bytes behind it.
    fn place(&self, at: u64, length: u64) -> Result<u64, Break> {
        let end = Break { at: self.len(), cause: Cause::End };
        if length > LONGEST_SLICE {
            return Err(Break { at, cause: Cause::Spent });
        }
        let offset = self.start.checked_add(at).ok_or(end)?;
        match offset.checked_add(length) {
            Some(stop) if stop <= self.end => Ok(offset),
            _ => Err(end),
        }
    }

    fn holding(&self, offset: u64, length: u64) -> Option<usize> {
        let stop = offset.checked_add(length)?;
        self.windows.iter().position(|window| window.start <= offset && stop <= window.end())
    }

    fn slice(&self, index: usize, offset: u64) -> Option<&[u8]> {
        self.windows.get(index)?.from(offset, self.end)
    }

    /// Reads a window that begins at `offset` and has `least` bytes.
    fn load(&mut self, at: u64, offset: u64, least: u64) -> Result<usize, Break> {
        let goes_on = self.windows.iter().any(|window| window.end() == offset);
        self.next_read = if goes_on { self.next_read.saturating_mul(2).min(LONGEST_READ) } else { FIRST_READ };
        let there = self.source.len().saturating_sub(offset);
        let mut length = self.next_read.max(least).min(there);
        loop {
            if length > self.budget {
                return Err(Break { at, cause: Cause::Spent });
            }
            self.charge(length);
            if let Some(window) = self.read(offset, length) {
                return Ok(self.put(window));
            }
            let shorter = (length / 2).max(SMALLEST_READ).max(least);
            if shorter >= length {
                return Err(Break { at, cause: Cause::Unreadable });
            }
            length = shorter;
        }
    }

    fn read(&mut self, start: u64, length: u64) -> Option<Window> {
        let length = usize::try_from(length).ok()?;
        let mut bytes = std::mem::take(&mut self.spare);
        if bytes.len() < length {
            bytes = vec![0; length];
        }
        self.source.read_at(start, bytes.get_mut(..length)?).ok()?;
        Some(Window { start, length, bytes })
    }

    fn put(&mut self, window: Window) -> usize {
        let index = self.oldest;
        self.oldest = index.wrapping_add(1) % WINDOWS;
        if let Some(place) = self.windows.get_mut(index) {
            let Window { bytes, .. } = std::mem::replace(place, window);
            self.spare = if bytes.capacity() as u64 <= LONGEST_SPARE { bytes } else { Vec::new() };
        }
        index
    }
}

macro_rules! numbers {
    ($($name:ident $type:ty, $from:ident, $doc:literal;)*) => {
        impl Tape {$(
            #[doc = $doc]
            ///
            /// # Errors
            /// As [`Tape::bytes`].
            pub fn $name(&mut self, at: u64) -> Result<$type, Break> {
                self.array(at).map(<$type>::$from)
            }
        )*}
    };
}

numbers! {
    byte u8, from_le_bytes, "The byte at `at`.";
    le16 u16, from_le_bytes, "The little-endian number of two bytes at `at`.";
    le32 u32, from_le_bytes, "The little-endian number of four bytes at `at`.";
    le64 u64, from_le_bytes, "The little-endian number of eight bytes at `at`.";
    be16 u16, from_be_bytes, "The big-endian number of two bytes at `at`.";
    be32 u32, from_be_bytes, "The big-endian number of four bytes at `at`.";
    be64 u64, from_be_bytes, "The big-endian number of eight bytes at `at`.";
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn tape(length: usize) -> Tape {
        let bytes: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
        Tape::new(Arc::new(bytes), 3)
    }

    #[test]
    fn fields_and_walks_read_the_same_bytes_as_the_source() {
        let mut tape = tape(1 << 20);
        assert_eq!(tape.len(), (1 << 20) - 3);
        assert_eq!(tape.be16(0).unwrap(), 0x0304);
        let mut at = 0;
        while let Ok(window) = tape.window(at) {
            assert!(window.iter().zip(at..).all(|(byte, n)| u64::from(*byte) == (n + 3) % 251));
            at += window.len() as u64;
        }
        assert_eq!(at, tape.len());
        assert_eq!(tape.byte(at), Err(Break { at, cause: Cause::End }));
    }

    #[test]
    fn a_short_read_into_a_long_buffer_shows_nothing_of_what_was_in_it() {
        let mut tape = tape(1 << 20);
        let long = |tape: &mut Tape, at: u64| assert_eq!(tape.bytes(at, 50_000).unwrap().len(), 50_000);
        (0..10).for_each(|number| long(&mut tape, number * 60_000));
        for at in (700_000..900_000).step_by(10_000) {
            let window = tape.window(at).unwrap();
            assert_eq!(window.len() as u64, FIRST_READ);
            assert!(window.iter().zip(at..).all(|(byte, n)| u64::from(*byte) == (n + 3) % 251));
        }
        let near_end = tape.len() - 10;
        assert_eq!(tape.window(near_end).unwrap().len(), 10);
    }

    #[test]
    fn a_needle_across_two_windows_is_found() {
        let mut bytes = vec![0u8; 20_000];
        bytes[4094..4100].copy_from_slice(b"needle");
        let mut tape = Tape::new(Arc::new(bytes), 0);
        assert_eq!(tape.find(b"needle", 0, 20_000), Some(4094));
        assert_eq!(tape.find(b"needle", 4095, 20_000), None);
        assert_eq!(tape.find(b"needle", 0, 4094), None);
    }

    #[test]
    fn tapes_on_one_meter_end_together() {
        let meter = Meter::new(20_000);
        let (mut one, mut other) = (tape(1 << 20).metered(meter.clone()), tape(1 << 20).metered(meter.clone()));
        assert!(one.bytes(0, 100).is_ok() && other.bytes(0, 100).is_ok());
        one.work(20_000);
        assert_eq!(meter.left(), 0);
        assert!(other.bytes(0, 100).is_ok(), "what is buffered when the meter runs out is still given");
        assert_eq!(one.byte(0), Err(Break { at: 0, cause: Cause::Spent }));
        assert_eq!(other.byte(0), Err(Break { at: 0, cause: Cause::Spent }));
    }

    #[test]
    fn a_walk_ends_when_its_bytes_are_spent() {
        let mut tape = tape(1 << 20);
        tape.allow(10_000);
        assert!(tape.window(0).is_ok());
        assert!(tape.window(500_000).is_ok());
        assert_eq!(tape.window(900_000), Err(Break { at: 900_000, cause: Cause::Spent }));
    }
}
