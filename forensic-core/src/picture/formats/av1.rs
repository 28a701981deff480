//! Frames of AV1 by the crate `re_rav1d`.

use super::{
    super::{canvas::painted, heif::Nclx, job::Job},
    heif::{PIXEL, paste},
    yuv::{Frame, Samples},
};
use crate::error::Result;
use image::{ColorType, RgbImage};
use re_rav1d::dav1d::{
    Decoder, Error as AvError, Picture, PixelLayout, PlanarImageComponent as Component, Settings,
    pixel::{MatrixCoefficients, YUVRange},
};

/// Frames in one item or sample: a picture is one, in layers a few.
const MOST_FRAMES: usize = 8;

/// Decodes the frame of a still picture, which stands at byte `at`.
pub(super) fn still(job: &Job<'_>, bytes: Vec<u8>, at: u64) -> Result<Frame> {
    check(job, &bytes)?;
    let shown = decoder(most_pixels(job)).and_then(|mut decoder| next(&mut decoder, bytes));
    match shown {
        Ok(Some(picture)) => Ok(frame(&picture)),
        Ok(None) => Err(job.corrupt(at, "AV1 of which nothing is shown")),
        Err(error) => Err(job.corrupt(at, format!("AV1: {error}"))),
    }
}

/// Refuses more frames than a picture has.
fn check(job: &Job<'_>, bytes: &[u8]) -> Result<()> {
    match frames(bytes) {
        count if count > MOST_FRAMES => Err(job.too_much(count as u64, MOST_FRAMES as u64, "frames of a picture")),
        _ => Ok(()),
    }
}

fn decoder(pixels: u64) -> Result<Decoder, AvError> {
    let mut settings = Settings::new();
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_all_layers(false);
    settings.set_frame_size_limit(u32::try_from(pixels).unwrap_or(u32::MAX));
    Decoder::with_settings(&settings)
}

/// The picture that these bytes make, if one is shown.
fn next(decoder: &mut Decoder, bytes: Vec<u8>) -> Result<Option<Picture>, AvError> {
    let mut sent = decoder.send_data(bytes, None, None, None);
    loop {
        if let Err(error) = sent
            && !error.is_again()
        {
            return Err(error);
        }
        match decoder.get_picture() {
            Ok(picture) => return Ok(Some(picture)),
            Err(AvError::Again) if sent.is_err() => sent = decoder.send_pending_data(),
            Err(AvError::Again) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

/// Frames that build on one another, as in a video.
pub(in crate::picture) struct Sequence(Decoder);

impl Sequence {
    pub(in crate::picture) fn open(job: &Job<'_>) -> Result<Self> {
        decoder(most_pixels(job)).map(Self).map_err(|error| job.corrupt(0, error))
    }

    /// The picture of a sample, if one is shown.
    pub(in crate::picture) fn picture(&mut self, job: &Job<'_>, bytes: Vec<u8>) -> Result<Option<RgbImage>> {
        check(job, &bytes)?;
        let wrong = |error: AvError| job.corrupt(0, format!("AV1: {error}"));
        let outcome = next(&mut self.0, bytes);
        if outcome.is_err() {
            self.0.flush();
        }
        let Some(picture) = outcome.map_err(wrong)? else { return Ok(None) };
        let frame = frame(&picture);
        let drawn = painted(frame.width, frame.height, ColorType::Rgb8, |samples| {
            paste(&frame, None, samples, (frame.width as usize, ColorType::Rgb8), (0, 0));
        });
        Ok(drawn.map(|(picture, ())| picture.into_rgb8()))
    }
}

fn most_pixels(job: &Job<'_>) -> u64 {
    job.limits.pixels.min(job.limits.picture_bytes / PIXEL)
}

/// Number of frames in the OBUs of an item (AV1 specification, 5.3).
fn frames(mut bytes: &[u8]) -> usize {
    const FRAME_HEADER: u8 = 3;
    const FRAME: u8 = 6;
    let mut count = 0;
    while let Some((head, mut rest)) = bytes.split_first() {
        let kind = head >> 3 & 15;
        if head & 4 != 0 {
            rest = rest.get(1..).unwrap_or_default();
        }
        let mut size = 0usize;
        if head & 2 == 0 {
            size = rest.len();
        } else {
            for shift in 0..8 {
                let Some((byte, after)) = rest.split_first() else { return count };
                size |= usize::from(byte & 0x7f) << (7 * shift);
                rest = after;
                if byte & 0x80 == 0 {
                    break;
                }
            }
        }
        count += usize::from(matches!(kind, FRAME_HEADER | FRAME));
        bytes = rest.get(size..).unwrap_or_default();
    }
    count
}

/// The planes of a picture, held while they are read.
fn frame(picture: &Picture) -> Frame {
    let depth = picture.bit_depth() as u32;
    let grey = picture.pixel_layout() == PixelLayout::I400;
    let components = [Component::Y, Component::U, Component::V].into_iter().take(if grey { 1 } else { 3 });
    let planes = components
        .map(|component| (Samples::Av1(picture.plane(component), depth > 8), picture.stride(component) as usize));
    let sub = match picture.pixel_layout() {
        PixelLayout::I420 => (1, 1),
        PixelLayout::I422 => (1, 0),
        _ => (0, 0),
    };
    Frame {
        width: picture.width(),
        height: picture.height(),
        planes: planes.collect(),
        sub,
        depth,
        nclx: coded(picture),
    }
}

/// How colours are coded, as the frame itself tells.
fn coded(picture: &Picture) -> Nclx {
    let matrix = match picture.matrix_coefficients() {
        MatrixCoefficients::Identity => 0,
        MatrixCoefficients::BT709 => 1,
        MatrixCoefficients::BT470M => 4,
        MatrixCoefficients::ST240M => 7,
        MatrixCoefficients::YCgCo => 8,
        MatrixCoefficients::BT2020NonConstantLuminance | MatrixCoefficients::BT2020ConstantLuminance => 9,
        _ => 6,
    };
    Nclx { matrix, full_range: picture.color_range() == YUVRange::Full }
}
