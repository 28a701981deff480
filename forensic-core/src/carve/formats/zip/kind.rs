//! Which kind of ZIP file it is, by the names of its members (ECMA-376 part 2, ODF 1.3 part 2, EPUB OCF 3.3, JAR).

use super::layout::Place;
use crate::carve::{Break, Tape};

/// The part of a name that is looked at.
const LONGEST_NAME: u16 = 64;

/// What the names seen so far tell.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Names {
    content_types: bool,
    office: Option<&'static str>,
    mimetype: Option<&'static str>,
    manifest: bool,
    android: bool,
}

impl Names {
    /// Takes in the member whose local header stands at `at`.
    pub(super) fn note(&mut self, tape: &mut Tape, at: u64, place: &Place) -> Result<(), Break> {
        let length = place.member.name_length.min(LONGEST_NAME);
        let name = tape.bytes(at.saturating_add(30), length.into())?;
        match name {
            b"mimetype" => self.mimetype = mimetype(tape, place),
            b"META-INF/MANIFEST.MF" => self.manifest = true,
            b"AndroidManifest.xml" => self.android = true,
            name if name.eq_ignore_ascii_case(b"[Content_Types].xml") => self.content_types = true,
            name => {
                let folders: [(&[u8], _); 3] = [(b"word/", "docx"), (b"xl/", "xlsx"), (b"ppt/", "pptx")];
                let office = folders.iter().find(|(folder, _)| name.starts_with(folder)).map(|(_, kind)| *kind);
                self.office = self.office.or(office);
            }
        }
        Ok(())
    }

    pub(super) fn kind(&self) -> &'static str {
        match *self {
            Self { mimetype: Some(kind), .. } => kind,
            Self { content_types: true, office: Some(kind), .. } => kind,
            Self { android: true, .. } => "apk",
            Self { manifest: true, .. } => "jar",
            _ => "zip",
        }
    }
}

fn mimetype(tape: &mut Tape, place: &Place) -> Option<&'static str> {
    let types: [(&[u8], _); 2] = [(b"application/epub+zip", "epub"), (b"application/vnd.oasis.opendocument.", "odt")];
    types.iter().find(|(mime, _)| tape.has(place.data, mime)).map(|(_, kind)| *kind)
}
