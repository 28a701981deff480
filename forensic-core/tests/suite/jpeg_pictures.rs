//! JPEG pictures decoded: bit for bit, scaled, cut and damaged. `fixtures/jpeg_pixels.bin.gz` and what Pillow makes of it and of
//! `jpegs.bin.gz` are made by `fixtures/make_jpeg_pixels.py`.

use crate::corpus;
use forensic_core::{
    Error, Limits,
    hash::{self, Algorithm},
    picture::jpeg::{self, Channels, Options, Picture},
};
use proptest::prelude::*;
use std::{io::Read, sync::Arc};

const PIXELS: &[u8] = include_bytes!("../fixtures/jpeg_pixels.bin.gz");
const CODINGS: &[u8] = include_bytes!("../fixtures/jpegs.bin.gz");
const BOTH: [Channels; 2] = [Channels::Rgb, Channels::Luma];

/// The files of a fixture, by name.
fn files(packed: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    let (mut rest, mut files) = (bytes.as_slice(), Vec::new());
    while let Some((length, more)) = rest.split_first() {
        let (name, more) = more.split_at(usize::from(*length));
        let (length, more) = more.split_at(4);
        let (file, more) = more.split_at(u32::from_be_bytes(length.try_into().unwrap()) as usize);
        corpus::seed("jpeg", file);
        files.push((String::from_utf8(name.to_vec()).unwrap(), file.to_vec()));
        rest = more;
    }
    files
}

fn file(name: &str) -> Vec<u8> {
    [PIXELS, CODINGS].into_iter().flat_map(files).find(|(other, _)| other == name).unwrap().1
}

fn decode(bytes: &[u8], options: &Options) -> Result<Picture, Error> {
    let decoded = jpeg::decode(bytes, options, &Limits::default())?;
    assert_eq!(decoded.pixels.len(), (decoded.width * decoded.height) as usize * decoded.channels.count());
    assert_eq!(decoded.width, decoded.full_width.div_ceil(options.scale));
    assert_eq!(decoded.height, decoded.full_height.div_ceil(options.scale));
    Ok(decoded)
}

fn whole(bytes: &[u8], channels: Channels) -> Picture {
    decode(bytes, &Options::default().channels(channels)).unwrap()
}

fn left(bytes: &[u8], channels: Channels, scale: u32) -> Picture {
    decode(bytes, &Options::default().channels(channels).scale(scale).partial(true)).unwrap()
}

/// The place of the first marker with this code.
fn marker(bytes: &[u8], code: u8) -> usize {
    bytes.windows(2).position(|two| two == [0xff, code]).unwrap()
}

#[test]
fn every_coding_gives_the_pixels_that_pillow_gives() {
    let expected = include_str!("../fixtures/jpeg_pixels.tsv");
    let mut compared = 0;
    for (source, packed) in [("jpegs", CODINGS), ("jpeg_pixels", PIXELS)] {
        for (name, bytes) in files(packed).iter().filter(|(name, _)| !name.starts_with("arithmetic")) {
            let row = expected.lines().map(|row| row.split('\t').collect::<Vec<_>>());
            let Some(row) = row.into_iter().find(|row| row[0] == source && row[1] == name) else {
                assert_eq!(name, "height behind the scan");
                continue;
            };
            for (channels, digest) in BOTH.into_iter().zip(&row[4..]) {
                let picture = whole(bytes, channels);
                assert_eq!([picture.width, picture.height].map(|side| side.to_string()), [row[2], row[3]], "{name}");
                assert_eq!((picture.decoded, picture.damage.is_none()), (1.0, true), "{name}");
                let source: forensic_core::bytes::Source = Arc::new(picture.pixels);
                let found = hash::hash(&source, &[Algorithm::Md5]).unwrap().hex(Algorithm::Md5).unwrap();
                assert_eq!(found, *digest, "{name} {channels:?}");
                compared += 1;
            }
        }
    }
    assert!(compared > 150, "{compared}");
}

/// The means of squares of pixels, where those lie in the picture as a whole.
fn means(full: &Picture, scale: u32) -> Vec<Option<f64>> {
    let channels = full.channels.count();
    let mut means = Vec::new();
    for y in 0..full.height.div_ceil(scale) {
        for x in 0..full.width.div_ceil(scale) {
            let fits = (x + 1) * scale <= full.width && (y + 1) * scale <= full.height;
            for channel in 0..channels {
                let sum = || -> u32 {
                    let at = |x: u32, y: u32| (y * full.width + x) as usize * channels + channel;
                    let row = |y: u32| (x * scale..(x + 1) * scale).map(move |x| (x, y));
                    (y * scale..(y + 1) * scale).flat_map(row).map(|(x, y)| u32::from(full.pixels[at(x, y)])).sum()
                };
                means.push(fits.then(|| f64::from(sum()) / f64::from(scale * scale)));
            }
        }
    }
    means
}

#[test]
fn a_scaled_picture_is_made_of_the_means_of_squares() {
    for name in
        ["quality 92", "progressive, quality 92", "baseline 4:4:0", "baseline 4:1:1", "grey", "cmyk", "131 x 70 4:4:4"]
    {
        let bytes = file(name);
        for channels in BOTH {
            let full = whole(&bytes, channels);
            for scale in [2, 4, 8] {
                let scaled = decode(&bytes, &Options::default().channels(channels).scale(scale)).unwrap();
                let (mut sum, mut most, mut count) = (0.0, 0.0f64, 0);
                for (pixel, mean) in scaled.pixels.iter().zip(means(&full, scale)) {
                    let Some(mean) = mean else { continue };
                    let off = (f64::from(*pixel) - mean).abs();
                    (sum, most, count) = (sum + off, most.max(off), count + 1);
                }
                println!("{name} {channels:?} 1/{scale}: mean {:.3}, most {most:.1}", sum / f64::from(count));
                // Chrominance spread by a triangle is no mean of what is beneath it, and what is clipped is not clipped before.
                let spread = channels == Channels::Rgb && !name.ends_with("4:4:4") && name != "cmyk";
                let (mean_off, most_off) = if spread { (12.0, 80.0) } else { (1.0, 12.0) };
                assert!(count > 0 && sum / f64::from(count) < mean_off && most < most_off);
            }
        }
    }
}

#[test]
fn a_smooth_picture_scaled_is_the_mean_to_the_nearest() {
    let (width, height) = (64, 48);
    let pixels: Vec<u8> = (0..height).flat_map(|y| (0..width).map(move |x| (60 + x + 2 * y) as u8)).collect();
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 98);
    encoder.encode(&pixels, width, height, image::ExtendedColorType::L8).unwrap();
    let full = whole(&bytes, Channels::Luma);
    for scale in [2, 4, 8] {
        let scaled = decode(&bytes, &Options::default().channels(Channels::Luma).scale(scale)).unwrap();
        for (pixel, mean) in scaled.pixels.iter().zip(means(&full, scale)) {
            assert!((f64::from(*pixel) - mean.unwrap()).abs() <= 1.0);
        }
    }
}

#[test]
fn what_stands_between_and_behind_the_segments_changes_nothing() {
    let bytes = file("quality 60");
    let pixels = whole(&bytes, Channels::Rgb).pixels;
    let frame = marker(&bytes, 0xc0);
    let (head, tail) = bytes.split_at(frame);
    let end = bytes.len() - 2;
    for (what, changed) in [
        ("fill bytes and garbage", [head, b"\xff\xff\xff\xfe\x00\x02junk\x00\xff\x00", tail].concat()),
        ("a second start of image", [&bytes[..2], &bytes[..]].concat()),
        ("no end of image", bytes[..end].to_vec()),
        ("trailing garbage", [&bytes[..], b"\xff\xc4\xff\xff garbage"].concat()),
        ("another picture in place of the end", [&bytes[..end], &file("grey")[..]].concat()),
    ] {
        for partial in [false, true] {
            let picture = decode(&changed, &Options::default().partial(partial)).unwrap();
            assert!(picture.pixels == pixels && picture.decoded == 1.0 && picture.damage.is_none(), "{what}");
        }
    }
}

#[test]
fn a_progressive_picture_without_its_end_is_whole_only_where_all_bits_are_there() {
    let bytes = file("progressive, quality 60");
    let pixels = whole(&bytes, Channels::Rgb).pixels;
    let without_end = &bytes[..bytes.len() - 2];
    assert_eq!(whole(without_end, Channels::Rgb).pixels, pixels);
    let last_scan = bytes.windows(2).rposition(|two| two == [0xff, 0xda]).unwrap();
    let error = decode(&bytes[..last_scan], &Options::default()).unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    let picture = left(&bytes[..last_scan], Channels::Rgb, 1);
    assert!(picture.decoded == 1.0 && picture.damage.is_some());
    // What is missing is the lowest bit of coefficients.
    let off: u64 = picture.pixels.iter().zip(&pixels).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    let off = off as f64 / pixels.len() as f64;
    assert!((0.1..20.0).contains(&off), "{off}");
}

#[test]
fn a_height_told_behind_the_scan_is_found() {
    let bytes = file("height behind the scan");
    assert_eq!(jpeg::header(&bytes).unwrap().height, 61);
    assert_eq!(whole(&bytes, Channels::Rgb).pixels, whole(&file("baseline 4:2:0"), Channels::Rgb).pixels);
    let frame = marker(&bytes, 0xdc);
    let error = decode(&bytes[..frame], &Options::default()).unwrap_err();
    assert_eq!(error.structure(), Some("JPEG frame header"));
}

#[test]
fn what_is_not_decoded_is_refused_by_name() {
    for name in ["arithmetic", "arithmetic progressive"] {
        let bytes = file(name);
        let error = decode(&bytes, &Options::default()).unwrap_err();
        assert!(matches!(&error, Error::Unsupported { what } if what.contains("arithmetic-coded")), "{error}");
        assert!(jpeg::header(&bytes).unwrap().process.contains("arithmetic-coded"));
    }
    let plain = file("quality 60");
    let frame = marker(&plain, 0xc0);
    for (code, precision, words) in
        [(0xc1, 12, "12 bits"), (0xc3, 8, "lossless"), (0xc5, 8, "hierarchical"), (0xf7, 8, "JPEG-LS")]
    {
        let mut bytes = plain.clone();
        (bytes[frame + 1], bytes[frame + 4]) = (code, precision);
        let error = decode(&bytes, &Options::default().partial(true)).unwrap_err();
        assert!(matches!(&error, Error::Unsupported { what } if what.contains(words)), "{error}");
    }
    assert!(matches!(decode(b"\x89PNG", &Options::default()), Err(Error::Format { .. })));
    assert!(matches!(decode(&plain, &Options::default().scale(3)), Err(Error::InvalidArgument { .. })));
}

#[test]
fn a_header_tells_size_and_process_without_decoding() {
    let header = jpeg::header(&file("progressive, quality 60")).unwrap();
    assert_eq!((header.width, header.height, header.components, header.precision), (83, 61, 3, 8));
    assert_eq!(header.process, "progressive");
    assert!(matches!(jpeg::header(b"\xff\xd8\xff\xd9"), Err(Error::Corrupt { .. })));
    assert!(matches!(jpeg::header(b"GIF89a"), Err(Error::Format { .. })));
}

#[test]
fn a_cut_picture_gives_what_was_before_the_cut() {
    for name in ["quality 60", "progressive, quality 60", "cmyk", "grey", "restart each row"] {
        let bytes = file(name);
        let full = whole(&bytes, Channels::Luma);
        let mut shares = Vec::new();
        for cut in (marker(&bytes, 0xda)..bytes.len() - 4).step_by(37) {
            let error = decode(&bytes[..cut], &Options::default().channels(Channels::Luma)).unwrap_err();
            assert!(matches!(error, Error::Corrupt { .. }), "{name} {cut}: {error}");
            let options = Options::default().channels(Channels::Luma).partial(true);
            let Ok(picture) = decode(&bytes[..cut], &options) else { continue };
            assert_eq!(picture.damage.as_ref().map(ToString::to_string), Some(error.to_string()), "{name} {cut}");
            shares.push(picture.decoded);
            // What is not there of the ink of CMYK is darker.
            if !name.starts_with("progressive") && name != "cmyk" {
                // The first row of MCUs, 16 pixels high at the most.
                let same = picture.pixels.iter().zip(&full.pixels).take(83 * 8).all(|(a, b)| a == b);
                assert!(same || picture.decoded < 0.3, "{name} {cut}");
                assert!(picture.decoded > 0.95 || picture.pixels.last() == Some(&128), "{name} {cut}");
            }
        }
        assert!(shares.is_sorted() && shares.len() > 5, "{name}: {shares:?}");
        assert!(shares[0] < 0.6 && *shares.last().unwrap() > 0.9, "{name}: {shares:?}");
    }
}

#[test]
fn damage_is_left_behind_at_the_next_restart_marker() {
    let bytes = file("restart each row");
    let full = whole(&bytes, Channels::Luma);
    // The second interval loses its end; the third one its marker, too.
    let second = marker(&bytes, 0xd0);
    for (from, to, gone) in [(second + 10, marker(&bytes, 0xd1), 1), (second + 10, marker(&bytes, 0xd2), 2)] {
        let damaged = [&bytes[..from], &bytes[to..]].concat();
        assert!(decode(&damaged, &Options::default()).is_err());
        for scale in [1, 8] {
            let picture = left(&damaged, Channels::Luma, scale);
            let high = 16 / scale;
            let rows = |from: u32, to: u32, of: &Picture| {
                of.pixels[(from * of.width) as usize..(to.min(of.height) * of.width) as usize].to_vec()
            };
            let full = if scale == 1 { full.clone() } else { left(&bytes, Channels::Luma, scale) };
            assert_eq!(rows(0, high, &picture), rows(0, high, &full));
            let behind = high * (1 + gone);
            assert_eq!(rows(behind, picture.height, &picture), rows(behind, picture.height, &full));
            assert!(rows(behind - 1, behind, &picture).ends_with(&[128; 3]));
            assert!((0.2..1.0).contains(&picture.decoded) && picture.damage.is_some(), "{}", picture.decoded);
        }
    }
}

#[test]
fn a_scan_no_code_of_which_is_there_is_an_error_even_in_part() {
    let bytes = file("quality 60");
    let scan = marker(&bytes, 0xda);
    for options in [Options::default(), Options::default().partial(true)] {
        for cut in [&bytes[..scan], &bytes[..scan + 6], &bytes[..scan + 14], &bytes[..20], &bytes[..2]] {
            assert!(matches!(decode(cut, &options), Err(Error::Corrupt { .. })));
        }
    }
}

#[test]
fn thousands_of_scans_come_to_an_end() {
    let bytes = file("progressive, quality 60");
    let second = bytes.windows(2).enumerate().filter(|(_, two)| *two == [0xff, 0xda]).nth(1).unwrap().0;
    // A further bit of the DC coefficients of one component, again and again.
    let scan = [&[0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0x10][..], &[0x55; 40]].concat();
    let many = [&bytes[..second], &scan.repeat(10_000), &bytes[bytes.len() - 2..]].concat();
    let error = decode(&many, &Options::default()).unwrap_err();
    assert!(matches!(error, Error::Limit { .. }), "{error}");
    let picture = left(&many, Channels::Luma, 1);
    assert!(picture.decoded == 1.0 && matches!(picture.damage, Some(Error::Limit { .. })));
}

#[test]
fn a_header_alone_takes_neither_memory_nor_time() {
    let mut bytes = file("quality 60");
    let frame = marker(&bytes, 0xc0);
    bytes[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    assert!(matches!(decode(&bytes, &Options::default()), Err(Error::Limit { unit: "pixels", .. })));
    // Within the limit of pixels, but no such data are there.
    bytes[frame + 5..frame + 9].copy_from_slice(&[0x40, 0, 0x40, 0]);
    let error = decode(&bytes, &Options::default().channels(Channels::Luma)).unwrap_err();
    assert!(matches!(&error, Error::Corrupt { structure: "JPEG frame header", .. }), "{error}");
    let limits = Limits { picture_bytes: 1 << 20, ..Limits::default() };
    let error = jpeg::decode(&bytes, &Options::default().partial(true), &limits).unwrap_err();
    assert!(matches!(error, Error::Limit { unit: "bytes of memory", .. }), "{error}");
    // At 1/8 little is needed.
    let small = file("quality 60");
    let limits = Limits { picture_bytes: 200, ..Limits::default() };
    assert!(jpeg::decode(&small, &Options::default(), &limits).is_err());
    assert!(jpeg::decode(&small, &Options::default().scale(8).channels(Channels::Luma), &limits).is_ok());
}

/// Photographs of the corpus, beside what another decoder makes of them.
#[test]
fn photographs_are_decoded_as_others_decode_them() {
    let Some(root) = corpus::root() else {
        eprintln!("SKIPPED: no FORENSIC_CORPUS");
        return;
    };
    let mut photos: Vec<_> = std::fs::read_dir(root.join("photos")).unwrap().map(|file| file.unwrap().path()).collect();
    photos.sort();
    let small = |path: &&std::path::PathBuf| {
        path.extension().is_some_and(|e| e == "jpg") && std::fs::metadata(path).is_ok_and(|file| file.len() < 40_000)
    };
    let mut compared = 0;
    for path in photos.iter().filter(small).take(12) {
        let bytes = std::fs::read(path).unwrap();
        let ours = whole(&bytes, Channels::Rgb);
        let theirs = image::load_from_memory_with_format(&bytes, image::ImageFormat::Jpeg).unwrap().to_rgb8();
        assert_eq!((ours.width, ours.height), theirs.dimensions());
        let off: u64 = ours.pixels.iter().zip(theirs.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        // Chrominance is spread in another way.
        assert!((off as f64) < 2.0 * ours.pixels.len() as f64, "{}", path.display());
        let again = left(&bytes, Channels::Rgb, 1);
        assert!(again.pixels == ours.pixels && again.decoded == 1.0 && again.damage.is_none());
        compared += 1;
    }
    assert!(compared > 0, "the corpus has no small photographs");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_damaged_picture_never_panics_and_stays_in_bounds(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        scale in prop::sample::select(vec![1u32, 2, 4, 8]),
        channels in prop::sample::select(BOTH.to_vec()),
    ) {
        static FILES: std::sync::LazyLock<Vec<(String, Vec<u8>)>> = std::sync::LazyLock::new(|| files(CODINGS));
        let mut bytes = which.get(&FILES).1.clone();
        if cut.index(3) == 0 {
            bytes.truncate(cut.index(bytes.len()));
        }
        for (at, value) in &changes {
            let at = at.index(bytes.len().max(1));
            bytes.get_mut(at).into_iter().for_each(|byte| *byte = *value);
        }
        let limits = Limits { pixels: 1 << 20, picture_bytes: 16 << 20, ..Limits::default() };
        let options = Options::default().scale(scale).channels(channels);
        let strict = jpeg::decode(&bytes, &options, &limits);
        let partial = jpeg::decode(&bytes, &options.partial(true), &limits);
        if let Ok(picture) = &partial {
            prop_assert!(picture.decoded > 0.0 && picture.decoded <= 1.0);
            prop_assert_eq!(picture.damage.is_none(), strict.is_ok());
        }
        if let Ok(picture) = strict {
            prop_assert_eq!((picture.decoded, &picture.damage.is_none()), (1.0, &true));
            prop_assert_eq!(picture.pixels, partial.unwrap().pixels);
        }
    }
}
