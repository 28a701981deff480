//! Shell links ([MS-SHLLINK] 2): header, target, location, strings, extra data to the terminal block.

use crate::carve::{Break, Format, Found, Outcome, Signature, Tape};

/// Shell links of Windows.
pub(super) struct Lnk;

const KIND: &str = "lnk";
const SIGNATURES: &[Signature] = &[Signature::new(b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F")
    .when(|head| head.get(66..76).is_none_or(|unused| unused.iter().all(|byte| *byte == 0)))];
const ID_LIST: u32 = 1;
const LINK_INFO: u32 = 2;
/// Name, relative path, working directory, arguments, icon.
const STRINGS: [u32; 5] = [4, 8, 0x10, 0x20, 0x40];
const UNICODE: u32 = 0x80;

impl Format for Lnk {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        walk(tape).map_or(Outcome::No, |length| Outcome::Whole(Found::new(KIND, length)))
    }
}

fn walk(tape: &mut Tape) -> Result<u64, Break> {
    let flags = tape.le32(20)?;
    let mut at = 76u64;
    if flags & ID_LIST != 0 {
        at = id_list(tape, at)?;
    }
    if flags & LINK_INFO != 0 {
        let (size, header) = (tape.le32(at)?, tape.le32(at.saturating_add(4))?);
        if size < 28 || header < 28 || header > size {
            return Err(Break::wrong(at, "LinkInfo"));
        }
        at = at.saturating_add(size.into());
    }
    let width = if flags & UNICODE != 0 { 2 } else { 1 };
    for _ in STRINGS.iter().filter(|flag| flags & **flag != 0) {
        let count = u64::from(tape.le16(at)?);
        at = at.saturating_add(2).saturating_add(count.saturating_mul(width));
    }
    loop {
        let size = tape.le32(at)?;
        if size < 4 {
            return Ok(at.saturating_add(4));
        }
        let signature = tape.le32(at.saturating_add(4))?;
        if size < 8 || !(0xa000_0000..=0xa000_00ff).contains(&signature) {
            return Err(Break::wrong(at, "extra data"));
        }
        at = at.saturating_add(size.into());
    }
}

/// The end of the list of item identifiers at `at`.
fn id_list(tape: &mut Tape, at: u64) -> Result<u64, Break> {
    let end = at.saturating_add(2).saturating_add(tape.le16(at)?.into());
    let mut item = at.saturating_add(2);
    loop {
        let size = tape.le16(item)?;
        let next = item.saturating_add(size.into());
        match size {
            0 if item.saturating_add(2) == end => return Ok(end),
            2.. if next < end => item = next,
            _ => return Err(Break::wrong(item, "item identifier")),
        }
    }
}
