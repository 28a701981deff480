//! What no map leads to: volume superblocks and nodes of file trees, found by what every object says of itself (Apple File
//! System Reference, "Objects"). The last resort where an object map or a volume's superblock is damaged.

use super::{
    Container,
    object::{Header, is_whole, kind},
    volume::Volume,
};
use crate::{
    bytes::{Fields, read_around},
    error::Issue,
};
use std::collections::BTreeMap;

/// Bytes read at once.
const READ: u64 = 1 << 20;

/// All whole volume superblocks and nodes of file trees of the container.
#[derive(Default)]
pub(super) struct Found {
    /// Superblocks of the container's volumes: transaction and address.
    volumes: Vec<(u64, u64)>,
    /// Nodes: identifier, transaction and address.
    pub(super) nodes: Vec<(u64, u64, u64)>,
}

impl Found {
    /// Reads all of the container once.
    pub(super) fn search(container: &Container) -> Self {
        let mut found = Self::default();
        let size = u64::from(container.block_size);
        let end = container.held_blocks().saturating_mul(size);
        let step = READ.checked_next_multiple_of(size).unwrap_or(READ);
        let mut at = 0u64;
        while at < end {
            let told = |error: &_, _| container.issues.push(Issue::from(error));
            let bytes = read_around(&container.source, at, step.min(end.saturating_sub(at)), told);
            let first = at.checked_div(size).unwrap_or(0);
            for (block, address) in bytes.chunks_exact(container.block_size as usize).zip(first..) {
                found.object(container, block, address);
            }
            at = at.saturating_add(step);
        }
        found
    }

    fn object(&mut self, container: &Container, block: &[u8], address: u64) {
        let Ok(header) = Header::parse(&Fields::new(block, "APFS object", 0)) else { return };
        let is_node = matches!(header.kind, kind::TREE | kind::NODE) && header.subtype == kind::FILE_TREE;
        // One that the container does not list was deleted.
        let is_volume = header.kind == kind::VOLUME && container.superblock.volumes.contains(&header.oid);
        if !(is_node || is_volume) || !is_whole(block) {
            return;
        }
        match is_volume {
            true => self.volumes.push((header.xid, address)),
            false => self.nodes.push((header.oid, header.xid, address)),
        }
    }

    /// The last state of each volume.
    pub(super) fn volumes(&self, container: &Container) -> Vec<Volume> {
        let mut last: BTreeMap<String, Volume> = BTreeMap::new();
        let mut addresses = self.volumes.clone();
        addresses.sort_unstable();
        for volume in addresses.into_iter().filter_map(|(_, address)| Volume::read(container, address).ok()) {
            last.insert(volume.uuid.clone(), volume);
        }
        last.into_values().collect()
    }
}
