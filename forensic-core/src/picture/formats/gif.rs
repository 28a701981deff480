//! GIF (CompuServe, GIF89a): the first frame on its screen; of one frame, the rows there are.

use super::super::{
    Decoded,
    canvas::{neutral, painted},
    job::Job,
};
use crate::{bytes::Reader, error::Result};
use image::ColorType;
use std::{io::BufReader, num::NonZeroU64};

const FORMAT: &str = "gif";
/// Screen, one frame, and its rows.
const PIXEL: u64 = 6;

/// Decodes the first frame.
pub(super) fn decode(job: &Job<'_>) -> Result<Decoded> {
    let mut decoder = open(job)?;
    let (width, height) = (u32::from(decoder.width()), u32::from(decoder.height()));
    job.admit(width, height, PIXEL)?;
    let frame = decoder.next_frame_info().map_err(|error| job.wrong(error))?;
    let frame = Place::of(frame.ok_or_else(|| job.corrupt(0, "no frame"))?);
    let drawn = painted(width, height, ColorType::Rgba8, |samples| {
        let mut screen = Screen { samples, width: width as usize };
        if job.partial {
            screen.grey(&frame);
        }
        screen.draw(&mut decoder, &frame, true)
    });
    let (pixels, (rows, error)) = drawn.ok_or_else(|| job.corrupt(0, "too many pixels"))?;
    Decoded::part(job, (pixels, FORMAT), (rows, frame.height as u64), error.map(|error| job.wrong(error)))
}

/// A decoder that stands before the first frame, and gives indexes into the palette.
pub(in crate::picture) fn open(job: &Job<'_>) -> Result<gif::Decoder<BufReader<Reader>>> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::Indexed);
    if let Some(limit) = NonZeroU64::new(job.limits.picture_bytes) {
        options.set_memory_limit(gif::MemoryLimit::Bytes(limit));
    }
    options.read_info(job.reader()).map_err(|error| job.wrong(error))
}

/// Where a frame lies on the screen, and how its pixels are to be read.
#[derive(Debug, Clone)]
pub(in crate::picture) struct Place {
    pub(in crate::picture) left: usize,
    pub(in crate::picture) top: usize,
    pub(in crate::picture) width: usize,
    pub(in crate::picture) height: usize,
    interlaced: bool,
    transparent: Option<u8>,
    palette: Option<Vec<u8>>,
}

impl Place {
    pub(in crate::picture) fn of(frame: &gif::Frame<'_>) -> Self {
        Self {
            left: frame.left.into(),
            top: frame.top.into(),
            width: frame.width.into(),
            height: frame.height.into(),
            interlaced: frame.interlaced,
            transparent: frame.transparent,
            palette: frame.palette.clone(),
        }
    }

    /// The rows in the order in which they are stored.
    fn rows(&self) -> impl Iterator<Item = usize> {
        let passes: &[(usize, usize)] = if self.interlaced { &[(0, 8), (4, 8), (2, 4), (1, 2)] } else { &[(0, 1)] };
        let height = self.height;
        passes.iter().flat_map(move |(first, step)| (*first..height).step_by(*step))
    }
}

/// The screen that frames are drawn on: four samples a pixel.
pub(in crate::picture) struct Screen<'a> {
    pub(in crate::picture) samples: &'a mut [u8],
    pub(in crate::picture) width: usize,
}

impl Screen<'_> {
    /// The part of row `row` of a frame that lies on the screen.
    pub(in crate::picture) fn row(&mut self, frame: &Place, row: usize) -> Option<&mut [u8]> {
        let width = frame.width.min(self.width.checked_sub(frame.left)?);
        let first = frame.top.checked_add(row)?.checked_mul(self.width)?.checked_add(frame.left)?.checked_mul(4)?;
        self.samples.get_mut(first..first.checked_add(width.checked_mul(4)?)?)
    }

    fn grey(&mut self, frame: &Place) {
        for row in 0..frame.height {
            if let Some(row) = self.row(frame, row) {
                neutral(row, ColorType::Rgba8);
            }
        }
    }

    /// Draws a frame, whose description the decoder has just given; gives the rows that were there, and what ended them.
    /// Transparent pixels keep the colour of the palette where `bare` is true, as on a screen of nothing; otherwise what was
    /// there before shows through.
    pub(in crate::picture) fn draw(
        &mut self,
        decoder: &mut gif::Decoder<BufReader<Reader>>,
        frame: &Place,
        bare: bool,
    ) -> (u64, Option<gif::DecodingError>) {
        let global = decoder.global_palette().unwrap_or_default().to_vec();
        let palette = frame.palette.as_deref().unwrap_or(&global);
        let mut indexes = vec![0; frame.width];
        let mut done = 0;
        for row in frame.rows() {
            match decoder.fill_buffer(&mut indexes) {
                Ok(true) => done += 1,
                Ok(false) => return (done, None),
                Err(error) => return (done, Some(error)),
            }
            let Some(place) = self.row(frame, row) else { continue };
            for (pixel, index) in place.as_chunks_mut::<4>().0.iter_mut().zip(&indexes) {
                let colour = usize::from(*index) * 3;
                let is_clear = frame.transparent == Some(*index);
                match palette.get(colour..colour + 3) {
                    Some([red, green, blue]) if bare || !is_clear => {
                        *pixel = [*red, *green, *blue, if is_clear { 0 } else { 0xff }];
                    }
                    _ if bare => *pixel = [0; 4],
                    _ => {}
                }
            }
        }
        (done, None)
    }
}
