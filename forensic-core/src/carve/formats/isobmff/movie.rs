//! The movie box: its tracks, and where their samples lie (ISO/IEC 14496-12:2022, 8.2 to 8.8).

use super::{
    boxes::{Header, children, first, inside},
    coding::Coding,
    tables::Tables,
};
use crate::carve::{Break, Tape};

/// Tracks of a movie that are looked at.
const MOST_TRACKS: usize = 256;

/// A movie.
#[derive(Debug, Default)]
pub(super) struct Movie {
    pub(super) tracks: Vec<Track>,
    /// True where samples may be in movie fragments.
    pub(super) fragmented: bool,
}

/// A track.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) id: u32,
    pub(super) handler: [u8; 4],
    pub(super) coding: Coding,
    pub(super) tables: Tables,
    /// The size of a sample of a fragment that tells none.
    pub(super) default_size: u32,
}

impl Movie {
    /// Reads the movie box `moov`.
    pub(super) fn read(tape: &mut Tape, moov: Header) -> Result<Self, Break> {
        let boxes = children(tape, moov.body, moov.end)?;
        if first(&boxes, b"cmov").is_some() {
            return Ok(Self::default());
        }
        first(&boxes, b"mvhd").ok_or(Break::wrong(moov.start, "movie header"))?;
        let mut movie = Self { tracks: Vec::new(), fragmented: first(&boxes, b"mvex").is_some() };
        for trak in boxes.iter().filter(|header| &header.kind == b"trak").take(MOST_TRACKS) {
            movie.tracks.push(Track::read(tape, *trak)?);
        }
        if let Some(mvex) = first(&boxes, b"mvex") {
            for trex in children(tape, mvex.body, mvex.end)?.iter().filter(|header| &header.kind == b"trex") {
                let id = tape.be32(trex.body.saturating_add(4))?;
                let size = tape.be32(trex.body.saturating_add(16))?;
                movie.tracks.iter_mut().filter(|track| track.id == id).for_each(|track| track.default_size = size);
            }
        }
        Ok(movie)
    }

    /// True where a track is of handler `handler`.
    pub(super) fn has(&self, handler: &[u8; 4]) -> bool {
        self.tracks.iter().any(|track| track.handler == *handler)
    }

    /// Where the last sample of the tables ends.
    pub(super) fn data_end(&self) -> u64 {
        self.tracks.iter().map(|track| track.tables.end()).max().unwrap_or(0)
    }

    /// The coding of track `id`.
    pub(super) fn track(&self, id: u32) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id == id)
    }
}

impl Track {
    fn read(tape: &mut Tape, trak: Header) -> Result<Self, Break> {
        let tkhd = inside(tape, trak, &[b"tkhd"])?;
        let wide = tape.byte(tkhd.body)? == 1;
        let id = tape.be32(tkhd.body.saturating_add(if wide { 20 } else { 12 }))?;
        let mdia = inside(tape, trak, &[b"mdia"])?;
        let hdlr = inside(tape, mdia, &[b"hdlr"])?;
        let handler = tape.array(hdlr.body.saturating_add(8))?;
        let minf = inside(tape, mdia, &[b"minf"])?;
        let stbl = inside(tape, minf, &[b"stbl"])?;
        let stsd = inside(tape, stbl, &[b"stsd"])?;
        let external = is_external(tape, minf).unwrap_or(false);
        let coding = coding(tape, stsd)?;
        let tables = if external { Tables::default() } else { Tables::read(tape, stbl)? };
        Ok(Self { id, handler, coding, tables, default_size: 0 })
    }
}

/// True where the samples are in another file.
fn is_external(tape: &mut Tape, minf: Header) -> Result<bool, Break> {
    let dref = inside(tape, minf, &[b"dinf", b"dref"])?;
    let entries = children(tape, dref.body.saturating_add(8), dref.end)?;
    let Some(entry) = entries.first() else { return Ok(false) };
    Ok(tape.be32(entry.body)? & 1 == 0 && entry.end.saturating_sub(entry.body) > 4)
}

/// The coding of the only sample entry; unknown where there are several that differ.
fn coding(tape: &mut Tape, stsd: Header) -> Result<Coding, Break> {
    let entries = children(tape, stsd.body.saturating_add(8), stsd.end)?;
    let Some(entry) = entries.first() else { return Ok(Coding::Unknown) };
    if entries.iter().any(|other| other.kind != entry.kind) {
        return Ok(Coding::Unknown);
    }
    // Visual sample entries have 78 bytes before their boxes; the size of NAL lengths is in the decoder configuration.
    let inner = children(tape, entry.body.saturating_add(78), entry.end).unwrap_or_default();
    let nal = if let Some(avcc) = first(&inner, b"avcC") {
        tape.byte(avcc.body.saturating_add(4))? & 3
    } else if let Some(hvcc) = first(&inner, b"hvcC") {
        tape.byte(hvcc.body.saturating_add(21))? & 3
    } else {
        3
    };
    Ok(Coding::of(entry.kind, nal.saturating_add(1)))
}
