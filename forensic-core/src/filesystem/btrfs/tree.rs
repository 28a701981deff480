//! Walks over the items of a tree, in order of key, whole or a range.

use super::{
    Volume,
    node::{Item, Key, Node},
    superblock::Root,
};
use crate::error::Error;
use std::collections::HashSet;

/// Whether a walk goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Go {
    On,
    Stop,
}

/// Calls `visit` with each item whose key lies in `from ..= to`. What cannot be read goes to `missed`.
pub(super) fn for_each_item(
    volume: &Volume,
    root: &Root,
    (from, to): (Key, Key),
    mut visit: impl FnMut(Item<'_>) -> Go,
    mut missed: impl FnMut(&Error),
) {
    let mut seen = HashSet::new();
    let mut waiting = vec![*root];
    while let Some(next) = waiting.pop() {
        // No node has two parents in one tree.
        if !seen.insert(next.address) {
            continue;
        }
        let node = match Node::read(volume, &next) {
            Ok(node) => node,
            Err(error) => {
                missed(&error);
                continue;
            }
        };
        for item in node.items() {
            match item {
                Ok(item) if item.key < from || item.key > to => {}
                Ok(item) => {
                    if visit(item) == Go::Stop {
                        return;
                    }
                }
                Err(error) => missed(&error),
            }
        }
        let start = waiting.len();
        let mut pointers =
            node.pointers().filter_map(|pointer| pointer.map_err(|error| missed(&error)).ok()).peekable();
        while let Some(pointer) = pointers.next() {
            // A child holds the keys from its own on up to that of the next one.
            let is_before = pointers.peek().is_some_and(|next| next.key <= from);
            if !is_before && pointer.key <= to {
                waiting.push(pointer.root);
            }
        }
        drop(pointers);
        if let Some(added) = waiting.get_mut(start..) {
            added.reverse();
        }
    }
}

/// All keys.
pub(super) const ALL: (Key, Key) = (Key::new(0, 0, 0), Key::new(u64::MAX, u8::MAX, u64::MAX));

/// The keys of one object, or one kind of its items.
pub(super) const fn of_object(object: u64) -> (Key, Key) {
    (Key::new(object, 0, 0), Key::new(object, u8::MAX, u64::MAX))
}

/// The keys of one kind of an object's items.
pub(super) const fn of_kind(object: u64, kind: u8) -> (Key, Key) {
    (Key::new(object, kind, 0), Key::new(object, kind, u64::MAX))
}
