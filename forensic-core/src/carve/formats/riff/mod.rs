//! Chunks of RIFF: AVI video and WAV sound (Microsoft, Multimedia Programming Interface and Data Specifications 1.0; OpenDML AVI
//! File Format Extensions 1.02; EBU Tech 3306 for RF64).

mod avi;
mod wav;

use crate::carve::{Break, Format, Mended, Mending, Outcome, Signature, Tape};

/// AVI.
pub(super) struct Avi;
/// WAV.
pub(super) struct Wav;

const AVI: &[Signature] = &[Signature::new(b"RIFF").when(is_avi)];
const WAV: &[Signature] = &[
    Signature::new(b"RIFF").when(is_wave),
    Signature::new(b"RF64").when(is_wave),
    Signature::new(b"BW64").when(is_wave),
];

fn is_avi(head: &[u8]) -> bool {
    head.get(8..16) == Some(b"AVI LIST")
}

fn is_wave(head: &[u8]) -> bool {
    head.get(8..12) == Some(b"WAVE")
}

impl Format for Avi {
    fn types(&self) -> &'static [&'static str] {
        &["avi"]
    }

    fn signatures(&self) -> &'static [Signature] {
        AVI
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        avi::check(tape)
    }

    fn mend(&self, mending: &mut Mending<'_>) -> Option<Mended> {
        avi::mend(mending, self)
    }
}

impl Format for Wav {
    fn types(&self) -> &'static [&'static str] {
        &["wav"]
    }

    fn signatures(&self) -> &'static [Signature] {
        WAV
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        wav::check(tape)
    }
}

/// A chunk, or where one begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk {
    pub(crate) id: [u8; 4],
    start: u64,
    /// Where its content ends, which may be at an odd place.
    pub(crate) end: u64,
}

impl Chunk {
    pub(crate) fn at(tape: &mut Tape, at: u64) -> Result<Self, Break> {
        let id = tape.array(at)?;
        let size = u64::from(tape.le32(at.saturating_add(4))?);
        Ok(Self { id, start: at, end: at.saturating_add(8).saturating_add(size) })
    }

    pub(crate) fn body(&self) -> u64 {
        self.start.saturating_add(8)
    }

    pub(crate) fn size(&self) -> u64 {
        self.end.saturating_sub(self.body())
    }

    /// Where the next chunk begins.
    pub(crate) fn next(&self) -> u64 {
        self.end.saturating_add(self.end.saturating_sub(self.start) & 1)
    }
}

/// True for four characters as chunks are named.
fn is_name(id: [u8; 4]) -> bool {
    id.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'-' | b'.'))
        && id.first().is_some_and(|first| *first != b' ')
}
