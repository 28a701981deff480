//! The walk over a picture from its first marker to its last, which can stop at any byte and go on from there with others.

use super::{
    entropy::{self, Cursor, End},
    markers::{Frame, Process, Scan, Tables},
    memory::Memory,
    segment::Dry,
};
use crate::carve::{Break, Cause, Tape};
use std::sync::Arc;

/// Entropy-coded bytes that are asked for at once, at first and at the most.
const FIRST_CHUNK: u64 = 4 << 10;
const LONGEST_CHUNK: u64 = 128 << 10;
/// Bytes of padding that may stand before the marker that ends a scan.
const MOST_PADDING: u64 = 4 << 10;
/// Bytes that could be read in the time in which an entropy-coded one is.
const WORTH: u64 = 8;

/// Where the walk stands: at a marker segment, or at an MCU of a scan. Cheap to copy; what is remembered of the blocks is not
/// in it.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// The segment to come next.
    at: u64,
    /// Bytes that hold: behind it are segments that were passed over unread.
    held: u64,
    frame: Option<Arc<Frame>>,
    tables: Arc<Tables>,
    scan: Option<(Arc<Scan>, Cursor)>,
    /// True in the data of a scan that is passed over unread.
    passing: bool,
    /// Scans begun.
    scans: u32,
    /// A bit for each component that a scan had.
    covered: u32,
    /// What the application segments told.
    pub(super) told: Told,
}

/// What application segments tell of the file.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told {
    /// Segments that bear the name of a known application.
    pub(super) known: u32,
    /// Where the header of a multi-picture index stands, and the bytes from there to the end of its segment.
    pub(super) pictures: Option<(u64, u64)>,
    /// Where a packet of XMP stands, and its bytes.
    pub(super) xmp: Option<(u64, u64)>,
}

/// Where a walk that met nothing wrong ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pause {
    /// Behind the marker that ends the picture.
    End(u64),
    /// At the last place before the byte at which it was to stop.
    Stopped,
}

impl State {
    /// The start of a picture whose first marker stands at `at`.
    pub(super) fn new(at: u64) -> Self {
        Self {
            at: at.saturating_add(2),
            held: at,
            frame: None,
            tables: Arc::default(),
            scan: None,
            passing: false,
            scans: 0,
            covered: 0,
            told: Told::default(),
        }
    }

    /// True in the data of a scan.
    pub(super) fn in_data(&self) -> bool {
        self.scan.is_some() || self.passing
    }

    /// The byte of the file from which the walk goes on.
    pub(super) fn at(&self) -> u64 {
        self.scan.as_ref().map_or(self.at, |(_, cursor)| cursor.at)
    }

    /// Bytes that hold: the last segment may have been passed over unread.
    pub(super) fn held(&self) -> u64 {
        if self.in_data() { self.at() } else { self.held }
    }

    pub(super) fn frame(&self) -> Option<&Arc<Frame>> {
        self.frame.as_ref()
    }

    /// The scan that is under way, and its MCU.
    pub(super) fn scan(&self) -> Option<(&Arc<Scan>, u32)> {
        self.scan.as_ref().map(|(scan, cursor)| (scan, cursor.mcu))
    }

    /// Scans begun.
    pub(super) fn scans(&self) -> u32 {
        self.scans
    }

    /// Walks on until byte `stop` of the file; what it meets there is not looked at.
    pub(super) fn walk(&mut self, tape: &mut Tape, memory: &mut Memory, stop: u64) -> Result<Pause, Break> {
        loop {
            let pause = match self.scan.take() {
                Some((scan, mut cursor)) => {
                    let ended = self.data(tape, memory, stop, &scan, &mut cursor);
                    if !matches!(ended, Ok(None)) {
                        self.scan = Some((scan, cursor));
                    }
                    ended?
                }
                None if self.passing => self.pass_over(tape, stop)?,
                None => self.segment(tape, memory, stop)?,
            };
            if let Some(pause) = pause {
                return Ok(pause);
            }
        }
    }

    fn segment(&mut self, tape: &mut Tape, memory: &mut Memory, stop: u64) -> Result<Option<Pause>, Break> {
        let wrong = |structure| Err(Break::wrong(self.at, structure));
        let mut at = self.at;
        let code = loop {
            if at.saturating_add(4) > stop {
                // The marker may be the last: it has no length.
                if at.saturating_add(2) > stop || !tape.has(at, &[0xff, 0xd9]) {
                    return Ok(Some(Pause::Stopped));
                }
            }
            match tape.array::<2>(at)? {
                [0xff, 0xff] if at.saturating_sub(self.at) < MOST_PADDING => at = at.saturating_add(1),
                [0xff, code] => break code,
                _ => return wrong("marker"),
            }
        };
        if code == 0xd9 {
            return match &self.frame {
                Some(frame) if self.covered.count_ones() as usize == frame.components.len() => {
                    Ok(Some(Pause::End(at.saturating_add(2))))
                }
                _ => wrong("end of image"),
            };
        }
        if !matches!(code, 0xc0..=0xcf | 0xda..=0xef | 0xf7 | 0xf8 | 0xfe) {
            return wrong("marker code");
        }
        let length = u64::from(tape.be16(at.saturating_add(2))?);
        let end = at.saturating_add(2).saturating_add(length);
        if length < 2 {
            return wrong("segment length");
        }
        if end > stop {
            return Ok(Some(Pause::Stopped));
        }
        let body_at = at.saturating_add(4);
        let body_length = usize::try_from(length.saturating_sub(2)).unwrap_or(0);
        match code {
            0xe0..=0xef | 0xfe => {
                if end > tape.len() {
                    return Err(Break { at: tape.len(), cause: Cause::End });
                }
                if code == 0xe0 && !thumbnail_fits(tape, body_at, body_length)? {
                    return wrong("JFIF segment");
                }
                self.application(tape, code, body_at, end);
            }
            _ => {
                let body = tape.bytes(body_at, body_length)?;
                if self.structure(code, body, end, memory).is_none() {
                    return Err(Break::wrong(at, "segment"));
                }
            }
        }
        self.held = if matches!(code, 0xe0..=0xef | 0xfe) { at } else { end };
        self.at = end;
        Ok(None)
    }

    /// Notes what an application's segment tells.
    fn application(&mut self, tape: &mut Tape, code: u8, body: u64, end: u64) {
        const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
        let mut has = |name: &[u8]| tape.has(body, name);
        let known = match code {
            0xe0 => has(b"JFIF\0") || has(b"JFXX\0"),
            0xe1 if has(XMP) => {
                self.told.xmp = Some((body, end.saturating_sub(body)));
                true
            }
            0xe1 if has(b"Exif\0\0II*\0") || has(b"Exif\0\0MM\0*") => {
                // A name of ten bytes is worth two.
                self.told.known = self.told.known.saturating_add(1);
                true
            }
            0xe2 if has(b"MPF\0") => {
                let header = body.saturating_add(4);
                self.told.pictures = self.told.pictures.or(Some((header, end.saturating_sub(header))));
                true
            }
            0xe2 => has(b"ICC_PROFILE\0"),
            0xed => has(b"Photoshop 3.0\0"),
            0xee => has(b"Adobe\0"),
            _ => false,
        };
        self.told.known = self.told.known.saturating_add(u32::from(known));
    }

    fn structure(&mut self, code: u8, body: &[u8], end: u64, memory: &mut Memory) -> Option<()> {
        match code {
            0xc4 => Arc::make_mut(&mut self.tables).take_huffman(body),
            0xdb => Arc::make_mut(&mut self.tables).take_quantizers(body),
            0xdd => {
                let interval: [u8; 2] = body.try_into().ok()?;
                Arc::make_mut(&mut self.tables).restart_interval = u32::from(u16::from_be_bytes(interval));
                Some(())
            }
            0xda => {
                let frame = self.frame.as_ref()?;
                if frame.process == Process::Other || !frame.can_be_remembered() {
                    (self.passing, self.covered) = (true, (1u32 << frame.components.len().min(31)).wrapping_sub(1));
                    self.scans = self.scans.saturating_add(1);
                    return Some(());
                }
                let scan = self.tables.scan(frame, body)?;
                let covered = scan.parts.iter().map(|part| 1u32 << (part.component & 31));
                self.covered = covered.fold(self.covered, |all, one| all | one);
                self.scans = self.scans.saturating_add(1);
                self.scan = Some((Arc::new(scan), Cursor::new(end)));
                Some(())
            }
            0xdc => {
                let lines: [u8; 2] = body.try_into().ok()?;
                let frame = self.frame.as_ref()?.with_height(u32::from(u16::from_be_bytes(lines)));
                self.frame = Some(Arc::new(frame));
                Some(())
            }
            // Arithmetic conditioning, hierarchical progression and expansion, JPEG-LS parameters.
            0xcc | 0xde | 0xdf | 0xf8 => Some(()),
            0xc8 => None,
            0xc0..=0xcf | 0xf7 => {
                // Only hierarchical pictures have several frames.
                let frame = Frame::parse(code, body)?;
                if self.frame.as_ref().is_some_and(|before| before.process != Process::Other) {
                    return None;
                }
                memory.prepare(&frame);
                self.frame = Some(Arc::new(frame));
                Some(())
            }
            _ => None,
        }
    }

    /// Walks on in a scan; `None` where it is over.
    fn data(
        &mut self,
        tape: &mut Tape,
        memory: &mut Memory,
        stop: u64,
        scan: &Scan,
        cursor: &mut Cursor,
    ) -> Result<Option<Pause>, Break> {
        let Some(frame) = self.frame.clone() else { return Err(Break::wrong(self.at, "frame")) };
        let (mut chunk, mut last) = (FIRST_CHUNK, (0, 0));
        loop {
            let Some(bytes) = chunk_at(tape, cursor.at, chunk, stop)? else { return Ok(Some(Pause::Stopped)) };
            let (start, length) = (cursor.at, bytes.len() as u64);
            // No more than the last time, which was too little: what is behind cannot be read.
            if std::mem::replace(&mut last, (start, length)) == last {
                return Err(Break { at: start.saturating_add(length), cause: Cause::Unreadable });
            }
            match entropy::walk(cursor, scan, &frame, memory, bytes) {
                End::Whole => break,
                End::Broken(used) => {
                    return Err(Break::wrong(start.saturating_add(used as u64), "entropy-coded data"));
                }
                End::Bytes => {
                    let end = start.saturating_add(length);
                    if end >= stop {
                        return Ok(Some(Pause::Stopped));
                    }
                    if end >= tape.len() {
                        return Err(Break { at: tape.len(), cause: Cause::End });
                    }
                    if cursor.at == start && length >= LONGEST_CHUNK {
                        return Err(Break::wrong(end, "entropy-coded data"));
                    }
                }
            }
            chunk = chunk.saturating_mul(2).min(LONGEST_CHUNK);
        }
        let Some(bytes) = chunk_at(tape, cursor.at, MOST_PADDING, stop)? else { return Ok(Some(Pause::Stopped)) };
        match entropy::marker_behind(cursor, bytes) {
            Ok((_, behind)) => self.at = behind.saturating_sub(2),
            Err(Dry::Bytes) if cursor.at.saturating_add(bytes.len() as u64) >= stop => return Ok(Some(Pause::Stopped)),
            Err(Dry::Bytes) => return Err(Break { at: tape.len(), cause: Cause::End }),
            Err(_) => return Err(Break::wrong(cursor.at, "end of a scan")),
        }
        Ok(None)
    }

    /// Passes over the data of a scan by its markers alone; `None` where the scan is over.
    fn pass_over(&mut self, tape: &mut Tape, stop: u64) -> Result<Option<Pause>, Break> {
        let mut last = (0, 0);
        loop {
            let Some(bytes) = chunk_at(tape, self.at, LONGEST_CHUNK, stop)? else { return Ok(Some(Pause::Stopped)) };
            if std::mem::replace(&mut last, (self.at, bytes.len())) == last {
                let at = self.at.saturating_add(bytes.len() as u64);
                return Err(Break { at, cause: Cause::Unreadable });
            }
            let mut markers = memchr::memchr_iter(0xff, bytes);
            let marker =
                markers.find(|place| !matches!(bytes.get(place.wrapping_add(1)), Some(0 | 0xff | 0xd0..=0xd7)));
            let (passed, at_end) = match marker {
                Some(place) => (place, place.wrapping_add(1) == bytes.len()),
                None => (bytes.len(), true),
            };
            let end = self.at.saturating_add(bytes.len() as u64);
            self.at = self.at.saturating_add(passed as u64);
            if !at_end {
                self.passing = false;
                return Ok(None);
            }
            if end >= stop {
                return Ok(Some(Pause::Stopped));
            }
            if end >= tape.len() {
                return Err(Break { at: tape.len(), cause: Cause::End });
            }
        }
    }
}

/// False where a JFIF segment is too short for the thumbnail whose size it tells (ISO/IEC 10918-5, 10.1).
fn thumbnail_fits(tape: &mut Tape, body: u64, length: usize) -> Result<bool, Break> {
    if !tape.has(body, b"JFIF\0") || length < 14 {
        return Ok(length < 5 || !tape.has(body, b"JFIF\0"));
    }
    let [width, height] = tape.array::<2>(body.saturating_add(12))?.map(usize::from);
    Ok(length >= width.saturating_mul(height).saturating_mul(3).saturating_add(14))
}

/// The bytes from `at` on, `wanted` of them where `stop` and the end allow; `None` at `stop`.
fn chunk_at(tape: &mut Tape, at: u64, wanted: u64, stop: u64) -> Result<Option<&[u8]>, Break> {
    if at >= stop {
        return Ok(None);
    }
    let length = wanted.min(stop.saturating_sub(at)).min(tape.len().saturating_sub(at)).max(1);
    tape.work(length.saturating_mul(WORTH));
    let length = usize::try_from(length).unwrap_or(1);
    if tape.bytes(at, length).is_ok() {
        return tape.bytes(at, length).map(Some);
    }
    tape.window(at).map(Some)
}
