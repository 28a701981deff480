//! The directory of a compound file: its storages and streams ([MS-CFB] 2.6).

use super::header::{FREE, Header};
use crate::carve::{Break, Tape};

const ENTRY: u64 = 128;

/// An entry of the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: u8,
    pub(super) first: u32,
    pub(super) size: u64,
    pub(super) content: Content,
}

/// What a stream holds, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Other,
    /// The list of the thumbnails in Thumbs.db.
    Catalog,
    Workbook,
    Presentation,
    Properties,
}

pub(super) const STREAM: u8 = 2;
pub(super) const ROOT: u8 = 5;

/// The entries in the sectors of `chain`. The first that is wrong ends it.
pub(super) fn entries(tape: &mut Tape, header: &Header, chain: &[u32]) -> Result<Vec<Entry>, Break> {
    let each = header.sector_size / ENTRY;
    let count = each.saturating_mul(chain.len() as u64);
    let mut entries = Vec::new();
    for sector in chain {
        for index in 0..each {
            let at = header.place(*sector).saturating_add(index.saturating_mul(ENTRY));
            let bytes: [u8; 128] = tape.array(at)?;
            let entry = entry(&bytes, count).filter(|entry| !entries.is_empty() || entry.kind == ROOT);
            entries.push(entry.ok_or(Break::wrong(at, "directory entry"))?);
        }
    }
    Ok(entries)
}

fn entry(bytes: &[u8; 128], count: u64) -> Option<Entry> {
    let le32 = |at: usize| bytes.get(at..).and_then(<[u8]>::first_chunk).map(|bytes| u32::from_le_bytes(*bytes));
    let (name_length, kind, color) = (*bytes.get(64)?, *bytes.get(66)?, *bytes.get(67)?);
    if kind == 0 {
        return Some(Entry { kind, first: FREE, size: 0, content: Content::Other });
    }
    let links = [le32(68)?, le32(72)?, le32(76)?].iter().all(|link| *link == FREE || u64::from(*link) < count);
    let sound = matches!(kind, 1 | STREAM | ROOT) && color <= 1 && name_length <= 64 && *bytes.get(65)? == 0 && links;
    let name = bytes.get(..usize::from(name_length))?;
    sound.then_some(Entry {
        kind,
        first: le32(116)?,
        // The high half means nothing in files of version 3.
        size: le32(120)?.into(),
        content: content(name),
    })
}

fn content(name: &[u8]) -> Content {
    let is = |text: &str| text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).eq(name.iter().copied());
    let contents = [
        ("Catalog", Content::Catalog),
        ("Workbook", Content::Workbook),
        ("Book", Content::Workbook),
        ("PowerPoint Document", Content::Presentation),
        ("\u{5}SummaryInformation", Content::Properties),
        ("\u{5}DocumentSummaryInformation", Content::Properties),
    ];
    contents.into_iter().find(|(text, _)| is(text)).map_or(Content::Other, |(_, content)| content)
}
