//! JPEG XL (ISO/IEC 18181), naked or in its container, by the crate `jxl-oxide`: the first frame that is shown.

use super::super::{Decoded, canvas::painted, job::Job};
use crate::{
    bytes::Reader,
    error::{Error, Result},
};
use image::ColorType;
use jxl_oxide::{AllocTracker, InitializeResult, JxlImage, JxlThreadPool, PixelFormat, Render};
use std::io::{BufReader, Read};

const FORMAT: &str = "jxl";
/// Samples of four bytes in a few copies.
const PIXEL: u64 = 32;
/// Frames that are laid over one another for one picture.
const MOST_LAYERS: usize = 64;
const READ: usize = 64 << 10;

/// Width and height.
pub(super) fn size(job: &Job<'_>) -> Result<(u32, u32)> {
    open(job).map(|(picture, _)| (picture.width(), picture.height()))
}

/// The picture, its header read, and what follows.
fn open(job: &Job<'_>) -> Result<(JxlImage, Feed<BufReader<Reader>>)> {
    let tracker = AllocTracker::with_limit(job.memory());
    let mut waiting = JxlImage::builder().pool(JxlThreadPool::none()).alloc_tracker(tracker).build_uninit();
    let mut feed = Feed { reader: job.reader(), buffer: vec![0; READ], held: 0 };
    loop {
        if !feed.give(|bytes| waiting.feed_bytes(bytes).map_err(|error| job.corrupt(0, error)))? {
            return Err(job.corrupt(job.source.len(), "no header"));
        }
        match waiting.try_init().map_err(|error| job.corrupt(0, error))? {
            InitializeResult::NeedMoreData(more) => waiting = more,
            InitializeResult::Initialized(picture) => return Ok((picture, feed)),
        }
    }
}

/// Decodes a JPEG XL picture; of a truncated one, what there is of it at once, as the format allows.
pub(super) fn decode(job: &Job<'_>) -> Result<Decoded> {
    let wrong = |error: Box<dyn std::error::Error + Send + Sync>| job.corrupt(0, error);
    let (mut picture, mut feed) = open(job)?;
    job.admit(picture.width(), picture.height(), PIXEL)?;
    let mut broken = None;
    while picture.num_loaded_keyframes() == 0 {
        match feed.give(|bytes| picture.feed_bytes(bytes).map_err(wrong)) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                broken = Some(error);
                break;
            }
        }
        if picture.num_loaded_frames() > MOST_LAYERS {
            return Err(job.too_much(picture.num_loaded_frames() as u64, MOST_LAYERS as u64, "layers"));
        }
    }
    let whole = picture.num_loaded_keyframes() > 0;
    if whole {
        let render = picture.render_frame(0).map_err(wrong)?;
        return Ok(Decoded::whole(drawn(job, &picture, &render)?, FORMAT));
    }
    let error = broken.unwrap_or_else(|| job.corrupt(job.source.len(), "the end of the file"));
    if !job.partial {
        return Err(error);
    }
    let render = picture.render_loading_frame().map_err(|_| error.clone())?;
    // The format goes from coarse to fine: how many of the bytes of the frame are there is not told.
    Decoded::part(job, (drawn(job, &picture, &render)?, FORMAT), (1, 2), Some(error))
}

fn drawn(job: &Job<'_>, picture: &JxlImage, render: &Render) -> Result<image::DynamicImage> {
    let color = match picture.pixel_format() {
        PixelFormat::Gray => ColorType::L8,
        PixelFormat::Graya => ColorType::La8,
        PixelFormat::Rgb => ColorType::Rgb8,
        PixelFormat::Rgba => ColorType::Rgba8,
        _ => return Err(Error::unsupported("JPEG XL in inks")),
    };
    let mut stream = render.stream();
    let (width, height) = (stream.width(), stream.height());
    job.admit(width, height, PIXEL)?;
    let drawn = painted(width, height, color, |samples| {
        stream.write_to_buffer::<u8>(samples);
    });
    drawn.map(|(pixels, ())| pixels).ok_or_else(|| job.corrupt(0, "too many pixels"))
}

/// Bytes that are read and not yet taken.
struct Feed<R> {
    reader: R,
    buffer: Vec<u8>,
    held: usize,
}

impl<R: Read> Feed<R> {
    /// Reads on, and lets `take` have what there is; false at the end of the source.
    fn give(&mut self, take: impl FnOnce(&[u8]) -> Result<usize>) -> Result<bool> {
        let free = self.buffer.get_mut(self.held..).unwrap_or_default();
        let count = self.reader.read(free).map_err(|error| Error::corrupt("picture", 0, "bytes", error))?;
        if count == 0 {
            return Ok(false);
        }
        self.held += count;
        let taken = take(self.buffer.get(..self.held).unwrap_or_default())?;
        self.buffer.copy_within(taken.min(self.held)..self.held, 0);
        self.held = self.held.saturating_sub(taken);
        Ok(true)
    }
}
