//! What lies between the partitions: tables, gaps, all that no partition holds.

use super::Partition;
use crate::error::{Error, Issue};

/// A part of the medium: a partition, or a gap.
pub(super) enum Span {
    Partition(Partition),
    /// Byte offset and size.
    Gap(u64, u64),
}

/// Cuts each partition to the medium, in order of offset, with the gaps around them. Spans cover the medium; only
/// partitions that overlap in the table overlap here.
pub(super) fn with_gaps(partitions: Vec<Partition>, medium_size: u64, issue: &dyn Fn(Issue)) -> Vec<Span> {
    let mut partitions: Vec<_> =
        partitions.into_iter().filter_map(|partition| fit(partition, medium_size, issue)).collect();
    partitions.sort_by_key(|partition| (partition.offset, std::cmp::Reverse(partition.size)));
    let mut spans = Vec::new();
    let mut covered = 0u64;
    for partition in partitions {
        let (start, end) = (partition.offset, partition.offset.saturating_add(partition.size));
        if start > covered {
            spans.push(Span::Gap(covered, start.saturating_sub(covered)));
        } else if start < covered {
            let expected = format!("a partition from byte {covered} on");
            issue(Issue::from(&Error::corrupt("partition entry", partition.described_at, expected, start)));
        }
        covered = covered.max(end);
        spans.push(Span::Partition(partition));
    }
    if covered < medium_size || spans.is_empty() {
        spans.push(Span::Gap(covered, medium_size.saturating_sub(covered)));
    }
    spans
}

/// The partition as far as the medium holds it; `None` where it holds nothing of it.
fn fit(mut partition: Partition, medium_size: u64, issue: &dyn Fn(Issue)) -> Option<Partition> {
    let available = medium_size.saturating_sub(partition.offset);
    if partition.size == 0 || available < partition.size {
        let expected = format!("a partition within the {medium_size} bytes of the medium");
        let found = format!("{} bytes from byte {}", partition.size, partition.offset);
        issue(Issue::from(&Error::corrupt("partition entry", partition.described_at, expected, found)));
        partition.size = partition.size.min(available);
    }
    (partition.size > 0).then_some(partition)
}
