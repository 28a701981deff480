//! Pictures other than JPEG and those in ISO-BMFF boxes.

use super::{content, in_noise, noise};
use crate::corpus;
use forensic_core::{
    NoProgress,
    bytes::Source,
    carve::{Carved, Options, Status, carve},
};
use image::{DynamicImage, ImageFormat, RgbImage};
use proptest::prelude::*;
use std::{io::Cursor, sync::Arc};

const FORMATS: [(ImageFormat, &str); 6] = [
    (ImageFormat::Png, "png"),
    (ImageFormat::Gif, "gif"),
    (ImageFormat::Bmp, "bmp"),
    (ImageFormat::Tiff, "tiff"),
    (ImageFormat::WebP, "webp"),
    (ImageFormat::Ico, "ico"),
];

fn carved(medium: Vec<u8>) -> Vec<Carved> {
    let source: Source = Arc::new(medium);
    carve(&source, &Options::default().threads(1), &NoProgress).unwrap().files
}

/// A picture of soft colors with some grain, as `format` encodes it.
pub(super) fn picture(format: ImageFormat, width: u32, height: u32, seed: u64) -> Vec<u8> {
    let grain = noise((width * height) as usize, seed);
    let image = RgbImage::from_fn(width, height, |x, y| {
        let grain = grain[(y * width + x) as usize] & 7;
        image::Rgb([(x * 200 / width) as u8 + grain, (y * 200 / height) as u8 + grain, 90 + grain])
    });
    let image = DynamicImage::ImageRgb8(image);
    let image = if format == ImageFormat::Ico { DynamicImage::ImageRgba8(image.to_rgba8()) } else { image };
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn every_picture_of_the_corpus_is_carved_to_its_last_byte_from_an_odd_offset() {
    let Some(list) = corpus::read("files/corpus.json") else { return };
    let list: serde_json::Value = serde_json::from_slice(&list).unwrap();
    for entry in list.as_array().unwrap() {
        let [id, kind] = ["id", "type"].map(|key| entry[key].as_str().unwrap());
        let usual = if kind == "tif" { "tiff" } else { kind };
        if !["png", "gif", "bmp", "tiff", "webp"].contains(&usual) || entry["size"].as_u64().unwrap() > 400_000 {
            continue;
        }
        let Some(file) = corpus::read(&format!("files/{id}.{kind}")) else { continue };
        let found = carved(in_noise(777, &file, 1));
        let found: Vec<_> = found.iter().map(|file| (file.kind, file.offset(), file.size, file.status)).collect();
        assert_eq!(found, [(usual, 777, file.len() as u64, Status::Complete)], "{id}");
    }
}

#[test]
fn a_picture_in_two_fragments_is_put_together() {
    for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::Bmp] {
        let file = picture(format, 160, 160, 3);
        let (head, tail) = file.split_at(8192);
        let medium = [noise(4096, 1), head.to_vec(), noise(3 * 4096, 2), tail.to_vec(), vec![0; 9000]].concat();
        let source: Source = Arc::new(medium);
        let files = carve(&source, &Options::default().threads(1).cluster_size(4096), &NoProgress).unwrap().files;
        let mended = files
            .iter()
            .find(|file| file.status == Status::Fragmented)
            .unwrap_or_else(|| panic!("{format:?}: {files:?}"));
        assert_eq!(content(mended), file, "{format:?}");
        assert_eq!(mended.extents().len(), 2);
    }
}

#[test]
fn a_png_whose_middle_was_overwritten_keeps_its_length_and_tells_where_it_is_hurt() {
    let mut file = picture(ImageFormat::Png, 300, 200, 9);
    let middle = file.len() / 2;
    file[middle..middle + 600].fill(0);
    let found = carved(in_noise(512, &file, 4));
    assert_eq!((found[0].size, found[0].status), (file.len() as u64, Status::Damaged));
    assert!(found[0].damaged_at.is_some_and(|at| at as usize >= middle - 600 && at as usize <= middle + 8192));
}

#[test]
fn chunks_of_two_gigabytes_and_loops_of_directories_end_at_once() {
    let mut png = picture(ImageFormat::Png, 64, 64, 2)[..33].to_vec();
    png.extend(b"\x7f\xff\xff\xffIDAT");
    // A directory that is its own successor and its own sub-directory.
    let mut tiff = b"II*\0\x08\0\0\0\x02\0".to_vec();
    tiff.extend([0x4a, 1, 4, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0x11, 1, 4, 0, 0xff, 0xff, 0xff, 0xff, 8, 0, 0, 0, 8, 0, 0, 0]);
    for head in [png, tiff] {
        assert!(carved(in_noise(512, &head, 8)).is_empty());
    }
}

#[test]
fn headers_without_a_body_are_no_pictures() {
    let heads: [&[u8]; 8] = [
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR",
        b"GIF89a",
        b"BM6\x00\x0c\0",
        b"II*\0\x08\0\0\0",
        b"MM\0*",
        b"RIFF\0\0\0\0WEBP",
        b"8BPS\0\x01",
        b"\0\0\x01\0\x01\0",
    ];
    for (number, head) in heads.into_iter().enumerate() {
        for fill in [noise(20_000, number as u64), b"the file of a user \r\n".repeat(900), vec![0; 20_000]] {
            let mut medium = fill;
            for at in [0, 777, 4096] {
                medium[at..at + head.len()].copy_from_slice(head);
            }
            assert_eq!(carved(medium).len(), 0, "{head:?}");
        }
    }
}

/// A bitmap of 4 by 2 pixels in run-length codes: two runs of four, each with the end of its row, and the end of the bitmap.
fn bitmap_of_runs() -> Vec<u8> {
    let mut file = b"BM".to_vec();
    file.extend([66u32, 0, 56, 40, 4, 2].map(u32::to_le_bytes).concat());
    file.extend([1u16, 8].map(u16::to_le_bytes).concat());
    file.extend([1u32, 10, 2835, 2835, 0, 0].map(u32::to_le_bytes).concat());
    file.extend([0, 0]);
    file.extend([4, 7, 0, 0, 4, 9, 0, 0, 0, 1]);
    file
}

/// A Photoshop document of one channel of 8 by 2 pixels in PackBits: the length of each row, then a run and a literal.
fn document_of_packed_rows() -> Vec<u8> {
    let mut file = b"8BPS\0\x01\0\0\0\0\0\0\0\x01".to_vec();
    file.extend([2u32, 8].map(u32::to_be_bytes).concat());
    file.extend([0, 8, 0, 1]);
    file.extend([0; 12]);
    file.extend([0, 1, 0, 2, 0, 9]);
    file.extend([249, 5, 7, 1, 2, 3, 4, 5, 6, 7, 8]);
    file
}

/// A big-endian TIFF of 16 by 16 gray pixels whose directory stands behind them, as most programs write it.
fn tiff_with_its_directory_last() -> Vec<u8> {
    let mut file = b"MM\0*\0\0\x01\x08".to_vec();
    file.extend((0u16..256).map(|value| (value / 2) as u8));
    let entries = [(256u16, 16u32), (257, 16), (258, 8), (259, 1), (262, 1), (273, 8), (278, 16), (279, 256)];
    file.extend((entries.len() as u16).to_be_bytes());
    for (tag, value) in entries {
        file.extend([tag.to_be_bytes(), 4u16.to_be_bytes()].concat());
        file.extend([1u32, value].map(u32::to_be_bytes).concat());
    }
    file.extend([0; 4]);
    file
}

#[test]
fn small_pictures_built_by_hand_end_where_their_structure_says() {
    let files =
        [("bmp", bitmap_of_runs()), ("psd", document_of_packed_rows()), ("tiff", tiff_with_its_directory_last())];
    for (kind, file) in files {
        for before in [0, 1, 512, 777] {
            let found = carved(in_noise(before, &file, 6));
            let found: Vec<_> = found.iter().map(|file| (file.kind, file.offset(), file.size)).collect();
            assert_eq!(found, [(kind, before as u64, file.len() as u64)]);
        }
    }
}

#[test]
fn the_raw_formats_of_cameras_are_told_apart() {
    let mut dng = tiff_with_its_directory_last();
    // Its last entry, the length of the strip, is followed by a version of DNG.
    let end = dng.len() - 4;
    dng.splice(end..end, [0xc6, 0x12, 0, 1, 0, 0, 0, 4, 1, 4, 0, 0]);
    dng[265] += 1;
    let found = carved(in_noise(512, &dng, 6));
    assert_eq!((found[0].kind, found[0].size), ("dng", dng.len() as u64));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_picture_is_carved_exactly_from_any_offset(
        number in 0..FORMATS.len(), width in 16u32..90, height in 16u32..90, offset in 0usize..5000, seed in any::<u64>(),
    ) {
        let (format, kind) = FORMATS[number];
        let file = picture(format, width, height, seed);
        let found = carved(in_noise(offset, &file, seed));
        let found: Vec<_> = found.iter().map(|file| (file.kind, file.offset(), file.size)).collect();
        prop_assert_eq!(found, [(kind, offset as u64, file.len() as u64)]);
    }

    #[test]
    fn a_cut_or_hurt_picture_never_passes_for_a_sound_png_or_gif(
        gif in any::<bool>(), cut in 1usize..4000, at in 0usize..4000, value in any::<u8>(), seed in any::<u64>(),
    ) {
        let format = if gif { ImageFormat::Gif } else { ImageFormat::Png };
        let file = picture(format, 60, 50, seed);
        let cut = cut.min(file.len() - 1);
        let found = carved(in_noise(512, &file[..cut], seed));
        prop_assert!(found.iter().all(|found| found.status != Status::Complete));
        let mut hurt = file.clone();
        let at = at % hurt.len();
        hurt[at] = value;
        let found = carved(in_noise(512, &hurt, seed));
        if format == ImageFormat::Png && hurt != file {
            prop_assert!(found.iter().all(|found| found.status != Status::Complete));
        }
    }
}

/// A TIFF of 64 by 64 gray pixels in one strip behind the directory, compressed as told (TIFF 6.0, section 2).
fn tiff_of(compression: u32, strip: &[u8]) -> Vec<u8> {
    let long = |tag: u16, value: u32| {
        [&tag.to_le_bytes()[..], &4u16.to_le_bytes(), &1u32.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    let length = u32::try_from(strip.len()).unwrap();
    let tags = [(256, 64), (257, 64), (258, 8), (259, compression), (262, 1), (273, 110), (278, 64), (279, length)];
    let entries: Vec<u8> = tags.iter().flat_map(|(tag, value)| long(*tag, *value)).collect();
    let file = [b"II*\0\x08\0\0\0\x08\0", &entries[..], &[0; 4], strip].concat();
    assert_eq!(file.len(), 110 + strip.len());
    file
}

#[test]
fn run_length_codes_that_tell_of_another_picture_are_not_beyond_doubt() {
    // Each row a literal run (TIFF 6.0, section 9).
    let rows: Vec<u8> = noise(64 * 64, 8).chunks(64).flat_map(|row| [&[63u8][..], row].concat()).collect();
    let file = tiff_of(32773, &rows);
    let sure = |file: &[u8]| carved(file.to_vec()).iter().map(|file| (file.kind, file.confidence)).collect::<Vec<_>>();
    assert_eq!(sure(&file), [("tiff", 100)]);
    let mut torn = file;
    let from = torn.len() - 1000;
    torn[from..].fill(0);
    assert_eq!(sure(&torn), [("tiff", 90)]);
}

fn states(medium: Vec<u8>) -> Vec<(&'static str, Status, u64)> {
    carved(medium).iter().map(|file| (file.kind, file.status, file.size)).collect()
}

#[test]
fn pixels_that_tell_nothing_end_where_another_file_begins() {
    let mut bitmap = picture(ImageFormat::Bmp, 100, 80, 1);
    let from = bitmap.len() - 100 * 80 * 3;
    let length = bitmap.len() as u64;
    bitmap[from..].copy_from_slice(&noise(100 * 80 * 3, 7));
    let tiff = tiff_of(1, &noise(64 * 64, 9));
    for (kind, mut file) in [("bmp", bitmap), ("tiff", tiff)] {
        let length = if kind == "bmp" { length } else { file.len() as u64 };
        assert_eq!(states(in_noise(512, &file, 2)), [(kind, Status::Complete, length)]);
        // The directory of this one is lost.
        file[2048..2056].copy_from_slice(b"MM\0*\0\x01\0\0");
        assert_eq!(states(in_noise(512, &file, 2)), [(kind, Status::Truncated, 2048)]);
        file.copy_within(2048..2056, 2050);
        assert_eq!(states(in_noise(512, &file, 2))[0].1, Status::Complete);
    }
}

#[test]
fn the_codes_of_a_jpeg_in_a_tiff_are_walked() {
    let mut jpeg = Cursor::new(Vec::new());
    let gray = DynamicImage::ImageLuma8(image::GrayImage::from_raw(64, 64, noise(64 * 64, 3)).unwrap());
    gray.write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
    let jpeg = jpeg.into_inner();
    for (compression, cut) in [(6, 0), (7, 0), (6, 300)] {
        // Some writers cut the stream short.
        let file = tiff_of(compression, &jpeg[..jpeg.len() - cut]);
        let whole = (file.len() as u64).next_multiple_of(512);
        let behind = |file: &[u8]| [file, &vec![0; whole as usize - file.len()], &noise(2048, 4)].concat();
        assert_eq!(states(behind(&file)), [("tiff", Status::Complete, file.len() as u64)]);

        let torn = [&file[..1536], &noise(8192, 5)].concat();
        let found = states(torn);
        assert_eq!((found.len(), found[0].1), (1, Status::Truncated), "{found:?}");
        assert!((1024..2560).contains(&found[0].2), "{found:?}");
    }
}

#[test]
fn what_stands_before_its_directory_is_hurt_in_its_place() {
    let packed = |seed| miniz_oxide::deflate::compress_to_vec_zlib(&noise(256, seed), 6);
    let mut file = tiff_with_its_directory_last();
    let strip = packed(5);
    // The strip is as long as the packed bytes, and the directory moves behind them.
    let tail = file.split_off(8 + 256);
    file.truncate(8);
    file.extend(&strip);
    file[4..8].copy_from_slice(&u32::try_from(8 + strip.len()).unwrap().to_be_bytes());
    file.extend(tail);
    let entry = |number: usize| 8 + strip.len() + 2 + number * 12 + 8;
    file[entry(3)..entry(3) + 4].copy_from_slice(&8u32.to_be_bytes());
    file[entry(7)..entry(7) + 4].copy_from_slice(&u32::try_from(strip.len()).unwrap().to_be_bytes());
    assert_eq!(states(in_noise(512, &file, 2)), [("tiff", Status::Complete, file.len() as u64)]);
    file[60] ^= 0x10;
    assert_eq!(states(in_noise(512, &file, 2)), [("tiff", Status::Damaged, file.len() as u64)]);
}
