//! Flash video, by the walk of its tags (Adobe Flash Video File Format Specification 10.1, annex E).

use super::chain::{self, Chain, Gap};
use crate::carve::{Break, Broken, Cause, Format, Found, Mended, Mending, Outcome, Signature, Tape};

/// Flash video.
pub(super) struct Flv;

const KIND: &str = "flv";
const SIGNATURES: &[Signature] =
    &[Signature::new(b"FLV\x01").when(|head| head.get(4).is_some_and(|flags| flags & 0xfa == 0))];
/// Tags of a file that is believed to be one.
const FEWEST_TAGS: u64 = 3;
/// Tags in a row with which a file goes on.
const GOES_ON: usize = 3;

impl Format for Flv {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let Ok(head) = tape.be32(5) else { return Outcome::No };
        let mut at = u64::from(head).saturating_add(4);
        if !(9..=64).contains(&head) || !tape.has(u64::from(head), &[0; 4]) {
            return Outcome::No;
        }
        let mut tags = 0u64;
        let broken = loop {
            match tag(tape, at) {
                Ok(next) => {
                    tags = tags.saturating_add(1);
                    at = next;
                }
                Err(broken) => break broken,
            }
        };
        if tags < FEWEST_TAGS || broken.cause == Cause::Spent {
            return Outcome::No;
        }
        let told = told_length(tape).filter(|told| *told > at);
        if let Some(told) = told.filter(|told| ends_with_tag(tape, *told)) {
            return Outcome::Whole(Found::new(KIND, told).damaged_at(at));
        }
        // A tag that begins and does not end so was cut.
        if told.is_some() || is_tag_head(tape, at) {
            let good = if told.is_none() && broken.cause == Cause::End { tape.len() } else { at };
            return Outcome::Broken(Broken { kind: KIND, good, broken_at: good, length: told, confidence: 80 });
        }
        Outcome::Whole(Found::new(KIND, at).confidence(95))
    }

    fn mend(&self, mending: &mut Mending<'_>) -> Option<Mended> {
        chain::mended(mending, self, &mut Tags)
    }
}

/// The chain of the tags: behind each stands its size.
struct Tags;

impl Chain for Tags {
    fn gap(&mut self, tape: &mut Tape) -> Option<Gap> {
        let mut at = u64::from(tape.be32(5).ok()?).saturating_add(4);
        while let Ok(next) = tag(tape, at) {
            at = next;
        }
        is_tag_head(tape, at).then_some(())?;
        let size = u64::from(tape.be32(at).ok()? & 0xff_ffff);
        Some(Gap { last: at, next: at.saturating_add(15).saturating_add(size) })
    }

    fn goes_on(&self, tape: &mut Tape, at: u64, _: u64) -> bool {
        (0..GOES_ON).try_fold(at, |at, _| tag(tape, at)).is_ok()
    }

    /// The size behind the tag is that before it.
    fn refutes(&self, tape: &mut Tape, gap: Gap) -> bool {
        tag(tape, gap.last) != Ok(gap.next)
    }
}

/// The length that the metadata at the start of the file tells of.
fn told_length(tape: &mut Tape) -> Option<u64> {
    let place = tape.find(b"\0\x08filesize\0", 0, 4096)?;
    let length = f64::from_bits(tape.be64(place.saturating_add(11)).ok()?);
    // A float holds any length there is; what is none becomes 0.
    Some(length as u64).filter(|length| *length <= tape.len())
}

/// True where a tag ends at `end`, whose size stands there.
fn ends_with_tag(tape: &mut Tape, end: u64) -> bool {
    let size = end.checked_sub(4).and_then(|place| tape.be32(place).ok()).map_or(0, u64::from);
    let start = end.checked_sub(4).and_then(|place| place.checked_sub(size));
    size > 11 && start.is_some_and(|start| tag(tape, start) == Ok(end))
}

/// Where the tag at `at` ends; its size stands behind it once more.
fn tag(tape: &mut Tape, at: u64) -> Result<u64, Break> {
    let [kind, a, b, c, _, _, _, _, s0, s1, s2]: [u8; 11] = tape.array(at)?;
    if !matches!(kind & 0xdf, 8 | 9 | 18) || (s0, s1, s2) != (0, 0, 0) {
        return Err(Break::wrong(at, "tag"));
    }
    let size = u64::from(u32::from_be_bytes([0, a, b, c]));
    let behind = at.saturating_add(11).saturating_add(size);
    let told = u64::from(tape.be32(behind)?);
    // Some writers leave the header out.
    if told != size.saturating_add(11) && told != size {
        return Err(Break::wrong(behind, "size of the tag before"));
    }
    Ok(behind.saturating_add(4))
}

fn is_tag_head(tape: &mut Tape, at: u64) -> bool {
    tape.array::<11>(at)
        .is_ok_and(|[kind, _, _, _, _, _, _, _, a, b, c]| matches!(kind, 8 | 9) && (a, b, c) == (0, 0, 0))
}
