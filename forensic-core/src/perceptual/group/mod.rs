//! Groups of pictures that look alike.

mod join;
mod near;
mod rows;

use self::{near::Near, rows::Rows};
use super::{ImageHash, index::Query};
use crate::error::{Error, Result};

/// From so many near hashes on, one is as good a representative as another: what is more is not counted.
const MANY: u32 = 128;

/// How to group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GroupOptions {
    /// The most bits in which a member may differ from its group's representative, and the least quality of a hash that takes
    /// part.
    pub near: Query,
    /// Threads to work with; `None`: as the machine runs at once. The groups are the same.
    pub threads: Option<usize>,
}

impl GroupOptions {
    /// Up to so many bits that differ.
    pub fn new(max_distance: u32) -> Self {
        Self { near: Query::new(max_distance), threads: None }
    }
}

/// Hashes that are near one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Group {
    /// The number of the hash that all others are near, the first being 0.
    pub representative: usize,
    /// The numbers of all of them: the representative first, then the nearest first and in order.
    pub members: Vec<usize>,
    /// In how many bits each member differs from the representative.
    pub distances: Vec<u32>,
}

/// Groups hashes of one algorithm and length.
///
/// Every hash that has another within the distance is in exactly one group, and every member of a group is within the distance
/// of its representative. The hash with the most others near it represents the first group, which takes all of those; of what
/// is left, again the one that had the most near it takes those left, and so on; of equals the first (128 others and more count
/// as equal). A hash whose neighbours are all in other groups is a group of its own, so that a hash in no group is one with
/// none near it, or one whose quality is too low to tell. The largest group comes first, of equals that of the first
/// representative.
///
/// ```
/// use forensic_core::perceptual::{Algorithm, GroupOptions, ImageHash, group};
/// let hashes = [0b0000u64, 0b0011, 0b1111, u64::MAX].map(|bits| {
///     ImageHash::from_parts(Algorithm::Gradient, bits.to_be_bytes(), None)
/// });
/// let groups = group(&hashes, &GroupOptions::new(2))?;
/// assert_eq!(groups.len(), 1);
/// assert_eq!((groups[0].representative, &groups[0].members[..], &groups[0].distances[..]), (1, &[1, 0, 2][..], &[0, 2, 2][..]));
/// # Ok::<(), forensic_core::Error>(())
/// ```
///
/// Equal hashes are looked at once. What takes the time are the others: a million different ones some seconds, and in proportion
/// of their number squared, but by a small factor.
///
/// # Errors
/// [`Error::InvalidArgument`] where a hash is of another algorithm or length than the first (the message names it), of fewer
/// than 64 or more than 1,024 bits, or the distance is larger than its bits.
pub fn group(hashes: &[ImageHash], options: &GroupOptions) -> Result<Vec<Group>> {
    let rows = Rows::of(hashes, &options.near)?;
    let radius = options.near.max_distance;
    if !rows.is_empty() && radius > rows.bits() {
        return Err(Error::invalid(format!("a distance of {radius} in hashes of {} bits", rows.bits())));
    }
    let near = Near::of(&rows, radius, options.threads)?;
    let mut groups = stars(&rows, &near, radius, options.threads)?;
    groups.sort_by_key(|group| (std::cmp::Reverse(group.members.len()), group.representative));
    Ok(groups)
}

/// Takes representatives in order of how many are near them, each with what is left of those.
fn stars(rows: &Rows, near: &Near, radius: u32, threads: Option<usize>) -> Result<Vec<Group>> {
    let mut order: Vec<u32> = (0..rows.len() as u32).filter(|row| near.count(*row) > 0).collect();
    order.sort_unstable_by_key(|row| (std::cmp::Reverse(near.count(*row)), rows.items(*row)[0]));
    let mut left = near::Left::new(rows, threads);
    let mut groups = Vec::new();
    for row in order {
        if !left.has(row) {
            continue;
        }
        let others = match near.of_row(row) {
            Some(others) => others.iter().copied().filter(|other| left.has(*other)).collect(),
            None => left.near(row, radius)?,
        };
        let mut members: Vec<(u32, usize)> = rows.items(row).iter().map(|item| (0, *item as usize)).collect();
        left.take(row);
        for other in others {
            let distance = rows.distance(row, other);
            members.extend(rows.items(other).iter().map(|item| (distance, *item as usize)));
            left.take(other);
        }
        members.sort_unstable();
        let (distances, members): (Vec<u32>, Vec<usize>) = members.into_iter().unzip();
        groups.push(Group { representative: members[0], members, distances });
    }
    Ok(groups)
}
