//! What a picture file says of its picture: format, size, EXIF, XMP, IPTC, where it was taken, and the thumbnails inside.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod iptc;
mod jpeg;
mod others;
mod photoshop;
mod png;
mod riff;
mod tiff;
mod xmp;

use super::{
    content_type,
    exif::{Directories, Gps},
    job::Job,
};
use crate::{
    bytes::{ReadAt, Slice, Source},
    error::{Error, Issue, Result},
};
use std::{collections::BTreeMap, sync::Arc};

pub use xmp::Xmp;

/// Bytes that tell the format.
const HEAD: u64 = 64;
/// Thumbnails of one file, and bytes of all of them.
const MOST_THUMBNAILS: usize = 16;
const MOST_BYTES: u64 = 64 << 20;
/// Bytes of an XMP packet, and of other metadata in one piece.
const LONGEST: u64 = 16 << 20;

/// What a picture file says of its picture.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct PictureInfo {
    /// The format: "jpeg", "png", "cr2", ...
    pub format: &'static str,
    /// Width in pixels, as stored (before any rotation); of a camera raw, that of its largest preview. 0 where the header that
    /// tells is lost.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The maker of the camera.
    pub maker: Option<String>,
    /// EXIF: names as in the standard ("Make", "DateTimeOriginal"; of other tags, their number "0x9a00"), and values in
    /// writing: fractions in lowest terms ("1/125"), several values with a space between them, bytes in hex.
    pub exif: BTreeMap<String, String>,
    /// Where and when the picture was taken, from EXIF.
    pub gps: Option<Gps>,
    /// The XMP packet.
    pub xmp: Option<Xmp>,
    /// IPTC-IIM: names of datasets ("Keywords"; of others, record and number "2:200"), and their values in order.
    pub iptc: BTreeMap<String, Vec<String>>,
    /// Smaller copies of the picture inside the file, in order of offset.
    pub thumbnails: Vec<Thumbnail>,
    /// What is damaged.
    pub issues: Vec<Issue>,
}

/// A picture inside a picture file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Thumbnail {
    /// Where its first byte stands in the source.
    pub offset: u64,
    /// The picture, a file of its own.
    pub bytes: Vec<u8>,
}

/// Reads what the file says; its pixels are not decoded.
pub(super) fn read(job: &Job<'_>) -> Result<PictureInfo> {
    let head = job.head(HEAD)?;
    let format = content_type(&head).ok_or_else(|| Error::Format { what: "picture".to_owned() })?;
    let mut gathering = Gathering { job: *job, info: PictureInfo { format, ..PictureInfo::default() } };
    let outcome = match format {
        "jpeg" => jpeg::read(&mut gathering),
        "png" => png::read(&mut gathering),
        "webp" => riff::read(&mut gathering),
        "tiff" => tiff::read(&mut gathering),
        "avif" | "heic" => others::heif(&mut gathering),
        "psd" => photoshop::read(&mut gathering),
        "jxl" => others::jxl(&mut gathering),
        "gif" => others::gif(&mut gathering, &head),
        "bmp" | "ico" | "pnm" => others::plain(&mut gathering),
        _ => return Err(Error::Format { what: "picture".to_owned() }),
    };
    let mut info = gathering.info;
    info.thumbnails.sort_by_key(|thumbnail| thumbnail.offset);
    info.maker = info.exif.get("Make").cloned();
    match outcome {
        Err(error) if info.width == 0 && info.exif.is_empty() && info.xmp.is_none() => Err(error),
        Err(error) => {
            info.issues.push(Issue::from(&error));
            Ok(info)
        }
        Ok(()) => Ok(info),
    }
}

/// What is found so far.
struct Gathering<'a> {
    job: Job<'a>,
    info: PictureInfo,
}

impl Gathering<'_> {
    fn source(&self) -> &Source {
        self.job.source
    }

    fn size(&mut self, width: u32, height: u32) {
        (self.info.width, self.info.height) = (width, height);
    }

    /// The bytes from `at` on, as many as there are up to `length`.
    fn bytes(&self, at: u64, length: u64) -> Result<Vec<u8>> {
        let there = self.source().len().saturating_sub(at);
        self.source().read_vec(at, length.min(there).min(LONGEST))
    }

    /// EXIF in the TIFF structure of `length` bytes at `at`.
    fn exif(&mut self, at: u64, length: u64) {
        let length = length.min(self.source().len().saturating_sub(at));
        let Ok(part) = Slice::new(self.source().clone(), at, length) else { return };
        match Directories::walk(&(Arc::new(part) as Source), 0) {
            Some(mut directories) => self.directories(&mut directories, at),
            None => self.issue(at, "EXIF", "no TIFF header"),
        }
    }

    /// Tags, place and thumbnail of directories whose offsets count from `start`.
    fn directories(&mut self, directories: &mut Directories, start: u64) {
        if let Some(at) = directories.broken {
            self.issue(start.saturating_add(at), "EXIF directory", "it is none");
        }
        for (name, value) in directories.tags() {
            self.info.exif.entry(name).or_insert(value);
        }
        self.info.gps = self.info.gps.take().or_else(|| directories.gps());
        if let Some((at, length)) = directories.thumbnail() {
            self.thumbnail(start.saturating_add(at), length);
        }
    }

    fn xmp(&mut self, packet: &[u8]) {
        if self.info.xmp.is_none() {
            self.info.xmp = Some(Xmp::new(packet));
        }
    }

    fn iptc(&mut self, bytes: &[u8]) {
        for (name, value) in iptc::datasets(bytes) {
            self.info.iptc.entry(name).or_default().push(value);
        }
    }

    fn thumbnail(&mut self, offset: u64, length: u64) {
        let held: u64 = self.info.thumbnails.iter().map(|thumbnail| thumbnail.bytes.len() as u64).sum();
        let length = length.min(self.source().len().saturating_sub(offset));
        let fits = length > 0 && held.saturating_add(length) <= MOST_BYTES;
        let again = self.info.thumbnails.iter().any(|thumbnail| thumbnail.offset == offset);
        if !fits || again || self.info.thumbnails.len() >= MOST_THUMBNAILS {
            return;
        }
        if let Ok(bytes) = self.source().read_vec(offset, length)
            && content_type(&bytes).is_some()
        {
            self.info.thumbnails.push(Thumbnail { offset, bytes });
        }
    }

    fn issue(&mut self, at: u64, structure: &str, message: &str) {
        if self.info.issues.len() < self.job.limits.issues {
            self.info.issues.push(Issue::new(self.source().medium_offset(at), structure, message));
        }
    }
}
