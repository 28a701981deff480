//! Volume descriptors (ECMA-119, 8; the Joliet specification for the escape sequences; "El Torito" 1.0 for the boot record).

use super::{Volume, record::Record, sectors::SECTOR};
use crate::{
    bytes::Fields,
    error::{Error, Issue, Result},
    filesystem::posix,
};

pub(super) const STRUCTURE: &str = "volume descriptor";
/// Descriptors read of one set.
const MOST: u64 = 64;

/// Which of a volume's trees a descriptor leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// ISO 9660, with Rock Ridge where its records say so.
    Primary,
    /// Names in UCS-2.
    Joliet,
    /// ISO 9660:1999: names of up to 207 bytes.
    Enhanced,
}

/// A descriptor that leads to a directory tree.
#[derive(Debug, Clone)]
pub(super) struct Descriptor {
    pub(super) form: Form,
    pub(super) label: String,
    pub(super) block_size: u32,
    /// Logical blocks of the volume.
    pub(super) blocks: u32,
    /// First blocks of the path tables, the optional ones included, and whether their numbers are big-endian.
    pub(super) path_tables: Vec<(u32, bool)>,
    /// Bytes of each path table.
    pub(super) path_table_size: u32,
    /// First block and size of the root directory.
    pub(super) root: (u32, u32),
}

/// The volume descriptors of a session.
#[derive(Debug, Clone, Default)]
pub(super) struct Set {
    /// The sector of the first one, and the one behind the last.
    pub(super) sectors: (u64, u64),
    pub(super) trees: Vec<Descriptor>,
    /// Sector of an El Torito boot catalog.
    pub(super) boot_catalog: Option<u32>,
}

impl Set {
    /// Reads the set that begins in sector `first`; what is damaged is reported and passed over.
    ///
    /// # Errors
    /// Where no descriptor of it leads to a tree.
    pub(super) fn read(volume: &Volume, first: u64) -> Result<Self> {
        let mut set = Self { sectors: (first, first), ..Self::default() };
        let mut damage = None;
        for sector in first..first.saturating_add(MOST) {
            let at = sector.saturating_mul(SECTOR);
            let bytes = match volume.metadata.read_vec(at, SECTOR) {
                Ok(bytes) => bytes,
                Err(error) => {
                    volume.issue(&error);
                    damage.get_or_insert(error);
                    continue;
                }
            };
            let fields = Fields::new(&bytes, STRUCTURE, volume.source.medium_offset(at));
            let is_descriptor = fields.bytes(1, 5)? == b"CD001";
            match fields.u8(0)? {
                0 if is_descriptor => set.boot_catalog = set.boot_catalog.or(boot_catalog(&fields)?),
                1 | 2 if is_descriptor => match Descriptor::parse(&fields) {
                    // A copy of the primary descriptor adds nothing.
                    Ok(tree) if set.trees.iter().any(|other| other.form == tree.form) => {}
                    Ok(tree) => set.trees.push(tree),
                    Err(error) => {
                        volume.issue(&error);
                        damage.get_or_insert(error);
                    }
                },
                _ if is_descriptor => {}
                _ if sector == first => continue,
                _ => break,
            }
            set.sectors.1 = sector.saturating_add(1);
            if fields.u8(0)? == 255 {
                break;
            }
        }
        if set.trees.is_empty() {
            let at = volume.source.medium_offset(first.saturating_mul(SECTOR));
            return Err(damage.unwrap_or_else(|| Error::corrupt(STRUCTURE, at, "a primary volume descriptor", "none")));
        }
        if set.trees.iter().all(|tree| tree.form != Form::Primary) {
            let at = volume.source.medium_offset(first.saturating_mul(SECTOR));
            volume.issues.push(Issue::new(at, STRUCTURE, "expected a primary volume descriptor, found none"));
        }
        Ok(set)
    }
}

impl Descriptor {
    fn parse(fields: &Fields<'_>) -> Result<Self> {
        let form = form(fields)?;
        let block_size = u32::from(fields.u16(128)?);
        if !matches!(block_size, 512 | 1024 | 2048) {
            return Err(fields.corrupt(128, "a logical block size of 512, 1024 or 2048", block_size));
        }
        let root = Record::parse(fields.bytes(156, 34)?, 0)
            .map_err(|_| fields.corrupt(156, "the record of the root directory", "none"))?;
        let mut path_tables = Vec::new();
        for (offset, big) in [(140, false), (144, false), (148, true), (152, true)] {
            let block = if big { fields.u32_be(offset)? } else { fields.u32(offset)? };
            if block != 0 {
                path_tables.push((block, big));
            }
        }
        let label = fields.bytes(40, 32)?;
        let label = if form == Form::Joliet { ucs2(label) } else { posix::name(label) };
        Ok(Self {
            form,
            label: label.trim_end_matches([' ', '\0']).to_owned(),
            block_size,
            blocks: fields.u32(80)?,
            path_tables,
            path_table_size: fields.u32(132)?,
            root: (root.block.saturating_add(u32::from(root.attribute_blocks)), root.size),
        })
    }
}

/// A supplementary descriptor is Joliet's by one of three escape sequences, and an enhanced one by its version.
fn form(fields: &Fields<'_>) -> Result<Form> {
    let escapes = fields.bytes(88, 32)?;
    let is_joliet = [b"%/@", b"%/C", b"%/E"].iter().any(|escape| escapes.starts_with(*escape));
    match (fields.u8(0)?, fields.u8(6)?) {
        (1, _) => Ok(Form::Primary),
        (_, _) if is_joliet => Ok(Form::Joliet),
        (_, 2) => Ok(Form::Enhanced),
        _ => {
            let found = format!("escape sequences {:02x?}", escapes.get(..3).unwrap_or_default());
            Err(fields.corrupt(88, "a character set that is known", found))
        }
    }
}

fn boot_catalog(fields: &Fields<'_>) -> Result<Option<u32>> {
    Ok((fields.bytes(7, 23)? == b"EL TORITO SPECIFICATION").then_some(fields.u32(71)?))
}

/// Text in UCS-2, big-endian.
pub(super) fn ucs2(bytes: &[u8]) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
    String::from_utf16_lossy(&units)
}
