//! AVI with Motion JPEG (Microsoft, AVI RIFF File Reference; OpenDML AVI File Format Extensions 1.02): the chunks of its video
//! stream, in the order in which they stand.

use super::{super::job::Job, Walk, mjpeg};
use crate::{
    bytes::{ReadAt, Source},
    carve::{Tape, formats::riff::Chunk},
    error::{Error, Result},
    limits::Limits,
};
use image::RgbImage;

/// Chunks that are looked at for the headers.
const MOST_HEADERS: usize = 1 << 10;
/// Bytes of one frame.
const LONGEST: u64 = 64 << 20;

pub(super) struct Avi {
    source: Source,
    limits: Limits,
    tape: Tape,
    /// Number of the video stream, as its chunks are named: two digits.
    stream: [u8; 2],
    /// Seconds of a frame.
    step: f64,
    number: u64,
    at: u64,
}

impl Avi {
    pub(super) fn open(job: &Job<'_>) -> Result<Self> {
        let mut tape = Tape::new(job.source.clone(), 0);
        let (mut at, mut streams, mut found) = (12u64, 0u8, None);
        for _ in 0..MOST_HEADERS {
            let Ok(chunk) = Chunk::at(&mut tape, at) else { break };
            let inside = chunk.body().saturating_add(4);
            match (&chunk.id, tape.array::<4>(chunk.body())) {
                (b"LIST", Ok(name)) if &name == b"movi" => {
                    let (number, step) = found.ok_or_else(|| Error::unsupported("AVI without a video stream"))?;
                    let stream = [b'0' + number / 10 % 10, b'0' + number % 10];
                    let (source, limits) = (job.source.clone(), job.limits.clone());
                    return Ok(Self { source, limits, tape, stream, step, number: 0, at: inside });
                }
                (b"LIST", Ok(name)) if matches!(&name, b"hdrl" | b"strl") => {
                    at = inside;
                    continue;
                }
                (b"strh", Ok(kind)) => {
                    if found.is_none() && &kind == b"vids" {
                        let number =
                            |tape: &mut Tape, offset| tape.le32(chunk.body().saturating_add(offset)).unwrap_or(0);
                        let (scale, rate) = (number(&mut tape, 20), number(&mut tape, 24));
                        let step = if rate == 0 { 0.0 } else { f64::from(scale) / f64::from(rate) };
                        found = Some((streams, step));
                    }
                    streams = streams.saturating_add(1);
                }
                (b"strf", _) if found.is_some_and(|(number, _)| number + 1 == streams) => {
                    let coding = tape.array::<4>(chunk.body().saturating_add(16)).unwrap_or_default();
                    if !matches!(
                        &coding.to_ascii_uppercase()[..],
                        b"MJPG" | b"AVRN" | b"LJPG" | b"JPGL" | b"DMB1" | b"JPEG"
                    ) {
                        return Err(Error::unsupported(format!(
                            "video coded as {:?}",
                            String::from_utf8_lossy(&coding)
                        )));
                    }
                }
                _ => {}
            }
            at = chunk.next();
        }
        Err(job.corrupt(at, "no list of frames"))
    }

    /// The next chunk of the stream.
    fn frame(&mut self) -> Option<Chunk> {
        loop {
            let chunk = Chunk::at(&mut self.tape, self.at).ok()?;
            let name = self.tape.array::<4>(chunk.body()).unwrap_or_default();
            let nested = match &chunk.id {
                b"LIST" => matches!(&name, b"rec " | b"movi"),
                b"RIFF" => &name == b"AVIX",
                _ => false,
            };
            if nested {
                self.at = chunk.body().saturating_add(4);
                continue;
            }
            self.at = chunk.next();
            let [first, second, kind @ ..] = chunk.id;
            if [first, second] == self.stream && matches!(&kind, b"dc" | b"db") {
                return Some(chunk);
            }
        }
    }
}

impl Walk for Avi {
    fn next(&mut self) -> Option<Result<(f64, RgbImage)>> {
        loop {
            let chunk = self.frame()?;
            let seconds = self.number as f64 * self.step;
            self.number += 1;
            // A chunk of nothing repeats the frame before.
            if chunk.size() == 0 {
                continue;
            }
            let length = chunk.size().min(self.source.len().saturating_sub(chunk.body())).min(LONGEST);
            let job = Job::new(&self.source, &self.limits, false);
            let bytes = self.source.read_vec(chunk.body(), length);
            let picture = bytes.and_then(|bytes| mjpeg::decode(&job, bytes));
            let place = self.source.medium_offset(chunk.body());
            return Some(picture.map(|picture| (seconds, picture)).map_err(|error| match error {
                Error::Corrupt { found, .. } => Error::corrupt("AVI frame", place, "a frame that decodes", found),
                error => error,
            }));
        }
    }

    fn goes_on(&self) -> bool {
        true
    }
}
