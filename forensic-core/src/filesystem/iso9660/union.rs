//! What one tree of a disc lists and another does not.
//!
//! The same file has other names in other trees, so it is known by where its content lies; directories by their names, or by
//! the files in them.

use super::walk::{File, Section, Tree};
use std::collections::{HashMap, HashSet};

/// Where a file that is only in one tree hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parent {
    Root,
    /// In a directory of the presented tree.
    Presented(u32),
    /// In a directory that is itself only in the other tree.
    Own(u32),
}

/// A file or directory that only the other tree has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Missed {
    pub(super) file: u32,
    pub(super) parent: Parent,
}

/// The files and directories of `other` that `presented` does not list, parents first.
pub(super) fn only_in(other: &Tree, presented: &Tree) -> Vec<Missed> {
    let mut known: HashMap<&[Section], u32> = HashMap::new();
    let mut children: HashMap<Option<u32>, Vec<u32>> = HashMap::new();
    for (place, file) in (0u32..).zip(&presented.files) {
        children.entry(file.parent).or_default().push(place);
        if !file.is_directory() && file.size() > 0 {
            known.entry(&file.sections).or_insert(place);
        }
    }
    let votes = votes(other, presented, &known);
    // What stands for each directory of the other tree; `None` for the root.
    let mut stands: HashMap<Option<u32>, Parent> = HashMap::from([(None, Parent::Root)]);
    let mut taken: HashSet<u32> = HashSet::new();
    let mut missed = Vec::new();
    for (place, file) in (0u32..).zip(&other.files) {
        let parent = stands.get(&file.parent).copied().unwrap_or(Parent::Root);
        let inside = match parent {
            Parent::Root => children.get(&None),
            Parent::Presented(directory) => children.get(&Some(directory)),
            Parent::Own(_) => None,
        };
        let siblings = inside.map(Vec::as_slice).unwrap_or_default();
        let found = match (file.is_directory(), file.size()) {
            (false, 1..) if known.contains_key(file.sections.as_slice()) => continue,
            (false, 1..) => None,
            (true, _) => votes
                .get(&place)
                .copied()
                .filter(|voted| !taken.contains(voted))
                .or_else(|| by_name(file, siblings, presented, &taken)),
            (false, 0) => by_name(file, siblings, presented, &taken),
        };
        match found {
            Some(same) => {
                taken.insert(same);
                stands.insert(Some(place), Parent::Presented(same));
            }
            None => {
                missed.push(Missed { file: place, parent });
                stands.insert(Some(place), Parent::Own(place));
            }
        }
    }
    missed
}

/// For each directory of `other`, the directory of `presented` that holds most of the same files.
fn votes(other: &Tree, presented: &Tree, known: &HashMap<&[Section], u32>) -> HashMap<u32, u32> {
    let mut counts: HashMap<u32, HashMap<u32, u32>> = HashMap::new();
    for file in &other.files {
        let Some(directory) = file.parent else { continue };
        let same = known.get(file.sections.as_slice()).and_then(|place| presented.files.get(*place as usize)?.parent);
        if let Some(same) = same {
            let count = counts.entry(directory).or_default().entry(same).or_default();
            *count = count.saturating_add(1);
        }
    }
    counts
        .into_iter()
        .filter_map(|(directory, found)| {
            let most = found.into_iter().max_by_key(|(place, count)| (*count, std::cmp::Reverse(*place)))?;
            Some((directory, most.0))
        })
        .collect()
}

/// The sibling of the same kind whose name is the same, or begins alike as a name that was cut does.
fn by_name(file: &File, siblings: &[u32], presented: &Tree, taken: &HashSet<u32>) -> Option<u32> {
    let wanted = plain(&file.name);
    let fits = |place: &&u32| {
        !taken.contains(place)
            && presented.files.get(**place as usize).is_some_and(|other| {
                other.is_directory() == file.is_directory() && (other.is_directory() || other.size() == 0)
            })
    };
    let alike = |place: &u32| {
        let other = presented.files.get(*place as usize).map(|other| plain(&other.name)).unwrap_or_default();
        let common = wanted.iter().zip(&other).take_while(|(a, b)| a == b).count();
        (wanted == other, common)
    };
    let best = siblings.iter().filter(fits).max_by_key(|place| (alike(place), std::cmp::Reverse(**place)))?;
    let (same, common) = alike(best);
    (same || common >= wanted.len().clamp(1, 3)).then_some(*best)
}

/// A name in the characters that all trees have: capitals, digits, and `_` for everything else.
fn plain(name: &str) -> Vec<char> {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    name.chars().map(plain).collect()
}
