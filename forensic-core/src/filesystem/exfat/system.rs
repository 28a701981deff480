//! The structures of the volume itself that entries of the root directory name: allocation bitmap, up-case table, label and
//! GUID (exFAT specification, sections 7.1, 7.2, 7.3, 7.5).

use super::{
    Volume,
    set::Record,
    slot::{RawSlot, code, code_of, field, is_in_use, units},
    upcase::{LONGEST, Upcase},
};
use crate::{
    bytes::{Fields, ReadAt, Run},
    error::{Error, Issue, Result},
    filesystem::{
        allocation::{Allocation, FreeRuns},
        clusters::{ClusterRun, Clusters},
    },
};

/// The most bytes of a directory.
const LONGEST_DIRECTORY: u64 = 256 << 20;
/// UTF-16 units of a label.
const LABEL: usize = 11;

/// What entries of the root directory say of the volume.
#[derive(Default)]
pub(super) struct System {
    /// The allocation bitmaps of the first and the second table.
    bitmaps: [Option<Area>; 2],
    upcase: Option<(Area, u32)>,
    pub(super) label: Option<String>,
    pub(super) guid: Option<Guid>,
}

/// A structure that an entry of the root directory names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    /// Byte offset of the entry in the volume.
    pub(super) at: u64,
    pub(super) record: Record,
}

/// The GUID of the volume.
pub(super) struct Guid {
    /// Byte offset of the entry in the volume.
    pub(super) at: u64,
    pub(super) text: String,
}

impl System {
    /// Looks through the root directory.
    pub(super) fn read(volume: &Volume) -> Self {
        let mut system = Self::default();
        let mut is_past_end = false;
        let most = volume.heap.clusters_for(LONGEST_DIRECTORY);
        let chain = volume.table.chain(&volume.heap, volume.boot.root_cluster, most, &mut u64::MAX.clone());
        for run in chain.runs {
            if is_past_end || system.is_complete(volume) {
                break;
            }
            let (offset, length) = (volume.heap.offset_of(run.first), volume.heap.bytes_of(run.count));
            volume.for_each_slot(offset, length, |at, slot| {
                is_past_end |= slot[0] == code::END;
                if !is_past_end {
                    system.take(at, slot, volume.bitmap_length());
                }
            });
        }
        system
    }

    fn is_complete(&self, volume: &Volume) -> bool {
        let bitmaps = self.bitmaps.iter().flatten().count();
        bitmaps == usize::from(volume.boot.fat_count) && self.upcase.is_some() && self.label.is_some()
    }

    fn take(&mut self, at: u64, slot: &RawSlot, bitmap_length: u64) {
        if !is_in_use(slot) {
            return;
        }
        let (first_cluster, length) = (u32::from_le_bytes(field(slot, 20)), u64::from_le_bytes(field(slot, 24)));
        // A longer one is damaged, and must not take clusters from others.
        let most = if code_of(slot) == code::UPCASE { LONGEST } else { bitmap_length };
        let area = Area { at, record: Record::of_volume(first_cluster, length.min(most)) };
        match code_of(slot) {
            code::BITMAP => {
                if let Some(place) = self.bitmaps.get_mut(usize::from(slot[1] & 1)) {
                    place.get_or_insert(area);
                }
            }
            code::UPCASE => {
                self.upcase.get_or_insert((area, u32::from_le_bytes(field(slot, 4))));
            }
            code::LABEL => {
                let count = usize::from(slot[1]).min(LABEL);
                let text: Vec<u16> = units(slot, 2, count).collect();
                self.label.get_or_insert_with(|| String::from_utf16_lossy(&text));
            }
            code::VOLUME_GUID => {
                let text = Fields::new(slot, "volume GUID entry", at).guid(6).ok();
                self.guid = self.guid.take().or(text.map(|text| Guid { at, text }));
            }
            _ => {}
        }
    }

    /// The structures that have clusters, with the names that are usual for them.
    pub(super) fn areas(&self) -> impl Iterator<Item = (&'static str, Area)> {
        let [first, second] = self.bitmaps;
        let upcase = self.upcase.map(|(area, _)| area);
        let named = [("$ALLOC_BITMAP", first), ("$ALLOC_BITMAP2", second), ("$UPCASE_TABLE", upcase)];
        named.into_iter().filter_map(|(name, area)| Some((name, area?)))
    }
}

impl Volume {
    /// Where a structure of the volume lies: along its chain, or in one piece where the chain is broken.
    pub(super) fn system_clusters(&self, area: &Area) -> Clusters {
        let need = self.heap.clusters_for(area.record.length).min(self.heap.count);
        let first = area.record.first_cluster;
        let chain = self.table.chain(&self.heap, first, need, &mut u64::from(need));
        if chain.count == need || !self.heap.has(first) {
            return chain.runs.into_iter().collect();
        }
        let end = chain.end.describe();
        let message = format!("the chain has {} of {need} clusters: {end}; it was taken to be contiguous", chain.count);
        self.issue(area.at, message);
        let count = need.min(self.heap.end().saturating_sub(first));
        [ClusterRun { first, count }].into_iter().collect()
    }

    /// The up-case table; `None` where there is none to be trusted.
    pub(super) fn load_upcase(&self) -> Option<Upcase> {
        let Some((area, checksum)) = &self.system.upcase else {
            self.log.push(Issue::new(
                None,
                "up-case table",
                "the root directory names none: hashes of names were not checked",
            ));
            return None;
        };
        let length = area.record.length.min(LONGEST);
        let at = self.heap.source.medium_offset(self.heap.offset_of(area.record.first_cluster));
        let bytes = self.system_content(area, length);
        bytes
            .and_then(|bytes| Upcase::parse(&bytes, *checksum, at))
            .inspect_err(|error| self.log.push(Issue::from(error)))
            .ok()
    }

    /// The allocation bitmap in use, to which the runs `live` (counted from cluster 2) are added; where the two disagree is
    /// reported.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(super) fn allocation(&self, live: &[(u64, u64)]) -> Result<Allocation> {
        let bits = self.bitmap(usize::from(self.boot.active))?;
        let clusters = u64::from(self.heap.count);
        let marked = Allocation::new(bits.clone(), []).count(0, clusters);
        let allocation = Allocation::new(bits, live.iter().copied());
        let used = allocation.count(0, clusters);
        let owned = Allocation::new(vec![0; usize::try_from(clusters.div_ceil(8)).unwrap_or(0)], live.iter().copied())
            .count(0, clusters);
        let report = |count: u64, what: &str| {
            if count > 0 {
                let at = self.system.bitmaps.first().copied().flatten().map_or(0, |area| area.at);
                self.issue(at, format!("{count} clusters {what}"));
            }
        };
        report(used.saturating_sub(marked), "of entries in use are free by the allocation bitmap");
        report(used.saturating_sub(owned), "are in use by the allocation bitmap and belong to no entry");
        Ok(allocation)
    }

    /// Runs of clusters that are free by the bitmap, without what lies behind the end of the medium.
    ///
    /// # Errors
    /// Where the bitmap cannot be read.
    pub(super) fn free_runs(&self) -> Result<Vec<Run>> {
        let cluster_size = u64::from(self.heap.cluster_size);
        let there = self.heap.source.len().saturating_sub(self.heap.offset).checked_div(cluster_size).unwrap_or(0);
        let mut free = FreeRuns::new(u64::from(self.heap.count).min(there), cluster_size, self.heap.offset);
        free.push(&self.bitmap(usize::from(self.boot.active))?);
        Ok(free.finish())
    }

    /// Reports a second bitmap that differs from the one in use (TexFAT).
    pub(super) fn compare_bitmaps(&self) {
        let [Some(_), Some(second)] = self.system.bitmaps else { return };
        match (self.bitmap(0), self.bitmap(1)) {
            (Ok(a), Ok(b)) if a != b => {
                let differing = a.iter().zip(&b).filter(|(a, b)| a != b).count();
                self.issue(second.at, format!("the two allocation bitmaps differ in {differing} bytes"));
            }
            (a, b) => a.err().into_iter().chain(b.err()).for_each(|error| self.log.push(Issue::from(&error))),
        }
    }

    /// Bytes of an allocation bitmap: a bit a cluster.
    fn bitmap_length(&self) -> u64 {
        u64::from(self.heap.count).div_ceil(8)
    }

    fn bitmap(&self, number: usize) -> Result<Vec<u8>> {
        let area = self.system.bitmaps.get(number).copied().flatten();
        // One bitmap without the other: it is better than none.
        let Some(area) = area.or(self.system.bitmaps.iter().flatten().next().copied()) else {
            let at = self.heap.source.medium_offset(self.heap.offset_of(self.boot.root_cluster));
            return Err(Error::corrupt("allocation bitmap", at, "an entry in the root directory", "none"));
        };
        let length = self.bitmap_length();
        if length > self.limits.structure_bytes {
            let offset = self.heap.source.medium_offset(area.at);
            let limit = self.limits.structure_bytes;
            return Err(Error::Limit { structure: "allocation bitmap", offset, found: length, limit, unit: "bytes" });
        }
        if area.record.length < length {
            self.issue(area.at, format!("an allocation bitmap of {} bytes; {length} are needed", area.record.length));
        }
        self.system_content(&area, length.min(area.record.length))
    }

    fn system_content(&self, area: &Area, length: u64) -> Result<Vec<u8>> {
        let clusters = self.system_clusters(area);
        let at = self.heap.source.medium_offset(area.at);
        let missing = || Error::corrupt("root directory entry", at, "clusters of the volume", "others");
        self.heap.content(&clusters, length, length, missing).read_vec(0, length)
    }
}
