//! The walk over a segment: its top elements, and the blocks of its clusters.

use super::element::{Element, number};
use crate::carve::{
    Break, Tape,
    formats::{
        chain::{Chain, Gap},
        checksum::crc32,
    },
};

const EBML: u32 = 0x1a45_dfa3;
const DOC_TYPE: u32 = 0x4282;
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1f43_b675;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK_ENTRY: u32 = 0xae;
const TRACK_NUMBER: u32 = 0xd7;
const CUES: u32 = 0x1c53_bb6b;
const CUE_POINT: u32 = 0xbb;
const CRC: u32 = 0xbf;
const VOID: u32 = 0xec;
const SIMPLE_BLOCK: u32 = 0xa3;
const BLOCK_GROUP: u32 = 0xa0;
const BLOCK: u32 = 0xa1;
/// Flags of blocks that are not in use.
const RESERVED: u8 = 0x70;
/// Bytes of a checksum's element.
const CRC_LENGTH: u64 = 6;
/// Elements in a row in which a file goes on, and the bits that have to be right by no chance.
const GOES_ON: usize = 8;
const ENOUGH: u32 = 40;
/// What a checksum is taken over at most.
const LONGEST_CHECKED: u64 = 64 << 20;

/// The same where it is tried for each boundary of a cluster.
const LONGEST_TRIED: u64 = 8 << 20;

/// A walk over a file.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) web: bool,
    /// Bytes that hold so far.
    pub(super) good: u64,
    pub(super) blocks: u64,
    /// The first wrong byte of a cluster that ends where it should.
    pub(super) bad: Option<u64>,
    /// Where the segment says the file ends.
    pub(super) length: Option<u64>,
    tracks: Vec<u64>,
    /// Where the last element begins.
    last: u64,
    /// Where the last element ends that noise would not look like: there a segment without a length ends.
    proven: u64,
    /// The last cluster of a known length.
    cluster: Option<(Element, u64)>,
    /// The clock of the last block of the cluster, and the most that it moved between two.
    clock: Option<i64>,
    step: i64,
}

impl Walk {
    /// The end of the file that begins at byte 0.
    pub(super) fn file(&mut self, tape: &mut Tape) -> Result<u64, Break> {
        let head = Element::at(tape, 0)?;
        let body = head.end.filter(|end| head.id == EBML && *end <= 4096).ok_or(Break::wrong(0, "EBML header"))?;
        let mut at = head.body;
        let mut known = false;
        while at < body {
            let element = Element::at(tape, at)?;
            let end = element.end.filter(|end| *end <= body).ok_or(Break::wrong(at, "element of the EBML header"))?;
            if element.id == DOC_TYPE {
                self.web = tape.has(element.body, b"webm");
                known = self.web || tape.has(element.body, b"matroska");
            }
            at = end;
        }
        let segment = Element::at(tape, body)?;
        if !known || segment.id != SEGMENT {
            return Err(Break::wrong(body, "segment"));
        }
        self.length = segment.end;
        self.segment(tape, segment)
    }

    fn segment(&mut self, tape: &mut Tape, segment: Element) -> Result<u64, Break> {
        let end = segment.end.unwrap_or(tape.len());
        let mut at = segment.body;
        while at < end {
            self.good = at.min(tape.len());
            let element = match Element::at(tape, at) {
                Ok(element) if is_top(element.id) && element.end.is_none_or(|stop| stop <= end) => element,
                // A segment without a length ends where its elements do.
                _ if segment.end.is_none() && self.blocks > 0 => return Ok(self.proven),
                Ok(_) => return Err(Break::wrong(at, "element of the segment")),
                Err(broken) => return Err(broken),
            };
            self.last = at;
            at = match (element.id, element.end) {
                (CLUSTER, None) => self.blocks(tape, element.body, end, true)?,
                (CLUSTER, Some(stop)) => self.cluster(tape, element, stop)?,
                (_, Some(stop)) => {
                    if stop > tape.len() {
                        return Err(Break::wrong(at, "length of an element"));
                    }
                    if element.id == TRACKS {
                        self.read_tracks(tape, element, stop)?;
                    }
                    if element.id == CUES {
                        self.cues(tape, element, stop)?;
                    }
                    self.check_sum(tape, element, stop, end)?;
                    stop
                }
                (_, None) => return Err(Break::wrong(at, "element without a length")),
            };
            if !matches!(element.id, CRC | VOID) && element.end.is_some() {
                self.proven = at;
            }
        }
        self.good = at;
        Ok(if segment.end.is_none() { self.proven } else { at })
    }

    /// Walks a cluster that ends at `stop`; one that breaks is passed over where another element follows it.
    fn cluster(&mut self, tape: &mut Tape, cluster: Element, stop: u64) -> Result<u64, Break> {
        self.cluster = Some((cluster, stop));
        let walked = self
            .blocks(tape, cluster.body, stop, false)
            .and_then(|end| if end == stop { Ok(()) } else { Err(Break::wrong(end, "end of a cluster")) });
        let Err(broken) = walked else {
            return self.check_sum(tape, cluster, stop, self.length.unwrap_or(tape.len())).map(|()| stop);
        };
        let follows = Element::at(tape, stop).is_ok_and(|next| is_top(next.id) && next.id != VOID);
        if !follows {
            return Err(broken);
        }
        self.bad = self.bad.or(Some(broken.at));
        Ok(stop)
    }

    /// Walks the blocks from `at` on; gives where they end. Without a length, a cluster ends where its elements do.
    fn blocks(&mut self, tape: &mut Tape, mut at: u64, end: u64, open: bool) -> Result<u64, Break> {
        let mut any = false;
        self.clock = None;
        while at < end {
            let stop = match self.element(tape, at, end, open && any) {
                Ok((stop, is_block)) => {
                    any |= is_block;
                    stop
                }
                Err(_) if open && self.blocks > 0 => return Ok(at),
                Err(broken) => return Err(broken),
            };
            self.last = at;
            at = stop;
            self.good = self.good.max(if open { self.proven } else { at });
        }
        Ok(at)
    }

    /// The end of the element of a cluster at `at`, and whether it is a block; where `only_blocks`, it is nothing else.
    /// What a cluster tells of itself comes first.
    fn element(&mut self, tape: &mut Tape, at: u64, end: u64, only_blocks: bool) -> Result<(u64, bool), Break> {
        let element = Element::at(tape, at)?;
        let stop = element.end.filter(|stop| *stop <= end && *stop <= tape.len());
        let stop = stop.ok_or(Break::wrong(at, "length of a block"))?;
        match element.id {
            SIMPLE_BLOCK | BLOCK => self.block(tape, element, stop)?,
            BLOCK_GROUP => self.group(tape, element, stop)?,
            CRC | VOID => return Ok((stop, false)),
            id if is_of_cluster(id) && !only_blocks => return Ok((stop, false)),
            _ => return Err(Break::wrong(at, "element of a cluster")),
        }
        self.proven = stop;
        Ok((stop, true))
    }

    fn group(&mut self, tape: &mut Tape, group: Element, end: u64) -> Result<(), Break> {
        let (mut at, mut blocks) = (group.body, 0u64);
        while at < end {
            let inner = Element::at(tape, at)?;
            let stop = inner.end.filter(|stop| *stop <= end).ok_or(Break::wrong(at, "element of a group"))?;
            if inner.id == BLOCK {
                self.block(tape, inner, stop)?;
                blocks = blocks.saturating_add(1);
            }
            at = stop;
        }
        if blocks == 1 { Ok(()) } else { Err(Break::wrong(group.body, "block of a group")) }
    }

    fn block(&mut self, tape: &mut Tape, block: Element, end: u64) -> Result<(), Break> {
        let clock = self.head(tape, block, end)?;
        if let Some(last) = self.clock.replace(clock) {
            self.step = self.step.max(clock.saturating_sub(last).saturating_abs());
        }
        self.blocks = self.blocks.saturating_add(1);
        Ok(())
    }

    /// The clock in the head of `block`, which is of a track of the file.
    fn head(&self, tape: &mut Tape, block: Element, end: u64) -> Result<i64, Break> {
        let (track, width) = number(tape, block.body, 8, true)?;
        let clock = block.body.saturating_add(width);
        let is_known = self.tracks.is_empty() || self.tracks.contains(&track);
        let [high, low, flags] = tape.array(clock)?;
        if !is_known || clock.saturating_add(3) > end || flags & RESERVED != 0 {
            return Err(Break::wrong(block.body, "head of a block"));
        }
        Ok(i64::from(i16::from_be_bytes([high, low])))
    }

    /// The bits that would have to be right by chance for `element` to be one of a file like this; `None` where it is not.
    fn bits(&self, tape: &mut Tape, element: Element, clock: &mut Option<i64>) -> Option<u32> {
        let block = match element.id {
            CLUSTER => {
                *clock = None;
                return Some(32);
            }
            SIMPLE_BLOCK | BLOCK => element,
            BLOCK_GROUP => {
                let inner = Element::at(tape, element.body).ok()?;
                if inner.id != BLOCK {
                    return Some(0);
                }
                inner
            }
            id if is_top(id) && !matches!(id, CRC | VOID) => return Some(32),
            id => return (is_top(id) || is_of_cluster(id) || id == CUE_POINT).then_some(8),
        };
        let now = self.head(tape, block, block.end?).ok()?;
        let most = self.step.max(50).saturating_mul(4);
        let is_near = clock.replace(now).is_none_or(|last| now.saturating_sub(last).saturating_abs() <= most);
        is_near.then_some(20)
    }

    fn read_tracks(&mut self, tape: &mut Tape, tracks: Element, end: u64) -> Result<(), Break> {
        let mut at = tracks.body;
        while at < end {
            let entry = Element::at(tape, at)?;
            let stop = entry.end.filter(|stop| *stop <= end).ok_or(Break::wrong(at, "track"))?;
            let mut inner = entry.body;
            while entry.id == TRACK_ENTRY && inner < stop {
                let field = Element::at(tape, inner)?;
                if field.id == TRACK_NUMBER {
                    self.tracks.push(field.unsigned(tape)?);
                }
                inner = field.end.ok_or(Break::wrong(inner, "field of a track"))?;
            }
            at = stop;
        }
        Ok(())
    }

    /// Walks the index; what follows the blocks is nothing else than that.
    fn cues(&mut self, tape: &mut Tape, cues: Element, end: u64) -> Result<(), Break> {
        let mut at = cues.body;
        while at < end {
            match Element::at(tape, at)? {
                Element { id: CUE_POINT | CRC | VOID, end: Some(stop), .. } if stop <= end => {
                    (self.last, self.good) = (at, at);
                    at = stop;
                }
                _ => return Err(Break::wrong(at, "cue point")),
            }
        }
        Ok(())
    }

    /// Holds the checksum of `element`, where it begins with one, against its bytes. What is wrong in an element behind which
    /// another stands was overwritten.
    fn check_sum(&mut self, tape: &mut Tape, element: Element, stop: u64, end: u64) -> Result<(), Break> {
        let from = element.body.saturating_add(CRC_LENGTH);
        if !tape.has(element.body, b"\xbf\x84") || stop.saturating_sub(from) > LONGEST_CHECKED || from > stop {
            return Ok(());
        }
        let told = tape.le32(element.body.saturating_add(2))?;
        if crc32(tape, from, stop)? != told {
            let follows = stop == end || Element::at(tape, stop).is_ok_and(|next| is_top(next.id));
            if !follows {
                return Err(Break::wrong(element.start, "checksum of an element"));
            }
            self.bad = self.bad.or(Some(from));
        }
        Ok(())
    }
}

impl Chain for Walk {
    fn gap(&mut self, tape: &mut Tape) -> Option<Gap> {
        *self = Self::default();
        let broken = self.file(tape).err()?;
        (self.blocks > 0).then_some(Gap { last: self.last, next: broken.at })
    }

    fn goes_on(&self, tape: &mut Tape, at: u64, next: u64) -> bool {
        let (mut place, mut clock, mut bits) = (at, self.clock, 0u32);
        for _ in 0..GOES_ON {
            let file = next.saturating_add(place.saturating_sub(at));
            if self.length == Some(file) {
                return place > at;
            }
            let Ok(element) = Element::at(tape, place) else { return false };
            if element.end.is_some_and(|end| end.saturating_sub(place) > LONGEST_CHECKED) {
                return false;
            }
            let Some(more) = self.bits(tape, element, &mut clock) else { return false };
            bits = bits.saturating_add(more);
            if bits >= ENOUGH {
                return true;
            }
            place = match element.end {
                Some(end) if element.id != CLUSTER => end,
                _ => element.body,
            };
        }
        false
    }

    /// The checksum of the cluster tells, where its elements are all there.
    fn refutes(&self, tape: &mut Tape, gap: Gap) -> bool {
        let Some((cluster, stop)) = self.cluster.filter(|(cluster, stop)| {
            cluster.body <= gap.last && gap.next <= *stop && stop.saturating_sub(cluster.body) <= LONGEST_TRIED
        }) else {
            return false;
        };
        let mut at = gap.next;
        while at < stop {
            match Element::at(tape, at).map(|element| element.end) {
                Ok(Some(end)) if end <= stop => at = end,
                _ => return false,
            }
        }
        let from = cluster.body.saturating_add(CRC_LENGTH);
        tape.has(cluster.body, b"\xbf\x84")
            && match (tape.le32(cluster.body.saturating_add(2)), crc32(tape, from, stop)) {
                (Ok(told), Ok(crc)) => told != crc,
                _ => false,
            }
    }
}

/// True for elements of a segment.
fn is_top(id: u32) -> bool {
    matches!(
        id,
        CLUSTER
            | TRACKS
            | CRC
            | VOID
            | 0x114d_9b74
            | 0x1549_a966
            | 0x1c53_bb6b
            | 0x1043_a770
            | 0x1254_c367
            | 0x1941_a469
    )
}

/// True for elements of a cluster that are no blocks.
fn is_of_cluster(id: u32) -> bool {
    matches!(id, 0xe7 | 0xa7 | 0xab | 0xaf | 0x5854 | CRC | VOID | SIMPLE_BLOCK | BLOCK_GROUP | BLOCK)
}
