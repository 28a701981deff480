//! One pass over the source: segments scanned and claimed on many threads, then joined in order.

use super::{
    Carved, Carving, Format, Found, Mended, Options, Status, Tape,
    claim::{self, Claim, Claims, What},
    formats, mend,
    scan::{LOOK_AHEAD, Scanner},
};
use crate::{
    Progress,
    bytes::{ReadAt, Run, Source, read_around_into},
    error::{Error, Issue, IssueLog, Result},
    parallel,
};
use std::ops::ControlFlow;

/// Bytes read and scanned at once.
const BLOCK: u64 = 256 << 10;
/// Bytes of a segment, the work of one thread.
const SEGMENT: u64 = 64 << 20;
/// Segments claimed at once, not knowing of one another. What the wave before claimed is known, so that a long file is
/// walked from its middle a few times and not once a segment.
const WAVE: u64 = 8;
/// Bytes that candidates which turn out to be nothing may read, for each byte of a segment: the cost stays linear
/// whatever the medium holds.
const WASTE: u64 = 16;

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
    let pass = Pass::new(source, options, &formats, SEGMENT, BLOCK);
    let mut claims = pass.claims(progress)?;
    let mut files = Vec::new();
    let mended = mend::mend(source, &mut claims, &formats, options, &pass.issues, progress)?;
    for (claim, mended) in mend::take_in(claims, mended) {
        let carved = carved(source, claim, mended);
        if options.nested {
            push_with_children(&mut files, carved);
        } else {
            files.push(carved);
        }
    }
    files.retain(|file| wanted.as_ref().is_none_or(|wanted| wanted.contains(&file.kind)));
    Ok(Carving { files, issues: pass.issues.list() })
}

struct Pass<'a> {
    source: &'a Source,
    options: &'a Options,
    scanner: Scanner,
    formats: &'a [&'static dyn Format],
    /// Bytes of a segment and of a block.
    segment: u64,
    block: u64,
    issues: IssueLog,
}

impl<'a> Pass<'a> {
    fn new(
        source: &'a Source,
        options: &'a Options,
        formats: &'a [&'static dyn Format],
        segment: u64,
        block: u64,
    ) -> Self {
        let (scanner, issues) = (Scanner::new(formats), IssueLog::new(options.limits.issues));
        Self { source, options, scanner, formats, segment, block, issues }
    }

    fn claims(&self, progress: &dyn Progress) -> Result<Vec<Claim>> {
        let (length, threads) = (self.source.len(), parallel::threads_to_start(self.options.threads));
        let segments = length.div_ceil(self.segment);
        let mut all = Vec::new();
        for first in (0..segments).step_by(usize::try_from(WAVE).unwrap_or(1)) {
            let known = all.last().and_then(|claim: &Claim| claim.reaching(first.saturating_mul(self.segment)));
            let count = WAVE.min(segments.saturating_sub(first));
            let work = |number: u64| self.segment(first.saturating_add(number), known.as_ref());
            parallel::in_order(count, threads, work, |number, claims| {
                let segment = first.saturating_add(number);
                let start = segment.saturating_mul(self.segment);
                claim::join(&mut all, start, claims, known.as_ref(), |reaching| {
                    self.segment(segment, reaching.as_ref())
                });
                let done = start.saturating_add(self.segment).min(length);
                match progress.update(done, length) {
                    ControlFlow::Continue(()) => Ok(()),
                    ControlFlow::Break(()) => Err(Error::Cancelled),
                }
            })?;
        }
        Ok(all)
    }

    /// The claims of one segment. `known` is a file that may reach into it.
    fn segment(&self, number: u64, known: Option<&Claim>) -> Vec<Claim> {
        let length = self.source.len();
        let start = number.saturating_mul(self.segment);
        let end = start.saturating_add(self.segment).min(length);
        let mut tape = Tape::new(self.source.clone(), start);
        tape.allow(end.saturating_sub(start).saturating_mul(WASTE).max(self.segment));
        let reaching = known.and_then(|claim| claim.reaching(start));
        let mut claims = Claims::new(self.formats, tape, length, self.options.align, reaching);
        let (mut at, mut buffer) = (start, Vec::new());
        while at < end {
            let data = self.source.next_data(at);
            if data > at.saturating_add(self.block) {
                // A signature may begin with zeros of the hole.
                at = data.saturating_sub(LOOK_AHEAD as u64).max(at);
                if at >= end {
                    break;
                }
            }
            let starts = self.block.min(end.saturating_sub(at));
            let wanted = starts.saturating_add(LOOK_AHEAD as u64).min(length.saturating_sub(at));
            let block = match self.source.in_memory(at, wanted) {
                Some(block) => block,
                None => {
                    self.read(at, wanted, starts, &mut buffer);
                    &buffer
                }
            };
            let hits = self.scanner.hits(block, usize::try_from(starts).unwrap_or(usize::MAX));
            if !hits.is_empty() {
                claims.lend(at, block);
            }
            for place in hits.chunk_by(|a, b| a.start == b.start) {
                let Some(first) = place.first() else { continue };
                let formats = place.iter().map(|hit| hit.format);
                claims.at(at.saturating_add(first.start as u64), formats);
            }
            at = at.saturating_add(starts);
        }
        claims.finish()
    }

    /// Reads a block and what a signature may look at behind its `starts`; zeros where they cannot be read.
    fn read(&self, at: u64, length: u64, starts: u64, buffer: &mut Vec<u8>) {
        read_around_into(self.source, at, length, buffer, |error, lost| {
            if lost.start < starts {
                self.issues.push(Issue::from(error));
            }
        });
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

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::{
        NoProgress,
        carve::{Broken, Holds, Outcome, Signature},
    };
    use proptest::prelude::*;
    use std::sync::Arc;

    /// "[b", what it is ('w'hole, 'o'paque, 'p'arts of its own, 'b'roken, a 'l'ie), a length in two bytes, and that many bytes.
    struct Boxes;

    impl Format for Boxes {
        fn types(&self) -> &'static [&'static str] {
            &["box"]
        }

        fn signatures(&self) -> &'static [Signature] {
            const SIGNATURES: &[Signature] = &[Signature::new(b"[b")];
            SIGNATURES
        }

        fn check(&self, tape: &mut Tape) -> Outcome {
            let (Ok(flag), Ok(length)) = (tape.byte(2), tape.le16(3)) else { return Outcome::No };
            let length = u64::from(length) + 5;
            let found = Found::new("box", length);
            match flag {
                b'l' => Outcome::Whole(found),
                b'b' => Outcome::Broken(Broken {
                    kind: "box",
                    good: length,
                    broken_at: length,
                    length: None,
                    confidence: 80,
                }),
                _ if length > tape.len() => Outcome::No,
                b'w' => Outcome::Whole(found),
                b'o' => Outcome::Whole(found.holds(Holds::Opaque)),
                b'p' => Outcome::Whole(found.holds(Holds::Others)),
                _ => Outcome::No,
            }
        }
    }

    fn files(medium: &[u8], segment: u64, block: u64, threads: usize) -> String {
        let source: Source = Arc::new(medium.to_vec());
        let options = Options::default().threads(threads);
        let formats: &[&'static dyn Format] = &[&Boxes];
        let pass = Pass::new(&source, &options, formats, segment, block);
        let claims = pass.claims(&NoProgress).unwrap();
        assert!(pass.issues.list().is_empty());
        let carved: Vec<_> = claims.into_iter().map(|claim| carved(&source, claim, None)).collect();
        let starts: Vec<_> = carved.iter().map(|file| file.offset()).collect();
        assert!(starts.is_sorted());
        assert!(carved.windows(2).all(|pair| pair[0].offset() + pair[0].size <= pair[1].offset()), "{carved:#?}");
        format!("{carved:#?}")
    }

    proptest! {
        #[test]
        fn the_files_do_not_depend_on_segments_blocks_or_threads(
            boxes in proptest::collection::vec((0u16..20_000, 0usize..4, 0u16..6000, any::<bool>()), 1..60),
            segment in prop_oneof![Just(1024u64), Just(3000), Just(8192)],
            block in prop_oneof![Just(512u64), Just(1024)],
        ) {
            let mut medium = vec![b'.'; 24_000];
            for (at, flag, length, on_sector) in boxes {
                let at = if on_sector { usize::from(at) / 512 * 512 } else { usize::from(at) };
                medium[at..at + 2].copy_from_slice(b"[b");
                medium[at + 2] = b"wopb"[flag];
                medium[at + 3..at + 5].copy_from_slice(&length.to_le_bytes());
            }
            let whole = files(&medium, 1 << 20, 1 << 20, 1);
            prop_assert_eq!(&files(&medium, segment, block, 1), &whole);
            prop_assert_eq!(&files(&medium, segment, block, 3), &whole);
        }
    }

    fn boxes(list: &[(usize, u8, u16)]) -> Vec<u8> {
        let mut medium = vec![b'.'; 4096];
        for (at, flag, length) in list {
            medium[*at..at + 5].copy_from_slice(&[b'[', b'b', *flag, length.to_le_bytes()[0], length.to_le_bytes()[1]]);
        }
        medium
    }

    fn tree(list: &[(usize, u8, u16)]) -> Vec<(u64, u64, Vec<u64>)> {
        let source: Source = Arc::new(boxes(list));
        let carving = carve(&source, &Options::default().with_format(&Boxes), &NoProgress).unwrap();
        let children = |file: &Carved| file.children.iter().map(Carved::offset).collect();
        carving.files.iter().map(|file| (file.offset(), file.size, children(file))).collect()
    }

    #[test]
    fn a_format_that_tells_of_more_than_there_is_gets_what_is_there() {
        for lie in *b"lb" {
            assert_eq!(tree(&[(3000, lie, 5000)]), [(3000, 1096, vec![])]);
        }
    }

    #[test]
    fn what_lies_inside_is_a_child_and_what_reaches_out_is_not_there() {
        assert_eq!(tree(&[(100, b'w', 1000), (200, b'w', 10), (900, b'w', 900)]), [(100, 1005, vec![200])]);
    }

    #[test]
    fn parts_of_an_archive_are_no_files_of_their_own() {
        assert_eq!(tree(&[(100, b'p', 1000), (200, b'w', 10)]), [(100, 1005, vec![])]);
    }

    #[test]
    fn a_sound_file_on_a_sector_cuts_the_opaque_one_around_it() {
        let cut = tree(&[(512, b'o', 2000), (1024, b'w', 100), (1200, b'w', 10)]);
        assert_eq!(cut, [(512, 512, vec![]), (1024, 105, vec![]), (1200, 15, vec![])]);
        // Off the sectors it may well be a part of the other.
        assert_eq!(tree(&[(512, b'o', 2000), (1025, b'w', 100)]), [(512, 2005, vec![])]);
    }
}
