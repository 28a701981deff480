//! TIFF (TIFF 6.0, BigTIFF): the first picture, by strips or tiles; those that do not decode stay grey where a part is wanted.

use super::{
    super::{
        Decoded,
        canvas::{neutral, painted},
        colour::{cmyk, ycbcr},
        exif::{Directories, Kind},
        job::{Job, reader},
    },
    raw,
};
use crate::{
    bytes::{ReadAt, Reader, Source},
    error::{Error, Result},
};
use image::ColorType;
use std::{io::BufReader, sync::Arc};
use tiff::{TiffError, decoder::Decoder};

/// Times over that the strips together may hold the bytes of the file: strips that share bytes cost time for each.
const MOST_SHARING: u64 = 4;
/// Strips and tiles of one picture.
const MOST_CHUNKS: u64 = 1 << 18;

const PHOTOMETRIC: u16 = 0x0106;
const PALETTE: u16 = 0x0140;
const STRIP_BYTES: u16 = 0x0117;
const TILE_BYTES: u16 = 0x0145;
const OLD_JPEG: u64 = 6;
/// Types of samples.
const UNSIGNED: u16 = 1;
const FLOAT: u16 = 3;

/// Decodes a TIFF picture, or the largest preview of a camera raw.
pub(super) fn decode(job: &Job<'_>) -> Result<Decoded> {
    let mut directories = Directories::walk(job.source, 0).ok_or_else(|| job.corrupt(0, "no directory"))?;
    match raw::kind(job, &mut directories) {
        Some(format) => raw::decode(job, &mut directories, format),
        None => decode_first(job, &mut directories, "tiff"),
    }
}

/// Decodes the picture of the first directory; `format` is that of the file it stands in.
pub(super) fn decode_first(job: &Job<'_>, directories: &mut Directories, format: &'static str) -> Result<Decoded> {
    let first = directories.first(Kind::Picture(0)).ok_or_else(|| job.corrupt(4, "no directory"))?;
    if directories.number(first, 0x0103) == Some(OLD_JPEG)
        && let (Some(at), Some(length)) = (directories.number(first, 0x0201), directories.number(first, 0x0202))
    {
        return old_jpeg(job, at, length, format);
    }
    check_sharing(job, directories, first)?;
    let palette = palette(directories, first);
    let source = if palette.is_some() { unnamed(job.source, directories, first) } else { job.source.clone() };
    let mut decoder = Decoder::new(reader(&source)).map_err(|error| wrong(job, error))?;
    let (width, height) = decoder.dimensions().map_err(|error| wrong(job, error))?;
    let color = decoder.colortype().map_err(|error| wrong(job, error))?;
    let wanted = if color.bit_depth() == 32 { FLOAT } else { UNSIGNED };
    let format_tag = decoder.find_tag_unsigned_vec::<u16>(tiff::tags::Tag::SampleFormat).ok().flatten();
    if format_tag.unwrap_or_else(|| vec![UNSIGNED]).iter().any(|format| *format != wanted) {
        return Err(Error::unsupported(format!("TIFF of {color:?} in samples of this type")));
    }
    let (color, reading) = reading(color, palette)?;
    job.admit(width, height, u64::from(color.bytes_per_pixel()) * 2)?;
    let mut bounds = tiff::decoder::Limits::default();
    bounds.decoding_buffer_size = job.memory();
    bounds.intermediate_buffer_size = job.memory() / 2;
    let mut decoder = decoder.with_limits(bounds);
    let grid = Grid::of(&mut decoder, (width, height), color).ok_or_else(|| job.corrupt(0, "no strips or tiles"))?;
    if grid.chunks() > MOST_CHUNKS {
        return Err(job.too_much(grid.chunks(), MOST_CHUNKS, "strips"));
    }
    let drawn = painted(width, height, color, |samples| {
        if job.partial {
            neutral(samples, color);
        }
        grid.read(&mut decoder, &reading, samples, job.partial)
    });
    let (pixels, (done, error)) = drawn.ok_or_else(|| job.corrupt(0, "too many pixels"))?;
    let error = match error {
        Some(error) => match wrong(job, error) {
            error @ Error::Unsupported { .. } => return Err(error),
            error => Some(error),
        },
        None => None,
    };
    Decoded::part(job, (pixels, format), (done, grid.chunks()), error)
}

fn wrong(job: &Job<'_>, error: TiffError) -> Error {
    match error {
        TiffError::UnsupportedError(what) => Error::unsupported(format!("TIFF: {what}")),
        TiffError::LimitsExceeded => job.too_much(job.source.len(), job.limits.picture_bytes, "bytes of memory"),
        error => job.wrong(error),
    }
}

/// A whole JPEG stream, as TIFF 6.0 had it.
fn old_jpeg(job: &Job<'_>, at: u64, length: u64, format: &'static str) -> Result<Decoded> {
    let length = length.min(job.source.len().saturating_sub(at)).min(job.limits.picture_bytes / 2);
    super::jpeg::decode_bytes(job, &job.source.read_vec(at, length)?, format)
}

/// Refuses strips that lie one on the other many times over.
fn check_sharing(job: &Job<'_>, directories: &mut Directories, ifd: usize) -> Result<()> {
    let mut bytes = 0u64;
    for tag in [STRIP_BYTES, TILE_BYTES] {
        let count = directories.count(ifd, tag);
        if count > MOST_CHUNKS {
            return Err(job.too_much(count, MOST_CHUNKS, "strips"));
        }
        for index in 0..count {
            bytes = bytes.saturating_add(directories.number_at(ifd, tag, index).unwrap_or(0));
        }
    }
    let limit = job.source.len().saturating_mul(MOST_SHARING);
    // One strip that says it goes on behind the end of the file costs no more than the file.
    if bytes > limit && directories.count(ifd, STRIP_BYTES).max(directories.count(ifd, TILE_BYTES)) > 1 {
        return Err(job.too_much(bytes, limit, "bytes of strips"));
    }
    Ok(())
}

/// The colours that numbers stand for: red, green and blue, of a picture that has a palette.
fn palette(directories: &mut Directories, ifd: usize) -> Option<Vec<[u8; 3]>> {
    if directories.number(ifd, PHOTOMETRIC) != Some(3) {
        return None;
    }
    let count = directories.count(ifd, PALETTE).min(3 << 8) / 3;
    let mut colour = |index: u64| directories.number_at(ifd, PALETTE, index).map_or(0, |value| (value >> 8) as u8);
    Some((0..count).map(|index| [0, 1, 2].map(|channel| colour(index + channel * count))).collect())
}

/// The source, the numbers of a palette given out as grey: the decoder reads them only so.
fn unnamed(source: &Source, directories: &Directories, ifd: usize) -> Source {
    let Some((at, 2)) = directories.place(ifd, PHOTOMETRIC) else { return source.clone() };
    let one = if source.read_vec(0, 1).is_ok_and(|order| order == b"M") { [0, 1] } else { [1, 0] };
    Arc::new(Patched { source: source.clone(), at, bytes: one })
}

/// A source in which two bytes are others.
struct Patched {
    source: Source,
    at: u64,
    bytes: [u8; 2],
}

impl ReadAt for Patched {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.source.read_at(offset, buf)?;
        for (byte, at) in self.bytes.iter().zip(self.at..) {
            let place = at.checked_sub(offset).and_then(|index| buf.get_mut(usize::try_from(index).ok()?));
            if let Some(place) = place {
                *place = *byte;
            }
        }
        Ok(())
    }
}

/// How samples become those of the picture.
enum Reading {
    Same,
    /// Grey of so many bits.
    Bits(u8),
    /// Numbers of so many bits, and the colours they stand for.
    Palette(u8, Vec<[u8; 3]>),
    /// The first of so many samples.
    First(usize),
    /// Four samples, or five with alpha, which is dropped.
    Cmyk(usize),
    YCbCr,
}

fn reading(color: tiff::ColorType, palette: Option<Vec<[u8; 3]>>) -> Result<(ColorType, Reading)> {
    use tiff::ColorType::*;
    if let (Some(palette), Gray(bits @ (1 | 2 | 4 | 8))) = (palette, color) {
        return Ok((ColorType::Rgb8, Reading::Palette(bits, palette)));
    }
    Ok(match color {
        Gray(bits @ (1 | 2 | 4)) => (ColorType::L8, Reading::Bits(bits)),
        Gray(8) => (ColorType::L8, Reading::Same),
        Gray(16) => (ColorType::L16, Reading::Same),
        RGB(8) => (ColorType::Rgb8, Reading::Same),
        RGB(16) => (ColorType::Rgb16, Reading::Same),
        RGB(32) => (ColorType::Rgb32F, Reading::Same),
        RGBA(8) => (ColorType::Rgba8, Reading::Same),
        RGBA(16) => (ColorType::Rgba16, Reading::Same),
        RGBA(32) => (ColorType::Rgba32F, Reading::Same),
        CMYK(8) => (ColorType::Rgb8, Reading::Cmyk(4)),
        CMYK(16) => (ColorType::Rgb16, Reading::Cmyk(4)),
        CMYKA(8) => (ColorType::Rgb8, Reading::Cmyk(5)),
        CMYKA(16) => (ColorType::Rgb16, Reading::Cmyk(5)),
        YCbCr(8) => (ColorType::Rgb8, Reading::YCbCr),
        Multiband { bit_depth: 8, num_samples } => (ColorType::L8, Reading::First(num_samples.max(1).into())),
        Multiband { bit_depth: 16, num_samples } => (ColorType::L16, Reading::First(num_samples.max(1).into())),
        other => return Err(Error::unsupported(format!("TIFF of colour type {other:?}"))),
    })
}

/// Strips or tiles, and where they lie.
struct Grid {
    width: usize,
    height: usize,
    chunk: (usize, usize),
    planes: usize,
    channels: usize,
    /// Bytes of a sample.
    sample: usize,
}

impl Grid {
    fn of(decoder: &mut Decoder<BufReader<Reader>>, size: (u32, u32), color: ColorType) -> Option<Self> {
        let planar = decoder.find_tag_unsigned::<u16>(tiff::tags::Tag::PlanarConfiguration).ok().flatten() == Some(2);
        let channels = usize::from(color.channel_count());
        let (width, height) = decoder.chunk_dimensions();
        (width > 0 && height > 0).then(|| Self {
            width: size.0 as usize,
            height: size.1 as usize,
            chunk: (width as usize, height as usize),
            planes: if planar { channels } else { 1 },
            channels,
            sample: usize::from(color.bytes_per_pixel()) / channels.max(1),
        })
    }

    fn across(&self) -> usize {
        self.width.div_ceil(self.chunk.0)
    }

    fn a_plane(&self) -> usize {
        self.across() * self.height.div_ceil(self.chunk.1)
    }

    fn chunks(&self) -> u64 {
        (self.a_plane() * self.planes) as u64
    }

    /// Reads all strips or tiles, past those that do not decode where `on` is true; gives how many decoded, and the first error.
    fn read(
        &self,
        decoder: &mut Decoder<BufReader<Reader>>,
        reading: &Reading,
        samples: &mut [u8],
        on: bool,
    ) -> (u64, Option<TiffError>) {
        let (mut done, mut first) = (0, None);
        for index in 0..u32::try_from(self.chunks()).unwrap_or(0) {
            match decoder.read_chunk(index) {
                Ok(mut chunk) => {
                    self.place(index as usize, chunk.as_buffer(0).as_bytes(), reading, samples);
                    done += 1;
                }
                Err(error) => {
                    first = first.or(Some(error));
                    if !on {
                        break;
                    }
                }
            }
        }
        (done, first)
    }

    fn place(&self, index: usize, bytes: &[u8], reading: &Reading, samples: &mut [u8]) {
        let (plane, index) = (index / self.a_plane().max(1), index % self.a_plane().max(1));
        let (left, top) = (index % self.across() * self.chunk.0, index / self.across() * self.chunk.1);
        let width = self.chunk.0.min(self.width.saturating_sub(left));
        let height = self.chunk.1.min(self.height.saturating_sub(top));
        let pixel = self.channels * self.sample;
        let row = bytes.len() / height.max(1);
        for (line, row) in bytes.chunks_exact(row.max(1)).take(height).enumerate() {
            let start = ((top + line) * self.width + left) * pixel;
            let Some(place) = samples.get_mut(start..start + width * pixel) else { continue };
            if self.planes > 1 {
                let places =
                    place.chunks_exact_mut(pixel).filter_map(|pixel| pixel.chunks_exact_mut(self.sample).nth(plane));
                places.zip(row.chunks_exact(self.sample)).for_each(|(place, sample)| place.copy_from_slice(sample));
            } else {
                reading.row(row, place, self.sample);
            }
        }
    }
}

impl Reading {
    fn row(&self, row: &[u8], place: &mut [u8], sample: usize) {
        match self {
            Self::Same => {
                let length = row.len().min(place.len());
                if let (Some(place), Some(row)) = (place.get_mut(..length), row.get(..length)) {
                    place.copy_from_slice(row);
                }
            }
            Self::Bits(bits) => {
                let scale = (0xff / ((1u16 << bits) - 1)) as u8;
                place.iter_mut().zip(numbers(row, *bits)).for_each(|(place, number)| *place = number * scale);
            }
            Self::Palette(bits, colours) => {
                for (place, number) in place.as_chunks_mut::<3>().0.iter_mut().zip(numbers(row, *bits)) {
                    *place = colours.get(usize::from(number)).copied().unwrap_or_default();
                }
            }
            Self::First(of) => {
                let pixels = row.chunks_exact(sample * of).filter_map(|pixel| pixel.get(..sample));
                place.chunks_exact_mut(sample).zip(pixels).for_each(|(place, first)| place.copy_from_slice(first));
            }
            Self::Cmyk(of) if sample == 1 => {
                let pixels = row.chunks_exact(*of).filter_map(|pixel| pixel.first_chunk());
                place.as_chunks_mut().0.iter_mut().zip(pixels).for_each(|(place, pixel)| *place = cmyk(*pixel));
            }
            Self::Cmyk(of) => {
                let pixels = row.chunks_exact(2 * of).filter_map(|pixel| pixel.first_chunk::<8>());
                for (place, pixel) in place.as_chunks_mut::<6>().0.iter_mut().zip(pixels) {
                    let ink =
                        |index: usize| pixel.as_chunks::<2>().0.get(index).map_or(0, |two| u16::from_ne_bytes(*two));
                    let left = |ink: u16| u32::from(u16::MAX - ink);
                    for (index, place) in place.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                        let light = (left(ink(index)) as u64 * left(ink(3)) as u64 + 32767) / 65535;
                        *place = (light as u16).to_ne_bytes();
                    }
                }
            }
            Self::YCbCr => {
                let pixels = row.as_chunks::<3>().0.iter();
                place.as_chunks_mut().0.iter_mut().zip(pixels).for_each(|(place, pixel)| *place = ycbcr(*pixel));
            }
        }
    }
}

/// Numbers of `bits` bits, the highest first.
fn numbers(row: &[u8], bits: u8) -> impl Iterator<Item = u8> {
    let mask = ((1u16 << bits) - 1) as u8;
    row.iter().flat_map(move |byte| (0..8 / bits).map(move |index| byte >> (8 - bits * (index + 1)) & mask))
}
