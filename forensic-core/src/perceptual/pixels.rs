//! A decoded picture as each algorithm takes it.

use super::resample::Grey;
use image::{DynamicImage, GenericImageView, RgbImage};
use std::borrow::Cow;

/// Bytes of a decoded picture, alpha dropped: one (grey) or three (red, green, blue) a pixel.
pub(super) struct Bytes<'a> {
    pub bytes: Cow<'a, [u8]>,
    pub channels: usize,
    pub width: usize,
    pub height: usize,
}

impl<'a> Bytes<'a> {
    pub(super) fn of_rgb(picture: &'a RgbImage) -> Self {
        let (width, height) = picture.dimensions();
        let bytes = Cow::Borrowed(picture.as_raw().as_slice());
        Self { bytes, channels: 3, width: width as usize, height: height as usize }
    }

    pub(super) fn of(picture: &'a DynamicImage) -> Self {
        let (width, height) = picture.dimensions();
        let (bytes, channels): (Cow<'_, [u8]>, _) = match picture {
            DynamicImage::ImageLuma8(grey) => (Cow::Borrowed(grey.as_raw()), 1),
            DynamicImage::ImageRgb8(colours) => (Cow::Borrowed(colours.as_raw()), 3),
            DynamicImage::ImageLumaA8(_) | DynamicImage::ImageLuma16(_) | DynamicImage::ImageLumaA16(_) => {
                (Cow::Owned(picture.to_luma8().into_raw()), 1)
            }
            _ => (Cow::Owned(picture.to_rgb8().into_raw()), 3),
        };
        Self { bytes, channels, width: width as usize, height: height as usize }
    }

    /// Grey as Pillow makes it: ITU-R 601-2 in 16 bits.
    pub(super) fn grey(self) -> Grey {
        let Self { bytes, channels, width, height } = self;
        let pixels = match channels {
            1 => bytes.into_owned(),
            _ => {
                let luma = |[r, g, b]: &[u8; 3]| {
                    let sum = u32::from(*r) * 19_595 + u32::from(*g) * 38_470 + u32::from(*b) * 7_471 + 0x8000;
                    (sum >> 16) as u8
                };
                bytes.as_chunks::<3>().0.iter().map(luma).collect()
            }
        };
        Grey { width, height, pixels }
    }

    /// A side over `most` pixels makes the picture one of `most` × `most`, by its nearest neighbours as the library CImg
    /// takes them.
    pub(super) fn nearest(self, most: usize) -> Self {
        if self.width <= most && self.height <= most {
            return self;
        }
        let Self { bytes, channels, width, height } = self;
        let mut taken = Vec::with_capacity(most * most * channels);
        for row in (0..most).map(|row| row * height / most) {
            let row = &bytes[row * width * channels..][..width * channels];
            for column in (0..most).map(|column| column * width / most) {
                taken.extend_from_slice(&row[column * channels..][..channels]);
            }
        }
        Self { bytes: Cow::Owned(taken), channels, width: most, height: most }
    }
}
