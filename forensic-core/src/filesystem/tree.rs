//! Names and their places: the listing of a filesystem before any entry is read in full.
//!
//! A reader pushes one node a name, in any order, with its parent; [`TreeBuilder::finish`] puts them in listing order,
//! level by level from the root, orphans last. Loops are broken and nothing is lost: what the root does not reach becomes
//! an orphan.

use super::model::Status;
use crate::limits::Limits;
use smallvec::SmallVec;

/// A node of a [`TreeBuilder`], by order of pushing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) u32);

/// Where a node hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parent {
    /// In the root directory.
    Root,
    /// In the directory that is this node.
    Node(NodeId),
    /// Its directory is lost: it is listed under `/$OrphanFiles`.
    Lost,
}

/// A name in listing order.
pub(crate) struct Node<T> {
    /// Listing position of the directory; `None` in the root or where it is lost.
    pub(crate) parent: Option<u32>,
    pub(crate) status: Status,
    /// Whatever the reader needs to read the entry in full.
    pub(crate) payload: T,
    lost: bool,
    /// Where its name stands among all names, and how long it is.
    name: usize,
    name_length: u32,
    children: std::ops::Range<u32>,
}

impl<T> Node<T> {
    fn name_in<'a>(&self, names: &'a str) -> &'a str {
        names.get(self.name..self.name.saturating_add(self.name_length as usize)).unwrap_or_default()
    }
}

/// Collects nodes.
pub(crate) struct TreeBuilder<T> {
    nodes: Vec<Node<T>>,
    /// Where each of them hangs.
    parents: Vec<Parent>,
    names: String,
}

impl<T> TreeBuilder<T> {
    pub(crate) fn new() -> Self {
        Self::with_capacity(0)
    }

    /// A builder with room for so many names.
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self { nodes: Vec::with_capacity(count), parents: Vec::with_capacity(count), names: String::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Adds a name. `/` and NUL in it become U+FFFD. Siblings are listed in the order they were pushed.
    pub(crate) fn push(&mut self, parent: Parent, name: &str, status: Status, payload: T) -> NodeId {
        let (text, name) = (name, self.names.len());
        match text.bytes().any(|byte| matches!(byte, b'/' | 0)) {
            true => self.names.extend(text.chars().map(|c| if matches!(c, '/' | '\0') { '\u{fffd}' } else { c })),
            false => self.names.push_str(text),
        }
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let name_length = u32::try_from(self.names.len().saturating_sub(name)).unwrap_or(u32::MAX);
        self.nodes.push(Node { parent: None, status, payload, lost: false, name, name_length, children: 0..0 });
        self.parents.push(parent);
        id
    }

    /// All nodes so far with what they carry.
    pub(crate) fn payloads(&self) -> impl Iterator<Item = (NodeId, &T)> {
        (0u32..).map(NodeId).zip(self.nodes.iter().map(|node| &node.payload))
    }

    /// The names so far with what they carry.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, &T)> {
        self.nodes.iter().map(|node| (node.name_in(&self.names), &node.payload))
    }

    /// Hangs a node elsewhere.
    pub(crate) fn set_parent(&mut self, node: NodeId, parent: Parent) {
        if let Some(hung) = self.parents.get_mut(node.0 as usize) {
            *hung = parent;
        }
    }

    /// Puts all nodes in listing order.
    ///
    /// A deleted node below a lost one is an orphan too. Nodes of a loop and nodes deeper than `limits.depth` are hung
    /// under the orphans; their ids (order of pushing) come back, so that the reader can report them.
    pub(crate) fn finish(self, limits: &Limits) -> (Tree<T>, Vec<NodeId>) {
        let count = self.nodes.len();
        // Children by parent, each list in order of pushing: a counting sort.
        let slot = |parent: Parent| match parent {
            Parent::Root => 0,
            Parent::Lost => 1,
            Parent::Node(id) if (id.0 as usize) < count => (id.0 as usize).saturating_add(2),
            Parent::Node(_) => 1,
        };
        let mut starts = vec![0u32; count.saturating_add(3)];
        for parent in &self.parents {
            if let Some(n) = starts.get_mut(slot(*parent).saturating_add(1)) {
                *n = n.saturating_add(1);
            }
        }
        let mut sum = 0u32;
        for n in &mut starts {
            sum = sum.saturating_add(*n);
            *n = sum;
        }
        let mut fill = starts.clone();
        let mut children = vec![0u32; count];
        for (id, parent) in self.parents.iter().enumerate() {
            if let Some(next) = fill.get_mut(slot(*parent)) {
                if let Some(child) = children.get_mut(*next as usize) {
                    *child = u32::try_from(id).unwrap_or(u32::MAX);
                }
                *next = next.saturating_add(1);
            }
        }
        let children_of = |slot: usize| {
            let (from, to) = (starts.get(slot).copied(), starts.get(slot.saturating_add(1)).copied());
            children.get(from.unwrap_or(0) as usize..to.unwrap_or(0) as usize).unwrap_or_default()
        };

        let order = Vec::with_capacity(count);
        let mut tree = Tree { nodes: self.nodes, order, names: self.names, roots: [0..0, 0..0] };
        let mut placed = vec![false; count];
        let mut depths: Vec<u32> = Vec::with_capacity(count);
        let mut reparented: Vec<NodeId> = Vec::new();
        let mut place =
            |tree: &mut Tree<T>, depths: &mut Vec<u32>, members: &[u32], parent: Option<u32>, lost: bool| {
                let start = u32::try_from(tree.order.len()).unwrap_or(u32::MAX);
                let depth = parent.and_then(|p| depths.get(p as usize).copied()).map_or(0, |d| d.saturating_add(1));
                for &id in members {
                    let Some(node) = tree.nodes.get_mut(id as usize) else { continue };
                    if placed.get_mut(id as usize).is_none_or(|placed| std::mem::replace(placed, true)) {
                        continue;
                    }
                    (node.parent, node.lost) = (parent, lost);
                    if lost && node.status == Status::Deleted {
                        node.status = Status::Orphan;
                    }
                    tree.order.push(id);
                    depths.push(depth);
                }
                start..u32::try_from(tree.order.len()).unwrap_or(u32::MAX)
            };

        tree.roots[0] = place(&mut tree, &mut depths, children_of(0), None, false);
        let mut done = 0usize;
        let mut too_deep: Vec<u32> = Vec::new();
        let mut lost_members: Vec<u32> = children_of(1).to_vec();
        let mut sweep = 0u32;
        loop {
            while let Some(&id) = tree.order.get(done) {
                let position = u32::try_from(done).unwrap_or(u32::MAX);
                let members = children_of((id as usize).saturating_add(2));
                if depths.get(done).copied().unwrap_or(0) >= limits.depth.max(1) {
                    too_deep.extend(members);
                } else if !members.is_empty() {
                    let lost = tree.nodes.get(id as usize).is_some_and(|node| node.lost);
                    let range = place(&mut tree, &mut depths, members, Some(position), lost);
                    if let Some(node) = tree.nodes.get_mut(id as usize) {
                        node.children = range;
                    }
                }
                done = done.saturating_add(1);
            }
            if !lost_members.is_empty() {
                let members = std::mem::take(&mut lost_members);
                let range = place(&mut tree, &mut depths, &members, None, true);
                tree.add_lost(range);
            } else if !too_deep.is_empty() {
                lost_members = std::mem::take(&mut too_deep);
                reparented.extend(lost_members.iter().map(|id| NodeId(*id)));
            } else {
                // Only loops are left: cut each at its first node.
                while (sweep as usize) < count && tree.order.len() < count {
                    let candidate = sweep;
                    sweep = sweep.saturating_add(1);
                    let range = place(&mut tree, &mut depths, &[candidate], None, true);
                    if !range.is_empty() {
                        reparented.push(NodeId(candidate));
                        tree.add_lost(range);
                        break;
                    }
                }
                if done == tree.order.len() {
                    break;
                }
            }
        }
        (tree, reparented)
    }
}

/// All names of a filesystem in listing order.
pub(crate) struct Tree<T> {
    /// In the order they were pushed.
    nodes: Vec<Node<T>>,
    /// The place in `nodes` of each position.
    order: Vec<u32>,
    names: String,
    /// Positions of the root's children, and the first range of lost ones.
    roots: [std::ops::Range<u32>; 2],
}

impl<T> Tree<T> {
    fn add_lost(&mut self, range: std::ops::Range<u32>) {
        if self.roots[1].is_empty() {
            self.roots[1] = range;
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.order.len() as u64
    }

    pub(crate) fn node(&self, position: u64) -> Option<&Node<T>> {
        self.nodes.get(*self.order.get(usize::try_from(position).ok()?)? as usize)
    }

    /// The nodes in listing order.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node<T>> {
        self.order.iter().filter_map(|id| self.nodes.get(*id as usize))
    }

    pub(crate) fn name(&self, node: &Node<T>) -> &str {
        node.name_in(&self.names)
    }

    /// The path of a position, `/$OrphanFiles/…` where its directory is lost.
    pub(crate) fn path(&self, position: u64) -> String {
        // As many as most paths have, and the length at once: this is done for every entry of a listing.
        let mut names: SmallVec<[&str; 16]> = SmallVec::new();
        let mut length = 0usize;
        let mut lost = false;
        let mut next = self.node(position);
        while let Some(node) = next {
            let name = self.name(node);
            names.push(name);
            length = length.saturating_add(name.len()).saturating_add(1);
            lost = node.lost;
            next = node.parent.and_then(|parent| self.node(u64::from(parent)));
        }
        let root = if lost { "/$OrphanFiles" } else { "" };
        let mut path = String::with_capacity(length.saturating_add(root.len()));
        path.push_str(root);
        for name in names.iter().rev() {
            path.push('/');
            path.push_str(name);
        }
        path
    }

    /// The position of a path; a live entry is preferred to a deleted one of the same name.
    pub(crate) fn find(&self, path: &str) -> Option<u64> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        if let Some(rest) = path.strip_prefix("$OrphanFiles/") {
            let start = self.roots[1].start;
            let count = u32::try_from(self.order.len()).unwrap_or(u32::MAX);
            let lost = (start..count).filter(|&p| self.node(u64::from(p)).is_some_and(|n| n.parent.is_none()));
            if let Some(found) = self.descend(lost.collect(), rest) {
                return Some(found);
            }
        }
        self.descend(self.roots[0].clone().collect(), path)
    }

    /// Follows `path` from the siblings `level` on, trying live directories before deleted ones of the same name.
    fn descend(&self, level: Vec<u32>, path: &str) -> Option<u64> {
        let mut parts = path.split('/').peekable();
        let mut level = level;
        while let Some(part) = parts.next() {
            let mut fits: Vec<u32> = level
                .iter()
                .copied()
                .filter(|&p| self.node(u64::from(p)).is_some_and(|node| self.name(node) == part))
                .collect();
            fits.sort_by_key(|&p| self.node(u64::from(p)).map(|node| !node.status.is_live()));
            if parts.peek().is_none() {
                return fits.first().map(|&p| u64::from(p));
            }
            level =
                fits.iter().filter_map(|&p| self.node(u64::from(p))).flat_map(|node| node.children.clone()).collect();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(tree: &Tree<()>) -> Vec<(String, Status)> {
        (0..tree.len()).map(|position| (tree.path(position), tree.node(position).unwrap().status)).collect()
    }

    #[test]
    fn listing_goes_level_by_level_and_ends_with_orphans() {
        let mut builder = TreeBuilder::new();
        builder.push(Parent::Lost, "lost", Status::Deleted, ());
        let directory = builder.push(Parent::Root, "d", Status::Allocated, ());
        builder.push(Parent::Node(directory), "inner", Status::Allocated, ());
        builder.push(Parent::Root, "a/b", Status::Allocated, ());
        let (tree, moved) = builder.finish(&Limits::default());
        let expected = [
            ("/d".to_owned(), Status::Allocated),
            ("/a\u{fffd}b".to_owned(), Status::Allocated),
            ("/d/inner".to_owned(), Status::Allocated),
            ("/$OrphanFiles/lost".to_owned(), Status::Orphan),
        ];
        assert_eq!((paths(&tree).as_slice(), moved.as_slice()), (&expected[..], &[][..]));
    }

    #[test]
    fn loop_is_cut_at_its_first_node() {
        let mut builder = TreeBuilder::new();
        let first = builder.push(Parent::Lost, "first", Status::Allocated, ());
        let second = builder.push(Parent::Node(first), "second", Status::Allocated, ());
        builder.set_parent(first, Parent::Node(second));
        let (tree, moved) = builder.finish(&Limits::default());
        assert_eq!(moved, [first]);
        assert_eq!(tree.path(1), "/$OrphanFiles/first/second");
    }

    #[test]
    fn what_is_too_deep_becomes_an_orphan() {
        let mut builder = TreeBuilder::new();
        let mut parent = Parent::Root;
        for _ in 0..5 {
            parent = Parent::Node(builder.push(parent, "d", Status::Allocated, ()));
        }
        let (tree, moved) = builder.finish(&Limits { depth: 2, ..Limits::default() });
        assert_eq!((tree.len(), moved.len()), (5, 1));
        assert_eq!(tree.path(3), "/$OrphanFiles/d");
    }

    #[test]
    fn the_live_one_of_two_paths_is_found() {
        let mut builder = TreeBuilder::new();
        builder.push(Parent::Root, "f", Status::Deleted, ());
        builder.push(Parent::Root, "f", Status::Allocated, ());
        let lost = builder.push(Parent::Lost, "d", Status::Deleted, ());
        builder.push(Parent::Node(lost), "g", Status::Deleted, ());
        let (tree, _) = builder.finish(&Limits::default());
        assert_eq!(tree.find("/f"), Some(1));
        assert_eq!(tree.find("/$OrphanFiles/d/g"), Some(3));
        assert_eq!(tree.find("/none"), None);
    }
}
