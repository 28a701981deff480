//! The parts of a ZIP file, one behind another: members, central directory, end records. Nothing is decompressed that tells
//! its length.

use super::{
    headers::{
        ARCHIVE_EXTRA, CENTRAL, Central, DEFLATED, DESCRIPTOR, END, END64, LOCAL, LOCATOR64, Member, SIGNATURE, STORED,
    },
    kind::Names,
};
use crate::carve::{Break, Cause, Tape, formats::inflate};

/// The farthest a member's data descriptor is looked for.
const LONGEST_STREAMED: u64 = 4 << 30;
/// The most zeros that may stand between two parts, for alignment.
const LONGEST_PADDING: u64 = 64 << 10;
const SIGNING_BLOCK: &[u8; 16] = b"APK Sig Block 42";

/// What a walk found.
pub(super) struct Layout {
    pub(super) names: Names,
    pub(super) members: u64,
    /// Where the central directory begins, once it was reached.
    pub(super) directory: Option<u64>,
    /// Where the walk stands.
    pub(super) at: u64,
    /// Fingerprints of the members, summed, so that headers and directory can be compared whatever their order.
    sum: u64,
    pub(super) stop: Stop,
}

/// How a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The end of the file.
    End(u64),
    /// What stands here is the end of a larger file.
    TailOfAnother,
    Break(Break),
}

/// Walks the file to its end.
pub(super) fn walk(tape: &mut Tape) -> Layout {
    let mut layout =
        Layout { names: Names::default(), members: 0, directory: None, at: 0, sum: 0, stop: Stop::TailOfAnother };
    layout.stop = layout.parts(tape).unwrap_or_else(Stop::Break);
    layout
}

impl Layout {
    fn parts(&mut self, tape: &mut Tape) -> Result<Stop, Break> {
        loop {
            match &tape.array::<4>(self.at)? {
                LOCAL => self.member(tape)?,
                CENTRAL => return self.directory(tape),
                ARCHIVE_EXTRA => {
                    let length = tape.le32(self.at.saturating_add(4))?;
                    self.at = self.at.saturating_add(8).saturating_add(length.into());
                }
                _ => self.at = filling(tape, self.at)?,
            }
        }
    }

    fn member(&mut self, tape: &mut Tape) -> Result<(), Break> {
        let place = place(tape, self.at)?;
        self.names.note(tape, self.at, &place)?;
        self.sum = self.sum.wrapping_add(fingerprint(&place.member, self.at));
        self.members = self.members.saturating_add(1);
        self.at = place.end;
        Ok(())
    }

    fn directory(&mut self, tape: &mut Tape) -> Result<Stop, Break> {
        let start = self.at;
        self.directory = Some(start);
        let (mut count, mut sum, mut all_here) = (0u64, 0u64, true);
        while tape.has(self.at, CENTRAL) {
            let entry = Central::read(tape, self.at)?;
            count = count.saturating_add(1);
            sum = sum.wrapping_add(fingerprint(&entry.member, entry.local));
            all_here &= entry.local < start;
            self.at = entry.end;
        }
        let entries_end = self.at;
        if tape.has(self.at, SIGNATURE) {
            let length = tape.le16(self.at.saturating_add(4))?;
            self.at = self.at.saturating_add(6).saturating_add(length.into());
        }
        let records = self.at;
        let mut said = Said::default();
        if tape.has(self.at, END64) {
            let length = tape.le64(self.at.saturating_add(4))?;
            said = Said {
                count: tape.le64(self.at.saturating_add(32))?,
                size: tape.le64(self.at.saturating_add(40))?,
                start: tape.le64(self.at.saturating_add(48))?,
            };
            let locator = self.at.saturating_add(12).saturating_add(length);
            tape.expect(locator, LOCATOR64, "ZIP64 end of central directory locator")?;
            if tape.le64(locator.saturating_add(8))? != self.at {
                return Ok(Stop::TailOfAnother);
            }
            self.at = locator.saturating_add(20);
        }
        tape.expect(self.at, END, "end of central directory")?;
        let field = |offset: u64| self.at.saturating_add(offset);
        let disks = (tape.le16(field(4))?, tape.le16(field(6))?);
        if !matches!(disks, (0 | 0xffff, 0 | 0xffff)) {
            return Err(Break::wrong(self.at, "number of this disk"));
        }
        let short = Said {
            count: tape.le16(field(10))?.into(),
            size: tape.le32(field(12))?.into(),
            start: tape.le32(field(16))?.into(),
        };
        said = short.or(said);
        let end = field(22).saturating_add(tape.le16(field(20))?.into());
        if said.start != start {
            return Ok(Stop::TailOfAnother);
        }
        let size_holds = [entries_end, records].iter().any(|end| end.saturating_sub(start) == said.size);
        // Writers without ZIP64 let the count wrap.
        if !size_holds || (said.count != count && said.count != count & 0xffff) {
            return Err(Break::wrong(self.at, "end of central directory"));
        }
        if !all_here || (sum != self.sum && !agree(tape, start)?) {
            return Err(Break::wrong(start, "central directory"));
        }
        match end <= tape.len() {
            true => Ok(Stop::End(end)),
            false => Err(Break { at: tape.len(), cause: Cause::End }),
        }
    }
}

/// What the end records say of the central directory.
#[derive(Default, Clone, Copy)]
struct Said {
    count: u64,
    size: u64,
    start: u64,
}

impl Said {
    /// The same with what did not fit taken from the ZIP64 record.
    fn or(self, large: Self) -> Self {
        let pick = |short: u64, full: u64, large: u64| if short == full && large != 0 { large } else { short };
        Self {
            count: pick(self.count, 0xffff, large.count),
            size: pick(self.size, 0xffff_ffff, large.size),
            start: pick(self.start, 0xffff_ffff, large.start),
        }
    }
}

/// Where a member's data lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// What is known of it, its data descriptor included.
    pub(super) member: Member,
    pub(super) data: u64,
    /// The byte behind the member and its descriptor.
    pub(super) end: u64,
}

/// The member whose local header stands at `at`.
pub(super) fn place(tape: &mut Tape, at: u64) -> Result<Place, Break> {
    let (member, data) = Member::local(tape, at)?;
    let sized = Place { member, data, end: data.saturating_add(member.packed) };
    if !member.is_streamed() {
        return within(tape, sized);
    }
    if member.packed != 0 {
        // Some writers set the flag, tell the sizes all the same and leave the descriptor out.
        let sized = within(tape, sized)?;
        return Ok(sized.with_descriptor(tape).unwrap_or(sized));
    }
    let limit = data.saturating_add(LONGEST_STREAMED);
    let near = data.saturating_add(256 << 10);
    if let Some(found) = descriptor(tape, member, data, if member.method == DEFLATED { near } else { limit }) {
        return Ok(found);
    }
    if member.method != DEFLATED || member.is_encrypted() {
        return match member.method {
            STORED if member.size == 0 && member.crc == 0 => Ok(sized),
            _ => Err(Break::wrong(data, "data descriptor")),
        };
    }
    let inflated = inflate::raw(tape, data, u64::MAX).map_err(|torn| torn.broken)?;
    let packed = inflated.end.saturating_sub(data);
    let member = Member { crc: inflated.crc, packed, size: inflated.size, ..member };
    Place { member, data, end: inflated.end }.with_descriptor(tape)
}

impl Place {
    /// The same with the descriptor that stands behind the data and agrees with them.
    fn with_descriptor(self, tape: &mut Tape) -> Result<Self, Break> {
        let signed = if tape.has(self.end, DESCRIPTOR) { 4 } else { 0 };
        let at = self.end.saturating_add(signed);
        let crc = tape.le32(at)?;
        let large = tape.le64(at.saturating_add(4)).is_ok_and(|packed| packed == self.member.packed);
        let length = match large && tape.le64(at.saturating_add(12)).is_ok_and(|size| size == self.member.size) {
            true => 20,
            false if u64::from(tape.le32(at.saturating_add(4))?) == self.member.packed & 0xffff_ffff => 12,
            false => return Err(Break::wrong(self.end, "data descriptor")),
        };
        let member = Member { crc, ..self.member };
        Ok(Self { member, end: at.saturating_add(length), ..self })
    }
}

/// The member, where a descriptor with the right length and a next header behind it stands before `limit`.
fn descriptor(tape: &mut Tape, member: Member, data: u64, limit: u64) -> Option<Place> {
    let mut from = data;
    loop {
        let at = tape.find(DESCRIPTOR, from, limit)?;
        let packed = at.checked_sub(data)?;
        let field = |offset: u64| at.saturating_add(offset);
        let crc = tape.le32(field(4)).ok()?;
        if u64::from(tape.le32(field(8)).ok()?) == packed & 0xffff_ffff {
            let small = tape.le32(field(12)).ok()?;
            let found = Member { crc, packed, size: small.into(), ..member };
            if is_header(tape, field(16)) {
                return Some(Place { member: found, data, end: field(16) });
            }
            if is_header(tape, field(24)) && tape.le64(field(8)).ok()? == packed {
                let found = Member { size: tape.le64(field(16)).ok()?, large: true, ..found };
                return Some(Place { member: found, data, end: field(24) });
            }
        }
        from = field(4);
    }
}

fn is_header(tape: &mut Tape, at: u64) -> bool {
    tape.array::<4>(at).is_ok_and(|bytes| matches!(&bytes, LOCAL | CENTRAL | ARCHIVE_EXTRA))
}

fn within(tape: &mut Tape, place: Place) -> Result<Place, Break> {
    match place.end <= tape.len() {
        true => Ok(place),
        false => Err(Break { at: tape.len(), cause: Cause::End }),
    }
}

/// The end of what stands at `at` between a member and the next part: a signing block of Android, or zeros.
pub(super) fn filling(tape: &mut Tape, at: u64) -> Result<u64, Break> {
    let wrong = Break::wrong(at, "header of a part");
    let length = tape.le64(at)?;
    let end = at.checked_add(8).and_then(|start| start.checked_add(length)).ok_or(wrong)?;
    if end.checked_sub(16).is_some_and(|magic| tape.has(magic, SIGNING_BLOCK)) {
        return Ok(end);
    }
    let mut next = at;
    while next < at.saturating_add(LONGEST_PADDING) {
        let window = tape.window(next)?;
        match window.iter().position(|byte| *byte != 0) {
            Some(zeros) => {
                let end = next.saturating_add(zeros as u64);
                return if end > at && is_header(tape, end) { Ok(end) } else { Err(wrong) };
            }
            None => next = next.saturating_add(window.len() as u64),
        }
    }
    Err(wrong)
}

/// True where each entry of the directory at `start` has its local header.
fn agree(tape: &mut Tape, start: u64) -> Result<bool, Break> {
    let mut at = start;
    while tape.has(at, CENTRAL) {
        let entry = Central::read(tape, at)?;
        let Ok((local, _)) = Member::local(tape, entry.local) else { return Ok(false) };
        let sure = !local.is_streamed() && !local.is_encrypted();
        if local.method != entry.member.method || (sure && local.crc != entry.member.crc) {
            return Ok(false);
        }
        at = entry.end;
    }
    Ok(true)
}

fn fingerprint(member: &Member, at: u64) -> u64 {
    [member.method.into(), member.crc.into(), member.packed, member.size, member.name_length.into()]
        .into_iter()
        .fold(at, |sum, value: u64| (sum ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29))
}
