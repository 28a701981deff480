//! One pass over the source: segments scanned and claimed on many threads, then joined in order.

use super::{
    Carved, Carving, Format, Found, Mended, Options, Status, Tape,
    claim::{self, Claim, Claims, What},
    formats, mend,
    scan::{LOOK_AHEAD, Scanner},
};
use crate::{
    Progress,
    bytes::{ReadAt, Run, Source},
    error::{Error, Issue, Result},
    parallel,
};
use std::ops::ControlFlow;

/// Bytes read and scanned at once.
const BLOCK: u64 = 1 << 20;
/// Bytes of a segment, the work of one thread.
const SEGMENT: u64 = 64 << 20;
/// Segments claimed at once, not knowing of one another. What the wave before claimed is known, so that a long file is
/// walked from its middle a few times and not once a segment.
const WAVE: u64 = 8;
/// Bytes that candidates which turn out to be nothing may read, for each byte of a segment: the cost stays linear
/// whatever the medium holds.
const WASTE: u64 = 16;
/// Bytes read at once where a whole block cannot be read.
const PIECE: usize = 4096;

/// Carves all of `source`.
///
/// Memory is bounded by the number of files found, not by the size of the source. A place that cannot be read is an issue.
///
/// # Errors
/// [`Error::InvalidArgument`] for a type that is not known or an alignment of 0, [`Error::Cancelled`].
pub fn carve(source: &Source, options: &Options, progress: &dyn Progress) -> Result<Carving> {
    let formats: Vec<&'static dyn Format> = formats().iter().copied().chain(options.more.iter().copied()).collect();
    let wanted = wanted(options, &formats)?;
    if options.align == 0 {
        return Err(Error::invalid("an alignment of 0 bytes"));
    }
    let pass = Pass { source, options, scanner: Scanner::new(&formats), formats: &formats };
    let (claims, issues) = pass.claims(progress)?;
    let mut files = Vec::new();
    let mended = mend::mend(source, &claims, &formats, options.cluster_size, &options.limits);
    for (claim, mended) in mend::take_in(claims, mended) {
        let carved = carved(source, claim, mended);
        if options.nested {
            push_with_children(&mut files, carved);
        } else {
            files.push(carved);
        }
    }
    files.retain(|file| wanted.as_ref().is_none_or(|wanted| wanted.contains(&file.kind)));
    Ok(Carving { files, issues })
}

struct Pass<'a> {
    source: &'a Source,
    options: &'a Options,
    scanner: Scanner,
    formats: &'a [&'static dyn Format],
}

impl Pass<'_> {
    fn claims(&self, progress: &dyn Progress) -> Result<(Vec<Claim>, Vec<Issue>)> {
        let (length, threads) = (self.source.len(), parallel::threads_to_start(self.options.threads));
        let segments = length.div_ceil(SEGMENT);
        let (mut all, mut issues) = (Vec::new(), Vec::new());
        for first in (0..segments).step_by(usize::try_from(WAVE).unwrap_or(1)) {
            let known = all.last().map(Claim::alone);
            let count = WAVE.min(segments.saturating_sub(first));
            let work = |number: u64| self.segment(first.saturating_add(number), known.as_ref());
            parallel::in_order(count, threads, work, |number, (claims, unread)| {
                let segment = first.saturating_add(number);
                let start = segment.saturating_mul(SEGMENT);
                issues.extend(unread);
                let known = known.as_ref().filter(|claim| claim.end() > start);
                claim::join(&mut all, start, claims, known, |reaching| self.segment(segment, reaching.as_ref()).0);
                let done = start.saturating_add(SEGMENT).min(length);
                match progress.update(done, length) {
                    ControlFlow::Continue(()) => Ok(()),
                    ControlFlow::Break(()) => Err(Error::Cancelled),
                }
            })?;
        }
        Ok((all, issues))
    }

    /// The claims of one segment, and what of it could not be read. `known` is a file that may reach into it.
    fn segment(&self, number: u64, known: Option<&Claim>) -> (Vec<Claim>, Vec<Issue>) {
        let length = self.source.len();
        let start = number.saturating_mul(SEGMENT);
        let end = start.saturating_add(SEGMENT).min(length);
        let mut tape = Tape::new(self.source.clone(), start);
        tape.allow(end.saturating_sub(start).saturating_mul(WASTE).max(SEGMENT));
        let reaching = known.filter(|claim| claim.end() > start).map(Claim::alone);
        let mut claims = Claims::new(self.formats, tape, length, self.options.align, reaching);
        let mut issues = Vec::new();
        let mut at = start;
        while at < end {
            let data = self.source.next_data(at);
            if data > at.saturating_add(BLOCK) {
                // A signature may begin with zeros of the hole.
                at = data.saturating_sub(LOOK_AHEAD as u64).max(at);
                if at >= end {
                    break;
                }
            }
            let starts = BLOCK.min(end.saturating_sub(at));
            let block = self.block(at, starts, &mut issues);
            let hits = self.scanner.hits(&block, usize::try_from(starts).unwrap_or(usize::MAX));
            claims.lend(at, block);
            for place in hits.chunk_by(|a, b| a.start == b.start) {
                let Some(first) = place.first() else { continue };
                let formats = place.iter().map(|hit| hit.format);
                claims.at(at.saturating_add(first.start as u64), formats);
            }
            at = at.saturating_add(starts);
        }
        (claims.finish(), issues)
    }

    /// The bytes of a block and those a signature may look at behind it; zeros where they cannot be read.
    fn block(&self, at: u64, starts: u64, issues: &mut Vec<Issue>) -> Vec<u8> {
        let length = starts.saturating_add(LOOK_AHEAD as u64).min(self.source.len().saturating_sub(at));
        if let Ok(bytes) = self.source.read_vec(at, length) {
            return bytes;
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        for (index, piece) in bytes.chunks_mut(PIECE).enumerate() {
            let offset = at.saturating_add((index as u64).saturating_mul(PIECE as u64));
            if let Err(error) = self.source.read_at(offset, piece) {
                piece.fill(0);
                if offset < at.saturating_add(starts) {
                    issues.push(Issue::from(&error));
                }
            }
        }
        bytes
    }
}

/// The types asked for, by the names the formats give them; `None` for all.
fn wanted(options: &Options, formats: &[&'static dyn Format]) -> Result<Option<Vec<&'static str>>> {
    let Some(types) = &options.types else { return Ok(None) };
    let known: Vec<&'static str> = formats.iter().flat_map(|format| format.types()).copied().collect();
    let mut wanted = Vec::new();
    for name in types {
        let lower = name.to_ascii_lowercase();
        let usual = formats::usual_name(&lower);
        match known.iter().find(|known| **known == usual) {
            Some(known) => wanted.push(*known),
            None => return Err(Error::invalid(format!("no type {name:?} can be carved"))),
        }
    }
    Ok(Some(wanted))
}

fn carved(source: &Source, claim: Claim, mended: Option<Mended>) -> Carved {
    let children = |claim: Claim| claim.children.into_iter().map(|child| carved(source, child, None)).collect();
    if let Some(Mended { runs, found: Found { kind, confidence, damaged_at, .. } }) = mended {
        let status = if damaged_at.is_some() { Status::Damaged } else { Status::Fragmented };
        let runs = runs.into_iter().map(|run| Run { inferred: true, ..run });
        return Carved { status, confidence, damaged_at, children: children(claim), ..Carved::new(source, kind, runs) };
    }
    let (kind, confidence, status, damaged_at) = match claim.what {
        What::Whole(Found { kind, confidence, damaged_at, .. }) => {
            let status = if damaged_at.is_some() { Status::Damaged } else { Status::Complete };
            (kind, confidence, status, damaged_at)
        }
        What::Broken(broken) => (broken.kind, broken.confidence, Status::Truncated, Some(broken.good)),
    };
    let run = Run::new(claim.start, claim.end().saturating_sub(claim.start));
    Carved { status, confidence, damaged_at, children: children(claim), ..Carved::new(source, kind, [run]) }
}

fn push_with_children(files: &mut Vec<Carved>, carved: Carved) {
    let children = carved.children.clone();
    files.push(carved);
    children.into_iter().for_each(|child| push_with_children(files, child));
}
