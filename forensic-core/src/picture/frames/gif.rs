//! GIF: frames drawn on a screen, and taken off as each says (GIF89a, 23).

use super::{
    super::{
        formats::gif::{Place, Screen, open},
        job::Job,
    },
    Walk, without_alpha,
};
use crate::{
    bytes::{Reader, Source},
    error::{Error, Result},
};
use ::gif::DisposalMethod;
use image::RgbImage;
use std::io::BufReader;

/// Screen, the screen before, a frame, and the picture that is given.
const PIXEL: u64 = 12;

pub(super) struct Gif {
    source: Source,
    decoder: ::gif::Decoder<BufReader<Reader>>,
    screen: Vec<u8>,
    /// What the frame on the screen leaves behind.
    after: After,
    seconds: f64,
    ended: bool,
}

enum After {
    Keep,
    Clear(Place),
    Restore(Vec<u8>),
}

impl Gif {
    pub(super) fn open(job: &Job<'_>) -> Result<Self> {
        let decoder = open(job)?;
        let (width, height) = (u32::from(decoder.width()), u32::from(decoder.height()));
        job.admit(width, height, PIXEL)?;
        let screen = vec![0; width as usize * height as usize * 4];
        Ok(Self { source: job.source.clone(), decoder, screen, after: After::Keep, seconds: 0.0, ended: false })
    }

    fn wrong(&self, error: impl ToString) -> Error {
        Error::corrupt("GIF frame", crate::bytes::ReadAt::medium_offset(&self.source, 0), "a frame that decodes", error)
    }
}

impl Walk for Gif {
    fn next(&mut self) -> Option<Result<(f64, RgbImage)>> {
        let width = usize::from(self.decoder.width());
        match std::mem::replace(&mut self.after, After::Keep) {
            After::Keep => {}
            After::Clear(place) => {
                let mut screen = Screen { samples: &mut self.screen, width };
                for row in 0..place.height {
                    if let Some(row) = screen.row(&place, row) {
                        row.fill(0);
                    }
                }
            }
            After::Restore(screen) => self.screen = screen,
        }
        let frame = match self.decoder.next_frame_info() {
            Ok(Some(frame)) => frame,
            Ok(None) => return None,
            Err(error) => {
                self.ended = true;
                return Some(Err(self.wrong(error)));
            }
        };
        let (place, dispose, delay) = (Place::of(frame), frame.dispose, frame.delay);
        self.after = match dispose {
            DisposalMethod::Background => After::Clear(place.clone()),
            DisposalMethod::Previous => After::Restore(self.screen.clone()),
            _ => After::Keep,
        };
        let seconds = self.seconds;
        self.seconds += f64::from(delay) / 100.0;
        let mut screen = Screen { samples: &mut self.screen, width };
        let (rows, error) = screen.draw(&mut self.decoder, &place, false);
        if let Some(error) = error {
            return Some(Err(self.wrong(error)));
        }
        if rows < place.height as u64 {
            return Some(Err(self.wrong(format!("{rows} of {} rows", place.height))));
        }
        let picture = without_alpha(self.decoder.width().into(), self.decoder.height().into(), &self.screen)?;
        Some(Ok((seconds, picture)))
    }

    fn goes_on(&self) -> bool {
        !self.ended
    }
}
