//! Animated WebP (RFC 9649, 2.7.1.1) by the crate `image-webp`.

use super::{
    super::{formats::webp::open as decoder, job::Job},
    Still, Walk, without_alpha,
};
use crate::{bytes::Reader, error::Result};
use image::RgbImage;
use image_webp::{DecodingError, WebPDecoder};
use std::io::BufReader;

struct Animation {
    decoder: WebPDecoder<BufReader<Reader>>,
    samples: Vec<u8>,
    seconds: f64,
}

/// The frames of an animated WebP, or the only picture of another.
pub(super) fn open(job: &Job<'_>) -> Result<Box<dyn Walk>> {
    let mut decoder = decoder(job, job.source)?;
    if !decoder.is_animated() {
        return Ok(Box::new(Still::open(job)?));
    }
    // The canvas is black where nothing was drawn.
    decoder.set_background_color([0; 4]).map_err(|error| job.wrong(error))?;
    let samples = vec![0; decoder.output_buffer_size().unwrap_or(0)];
    Ok(Box::new(Animation { decoder, samples, seconds: 0.0 }))
}

impl Walk for Animation {
    fn next(&mut self) -> Option<Result<(f64, RgbImage)>> {
        let milliseconds = match self.decoder.read_frame(&mut self.samples) {
            Ok(milliseconds) => milliseconds,
            Err(DecodingError::NoMoreFrames) => return None,
            Err(error) => return Some(Err(crate::Error::corrupt("WebP frame", 0, "a frame that decodes", error))),
        };
        let seconds = self.seconds;
        self.seconds += f64::from(milliseconds) / 1000.0;
        let (width, height) = self.decoder.dimensions();
        let picture = match self.decoder.has_alpha() {
            true => without_alpha(width, height, &self.samples),
            false => RgbImage::from_raw(width, height, self.samples.clone()),
        };
        picture.map(|picture| Ok((seconds, picture)))
    }

    fn goes_on(&self) -> bool {
        false
    }
}
