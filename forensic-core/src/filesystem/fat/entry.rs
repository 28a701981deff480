//! An entry in full, from what the listing keeps of it.

use super::{
    Volume, code_page,
    directory::{ARCHIVE, HIDDEN, READ_ONLY, SYSTEM},
    listing::Listing,
    table::ChainEnd,
    walk::{Found, Origin},
};
use crate::{
    error::{Error, Issue},
    filesystem::{Entry, Kind, Recoverability, Stream, StreamInfo, Value, clusters::Clusters, tree::Node},
};

const STRUCTURE: &str = "FAT directory entry";

impl Listing {
    /// The entry at a listing position; nothing of the medium is read.
    pub(super) fn entry(&self, volume: &Volume, position: u64) -> Option<Entry> {
        let node = self.tree.node(position)?;
        let found = &node.payload;
        let mut entry = Entry::new(found.at / 32);
        entry.path = self.tree.path(position);
        entry.name = self.tree.name(node).to_owned();
        entry.name_bytes = self.name_bytes(found, &entry.name);
        entry.parent_id =
            node.parent.and_then(|parent| self.tree.node(u64::from(parent))).map(|parent| parent.payload.at / 32);
        entry.status = node.status;
        match found.origin {
            Origin::LongName { is_whole } => {
                self.describe_long_name(found, is_whole, &mut entry);
                return Some(entry);
            }
            Origin::Label => {
                entry.kind = Kind::Other;
                entry.timestamps = found.entry.timestamps();
                entry.recoverability = Some(Recoverability::Unknown);
                entry.recoverability_reason = "a volume label that is out of use; labels have no content".to_owned();
                return Some(entry);
            }
            Origin::Entry | Origin::DirectoryWithoutEntry | Origin::Chain => {}
        }
        entry.kind = if found.entry.is_directory() { Kind::Directory } else { Kind::File };
        entry.timestamps = found.entry.timestamps();
        if found.origin == Origin::Chain {
            self.chain_content(volume, found, &mut entry);
            return Some(entry);
        }
        self.describe(found, &mut entry);
        if node.status.is_live() {
            self.live_content(volume, node, &mut entry);
        } else {
            self.deleted_content(volume, found, &mut entry);
        }
        Some(entry)
    }

    fn name_bytes(&self, found: &Found, name: &str) -> Vec<u8> {
        match self.exact_names.get(&found.at) {
            Some(units) => units.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
            None if found.has_long_name => name.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            None if matches!(found.origin, Origin::Entry | Origin::Label) => found.entry.name.to_vec(),
            None => Vec::new(),
        }
    }

    /// A long name alone tells neither what it was the name of, nor place, size or time.
    fn describe_long_name(&self, found: &Found, is_whole: bool, entry: &mut Entry) {
        entry.kind = Kind::Other;
        entry.recoverability = Some(Recoverability::Unknown);
        let reason = if is_whole {
            "a long name without its short entry, which told place and size"
        } else {
            "a piece of a long name, perhaps without its beginning or end; its short entry is not there"
        };
        entry.recoverability_reason = reason.to_owned();
        if let Some(piece) = self.fragments.get(&found.at) {
            entry.attributes.insert("long_name_piece".into(), Value::Text(piece.clone()));
        }
    }

    fn describe(&self, found: &Found, entry: &mut Entry) {
        let flags = [("read_only", READ_ONLY), ("hidden", HIDDEN), ("system", SYSTEM), ("archive", ARCHIVE)];
        for (name, flag) in flags {
            entry.attributes.insert(name.into(), Value::Bool(found.entry.attributes & flag != 0));
        }
        entry.attributes.insert("first_cluster".into(), Value::Int(i64::from(found.entry.first_cluster)));
        let (name, extension) = found.entry.lower_case();
        for flag in [("lower_case_name", name), ("lower_case_extension", extension)].into_iter().filter(|flag| flag.1) {
            entry.attributes.insert(flag.0.into(), Value::Bool(true));
        }
        if found.entry.needs_code_page() {
            entry.attributes.insert("short_name_code_page".into(), Value::Text(code_page::ASSUMED.to_owned()));
        }
        if let Some(place) = self.places.get(&found.at) {
            entry.attributes.insert("first_cluster_inferred".into(), Value::Int(i64::from(place.cluster)));
        }
        if found.has_long_name {
            entry.attributes.insert("short_name".into(), Value::Text(found.entry.text(found.first)));
        }
        if let Some(fragment) = self.fragments.get(&found.at) {
            entry.attributes.insert("long_name_beginning".into(), Value::Text(fragment.clone()));
        }
    }

    fn live_content(&self, volume: &Volume, node: &Node<Found>, entry: &mut Entry) {
        let found = &node.payload;
        let at = volume.source.medium_offset(found.at);
        if found.entry.is_directory() {
            let clusters: Clusters = self.runs.get(&found.at).into_iter().flatten().copied().collect();
            whole_clusters(volume, &clusters, entry);
            return;
        }
        let size = u64::from(found.entry.size);
        let need = volume.heap.clusters_for(size);
        let first = found.entry.first_cluster;
        let most = if first == 0 { 0 } else { need };
        let (chain, copy) = volume.table.best_chain(first, Some(most));
        if let Some(copy) = copy {
            let message = format!("the chain is not whole; copy {copy} of the table has it and was used");
            entry.issues.push(Issue::new(at, STRUCTURE, message));
        }
        if chain.count < need {
            let reason = match chain.end {
                _ if first == 0 => "the entry has no first cluster".to_owned(),
                ChainEnd::Complete => "it ends".to_owned(),
                end => end.describe(),
            };
            let message = format!("the chain has {} of {need} clusters: {reason}", chain.count);
            entry.issues.push(Issue::new(at, STRUCTURE, message));
        }
        if size == 0 && first != 0 {
            entry.issues.push(Issue::new(at, STRUCTURE, format!("an empty file with a first cluster ({first})")));
        }
        let missing = || {
            let expected = format!("a chain of {need} clusters");
            Error::corrupt("FAT chain", at, expected, format!("{} clusters", chain.count))
        };
        let clusters: Clusters = chain.runs.iter().copied().collect();
        let content = volume.content(&clusters, size, missing);
        entry.size = size;
        entry.streams = vec![Stream::new(StreamInfo::new("", size), Ok(content), volume.slack(&clusters, size))];
    }

    /// The clusters of a chain without an entry are certain; where the content ended in the last one is not known.
    fn chain_content(&self, volume: &Volume, found: &Found, entry: &mut Entry) {
        let first = found.entry.first_cluster;
        entry.attributes.insert("first_cluster".into(), Value::Int(i64::from(first)));
        let clusters: Clusters = self.runs.get(&found.at).into_iter().flatten().copied().collect();
        whole_clusters(volume, &clusters, entry);
        let chain = volume.table.chain(first, u32::MAX);
        let message = match chain.end {
            ChainEnd::Complete if chain.count == clusters.count() => return,
            ChainEnd::Complete => "the chain goes on in clusters of another (cross-linked)".to_owned(),
            end => format!("the chain does not end: {}", end.describe()),
        };
        entry.issues.push(Issue::new(volume.source.medium_offset(found.at), "FAT chain", message));
    }

    fn deleted_content(&self, volume: &Volume, found: &Found, entry: &mut Entry) {
        let recovered = self.recover(volume, found);
        entry.recoverability = Some(recovered.grade);
        entry.recoverability_reason = recovered.reason.clone();
        if found.entry.is_directory() {
            whole_clusters(volume, &Clusters { inferred: true, ..recovered.clusters }, entry);
            return;
        }
        let size = u64::from(found.entry.size);
        let lost = || {
            Error::corrupt(
                "content of a deleted file",
                volume.source.medium_offset(found.at),
                "free clusters",
                &recovered.reason,
            )
        };
        let inferred = recovered.grade != Recoverability::Intact;
        let clusters = Clusters { inferred, ..recovered.clusters.clone() };
        let content = match recovered.grade {
            Recoverability::Overwritten => Err(lost()),
            _ if size > 0 && !recovered.has_content() => Err(lost()),
            _ => Ok(volume.content(&clusters, size, lost)),
        };
        let slack = content.is_ok().then(|| volume.slack(&clusters, size)).flatten();
        entry.size = size;
        entry.streams = vec![Stream::new(StreamInfo::new("", size), content, slack)];
    }
}

/// All bytes of the clusters as the main stream: a directory's slots, or a chain of which no entry tells the size.
fn whole_clusters(volume: &Volume, clusters: &Clusters, entry: &mut Entry) {
    let size = u64::from(clusters.count()).saturating_mul(u64::from(volume.boot.cluster_size));
    if size == 0 {
        return;
    }
    let content = volume.content(clusters, size, || Error::unsupported("content without clusters"));
    entry.size = size;
    entry.streams = vec![Stream::new(StreamInfo::new("", size), Ok(content), None)];
}
