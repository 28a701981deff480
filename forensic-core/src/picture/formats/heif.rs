//! AVIF and HEIC (AOMedia, AV1 Image File Format 1.1; ISO/IEC 23008-12): coded pictures, grids of them, and their alpha.

use super::{
    super::{
        Decoded,
        canvas::{neutral, painted},
        heif::{Item, Items, Nclx},
        job::Job,
    },
    av1, hevc,
    yuv::Frame,
};
use crate::error::{Error, Result};
use image::{ColorType, DynamicImage};

/// Planes of 16 bits, what the decoder keeps beside, and samples.
pub(super) const PIXEL: u64 = 16;
/// Tiles of a grid.
const MOST_TILES: usize = 1 << 10;

/// Decodes the primary picture; `format` names the file.
pub(super) fn decode(job: &Job<'_>, format: &'static str) -> Result<Decoded> {
    let items = Items::read(job.source)?;
    let primary = items.item(items.primary).ok_or_else(|| job.corrupt(0, "no primary item"))?;
    if let Some((width, height)) = primary.size() {
        job.admit(width, height, PIXEL)?;
    }
    let alpha = items.to(primary.id, b"auxl").find(|item| item.is_alpha());
    let tiles = Tiles::of(job, &items, primary)?;
    let first = tiles.first(job, &items)?;
    let color = match (alpha.is_some(), first.is_grey()) {
        (true, _) => ColorType::Rgba8,
        (false, true) => ColorType::L8,
        (false, false) => ColorType::Rgb8,
    };
    let (width, height) = tiles.size.unwrap_or((first.width, first.height));
    job.admit(width, height, PIXEL)?;
    let drawn = painted(width, height, color, |samples| {
        neutral(samples, color);
        tiles.draw(job, &items, &first, samples, (width, color))
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
    if let Some((left, top, width, height)) = primary.crop((width, height)) {
        pixels = pixels.crop_imm(left, top, width, height);
    }
    let decoded = Decoded::part(job, (pixels, format), (done, tiles.items.len() as u64), error)?;
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
            b"av01" | b"hvc1" | b"hev1" => Ok(Self { items: vec![item.id], columns: 1, size: None, nclx: item.nclx() }),
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
            kind => Err(unsupported(kind)),
        }
    }

    /// The first tile that decodes; where no part is wanted, the first.
    fn first(&self, job: &Job<'_>, items: &Items) -> Result<Frame> {
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
        first: &Frame,
        samples: &mut [u8],
        (width, color): (u32, ColorType),
    ) -> (u64, Option<Error>) {
        // Where a tile lies is a matter of the size of the first; all are of one size (ISO/IEC 23008-12, 6.6.2.3).
        let (tile_width, tile_height) = (first.width as usize, first.height as usize);
        let (mut done, mut failed) = (0, None);
        for (number, tile) in self.items.iter().enumerate() {
            let other = (number > 0).then(|| frame(job, items, *tile)).transpose();
            match other {
                Ok(other) => {
                    let picture = other.as_ref().unwrap_or(first);
                    let (left, top) = (number % self.columns * tile_width, number / self.columns * tile_height);
                    let nclx = self.nclx.or_else(|| items.item(*tile).and_then(Item::nclx));
                    paste(picture, nclx, samples, (width as usize, color), (left, top));
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
fn frame(job: &Job<'_>, items: &Items, id: u32) -> Result<Frame> {
    let item = items.item(id).ok_or_else(|| job.corrupt(0, "a tile that is not there"))?;
    let bytes = items.bytes(job.source, item, job.limits.picture_bytes / 4)?;
    let at = items.place(item).unwrap_or(0);
    match &item.kind {
        b"av01" => av1::still(job, bytes, at),
        b"hvc1" | b"hev1" => hevc::still(job, item, &bytes, at),
        kind => Err(unsupported(kind)),
    }
}

fn unsupported(kind: &[u8; 4]) -> Error {
    Error::unsupported(format!("HEIF picture coded as {:?}", String::from_utf8_lossy(kind)))
}

/// Draws a frame at a place of the picture.
pub(super) fn paste(
    frame: &Frame,
    nclx: Option<Nclx>,
    samples: &mut [u8],
    (width, color): (usize, ColorType),
    (left, top): (usize, usize),
) {
    let pixel = usize::from(color.bytes_per_pixel());
    let columns = (frame.width as usize).min(width.saturating_sub(left));
    let planes = frame.planes(nclx.unwrap_or(frame.nclx));
    for row in 0..frame.height as usize {
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
fn draw_alpha(
    job: &Job<'_>,
    items: &Items,
    alpha: &Item,
    samples: &mut [u8],
    (width, height): (u32, u32),
) -> Result<()> {
    let tiles = Tiles::of(job, items, alpha)?;
    let first = tiles.first(job, items)?;
    let (wide, high) = tiles.size.unwrap_or((first.width, first.height));
    job.admit(wide, high, PIXEL)?;
    let (across, down) = (wide as usize, high as usize);
    let mut grey = vec![0xff; across * down];
    let (_, error) = tiles.draw(job, items, &first, &mut grey, (wide, ColorType::L8));
    // Alpha may be of another size than its picture.
    let (width, height) = (width.max(1) as usize, height.max(1) as usize);
    for (number, [.., place]) in samples.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let at = number / width * down / height * across + number % width * across / width;
        *place = grey.get(at).copied().unwrap_or(0xff);
    }
    error.map_or(Ok(()), Err)
}
