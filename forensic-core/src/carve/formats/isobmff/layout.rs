//! The boxes of a file from its first byte on, and where it ends: what follows the last box is of no file, or of another.

use super::{
    boxes::{Header, header},
    items::{self, Extent},
    movie::Movie,
};
use crate::carve::{Break, Tape};

/// Boxes of a file that are walked; a fragmented recording of a day has some 100,000.
const MOST_BOXES: usize = 1 << 20;
/// What stands at the top of files of this family: the standards, QuickTime, JPEG XL, and what makers of cameras add.
const KNOWN: [&[u8; 4]; 34] = [
    b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"udta", b"meta", b"moof", b"mfra", b"sidx",
    b"ssix", b"styp", b"prft", b"pnot", b"PICT", b"pdin", b"emsg", b"junk", b"jumb", b"idat", b"imda", b"JXL ",
    b"jxlc", b"jxlp", b"jxll", b"jxli", b"Exif", b"xml ", b"jbrd", b"brob", b"sefd", b"mpvd",
];

/// True for the types that stand at the top of a file.
pub(super) fn is_known(kind: &[u8; 4]) -> bool {
    KNOWN.contains(&kind)
}

/// A file by its boxes.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The major brand and the compatible ones.
    pub(super) brands: Vec<[u8; 4]>,
    pub(super) boxes: Vec<Header>,
    pub(super) movie: Option<Movie>,
    pub(super) items: Vec<Extent>,
    /// Where the last whole box ends.
    pub(super) end: u64,
    /// A box that begins there and has less bytes than its size says.
    pub(super) cut: Option<Header>,
    /// What of the metadata does not hold.
    pub(super) wrong: Option<Break>,
}

impl Layout {
    /// Walks the file that begins at byte 0.
    pub(super) fn walk(tape: &mut Tape) -> Self {
        let mut layout = Self::default();
        while layout.boxes.len() < MOST_BOXES {
            let Ok(found) = header(tape, layout.end) else { break };
            if !layout.goes_on_with(found) {
                break;
            }
            let endless = found.open && layout.needs() == 0;
            if !found.fits(tape) || endless {
                // Only a box that the file lacks is of it.
                layout.cut = Some(found).filter(|_| layout.lacks(&found.kind));
                break;
            }
            if let Err(wrong) = layout.take(tape, found) {
                layout.wrong = layout.wrong.or(Some(wrong));
            }
        }
        layout
    }

    fn goes_on_with(&self, found: Header) -> bool {
        if self.boxes.is_empty() {
            return true;
        }
        match &found.kind {
            // Only the signature of JPEG XL stands before it.
            b"ftyp" => self.boxes.iter().all(|header| &header.kind == b"JXL "),
            b"moov" => self.movie.is_none(),
            b"mdat" if self.is_fragmented() => self.boxes.last().is_some_and(|last| &last.kind == b"moof"),
            b"mdat" | b"wide" | b"pnot" | b"styp" | b"imda" => !self.is_complete(),
            b"moof" | b"sidx" => self.is_fragmented(),
            kind => is_known(kind) && !found.open,
        }
    }

    /// True where a box of type `kind` that is cut is one of this file.
    fn lacks(&self, kind: &[u8; 4]) -> bool {
        match kind {
            b"moov" => self.movie.is_none(),
            b"meta" => self.movie.is_none() && self.items.is_empty(),
            b"moof" => self.is_fragmented(),
            b"mdat" | b"imda" => !self.is_complete(),
            _ => false,
        }
    }

    fn is_fragmented(&self) -> bool {
        self.movie.as_ref().is_some_and(|movie| movie.fragmented)
    }

    /// True where all is there that the metadata tells of.
    pub(super) fn is_complete(&self) -> bool {
        let told = self.movie.as_ref().is_some_and(|movie| !movie.fragmented) || !self.items.is_empty();
        told && self.needs() > 0 && self.needs() <= self.end
    }

    /// Where the last sample or item ends.
    pub(super) fn needs(&self) -> u64 {
        let items = self.items.iter().map(|extent| extent.offset.saturating_add(extent.length)).max();
        items.unwrap_or(0).max(self.movie.as_ref().map_or(0, Movie::data_end))
    }

    fn take(&mut self, tape: &mut Tape, found: Header) -> Result<(), Break> {
        // A box that reaches to the end of the file ends where what it holds does.
        let end = if found.open { self.needs().max(found.body) } else { found.end };
        self.boxes.push(Header { end, ..found });
        self.end = end;
        match &found.kind {
            b"ftyp" => {
                let size = found.end.saturating_sub(found.body);
                let brands = tape.bytes(found.body, usize::try_from(size.min(512)).unwrap_or(0))?;
                // Between the major brand and the others stands a version.
                self.brands = brands.as_chunks().0.to_vec();
                if self.brands.len() > 1 {
                    self.brands.remove(1);
                }
            }
            b"moov" => self.movie = Some(Movie::read(tape, found)?),
            b"meta" => self.items = items::extents(tape, found).unwrap_or_default(),
            _ => {}
        }
        Ok(())
    }

    /// The first box of type `kind`.
    pub(super) fn first(&self, kind: &[u8; 4]) -> Option<Header> {
        self.boxes.iter().find(|header| header.kind == *kind).copied()
    }

    /// The boxes that hold samples.
    pub(super) fn data(&self) -> impl Iterator<Item = &Header> {
        self.boxes.iter().filter(|header| matches!(&header.kind, b"mdat" | b"imda" | b"idat"))
    }

    /// True where `length` bytes from `offset` on lie in a box that holds samples.
    pub(super) fn holds(&self, offset: u64, length: u64) -> bool {
        let end = offset.saturating_add(length);
        self.data().chain(self.cut.iter()).any(|data| data.body <= offset && end <= data.end)
    }

    /// The type of the file.
    pub(super) fn kind(&self) -> &'static str {
        let has = |brands: &[&[u8; 4]]| self.brands.iter().any(|brand| brands.contains(&brand));
        let video = self.movie.as_ref().is_some_and(|movie| movie.has(b"vide"));
        let sound = self.movie.as_ref().is_some_and(|movie| movie.has(b"soun"));
        let Some(major) = self.brands.first() else { return "mov" };
        match major {
            b"qt  " => "mov",
            b"crx " => "cr3",
            b"jxl " => "jxl",
            b"avif" | b"avis" => "avif",
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"hevm" | b"hevs" => "heic",
            b"mif1" | b"msf1" | b"mif2" | b"miaf" if has(&[b"avif", b"avis", b"av01"]) => "avif",
            b"mif1" | b"msf1" | b"mif2" | b"miaf" => "heic",
            b"M4A " | b"M4B " | b"M4P " => "m4a",
            [b'3', b'g', ..] => "3gp",
            _ if sound && !video => "m4a",
            _ => "mp4",
        }
    }
}
