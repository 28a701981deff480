//! TIFF and camera raws: the directories themselves, and what other metadata they hold.

use super::{
    super::{
        exif::{Directories, Kind},
        formats::raw,
    },
    Gathering,
};
use crate::error::Result;

const WIDTH: u16 = 0x0100;
const HEIGHT: u16 = 0x0101;
const XMP: u16 = 0x02bc;
const IPTC: u16 = 0x83bb;
const PHOTOSHOP: u16 = 0x8649;

pub(super) fn read(gathering: &mut Gathering<'_>) -> Result<()> {
    let job = gathering.job;
    let walked = Directories::walk(job.source, 0);
    let mut directories = walked.ok_or_else(|| job.corrupt(0, "no directory"))?;
    let first = directories.first(Kind::Picture(0)).ok_or_else(|| job.corrupt(4, "no directory"))?;
    let mut size = |tag| directories.number(first, tag).and_then(|value| u32::try_from(value).ok()).unwrap_or(0);
    let (width, height) = (size(WIDTH), size(HEIGHT));
    gathering.size(width, height);
    if let Some(format) = raw::kind(&job, &mut directories) {
        gathering.info.format = format;
        let previews = raw::previews(&job, &mut directories);
        if let Some(largest) = previews.first() {
            gathering.size(largest.width, largest.height);
        }
        for preview in previews {
            gathering.thumbnail(preview.at, preview.length);
        }
    }
    gathering.directories(&mut directories, 0);
    if let Some((at, length)) = directories.place(first, XMP) {
        let packet = gathering.bytes(at, length)?;
        gathering.xmp(&packet);
    }
    if let Some((at, length)) = directories.place(first, IPTC) {
        let bytes = gathering.bytes(at, length)?;
        gathering.iptc(&bytes);
    }
    if let Some((at, length)) = directories.place(first, PHOTOSHOP) {
        super::photoshop::resources(gathering, at, length)?;
    }
    Ok(())
}
