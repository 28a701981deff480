//! From the first marker to the last: what is in force, which scans are decoded, and what becomes of damage.

use super::{
    Options, Picture,
    colour::{Model, Told},
    deliver,
    file::{self, FRAME_HEADER, Segment},
    plane::Plane,
    scan, standard,
    syntax::markers::{Frame, Pass, Process, Scan, Tables, quantizer},
};
use crate::{
    error::{Error, Result},
    limits::Limits,
};

/// What a scan costs beside its blocks, and what may be spent, in blocks: so many for each block of the picture, and more.
const SCAN: u64 = 2_000;
const PASSES: u64 = 32;
const SPARE: u64 = 2_000_000;

/// The decoding of a picture.
pub(super) struct Decoder<'a> {
    bytes: &'a [u8],
    options: &'a Options,
    limits: &'a Limits,
    tables: Tables,
    quantizers: [Option<[u16; 64]>; 4],
    told: Told,
    frame: Option<Frame>,
    picture: Option<Parts>,
    damage: Option<Error>,
}

/// The components as they become known.
struct Parts {
    model: Model,
    /// One for each component that is needed.
    planes: Vec<Option<Plane>>,
    /// For each component a bit for each coefficient that is known in full, and for each that damage left in doubt.
    known: Vec<u64>,
    doubtful: Vec<u64>,
    /// Blocks that may still be decoded.
    budget: u64,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8], options: &'a Options, limits: &'a Limits) -> Result<Self> {
        if !bytes.starts_with(&[0xff, 0xd8]) {
            return Err(file::not_recognised());
        }
        Ok(Self {
            bytes,
            options,
            limits,
            tables: standard::tables(),
            quantizers: [None; 4],
            told: Told::default(),
            frame: None,
            picture: None,
            damage: None,
        })
    }

    pub(super) fn run(mut self) -> Result<Picture> {
        let mut at = 2;
        let mut end_marker = false;
        while let Some(segment) = file::next(self.bytes, at) {
            at = segment.end;
            match segment.code {
                // Another picture begins where the end of this one is missing.
                0xd8 if self.picture.is_some() => break,
                0xd8 => {}
                0xd9 => {
                    end_marker = true;
                    break;
                }
                // Whatever follows can add nothing.
                _ if self.is_complete() => break,
                0xda => at = self.scan(segment)?,
                _ => self.segment(segment)?,
            }
            if self.damage.is_some() && !self.options.partial {
                break;
            }
        }
        let is_complete = if end_marker { self.has_all() } else { self.is_complete() };
        if !is_complete && self.damage.is_none() {
            let found = if end_marker { "the end of the picture" } else { "the end of the data" };
            self.damage = Some(corrupt("JPEG picture", at, "scans of all components", found));
        }
        self.deliver()
    }

    fn deliver(self) -> Result<Picture> {
        if let Some(damage) = &self.damage
            && !self.options.partial
        {
            return Err(damage.clone());
        }
        let nothing = || self.damage.clone().unwrap_or_else(|| corrupt("JPEG picture", 0, "a scan", "none"));
        let (Some(frame), Some(mut parts)) = (self.frame, self.picture) else { return Err(nothing()) };
        let needed = parts.planes.iter().flatten().count().max(1);
        let decoded = parts.planes.iter().flatten().map(|plane| plane.share).sum::<f64>() / needed as f64;
        if decoded == 0.0 {
            return Err(nothing());
        }
        parts.planes.iter_mut().flatten().for_each(Plane::finish);
        let (width, height) = deliver::size(&frame, self.options.scale);
        Ok(Picture {
            width,
            height,
            full_width: frame.width,
            full_height: frame.height,
            channels: self.options.channels,
            pixels: deliver::pixels(&frame, parts.model, &mut parts.planes, self.options),
            decoded,
            damage: self.damage,
        })
    }

    /// Notes damage; the first counts.
    fn damaged(&mut self, structure: &'static str, at: usize, expected: &str, found: &str) {
        self.damage.get_or_insert_with(|| corrupt(structure, at, expected, found));
    }

    /// True where all that can be known of the components needed is known.
    fn is_complete(&self) -> bool {
        let Some(parts) = &self.picture else { return false };
        parts.planes.iter().zip(&parts.known).all(|(plane, known)| plane.is_none() || *known == u64::MAX)
    }

    /// True where each component needed had a scan.
    fn has_all(&self) -> bool {
        self.picture.as_ref().is_some_and(|parts| parts.planes.iter().flatten().all(|plane| plane.share > 0.0))
    }

    fn segment(&mut self, segment: Segment<'_>) -> Result<()> {
        let Segment { code, at, body, .. } = segment;
        let taken = match code {
            0xc4 => self.tables.take_huffman(body).ok_or("JPEG Huffman table"),
            0xdb => self.take_quantizers(body).ok_or("JPEG quantization table"),
            0xdd => match body {
                [high, low, ..] => {
                    self.tables.restart_interval = u32::from(u16::from_be_bytes([*high, *low]));
                    Ok(())
                }
                _ => Err("JPEG restart interval"),
            },
            0xe0 | 0xee => {
                self.told.note(code, body);
                Ok(())
            }
            _ if file::is_frame(code) => return self.frame(segment),
            _ => Ok(()),
        };
        match taken {
            Err(structure) => {
                self.damaged(structure, at, "a segment as its marker demands", "one that says something else");
            }
            Ok(()) if segment.is_cut => self.damaged("JPEG segment", at, "a whole segment", "the end of the data"),
            Ok(()) => {}
        }
        Ok(())
    }

    fn take_quantizers(&mut self, mut body: &[u8]) -> Option<()> {
        while !body.is_empty() {
            let (place, values, rest) = quantizer(body)?;
            *self.quantizers.get_mut(place)? = Some(values);
            body = rest;
        }
        Some(())
    }

    fn frame(&mut self, segment: Segment<'_>) -> Result<()> {
        let Segment { code, at, body, .. } = segment;
        if self.frame.is_some() {
            self.damaged(FRAME_HEADER, at, "one frame", "another");
            return Ok(());
        }
        let process = file::process(code);
        let precision = body.first().copied().unwrap_or(8);
        if !matches!(code, 0xc0..=0xc2) {
            return Err(Error::unsupported(format!("a JPEG picture of the {process} process")));
        }
        if precision == 12 {
            return Err(Error::unsupported("a JPEG picture of 12 bits a sample"));
        }
        let wrong = |found: &str| Err(corrupt(FRAME_HEADER, at, "size, precision and components", found));
        let Some(mut frame) = Frame::parse(code, body) else { return wrong("values that do not fit each other") };
        if frame.height == 0 {
            let Some(height) = file::told_behind(self.bytes, segment.end).filter(|height| *height > 0) else {
                return wrong("no height, nor a segment that tells it");
            };
            frame = frame.with_height(height);
        }
        let pixels = u64::from(frame.width) * u64::from(frame.height);
        if pixels > self.limits.pixels {
            return Err(limit("JPEG frame header", at, pixels, self.limits.pixels, "pixels"));
        }
        self.frame = Some(frame);
        Ok(())
    }

    /// Decodes a scan where it is needed; the byte behind its data.
    fn scan(&mut self, segment: Segment<'_>) -> Result<usize> {
        const STRUCTURE: &str = "JPEG scan header";
        let Segment { at, body, end, .. } = segment;
        let passed = || file::behind_data(self.bytes, end);
        let Some(frame) = self.frame.take() else {
            self.damaged(STRUCTURE, at, "a frame header before it", "none");
            return Ok(passed());
        };
        let scan = match segment.is_cut {
            true => None,
            false => self.tables.scan(&frame, body),
        };
        let next = match scan {
            Some(scan) => self.scan_of(&frame, &scan, at, end),
            None => {
                self.damaged(STRUCTURE, at, "components, tables and a band of the frame", "others");
                Ok(passed())
            }
        };
        self.frame = Some(frame);
        next
    }

    fn scan_of(&mut self, frame: &Frame, scan: &Scan, at: usize, start: usize) -> Result<usize> {
        if self.picture.is_none() {
            self.picture = Some(self.parts(frame, at)?);
        }
        let Some(parts) = &mut self.picture else { return Ok(start) };
        let band = match scan.pass {
            Pass::Sequential => u64::MAX,
            Pass::DcFirst | Pass::DcRefine => 1,
            Pass::AcFirst | Pass::AcRefine => {
                (u64::MAX << (scan.band.0 & 63)) & (u64::MAX >> (63 - scan.band.1.min(63)))
            }
        };
        let is_refining = matches!(scan.pass, Pass::DcRefine | Pass::AcRefine);
        let mut needed = false;
        for part in &scan.parts {
            let Some(Some(plane)) = parts.planes.get_mut(part.component) else { continue };
            let place = frame.components.get(part.component).map_or(0, |of| usize::from(of.quantizer));
            match self.quantizers.get(place) {
                Some(Some(table)) => plane.quantize(table),
                _ if plane.quantizer().is_none() => {
                    self.damaged("JPEG scan header", at, "a quantization table of the component", "none");
                    return Ok(file::behind_data(self.bytes, start));
                }
                _ => {}
            }
            // Where the first bits are damaged, those that follow cannot be told apart any more.
            let in_doubt =
                is_refining && parts.doubtful.get(part.component).is_some_and(|doubtful| doubtful & band != 0);
            needed |= !in_doubt && (band & 1 != 0 || !plane.is_flat());
        }
        let mark = |parts: &mut Parts, whole: bool| {
            for part in &scan.parts {
                let masks = (parts.known.get_mut(part.component), parts.doubtful.get_mut(part.component));
                let (Some(known), Some(doubtful)) = masks else { continue };
                if !whole {
                    *doubtful |= band & !1;
                } else if scan.low == 0 || scan.pass == Pass::Sequential {
                    *known |= band;
                }
            }
        };
        if !needed {
            let end = file::behind_data(self.bytes, start);
            mark(parts, end < self.bytes.len());
            return Ok(end);
        }
        let blocks = SCAN + u64::from(scan.mcus) * scan.units.len() as u64;
        let Some(budget) = parts.budget.checked_sub(blocks) else {
            let all = PASSES * frame.blocks + SPARE;
            let error = limit("JPEG scan header", at, all - parts.budget + blocks, all, "blocks in all scans");
            if !self.options.partial {
                return Err(error);
            }
            self.damage.get_or_insert(error);
            return Ok(self.bytes.len());
        };
        parts.budget = budget;
        let decoded = scan::decode(self.bytes, start, (scan, frame), &mut parts.planes, self.options.partial);
        if matches!(scan.pass, Pass::Sequential | Pass::DcFirst) {
            for part in &scan.parts {
                if let Some(Some(plane)) = parts.planes.get_mut(part.component) {
                    plane.note(decoded.mcus, scan.mcus);
                }
            }
        }
        mark(parts, decoded.failed_at.is_none());
        if let Some(failed_at) = decoded.failed_at {
            let found = if failed_at >= self.bytes.len() { "the end of the data" } else { "none" };
            let all = scan.mcus;
            self.damaged("JPEG entropy-coded data", failed_at, &format!("codes of all {all} units of the scan"), found);
        }
        Ok(decoded.end)
    }

    /// Room for the components that are needed, where the limits allow and the data may fill it.
    fn parts(&self, frame: &Frame, at: usize) -> Result<Parts> {
        let names: Vec<u8> = frame.components.iter().map(|component| component.id).collect();
        let Some(model) = self.told.model(&names) else {
            return Err(Error::unsupported(format!("a JPEG picture of {} components", names.len())));
        };
        let is_progressive = frame.process == Process::Progressive;
        let (needed, scale) = (model.needed(self.options.channels), self.options.scale);
        let components = || frame.components.iter().take(needed);
        let (width, height) = deliver::size(frame, scale);
        let delivered = u64::from(width) * u64::from(height) * self.options.channels.count() as u64;
        let planes: u64 = components().map(|component| Plane::bytes(frame, component, scale, is_progressive)).sum();
        let bytes = if needed == 1 && self.options.channels.count() == 1 { planes } else { planes + delivered };
        if bytes > self.limits.picture_bytes {
            return Err(limit(FRAME_HEADER, at, bytes, self.limits.picture_bytes, "bytes of memory"));
        }
        // No block takes less than a bit.
        let blocks: u64 = components().map(|component| u64::from(component.wide) * u64::from(component.high)).sum();
        let (least, length) = (blocks / 8, self.bytes.len());
        if !self.options.partial && least > length as u64 {
            return Err(corrupt(FRAME_HEADER, at, &format!("{least} bytes at the least"), &length.to_string()));
        }
        let plane = |(index, component)| (index < needed).then(|| Plane::new(frame, component, scale, is_progressive));
        Ok(Parts {
            model,
            planes: frame.components.iter().enumerate().map(plane).collect(),
            known: vec![0; names.len()],
            doubtful: vec![0; names.len()],
            budget: PASSES * frame.blocks + SPARE,
        })
    }
}

fn corrupt(structure: &'static str, at: usize, expected: &str, found: &str) -> Error {
    Error::corrupt(structure, at as u64, expected, found)
}

fn limit(structure: &'static str, at: usize, found: u64, limit: u64, unit: &'static str) -> Error {
    Error::Limit { structure, offset: at as u64, found, limit, unit }
}
