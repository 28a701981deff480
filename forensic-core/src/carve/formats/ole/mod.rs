//! Compound files, OLE2: Thumbs.db, doc, xls, ppt, msg, msi ([MS-CFB]). The FAT tells which sectors there are and how the
//! streams run through them; the directory must agree.

mod content;
mod directory;
mod header;
mod mend;

use crate::carve::{Break, Broken, Format, Found, Mended, Mending, Outcome, Signature, Tape};
use content::Stream;
use directory::{Content, ROOT, STREAM};
use header::{FREE, Header, MOST};

/// Bytes of the header.
const HEADER: u64 = 512;

/// Compound files.
pub(super) struct Ole;

const SIGNATURES: &[Signature] = &[Signature::new(header::MAGIC).when(header::plausible)];

impl Format for Ole {
    fn types(&self) -> &'static [&'static str] {
        &["ole", "thumbs"]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let mut walk = Walk { kind: "ole", length: None };
        match walk.all(tape) {
            Ok(length) => Outcome::Whole(Found::new(walk.kind, length)),
            Err(broken) if Header::read(tape).is_ok() => Outcome::Broken(Broken {
                kind: walk.kind,
                good: broken.at.min(walk.length.unwrap_or(HEADER)).min(tape.len()).max(HEADER),
                broken_at: broken.at.max(HEADER),
                length: walk.length,
                confidence: 70,
            }),
            Err(_) => Outcome::No,
        }
    }

    fn mend(&self, mending: &mut Mending<'_>) -> Option<Mended> {
        mend::mend(mending)
    }
}

struct Walk {
    kind: &'static str,
    /// The length the FAT tells, once it was read.
    length: Option<u64>,
}

impl Walk {
    fn all(&mut self, tape: &mut Tape) -> Result<u64, Break> {
        let header = Header::read(tape)?;
        let fat = header.fat(tape)?;
        let last = fat.iter().rposition(|entry| *entry != FREE).ok_or(Break::wrong(512, "FAT"))?;
        let last = u32::try_from(last).unwrap_or(MOST);
        let length = header.place(last.saturating_add(1));
        if fat.iter().any(|entry| *entry < MOST && *entry > last) {
            return Err(Break::wrong(512, "FAT entry"));
        }
        self.length = Some(length);
        let directory = header::chain(&fat, header.directory).ok_or(Break::wrong(48, "directory chain"))?;
        let entries = directory::entries(tape, &header, &directory)?;
        if entries.iter().any(|entry| entry.content == Content::Catalog) {
            self.kind = "thumbs";
        }
        for entry in &entries {
            let large = entry.kind == ROOT || (entry.kind == STREAM && entry.size >= header.mini_cutoff.into());
            if !large || entry.size == 0 {
                continue;
            }
            let chain = header::chain(&fat, entry.first).ok_or(Break::wrong(512, "chain of a stream"))?;
            if (chain.len() as u64).saturating_mul(header.sector_size) < entry.size {
                return Err(Break::wrong(512, "chain of a stream"));
            }
            if entry.kind == STREAM {
                Stream { header: &header, chain: &chain, size: entry.size }.check(tape, entry.content)?;
            }
        }
        match length <= tape.len() {
            true => Ok(length),
            false => Err(Break { at: tape.len(), cause: crate::carve::Cause::End }),
        }
    }
}
