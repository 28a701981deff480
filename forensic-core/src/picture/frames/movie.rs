//! QuickTime and MP4 whose samples are pictures, and sequences of AVIF: the first video track, by its sample tables (ISO/IEC
//! 14496-12:2022, 8.6 and 8.7; QuickTime File Format).

use super::{
    super::{
        formats::{self, jpeg},
        heif::top,
        job::Job,
    },
    Walk,
};
use crate::{
    bytes::{ReadAt, Slice, Source},
    carve::{
        Break, Tape,
        formats::isobmff::{
            boxes::{Header, children, first, inside},
            tables::{Sample, Tables},
        },
    },
    error::{Error, Result},
    limits::Limits,
};
use image::RgbImage;
use std::sync::Arc;

/// Tracks of a movie that are looked at.
const MOST_TRACKS: usize = 64;
/// Samples of the track.
const MOST_SAMPLES: usize = 1 << 20;
/// Bytes of one frame.
const LONGEST: u64 = 64 << 20;

pub(super) struct Movie {
    source: Source,
    limits: Limits,
    coding: Coding,
    samples: std::vec::IntoIter<Sample>,
    times: Times,
}

enum Coding {
    Jpeg,
    /// Each sample is a picture file.
    Picture,
    Av1(Box<formats::av1::Sequence>),
}

impl Movie {
    pub(super) fn open(job: &Job<'_>) -> Result<Self> {
        let mut tape = Tape::new(job.source.clone(), 0);
        let broken = |broken: Break| job.corrupt(broken.at, format!("{:?}", broken.cause));
        let moov = top(&mut tape, b"moov").map_err(broken)?;
        let boxes = children(&mut tape, moov.body, moov.end).map_err(broken)?;
        for trak in boxes.iter().filter(|header| &header.kind == b"trak").take(MOST_TRACKS) {
            if let Some(movie) = Self::track(job, &mut tape, *trak).map_err(broken)? {
                return movie;
            }
        }
        Err(Error::unsupported("video without a video track"))
    }

    /// The frames of a track, if it is one of video.
    fn track(job: &Job<'_>, tape: &mut Tape, trak: Header) -> Result<Option<Result<Self>>, Break> {
        let mdia = inside(tape, trak, &[b"mdia"])?;
        let hdlr = inside(tape, mdia, &[b"hdlr"])?;
        if !matches!(&tape.array::<4>(hdlr.body.saturating_add(8))?, b"vide" | b"pict") {
            return Ok(None);
        }
        let mdhd = inside(tape, mdia, &[b"mdhd"])?;
        let wide = tape.byte(mdhd.body)? == 1;
        let scale = tape.be32(mdhd.body.saturating_add(if wide { 20 } else { 12 }))?;
        let stbl = inside(tape, mdia, &[b"minf", b"stbl"])?;
        let stsd = inside(tape, stbl, &[b"stsd"])?;
        let entries = children(tape, stsd.body.saturating_add(8), stsd.end)?;
        let entry = entries.first().ok_or(Break::wrong(stsd.start, "sample descriptions"))?;
        let coding = match &entry.kind {
            b"jpeg" | b"mjpa" | b"MJPG" | b"AVRn" => Coding::Jpeg,
            b"png " | b"tiff" | b"gif " | b"8BPS" | b"WRLE" => Coding::Picture,
            b"av01" => match formats::av1::Sequence::open(job) {
                Ok(sequence) => Coding::Av1(Box::new(sequence)),
                Err(error) => return Ok(Some(Err(error))),
            },
            kind => {
                let what = format!("video coded as {:?}", String::from_utf8_lossy(kind));
                return Ok(Some(Err(Error::unsupported(what))));
            }
        };
        let tables = Tables::read(tape, stbl)?;
        let samples: Vec<Sample> = tables.all().take(MOST_SAMPLES).collect();
        let times = Times::read(tape, stbl, scale)?;
        let (source, limits) = (job.source.clone(), job.limits.clone());
        Ok(Some(Ok(Self { source, limits, coding, samples: samples.into_iter(), times })))
    }

    fn picture(&mut self, sample: Sample) -> Result<Option<RgbImage>> {
        let job = Job::new(&self.source, &self.limits, false);
        let length = sample.size.min(self.source.len().saturating_sub(sample.offset)).min(LONGEST);
        match &mut self.coding {
            Coding::Jpeg => {
                let bytes = self.source.read_vec(sample.offset, length)?;
                jpeg::decode_at(&job, sample.offset, &bytes, "jpeg").map(|decoded| Some(decoded.pixels.into_rgb8()))
            }
            Coding::Picture => {
                let part: Source = Arc::new(Slice::new(self.source.clone(), sample.offset, length)?);
                let decoded = formats::decode(&Job::new(&part, &self.limits, false))?;
                Ok(Some(decoded.pixels.into_rgb8()))
            }
            Coding::Av1(sequence) => sequence.picture(&job, self.source.read_vec(sample.offset, length)?),
        }
    }
}

impl Walk for Movie {
    fn next(&mut self) -> Option<Result<(f64, RgbImage)>> {
        loop {
            let sample = self.samples.next()?;
            let seconds = self.times.next();
            match self.picture(sample) {
                // Nothing is shown for some samples.
                Ok(None) => {}
                Ok(Some(picture)) => return Some(Ok((seconds, picture))),
                Err(Error::Corrupt { found, .. }) => {
                    let place = self.source.medium_offset(sample.offset);
                    return Some(Err(Error::corrupt("video frame", place, "a frame that decodes", found)));
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }

    fn goes_on(&self) -> bool {
        true
    }
}

/// When samples are shown: so many samples of so long each.
struct Times {
    runs: std::vec::IntoIter<(u32, u32)>,
    run: (u32, u32),
    ticks: u64,
    scale: u32,
}

impl Times {
    fn read(tape: &mut Tape, stbl: Header, scale: u32) -> Result<Self, Break> {
        let boxes = children(tape, stbl.body, stbl.end)?;
        let mut runs = Vec::new();
        if let Some(stts) = first(&boxes, b"stts") {
            let count = u64::from(tape.be32(stts.body.saturating_add(4))?);
            let from = stts.body.saturating_add(8);
            let length = count.saturating_mul(8).min(stts.end.saturating_sub(from)).min(8 << 20);
            let bytes = tape.bytes(from, usize::try_from(length).unwrap_or(0))?;
            let run = |run: &[u8; 8]| {
                let run = u64::from_be_bytes(*run);
                ((run >> 32) as u32, run as u32)
            };
            runs.extend(bytes.as_chunks::<8>().0.iter().map(run));
        }
        Ok(Self { runs: runs.into_iter(), run: (0, 0), ticks: 0, scale })
    }

    fn next(&mut self) -> f64 {
        while self.run.0 == 0 {
            match self.runs.next() {
                Some(run) => self.run = run,
                None => self.run = (u32::MAX, self.run.1),
            }
        }
        let seconds = self.ticks as f64 / f64::from(self.scale.max(1));
        self.run.0 -= 1;
        self.ticks = self.ticks.saturating_add(self.run.1.into());
        seconds
    }
}
