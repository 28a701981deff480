//! ZIP and what is packed in it (APPNOTE 6.3.10): headers and central directory agree, and every member's CRC holds.

mod headers;
mod kind;
mod layout;
mod mend;
mod runs;
mod verify;

use crate::carve::{Broken, Format, Found, Holds, Mended, Mending, Outcome, Signature, Tape, formats};
use layout::{Layout, Stop};

/// ZIP archives, Office and OpenDocument files, e-books, Java and Android packages.
pub(super) struct Zip;

const SIGNATURES: &[Signature] = &[Signature::new(headers::LOCAL).when(headers::plausible)];
/// Bytes that must inflate before a torn first member is believed.
const CONVINCING: u64 = 1024;
/// Members that are many.
const MANY: u64 = 256;

impl Format for Zip {
    fn types(&self) -> &'static [&'static str] {
        &["zip", "docx", "xlsx", "pptx", "odt", "apk", "jar", "epub"]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let layout = layout::walk(tape);
        let kind = layout.names.kind();
        match layout.stop {
            Stop::TailOfAnother => no(&layout),
            Stop::End(length) => {
                let found = Found::new(kind, length).holds(Holds::Others);
                let checked = verify::verify(tape, &layout);
                match checked.hurt {
                    Some(hurt) => Outcome::Whole(found.damaged_at(hurt.at.min(length))),
                    None if checked.sound == 0 => Outcome::Whole(found),
                    None => Outcome::Whole(found.confidence(100)),
                }
            }
            Stop::Break(stop) => {
                let verify::Checked { sound, hurt } = verify::verify(tape, &layout);
                let (good, broken_at) = hurt.map_or((layout.at, stop.at), |hurt| (hurt.good, hurt.at));
                let believed = sound > 0 || hurt.is_some_and(|hurt| hurt.inflated >= CONVINCING);
                if !believed || good == 0 {
                    return no(&layout);
                }
                let broken_at = broken_at.max(good);
                Outcome::Broken(Broken { kind, good, broken_at, length: None, confidence: 70 })
            }
        }
    }

    fn mend(&self, mending: &mut Mending<'_>) -> Option<Mended> {
        formats::runs::mended(mending, self, &mut runs::Parts::new()).or_else(|| mend::mend(mending))
    }
}

/// What to say of headers that are no file of their own. Of many, the rest is not looked at one by one.
fn no(layout: &Layout) -> Outcome {
    match layout.members {
        MANY.. => Outcome::NoneBefore(layout.directory.unwrap_or(layout.at)),
        _ => Outcome::No,
    }
}
