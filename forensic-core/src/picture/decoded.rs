//! What decoding a picture gives.

use super::job::Job;
use crate::error::{Error, Issue, Result};
use image::DynamicImage;

/// How to decode.
///
/// ```
/// let options = forensic_core::picture::DecodeOptions::default().partial(true);
/// assert!(options.partial);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeOptions {
    /// True where what is left of a truncated or damaged picture is wanted too; otherwise such a picture is an error.
    pub partial: bool,
}

impl DecodeOptions {
    /// The same options, with `partial` as given.
    pub fn partial(self, partial: bool) -> Self {
        Self { partial }
    }
}

/// A decoded picture.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Decoded {
    /// The pixels, oriented as they are stored. What did not decode is opaque grey of half brightness.
    pub pixels: DynamicImage,
    /// The format of the file: "jpeg", "png", "cr2", ... as [`content_type`](super::content_type) names it.
    pub format: &'static str,
    /// Share of the picture that decoded, 0 to 1: by rows or blocks where the format tells, an estimate by bytes where it
    /// does not (lossy WebP, run-length BMP).
    pub decoded: f64,
    /// What is wrong with the picture, and where, if anything is.
    pub issue: Option<Issue>,
}

impl Decoded {
    pub(super) fn whole(pixels: DynamicImage, format: &'static str) -> Self {
        Self { pixels, format, decoded: 1.0, issue: None }
    }

    /// A picture of which `done` of `total` parts decoded before `error`: an error unless a part is wanted, and there.
    pub(super) fn part(
        job: &Job<'_>,
        (pixels, format): (DynamicImage, &'static str),
        (done, total): (u64, u64),
        error: Option<Error>,
    ) -> Result<Self> {
        match error {
            None if done >= total => Ok(Self::whole(pixels, format)),
            None => Err(job.corrupt(0, format!("{done} of {total} parts")))
                .or_else(|error| Self::part(job, (pixels, format), (done, total), Some(error))),
            Some(error) if !job.partial || done == 0 => Err(error),
            Some(error) => {
                let decoded = done.min(total) as f64 / total.max(1) as f64;
                Ok(Self { pixels, format, decoded, issue: Some(Issue::from(&error)) })
            }
        }
    }
}
