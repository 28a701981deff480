//! Fragmented files: the samples and items, in the order of the file, say where each piece goes on, and the movie box that stands
//! behind the samples is looked for where it must be.

use super::{
    boxes::{self, Header},
    coding::Coding,
    layout::Layout,
    movie::Movie,
    orphan,
    tables::Sample,
    tail,
};
use crate::bytes::Run;
use crate::carve::{
    Format, Found, Mended, Mending, Outcome, Tape,
    formats::chain::{self, Chain, Gap},
};

/// Samples that are kept in order.
const MOST_SAMPLES: usize = 1 << 20;
/// Bits that have to be right by no chance for a cluster to be the next.
const ENOUGH: u32 = 44;
/// The same where the file has no more samples.
const ENOUGH_AT_END: u32 = 28;
/// Frames of sound by which its coding is learnt.
const LEARNT: usize = 64;
/// What looking at a cluster costs.
const COST: u64 = 4096;
/// Clusters of a gap.
const MOST_GAP: u64 = 256;

pub(super) fn mend(mending: &mut Mending<'_>, format: &dyn Format) -> Option<Mended> {
    let mut tape = mending.tape([Run::new(mending.start(), mending.source().len().saturating_sub(mending.start()))]);
    let layout = Layout::walk(&mut tape);
    let mut samples = Samples::default();
    samples.add_items(&layout);
    if let Some(movie) = &layout.movie {
        samples.add(movie, &mut tape);
    } else if let Some(data) = layout.boxes.last().copied().or(layout.cut).filter(|last| !last.open) {
        let end = layout.cut.map_or(data.end, |cut| cut.end);
        if layout.items.is_empty() {
            samples.movie_at = Some(end);
            let movie = movie_at(mending, end)?;
            samples.add(&movie, &mut tape);
        }
    }
    samples.list.sort_by_key(|(sample, _)| sample.offset);
    let mended = chain::mended(mending, format, &mut samples);
    mended.or_else(|| picture(mending, format, &layout, &mut tape))
}

/// The movie box that stands at byte `place` of the file, wherever that is in the source.
fn movie_at(mending: &mut Mending<'_>, place: u64) -> Option<Movie> {
    let inside = place.checked_rem(mending.cluster_size())?;
    let mut tape = Tape::new(mending.source().clone(), 0);
    let candidates: Vec<u64> = mending.clusters(0).collect();
    for cluster in candidates {
        if !mending.spend(COST) {
            return None;
        }
        let at = cluster.saturating_add(inside);
        if let Some(moov) = is_movie(&mut tape, at) {
            match Movie::read(&mut tape, moov) {
                Ok(movie) if movie.data_end() <= place && movie.data_end() > place / 2 => return Some(movie),
                _ => {}
            }
        }
    }
    None
}

fn is_movie(tape: &mut Tape, at: u64) -> Option<Header> {
    let header = boxes::header(tape, at).ok().filter(|header| &header.kind == b"moov" && !header.open)?;
    (tape.has(header.body.saturating_add(4), b"mvhd") && header.fits(tape)).then_some(header)
}

/// What of a file can be checked, in order of its place.
#[derive(Default)]
struct Samples {
    list: Vec<(Sample, Check)>,
    /// Where the movie box must stand, where it is not known from the start of the file.
    movie_at: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    Coded(Coding),
    /// The upper seven bits of the first byte of AAC frames: the kind of element and its number, the same in nearly all.
    Sound(u8),
}

impl Check {
    fn bits(self) -> u32 {
        match self {
            Self::Coded(Coding::Nal(_)) => 32,
            Self::Coded(Coding::Av1 | Coding::Begins(_) | Coding::H263) => 16,
            Self::Coded(_) => 2,
            Self::Sound(_) => 6,
        }
    }

    fn holds(self, tape: &mut Tape, at: u64, size: u64) -> bool {
        match self {
            Self::Coded(coding) => coding.holds(tape, at, size).unwrap_or(false),
            Self::Sound(bits) => tape.byte(at).is_ok_and(|byte| byte >> 1 == bits),
        }
    }
}

impl Samples {
    fn add_items(&mut self, layout: &Layout) {
        let coded = layout.items.iter().filter(|extent| extent.coding.can_check());
        self.list.extend(
            coded.map(|extent| (Sample { offset: extent.offset, size: extent.length }, Check::Coded(extent.coding))),
        );
    }

    fn add(&mut self, movie: &Movie, tape: &mut Tape) {
        for track in &movie.tracks {
            let chunks = track.tables.chunks().filter(|chunk| chunk.size > 0);
            let samples = chunks.flat_map(|chunk| track.tables.samples(chunk)).filter(|sample| sample.size > 0);
            let samples: Vec<Sample> = samples.take(MOST_SAMPLES).collect();
            let check = match track.coding {
                Coding::Unknown if &track.handler == b"soun" => learnt(&samples, tape),
                Coding::Unknown => None,
                coding => Some(Check::Coded(coding)),
            };
            if let Some(check) = check {
                self.list.extend(samples.into_iter().map(|sample| (sample, check)));
            }
        }
        self.list.truncate(MOST_SAMPLES);
    }

    /// The first sample from number `from` on that is wrong. Sound is where the two frames behind it are wrong as well.
    fn first_wrong(&self, tape: &mut Tape) -> Option<usize> {
        for (number, (sample, check)) in self.list.iter().enumerate() {
            if check.holds(tape, sample.offset, sample.size) {
                continue;
            }
            let rest = self.list.get(number.saturating_add(1)..).unwrap_or(&[]);
            let others = rest.iter().filter(|(_, other)| other == check).take(2);
            let alone = |tape: &mut Tape| {
                others.clone().any(|(sample, check)| check.holds(tape, sample.offset, sample.size))
                    || others.clone().count() == 0
            };
            if matches!(check, Check::Coded(_)) || !alone(tape) {
                return Some(number);
            }
        }
        None
    }
}

/// How the frames of AAC sound begin; `None` where they do not begin alike.
fn learnt(samples: &[Sample], tape: &mut Tape) -> Option<Check> {
    let firsts: Vec<u8> =
        samples.iter().take(LEARNT).filter_map(|sample| Some(tape.byte(sample.offset).ok()? >> 1)).collect();
    let usual = firsts.iter().copied().max_by_key(|byte| firsts.iter().filter(|other| *other == byte).count())?;
    let alike = firsts.iter().filter(|byte| **byte == usual).count();
    (firsts.len() >= 8 && alike.saturating_mul(2) >= firsts.len()).then_some(Check::Sound(usual))
}

impl Chain for Samples {
    fn gap(&mut self, tape: &mut Tape) -> Option<Gap> {
        let Some(wrong) = self.first_wrong(tape) else {
            let place = self.movie_at.filter(|place| is_movie(tape, *place).is_none())?;
            let last = self.list.last()?.0.offset;
            return Some(Gap { last, next: place });
        };
        let (sample, check) = *self.list.get(wrong)?;
        let back = if matches!(check, Check::Sound(_)) { 2 } else { 1 };
        // Where the first unit of a sample holds, the break is behind its start.
        let begins = matches!(check, Check::Coded(coding) if coding.begins(tape, sample.offset, sample.size));
        if begins {
            let next = self.list.get(wrong.saturating_add(1)).map(|next| next.0.offset).or(self.movie_at)?;
            return Some(Gap { last: sample.offset, next });
        }
        let before = wrong.checked_sub(back).and_then(|number| self.list.get(number));
        Some(Gap { last: before.map_or(0, |before| before.0.offset), next: sample.offset })
    }

    fn holds_files(&self) -> bool {
        self.list.iter().any(|(_, check)| matches!(check, Check::Coded(Coding::Begins(b"\xff\xd8"))))
    }

    fn goes_on(&self, tape: &mut Tape, at: u64, next: u64) -> bool {
        if self.movie_at == Some(next) {
            return is_movie(tape, at).is_some();
        }
        let first = self.list.partition_point(|(sample, _)| sample.offset < next);
        let mut bits = 0u32;
        for (sample, check) in self.list.get(first..).unwrap_or(&[]) {
            let place = at.saturating_add(sample.offset.saturating_sub(next));
            if !check.holds(tape, place, sample.size) {
                return false;
            }
            bits = bits.saturating_add(check.bits());
            if bits >= ENOUGH {
                return true;
            }
        }
        bits >= ENOUGH_AT_END
    }
}

/// A picture whose only item is cut by clusters of no coder: it goes on behind them where it ends as files do, before zeros
/// that fill its sector up.
fn picture(mending: &mut Mending<'_>, format: &dyn Format, layout: &Layout, tape: &mut Tape) -> Option<Mended> {
    let cut = mending.broken().good;
    let size = mending.cluster_size();
    let length = mending.broken().length.filter(|length| *length > cut)?;
    if layout.items.iter().any(|item| item.coding == Coding::Av1) {
        return tail::mended(mending, format, cut, length);
    }
    if layout.items.is_empty() || cut.checked_rem(size) != Some(0) || !mending.spend(length) {
        return None;
    }
    let gap = orphan::foreign_run(tape, cut, size, MOST_GAP)?;
    let place = mending.start().saturating_add(cut).saturating_add(gap);
    let rest = length.saturating_sub(cut);
    if !orphan::ends_at(tape, length.saturating_add(gap)) || mending.free_until(place) < place.saturating_add(rest) {
        return None;
    }
    let runs = [Run::new(mending.start(), cut), Run::new(place, rest)];
    match format.check(&mut mending.tape(runs)) {
        Outcome::Whole(found @ Found { damaged_at: None, .. }) if found.length == length => {
            Some(Mended { runs: runs.to_vec(), found })
        }
        _ => None,
    }
}
