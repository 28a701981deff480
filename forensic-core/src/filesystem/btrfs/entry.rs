//! An entry in full: what the items of its inode say.

use super::{
    Volume,
    catalog::{Catalog, Place, Subvolume, Witness},
    extents::{self, FileExtent},
    item::{self, Inode, kind, number, tree},
    recover,
    space::Space,
    tree::{Go, for_each_item, of_object},
};
use crate::{
    bytes::ReadAt,
    error::{Error, Issue},
    filesystem::{
        model::{Entry, Kind, Recoverability, Stream, StreamInfo, Value},
        posix,
    },
};
use std::sync::Arc;

/// The longest target of a symbolic link.
const MAX_TARGET: u64 = 64 << 10;

/// What the items of an inode say.
#[derive(Default)]
pub(super) struct Items {
    pub(super) inode: Option<Inode>,
    pub(super) extents: Vec<FileExtent>,
    /// Name and value.
    pub(super) attributes: Vec<(Vec<u8>, Vec<u8>)>,
    /// Why something is missing.
    pub(super) damage: Vec<Error>,
}

impl Items {
    /// Reads the items of an inode.
    pub(super) fn read(volume: &Volume, subvolume: &Subvolume, inode: u64) -> Self {
        let mut found = Self::default();
        let mut missed = Vec::new();
        for_each_item(
            volume,
            &subvolume.root,
            of_object(inode),
            |item| {
                found.take(&item);
                Go::On
            },
            |error| missed.push(error.clone()),
        );
        found.damage.extend(missed);
        found
    }

    /// Whether the extents are all that the inode counts.
    pub(super) fn is_whole(&self) -> bool {
        let counted = self.extents.iter().fold(0u64, |sum, extent| sum.saturating_add(extent.counted()));
        self.damage.is_empty() && self.inode.as_ref().is_some_and(|inode| inode.stored == counted)
    }

    /// Adds what `other` says of what is behind the last extent.
    pub(super) fn complete_with(&mut self, other: Self) {
        let last = self.extents.last().map(|extent| extent.start);
        self.extents.extend(other.extents.into_iter().filter(|extent| Some(extent.start) > last));
        let known = |attribute: &(Vec<u8>, Vec<u8>), all: &[(Vec<u8>, Vec<u8>)]| {
            all.iter().any(|(name, _)| *name == attribute.0)
        };
        let more = other.attributes.into_iter().filter(|attribute| !known(attribute, &self.attributes));
        let more: Vec<_> = more.collect();
        self.attributes.extend(more);
    }

    /// Takes what one item says.
    pub(super) fn take(&mut self, item: &super::node::Item<'_>) {
        let result = match item.key.kind {
            kind::INODE => Inode::parse(&item.fields("inode item")).map(|inode| self.inode = Some(inode)),
            kind::EXTENT_DATA => FileExtent::parse(item).map(|extent| self.extents.push(extent)),
            kind::XATTR => item::for_each_name(&item.fields("attribute item"), item.data.len(), |attribute| {
                self.attributes.push((attribute.name.to_vec(), attribute.value.to_vec()));
            }),
            _ => Ok(()),
        };
        self.damage.extend(result.err());
    }
}

impl Catalog {
    /// The entry at a position of the listing.
    pub(super) fn entry(&self, volume: &Arc<Volume>, space: &Space, position: u64) -> Option<Entry> {
        let node = self.tree.node(position)?;
        let place = node.payload;
        let mut entry = Entry::new(place.inode);
        entry.path = self.tree.path(position);
        entry.status = node.status;
        if !matches!(place.source, Witness::Nameless | Witness::FormerNameless) {
            entry.name = self.tree.name(node).to_owned();
            entry.name_bytes = self.name_bytes(&place, &entry.name);
        }
        entry.parent_id = place.directory;
        let subvolume = self.trees.get(place.tree as usize)?;
        if subvolume.id != tree::TOP {
            entry.attributes.insert("subvolume".into(), number(subvolume.id));
        }
        match (place.source, place.inode) {
            (_, tree::EMPTY_DIRECTORY) => entry.kind = Kind::Directory,
            (Witness::Former | Witness::FormerNameless, inode) => {
                let state = self.stale.last_state(volume, subvolume.id, inode);
                self.deleted(&mut entry, volume, space, &place, state);
                if subvolume.is_damaged {
                    let reason = "; the tree in use is damaged or gone: it may not have been deleted by itself";
                    entry.recoverability_reason.push_str(reason);
                }
            }
            (source, inode) => {
                read(&mut entry, volume, &place, &Items::read(volume, subvolume, inode));
                if source == Witness::FormerName {
                    let reason = format!("the name was removed; inode {inode} lives on and may have changed since");
                    (entry.recoverability, entry.recoverability_reason) = (Some(Recoverability::Unknown), reason);
                }
            }
        }
        Some(entry)
    }

    /// Fills in an entry of which only former leaves tell.
    fn deleted(
        &self,
        entry: &mut Entry,
        volume: &Arc<Volume>,
        space: &Space,
        place: &Place,
        state: Option<(Items, u64, bool)>,
    ) {
        let (grade, reason) = match state {
            Some((items, generation, is_whole)) => {
                read(entry, volume, place, &items);
                entry.attributes.insert("generation".into(), number(generation));
                recover::grade(volume, space, &self.stale, &items, (generation, is_whole))
            }
            None => {
                entry.kind = place.kind.unwrap_or(Kind::Other);
                let reason = "no former leaf holds its inode";
                if entry.kind == Kind::File {
                    let lost = Error::NotFound { what: format!("inode {}: {reason}", place.inode) };
                    entry.streams.push(Stream::new(StreamInfo::new("", 0), Err(lost), None));
                }
                (Recoverability::Unknown, reason.to_owned())
            }
        };
        (entry.recoverability, entry.recoverability_reason) = (Some(grade), reason);
    }
}

/// Fills in all that the items say.
pub(super) fn read(entry: &mut Entry, volume: &Arc<Volume>, place: &Place, items: &Items) {
    entry.issues.extend(items.damage.iter().map(Issue::from));
    let Some(inode) = &items.inode else {
        let error = items.damage.first().cloned().unwrap_or_else(|| {
            let at = volume.source.medium_offset(0);
            Error::corrupt("inode item", at, format!("inode {}", place.inode), "none")
        });
        entry.issues.push(Issue::from(&error));
        entry.kind = place.kind.unwrap_or(Kind::Other);
        if entry.kind == Kind::File {
            entry.streams.push(Stream::new(StreamInfo::new("", 0), Err(error), None));
        }
        return;
    };
    inode.owner.describe(entry);
    entry.timestamps.clone_from(&inode.timestamps);
    entry.attributes.extend(inode.further(entry.kind));
    for (name, value) in &items.attributes {
        posix::add_xattr(&mut entry.attributes, &posix::name(name), value);
    }
    if let Some(Ok(compression)) = items.extents.iter().find_map(FileExtent::compression) {
        entry.attributes.insert("compression".into(), Value::Text(compression.as_str().to_owned()));
    }
    if matches!(entry.kind, Kind::File | Kind::Symlink) {
        entry.size = inode.size;
        let stream = match items.damage.first() {
            Some(error) => Stream::new(StreamInfo::new("", inode.size), Err(error.clone()), None),
            None => extents::stream(volume, inode.size, &items.extents),
        };
        entry.issues.extend(stream.open().err().filter(|_| items.damage.is_empty()).map(|error| Issue::from(&error)));
        entry.streams.push(stream);
    }
    if entry.kind == Kind::Symlink {
        let target = entry.open("").and_then(|target| target.read_vec(0, target.len().min(MAX_TARGET)));
        match target {
            Ok(target) => entry.target = Some(posix::name(&target)),
            Err(error) => entry.issues.push(Issue::from(&error)),
        }
    }
}
