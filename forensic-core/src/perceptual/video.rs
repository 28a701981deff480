//! vPDQ (Meta, ThreatExchange `vpdq/`): a video as the PDQ of its frames, and how much of two videos is alike.

use super::{
    Algorithm, ImageHash,
    hash::{Origin, differing_bits},
    pdq_of,
    pixels::Bytes,
};
use crate::{
    error::{Error, Result},
    hash::hex,
};
use image::RgbImage;
use std::{fmt, str::FromStr};

/// Frames of one video that are kept: eleven days at one a second.
const MOST_FRAMES: usize = 1 << 20;

/// The hash of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct FrameHash {
    /// Its number among the frames that were looked at, from 0.
    pub frame: u64,
    /// Quality, 0 to 100.
    pub quality: u8,
    /// The PDQ.
    pub hash: [u8; 32],
    /// When it is shown.
    pub seconds: f64,
}

impl FrameHash {
    /// The PDQ in lower-case hex.
    pub fn hex(&self) -> String {
        hex::encode(&self.hash)
    }

    fn distance(&self, other: &Self) -> u32 {
        differing_bits(&self.hash, &other.hash)
    }
}

/// A video by its frames.
///
/// Its text, and what it is parsed from, is that of Meta's programs: a line `frame,quality,hash,seconds` a frame.
///
/// ```
/// use forensic_core::perceptual::{VideoHash, VideoQuery};
/// let frame = |shade: u8| image::RgbImage::from_fn(90, 60, |x, y| image::Rgb([(x * 3 + y) as u8 ^ shade; 3]));
/// let mut video = VideoHash::new();
/// video.push(0.0, &frame(0))?;
/// video.push(1.0, &frame(0x55))?;
/// let same: VideoHash = video.to_string().parse()?;
/// let alike = video.compare(&same, VideoQuery::default());
/// assert_eq!((alike.query_percent, alike.other_percent), (100.0, 100.0));
/// # Ok::<(), forensic_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VideoHash {
    frames: Vec<FrameHash>,
}

/// When two frames are alike, and which count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoQuery {
    /// The most bits that may differ.
    pub max_distance: u32,
    /// Frames of a lower quality are left out on both sides.
    pub min_quality: u8,
}

impl Default for VideoQuery {
    /// Those of Meta's programs: 31 bits, quality 50.
    fn default() -> Self {
        Self { max_distance: 31, min_quality: 50 }
    }
}

/// How much of two videos is alike.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct VideoMatch {
    /// Frames that count, of the one that is compared, for which the other has one alike, in percent; 0 where none counts.
    pub query_percent: f64,
    /// The same of the other.
    pub other_percent: f64,
}

impl VideoHash {
    /// A video without frames.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next frame. Meta's programs take one a second.
    ///
    /// # Errors
    /// [`Error::Limit`] after 2²⁰ frames.
    pub fn push(&mut self, seconds: f64, picture: &RgbImage) -> Result<()> {
        let bytes = Bytes::of_rgb(picture);
        self.push_hash(seconds, &pdq_of(&bytes, (bytes.width, bytes.height), Origin::default()))
    }

    /// Adds the next frame by its PDQ.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a hash of another algorithm, [`Error::Limit`] after 2²⁰ frames.
    pub fn push_hash(&mut self, seconds: f64, hash: &ImageHash) -> Result<()> {
        let bytes = <[u8; 32]>::try_from(hash.as_bytes()).ok().filter(|_| hash.algorithm() == Algorithm::Pdq);
        let hash_bytes = bytes.ok_or_else(|| Error::invalid("a frame of vPDQ is hashed by PDQ".to_owned()))?;
        self.check_room()?;
        let frame = self.frames.last().map_or(0, |last| last.frame.saturating_add(1));
        self.frames.push(FrameHash { frame, quality: hash.quality().unwrap_or(0), hash: hash_bytes, seconds });
        Ok(())
    }

    fn check_room(&self) -> Result<()> {
        if self.frames.len() < MOST_FRAMES {
            return Ok(());
        }
        let (found, limit) = (self.frames.len() as u64 + 1, MOST_FRAMES as u64);
        Err(Error::Limit { structure: "video hash", offset: 0, found, limit, unit: "frames" })
    }

    /// The frames, in order.
    pub fn frames(&self) -> &[FrameHash] {
        &self.frames
    }

    /// How much of this video and another is alike. Takes time in proportion to the product of their frames.
    pub fn compare(&self, other: &Self, query: VideoQuery) -> VideoMatch {
        let counted = |video: &Self| -> Vec<FrameHash> {
            video.frames.iter().filter(|frame| frame.quality >= query.min_quality).copied().collect()
        };
        let (own, others) = (counted(self), counted(other));
        let percent = |frames: &[FrameHash], among: &[FrameHash]| {
            let is_found = |frame: &&FrameHash| among.iter().any(|other| frame.distance(other) <= query.max_distance);
            frames.iter().filter(is_found).count() as f64 * 100.0 / frames.len().max(1) as f64
        };
        VideoMatch { query_percent: percent(&own, &others), other_percent: percent(&others, &own) }
    }

    /// A contact sheet: the first frame, and each that differs in more than `threshold` bits from the one taken before it.
    pub fn contact_sheet(&self, threshold: u32) -> Vec<&FrameHash> {
        let mut sheet: Vec<&FrameHash> = Vec::new();
        for frame in &self.frames {
            if sheet.last().is_none_or(|last| last.distance(frame) > threshold) {
                sheet.push(frame);
            }
        }
        sheet
    }
}

impl fmt::Display for VideoHash {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.frames.iter().try_for_each(|FrameHash { frame, quality, hash, seconds }| {
            writeln!(to, "{frame},{quality},{},{seconds:.3}", hex::encode(hash))
        })
    }
}

impl FromStr for VideoHash {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut video = Self::new();
        let mut offset = 0u64;
        for line in text.split_inclusive('\n') {
            let at = offset;
            offset = offset.saturating_add(line.len() as u64);
            if line.trim().is_empty() {
                continue;
            }
            video.check_room()?;
            let frame = parse_frame(line.trim());
            video.frames.push(frame.ok_or_else(|| {
                let found: String = line.trim().chars().take(80).collect();
                Error::corrupt("video hash", at, "frame,quality,hash,seconds", found)
            })?);
        }
        Ok(video)
    }
}

fn parse_frame(line: &str) -> Option<FrameHash> {
    let mut fields = line.split(',').map(str::trim);
    let frame = fields.next()?.parse().ok()?;
    let quality = fields.next()?.parse().ok().filter(|quality| *quality <= 100)?;
    let hash = hex::decode_array(fields.next()?.as_bytes())?;
    let seconds = fields.next()?.parse().ok().filter(|seconds: &f64| seconds.is_finite())?;
    fields.next().is_none().then_some(FrameHash { frame, quality, hash, seconds })
}
