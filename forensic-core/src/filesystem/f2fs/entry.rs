//! An entry in full, from its name and its inode.

use super::{
    Volume,
    catalog::{Catalog, Name},
    content::{self, Content},
    node::{Find, Inode},
    segment::{self, Summary},
    superblock::BLOCK,
    xattr,
};
use crate::{
    bytes::{Extents, ReadAt, Run, Source},
    error::{Error, Issue, Result},
    filesystem::{Entry, Kind, Recoverability, Stream, StreamInfo, Value, posix, tree::Node},
};
use std::sync::Arc;

/// Bytes of a deleted file looked through for content that is all zeros.
const SEARCHED: u64 = 64 << 20;

impl Catalog {
    /// The entry at a listing position.
    pub(super) fn entry(&self, volume: &Volume, position: u64) -> Option<Entry> {
        let node = self.tree.node(position)?;
        let name = &node.payload;
        let mut entry = Entry::new(u64::from(name.inode));
        entry.path = self.tree.path(position);
        entry.name = self.tree.name(node).to_owned();
        entry.name_bytes = name.bytes.as_ref().map_or_else(|| entry.name.as_bytes().to_vec(), |name| name.to_vec());
        entry.status = node.status;
        entry.kind = if name.is_directory { Kind::Directory } else { Kind::File };
        let parent = node.parent.and_then(|parent| self.tree.node(u64::from(parent)));
        entry.parent_id = match parent {
            Some(parent) => Some(u64::from(parent.payload.inode)),
            None => Some(u64::from(volume.superblock.root)).filter(|_| !entry.path.starts_with("/$OrphanFiles/")),
        };
        if node.status.is_live() {
            match Inode::read(volume, name.inode) {
                Ok(inode) => {
                    let find = content::by_nat(volume);
                    fill(volume, &inode, content::open(volume, &inode, &find), &find, &mut entry);
                }
                Err(error) => {
                    volume.issue(&error);
                    lost(error, &mut entry);
                }
            }
        } else {
            self.deleted(volume, node, &mut entry);
        }
        Some(entry)
    }

    fn deleted(&self, volume: &Volume, node: &Node<Name>, entry: &mut Entry) {
        let number = node.payload.inode;
        let own = self.former.inode(volume, number).filter(|inode| *inode.name == *entry.name_bytes);
        let Some(inode) = own else {
            let reason = match Inode::read(volume, number) {
                Ok(inode) => format!("its inode is in use now, under the name {:?}", posix::name(&inode.name)),
                Err(_) => "no copy of its inode is left".to_owned(),
            };
            lost(Error::corrupt("content of a deleted file", volume.at(0), "a copy of its inode", &reason), entry);
            entry.issues.clear();
            entry.recoverability = Some(Recoverability::Overwritten);
            entry.recoverability_reason = reason;
            return;
        };
        let find = |nid| self.former.node(volume, nid);
        let opened = content::open(volume, &inode, &find);
        let (grade, reason) = match &opened {
            Ok(content) => self.grade(volume, content),
            Err(error) => (Recoverability::Unknown, format!("where its content lies cannot be told: {error}")),
        };
        let opened = match grade {
            Recoverability::Overwritten => {
                let at = volume.at(u64::from(inode.block).saturating_mul(BLOCK));
                Err(Error::corrupt("content of a deleted file", at, "blocks of its own", &reason))
            }
            _ => opened,
        };
        fill(volume, &inode, opened, &find, entry);
        entry.recoverability = Some(grade);
        entry.recoverability_reason = reason;
    }

    /// What is left of a deleted file: its blocks are not in use, and were written for it last.
    fn grade(&self, volume: &Volume, content: &Content) -> (Recoverability, String) {
        let total = content.blocks.len();
        if total == 0 && content.is_inline {
            return (Recoverability::Intact, "its content stands in the copy of its inode".to_owned());
        }
        let mut lost = 0usize;
        let mut summary: Option<(u32, Result<Summary>)> = None;
        for owned in &content.blocks {
            let Some((segment, place)) = volume.superblock.segment_of(owned.block) else { continue };
            let current = volume.checkpoint.data_segments.iter().position(|current| *current == segment);
            let owner = match current {
                Some(current) => {
                    volume.checkpoint.data_owners.get(current).and_then(|owners| owners.get(place as usize)).copied()
                }
                None => {
                    if summary.as_ref().is_none_or(|(known, _)| *known != segment) {
                        summary = Some((segment, Summary::read(volume, segment)));
                    }
                    summary.as_ref().and_then(|(_, summary)| summary.as_ref().ok()?.owner(place))
                }
            };
            let is_used = segment::is_used(volume, &self.usage, owned.block);
            if is_used || owner != Some((owned.nid, owned.place)) {
                lost = lost.saturating_add(1);
            }
        }
        match lost {
            0 if is_all_zeros(content) => {
                (Recoverability::Unknown, "its blocks hold zeros: they may have been trimmed".to_owned())
            }
            0 => {
                (Recoverability::Intact, format!("none of {total} blocks is in use, and each was written for it last"))
            }
            lost if lost == total => (
                Recoverability::Overwritten,
                format!("all of its {total} blocks are in use or were written for others"),
            ),
            lost => {
                (Recoverability::Partial, format!("{lost} of {total} blocks are in use or were written for others"))
            }
        }
    }
}

/// Whether any stored block of a file, as far as it is searched, holds zeros only.
fn is_all_zeros(content: &Content) -> bool {
    let end = content.source.len().min(SEARCHED);
    let stored = |at: u64| content.source.locate(at, 1).first().is_some_and(|extent| extent.offset.is_some());
    (0..end).step_by(BLOCK as usize).any(|at| {
        let length = BLOCK.min(end.saturating_sub(at));
        stored(at) && content.source.read_vec(at, length).is_ok_and(|bytes| bytes.iter().all(|byte| *byte == 0))
    })
}

/// An entry whose inode is not to be had.
fn lost(error: Error, entry: &mut Entry) {
    entry.issues.push(Issue::from(&error));
    if entry.kind == Kind::File {
        entry.streams = vec![Stream::new(StreamInfo::new("", 0), Err(error), None)];
    }
}

fn fill(volume: &Volume, inode: &Inode, opened: Result<Content>, find: &Find<'_>, entry: &mut Entry) {
    posix::Owner { mode: inode.mode, uid: inode.uid, gid: inode.gid, links: u64::from(inode.links) }.describe(entry);
    for (kind, (seconds, nanoseconds)) in &inode.times {
        let stored = (*seconds, (*nanoseconds).min(999_999_999));
        entry.timestamps.push(posix::timestamp(*kind, "inode", stored, 1));
    }
    for (name, is_set) in [("encrypted", inode.is_encrypted), ("name_encrypted", inode.is_name_encrypted)] {
        if is_set {
            entry.attributes.insert(name.into(), Value::Bool(true));
        }
    }
    if inode.flags != 0 {
        entry.attributes.insert("flags".into(), Value::Int(i64::from(inode.flags)));
    }
    if let Err(error) = xattr::read(volume, inode, find, &mut entry.attributes) {
        entry.issues.push(Issue::from(&error));
    }
    if entry.kind != Kind::Directory
        && let Err(error) = &opened
    {
        entry.issues.push(Issue::from(error));
    }
    match entry.kind {
        Kind::File => {
            let mut info = StreamInfo::new("", inode.size);
            let mut slack = None;
            let content = opened.map(|content| {
                info.compressed = content.is_compressed;
                info.resident = content.is_inline;
                info.sparse = content.runs.iter().any(|run| run.offset.is_none());
                slack = self::slack(volume, &content);
                content.source
            });
            entry.size = inode.size;
            entry.streams = vec![Stream::new(info, content, slack)];
        }
        Kind::Symlink => {
            entry.size = inode.size;
            let target = opened.and_then(|content| content.source.read_vec(0, content.source.len().min(BLOCK)));
            entry.target = target.ok().map(|bytes| posix::name(&bytes));
        }
        Kind::Directory | Kind::Other => {}
    }
}

/// The rest of the last block.
fn slack(volume: &Volume, content: &Content) -> Option<Source> {
    let last = content.runs.last().filter(|_| !content.is_compressed)?;
    let end = last.offset?.saturating_add(last.length);
    let length = end.next_multiple_of(BLOCK).saturating_sub(end);
    (length > 0).then(|| Arc::new(Extents::new(volume.source.clone(), [Run::new(end, length)])) as Source)
}
