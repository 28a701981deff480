//! Pictures and their perceptual hashes.

use crate::corpus;
use forensic_core::{
    Error, Limits,
    bytes::Source,
    perceptual::{Algorithm, Options, hash_picture, image_hash},
    picture,
};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;
use std::{io::Cursor, sync::Arc};

fn drawing(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
        Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, ((x / 9 + y / 7) % 2 * 200) as u8])
    }))
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

fn source(bytes: Vec<u8>) -> Source {
    if bytes.len() < 100_000 {
        corpus::seed("pictures", &bytes);
    }
    Arc::new(bytes)
}

#[test]
fn each_format_is_recognised_and_decodes() {
    for (format, name) in [
        (ImageFormat::Png, "png"),
        (ImageFormat::Gif, "gif"),
        (ImageFormat::Bmp, "bmp"),
        (ImageFormat::Tiff, "tiff"),
        (ImageFormat::WebP, "webp"),
        (ImageFormat::Ico, "ico"),
    ] {
        // An ICO holds RGBA only.
        let bytes = encoded(&DynamicImage::ImageRgba8(drawing(120, 90).to_rgba8()), format);
        assert_eq!(picture::content_type(&bytes), Some(name));
        let decoded = picture::decode(&source(bytes), &Limits::default()).unwrap();
        assert_eq!((decoded.width(), decoded.height()), (120, 90), "{name}");
    }
}

#[test]
fn a_jpeg_is_recognised_and_decodes() {
    let bytes = encoded(&drawing(120, 90), ImageFormat::Jpeg);
    assert_eq!(picture::content_type(&bytes), Some("jpeg"));
    assert_eq!(picture::decode(&source(bytes), &Limits::default()).unwrap().height(), 90);
}

#[test]
fn bits_equal_those_of_image_hasher_itself() {
    let picture = drawing(300, 200);
    for (algorithm, theirs) in [
        (Algorithm::Mean, img_hash::HashAlg::Mean),
        (Algorithm::Gradient, img_hash::HashAlg::Gradient),
        (Algorithm::VertGradient, img_hash::HashAlg::VertGradient),
        (Algorithm::DoubleGradient, img_hash::HashAlg::DoubleGradient),
        (Algorithm::Median, img_hash::HashAlg::Median),
        (Algorithm::Blockhash, img_hash::HashAlg::Blockhash),
    ] {
        for (hash_size, dct) in [(8, false), (8, true), (16, false)] {
            let config = img_hash::HasherConfig::new().hash_alg(theirs).hash_size(hash_size, hash_size);
            let config = if dct { config.preproc_dct() } else { config };
            let ours = hash_picture(&picture, Options { algorithm, hash_size, dct }).unwrap();
            assert_eq!(ours.as_bytes(), config.to_hasher().hash_image(&picture).as_bytes(), "{algorithm:?}");
        }
    }
}

#[test]
fn a_smaller_copy_is_nearer_than_another_picture() {
    let limits = Limits::default();
    let options = Options::new(Algorithm::Gradient);
    let hash =
        |picture: &DynamicImage, format| image_hash(&source(encoded(picture, format)), options, &limits).unwrap();
    let original = drawing(640, 480);
    let copy = original.resize(200, 150, image::imageops::FilterType::Lanczos3);
    let other = original.rotate90();
    let near = hash(&original, ImageFormat::Png).distance(&hash(&copy, ImageFormat::Jpeg)).unwrap();
    let far = hash(&original, ImageFormat::Png).distance(&hash(&other, ImageFormat::Png)).unwrap();
    assert!(near < far, "{near} is not below {far}");
}

#[test]
fn hashes_of_different_kinds_are_not_compared() {
    let picture = drawing(64, 64);
    let mean = hash_picture(&picture, Options::new(Algorithm::Mean)).unwrap();
    let gradient = hash_picture(&picture, Options::new(Algorithm::Gradient)).unwrap();
    assert!(matches!(mean.distance(&gradient), Err(Error::InvalidArgument { .. })));
    for hash_size in [0, 1, 65, u32::MAX] {
        let options = Options { algorithm: Algorithm::Mean, hash_size, dct: false };
        assert!(matches!(hash_picture(&picture, options), Err(Error::InvalidArgument { .. })));
    }
}

#[test]
fn a_header_that_claims_a_huge_picture_is_refused_before_decoding() {
    // PNG with a good IHDR of 2³⁰ × 2³⁰ pixels and nothing behind it.
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\x40\0\0\0\x40\0\0\0\x08\x02\0\0\0".to_vec();
    let checksum = crc32(&bytes[12..]);
    bytes.extend_from_slice(&checksum.to_be_bytes());
    bytes.extend_from_slice(b"\0\0\0\x10IDAT\x78\x9c\x03\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0");
    assert!(picture::decode(&source(bytes), &Limits::default()).is_err());

    let limits = Limits { pixels: 100, ..Limits::default() };
    let small = source(encoded(&drawing(20, 20), ImageFormat::Png));
    assert!(matches!(picture::decode(&small, &limits), Err(Error::Limit { found: 400, limit: 100, .. })));
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[test]
fn a_cut_picture_is_damaged_and_text_is_no_picture() {
    let mut bytes = encoded(&drawing(120, 90), ImageFormat::Png);
    bytes.truncate(bytes.len() / 2);
    assert!(matches!(picture::decode(&source(bytes), &Limits::default()), Err(Error::Corrupt { .. })));
    let text = source(b"no picture at all".to_vec());
    assert!(matches!(picture::decode(&text, &Limits::default()), Err(Error::Format { .. })));
}

/// Photographs of the corpus decode to the size that their own index gives, where it gives one.
#[test]
fn photographs_of_the_corpus_decode() {
    let Some(root) = corpus::root() else {
        eprintln!("SKIPPED: no FORENSIC_CORPUS");
        return;
    };
    let mut decoded = 0;
    let mut photos: Vec<_> = std::fs::read_dir(root.join("photos")).unwrap().map(|file| file.unwrap().path()).collect();
    photos.sort();
    // Debug builds decode slowly: a sample is enough here.
    for path in photos.iter().filter(|path| path.extension().is_some_and(|e| e == "jpg" || e == "png")).take(12) {
        let picture = picture::decode(&source(std::fs::read(path).unwrap()), &Limits::default()).unwrap();
        hash_picture(&picture, Options::new(Algorithm::Gradient)).unwrap();
        decoded += 1;
    }
    assert!(decoded > 0, "the corpus has no photographs");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_damaged_picture_never_panics(at in any::<prop::sample::Index>(), value in any::<u8>(), which in 0usize..5) {
        let format =
            [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::WebP][which];
        let mut bytes = encoded(&drawing(40, 30), format);
        let at = at.index(bytes.len());
        bytes[at] = value;
        let limits = Limits { pixels: 1 << 20, picture_bytes: 16 << 20, ..Limits::default() };
        if let Ok(picture) = picture::decode(&source(bytes), &limits) {
            let _ = hash_picture(&picture, Options::new(Algorithm::DoubleGradient));
        }
    }
}
