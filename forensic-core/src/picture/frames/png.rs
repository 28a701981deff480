//! APNG: frames drawn on a canvas, over what is there or instead, and taken off as each says (W3C, Portable Network Graphics 3,
//! 11.3.4).

use super::{super::job::Job, Still, Walk, without_alpha};
use crate::{bytes::Reader, error::Result};
use ::png::{BlendOp, ColorType, DisposeOp, FrameControl, Transformations};
use image::RgbImage;
use std::io::BufReader;

/// Canvas, the canvas before, a frame, and the picture that is given.
const PIXEL: u64 = 16;

struct Apng {
    reader: ::png::Reader<BufReader<Reader>>,
    width: u32,
    height: u32,
    canvas: Vec<u8>,
    frame: Vec<u8>,
    after: After,
    seconds: f64,
    left: u32,
}

enum After {
    Keep,
    Clear(FrameControl),
    Restore(Vec<u8>),
}

/// The frames of an APNG, or the only picture of a PNG.
pub(super) fn open(job: &Job<'_>) -> Result<Box<dyn Walk>> {
    let mut decoder = ::png::Decoder::new_with_limits(job.reader(), ::png::Limits { bytes: job.memory() });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16 | Transformations::ALPHA);
    decoder.set_ignore_text_chunk(true);
    let mut reader = decoder.read_info().map_err(|error| job.wrong(error))?;
    let Some(animation) = reader.info().animation_control().copied() else {
        return Ok(Box::new(Still::open(job)?));
    };
    let (width, height) = reader.info().size();
    job.admit(width, height, PIXEL)?;
    let samples = width as usize * height as usize * 4;
    // The default picture may stand beside the animation.
    if reader.info().frame_control().is_none() {
        reader.next_frame_info().map_err(|error| job.wrong(error))?;
    }
    Ok(Box::new(Apng {
        reader,
        width,
        height,
        canvas: vec![0; samples],
        frame: vec![0; samples],
        after: After::Keep,
        seconds: 0.0,
        left: animation.num_frames,
    }))
}

impl Walk for Apng {
    fn next(&mut self) -> Option<Result<(f64, RgbImage)>> {
        self.left = self.left.checked_sub(1)?;
        match std::mem::replace(&mut self.after, After::Keep) {
            After::Keep => {}
            After::Clear(frame) => self.rows(&frame, |row, _| row.fill(0)),
            After::Restore(canvas) => self.canvas = canvas,
        }
        let mut samples = std::mem::take(&mut self.frame);
        let outcome = self.reader.next_frame(&mut samples);
        let info = match outcome {
            Ok(info) => info,
            Err(error) => return Some(Err(crate::Error::corrupt("APNG frame", 0, "a frame that decodes", error))),
        };
        let frame = *self.reader.info().frame_control()?;
        self.after = match frame.dispose_op {
            DisposeOp::None => After::Keep,
            DisposeOp::Background => After::Clear(frame),
            DisposeOp::Previous => After::Restore(self.canvas.clone()),
        };
        let grey = info.color_type == ColorType::GrayscaleAlpha;
        let pixel = if grey { 2 } else { 4 };
        let over = frame.blend_op == BlendOp::Over;
        self.rows(&frame, |row, number| {
            let line = samples.chunks_exact(info.line_size.max(1)).nth(number).unwrap_or_default();
            for (place, sample) in row.as_chunks_mut::<4>().0.iter_mut().zip(line.chunks_exact(pixel)) {
                let [red, green, blue, alpha] = match sample {
                    [light, alpha] => [*light, *light, *light, *alpha],
                    [red, green, blue, alpha] => [*red, *green, *blue, *alpha],
                    _ => continue,
                };
                *place = if over { laid([red, green, blue, alpha], *place) } else { [red, green, blue, alpha] };
            }
        });
        self.frame = samples;
        let seconds = self.seconds;
        let parts = if frame.delay_den == 0 { 100 } else { frame.delay_den };
        self.seconds += f64::from(frame.delay_num) / f64::from(parts);
        without_alpha(self.width, self.height, &self.canvas).map(|picture| Ok((seconds, picture)))
    }

    fn goes_on(&self) -> bool {
        false
    }
}

impl Apng {
    /// Calls `change` with each row of the canvas that a frame covers, and its number in the frame.
    fn rows(&mut self, frame: &FrameControl, mut change: impl FnMut(&mut [u8], usize)) {
        let width = self.width as usize;
        for row in 0..frame.height as usize {
            let start = ((frame.y_offset as usize + row) * width + frame.x_offset as usize) * 4;
            if let Some(line) = self.canvas.get_mut(start..start + frame.width as usize * 4) {
                change(line, row);
            }
        }
    }
}

/// A pixel over another.
fn laid(upper: [u8; 4], lower: [u8; 4]) -> [u8; 4] {
    let ([.., alpha], [.., below]) = (upper, lower);
    if alpha == 255 || below == 0 {
        return upper;
    }
    let (front, back) = (u32::from(alpha) * 255, u32::from(below) * u32::from(255 - alpha));
    let whole = front + back;
    if whole == 0 {
        return [0; 4];
    }
    let mut mixed = [0; 4];
    for ((place, upper), lower) in mixed.iter_mut().zip(upper).zip(lower).take(3) {
        *place = ((u32::from(upper) * front + u32::from(lower) * back + whole / 2) / whole) as u8;
    }
    let [.., place] = &mut mixed;
    *place = (whole / 255).min(255) as u8;
    mixed
}
