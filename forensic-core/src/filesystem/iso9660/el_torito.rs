//! El Torito boot catalogs: which files, or sectors that no file names, a machine boots from ("El Torito" Bootable CD-ROM
//! Format Specification 1.0).

use super::{Volume, sectors::SECTOR};
use crate::{
    bytes::{Fields, ReadAt},
    error::{Error, Result},
};

const STRUCTURE: &str = "El Torito boot catalog";
/// Bytes of an entry.
const ENTRY: usize = 32;

/// A boot image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Image {
    /// Byte offset of its entry in the volume.
    pub(super) at: u64,
    /// Sector at which it begins.
    pub(super) sector: u32,
    /// Bytes that are loaded, or those of the floppy that is emulated.
    pub(super) length: u64,
    /// "x86, no emulation, bootable".
    pub(super) description: String,
}

/// The images of the catalog in sector `sector`.
///
/// # Errors
/// Where the catalog cannot be read, or does not begin as one.
pub(super) fn images(volume: &Volume, sector: u32) -> Result<Vec<Image>> {
    let at = u64::from(sector).saturating_mul(SECTOR);
    let bytes = volume.metadata.read_vec(at, SECTOR)?;
    let fields = Fields::new(&bytes, STRUCTURE, volume.source.medium_offset(at));
    let sum = bytes.chunks_exact(2).take(16).fold(0u16, |sum, pair| match pair {
        &[low, high] => sum.wrapping_add(u16::from_le_bytes([low, high])),
        _ => sum,
    });
    if fields.u8(0)? != 1 || fields.bytes(30, 2)? != [0x55, 0xaa] || sum != 0 {
        let found = format!("header {}, sum {sum:#06x}", fields.u8(0)?);
        return Err(fields.corrupt(0, "a validation entry whose words sum to 0", found));
    }
    let mut platform = fields.u8(1)?;
    let mut found = Vec::new();
    for offset in (ENTRY..bytes.len()).step_by(ENTRY) {
        match fields.u8(offset)? {
            indicator @ (0x88 | 0x00) if fields.u32(offset.saturating_add(8))? != 0 => {
                let image = image(&fields, offset, platform, indicator == 0x88)?;
                found.push(Image { at: at.saturating_add(offset as u64), ..image });
            }
            0x90 | 0x91 => platform = fields.u8(offset.saturating_add(1))?,
            0x44 => {}
            _ => break,
        }
    }
    Ok(found)
}

fn image(fields: &Fields<'_>, offset: usize, platform: u8, bootable: bool) -> Result<Image, Error> {
    let (media, sectors) = (fields.u8(offset.saturating_add(1))? & 0x0f, fields.u16(offset.saturating_add(6))?);
    let loaded = u64::from(sectors).saturating_mul(512);
    let (emulation, length) = match media {
        0 => ("no emulation", loaded),
        1 => ("1.2 MB floppy", 1200 << 10),
        2 => ("1.44 MB floppy", 1440 << 10),
        3 => ("2.88 MB floppy", 2880 << 10),
        4 => ("hard disk", loaded),
        _ => ("unknown emulation", loaded),
    };
    let platform = match platform {
        0 => "x86",
        1 => "PowerPC",
        2 => "Mac",
        0xef => "EFI",
        _ => "unknown platform",
    };
    let state = if bootable { "bootable" } else { "not bootable" };
    let sector = fields.u32(offset.saturating_add(8))?;
    Ok(Image { at: 0, sector, length, description: format!("{platform}, {emulation}, {state}") })
}
