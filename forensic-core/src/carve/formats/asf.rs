//! ASF: WMV and WMA (Advanced Systems Format Specification, 01.20.06; sections named as there).

use crate::carve::{Break, Broken, Format, Found, Holds, Outcome, Signature, Tape};

/// WMV, WMA and other ASF.
pub(super) struct Asf;

const KIND: &str = "wmv";
const HEADER: [u8; 16] = *b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c";
const DATA: [u8; 16] = *b"\x36\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c";
const FILE_PROPERTIES: [u8; 16] = *b"\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\0\xc0\x0c\x20\x53\x65";
/// Simple Index, Index, Media Object Index and Timecode Index Objects.
const INDEXES: [[u8; 16]; 4] = [
    *b"\x90\x08\0\x33\xb1\xe5\xcf\x11\x89\xf4\0\xa0\xc9\x03\x49\xcb",
    *b"\xd3\x29\xe2\xd6\xda\x35\xd1\x11\x90\x34\0\xa0\xc9\x03\x49\xbe",
    *b"\xf8\x03\xb1\xfe\xad\x12\x64\x4c\x84\x0f\x2a\x1d\x2f\x7a\xd4\x8c",
    *b"\xd0\x3f\xb7\x3c\x4a\x0c\x03\x48\x95\x3d\xed\xf7\xb6\x22\x8f\x0c",
];
const SIGNATURES: &[Signature] = &[Signature::new(&HEADER)];
const MOST_OBJECTS: u32 = 1 << 12;
/// Bytes of the Data Object before its packets.
const DATA_HEAD: u64 = 50;

impl Format for Asf {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        walk(tape).unwrap_or(Outcome::No)
    }
}

fn walk(tape: &mut Tape) -> Result<Outcome, Break> {
    let header_end = tape.le64(16)?;
    let count = tape.le32(24)?;
    let (mut at, mut packet) = (30u64, None);
    for _ in 0..count.min(MOST_OBJECTS) {
        let (id, end) = object(tape, at)?;
        if end > header_end {
            return Err(Break::wrong(at, "object of the header"));
        }
        if id == FILE_PROPERTIES {
            let (smallest, largest) = (tape.le32(at.saturating_add(92))?, tape.le32(at.saturating_add(96))?);
            packet = Some(u64::from(smallest)).filter(|size| smallest == largest && *size > 16);
        }
        at = end;
    }
    if at != header_end {
        return Err(Break::wrong(at, "end of the header"));
    }
    let (id, data_end) = object(tape, at).or_else(|broken| match tape.has(at, &DATA) {
        // A broadcast does not know how long its data is.
        true => Ok((DATA, at.saturating_add(DATA_HEAD))),
        false => Err(broken),
    })?;
    if id != DATA {
        return Err(Break::wrong(at, "data object"));
    }
    let first = at.saturating_add(DATA_HEAD);
    let told = data_end > first;
    let limit = if told { data_end.min(tape.len()) } else { tape.len() };
    let mut bad = None;
    let mut last_holds = true;
    let mut place = first;
    while let Some(size) = packet.filter(|size| place.saturating_add(*size) <= limit) {
        last_holds = is_packet(tape, first, place);
        if !last_holds {
            bad = bad.or(Some(place));
            if !told {
                break;
            }
        }
        place = place.saturating_add(size);
    }
    let mut end = if told { data_end } else { bad.unwrap_or(place) };
    let mut indexed = false;
    while let Ok((id, next)) = object(tape, end) {
        if !INDEXES.contains(&id) || next > tape.len() {
            break;
        }
        (end, indexed) = (next, true);
    }
    let found = Found::new(KIND, end);
    Ok(match bad.filter(|_| told) {
        None if data_end <= tape.len() && (indexed || packet.is_some()) => Outcome::Whole(found.confidence(95)),
        None if data_end <= tape.len() => Outcome::Whole(found.holds(Holds::Opaque)),
        Some(bad) if indexed || (last_holds && data_end <= tape.len()) => Outcome::Whole(found.damaged_at(bad)),
        bad => {
            let good = bad.unwrap_or(tape.len()).min(tape.len());
            if good <= first {
                return Ok(Outcome::No);
            }
            Outcome::Broken(Broken { kind: KIND, good, broken_at: good, length: Some(data_end), confidence: 95 })
        }
    })
}

/// The number and the end of the object at `at`.
fn object(tape: &mut Tape, at: u64) -> Result<([u8; 16], u64), Break> {
    let id = tape.array(at)?;
    let size = tape.le64(at.saturating_add(16))?;
    match at.checked_add(size).filter(|_| size >= 24) {
        Some(end) => Ok((id, end)),
        None => Err(Break::wrong(at, "size of an object")),
    }
}

/// True where the packet at `place` begins as the first does: error correction data, which all have or none.
fn is_packet(tape: &mut Tape, first: u64, place: u64) -> bool {
    let head = |tape: &mut Tape, at| tape.array::<3>(at);
    match (head(tape, first), head(tape, place)) {
        (Ok([0x82, 0, 0]), Ok(next)) => next == [0x82, 0, 0],
        (Ok([a, ..]), Ok([b, ..])) => a & 0x80 == b & 0x80,
        _ => false,
    }
}
