//! Fragmented files: the samples and items, in the order of the file, say where each piece goes on, and the movie box that stands
//! behind the samples is looked for where it must be.

use super::{
    boxes::{self, Header},
    coding::Coding,
    fragments,
    layout::Layout,
    movie::Movie,
    orphan, sound,
    tables::Sample,
};
use crate::bytes::Run;
use crate::carve::{
    Format, Found, Mended, Mending, Outcome, Tape,
    formats::{
        chain::{self, Chain, Gap},
        jpeg,
    },
};

/// Samples that are kept in order.
const MOST_SAMPLES: usize = 1 << 20;
/// Samples in a gap that are looked at for each boundary.
const MOST_INSIDE: usize = 64;
/// Bits that have to be right by no chance for a cluster to be the next.
const ENOUGH: u32 = 44;
/// Bits of a sample that tells by itself.
const TELLING: u32 = 16;
/// Bits that have to be right by no chance for a sample to be of the piece before the break.
const SURE: u32 = 22;
/// The same for the next piece where the file has no more samples.
const ENOUGH_AT_END: u32 = 28;
/// What looking at a cluster costs.
const COST: u64 = 4096;
/// Clusters of a gap.
const MOST_GAP: u64 = 256;

pub(super) fn mend(mending: &mut Mending<'_>, format: &dyn Format) -> Option<Mended> {
    let mut tape = mending.tape([Run::new(mending.start(), mending.source().len().saturating_sub(mending.start()))]);
    let layout = Layout::walk(&mut tape);
    let mut samples = Samples::default();
    samples.add_items(&layout);
    match &layout.movie {
        Some(movie) if movie.fragmented => samples.fragments(&layout, &mut tape),
        Some(movie) => samples.add(movie, &mut tape),
        None if layout.items.is_empty() => {
            if let Some(data) = layout.boxes.last().copied().or(layout.cut).filter(|last| !last.open) {
                let end = layout.cut.map_or(data.end, |cut| cut.end);
                let movie = movie_at(mending, end)?;
                samples.behind = Some((end, Behind::Movie));
                samples.add(&movie, &mut tape);
            }
        }
        None => {}
    }
    samples.list.sort_by_key(|(sample, _)| sample.offset);
    let mended = chain::mended(mending, format, &mut samples);
    mended.or_else(|| picture(mending, format, &layout, &mut tape))
}

/// The movie box that stands at byte `place` of the file, wherever that is in the source.
fn movie_at(mending: &mut Mending<'_>, place: u64) -> Option<Movie> {
    let inside = place.checked_rem(mending.cluster_size())?;
    let mut tape = mending.tape_from(0);
    // Frames of Motion JPEG take the cluster in which they end.
    let candidates: Vec<u64> = mending.clusters(0).chain(chain::grid(mending, mending.start())).collect();
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
    /// What stands behind the samples, and where.
    behind: Option<(u64, Behind)>,
    fragmented: bool,
}

/// A box behind samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    /// The movie.
    Movie,
    /// The next fragment of it, or the index of the fragments.
    Fragment,
}

impl Behind {
    fn stands(self, tape: &mut Tape, at: u64) -> bool {
        match self {
            Self::Movie => is_movie(tape, at).is_some(),
            Self::Fragment => boxes::header(tape, at).is_ok_and(|header| {
                let inner = boxes::header(tape, header.body).map_or(*b"none", |inner| inner.kind);
                match &header.kind {
                    b"moof" => &inner == b"mfhd" && header.fits(tape),
                    b"mfra" => &inner == b"tfra" && header.fits(tape),
                    b"styp" | b"sidx" | b"prft" | b"emsg" => header.fits(tape) && !header.open,
                    _ => false,
                }
            }),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    Coded(Coding),
    /// How frames of sound begin.
    Sound(u8),
}

impl Check {
    fn bits(self) -> u32 {
        match self {
            Self::Coded(Coding::ProRes) => 64,
            Self::Coded(Coding::Nal(_)) => 32,
            Self::Coded(Coding::H263) => 22,
            Self::Coded(Coding::Begins(bytes)) => u32::try_from(bytes.len()).unwrap_or(0).saturating_mul(8),
            Self::Coded(Coding::Av1) => 16,
            Self::Coded(_) => 2,
            Self::Sound(_) => 6,
        }
    }

    fn holds(self, tape: &mut Tape, at: u64, size: u64) -> bool {
        match self {
            Self::Coded(coding) => coding.holds(tape, at, size).unwrap_or(false),
            Self::Sound(usual) => sound::begins(tape, &Sample { offset: at, size }) == Some(usual),
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
            let samples: Vec<Sample> = track.tables.all().take(MOST_SAMPLES).collect();
            let check = match track.coding {
                Coding::Sound => sound::usual(&samples, tape).map(Check::Sound),
                Coding::Unknown => None,
                coding => Some(Check::Coded(coding)),
            };
            if let Some(check) = check {
                self.list.extend(samples.into_iter().map(|sample| (sample, check)));
            }
        }
        self.list.truncate(MOST_SAMPLES);
    }

    /// Samples of the fragments of `layout`.
    fn fragments(&mut self, layout: &Layout, tape: &mut Tape) {
        let Some(movie) = &layout.movie else { return };
        (self.fragmented, self.list, self.behind) = (true, Vec::new(), None);
        for moof in layout.boxes.iter().filter(|header| &header.kind == b"moof") {
            let mut found = Vec::new();
            if fragments::samples(tape, *moof, movie, |track, sample| found.push((track, sample))).is_err() {
                break;
            }
            let coded = found.into_iter().filter_map(|(track, sample)| {
                let coding = movie.track(track).map_or(Coding::Unknown, |track| track.coding);
                (coding.can_check() && sample.size > 0).then_some((sample, Check::Coded(coding)))
            });
            self.list.extend(coded.take(MOST_SAMPLES.saturating_sub(self.list.len())));
        }
        self.list.sort_by_key(|(sample, _)| sample.offset);
        let last = layout.cut.or(layout.boxes.last().copied()).filter(|last| &last.kind == b"mdat" && !last.open);
        self.behind = last.map(|last| (last.end, Behind::Fragment));
    }

    /// Where the last sample before number `wrong` begins that is surely there: a sample may hold by chance, a run of them does not.
    fn sure_before(&self, tape: &mut Tape, wrong: usize) -> u64 {
        let mut bits = 0u32;
        for (sample, check) in self.list.iter().take(wrong).rev().take(MOST_INSIDE) {
            let holds = check.holds(tape, sample.offset, sample.size);
            bits = if holds { bits.saturating_add(check.bits()) } else { 0 };
            if bits >= SURE {
                return sample.offset;
            }
        }
        0
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

impl Chain for Samples {
    fn gap(&mut self, tape: &mut Tape) -> Option<Gap> {
        if self.fragmented {
            let layout = Layout::walk(tape);
            self.fragments(&layout, tape);
        }
        let Some(wrong) = self.first_wrong(tape) else {
            let (place, _) = self.behind.filter(|(place, behind)| {
                // The last fragment may be the end of the file.
                !behind.stands(tape, *place) && (*behind == Behind::Movie || *place > tape.len())
            })?;
            return Some(Gap { last: self.sure_before(tape, self.list.len()), next: place });
        };
        let (sample, check) = *self.list.get(wrong)?;
        // Where the first unit of a sample holds, the break is behind its start.
        let begins = matches!(check, Check::Coded(coding) if coding.begins(tape, sample.offset, sample.size));
        if begins {
            let behind = self.behind.map(|(place, _)| place);
            let next = self.list.get(wrong.saturating_add(1)).map(|next| next.0.offset).or(behind)?;
            return Some(Gap { last: sample.offset, next });
        }
        Some(Gap { last: self.sure_before(tape, wrong), next: sample.offset })
    }

    fn refutes(&self, tape: &mut Tape, gap: Gap) -> bool {
        let inside = self.list.iter().filter(|(sample, _)| (gap.last..gap.next).contains(&sample.offset));
        inside.take(MOST_INSIDE).any(|(sample, check)| match check {
            Check::Coded(Coding::Begins(b"\xff\xd8")) => {
                jpeg::is_torn(tape, sample.offset, sample.offset.saturating_add(sample.size))
            }
            // What chance makes right in one boundary and an odd frame wrong in another tells nothing.
            _ => check.bits() >= TELLING && !check.holds(tape, sample.offset, sample.size),
        })
    }

    fn holds_files(&self) -> bool {
        self.list.iter().any(|(_, check)| matches!(check, Check::Coded(Coding::Begins(b"\xff\xd8"))))
    }

    fn goes_on(&self, tape: &mut Tape, at: u64, next: u64) -> bool {
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
        let behind = self.behind.filter(|(place, _)| *place >= next);
        behind.is_some_and(|(place, behind)| behind.stands(tape, at.saturating_add(place.saturating_sub(next))))
            || bits >= ENOUGH_AT_END
    }
}

/// A picture whose only item is cut by clusters of no coder: it goes on behind them where it ends as files do, before zeros
/// that fill its sector up.
fn picture(mending: &mut Mending<'_>, format: &dyn Format, layout: &Layout, tape: &mut Tape) -> Option<Mended> {
    let cut = mending.broken().good;
    let size = mending.cluster_size();
    let length = mending.broken().length.filter(|length| *length > cut)?;
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
