//! The pictures of animations and of videos that are made of pictures, one after another.

mod avi;
mod gif;
mod mjpeg;
mod movie;
mod png;
mod webp;

use super::{Decoded, content_type, formats, job::Job};
use crate::{
    bytes::{ReadAt, Source},
    error::{Error, Result},
    limits::Limits,
};
use image::RgbImage;
use std::panic::AssertUnwindSafe;

/// Frames of one source.
const MOST_FRAMES: u64 = 1 << 20;
/// Pixels of all frames together, for each byte of the source, and in pictures of the largest size: a frame that changes nothing
/// takes some twenty bytes, and the time of all its pixels.
const PIXELS_A_BYTE: u64 = 1000;
const PICTURES: u64 = 4;

/// A frame of an animation or a video.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Frame {
    /// Its number, the first being 0.
    pub number: u64,
    /// When it is shown, in seconds from the first on.
    pub seconds: f64,
    /// The whole picture as it is shown then; of what is transparent, the colour without its transparency.
    pub picture: RgbImage,
}

/// The frames of an animation or a video, decoded one by one as they are asked for: what [`frames`](super::frames) gives.
///
/// A frame that does not decode is an error in its place, and those behind it follow where the format allows: in GIF, AVI and
/// QuickTime. Limits on frames and pixels end the iteration with [`Error::Limit`].
pub struct Frames {
    source: Source,
    walk: Option<Box<dyn Walk>>,
    number: u64,
    pixels_left: u64,
    allowed: u64,
}

/// Gives one frame after another.
trait Walk: Send {
    /// When the next frame is shown, and its picture; `None` at the end.
    fn next(&mut self) -> Option<Result<(f64, RgbImage)>>;

    /// True where frames may follow one that failed.
    fn goes_on(&self) -> bool;
}

impl Frames {
    pub(super) fn open(source: &Source, limits: &Limits) -> Result<Self> {
        let job = Job::new(source, limits, false);
        let walk: Box<dyn Walk> = match content_type(&job.head(64)?) {
            Some("gif") => Box::new(gif::Gif::open(&job)?),
            Some("png") => png::open(&job)?,
            Some("webp") => webp::open(&job)?,
            Some("avi") => Box::new(avi::Avi::open(&job)?),
            Some("mov" | "mp4" | "3gp") => Box::new(movie::Movie::open(&job)?),
            Some("avif") => match movie::Movie::open(&job) {
                Ok(movie) => Box::new(movie),
                Err(_) => Box::new(Still::open(&job)?),
            },
            _ => Box::new(Still::open(&job)?),
        };
        let allowed = limits.pixels.saturating_mul(PICTURES).saturating_add(source.len().saturating_mul(PIXELS_A_BYTE));
        Ok(Self { source: source.clone(), walk: Some(walk), number: 0, pixels_left: allowed, allowed })
    }
}

impl Iterator for Frames {
    type Item = Result<Frame>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut walk = self.walk.take()?;
        let limit = |found, limit, unit| Error::Limit {
            structure: "animation",
            offset: self.source.medium_offset(0),
            found,
            limit,
            unit,
        };
        if self.number >= MOST_FRAMES {
            return Some(Err(limit(self.number, MOST_FRAMES, "frames")));
        }
        if self.pixels_left == 0 {
            return Some(Err(limit(self.allowed, self.allowed, "pixels")));
        }
        // A decoder that panics is in no state to go on.
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let next = walk.next();
            (walk, next)
        }));
        let Ok((walk, next)) = outcome else {
            let failed =
                Error::corrupt("frame", self.source.medium_offset(0), "a frame that decodes", "the decoder failed");
            return Some(Err(failed));
        };
        let number = self.number;
        self.number += 1;
        match next? {
            Ok((seconds, picture)) => {
                self.pixels_left =
                    self.pixels_left.saturating_sub(u64::from(picture.width()) * u64::from(picture.height()));
                self.walk = Some(walk);
                Some(Ok(Frame { number, seconds, picture }))
            }
            Err(error) => {
                if walk.goes_on() {
                    self.walk = Some(walk);
                }
                Some(Err(error))
            }
        }
    }
}

/// A picture that does not move.
struct Still(Option<RgbImage>);

impl Still {
    fn open(job: &Job<'_>) -> Result<Self> {
        let Decoded { pixels, .. } = formats::decode(job)?;
        Ok(Self(Some(pixels.into_rgb8())))
    }
}

impl Walk for Still {
    fn next(&mut self) -> Option<Result<(f64, RgbImage)>> {
        self.0.take().map(|picture| Ok((0.0, picture)))
    }

    fn goes_on(&self) -> bool {
        false
    }
}

/// Red, green and blue of samples that have alpha, too.
fn without_alpha(width: u32, height: u32, samples: &[u8]) -> Option<RgbImage> {
    let colours = samples.as_chunks::<4>().0.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue]);
    RgbImage::from_raw(width, height, colours.collect())
}
