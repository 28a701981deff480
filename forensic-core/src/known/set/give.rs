//! Giving back what a set was built from.

use super::{HashSet, SetGroup};
use crate::{
    error::{Error, Result},
    known::{Format, Group, ListWriter, Sink, WriteReport},
};
use std::{fs::File, path::Path};

impl HashSet {
    /// Writes the set as a list, such as other programs read, into a new file; one that was there before is replaced.
    ///
    /// ```
    /// use forensic_core::known::{Format, HashSet};
    /// # let dir = tempfile::tempdir()?;
    /// # let (sums, vics) = (dir.path().join("case-7.md5"), dir.path().join("case-7.json"));
    /// std::fs::write(&sums, "d41d8cd98f00b204e9800998ecf8427e  empty.jpg\n")?;
    /// let report = HashSet::build([&sums])?.write(&vics, Format::Vics)?;
    /// assert_eq!((report.records, report.skipped), (1, 0));
    /// assert_eq!(HashSet::build([&vics])?.sources()[0].format, Format::Vics);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a format that is only read, [`Error::Io`], [`Error::Corrupt`] for a set that was changed.
    /// What the format cannot hold is no error: see [`WriteReport`].
    pub fn write(&self, path: impl AsRef<Path>, format: Format) -> Result<WriteReport> {
        let path = path.as_ref();
        // Before a file is made: a format that is only read.
        ListWriter::new(path, std::io::sink(), format)?;
        let file = File::create(path).map_err(|error| Error::io(path, error))?;
        let mut writer = ListWriter::new(path, file, format)?;
        self.give(&mut writer)?;
        writer.finish()
    }

    /// Gives all that is known to `sink` (a writer, another set), group by group in the order they were read: of each group the
    /// records of which more is known than a digest, then the bare digests in order of their values.
    ///
    /// # Errors
    /// Those of the sink, and [`Error::Corrupt`] for a set that was changed.
    pub fn give(&self, sink: &mut dyn Sink) -> Result<()> {
        let mut at = self.records.offset;
        for (number, SetGroup { group, .. }) in (0u64..).zip(&self.description.groups) {
            if number > 0 {
                sink.begin_group()?;
            }
            if *group != Group::default() {
                sink.describe(group.clone())?;
            }
            while at < self.records.end() {
                let (stored, length) = self.stored(at)?;
                if stored.group != number {
                    break;
                }
                if !stored.removed {
                    sink.record(&stored.record)?;
                }
                at = at.saturating_add(length as u64);
            }
            self.for_each_bare(|group| group == number, |_, record| sink.record(&record))?;
            for (_, _, section) in self.filters.iter().filter(|(group, ..)| *group == number) {
                sink.filter(self.image.section(*section)?.to_vec())?;
            }
        }
        if at < self.records.end() {
            let expected = "a record of one of the groups, in their order";
            return Err(Error::corrupt("record of a hash set", at, expected, "another"));
        }
        Ok(())
    }
}
