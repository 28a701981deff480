//! $ATTRIBUTE_LIST: which records hold the attributes of a file that outgrew its own.
//!
//! Layout: [linux-ntfs documentation, $ATTRIBUTE_LIST](https://flatcap.github.io/linux-ntfs/ntfs/attributes/attribute_list.html).

use super::{
    attribute::{Attribute, Body},
    record::Reference,
    runs::DataRuns,
};
use crate::{
    bytes::{Extents, Fields, ReadAt, Run, Source},
    error::{Error, Result},
};

const STRUCTURE: &str = "attribute list";
/// NTFS itself allows no longer one.
const MOST_BYTES: u64 = 256 << 10;

/// An attribute, or one fragment of it, and the record that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) kind: u32,
    /// UTF-16LE.
    pub(super) name: Box<[u8]>,
    /// First virtual cluster of the fragment.
    pub(super) lowest: u64,
    pub(super) holder: Reference,
    /// Number of the attribute within its record.
    pub(super) id: u16,
}

/// Reads the list that `attribute` is. What is readable of a damaged one comes with the error.
pub(super) fn read(attribute: &Attribute<'_>, volume: &Source, cluster_size: u32) -> (Vec<Listed>, Option<Error>) {
    let bytes = match attribute.body {
        Body::Resident { value, .. } => value.to_vec(),
        Body::NonResident(body) => {
            let runs = DataRuns::new(body.runs, attribute.at).map_while(Result::ok).filter_map(|run| {
                let length = run.count.checked_mul(u64::from(cluster_size))?;
                Some(Run::new(run.cluster?.checked_mul(u64::from(cluster_size))?, length))
            });
            let content = Extents::new(volume.clone(), runs);
            let size = body.size.min(content.len());
            if size > MOST_BYTES {
                let (structure, offset) = (STRUCTURE, attribute.at);
                return (
                    Vec::new(),
                    Some(Error::Limit { structure, offset, found: size, limit: MOST_BYTES, unit: "bytes" }),
                );
            }
            match content.read_vec(0, size) {
                Ok(bytes) => bytes,
                Err(error) => return (Vec::new(), Some(error)),
            }
        }
    };
    let mut listed = Vec::new();
    let mut rest = bytes.as_slice();
    while rest.len() >= 26 {
        match parse(rest, attribute.at) {
            Ok((entry, length)) => {
                listed.push(entry);
                rest = rest.get(length..).unwrap_or_default();
            }
            Err(error) => return (listed, Some(error)),
        }
    }
    (listed, None)
}

fn parse(bytes: &[u8], at: u64) -> Result<(Listed, usize)> {
    let fields = Fields::new(bytes, STRUCTURE, at);
    let length = usize::from(fields.u16(4)?);
    if length < 26 {
        return Err(fields.corrupt(4, "an entry of at least 26 bytes", length));
    }
    let name_length = usize::from(fields.u8(6)?).saturating_mul(2);
    let listed = Listed {
        kind: fields.u32(0)?,
        name: match name_length {
            0 => Box::default(),
            _ => fields.bytes(usize::from(fields.u8(7)?), name_length)?.into(),
        },
        lowest: fields.u64(8)?,
        holder: Reference(fields.u64(16)?),
        id: fields.u16(24)?,
    };
    Ok((listed, length))
}
