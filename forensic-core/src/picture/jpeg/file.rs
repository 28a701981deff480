//! The segments of a picture's file, whatever stands between them (ITU-T T.81, annex B.1), and its frame header.

use super::Header;
use crate::error::{Error, Result};

pub(super) const FRAME_HEADER: &str = "JPEG frame header";

/// A marker with what it heads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    pub(super) code: u8,
    /// Where the marker stands.
    pub(super) at: usize,
    /// What its length tells of, as far as the file goes; empty for markers without a length.
    pub(super) body: &'a [u8],
    /// The byte behind it.
    pub(super) end: usize,
    /// True where the file ends within it.
    pub(super) is_cut: bool,
}

/// The next segment from byte `from` on; garbage before it is passed over, restart markers too.
pub(super) fn next(bytes: &[u8], from: usize) -> Option<Segment<'_>> {
    let mut from = from;
    loop {
        let at = from + memchr::memchr(0xff, bytes.get(from..)?)?;
        let code = *bytes.get(at + 1)?;
        let (body, end) = (at + 4, at + 2);
        match code {
            // A fill byte is followed by another, or by the code.
            0xff => from = at + 1,
            // Reserved codes, which no picture has.
            0x00..=0xbf | 0xd0..=0xd7 => from = end,
            0xd8 | 0xd9 => return Some(Segment { code, at, body: &[], end, is_cut: false }),
            _ => {
                let Some([high, low]) = bytes.get(end..body) else {
                    return Some(Segment { code, at, body: &[], end: bytes.len(), is_cut: true });
                };
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                if length < 2 {
                    from = end;
                    continue;
                }
                let behind = end + length;
                let end = behind.min(bytes.len());
                let body = bytes.get(body..end).unwrap_or_default();
                return Some(Segment { code, at, body, end, is_cut: behind > bytes.len() });
            }
        }
    }
}

/// The byte behind the coded data that begin at `from`: that of the next marker but those for restarts.
pub(super) fn behind_data(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let is_marker = |at: &usize| !matches!(rest.get(at + 1), None | Some(0 | 0xff | 0xd0..=0xd7));
    memchr::memchr_iter(0xff, rest).find(is_marker).map_or(bytes.len(), |at| from + at)
}

/// True for the markers of frames.
pub(super) fn is_frame(code: u8) -> bool {
    matches!(code, 0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf | 0xf7)
}

/// How a frame with the marker `code` is coded (table B.1).
pub(super) fn process(code: u8) -> &'static str {
    match code {
        0xc0 => "baseline",
        0xc1 => "extended sequential",
        0xc2 => "progressive",
        0xc3 => "lossless",
        0xc5..=0xc7 => "hierarchical",
        0xc9 => "arithmetic-coded sequential",
        0xca => "arithmetic-coded progressive",
        0xcb => "arithmetic-coded lossless",
        0xcd..=0xcf => "arithmetic-coded hierarchical",
        _ => "JPEG-LS",
    }
}

/// The height that a frame header leaves open, from the DNL segment behind the first scan (B.2.5).
pub(super) fn told_behind(bytes: &[u8], from: usize) -> Option<u32> {
    let mut at = from;
    loop {
        let segment = next(bytes, at)?;
        match (segment.code, segment.body) {
            (0xdc, [high, low]) => return Some(u32::from(u16::from_be_bytes([*high, *low]))),
            (0xd9, _) => return None,
            (0xda, _) => at = behind_data(bytes, segment.end),
            _ => at = segment.end,
        }
    }
}

pub(super) fn not_recognised() -> Error {
    Error::Format { what: "JPEG picture".to_owned() }
}

pub(super) fn header(bytes: &[u8]) -> Result<Header> {
    if !bytes.starts_with(&[0xff, 0xd8]) {
        return Err(not_recognised());
    }
    let missing = |at: usize| Error::corrupt(FRAME_HEADER, at as u64, "a frame header before the scans", "none");
    let mut at = 2;
    loop {
        let segment = next(bytes, at).ok_or_else(|| missing(bytes.len()))?;
        match segment.body {
            [precision, h1, h0, w1, w0, components, ..] if is_frame(segment.code) => {
                let [height, width] = [[*h1, *h0], [*w1, *w0]].map(|pair| u32::from(u16::from_be_bytes(pair)));
                let height = if height == 0 { told_behind(bytes, segment.end).unwrap_or(0) } else { height };
                let process = process(segment.code);
                return Ok(Header { width, height, precision: *precision, components: *components, process });
            }
            _ if matches!(segment.code, 0xd9 | 0xda) => return Err(missing(segment.at)),
            _ => at = segment.end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_and_fill_bytes_before_a_segment_are_passed_over() {
        let bytes = b"\xff\xd8junk\xff\x00\xff\xd3\xff\xff\xff\xfe\x00\x04hi\xff\xdb\x00\x10cut";
        let comment = next(bytes, 2).unwrap();
        assert_eq!((comment.code, comment.body, comment.is_cut), (0xfe, &b"hi"[..], false));
        let cut = next(bytes, comment.end).unwrap();
        assert_eq!((cut.code, cut.body, cut.is_cut), (0xdb, &b"cut"[..], true));
        assert!(next(bytes, cut.end).is_none());
    }

    #[test]
    fn data_end_before_a_marker_that_is_not_for_a_restart() {
        assert_eq!(behind_data(b"..ab\xff\x00\xff\xd0cd\xff\xff\xd9", 2), 11);
        assert_eq!(behind_data(b"..ab\xff", 2), 5);
    }
}
