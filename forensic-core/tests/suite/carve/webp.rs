//! WebP: pictures whose coded data is the proof that they are whole.

use super::{content, in_noise, named, noise, unpacked};
use crate::corpus;
use forensic_core::{
    NoProgress,
    bytes::Source,
    carve::{Carved, Options, Status, carve},
};
use image::{DynamicImage, ImageFormat, RgbaImage};
use proptest::prelude::*;
use std::{
    io::Cursor,
    sync::{Arc, LazyLock},
};

/// Files made by `tests/fixtures/carve_webp.py`.
static FIXTURES: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let files = unpacked(include_bytes!("../../fixtures/carve_webp.tar.gz"));
    files.iter().for_each(|(_, content)| corpus::seed("carve_pictures", content));
    files
});

fn fixture(name: &str) -> &'static [u8] {
    named(&FIXTURES, name)
}

fn carved(medium: Vec<u8>, cluster: u64) -> Vec<Carved> {
    let source: Source = Arc::new(medium);
    carve(&source, &Options::default().threads(1).cluster_size(cluster), &NoProgress).unwrap().files
}

/// Filled up with zeros to the end of its last cluster.
fn with_slack(file: &[u8], cluster: usize) -> Vec<u8> {
    let mut file = file.to_vec();
    file.resize(file.len().next_multiple_of(cluster), 0);
    file
}

/// A lossless picture by another encoder than the fixtures', of soft colors, grain, and stripes that repeat.
fn lossless(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let grain = noise((width * height) as usize, seed);
    let image = RgbaImage::from_fn(width, height, |x, y| {
        let grain = if x % 40 < 20 { grain[(y * width + x) as usize] & 3 } else { (x % 7) as u8 };
        image::Rgba([(x * 200 / width) as u8 + grain, (y * 200 / height) as u8 + grain, 90 + grain, 255])
    });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgba8(image).write_to(&mut bytes, ImageFormat::WebP).unwrap();
    bytes.into_inner()
}

#[test]
fn each_coding_is_read_to_its_last_byte_and_so_beyond_doubt() {
    for (name, file) in &*FIXTURES {
        for before in [0, 1, 512, 777] {
            let found = carved(in_noise(before, file, 6), 512);
            let found: Vec<_> =
                found.iter().map(|file| (file.kind, file.offset(), file.size, file.confidence >= 95)).collect();
            assert_eq!(found, [("webp", before as u64, file.len() as u64, true)], "{name}");
        }
    }
}

#[test]
fn foreign_clusters_in_the_codes_are_never_passed_over() {
    for name in ["fine.webp", "alpha.webp", "lossless.webp"] {
        let file = fixture(name);
        for (number, at) in (1024..file.len() - 1024).step_by(1536).enumerate() {
            let mut hurt = file.to_vec();
            hurt[at..at + 1024].copy_from_slice(&noise(1024, number as u64));
            let found = carved(in_noise(512, &hurt, 3), 512);
            assert!(found.iter().all(|found| found.status != Status::Complete), "{name} at {at}");
            assert!(found.iter().any(|found| found.offset() == 512), "{name} at {at}");
        }
    }
}

#[test]
fn a_cut_picture_ends_near_the_place_where_it_was_cut() {
    for (name, cut) in [("fine.webp", 8192), ("fine.webp", 16384), ("lossless.webp", 20480)] {
        let found = carved(in_noise(4096, &fixture(name)[..cut], 7), 4096);
        let [found] = &found[..] else { panic!("{name}: {found:?}") };
        assert_eq!((found.status, found.size), (Status::Truncated, cut as u64), "{name}");
    }
}

#[test]
fn fragments_are_put_together_wherever_the_second_lies() {
    for (name, cut) in [("fine.webp", 8192), ("lossless.webp", 14336), ("animation.webp", 4096)] {
        let file = fixture(name);
        let (head, tail) = (&file[..cut], with_slack(&file[cut..], 2048));
        let behind = [noise(4096, 1), head.to_vec(), noise(6 * 2048, 2), tail.clone(), noise(8192, 3)].concat();
        let before = [noise(4096, 1), tail, noise(6 * 2048, 2), head.to_vec(), noise(8 * 2048, 3)].concat();
        for medium in [behind, before] {
            let files = carved(medium, 2048);
            let mended = files.iter().find(|file| file.status == Status::Fragmented);
            let mended = mended.unwrap_or_else(|| panic!("{name}: {files:?}"));
            assert_eq!(content(mended), file, "{name}");
        }
    }
}

#[test]
fn frames_that_tell_of_more_than_they_have_end_at_once() {
    // The largest picture there is, over next to nothing.
    let lossy = b"RIFF\x2a\0\0\0WEBPVP8 \x1e\0\0\0\x30\x01\0\x9d\x01\x2a\xff\x3f\xff\x3f";
    let lossless = b"RIFF\x2a\0\0\0WEBPVP8L\x1e\0\0\0\x2f\xff\xff\xff\x0f";
    for head in [&lossy[..], lossless] {
        for fill in [0u8, 0xff, 0x55] {
            let mut medium = Vec::new();
            for _ in 0..40 {
                medium.extend(head);
                medium.resize(medium.len().next_multiple_of(512), fill);
            }
            assert!(carved(medium, 512).iter().all(|file| file.status != Status::Complete || file.size <= 50));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn lossless_pictures_are_carved_exactly_and_cut_ones_never_pass(
        width in 60u32..160, height in 40u32..90, offset in 0usize..3000, seed in any::<u64>(), share in 1usize..99,
    ) {
        let file = lossless(width, height, seed);
        let found = carved(in_noise(offset, &file, seed), 512);
        let found: Vec<_> = found.iter().map(|file| (file.kind, file.offset(), file.size, file.confidence >= 95)).collect();
        prop_assert_eq!(found, [("webp", offset as u64, file.len() as u64, true)]);
        let cut = file.len() * share / 100;
        let found = carved(in_noise(512, &file[..cut], seed), 512);
        prop_assert!(file.len() - cut < 64 || found.iter().all(|found| found.status != Status::Complete));
    }

    #[test]
    fn no_change_of_a_byte_makes_a_picture_panic(number in 0usize..5, at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut file = FIXTURES[number].1.clone();
        let at = at.index(file.len());
        file[at] = value;
        let medium = in_noise(512, &file, 9);
        let length = medium.len() as u64;
        for found in carved(medium, 512) {
            prop_assert!(found.extents().iter().all(|extent| extent.offset.unwrap() + extent.length <= length));
        }
    }
}
