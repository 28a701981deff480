//! Records of file trees, kept in order of the object they tell of (Apple File System Reference, "File-System Objects").

use super::btree::Node;
use crate::error::Error;

/// Types of records that are kept.
pub(super) mod kind {
    pub(in super::super) const INODE: u8 = 3;
    pub(in super::super) const XATTR: u8 = 4;
    pub(in super::super) const EXTENT: u8 = 8;
    pub(in super::super) const NAME: u8 = 9;
}

/// The bits of a key that hold the object's identifier; the others hold the type.
const ID: u64 = (1 << 60) - 1;

/// A record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) id: u64,
    pub(super) kind: u8,
    key: u32,
    value: u32,
    start: usize,
    /// Block address of its node, and byte offset of its value in it.
    pub(super) address: u64,
    pub(super) offset: u32,
    /// The transaction that wrote its node.
    pub(super) xid: u64,
    /// True where a snapshot keeps what it tells of.
    pub(super) kept: bool,
}

/// Records and their bytes.
#[derive(Default)]
pub(super) struct Records {
    list: Vec<Record>,
    bytes: Vec<u8>,
}

impl Records {
    /// Adds the records of a leaf. With `extents` it is one of a tree that holds nothing but extents.
    pub(super) fn add(&mut self, node: &Node, extents: bool, issue: &mut dyn FnMut(Error)) {
        for pair in node.pairs((16, 16)) {
            let pair = match pair {
                Ok(pair) => pair,
                Err(error) => {
                    issue(error);
                    continue;
                }
            };
            let Some(head) = pair.key.first_chunk().map(|head| u64::from_le_bytes(*head)) else { continue };
            let kind = if extents { kind::EXTENT } else { (head >> 60) as u8 };
            if !matches!(kind, kind::INODE | kind::XATTR | kind::EXTENT | kind::NAME) {
                continue;
            }
            let start = self.bytes.len();
            self.bytes.extend_from_slice(pair.key);
            self.bytes.extend_from_slice(pair.value);
            self.list.push(Record {
                id: head & ID,
                kind,
                // Both lie in one block.
                key: pair.key.len() as u32,
                value: pair.value.len() as u32,
                start,
                address: node.address,
                offset: pair.value_offset as u32,
                xid: node.header.xid,
                kept: false,
            });
        }
    }

    /// Notes that a snapshot keeps what the records tell of.
    pub(super) fn keep(&mut self) {
        self.list.iter_mut().for_each(|record| record.kept = true);
    }

    /// Adds the records of others.
    pub(super) fn append(&mut self, others: Self) {
        let shift = self.bytes.len();
        self.bytes.extend(others.bytes);
        let moved = |record: Record| Record { start: record.start.saturating_add(shift), ..record };
        self.list.extend(others.list.into_iter().map(moved));
    }

    pub(super) fn key(&self, record: &Record) -> &[u8] {
        self.bytes.get(record.start..record.start.saturating_add(record.key as usize)).unwrap_or_default()
    }

    pub(super) fn value(&self, record: &Record) -> &[u8] {
        let start = record.start.saturating_add(record.key as usize);
        self.bytes.get(start..start.saturating_add(record.value as usize)).unwrap_or_default()
    }

    /// Sorts by object and type; the order of the tree stands otherwise.
    pub(super) fn sort(&mut self) {
        self.list.sort_by_key(|record| (record.id, record.kind));
    }

    /// Sorts by object and type, and of several copies of a record keeps the one written last.
    pub(super) fn keep_latest(&mut self) {
        let mut list = std::mem::take(&mut self.list);
        // Two files that had one name after the other have the same key.
        let file =
            |record: &Record| if record.kind == kind::NAME { self.value(record).first_chunk::<8>() } else { None };
        list.sort_by(|a, b| {
            let order = (a.id, a.kind).cmp(&(b.id, b.kind)).then_with(|| self.key(a).cmp(self.key(b)));
            order.then_with(|| file(a).cmp(&file(b))).then(b.xid.cmp(&a.xid)).then(b.kept.cmp(&a.kept))
        });
        list.dedup_by(|later, first| {
            (later.id, later.kind) == (first.id, first.kind)
                && self.key(later) == self.key(first)
                && file(later) == file(first)
        });
        self.list = list;
    }

    /// The records of a type about an object.
    pub(super) fn of(&self, id: u64, kind: u8) -> &[Record] {
        let start = self.list.partition_point(|record| (record.id, record.kind) < (id, kind));
        let end = self.list.partition_point(|record| (record.id, record.kind) <= (id, kind));
        self.list.get(start..end).unwrap_or_default()
    }

    /// All records, with their places.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Record)> {
        (0u32..).zip(&self.list)
    }

    pub(super) fn get(&self, place: u32) -> Option<&Record> {
        self.list.get(place as usize)
    }
}
