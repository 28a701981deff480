//! EWF images that are damaged, incomplete or hostile: what is whole is read, what is not is an error at its place.

use crate::{
    corpus,
    ewf_image::{self, CHUNK, Image, SECTOR},
    faults::FailingRead,
};
use forensic_core::{
    Error, Limits, NoProgress, Result,
    bytes::{ReadAt, Source, Unreadable},
    evidence::{Evidence, OpenOptions},
};
use proptest::prelude::*;
use std::{ops::ControlFlow, sync::Arc};

/// A medium of 11 chunks, the last one a sector short; every byte differs from its neighbours in other chunks.
fn medium() -> Vec<u8> {
    (0..10 * CHUNK + SECTOR).map(|at| (at / 7 + at / CHUNK * 31) as u8).collect()
}

fn open(file: Vec<u8>) -> Result<Evidence> {
    corpus::seed("evidence", &file);
    Evidence::from_bytes(file)
}

fn one_file() -> Image {
    ewf_image::write(&medium(), 1, &[])
}

/// Reads chunk by chunk: the content, or the error.
fn by_chunk(evidence: &Evidence) -> Vec<Result<Vec<u8>>> {
    let size = evidence.size();
    let read = |at: u64| evidence.stream().read_vec(at, (CHUNK as u64).min(size - at));
    (0..size.div_ceil(CHUNK as u64)).map(|chunk| read(chunk * CHUNK as u64)).collect()
}

/// Asserts that just the chunks in `bad` fail, each with an error at its start, and all others are as they should be.
fn assert_only_bad(evidence: &Evidence, bad: &[usize]) {
    let read = by_chunk(evidence);
    assert_eq!(read.len(), 11);
    for (number, (read, expected)) in read.into_iter().zip(medium().chunks(CHUNK)).enumerate() {
        match read {
            Ok(bytes) => assert!(!bad.contains(&number) && bytes == expected, "chunk {number}"),
            Err(Error::Corrupt { structure: "EWF chunk", offset, .. }) => {
                assert!(bad.contains(&number), "chunk {number}");
                assert_eq!(offset, (number * CHUNK) as u64);
            }
            Err(error) => panic!("chunk {number}: {error}"),
        }
    }
}

/// Writes the segments as `image.E01` … in a new folder, but for those in `absent`.
fn folder(image: &Image, absent: &[usize]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (index, bytes) in image.segments.iter().enumerate().filter(|(index, _)| !absent.contains(index)) {
        std::fs::write(folder.path().join(format!("image.E{:02}", index + 1)), bytes).unwrap();
    }
    folder
}

#[test]
fn compressed_and_plain_chunks_and_a_short_last_one_are_the_medium() {
    let evidence = open(one_file().segments.remove(0)).unwrap();
    assert_eq!(evidence.issues(), []);
    assert_eq!(evidence.stream().read_vec(0, evidence.size()).unwrap(), medium());
    for (offset, length) in
        [(0, 1), (CHUNK - 1, 2), (3 * CHUNK + 5, 4 * CHUNK), (10 * CHUNK, SECTOR), (9 * CHUNK, 1500)]
    {
        let expected = &medium()[offset..offset + length];
        assert_eq!(evidence.stream().read_vec(offset as u64, length as u64).unwrap(), expected);
    }
    assert!(matches!(evidence.stream().read_vec(evidence.size(), 1), Err(Error::OutOfBounds { .. })));
    let metadata = evidence.metadata();
    assert_eq!((&*metadata["case_number"], &*metadata["acquired"]), ("7", "2024-02-29T01:02:03"));
    assert_eq!(evidence.verify(&NoProgress).unwrap().ok, Some(true));
}

#[test]
fn a_long_read_is_the_same_from_many_threads() {
    let long: Vec<u8> = (0..300 * CHUNK + SECTOR).map(|at| (at * at / 911) as u8).collect();
    let evidence = open(ewf_image::write(&long, 1, &[]).segments.remove(0)).unwrap();
    assert!(evidence.stream().read_vec(0, evidence.size()).unwrap() == long);
    assert!(evidence.stream().read_vec(77, 200_000).unwrap() == long[77..200_077]);
}

#[test]
fn segments_are_found_beside_any_member_and_taken_in_any_order() {
    let image = ewf_image::write(&medium(), 3, &[]);
    let folder = folder(&image, &[]);
    let paths = [1, 2, 3].map(|number| folder.path().join(format!("image.E0{number}")));
    for path in &paths {
        let evidence = Evidence::open(path).unwrap();
        assert_eq!(evidence.stream().read_vec(0, evidence.size()).unwrap(), medium());
        assert_eq!(evidence.metadata()["segments"], "3");
    }
    let shuffled = OpenOptions::new().open_segments([&paths[2], &paths[0], &paths[1]]).unwrap();
    assert_eq!(shuffled.verify(&NoProgress).unwrap().ok, Some(true));
    let twice = OpenOptions::new().open_segments([&paths[0], &paths[1], &paths[1], &paths[2]]);
    assert!(matches!(twice, Err(Error::InvalidArgument { .. })));
}

#[test]
fn a_missing_segment_is_named() {
    let image = ewf_image::write(&medium(), 3, &[]);
    for (absent, from, number, name) in
        [(1, 1, 2, "image.E02"), (1, 3, 2, "image.E02"), (2, 1, 3, "image.E03"), (0, 2, 1, "image.E01")]
    {
        let folder = folder(&image, &[absent]);
        match Evidence::open(folder.path().join(format!("image.E0{from}"))) {
            Err(Error::MissingSegment { number: missing, path }) => {
                assert_eq!((missing, path.file_name().unwrap().to_str().unwrap()), (number, name));
            }
            other => panic!("without segment {}: {:?}", absent + 1, other.map(|evidence| evidence.size())),
        }
    }
    let lone = open(image.segments[1].clone());
    assert!(matches!(lone, Err(Error::MissingSegment { number: 1, .. })));
}

#[test]
fn a_damaged_table_gives_way_to_its_copy() {
    for place in [0, 9, 24, 30] {
        let mut image = one_file();
        let (_, table) = image.tables[0].clone();
        image.segments[0][table.start + place] ^= 0x55;
        let evidence = open(image.segments.remove(0)).unwrap();
        assert_only_bad(&evidence, &[]);
        assert_eq!(evidence.issues().len(), 1, "{:?}", evidence.issues());
        assert_eq!(evidence.issues()[0].structure, "EWF table");
    }
}

#[test]
fn with_both_tables_damaged_what_is_left_of_them_is_used() {
    let mut image = one_file();
    for (_, table) in image.tables.clone() {
        image.segments[0][table.start + 24 + 4 * 6 + 1] ^= 0x7f;
    }
    let evidence = open(image.segments.remove(0)).unwrap();
    assert_only_bad(&evidence, &[6]);
}

#[test]
fn a_damaged_chunk_costs_itself_and_nothing_else() {
    for number in [0, 3, 4, 10] {
        let mut image = one_file();
        let (_, chunk) = image.chunks[number].clone();
        image.segments[0][chunk.start + chunk.len() / 2] ^= 1;
        let evidence = open(image.segments[0].clone()).unwrap();
        assert_only_bad(&evidence, &[number]);
        let verification = evidence.verify(&NoProgress).unwrap();
        let bad: Vec<_> = verification.bad_ranges.iter().map(|range| (range.stream_offset, range.length)).collect();
        let length = if number == 10 { SECTOR } else { CHUNK };
        assert_eq!((verification.ok, bad), (Some(false), vec![((number * CHUNK) as u64, length as u64)]));
        let options = OpenOptions::new().unreadable(Unreadable::Zero);
        let zeroed = options.open_source(Arc::new(image.segments.remove(0))).unwrap();
        let mut expected = medium();
        expected[number * CHUNK..][..length].fill(0);
        assert_eq!(zeroed.stream().read_vec(0, zeroed.size()).unwrap(), expected);
        assert_eq!(zeroed.unreadable_ranges(), verification.bad_ranges);
    }
}

#[test]
fn a_table_entry_outside_the_file_fails_alone() {
    let mut image = one_file();
    for table in 0..2 {
        image.set_entry(table, 4, 0x7fff_ff00);
    }
    let evidence = open(image.segments.remove(0)).unwrap();
    assert_only_bad(&evidence, &[4]);
    assert!(evidence.issues()[0].message.contains("1 entries point outside"), "{:?}", evidence.issues());
}

#[test]
fn a_chunk_that_inflates_beyond_its_size_is_refused() {
    let mut image = one_file();
    let bomb = ewf_image::deflate(&vec![0; 1 << 18]);
    let (_, first) = image.chunks[0].clone();
    assert!(bomb.len() < image.chunks[10].1.end - first.start);
    image.segments[0][first.start..first.start + bomb.len()].copy_from_slice(&bomb);
    let evidence = open(image.segments.remove(0)).unwrap();
    match evidence.stream().read_vec(0, 1) {
        Err(Error::Corrupt { offset: 0, found, .. }) => assert!(found.starts_with("more"), "{found}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn sectors_that_could_not_be_acquired_are_told() {
    let image = ewf_image::write(&medium(), 1, &[(4, 3), (20, 1000)]);
    let evidence = open(image.segments[0].clone()).unwrap();
    let ranges: Vec<_> = evidence.unreadable_ranges().iter().map(|range| (range.stream_offset, range.length)).collect();
    assert_eq!(ranges, [(2048, 1536), (10_240, 512)]);
}

#[test]
fn a_chain_of_sections_that_turns_back_ends_there() {
    let mut image = ewf_image::write(&medium(), 1, &[(4, 3)]);
    let (_, table2) = image.tables[1].clone();
    image.set_next(0, table2.start, 13);
    let evidence = open(image.segments.remove(0)).unwrap();
    assert_only_bad(&evidence, &[]);
    assert!(evidence.issues().iter().any(|issue| issue.structure == "EWF section descriptor"));
    assert_eq!(evidence.verify(&NoProgress).unwrap().ok, None);
}

#[test]
fn chunks_behind_a_broken_chain_keep_their_place() {
    let image = ewf_image::write(&medium(), 3, &[]);
    let mut damaged = image.clone();
    let (segment, table) = image.tables[2].clone();
    assert_eq!(segment, 1);
    damaged.segments[1][table.start - 76..table.start].fill(0xff);
    let folder = folder(&damaged, &[]);
    let evidence = Evidence::open(folder.path().join("image.E01")).unwrap();
    assert_only_bad(&evidence, &[4, 5, 6, 7]);
    let verification = evidence.verify(&NoProgress).unwrap();
    assert_eq!(verification.bad_ranges.len(), 1);
    assert_eq!(verification.bad_ranges[0].length, 4 * CHUNK as u64);
}

#[test]
fn absurd_geometry_is_refused_or_costs_nothing() {
    let mut image = one_file();
    image.set_volume(8, &[0; 4]);
    assert!(matches!(open(image.segments.remove(0)), Err(Error::Corrupt { structure: "EWF volume section", .. })));
    let mut image = one_file();
    image.set_volume(8, &[0xff; 8]);
    assert!(matches!(open(image.segments.remove(0)), Err(Error::Limit { .. })));
    let mut image = one_file();
    image.set_volume(16, &(u64::MAX / 2).to_le_bytes());
    assert!(matches!(open(image.segments.remove(0)), Err(Error::Corrupt { .. })));
    let mut image = one_file();
    image.set_volume(16, &(1u64 << 54).to_le_bytes());
    let evidence = open(image.segments.remove(0)).unwrap();
    assert_eq!(evidence.stream().read_vec(0, 10 * CHUNK as u64).unwrap(), medium()[..10 * CHUNK]);
    assert_eq!(evidence.verify(&NoProgress).unwrap().ok, Some(false));
    assert!(!evidence.volumes().is_empty());
}

#[test]
fn a_wrong_chunk_size_is_an_error_and_not_other_bytes() {
    for sectors in [1u32, 3, 64] {
        let mut image = one_file();
        image.set_volume(8, &sectors.to_le_bytes());
        let evidence = open(image.segments.remove(0)).unwrap();
        assert!(evidence.stream().read_vec(0, 512).is_err(), "{sectors} sectors a chunk");
    }
}

#[test]
fn an_image_in_an_image_is_read() {
    let inner = one_file().segments.remove(0);
    let mut outer = inner.clone();
    outer.resize(inner.len().next_multiple_of(SECTOR), 0);
    let outer = open(ewf_image::write(&outer, 1, &[]).segments.remove(0)).unwrap();
    let evidence = OpenOptions::new().open_source(outer.stream()).unwrap();
    assert_eq!(evidence.stream().read_vec(0, evidence.size()).unwrap(), medium());
}

#[test]
fn verification_stops_when_told_to() {
    let evidence = open(one_file().segments.remove(0)).unwrap();
    let stop = |_: u64, _: u64| ControlFlow::Break(());
    assert!(matches!(evidence.verify(&stop), Err(Error::Cancelled)));
}

#[test]
fn any_read_may_fail_without_wrong_bytes() {
    let file = one_file().segments.remove(0);
    for nth in 0.. {
        let failing = Arc::new(FailingRead::new(Arc::new(file.clone()), nth));
        let source: Source = failing.clone();
        if let Ok(evidence) = OpenOptions::new().open_source(source) {
            if evidence.format() == "raw" {
                assert!(!evidence.issues().is_empty(), "read {nth}");
            } else {
                for (read, expected) in by_chunk(&evidence).into_iter().zip(medium().chunks(CHUNK)) {
                    assert!(read.is_err() || read.unwrap() == expected, "read {nth}");
                }
            }
        }
        if !failing.has_failed() {
            return;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever bytes change, opening and reading end, and what is read of an undamaged chunk is right or refused.
    #[test]
    fn a_mutated_image_ends_in_content_or_an_error(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut file = ewf_image::write(&medium(), 1, &[(1, 1)]).segments.remove(0);
        for (index, value) in changes {
            let at = index.index(file.len());
            file[at] = value;
        }
        let limits = Limits { inflated_bytes: 1 << 20, ..Limits::default() };
        if let Ok(evidence) = OpenOptions::new().limits(limits).open_source(Arc::new(file)) {
            let length = evidence.size().min(16 * CHUNK as u64);
            let _ = evidence.stream().read_vec(0, length);
            evidence.volumes();
        }
    }
}
