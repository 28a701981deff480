//! Mail: single messages (RFC 5322, RFC 2046) and mboxes (RFC 4155). Text has no checksum: what is said is said with little
//! confidence, and only of messages with a sender, a date or a path, and a subject or a recipient.

use crate::carve::{Format, Found, Holds, Outcome, Signature, Tape};

/// Messages and mailboxes.
pub(super) struct Mail;

const SIGNATURES: &[Signature] = &[
    Signature::new(b"From ").when(is_envelope),
    Signature::new(b"From: ").when(starts_headers),
    Signature::new(b"Received: ").when(starts_headers),
    Signature::new(b"Return-Path: ").when(starts_headers),
    Signature::new(b"Return-path: ").when(starts_headers),
    Signature::new(b"Delivered-To: ").when(starts_headers),
    Signature::new(b"MIME-Version: ").when(starts_headers),
    Signature::new(b"Message-I").when(starts_headers),
    Signature::new(b"Date: ").when(starts_headers),
    Signature::new(b"Subject: ").when(starts_headers),
    Signature::new(b"To: ").when(starts_headers),
    Signature::new(b"Content-Type: ").when(starts_headers),
    Signature::new(b"X-").when(starts_headers),
];
/// Bytes of the headers of one message.
const LONGEST_HEADERS: u64 = 256 << 10;
const LONGEST_LINE: usize = 2000;
const LONGEST_MAIL: u64 = 1 << 30;

impl Format for Mail {
    fn types(&self) -> &'static [&'static str] {
        &["eml", "mbox"]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let mbox = tape.has(0, b"From ");
        let start = if mbox { line(tape, 0).map_or(0, |line| line.1) } else { 0 };
        let headers = match headers(tape, start) {
            Ok(headers) => headers,
            Err(at) => return Outcome::NoneBefore(at),
        };
        let text = text_end(tape, headers.end);
        let end = match &headers.boundary {
            Some(boundary) if !mbox => closing(tape, boundary, headers.end, text),
            _ => Some(text),
        };
        match end {
            Some(end) if end > headers.end => {
                let (kind, confidence) = if mbox { ("mbox", 60) } else { ("eml", 60) };
                Outcome::Whole(Found::new(kind, end).confidence(confidence).holds(Holds::Others))
            }
            _ => Outcome::No,
        }
    }
}

/// "From somebody Thu Jan  1 00:00:00 2020".
fn is_envelope(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let days: [&[u8]; 7] = [b" Mon ", b" Tue ", b" Wed ", b" Thu ", b" Fri ", b" Sat ", b" Sun "];
    line.len() < head.len() && line.len() > 24 && days.iter().any(|day| memchr::memmem::find(line, day).is_some())
}

/// Whether the first line is a header field and what follows may be one or a folded line.
fn starts_headers(head: &[u8]) -> bool {
    let Some(end) = head.iter().position(|byte| *byte == b'\n') else { return head.len() >= 64 && is_text(head) };
    let (line, rest) = head.split_at(end);
    let next = rest.get(1..).unwrap_or_default();
    let next = next.split(|byte| *byte == b'\n').next().unwrap_or_default();
    is_text(line)
        && field(line).is_some()
        && (next.starts_with(b" ") || next.starts_with(b"\t") || field(next).is_some())
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b'\t' | b'\r' | b'\n' | b' '..=b'~' | 0x80..))
}

/// The name of the header field in a line.
fn field(line: &[u8]) -> Option<&[u8]> {
    let name = line.get(..line.iter().position(|byte| *byte == b':')?)?;
    let sound = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    sound.then_some(name)
}

struct Headers {
    /// The byte behind the empty line.
    end: u64,
    boundary: Option<Vec<u8>>,
}

/// The line at `at`, without its end, and the byte behind it.
fn line(tape: &mut Tape, at: u64) -> Option<(Vec<u8>, u64)> {
    let mut length = LONGEST_LINE.min(usize::try_from(tape.len().checked_sub(at)?).unwrap_or(LONGEST_LINE));
    let bytes = tape.bytes(at, length).ok()?;
    length = memchr::memchr(b'\n', bytes)?;
    let line = bytes.get(..length)?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Some((line.to_vec(), at.checked_add(length as u64)?.checked_add(1)?))
}

/// The headers from `start` on, or the byte at which they are no more: what begins before it is no message either.
fn headers(tape: &mut Tape, start: u64) -> Result<Headers, u64> {
    let (mut at, mut from, mut when, mut whom) = (start, false, false, false);
    let (mut boundary, mut in_type) = (None, false);
    while at < start.saturating_add(LONGEST_HEADERS) {
        let (line, next) = line(tape, at).ok_or(at)?;
        if line.is_empty() {
            return (from && when && whom).then_some(Headers { end: next, boundary }).ok_or(at);
        }
        if !is_text(&line) {
            return Err(at);
        }
        if !matches!(line.first(), Some(b' ' | b'\t')) {
            let name = field(&line).ok_or(at)?.to_ascii_lowercase();
            from |= matches!(name.as_slice(), b"from" | b"sender");
            when |= matches!(name.as_slice(), b"date" | b"received" | b"message-id");
            whom |= matches!(name.as_slice(), b"to" | b"subject" | b"cc" | b"bcc" | b"delivered-to");
            in_type = name == b"content-type";
        }
        if in_type && boundary.is_none() {
            boundary = boundary_of(&line);
        }
        at = next;
    }
    Err(at)
}

fn boundary_of(line: &[u8]) -> Option<Vec<u8>> {
    let at = memchr::memmem::find(&line.to_ascii_lowercase(), b"boundary=")?;
    let value = line.get(at.checked_add(9)?..)?;
    let value = match value.strip_prefix(b"\"") {
        Some(quoted) => quoted.split(|byte| *byte == b'"').next()?,
        None => value.split(|byte| matches!(byte, b';' | b' ')).next()?,
    };
    (!value.is_empty() && value.len() <= 70).then(|| value.to_vec())
}

/// The first byte from `at` on that is no text.
fn text_end(tape: &mut Tape, mut at: u64) -> u64 {
    let farthest = at.saturating_add(LONGEST_MAIL);
    while at < farthest {
        let Ok(window) = tape.window(at) else { break };
        let text = |byte: &u8| matches!(byte, b'\t' | b'\r' | b'\n' | 12 | 27 | b' '..=b'~' | 0x80..);
        match window.iter().position(|byte| !text(byte)) {
            Some(index) => {
                // What follows zeros is slack; other bytes may have gone on as text by chance.
                let zero = window.get(index) == Some(&0);
                let line = memchr::memrchr(b'\n', window.get(..index).unwrap_or_default());
                let end = if zero { index } else { line.map_or(index, |line| line.saturating_add(1)) };
                return at.saturating_add(end as u64);
            }
            None => at = at.saturating_add(window.len() as u64),
        }
    }
    at
}

/// The end of the line that closes the outermost part.
fn closing(tape: &mut Tape, boundary: &[u8], from: u64, to: u64) -> Option<u64> {
    let mark = [b"--", boundary, b"--"].concat();
    let end = tape.find(&mark, from, to)?.checked_add(mark.len() as u64)?;
    let mut next = end;
    for _ in 0..2 {
        next = match (tape.byte(next), tape.byte(next.saturating_add(1))) {
            (Ok(b'\r'), Ok(b'\n')) => next.saturating_add(2),
            (Ok(b'\n'), _) => next.saturating_add(1),
            _ => break,
        };
    }
    Some(next)
}
