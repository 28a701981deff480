//! The border of one colour around a picture, as screenshots and letterboxed frames have it.
//!
//! PDQ finds no picture again that was framed: its samples all come from other places. What is within the border does.

use super::pixels::Bytes;

/// How far the pixels of a border may be from its first one, of 255: what compression does to flat colours.
const NOISE: u8 = 20;
/// The least share of a side that is left of a picture: one of a flat wall is no border around nothing.
const LEAST: usize = 4;
/// Pixels within a border that compression has mixed with it.
const BLURRED: usize = 1;

/// The pixels within the border; `None` where there is none.
pub(super) fn within<'a>(picture: &Bytes<'a>) -> Option<Bytes<'a>> {
    let (width, height) = (picture.width, picture.height);
    let Bytes { bytes, channels, .. } = picture;
    let stride = width * channels;
    let pixel = |x: usize, y: usize| &bytes[y * stride + x * channels..][..*channels];
    let near = |a: &[u8], b: &[u8]| a.iter().zip(b).all(|(a, b)| a.abs_diff(*b) <= NOISE);
    let flat_row = |y: usize, colour: &[u8]| (0..width).all(|x| near(pixel(x, y), colour));
    let colour = pixel(0, 0);
    let top = (0..height).take_while(|y| flat_row(*y, colour)).count();
    if top == height {
        return None;
    }
    let colour = pixel(width - 1, height - 1);
    let bottom = (0..height).rev().take_while(|y| flat_row(*y, colour)).count();
    let rows = top..height - bottom;
    let flat_column = |x: usize, colour: &[u8]| rows.clone().all(|y| near(pixel(x, y), colour));
    let left = (0..width).take_while(|x| flat_column(*x, pixel(0, top))).count();
    let right = (0..width).rev().take_while(|x| flat_column(*x, pixel(width - 1, top))).count();
    // Both are measured on their own, and meet in a picture of one colour.
    let inset = |border: usize| if border > 0 { border + BLURRED } else { 0 };
    let (left, right, top, bottom) = (inset(left), inset(right), inset(top), inset(bottom));
    let (across, down) = (width.checked_sub(left + right)?, height.checked_sub(top + bottom)?);
    if (across, down) == (width, height) || across * LEAST < width || down * LEAST < height {
        return None;
    }
    let taken = (top..top + down).flat_map(|y| &bytes[y * stride + left * channels..][..across * channels]);
    Some(Bytes { bytes: taken.copied().collect::<Vec<u8>>().into(), channels: *channels, width: across, height: down })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(left: usize, top: usize, right: usize, bottom: usize) -> Bytes<'static> {
        let (width, height) = (60 + left + right, 50 + top + bottom);
        let mut bytes = vec![30; width * height];
        for y in 0..50 {
            for x in 0..60 {
                bytes[(y + top) * width + x + left] = 60 + ((x * 7 + y * 13) % 180) as u8;
            }
        }
        Bytes { bytes: bytes.into(), channels: 1, width, height }
    }

    #[test]
    fn a_border_on_any_side_is_cut_off_with_what_touches_it() {
        let within = |picture: Bytes<'_>| within(&picture).map(|inner| (inner.width, inner.height));
        assert_eq!(within(framed(9, 5, 9, 5)), Some((58, 48)));
        assert_eq!(within(framed(0, 12, 0, 12)), Some((60, 48)));
        assert_eq!(within(framed(0, 0, 7, 0)), Some((59, 50)));
        assert_eq!(within(framed(0, 0, 0, 0)), None);
    }

    #[test]
    fn a_flat_picture_has_no_border() {
        let flat = Bytes { bytes: vec![9; 400].into(), channels: 1, width: 20, height: 20 };
        assert!(within(&flat).is_none());
        // Nor is next to nothing a picture.
        let mut dot = vec![9; 400];
        dot[210] = 200;
        assert!(within(&Bytes { bytes: dot.into(), channels: 1, width: 20, height: 20 }).is_none());
    }
}
