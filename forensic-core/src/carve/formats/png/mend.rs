//! Fragments of a PNG: the chunk in which the break lies says where the next one begins, and its checksum where it broke.

use super::{
    super::layout::Layout,
    inflate,
    walk::{Chunk, Picture, Walk},
};
use crate::{
    bytes::ReadAt,
    carve::{Format, Mended, Mending, Outcome, Tape},
};
use std::collections::HashSet;

const MOST_BREAKS: usize = 4;
const CRC_LENGTH: u64 = 4;

pub(super) fn mend(format: &super::Png, mending: &mut Mending<'_>) -> Option<Mended> {
    let mut layout = Layout::new(mending.start());
    for _ in 0..MOST_BREAKS {
        let mut tape = layout.tape(mending);
        let (_, last) = super::family(&mut tape).ok()?;
        let picture = Picture::read(&mut tape).ok()?;
        let mut walk = Walk::new(&mut tape, last);
        let end = walk.chunks();
        match (end, walk.damaged) {
            (Ok(length), None) => {
                let data = std::mem::take(&mut walk.data);
                if picture.width > 0 && !inflate::is_whole(&mut tape, &picture, &data) {
                    return None;
                }
                let Outcome::Whole(found) = format.check(&mut tape) else { return None };
                return Some(Mended { runs: layout.runs(length), found });
            }
            (_, damaged) => {
                let chunk = damaged.unwrap_or(walk.broken);
                layout = Search { mending, layout: &layout, chunk, last }.run()?;
            }
        }
    }
    None
}

struct Search<'a, 'b> {
    mending: &'a mut Mending<'b>,
    layout: &'a Layout,
    /// The chunk in which the file breaks.
    chunk: Chunk,
    last: [u8; 4],
}

impl Search<'_, '_> {
    fn run(&mut self) -> Option<Layout> {
        let size = self.mending.cluster_size().max(1);
        let first = self.chunk.at.max(self.layout.last_start().saturating_add(1)).checked_next_multiple_of(size)?;
        let frame_end = self.chunk.at.saturating_add(8);
        let in_frame = (first..frame_end).step_by(usize::try_from(size).ok()?).collect::<Vec<_>>();
        in_frame.into_iter().find_map(|cut| self.frame_cut(cut)).or_else(|| {
            let known = self.chunk.name != [0; 4];
            known.then(|| self.data_cut(first.max(frame_end.checked_next_multiple_of(size)?), size)).flatten()
        })
    }

    /// The break at `cut` is before the chunk's data: length or type are behind it.
    fn frame_cut(&mut self, cut: u64) -> Option<Layout> {
        let inside = usize::try_from(cut.saturating_sub(self.chunk.at)).ok()?;
        let mut frame = [0; 8];
        self.mending.source().read_at(self.layout.source_of(self.chunk.at), frame.get_mut(..inside)?).ok()?;
        for place in self.mending.clusters(self.layout.source_of(cut)) {
            if self.mending.source().read_at(place, frame.get_mut(inside..)?).is_err() {
                continue;
            }
            let Ok(chunk) = Chunk::read(&mut Tape::new(std::sync::Arc::new(frame.to_vec()), 0), 0) else { continue };
            if chunk.length > self.mending.source().len() || !self.mending.spend(chunk.length.saturating_add(8)) {
                continue;
            }
            let layout = self.layout.on_from(cut, place);
            if self.is_sound(&layout, Chunk { at: self.chunk.at, ..chunk }) {
                return Some(layout);
            }
        }
        None
    }

    /// The break is in the chunk's data, at `first` or a later boundary.
    fn data_cut(&mut self, first: u64, size: u64) -> Option<Layout> {
        let end = self.chunk.data_end().saturating_add(CRC_LENGTH);
        let cuts: Vec<u64> = (first..end).step_by(usize::try_from(size).ok()?).collect();
        let mut tried = HashSet::new();
        for from in [cuts.first().copied()?, cuts.last().copied()?] {
            let here = self.layout.source_of(from);
            for place in self.mending.clusters(here) {
                // How far the next chunk is moved does not depend on where the break is.
                let moved = place.wrapping_sub(here);
                if moved == 0 || !tried.insert(moved) || !self.has_next(moved) {
                    continue;
                }
                if !self.mending.spend(self.chunk.length.saturating_mul(2)) {
                    return None;
                }
                if let Some(cut) = self.cut_of(&cuts, moved) {
                    return Some(self.layout.on_from(cut, self.layout.source_of(cut).wrapping_add(moved)));
                }
            }
        }
        None
    }

    /// True where a chunk may begin behind this one, whose end is moved so far.
    fn has_next(&self, moved: u64) -> bool {
        if self.chunk.name == self.last {
            return true;
        }
        let end = self.layout.source_of(self.chunk.end()).wrapping_add(moved);
        let mut frame = [0; 8];
        let source = self.mending.source();
        source.read_at(end, &mut frame).is_ok()
            && Chunk::read(&mut Tape::new(std::sync::Arc::new(frame.to_vec()), 0), 0)
                .is_ok_and(|next| next.length <= source.len())
    }

    /// The boundary at which the bytes moved so far must go on for the checksum to hold.
    fn cut_of(&self, cuts: &[u64], moved: u64) -> Option<u64> {
        let source = self.mending.source();
        let crc = |from: u64, to: u64, moved: u64| {
            let place = self.layout.source_of(from).wrapping_add(moved);
            let bytes = source.read_vec(place, to.saturating_sub(from)).ok()?;
            let mut crc = crc32fast::Hasher::new();
            crc.update(&bytes);
            Some(crc)
        };
        let end = self.chunk.data_end();
        let inner: Vec<u64> = cuts.iter().copied().filter(|cut| *cut <= end).collect();
        // From the last boundary back: each checksum of the rest is one piece longer.
        let mut rest = crc32fast::Hasher::new();
        let mut rests = Vec::new();
        for (index, cut) in inner.iter().enumerate().rev() {
            let to = inner.get(index.saturating_add(1)).copied().unwrap_or(end);
            let mut piece = crc(*cut, to, moved)?;
            piece.combine(&rest);
            rest = piece;
            rests.push((*cut, rest.clone()));
        }
        let mut stored = [0; 4];
        source.read_at(self.layout.source_of(end).wrapping_add(moved), &mut stored).ok()?;
        let mut from = self.chunk.at.saturating_add(4);
        let mut head = crc32fast::Hasher::new();
        for (cut, rest) in rests.into_iter().rev() {
            head.combine(&crc(from, cut, 0)?);
            from = cut;
            let mut whole = head.clone();
            whole.combine(&rest);
            if whole.finalize().to_be_bytes() == stored {
                return Some(cut);
            }
        }
        // The break may lie within the checksum itself.
        cuts.iter().copied().find(|cut| {
            *cut > end
                && self
                    .is_sound(&self.layout.on_from(*cut, self.layout.source_of(*cut).wrapping_add(moved)), self.chunk)
        })
    }

    fn is_sound(&self, layout: &Layout, chunk: Chunk) -> bool {
        chunk.is_sound(&mut layout.tape(self.mending)) == Ok(true)
    }
}
