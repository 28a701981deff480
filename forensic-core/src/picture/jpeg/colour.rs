//! What the components of a picture mean (ISO/IEC 10918-5, 6.1; Adobe technical note 5116), and the way to red, green and blue.

use super::Channels;

/// What the components stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    Grey,
    YCbCr,
    Rgb,
    /// Ink, 255 being none of it, as Adobe writes it and everybody else.
    Cmyk,
    /// The same, the first three as the luminance and chrominance of their complements.
    Ycck,
}

/// What application segments tell of colours.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told {
    pub(super) jfif: bool,
    /// The transform that an Adobe segment names.
    pub(super) adobe: Option<u8>,
}

impl Told {
    /// Notes what the application segment `code` tells.
    pub(super) fn note(&mut self, code: u8, body: &[u8]) {
        match (code, body) {
            (0xe0, [b'J', b'F', b'I', b'F', 0, ..]) => self.jfif = true,
            (0xee, [b'A', b'd', b'o', b'b', b'e', _, _, _, _, _, _, transform, ..]) => self.adobe = Some(*transform),
            _ => {}
        }
    }

    /// What components with these names stand for; `None` for as many as nobody has a use for.
    pub(super) fn model(self, names: &[u8]) -> Option<Model> {
        Some(match (names.len(), self.adobe) {
            (1, _) => Model::Grey,
            (3, _) if self.jfif => Model::YCbCr,
            (3, Some(0)) => Model::Rgb,
            (3, None) if names == b"RGB" => Model::Rgb,
            (3, _) => Model::YCbCr,
            (4, None | Some(0)) => Model::Cmyk,
            (4, _) => Model::Ycck,
            _ => return None,
        })
    }
}

impl Model {
    /// How many of its components pixels of `channels` need.
    pub(super) fn needed(self, channels: Channels) -> usize {
        match (self, channels) {
            (Self::Grey, _) | (Self::YCbCr, Channels::Luma) => 1,
            (Self::YCbCr | Self::Rgb, _) => 3,
            (Self::Cmyk | Self::Ycck, _) => 4,
        }
    }

    /// A row of pixels from those of its components, 0 mid-grey and the eighth bit the sign.
    pub(super) fn to_rgb(self, components: [&[u8]; 4], row: &mut [u8]) {
        #[cfg(target_arch = "x86_64")]
        if let Some(wide) = super::wide::Wide::detect() {
            return wide.to_rgb(self, components, row);
        }
        self.to_rgb_here(components, row);
    }

    /// The same, compiled for the processor that its caller is.
    #[inline(always)]
    pub(super) fn to_rgb_here(self, components: [&[u8]; 4], row: &mut [u8]) {
        let [a, b, c, d] = components;
        let (pixels, _) = row.as_chunks_mut::<3>();
        let three = pixels.iter_mut().zip(a).zip(b).zip(c);
        match self {
            Self::Grey => pixels.iter_mut().zip(a).for_each(|(pixel, grey)| *pixel = [grey ^ 0x80; 3]),
            Self::YCbCr => three.for_each(|(((pixel, y), cb), cr)| *pixel = rgb(*y, *cb, *cr)),
            Self::Rgb => three.for_each(|(((pixel, r), g), b)| *pixel = [r ^ 0x80, g ^ 0x80, b ^ 0x80]),
            Self::Cmyk => three.zip(d).for_each(|((((pixel, c), m), y), k)| {
                *pixel = light([c ^ 0x80, m ^ 0x80, y ^ 0x80], k ^ 0x80);
            }),
            Self::Ycck => three.zip(d).for_each(|((((pixel, y), cb), cr), k)| {
                *pixel = light(rgb(*y, *cb, *cr).map(|of| !of), k ^ 0x80);
            }),
        }
    }
}

/// 16 fractional bits of a factor.
const fn fixed(factor: f64) -> i32 {
    (factor * 65536.0 + 0.5) as i32
}

/// ISO/IEC 10918-5, clause 7, to the nearest in each product but that for green, which has two.
#[inline(always)]
fn rgb(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    const HALF: i32 = 0x8000;
    const CR_RED: i32 = fixed(1.402);
    const CB_GREEN: i32 = fixed(0.34414);
    const CR_GREEN: i32 = fixed(0.71414);
    const CB_BLUE: i32 = fixed(1.772);
    let (y, cb, cr) = (i32::from(y as i8) + 128, i32::from(cb as i8), i32::from(cr as i8));
    let red = y + ((CR_RED * cr + HALF) >> 16);
    let green = y + ((HALF - CB_GREEN * cb - CR_GREEN * cr) >> 16);
    let blue = y + ((CB_BLUE * cb + HALF) >> 16);
    [red.clamp(0, 255) as u8, green.clamp(0, 255) as u8, blue.clamp(0, 255) as u8]
}

/// The light that comes back through inks, and black, which let so much of it pass.
#[inline(always)]
fn light(inks: [u8; 3], black: u8) -> [u8; 3] {
    let through = |ink: u8| {
        // Divided by 255, to the nearest.
        let product = u32::from(ink) * u32::from(black) + 128;
        ((product + (product >> 8)) >> 8) as u8
    };
    [through(inks[0]), through(inks[1]), through(inks[2])]
}

/// The luminance of a row of pixels (ITU-R BT.601).
#[inline(always)]
pub(super) fn luma(pixels: &[u8], row: &mut [u8]) {
    let (pixels, _) = pixels.as_chunks::<3>();
    row.iter_mut().zip(pixels).for_each(|(luma, [r, g, b])| {
        let [r, g, b] = [r, g, b].map(|value| u32::from(*value));
        *luma = ((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16) as u8;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_follows_from_the_segments_and_the_names_of_components() {
        let told = |jfif, adobe| Told { jfif, adobe };
        assert_eq!(told(false, None).model(&[1]), Some(Model::Grey));
        assert_eq!(told(false, None).model(&[1, 2, 3]), Some(Model::YCbCr));
        assert_eq!(told(false, None).model(b"RGB"), Some(Model::Rgb));
        assert_eq!(told(true, None).model(b"RGB"), Some(Model::YCbCr));
        assert_eq!(told(false, Some(0)).model(&[1, 2, 3]), Some(Model::Rgb));
        assert_eq!(told(false, Some(2)).model(&[1, 2, 3, 4]), Some(Model::Ycck));
        assert_eq!(told(false, None).model(&[1, 2, 3, 4]), Some(Model::Cmyk));
        assert_eq!(told(false, None).model(&[1, 2]), None);
    }

    #[test]
    fn primaries_come_out_of_their_luminance_and_chrominance() {
        for (coded, expected) in [
            ([76, 85, 255], [254, 0, 0]),
            ([150, 44, 21], [0, 255, 1]),
            ([29, 255, 107], [0, 0, 254]),
            ([255, 128, 128], [255; 3]),
        ] {
            let [y, cb, cr] = coded.map(|value: u8| [value ^ 0x80]);
            let mut pixel = [0; 3];
            Model::YCbCr.to_rgb([&y, &cb, &cr, &[]], &mut pixel);
            assert_eq!(pixel, expected);
        }
    }

    #[test]
    fn full_ink_is_dark() {
        let mut pixel = [9; 3];
        Model::Cmyk.to_rgb([&[0x7f], &[0x80], &[0x7f], &[0x7f]], &mut pixel);
        assert_eq!(pixel, [255, 0, 255]);
        Model::Cmyk.to_rgb([&[0x7f], &[0x80], &[0x7f], &[0x80]], &mut pixel);
        assert_eq!(pixel, [0; 3]);
        Model::Ycck.to_rgb([&[0x7f], &[0], &[0], &[0x7f]], &mut pixel);
        assert_eq!(pixel, [0; 3]);
    }
}
