//! Pictures and their perceptual hashes.

use crate::{
    corpus,
    picture_files::{
        Tiff, Value, chunk, crc32, drawing, drawn, encoded, fixture, png, rgb_tiff, riff, segment, source,
    },
};
use forensic_core::{
    Error, Limits,
    perceptual::{Algorithm, Options, hash_picture, image_hash},
    picture::{self, DecodeOptions, Decoded},
};
use image::{DynamicImage, ImageFormat};
use proptest::prelude::*;
use std::io::Write;

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
            let ours = hash_picture(&picture, Options::new(algorithm).hash_size(hash_size).dct(dct)).unwrap();
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
        let options = Options::new(Algorithm::Mean).hash_size(hash_size);
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

#[test]
fn a_cut_picture_is_damaged_and_text_is_no_picture() {
    let mut bytes = encoded(&drawing(120, 90), ImageFormat::Png);
    bytes.truncate(bytes.len() / 2);
    assert!(matches!(picture::decode(&source(bytes), &Limits::default()), Err(Error::Corrupt { .. })));
    let text = source(b"no picture at all".to_vec());
    assert!(matches!(picture::decode(&text, &Limits::default()), Err(Error::Format { .. })));
}

/// What is left of a picture.
fn part(bytes: Vec<u8>) -> Result<Decoded, Error> {
    picture::decode_with(&source(bytes), &DecodeOptions::default().partial(true), &Limits::default())
}

fn whole(bytes: Vec<u8>) -> Decoded {
    picture::decode_with(&source(bytes), &DecodeOptions::default(), &Limits::default()).unwrap()
}

/// Mean difference of samples, up to row `rows`.
fn difference(one: &DynamicImage, other: &DynamicImage, rows: u32) -> f64 {
    let (one, other) = (one.to_rgb8(), other.to_rgb8());
    assert_eq!(one.dimensions(), other.dimensions());
    let count = (rows * one.width() * 3) as usize;
    let sum: u64 = one.as_raw().iter().zip(other.as_raw()).take(count).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / count.max(1) as f64
}

#[test]
fn a_whole_picture_is_the_same_whether_a_part_is_wanted_or_not() {
    for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::WebP] {
        let bytes = encoded(&drawing(61, 47), format);
        let (all, some) = (whole(bytes.clone()), part(bytes).unwrap());
        assert_eq!((all.decoded, some.decoded), (1.0, 1.0), "{format:?}");
        assert_eq!(all.pixels, some.pixels, "{format:?}");
        assert!(some.issue.is_none(), "{format:?} {:?}", some.issue);
    }
}

#[test]
fn of_a_cut_picture_the_rows_that_are_there_are_given_and_the_rest_is_grey() {
    let picture = drawing(200, 160);
    for (format, name) in [(ImageFormat::Png, "png"), (ImageFormat::Gif, "gif"), (ImageFormat::Jpeg, "jpeg")] {
        let bytes = encoded(&picture, format);
        let all = whole(bytes.clone());
        let cut = bytes[..bytes.len() * 6 / 10].to_vec();
        assert!(
            matches!(picture::decode(&source(cut.clone()), &Limits::default()), Err(Error::Corrupt { .. })),
            "{name}"
        );
        let some = part(cut).unwrap();
        assert_eq!(some.format, name);
        assert!(some.decoded > 0.3 && some.decoded < 0.9, "{name}: {}", some.decoded);
        assert!(some.issue.is_some(), "{name}");
        let rows = (some.decoded * 160.0) as u32;
        assert!(difference(&some.pixels, &all.pixels, rows - 16) < 1.0, "{name}");
        let last = some.pixels.to_rgb8().rows().next_back().unwrap().map(|pixel| pixel.0).collect::<Vec<_>>();
        assert!(last.iter().all(|pixel| pixel.iter().all(|sample| sample.abs_diff(0x80) < 2)), "{name}: {:?}", last[0]);
    }
}

#[test]
fn a_cut_bitmap_misses_its_upper_rows() {
    let picture = drawing(40, 30);
    let mut bytes = encoded(&picture, ImageFormat::Bmp);
    // Three rows of 120 bytes.
    bytes.truncate(bytes.len() - 360);
    let some = part(bytes).unwrap();
    assert!((some.decoded - 0.9).abs() < 1e-9, "{}", some.decoded);
    let pixels = some.pixels.to_rgb8();
    assert_eq!(pixels.get_pixel(7, 2).0, [0x80; 3]);
    assert_eq!(pixels.get_pixel(7, 3), picture.to_rgb8().get_pixel(7, 3));
}

#[test]
fn strips_that_do_not_decode_stay_grey_between_those_that_do() {
    let picture = drawing(64, 64).to_rgb8();
    let strips: Vec<&[u8]> = picture.as_raw().chunks(64 * 3 * 16).collect();
    let mut packed: Vec<Vec<u8>> = strips.iter().map(|strip| zlib(strip)).collect();
    packed[1] = vec![0x55; 40];
    let mut bytes = vec![0; 8];
    let mut places = Vec::new();
    for strip in &packed {
        places.push((bytes.len() as u32, strip.len() as u32));
        bytes.extend_from_slice(strip);
    }
    let directory = Tiff::file(
        false,
        &[vec![
            (0x100, Value::Short(vec![64])),
            (0x101, Value::Short(vec![64])),
            (0x102, Value::Short(vec![8, 8, 8])),
            (0x103, Value::Short(vec![8])),
            (0x106, Value::Short(vec![2])),
            (0x111, Value::Long(places.iter().map(|place| place.0 + 10_000).collect())),
            (0x115, Value::Short(vec![3])),
            (0x116, Value::Short(vec![16])),
            (0x117, Value::Long(places.iter().map(|place| place.1).collect())),
        ]],
    );
    let mut file = directory;
    file.resize(10_000, 0);
    file.extend_from_slice(&bytes);
    let some = part(file).unwrap();
    assert_eq!(some.decoded, 0.75);
    let pixels = some.pixels.to_rgb8();
    assert_eq!(pixels.get_pixel(5, 20).0, [0x80; 3]);
    assert_eq!((pixels.get_pixel(5, 5), pixels.get_pixel(5, 60)), (picture.get_pixel(5, 5), picture.get_pixel(5, 60)));
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_tiff_with_a_palette_and_one_of_four_bits_are_read() {
    let plain = |photometric, bits, extra: Vec<(u16, Value)>, data: Vec<u8>| {
        let mut entries = vec![
            (0x100, Value::Short(vec![4])),
            (0x101, Value::Short(vec![2])),
            (0x102, Value::Short(vec![bits])),
            (0x103, Value::Short(vec![1])),
            (0x106, Value::Short(vec![photometric])),
            (0x117, Value::Long(vec![data.len() as u32])),
            (0x111, Value::Place(data)),
            (0x115, Value::Short(vec![1])),
            (0x116, Value::Short(vec![2])),
        ];
        entries.extend(extra);
        Tiff::file(true, &[entries])
    };
    let grey = whole(plain(1, 4, Vec::new(), vec![0x0f, 0x37, 0xff, 0x01]));
    assert_eq!(grey.pixels.as_bytes(), [0, 255, 51, 119, 255, 255, 0, 17]);
    let mut colours = vec![0u16; 3 * 16];
    (colours[1], colours[16 + 1], colours[32 + 1]) = (0xff00, 0x8000, 0x1000);
    let named = whole(plain(3, 4, vec![(0x140, Value::Short(colours))], vec![0x01, 0x10, 0x00, 0x00]));
    assert_eq!(named.pixels.to_rgb8().get_pixel(1, 0).0, [0xff, 0x80, 0x10]);
    assert_eq!(named.pixels.to_rgb8().get_pixel(3, 0).0, [0, 0, 0]);
}

#[test]
fn avif_heic_and_jpeg_xl_decode_to_the_drawing_they_were_made_of() {
    let original = DynamicImage::ImageRgb8(drawn());
    let exact = whole(fixture("lossless.jxl"));
    assert_eq!((exact.format, exact.pixels.to_rgb8()), ("jxl", drawn()));
    for name in ["still.avif", "alpha.avif", "sequence.avif"] {
        let decoded = whole(fixture(name));
        assert_eq!(decoded.format, "avif");
        assert!(
            difference(&decoded.pixels, &original, 24) < 25.0,
            "{name} {}",
            difference(&decoded.pixels, &original, 24)
        );
    }
    let decoded = whole(fixture("still.heic"));
    assert_eq!((decoded.format, decoded.pixels.width(), decoded.pixels.height()), ("heic", 32, 24));
    assert!(difference(&decoded.pixels, &original, 24) < 25.0, "{}", difference(&decoded.pixels, &original, 24));
    let alpha = whole(fixture("alpha.avif")).pixels.to_rgba8();
    assert!(alpha.get_pixel(0, 9).0[3] < 16 && alpha.get_pixel(31, 9).0[3] > 235);
    let grey = whole(fixture("grey.avif")).pixels;
    assert_eq!(grey.color(), image::ColorType::L8);
    assert!(difference(&grey, &DynamicImage::ImageLuma8(original.to_luma8()), 24) < 12.0);
}

#[test]
fn jpegs_of_every_process_decode_or_are_named() {
    let original = DynamicImage::ImageRgb8(drawn());
    for name in ["cmyk.jpg", "progressive.jpg"] {
        let decoded = whole(fixture(name));
        assert!(
            difference(&decoded.pixels, &original, 24) < 25.0,
            "{name} {}",
            difference(&decoded.pixels, &original, 24)
        );
    }
    let unsupported = |bytes: Vec<u8>| match picture::decode(&source(bytes), &Limits::default()) {
        Err(Error::Unsupported { what }) => what,
        other => panic!("{other:?}"),
    };
    assert!(unsupported(fixture("twelve_bits.jpg")).contains("12 bits"));
    assert!(unsupported(fixture("lossless.jpg")).contains("lossless"));
    let mut arithmetic = encoded(&drawing(16, 16), ImageFormat::Jpeg);
    let frame = arithmetic.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    arithmetic[frame + 1] = 0xc9;
    assert!(unsupported(arithmetic).contains("arithmetic"));
}

/// A PSD of `channels` planes, each of bytes `plane`.
fn psd(
    mode: u16,
    depth: u16,
    palette: &[u8],
    packed: bool,
    planes: &[Vec<u8>],
    (width, height): (u32, u32),
) -> Vec<u8> {
    let mut bytes = b"8BPS\0\x01\0\0\0\0\0\0".to_vec();
    bytes.extend_from_slice(&(planes.len() as u16).to_be_bytes());
    bytes.extend_from_slice(&[height.to_be_bytes(), width.to_be_bytes()].concat());
    bytes.extend_from_slice(&[depth.to_be_bytes(), mode.to_be_bytes()].concat());
    bytes.extend_from_slice(&(palette.len() as u32).to_be_bytes());
    bytes.extend_from_slice(palette);
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&u16::from(packed).to_be_bytes());
    let row = width as usize * usize::from(depth) / 8;
    let rows: Vec<Vec<u8>> = planes
        .iter()
        .flat_map(|plane| plane.chunks(row))
        .map(|row| if packed { pack(row) } else { row.to_vec() })
        .collect();
    if packed {
        rows.iter().for_each(|row| bytes.extend_from_slice(&(row.len() as u16).to_be_bytes()));
    }
    bytes.extend_from_slice(&rows.concat());
    bytes
}

/// Packs a row, a run of one byte at its start and the rest as it is.
fn pack(row: &[u8]) -> Vec<u8> {
    let run = row.iter().take_while(|byte| **byte == row[0]).count().min(128);
    let mut packed = if run > 1 { vec![(257 - run) as u8, row[0]] } else { Vec::new() };
    for piece in row[if run > 1 { run } else { 0 }..].chunks(128) {
        packed.push((piece.len() - 1) as u8);
        packed.extend_from_slice(piece);
    }
    packed
}

#[test]
fn the_composite_of_a_psd_is_read_in_every_mode() {
    let picture = drawn();
    let plane = |index: usize| picture.pixels().map(|pixel| pixel.0[index]).collect::<Vec<u8>>();
    let planes = [plane(0), plane(1), plane(2)];
    for packed in [false, true] {
        let decoded = whole(psd(3, 8, &[], packed, &planes, (32, 24)));
        assert_eq!((decoded.format, decoded.pixels.to_rgb8()), ("psd", picture.clone()));
        let wide: Vec<Vec<u8>> =
            planes.iter().map(|plane| plane.iter().flat_map(|byte| [*byte, *byte]).collect()).collect();
        assert_eq!(whole(psd(3, 16, &[], packed, &wide, (32, 24))).pixels.to_rgb8(), picture);
        assert_eq!(whole(psd(1, 8, &[], packed, &planes[..1], (32, 24))).pixels.as_bytes(), planes[0]);
        let palette: Vec<u8> = (0..768u32).map(|index| (index % 256 / 2) as u8).collect();
        let named = whole(psd(2, 8, &palette, packed, &planes[..1], (32, 24))).pixels;
        assert_eq!(named.as_bytes()[9], planes[0][3] / 2);
        let inks: Vec<Vec<u8>> = planes.iter().cloned().chain([vec![255; 32 * 24]]).collect();
        assert_eq!(whole(psd(4, 8, &[], packed, &inks, (32, 24))).pixels.to_rgb8(), picture);
    }
    let mut cut = psd(3, 8, &[], false, &planes, (32, 24));
    cut.truncate(cut.len() - 32 * 12);
    assert!(matches!(picture::decode(&source(cut.clone()), &Limits::default()), Err(Error::Corrupt { .. })));
    let some = part(cut).unwrap();
    assert!((some.decoded - 5.0 / 6.0).abs() < 1e-9);
    assert_eq!(some.pixels.to_rgb8().get_pixel(3, 20).0[2], 0x80);
}

/// A raw of a camera: a small plain picture first, below it a preview and the sensor's own samples.
fn raw(extra: Vec<(u16, Value)>) -> Vec<u8> {
    let jpeg = |width, height| encoded(&drawing(width, height), ImageFormat::Jpeg);
    let preview = jpeg(96, 64);
    let mut first = vec![
        (0x100, Value::Short(vec![2])),
        (0x101, Value::Short(vec![1])),
        (0x102, Value::Short(vec![8, 8, 8])),
        (0x103, Value::Short(vec![1])),
        (0x106, Value::Short(vec![2])),
        (0x10f, Value::Text("NIKON CORPORATION")),
        (0x117, Value::Long(vec![6])),
        (0x111, Value::Place(vec![1, 2, 3, 4, 5, 6])),
        (0x115, Value::Short(vec![3])),
        (0x116, Value::Short(vec![1])),
        (
            0x14a,
            Value::Directory(vec![
                (0x103, Value::Short(vec![6])),
                (0x202, Value::Long(vec![preview.len() as u32])),
                (0x201, Value::Place(preview)),
                (0x14a, Value::Directory(vec![(0x103, Value::Short(vec![34713])), (0x106, Value::Short(vec![32803]))])),
            ]),
        ),
    ];
    first.extend(extra);
    let small = jpeg(32, 16);
    let second = vec![(0x202, Value::Long(vec![small.len() as u32])), (0x201, Value::Place(small))];
    Tiff::file(false, &[first, second])
}

#[test]
fn the_largest_preview_of_a_camera_raw_is_taken() {
    let decoded = whole(raw(Vec::new()));
    assert_eq!((decoded.format, decoded.pixels.width(), decoded.pixels.height()), ("nef", 96, 64));
    assert_eq!(whole(raw(vec![(0xc612, Value::Byte(vec![1, 4, 0, 0]))])).format, "dng");
}

#[test]
fn a_picture_of_64_k_by_64_k_pixels_is_refused_in_every_format() {
    let large: u32 = 65_535;
    let [low, high] = (large as u16).to_le_bytes();
    let mut gif = b"GIF89a".to_vec();
    gif.extend_from_slice(&[
        low, high, low, high, 0x80, 0, 0, 0, 0, 0, 255, 255, 255, b',', 0, 0, 0, 0, low, high, low, high, 0, 2, 1, 0,
        0, b';',
    ]);
    let mut jpeg = encoded(&drawing(16, 16), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].fill(0xff);
    let mut bmp = encoded(&drawing(16, 16), ImageFormat::Bmp);
    bmp[18..22].copy_from_slice(&large.to_le_bytes());
    bmp[22..26].copy_from_slice(&large.to_le_bytes());
    let mut tiff = rgb_tiff(&drawn());
    for at in [10 + 8, 10 + 12 + 8] {
        tiff[at..at + 4].copy_from_slice(&large.to_le_bytes());
    }
    let mut vp8x = vec![0; 4];
    vp8x.extend_from_slice(&[0xff, 0xff, 0, 0xff, 0xff, 0]);
    let lossless = encoded(&drawing(16, 16), ImageFormat::WebP);
    let webp = riff(b"RIFF", &[b"WEBP".to_vec(), riff(b"VP8X", &vp8x), lossless[12..].to_vec()].concat());
    let psd = psd(3, 8, &[], false, &[vec![0; 4], vec![0; 4], vec![0; 4]], (large, large));
    let mut avif = fixture("still.avif");
    let size = avif.windows(4).position(|name| name == b"ispe").unwrap();
    avif[size + 8..size + 16].copy_from_slice(&[large.to_be_bytes(), large.to_be_bytes()].concat());
    let files = [
        ("png", png(large, large, &zlib(&[0; 1000]))),
        ("gif", gif),
        ("jpeg", jpeg),
        ("bmp", bmp),
        ("tiff", tiff),
        ("webp", webp),
        ("psd", psd),
        ("avif", avif),
        ("pnm", format!("P6 {large} {large} 255 ").into_bytes()),
    ];
    for (name, bytes) in files {
        let outcome = part(bytes.clone());
        // The strips of the TIFF do not make up such a picture, and the decoder of WebP has bounds of its own.
        let is_refused = match outcome {
            Err(Error::Limit { .. }) => true,
            Err(Error::Corrupt { .. }) => matches!(name, "tiff" | "webp"),
            _ => false,
        };
        assert!(is_refused, "{name}: {outcome:?}");
        assert_eq!(
            picture::info(&source(bytes), &Limits::default()).unwrap().width,
            large + u32::from(name == "webp"),
            "{name}"
        );
    }
}

#[test]
fn a_png_that_inflates_to_more_than_its_pixels_costs_no_more_than_they_do() {
    // 64 MiB of zeros in 64 KiB, for a picture of 100 × 100.
    let bomb = zlib(&vec![0; 64 << 20]);
    let _ = part(png(100, 100, &bomb));
    // A chunk of text that inflates to as much is not inflated for a picture, nor kept for its metadata.
    let mut text = b"XML:com.adobe.xmp\0\x01\0\0\0".to_vec();
    text.extend_from_slice(&bomb);
    let mut bytes = png(100, 100, &zlib(&vec![0; 101 * 100]));
    bytes.splice(33..33, chunk(b"iTXt", &text));
    assert_eq!(whole(bytes.clone()).pixels.width(), 100);
    let xmp = picture::info(&source(bytes), &Limits::default()).unwrap().xmp.unwrap();
    assert!(xmp.packet.len() <= 16 << 20);
}

#[test]
fn a_jpeg_of_ten_thousand_scans_ends() {
    let jpeg = fixture("progressive.jpg");
    let scan = jpeg.windows(2).rposition(|pair| pair == [0xff, 0xda]).unwrap();
    let last = &jpeg[scan..jpeg.len() - 2];
    let mut bytes = jpeg[..scan].to_vec();
    for _ in 0..10_000 {
        bytes.extend_from_slice(last);
    }
    bytes.extend_from_slice(&[0xff, 0xd9]);
    // A refinement of nothing decodes or does not; that it ends is what counts.
    let _ = picture::decode(&source(bytes.clone()), &Limits::default());
    let _ = part(bytes);
}

#[test]
fn directories_in_a_loop_end() {
    let mut tiff = rgb_tiff(&drawn());
    // The chain leads back to its start.
    let next = 8 + 2 + 12 * 9;
    tiff[next..next + 4].copy_from_slice(&8u32.to_le_bytes());
    assert!(matches!(picture::decode(&source(tiff.clone()), &Limits::default()), Err(Error::Corrupt { .. })));
    assert_eq!(picture::info(&source(tiff), &Limits::default()).unwrap().width, 32);
}

#[test]
fn strips_that_share_their_bytes_many_times_are_refused() {
    let count = 20_000u32;
    let strip = zlib(&vec![0; 3 * 60_000]);
    let length = strip.len() as u32;
    let mut bytes = Tiff::file(
        false,
        &[vec![
            (0x100, Value::Long(vec![60_000])),
            (0x101, Value::Long(vec![count])),
            (0x102, Value::Short(vec![8, 8, 8])),
            (0x103, Value::Short(vec![8])),
            (0x106, Value::Short(vec![2])),
            (0x111, Value::Long(vec![8; count as usize])),
            (0x115, Value::Short(vec![3])),
            (0x116, Value::Long(vec![1])),
            (0x117, Value::Long(vec![length * 1000; count as usize])),
        ]],
    );
    bytes.extend_from_slice(&strip);
    assert!(matches!(part(bytes), Err(Error::Limit { .. })));
}

#[test]
fn limits_of_memory_hold_whatever_the_format() {
    let limits = Limits { picture_bytes: 10_000, ..Limits::default() };
    for bytes in
        [fixture("still.avif"), fixture("lossless.jxl"), encoded(&drawing(200, 200), ImageFormat::Png), raw(Vec::new())]
    {
        let outcome = picture::decode(&source(bytes), &limits);
        assert!(matches!(outcome, Err(Error::Limit { .. })), "{outcome:?}");
    }
    assert_eq!(Limits::default().picture_bytes, 512 << 20);
}

#[test]
fn a_filler_of_bytes_before_a_frame_header_does_no_harm() {
    let mut jpeg = encoded(&drawing(16, 16), ImageFormat::Jpeg);
    jpeg.splice(2..2, segment(0xef, &[0; 65_000]));
    assert_eq!(whole(jpeg).pixels.width(), 16);
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
    fn a_damaged_picture_is_an_error_or_a_picture(
        at in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(), value in any::<u8>(), which in 0usize..12,
    ) {
        let encoded = |format| encoded(&drawing(40, 30), format);
        let mut bytes = match which {
            0 => encoded(ImageFormat::Png),
            1 => encoded(ImageFormat::Jpeg),
            2 => encoded(ImageFormat::Gif),
            3 => encoded(ImageFormat::Bmp),
            4 => encoded(ImageFormat::WebP),
            5 => encoded(ImageFormat::Tiff),
            6 => fixture("alpha.avif"),
            7 => fixture("lossless.jxl"),
            8 => fixture("progressive.jpg"),
            9 => raw(Vec::new()),
            10 => psd(3, 8, &[], true, &[vec![7; 64], vec![8; 64], vec![9; 64]], (8, 8)),
            _ => fixture("sequence.avif"),
        };
        let at = at.index(bytes.len());
        bytes[at] = value;
        bytes.truncate(bytes.len() - cut.index(bytes.len()) / 4);
        let limits = Limits { pixels: 1 << 20, picture_bytes: 16 << 20, ..Limits::default() };
        let source = source(bytes);
        for partial in [false, true] {
            if let Ok(decoded) = picture::decode_with(&source, &DecodeOptions::default().partial(partial), &limits) {
                prop_assert!((0.0..=1.0).contains(&decoded.decoded));
                prop_assert!(partial || decoded.decoded == 1.0);
                let _ = hash_picture(&decoded.pixels, Options::new(Algorithm::DoubleGradient));
            }
        }
        let _ = picture::info(&source, &limits);
        if let Ok(frames) = picture::frames(&source, &limits) {
            prop_assert!(frames.take(100).count() < 100);
        }
    }
}
