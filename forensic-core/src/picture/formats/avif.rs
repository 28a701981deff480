//! AVIF (AOMedia, AV1 Image File Format 1.1): AV1 still pictures, grids of them, and their alpha, by the crate `re_rav1d`.

use super::{
    super::{
        Decoded,
        canvas::{neutral, painted},
        heif::{Item, Items, Nclx},
        job::Job,
    },
    yuv::{Plane, Planes},
};
use crate::error::{Error, Result};
use image::{ColorType, DynamicImage, RgbImage};
use re_rav1d::dav1d::{
    Decoder, Error as AvError, Picture, PixelLayout, PlanarImageComponent as Component, Settings,
    pixel::{MatrixCoefficients, YUVRange},
};

const FORMAT: &str = "avif";
/// Planes of 16 bits, what the decoder keeps beside, and samples.
const PIXEL: u64 = 16;
/// Tiles of a grid.
const MOST_TILES: usize = 1 << 10;
/// Frames in one item: a still picture is one, in layers a few.
const MOST_FRAMES: usize = 8;

/// Decodes the primary picture.
pub(super) fn decode(job: &Job<'_>) -> Result<Decoded> {
    let items = Items::read(job.source)?;
    let primary = items.item(items.primary).ok_or_else(|| job.corrupt(0, "no primary item"))?;
    if let Some((width, height)) = primary.size() {
        job.admit(width, height, PIXEL)?;
    }
    let alpha = items.to(primary.id, b"auxl").find(|item| item.is_alpha());
    let tiles = Tiles::of(job, &items, primary)?;
    let mut first = tiles.first(job, &items)?;
    let color = match (alpha.is_some(), first.pixel_layout()) {
        (true, _) => ColorType::Rgba8,
        (false, PixelLayout::I400) => ColorType::L8,
        (false, _) => ColorType::Rgb8,
    };
    let (width, height) = tiles.size.unwrap_or((first.width(), first.height()));
    job.admit(width, height, PIXEL)?;
    let drawn = painted(width, height, color, |samples| {
        neutral(samples, color);
        tiles.draw(job, &items, &mut first, samples, (width, color))
    });
    let (mut pixels, (done, error)) = drawn.ok_or_else(|| job.corrupt(0, "too many pixels"))?;
    let mut issue = None;
    if let (Some(alpha), DynamicImage::ImageRgba8(picture)) = (alpha, &mut pixels) {
        let samples = picture.as_flat_samples_mut().samples;
        if let Err(error) = draw_alpha(job, &items, alpha, samples, (width, height)) {
            if !job.partial {
                return Err(error);
            }
            issue = Some((&error).into());
        }
    }
    let decoded = Decoded::part(job, (pixels, FORMAT), (done, tiles.items.len() as u64), error)?;
    Ok(Decoded { issue: decoded.issue.or(issue), ..decoded })
}

/// The tiles of a picture: one, or a grid.
struct Tiles {
    items: Vec<u32>,
    columns: usize,
    /// Width and height of a grid.
    size: Option<(u32, u32)>,
    nclx: Option<Nclx>,
}

impl Tiles {
    fn of(job: &Job<'_>, items: &Items, item: &Item) -> Result<Self> {
        match &item.kind {
            b"av01" => Ok(Self { items: vec![item.id], columns: 1, size: None, nclx: item.nclx() }),
            b"grid" => {
                let bytes = items.bytes(job.source, item, 64)?;
                let wrong = || job.corrupt(0, "the description of a grid");
                let (rows, columns, width, height) = grid(&bytes).ok_or_else(wrong)?;
                job.admit(width, height, PIXEL)?;
                let tiles = items.from(item.id, b"dimg");
                if tiles.is_empty() || tiles.len() > MOST_TILES || tiles.len() != rows * columns {
                    return Err(job.corrupt(0, format!("{} tiles in a grid of {rows} × {columns}", tiles.len())));
                }
                Ok(Self { items: tiles, columns, size: Some((width, height)), nclx: item.nclx() })
            }
            kind => Err(Error::unsupported(format!("AVIF item of type {:?}", String::from_utf8_lossy(kind)))),
        }
    }

    /// The first tile that decodes; where no part is wanted, the first.
    fn first(&self, job: &Job<'_>, items: &Items) -> Result<Picture> {
        let mut first = Err(job.corrupt(0, "no tile"));
        for tile in &self.items {
            first = frame(job, items, *tile);
            if first.is_ok() || !job.partial {
                break;
            }
        }
        first
    }

    fn draw(
        &self,
        job: &Job<'_>,
        items: &Items,
        first: &mut Picture,
        samples: &mut [u8],
        (width, color): (u32, ColorType),
    ) -> (u64, Option<Error>) {
        // Where a tile lies is a matter of the size of the first; all are of one size (ISO/IEC 23008-12, 6.6.2.3).
        let (tile_width, tile_height) = (first.width() as usize, first.height() as usize);
        let (mut done, mut failed) = (0, None);
        for (number, tile) in self.items.iter().enumerate() {
            let picture = if self.items.len() == 1 { Ok(first.clone()) } else { frame(job, items, *tile) };
            match picture {
                Ok(picture) => {
                    let (left, top) = (number % self.columns * tile_width, number / self.columns * tile_height);
                    let nclx = self.nclx.or_else(|| items.item(*tile).and_then(Item::nclx));
                    paste(&picture, nclx, samples, (width as usize, color), (left, top));
                    done += 1;
                }
                Err(error) => {
                    failed = failed.or(Some(error));
                    if !job.partial {
                        break;
                    }
                }
            }
        }
        (done, failed)
    }
}

/// Rows, columns, width and height of a grid.
fn grid(bytes: &[u8]) -> Option<(usize, usize, u32, u32)> {
    let [_, flags, rows, columns, rest @ ..] = bytes else { return None };
    let number = |index: usize| {
        if flags & 1 == 0 {
            rest.as_chunks::<2>().0.get(index).map(|two| u32::from(u16::from_be_bytes(*two)))
        } else {
            rest.as_chunks::<4>().0.get(index).map(|four| u32::from_be_bytes(*four))
        }
    };
    Some((usize::from(*rows) + 1, usize::from(*columns) + 1, number(0)?, number(1)?))
}

/// Decodes one coded item.
fn frame(job: &Job<'_>, items: &Items, id: u32) -> Result<Picture> {
    let item = items.item(id).filter(|item| &item.kind == b"av01").ok_or_else(|| job.corrupt(0, "a tile that is no AV1"))?;
    let at = items.place(item).unwrap_or(0);
    let bytes = items.bytes(job.source, item, job.limits.picture_bytes / 4)?;
    if frames(&bytes) > MOST_FRAMES {
        return Err(job.too_much(frames(&bytes) as u64, MOST_FRAMES as u64, "frames of a still picture"));
    }
    let picture = still(bytes, most_pixels(job));
    picture.map_err(|error| job.corrupt(at, format!("AV1: {error}")))
}

/// Decodes the frame of a still picture; a larger one than `pixels` is an error.
fn still(bytes: Vec<u8>, pixels: u64) -> Result<Picture, AvError> {
    let mut decoder = decoder(pixels)?;
    match next(&mut decoder, bytes)? {
        Some(picture) => Ok(picture),
        None => Err(AvError::InvalidArgument),
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
        if frames(&bytes) > MOST_FRAMES {
            return Err(job.too_much(frames(&bytes) as u64, MOST_FRAMES as u64, "frames of a sample"));
        }
        let wrong = |error: AvError| job.corrupt(0, format!("AV1: {error}"));
        let outcome = next(&mut self.0, bytes);
        if outcome.is_err() {
            self.0.flush();
        }
        let Some(picture) = outcome.map_err(wrong)? else { return Ok(None) };
        let drawn = painted(picture.width(), picture.height(), ColorType::Rgb8, |samples| {
            paste(&picture, None, samples, (picture.width() as usize, ColorType::Rgb8), (0, 0));
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

/// Draws a frame at a place of the picture.
fn paste(
    picture: &Picture,
    nclx: Option<Nclx>,
    samples: &mut [u8],
    (width, color): (usize, ColorType),
    (left, top): (usize, usize),
) {
    let held = Held::of(picture);
    let planes = held.planes(nclx.unwrap_or_else(|| coded(picture)));
    let pixel = usize::from(color.bytes_per_pixel());
    let columns = (picture.width() as usize).min(width.saturating_sub(left));
    for row in 0..picture.height() as usize {
        let start = ((top + row) * width + left) * pixel;
        let Some(place) = samples.get_mut(start..start + columns * pixel) else { return };
        let mut places = place.chunks_exact_mut(pixel);
        planes.row(row, columns, |rgb| {
            if let Some(place) = places.next() {
                place.iter_mut().zip(rgb).for_each(|(place, sample)| *place = sample);
            }
        });
    }
}

/// Draws the alpha of the picture.
fn draw_alpha(job: &Job<'_>, items: &Items, alpha: &Item, samples: &mut [u8], (width, height): (u32, u32)) -> Result<()> {
    let tiles = Tiles::of(job, items, alpha)?;
    let mut first = tiles.first(job, items)?;
    let mut grey = vec![0xff; width as usize * height as usize];
    if tiles.items.len() == 1 && (first.width(), first.height()) != (width, height) {
        return Err(job.corrupt(0, "alpha of another size than its picture"));
    }
    let (_, error) = tiles.draw(job, items, &mut first, &mut grey, (width, ColorType::L8));
    for (pixel, alpha) in samples.as_chunks_mut::<4>().0.iter_mut().zip(grey) {
        let [_, _, _, place] = pixel;
        *place = alpha;
    }
    error.map_or(Ok(()), Err)
}

/// The planes of a frame, held while they are read.
struct Held {
    planes: Vec<(re_rav1d::dav1d::Plane, usize)>,
    layout: PixelLayout,
    depth: u32,
}

impl Held {
    fn of(picture: &Picture) -> Self {
        let grey = picture.pixel_layout() == PixelLayout::I400;
        let components = [Component::Y, Component::U, Component::V].into_iter().take(if grey { 1 } else { 3 });
        let planes = components.map(|component| (picture.plane(component), picture.stride(component) as usize));
        Self { planes: planes.collect(), layout: picture.pixel_layout(), depth: picture.bit_depth() as u32 }
    }

    fn planes(&self, nclx: Nclx) -> Planes<'_> {
        let plane = |number: usize| {
            let (bytes, stride) = self.planes.get(number).map_or((&[][..], 0), |(plane, stride)| (plane.as_ref(), *stride));
            Plane { bytes, stride, wide: self.depth > 8 }
        };
        let chroma = (self.layout != PixelLayout::I400).then(|| [plane(1), plane(2)]);
        let sub = match self.layout {
            PixelLayout::I420 => (1, 1),
            PixelLayout::I422 => (1, 0),
            _ => (0, 0),
        };
        Planes { luma: plane(0), chroma, sub, depth: self.depth, nclx }
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
