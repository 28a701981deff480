//! zisofs: files packed block by block with zlib, behind a header and a table of pointers (the zisofs format, as the
//! documentation of zisofs-tools and of libisofs describes it).

use super::susp::Packed;
use crate::{
    bytes::{Fields, ReadAt, Source},
    error::{Error, Result},
    filesystem::{
        stored::{Form, Unit, Units},
        unpack,
    },
};

const STRUCTURE: &str = "zisofs file";
const MAGIC: &[u8] = b"\x37\xe4\x53\x96\xc9\xdb\xd6\x07";

/// The content of a packed file, which lies in `stored`.
///
/// # Errors
/// [`Error::Unsupported`] for another algorithm than zlib; where header or pointers make no sense.
pub(super) fn content(stored: &Source, packed: &Packed) -> Result<Units> {
    if packed.algorithm != *b"pz" {
        let name = String::from_utf8_lossy(&packed.algorithm).into_owned();
        return Err(Error::unsupported(format!("zisofs algorithm {name:?}")));
    }
    let at = stored.medium_offset(0);
    let header = stored.read_vec(0, 16)?;
    let fields = Fields::new(&header, STRUCTURE, at);
    if fields.bytes(0, 8)? != MAGIC || fields.u32(8)? != packed.size {
        let found = format!("{} bytes behind {:02x?}", fields.u32(8)?, fields.bytes(0, 8)?);
        return Err(fields.corrupt(0, format!("the header of a file of {} bytes", packed.size), found));
    }
    if !(15..=17).contains(&packed.block) {
        return Err(Error::corrupt(STRUCTURE, at, "blocks of 32 to 128 KiB", format!("2^{} bytes", packed.block)));
    }
    let (size, block) = (u64::from(packed.size), 1u64 << packed.block);
    let pointers = stored.read_vec(packed.header, size.div_ceil(block).saturating_add(1).saturating_mul(4))?;
    let (pointers, _) = pointers.as_chunks::<4>();
    let mut units = Vec::with_capacity(pointers.len());
    for (number, pair) in (0u64..).zip(pointers.windows(2)) {
        let &[start, end] = pair else { break };
        let (start, end) = (u64::from(u32::from_le_bytes(start)), u64::from(u32::from_le_bytes(end)));
        let length = block.min(size.saturating_sub(number.saturating_mul(block)));
        let bound = block.saturating_mul(2);
        let form = match end.checked_sub(start) {
            Some(0) => Form::Zeros,
            Some(packed) if packed <= bound => {
                Form::Packed { offset: start, length: packed, unpacked: length, skip: 0 }
            }
            _ => {
                let found = format!("bytes {start} to {end}");
                return Err(Error::corrupt(STRUCTURE, at, format!("a block of at most {bound} bytes"), found));
            }
        };
        units.push(Unit { length, form });
    }
    Ok(Units::new(stored.clone(), units, STRUCTURE, Box::new(unpack::zlib)))
}
