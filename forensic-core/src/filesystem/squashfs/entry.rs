//! An entry in full, from its inode.

use super::{
    Volume,
    catalog::Catalog,
    content,
    inode::{Body, Content, Inode},
    xattr,
};
use crate::{
    bytes::{Fields, ReadAt},
    error::{Issue, Result},
    filesystem::{Entry, Kind, Stream, StreamInfo, TimestampKind, Value, posix},
};
use std::sync::Arc;

/// Bytes of an entry of the id table.
const ID: usize = 4;
/// Nanoseconds.
const SECOND: u64 = 1_000_000_000;

impl Catalog {
    /// The entry at a listing position.
    pub(super) fn entry(&self, volume: &Arc<Volume>, position: u64) -> Option<Entry> {
        let node = self.tree.node(position)?;
        let (_, inode) = self.inodes.get(node.payload.inode as usize)?;
        let mut entry = match inode {
            Ok(inode) => self::entry(volume, inode),
            Err(error) => {
                let mut entry = Entry::new(0);
                entry.kind = Kind::Other;
                entry.issues.push(Issue::from(error));
                entry
            }
        };
        entry.path = self.tree.path(position);
        entry.name = self.tree.name(node).to_owned();
        entry.name_bytes =
            node.payload.bytes.as_ref().map_or_else(|| entry.name.as_bytes().to_vec(), |name| name.to_vec());
        entry.status = node.status;
        entry.parent_id = match node.parent.and_then(|parent| self.tree.node(u64::from(parent))) {
            Some(parent) => self.number(parent.payload.inode),
            None if entry.path.starts_with("/$OrphanFiles/") => None,
            None => Some(u64::from(self.root)),
        };
        Some(entry)
    }

    fn number(&self, inode: u32) -> Option<u64> {
        self.inodes.get(inode as usize)?.1.as_ref().ok().map(|inode| u64::from(inode.number))
    }
}

fn entry(volume: &Arc<Volume>, inode: &Inode) -> Entry {
    let mut entry = Entry::new(u64::from(inode.number));
    let id = |number: u16, entry: &mut Entry| match self::id(volume, number) {
        Ok(id) => id,
        Err(error) => {
            entry.issues.push(Issue::from(&error));
            0
        }
    };
    let (uid, gid) = (id(inode.uid, &mut entry), id(inode.gid, &mut entry));
    posix::Owner { mode: inode.mode, uid, gid, links: u64::from(inode.links) }.describe(&mut entry);
    let modified = (i64::from(inode.modified), 0);
    entry.timestamps = vec![posix::timestamp(TimestampKind::Modified, "inode", modified, SECOND)];
    if let Some(number) = inode.xattr
        && let Err(error) = xattr::read(volume, number, &mut entry.attributes)
    {
        entry.issues.push(Issue::from(&error));
    }
    match &inode.body {
        Body::File(content) => entry_content(volume, content, &mut entry),
        Body::Symlink(target) => {
            entry.target = Some(posix::name(target));
            entry.size = target.len();
        }
        Body::Device(number) => {
            // Eight bits of minor number, twelve of major, then the rest of minor (Linux's encoding).
            let (major, minor) = (number >> 8 & 0xfff, number & 0xff | number >> 12 & 0xf_ff00);
            entry.attributes.insert("device".into(), format!("{major}:{minor}").into());
        }
        Body::Directory { .. } | Body::Ipc => {}
    }
    entry
}

fn entry_content(volume: &Arc<Volume>, content: &Content, entry: &mut Entry) {
    let opened = content::open(volume, content);
    entry.issues.extend(opened.as_ref().err().map(Issue::from));
    let mut info = StreamInfo::new("", content.size);
    info.compressed = content.fragment.is_some() || content.blocks.iter().any(|size| *size != 0 && size >> 24 == 0);
    info.sparse = content.blocks.contains(&0);
    entry.size = content.size;
    if info.compressed {
        entry.attributes.insert("compressed".into(), Value::Bool(true));
    }
    entry.streams = vec![Stream::new(info, opened, None)];
}

/// A user or group by its place in the table of ids.
fn id(volume: &Volume, number: u16) -> Result<u32> {
    if number >= volume.superblock.ids {
        let at = volume.source.medium_offset(volume.superblock.id_table);
        let expected = format!("one of {} ids", volume.superblock.ids);
        return Err(crate::Error::corrupt("id table", at, expected, number));
    }
    let entry = volume.metadata.entry(volume.superblock.id_table, u32::from(number), ID)?;
    Fields::new(&entry, "id table", volume.source.medium_offset(volume.superblock.id_table)).u32(0)
}
