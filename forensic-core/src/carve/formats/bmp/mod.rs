//! BMP of Windows and OS/2, to its exact end (MS-WMF 2.2.2, BITMAPFILEHEADER and its kin; OS/2 2.0 bitmap file format).

mod header;
mod rle;

use super::rows::{self, Verdict};
use crate::{
    bytes::ReadAt,
    carve::{Break, Broken, Cause, Format, Found, Holds, Mended, Mending, Outcome, Signature, Tape},
};
use header::{Coding, Header};

/// Windows and OS/2 bitmaps.
pub(super) struct Bmp;

const KIND: &str = "bmp";
const SIGNATURES: &[Signature] = &[Signature::new(b"BM").when(header::is_plausible)];
/// What an encoder may have put behind the pixels without telling what it is.
const LONGEST_TRAILER: u64 = 64 << 10;

impl Format for Bmp {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let Ok(head) = tape.bytes(0, header::LONGEST.min(usize::try_from(tape.len()).unwrap_or(0))) else {
            return Outcome::No;
        };
        let Some(header) = Header::read(head) else { return Outcome::No };
        match header.coding {
            Coding::Plain => plain(tape, &header),
            Coding::Runs(bits) => runs(tape, &header, bits),
            Coding::Embedded => embedded(tape, &header),
        }
    }

    fn mend(&self, mending: &mut Mending<'_>) -> Option<Mended> {
        let head = mending.source().read_vec(mending.start(), header::LONGEST as u64).ok()?;
        let raster = Header::read(&head)?.raster()?;
        rows::mended(mending, raster, self)
    }
}

/// Rows of pixels as they are: nothing in them can be checked.
fn plain(tape: &mut Tape, header: &Header) -> Outcome {
    let Some(end) = header.plain_end() else { return Outcome::No };
    let (length, agrees) = header.file_end(end);
    let whole = Found::new(KIND, length).confidence(if agrees { 90 } else { 70 }).holds(Holds::Opaque);
    match header.raster().map_or(Verdict::Even, |raster| rows::verdict(tape, raster)) {
        Verdict::Gap { cut, .. } | Verdict::Cut { cut } => return broken(cut, Some(length), agrees),
        Verdict::Hurt { at } => return Outcome::Whole(whole.damaged_at(at)),
        Verdict::Even => {}
    }
    if length > tape.len() {
        return match end > tape.len() && !agrees {
            true => Outcome::No,
            false => broken(tape.len(), Some(length), agrees),
        };
    }
    Outcome::Whole(whole)
}

/// Run-length codes, walked to their end.
fn runs(tape: &mut Tape, header: &Header, bits: u8) -> Outcome {
    match rle::end(tape, header, bits) {
        Ok(end) => {
            let (length, agrees) = header.file_end(end);
            let length = if length > tape.len() { end } else { length };
            Outcome::Whole(Found::new(KIND, length).confidence(if agrees { 100 } else { 70 }))
        }
        Err(Break { at, cause }) => {
            let length = header.size.filter(|size| *size > at);
            match length {
                // The codes of some encoders run over their rows: the length field is as good then.
                Some(length) if cause != Cause::End && length <= tape.len() && header.says_data_end(length) => {
                    Outcome::Whole(Found::new(KIND, length).confidence(70))
                }
                _ if at > header.pixels.saturating_add(64) => broken(at, length, false),
                _ => Outcome::No,
            }
        }
    }
}

/// A JPEG or PNG in the frame of a bitmap.
fn embedded(tape: &mut Tape, header: &Header) -> Outcome {
    let Some(end) = header.pixels.checked_add(header.data_size) else { return Outcome::No };
    let starts = tape.has(header.pixels, b"\xff\xd8\xff") || tape.has(header.pixels, b"\x89PNG");
    if !starts || header.data_size == 0 || end > tape.len() {
        return Outcome::No;
    }
    Outcome::Whole(Found::new(KIND, header.file_end(end).0.min(tape.len())).confidence(70))
}

/// A bitmap that breaks; it is surely one where the sizes its header tells of agree.
fn broken(good: u64, length: Option<u64>, agrees: bool) -> Outcome {
    let confidence = if agrees { 95 } else { 70 };
    Outcome::Broken(Broken { kind: KIND, good, broken_at: good, length, confidence })
}
