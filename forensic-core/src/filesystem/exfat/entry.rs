//! An entry in full, from what the listing keeps of it.

use super::{
    Volume,
    listing::Listing,
    set::{ARCHIVE, HIDDEN, Proof, READ_ONLY, Record, SYSTEM},
    walk::Found,
};
use crate::{
    error::{Error, Issue},
    filesystem::{Entry, Kind, Recoverability, Stream, StreamInfo, Value, clusters::Clusters},
};

const STRUCTURE: &str = "exFAT directory entry set";

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
        entry.kind = match found.record.is_directory() {
            true => Kind::Directory,
            false if found.is_system => Kind::Other,
            false => Kind::File,
        };
        entry.status = node.status;
        self.describe(volume, found, &mut entry);
        if node.status.is_live() {
            self.live_content(volume, found, &mut entry);
        } else {
            self.deleted_content(volume, found, &mut entry);
        }
        self.add_vendors(volume, found, &mut entry);
        Some(entry)
    }

    fn name_bytes(&self, found: &Found, name: &str) -> Vec<u8> {
        match self.exact_names.get(&found.at) {
            Some(units) => units.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
            None if found.is_system => Vec::new(),
            None => name.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        }
    }

    fn describe(&self, volume: &Volume, found: &Found, entry: &mut Entry) {
        let record = &found.record;
        let int = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
        if let Some(guid) = volume.system.guid.as_ref().filter(|guid| guid.at == found.at) {
            entry.attributes.insert("volume_guid".into(), Value::Text(guid.text.clone()));
            return;
        }
        entry.attributes.insert("first_cluster".into(), int(u64::from(record.first_cluster)));
        entry.attributes.insert("no_fat_chain".into(), Value::Bool(record.is_contiguous()));
        if found.is_system {
            return;
        }
        entry.attributes.insert("valid_data_length".into(), int(record.valid_length));
        if let Some(times) = &record.times {
            let flags = [("read_only", READ_ONLY), ("hidden", HIDDEN), ("system", SYSTEM), ("archive", ARCHIVE)];
            for (name, flag) in flags {
                entry.attributes.insert(name.into(), Value::Bool(record.attributes & flag != 0));
            }
            entry.timestamps = times.timestamps();
            times.add_offsets(&mut entry.attributes);
        }
        let damage = match found.proof {
            Proof::Checksum if found.hash_fits => return,
            Proof::Checksum => "the name has another hash than the stream extension says",
            Proof::NameHash => "the file entry is lost: kind, times and attributes are not known",
            Proof::Mismatch => "the checksum of the set does not fit",
            Proof::Cut => {
                entry.attributes.insert("name_incomplete".into(), Value::Bool(true));
                "a part of the set is lost: the name may be incomplete"
            }
        };
        entry.issues.push(Issue::new(volume.heap.source.medium_offset(found.at), STRUCTURE, damage));
    }

    fn live_content(&self, volume: &Volume, found: &Found, entry: &mut Entry) {
        let record = &found.record;
        let at = volume.heap.source.medium_offset(found.at);
        let own = self.content.get(&found.at).map(|runs| runs.iter().copied().collect::<Clusters>());
        let chain = self.chains.get(&found.at);
        let clusters = own.unwrap_or_else(|| volume.clusters(record, chain));
        let need = volume.heap.clusters_for(record.length);
        if found.is_system && need == 0 {
            return;
        }
        if clusters.count() < need {
            let end = chain.map(|chain| format!(": {}", chain.end.describe())).unwrap_or_default();
            let message = format!("the entry has {} of {need} clusters{end}", clusters.count());
            entry.issues.push(Issue::new(at, STRUCTURE, message));
        }
        if record.valid_length > record.length {
            let message = format!("{} bytes are valid of {}", record.valid_length, record.length);
            entry.issues.push(Issue::new(at, STRUCTURE, message));
        }
        let missing = || {
            let expected = format!("{need} clusters");
            Error::corrupt("exFAT clusters", at, expected, clusters.count())
        };
        let stream = volume.stream(record, &clusters, missing);
        entry.size = stream.info.size;
        entry.streams = vec![stream];
    }

    fn deleted_content(&self, volume: &Volume, found: &Found, entry: &mut Entry) {
        let recovered = self.recover(volume, found);
        let record = &found.record;
        let lost = || {
            let at = volume.heap.source.medium_offset(found.at);
            Error::corrupt("content of a deleted file", at, "free clusters", &recovered.reason)
        };
        entry.recoverability = Some(recovered.grade);
        entry.recoverability_reason = recovered.reason.clone();
        entry.size = record.length;
        let stream = match recovered.grade {
            Recoverability::Overwritten => None,
            _ if record.length > 0 && !recovered.has_content() => None,
            _ => Some(volume.stream(record, &recovered.clusters, lost)),
        };
        let lost = || Stream::new(StreamInfo::new("", record.length), Err(lost()), None);
        entry.streams = vec![stream.unwrap_or_else(lost)];
    }

    /// Adds what other makers have put into the set: the GUIDs of their entries, and their areas as named streams.
    fn add_vendors(&self, volume: &Volume, found: &Found, entry: &mut Entry) {
        for vendor in self.vendors.get(&found.at).into_iter().flatten() {
            let Some(area) = &vendor.area else {
                entry.attributes.insert(format!("vendor_extension:{}", vendor.guid).into(), Value::Bool(true));
                continue;
            };
            let mut info = StreamInfo::new(format!("vendor:{}", vendor.guid), area.length);
            if !entry.status.is_live() || !area.is_contiguous() {
                let error = Error::unsupported("a vendor allocation that is deleted or in several pieces");
                entry.streams.push(Stream::new(info, Err(error), None));
                continue;
            }
            let clusters: Clusters = [volume.contiguous(area)].into_iter().collect();
            let at = volume.heap.source.medium_offset(found.at);
            let missing = || Error::corrupt("vendor allocation", at, "clusters of the volume", "others");
            info.size = area.length;
            let content = volume.heap.content(&clusters, area.length, area.length, missing);
            entry.streams.push(Stream::new(info, Ok(content), volume.heap.behind(&clusters, area.length)));
        }
    }
}

impl Volume {
    /// The main stream of an entry. Its slack begins where its valid data ends: what lies between that and its length reads
    /// as zeros, whatever stands there.
    fn stream(&self, record: &Record, clusters: &Clusters, missing: impl FnOnce() -> Error) -> Stream {
        let written = record.valid_length.min(record.length);
        let content = self.heap.content(clusters, written, record.length, missing);
        let info = StreamInfo { sparse: written < record.length, ..StreamInfo::new("", record.length) };
        Stream::new(info, Ok(content), self.heap.behind(clusters, written))
    }
}
