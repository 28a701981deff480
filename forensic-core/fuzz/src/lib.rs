//! What every fuzz target of carving asks: that the answer is of the medium and of no byte twice, and can be read. And what
//! every one of lists does: that records are such, and are the same when written and read again.
use forensic_core::{
    Limits, NoProgress, Result,
    bytes::{ReadAt, Source},
    carve::{self, Options},
    known::{FileRecord, Format, Group, List, ListWriter, Sink},
};
use std::sync::Arc;
use twox_hash::XxHash3_64;

/// Carves `medium` on one thread with a small effort for mending, and checks what is claimed.
pub fn carve(medium: Vec<u8>, options: Options) {
    let source: Source = Arc::new(medium);
    let limits = Limits { mend_bytes: 4 << 20, ..Limits::default() };
    let carving = carve::carve(&source, &options.threads(1).limits(limits), &NoProgress).unwrap();
    for file in carving.files {
        let mut runs: Vec<_> =
            file.extents().iter().filter_map(|run| Some((run.offset?, run.offset? + run.length))).collect();
        runs.sort_unstable();
        assert!(runs.iter().all(|run| run.1 <= source.len()) && runs.windows(2).all(|pair| pair[0].1 <= pair[1].0));
        assert!(file.size > 0);
        assert_eq!(file.open().read_vec(0, file.size).unwrap().len() as u64, file.size);
    }
}

/// What a list gives.
#[derive(Default)]
struct Collected {
    groups: Vec<Group>,
    records: Vec<(usize, FileRecord)>,
    issues: usize,
}

impl Sink for Collected {
    fn begin_group(&mut self) -> Result<()> {
        self.groups.push(Group::default());
        Ok(())
    }

    fn describe(&mut self, group: Group) -> Result<()> {
        let _ = group.properties.to_map();
        *self.groups.last_mut().unwrap() = group;
        Ok(())
    }

    fn record(&mut self, record: &FileRecord) -> Result<()> {
        let json = record.properties.as_json();
        assert!(json.is_empty() || !record.properties.to_map().is_empty(), "{json:?}");
        let digests = [record.md5.is_some(), record.sha1.is_some(), record.sha256.is_some(), record.blake3.is_some()];
        assert!(digests.contains(&true) || record.untold.is_some());
        self.records.push((self.groups.len() - 1, record.clone()));
        Ok(())
    }

    fn remove(&mut self, record: &FileRecord) -> Result<()> {
        assert!(record.sha256.is_some() || record.sha1.is_some() || record.md5.is_some());
        Ok(())
    }

    fn filter(&mut self, bytes: Vec<u8>) -> Result<()> {
        assert!(bytes.len() > 48);
        Ok(())
    }

    fn issue(&mut self, _: u64, message: String) {
        assert!(!message.is_empty());
        self.issues += 1;
    }
}

fn read(data: &[u8], format: Option<Format>) -> Option<(Format, Collected)> {
    let limits = Limits { structure_bytes: 1 << 20, sparse_bytes: 4 << 20, issues: 1000, ..Limits::default() };
    let list = List::from_reader("list", data, format, &limits).ok()?;
    let format = list.format();
    let mut collected = Collected { groups: vec![Group::default()], ..Collected::default() };
    list.read(&mut collected).ok()?;
    assert!(collected.issues <= 1001);
    Some((format, collected))
}

/// Reads `data` as what it seems to be and as each of the formats.
pub fn lists(data: &[u8], formats: &[Format]) {
    for format in formats.iter().copied().map(Some).chain([None]) {
        let Some((format, first)) = read(data, format) else { continue };
        let again = match format {
            Format::Vics | Format::VicsCase | Format::Caid => [Format::Vics, Format::VicsCase],
            Format::IcseCsv => [Format::IcseCsv, Format::Sums],
            _ => [Format::Hashdeep, Format::Vics],
        };
        for format in again {
            write_and_read(&first, format);
        }
    }
}

fn write_and_read(first: &Collected, format: Format) {
    let mut text = Vec::new();
    let mut writer = ListWriter::new("list", &mut text, format).unwrap();
    let mut records = first.records.iter().peekable();
    for (number, group) in first.groups.iter().enumerate() {
        if number > 0 {
            writer.begin_group().unwrap();
        }
        writer.describe(group.clone()).unwrap();
        while let Some((_, record)) = records.next_if(|(group, _)| *group == number) {
            writer.record(record).unwrap();
        }
    }
    let report = writer.finish().unwrap();
    assert_eq!(report.records + report.skipped, first.records.len() as u64);
    let Some((_, second)) = read(&text, Some(format)) else {
        panic!("what is written as {format} is not read: {}", String::from_utf8_lossy(&text))
    };
    // A list of sums has a line for each digest.
    assert!(second.records.len() as u64 >= report.records, "{format}: {}", String::from_utf8_lossy(&text));
    if report.lost.is_empty()
        && report.skipped == 0
        && matches!(format, Format::Vics | Format::Hashdeep | Format::IcseCsv)
    {
        for ((_, record), (_, again)) in first.records.iter().zip(&second.records) {
            let digests = |record: &FileRecord| (record.md5, record.sha1, record.sha256, record.size);
            assert_eq!(digests(record), digests(again));
            assert_eq!(record.category, again.category);
        }
    }
}

/// Makes length and checksums of a sealed file right, whose section `sums` they are: what is behind them is reached.
pub fn mend_sealed(bytes: &mut [u8], sums: usize) -> Option<()> {
    const BLOCK: usize = 4096;
    const SUMS_CHECKSUM_AT: usize = 384;
    let sums_at = 32 + sums * 16;
    let length = bytes.len() as u64;
    bytes.get_mut(24..32)?.copy_from_slice(&length.to_le_bytes());
    let sums = u64::from_le_bytes(bytes.get(sums_at..sums_at + 8)?.try_into().ok()?);
    let sums = usize::try_from(sums).ok().filter(|sums| (BLOCK..=bytes.len()).contains(sums))?;
    let (blocks, table) = bytes.split_at_mut(sums);
    for (block, sum) in blocks[BLOCK..].chunks(BLOCK).zip(table.chunks_exact_mut(8)) {
        sum.copy_from_slice(&XxHash3_64::oneshot(block).to_le_bytes());
    }
    let over_all = XxHash3_64::oneshot(table).to_le_bytes();
    bytes.get_mut(SUMS_CHECKSUM_AT..SUMS_CHECKSUM_AT + 8)?.copy_from_slice(&over_all);
    let header = XxHash3_64::oneshot(&bytes[..BLOCK - 8]).to_le_bytes();
    bytes[BLOCK - 8..BLOCK].copy_from_slice(&header);
    Some(())
}
