//! Extended attributes: where the attributes file has them (TN1150, "Attributes File"; the record of an inline value is
//! that of Apple's hfs_format.h: type, two reserved numbers, size, bytes).

use super::{
    Volume,
    btree::{BTree, Leaves},
    catalog::{self, id},
    fork::{EightRuns, Fork, eight_runs},
};
use crate::{
    bytes::{Fields, ReadAt, Source},
    error::Error,
    filesystem::stored::Resident,
};
use std::{collections::BTreeMap, sync::Arc};

const STRUCTURE: &str = "HFS+ attribute record";

/// Types of records.
mod kind {
    pub(super) const INLINE: u32 = 0x10;
    pub(super) const FORK: u32 = 0x20;
    pub(super) const EXTENTS: u32 = 0x30;
}

/// Where the records of each file lie in the attributes file.
#[derive(Default)]
pub(super) struct AttributeIndex {
    file: Option<Source>,
    /// File, byte offset in the attributes file, bytes; in order of file.
    places: Vec<(u32, u64, u16)>,
}

/// An extended attribute.
pub(super) struct Attribute {
    pub(super) name: String,
    pub(super) value: Source,
}

impl AttributeIndex {
    /// Reads the attributes file.
    pub(super) fn read(volume: &Volume) -> Self {
        let fork = &volume.header.attributes_file;
        if fork.size == 0 {
            return Self::default();
        }
        let tree = match BTree::open(volume.own_file(fork, id::ATTRIBUTES), "HFS+ attributes file", volume) {
            Ok(tree) => tree,
            Err(error) => {
                volume.issue(&error);
                return Self::default();
            }
        };
        let most = usize::try_from(volume.limits.entries).unwrap_or(usize::MAX).saturating_mul(16);
        let mut found = Vec::new();
        let leaves = Leaves::sweep(&tree, volume, |node| {
            for (bytes, at) in node.leaf_records(volume) {
                let fields = Fields::new(bytes, STRUCTURE, volume.source.medium_offset(at));
                match fields.u32_be(4) {
                    Ok(file) if found.len() < most => {
                        let start = node.in_file(at);
                        found.push((node.number, (file, start, u16::try_from(bytes.len()).unwrap_or(u16::MAX))));
                    }
                    Ok(_) => {}
                    Err(error) => volume.issue(&error),
                }
            }
        });
        let live = leaves.live(volume);
        let mut places: Vec<_> = found.into_iter().filter(|(node, _)| live.contains(node)).map(|(_, at)| at).collect();
        places.sort_unstable();
        Self { file: Some(tree.file().clone()), places }
    }

    /// The attributes of a file; what cannot be read of them is told to `issue`.
    pub(super) fn of(&self, volume: &Volume, file: u32, mut issue: impl FnMut(Error)) -> Vec<Attribute> {
        let Some(source) = &self.file else { return Vec::new() };
        let first = self.places.partition_point(|(of, ..)| *of < file);
        let mine: Vec<_> = self.places.iter().skip(first).take_while(|(of, ..)| *of == file).collect();
        let mut attributes: Vec<Attribute> = Vec::new();
        let mut forks: Vec<(String, Fork, u64)> = Vec::new();
        let mut more: BTreeMap<(String, u32), EightRuns> = BTreeMap::new();
        for &&(_, at, length) in &mine {
            let parsed = source.read_vec(at, length.into()).and_then(|bytes| {
                let place = source.medium_offset(at);
                let fields = Fields::new(&bytes, STRUCTURE, place);
                let start = usize::from(fields.u16_be(0)?).saturating_add(2).next_multiple_of(2);
                let name =
                    fields.bytes(14, usize::from(fields.u16_be(12)?).saturating_mul(2)).map(catalog::exact_text)?;
                match fields.u32_be(start)? {
                    kind::INLINE => {
                        let length = usize::try_from(fields.u32_be(start.saturating_add(12))?).unwrap_or(usize::MAX);
                        let begin = start.saturating_add(16);
                        let bytes = fields.bytes(begin, length)?.into();
                        let offset = at.saturating_add(begin as u64);
                        let value = Arc::new(Resident { bytes, within: source.clone(), offset });
                        attributes.push(Attribute { name, value });
                    }
                    kind::FORK => forks.push((name, Fork::parse(&fields, start.saturating_add(8))?, place)),
                    kind::EXTENTS => {
                        more.insert((name, fields.u32_be(8)?), eight_runs(&fields, start.saturating_add(8))?);
                    }
                    other => return Err(fields.corrupt(start, "a record of type 10, 20 or 30", format!("{other:x}"))),
                }
                Ok(())
            });
            if let Err(error) = parsed {
                issue(error);
            }
        }
        attributes.extend(forks.into_iter().map(|(name, fork, at)| {
            let blocks = volume.blocks_with(&fork, at, |count| more.get(&(name.clone(), count)).copied());
            Attribute { value: volume.content(&fork, &blocks), name }
        }));
        attributes.sort_by(|a, b| a.name.cmp(&b.name));
        attributes
    }
}
