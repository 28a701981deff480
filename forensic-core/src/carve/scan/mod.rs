//! The scan: where in a block of bytes the signatures of all formats stand, at every byte offset.
//!
//! Pages of zeros are passed over. Everywhere else a filter tells the few places whose next three bytes may begin a
//! signature ([`lanes`] where the processor has AVX2, a table of byte pairs elsewhere), and only those are compared.

mod lanes;

use super::{Format, Signature};
use crate::bytes::is_zero;
use lanes::{Lanes, Places};

/// Bytes behind the start of a file that a signature and its plausibility may look at.
pub(super) const LOOK_AHEAD: usize = 512;
/// What a plausibility check gets at least, but for the end of the source.
const LEAST_HEAD: usize = 64;
const PAGE: usize = 4096;

/// A place where a file may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// Where the file would begin, counted from the start of the block.
    pub(super) start: usize,
    /// Index of the format.
    pub(super) format: usize,
}

/// All signatures, by their first two bytes.
pub(super) struct Scanner {
    /// For each pair of bytes, where in the list the signatures are that begin with it.
    pairs: Vec<Place>,
    /// Signatures in order of their first two bytes.
    signatures: Vec<Beginning>,
    lanes: Option<Lanes>,
    /// Zeros with which the longest signature that begins so begins.
    leading_zeros: usize,
}

/// A range of the list of signatures.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    first: u16,
    count: u16,
}

/// A signature and the index of its format.
struct Beginning {
    pair: u16,
    /// Its first four bytes, zero where it has fewer, and a mask of those it has.
    four: (u32, u32),
    format: usize,
    signature: Signature,
}

impl Scanner {
    pub(super) fn new(formats: &[&'static dyn Format]) -> Self {
        Self { lanes: Lanes::new(&all_signatures(formats)), ..Self::portable(formats) }
    }

    /// The same without instructions that some processors lack.
    fn portable(formats: &[&'static dyn Format]) -> Self {
        let mut signatures: Vec<Beginning> = Vec::new();
        let mut leading_zeros = 0;
        for (format, signature) in all_signatures(formats) {
            let Some(pair) = pair_at(signature.bytes, 0) else { continue };
            leading_zeros = leading_zeros.max(signature.bytes.iter().take_while(|byte| **byte == 0).count());
            let mask: Vec<u8> = signature.bytes.iter().map(|_| 0xff).collect();
            let four = (four_at(signature.bytes, 0), four_at(&mask, 0));
            signatures.push(Beginning { pair, four, format, signature });
        }
        signatures.sort_by_key(|beginning| (beginning.pair, beginning.format));
        let mut pairs = vec![Place::default(); 1 << 16];
        for (index, beginning) in (0u16..).zip(&signatures) {
            let Some(place) = pairs.get_mut(usize::from(beginning.pair)) else { continue };
            let first = if place.count == 0 { index } else { place.first };
            *place = Place { first, count: place.count.saturating_add(1) };
        }
        Self { pairs, signatures, lanes: None, leading_zeros }
    }

    /// The hits whose file begins in the first `starts` bytes of `block`, in order of place and format. Behind those bytes
    /// the block has [`LOOK_AHEAD`] more, but for the end of the source.
    pub(super) fn hits(&self, block: &[u8], starts: usize) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut places = Places::new();
        let mut page = 0usize;
        while page < block.len() {
            let end = page.saturating_add(PAGE).min(block.len());
            let is_zero = block.get(page..end).is_some_and(is_zero);
            // A signature may begin with the last zeros of a page.
            let from = if is_zero { end.saturating_sub(self.leading_zeros).max(page) } else { page };
            places.clear();
            match &self.lanes {
                Some(lanes) => lanes.candidates(block, from, end, &mut places),
                None => (from..end).for_each(|place| places.push(place)),
            }
            for place in places.iter() {
                self.compare(block, place, starts, &mut hits);
            }
            page = end;
        }
        hits.sort_unstable();
        hits.dedup();
        hits
    }

    fn compare(&self, block: &[u8], position: usize, starts: usize, hits: &mut Vec<Hit>) {
        let Some(pair) = pair_at(block, position) else { return };
        let Some(place) = self.pairs.get(usize::from(pair)).filter(|place| place.count > 0) else { return };
        let (first, four) = (usize::from(place.first), four_at(block, position));
        let of_pair = self.signatures.get(first..first.saturating_add(usize::from(place.count))).unwrap_or_default();
        for Beginning { four: (expected, mask), format, signature, .. } in of_pair {
            if four & mask != *expected {
                continue;
            }
            let Some(start) = position.checked_sub(signature.offset).filter(|start| *start < starts) else { continue };
            let stands = block.get(position..).is_some_and(|rest| rest.starts_with(signature.bytes));
            let plausible = |head: &[u8]| signature.plausible.is_none_or(|plausible| plausible(head));
            if stands && block.get(start..).is_some_and(plausible) {
                hits.push(Hit { start, format: *format });
            }
        }
    }
}

/// The signatures that can be looked for, with the index of their format.
fn all_signatures(formats: &[&'static dyn Format]) -> Vec<(usize, Signature)> {
    let fits = |signature: &Signature| {
        let end = signature.offset.saturating_add(signature.bytes.len());
        signature.bytes.len() >= 2 && end.saturating_add(LEAST_HEAD) <= LOOK_AHEAD
    };
    let of = |(index, format): (usize, &&'static dyn Format)| {
        let signatures: &'static [Signature] = format.signatures();
        signatures.iter().filter(|signature| fits(signature)).map(move |signature| (index, *signature))
    };
    formats.iter().enumerate().flat_map(of).collect()
}

fn pair_at(bytes: &[u8], position: usize) -> Option<u16> {
    let pair = bytes.get(position..position.checked_add(2)?)?;
    Some(u16::from_le_bytes(pair.try_into().ok()?))
}

/// Four bytes at `position`; zeros behind the last.
fn four_at(bytes: &[u8], position: usize) -> u32 {
    let rest = bytes.get(position..).unwrap_or_default();
    match rest.first_chunk() {
        Some(four) => u32::from_le_bytes(*four),
        None => rest.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)),
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::carve::{Outcome, Tape, formats};
    use proptest::prelude::*;

    fn hits_of(scanner: &Scanner, block: &[u8]) -> Vec<Hit> {
        scanner.hits(block, block.len())
    }

    struct Odd;
    impl Format for Odd {
        fn types(&self) -> &'static [&'static str] {
            &["odd"]
        }
        fn signatures(&self) -> &'static [Signature] {
            const SIGNATURES: &[Signature] = &[
                Signature::new(b"\0\0\x01\0"),
                Signature::at(4, b"ftyp"),
                Signature::new(b"BM"),
                Signature::new(b"\xff\xfb"),
            ];
            SIGNATURES
        }
        fn check(&self, _: &mut Tape) -> Outcome {
            Outcome::No
        }
    }

    fn all_formats() -> Vec<&'static dyn Format> {
        formats().iter().copied().chain([&Odd as &dyn Format]).collect()
    }

    proptest! {
        #[test]
        fn lanes_and_the_portable_twin_give_the_same_hits(
            mut block in proptest::collection::vec(prop_oneof![3 => Just(0u8), 1 => any::<u8>()], 0..10_000),
            planted in proptest::collection::vec((any::<usize>(), any::<usize>()), 0..40),
        ) {
            let formats = all_formats();
            let signatures = all_signatures(&formats);
            for (which, place) in planted {
                let bytes = signatures[which % signatures.len()].1.bytes;
                if block.len() > bytes.len() {
                    let place = place % (block.len() - bytes.len());
                    block[place..place + bytes.len()].copy_from_slice(bytes);
                }
            }
            prop_assert_eq!(hits_of(&Scanner::new(&formats), &block), hits_of(&Scanner::portable(&formats), &block));
        }
    }

    #[test]
    fn a_signature_that_begins_in_a_page_of_zeros_is_found() {
        let mut block = vec![0u8; 3 * PAGE];
        block[PAGE] = 1;
        for scanner in [Scanner::new(&[&Odd]), Scanner::portable(&[&Odd])] {
            assert_eq!(hits_of(&scanner, &block), [Hit { start: PAGE - 2, format: 0 }]);
        }
    }

    #[test]
    fn a_file_that_begins_behind_the_block_is_left_to_the_next() {
        let block = [&[7u8; 60][..], b"....ftyp", &[7u8; 500]].concat();
        let scanner = Scanner::new(&[&Odd]);
        assert_eq!(scanner.hits(&block, 61), [Hit { start: 60, format: 0 }]);
        assert_eq!(scanner.hits(&block, 60), []);
    }
}
