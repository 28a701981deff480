//! Carving of documents, archives, stores and databases: each as its program wrote it, from between other bytes; torn, hurt and
//! made up.

use super::{Bad, content, named, noise, unpacked};
use crate::corpus;
use flate2::{Compression, write::DeflateEncoder};
use forensic_core::{
    NoProgress,
    bytes::Source,
    carve::{self, Carving, Options, Status},
};
use proptest::prelude::*;
use std::{
    io::Write,
    sync::{Arc, LazyLock},
};

/// Files made by `tests/fixtures/carve_documents.py`, which says with which programs; the end of the name is the type.
static FIXTURES: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let files = unpacked(include_bytes!("../../fixtures/carve_documents.tar.gz"));
    for (name, content) in &files {
        let is_database = ["sqlite", "sqlite-wal", "registry", "evtx", "lnk"].contains(&kind_of(name));
        corpus::seed(if is_database { "carve_databases" } else { "carve_documents" }, content);
    }
    files
});

fn fixture(name: &str) -> &'static [u8] {
    named(&FIXTURES, name)
}

fn carved(medium: Vec<u8>, options: &Options) -> Carving {
    let source: Source = Arc::new(medium);
    carve::carve(&source, options, &NoProgress).unwrap()
}

fn kind_of(name: &str) -> &str {
    name.rsplit('.').next().unwrap()
}

/// Carves `file` from behind `before` bytes of noise and says what is wrong with the answer.
fn carve_exactly(kind: &str, file: &[u8], before: usize, seed: u64) -> Result<(), String> {
    let medium = [noise(before, seed), file.to_vec(), noise(700, seed + 1)].concat();
    let carving = carved(medium, &Options::default());
    let found: Vec<_> = carving.files.iter().map(|f| (f.kind, f.offset(), f.size, f.status)).collect();
    match &found[..] {
        [(found_kind, offset, size, Status::Complete)]
            if *found_kind == kind && *offset == before as u64 && *size == file.len() as u64 =>
        {
            Ok(())
        }
        _ => Err(format!("{kind} of {} bytes at {before}: {found:?}", file.len())),
    }
}

#[test]
fn each_program_s_files_are_carved_to_their_last_byte() {
    let wrong: Vec<_> = FIXTURES
        .iter()
        .enumerate()
        .filter_map(|(n, (name, file))| Some((name, carve_exactly(kind_of(name), file, 1001 + n, n as u64).err()?)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_that_follow_one_another_sector_by_sector_are_told_apart() {
    let mut medium = Vec::new();
    let mut truth = Vec::new();
    for (name, file) in FIXTURES.iter().filter(|(_, file)| file.len() < 200_000) {
        medium.resize(medium.len().next_multiple_of(512), 0);
        truth.push((kind_of(name), medium.len() as u64, file.len() as u64));
        medium.extend_from_slice(file);
    }
    let carving = carved(medium, &Options::default());
    let found: Vec<_> = carving.files.iter().map(|file| (file.kind, file.offset(), file.size)).collect();
    let missed: Vec<_> = truth.iter().filter(|file| !found.contains(file)).collect();
    let more: Vec<_> = found.iter().filter(|file| !truth.contains(file)).collect();
    assert!(missed.is_empty() && more.is_empty(), "missed {missed:?}, found {more:?}");
    assert!(carving.files.iter().all(|file| file.status == Status::Complete));
}

#[test]
fn the_corpus_is_carved_to_the_last_byte() {
    let Some(list) = corpus::read("files/corpus.json") else { return };
    let list: serde_json::Value = serde_json::from_slice(&list).unwrap();
    let mut wrong = Vec::new();
    for (n, entry) in list.as_array().unwrap().iter().enumerate() {
        let (id, kind) = (entry["id"].as_str().unwrap(), entry["type"].as_str().unwrap());
        let ours = ["zip", "docx", "xlsx", "pptx", "odt", "gz", "pdf", "ole", "sqlite"].contains(&kind);
        let Some(file) = ours.then(|| corpus::read(&format!("files/{id}.{kind}"))).flatten() else { continue };
        let kind = if kind == "gz" { "gzip" } else { kind };
        wrong.extend(carve_exactly(kind, &file, 777 + n, n as u64).err());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_rest_of_an_archive_is_no_archive() {
    let zip = fixture("infozip.zip");
    let second = zip.windows(4).skip(1).position(|four| four == b"PK\x03\x04").unwrap() + 1;
    let carving = carved([noise(512, 1), zip[second..].to_vec()].concat(), &Options::default());
    assert!(carving.files.is_empty(), "{:?}", carving.files);
}

#[test]
fn an_archive_with_a_hurt_member_is_whole_and_damaged() {
    let mut zip = fixture("infozip.zip").to_vec();
    zip[900] ^= 0x40;
    let carving = carved(zip.clone(), &Options::default());
    assert_eq!((carving.files[0].status, carving.files[0].size), (Status::Damaged, zip.len() as u64));
    assert!(carving.files[0].damaged_at.unwrap() >= 60);
}

#[test]
fn a_cut_database_keeps_the_pages_that_hold() {
    let file = fixture("pages1024.sqlite");
    let carving = carved([&file[..30 * 1024], &noise(8192, 3)].concat(), &Options::default());
    let found = &carving.files[0];
    assert_eq!((found.kind, found.status, found.offset()), ("sqlite", Status::Truncated, 0));
    assert!(found.size <= 30 * 1024);
}

#[test]
fn a_signature_alone_is_no_file() {
    for (name, file) in FIXTURES.iter() {
        for length in [8, 16, 24] {
            let head = &file[..length.min(file.len())];
            let carving = carved([head, &noise(6000, 9)].concat(), &Options::default());
            // The start header of a 7z file has a checksum and is believed, the header of a compound file is not here.
            assert!(carving.files.is_empty() || length >= file.len(), "{name} {length}: {:?}", carving.files);
        }
    }
}

/// A ZIP file of these members: name, content, whether deflated, whether sizes follow the data.
fn zip(members: &[(String, Vec<u8>, bool, bool)], comment: &[u8]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, content, deflated, streamed) in members {
        let data = if *deflated {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        } else {
            content.clone()
        };
        let crc = u32::from_le_bytes(crc(content).to_le_bytes());
        let sums = [crc, data.len() as u32, content.len() as u32].map(u32::to_le_bytes).concat();
        let flags = if *streamed { 8u16 } else { 0 };
        let method = if *deflated { 8u16 } else { 0 };
        let head = [&flags.to_le_bytes()[..], &method.to_le_bytes(), &[0, 0, 0x21, 0x50]].concat();
        let lengths = [(name.len() as u16).to_le_bytes(), [0, 0]].concat();
        let offset = (file.len() as u32).to_le_bytes();
        let known = if *streamed { vec![0; 12] } else { sums.clone() };
        file.extend([b"PK\x03\x04\x14\0", &head[..], &known, &lengths, name.as_bytes(), &data].concat());
        if *streamed {
            file.extend([b"PK\x07\x08", &sums[..]].concat());
        }
        let rest = [0; 12];
        directory.extend(
            [b"PK\x01\x02\x14\0\x14\0", &head[..], &sums, &lengths, &rest[..10], &offset, name.as_bytes()].concat(),
        );
    }
    let count = (members.len() as u16).to_le_bytes();
    let start = (file.len() as u32).to_le_bytes();
    let size = (directory.len() as u32).to_le_bytes();
    let end =
        [&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &size, &start, &(comment.len() as u16).to_le_bytes(), comment];
    [file, directory, end.concat()].concat()
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn members() -> impl Strategy<Value = Vec<(String, Vec<u8>, bool, bool)>> {
    let content =
        prop_oneof![proptest::collection::vec(any::<u8>(), 1..3000), proptest::collection::vec(b'a'..b'e', 1..9000)];
    proptest::collection::vec(("[a-z/]{1,12}\\.txt", content, any::<bool>(), any::<bool>()), 1..8)
}

/// `file` in two pieces, cut at cluster `cut`, `gap` clusters of something apart; the tail before the head where `reordered`.
fn fragmented(file: &[u8], cut: usize, gap: usize, filling: u8, reordered: bool) -> Vec<u8> {
    const CLUSTER: usize = 512;
    let fill = |length: usize| match filling {
        0 => vec![0; length],
        1 => noise(length, 77),
        _ => b"the file record 0x1f error user and to 2020-01-02 cache\r\n"
            .iter()
            .copied()
            .cycle()
            .take(length)
            .collect(),
    };
    let (head, tail) = file.split_at((cut * CLUSTER).min(file.len()));
    let mut padded = tail.to_vec();
    padded.resize(tail.len().next_multiple_of(CLUSTER), 0);
    match reordered {
        true => [fill(CLUSTER), padded, fill(gap * CLUSTER), head.to_vec(), fill(gap * CLUSTER)].concat(),
        false => [fill(CLUSTER), head.to_vec(), fill(gap * CLUSTER), padded, fill(CLUSTER)].concat(),
    }
}

#[test]
fn archives_documents_and_databases_in_two_fragments_are_put_together() {
    let options = Options::default().cluster_size(512);
    let names = [
        "infozip.zip",
        "infozip-stored.zip",
        "streamed-deflated.zip",
        "openpyxl.xlsx",
        "packed.pdf",
        "linearized.pdf",
        "pages1024.sqlite",
        "pages4096.sqlite",
    ];
    let (mut whole, mut all) = (0, 0);
    for (n, name) in names.into_iter().enumerate() {
        let file = fixture(name);
        let clusters = file.len() / 512;
        for cut in [clusters / 4, clusters / 2, clusters * 3 / 4] {
            for reordered in [false, true] {
                let medium = fragmented(file, cut.max(1), 3 + n, (n + cut) as u8 % 3, reordered);
                let carving = carved(medium, &options);
                all += 1;
                if !carving.files.iter().any(|file| file.status == Status::Fragmented) {
                    let found: Vec<_> =
                        carving.files.iter().map(|f| (f.kind, f.offset(), f.size, f.damaged_at)).collect();
                    eprintln!(
                        "not put together: {name} of {} cut at {cut}, reordered: {reordered}, found {found:?}",
                        file.len()
                    );
                }
                for found in carving.files.iter().filter(|file| file.status == Status::Fragmented) {
                    assert_eq!(content(found), file, "{name} cut at {cut}");
                    whole += 1;
                }
            }
        }
    }
    assert!(whole * 10 >= all * 8, "{whole} of {all}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn each_program_s_files_are_carved_exactly_from_any_offset(
        which in any::<prop::sample::Index>(), before in 0usize..5000, seed in 1u64..100_000,
    ) {
        let (name, file) = which.get(&FIXTURES);
        // Mail ends where text does, and the end of a last line belongs to the file.
        let goes_on = matches!(noise(1, seed + 1)[0], b'\r' | b'\n');
        prop_assume!(!["eml", "mbox"].contains(&kind_of(name)) && !goes_on);
        prop_assert_eq!(carve_exactly(kind_of(name), file, before, seed), Ok(()));
    }

    #[test]
    fn any_archive_is_carved_exactly_from_any_offset(
        members in members(), comment in proptest::collection::vec(any::<u8>(), 0..40), before in 0usize..3000, seed in 1u64..1000,
    ) {
        let file = zip(&members, &comment);
        prop_assert_eq!(carve_exactly("zip", &file, before, seed), Ok(()));
    }

    #[test]
    fn an_archive_put_together_is_the_one_that_was_torn(
        members in members(), cut in any::<prop::sample::Index>(), gap in 1usize..20, filling in 0u8..3, reordered in any::<bool>(),
    ) {
        let file = zip(&members, b"");
        prop_assume!(file.len() > 1024);
        let medium = fragmented(&file, 1 + cut.index(file.len() / 512), gap, filling, reordered);
        let carving = carved(medium, &Options::default().cluster_size(512));
        for found in carving.files.iter().filter(|file| file.kind == "zip" && file.status == Status::Fragmented) {
            prop_assert_eq!(content(found), file.clone());
        }
    }

    #[test]
    fn what_is_cut_or_hurt_does_no_harm(
        index in any::<prop::sample::Index>(), keep in any::<prop::sample::Index>(), hurt in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let (_, file) = index.get(FIXTURES.as_slice());
        let mut bytes = file[..=keep.index(file.len()).max(file.len() / 2)].to_vec();
        for (place, value) in hurt {
            // The headers are the likeliest to lead astray.
            let most = bytes.len().min(600);
            let place = place.index(most);
            bytes[place] = if value < 64 { 0xff } else { value };
        }
        let length = bytes.len() as u64;
        for found in carved(bytes, &Options::default().nested(true)).files {
            prop_assert!(found.extents().iter().all(|extent| extent.offset.is_none_or(|offset| offset + extent.length <= length)));
        }
    }

    #[test]
    fn a_gzip_file_is_never_called_whole_with_other_content(place in any::<prop::sample::Index>(), bit in 0u8..8) {
        let file = fixture("named.gzip");
        let mut hurt = file.to_vec();
        let place = 20 + place.index(file.len() - 20);
        hurt[place] ^= 1 << bit;
        let whole = carved(hurt, &Options::default()).files.iter().any(|found| found.kind == "gzip" && found.status == Status::Complete);
        prop_assert!(!whole);
    }
}

#[test]
fn a_medium_that_fails_in_the_middle_is_carved_before_and_behind() {
    let file = fixture("infozip.zip");
    let mut medium = noise(4096, 1);
    medium.extend_from_slice(file);
    medium.resize(64 << 10, 0);
    let second = medium.len() as u64;
    medium.extend_from_slice(file);
    let source: Source = Arc::new(Bad(medium, 40_000..41_000));
    let carving = carve::carve(&source, &Options::default(), &NoProgress).unwrap();
    let found: Vec<_> = carving.files.iter().map(|file| (file.offset(), file.status)).collect();
    assert_eq!(found, [(4096, Status::Complete), (second, Status::Complete)]);
    assert!(!carving.issues.is_empty());
}
