//! Fragments of a TIFF: by its rows where they are not compressed, by its strips where they are, and by its directory where
//! that is what was lost.

use super::{
    super::{
        begins, coded,
        layout::Layout,
        rows::{self, Raster, Verdict},
    },
    Tiff, strips,
    walk::{Picture, Walk},
};
use crate::carve::{Format, Found, Mended, Mending, Outcome, mending::are_apart};

/// Clusters before the place of an error at which the break is looked for.
const CUTS_BACK: u64 = 4;

pub(super) fn mend(format: &Tiff, mending: &mut Mending<'_>) -> Option<Mended> {
    let layout = Layout::new(mending.start());
    let mut tape = layout.tape(mending);
    let mut walk = Walk::new(&mut tape).ok()?;
    if walk.directories().is_err() || !walk.is_picture() {
        let directory = walk.first_directory;
        return with_directory(format, mending, &layout, directory);
    }
    let length = walk.end;
    match super::verdict(&mut walk) {
        Verdict::Gap { cut, gap } if walk.raster().is_none() => coded::mended(mending, cut, gap, length, format),
        Verdict::Gap { .. } | Verdict::Cut { .. } => {
            let raster = walk.raster()?;
            rows::mended(mending, raster, format)
        }
        // The codes of another picture do as well for long.
        _ if walk.coded().is_some() => None,
        _ => by_strips(format, mending, &layout, length),
    }
}

/// Finds the directory first: how far it was moved is how far all behind the break was.
fn with_directory(format: &Tiff, mending: &mut Mending<'_>, layout: &Layout, directory: u64) -> Option<Mended> {
    let size = mending.cluster_size().max(1);
    let last = directory.checked_div(size)?.checked_mul(size).filter(|last| *last > 0)?;
    for place in mending.clusters(layout.source_of(last)) {
        if place == layout.source_of(last) || !mending.spend(512) {
            continue;
        }
        let spliced = layout.on_from(last, place);
        let mut tape = spliced.tape(mending);
        let Ok(mut walk) = Walk::new(&mut tape) else { continue };
        if walk.directories().is_err() || !walk.is_picture() || walk.end > tape_length(mending, &spliced) {
            continue;
        }
        let moved = place.wrapping_sub(layout.source_of(last));
        let cuts: Vec<u64> = match walk.raster() {
            Some(raster) => rows::best_cut(mending, layout, raster, moved, size).into_iter().collect(),
            None => (1..=last.checked_div(size)?).rev().map(|number| number.saturating_mul(size)).collect(),
        };
        for cut in cuts {
            if !mending.spend(directory) {
                return None;
            }
            let spliced = layout.on_from(cut, layout.source_of(cut).wrapping_add(moved));
            if let Some(mended) = whole(format, mending, &spliced) {
                return Some(mended);
            }
        }
    }
    None
}

fn tape_length(mending: &Mending<'_>, layout: &Layout) -> u64 {
    layout.tape(mending).len()
}

/// Looks for a cluster with which the strip that breaks holds to its end, and then all others.
fn by_strips(format: &Tiff, mending: &mut Mending<'_>, layout: &Layout, length: u64) -> Option<Mended> {
    let size = mending.cluster_size().max(1);
    let broken_at = mending.broken().broken_at;
    let last = broken_at.checked_div(size)?;
    for number in (last.saturating_sub(CUTS_BACK).max(1)..=last).rev() {
        let cut = number.saturating_mul(size);
        for place in mending.clusters(layout.source_of(cut)) {
            let spliced = layout.on_from(cut, place);
            let mut tape = spliced.tape(mending);
            let Ok(mut walk) = Walk::new(&mut tape) else { continue };
            if !mending.spend(2048) {
                return None;
            }
            if walk.directories().is_err() || walk.end != length {
                continue;
            }
            let mut pictures = std::mem::take(&mut walk.pictures);
            for picture in &mut pictures {
                picture.strips.retain(|(at, length)| at.saturating_add(*length) > cut);
                picture.strips.sort_unstable();
                picture.strips.truncate(2);
            }
            if strips::check(walk.tape, &pictures, true).wrong_at.is_some() {
                continue;
            }
            if !mending.spend(length) {
                return None;
            }
            if let Some(mended) = whole(format, mending, &spliced) {
                return Some(mended);
            }
        }
    }
    None
}

fn whole(format: &Tiff, mending: &Mending<'_>, layout: &Layout) -> Option<Mended> {
    let mut tape = layout.tape(mending);
    let Outcome::Whole(found @ Found { damaged_at: None, .. }) = format.check(&mut tape) else { return None };
    let mut walk = Walk::new(&mut tape).ok()?;
    walk.directories().ok()?;
    let strictly = strips::check(walk.tape, &walk.pictures, true);
    let runs = layout.runs(found.length);
    (strictly.wrong_at.is_none() && are_apart(&runs)).then_some(Mended { runs, found })
}

impl Walk<'_> {
    /// The rows of a file of one picture that is not compressed and in one piece.
    pub(super) fn raster(&self) -> Option<Raster> {
        let [picture] = self.pictures.as_slice() else { return None };
        let start = picture.strips.first()?.0;
        let mut end = start;
        for (at, length) in &picture.strips {
            if *at != end {
                return None;
            }
            end = at.saturating_add(*length);
        }
        let plain = picture.compression == 1 && picture.row > 0;
        plain.then_some(Raster { start, end, row: picture.row, length: self.end })
    }

    /// Where the compressed data of a file of one picture lies, if it is of a compression that leaves nothing even.
    pub(super) fn coded(&self) -> Option<(u64, u64)> {
        let [picture] = self.pictures.as_slice() else { return None };
        picture.span().filter(|_| matches!(picture.compression, 6 | 7))
    }

    /// The first sector of pixels that are not compressed at which another file begins.
    pub(super) fn foreign_start(&mut self) -> Option<u64> {
        let plain = self.pictures.iter().filter(|picture| picture.compression == 1).filter_map(Picture::span);
        plain.collect::<Vec<_>>().into_iter().find_map(|(start, end)| begins::first(self.tape, start, end))
    }
}

impl Picture {
    /// The first byte of its strips or tiles, and the end of the last.
    fn span(&self) -> Option<(u64, u64)> {
        let start = self.strips.iter().map(|(at, _)| *at).min()?;
        let end = self.strips.iter().map(|(at, length)| at.saturating_add(*length)).max()?;
        Some((start, end))
    }
}
