//! Builds small NTFS volumes in memory, byte by byte, for what no driver would write.
#![allow(dead_code)]

use std::collections::BTreeMap;

pub(crate) const CLUSTER: usize = 512;
pub(crate) const CLUSTERS: usize = 2048;
const RECORD: usize = 1024;
const RECORDS: usize = 64;
pub(crate) const IN_USE: u16 = 1;
pub(crate) const DIRECTORY: u16 = 2;
pub(crate) const FILE_NAME: u32 = 0x30;
pub(crate) const DATA: u32 = 0x80;
pub(crate) const LIST: u32 = 0x20;
pub(crate) const TIME: u64 = 132_000_000_000_000_000;

/// Number and sequence number in one.
pub(crate) fn reference(record: u64, sequence: u16) -> u64 {
    record | u64::from(sequence) << 48
}

pub(crate) const ROOT: u64 = 5 | 5 << 48;

pub(crate) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}

/// A $FILE_NAME with a name in UTF-16LE, of the POSIX namespace.
pub(crate) fn name_of(parent: u64, name: &[u8], flags: u32) -> Vec<u8> {
    let mut value = parent.to_le_bytes().to_vec();
    (0..4).for_each(|_| value.extend(TIME.to_le_bytes()));
    value.extend([0; 16]);
    value.extend(flags.to_le_bytes());
    value.extend([0; 4]);
    value.extend([(name.len() / 2) as u8, 0]);
    value.extend(name);
    value
}

pub(crate) fn file_name(parent: u64, name: &str) -> Vec<u8> {
    name_of(parent, &utf16(name), 0)
}

pub(crate) fn resident(kind: u32, name: &str, id: u16, value: &[u8]) -> Vec<u8> {
    let name = utf16(name);
    let mut bytes = vec![0; 24];
    bytes[..4].copy_from_slice(&kind.to_le_bytes());
    bytes[9] = (name.len() / 2) as u8;
    bytes[10] = 24;
    bytes[14..16].copy_from_slice(&id.to_le_bytes());
    bytes.extend(&name);
    let mut bytes = padded(bytes);
    let offset = bytes.len() as u16;
    bytes[16..20].copy_from_slice(&(value.len() as u32).to_le_bytes());
    bytes[20..22].copy_from_slice(&offset.to_le_bytes());
    bytes.extend(value);
    with_length(bytes)
}

/// Runs as (first cluster or None, number of clusters).
pub(crate) fn packed(runs: &[(Option<u64>, u64)]) -> Vec<u8> {
    let (mut bytes, mut last) = (Vec::new(), 0i64);
    for &(cluster, count) in runs {
        bytes.push(if cluster.is_some() { 0x88 } else { 0x08 });
        bytes.extend(count.to_le_bytes());
        if let Some(cluster) = cluster {
            bytes.extend((cluster as i64 - last).to_le_bytes());
            last = cluster as i64;
        }
    }
    bytes.push(0);
    bytes
}

pub(crate) struct Clusters<'a> {
    pub(crate) lowest: u64,
    pub(crate) runs: &'a [(Option<u64>, u64)],
    pub(crate) size: u64,
    pub(crate) initialized: u64,
    pub(crate) flags: u16,
    pub(crate) unit: u8,
}

impl<'a> Clusters<'a> {
    pub(crate) fn new(runs: &'a [(Option<u64>, u64)], size: u64) -> Self {
        Self { lowest: 0, runs, size, initialized: size, flags: 0, unit: 0 }
    }
}

pub(crate) fn non_resident(kind: u32, name: &str, id: u16, at: &Clusters<'_>) -> Vec<u8> {
    let name = utf16(name);
    let count: u64 = at.runs.iter().map(|run| run.1).sum();
    let mut bytes = vec![0; 64];
    bytes[..4].copy_from_slice(&kind.to_le_bytes());
    bytes[8] = 1;
    bytes[9] = (name.len() / 2) as u8;
    bytes[10] = 64;
    bytes[12..14].copy_from_slice(&at.flags.to_le_bytes());
    bytes[14..16].copy_from_slice(&id.to_le_bytes());
    bytes[16..24].copy_from_slice(&at.lowest.to_le_bytes());
    bytes[24..32].copy_from_slice(&(at.lowest + count).wrapping_sub(1).to_le_bytes());
    bytes[34] = at.unit;
    bytes[40..48].copy_from_slice(&count.wrapping_mul(CLUSTER as u64).to_le_bytes());
    bytes[48..56].copy_from_slice(&at.size.to_le_bytes());
    bytes[56..64].copy_from_slice(&at.initialized.to_le_bytes());
    bytes.extend(&name);
    let mut bytes = padded(bytes);
    let offset = bytes.len() as u16;
    bytes[32..34].copy_from_slice(&offset.to_le_bytes());
    bytes.extend(packed(at.runs));
    with_length(bytes)
}

fn with_length(bytes: Vec<u8>) -> Vec<u8> {
    let mut bytes = padded(bytes);
    let length = bytes.len() as u32;
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    bytes
}

/// An attribute list entry without a name.
pub(crate) fn listed(kind: u32, lowest: u64, holder: u64, id: u16) -> Vec<u8> {
    let mut bytes = vec![0; 32];
    bytes[..4].copy_from_slice(&kind.to_le_bytes());
    bytes[4] = 32;
    bytes[7] = 26;
    bytes[8..16].copy_from_slice(&lowest.to_le_bytes());
    bytes[16..24].copy_from_slice(&holder.to_le_bytes());
    bytes[24..26].copy_from_slice(&id.to_le_bytes());
    bytes
}

/// Index entries of (child, $FILE_NAME), ended.
pub(crate) fn index_entries(names: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (child, key) in names {
        let length = (16 + key.len()).next_multiple_of(8);
        bytes.extend(child.to_le_bytes());
        bytes.extend((length as u16).to_le_bytes());
        bytes.extend((key.len() as u16).to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(padded(key.clone()).iter().chain(&[0; 8]).take(length - 16));
    }
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 2, 0, 0, 0]);
    bytes
}

fn index_header(entries: &[u8], room: usize) -> Vec<u8> {
    let start = if room == 0 { 16 } else { 40 };
    let used = (start + entries.len()) as u32;
    let size = if room == 0 { used } else { room as u32 };
    let mut bytes: Vec<u8> = [start as u32, used, size, 0].iter().flat_map(|n| n.to_le_bytes()).collect();
    bytes.resize(start, 0);
    bytes.extend(entries);
    bytes
}

/// $INDEX_ROOT of a directory.
pub(crate) fn index_root(names: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut value: Vec<u8> = [FILE_NAME, 1, 1024, 1].iter().flat_map(|n| n.to_le_bytes()).collect();
    value.extend(index_header(&index_entries(names), 0));
    resident(0x90, "$I30", 7, &value)
}

/// An index record of 1024 bytes.
pub(crate) fn index_block(names: &[(u64, Vec<u8>)]) -> Vec<u8> {
    index_block_with(names, &[])
}

/// The same with entries behind the used part.
pub(crate) fn index_block_with(names: &[(u64, Vec<u8>)], former: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"INDX".to_vec();
    bytes.extend([40, 0, 3, 0]);
    bytes.resize(24, 0);
    bytes.extend(index_header(&index_entries(names), RECORD - 24));
    bytes.extend(index_entries(former));
    assert!(bytes.len() <= RECORD, "an index record holds {} bytes", bytes.len());
    bytes.resize(RECORD, 0);
    protect(&mut bytes, 40);
    bytes
}

/// An MFT record of 1024 bytes.
pub(crate) fn record(sequence: u16, flags: u16, base: u64, attributes: &[Vec<u8>]) -> Vec<u8> {
    record_of(RECORD, sequence, flags, base, attributes)
}

/// An MFT record of `size` bytes.
pub(crate) fn record_of(size: usize, sequence: u16, flags: u16, base: u64, attributes: &[Vec<u8>]) -> Vec<u8> {
    let ends = size / 512 + 1;
    let first = (48 + ends * 2).next_multiple_of(8);
    let mut bytes = b"FILE".to_vec();
    bytes.extend([48, 0, ends as u8, 0]);
    bytes.resize(16, 0);
    bytes.extend(sequence.to_le_bytes());
    bytes.extend([1, 0, first as u8, 0]);
    bytes.extend(flags.to_le_bytes());
    bytes.extend([0; 8]);
    bytes.extend(base.to_le_bytes());
    bytes.resize(first, 0);
    attributes.iter().for_each(|attribute| bytes.extend(attribute));
    bytes.extend([0xff; 4]);
    bytes.extend([0; 4]);
    assert!(bytes.len() <= size, "a record holds {} bytes", bytes.len());
    let used = bytes.len() as u32;
    bytes[24..28].copy_from_slice(&used.to_le_bytes());
    bytes[28..32].copy_from_slice(&(size as u32).to_le_bytes());
    bytes.resize(size, 0);
    protect(&mut bytes, 48);
    bytes
}

/// The record with the number it gives itself.
pub(crate) fn numbered(mut record: Vec<u8>, number: u32) -> Vec<u8> {
    record[44..48].copy_from_slice(&number.to_le_bytes());
    record
}

/// $STANDARD_INFORMATION with four times.
pub(crate) fn information(created: u64, others: u64) -> Vec<u8> {
    let mut value = created.to_le_bytes().to_vec();
    (0..3).for_each(|_| value.extend(others.to_le_bytes()));
    value.resize(48, 0);
    resident(0x10, "", 0, &value)
}

pub(crate) fn protect(bytes: &mut [u8], array: usize) {
    bytes[array..array + 2].copy_from_slice(&[7, 0]);
    for sector in 0..bytes.len() / 512 {
        let end = sector * 512 + 510;
        bytes.copy_within(end..end + 2, array + 2 + sector * 2);
        bytes[end..end + 2].copy_from_slice(&[7, 0]);
    }
}

/// A volume of 1 MiB with clusters of 512 bytes and $MFT from cluster 16 on.
pub(crate) struct Image {
    pub(crate) records: BTreeMap<u64, Vec<u8>>,
    /// What the root directory lists.
    pub(crate) listed: Vec<(u64, Vec<u8>)>,
    /// Where $MFT lies.
    pub(crate) mft: Vec<(u64, u64)>,
    /// The record that tells of the second run of $MFT, where record 0 does not.
    pub(crate) mft_continues_in: Option<u64>,
    /// When $MFT was made.
    pub(crate) formatted: Option<u64>,
    /// Bytes of an MFT record.
    record_size: usize,
    content: Vec<(u64, Vec<u8>)>,
    used: Vec<std::ops::Range<u64>>,
}

impl Image {
    pub(crate) fn new() -> Self {
        Self::with_records_of(RECORD)
    }

    pub(crate) fn with_records_of(record_size: usize) -> Self {
        let mut image = Self {
            records: BTreeMap::new(),
            listed: Vec::new(),
            mft: vec![(16, (RECORDS * record_size / CLUSTER) as u64)],
            mft_continues_in: None,
            formatted: None,
            record_size,
            content: Vec::new(),
            used: std::iter::once(0..16).collect(),
        };
        let name = resident(0x60, "", 1, &utf16("evidence"));
        let volume = [resident(FILE_NAME, "", 2, &file_name(ROOT, "$Volume")), name];
        image.records.insert(3, image.make(3, IN_USE, 0, &volume));
        image
    }

    fn make(&self, sequence: u16, flags: u16, base: u64, attributes: &[Vec<u8>]) -> Vec<u8> {
        record_of(self.record_size, sequence, flags, base, attributes)
    }

    /// A file in the root, which lists it.
    pub(crate) fn file(&mut self, number: u64, name: &str, attributes: &[Vec<u8>]) -> &mut Self {
        let key = file_name(ROOT, name);
        self.listed.push((reference(number, 1), key.clone()));
        self.record(number, 1, IN_USE, name, attributes)
    }

    /// A record with a name in the root, which no index lists.
    pub(crate) fn record(
        &mut self,
        number: u64,
        sequence: u16,
        flags: u16,
        name: &str,
        attributes: &[Vec<u8>],
    ) -> &mut Self {
        let mut all = vec![resident(FILE_NAME, "", 2, &file_name(ROOT, name))];
        all.extend_from_slice(attributes);
        self.records.insert(number, self.make(sequence, flags, 0, &all));
        self
    }

    /// Writes content, and marks its clusters as in use where so wished.
    pub(crate) fn write(&mut self, cluster: u64, bytes: &[u8], in_use: bool) -> &mut Self {
        if in_use {
            self.used.push(cluster..cluster + bytes.len().div_ceil(CLUSTER) as u64);
        }
        self.content.push((cluster, bytes.to_vec()));
        self
    }

    pub(crate) fn finish(&self) -> Vec<u8> {
        let mut volume = vec![0; CLUSTERS * CLUSTER];
        let mut records = self.records.clone();
        let size = (RECORDS * self.record_size) as u64;
        let runs: Vec<_> = self.mft.iter().map(|&(cluster, count)| (Some(cluster), count)).collect();
        let name = resident(FILE_NAME, "", 2, &file_name(ROOT, "$MFT"));
        let first = match self.mft_continues_in {
            None => vec![name, non_resident(DATA, "", 1, &Clusters::new(&runs, size))],
            Some(holder) => {
                let (mine, rest) = runs.split_at(1);
                let rest = Clusters { lowest: mine[0].1, ..Clusters::new(rest, size) };
                records.insert(holder, record(1, IN_USE, reference(0, 1), &[non_resident(DATA, "", 4, &rest)]));
                let list = [
                    listed(LIST, 0, reference(0, 1), 9),
                    listed(DATA, 0, reference(0, 1), 1),
                    listed(DATA, rest.lowest, reference(holder, 1), 4),
                ];
                let list = resident(LIST, "", 9, &list.concat());
                vec![list, name, non_resident(DATA, "", 1, &Clusters::new(mine, size))]
            }
        };
        let made = self.formatted.map(|created| information(created, created));
        let first: Vec<_> = made.into_iter().chain(first).collect();
        records.entry(0).or_insert_with(|| self.make(1, IN_USE, 0, &first));
        let root = resident(FILE_NAME, "", 2, &file_name(ROOT, "."));
        let index = index_root(&self.listed);
        records.entry(5).or_insert_with(|| self.make(5, IN_USE | DIRECTORY, 0, &[root, index]));
        let mut bitmap = vec![0u8; CLUSTERS / 8];
        let mft = self.mft.iter().map(|&(cluster, count)| cluster..cluster + count);
        for cluster in self.used.iter().cloned().chain(mft).flatten() {
            bitmap[cluster as usize / 8] |= 1 << (cluster % 8);
        }
        let name = resident(FILE_NAME, "", 2, &file_name(ROOT, "$Bitmap"));
        records.entry(6).or_insert_with(|| self.make(6, IN_USE, 0, &[name, resident(DATA, "", 1, &bitmap)]));
        let places: Vec<u64> = self.mft.iter().flat_map(|&(cluster, count)| cluster..cluster + count).collect();
        let each = self.record_size / CLUSTER;
        for (number, bytes) in &records {
            let bytes = numbered(bytes.clone(), *number as u32);
            for (part, sector) in bytes.chunks(CLUSTER).enumerate() {
                let at = places[*number as usize * each + part] as usize * CLUSTER;
                volume[at..at + CLUSTER].copy_from_slice(sector);
            }
            // As many copies as there is room for before $MFT.
            let copy = 8 * CLUSTER + *number as usize * self.record_size;
            if *number < 4 && copy + self.record_size <= 16 * CLUSTER {
                volume[copy..copy + self.record_size].copy_from_slice(&bytes);
            }
        }
        for (cluster, bytes) in &self.content {
            let at = *cluster as usize * CLUSTER;
            volume[at..at + bytes.len()].copy_from_slice(bytes);
        }
        let mut boot = vec![0; CLUSTER];
        boot[3..11].copy_from_slice(b"NTFS    ");
        boot[11..13].copy_from_slice(&512u16.to_le_bytes());
        boot[13] = 1;
        boot[40..48].copy_from_slice(&(CLUSTERS as u64).to_le_bytes());
        boot[48..56].copy_from_slice(&self.mft[0].0.to_le_bytes());
        boot[56..64].copy_from_slice(&8u64.to_le_bytes());
        boot[64] = (self.record_size.trailing_zeros() as u8).wrapping_neg();
        boot[68] = 0xf6;
        boot[72..80].copy_from_slice(&0x1122_3344_5566_7788u64.to_le_bytes());
        boot[510..].copy_from_slice(&[0x55, 0xaa]);
        volume[..CLUSTER].copy_from_slice(&boot);
        // The backup stands behind the last cluster.
        volume.extend(boot);
        volume
    }
}
