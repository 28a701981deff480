//! JPEG carved from noise: every coding, cut, hurt and in pieces. `fixtures/jpegs.bin.gz` is made by `fixtures/make_jpegs.py`.

use super::{Bad, content, noise};
use crate::corpus;
use forensic_core::{
    NoProgress,
    bytes::{ReadAt, Source},
    carve::{self, Carved, Options, Status},
};
use proptest::prelude::*;
use std::{io::Read, sync::Arc};

/// The files of the fixture, by name.
fn files() -> Vec<(String, Vec<u8>)> {
    let packed = include_bytes!("../../fixtures/jpegs.bin.gz");
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
    let (mut rest, mut files) = (bytes.as_slice(), Vec::new());
    while let Some((length, more)) = rest.split_first() {
        let (name, more) = more.split_at(usize::from(*length));
        let (length, more) = more.split_at(4);
        let (file, more) = more.split_at(u32::from_be_bytes(length.try_into().unwrap()) as usize);
        files.push((String::from_utf8(name.to_vec()).unwrap(), file.to_vec()));
        rest = more;
    }
    files
}

fn file(name: &str) -> Vec<u8> {
    files().into_iter().find(|(other, _)| other == name).unwrap().1
}

fn carved(medium: &[u8], options: &Options) -> Vec<Carved> {
    let source: Source = Arc::new(medium.to_vec());
    carve::carve(&source, &options.clone().types(["jpeg"]).threads(1), &NoProgress).unwrap().files
}

#[test]
fn every_coding_is_carved_to_its_last_byte_and_no_further() {
    for (name, file) in files() {
        let medium = [noise(777, 1), file.clone(), noise(3000, 2)].concat();
        let found = carved(&medium, &Options::default());
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert_eq!(
            (found[0].offset(), found[0].size, found[0].status),
            (777, file.len() as u64, Status::Complete),
            "{name}"
        );
    }
}

#[test]
fn a_picture_ends_at_the_sector_that_cannot_be_read_wherever_its_codes_stand() {
    for (name, file) in files() {
        // The last byte that can be read is any of a code, or the first of a marker.
        for end in (file.len() as u64 / 2..).take(24) {
            let source: Source = Arc::new(Bad([file.clone(), vec![0; 4096]].concat(), end..end + 512));
            for found in carve::carve(&source, &Options::default().threads(1), &NoProgress).unwrap().files {
                let whole = matches!(found.status, Status::Complete | Status::Fragmented);
                assert!(!whole || found.open().read_vec(0, found.size).is_ok(), "{name}, from {end}: {found:?}");
            }
        }
    }
}

#[test]
fn pictures_one_behind_another_are_told_apart() {
    let files = files();
    let medium: Vec<u8> = files.iter().flat_map(|(_, file)| file.clone()).collect();
    let found = carved(&medium, &Options::default());
    let sizes: Vec<u64> = found.iter().map(|file| file.size).collect();
    assert_eq!(sizes, files.iter().map(|(_, file)| file.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_thumbnail_and_a_second_picture_are_children_of_their_file() {
    for name in ["exif with thumbnail", "two pictures"] {
        let found = carved(&file(name), &Options::default());
        assert_eq!((found.len(), found[0].children.len()), (1, 1), "{name}");
    }
}

#[test]
fn small_files_of_the_corpus_are_carved_exactly() {
    let Some(folder) = corpus::root().map(|root| root.join("files")).filter(|folder| folder.is_dir()) else {
        eprintln!("SKIPPED: files/ is not in FORENSIC_CORPUS");
        return;
    };
    let mut seen = 0;
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|extension| extension != "jpg") || path.metadata().unwrap().len() > 100_000 {
            continue;
        }
        let file = std::fs::read(&path).unwrap();
        let found = carved(&[noise(333, 5), file.clone(), noise(600, 6)].concat(), &Options::default());
        assert_eq!((found.len(), found[0].offset(), found[0].size), (1, 333, file.len() as u64), "{}", path.display());
        seen += 1;
    }
    assert!(seen > 0);
}

#[test]
fn a_picture_in_two_pieces_around_other_data_is_whole_again() {
    let file = file("baseline, quality 100");
    let between: [(&str, Vec<u8>); 3] = [
        ("noise", noise(4096, 9)),
        ("zeros", vec![0; 4096]),
        ("text", b"lorem ipsum dolor sit amet ".repeat(200)[..4096].to_vec()),
    ];
    for cut in [2048, 3072, 4096, 5120] {
        for (what, between) in &between {
            let (head, tail) = file.split_at(cut);
            let medium = [&[0; 512], head, between, tail, &[0; 512]].concat();
            let found = carved(&medium, &Options::default().cluster_size(512));
            assert_eq!(found.len(), 1, "cut at {cut} by {what}");
            assert_eq!(found[0].status, Status::Fragmented, "cut at {cut} by {what}: {found:?}");
            assert!(content(&found[0]) == file, "cut at {cut} by {what}");
            assert!(found[0].extents().iter().all(|extent| extent.inferred), "fragments are inferred");
        }
    }
}

#[test]
fn a_picture_whose_end_lies_before_its_start_is_whole_again() {
    let file = file("baseline, quality 100");
    let (head, tail) = file.split_at(3072);
    let medium =
        [&noise(512, 3)[..], tail, &vec![0; 512 - tail.len() % 512], &noise(1024, 4), head, &noise(512, 8)].concat();
    let found = carved(&medium, &Options::default().cluster_size(512));
    assert_eq!(found.len(), 1);
    assert!(content(&found[0]) == file);
}

#[test]
fn a_cut_picture_is_reported_with_the_part_that_holds() {
    let file = file("baseline, quality 100");
    for (what, behind) in [("noise", noise(4096, 11)), ("zeros", vec![0; 4096]), ("nothing", Vec::new())] {
        let found = carved(&[&file[..3072], &behind].concat(), &Options::default());
        assert_eq!((found.len(), found[0].status), (1, Status::Truncated), "{what}");
        assert!((2560..=3584).contains(&found[0].size), "{what}: {}", found[0].size);
    }
}

#[test]
fn headers_without_a_picture_are_nothing() {
    let mut medium = noise(200_000, 21);
    let heads: [&[u8]; 5] = [
        b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\x01",
        b"\xff\xd8\xff\xe1",
        b"\xff\xd8\xff\xdb\0\x43",
        b"\xff\xd8\xff\xe0\xff\xff",
        b"\xff\xd8\xff\xc4\0\x14\0\xff\xff\xff\xff\xff\xff\xff\xff",
    ];
    for (n, at) in (0..medium.len() - 512).step_by(701).enumerate() {
        let head = heads[n % heads.len()];
        medium[at..at + head.len()].copy_from_slice(head);
    }
    assert_eq!(carved(&medium, &Options::default()).len(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn from_any_offset_in_noise_a_picture_is_carved_exactly(which in 0usize..27, offset in 0usize..5000, seed: u64) {
        let files = files();
        let (name, file) = &files[which % files.len()];
        let medium = [noise(offset, seed), file.clone(), noise(700, seed ^ 1)].concat();
        let found = carved(&medium, &Options::default());
        prop_assert_eq!(found.len(), 1, "{}", name);
        prop_assert_eq!((found[0].offset(), found[0].size), (offset as u64, file.len() as u64), "{}", name);
    }

    #[test]
    fn a_mutated_picture_is_never_more_than_its_medium(
        which in 0usize..27, cut in 0usize..6000, hurt in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let files = files();
        let mut file = files[which % files.len()].1.clone();
        file.truncate(cut.max(4));
        for (place, byte) in hurt {
            let place = place.index(file.len());
            file[place] = byte;
        }
        for found in carved(&file, &Options::default().cluster_size(512)) {
            prop_assert!(found.extents().iter().all(|extent| extent.offset.unwrap() + extent.length <= file.len() as u64));
        }
    }
}
