//! The streams of a file: its $DATA attributes, put together from their fragments.

use super::{
    Volume,
    attribute::{Attribute, Body, kind},
    compressed::Compressed,
    file::File,
    file_name,
    runs::DataRuns,
    wof::{self, Packing},
};
use crate::{
    bytes::{Extents, ReadAt, Run, Source},
    error::{Error, Result},
    filesystem::{
        incomplete::Incomplete,
        model::{Stream, StreamInfo},
    },
};
use std::{collections::BTreeMap, sync::Arc};

/// $BadClus: its stream $Bad spans the volume and holds no content.
const BAD_CLUSTERS: u64 = 8;

/// One attribute in all its fragments.
pub(super) struct Fragments<'a> {
    /// UTF-16LE.
    pub(super) name: &'a [u8],
    /// With the number of the record that holds each.
    parts: Vec<(u64, Attribute<'a>)>,
    /// Why a fragment that the attribute list promises is not there.
    absent: Option<Error>,
}

/// The clusters of a non-resident attribute.
pub(super) struct Clusters {
    pub(super) runs: Vec<Run>,
    /// Bytes that `runs` cover.
    pub(super) covered: u64,
    pub(super) size: u64,
    initialized: u64,
    /// Why `runs` end before the attribute does.
    pub(super) damage: Option<Error>,
}

/// The attributes of a kind, by name, in the order of their first fragments.
pub(super) fn fragments(file: &File, kind: u32) -> Vec<Fragments<'_>> {
    let mut all = ByName::default();
    for (number, attribute) in file.of_kind(kind) {
        if let Some(fragments) = all.of(attribute.name) {
            fragments.parts.push((number, attribute));
        }
    }
    for (listed, error) in file.absent.iter().filter(|(listed, _)| listed.kind == kind) {
        if let Some(fragments) = all.of(&listed.name) {
            fragments.absent = Some(error.clone());
        }
    }
    all.fragments
}

/// Attributes by name. Most files have one or two, for which an index would cost more than all else.
#[derive(Default)]
struct ByName<'a> {
    fragments: Vec<Fragments<'a>>,
    /// The places of all but the first few.
    index: BTreeMap<&'a [u8], usize>,
}

impl<'a> ByName<'a> {
    const FEW: usize = 4;

    fn of(&mut self, name: &'a [u8]) -> Option<&mut Fragments<'a>> {
        let known = self.fragments.iter().take(Self::FEW).position(|fragments| fragments.name == name);
        let place = known.or_else(|| self.index.get(name).copied()).unwrap_or(self.fragments.len());
        if place == self.fragments.len() {
            self.fragments.push(Fragments { name, parts: Vec::with_capacity(1), absent: None });
            if place >= Self::FEW {
                self.index.insert(name, place);
            }
        }
        self.fragments.get_mut(place)
    }
}

impl<'a> Fragments<'a> {
    fn first(&self) -> Option<(u64, Attribute<'a>)> {
        self.parts.iter().copied().find(|(_, part)| part.lowest() == 0)
    }

    /// Where the content lies; `None` where it stands in a record, or where the first fragment is not there.
    pub(super) fn clusters(&self, volume: &Volume) -> Option<Clusters> {
        let Body::NonResident(first) = self.first()?.1.body else { return None };
        let mut parts: Vec<_> = self.parts.iter().map(|(_, part)| part).collect();
        parts.sort_by_key(|part| part.lowest());
        let mut clusters =
            Clusters { runs: Vec::new(), covered: 0, size: first.size, initialized: first.initialized, damage: None };
        let mut next = 0u64;
        for part in parts {
            let Body::NonResident(body) = part.body else { continue };
            if body.lowest != next {
                let expected = format!("a fragment from virtual cluster {next} on");
                let found = format!("one from {} on", body.lowest);
                let gap = Error::corrupt("attribute", part.at, expected, found);
                clusters.damage = Some(self.absent.clone().unwrap_or(gap));
                break;
            }
            match clusters.add(volume, body.runs, part.at) {
                Ok(count) => next = next.saturating_add(count),
                Err(error) => {
                    clusters.damage = Some(error);
                    break;
                }
            }
        }
        if clusters.damage.is_none() && clusters.covered < clusters.size {
            let at = self.first().map_or(0, |(_, part)| part.at);
            let expected = format!("clusters for {} bytes", clusters.size);
            let short = Error::corrupt("attribute", at, expected, format!("clusters for {}", clusters.covered));
            clusters.damage = Some(self.absent.clone().unwrap_or(short));
        }
        Some(clusters)
    }

    /// The content, whatever the attribute's kind: for structures of the filesystem itself.
    pub(super) fn content(&self, volume: &Volume) -> Result<Source> {
        self.stream(volume).open()
    }

    /// The stream that the fragments make up.
    pub(super) fn stream(&self, volume: &Volume) -> Stream {
        let mut info = StreamInfo::new(file_name::text(self.name), 0);
        let Some((number, first)) = self.first() else {
            let error = self.absent.clone().unwrap_or_else(|| {
                let at = self.parts.first().map_or(0, |(_, part)| part.at);
                Error::corrupt("attribute", at, "a first fragment", "none")
            });
            return Stream::new(info, Err(error), None);
        };
        let body = match first.body {
            Body::Resident { value, offset } => {
                info.size = value.len() as u64;
                info.resident = true;
                let content =
                    encoding(&first, false).map(|()| Arc::new(volume.mft.resident(number, offset, value)) as Source);
                return Stream::new(info, content, None);
            }
            Body::NonResident(body) => body,
        };
        let Some(clusters) = self.clusters(volume) else {
            return Stream::new(info, Ok(Arc::new(Vec::new())), None);
        };
        info.size = clusters.size;
        info.compressed = first.compression() != 0 && body.unit != 0;
        info.sparse = first.is_sparse() || clusters.runs.iter().any(|run| run.offset.is_none() && !info.compressed);
        if number == BAD_CLUSTERS && !self.name.is_empty() {
            info.sparse = true;
            return Stream::new(info, Err(Error::unsupported("$BadClus, which is not content,")), None);
        }
        let content = encoding(&first, info.compressed).and_then(|()| match info.compressed {
            false => Ok(clusters.plain(volume)),
            true => clusters.inflated(volume, body.unit, first.at),
        });
        let slack = match info.compressed {
            false => clusters.slack(volume),
            // Behind the packed bytes of a unit lies what is no more part of any.
            true => None,
        };
        Stream::new(info, content, slack)
    }
}

/// Whether this library can decode the content of an attribute.
fn encoding(attribute: &Attribute<'_>, compressed: bool) -> Result<()> {
    if attribute.is_encrypted() {
        return Err(Error::unsupported("EFS encryption"));
    }
    match attribute.compression() {
        2.. if compressed => Err(Error::unsupported(format!("NTFS compression method {}", attribute.compression()))),
        _ => Ok(()),
    }
}

impl Clusters {
    /// Unpacks data runs and adds them; gives the number of clusters.
    fn add(&mut self, volume: &Volume, packed: &[u8], at: u64) -> Result<u64> {
        let cluster_size = u64::from(volume.boot.cluster_size);
        let mut count = 0u64;
        for run in DataRuns::new(packed, at) {
            let run = run?;
            if self.runs.len() >= volume.limits.runs {
                let found = (self.runs.len() as u64).saturating_add(1);
                let limit = volume.limits.runs as u64;
                return Err(Error::Limit { structure: "data run", offset: at, found, limit, unit: "runs" });
            }
            let beyond = || {
                let found = format!("{} clusters from {:?} on", run.count, run.cluster);
                Error::corrupt("data run", at, format!("clusters below {}", volume.boot.clusters()), found)
            };
            if run.cluster.is_some_and(|cluster| cluster.saturating_add(run.count) > volume.boot.clusters()) {
                return Err(beyond());
            }
            let length = run.count.checked_mul(cluster_size).ok_or_else(beyond)?;
            self.covered = self.covered.checked_add(length).ok_or_else(beyond)?;
            self.runs.push(Run {
                offset: run.cluster.map(|c| c.saturating_mul(cluster_size)),
                length,
                inferred: false,
            });
            count = count.saturating_add(run.count);
        }
        Ok(count)
    }

    fn plain(&self, volume: &Volume) -> Source {
        let written = self.initialized.min(self.size);
        let stored = Extents::new(volume.source.clone(), self.runs.iter().copied()).truncated(written);
        let readable = stored.len();
        let zeros = Run::sparse(self.size.saturating_sub(written));
        if readable < written {
            return self.partial(Arc::new(stored));
        }
        match zeros.length {
            0 => Arc::new(stored),
            _ => Arc::new(Extents::new(volume.source.clone(), stored.runs().chain([zeros]))),
        }
    }

    fn inflated(&self, volume: &Volume, unit: u8, at: u64) -> Result<Source> {
        let unit = 1u64
            .checked_shl(u32::from(unit))
            .and_then(|clusters| clusters.checked_mul(u64::from(volume.boot.cluster_size)))
            .filter(|unit| *unit <= volume.limits.inflated_bytes)
            .ok_or_else(|| {
                Error::corrupt("attribute", at, "a compression unit that fits memory", format!("2^{unit} clusters"))
            })?;
        let written = self.initialized.min(self.size);
        let whole = Compressed::new(volume.source.clone(), self.runs.iter().copied(), unit, written);
        if self.damage.is_some() && self.covered < written {
            let readable = self.covered.checked_div(unit).unwrap_or(0).saturating_mul(unit);
            let readable = Compressed::new(volume.source.clone(), self.runs.iter().copied(), unit, readable);
            return Ok(self.partial(Arc::new(readable)));
        }
        if written == self.size {
            return Ok(Arc::new(whole));
        }
        let zeros = Run::sparse(self.size.saturating_sub(written));
        Ok(Arc::new(Extents::new(Arc::new(whole), [Run::new(0, written), zeros])))
    }

    fn partial(&self, readable: Source) -> Source {
        let error = self.damage.clone().unwrap_or_else(|| Error::OutOfBounds {
            offset: readable.len(),
            length: self.size.saturating_sub(readable.len()),
            size: readable.len(),
        });
        Arc::new(Incomplete { known: readable, size: self.size, error })
    }

    /// The stored bytes that are not content: those the stream never wrote, then those behind its end.
    fn slack(&self, volume: &Volume) -> Option<Source> {
        let written = self.initialized.min(self.size);
        let mut start = 0u64;
        let mut behind = Vec::new();
        for run in &self.runs {
            let skip = written.saturating_sub(start).min(run.length);
            start = start.saturating_add(run.length);
            let length = run.length.saturating_sub(skip);
            if let Some(offset) = run.offset
                && length > 0
            {
                behind.push(Run::new(offset.saturating_add(skip), length));
            }
        }
        if behind.is_empty() {
            return None;
        }
        Some(Arc::new(Extents::new(volume.source.clone(), behind)))
    }
}

/// Where the content of the main stream is.
pub(super) enum Main {
    /// In its own clusters, or in the record.
    Own,
    /// Nowhere on this volume, or not to be had; and why.
    Refused(Error),
    /// Packed, in the stream "WofCompressedData". The second is the byte offset of the reparse point that says so.
    Packed(Packing, u64),
}

/// The streams of a file, the main one first; a directory has only named ones.
pub(super) fn streams(volume: &Volume, file: &File, directory: bool, main: &Main) -> Vec<Stream> {
    let torn = file.torn().cloned();
    let mut streams = Vec::new();
    for data in fragments(file, kind::DATA) {
        if directory && data.name.is_empty() {
            continue;
        }
        let mut stream = data.stream(volume);
        if let Some(error) = &torn {
            stream = Stream::new(stream.info, Err(error.clone()), None);
        }
        streams.push(stream);
    }
    if !directory && !streams.iter().any(|stream| stream.info.name.is_empty()) {
        // The damage may have hidden it: then nobody knows that the file is empty.
        let content = match torn.clone().or_else(|| file.damage()) {
            Some(error) => Err(error),
            None => Ok(Arc::new(Vec::new()) as Source),
        };
        let info = StreamInfo { resident: true, ..StreamInfo::new("", 0) };
        streams.push(Stream::new(info, content, None));
    }
    streams.sort_by_key(|stream| !stream.info.name.is_empty());
    if torn.is_none()
        && let Some(own) = streams.first().filter(|stream| stream.info.name.is_empty())
        && let Some(instead) = elsewhere(own, main, &streams)
        && let Some(own) = streams.first_mut()
    {
        *own = instead;
    }
    streams
}

/// What stands for the main stream where its content is not its own.
fn elsewhere(own: &Stream, main: &Main, streams: &[Stream]) -> Option<Stream> {
    match main {
        Main::Own => None,
        Main::Refused(error) => Some(Stream::new(own.info.clone(), Err(error.clone()), None)),
        Main::Packed(packing, at) => {
            let info = StreamInfo { compressed: true, sparse: false, ..own.info.clone() };
            let packed = streams.iter().find(|stream| stream.info.name == wof::STREAM);
            let content = match packed {
                Some(packed) => packed.open().map(|packed| packing.content(packed, info.size)),
                None => Err(Error::corrupt("reparse point", *at, "a stream WofCompressedData beside it", "none")),
            };
            // The slack is that of the packed stream, which has it.
            Some(Stream::new(info, content, None))
        }
    }
}
