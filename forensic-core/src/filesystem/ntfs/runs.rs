//! Data runs: the clusters of an attribute, packed.
//!
//! Layout: [linux-ntfs documentation, data runs](https://flatcap.github.io/linux-ntfs/ntfs/concepts/data_runs.html).

use crate::error::{Error, Result};

/// Clusters one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DataRun {
    /// First cluster on the volume; `None` for zeros that are not stored.
    pub(super) cluster: Option<u64>,
    /// Number of clusters.
    pub(super) count: u64,
}

/// Unpacks data runs; the first damaged one ends them.
pub(super) struct DataRuns<'a> {
    packed: &'a [u8],
    /// Byte offset on the medium of the attribute, for errors.
    at: u64,
    cluster: i64,
}

impl<'a> DataRuns<'a> {
    pub(super) fn new(packed: &'a [u8], at: u64) -> Self {
        Self { packed, at, cluster: 0 }
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.packed.split_at_checked(count)?;
        self.packed = rest;
        Some(taken)
    }

    /// The run that `sizes` heads, or what is wrong with it.
    fn run(&mut self, sizes: u8) -> Result<DataRun, &'static str> {
        let (length, offset) = (usize::from(sizes & 15), usize::from(sizes >> 4));
        if length == 0 || length > 8 || offset > 8 {
            return Err("field sizes of 1 to 8 bytes");
        }
        let count = self.take(length).map(signed).ok_or("a length inside the attribute")?;
        let count = u64::try_from(count).ok().filter(|count| *count > 0).ok_or("a length above 0")?;
        let delta = self.take(offset).ok_or("a cluster inside the attribute")?;
        if delta.is_empty() {
            return Ok(DataRun { cluster: None, count });
        }
        self.cluster = self.cluster.checked_add(signed(delta)).ok_or("a cluster on the volume")?;
        // Windows NT 3.51 wrote sparse runs as cluster -1.
        if self.cluster == -1 {
            return Ok(DataRun { cluster: None, count });
        }
        let cluster = u64::try_from(self.cluster).map_err(|_| "a cluster on the volume")?;
        cluster.checked_add(count).ok_or("an end on the volume")?;
        Ok(DataRun { cluster: Some(cluster), count })
    }
}

impl Iterator for DataRuns<'_> {
    type Item = Result<DataRun>;

    fn next(&mut self) -> Option<Self::Item> {
        let sizes = self.take(1)?.first().copied().filter(|sizes| *sizes != 0)?;
        let run = self.run(sizes);
        if run.is_err() {
            self.packed = &[];
        }
        Some(
            run.map_err(|expected| Error::corrupt("data run", self.at, expected, format!("a run headed {sizes:#04x}"))),
        )
    }
}

/// A little-endian number of up to 8 bytes in two's complement.
fn signed(bytes: &[u8]) -> i64 {
    let fill = if bytes.last().is_some_and(|last| last & 0x80 != 0) { 0xff } else { 0 };
    let mut wide = [fill; 8];
    for (to, from) in wide.iter_mut().zip(bytes) {
        *to = *from;
    }
    i64::from_le_bytes(wide)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpack(packed: &[u8]) -> Vec<Result<DataRun, String>> {
        DataRuns::new(packed, 0).map(|run| run.map_err(|error| error.to_string())).collect()
    }

    fn run(cluster: impl Into<Option<u64>>, count: u64) -> Result<DataRun, String> {
        Ok(DataRun { cluster: cluster.into(), count })
    }

    #[test]
    fn runs_go_forward_back_and_nowhere() {
        // The examples of the linux-ntfs documentation: normal and fragmented, scrambled, sparse.
        assert_eq!(unpack(&[0x21, 0x18, 0x34, 0x56, 0]), [run(0x5634, 0x18)]);
        let scrambled = [0x11, 0x30, 0x60, 0x21, 0x10, 0x00, 0x01, 0x11, 0x20, 0xe0, 0x00];
        assert_eq!(unpack(&scrambled), [run(0x60, 0x30), run(0x160, 0x10), run(0x140, 0x20)]);
        let sparse = [0x11, 0x30, 0x20, 0x01, 0x60, 0x11, 0x10, 0x30, 0x00];
        assert_eq!(unpack(&sparse), [run(0x20, 0x30), run(None, 0x60), run(0x50, 0x10)]);
    }

    #[test]
    fn a_damaged_run_ends_the_list() {
        for packed in
            [&[0x11, 0x30, 0x20, 0x19, 1][..], &[0x11, 0x30, 0x20, 0x11, 1], &[0x11, 0x30, 0x20, 0x11, 1, 0x80]]
        {
            let runs = unpack(packed);
            assert_eq!(runs[0], run(0x20, 0x30));
            assert!(runs[1].is_err() && runs.len() == 2, "{packed:02x?}");
        }
        assert!(unpack(&[0x11, 0xff, 0x20])[0].is_err());
    }
}
