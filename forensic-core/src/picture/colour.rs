//! Colours to red, green and blue, one pixel at a time: the inks of print, and luma with chroma as JPEG has it.

/// Cyan, magenta, yellow and black, where 255 is full ink, without a profile: each takes its share of the light.
pub(super) fn cmyk([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    let light = u32::from(255 - black);
    [cyan, magenta, yellow].map(|ink| ((u32::from(255 - ink) * light + 127) / 255) as u8)
}

/// Luma and chroma of full range (JFIF 1.02; ITU-R BT.601).
pub(super) fn ycbcr([luma, blue, red]: [u8; 3]) -> [u8; 3] {
    // Sixteen bits behind the point.
    let (luma, blue, red) = (i32::from(luma) << 16 | 1 << 15, i32::from(blue) - 128, i32::from(red) - 128);
    let clamp = |value: i32| (value >> 16).clamp(0, 255) as u8;
    [clamp(luma + 91881 * red), clamp(luma - 22554 * blue - 46802 * red), clamp(luma + 116130 * blue)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inks_and_chroma_give_the_colours_they_stand_for() {
        assert_eq!(cmyk([0, 0, 0, 0]), [255, 255, 255]);
        assert_eq!(cmyk([0, 255, 255, 0]), [255, 0, 0]);
        assert_eq!(cmyk([0, 0, 0, 255]), [0, 0, 0]);
        assert_eq!(ycbcr([128, 128, 128]), [128, 128, 128]);
        assert_eq!(ycbcr([76, 85, 255]), [254, 0, 0]);
    }
}
