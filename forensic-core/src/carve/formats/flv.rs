//! Flash video, by the walk of its tags (Adobe Flash Video File Format Specification 10.1, annex E).

use crate::carve::{Break, Broken, Format, Found, Outcome, Signature, Tape};

/// Flash video.
pub(super) struct Flv;

const KIND: &str = "flv";
const SIGNATURES: &[Signature] =
    &[Signature::new(b"FLV\x01").when(|head| head.get(4).is_some_and(|flags| flags & 0xfa == 0))];
/// Tags of a file that is believed to be one.
const FEWEST_TAGS: u64 = 3;
/// Bytes behind a break in which the tags may go on.
const MOST_LOST: u64 = 1 << 20;

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
        let (mut tags, mut bad, mut time) = (0u64, None, 0u32);
        let cut = loop {
            match tag(tape, at) {
                Ok(next) => {
                    tags = tags.saturating_add(1);
                    time = next.time;
                    at = next.end;
                }
                Err(broken) => match (tags >= FEWEST_TAGS).then(|| resume(tape, at, time)).flatten() {
                    Some(place) => {
                        bad = bad.or(Some(at));
                        at = place;
                    }
                    None => break broken.cause == crate::carve::Cause::End && is_tag_head(tape, at),
                },
            }
        };
        if tags < FEWEST_TAGS {
            return Outcome::No;
        }
        let found = Found::new(KIND, at);
        match bad {
            Some(bad) => Outcome::Whole(found.damaged_at(bad)),
            None if cut => Outcome::Broken(Broken {
                kind: KIND,
                good: tape.len(),
                broken_at: tape.len(),
                length: None,
                confidence: 80,
            }),
            // A tag that begins and does not end so was cut.
            None if is_tag_head(tape, at) => {
                Outcome::Broken(Broken { kind: KIND, good: at, broken_at: at, length: None, confidence: 80 })
            }
            None => Outcome::Whole(found.confidence(95)),
        }
    }
}

struct Tag {
    end: u64,
    time: u32,
}

/// The tag at `at`, whose size stands behind it once more.
fn tag(tape: &mut Tape, at: u64) -> Result<Tag, Break> {
    let [kind, a, b, c, t2, t1, t0, t3, s0, s1, s2] = tape.array(at)?;
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
    Ok(Tag { end: behind.saturating_add(4), time: u32::from_be_bytes([t3, t2, t1, t0]) })
}

fn is_tag_head(tape: &mut Tape, at: u64) -> bool {
    tape.array::<11>(at)
        .is_ok_and(|[kind, _, _, _, _, _, _, _, a, b, c]| matches!(kind, 8 | 9) && (a, b, c) == (0, 0, 0))
}

/// The tag behind a break at `from` with which the file goes on: two more follow it, and its time is near.
fn resume(tape: &mut Tape, from: u64, time: u32) -> Option<u64> {
    let limit = from.saturating_add(MOST_LOST).min(tape.len());
    let mut at = from.saturating_add(1);
    while let Some(place) = tape.find(&[0, 0, 0], at, limit) {
        at = place.saturating_add(1);
        let start = place.checked_sub(8).filter(|start| *start > from);
        let Some(start) = start else { continue };
        let mut next = start;
        let goes_on = (0..3).all(|_| match tag(tape, next) {
            Ok(tag) if tag.time >= time && tag.time.saturating_sub(time) < 120_000 => {
                next = tag.end;
                true
            }
            _ => false,
        });
        if goes_on {
            return Some(start);
        }
    }
    None
}
