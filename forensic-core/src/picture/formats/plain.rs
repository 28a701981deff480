//! BMP, PNM and ICO by the crate `image`; a truncated BMP or binary PNM as if grey stood where it ends.

use super::super::{Decoded, job::Job};
use crate::{
    bytes::{Fields, ReadAt, Reader, Source},
    error::{Error, Result},
};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader};
use std::{io::BufReader, sync::Arc};

const GREY: u8 = 0x80;
/// Bytes of a BMP header that are read.
const HEADER: u64 = 54;

/// Decodes a picture of `format`, named `name`.
pub(super) fn decode(job: &Job<'_>, format: ImageFormat, name: &'static str) -> Result<Decoded> {
    match picture(job, job.source, format) {
        Ok(pixels) => Ok(Decoded::whole(pixels, name)),
        Err(error @ Error::Corrupt { .. }) if job.partial => {
            let Some((padded, there, wanted)) = padded(job, format)? else { return Err(error) };
            let pixels = picture(job, &padded, format)?;
            Decoded::part(job, (pixels, name), (there, wanted), Some(error))
        }
        Err(error) => Err(error),
    }
}

/// Width and height.
pub(super) fn size(job: &Job<'_>, format: ImageFormat) -> Result<(u32, u32)> {
    decoder(job, job.source, format).map(|decoder| decoder.dimensions())
}

fn decoder<'a>(job: &Job<'_>, source: &Source, format: ImageFormat) -> Result<impl ImageDecoder + 'a> {
    let mut reader = ImageReader::with_format(BufReader::new(Reader::new(source.clone())), format);
    let mut bounds = image::Limits::default();
    bounds.max_alloc = Some(job.limits.picture_bytes);
    reader.limits(bounds);
    reader.into_decoder().map_err(|error| wrong(job, error))
}

fn picture(job: &Job<'_>, source: &Source, format: ImageFormat) -> Result<DynamicImage> {
    let decoder = decoder(job, source, format)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width).saturating_mul(u64::from(height)).max(1);
    // A PNM is read into memory before it is spread.
    job.admit(width, height, decoder.total_bytes().div_ceil(pixels).saturating_mul(2))?;
    DynamicImage::from_decoder(decoder).map_err(|error| wrong(job, error))
}

fn wrong(job: &Job<'_>, error: ImageError) -> Error {
    match error {
        ImageError::Unsupported(what) => Error::unsupported(what.to_string()),
        ImageError::Limits(_) => job.too_much(job.source.len(), job.limits.picture_bytes, "bytes of memory"),
        error => job.wrong(error),
    }
}

/// The source with grey behind its end, the bytes of pixels that are there, and those that should be; `None` where the
/// picture does not end too early.
fn padded(job: &Job<'_>, format: ImageFormat) -> Result<Option<(Source, u64, u64)>> {
    let length = job.source.len();
    let data = match format {
        ImageFormat::Bmp => bitmap(job)?,
        ImageFormat::Pnm => map(&job.head(1024)?),
        _ => None,
    };
    Ok(data.filter(|data| data.end > length).map(|data| {
        let padded = Padded { source: job.source.clone(), length: data.end, filler: data.filler };
        let there = length.saturating_sub(data.start);
        (Arc::new(padded) as Source, there, data.end.saturating_sub(data.start))
    }))
}

/// Where the pixels stand.
struct Data {
    start: u64,
    end: u64,
    filler: u8,
}

/// The pixels of a BMP (Microsoft, BITMAPINFOHEADER).
fn bitmap(job: &Job<'_>) -> Result<Option<Data>> {
    let head = job.head(HEADER)?;
    let fields = Fields::new(&head, "BMP header", job.source.medium_offset(0));
    let start = u64::from(fields.u32(10)?);
    let (width, height) = (u64::from(fields.u32(18)?), u64::from(fields.u32(22)?.cast_signed().unsigned_abs()));
    let (bits, compression) = (u64::from(fields.u16(28)?), fields.u32(30)?);
    Ok(match (fields.u32(14)?, compression) {
        (12, _) => None,
        // Runs of no length end a row: what is behind the end stays empty.
        (_, 1 | 2) => Some(Data { start, end: start.saturating_add(u64::from(fields.u32(34)?)), filler: 0 }),
        _ => {
            let row = width.saturating_mul(bits).div_ceil(32).saturating_mul(4);
            Some(Data { start, end: start.saturating_add(row.saturating_mul(height)), filler: GREY })
        }
    })
}

/// The pixels of a binary PNM (Netpbm): behind the numbers of its header.
fn map(head: &[u8]) -> Option<Data> {
    let kind = *head.get(1)?;
    let wanted = match kind {
        b'4' => 2,
        b'5' | b'6' => 3,
        _ => return None,
    };
    let mut numbers = Vec::new();
    let mut at = 2usize;
    while numbers.len() < wanted {
        match head.get(at)? {
            b'#' => at = at.checked_add(head.get(at..)?.iter().position(|byte| *byte == b'\n')?)?,
            byte if byte.is_ascii_digit() => {
                let digits = head.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
                let end = at.checked_add(digits)?;
                numbers.push(std::str::from_utf8(head.get(at..end)?).ok()?.parse::<u64>().ok()?);
                at = end;
            }
            _ => at = at.checked_add(1)?,
        }
    }
    let (width, height) = (*numbers.first()?, *numbers.get(1)?);
    let sample = if numbers.get(2).is_some_and(|most| *most > 255) { 2 } else { 1 };
    let row = match kind {
        b'4' => width.div_ceil(8),
        b'5' => width.checked_mul(sample)?,
        _ => width.checked_mul(sample)?.checked_mul(3)?,
    };
    let start = at.checked_add(1)? as u64;
    Some(Data { start, end: start.checked_add(row.checked_mul(height)?)?, filler: GREY })
}

/// A source that goes on with one byte behind its end.
pub(super) struct Padded {
    pub(super) source: Source,
    pub(super) length: u64,
    pub(super) filler: u8,
}

impl ReadAt for Padded {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let there = self.source.len().saturating_sub(offset);
        let (front, rest) = buf.split_at_mut(usize::try_from(there).unwrap_or(usize::MAX).min(buf.len()));
        rest.fill(self.filler);
        if front.is_empty() { Ok(()) } else { self.source.read_at(offset, front) }
    }
}
