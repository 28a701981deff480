//! What goes into an index and what comes out of it.

use crate::{
    error::{Error, Result},
    perceptual::Algorithm,
};

/// The quality that a hash has to have on both sides of a match, where it has one and the caller gives no other: what
/// Meta recommends for PDQ.
pub(crate) const MIN_QUALITY: u8 = 50;

/// What a hash stands for in the caller's books. Numbers come before texts, both in their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A number, as of a row.
    Number(i64),
    /// A text, as a path.
    Text(String),
}

impl From<i64> for Key {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// What is asked of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// The most bits that may differ. Of a PDQ hash's 256, 31 is what Meta recommends.
    pub max_distance: u32,
    /// Hashes of a lower quality (0 to 100) neither ask nor answer; `None` is 50. Hashes of algorithms that do not grade
    /// pictures always do.
    pub min_quality: Option<u8>,
}

impl Query {
    /// Up to so many bits that differ.
    pub fn new(max_distance: u32) -> Self {
        Self { max_distance, min_quality: None }
    }

    /// With another least quality.
    pub fn min_quality(self, quality: u8) -> Self {
        Self { min_quality: Some(quality), ..self }
    }

    /// True where a hash of this quality takes part.
    pub(crate) fn admits(&self, quality: Option<u8>) -> bool {
        quality.is_none_or(|quality| quality >= self.min_quality.unwrap_or(MIN_QUALITY))
    }
}

impl Default for Query {
    fn default() -> Self {
        Self::new(31)
    }
}

/// What an index says of a hash.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// What is near enough: nearest first, then by key.
    pub matches: Vec<Match>,
    /// False where the quality of the hash asked for is too low: then nothing was looked for, and no match means nothing.
    pub asked: bool,
    /// Hashes near enough whose own quality is too low to be a match.
    pub gated: usize,
}

/// A hash near enough to the one asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Match {
    /// What it stands for.
    pub key: Key,
    /// Bits that differ.
    pub distance: u32,
    /// Its quality, 0 to 100, where its algorithm grades pictures.
    pub quality: Option<u8>,
    /// The algorithm of both.
    pub algorithm: Algorithm,
    /// The version of that.
    pub version: &'static str,
    /// The distance that was asked for.
    pub threshold: u32,
}

/// A quality as it is stored: 7 bits.
const NO_QUALITY: u8 = 127;

/// Checks and packs a quality.
pub(super) fn pack_quality(quality: Option<u8>) -> Result<u8> {
    match quality {
        Some(quality) if quality > 100 => Err(Error::invalid(format!("quality {quality} is over 100"))),
        Some(quality) => Ok(quality),
        None => Ok(NO_QUALITY),
    }
}

/// The quality in 7 bits.
pub(super) fn unpack_quality(packed: u8) -> Option<u8> {
    Some(packed).filter(|packed| *packed <= 100)
}
