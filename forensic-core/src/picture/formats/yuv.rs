//! Planes of luma and chroma to red, green and blue (ITU-T H.273, 8.3), eight bits a sample whatever the depth.

use super::super::heif::Nclx;

/// A decoded frame: its planes, held while they are read.
pub(super) struct Frame {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Luma, and, but for grey, the chroma of blue and of red: samples, and how far it is from one row to the next, in bytes for
    /// those of AV1, otherwise in samples.
    pub(super) planes: Vec<(Samples, usize)>,
    /// Columns and rows of luma for each of chroma, as powers of two.
    pub(super) sub: (u32, u32),
    pub(super) depth: u32,
    pub(super) nclx: Nclx,
}

/// The samples of a plane.
pub(super) enum Samples {
    /// Of AV1: one byte each, or, where that is true, two in the order of the machine.
    Av1(re_rav1d::dav1d::Plane, bool),
    Words(Vec<u16>),
}

impl Frame {
    pub(super) fn is_grey(&self) -> bool {
        self.planes.len() < 3
    }

    /// The planes, to be read with colours as `nclx` tells.
    pub(super) fn planes(&self, nclx: Nclx) -> Planes<'_> {
        let chroma = match self.planes.as_slice() {
            [_, blue, red, ..] => Some([blue, red]),
            _ => None,
        };
        Planes { luma: self.planes.first(), chroma, sub: self.sub, depth: self.depth, nclx }
    }
}

/// The sample of a column of row `number`.
fn row((samples, stride): &(Samples, usize), number: usize) -> impl Fn(usize) -> f32 {
    let start = number.saturating_mul(*stride);
    move |column| match samples {
        Samples::Av1(plane, false) => plane.get(start + column).map_or(0.0, |sample| (*sample).into()),
        Samples::Av1(plane, true) => {
            let sample = plane.get(start + 2 * column..).and_then(<[u8]>::first_chunk);
            sample.map_or(0.0, |sample| u16::from_ne_bytes(*sample).into())
        }
        Samples::Words(words) => words.get(start + column).map_or(0.0, |sample| (*sample).into()),
    }
}

/// Planes of a picture, and what their samples mean.
pub(super) struct Planes<'a> {
    luma: Option<&'a (Samples, usize)>,
    chroma: Option<[&'a (Samples, usize); 2]>,
    sub: (u32, u32),
    depth: u32,
    nclx: Nclx,
}

impl Planes<'_> {
    /// Calls `put` with red, green and blue of each pixel of row `number`, from the left on.
    pub(super) fn row(&self, number: usize, width: usize, mut put: impl FnMut([u8; 3])) {
        let levels = Levels::of(self.depth, self.nclx.full_range);
        let Some(luma) = self.luma.map(|luma| row(luma, number)) else { return };
        let clamp = |value: f32| (value + 0.5).clamp(0.0, 255.0) as u8;
        let Some([blue, red]) = self.chroma else {
            (0..width).for_each(|column| put([clamp((luma(column) - levels.black) * levels.luma); 3]));
            return;
        };
        let (blue, red) = (row(blue, number >> self.sub.1), row(red, number >> self.sub.1));
        let kind = Kind::of(self.nclx.matrix);
        for column in 0..width {
            let light = (luma(column) - levels.black) * levels.luma;
            let (first, second) = (blue(column >> self.sub.0), red(column >> self.sub.0));
            let (cb, cr) = ((first - levels.middle) * levels.chroma, (second - levels.middle) * levels.chroma);
            put(match kind {
                Kind::Linear { red, blue } => {
                    let green = 1.0 - red - blue;
                    let (to_red, to_blue) = (2.0 - 2.0 * red, 2.0 - 2.0 * blue);
                    let lost = (red * to_red * cr + blue * to_blue * cb) / green;
                    [clamp(light + to_red * cr), clamp(light - lost), clamp(light + to_blue * cb)]
                }
                Kind::Identity => {
                    let plain = |sample: f32| clamp((sample - levels.black) * levels.luma);
                    [plain(second), clamp(light), plain(first)]
                }
                Kind::GreenOrange => [clamp(light - cb + cr), clamp(light + cb), clamp(light - cb - cr)],
            });
        }
    }
}

/// How samples are scaled to 0 … 255.
struct Levels {
    black: f32,
    luma: f32,
    middle: f32,
    chroma: f32,
}

impl Levels {
    fn of(depth: u32, full: bool) -> Self {
        let unit = (1u32 << depth.clamp(8, 16).saturating_sub(8)) as f32;
        let most = unit * 256.0 - 1.0;
        match full {
            true => Self { black: 0.0, luma: 255.0 / most, middle: 128.0 * unit, chroma: 255.0 / most },
            false => Self {
                black: 16.0 * unit,
                luma: 255.0 / (219.0 * unit),
                middle: 128.0 * unit,
                chroma: 255.0 / (224.0 * unit),
            },
        }
    }
}

/// What chroma means.
#[derive(Clone, Copy)]
enum Kind {
    /// Differences to blue and red, luma being made of so much red and blue.
    Linear { red: f32, blue: f32 },
    /// Blue and red themselves, and luma green.
    Identity,
    /// Green and orange (YCgCo).
    GreenOrange,
}

impl Kind {
    fn of(matrix: u16) -> Self {
        let (red, blue) = match matrix {
            0 => return Self::Identity,
            8 => return Self::GreenOrange,
            1 => (0.2126, 0.0722),
            4 => (0.30, 0.11),
            7 => (0.212, 0.087),
            9 | 10 => (0.2627, 0.0593),
            _ => (0.299, 0.114),
        };
        Self::Linear { red, blue }
    }
}
