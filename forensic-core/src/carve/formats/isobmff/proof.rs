//! Whether the bytes at the places the metadata tells of are what they should be.

use super::{boxes::Header, coding::Coding, fragments, layout::Layout, sound, tables::Sample};
use crate::carve::{Break, Cause, Tape};

/// Samples of a track that are looked at; of longer ones every other, or every third, and so on.
const MOST_SAMPLES: u64 = 1 << 16;
/// Samples of a track of sound that are looked at together.
const MOST_HEARD: usize = 1 << 20;

/// What was found out of the samples.
#[derive(Debug, Default)]
pub(super) struct Proof {
    /// Samples whose bytes could be held against something.
    pub(super) checked: u64,
    /// The first, by place, whose bytes are wrong.
    pub(super) bad: Option<Sample>,
    /// The last, by place, that was looked at, and whether it holds.
    last: Option<(Sample, bool)>,
    /// The first that lies in no box that holds samples.
    pub(super) outside: Option<Sample>,
    /// The end of the last one that is told of.
    pub(super) end: u64,
}

impl Proof {
    /// Holds the samples and items of `layout` against the bytes.
    pub(super) fn of(layout: &Layout, tape: &mut Tape) -> Result<Self, Break> {
        let mut proof = Self { end: layout.needs(), ..Self::default() };
        for extent in &layout.items {
            let sample = Sample { offset: extent.offset, size: extent.length };
            proof.place(layout, sample);
            proof.hold(tape, extent.coding, sample)?;
        }
        let Some(movie) = &layout.movie else { return Ok(proof) };
        for track in &movie.tracks {
            let step = track.tables.count().checked_div(MOST_SAMPLES).unwrap_or(0).saturating_add(1);
            let mut number = 0u64;
            if track.coding == Coding::Sound {
                proof.listen(tape, &track.tables.all().take(MOST_HEARD).collect::<Vec<_>>());
            }
            for chunk in track.tables.chunks().filter(|chunk| chunk.size > 0) {
                proof.place(layout, Sample { offset: chunk.offset, size: chunk.size });
                if !track.coding.can_check() {
                    continue;
                }
                for sample in track.tables.samples(chunk) {
                    number = number.saturating_add(1);
                    if number.checked_rem(step) == Some(0) {
                        proof.hold(tape, track.coding, sample)?;
                    }
                }
            }
        }
        let mut heard = Vec::new();
        for moof in layout.boxes.iter().filter(|header| &header.kind == b"moof") {
            proof.fragment(layout, tape, *moof, &mut heard)?;
        }
        for track in movie.tracks.iter().filter(|track| track.coding == Coding::Sound) {
            let of_track = heard.iter().filter(|(id, _)| *id == track.id).map(|(_, sample)| *sample);
            proof.listen(tape, &of_track.collect::<Vec<_>>());
        }
        Ok(proof)
    }

    /// Looks at the frames of a track of sound together.
    fn listen(&mut self, tape: &mut Tape, samples: &[Sample]) {
        if let Some(torn) = sound::torn(samples, tape)
            && self.bad.is_none_or(|bad| torn.offset < bad.offset)
        {
            self.bad = Some(torn);
        }
    }

    /// Looks at the samples of a fragment; those of sound are `heard` later.
    fn fragment(
        &mut self,
        layout: &Layout,
        tape: &mut Tape,
        moof: Header,
        heard: &mut Vec<(u32, Sample)>,
    ) -> Result<(), Break> {
        let Some(movie) = &layout.movie else { return Ok(()) };
        let mut samples = Vec::new();
        let end = fragments::samples(tape, moof, movie, |track, sample| samples.push((track, sample)))?;
        self.end = self.end.max(end);
        for (track, sample) in samples {
            self.place(layout, sample);
            let coding = movie.track(track).map_or(Coding::Unknown, |track| track.coding);
            if coding == Coding::Sound && sample.size > 0 && (heard.len() as u64) < MOST_SAMPLES {
                heard.push((track, sample));
            }
            self.hold(tape, coding, sample)?;
        }
        Ok(())
    }

    fn place(&mut self, layout: &Layout, sample: Sample) {
        if !layout.holds(sample.offset, sample.size) && self.outside.is_none_or(|first| sample.offset < first.offset) {
            self.outside = Some(sample);
        }
    }

    fn hold(&mut self, tape: &mut Tape, coding: Coding, sample: Sample) -> Result<(), Break> {
        if !coding.can_check() || sample.size == 0 {
            return Ok(());
        }
        let holds = match coding.holds(tape, sample.offset, sample.size) {
            Err(stop) if stop.cause == Cause::Spent => return Err(stop),
            answer => answer.unwrap_or(false),
        };
        self.checked = self.checked.saturating_add(1);
        if !holds && self.bad.is_none_or(|bad| sample.offset < bad.offset) {
            self.bad = Some(sample);
        }
        if self.last.is_none_or(|(last, _)| last.offset < sample.offset) {
            self.last = Some((sample, holds));
        }
        Ok(())
    }

    /// True where the last sample that can be checked holds.
    pub(super) fn last_holds(&self) -> bool {
        self.last.is_some_and(|(_, holds)| holds)
    }
}
