//! Asking a set, for one digest and for many.

use super::{
    HashSet, Table,
    table::{Bucket, Candidates},
};
use crate::{
    error::{Error, Result},
    hash::{Algorithm, Digests},
    known::{FileRecord, Known, digest_from_hex},
};
use serde_json::Value;

/// A batch whose digests are in order has its starts in as many bytes; it reads memory from first to last, which the
/// processor sees for itself.
const NEAR: u64 = 2048;

/// Digests whose reads of memory wait for one another no more: their starts are fetched, then their lines, then both are
/// looked at.
const BATCH: usize = 32;

impl HashSet {
    /// What the set says of a file with any of these digests; nothing twice. In order of the lists and their rows, bare
    /// digests of a list before its rows.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a set that was changed.
    pub fn lookup(&self, digests: &Digests) -> Result<Vec<Known>> {
        let mut hits = Hits::default();
        for digest in Algorithm::RECORDED.into_iter().filter_map(|algorithm| digests.get(algorithm)) {
            self.find(digest, &mut hits)?;
        }
        self.known(hits)
    }

    /// What the set says of a digest of 16, 20 or 32 bytes.
    ///
    /// # Errors
    /// As [`HashSet::lookup`].
    pub fn lookup_bytes(&self, digest: &[u8]) -> Result<Vec<Known>> {
        let mut hits = Hits::default();
        self.find(digest, &mut hits)?;
        self.known(hits)
    }

    /// What the set says of a digest given as hex text.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] where the text is no digest; as [`HashSet::lookup`].
    pub fn lookup_hex(&self, digest: &str) -> Result<Vec<Known>> {
        let bytes = digest_from_hex(digest.as_bytes());
        let bytes = bytes.ok_or_else(|| Error::invalid(format!("{digest:?} is not a digest in hex")))?;
        self.lookup_bytes(&bytes)
    }

    /// What the set says of each of many digests of `width` bytes (16, 20 or 32) that stand one behind another.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for another width or a digest that is cut; as [`HashSet::lookup`].
    pub fn lookup_many(&self, digests: &[u8], width: usize) -> Result<Vec<Vec<Known>>> {
        let mut known = vec![false; count_of(digests, width)?];
        self.contains_into(digests, width, &mut known)?;
        // What is known is read again, from the processor's cache; most is not.
        let look_up = |(digest, known)| if known { self.lookup_bytes(digest) } else { Ok(Vec::new()) };
        digests.chunks_exact(width).zip(known).map(look_up).collect()
    }

    /// True where the set knows this digest of 16, 20 or 32 bytes, or may know it (a Bloom filter).
    ///
    /// # Errors
    /// As [`HashSet::lookup`].
    pub fn contains(&self, digest: &[u8]) -> Result<bool> {
        let Some(table) = self.table(digest.len()) else { return Ok(false) };
        let bucket = table.bucket(&self.image, table.start_of(digest))?;
        Ok(table.contains(&self.image, bucket, digest)? || self.may_contain(digest)?)
    }

    /// For each of many digests of `width` bytes (16, 20 or 32) that stand one behind another, whether the set knows it: the
    /// fast way. Sorted digests are faster still.
    ///
    /// # Errors
    /// As [`HashSet::lookup_many`].
    pub fn contains_many(&self, digests: &[u8], width: usize) -> Result<Vec<bool>> {
        let mut known = vec![false; count_of(digests, width)?];
        self.contains_into(digests, width, &mut known)?;
        Ok(known)
    }

    /// The same, written to the caller's places: as many as there are digests.
    ///
    /// # Errors
    /// As [`HashSet::lookup_many`]; [`Error::InvalidArgument`] where there are fewer or more places.
    pub fn contains_into(&self, digests: &[u8], width: usize, known: &mut [bool]) -> Result<()> {
        let count = count_of(digests, width)?;
        if known.len() != count {
            return Err(Error::invalid(format!("{count} digests, but {} places for the answers", known.len())));
        }
        let Some(table) = self.table(width) else { return Ok(()) };
        let batch = BATCH.saturating_mul(width);
        for (digests, known) in digests.chunks(batch).zip(known.chunks_mut(BATCH)) {
            self.contains_batch(table, digests, known)?;
        }
        Ok(())
    }

    /// Steps that do not wait for one another are done for all digests of the batch in turn, with what the next one reads
    /// fetched between them: their starts, the tags of their lines, those entries whose tags agree.
    fn contains_batch(&self, table: &Table, digests: &[u8], known: &mut [bool]) -> Result<()> {
        let starts = |digest: Option<&[u8]>| digest.map_or(0, |digest| table.start_of(digest));
        let (first, last) = (digests.get(..table.width), digests.rchunks_exact(table.width).next());
        if starts(first).abs_diff(starts(last)) < NEAR {
            let each = digests.chunks_exact(table.width).zip(known);
            return each.into_iter().try_for_each(|(digest, known)| self.contains(digest).map(|found| *known = found));
        }
        let mut places = [0u64; BATCH];
        let mut buckets: [Bucket; BATCH] = [(0, 0); BATCH];
        let mut candidates: [Option<Candidates<'_>>; BATCH] = [None; BATCH];
        let digests = || digests.chunks_exact(table.width);
        for (place, digest) in places.iter_mut().zip(digests()) {
            *place = table.start_of(digest);
        }
        self.image.fetch(&places);
        for (bucket, place) in buckets.iter_mut().zip(&mut places).take(known.len()) {
            *bucket = table.bucket(&self.image, *place)?;
            *place = table.offset_of(bucket.0);
        }
        self.image.fetch(&places);
        for (((candidates, place), bucket), digest) in
            candidates.iter_mut().zip(&mut places).zip(buckets).zip(digests())
        {
            *candidates = table.candidates(&self.image, bucket, digest)?;
            *place = candidates.map_or(*place, |candidates| table.first_of(*place, &candidates));
        }
        self.image.fetch(&places);
        for (((known, digest), bucket), candidates) in known.iter_mut().zip(digests()).zip(buckets).zip(candidates) {
            *known = match candidates {
                Some(candidates) => table.is_among(candidates, digest),
                None => table.contains(&self.image, bucket, digest)?,
            };
            *known = *known || self.may_contain(digest)?;
        }
        Ok(())
    }

    fn table(&self, width: usize) -> Option<&Table> {
        self.tables.iter().find(|table| table.width == width)
    }

    #[inline]
    fn may_contain(&self, digest: &[u8]) -> Result<bool> {
        if digest.len() != 20 {
            return Ok(false);
        }
        for (_, filter, _) in &self.filters {
            if filter.contains(&self.image, digest)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn find(&self, digest: &[u8], hits: &mut Hits) -> Result<()> {
        if let Some(table) = self.table(digest.len()) {
            table.places(&self.image, digest, &mut hits.places)?;
        }
        if digest.len() == 20 {
            for (group, filter, _) in &self.filters {
                if filter.contains(&self.image, digest)? {
                    hits.possible.push(*group);
                }
            }
        }
        Ok(())
    }

    fn known(&self, Hits { mut places, possible }: Hits) -> Result<Vec<Known>> {
        places.sort_unstable();
        places.dedup();
        let bare = self.description.bare.as_slice();
        // By group and place, so that hits come in the order of the lists.
        let mut found: Vec<(u64, u64, Known)> = Vec::with_capacity(places.len());
        let mut end = self.records.offset;
        for place in places {
            if let Some((group, _)) = usize::try_from(place).ok().and_then(|place| bare.get(place)) {
                found.push((*group, 0, self.hit(*group, FileRecord::default(), false)?));
                continue;
            }
            let at = place.saturating_sub(bare.len() as u64).saturating_add(self.records.offset);
            if at < end || at >= self.records.end() {
                let expected = format!("a record between {end} and {}", self.records.end());
                return Err(Error::corrupt("table of a hash set", at, expected, "another place"));
            }
            let (stored, length) = self.stored(at)?;
            end = at.saturating_add(length as u64);
            let group = self.group_number(stored.group, at)? as u64;
            found.push((group, at, self.hit(group, stored.record, false)?));
        }
        for group in possible {
            found.push((group, u64::MAX, self.hit(group, FileRecord::default(), true)?));
        }
        found.sort_by_key(|(group, at, _)| (*group, *at));
        // One list may have a file's MD5 and its SHA-1 in two rows that say no more.
        found.dedup_by_key(|(group, at, _)| (*group, *at));
        Ok(found.into_iter().map(|(_, _, known)| known).collect())
    }

    fn hit(&self, group: u64, record: FileRecord, possible: bool) -> Result<Known> {
        let number = self.group_number(group, self.records.offset)?;
        let group = self.description.groups.get(number);
        let source = group.and_then(|group| self.description.sources.get(group.source));
        let mut properties = record.properties.to_map();
        if let Some(size) = record.size {
            properties.entry("size").or_insert_with(|| Value::from(size));
        }
        Ok(Known {
            set_name: source.map(|source| source.set_name.clone()).unwrap_or_default(),
            scheme: group.and_then(|group| group.group.scheme.clone()),
            category: record.category,
            name: record.name,
            properties,
            possible,
        })
    }
}

/// What was found of a file.
#[derive(Default)]
struct Hits {
    places: Vec<u64>,
    /// The groups whose filters may know it.
    possible: Vec<u64>,
}

fn count_of(digests: &[u8], width: usize) -> Result<usize> {
    if !matches!(width, 16 | 20 | 32) {
        return Err(Error::invalid(format!("a digest has 16, 20 or 32 bytes, not {width}")));
    }
    let count = digests.len().checked_div(width).filter(|count| count.saturating_mul(width) == digests.len());
    count.ok_or_else(|| Error::invalid(format!("{} bytes are no digests of {width}", digests.len())))
}
