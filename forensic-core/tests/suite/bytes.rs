//! Sources: composed, cached, tolerant and read ahead, they give the same bytes and know where these lie.

use forensic_core::{
    Error, Result,
    bytes::{Cached, Extents, FileSource, ReadAt, Reader, Run, Slice, Source, Tolerant, Unreadable, for_each_block},
};
use std::{
    io::{self, Read, Seek, SeekFrom, Write},
    iter,
    ops::Range,
    sync::Arc,
};

fn medium(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 / 7) as u8).collect()
}

fn source(length: usize) -> Source {
    Arc::new(medium(length))
}

/// A source with places that cannot be read.
struct Bad {
    bytes: Vec<u8>,
    bad: Vec<Range<u64>>,
}

impl ReadAt for Bad {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let length = buf.len() as u64;
        if self.bad.iter().any(|bad| bad.start < offset + length && offset < bad.end) {
            return Err(Error::Unreadable { offset, length, source: Arc::new(io::Error::other("bad sector")) });
        }
        self.bytes.read_at(offset, buf)
    }
}

#[test]
fn a_slice_reads_its_part_and_nothing_else() {
    let slice = Slice::new(source(100), 10, 20).unwrap();
    assert_eq!(slice.read_vec(0, 20).unwrap(), &medium(100)[10..30]);
    assert!(matches!(slice.read_vec(0, 21), Err(Error::OutOfBounds { .. })));
    assert!(matches!(slice.read_vec(u64::MAX, 1), Err(Error::OutOfBounds { .. })));
    assert_eq!(slice.read_vec(20, 0).unwrap(), b"");
    assert!(Slice::new(source(100), 90, 11).is_err() && Slice::new(source(100), u64::MAX, 2).is_err());
    let located = slice.locate(15, 100);
    assert_eq!((located.len(), located[0].stream_offset, located[0].offset, located[0].length), (1, 15, Some(25), 5));
}

#[test]
fn adjacent_runs_merge_and_cutting_ends_where_told() {
    let runs = [Run::new(0, 4), Run::new(4, 4), Run::sparse(0), Run::sparse(3), Run::sparse(2), Run::new(20, 1)];
    let extents = Extents::new(source(100), runs);
    let merged = [Run::new(0, 8), Run::sparse(5), Run::new(20, 1)];
    assert_eq!(extents.runs().collect::<Vec<_>>(), merged);
    for (length, runs) in [(0, 0), (1, 1), (8, 1), (9, 2), (13, 2), (14, 3), (99, 3)] {
        let cut = extents.clone().truncated(length);
        assert_eq!((cut.len(), cut.runs().count()), (length.min(14), runs), "{length}");
        assert_eq!(cut.read_vec(0, cut.len()).unwrap(), extents.read_vec(0, cut.len()).unwrap());
    }
    assert_eq!(Extents::new(source(1), [Run::new(0, u64::MAX), Run::new(0, 9)]).len(), u64::MAX);
}

#[test]
fn a_run_outside_its_source_is_an_error_and_not_zeros() {
    let extents = Extents::new(source(100), [Run::new(0, 10), Run::new(95, 10)]);
    assert!(extents.read_vec(0, 15).is_ok());
    assert!(matches!(extents.read_vec(0, 16), Err(Error::OutOfBounds { .. })));
}

#[test]
fn places_compose_to_the_medium_over_three_levels() {
    let volume: Source = Arc::new(Slice::new(source(1000), 100, 800).unwrap());
    let file: Source = Arc::new(Extents::new(volume, [Run::new(50, 10), Run::sparse(5), Run::new(10, 20)]));
    let inner = Extents::new(file.clone(), [Run::new(12, 8), Run::new(0, 3)]);
    let places: Vec<_> =
        inner.extents().iter().map(|extent| (extent.stream_offset, extent.offset, extent.length)).collect();
    assert_eq!(places, [(0, None, 3), (3, Some(110), 5), (8, Some(150), 3)]);
    let bytes = medium(1000);
    let content = inner.read_vec(0, inner.len()).unwrap();
    for (at, offset, length) in places {
        let part = &content[at as usize..(at + length) as usize];
        match offset {
            Some(offset) => assert_eq!(part, &bytes[offset as usize..(offset + length) as usize]),
            None => assert!(part.iter().all(|byte| *byte == 0)),
        }
    }
    assert_eq!((inner.medium_offset(4), file.medium_offset(0)), (111, 150));
    let guessed = Extents::new(file, [Run { inferred: true, ..Run::new(0, 4) }]);
    assert!(guessed.extents()[0].inferred);
}

#[test]
fn a_reader_seeks_and_stops_at_the_end() {
    let mut reader = Reader::new(source(100));
    let mut all = Vec::new();
    reader.read_to_end(&mut all).unwrap();
    assert_eq!(all, medium(100));
    assert_eq!(reader.seek(SeekFrom::End(-10)).unwrap(), 90);
    assert_eq!(reader.seek(SeekFrom::Current(5)).unwrap(), 95);
    assert_eq!(reader.read(&mut [0; 10]).unwrap(), 5);
    assert_eq!(reader.seek(SeekFrom::Start(500)).unwrap(), 500);
    assert_eq!(reader.read(&mut [0; 10]).unwrap(), 0);
    assert!(reader.seek(SeekFrom::Current(-501)).is_err());
}

#[test]
fn a_cache_gives_what_its_source_gives_from_many_threads() {
    let bytes = medium(300_000);
    let cached = Cached::with_page_size(Arc::new(bytes.clone()), 64 << 10, 1024);
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let (cached, bytes) = (&cached, &bytes);
            scope.spawn(move || {
                let mut state = thread + 1;
                for _ in 0..2000 {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let offset = (state >> 33) % bytes.len() as u64;
                    let length = ((state >> 20) % 5000).min(bytes.len() as u64 - offset);
                    let expected = &bytes[offset as usize..(offset + length) as usize];
                    assert_eq!(cached.read_vec(offset, length).unwrap(), expected);
                }
            });
        }
    });
    let long = cached.read_vec(5, 200_000).unwrap();
    assert!(long == bytes[5..200_005]);
    assert!(matches!(cached.read_vec(299_999, 2), Err(Error::OutOfBounds { .. })));
}

#[test]
fn a_cached_page_with_a_bad_byte_does_not_hide_the_good_ones() {
    let bad = Bad { bytes: medium(8192), bad: iter::once(1500..1501).collect() };
    let cached = Cached::with_page_size(Arc::new(bad), 1 << 20, 1024);
    assert_eq!(cached.read_vec(1024, 400).unwrap(), &medium(8192)[1024..1424]);
    assert_eq!(cached.read_vec(1501, 2000).unwrap(), &medium(8192)[1501..3501]);
    assert!(cached.read_vec(1400, 200).is_err());
}

#[test]
fn unreadable_sectors_read_as_zeros_and_are_recorded_exactly() {
    let bad = || Bad {
        bytes: vec![0xaa; 64 * 512 + 100],
        bad: vec![5 * 512..5 * 512 + 1, 20 * 512..23 * 512, 64 * 512..64 * 512 + 1],
    };
    let tolerant = Tolerant::new(Arc::new(bad()), Unreadable::Zero, 512);
    let bytes = tolerant.read_vec(0, tolerant.len()).unwrap();
    let zeros = |at: usize| (5 * 512..6 * 512).contains(&at) || (20 * 512..23 * 512).contains(&at) || at >= 64 * 512;
    assert!(bytes.iter().enumerate().all(|(at, byte)| *byte == if zeros(at) { 0 } else { 0xaa }));
    let ranges =
        || tolerant.unreadable_ranges().iter().map(|range| (range.stream_offset, range.length)).collect::<Vec<_>>();
    let expected = [(5 * 512, 512), (20 * 512, 3 * 512), (64 * 512, 100)];
    assert_eq!(ranges(), expected);
    tolerant.read_vec(4 * 512 + 7, 3000).unwrap();
    assert_eq!(ranges(), expected, "reading again adds nothing");
    assert!(matches!(tolerant.read_vec(tolerant.len(), 1), Err(Error::OutOfBounds { .. })));
    let strict = Tolerant::new(Arc::new(bad()), Unreadable::Raise, 512);
    assert!(strict.read_vec(0, 4000).is_err() && strict.unreadable_ranges().is_empty());
}

#[test]
fn blocks_come_in_order_with_any_number_of_readers() {
    for (length, block) in [(0, 10), (1, 10), (100, 10), (101, 10), (100_000, 777)] {
        for readers in 0..=4 {
            let mut seen = Vec::new();
            for_each_block(&source(length), block, readers, |offset, bytes| {
                assert_eq!(offset, seen.len() as u64);
                seen.extend_from_slice(bytes?);
                Ok(())
            })
            .unwrap();
            assert!(seen == medium(length), "{length} by {block} with {readers}");
        }
    }
}

#[test]
fn a_bad_block_is_told_and_the_next_ones_follow() {
    for readers in 0..=4 {
        let bad: Source = Arc::new(Bad { bytes: medium(1000), bad: iter::once(350..351).collect() });
        let mut outcome = Vec::new();
        for_each_block(&bad, 100, readers, |_, block| {
            outcome.push(block.is_ok());
            Ok(())
        })
        .unwrap();
        let expected: Vec<_> = (0..10).map(|block| block != 3).collect();
        assert_eq!(outcome, expected, "{readers} readers");
    }
}

#[test]
fn a_visitor_ends_the_work_with_its_error() {
    for readers in 0..=4 {
        let mut visited = 0;
        let result = for_each_block(&source(100_000), 100, readers, |_, _| {
            visited += 1;
            if visited == 7 { Err(Error::Cancelled) } else { Ok(()) }
        });
        assert!(matches!(result, Err(Error::Cancelled)));
        assert_eq!(visited, 7);
    }
}

#[test]
fn a_file_is_read_at_any_offset_and_a_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("medium");
    std::fs::write(&path, medium(5000)).unwrap();
    let file = FileSource::open(&path).unwrap();
    assert_eq!(file.read_vec(4000, 1000).unwrap(), &medium(5000)[4000..]);
    assert!(matches!(file.read_vec(4000, 1001), Err(Error::OutOfBounds { .. })));
    assert!(matches!(FileSource::open(folder.path()), Err(Error::Io { .. })));
    assert!(matches!(FileSource::open(folder.path().join("absent")), Err(Error::Io { .. })));
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(4500).unwrap();
    assert!(matches!(file.read_vec(4000, 1000), Err(Error::Unreadable { .. })), "a file that shrinks is not zeros");
}

/// Not every filesystem keeps holes: where this one does not, nothing is said about zeros.
#[test]
fn holes_of_a_sparse_file_are_known_without_reading_them() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let (hole, data) = (8u64 << 20, b"data behind a hole");
    file.as_file().set_len(hole).unwrap();
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(data).unwrap();
    file.as_file().set_len(2 * hole).unwrap();
    let source: Source = Arc::new(FileSource::open(file.path()).unwrap());
    let volume = Slice::new(source, 1 << 20, (2 * hole) - (1 << 20)).unwrap();
    let mut at = 0;
    while at < volume.len() {
        let next = volume.next_data(at);
        assert!(next >= at && next <= volume.len());
        assert_eq!(volume.read_vec(at, next - at).unwrap(), vec![0; (next - at) as usize]);
        at = next + 4096;
    }
    let place = hole - (1 << 20);
    assert!(volume.next_data(place) == place && volume.read_vec(place, 18).unwrap() == data);
    // A file in two pieces with a hole of its own between them.
    let pieces = [Run::new(0, 4096), Run::sparse(100), Run::new(place, 18)];
    let file = Extents::new(Arc::new(volume), pieces);
    assert!([0, 4196].contains(&file.next_data(0)) && file.next_data(4096) == 4196 && file.next_data(4200) == 4200);
    assert_eq!((file.next_data(4214), file.locate_byte(4196), file.locate_byte(4096)), (4214, Some(hole), None));
}
