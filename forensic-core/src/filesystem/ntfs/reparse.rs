//! Reparse points, and the symbolic links that Interix and ntfs-3g write: [MS-FSCC] 2.1.2.

use super::{
    file_name,
    standard_information::{OFFLINE, RECALL_ON_DATA_ACCESS},
    stream::Main,
    wof::Packing,
};
use crate::{
    bytes::Fields,
    error::{Error, Result},
    filesystem::model::Kind,
};

const MOUNT_POINT: u32 = 0xa000_0003;
const SYMLINK: u32 = 0xa000_000c;
/// A link of the Windows subsystem for Linux.
const LX_SYMLINK: u32 = 0xa000_001d;
/// A link, socket, pipe or device of the server for NFS.
const NFS: u32 = 0x8000_0014;
const NFS_LINK: u64 = 0x014b_4e4c;
/// The Windows overlay filter.
const WOF: u32 = 0x8000_0017;
/// A program of a store package, by its alias.
const APP_EXEC_LINK: u32 = 0x8000_001b;

/// What the owner of a tag makes of the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// It is an ordinary file or directory, or a link, with its content in place.
    InPlace,
    /// A socket, a pipe or a device.
    Special,
    /// The content is kept elsewhere while the flags say so; this is where.
    Away(&'static str),
    /// The content is always kept elsewhere.
    Gone(&'static str),
    Overlay,
}

/// The tags of [MS-FSCC] 2.1.2.1.
const TAGS: [(u32, &str, Use); 41] = [
    (MOUNT_POINT, "IO_REPARSE_TAG_MOUNT_POINT", Use::InPlace),
    (0xc000_0004, "IO_REPARSE_TAG_HSM", Use::Away("hierarchical storage")),
    (0x8000_0005, "IO_REPARSE_TAG_DRIVE_EXTENDER", Use::InPlace),
    (0x8000_0006, "IO_REPARSE_TAG_HSM2", Use::Away("hierarchical storage")),
    (0x8000_0007, "IO_REPARSE_TAG_SIS", Use::Gone("the store of single instances")),
    (0x8000_0008, "IO_REPARSE_TAG_WIM", Use::Gone("a mounted WIM file")),
    (0x8000_0009, "IO_REPARSE_TAG_CSV", Use::InPlace),
    (0x8000_000a, "IO_REPARSE_TAG_DFS", Use::InPlace),
    (0x8000_000b, "IO_REPARSE_TAG_FILTER_MANAGER", Use::InPlace),
    (SYMLINK, "IO_REPARSE_TAG_SYMLINK", Use::InPlace),
    (0xa000_0010, "IO_REPARSE_TAG_IIS_CACHE", Use::InPlace),
    (0x8000_0012, "IO_REPARSE_TAG_DFSR", Use::InPlace),
    (0x8000_0013, "IO_REPARSE_TAG_DEDUP", Use::Gone("the chunk store of data deduplication")),
    (0xc000_0014, "IO_REPARSE_TAG_APPXSTRM", Use::InPlace),
    (NFS, "IO_REPARSE_TAG_NFS", Use::Special),
    (0x8000_0015, "IO_REPARSE_TAG_FILE_PLACEHOLDER", Use::Away("OneDrive")),
    (0x8000_0016, "IO_REPARSE_TAG_DFM", Use::InPlace),
    (WOF, "IO_REPARSE_TAG_WOF", Use::Overlay),
    (0x8000_0018, "IO_REPARSE_TAG_WCI", Use::Gone("the layer below a container")),
    (0x9000_1018, "IO_REPARSE_TAG_WCI_1", Use::Gone("the layer below a container")),
    (0xa000_0019, "IO_REPARSE_TAG_GLOBAL_REPARSE", Use::InPlace),
    (0x9000_001a, "IO_REPARSE_TAG_CLOUD", Use::Away("a cloud store")),
    (APP_EXEC_LINK, "IO_REPARSE_TAG_APPEXECLINK", Use::InPlace),
    (0x9000_001c, "IO_REPARSE_TAG_PROJFS", Use::Away("a projected file system")),
    (LX_SYMLINK, "IO_REPARSE_TAG_LX_SYMLINK", Use::InPlace),
    (0x8000_001e, "IO_REPARSE_TAG_STORAGE_SYNC", Use::Away("Azure File Sync")),
    (0x9000_0027, "IO_REPARSE_TAG_STORAGE_SYNC_FOLDER", Use::InPlace),
    (0xa000_001f, "IO_REPARSE_TAG_WCI_TOMBSTONE", Use::InPlace),
    (0x8000_0020, "IO_REPARSE_TAG_UNHANDLED", Use::InPlace),
    (0x8000_0021, "IO_REPARSE_TAG_ONEDRIVE", Use::Away("OneDrive")),
    (0xa000_0022, "IO_REPARSE_TAG_PROJFS_TOMBSTONE", Use::InPlace),
    (0x8000_0023, "IO_REPARSE_TAG_AF_UNIX", Use::Special),
    (0x8000_0024, "IO_REPARSE_TAG_LX_FIFO", Use::Special),
    (0x8000_0025, "IO_REPARSE_TAG_LX_CHR", Use::Special),
    (0x8000_0026, "IO_REPARSE_TAG_LX_BLK", Use::Special),
    (0xa000_0027, "IO_REPARSE_TAG_WCI_LINK", Use::Gone("the layer below a container")),
    (0xa000_1027, "IO_REPARSE_TAG_WCI_LINK_1", Use::Gone("the layer below a container")),
    (0xa000_0028, "IO_REPARSE_TAG_DATALESS_CIM", Use::Gone("a composite image")),
    (0x0000_0000, "IO_REPARSE_TAG_RESERVED_ZERO", Use::InPlace),
    (0x0000_0001, "IO_REPARSE_TAG_RESERVED_ONE", Use::InPlace),
    (0x0000_0002, "IO_REPARSE_TAG_RESERVED_TWO", Use::InPlace),
];
/// The bits by which the tags of cloud stores differ.
const CLOUD_NUMBER: u32 = 0x0000_f000;

/// What a reparse point says.
pub(super) struct Reparse {
    pub(super) tag: u32,
    /// The tag by its name in [MS-FSCC], where it has one.
    pub(super) tag_name: Option<&'static str>,
    /// What the file is, where the tag makes it something else.
    pub(super) kind: Option<Kind>,
    /// Where a link leads.
    pub(super) target: Option<String>,
    /// Package and program of a store application's alias.
    pub(super) program: Option<[String; 2]>,
    /// How the content is packed, if it is; or why it cannot be had.
    packing: Option<Result<Packing>>,
    usage: Use,
    at: u64,
}

impl Reparse {
    /// `bytes` stand at byte `at` of the medium.
    pub(super) fn parse(bytes: &[u8], at: u64) -> Result<Self> {
        let fields = Fields::new(bytes, "reparse point", at);
        let tag = fields.u32(0)?;
        let known = TAGS.iter().find(|(of, ..)| *of == tag || *of == 0x9000_001a && tag & !CLOUD_NUMBER == *of);
        let usage = known.map_or(Use::InPlace, |(_, _, usage)| *usage);
        let target = match tag {
            MOUNT_POINT => Some(target(&fields, 16)?),
            SYMLINK => Some(target(&fields, 20)?),
            LX_SYMLINK => Some(String::from_utf8_lossy(bytes.get(12..).unwrap_or_default()).into_owned()),
            NFS if fields.u64(8)? == NFS_LINK => Some(file_name::text(bytes.get(16..).unwrap_or_default())),
            _ => None,
        };
        let kind = match usage {
            _ if target.is_some() => Some(Kind::Symlink),
            Use::Special => Some(Kind::Other),
            _ => None,
        };
        Ok(Self {
            tag,
            tag_name: known.map(|(_, name, _)| *name),
            kind,
            target,
            program: (tag == APP_EXEC_LINK).then(|| program(bytes)).flatten(),
            packing: (usage == Use::Overlay).then(|| Packing::parse(&fields)),
            usage,
            at,
        })
    }

    /// The name of the packing, where the content is packed in a way that can be read.
    pub(super) fn packing(&self) -> Option<&'static str> {
        Some(self.packing.as_ref()?.as_ref().ok()?.name)
    }

    /// Where the content of the file's main stream is; `flags` are its DOS flags.
    pub(super) fn main(&self, flags: u32) -> Main {
        match (self.usage, &self.packing) {
            (_, Some(Ok(packing))) => Main::Packed(*packing, self.at),
            (_, Some(Err(error))) => Main::Refused(error.clone()),
            (Use::Gone(place), _) => refused(place),
            (Use::Away(place), _) if flags & (OFFLINE | RECALL_ON_DATA_ACCESS) != 0 => refused(place),
            _ => without_point(flags),
        }
    }
}

/// The same, where no reparse point can be read.
pub(super) fn without_point(flags: u32) -> Main {
    if flags & RECALL_ON_DATA_ACCESS != 0 { refused("another place") } else { Main::Own }
}

fn refused(place: &str) -> Main {
    Main::Refused(Error::unsupported(format!("content that is kept in {place}")))
}

/// The name to print, or, where there is none, the name to follow; names begin at `names`.
fn target(fields: &Fields<'_>, names: usize) -> Result<String> {
    let name = |offset: usize| {
        let start = names.saturating_add(usize::from(fields.u16(offset)?));
        fields.bytes(start, usize::from(fields.u16(offset.saturating_add(2))?)).map(file_name::text)
    };
    match name(12)? {
        print if !print.is_empty() => Ok(print),
        _ => name(8).map(|follow| follow.strip_prefix(r"\??\").map_or(follow.clone(), str::to_owned)),
    }
}

/// Package and program of an alias: the first and the third of the texts behind its version.
fn program(bytes: &[u8]) -> Option<[String; 2]> {
    let text = file_name::text(bytes.get(12..)?);
    let mut texts = text.split('\0');
    let package = texts.next().filter(|package| !package.is_empty())?;
    Some([package.to_owned(), texts.nth(1)?.to_owned()])
}

/// What the content of a file of the system flag is on Interix (and so to ntfs-3g), where it is not a file.
pub(super) enum Interix {
    Link(String),
    Device,
}

/// The longest content that can be one: a target of 4096 characters.
pub(super) const INTERIX_BYTES: std::ops::RangeInclusive<u64> = 8..=8 + 2 * 4096;

pub(super) fn interix(content: &[u8]) -> Option<Interix> {
    match content.split_first_chunk::<8>()? {
        (b"IntxLNK\x01", target) => Some(Interix::Link(file_name::text(target))),
        (b"IntxCHR\0" | b"IntxBLK\0", _) => Some(Interix::Device),
        _ => None,
    }
}
