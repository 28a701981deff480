//! The samples of a picture while they are decoded, and the grey of those that are not.

use image::{ColorType, DynamicImage, ImageDecoder, ImageResult};

/// What stands where nothing decoded: half of full brightness.
const NEUTRAL: u8 = 0x80;

/// The picture whose samples `paint` writes, row by row from the top, in the byte order of the machine; they are zero before.
/// Gives what `paint` gives, too; `None` where there is no memory for it.
pub(super) fn painted<T>(
    width: u32,
    height: u32,
    color: ColorType,
    paint: impl FnOnce(&mut [u8]) -> T,
) -> Option<(DynamicImage, T)> {
    let mut answer = None;
    let painter = Painter { width, height, color, paint: |samples: &mut [u8]| answer = Some(paint(samples)) };
    let picture = DynamicImage::from_decoder(painter).ok()?;
    Some((picture, answer?))
}

/// Fills `samples` of a picture of type `color` with opaque grey.
pub(super) fn neutral(samples: &mut [u8], color: ColorType) {
    match color {
        ColorType::Rgb32F | ColorType::Rgba32F => {
            samples.chunks_exact_mut(4).for_each(|sample| sample.copy_from_slice(&0.5f32.to_ne_bytes()));
        }
        _ => samples.fill(NEUTRAL),
    }
    if color.has_alpha() {
        let pixel = usize::from(color.bytes_per_pixel());
        let alpha = pixel / usize::from(color.channel_count());
        let opaque = 1f32.to_ne_bytes();
        for pixel in samples.chunks_exact_mut(pixel) {
            let (_, sample) = pixel.split_at_mut(pixel.len().saturating_sub(alpha));
            match color {
                ColorType::Rgba32F => sample.copy_from_slice(&opaque),
                _ => sample.fill(0xff),
            }
        }
    }
}

struct Painter<F> {
    width: u32,
    height: u32,
    color: ColorType,
    paint: F,
}

impl<F: FnOnce(&mut [u8])> ImageDecoder for Painter<F> {
    fn dimensions(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    fn color_type(&self) -> ColorType {
        self.color
    }

    fn read_image(self, samples: &mut [u8]) -> ImageResult<()> {
        (self.paint)(samples);
        Ok(())
    }

    fn read_image_boxed(self: Box<Self>, samples: &mut [u8]) -> ImageResult<()> {
        (*self).read_image(samples)
    }
}
