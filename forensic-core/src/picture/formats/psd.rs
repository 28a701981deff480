//! PSD and PSB (Adobe Photoshop File Formats Specification, 2019): the composite picture behind the layers, raw or by PackBits.

use super::super::{
    Decoded,
    canvas::{neutral, painted},
    colour::cmyk,
    job::Job,
};
use crate::error::{Error, Result};
use image::ColorType;

const FORMAT: &str = "psd";
/// Bytes of the header.
const HEADER: u64 = 26;
const RAW: u16 = 0;
const PACKED: u16 = 1;

/// Where the sections of the file begin.
pub(in crate::picture) struct Sections {
    wide: bool,
    channels: u16,
    pub(in crate::picture) width: u32,
    pub(in crate::picture) height: u32,
    depth: u16,
    mode: u16,
    palette: (u64, u64),
    /// Image resources, and their bytes.
    pub(in crate::picture) resources: (u64, u64),
    pixels: u64,
}

impl Sections {
    pub(in crate::picture) fn read(job: &Job<'_>) -> Result<Self> {
        let head = job.source.read_vec(0, HEADER)?;
        let fields = crate::bytes::Fields::new(&head, "PSD header", job.source.medium_offset(0));
        let version = fields.u16_be(4)?;
        if !matches!(version, 1 | 2) {
            return Err(fields.corrupt(4, "version 1 or 2", version));
        }
        let wide = version == 2;
        let section = |at: u64, wide: bool| {
            let bytes = job.source.read_vec(at, if wide { 8 } else { 4 })?;
            let length = bytes.iter().fold(0u64, |length, byte| length << 8 | u64::from(*byte));
            Ok::<_, Error>((at.saturating_add(bytes.len() as u64), length))
        };
        let palette = section(HEADER, false)?;
        let resources = section(palette.0.saturating_add(palette.1), false)?;
        // A file that is cut inside its layers has no composite, but all the rest.
        let layers = section(resources.0.saturating_add(resources.1), wide).unwrap_or((u64::MAX, 0));
        Ok(Self {
            wide,
            channels: fields.u16_be(12)?,
            width: fields.u32_be(18)?,
            height: fields.u32_be(14)?,
            depth: fields.u16_be(22)?,
            mode: fields.u16_be(24)?,
            palette,
            resources,
            pixels: layers.0.saturating_add(layers.1),
        })
    }
}

/// Decodes the composite picture.
pub(super) fn decode(job: &Job<'_>) -> Result<Decoded> {
    let sections = Sections::read(job)?;
    let reading = Reading::of(job, &sections)?;
    let (width, height, color) = (sections.width, sections.height, reading.color);
    let planes = reading.planes as u64;
    job.admit(width, height, u64::from(color.bytes_per_pixel()) + planes * u64::from(sections.depth.div_ceil(8)) + 1)?;
    let mut rows = Rows::open(job, &sections)?;
    let drawn = painted(width, height, color, |samples| {
        if job.partial {
            neutral(samples, color);
        }
        reading.draw(&mut rows, samples, width as usize)
    });
    let (pixels, (done, error)) = drawn.ok_or_else(|| job.corrupt(0, "too many pixels"))?;
    Decoded::part(job, (pixels, FORMAT), (done, u64::from(height) * planes), error)
}

/// How planes become samples.
struct Reading {
    color: ColorType,
    /// Planes that are read.
    planes: usize,
    depth: u16,
    kind: Kind,
}

enum Kind {
    /// Black where a bit is set.
    Bits,
    Plain,
    Palette(Vec<u8>),
    /// Inks, full where a sample is nought.
    Inks,
}

impl Reading {
    fn of(job: &Job<'_>, sections: &Sections) -> Result<Self> {
        let wide = sections.depth == 16;
        let (color, planes, kind) = match (sections.mode, sections.depth) {
            (0, 1) => (ColorType::L8, 1, Kind::Bits),
            (1 | 8, 8 | 16) => (if wide { ColorType::L16 } else { ColorType::L8 }, 1, Kind::Plain),
            (2, 8) => {
                let (at, length) = sections.palette;
                (ColorType::Rgb8, 1, Kind::Palette(job.source.read_vec(at, length.min(768))?))
            }
            (3, 8 | 16) if sections.channels > 3 => {
                (if wide { ColorType::Rgba16 } else { ColorType::Rgba8 }, 4, Kind::Plain)
            }
            (3, 8 | 16) => (if wide { ColorType::Rgb16 } else { ColorType::Rgb8 }, 3, Kind::Plain),
            (4, 8 | 16) => (ColorType::Rgb8, 4, Kind::Inks),
            (mode, depth) => return Err(Error::unsupported(format!("PSD of mode {mode} with {depth} bits a channel"))),
        };
        if usize::from(sections.channels) < planes {
            return Err(job.corrupt(12, format!("{} channels", sections.channels)));
        }
        Ok(Self { color, planes, depth: sections.depth, kind })
    }

    /// Draws the rows of all planes; gives how many there were, and what ended them.
    fn draw(&self, rows: &mut Rows<'_, '_>, samples: &mut [u8], width: usize) -> (u64, Option<Error>) {
        let pixel = usize::from(self.color.bytes_per_pixel());
        let stride = width * pixel;
        // Inks are mixed when all are there; what is missing is no ink.
        let mut inks =
            if let Kind::Inks = self.kind { vec![[0u8; 4]; samples.len() / pixel.max(1)] } else { Vec::new() };
        let (mut done, mut failed) = (0, None);
        'planes: for plane in 0..self.planes {
            for row in 0..samples.len() / stride.max(1) {
                let bytes = match rows.next() {
                    Ok(bytes) => bytes,
                    Err(error) => {
                        failed = Some(error);
                        break 'planes;
                    }
                };
                done += 1;
                let Some(place) = samples.get_mut(row * stride..(row + 1) * stride) else { continue };
                match &self.kind {
                    Kind::Bits => {
                        let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
                        place.iter_mut().zip(bits).for_each(|(place, bit)| *place = if bit == 0 { 0xff } else { 0 });
                    }
                    Kind::Palette(palette) => {
                        for (place, index) in place.as_chunks_mut::<3>().0.iter_mut().zip(bytes) {
                            let index = usize::from(*index);
                            *place = [0, 256, 512].map(|plane| palette.get(plane + index).copied().unwrap_or_default());
                        }
                    }
                    Kind::Plain if self.depth == 16 => {
                        let places =
                            place.chunks_exact_mut(pixel).filter_map(|pixel| pixel.chunks_exact_mut(2).nth(plane));
                        for (place, sample) in places.zip(bytes.as_chunks::<2>().0) {
                            place.copy_from_slice(&u16::from_be_bytes(*sample).to_ne_bytes());
                        }
                    }
                    Kind::Plain => {
                        let places = place.chunks_exact_mut(pixel).filter_map(|pixel| pixel.get_mut(plane));
                        places.zip(bytes).for_each(|(place, sample)| *place = *sample);
                    }
                    Kind::Inks => {
                        let line = inks.get_mut(row * width..(row + 1) * width).unwrap_or_default();
                        let bytes = bytes.iter().step_by(usize::from(self.depth / 8));
                        for (pixel, sample) in line.iter_mut().zip(bytes) {
                            if let Some(ink) = pixel.get_mut(plane) {
                                *ink = 255 - sample;
                            }
                        }
                    }
                }
            }
        }
        for (place, pixel) in samples.as_chunks_mut::<3>().0.iter_mut().zip(inks) {
            *place = cmyk(pixel);
        }
        (done, failed)
    }
}

/// The rows of the composite, plane after plane.
struct Rows<'a, 'b> {
    job: &'a Job<'b>,
    /// Bytes of a row.
    length: usize,
    /// The next row, and, of packed ones, where its length stands.
    at: u64,
    lengths: Option<u64>,
    wide: bool,
    packed: Vec<u8>,
    row: Vec<u8>,
}

impl<'a, 'b> Rows<'a, 'b> {
    fn open(job: &'a Job<'b>, sections: &Sections) -> Result<Self> {
        let mode =
            job.source.read_vec(sections.pixels, 2).map_err(|_| job.corrupt(job.source.len(), "no composite"))?;
        let mode = mode.iter().fold(0, |mode, byte| mode << 8 | u16::from(*byte));
        let first = sections.pixels.saturating_add(2);
        let count = u64::from(sections.height).saturating_mul(sections.channels.into());
        let (at, lengths) = match mode {
            RAW => (first, None),
            PACKED => (first.saturating_add(count.saturating_mul(if sections.wide { 4 } else { 2 })), Some(first)),
            mode => return Err(Error::unsupported(format!("PSD with compression {mode}"))),
        };
        let length = (u64::from(sections.width) * u64::from(sections.depth)).div_ceil(8);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Ok(Self { job, length, at, lengths, wide: sections.wide, packed: Vec::new(), row: vec![0; length] })
    }

    fn next(&mut self) -> Result<&[u8]> {
        let source = self.job.source;
        let Some(place) = self.lengths else {
            source.read_at(self.at, &mut self.row)?;
            self.at = self.at.saturating_add(self.length as u64);
            return Ok(&self.row);
        };
        let width = if self.wide { 4 } else { 2 };
        let length = source.read_vec(place, width)?.iter().fold(0u64, |length, byte| length << 8 | u64::from(*byte));
        // Two bytes may stand for one at worst.
        if length > 2 * self.length as u64 + 128 {
            return Err(self.job.corrupt(place, format!("a packed row of {length} bytes")));
        }
        self.packed.resize(usize::try_from(length).unwrap_or(0), 0);
        source.read_at(self.at, &mut self.packed)?;
        unpack(&self.packed, &mut self.row);
        self.lengths = Some(place.saturating_add(width));
        self.at = self.at.saturating_add(length);
        Ok(&self.row)
    }
}

/// Unpacks a row (PackBits); what is not there is nought.
fn unpack(mut packed: &[u8], row: &mut [u8]) {
    let mut places = row.iter_mut();
    while let Some((head, rest)) = packed.split_first() {
        match head.cast_signed() {
            -128 => packed = rest,
            run if run < 0 => {
                let Some((byte, rest)) = rest.split_first() else { break };
                places.by_ref().take(1 + usize::from(run.unsigned_abs())).for_each(|place| *place = *byte);
                packed = rest;
            }
            count => {
                let (bytes, rest) = rest.split_at(rest.len().min(1 + usize::from(count.unsigned_abs())));
                places.by_ref().take(bytes.len()).zip(bytes).for_each(|(place, byte)| *place = *byte);
                packed = rest;
            }
        }
    }
    places.for_each(|place| *place = 0);
}
