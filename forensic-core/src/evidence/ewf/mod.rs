//! EWF-E01 and EWF-S01: the Expert Witness Compression Format of EnCase, FTK Imager, SMART and others.
//!
//! After the "Expert Witness Compression Format specification" by J. Metz and its predecessor by ASR Data (2002). A damaged
//! table, chunk or chain of sections costs what hangs on it and nothing else: the rest is read, and an issue says so.

mod chunk;
mod header;
mod medium;
mod segment;
mod stored;
mod table;
mod volume;

use super::{
    Container, Segment,
    series::{extension, gather, missing},
};
use crate::{
    bytes::{Extent, ExtentKind},
    error::{Error, Issue, Result},
    limits::Limits,
};
use chunk::Chunks;
use segment::{ChainEnd, Naming, Section, SegmentFile};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};
use table::Table;
use volume::Geometry;

/// True for a segment file of an EWF image, by the bytes it begins with.
pub(super) fn probe(start: &[u8]) -> bool {
    start.starts_with(segment::SIGNATURE)
}

/// Opens an image from any of its segment files (`find_more`) or from all of them, in any order.
pub(super) fn open(segments: Vec<Segment>, find_more: bool, limits: &Limits) -> Result<Container> {
    let (files, next_path) = ordered(segments, find_more, limits)?;
    let last = files.len().saturating_sub(1);
    let mut reading = Reading::new(limits);
    for (index, file) in files.iter().enumerate() {
        let (sections, end) = file.sections(&mut reading.issues);
        reading.segment(index, file, &sections)?;
        match end {
            ChainEnd::Next if index == last => return Err(missing(file.number.saturating_add(1), next_path)),
            ChainEnd::Done if index < last => reading.issues.push(Issue::new(
                None,
                "segment set",
                format!("segment {} says it is the last of {}", file.number, files.len()),
            )),
            ChainEnd::Broken => reading.tables_missing(),
            _ => {}
        }
        reading.complete = end == ChainEnd::Done;
    }
    reading.finish(files)
}

/// The segment files in order of the numbers in their headers, and where the one after the last would be.
fn ordered(segments: Vec<Segment>, find_more: bool, limits: &Limits) -> Result<(Vec<SegmentFile>, Option<PathBuf>)> {
    let naming_of = |path: &Path, number| Naming::of(extension(path)?, number);
    let mut segments = segments;
    if find_more
        && let [(Some(path), source)] = segments.as_slice()
        && let Some(naming) = naming_of(path, SegmentFile::open(source.clone())?.number)
    {
        let name = |number| Some(path.with_extension(naming.extension(number)?));
        segments = gather(1, name, (Some(path.clone()), source.clone()), limits)?;
    }
    let mut files = Vec::new();
    for (path, source) in segments {
        files.push((SegmentFile::open(source)?, path));
    }
    files.sort_by_key(|(file, _)| file.number);
    let path_of = |number: u32| {
        files.iter().find_map(|(file, path)| {
            let path = path.as_ref()?;
            Some(path.with_extension(naming_of(path, file.number)?.extension(number)?))
        })
    };
    for (expected, (file, path)) in (1u32..).zip(&files) {
        if file.number < expected {
            return Err(Error::invalid(format!("segment {} is given twice ({path:?})", file.number)));
        }
        if file.number > expected {
            return Err(missing(expected, path_of(expected)));
        }
    }
    let next_path = path_of(u32::try_from(files.len()).unwrap_or(u32::MAX).saturating_add(1));
    Ok((files.into_iter().map(|(file, _)| file).collect(), next_path))
}

/// What has been read of an image so far.
struct Reading<'a> {
    limits: &'a Limits,
    geometry: Option<Geometry>,
    metadata: BTreeMap<String, String>,
    stored_hashes: BTreeMap<String, String>,
    error_sections: Vec<(Vec<u8>, u64)>,
    issues: Vec<Issue>,
    /// Tables that follow one another; a new run begins where some are missing between.
    runs: Vec<Vec<Table>>,
    complete: bool,
}

impl<'a> Reading<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            geometry: None,
            metadata: BTreeMap::new(),
            stored_hashes: BTreeMap::new(),
            error_sections: Vec::new(),
            issues: Vec::new(),
            runs: vec![Vec::new()],
            complete: false,
        }
    }

    fn tables_missing(&mut self) {
        self.runs.push(Vec::new());
    }

    /// Takes in the sections of one segment file. Damage is an issue, but for a volume section that is not to be had.
    fn segment(&mut self, index: usize, file: &SegmentFile, sections: &[Section]) -> Result<()> {
        let mut data = None;
        let mut sections = sections.iter().peekable();
        while let Some(section) = sections.next() {
            let outcome = match section.kind.as_str() {
                "sectors" => {
                    data = Some(section);
                    Ok(())
                }
                kind @ ("table" | "table2") => {
                    let spare = sections.next_if(|next| kind == "table" && next.kind == "table2");
                    self.table(index, file, data.take(), section, spare)
                }
                _ => self.plain_section(file, section),
            };
            if let Err(error) = outcome {
                if self.geometry.is_none() && matches!(section.kind.as_str(), "volume" | "disk") {
                    return Err(error);
                }
                self.issues.push(file.issue(&error));
            }
        }
        Ok(())
    }

    fn plain_section(&mut self, file: &SegmentFile, section: &Section) -> Result<()> {
        let read = |structure| section.content(file, structure, self.limits.structure_bytes);
        let at = section.content_at();
        match section.kind.as_str() {
            "volume" | "disk" | "data" => {
                let geometry = Geometry::parse(&read("EWF volume section")?, at, self.limits)?;
                self.geometry(file, section, geometry)?;
            }
            "header" => {
                for (key, value) in header::parse_header(&read("EWF header section")?, at)? {
                    self.metadata.entry(key).or_insert(value);
                }
            }
            // Unicode and universal time: this section knows better than "header".
            "header2" => self.metadata.extend(header::parse_header(&read("EWF header section")?, at)?),
            "xheader" => {
                for (key, value) in header::parse_xml(&read("EWF xheader section")?, at)? {
                    self.metadata.entry(key).or_insert(value);
                }
            }
            kind @ ("hash" | "digest") => {
                for (algorithm, digest) in stored::digests(kind, &read("EWF hash section")?, at)? {
                    self.digest(algorithm, digest, section.at);
                }
            }
            "xhash" => {
                let values = header::parse_xml(&read("EWF xhash section")?, at)?;
                for algorithm in ["md5", "sha1", "sha256"] {
                    if let Some(digest) = values.get(algorithm) {
                        self.digest(algorithm, digest.to_ascii_lowercase(), section.at);
                    }
                }
            }
            "error2" => self.error_sections.push((read("EWF error2 section")?, at)),
            _ => {}
        }
        Ok(())
    }

    fn digest(&mut self, algorithm: &str, digest: String, at: u64) {
        let stored = self.stored_hashes.entry(algorithm.to_owned()).or_insert_with(|| digest.clone());
        if *stored != digest {
            let message = format!("two different {algorithm} digests are stored: {stored} and {digest}");
            self.issues.push(Issue::new(at, "EWF hash section", message));
        }
    }

    fn geometry(&mut self, file: &SegmentFile, section: &Section, geometry: Geometry) -> Result<()> {
        if !geometry.checksum_fits {
            let error = Error::corrupt("EWF volume section", section.at, "its checksum", "another one");
            if self.geometry.is_some() {
                return Err(error);
            }
            self.issues.push(file.issue(&error));
        }
        let Some(known) = &mut self.geometry else {
            self.geometry = Some(geometry);
            return Ok(());
        };
        // A copy with a fitting checksum replaces a damaged original.
        if !known.checksum_fits {
            *known = geometry;
        } else if let (Some(ours), Some(theirs)) = (&known.set_identifier, &geometry.set_identifier)
            && ours != theirs
        {
            let message = format!("segment {}: expected set identifier {ours}, found {theirs}", file.number);
            self.issues.push(Issue::new(section.at, "EWF data section", message));
        }
        Ok(())
    }

    /// Takes the table, or where it is damaged its copy, or what can be read of either.
    fn table(
        &mut self,
        index: usize,
        file: &SegmentFile,
        data: Option<&Section>,
        table: &Section,
        spare: Option<&Section>,
    ) -> Result<()> {
        let encase = self.geometry.as_ref().is_none_or(|geometry| geometry.encase);
        let mut damaged = None;
        for section in [Some(table), spare].into_iter().flatten() {
            let error = match Table::read(file, index, section, data, encase, self.limits) {
                Ok((table, None)) => {
                    self.push_table(file, table);
                    return Ok(());
                }
                Ok((table, Some(error))) => {
                    damaged.get_or_insert(table);
                    error
                }
                Err(error) => error,
            };
            self.issues.push(file.issue(&error));
        }
        match damaged {
            Some(table) => self.push_table(file, table),
            None => self.tables_missing(),
        }
        Ok(())
    }

    fn push_table(&mut self, file: &SegmentFile, table: Table) {
        let stray = table.stray_entries();
        if stray > 0 {
            let message = format!("segment {}: {stray} entries point outside the data", file.number);
            self.issues.push(Issue::new(table.at, "EWF table", message));
        }
        if let Some(run) = self.runs.last_mut() {
            run.push(table);
        }
    }

    fn finish(mut self, segments: Vec<SegmentFile>) -> Result<Container> {
        let geometry = self
            .geometry
            .take()
            .ok_or_else(|| Error::corrupt("EWF image", 0, "a volume section", "none in any segment file"))?;
        let chunks = geometry.chunks();
        if chunks != geometry.chunk_count {
            let message = format!("{} chunks for a medium of {chunks}", geometry.chunk_count);
            self.issues.push(Issue::new(None, "EWF volume section", message));
        }
        self.metadata.insert("segments".to_owned(), segments.len().to_string());
        geometry.describe(&mut self.metadata);
        let mut acquisition_errors = Vec::new();
        for (content, at) in std::mem::take(&mut self.error_sections) {
            match stored::error_ranges(&content, at, geometry.bytes_per_sector, geometry.size) {
                Ok(ranges) => acquisition_errors.extend(ranges),
                Err(error) => self.issues.push(Issue::from(&error)),
            }
        }
        let tables = self.placed_tables(chunks);
        let absent = self.absent(&tables, &geometry);
        let medium =
            medium::Medium::new(Chunks { segments, tables, chunk_size: geometry.chunk_size, size: geometry.size });
        Ok(Container {
            sector_size: Some(geometry.bytes_per_sector),
            unit: Some(geometry.chunk_size.get()),
            metadata: self.metadata,
            stored_hashes: self.stored_hashes,
            acquisition_errors,
            absent,
            issues: self.issues,
            ..Container::new("ewf", Arc::new(medium))
        })
    }

    /// Gives each table the number of its first chunk. Where tables are missing, those before count from the start and
    /// those after from the end of a complete image; what lies between two gaps has no certain place and is left out.
    fn placed_tables(&mut self, chunks: u64) -> Vec<(u64, Table)> {
        let mut runs = std::mem::take(&mut self.runs);
        runs.retain({
            let mut first = true;
            move |run| std::mem::take(&mut first) || !run.is_empty()
        });
        let tail = if self.complete && runs.len() > 1 { runs.pop() } else { None };
        let mut runs = runs.into_iter();
        let mut placed = Vec::new();
        let mut next = 0u64;
        for table in runs.next().unwrap_or_default() {
            let length = table.len();
            placed.push((next, table));
            next = next.saturating_add(length);
        }
        let mut lost = runs.flatten().map(|table| table.len()).fold(0u64, u64::saturating_add);
        if let Some(tail) = tail {
            let length = tail.iter().map(Table::len).fold(0u64, u64::saturating_add);
            match chunks.checked_sub(length).filter(|start| *start >= next) {
                Some(start) => {
                    next = start;
                    for table in tail {
                        let length = table.len();
                        placed.push((next, table));
                        next = next.saturating_add(length);
                    }
                }
                None => lost = lost.saturating_add(length),
            }
        }
        if lost > 0 {
            let message = format!("{lost} chunks behind a missing table have no certain place and are left out");
            self.issues.push(Issue::new(None, "EWF table", message));
        }
        if next > chunks {
            let message = format!("the tables hold {next} chunks for a medium of {chunks}");
            self.issues.push(Issue::new(None, "EWF table", message));
        }
        placed
    }

    /// The parts of the medium that no table holds.
    fn absent(&mut self, tables: &[(u64, Table)], geometry: &Geometry) -> Vec<Extent> {
        let mut absent = Vec::new();
        let mut covered = 0u64;
        let ends = tables.iter().map(|(first, table)| (*first, first.saturating_add(table.len())));
        for (start, end) in ends.chain([(geometry.chunks(), geometry.chunks())]) {
            if start > covered {
                let offset = covered.saturating_mul(geometry.chunk_size.get().into());
                let end = start.saturating_mul(geometry.chunk_size.get().into()).min(geometry.size);
                let length = end.saturating_sub(offset);
                let (stream_offset, kind) = (offset, ExtentKind::Data);
                absent.push(Extent { stream_offset, offset: Some(offset), length, kind, inferred: false });
                let message = format!("chunks {covered} to {} are in no table", start.saturating_sub(1));
                self.issues.push(Issue::new(offset, "EWF table", message));
            }
            covered = covered.max(end);
        }
        absent
    }
}
