//! Builds a set, in bounded memory: records go to the file as they come, their digests are put in order behind them.

use super::{
    HashSet, blob,
    bloom::Bloom,
    description::{Description, Kind, SetGroup, StoredFilter},
    intake::{self, Event},
    layout::{Header, TableHeader, WIDTHS},
    placing::{IN_RECORDS, Placing, Removal, Run, digest_of},
    sort::{Budget, Chunk, PLACE, Piece, Shards, Spill, split},
    table_writer::TableWriter,
};
use crate::{
    Limits,
    error::{Error, Result},
    known::{Format, Group, List, SetIssue, SetSource},
    parallel::{in_order, threads_to_start},
    sealed::{Output, Section, folder_of},
};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

/// A set that is being built.
pub(super) struct Builder {
    path: Option<PathBuf>,
    output: Output,
    records_at: u64,
    spill: Spill,
    shards: [Shards; 3],
    description: Description,
    issues: usize,
    filters: Vec<Chunk>,
    /// Group and digest of bare records, once for each time that some came between removals: so a removal tells those
    /// before it from those behind.
    uses: Vec<(u64, Kind)>,
    open_uses: HashMap<(u64, Kind), u64>,
    removals: Vec<Removal>,
    blob: Vec<u8>,
}

impl Builder {
    /// Builds into memory, or into a file at `path`.
    pub(super) fn new(path: Option<&Path>) -> Result<Self> {
        Self::with_budget(path, Budget::default())
    }

    pub(super) fn with_budget(path: Option<&Path>, budget: Budget) -> Result<Self> {
        // Beside the set, there is room for what is as large as the set.
        let folder = path.map_or_else(std::env::temp_dir, |path| folder_of(path).to_owned());
        let mut output = Output::new(path, ".hash-set-")?;
        Ok(Self {
            path: path.map(Path::to_owned),
            records_at: output.begin(),
            output,
            spill: Spill::new(folder, budget),
            shards: WIDTHS.map(Shards::new),
            description: Description::default(),
            issues: Limits::default().issues,
            filters: Vec::new(),
            uses: Vec::new(),
            open_uses: HashMap::new(),
            removals: Vec::new(),
            blob: Vec::new(),
        })
    }

    /// A list begins: what is told from here on is of it.
    pub(super) fn begin_list(&mut self, path: &Path, format: Format) -> Result<()> {
        let set_name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        self.description.sources.push(SetSource { path: path.to_owned(), format, set_name, records: 0 });
        self.enter(Event::Group)
    }

    /// Takes all that a list has, which may be another set.
    pub(super) fn take(&mut self, list: List<'_>) -> Result<()> {
        if let Some(set) = list.as_set() {
            return self.merge(set);
        }
        self.begin_list(list.path(), list.format())?;
        intake::read(list, |event| self.enter(event))
    }

    /// Takes what is found in the list begun last.
    pub(super) fn enter(&mut self, event: Event<'_>) -> Result<()> {
        match event {
            Event::Record(content) => {
                self.add(self.group(), content)?;
                if let Some(source) = self.description.sources.last_mut() {
                    source.records = source.records.saturating_add(1);
                }
            }
            Event::Removal(content) => {
                self.removals.push(Removal {
                    content: digest_of(content),
                    before_use: self.uses.len() as u64,
                    before_record: self.output.position().saturating_sub(self.records_at),
                });
                self.open_uses.clear();
            }
            Event::Group => {
                let Some(source) = self.description.sources.len().checked_sub(1) else {
                    return Err(Error::invalid("a group without a list"));
                };
                self.description.groups.push(SetGroup { source, group: Group::default() });
            }
            Event::Description(group) => {
                if let Some(last) = self.description.groups.last_mut() {
                    last.group = group;
                }
            }
            Event::Filter(bytes) => self.add_filter(self.group(), &bytes)?,
            Event::Issue(position, message) => {
                let source = self.description.sources.last().map(|source| source.path.clone()).unwrap_or_default();
                self.push_issue(SetIssue { source, position, message });
            }
        }
        Ok(())
    }

    /// Takes all that another set has.
    pub(super) fn merge(&mut self, set: &HashSet) -> Result<()> {
        let (first_source, first_group) = (self.description.sources.len(), self.description.groups.len());
        self.description.sources.extend_from_slice(set.sources());
        self.description.groups.extend(set.groups().iter().map(|SetGroup { source, group }| SetGroup {
            source: source.saturating_add(first_source),
            group: group.clone(),
        }));
        for issue in set.issues() {
            self.push_issue(issue.clone());
        }
        let first_group = first_group as u64;
        set.for_each_filter(|group, bytes| self.add_filter(group.saturating_add(first_group), bytes))?;
        let mut content = Vec::new();
        set.for_each_record(|group, record| {
            content.clear();
            blob::put_content(&record, &mut content);
            self.add((group as u64).saturating_add(first_group), &content)
        })
    }

    /// Takes a record of a group, of this content.
    fn add(&mut self, group: u64, content: &[u8]) -> Result<()> {
        let (digests, bare) = blob::digests(content);
        let place = if let Some(kind) = bare {
            self.use_of(group, kind)
        } else {
            let place = self.output.position().saturating_sub(self.records_at) | IN_RECORDS;
            self.blob.clear();
            blob::put(content, group, &mut self.blob);
            self.output.write(&self.blob)?;
            place
        };
        for digest in digests {
            if let Some(number) = WIDTHS.iter().position(|width| *width == digest.len())
                && let Some(shards) = self.shards.get_mut(number)
            {
                shards.push(digest, place, &mut self.spill)?;
            }
        }
        Ok(())
    }

    fn use_of(&mut self, group: u64, kind: Kind) -> u64 {
        *self.open_uses.entry((group, kind)).or_insert_with(|| {
            self.uses.push((group, kind));
            (self.uses.len() as u64).saturating_sub(1)
        })
    }

    fn add_filter(&mut self, group: u64, bytes: &[u8]) -> Result<()> {
        Bloom::check(bytes)?;
        self.filters.push(self.spill.write(bytes)?);
        self.description.filters.push(StoredFilter { group, offset: 0, length: bytes.len() as u64 });
        Ok(())
    }

    fn push_issue(&mut self, issue: SetIssue) {
        if self.description.issues.len() < self.issues {
            self.description.issues.push(issue);
        }
    }

    /// The group begun last.
    fn group(&self) -> u64 {
        (self.description.groups.len() as u64).saturating_sub(1)
    }

    /// Writes what is left and opens the set.
    pub(super) fn finish(self) -> Result<HashSet> {
        let path = self.path.clone();
        match (self.write()?, path) {
            (Some(bytes), _) => HashSet::from_bytes(bytes),
            (None, path) => HashSet::open(path.unwrap_or_default()),
        }
    }

    fn write(mut self) -> Result<Option<Vec<u8>>> {
        let records = self.output.section_from(self.records_at);
        self.removals.sort_unstable();
        let removed = self.mark_removed(records)?;
        let (bare, of_use) = self.bare();
        let largest_place = (bare.len() as u64).saturating_add(records.length).saturating_sub(1);
        let placing = Placing { removed, bare, of_use, removals: std::mem::take(&mut self.removals) };
        let mut header = Header { records, ..Header::default() };
        let [a, b, c] = std::mem::replace(&mut self.shards, WIDTHS.map(Shards::new));
        for ((shards, width), table) in [a, b, c].into_iter().zip(WIDTHS).zip(&mut header.tables) {
            let writer = TableWriter::new(width, shards.count(), largest_place, &mut self.output);
            let pieces = shards.into_pieces(&mut self.spill)?;
            *table = self.write_table(width, &pieces, &placing, writer)?;
            self.spill.forget(pieces);
        }
        let at = self.output.begin();
        for (chunk, filter) in self.filters.iter().zip(&mut self.description.filters) {
            // Filters are read in words that should not lie across two blocks.
            filter.offset = self.output.begin().saturating_sub(at);
            self.spill.read(chunk, |part| self.output.write(part))?;
        }
        header.filters = self.output.section_from(at);
        self.description.bare = placing.bare;
        let at = self.output.begin();
        self.output.write(&self.description.to_json()?)?;
        header.description = self.output.section_from(at);
        self.output.finish(|sums| {
            let length = sums.section.end();
            Header { length, sums: sums.section, sums_checksum: sums.checksum, ..header }.to_bytes()
        })
    }

    /// The kinds of bare records, each once, and which of them each use is.
    fn bare(&self) -> (Vec<(u64, Kind)>, Vec<u64>) {
        let (mut bare, mut numbers) = (Vec::new(), HashMap::new());
        let number = |kind: &(u64, Kind)| {
            *numbers.entry(*kind).or_insert_with(|| {
                bare.push(*kind);
                (bare.len() as u64).saturating_sub(1)
            })
        };
        let of_use = self.uses.iter().map(number).collect();
        (bare, of_use)
    }

    /// Marks the records that were removed; gives their places, in order.
    fn mark_removed(&mut self, records: Section) -> Result<Vec<u64>> {
        let mut removed = Vec::new();
        if self.removals.is_empty() {
            return Ok(removed);
        }
        let mut reader = self.output.read_back(records)?;
        while reader.position() < records.end() {
            let at = reader.position();
            let head = blob::head(reader.peek(blob::LONGEST_HEAD)?, at)?;
            let content = reader.peek(head.end)?.get(head.content..head.end).unwrap_or_default();
            let (content, place) = (digest_of(content), at.saturating_sub(records.offset));
            if Removal::of(&self.removals, content).is_some_and(|removal| place < removal.before_record) {
                reader.patch(at.saturating_add(head.mark as u64), 1)?;
                removed.push(place);
            }
            reader.take(head.end);
        }
        Ok(removed)
    }

    fn write_table(
        &mut self,
        width: usize,
        pieces: &[Piece],
        placing: &Placing,
        mut table: TableWriter,
    ) -> Result<TableHeader> {
        let (output, spill) = (&mut self.output, &self.spill);
        let sort = |number: u64| {
            let piece = usize::try_from(number).ok().and_then(|number| pieces.get(number));
            piece.map_or_else(|| Ok(Vec::new()), |piece| piece.sorted(width, spill))
        };
        // The thread that writes sorts as well while it waits.
        let threads = threads_to_start(None).saturating_sub(1);
        let mut run = Run::default();
        in_order(pieces.len() as u64, threads, sort, |_, sorted| {
            for entry in sorted?.chunks_exact(width.saturating_add(PLACE)) {
                let (digest, use_or_place) = split(entry, width);
                let Some(place) = placing.place(digest, use_or_place) else { continue };
                if placing.each_kind_is_used_once() || use_or_place & IN_RECORDS != 0 {
                    run.end(&mut table, output)?;
                    table.push(digest, place, output)?;
                } else {
                    run.push(digest, place, &mut table, output)?;
                }
            }
            Ok(())
        })?;
        run.end(&mut table, output)?;
        table.finish(output)
    }
}
