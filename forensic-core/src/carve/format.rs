//! What a format is to the carver: its signatures and its validator.

use super::{Mended, Mending, Tape};

/// A file format that can be carved.
///
/// A validator goes from cheap to expensive: fixed fields, the structural walk to the exact last byte, checksums and entropy
/// codes, and decoding only as the last resort. It reads nothing but the tape, keeps nothing, and gives the same answer for
/// the same bytes.
///
/// ```
/// use forensic_core::carve::{Break, Format, Found, Outcome, Signature, Tape};
///
/// /// "NOTE", a length in two bytes, so many bytes of text, "END".
/// struct Note;
///
/// const SIGNATURES: &[Signature] = &[Signature::new(b"NOTE")];
///
/// impl Format for Note {
///     fn types(&self) -> &'static [&'static str] {
///         &["note"]
///     }
///
///     fn signatures(&self) -> &'static [Signature] {
///         SIGNATURES
///     }
///
///     fn check(&self, tape: &mut Tape) -> Outcome {
///         let walk = |tape: &mut Tape| -> Result<Found, Break> {
///             let end = 6 + u64::from(tape.le16(4)?);
///             tape.expect(end, b"END", "end of the note")?;
///             Ok(Found::new("note", end + 3))
///         };
///         walk(tape).map_or(Outcome::No, Outcome::Whole)
///     }
/// }
///
/// # use forensic_core::{NoProgress, bytes::Source, carve};
/// let source: Source = std::sync::Arc::new(b"....NOTE\x02\0hiEND...".to_vec());
/// let options = carve::Options::default().with_format(&Note);
/// let carving = carve::carve(&source, &options, &NoProgress)?;
/// assert_eq!((carving.files[0].kind, carving.files[0].size), ("note", 11));
/// # Ok::<(), forensic_core::Error>(())
/// ```
pub trait Format: Send + Sync {
    /// The types this format tells apart ("zip", "docx", "xlsx"); names as [`Carved::kind`](super::Carved::kind) has them.
    fn types(&self) -> &'static [&'static str];

    /// What a file of this format has at or near its start.
    fn signatures(&self) -> &'static [Signature];

    /// Walks the file that begins at byte 0 of `tape`.
    fn check(&self, tape: &mut Tape) -> Outcome;

    /// Puts a file together whose check said [`Outcome::Broken`]; `None` where nothing fits, which is the default.
    fn mend(&self, _: &mut Mending<'_>) -> Option<Mended> {
        None
    }
}

/// Bytes that a file of a format has at a fixed place.
#[derive(Debug, Clone, Copy)]
pub struct Signature {
    /// Where the bytes stand, counted from the start of the file.
    pub offset: usize,
    /// The bytes, two at least.
    pub bytes: &'static [u8],
    /// Looks at the first bytes of the file (64 at least, but for the end of the source) and says whether the hit is worth
    /// a validator. Weak signatures need one.
    pub plausible: Option<fn(&[u8]) -> bool>,
}

impl Signature {
    /// `bytes` at the start of the file.
    pub const fn new(bytes: &'static [u8]) -> Self {
        Self { offset: 0, bytes, plausible: None }
    }

    /// `bytes` at `offset` of the file.
    pub const fn at(offset: usize, bytes: &'static [u8]) -> Self {
        Self { offset, bytes, plausible: None }
    }

    /// The same where the first bytes of the file pass `plausible`.
    pub const fn when(self, plausible: fn(&[u8]) -> bool) -> Self {
        Self { plausible: Some(plausible), ..self }
    }
}

/// What a validator says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Not of this format, or too little of it to tell.
    No,
    /// Not of this format, nor is what begins behind it and before this byte: the walk would come to the same end from
    /// there. Keeps the cost linear where signatures follow one another closely.
    NoneBefore(u64),
    /// Of this format, to its exact last byte.
    Whole(Found),
    /// It begins as a file of this format and then breaks.
    Broken(Broken),
}

/// A file whose structure holds to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// One of [`Format::types`].
    pub kind: &'static str,
    /// Bytes from the first to the last.
    pub length: u64,
    /// 0 to 100: how sure it is that these bytes are one file of this type. 100 where checksums or a walk of everything say
    /// so, 90 where all structure was walked, 70 where only the frame was.
    pub confidence: u8,
    /// The first byte known to be wrong, in a file whose length is there all the same.
    pub damaged_at: Option<u64>,
    /// What may lie inside.
    pub holds: Holds,
}

/// What may lie inside a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Files of any format: they become its children.
    Files,
    /// Files of other formats: what looks like its own is a part of it (a member of an archive, a frame).
    Others,
    /// No file, and nothing inside was checked (pixels, coded samples): a sound file that begins in it at a sector's start
    /// shows that this one was cut there.
    Opaque,
}

/// From this confidence on what was checked tells that it is so, whatever stands beside the file.
pub(super) const CERTAIN: u8 = 95;

impl Found {
    /// A sound file of `length` bytes, at confidence 90.
    pub const fn new(kind: &'static str, length: u64) -> Self {
        Self { kind, length, confidence: 90, damaged_at: None, holds: Holds::Files }
    }

    /// The same at another confidence.
    pub const fn confidence(self, confidence: u8) -> Self {
        Self { confidence, ..self }
    }

    /// The same with another answer to what may lie inside.
    pub const fn holds(self, holds: Holds) -> Self {
        Self { holds, ..self }
    }

    /// The same with a first wrong byte.
    pub const fn damaged_at(self, byte: u64) -> Self {
        Self { damaged_at: Some(byte), ..self }
    }
}

/// A file that begins well and does not end so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// One of [`Format::types`].
    pub kind: &'static str,
    /// Bytes from the start that hold, as far as the format can tell: what is reported and claimed when nothing better is
    /// found.
    pub good: u64,
    /// The byte at which the file is known to be wrong, `good` or later: the break lies between the two.
    pub broken_at: u64,
    /// The length of the whole file, where its headers tell it.
    pub length: Option<u64>,
    /// 0 to 100: how sure it is that such a file begins here.
    pub confidence: u8,
}

/// Where and why a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// Byte of the file, counted from its start.
    pub at: u64,
    /// Why.
    pub cause: Cause,
}

impl Break {
    /// A structure at byte `at` does not say what the format demands.
    pub const fn wrong(at: u64, structure: &'static str) -> Self {
        Self { at, cause: Cause::Wrong(structure) }
    }
}

/// Why a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The source ends.
    End,
    /// The source cannot be read here.
    Unreadable,
    /// The bytes that may be read for hits of this neighbourhood are used up.
    Spent,
    /// The structure named does not hold.
    Wrong(&'static str),
}
