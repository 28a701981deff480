//! Object maps: from the identifier of a virtual object and a transaction to a block address (Apple File System
//! Reference, "Object Maps").

use super::{
    Container,
    btree::{Pair, Tree},
    object::kind,
};
use crate::{
    bytes::Fields,
    error::{Error, Result},
};
use std::collections::{BTreeMap, HashSet};

const STRUCTURE: &str = "APFS object map";

/// Bytes of a key and of a value.
const SIZES: (usize, usize) = (16, 16);

/// The flag of an object that is encrypted.
const ENCRYPTED: u32 = 4;

/// The flag of an object that was deleted.
const DELETED: u32 = 1;

/// The entries of object maps: by identifier and transaction, flags and block address.
#[derive(Default)]
pub(super) struct ObjectMap {
    entries: BTreeMap<(u64, u64), (u32, u64)>,
    /// The nodes they come from.
    nodes: HashSet<u64>,
}

impl ObjectMap {
    /// Reads the object map at a block address; `strict` as in [`Tree`].
    pub(super) fn read(
        container: &Container,
        address: u64,
        strict: bool,
        issue: &mut dyn FnMut(Error),
    ) -> Result<Self> {
        let mut map = Self::default();
        map.extend(container, address, strict, issue)?;
        Ok(map)
    }

    /// The map that nodes tell by what they say of themselves: identifier, transaction and address of each.
    pub(super) fn of_nodes(nodes: &[(u64, u64, u64)]) -> Self {
        let entries = nodes.iter().map(|&(oid, xid, address)| ((oid, xid), (0, address))).collect();
        Self { entries, nodes: HashSet::new() }
    }

    /// Adds the entries of another state of the map: only those of nodes that both do not share are read.
    pub(super) fn extend(
        &mut self,
        container: &Container,
        address: u64,
        strict: bool,
        issue: &mut dyn FnMut(Error),
    ) -> Result<()> {
        let block = match container.object(address, kind::OMAP, STRUCTURE) {
            Ok(block) => block,
            // A wrong checksum alone is no reason to give up the volume.
            Err(error) if !strict => match container.block(address) {
                Ok(block) if container.is_of_kind(&block, kind::OMAP) => {
                    issue(error);
                    block
                }
                _ => return Err(error),
            },
            Err(error) => return Err(error),
        };
        let root = Fields::new(&block, STRUCTURE, container.medium_of(address)).u64(48)?;
        let Self { entries, nodes } = self;
        let mut damage = Vec::new();
        let tree = Tree { container, sizes: SIZES, resolve: &Some, strict };
        tree.leaves(root, nodes, issue, &mut |node| {
            for pair in node.pairs(SIZES) {
                match pair.and_then(|pair| entry(&pair)) {
                    Ok((key, value)) => drop(entries.insert(key, value)),
                    Err(error) => damage.push(error),
                }
            }
        });
        damage.into_iter().for_each(issue);
        Ok(())
    }

    /// Where an object is, as of a transaction.
    pub(super) fn find(&self, oid: u64, xid: u64) -> Option<u64> {
        self.entry(oid, xid).filter(|(flags, _)| flags & DELETED == 0).map(|(_, address)| address)
    }

    pub(super) fn is_encrypted(&self, oid: u64, xid: u64) -> bool {
        self.entry(oid, xid).is_some_and(|(flags, _)| flags & ENCRYPTED != 0)
    }

    fn entry(&self, oid: u64, xid: u64) -> Option<(u32, u64)> {
        self.entries.range((oid, 0)..=(oid, xid)).next_back().map(|(_, entry)| *entry)
    }

    /// True where the map knows an object, as of whatever transaction.
    pub(super) fn knows(&self, oid: u64) -> bool {
        self.entries.range((oid, 0)..=(oid, u64::MAX)).next().is_some()
    }

    /// The addresses of all objects, as of a transaction.
    pub(super) fn addresses(&self, xid: u64) -> Vec<u64> {
        let mut last: BTreeMap<u64, (u32, u64)> = BTreeMap::new();
        for (&(oid, _), &entry) in self.entries.iter().filter(|((_, of), _)| *of <= xid) {
            last.insert(oid, entry);
        }
        last.into_values().filter(|(flags, _)| flags & DELETED == 0).map(|(_, address)| address).collect()
    }
}

type Entry = ((u64, u64), (u32, u64));

fn entry(pair: &Pair<'_>) -> Result<Entry> {
    let (key, value) = (Fields::new(pair.key, STRUCTURE, 0), Fields::new(pair.value, STRUCTURE, 0));
    Ok(((key.u64(0)?, key.u64(8)?), (value.u32(0)?, value.u64(8)?)))
}
